/* portable_net.c -- sockets as POSIX has them, for macOS and PORTABLE builds: their flags are set in a second step. */
#if defined(__APPLE__) || defined(NEAP_PORTABLE)

#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>

static int prepare(int fd)
{
    if (fd < 0)
        return -errno;
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return fd;
}

int neap_os_socket(int family)
{
    return prepare(socket(family, SOCK_STREAM, 0));
}

int neap_os_accept(int listener)
{
    return prepare(accept(listener, NULL, NULL));
}

#else
typedef int neap_no_portable_net; /* a file may not be empty */
#endif
