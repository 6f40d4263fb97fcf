/* plain.c -- an ordinary C module for Lua 5.1. */
#include <lauxlib.h>
#include <lua.h>

static int answer(lua_State *L)
{
    lua_pushinteger(L, 42);
    return 1;
}

int luaopen_plain_module(lua_State *L);

int luaopen_plain_module(lua_State *L)
{
    static const luaL_Reg functions[] = {{"answer", answer}, {NULL, NULL}};
    luaL_register(L, "plain.module", functions);
    return 1;
}
