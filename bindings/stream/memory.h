/* memory.h -- neap_stream: transports in memory, for stream.c. */
#ifndef NEAP_BINDINGS_STREAM_MEMORY_H
#define NEAP_BINDINGS_STREAM_MEMORY_H

#include <neap/extension.h>

/* Two ends of one pipe, both ways. With `follows` a shutdown is done when the peer has read everything, else at
 * once. 0 or UV_ENOMEM. */
int neap_memory_pair(neap_env *env, int follows, neap_transport *ends[2]);

/* The peer will read this, once the end is closed. 0, or UV_EINVAL: it is another transport. */
int neap_memory_fail(neap_transport *t, int status, const char *message);

#endif
