/* vm.c -- LuaJIT's inside: what calls drop their results, and recursion through C.
 *
 *     vm drops FILE       runs t/lua/drops.lua's checks; settle() sets DROPPED
 *     vm stack KB FILE    runs FILE guarded, on a thread with that stack; 0: on the main one */
#include <lauxlib.h>
#include <lualib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"
#include "vm.h"

static const char *file;
static int status;

static int settle(lua_State *L)
{
    lua_pushboolean(L, neap_vm_drops_results(L));
    lua_setglobal(L, "DROPPED");
    return lua_gettop(L);
}

/* The host's coroutine functions are in C; so are these. */
static int resume(lua_State *L)
{
    lua_State *co = lua_tothread(L, 1);
    luaL_argcheck(L, co, 1, "coroutine expected");
    lua_xmove(L, co, lua_gettop(L) - 1);
    int err = lua_resume(co, lua_gettop(co) - 1);
    lua_pushboolean(L, !err || err == LUA_YIELD);
    int results = lua_toboolean(L, -1) ? lua_gettop(co) : 1;
    luaL_checkstack(L, results, "too many results");
    lua_xmove(co, L, results);
    return 1 + results;
}

static int body(lua_State *L)
{
    luaL_openlibs(L);
    neap_vm_guard(L);
    lua_getglobal(L, "coroutine");
    lua_pushcfunction(L, resume);
    lua_setfield(L, -2, "resume");
    lua_register(L, "settle", settle);
    if (luaL_loadfile(L, file))
        return lua_error(L);
    lua_call(L, 0, 0);
    return 0;
}

static void *run(void *data)
{
    (void)data;
    lua_State *L = luaL_newstate();
    status = lua_cpcall(L, body, NULL);
    if (status)
        printf("%s\n", lua_tostring(L, -1));
    lua_close(L);
    return NULL;
}

static void run_on(size_t size)
{
    pthread_attr_t attr;
    pthread_t thread;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, size);
    if (pthread_create(&thread, &attr, run, NULL))
        exit(3);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&attr);
}

int main(int argc, char **argv)
{
    size_t size = argc > 3 ? (size_t)atoi(argv[2]) * 1024 : 0;
    file = argv[argc - 1];
    if (argc < 3 || (!strcmp(argv[1], "drops") && !neap_vm_probe().internals))
        return 2;
    if (size)
        run_on(size);
    else
        run(NULL);
    return status;
}
