/* udp.c -- uv_udp_t: UDP, IPv4 and IPv6.
 *
 * Receiving shares the loop's buffer, which has room for one datagram. A handle that takes several at once
 * (recvmmsg) has a buffer of its own in `extra`, for as many as `flags` says, from the first time it
 * receives until it is closed. A send is tried at once, and copied when the kernel does not take it. */
#include <string.h>

#include "uv.h"

enum { DATAGRAM = 64 * 1024, MOST = 20 }; /* libuv's: bytes of one; how many at once */

static nuv_handle *check_udp(lua_State *L, int index)
{
    return nuv_check(L, index, &nuv_udp_class);
}

/* ---- Making one ---- */

static unsigned family_of(lua_State *L, int index)
{
    if (lua_isnumber(L, index))
        return (unsigned)lua_tointeger(L, index);
    const nuv_name *f = nuv_families;
    while (f->name && strcmp(f->name, lua_tostring(L, index)) != 0)
        f++;
    return (unsigned)f->value; /* of no name it is 0: the first address decides, as luv has it */
}

/* The table at `index`: the flags; how many datagrams at once goes to *n. */
static unsigned check_table(lua_State *L, int index, int *n)
{
    lua_getfield(L, index, "family");
    luaL_argcheck(L, lua_isnil(L, -1) || lua_isstring(L, -1), index,
                  "family must be string or integer if set");
    unsigned flags = lua_isnil(L, -1) ? 0 : family_of(L, lua_gettop(L));
    lua_getfield(L, index, "mmsgs");
    luaL_argcheck(L, lua_isnil(L, -1) || lua_isnumber(L, -1), index,
                  "mmsgs must be integer if set");
    lua_Number mmsgs = lua_tonumber(L, -1);
    *n = mmsgs < 1 ? 1 : mmsgs > MOST ? MOST : (int)mmsgs;
    return *n > 1 ? flags | UV_UDP_RECVMMSG : flags;
}

static unsigned check_flags(lua_State *L, int index, int *n)
{
    if (lua_isnoneornil(L, index))
        return 0;
    if (lua_istable(L, index))
        return check_table(L, index, n);
    luaL_argcheck(L, lua_isstring(L, index), index, "expected table, string, or integer");
    return family_of(L, index);
}

static void release(nuv_handle *x)
{
    if (x->extra)
        neap->alloc(x->h.env, x->extra, (size_t)x->flags * DATAGRAM, 0);
}

/** uv.new_udp(flags?: { family: string | integer | nil, mmsgs: integer? } | string | integer) -> uv_udp_t | fail
 * A new UDP handle. With a `family` ("inet", "inet6") its socket is made at once, else when it has an address. With
 * `mmsgs` above 1 it takes up to that many datagrams, 20 at most, from the kernel at once, into a buffer of 64 KB for
 * each. In place of the table: a family, or libuv's flags, as a number. */
static int new_udp(lua_State *L)
{
    int n = MOST;
    unsigned flags = check_flags(L, 1, &n);
    nuv_handle *x = nuv_handle_new(L, &nuv_udp_class);
    x->flags = n;
    x->release = release;
    return nuv_handle_made(L, x, uv_udp_init_ex(nuv_state_of(L)->loop, &x->uv.udp, flags));
}

/** uv.udp_open(udp: uv_udp_t, fd: integer) -> 0 | fail
 * Makes it the handle of a datagram socket, which is the handle's from then on: it is closed with it. */
static int udp_open(lua_State *L)
{
    nuv_handle *x = check_udp(L, 1);
    uv_os_sock_t fd = (uv_os_sock_t)nuv_check_int(L, 2);
    return nuv_result(L, nuv_is_closed(x) ? UV_EINVAL : uv_udp_open(&x->uv.udp, fd));
}

/* ---- Addresses ---- */

static unsigned bind_flags(lua_State *L, int index)
{
    static const nuv_name names[] = {
        {"reuseaddr", UV_UDP_REUSEADDR},
        {"ipv6only", UV_UDP_IPV6ONLY},
#if UV_VERSION_HEX >= 0x013100 /* 1.49 */
        {"reuseport", UV_UDP_REUSEPORT},
#endif
        {NULL, 0}
    };
    unsigned flags = 0;
    for (const nuv_name *f = names; f->name && lua_istable(L, index); f++) {
        lua_getfield(L, index, f->name);
        flags |= lua_toboolean(L, -1) ? (unsigned)f->value : 0;
        lua_pop(L, 1);
    }
    return flags;
}

