/* option.c -- neap_udp: what can be set on a socket, and what it tells of itself.
 *
 *   socket:address(), peer_address() -> address, port
 *   socket:broadcast(on), ttl(n), multicast_ttl(n), multicast_loop(on), multicast_interface(address) -> true
 *   socket:join(group, interface, source), leave(group, interface, source) -> true
 *   socket:receive_buffer(bytes), send_buffer(bytes) -> bytes      of the kernel; without an argument it is asked */
#include "udp.h"

static int result(lua_State *L, int status, const char *what)
{
    if (status < 0)
        return neap->fail(L, status, NEAP_F_SYSCALL, what, NEAP_F_END);
    lua_pushboolean(L, 1);
    return 1;
}

static int set_number(lua_State *L, int (*set)(uv_udp_t *, int), int lowest, const char *what)
{
    udp_socket *s = check_socket(L);
    int value = lua_isboolean(L, 2) ? lua_toboolean(L, 2) : (int)luaL_checkinteger(L, 2);
    luaL_argcheck(L, value >= lowest && value <= 255, 2, "out of range");
    return result(L, s ? set(&s->uv, value) : NEAP_ECLOSED, what);
}

int neap_udp_broadcast(lua_State *L)
{
    return set_number(L, uv_udp_set_broadcast, 0, "broadcast");
}

int neap_udp_ttl(lua_State *L)
{
    return set_number(L, uv_udp_set_ttl, 1, "ttl");
}

int neap_udp_multicast_ttl(lua_State *L)
{
    return set_number(L, uv_udp_set_multicast_ttl, 0, "multicast_ttl");
}

int neap_udp_multicast_loop(lua_State *L)
{
    return set_number(L, uv_udp_set_multicast_loop, 0, "multicast_loop");
}

int neap_udp_multicast_interface(lua_State *L)
{
    udp_socket *s = check_socket(L);
    const char *address = luaL_checkstring(L, 2);
    return result(L, s ? uv_udp_set_multicast_interface(&s->uv, address) : NEAP_ECLOSED,
                  "multicast_interface");
}

/* Joining is listening to what others send: it asks as bind does. */
static int member(lua_State *L, uv_membership membership, const char *what)
{
    udp_socket *s = check_socket(L);
    const char *group = luaL_checkstring(L, 2), *at = luaL_optstring(L, 3, NULL);
    const char *from = luaL_optstring(L, 4, NULL);
    struct sockaddr_storage address;
    luaL_argcheck(L, neap_udp_address(group, 0, AF_INET, &address), 2, "not a numeric address");
    if (!s)
        return result(L, NEAP_ECLOSED, what);
    int status = neap->permit_address(s->handle.env, "net.listen", (struct sockaddr *)&address);
    if (status)
        return neap->fail(L, status, NEAP_F_PERMISSION, "net.listen", group, NEAP_F_SYSCALL, what,
                          NEAP_F_END);
    if (from)
        status = uv_udp_set_source_membership(&s->uv, group, at, from, membership);
    else
        status = uv_udp_set_membership(&s->uv, group, at, membership);
    return result(L, status, what);
}

int neap_udp_join(lua_State *L)
{
    return member(L, UV_JOIN_GROUP, "join");
}

int neap_udp_leave(lua_State *L)
{
    return member(L, UV_LEAVE_GROUP, "leave");
}

static int push_name(lua_State *L, int (*name)(const uv_udp_t *, struct sockaddr *, int *),
                     const char *what)
{
    udp_socket *s = check_socket(L);
    struct sockaddr_storage address;
    int length = sizeof address;
    int status = s ? name(&s->uv, (struct sockaddr *)&address, &length) : NEAP_ECLOSED;
    if (status)
        return result(L, status, what);
    neap_udp_push_address(L, &address);
    return 2;
}

int neap_udp_local_address(lua_State *L)
{
    return push_name(L, uv_udp_getsockname, "address");
}

int neap_udp_peer_address(lua_State *L)
{
    return push_name(L, uv_udp_getpeername, "peer_address");
}

/* Sizes are set and asked with the same function of libuv: 0 asks. */
static int buffer_size(lua_State *L, int (*size)(uv_handle_t *, int *), const char *what)
{
    udp_socket *s = check_socket(L);
    int value = (int)luaL_optinteger(L, 2, 0);
    luaL_argcheck(L, value >= 0, 2, "a number of bytes expected");
    int status = s ? size((uv_handle_t *)&s->uv, &value) : NEAP_ECLOSED;
    if (status)
        return result(L, status, what);
    lua_pushinteger(L, value);
    return 1;
}

int neap_udp_receive_buffer(lua_State *L)
{
    return buffer_size(L, uv_recv_buffer_size, "receive_buffer");
}

int neap_udp_send_buffer(lua_State *L)
{
    return buffer_size(L, uv_send_buffer_size, "send_buffer");
}
