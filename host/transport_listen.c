/* transport_listen.c -- listening: bind, listen, and accepting without ever spinning.
 *
 * We accept ourselves rather than through uv_listen: that one, out of descriptors, accepts and
 * closes connections with a reserve descriptor, and when another thread has taken that one, or the
 * system is out of them, it tries again for ever without leaving its callback. Here a failure is
 * reported once, clients wait in the kernel's backlog, and PAUSE seconds later we try again; it is
 * reported again only after a connection was accepted in between.
 *
 * The listening socket belongs to the uv handle of the wire, which never starts; a uv_poll watches
 * it. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "os/net.h"
#include "transport.h"

enum { BACKLOG = 511, TURN = 64 }; /* connections taken in one go, then others have their turn */
static const double PAUSE = 0.1;

struct listener {
    wire *wire;
    neap_on_accept on_accept;
    neap_timer retry;
    bool polls;   /* poll is initialized */
    bool failing; /* the last accept failed, and that was reported */
    uv_poll_t poll;
    char path[sizeof(((struct sockaddr_un *)0)->sun_path) + 1]; /* to be unlinked; may be empty */
    dev_t device;                                               /* what bind has made there */
    ino_t inode;
};

static listener *listener_of(const wire *w)
{
    return w->t.host[1];
}

static listener *listener_new(wire *w)
{
    listener *l = neap_mem(wire_runtime(w), NULL, 0, sizeof *l);
    if (!l)
        return NULL;
    memset(l, 0, sizeof *l);
    l->wire = w;
    return w->t.host[1] = l;
}

/* ---- Accepting ---- */

static neap_transport *wrap(listener *l, int fd, int *status)
{
    neap_transport *t = neap_transport_new(l->wire->t.env, l->wire->kind);
    *status = t ? neap_transport_open(t, fd) : UV_ENOMEM;
    if (*status) {
        close(fd);
        if (t)
            t->type->close(t, NULL);
        return NULL;
    }
    if (l->wire->kind == NEAP_TCP)
        uv_tcp_nodelay(&((wire *)t)->uv.tcp, 1);
    return t;
}

static void on_readable(uv_poll_t *poll, int status, int events);

static void on_retry(neap_timer *timer)
{
    uv_poll_start(&neap_container_of(timer, listener, retry)->poll, UV_READABLE, on_readable);
}

static void refused(listener *l, int status)
{
    bool reported = l->failing;
    l->failing = true;
    uv_poll_stop(&l->poll);
    l->retry.fire = on_retry;
    neap_timer_start_real(wire_runtime(l->wire)->root, &l->retry, PAUSE);
    if (!reported)
        l->on_accept(&l->wire->t, NULL, status);
}

/* The connection's own failure, which goes with it (accept(2)); anything else is ours. */
static bool is_its_own(int status)
{
    return status == -ECONNABORTED || status == -EPROTO || status == -EPERM || status == -EINTR;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    listener *l = neap_container_of(poll, listener, poll);
    uv_os_fd_t fd;
    (void)status, (void)events; /* an error shows when we accept */
    uv_fileno((uv_handle_t *)poll, &fd);
    for (int i = 0; i < TURN && uv_is_active((uv_handle_t *)poll); i++) {
        int accepted = neap_os_accept(fd);
        if (accepted == -EAGAIN || accepted == -EWOULDBLOCK)
            return;
        if (accepted < 0 && !is_its_own(accepted)) {
            refused(l, accepted);
            return;
        }
        if (accepted < 0)
            continue;
        int failure;
        neap_transport *t = wrap(l, accepted, &failure);
        l->failing = false;
        l->on_accept(&l->wire->t, t, failure);
    }
}

/* ---- Binding ---- */

static socklen_t length_of(const struct sockaddr *address)
{
    const struct sockaddr_un *un = (const struct sockaddr_un *)(const void *)address;
    switch (address->sa_family) {
    case AF_INET: return sizeof(struct sockaddr_in);
    case AF_INET6: return sizeof(struct sockaddr_in6);
    default:
        return (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
                           strnlen(un->sun_path, sizeof un->sun_path));
    }
}

static int set(int fd, int level, int option, int on)
{
    return setsockopt(fd, level, option, &on, sizeof on) ? -errno : 0;
}