/** uv.udp_bind(udp: uv_udp_t, host: string, port: integer, flags?: { reuseaddr: boolean?, ipv6only: boolean? }) -> 0 | fail
 * Gives it an address, where it receives; port 0: any that is free. `reuseaddr`: several sockets may have the
 * address, and the last one receives. `ipv6only`: no IPv4 through an IPv6 address. EADDRINUSE: another has it. EINVAL:
 * the handle has an address, or is closed. A host that is no IP address raises. */
static int udp_bind(lua_State *L)
{
    struct sockaddr_storage address;
    nuv_handle *x = check_udp(L, 1);
    nuv_check_address(L, 2, &address);
    unsigned flags = bind_flags(L, 4);
    return nuv_result(L, nuv_is_closed(x)
                             ? UV_EINVAL
                             : uv_udp_bind(&x->uv.udp, (struct sockaddr *)&address, flags));
}

/* The address at two indexes; NULL: both are nil. */
static struct sockaddr *check_peer(lua_State *L, int index, struct sockaddr_storage *address)
{
    int host = lua_type(L, index), port = lua_type(L, index + 1);
    if (host == LUA_TNIL && port == LUA_TNIL)
        return NULL;
    if (host == LUA_TNIL || port == LUA_TNIL)
        luaL_argerror(L, host == LUA_TNIL ? index + 1 : index,
                      "Both host and port must be nil if one is nil");
    luaL_argcheck(L, host == LUA_TSTRING, index, "Host must be string or nil");
    luaL_argcheck(L, port == LUA_TNUMBER, index + 1, "Port must be number or nil");
    nuv_check_address(L, index, address);
    return (struct sockaddr *)address;
}

/** uv.udp_connect(udp: uv_udp_t, host: string?, port: integer?) -> 0 | fail
 * From now on it sends to this address only, and receives from it only. With nil and nil, as before again. EISCONN: it
 * has one. ENOTCONN: it has none to lose. */
static int udp_connect(lua_State *L)
{
    struct sockaddr_storage address;
    nuv_handle *x = check_udp(L, 1);
    const struct sockaddr *peer = check_peer(L, 2, &address);
    return nuv_result(L, nuv_is_closed(x) ? UV_EINVAL : uv_udp_connect(&x->uv.udp, peer));
}

static int name_of(lua_State *L, int (*get)(const uv_udp_t *, struct sockaddr *, int *))
{
    struct sockaddr_storage address;
    int size = sizeof address;
    int status = get(&check_udp(L, 1)->uv.udp, (struct sockaddr *)&address, &size);
    return status < 0 ? nuv_fail(L, status) : nuv_push_address(L, (struct sockaddr *)&address);
}

/** uv.udp_getsockname(udp: uv_udp_t) -> uv_address | fail
 * Its own address. EBADF: there is no socket yet. */
static int udp_getsockname(lua_State *L)
{
    return name_of(L, uv_udp_getsockname);
}

/** uv.udp_getpeername(udp: uv_udp_t) -> uv_address | fail
 * The address that it was connected to. ENOTCONN: none. */
static int udp_getpeername(lua_State *L)
{
    return name_of(L, uv_udp_getpeername);
}

/* ---- Sending ---- */

static void on_sent(uv_udp_send_t *send, int status)
{
    nuv_request_done(send->data, nuv_status_args, &status);
}

static int gone(lua_State *L, int callback)
{
    if (!lua_isnil(L, callback)) {
        nuv_request *r = nuv_request_new(L, "uv_udp_send_t", NUV_REQUEST_SIZE(udp_send), callback);
        r->uv.req.type = UV_UDP_SEND;
        nuv_request_later(r, 0);
    }
    lua_pushinteger(L, 0);
    return 1;
}

/** uv.udp_send(udp: uv_udp_t, data: string | string[], host: string?, port: integer?, callback?: fun(err: string?)) -> 0 | fail
 * Sends a datagram, which is all of `data`, to an address; nil and nil: to the one that it was connected to. `callback`
 * is called when the kernel has taken it, or with the name of an error, such as EMSGSIZE: it is too long. That it
 * arrives nobody knows. EDESTADDRREQ: there is no address. EISCONN: there are two. */
