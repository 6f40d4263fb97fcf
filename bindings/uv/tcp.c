/* tcp.c -- uv_tcp_t: TCP, IPv4 and IPv6.
 *
 *     new_tcp(family?) -> tcp                   tcp_open(tcp, socket) -> 0
 *     tcp_bind(tcp, ip, port, {ipv6only}?), tcp_connect(tcp, ip, port, callback) -> request
 *     tcp_nodelay(tcp, on), tcp_keepalive(tcp, on, seconds?), tcp_simultaneous_accepts(tcp, on) -> 0
 *     tcp_getsockname(tcp), tcp_getpeername(tcp) -> {family, ip, port}
 *     tcp_close_reset(tcp, callback?) -> 0      closes with RST
 *     tcp_write_queue_size(tcp) -> bytes
 *     socketpair(type?, protocol?, flags1?, flags2?) -> {fd, fd} */
#include <netdb.h>
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

static int new_tcp(lua_State *L)
{
    uv_loop_t *loop = nuv_state_of(L)->loop;
    unsigned family = lua_isnoneornil(L, 1)
                          ? AF_UNSPEC
                          : (unsigned)nuv_check_name(L, 1, nuv_families, "address family");
    nuv_handle *x = nuv_handle_new(L, &nuv_tcp_class);
    return nuv_handle_made(L, x, uv_tcp_init_ex(loop, &x->uv.tcp, family));
}

static int tcp_open(lua_State *L)
{
    nuv_handle *x = check_tcp(L, 1);
    return nuv_result(L, uv_tcp_open(&x->uv.tcp, (uv_os_sock_t)luaL_checkinteger(L, 2)));
}

static int tcp_nodelay(lua_State *L)
{
    nuv_handle *x = check_tcp(L, 1);
    return nuv_result(L, uv_tcp_nodelay(&x->uv.tcp, check_boolean(L, 2)));
}

static int tcp_keepalive(lua_State *L)
{
    nuv_handle *x = check_tcp(L, 1);
    int on = check_boolean(L, 2);
    unsigned delay = on ? (unsigned)luaL_checkinteger(L, 3) : 0;
    return nuv_result(L, uv_tcp_keepalive(&x->uv.tcp, on, delay));
}

static int tcp_simultaneous_accepts(lua_State *L)
{
    nuv_handle *x = check_tcp(L, 1);
    return nuv_result(L, uv_tcp_simultaneous_accepts(&x->uv.tcp, check_boolean(L, 2)));
}

static int tcp_bind(lua_State *L)
{
    struct sockaddr_storage address;
    unsigned flags = 0;
    nuv_handle *x = check_tcp(L, 1);
    nuv_check_address(L, 2, &address);
    if (lua_istable(L, 4)) {
        lua_getfield(L, 4, "ipv6only");
        flags = lua_toboolean(L, -1) ? UV_TCP_IPV6ONLY : 0;
    } else if (!lua_isnoneornil(L, 4)) {
        flags = (unsigned)luaL_checkinteger(L, 4);
    }
    return nuv_result(L, uv_tcp_bind(&x->uv.tcp, (struct sockaddr *)&address, flags));
}

static int name_of(lua_State *L, int (*get)(const uv_tcp_t *, struct sockaddr *, int *))
{
    struct sockaddr_storage address;
    int size = sizeof address;
    int status = get(&check_tcp(L, 1)->uv.tcp, (struct sockaddr *)&address, &size);
    return status < 0 ? nuv_fail(L, status) : nuv_push_address(L, (struct sockaddr *)&address);
}

static int tcp_getsockname(lua_State *L)
{
    return name_of(L, uv_tcp_getsockname);
}

static int tcp_getpeername(lua_State *L)
{
    return name_of(L, uv_tcp_getpeername);
}

static int tcp_connect(lua_State *L)
{
    struct sockaddr_storage address;
    nuv_handle *x = check_tcp(L, 1);
    nuv_check_address(L, 2, &address);
    lua_settop(L, 4);
    nuv_request *r = nuv_request_new(L, "uv_connect_t", NUV_REQUEST_SIZE(connect), 4);
    int status = uv_tcp_connect(&r->uv.connect, &x->uv.tcp, (struct sockaddr *)&address,
                                nuv_on_connected);
    return status < 0 ? nuv_request_failed(L, r, status) : 1;
}

static int tcp_write_queue_size(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)check_tcp(L, 1)->uv.stream.write_queue_size);
    return 1;
}

static int tcp_close_reset(lua_State *L)
{
    nuv_handle *x = check_tcp(L, 1);
    if (neap->handle_is_closing(&x->h) || x->uv.tcp.shutdown_req)
        return nuv_result(L, UV_EINVAL);
    x->flags |= NUV_RESET;
    nuv_close(L);
    lua_pushinteger(L, 0);
    return 1;
}

/* ---- socketpair ---- */

static unsigned pair_flags(lua_State *L, int index)
{
    if (lua_isnoneornil(L, index))
        return UV_NONBLOCK_PIPE;
    luaL_checktype(L, index, LUA_TTABLE);
    lua_getfield(L, index, "nonblock");
    unsigned flags = lua_toboolean(L, -1) ? UV_NONBLOCK_PIPE : 0;
    lua_pop(L, 1);
    return flags;
}

static int check_protocol(lua_State *L, int index)
{
    if (lua_isnumber(L, index))
        return (int)lua_tointeger(L, index);
    const char *name = luaL_checkstring(L, index);
    const struct protoent *entry = getprotobyname(name);
    if (!entry)
        return luaL_argerror(L, index, lua_pushfstring(L, "invalid protocol name: %s", name));
    return entry->p_proto;
}

static int socketpair_(lua_State *L)
{
    uv_os_sock_t fds[2];
    int type = lua_isnoneornil(L, 1) ? SOCK_STREAM
                                     : nuv_check_name(L, 1, nuv_socket_types, "socket type");
    int protocol = lua_isnoneornil(L, 2) ? 0 : check_protocol(L, 2);
    int status =
        uv_socketpair(type, protocol, fds, (int)pair_flags(L, 3), (int)pair_flags(L, 4));
    if (status < 0)
        return nuv_fail(L, status);
    lua_createtable(L, 2, 0);
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