static int bind_socket(int fd, const struct sockaddr *address, unsigned flags)
{
    int status = 0;
    if (address->sa_family != AF_UNIX)
        status = set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
    if (!status && address->sa_family == AF_INET6)
        status = set(fd, IPPROTO_IPV6, IPV6_V6ONLY, (flags & NEAP_BIND_V6ONLY) != 0);
    if (!status && (flags & NEAP_BIND_REUSEPORT))
        status = neap_os_share_port(fd);
    if (!status && bind(fd, address, length_of(address)))
        status = -errno;
    return status;
}

/* So that it can be unlinked: but not what another has put in its place since, nor, when the path is relative
 * and the current folder another one, what happens to have its name there. */
static void note_path(listener *l, const char *path)
{
    struct stat about;
    if (lstat(path, &about))
        return;
    memcpy(l->path, path, sizeof l->path - 1);
    l->device = about.st_dev;
    l->inode = about.st_ino;
}

static void unlink_path(const listener *l)
{
    struct stat about;
    if (l->path[0] && !lstat(l->path, &about) && about.st_dev == l->device &&
        about.st_ino == l->inode)
        unlink(l->path);
}

int neap_transport_bind(neap_transport *t, const struct sockaddr *address, unsigned flags)
{
    wire *w = neap_wire(t);
    bool path = address->sa_family == AF_UNIX;
    if (!w || w->kind != (path ? NEAP_PIPE : NEAP_TCP) || listener_of(w))
        return UV_EINVAL;
    struct sockaddr_un un;
    int status = neap_wire_permit(w, "net.listen", &address, &un);
    if (status)
        return status;
    int fd = neap_os_socket(address->sa_family);
    if (fd < 0)
        return fd;
    listener *l = listener_new(w);
    status = l ? bind_socket(fd, address, flags) : UV_ENOMEM;
    if (!status && path)
        note_path(l, ((const struct sockaddr_un *)(const void *)address)->sun_path);
    if (!status)
        status = neap_transport_open(t, fd);
    if (status)
        close(fd);
    return status;
}

/* ---- Listening ---- */

static int start(listener *l, int backlog)
{
    uv_os_fd_t fd;
    int status = uv_fileno(&l->wire->uv.handle, &fd);
    if (!status && listen(fd, backlog > 0 ? backlog : BACKLOG))
        status = -errno;
    if (!status && !l->polls) {
        status = uv_poll_init(wire_runtime(l->wire)->root->loop, &l->poll, fd);
        l->polls = !status;
    }
    return status;
}

/* Again with NULL: accept no more for now, connections wait in the kernel's backlog; again with
 * on_accept: go on. */
int neap_transport_listen(neap_transport *t, int backlog, neap_on_accept on_accept)
{
    wire *w = neap_wire(t);
    listener *l = w ? listener_of(w) : NULL;
    if (w && !l) /* a descriptor that was bound by others */
        l = listener_new(w);
    if (!l)
        return w ? UV_ENOMEM : UV_EINVAL;
    if (!on_accept) {
        neap_timer_stop(wire_runtime(w)->root, &l->retry);
        return l->polls ? uv_poll_stop(&l->poll) : 0;
    }
    int status = l->polls && !backlog ? 0 : start(l, backlog);
    if (status)
        return status;
    l->on_accept = on_accept;
    return uv_poll_start(&l->poll, UV_READABLE, on_readable);
}

/* ---- Closing ---- */

static void on_poll_closed(uv_handle_t *handle)
{
    neap_wire_part_closed(neap_container_of((uv_poll_t *)handle, listener, poll)->wire);
}

void neap_listener_close(wire *w)
{
    listener *l = listener_of(w);
    if (!l)
        return;
    unlink_path(l); /* before the socket closes: its inode's number is not another's yet */
    neap_timer_stop(wire_runtime(w)->root, &l->retry);
    if (l->polls) {
        w->parts++;
        uv_close((uv_handle_t *)&l->poll, on_poll_closed);
    }
}

void neap_listener_free(wire *w)
{
    listener *l = listener_of(w);
    if (l)
        neap_mem(wire_runtime(w), l, sizeof *l, 0);
}
