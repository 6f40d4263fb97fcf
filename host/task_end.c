/* task_end.c: how tasks end: who gets the results or the error.
 *
 * A task that has returned leaves its results to its Lua object and its C owner, one that has failed
 * its error to its group, its C owner, or whoever waits for it by the end of the drain; to the runtime
 * when nobody does. Then it leaves its scope and goes back to the pool, without its thread if that
 * died. All this runs inside a drain, protected, on S; what raises in it is rt->ending's error.
 */
#include "host.h"

/* nil and an error object returned are a failure, as if it had raised. */
static bool returned_failure(const neap_task *t)
{
    lua_State *T = t->L;
    return lua_gettop(T) >= 2 && lua_isnil(T, 1) && neap_error_is(T, 2);
}

static void wake_waiters(task_box *box)
{
    while (!list_empty(&box->waiters)) {
        op_head *o = neap_container_of(box->waiters.next, op_head, member);
        list_remove(&o->member);
        neap_op_complete(&o->op, 0);
    }
}

/* Cut the task from its object, which has nothing more to expect of it. Allocates nothing. */
static void detach_box(task_box *box, bool failed)
{
    neap_task_keep_object(box->task, box->task->rt->S, 0);
    box->task->box = NULL;
    box->task = NULL;
    box->ended = true;
    box->failed = failed;
    list_remove(&box->all);
    wake_waiters(box);
}

/* The object keeps what there is to know, in a table of its own: the error, or the results. */
static void settle_box(neap_task *t, bool failed, lua_State *S)
{
    task_box *box = t->box;
    int n = failed ? 1 : lua_gettop(t->L);
    if (n > 0) {
        neap_anchor_push(t->rt, S, t->object);
        lua_createtable(S, n, 0);
        for (int i = n; i > 0; i--) {
            if (failed)
                lua_pushvalue(S, -3);
            else
                lua_xmove(t->L, S, 1);
            lua_rawseti(S, -2, i);
        }
        lua_setfenv(S, -2);
        lua_pop(S, 1);
        box->results = n;
    }
    detach_box(box, failed);
}

/* It was told to end, and did: no error. */
static bool own_cancel(neap_task *t, lua_State *S)
{
    if ((t->rt->state != RT_OPEN || t->rt->exiting) && neap_error_status(S, -1) == NEAP_EKILLED)
        return true;
    if (!t->cancelled || !t->cancel_error)
        return false;
    neap_anchor_push(t->rt, S, t->cancel_error);
    bool same = lua_rawequal(S, -1, -2);
    lua_pop(S, 1);
    return same;
}

/* Nobody but the runtime is left to take the error on S's top: at once for what nobody can wait for,
 * else at the drain's end. */
static void orphaned(neap_task *t, lua_State *S)
{
    neap_runtime *rt = t->rt;
    task_box *box = t->box;
    died_error *d = box ? neap_mem(rt, NULL, 0, sizeof *d) : NULL;
    if (!d && box && box->joins) /* no memory: whoever waits for it is told that */
        return;
    if (!d) {
        rt->reporting = t->reporter;
        neap_unhandled(rt, S, -1, true);
        rt->reporting = false;
        return;
    }
    *d = (died_error){.box = box};
    list_append(&rt->died, &d->all);
    box->died = d;
    lua_pushvalue(S, -1);
    d->error = neap_anchor(rt, S);
    neap_anchor_push(rt, S, t->object);
    d->object = neap_anchor(rt, S); /* lives until then, so that d->box does */
}

/* S's top is the error object. */
static void failed(neap_task *t, lua_State *S, bool returned)
{
    neap_scope *scope = t->scope;
    bool cancelled = own_cancel(t, S);
    t->failed = true;
    if (scope->kind == SCOPE_SPAWN) {
        neap_spawn *s = scope->spawn;
        if (s->returned && !cancelled)
            s->returned(s, S, neap_error_status(S, -1), lua_gettop(S));
    } else if (scope->kind == SCOPE_GROUP) {
        scope->returned_failure = returned && t == scope->body && !scope->failed;
        if (!cancelled)
            neap_scope_fail(scope, S);
    } else if (!cancelled) {
        orphaned(t, S);
    }
    if (t->box)
        settle_box(t, true, S);
}

