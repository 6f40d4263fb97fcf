/* second.c -- a module for Lua 5.1 that is linked to libuv itself. */
#include <lauxlib.h>
#include <lua.h>
#include <stdint.h>
#include <uv.h>

static int run(lua_State *L) /* run() -> where its uv_run lies */
{
    lua_pushnumber(L, (lua_Number)(intptr_t)uv_run);
    return 1;
}

int luaopen_second(lua_State *L);

int luaopen_second(lua_State *L)
{
    static const luaL_Reg functions[] = {{"run", run}, {NULL, NULL}};
    luaL_register(L, "second", functions);
    return 1;
}
