/* excerpt.h: an error as the command shows it. */
#ifndef NEAP_HOST_EXCERPT_H
#define NEAP_HOST_EXCERPT_H

#include "host.h"

/* On standard error. script: the main script's path, or NULL. Returns 1, the exit status. */
int neap_show(neap_runtime *rt, const neap_error *error, const char *script);

#endif
