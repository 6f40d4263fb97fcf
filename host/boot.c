/* boot.c: the C functions that lua/neap/boot.lua builds on, and finding Neap's own Lua modules.
 *
 * Modules are embedded as bytecode by the build; with NEAP_LUA=dir in the environment of a process
 * whose runtime is unrestricted they are read from that folder instead, for working on them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox.h"
#include "vm.h"

/* NULL in a VM of others whose runtime is closed: functions of ours that somebody kept do there what
 * LuaJIT's would. */
static neap_runtime *runtime(lua_State *L)
{
    return neap_carried(L);
}

static neap_runtime *open_runtime(lua_State *L)
{
    neap_runtime *rt = runtime(L);
    if (!rt)
        neap_raise_closed(L, NULL);
    return rt;
}

/* ---- Modules ---- */

static int by_name(const void *name, const void *module)
{
    return strcmp(name, ((const neap_module *)module)->name);
}

static const neap_module *find_embedded(const char *name)
{
    size_t n = 0;
    while (neap_modules[n].name)
        n++;
    return bsearch(name, neap_modules, n, sizeof *neap_modules, by_name);
}

/* dir/neap/http.lua for "neap.http". 0 and the chunk pushed, or not. */
static int load_from_folder(lua_State *L, const char *dir, const char *name)
{
    const char *relative = luaL_gsub(L, name, ".", "/");
    const char *path = lua_pushfstring(L, "%s/%s.lua", dir, relative);
    FILE *file = fopen(path, "r");
    if (!file)
        return -1;
    fclose(file);
    if (luaL_loadfile(L, path))
        lua_error(L);
    return 0;
}

static int load_module(lua_State *L, neap_runtime *rt, const char *name)
{
    const char *dir = rt->permissions ? NULL : getenv("NEAP_LUA");
    if (dir && *dir && strncmp(name, "neap.", 5) == 0 && load_from_folder(L, dir, name) == 0)
        return 0;
    const neap_module *m = find_embedded(name);
    if (!m)
        return -1;
    if (luaL_loadbuffer(L, (const char *)m->code, m->size, m->chunk))
        lua_error(L);
    return 0;
}

/* What is run with C functions of its own, once a VM. */
static bool is_internal(const char *name)
{
    return !strcmp(name, "neap.boot") || !strcmp(name, "neap.sandbox") ||
           !strcmp(name, "neap.attached");
}

/* module(name): its chunk, or nil. */
static int boot_module(lua_State *L)
{
    neap_runtime *rt = open_runtime(L);
    const char *name = luaL_checkstring(L, 1);
    return !is_internal(name) && load_module(L, rt, name) == 0;
}

/* ---- Coroutines ---- */

static int boot_suspending(lua_State *L)
{
    neap_runtime *rt = runtime(L);
    lua_pushboolean(L, rt && rt->suspending);
    return 1;
}

static int boot_nowait(lua_State *L)
{
    neap_runtime *rt = runtime(L);
    if (rt)
        rt->nowait += (int)lua_tointeger(L, 1);
    return 0;
}

static bool own_level(lua_State *L)
{
    neap_runtime *rt = runtime(L);
    bool main = lua_pushthread(L);
    lua_pop(L, 1);
    if (!rt)
        return main;
    return main || L == rt->S || (rt->current && L == rt->current->L);
}

/* The running coroutine; nil in a task's own code, as in 5.1's main program. */
static int boot_running(lua_State *L)
{
    if (own_level(L))
        return 0;
    lua_pushthread(L);
    return 1;
}

static int boot_yield(lua_State *L)
{
    if (own_level(L))
        return luaL_error(L, "attempt to yield from outside a coroutine");
    return lua_yield(L, lua_gettop(L));
}

/* Something that tells tasks apart. */
static int boot_current(lua_State *L)
{
    neap_runtime *rt = runtime(L);
    lua_pushlightuserdata(L, rt && rt->current ? (void *)rt->current : (void *)rt);
    return 1;
}

/* ---- Output, exit ---- */

/* output(text, ...): nothing, or what went wrong with the standard output. */
static int boot_output(lua_State *L)
{
    neap_runtime *rt = runtime(L);
    int n = lua_gettop(L);
    for (int i = 1; i <= n; i++) {
        size_t length;
        const char *text = luaL_checklstring(L, i, &length);
        if (rt)
            neap_output(rt, text, length);
        else
            fwrite(text, 1, length, stdout);
    }
    if (!rt || !rt->out_failed)
        return 0;
    lua_pushstring(L, uv_strerror(rt->out_failed));
    return 1;
}

