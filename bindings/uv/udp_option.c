/* udp_option.c -- uv_udp_t: what is set of a socket: multicast, broadcast, how far a datagram goes. */
#include "uv.h"

static nuv_handle *check_udp(lua_State *L, int index)
{
    return nuv_check(L, index, &nuv_udp_class);
}

/* ---- Groups ---- */

static const char *const memberships[] = {"leave", "join", NULL}; /* as libuv numbers them */

static const char *check_interface(lua_State *L, int index)
{
    luaL_argcheck(L, lua_isnil(L, index) || lua_isstring(L, index), index,
                  "expected string or nil");
    return lua_tostring(L, index);
}

/** uv.udp_set_membership(udp: uv_udp_t, multicast_addr: string, interface_addr: string?, membership: "join" | "leave") -> 0 | fail
 * Joins or leaves a multicast group, on the interface that has an address, or nil: on the system's choice. */
int nuv_udp_set_membership(lua_State *L)
{
    nuv_handle *x = check_udp(L, 1);
    const char *group = luaL_checkstring(L, 2), *interface = check_interface(L, 3);
    uv_membership membership = (uv_membership)luaL_checkoption(L, 4, NULL, memberships);
    return nuv_result(L, nuv_is_closed(x)
                             ? UV_EINVAL
                             : uv_udp_set_membership(&x->uv.udp, group, interface, membership));
}

/** uv.udp_set_source_membership(udp: uv_udp_t, multicast_addr: string, interface_addr: string?, source_addr: string, membership: "join" | "leave") -> 0 | fail
 * The same, for what one source sends to the group. */
int nuv_udp_set_source_membership(lua_State *L)
{
    nuv_handle *x = check_udp(L, 1);
    const char *group = luaL_checkstring(L, 2), *interface = check_interface(L, 3);
    const char *source = luaL_checkstring(L, 4);
    uv_membership membership = (uv_membership)luaL_checkoption(L, 5, NULL, memberships);
    if (nuv_is_closed(x))
        return nuv_fail(L, UV_EINVAL);
    return nuv_result(
        L, uv_udp_set_source_membership(&x->uv.udp, group, interface, source, membership));
}

/** uv.udp_set_multicast_interface(udp: uv_udp_t, interface_addr: string) -> 0 | fail
 * The interface, by its address, on which it sends to groups. */
int nuv_udp_set_multicast_interface(lua_State *L)
{
    nuv_handle *x = check_udp(L, 1);
    return nuv_result(L, uv_udp_set_multicast_interface(&x->uv.udp, luaL_checkstring(L, 2)));
}

/* ---- Switches and numbers ---- */

static int set_switch(lua_State *L, int (*set)(uv_udp_t *, int))
{
    nuv_handle *x = check_udp(L, 1);
    luaL_checktype(L, 2, LUA_TBOOLEAN);
    return nuv_result(L, set(&x->uv.udp, lua_toboolean(L, 2)));
}

static int set_number(lua_State *L, int (*set)(uv_udp_t *, int))
{
    nuv_handle *x = check_udp(L, 1);
    return nuv_result(L, set(&x->uv.udp, nuv_check_int(L, 2)));
}

/** uv.udp_set_multicast_loop(udp: uv_udp_t, on: boolean) -> 0 | fail
 * Whether what it sends to a group comes to this host's members, too: it does, by default. */
int nuv_udp_set_multicast_loop(lua_State *L)
{
    return set_switch(L, uv_udp_set_multicast_loop);
}

/** uv.udp_set_broadcast(udp: uv_udp_t, on: boolean) -> 0 | fail
 * Whether it may send to all hosts of a network: it may not, by default. */
int nuv_udp_set_broadcast(lua_State *L)
{
    return set_switch(L, uv_udp_set_broadcast);
}

/** uv.udp_set_multicast_ttl(udp: uv_udp_t, ttl: integer) -> 0 | fail
 * How many routers pass on what it sends to a group: 1 to 255, 1 by default. */
int nuv_udp_set_multicast_ttl(lua_State *L)
{
    return set_number(L, uv_udp_set_multicast_ttl);
}

/** uv.udp_set_ttl(udp: uv_udp_t, ttl: integer) -> 0 | fail
 * How many routers pass on what it sends: 1 to 255. */
int nuv_udp_set_ttl(lua_State *L)
{
    return set_number(L, uv_udp_set_ttl);
}

const luaL_Reg nuv_udp_option_functions[] = {
    {"udp_set_membership", nuv_udp_set_membership},
    {"udp_set_source_membership", nuv_udp_set_source_membership},
    {"udp_set_multicast_interface", nuv_udp_set_multicast_interface},
    {"udp_set_multicast_loop", nuv_udp_set_multicast_loop},
    {"udp_set_multicast_ttl", nuv_udp_set_multicast_ttl},
    {"udp_set_broadcast", nuv_udp_set_broadcast},
    {"udp_set_ttl", nuv_udp_set_ttl},
    {NULL, NULL},
};
