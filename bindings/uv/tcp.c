/* tcp.c -- uv_tcp_t: TCP, IPv4 and IPv6. */
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>

#include "uv.h"

static nuv_handle *check_tcp(lua_State *L, int index)
{
    return nuv_check(L, index, &nuv_tcp_class);
}

static int check_boolean(lua_State *L, int index)
{
    luaL_checktype(L, index, LUA_TBOOLEAN);
    return lua_toboolean(L, index);
}

static unsigned check_family(lua_State *L, int index)
{
    if (lua_isnumber(L, index))
        return (unsigned)lua_tointeger(L, index);
    if (!lua_isstring(L, index))
        luaL_argerror(L, index, "expected string or integer");
    for (const nuv_name *f = nuv_families; f->name; f++)
        if (strcmp(f->name, lua_tostring(L, index)) == 0)
            return (unsigned)f->value;
    lua_pushfstring(L, "invalid or unknown address family: '%s'", lua_tostring(L, index));
    return (unsigned)luaL_argerror(L, index, lua_tostring(L, -1));
}

/** uv.new_tcp(family?: "inet" | "inet6" | integer) -> uv_tcp_t | fail
 * A new TCP handle. With a family its socket is made at once, otherwise when it is bound or connected. */
static int new_tcp(lua_State *L)
{
    uv_loop_t *loop = nuv_state_of(L)->loop;
    unsigned family = lua_isnoneornil(L, 1) ? AF_UNSPEC : check_family(L, 1);
    nuv_handle *x = nuv_handle_new(L, &nuv_tcp_class);
    return nuv_handle_made(L, x, uv_tcp_init_ex(loop, &x->uv.tcp, family));
}

/** uv.tcp_open(tcp: uv_tcp_t, socket: integer) -> 0 | fail
 * Puts a socket that is open already into the handle, which owns it from here on. EEXIST: another handle has it. */
static int tcp_open(lua_State *L)
{
    nuv_handle *x = check_tcp(L, 1);
    uv_os_sock_t fd = (uv_os_sock_t)nuv_check_int(L, 2);
    return nuv_result(L, nuv_is_closed(x) ? UV_EINVAL : uv_tcp_open(&x->uv.tcp, fd));
}

/** uv.tcp_nodelay(tcp: uv_tcp_t, enable: boolean) -> 0 | fail
 * true: small writes are sent at once; false: the kernel gathers them (Nagle's algorithm), which is the default. */
static int tcp_nodelay(lua_State *L)
{
    nuv_handle *x = check_tcp(L, 1);
    return nuv_result(L, uv_tcp_nodelay(&x->uv.tcp, check_boolean(L, 2)));
}

/** uv.tcp_keepalive(tcp: uv_tcp_t, enable: boolean, delay?: integer) -> 0 | fail
 * Whether the kernel probes a silent peer, after `delay` seconds (must be given with true): one that is gone then ends
 * reads with ETIMEDOUT. */
static int tcp_keepalive(lua_State *L)
{
    nuv_handle *x = check_tcp(L, 1);
    int on = check_boolean(L, 2);
    unsigned delay = on ? (unsigned)luaL_checkinteger(L, 3) : 0;
    return nuv_result(L, uv_tcp_keepalive(&x->uv.tcp, on, delay));
}

/** uv.tcp_simultaneous_accepts(tcp: uv_tcp_t, enable: boolean) -> 0 | fail
 * Whether several accepts may be queued; it means something on Windows only. */
static int tcp_simultaneous_accepts(lua_State *L)
{
    nuv_handle *x = check_tcp(L, 1);
    return nuv_result(L, uv_tcp_simultaneous_accepts(&x->uv.tcp, check_boolean(L, 2)));
}

/** uv.tcp_bind(tcp: uv_tcp_t, host: string, port: integer, flags?: { ipv6only: boolean?, reuseport: boolean? }) -> 0 | fail
 * Binds it to an address of this machine: an IPv4 or IPv6 address as text, such as "0.0.0.0" or "::", and a port;
 * 0: a free one, which `uv.tcp_getsockname` tells. That the address is taken may be told by `uv.listen` or
 * `uv.tcp_connect` only. `ipv6only`: "::" does not mean IPv4 too. `reuseport` (libuv 1.49): other processes may
 * bind it so too, and the system shares connections out. Raises when the text is no address. */
