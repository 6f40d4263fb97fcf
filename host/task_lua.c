/* task_lua.c: neap_task, the C half of neap.task: what lua/neap/task.lua is built from.
 *
 *     spawn(fn, ...) -> task          a detached task
 *     lease(fn, ...) -> lease         cancelled with the running task's scope, or when the lease is
 *                                     collected or given to lease_end(lease)
 *     start(fn, ...)                  one of the running task's scope
 *     join(task) -> outcome           wait for its end
 *     cancel(task)
 *     run(seconds | nil, shielded, with_group, fn, ...) -> outcome
 *                                     run fn in a group and wait until all of it is over
 *     group_spawn(group, fn, ...) -> task; group_cancel(group)
 *     sleep(seconds); yield()         wait
 *     parker() -> parker; park(parker, name); unpark(parker) -> was it waiting?
 *     may_park()                      raises what park would raise here
 *     settle(...) -> ...              raise `nil, err` if the caller's caller drops it
 *
 * An outcome is: true and the results; a number n and a table when they are many; false, the error
 * and whether it was returned (not raised); or nil and the waiter's own error.
 *
 * Here are tasks; run and groups are group_lua.c's, sleeping and parking wait_lua.c's.
 */
#include "task_lua.h"
#include "vm.h"

#define TASK "neap.task"
#define LEASE "neap.lease"

int neap_push_failure(lua_State *L, bool returned)
{
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    lua_pushboolean(L, returned);
    return 3;
}

/* ---- Task objects ---- */

static const char box_magic;

static task_box *to_box(lua_State *L, int index)
{
    task_box *box = neap_userdata(L, index, sizeof *box, &box_magic);
    if (!box)
        luaL_argerror(L, index, "a task expected");
    return box;
}

static task_box *push_box(lua_State *L, neap_runtime *rt)
{
    task_box *box = lua_newuserdata(L, sizeof *box);
    *box = (task_box){.magic = &box_magic, .rt = rt};
    list_init(&box->waiters);
    luaL_getmetatable(L, TASK);
    lua_setmetatable(L, -2);
    return box;
}

neap_task *neap_task_spawn(lua_State *L, neap_scope *scope, int first)
{
    luaL_checktype(L, first, LUA_TFUNCTION);
    int n = lua_gettop(L) - first;
    task_box *box = push_box(L, scope->rt);
    lua_insert(L, first);
    neap_task *t = neap_task_make(L, scope, n);
    neap_task_object(t, box, L, first);
    neap_task_ready(t);
    return t;
}

static int task_spawn(lua_State *L)
{
    neap_runtime *rt = neap_env_of(L)->rt;
    if (rt->state != RT_OPEN)
        return neap_raise_closed(L, NULL);
    neap_task_spawn(L, rt->scope, 1);
    return 1;
}

/* lease(fn, ...) -> lease: a detached task that is cancelled with the running one's scope, and when the
 * lease is ended or collected. */
static int task_lease(lua_State *L)
{
    neap_runtime *rt = neap_env_of(L)->rt;
    task_spawn(L);
    task_box *box = lua_touserdata(L, -1);
    neap_scope *scope = neap_scope_new(rt, rt->current ? rt->current->scope : NULL, SCOPE_ROOT);
    if (!scope) {
        neap_task_cancel(box->task, UV_ECANCELED);
        return neap->raise(L, UV_ENOMEM, NEAP_F_END);
    }
    neap_task_move(box->task, scope);
    neap_scope_unref(scope); /* its members hold it */
    box->task->cancelled = scope->cancelled;
    task_box **lease = lua_newuserdata(L, sizeof *lease);
    *lease = box;
    lua_createtable(L, 1, 0); /* the lease keeps the task's object */
    lua_pushvalue(L, -3);
    lua_rawseti(L, -2, 1);
    lua_setfenv(L, -2);
    luaL_getmetatable(L, LEASE); /* last: the collector looks for the object */
    lua_setmetatable(L, -2);
    return 1;
}

static int lease_end(lua_State *L)
{
    task_box *box = *(task_box **)luaL_checkudata(L, 1, LEASE);
    if (box->task)
        neap_task_cancel(box->task, UV_ECANCELED);
    return 0;
}

/* start(fn, ...): a task of the running one's scope, without an object. */
static int task_start(lua_State *L)
{
    neap_runtime *rt = neap_env_of(L)->rt;
    luaL_checktype(L, 1, LUA_TFUNCTION);
    if (rt->state != RT_OPEN)
        return neap_raise_closed(L, NULL);
    neap_scope *scope = rt->current ? rt->current->scope : rt->scope;
    neap_task *t = neap_task_make(L, scope, lua_gettop(L) - 1);
    t->callback = true;
    neap_task_ready(t);
    return 0;
}