static int udp_send(lua_State *L)
{
    nuv_data d;
    struct sockaddr_storage address;
    nuv_handle *x = check_udp(L, 1);
    const struct sockaddr *peer = check_peer(L, 3, &address);
    lua_settop(L, 5);
    if (!lua_isnil(L, 5))
        nuv_check_callback(L, 5);
    nuv_check_data(L, 2, &d);
    if (nuv_is_closed(x))
        return nuv_fail(L, UV_EINVAL);
    if (uv_udp_try_send(&x->uv.udp, d.bufs, d.n, peer) >= 0)
        return gone(L, 5);
    nuv_request *r = nuv_request_new(L, "uv_udp_send_t", NUV_REQUEST_SIZE(udp_send) + d.size, 5);
    uv_buf_t buf = nuv_copy_data(&d, (char *)r + NUV_REQUEST_SIZE(udp_send));
    int status = uv_udp_send(&r->uv.udp_send, &x->uv.udp, &buf, 1, peer, on_sent);
    return status < 0 ? nuv_request_failed(L, r, status) : nuv_result(L, status);
}

/** uv.udp_try_send(udp: uv_udp_t, data: string | string[], host: string?, port: integer?) -> integer | fail
 * The same, if the kernel takes it at once: returns how many bytes that was. EAGAIN: it does not, or others wait. */
static int udp_try_send(lua_State *L)
{
    nuv_data d;
    struct sockaddr_storage address;
    nuv_handle *x = check_udp(L, 1);
    lua_settop(L, lua_gettop(L) < 4 ? lua_gettop(L) : 4);
    nuv_check_data(L, 2, &d);
    const struct sockaddr *peer = check_peer(L, 3, &address);
    return nuv_result(L, nuv_is_closed(x) ? UV_EINVAL
                                          : uv_udp_try_send(&x->uv.udp, d.bufs, d.n, peer));
}

#if UV_VERSION_HEX >= 0x013200 /* 1.50 */

typedef struct {
    nuv_data data;
    struct sockaddr_storage address;
    bool addressed;
} message;

/* The table at `index`: { data =, addr = { ip =, port = } }; what it refers to stays on L. */
static void check_message(lua_State *L, int index, message *m)
{
    luaL_checktype(L, index, LUA_TTABLE);
    lua_getfield(L, index, "data");
    nuv_check_data(L, lua_gettop(L), &m->data);
    lua_getfield(L, index, "addr");
    m->addressed = lua_istable(L, -1);
    if (!m->addressed)
        return;
    lua_getfield(L, -1, "ip");
    lua_getfield(L, -2, "port");
    nuv_check_address(L, lua_gettop(L) - 1, &m->address);
}

/** uv.udp_try_send2(udp: uv_udp_t, messages: { data: string | string[], addr: { ip: string, port: integer }? }[], flags: integer?) -> integer | fail
 * As `uv.udp_try_send`, for many datagrams at once, 1,000 at most: returns how many the kernel took. `addr` is left out
 * when the handle is connected. `flags` is 0. EINVAL: it has no socket yet (bind it, or make it with a family). */
static int udp_try_send2(lua_State *L)
{
    enum { MANY = 1000 };
    nuv_handle *x = check_udp(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    unsigned n = (unsigned)lua_objlen(L, 2), flags = (unsigned)luaL_optinteger(L, 3, 0);
    luaL_argcheck(L, n <= MANY, 2, "too many messages");
    luaL_checkstack(L, (int)n * 6 + 8, "too many messages");
    message *all = lua_newuserdata(L, (n + 1) * sizeof *all);
    uv_buf_t **bufs = lua_newuserdata(L, (n + 1) * sizeof *bufs);
    unsigned *counts = lua_newuserdata(L, (n + 1) * sizeof *counts);
    struct sockaddr **addresses = lua_newuserdata(L, (n + 1) * sizeof *addresses);
    for (unsigned i = 0; i < n; i++) {
        message *m = &all[i];
        lua_rawgeti(L, 2, (int)i + 1);
        check_message(L, lua_gettop(L), m);
        bufs[i] = m->data.bufs;
        counts[i] = m->data.n;
        addresses[i] = m->addressed ? (struct sockaddr *)&m->address : NULL;
    }
    return nuv_result(L, nuv_is_closed(x)
                             ? UV_EINVAL
                             : uv_udp_try_send2(&x->uv.udp, n, bufs, counts, addresses, flags));
}

#endif

/** uv.udp_get_send_queue_size(udp: uv_udp_t) -> integer
 * Bytes that were sent and that the kernel has not taken yet. */
static int udp_get_send_queue_size(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)uv_udp_get_send_queue_size(&check_udp(L, 1)->uv.udp));
    return 1;
}

/** uv.udp_get_send_queue_count(udp: uv_udp_t) -> integer
 * How many datagrams that are. */
static int udp_get_send_queue_count(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)uv_udp_get_send_queue_count(&check_udp(L, 1)->uv.udp));
    return 1;
}

