/* receive.c -- neap_udp: receiving.
 *
 *   socket:receive() -> data, peer        op; peer is { address =, port = }
 *
 * Datagrams that nobody waits for are kept, AHEAD bytes of them; then the socket is not read any more, and the
 * kernel drops what its own buffer does not take, as UDP may. One that a cancelled receive was given comes
 * first in the next. */
#include <string.h>

#include "udp.h"

enum { AHEAD = 256 * 1024 };

struct receive_op {
    neap_op op;
    udp_socket *socket; /* NULL: none's, or it has closed */
    packet *packet;
    int completed;
};

/* ---- Packets ---- */

static size_t size_of(const packet *p)
{
    return sizeof *p + p->length;
}

static void free_packet(neap_env *env, packet *p)
{
    neap->alloc(env, p, size_of(p), 0);
}

static void put_first(udp_socket *s, packet *p)
{
    p->next = s->first;
    s->first = p;
    if (!p->next)
        s->last = &p->next;
    s->kept += size_of(p);
}

static void put_last(udp_socket *s, packet *p)
{
    *s->last = p;
    s->last = &p->next;
    s->kept += size_of(p);
}

static packet *take(udp_socket *s)
{
    packet *p = s->first;
    s->first = p->next;
    if (!s->first)
        s->last = &s->first;
    s->kept -= size_of(p);
    return p;
}

/* ---- Events ---- */

static void complete(receive_op *r, int status)
{
    r->completed = 1;
    neap->complete(&r->op, status, NEAP_F_SYSCALL, "receive", NEAP_F_END);
}

static void serve(udp_socket *s)
{
    receive_op *r = s->receiver;
    if (!r || r->completed)
        return;
    if (s->first) {
        r->packet = take(s);
        complete(r, 0);
    } else if (s->failure) {
        int failure = s->failure;
        s->failure = 0;
        complete(r, failure);
    }
}

static void stop(udp_socket *s)
{
    uv_udp_recv_stop(&s->uv);
    s->receiving = 0;
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    udp_socket *s = handle->data;
    size_t size = (size_t)s->batch * NEAP_UDP_DATAGRAM;
    if (!s->buffer)
        s->buffer = neap->alloc(s->handle.env, NULL, 0, size);
    (void)suggested;
    *buf = uv_buf_init(s->buffer, s->buffer ? (unsigned)size : 0);
}

static void keep(udp_socket *s, const char *bytes, size_t n, const struct sockaddr *from)
{
    packet *p = neap->alloc(s->handle.env, NULL, 0, sizeof *p + n);
    if (!p) { /* it is dropped, as one may be on its way; who receives is told */
        s->failure = UV_ENOMEM;
        return;
    }
    p->next = NULL;
    p->length = n;
    memcpy(&p->from, from,
           from->sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(struct sockaddr_in6));
    if (n)
        memcpy(p->bytes, bytes, n);
    put_last(s, p);
}

static void on_receive(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from,
                       unsigned flags)
{
    udp_socket *s = udp->data;
    if (n < 0)
        s->failure = n == UV_ENOBUFS ? UV_ENOMEM : (int)n;
    else if (from)
        keep(s, buf->base, (size_t)n, from);
    serve(s);
    if (flags &
        UV_UDP_MMSG_CHUNK) /* a batch is ours to its end: libuv would drop what it has of it */
        return;
    if (s->kept >= AHEAD || n == UV_ENOBUFS)
        stop(s);
}

/* ---- The operation ---- */

static int receive_results(lua_State *L, neap_op *op)
{
    const packet *p = ((receive_op *)op)->packet;
    lua_pushlstring(L, p->bytes, p->length);
    lua_createtable(L, 0, 2);
    neap_udp_push_address(L, &p->from);
    lua_setfield(L, -3, "port");
    lua_setfield(L, -2, "address");
    return 2;
}

static void receive_cancel(neap_op *op)
{
    complete((receive_op *)op, UV_ECANCELED);
}

static void receive_release(neap_op *op, int delivered)
{
    receive_op *r = (receive_op *)op;
    udp_socket *s = r->socket;
    if (s)
        s->receiver = NULL;
    if (r->packet && s && !delivered)
        put_first(s, r->packet);
    else if (r->packet)
        free_packet(op->env, r->packet);
}

static int start(udp_socket *s)
{
    if (s->receiving || s->kept >= AHEAD)
        return 0;
    s->receiving = 1;
    return uv_udp_recv_start(&s->uv, on_alloc, on_receive);
}

int neap_udp_receive(lua_State *L)
{
    static const neap_op_class type = {"udp.receive", receive_results, receive_cancel,
                                       receive_release};
    udp_socket *s = check_socket(L);
    receive_op *r = neap->op_new(L, &type, sizeof *r);
    if (!s || s->receiver) {
        complete(r, s ? UV_EBUSY : NEAP_ECLOSED);
        return neap->wait(L, &r->op);
    }
    neap->pin(L, &r->op, 1);
    r->socket = s;
    s->receiver = r;
    serve(s);
    int status = start(s);
    if (status && !r->completed)
        complete(r, status);
    return neap->wait(L, &r->op);
}

void neap_udp_close_receive(udp_socket *s)
{
    receive_op *r = s->receiver;
    if (r) {
        r->socket = NULL;
        s->receiver = NULL;
        if (!r->completed)
            complete(r, UV_ECANCELED);
    }
    while (s->first)
        free_packet(s->handle.env, take(s));
}
