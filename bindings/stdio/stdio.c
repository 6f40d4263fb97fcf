/* stdio.c -- neap_stdio: the standard streams of this process; the C half of neap.stdio and neap.process.
 *
 *   input() -> stream | nil, err          of standard input
 *   output(1 | 2) -> stream               of standard output or error
 *   unread(stream, text)                  it is read again
 *   seek(input, whence, offset) -> position | nil, err       of what the script reads next
 *   number(text) -> value | nil, bytes    what fscanf("%lf") makes of it, and how much it takes
 *
 * All runtimes of a process share the descriptors, so each of these streams is made once a runtime, by Lua.
 * Closing one leaves its descriptor open. */
#include "stdio.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
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

/* Bytes that were read from the descriptor, and not by the script, are gone: how many, or a status. */
static ptrdiff_t discard_ahead(lua_State *L, neap_env *env)
{
    const neap_streams *streams = neap->interface(env, NEAP_STREAMS);
    neap_transport *t = neap->transport(L, 1);
    ptrdiff_t piece = t ? stdio_input_ahead(t) : NEAP_ECLOSED;
    ptrdiff_t unread = piece < 0 ? piece : streams->discard(L, 1);
    if (unread < 0)
        return unread;
    stdio_input_discard(t);
    return piece + unread;
}

/* Where the descriptor is, the script is not yet: what was read ahead is read again. */
static int seek(lua_State *L)
{
    static const char *const names[] = {"set", "cur", "end", NULL};
    static const int whences[] = {SEEK_SET, SEEK_CUR, SEEK_END};
    luaL_optstring(L, 2, NULL);
    int whence = whences[luaL_checkoption(L, 2, "cur", names)];
    lua_Number offset = luaL_optnumber(L, 3, 0);
    luaL_argcheck(L, offset > -0x1p53 && offset < 0x1p53, 3, "not a count of bytes");
    off_t at = lseek(STDIN_FILENO, 0, SEEK_CUR);
    ptrdiff_t ahead = at < 0 ? -errno : discard_ahead(L, neap->env(L));
    if (ahead < 0)
        return neap->fail(L, (int)ahead, NEAP_F_SYSCALL, "seek", NEAP_F_END);
    lseek(STDIN_FILENO, at - ahead, SEEK_SET);
    at = lseek(STDIN_FILENO, (off_t)offset, whence);
    if (at < 0)
        return neap->fail(L, -errno, NEAP_F_SYSCALL, "seek", NEAP_F_END);
    lua_pushnumber(L, (lua_Number)at);
    return 1;
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

static const luaL_Reg functions[] = {{"input", input}, {"output", output}, {"unread", unread},
                                     {"seek", seek},   {"number", number}, {NULL, NULL}};

NEAP_EXTENSION(neap_stdio, .functions = functions)
