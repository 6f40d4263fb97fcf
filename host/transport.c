/* transport.c -- TCP, pipe and TTY behind the face of neap_transport_class, on libuv.
 *
 * Reading is in transport_read.c.
 *
 * Writing. The socket is tried at once; what the kernel did not take is copied into a request (one
 * block with its bytes) and queued in libuv. `queued` is brought up to date at every write and at
 * the end of every request. Once a file is on its way, what follows waits in the outbox.
 *
 * Order. `done` is called in the order of the calls, never from inside one: libuv calls back later
 * for what it has queued, and the outbox holds only what comes after that.
 *
 * Closing. libuv ends its requests with UV_ECANCELED and then calls on_handle_closed; the outbox
 * does the same for what it holds; when all parts have ended, `closed` is called and the memory
 * goes. */
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "transport.h"

static const neap_transport_class stream_class, tty_class;

wire *neap_wire(neap_transport *t)
{
    wire *w = (wire *)t;
    return (t->type == &stream_class || t->type == &tty_class) && !w->closing ? w : NULL;
}

static bool is_socket(const wire *w)
{
    return w->kind != NEAP_TTY;
}

static size_t wire_size(int kind)
{
    size_t handle = kind == NEAP_TCP    ? sizeof(uv_tcp_t)
                    : kind == NEAP_PIPE ? sizeof(uv_pipe_t)
                                        : sizeof(uv_tty_t);
    return offsetof(wire, uv) + handle;
}

/* ---- Requests ---- */

request *neap_request_new(wire *w, int kind, size_t size, neap_on_done done)
{
    size_t bytes = kind == SEND_BYTES ? size : 0;
    request *r = neap_mem(wire_runtime(w), NULL, 0, sizeof *r + bytes);
    if (!r)
        return NULL;
    r->kind = kind;
    r->size = size;
    r->done = done;
    return r;
}

static void request_free(wire *w, request *r)
{
    neap_mem(wire_runtime(w), r, sizeof *r + (r->kind == SEND_BYTES ? r->size : 0), 0);
}

void neap_request_end(wire *w, request *r, int status)
{
    neap_on_done done = r->done;
    request_free(w, r);
    if (done)
        done(&w->t, status);
}

void neap_wire_count(wire *w)
{
    w->t.queued = uv_stream_get_write_queue_size(&w->uv.stream) + neap_outbox_bytes(w);
}

static void on_written(uv_write_t *write, int status)
{
    wire *w = wire_of(write->handle);
    w->writes--;
    neap_wire_count(w);
    neap_request_end(w, neap_container_of(write, request, uv.write), status);
    neap_outbox_pump(w);
}

static void on_shutdown(uv_shutdown_t *shutdown, int status)
{
    wire *w = wire_of(shutdown->handle);
    neap_request_end(w, neap_container_of(shutdown, request, uv.shutdown), status);
}

/* 0: the request will end by its callback; else it is the caller's still. */
int neap_wire_send(wire *w, request *r)
{
    if (r->kind == SEND_END)
        return uv_shutdown(&r->uv.shutdown, &w->uv.stream, on_shutdown);
    uv_buf_t buf = {.base = r->bytes, .len = r->size};
    int status = uv_write(&r->uv.write, &w->uv.stream, &buf, 1, on_written);
    if (!status)
        w->writes++;
    return status;
}

/* Send it now, or after what waits already. 0, or a status and the request is gone. */
static int send_in_turn(wire *w, request *r)
{
    int status = neap_outbox_busy(w) ? neap_outbox_add(w, r) : neap_wire_send(w, r);
    if (status)
        request_free(w, r);
    else
        neap_wire_count(w);
    return status;
}

/* ---- Writing ---- */

_Static_assert(sizeof(neap_buf) == sizeof(uv_buf_t) &&
                   offsetof(neap_buf, base) == offsetof(uv_buf_t, base) &&
                   offsetof(neap_buf, len) == offsetof(uv_buf_t, len),
               "neap_buf is handed on as uv_buf_t");

