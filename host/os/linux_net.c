/* linux_net.c -- Linux: sockets (socket(2), accept4(2), sendfile(2)). */
#if defined(__linux__)

#include "net.h"

#include <errno.h>
#include <sys/sendfile.h>
#include <sys/socket.h>

#if !defined(NEAP_PORTABLE)

int neap_os_socket(int family)
{
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return fd < 0 ? -errno : fd;
}

int neap_os_accept(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

#endif

int neap_os_share_port(int socket)
{
    int on = 1;
    return setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) ? -errno : 0;
}

ssize_t neap_os_sendfile(int socket, int file, int64_t offset, size_t length)
{
    off_t at = offset;
    ssize_t n = sendfile(socket, file, &at, length);
    return n < 0 ? -errno : n;
}

#else
typedef int neap_no_linux_net; /* a file may not be empty */
#endif
