/* time.c -- neap_time: the two clocks, for lua/neap/time.lua.
 *
 *   now()         seconds since 1970-01-01 UTC, a float; may jump
 *   monotonic()   seconds since some moment; never goes back
 *
 * Both come from the host, so that a program under a virtual clock sees that one. */
#include <neap/extension.h>

static int now(lua_State *L)
{
    lua_pushnumber(L, neap->wall(neap->env(L)));
    return 1;
}

static int monotonic(lua_State *L)
{
    lua_pushnumber(L, neap->now(neap->env(L)));
    return 1;
}

static const luaL_Reg functions[] = {{"now", now}, {"monotonic", monotonic}, {NULL, NULL}};

NEAP_EXTENSION(neap_time, .flags = NEAP_PUBLIC, .functions = functions)
