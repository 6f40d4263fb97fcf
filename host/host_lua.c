/* host_lua.c: neap_host, the C half of neap.host: what a script can ask of the host it runs in.
 *
 *     listeners() -> table     event name -> array of functions; neap_emit reads it
 *     exports() -> table       name -> function; neap_call reads it
 *     on_error(fn | nil)       who gets the errors that nobody took
 *     on_exit(fn)              called once when neap_run ends, where nothing can wait
 *     stats() -> table         memory, tasks, handles, timers ...
 *     handles() -> array       {kind =, where =} of those that are open; where: after testing()
 *     tasks() -> array         {state =, waits =, where =, traceback =}
 *     features() -> table      what this build and its LuaJIT can do
 *     testing()                from here on handles() says where each was made, and each line
 *                              that is printed goes out at once
 *     modules() -> array       names of the modules that are built in
 */
#include "host.h"
#include "vm.h"

static int push_table(lua_State *L, int *ref)
{
    neap_runtime *rt = neap_env_of(L)->rt;
    if (!*ref) {
        lua_newtable(L);
        *ref = neap_anchor(rt, L);
    }
    neap_anchor_push(rt, L, *ref);
    return 1;
}

static int host_listeners(lua_State *L)
{
    return push_table(L, &neap_env_of(L)->rt->listeners);
}

static int host_exports(lua_State *L)
{
    return push_table(L, &neap_env_of(L)->rt->exports);
}

static int host_on_error(lua_State *L)
{
    neap_runtime *rt = neap_env_of(L)->rt;
    if (!lua_isnoneornil(L, 1))
        luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    neap_anchor_drop(rt, &rt->on_error);
    if (!lua_isnil(L, 1))
        rt->on_error = neap_anchor(rt, L);
    return 0;
}

static void number(lua_State *L, const char *name, double value)
{
    lua_pushnumber(L, value);
    lua_setfield(L, -2, name);
}

static int host_stats(lua_State *L)
{
    neap_runtime *rt = neap_env_of(L)->rt;
    lua_createtable(L, 0, 11);
    number(L, "memory", (double)rt->memory);
    number(L, "memory_peak", (double)rt->memory_peak);
    number(L, "memory_limit", (double)rt->memory_limit);
    number(L, "lua_memory", lua_gc(L, LUA_GCCOUNT, 0) * 1024.0 + lua_gc(L, LUA_GCCOUNTB, 0));
    number(L, "tasks", rt->tasks);
    number(L, "pooled_tasks", rt->pooled);
    number(L, "operations", rt->ops);
    number(L, "handles", rt->handle_count);
    number(L, "timers",
           (double)rt->root->timers.count +
               (rt->root->virtual ? rt->root->virtual->timers.count : 0));
    number(L, "pool_jobs", rt->works);
    number(L, "overrun", (double)rt->overrun / 1e9);
    return 1;
}

static int host_handles(lua_State *L)
{
    neap_handles_list(L, neap_env_of(L)->rt);
    return 1;
}

static int host_testing(lua_State *L)
{
    push_table(L, &neap_env_of(L)->rt->sites);
    return 0;
}

static void push_task(lua_State *L, const neap_task *t)
{
    static const char *const states[] = {"ready",     "running", "waiting",
                                         "preempted", "ended",   "dropped"};
    lua_createtable(L, 0, 4);
    lua_pushstring(L, states[t->state]);
    lua_setfield(L, -2, "state");
    if (t->state == TASK_WAITING && t->op) {
        lua_pushstring(L, t->op->op.type->name);
        lua_setfield(L, -2, "waits");
    }
    if (t->line) {
        lua_pushfstring(L, "%s:%d", t->site, t->line);
        lua_setfield(L, -2, "where");
    }
    if (t->L && t->L != L) {
        neap_traceback(L, t->L, NULL);
        lua_setfield(L, -2, "traceback");
    }
}

static int host_tasks(lua_State *L)
{
    neap_runtime *rt = neap_env_of(L)->rt;
    int n = 0;
    lua_newtable(L);
    for (neap_task *t = NULL; (t = neap_task_next(rt, t));) {
        push_task(L, t);
        lua_rawseti(L, -2, ++n);
    }
    return 1;
}

static int host_features(lua_State *L)
{
    neap_vm_features f = neap_vm_probe();
    lua_createtable(L, 0, 4);
    lua_pushboolean(L, f.internals);
    lua_setfield(L, -2, "internals");
    lua_pushboolean(L, f.jit);
    lua_setfield(L, -2, "jit");
    lua_pushboolean(L, f.checkhook);
    lua_setfield(L, -2, "checkhook");
    lua_pushboolean(L, f.lua52compat);
    lua_setfield(L, -2, "lua52compat");
    return 1;
}

static int host_modules(lua_State *L)
{
    int n = 0;
    lua_newtable(L);
    for (const neap_module *m = neap_modules; m->name; m++) {
        lua_pushstring(L, m->name);
        lua_rawseti(L, -2, ++n);
    }
    return 1;
}

static int host_on_exit(lua_State *L)
{
    neap_runtime *rt = neap_env_of(L)->rt;
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    neap_anchor_drop(rt, &rt->on_exit);
    rt->on_exit = neap_anchor(rt, L);
    return 0;
}

static const luaL_Reg functions[] = {{"listeners", host_listeners},
                                     {"exports", host_exports},
                                     {"on_error", host_on_error},
                                     {"stats", host_stats},
                                     {"handles", host_handles},
                                     {"tasks", host_tasks},
                                     {"features", host_features},
                                     {"modules", host_modules},
                                     {"testing", host_testing},
                                     {"on_exit", host_on_exit},
                                     {NULL, NULL}};

NEAP_EXTENSION(neap_host, .flags = NEAP_PUBLIC, .functions = functions)