static void drop_thread(neap_task *t)
{
    neap_anchor_drop(t->rt, &t->anchor);
    t->L = NULL;
}

static void leave(neap_task *t)
{
    neap_scope *scope = t->scope;
    bool keep = scope->body == t;
    t->scope = NULL;
    t->state = TASK_ENDED;
    list_remove(&t->member);
    t->rt->tasks--;
    t->rt->ending = NULL;
    if (!keep)
        neap_task_free(t);
    neap_scope_leave(scope);
}

/* The C owner sees the first few results, on S. */
static void spawn_returned(neap_task *t, lua_State *S)
{
    int n = lua_gettop(t->L), most = LUA_MINSTACK / 2, first = lua_gettop(S) + 1;
    if (n > most)
        lua_settop(t->L, n = most);
    lua_xmove(t->L, S, n);
    t->spawn->returned(t->spawn, S, 0, first);
    lua_settop(S, first - 1);
}

/* Its thread has left lua_resume for good, with this status. */
void neap_task_end(neap_task *t, int status)
{
    neap_runtime *rt = t->rt;
    lua_State *S = rt->S, *T = t->L;
    bool returned = status == 0 && returned_failure(t);
    rt->ending = t;
    if (status != 0 || returned) {
        if (returned)
            lua_settop(T, 2);
        rt->raised_nil |= t->main && lua_isnil(T, -1);
        lua_xmove(T, S, 1);
        neap_error_normalize(S, returned ? NULL : T, t);
        if (status != 0)
            drop_thread(t);
        failed(t, S, returned);
        lua_pop(S, 1);
    } else {
        if (t->spawn && t->spawn->returned)
            spawn_returned(t, S);
        if (t->box)
            settle_box(t, false, S);
    }
    leave(t);
}

/* Handling its end raised, out of memory: it ends all the same. */
void neap_task_abandon(neap_task *t)
{
    if (t->anchor && t->L && lua_status(t->L) > LUA_YIELD)
        drop_thread(t);
    if (t->box && t->box->died && !t->box->died->object)
        neap_died_forget(t->box); /* there was no place to keep it in */
    if (t->box)
        detach_box(t->box, true);
    if (t->scope->kind == SCOPE_GROUP)
        neap_scope_cancel(t->scope, UV_ENOMEM);
    leave(t);
}

/* That is its error. S's top: the error value. */
void neap_task_rescue(neap_runtime *rt)
{
    neap_unhandled_raw(rt, false);
    neap_task_abandon(rt->ending);
}

/* It is never resumed: its thread goes as it is. */
void neap_task_discard(neap_task *t)
{
    if (t->box)
        detach_box(t->box, true);
    t->failed = true;
    drop_thread(t);
    leave(t);
}

/* ---- Errors that nobody has waited for yet ---- */

static void forget(neap_runtime *rt, died_error *d)
{
    d->box->died = NULL;
    list_remove(&d->all);
    neap_anchor_drop(rt, &d->error);
    neap_anchor_drop(rt, &d->object);
    neap_mem(rt, d, sizeof *d, 0);
}

void neap_died_forget(task_box *box)
{
    if (box->died)
        forget(box->rt, box->died);
}

static died_error *first_unwanted(neap_runtime *rt)
{
    for (list *i = rt->died.next; i != &rt->died; i = i->next) {
        died_error *d = neap_container_of(i, died_error, all);
        if (!d->box->joins)
            return d;
    }
    return NULL;
}

/* Spawned tasks whose error nobody waits for by the end of the drain in which they died. */
static void report_died(lua_State *S, void *data)
{
    neap_runtime *rt = data;
    rt->reporting = false;
    for (died_error *d; (d = first_unwanted(rt));) {
        neap_anchor_push(rt, S, d->error);
        forget(rt, d);
        neap_unhandled(rt, S, -1, true);
        lua_settop(S, 0);
    }
}

void neap_tasks_died(neap_runtime *rt)
{
    while (first_unwanted(rt) && neap_protected(rt, report_died, rt))
        lua_settop(rt->S, 0);
}

/* Before the VM is closed. All tasks have ended, so no object refers to one. */
void neap_tasks_close(neap_runtime *rt)
{
    while (!list_empty(&rt->died))
        forget(rt, neap_container_of(rt->died.next, died_error, all));
    neap_tasks_free_pool(rt);
}
