/* udp.c -- uv_udp_t: UDP, IPv4 and IPv6.
 *
 * Receiving shares the loop's buffer, which has room for one datagram. A handle that takes several at once
 * (recvmmsg) has a buffer of its own in `extra`, for as many as `flags` says, from the first time it
 * receives until it is closed. Sending is in udp_send.c. */
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

struct sockaddr *nuv_check_peer(lua_State *L, int index, struct sockaddr_storage *address)
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
    const struct sockaddr *peer = nuv_check_peer(L, 2, &address);
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
    {"send", nuv_udp_send},
    {"try_send", nuv_udp_try_send},
#if UV_VERSION_HEX >= 0x013200 /* 1.50 */
    {"try_send2", nuv_udp_try_send2},
#endif
    {"get_send_queue_size", nuv_udp_get_send_queue_size},
    {"get_send_queue_count", nuv_udp_get_send_queue_count},
    {"recv_start", udp_recv_start},
    {"recv_stop", udp_recv_stop},
    {NULL, NULL},
};

NUV_CLASS(udp, methods);