static int boot_flush(lua_State *L)
{
    neap_runtime *rt = runtime(L);
    if (rt)
        neap_output_flush(rt);
    return 0;
}

static void exit_cancel(neap_op *op)
{
    neap_op_complete(op, UV_ECANCELED, NEAP_F_END);
}

static const neap_op_class exit_class = {"os.exit", NULL, exit_cancel, NULL};

/* End the runtime: its task is never resumed, or killed where it cannot wait; no pcall can catch that. */
static int boot_exit(lua_State *L)
{
    neap_runtime *rt = open_runtime(L);
    int status = (int)luaL_checkinteger(L, 1);
    neap_exit(rt, status);
    neap_task *t = rt->current;
    bool waits = t && !rt->nowait && lua_isyieldable(L);
    neap_op *op = waits ? neap_op_make(rt, &exit_class, sizeof *op, NULL) : NULL;
    if (!op)
        return neap_limit_kill(rt, L);
    t->exited = true;
    lua_settop(L, 0);
    return neap_op_wait(L, op);
}

static const luaL_Reg functions[] = {{"module", boot_module},
                                     {"extension", neap_lua_extension},
                                     {"load_shared", neap_lua_load_shared},
                                     {"suspending", boot_suspending},
                                     {"nowait", boot_nowait},
                                     {"running", boot_running},
                                     {"yield", boot_yield},
                                     {"current", boot_current},
                                     {"output", boot_output},
                                     {"flush", boot_flush},
                                     {"exit", boot_exit},
                                     {"sethook", neap_lua_sethook},
                                     {"gethook", neap_lua_gethook},
                                     {NULL, NULL}};

/* lua-cjson, where it is linked in: as good as installed, unless somebody has put theirs there. */
static void preload_cjson(lua_State *L)
{
#if NEAP_CJSON
    int luaopen_cjson(lua_State *), luaopen_cjson_safe(lua_State *);
    static const luaL_Reg both[] = {{"cjson", luaopen_cjson}, {"cjson.safe", luaopen_cjson_safe}};
    lua_getfield(L, LUA_REGISTRYINDEX, "_PRELOAD");
    for (int i = 0; i < 2 && lua_istable(L, -1); i++) {
        lua_getfield(L, -1, both[i].name);
        if (lua_isnil(L, -1)) {
            lua_pushcfunction(L, both[i].func);
            lua_setfield(L, -3, both[i].name);
        }
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
#else
    (void)L;
#endif
}

/* In a VM that is not ours: attached.lua notes what was there before, and how to get back to it. */
void neap_boot_foreign(neap_runtime *rt, bool done)
{
    lua_State *L = rt->L;
    lua_getglobal(L, "package");
    if (!lua_istable(L, -1))
        luaL_error(L, "the Lua state has no libraries: luaL_openlibs comes first");
    lua_pop(L, 1);
    if (done)
        neap_anchor_push(rt, L, rt->restore);
    else if (load_module(L, rt, "neap.attached"))
        luaL_error(L, "this build has no Lua library");
    lua_call(L, 0, 1);
    neap_anchor_drop(rt, &rt->restore);
    rt->restore = neap_anchor(rt, L);
}

/* Stack: the table of C functions. */
static void run_module(lua_State *L, neap_runtime *rt, const char *name)
{
    int table = lua_gettop(L);
    if (load_module(L, rt, name))
        luaL_error(L, "this build has no Lua library");
    lua_pushvalue(L, table);
    lua_call(L, 1, 0);
    lua_settop(L, table);
}

/* On the main state, protected. */
void neap_boot(neap_runtime *rt)
{
    lua_State *L = rt->L;
    if (!rt->permissions)
        preload_cjson(L);
    lua_newtable(L);
    for (const luaL_Reg *f = functions; f->name; f++) {
        neap_carry(L, rt, NULL);
        lua_pushcclosure(L, f->func, 1);
        lua_setfield(L, -2, f->name);
    }
    if (rt->lua_path) {
        lua_pushstring(L, rt->lua_path);
        lua_setfield(L, -2, "lua_path");
    }
    lua_pushboolean(L, rt->permissions != NULL);
    lua_setfield(L, -2, "restricted");
    lua_pushboolean(L, rt->foreign);
    lua_setfield(L, -2, "foreign");
    if (rt->permissions) {
        neap_sandbox_strip(L);
        neap_sandbox_functions(rt, L);
        run_module(L, rt, "neap.sandbox");
    }
    run_module(L, rt, "neap.boot");
    lua_pop(L, 1);
}
