/* info.c -- neap_net: what a socket tells of itself, and what can be set on it.
 *
 *   stream:address(), listener:address(), stream:peer_address() -> address, port
 *   stream:nodelay(on) -> true
 *   stream:keepalive(seconds | false) -> true    probes after so many seconds of silence
 *
 * The address of a Unix socket is its path, "" when it has none, and there is no port. */
#include "net.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h> /* the names of statuses */

enum { LONGEST = 32767 }; /* seconds: Linux takes no more */

/* ---- Arguments ---- */

static neap_transport *find_transport(lua_State *L)
{
    neap_transport *t = neap_net_take(L, 1, NULL);
    if (!t && !(t = neap_net_listening(L, 1)))
        neap_net_find(L, &neap_net_stream_class);
    return t;
}

/* ---- Methods ---- */

static int push_address(lua_State *L, const char *end)
{
    char key[24], address[NI_MAXHOST], port[8];
    neap_transport *t = find_transport(L);
    snprintf(key, sizeof key, "%saddress", end);
    int status = t ? t->type->info(t, key, address, sizeof address) : NEAP_ECLOSED;
    if (status < 0)
        return neap->fail(L, status, NEAP_F_SYSCALL, key, NEAP_F_END);
    lua_pushstring(L, address);
    snprintf(key, sizeof key, "%sport", end);
    if (t->type->info(t, key, port, sizeof port) < 0)
        return 1;
    lua_pushinteger(L, atoi(port));
    return 2;
}

int neap_net_address(lua_State *L)
{
    return push_address(L, "");
}

int neap_net_peer_address(lua_State *L)
{
    return push_address(L, "peer_");
}

static int set_option(lua_State *L, const char *key, int value)
{
    neap_transport *t = find_transport(L);
    int status = !t ? NEAP_ECLOSED : t->type->option ? t->type->option(t, key, value) : UV_ENOTSUP;
    if (status < 0)
        return neap->fail(L, status, NEAP_F_SYSCALL, key, NEAP_F_END);
    lua_pushboolean(L, 1);
    return 1;
}

int neap_net_nodelay(lua_State *L)
{
    luaL_checktype(L, 2, LUA_TBOOLEAN);
    return set_option(L, "nodelay", lua_toboolean(L, 2));
}

int neap_net_keepalive(lua_State *L)
{
    int off = lua_isboolean(L, 2) && !lua_toboolean(L, 2);
    double seconds = off ? 0 : ceil(luaL_checknumber(L, 2));
    luaL_argcheck(L, off || (seconds >= 1 && seconds <= LONGEST), 2,
                  "1 to 32767 seconds, or false");
    return set_option(L, "keepalive", (int)seconds);
}