static int tcp_bind(lua_State *L)
{
    struct sockaddr_storage address;
    unsigned flags = 0;
    nuv_handle *x = check_tcp(L, 1);
    nuv_check_address(L, 2, &address);
    if (lua_istable(L, 4)) {
        lua_getfield(L, 4, "ipv6only");
        flags = lua_toboolean(L, -1) ? UV_TCP_IPV6ONLY : 0;
#if UV_VERSION_HEX >= 0x013100 /* 1.49 */
        lua_getfield(L, 4, "reuseport");
        flags |= lua_toboolean(L, -1) ? UV_TCP_REUSEPORT : 0;
#endif
    }
    if (nuv_is_closed(x))
        return nuv_fail(L, UV_EINVAL);
    return nuv_result(L, uv_tcp_bind(&x->uv.tcp, (struct sockaddr *)&address, flags));
}

static int name_of(lua_State *L, int (*get)(const uv_tcp_t *, struct sockaddr *, int *))
{
    struct sockaddr_storage address;
    int size = sizeof address;
    int status = get(&check_tcp(L, 1)->uv.tcp, (struct sockaddr *)&address, &size);
    return status < 0 ? nuv_fail(L, status) : nuv_push_address(L, (struct sockaddr *)&address);
}

/** uv.tcp_getsockname(tcp: uv_tcp_t) -> uv_address | fail
 * The address of this end: `{ family = "inet" | "inet6", ip = "127.0.0.1", port = 8080 }`. */
static int tcp_getsockname(lua_State *L)
{
    return name_of(L, uv_tcp_getsockname);
}

/** uv.tcp_getpeername(tcp: uv_tcp_t) -> uv_address | fail
 * The address of the other end. ENOTCONN: it is not connected. */
static int tcp_getpeername(lua_State *L)
{
    return name_of(L, uv_tcp_getpeername);
}

/** uv.tcp_connect(tcp: uv_tcp_t, host: string, port: integer, callback?: fun(err: string?)) -> uv_connect_t | fail
 * Connects to an address, which is text as for `uv.tcp_bind`: names are looked up by `uv.getaddrinfo`. `callback` is
 * called when it is connected, or could not be. Raises when the text is no address. */
static int tcp_connect(lua_State *L)
{
    struct sockaddr_storage address;
    nuv_handle *x = check_tcp(L, 1);
    nuv_check_address(L, 2, &address);
    lua_settop(L, 4);
    if (neap->handle_is_closing(&x->h)) /* libuv would make a socket, which nobody closes */
        return nuv_fail(L, UV_EINVAL);
    nuv_request *r = nuv_request_new(L, "uv_connect_t", NUV_REQUEST_SIZE(connect), 4);
    int status =
        uv_tcp_connect(&r->uv.connect, &x->uv.tcp, (struct sockaddr *)&address, nuv_on_connected);
    return status < 0 ? nuv_request_failed(L, r, status) : 1;
}

/** uv.tcp_write_queue_size(tcp: uv_tcp_t) -> integer
 * Bytes that wait to be sent; `uv.stream_get_write_queue_size` is the same for any stream. */
static int tcp_write_queue_size(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check_tcp(L, 1)->uv.stream.write_queue_size);
    return 1;
}

/** uv.tcp_close_reset(tcp: uv_tcp_t, callback?: fun()) -> 0 | fail
 * Closes it with a reset: what waits to be sent is dropped, and the peer reads ECONNRESET. `callback` is called when the
 * loop has let go of it. EBADF: it has no socket, or is closed. EINVAL: `uv.shutdown` is under way. */
static int tcp_close_reset(lua_State *L)
{
    nuv_handle *x = check_tcp(L, 1);
    uv_os_fd_t fd;
    if (!lua_isnoneornil(L, 2))
        nuv_check_callback(L, 2);
    int status = x->uv.tcp.shutdown_req ? UV_EINVAL : uv_fileno(&x->uv.handle, &fd);
    if (status < 0)
        return nuv_fail(L, status);
    x->flags |= NUV_RESET;
    nuv_close(L);
    lua_pushinteger(L, 0);
    return 1;
}

