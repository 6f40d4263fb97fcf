/* net.h -- sockets, where operating systems differ. Each has a file of its own (linux_net.c,
 * freebsd_net.c, darwin_net.c with portable_net.c) that is empty elsewhere. Failures are negative errno values. */
#ifndef NEAP_HOST_OS_NET_H
#define NEAP_HOST_OS_NET_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A stream socket that does not block and is closed on exec. */
int neap_os_socket(int family);

/* The next connection of a listening socket, which does not block: a descriptor like that. */
int neap_os_accept(int listener);

/* Several sockets may listen on one port, and share its connections. */
int neap_os_share_port(int socket);

/* Send at most `length` bytes of `file` at `offset`: how many went, 0 at the file's end. Any
 * thread; waits for the disk, not for the socket (-EAGAIN). */
ssize_t neap_os_sendfile(int socket, int file, int64_t offset, size_t length);

#endif
