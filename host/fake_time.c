/* fake_time.c: neap_fake_time, for lua/neap/test/clock.lua: the timers' time stands still and is moved by hand.
 *
 *     start(), stop()
 *     until(seconds) -> target             what is so much later
 *     step(target) -> boolean              see neap_time_step
 *     next() -> target | nil               when the next timer is due
 *     is_idle() -> boolean                 nothing but the task that asks is ready to run
 *
 * Time is the loop's, so this is for a root that may do anything. Limits and budgets keep to the clock. */
#include "host.h"

enum { SLACK = 1000 }; /* ns, which a number of Lua's may be off by */
#define NEVER 9e18 /* ns: what is due in so many or more has been started with an endless time */

static neap_root *check_root(lua_State *L)
{
    neap_runtime *rt = neap_env_of(L)->rt;
    if (rt->parent || rt->permissions)
        neap->raise(L, NEAP_EPERMISSION, NEAP_F_PERMISSION, "process", NULL, NEAP_F_END);
    return rt->root;
}

static int start(lua_State *L)
{
    neap_root *root = check_root(L);
    neap_env *env = neap_env_of(L);
    if (!root->time_is_faked)
        root->fake_wall = neap->wall(env) - neap->now(env);
    neap_time_fake(root);
    return 0;
}

static int stop(lua_State *L)
{
    neap_root *root = check_root(L);
    if (root->time_is_faked)
        neap_time_restore(root);
    return 0;
}

static int until(lua_State *L)
{
    lua_pushnumber(L, (double)neap_time(check_root(L)) + luaL_checknumber(L, 1) * 1e9 + SLACK);
    return 1;
}

static int step(lua_State *L)
{
    neap_root *root = check_root(L);
    double target = luaL_checknumber(L, 1);
    luaL_argcheck(L, target >= 0 && target < NEVER, 1, "no time");
    lua_pushboolean(L, root->time_is_faked && neap_time_step(root, (uint64_t)target));
    return 1;
}

static int next_due(lua_State *L)
{
    const timer_heap *heap = &check_root(L)->fake_timers;
    if (!heap->count || (double)heap->entries[0].due >= NEVER)
        return 0;
    lua_pushnumber(L, (double)heap->entries[0].due + SLACK);
    return 1;
}

static int is_idle(lua_State *L)
{
    lua_pushboolean(L, !neap_env_of(L)->rt->head);
    return 1;
}

static const luaL_Reg functions[] = {{"start", start}, {"stop", stop},     {"until", until},
                                     {"step", step},   {"next", next_due}, {"is_idle", is_idle},
                                     {NULL, NULL}};

const neap_descriptor neap_extension_neap_fake_time = {
    .size = sizeof(neap_descriptor),
    .major = NEAP_MAJOR,
    .minor = NEAP_MINOR,
    .name = "neap_fake_time",
    .functions = functions,
    .table = &neap,
};
