/* darwin_net.c -- macOS: sockets; their flags are set in a second step, there is no other way. */
#if defined(__APPLE__)

#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

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

int neap_os_share_port(int socket)
{
    int on = 1;
    return setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) ? -errno : 0;
}

ssize_t neap_os_sendfile(int socket, int file, int64_t offset, size_t length)
{
    off_t sent = (off_t)length;
    int failed = sendfile(file, socket, offset, &sent, NULL, 0);
    return failed && !sent ? -errno : (ssize_t)sent;
}

#else
typedef int neap_no_darwin_net; /* a file may not be empty */
#endif
