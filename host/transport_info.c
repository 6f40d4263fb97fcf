/* transport_info.c -- what a wire tells of its socket, and the options that can be set on it. */
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "transport.h"

#ifndef TCP_KEEPIDLE /* macOS's name of it */
#define TCP_KEEPIDLE TCP_KEEPALIVE
#endif

static int put(char *out, size_t size, const char *text)
{
    int n = snprintf(out, size, "%s", text);
    return (size_t)n < size ? n : UV_ENOBUFS;
}

/* ---- Addresses ---- */

typedef int (*name_function)(int, struct sockaddr *, socklen_t *);

/* NI_MAXHOST is ample: the text of an address with its zone, or a socket's path. */
static int address(int fd, name_function name, bool port, char *out, size_t size)
{
    struct sockaddr_storage storage;
    struct sockaddr *sa = (struct sockaddr *)&storage;
    socklen_t length = sizeof storage;
    char text[NI_MAXHOST];
    memset(&storage, 0, sizeof storage);
    if (name(fd, sa, &length))
        return -errno;
    if (sa->sa_family == AF_UNIX)
        return port ? UV_ENOTSUP : put(out, size, ((struct sockaddr_un *)sa)->sun_path);
    int failed =
        getnameinfo(sa, length, port ? NULL : text, port ? 0 : sizeof text, port ? text : NULL,
                    port ? sizeof text : 0, NI_NUMERICHOST | NI_NUMERICSERV);
    return failed ? UV_ENOTSUP : put(out, size, text);
}

/* ---- Options ---- */

static int get(int fd, int level, int option, int *value)
{
    socklen_t length = sizeof *value;
    return getsockopt(fd, level, option, value, &length) ? -errno : 0;
}

static int nodelay(int fd, char *out, size_t size)
{
    int on;
    int status = get(fd, IPPROTO_TCP, TCP_NODELAY, &on);
    return status ? status : put(out, size, on ? "1" : "0");
}

static int keepalive(int fd, char *out, size_t size)
{
    int on, seconds = 0;
    char text[16];
    int status = get(fd, SOL_SOCKET, SO_KEEPALIVE, &on);
    if (!status && on)
        status = get(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds);
    snprintf(text, sizeof text, "%d", seconds);
    return status ? status : put(out, size, text);
}

static int put_number(char *out, size_t size, long long number)
{
    char text[24];
    snprintf(text, sizeof text, "%lld", number);
    return put(out, size, text);
}

/* What has happened to the socket while nobody read or wrote. The kernel says it once. */
static int error(int fd, char *out, size_t size)
{
    int code;
    int status = get(fd, SOL_SOCKET, SO_ERROR, &code);
    return status ? status : put_number(out, size, -code);
}

/* libuv counts what the kernel takes of a large write before it has ended. */
static int queued(wire *w, char *out, size_t size)
{
    neap_wire_count(w);
    return put_number(out, size, (long long)w->t.queued);
}

int neap_wire_info(neap_transport *t, const char *key, char *out, size_t size)
{
    wire *w = (wire *)t;
    uv_os_fd_t fd;
    int status = w->initialized ? uv_fileno(&w->uv.handle, &fd) : UV_EBADF;
    if (status)
        return status;
    if (!strcmp(key, "address") || !strcmp(key, "port"))
        return address(fd, getsockname, *key == 'p', out, size);
    if (!strcmp(key, "peer_address") || !strcmp(key, "peer_port"))
        return address(fd, getpeername, key[5] == 'p', out, size);
    if (!strcmp(key, "nodelay"))
        return nodelay(fd, out, size);
    if (!strcmp(key, "keepalive"))
        return keepalive(fd, out, size);
    if (!strcmp(key, "error"))
        return error(fd, out, size);
    if (!strcmp(key, "queued"))
        return queued(w, out, size);
    return strcmp(key, "fd") ? UV_ENOTSUP : put_number(out, size, fd);
}

int neap_wire_option(neap_transport *t, const char *key, int value)
{
    wire *w = (wire *)t;
    if (w->kind != NEAP_TCP)
        return UV_ENOTSUP;
    if (w->closing)
        return UV_EBADF;
    if (!strcmp(key, "nodelay"))
        return uv_tcp_nodelay(&w->uv.tcp, value != 0);
    if (!strcmp(key, "keepalive") && value >= 0)
        return uv_tcp_keepalive(&w->uv.tcp, value > 0, (unsigned)value);
    return UV_EINVAL;
}
