/* sandbox.c: a restricted VM has no way out but functions that ask for permission.
 *
 * It gets base, package, table, string, math, os, bit and the compiler; no io, debug, ffi, and C
 * libraries by permission `native` alone. Then what is left of these is cut down:
 *
 *   load, loadstring, loadfile   text only, from a string or a permitted file
 *   package.loaded, preload      tables of its own: LuaJIT opens ffi by itself for a number like 1LL,
 *                                and puts it into the registry's
 *   collectgarbage               "count" and "collect": pacing and stopping it are the host's
 *   gone                         newproxy, module, gcinfo, jit, string.dump, package.loadlib, .seeall
 *
 * Its compiled code is bounded, because the memory limit does not see it. Loading is in sandbox_load.c. */
#include <lualib.h>

#include "sandbox.h"

/* ---- Base and debug ---- */

static int sandbox_collectgarbage(lua_State *L)
{
    static const char *const options[] = {"collect", "count", NULL};
    if (luaL_checkoption(L, 1, "collect", options) == 0) {
        lua_gc(L, LUA_GCCOLLECT, 0);
        lua_pushinteger(L, 0);
        return 1;
    }
    lua_pushnumber(L, lua_gc(L, LUA_GCCOUNT, 0) + lua_gc(L, LUA_GCCOUNTB, 0) / 1024.0);
    return 1;
}

/* traceback(thread, message, level), the thread may be left out */
static int sandbox_traceback(lua_State *L)
{
    lua_State *of = lua_tothread(L, 1);
    int message = of ? 2 : 1;
    if (!lua_isnoneornil(L, message) && !lua_isstring(L, message)) {
        lua_settop(L, message);
        return 1;
    }
    luaL_traceback(L, of ? of : L, lua_tostring(L, message), luaL_optint(L, message + 1, !of));
    return 1;
}

/* io.popen, io.tmpfile, os.tmpname: there is no permission that would allow them. */
static int sandbox_refuse(lua_State *L)
{
    lua_pushnil(L);
    lua_pushliteral(L, "not in a restricted runtime");
    return 2;
}

/* ---- Setting up ---- */

static const luaL_Reg libraries[] = {
    {"", luaopen_base},
    {LUA_LOADLIBNAME, luaopen_package},
    {LUA_TABLIBNAME, luaopen_table},
    {LUA_OSLIBNAME, luaopen_os},
    {LUA_STRLIBNAME, luaopen_string},
    {LUA_MATHLIBNAME, luaopen_math},
    {LUA_BITLIBNAME, luaopen_bit},
    {LUA_JITLIBNAME, luaopen_jit},
    {NULL, NULL},
};

void neap_sandbox_libraries(lua_State *L)
{
    int top = lua_gettop(L);
    for (const luaL_Reg *library = libraries; library->func; library++) {
        lua_pushcfunction(L, library->func);
        lua_pushstring(L, library->name);
        lua_call(L, 1, 0);
    }
    lua_getglobal(L, LUA_JITLIBNAME);
    lua_getfield(L, -1, "opt");
    lua_getfield(L, -1, "start");
    lua_pushliteral(L, "maxmcode=2048"); /* KiB */
    lua_call(L, 1, 0);
    lua_settop(L, top);
}

static void remove_fields(lua_State *L, const char *table, const char *const *names)
{
    lua_getglobal(L, table);
    for (; *names; names++) {
        lua_pushnil(L);
        lua_setfield(L, -2, *names);
    }
    lua_pop(L, 1);
}

static void new_globals(lua_State *L)
{
    static const luaL_Reg base[] = {{"load", neap_sandbox_load},
                                    {"loadstring", neap_sandbox_load},
                                    {"loadfile", neap_sandbox_loadfile},
                                    {"collectgarbage", sandbox_collectgarbage},
                                    {NULL, NULL}};
    lua_pushvalue(L, LUA_GLOBALSINDEX);
    luaL_setfuncs(L, base, 0);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, sandbox_traceback);
    lua_setfield(L, -2, "traceback");
    lua_setfield(L, -2, LUA_DBLIBNAME);
    lua_pop(L, 1);
}

static void push_loaded(lua_State *L)
{
    static const char *const names[] = {"_G", "package", "table",     "string", "math",
                                        "os", "bit",     "coroutine", "debug"};
    lua_createtable(L, 0, 16);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        lua_getglobal(L, names[i]);
        lua_setfield(L, -2, names[i]);
    }
}

static void push_preload(lua_State *L)
{
    lua_newtable(L);
#if NEAP_CJSON
    lua_pushcfunction(L, neap_sandbox_cjson);
    lua_setfield(L, -2, "cjson");
    lua_pushcfunction(L, neap_sandbox_cjson_safe);
    lua_setfield(L, -2, "cjson.safe");
#endif
}

/* With no _LOADED in the registry ffi is not put anywhere, and no C function finds what is there. */
static void new_package(lua_State *L)
{
    lua_getglobal(L, LUA_LOADLIBNAME);
    push_loaded(L);
    lua_setfield(L, -2, "loaded");
    push_preload(L);
    lua_setfield(L, -2, "preload");
    lua_pushliteral(L, "./?.lua;./?/init.lua");
    lua_setfield(L, -2, "path");
    lua_pop(L, 1);
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, "_LOADED");
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, "_PRELOAD");
}

static void protect_metatable(lua_State *L, const char *name)
{
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

void neap_sandbox_strip(lua_State *L)
{
    static const char *const globals[] = {"gcinfo", "jit", "module", "newproxy", "dofile", NULL};
    static const char *const from_string[] = {"dump", NULL};
    static const char *const from_package[] = {"loadlib", "seeall", NULL};
    remove_fields(L, "_G", globals);
    remove_fields(L, LUA_STRLIBNAME, from_string);
    remove_fields(L, LUA_LOADLIBNAME, from_package);
    new_globals(L);
    neap_sandbox_os(L);
    new_package(L);
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    protect_metatable(L, "string");
    lua_pop(L, 1);
    luaL_getmetatable(L, "neap.error");
    protect_metatable(L, "neap.error");
}

void neap_sandbox_functions(neap_runtime *rt, lua_State *L)
{
    lua_pushlightuserdata(L, rt);
    for (int i = 0; i < 5; i++)
        lua_pushnil(L);
    lua_pushcclosure(L, neap_sandbox_search, 6);
    lua_setfield(L, -2, "search");
    lua_pushcfunction(L, sandbox_refuse);
    lua_setfield(L, -2, "refuse");
    lua_pushcfunction(L, neap_sandbox_loadable);
    lua_setfield(L, -2, "loadable");
    lua_pushboolean(L, rt->parent != NULL);
    lua_setfield(L, -2, "child");
    neap_sandbox_file_functions(L);
}
