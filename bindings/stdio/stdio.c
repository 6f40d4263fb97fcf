/* stdio.c -- neap_stdio: the standard streams of this process; the C half of neap.stdio and neap.process.
 *
 *   input() -> stream | nil, err          of standard input
 *   output(1 | 2) -> stream               of standard output or error
 *   unread(stream, text)                  it is read again
 *   number(text) -> value | nil, bytes    what fscanf("%lf") makes of it, and how much it takes
 *
 * All runtimes of a process share the descriptors, so each of these streams is made once a runtime, by Lua.
 * Closing one leaves its descriptor open. */
#include "stdio.h"

#include <stdio.h>
#include <string.h>
#include <uv.h> /* the names of statuses */

static int input(lua_State *L)
{
    neap_env *env = neap->env(L);
    int status = 0;
    const neap_streams *streams = neap->interface(env, NEAP_STREAMS);
    neap_transport *t = stdio_input(env, &status);
    if (!t)
        return neap->fail(L, status, NEAP_F_SYSCALL, "read", NEAP_F_END);
    neap->transport_give(L, t);
    streams->on_demand(L, -1);
    return 1;
}

static int output(lua_State *L)
{
    neap_transport *t = stdio_output(neap->env(L), luaL_checkint(L, 1));
    if (!t)
        return neap->raise(L, UV_ENOMEM, NEAP_F_END);
    neap->transport_give(L, t);
    return 1;
}

static int unread(lua_State *L)
{
    size_t length;
    const char *text = luaL_checklstring(L, 2, &length);
    const neap_streams *streams = neap->interface(neap->env(L), NEAP_STREAMS);
    int status = streams->unread(L, 1, text, length);
    return status ? neap->raise(L, status, NEAP_F_END) : 0;
}

/* C's own scanner, so that "0x10", "1e5" and "inf" are here what they are in LuaJIT. */
static int number(lua_State *L)
{
    size_t length;
    double value;
    const char *text = luaL_checklstring(L, 1, &length);
    FILE *file = length ? fmemopen((void *)text, length, "r") : NULL;
    if (file && fscanf(file, "%lf", &value) == 1)
        lua_pushnumber(L, value);
    else
        lua_pushnil(L);
    lua_pushinteger(L, file ? (lua_Integer)ftell(file) : 0);
    if (file)
        fclose(file);
    return 2;
}

/* ---- Registration ---- */

static const luaL_Reg functions[] = {
    {"input", input}, {"output", output}, {"unread", unread}, {"number", number}, {NULL, NULL}};

NEAP_EXTENSION(neap_stdio, .functions = functions)