static int task_cancel(lua_State *L)
{
    task_box *box = to_box(L, 1);
    if (box->task && !box->ended)
        neap_task_cancel(box->task, UV_ECANCELED);
    return 0;
}

static int task_tostring(lua_State *L)
{
    task_box *box = to_box(L, 1);
    lua_pushfstring(L, "task: %p (%s)", (void *)box,
                    box->failed  ? "failed"
                    : box->ended ? "ended"
                                 : "alive");
    return 1;
}

/* ---- Waiting for one ---- */

typedef struct {
    neap_op op;
    task_box *box;
} join_op;

static int join_results(lua_State *L, neap_op *op)
{
    task_box *box = ((join_op *)op)->box;
    int n = box->results;
    neap_died_forget(box);
    if (box->failed && !n) { /* there was no memory to keep it */
        neap_error_push(L, UV_ENOMEM, NULL);
        return neap_push_failure(L, false);
    }
    lua_pushboolean(L, 1);
    neap_anchor_push(box->rt, L, head_of(op)->pins[0]);
    lua_getfenv(L, -1);
    lua_remove(L, -2);
    if (n > NEAP_DIRECT_RESULTS) {
        lua_pushinteger(L, n);
        lua_replace(L, -3);
        return 2;
    }
    int kept = lua_gettop(L);
    for (int i = 1; i <= n; i++)
        lua_rawgeti(L, kept, i);
    lua_remove(L, kept);
    return box->failed ? neap_push_failure(L, false) : n + 1;
}

/* Undelivered, an error that this one wanted is anybody's again: the drain's end reports it. */
static void join_release(neap_op *op, int delivered)
{
    task_box *box = ((join_op *)op)->box;
    (void)delivered;
    if (box)
        box->joins--;
}

static void join_cancel(neap_op *op)
{
    list_remove(&head_of(op)->member);
    neap_op_complete(op, UV_ECANCELED, NEAP_F_END);
}

static const neap_op_class join_class = {"task.wait", join_results, join_cancel, join_release};

static int task_join(lua_State *L)
{
    task_box *box = to_box(L, 1);
    if (box->task && box->task == box->rt->current)
        return luaL_error(L, "a task cannot wait for itself");
    lua_settop(L, 1);
    lua_pushnil(L); /* no callback: the object itself is on the top otherwise */
    join_op *join = neap_op_new(L, &join_class, sizeof *join);
    join->box = box;
    box->joins++;
    neap_op_pin(L, &join->op, 1);
    if (box->ended)
        neap_op_complete(&join->op, 0);
    else
        list_append(&box->waiters, &head_of(&join->op)->member);
    return neap_op_wait(L, &join->op);
}

/* ---- settle ---- */

/* Tail-called with an operation's results: `nil, err` is raised when whoever called wants none. */
static int task_settle(lua_State *L)
{
    if (lua_isnil(L, 1) && lua_gettop(L) >= 2 && neap_error_is(L, 2) && neap_vm_drops_results(L)) {
        lua_settop(L, 2);
        return lua_error(L);
    }
    return lua_gettop(L);
}

/* ---- Registration ---- */

static const luaL_Reg functions[] = {{"spawn", task_spawn},
                                     {"lease", task_lease},
                                     {"start", task_start},
                                     {"join", task_join},
                                     {"cancel", task_cancel},
                                     {"run", neap_group_run},
                                     {"run_real", neap_group_run_real},
                                     {"group_spawn", neap_group_spawn},
                                     {"group_cancel", neap_group_cancel},
                                     {"sleep", neap_wait_sleep},
                                     {"yield", neap_wait_yield},
                                     {"parker", neap_wait_parker},
                                     {"may_park", neap_wait_may_park},
                                     {"park", neap_wait_park},
                                     {"unpark", neap_wait_unpark},
                                     {"settle", task_settle},
                                     {NULL, NULL}};

void neap_task_metatable(lua_State *L, const char *name, lua_CFunction gc)
{
    luaL_newmetatable(L, name);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_setfield(L, -4, name); /* the module's table: lua/neap/task.lua fills the methods in */
    lua_setfield(L, -2, "__index");
    if (gc) {
        lua_pushcfunction(L, gc);
        lua_setfield(L, -2, "__gc");
    }
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__name");
    lua_pushliteral(L, "it is protected");
    lua_setfield(L, -2, "__metatable");
}

static int open_task(neap_env *env, lua_State *L, void *state)
{
    (void)env, (void)state;
    neap_task_metatable(L, TASK, NULL);
    lua_pushcfunction(L, task_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pop(L, 1);
    neap_group_open(L);
    neap_task_metatable(L, LEASE, lease_end);
    lua_getfield(L, -1, "__gc");
    lua_setfield(L, -3, "lease_end");
    lua_pop(L, 1);
    return 0;
}

NEAP_EXTENSION(neap_task, .flags = NEAP_PUBLIC, .functions = functions, .open = open_task)