/* ---- socketpair ---- */

static void refuse(lua_State *L, int index, const char *format, const char *what)
{
    luaL_argerror(L, index, lua_pushfstring(L, format, what));
}

static unsigned pair_flags(lua_State *L, int index)
{
    if (lua_isnoneornil(L, index))
        return UV_NONBLOCK_PIPE;
    if (!lua_istable(L, index))
        refuse(L, index, "table or nil expected, got %s", nuv_typename(L, index));
    lua_getfield(L, index, "nonblock");
    unsigned flags = lua_toboolean(L, -1) ? UV_NONBLOCK_PIPE : 0;
    lua_pop(L, 1);
    return flags;
}

static int check_socktype(lua_State *L, int index)
{
    if (lua_isnoneornil(L, index))
        return SOCK_STREAM;
    if (lua_isnumber(L, index))
        return (int)lua_tointeger(L, index);
    if (!lua_isstring(L, index))
        refuse(L, index, "socket type must be string or integer if set, got %s",
               nuv_typename(L, index));
    for (const nuv_name *t = nuv_socket_types; t->name; t++)
        if (strcmp(t->name, lua_tostring(L, index)) == 0)
            return t->value;
    refuse(L, index, "invalid socket type: %s", lua_tostring(L, index));
    return 0;
}

static int check_protocol(lua_State *L, int index)
{
    if (lua_isnoneornil(L, index))
        return 0;
    if (lua_isnumber(L, index))
        return (int)lua_tointeger(L, index);
    if (!lua_isstring(L, index))
        refuse(L, index, "protocol must be string or integer if set, got %s",
               nuv_typename(L, index));
    const struct protoent *entry = getprotobyname(lua_tostring(L, index));
    if (!entry)
        refuse(L, index, "invalid protocol: %s", lua_tostring(L, index));
    return entry->p_proto;
}

/** uv.socketpair(socktype?: string | integer, protocol?: string | integer, flags1?: { nonblock: boolean? }, flags2?: { nonblock: boolean? }) -> integer[] | fail
 * Two connected sockets, as descriptors: of the type "stream" (default), "dgram" or "seqpacket". `nonblock` (default: true)
 * of each: what handles need, and what a program that gets it as its standard input does not expect. They belong to the
 * caller: open them into handles, or close them. */
static int socketpair_(lua_State *L)
{
    uv_os_sock_t fds[2];
    int type = check_socktype(L, 1), protocol = check_protocol(L, 2);
    int flags1 = (int)pair_flags(L, 3), flags2 = (int)pair_flags(L, 4);
    lua_createtable(L, 2, 0); /* may raise, and then there is nothing to close */
    int status = uv_socketpair(type, protocol, fds, flags1, flags2);
    if (status < 0)
        return nuv_fail(L, status);
    for (int i = 0; i < 2; i++) {
        lua_pushinteger(L, fds[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* ---- Registration ---- */

const luaL_Reg nuv_tcp_functions[] = {
    {"new_tcp", new_tcp},
    {"tcp_open", tcp_open},
    {"tcp_nodelay", tcp_nodelay},
    {"tcp_keepalive", tcp_keepalive},
    {"tcp_simultaneous_accepts", tcp_simultaneous_accepts},
    {"tcp_bind", tcp_bind},
    {"tcp_getsockname", tcp_getsockname},
    {"tcp_getpeername", tcp_getpeername},
    {"tcp_connect", tcp_connect},
    {"tcp_write_queue_size", tcp_write_queue_size},
    {"tcp_close_reset", tcp_close_reset},
    {"socketpair", socketpair_},
    {NULL, NULL},
};

static const luaL_Reg methods[] = {
    NUV_STREAM_METHODS,
    {"open", tcp_open},
    {"nodelay", tcp_nodelay},
    {"keepalive", tcp_keepalive},
    {"simultaneous_accepts", tcp_simultaneous_accepts},
    {"bind", tcp_bind},
    {"getsockname", tcp_getsockname},
    {"getpeername", tcp_getpeername},
    {"connect", tcp_connect},
    {"write_queue_size", tcp_write_queue_size},
    {"close_reset", tcp_close_reset},
    {NULL, NULL},
};

NUV_CLASS(tcp, methods);
