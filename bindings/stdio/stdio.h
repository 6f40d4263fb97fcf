/* stdio.h -- neap_stdio: what its files share. stdio.c has the interface. */
#ifndef NEAP_BINDINGS_STDIO_H
#define NEAP_BINDINGS_STDIO_H

#include <neap/extension.h>

/* A transport on descriptor 0, which it leaves open and as it is. NULL and *status. */
neap_transport *stdio_input(neap_env *env, int *status);
/* The piece that the thread has read and nobody got: its bytes, or UV_EBUSY: it is reading one. */
ptrdiff_t stdio_input_ahead(neap_transport *t);
void stdio_input_discard(neap_transport *t);

/* One on descriptor 1 (what print writes to) or 2. NULL: no memory. */
neap_transport *stdio_output(neap_env *env, int fd);

#endif