static size_t total(const neap_buf *bufs, unsigned n)
{
    size_t sum = 0;
    for (unsigned i = 0; i < n; i++)
        sum += bufs[i].len;
    return sum;
}

static void copy_from(char *out, const neap_buf *bufs, unsigned n, size_t skip)
{
    for (unsigned i = 0; i < n; i++) {
        size_t skipped = skip < bufs[i].len ? skip : bufs[i].len;
        memcpy(out, bufs[i].base + skipped, bufs[i].len - skipped);
        out += bufs[i].len - skipped;
        skip -= skipped;
    }
}

static int wire_write(neap_transport *t, const neap_buf *bufs, unsigned n, neap_on_done done)
{
    wire *w = (wire *)t;
    size_t size = total(bufs, n), taken = 0;
    if (w->closing || !w->initialized)
        return UV_EPIPE;
    if (w->broken)
        return w->broken;
    if (!w->writes && !neap_outbox_busy(w)) {
        if (!size)
            return 0;
        int r = uv_try_write(&w->uv.stream, (const uv_buf_t *)(const void *)bufs, n);
        if (r < 0 && r != UV_EAGAIN) /* EAGAIN is also: not connected yet */
            return r;
        taken = r > 0 ? (size_t)r : 0;
        if (taken == size)
            return 0;
    }
    request *r = neap_request_new(w, SEND_BYTES, size - taken, done);
    int status = r ? 0 : UV_ENOMEM;
    if (r) {
        copy_from(r->bytes, bufs, n, taken);
        status = send_in_turn(w, r);
    }
    if (status && taken)
        w->broken = status;
    return status ? status : 1;
}

static int wire_shutdown(neap_transport *t, neap_on_done done)
{
    wire *w = (wire *)t;
    if (w->closing || !w->initialized)
        return UV_ENOTCONN;
    if (w->broken) /* it would look like a whole answer */
        return w->broken;
    request *r = neap_request_new(w, SEND_END, 0, done);
    return r ? send_in_turn(w, r) : UV_ENOMEM;
}

/* ---- Closing ---- */

void neap_wire_part_closed(wire *w)
{
    neap_runtime *rt = wire_runtime(w);
    if (--w->parts)
        return;
    neap_outbox_free(w);
    neap_listener_free(w);
    if (w->closed)
        w->closed(&w->t);
    neap_mem(rt, w, wire_size(w->kind), 0);
    rt->transports--;
    neap_closing_advance(rt);
}

static void on_handle_closed(uv_handle_t *handle)
{
    neap_wire_part_closed(neap_container_of(handle, wire, uv.handle));
}

static void wire_close(neap_transport *t, void (*closed)(neap_transport *t))
{
    wire *w = (wire *)t;
    if (w->closing)
        return;
    if (!w->initialized) /* closed is called later, so something must be there to be closed */
        uv_tcp_init(wire_runtime(w)->root->loop, &w->uv.tcp);
    w->closing = true;
    w->closed = closed;
    neap_listener_close(w);
    neap_outbox_close(w);
    uv_close(&w->uv.handle, on_handle_closed);
}

/* ---- Opening ---- */

static const neap_transport_class stream_class = {
    .size = sizeof(neap_transport_class),
    .name = "stream",
    .read = neap_wire_read,
    .write = wire_write,
    .sendfile = neap_outbox_sendfile,
    .shutdown = wire_shutdown,
    .close = wire_close,
    .info = neap_wire_info,
    .option = neap_wire_option,
};

static const neap_transport_class tty_class = {
    .size = sizeof(neap_transport_class),
    .name = "tty",
    .read = neap_wire_read,
    .write = wire_write,
    .shutdown = wire_shutdown,
    .close = wire_close,
    .info = neap_wire_info,
    .option = neap_wire_option,
};

