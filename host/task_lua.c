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
 *     settle(...) -> ...              raise `nil, err` if the caller's caller drops it
 *
 * An outcome is: true and the results; a number n and a table when they are many; false, the error
 * and whether it was returned (not raised); or nil and the waiter's own error.
 */
#include "host.h"
#include "vm.h"

#define TASK "neap.task"
#define GROUP "neap.group"
#define LEASE "neap.lease"
#define PARKER "neap.parker"

enum { DIRECT_RESULTS = 14 };

/* ---- Outcomes ---- */

static int push_failure(lua_State *L, bool returned)
{
    lua_pushboolean(L, 0);
    lua_insert(L, -2);
    lua_pushboolean(L, returned);
    return 3;
}

/* Copy the n values of an ended task's thread. */
static int push_results(lua_State *L, lua_State *T, int n)
{
    bool direct = n <= DIRECT_RESULTS;
    if (direct) {
        lua_pushboolean(L, 1);
    } else {
        lua_pushinteger(L, n);
        lua_createtable(L, n, 0);
    }
    for (int i = 1; i <= n; i++) {
        lua_pushvalue(T, i);
        lua_xmove(T, L, 1);
        if (!direct)
            lua_rawseti(L, -2, i);
    }
    return direct ? n + 1 : 2;
}

/* ---- Task objects ---- */

static const char box_magic;

