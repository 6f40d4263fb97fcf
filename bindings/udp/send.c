/* send.c -- neap_udp: sending.
 *
 *   socket:send(data | { data, ... }, address, port) -> true       op; of a connected socket without an address
 *                                     -> false                      the address is no numeric one: nothing was sent
 *
 * Each datagram is tried at once. What the kernel does not take is copied and sent in turn, and the call waits
 * for it. A list is so many datagrams for one peer; the first that fails ends it. */
#include <string.h>

#include "udp.h"

struct send_op {
    neap_op op;
    udp_socket *socket; /* NULL: none's, or it has closed */
    send_op *next, **at;
    int pending; /* requests that libuv has */
    int status;  /* the first failure */
};

typedef struct {
    uv_udp_send_t uv;
    send_op *op; /* NULL: nobody waits any more */
    size_t size;
    char bytes[];
} request;

/* ---- Events ---- */

static void leave(send_op *o)
{
    if (!o->socket)
        return;
    *o->at = o->next;
    if (o->next)
        o->next->at = o->at;
    o->socket = NULL;
}

static void complete(send_op *o)
{
    leave(o);
    neap->complete(&o->op, o->status, NEAP_F_SYSCALL, "send", NEAP_F_END);
}

static void on_sent(uv_udp_send_t *uv, int status)
{
    request *r = neap_container_of(uv, request, uv);
    udp_socket *s = uv->handle->data;
    send_op *o = r->op;
    neap->alloc(s->handle.env, r, r->size, 0);
    if (!o->status)
        o->status = status;
    if (!--o->pending)
        complete(o);
}

/* It is sent all the same: its copies are libuv's. The operation ends when they have gone. */
static const neap_op_class type = {"udp.send", NULL, NULL, NULL};

/* ---- Sending ---- */

static int queue(send_op *o, udp_socket *s, const char *data, size_t n, const struct sockaddr *to)
{
    request *r = neap->alloc(s->handle.env, NULL, 0, sizeof *r + n);
    if (!r)
        return UV_ENOMEM;
    r->op = o;
    r->size = sizeof *r + n;
    if (n)
        memcpy(r->bytes, data, n);
    uv_buf_t buf = uv_buf_init(r->bytes, (unsigned)n);
    int status = uv_udp_send(&r->uv, &s->uv, &buf, 1, to, on_sent);
    if (status)
        neap->alloc(s->handle.env, r, r->size, 0);
    else
        o->pending++;
    return status;
}

static int send_one(lua_State *L, int index, send_op *o, udp_socket *s, const struct sockaddr *to)
{
    size_t n;
    const char *data = lua_tolstring(L, index, &n);
    uv_buf_t buf = uv_buf_init((char *)data, (unsigned)n);
    int status = n > NEAP_UDP_DATAGRAM ? UV_EMSGSIZE : uv_udp_try_send(&s->uv, &buf, 1, to);
    return status == UV_EAGAIN ? queue(o, s, data, n, to) : status < 0 ? status : 0;
}

static int send_all(lua_State *L, send_op *o, udp_socket *s, const struct sockaddr *to)
{
    if (!lua_istable(L, 2))
        return send_one(L, 2, o, s, to);
    int status = 0;
    for (int i = 1, n = (int)lua_objlen(L, 2); i <= n && !status; i++) {
        lua_rawgeti(L, 2, i);
        status = send_one(L, -1, o, s, to);
        lua_pop(L, 1);
    }
    return status;
}

/* A text, or a list of them: so that nothing raises once the first has gone. */
static void check_data(lua_State *L)
{
    if (!lua_istable(L, 2)) {
        luaL_checkstring(L, 2);
        return;
    }
    for (int i = 1, n = (int)lua_objlen(L, 2); i <= n; i++) {
        lua_rawgeti(L, 2, i);
        luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, 2, "a list of texts expected");
        lua_pop(L, 1);
    }
}

static void line_up(send_op *o, udp_socket *s)
{
    o->socket = s;
    o->next = s->senders;
    o->at = &s->senders;
    if (o->next)
        o->next->at = &o->next;
    s->senders = o;
}

static int refuse(lua_State *L, send_op *o, int status)
{
    char target[INET6_ADDRSTRLEN + 32];
    const char *host = lua_tostring(L, 3);
    snprintf(target, sizeof target, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host,
             (int)lua_tointeger(L, 4));
    neap->complete(&o->op, status, NEAP_F_PERMISSION, "net.connect", target, NEAP_F_SYSCALL, "send",
                   NEAP_F_END);
    return neap->wait(L, &o->op);
}

int neap_udp_send(lua_State *L)
{
    udp_socket *s = check_socket(L);
    int addressed = lua_type(L, 3) == LUA_TSTRING;
    struct sockaddr_storage to;
    check_data(L);
    if (addressed && !neap_udp_address(lua_tostring(L, 3), neap_udp_check_port(L, 4, 1),
                                       s ? s->family : AF_INET, &to)) {
        lua_pushboolean(L, 0);
        return 1;
    }
    struct sockaddr *address = addressed ? (struct sockaddr *)&to : NULL;
    send_op *o = neap->op_new(L, &type, sizeof *o);
    int refused = address ? neap->permit_address(o->op.env, "net.connect", address) : 0;
    if (refused)
        return refuse(L, o, refused);
    o->status = s ? 0 : NEAP_ECLOSED;
    if (!o->status)
        o->status = send_all(L, o, s, address);
    if (!o->pending)
        complete(o);
    else
        line_up(o, s);
    return neap->wait(L, &o->op);
}

/* libuv calls back for all of them with ECANCELED. */
void neap_udp_close_send(udp_socket *s)
{
    while (s->senders)
        leave(s->senders);
}
