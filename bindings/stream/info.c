/* info.c -- neap_stream: what a stream tells of itself, and what can be set on it.
 *
 *   stream:address(), stream:peer_address() -> address, port
 *   stream:nodelay(on) -> true
 *   stream:keepalive(seconds | false) -> true    probes after so many seconds of silence
 *   stream:timeout(seconds | false) -> true      that one wait may take
 *
 * The address of a Unix socket is its path, "" when it has none, and there is no port. */
#include <math.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h> /* the names of statuses */

#include "stream.h"

enum { LONGEST = 32767 }; /* seconds: Linux takes no more */

static neap_transport *find_transport(lua_State *L)
{
    stream *s = check_stream(L, 1);
    return s ? s->transport : NULL;
}

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

int neap_stream_address(lua_State *L)
{
    return push_address(L, "");
}

int neap_stream_peer_address(lua_State *L)
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

int neap_stream_nodelay(lua_State *L)
{
    luaL_checktype(L, 2, LUA_TBOOLEAN);
    return set_option(L, "nodelay", lua_toboolean(L, 2));
}

static int is_false(lua_State *L, int index)
{
    return lua_isboolean(L, index) && !lua_toboolean(L, index);
}

int neap_stream_keepalive(lua_State *L)
{
    int off = is_false(L, 2);
    double seconds = off ? 0 : ceil(luaL_checknumber(L, 2));
    luaL_argcheck(L, off || (seconds >= 1 && seconds <= LONGEST), 2,
                  "1 to 32767 seconds, or false");
    return set_option(L, "keepalive", (int)seconds);
}

int neap_stream_timeout(lua_State *L)
{
    stream *s = check_stream(L, 1);
    double seconds = is_false(L, 2) ? 0 : luaL_checknumber(L, 2);
    luaL_argcheck(L, is_false(L, 2) || seconds > 0, 2, "seconds above 0, or false");
    if (!s)
        return neap->fail(L, NEAP_ECLOSED, NEAP_F_SYSCALL, "timeout", NEAP_F_END);
    s->timeout = seconds;
    lua_pushboolean(L, 1);
    return 1;
}