/* ---- Receiving ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    nuv_handle *x = nuv_handle_of(handle);
    size_t size = (size_t)x->flags * DATAGRAM;
    if (!uv_udp_using_recvmmsg(&x->uv.udp)) {
        nuv_on_alloc(handle, suggested, buf);
        return;
    }
    if (!x->extra)
        x->extra = neap->alloc(x->h.env, NULL, 0, size);
    *buf = uv_buf_init(x->extra, x->extra ? (unsigned)size : 0);
}

typedef struct {
    ssize_t n; /* or a status */
    const char *bytes;
    const struct sockaddr *from; /* NULL: there is nothing more for now */
    unsigned flags;
} datagram;

static void push_flag(lua_State *L, unsigned flags, unsigned flag, const char *name)
{
    if (flags & flag) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, name);
    }
}

static int datagram_args(lua_State *L, void *data)
{
    const datagram *d = data;
    nuv_push_status(L, d->n < 0 ? (int)d->n : 0);
    if (d->n > 0 || (d->n == 0 && d->from))
        lua_pushlstring(L, d->bytes, (size_t)d->n);
    else
        lua_pushnil(L);
    if (d->from)
        nuv_push_address(L, d->from);
    else
        lua_pushnil(L);
    lua_newtable(L);
    push_flag(L, d->flags, UV_UDP_PARTIAL, "partial");
    push_flag(L, d->flags, UV_UDP_MMSG_CHUNK, "mmsg_chunk");
    return 4;
}

/* What recvmmsg took at once still comes one by one when the first of them has closed the handle. */
static void on_receive(uv_udp_t *udp, ssize_t n, const uv_buf_t *buf, const struct sockaddr *from,
                       unsigned flags)
{
    const nuv_handle *x = nuv_handle_of(udp);
    if (flags & UV_UDP_MMSG_FREE || nuv_is_closed(x))
        return;
    nuv_call(x->h.env, x->callback, datagram_args, &(datagram){n, buf->base, from, flags});
}

/** uv.udp_recv_start(udp: uv_udp_t, callback: fun(err: string?, data: string?, addr: uv_address?, flags: { partial: boolean?, mmsg_chunk: boolean? })) -> 0 | fail
 * Receives: `callback` gets each datagram with the address that it came from; "" is an empty one; data and addr nil:
 * no more for now. `flags.partial`: it was too long, and its end is lost; `flags.mmsg_chunk`: it was one of several
 * taken at once. A handle without an address gets one. EALREADY: it receives already, and has the new callback. */
static int udp_recv_start(lua_State *L)
{
    nuv_handle *x = check_udp(L, 1);
    nuv_check_callback(L, 2);
    if (nuv_is_closed(x))
        return nuv_fail(L, UV_EINVAL);
    nuv_set_callback(L, 2, x->h.env, &x->callback);
    return nuv_result(L, uv_udp_recv_start(&x->uv.udp, on_alloc, on_receive));
}

/** uv.udp_recv_stop(udp: uv_udp_t) -> 0 | fail
 * Stops receiving: the callback is not called any more. What comes waits in the kernel. */
static int udp_recv_stop(lua_State *L)
{
    return nuv_result(L, uv_udp_recv_stop(&check_udp(L, 1)->uv.udp));
}

const luaL_Reg nuv_udp_functions[] = {
    {"new_udp", new_udp},
    {"udp_open", udp_open},
    {"udp_bind", udp_bind},
    {"udp_connect", udp_connect},
    {"udp_getsockname", udp_getsockname},
    {"udp_getpeername", udp_getpeername},
    {"udp_send", udp_send},
    {"udp_try_send", udp_try_send},
#if UV_VERSION_HEX >= 0x013200
    {"udp_try_send2", udp_try_send2},
#endif
    {"udp_get_send_queue_size", udp_get_send_queue_size},
    {"udp_get_send_queue_count", udp_get_send_queue_count},
    {"udp_recv_start", udp_recv_start},
    {"udp_recv_stop", udp_recv_stop},
    {NULL, NULL},
};

static const luaL_Reg methods[] = {
    NUV_HANDLE_METHODS,
    NUV_UDP_OPTION_METHODS,
    {"open", udp_open},
    {"bind", udp_bind},
    {"connect", udp_connect},
    {"getsockname", udp_getsockname},
    {"getpeername", udp_getpeername},
    {"send", udp_send},
    {"try_send", udp_try_send},
#if UV_VERSION_HEX >= 0x013200
    {"try_send2", udp_try_send2},
#endif
    {"get_send_queue_size", udp_get_send_queue_size},
    {"get_send_queue_count", udp_get_send_queue_count},
    {"recv_start", udp_recv_start},
    {"recv_stop", udp_recv_stop},
    {NULL, NULL},
};

NUV_CLASS(udp, methods);
