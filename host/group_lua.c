/* group_lua.c: groups: run(), with which a task waits for a function and all that it starts, and the
 * objects that let more be spawned in one. The scope is the group (scope.c); this is its Lua side.
 *
 * run's operation holds the scope, and the body (its first member) until its results are taken: they
 * lie on the body's thread. A group's object holds the scope too, and finds it closed when it is over.
 */
#include "task_lua.h"

#define GROUP "neap.group"

/* ---- Objects ---- */

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
    group_box *g = neap_userdata(L, index, sizeof *g, &group_magic);
    if (!g)
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

int neap_group_spawn(lua_State *L)
{
    neap_scope *s = to_scope(L, 1);
    if (!s || !s->members || s->closed)
        return luaL_error(L, "the group is over: nothing can be spawned in it");
    neap_task_spawn(L, s, 2);
    return 1;
}

int neap_group_cancel(lua_State *L)
{
    neap_scope *s = to_scope(L, 1);
    if (s)
        neap_scope_cancel(s, UV_ECANCELED);
    return 0;
}

/* ---- Running one ---- */

/* Copy the n values of an ended task's thread. */
static int push_results(lua_State *L, lua_State *T, int n)
{
    bool direct = n <= NEAP_DIRECT_RESULTS;
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
        return neap_push_failure(L, s->returned_failure);
    }
    bool told = s->timed_out && body->cancel_delivered; /* it may have tidied up, but is too late */
    if (!body->L || body->failed || told) {             /* by its own cancellation */
        body->cancelled = s->cancelled ? s->cancelled : UV_ECANCELED;
        neap_task_cancel_error(L, body);
        return neap_push_failure(L, true);
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

static int run_by(lua_State *L, void (*start)(neap_root *, neap_timer *, double))
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
    neap_task *body = neap_task_make(L, s, n);
    neap_delivered(rt, head_of(&run->op));
    s->body = body;
    s->waiter = head_of(&run->op);
    s->waiter->uncancellable = true;
    s->waiter->shielded = shielded;
    if (seconds >= 0)
        start(rt->root, &s->deadline, seconds);
    neap_task_ready(body);
    return neap_op_wait(L, &run->op);
}

int neap_group_run(lua_State *L)
{
    return run_by(L, neap_timer_start);
}

/* By the real clock, whatever a test has: for its own deadline. */
int neap_group_run_real(lua_State *L)
{
    return run_by(L, neap_timer_start_real);
}

void neap_group_open(lua_State *L)
{
    neap_task_metatable(L, GROUP, group_gc);
    lua_pop(L, 1);
}