static task_box *to_box(lua_State *L, int index)
{
    task_box *box = lua_touserdata(L, index);
    if (!box || lua_objlen(L, index) != sizeof *box || box->magic != &box_magic)
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

/* Stack: function at `first`, its arguments above. Leaves the task's object on the top. */
static neap_task *spawn(lua_State *L, neap_runtime *rt, neap_scope *scope, int first)
{
    luaL_checktype(L, first, LUA_TFUNCTION);
    int n = lua_gettop(L) - first;
    task_box *box = push_box(L, rt);
    lua_insert(L, first);
    neap_task *t = neap_task_new(rt, scope);
    rt->arriving = t;
    neap_task_site(t, L);
    neap_task_give(L, t, n);
    rt->arriving = NULL;
    neap_task_object(t, box, L, first);
    neap_task_ready(t);
    return t;
}

static int task_spawn(lua_State *L)
{
    neap_runtime *rt = neap_env_of(L)->rt;
    if (rt->state != RT_OPEN)
        return neap->raise(L, NEAP_ECLOSED, NEAP_F_MESSAGE, "the runtime is closing", NEAP_F_END);
    spawn(L, rt, rt->scope, 1);
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
    luaL_getmetatable(L, LEASE);
    lua_setmetatable(L, -2);
    lua_createtable(L, 1, 0); /* the lease keeps the task's object */
    lua_pushvalue(L, -3);
    lua_rawseti(L, -2, 1);
    lua_setfenv(L, -2);
    return 1;
}

static int lease_end(lua_State *L)
{
    task_box *box = *(task_box **)lua_touserdata(L, 1);
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
        return neap->raise(L, NEAP_ECLOSED, NEAP_F_MESSAGE, "the runtime is closing", NEAP_F_END);
    neap_task *t = neap_task_new(rt, rt->current ? rt->current->scope : rt->scope);
    rt->arriving = t;
    t->callback = true;
    neap_task_site(t, L);
    neap_task_give(L, t, lua_gettop(L) - 1);
    rt->arriving = NULL;
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
        return push_failure(L, false);
    }
    lua_pushboolean(L, 1);
    neap_anchor_push(box->rt, L, head_of(op)->pins[0]);
    lua_getfenv(L, -1);
    lua_remove(L, -2);
    if (n > DIRECT_RESULTS) {
        lua_pushinteger(L, n);
        lua_replace(L, -3);
        return 2;
    }
    int kept = lua_gettop(L);
    for (int i = 1; i <= n; i++)
        lua_rawgeti(L, kept, i);
    lua_remove(L, kept);
    return box->failed ? push_failure(L, false) : n + 1;
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
    if (box->task && box->rt && box->task == box->rt->current)
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

/* ---- Groups ---- */

typedef struct {
    neap_op op;
    neap_scope *scope;
} run_op;

static int run_results(lua_State *L, neap_op *op)
{
    neap_scope *s = ((run_op *)op)->scope;
    neap_task *body = s->body;
    if (s->failed) {
        neap_anchor_push(s->rt, L, s->error);
        return push_failure(L, s->returned_failure);
    }
    bool told = s->timed_out && body->cancel_delivered; /* it may have tidied up, but is too late */
    if (!body->L || body->failed || told) {             /* by its own cancellation */
        body->cancelled = s->cancelled ? s->cancelled : UV_ECANCELED;
        neap_task_cancel_error(L, body);
        return push_failure(L, true);
    }
    return push_results(L, body->L, lua_gettop(body->L));
}

static void run_cancel(neap_op *op)
{
    neap_scope *s = ((run_op *)op)->scope;
    neap_task *t = head_of(op)->task;
    if (!s->shielded)
        neap_scope_cancel(s, t && t->cancelled ? t->cancelled : UV_ECANCELED);
}

static void run_release(neap_op *op, int delivered)
{
    neap_scope *s = ((run_op *)op)->scope;
    (void)delivered;
    if (!s)
        return;
    s->waiter = NULL;
    if (s->body && s->body->state == TASK_ENDED)
        neap_task_free(s->body);
    s->body = NULL;
    neap_scope_unref(s);
}

static const neap_op_class run_class = {"task.group", run_results, run_cancel, run_release};

static const char group_magic;

static void push_group(lua_State *L, neap_scope *scope)
{
    group_box *g = lua_newuserdata(L, sizeof *g);
    *g = (group_box){.magic = &group_magic};
    list_init(&g->all);
    luaL_getmetatable(L, GROUP);
    lua_setmetatable(L, -2);
    g->scope = scope;
    list_append(&scope->rt->groups, &g->all);
    scope->refs++;
}

static neap_scope *to_scope(lua_State *L, int index)
{
    group_box *g = lua_touserdata(L, index);
    if (!g || lua_objlen(L, index) != sizeof *g || g->magic != &group_magic)
        luaL_argerror(L, index, "a group expected");
    return g->scope;
}

static int group_gc(lua_State *L)
{
    neap_scope *s = to_scope(L, 1);
    group_box *g = lua_touserdata(L, 1);
    g->scope = NULL;
    list_remove(&g->all);
    if (s)
        neap_scope_unref(s);
    return 0;
}

static int group_spawn(lua_State *L)
{
    neap_scope *s = to_scope(L, 1);
    if (!s || !s->members || s->closed)
        return luaL_error(L, "the group is over: nothing can be spawned in it");
    spawn(L, s->rt, s, 2);
    return 1;
}

static int group_cancel(lua_State *L)
{
    neap_scope *s = to_scope(L, 1);
    if (s)
        neap_scope_cancel(s, UV_ECANCELED);
    return 0;
}

/* Check that the running task may wait; a shield may be raised in a cancelled one. */
static neap_task *check_run(lua_State *L, neap_runtime *rt, bool shielded)
{
    neap_task *t = rt->current;
    if (t && t->cancelled && shielded && lua_isyieldable(L) && !rt->nowait) {
        t->cancel_delivered = true;
        return t;
    }
    neap_op_check(L, rt, &run_class);
    return t;
}

static int task_run(lua_State *L)
{
    enum { SECONDS = 1, SHIELDED, WITH_GROUP, FUNCTION };
    neap_env *env = neap_env_of(L);
    neap_runtime *rt = env->rt;
    bool shielded = lua_toboolean(L, SHIELDED), with_group = lua_toboolean(L, WITH_GROUP);
    double seconds = lua_isnil(L, SECONDS) ? -1 : luaL_checknumber(L, SECONDS);
    luaL_checktype(L, FUNCTION, LUA_TFUNCTION);
    neap_task *t = check_run(L, rt, shielded);
    run_op *run = neap_op_make(rt, &run_class, sizeof *run, env);
    neap_scope *s = run ? neap_scope_new(rt, shielded ? NULL : t->scope, SCOPE_GROUP) : NULL;
    if (!s) {
        if (run)
            neap_op_release(head_of(&run->op), false);
        return neap->raise(L, UV_ENOMEM, NEAP_F_END);
    }
    run->scope = s;
    s->shielded = shielded;
    neap_delivering(rt, head_of(&run->op)); /* released, the scope too, if what follows raises */
    if (with_group) {
        push_group(L, s);
        lua_insert(L, FUNCTION + 1);
    }
    int n = lua_gettop(L) - FUNCTION;
    neap_task *body = neap_task_new(rt, s);
    rt->arriving = body;
    neap_task_site(body, L);
    neap_task_give(L, body, n);
    rt->arriving = NULL;
    rt->delivering = NULL;
    s->body = body;
    s->waiter = head_of(&run->op);
    s->waiter->uncancellable = true;
    s->waiter->shielded = shielded;
    if (seconds >= 0)
        neap_timer_start(rt->root, &s->deadline, seconds);
    neap_task_ready(body);
    return neap_op_wait(L, &run->op);
}

/* ---- Sleeping, yielding ---- */

typedef struct {
    neap_op op;
    neap_timer timer;
} sleep_op;

static void on_slept(neap_timer *timer)
{
    neap_op_complete(&container_of(timer, sleep_op, timer)->op, 0);
}

static void sleep_cancel(neap_op *op)
{
    neap_timer_stop(op->env->rt->root, &((sleep_op *)op)->timer);
    neap_op_complete(op, UV_ECANCELED, NEAP_F_END);
}

static const neap_op_class sleep_class = {"task.sleep", NULL, sleep_cancel, NULL};

static int task_sleep(lua_State *L)
{
    double seconds = luaL_checknumber(L, 1);
    sleep_op *s = neap_op_new(L, &sleep_class, sizeof *s);
    s->timer.fire = on_slept;
    neap_timer_start(s->op.env->rt->root, &s->timer, seconds);
    return neap_op_wait(L, &s->op);
}

static const neap_op_class yield_class = {"task.yield", NULL, NULL, NULL};

static int task_yield(lua_State *L)
{
    neap_op *op = neap_op_new(L, &yield_class, sizeof *op);
    neap_op_complete(op, 0);
    head_of(op)->queue_always = true;
    return neap_op_wait(L, op);
}

/* ---- Parking: what channels, semaphores and the like wait with ---- */

typedef struct {
    const void *magic;
    neap_op *op; /* while a task is parked */
    bool woken;
} parker;

typedef struct {
    neap_op op;
    parker *parker; /* pinned */
} park_op;

static const char parker_magic;

static parker *to_parker(lua_State *L, int index)
{
    parker *p = lua_touserdata(L, index);
    if (!p || lua_objlen(L, index) != sizeof *p || p->magic != &parker_magic)
        luaL_argerror(L, index, "a parker expected");
    return p;
}

static int task_parker(lua_State *L)
{
    parker *p = lua_newuserdata(L, sizeof *p);
    *p = (parker){.magic = &parker_magic};
    return 1;
}

static void park_cancel(neap_op *op)
{
    ((park_op *)op)->parker->op = NULL;
    neap_op_complete(op, UV_ECANCELED, NEAP_F_END);
}

static const neap_op_class park_classes[] = {
    {"task.wait", NULL, park_cancel, NULL},       {"semaphore.acquire", NULL, park_cancel, NULL},
    {"channel.receive", NULL, park_cancel, NULL}, {"channel.send", NULL, park_cancel, NULL},
    {"require", NULL, park_cancel, NULL},         {"event.wait", NULL, park_cancel, NULL},
};

/* may_park(): raises what park would raise here. */
static int task_may_park(lua_State *L)
{
    neap_op_check(L, neap_env_of(L)->rt, &park_classes[0]);
    return 0;
}

static int task_park(lua_State *L)
{
    static const char *const names[] = {"task.wait",
                                        "semaphore.acquire",
                                        "channel.receive",
                                        "channel.send",
                                        "require",
                                        "event.wait",
                                        NULL};
    parker *p = to_parker(L, 1);
    const neap_op_class *type = &park_classes[luaL_checkoption(L, 2, "task.wait", names)];
    lua_settop(L, 2);
    park_op *park = neap_op_new(L, type, sizeof *park);
    park->parker = p;
    neap_op_pin(L, &park->op, 1);
    if (p->woken)
        neap_op_complete(&park->op, 0);
    else
        p->op = &park->op;
    p->woken = false;
    return neap_op_wait(L, &park->op);
}

static int task_unpark(lua_State *L)
{
    parker *p = to_parker(L, 1);
    neap_op *op = p->op;
    p->op = NULL;
    p->woken = !op;
    if (op)
        neap_op_complete(op, 0);
    lua_pushboolean(L, op != NULL);
    return 1;
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

static const luaL_Reg functions[] = {
    {"spawn", task_spawn},        {"lease", task_lease},          {"start", task_start},
    {"join", task_join},          {"cancel", task_cancel},        {"run", task_run},
    {"group_spawn", group_spawn}, {"group_cancel", group_cancel}, {"sleep", task_sleep},
    {"yield", task_yield},        {"parker", task_parker},        {"may_park", task_may_park},
                                     {"park", task_park},
    {"unpark", task_unpark},      {"settle", task_settle},        {NULL, NULL}};

static void metatable(lua_State *L, const char *name, lua_CFunction gc)
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
    metatable(L, TASK, NULL);
    lua_pushcfunction(L, task_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pop(L, 1);
    metatable(L, GROUP, group_gc);
    lua_pop(L, 1);
    metatable(L, LEASE, lease_end);
    lua_getfield(L, -1, "__gc");
    lua_setfield(L, -3, "lease_end");
    lua_pop(L, 1);
    return 0;
}

NEAP_EXTENSION(neap_task, .flags = NEAP_PUBLIC, .functions = functions, .open = open_task)