neap_transport *neap_transport_new(neap_env *env, int kind)
{
    uv_loop_t *loop = env->rt->root->loop;
    wire *w = neap_mem(env->rt, NULL, 0, wire_size(kind));
    if (!w)
        return NULL;
    memset(w, 0, offsetof(wire, uv));
    w->t.type = kind == NEAP_TTY ? &tty_class : &stream_class;
    w->t.env = env;
    w->kind = (uint8_t)kind;
    w->parts = 1;
    if (kind == NEAP_TCP)
        uv_tcp_init(loop, &w->uv.tcp);
    else if (kind == NEAP_PIPE)
        uv_pipe_init(loop, &w->uv.pipe, 0);
    w->initialized = is_socket(w);
    env->rt->transports++;
    return &w->t;
}

/* libuv opens a terminal anew, so that its mode is not shared; then the descriptor given is not
 * used and, being ours, closed. */
static int open_tty(wire *w, int fd)
{
    uv_os_fd_t used;
    if (w->initialized)
        return UV_EBUSY;
    int status = uv_tty_init(wire_runtime(w)->root->loop, &w->uv.tty, fd, 0);
    if (status)
        return status;
    w->initialized = true;
    if (fd > 2 && uv_fileno(&w->uv.handle, &used) == 0 && used != fd)
        close(fd);
    return 0;
}

int neap_transport_open(neap_transport *t, int fd)
{
    wire *w = neap_wire(t);
    if (!w)
        return UV_EINVAL;
    switch (w->kind) {
    case NEAP_TCP: return uv_tcp_open(&w->uv.tcp, fd);
    case NEAP_PIPE: return uv_pipe_open(&w->uv.pipe, fd);
    default: return open_tty(w, fd);
    }
}

/* ---- Connecting ---- */

int neap_wire_permit(wire *w, const char *verb, const struct sockaddr **address,
                     struct sockaddr_un *un)
{
    const struct sockaddr_un *given = (const struct sockaddr_un *)(const void *)*address;
    char path[sizeof un->sun_path + 1];
    if (given->sun_family != AF_UNIX || !given->sun_path[0])
        return neap_permit_address(wire_runtime(w), verb, *address);
    memcpy(path, given->sun_path, sizeof un->sun_path);
    path[sizeof un->sun_path] = '\0';
    *un = (struct sockaddr_un){.sun_family = AF_UNIX};
    *address = (const struct sockaddr *)(const void *)un;
    return neap_permit_file(wire_runtime(w), verb, path, un->sun_path, sizeof un->sun_path);
}

static void on_connected(uv_connect_t *connect, int status)
{
    wire *w = wire_of(connect->handle);
    neap_request_end(w, neap_container_of(connect, request, uv.connect), status);
}

static int connect_path(wire *w, request *r, const struct sockaddr_un *address)
{
    size_t length = strnlen(address->sun_path, sizeof address->sun_path);
    if (!length || length == sizeof address->sun_path)
        return length ? UV_ENAMETOOLONG : UV_EINVAL;
    uv_pipe_connect(&r->uv.connect, &w->uv.pipe, address->sun_path, on_connected);
    return 0;
}

static int connect_tcp(wire *w, request *r, const struct sockaddr *address)
{
    uv_tcp_nodelay(&w->uv.tcp, 1);
    return uv_tcp_connect(&r->uv.connect, &w->uv.tcp, address, on_connected);
}

int neap_transport_connect(neap_transport *t, const struct sockaddr *address, neap_on_done done)
{
    wire *w = neap_wire(t);
    if (!w || !is_socket(w) || (address->sa_family == AF_UNIX) != (w->kind == NEAP_PIPE))
        return UV_EINVAL;
    struct sockaddr_un un;
    int status = neap_wire_permit(w, "net.connect", &address, &un);
    if (status)
        return status;
    request *r = neap_request_new(w, SEND_END, 0, done);
    if (!r)
        return UV_ENOMEM;
    status = w->kind == NEAP_TCP ? connect_tcp(w, r, address)
                                 : connect_path(w, r, (const struct sockaddr_un *)address);
    if (status)
        request_free(w, r);
    return status;
}
