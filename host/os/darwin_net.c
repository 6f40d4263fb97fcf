/* darwin_net.c -- macOS: sharing a port, sendfile(2); portable_net.c has the rest. */
#if defined(__APPLE__)

#include "net.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/uio.h>

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
