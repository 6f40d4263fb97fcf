/* task.c: tasks. A C struct and a Lua thread from a pool.
 *
 * Life: neap_task_new takes one from the pool; its function and arguments are pushed on its thread;
 * queued or resumed; it waits on operations in between; when its function has ended the thread is
 * emptied and goes back to the pool with the struct, no trampoline. A task that failed gives its
 * error to whoever it belongs to, and drops its thread. Its Lua object (task_box) is kept while
 * it is alive, and then has the results or the error for t:wait().
 *
 * Everything here but neap_task_cancel and neap_task_ready runs inside a drain, protected, on S.
 */
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "vm.h"

enum { POOL = 1024 }; /* ended tasks kept for reuse, about a KB each */

static void run(neap_job *job);
static void end(neap_task *t, int status);
static void discard(neap_task *t);

/* ---- The pool ---- */

static void new_thread(neap_runtime *rt, neap_task *t)
{
    t->L = lua_newthread(rt->S);
    t->anchor = neap_anchor(rt, rt->S);
    lua_pushboolean(rt->S, 0);
    t->object = neap_anchor(rt, rt->S);
}

/* Keep (or let go of) its Lua object: `object` is a place of its own among the anchors. */
static void keep_object(neap_task *t, lua_State *L, int index)
{
    lua_rawgeti(L, LUA_REGISTRYINDEX, t->rt->anchors);
    if (index)
        lua_pushvalue(L, index);
    else
        lua_pushboolean(L, 0);
    lua_rawseti(L, -2, t->object);
    lua_pop(L, 1);
}

void neap_task_object(neap_task *t, task_box *box, lua_State *L, int index)
{
    keep_object(t, L, index);
    t->box = box;
    box->task = t;
    list_append(&t->rt->boxes, &box->all);
}

/* A task that will be a member of `scope`; push its function on t->L. Raises when there is no
 * memory. */
neap_task *neap_task_new(neap_runtime *rt, neap_scope *scope)
{
    if (rt->arriving) { /* left over: making it raised */
        neap_task *left = rt->arriving;
        rt->arriving = NULL;
        neap_task_free(left);
    }
    neap_task *t = rt->free_tasks;
    if (t) {
        rt->free_tasks = t->next_free;
        rt->pooled--;
    } else {
        t = neap_mem(rt, NULL, 0, sizeof *t);
        if (!t) {
            neap_error_push(rt->S, UV_ENOMEM, NULL);
            lua_error(rt->S);
        }
        memset(t, 0, sizeof *t);
        t->rt = rt;
        t->job.run = run;
        t->anchor = 0;
        rt->arriving = t;
        new_thread(rt, t);
        rt->arriving = NULL;
    }
    t->scope = scope;
    t->state = TASK_READY;
    t->cancelled = scope->cancelled;
    list_append(&scope->tasks, &t->member);
    neap_scope_enter(scope);
    rt->tasks++;
    return t;
}

static void destroy(neap_task *t)
{
    neap_anchor_drop(t->rt, &t->anchor);
    neap_anchor_drop(t->rt, &t->object);
    neap_mem(t->rt, t, sizeof *t, 0);
}

/* Give back a task that is over (or was never started). */
void neap_task_free(neap_task *t)
{
    neap_runtime *rt = t->rt;
    int anchor = t->anchor, object = t->object;
    lua_State *L = t->L;
    neap_anchor_drop(rt, &t->cancel_error);
    if (t->scope) { /* never started */
        neap_scope *scope = t->scope;
        t->scope = NULL;
        list_remove(&t->member);
        rt->tasks--;
        neap_scope_leave(scope);
    }
    if (!L || rt->pooled >= POOL) {
        destroy(t);
        return;
    }
    lua_settop(L, 0);
    memset(t, 0, offsetof(neap_task, site));
    t->job.run = run;
    t->rt = rt;
    t->L = L;
    t->anchor = anchor;
    t->object = object;
    t->next_free = rt->free_tasks;
    rt->free_tasks = t;
    rt->pooled++;
}

void neap_tasks_free_pool(neap_runtime *rt)
{
    for (neap_task *t; (t = rt->free_tasks);) {
        rt->free_tasks = t->next_free;
        destroy(t);
    }
    rt->pooled = 0;
}

/* ---- Running ---- */

void neap_task_ready(neap_task *t)
{
    if (!t->queued) {
        t->queued = true;
        neap_queue(t->rt, &t->job);
    }
}

/* Where it was spawned: source and line of the user's function that called; in a task that is all Neap's
 * (the body of task.all) where that one was. */
void neap_task_site(neap_task *t, lua_State *L)
{
    lua_Debug ar;
    const neap_task *by = t->rt->current;
    t->line = neap_vm_where(L, t->site, sizeof t->site);
    if (memcmp(t->site, "neap/", 5) != 0)
        return; /* called by the script itself, as a rule */
    if (neap_user_frame(L, &ar)) {
        memcpy(t->site, ar.short_src, sizeof t->site);
        t->line = ar.currentline;
    } else if (by && by->line) {
        memcpy(t->site, by->site, sizeof t->site);
        t->line = by->line;
    }
}

/* Push the error that a cancelled task gets at its waits: the same object every time. */
int neap_task_cancel_error(lua_State *L, neap_task *t)
{
    if (!t->cancel_error) {
        if (t->cancelled == UV_ETIMEDOUT)
            neap->push_error(L, UV_ETIMEDOUT, NEAP_F_MESSAGE, "the time is up", NEAP_F_END);
        else
            neap_error_push(L, t->cancelled ? t->cancelled : UV_ECANCELED, NULL);
        lua_pushvalue(L, -1);
        t->cancel_error = neap_anchor(t->rt, L);
    } else {
        neap_anchor_push(t->rt, L, t->cancel_error);
    }
    return 1;
}

/* A cancelled wait: nil and the error, once. */
static int tell_cancelled(neap_task *t)
{
    neap_runtime *rt = t->rt;
    rt->waking = t;
    lua_pushnil(rt->S);
    neap_task_cancel_error(rt->S, t);
    lua_xmove(rt->S, t->L, 2);
    rt->waking = NULL;
    t->cancel_delivered = true;
    return 2;
}

/* Move what the wait returns to the task's thread: the number of values. */
static int arrive(neap_task *t)
{
    neap_runtime *rt = t->rt;
    op_head *o = t->op;
    t->op = NULL;
    if (t->cancelled && !t->cancel_delivered && !(o && o->shielded)) {
        if (o)
            neap_op_release(o, false);
        return tell_cancelled(t);
    }
    if (!o)
        return 0;
    t->op = o;
    rt->delivering = o;
    int n = neap_op_outcome(rt->S, o);
    lua_xmove(rt->S, t->L, n);
    rt->delivering = NULL;
    t->op = NULL;
    neap_op_release(o, !o->retried);
    return n;
}

static void run(neap_job *job)
{
    neap_task *t = container_of(job, neap_task, job);
    t->queued = false;
    if (t->late) {
        t->late = false;
        t->rt->late--;
    }
    int n = t->nargs;
    if (t->state == TASK_DROPPED || t->rt->state == RT_DROPPED) {
        discard(t);
    } else if (t->state == TASK_READY) {
        if (t->cancelled && !t->callback) { /* before it began: it never does */
            lua_settop(t->L, 0);
            neap_task_cancel_error(t->rt->S, t);
            lua_xmove(t->rt->S, t->L, 1);
            end(t, LUA_ERRRUN);
            return;
        }
        t->nargs = 0;
        neap_task_resume(t, n);
    } else if (t->state == TASK_WAITING) {
        n = arrive(t);
        neap_task_resume(t, n);
    } else if (t->state == TASK_PREEMPTED) {
        t->nargs = 0;
        neap_task_resume(t, n);
    }
}

/* Something that was being made when an error was raised in the task's own hands. */
void neap_reap(neap_runtime *rt)
{
    neap_task *t = rt->arriving;
    rt->arriving = NULL;
    if (t)
        neap_task_free(t);
    if (rt->delivering)
        neap_op_rescue(rt);
}

/* Telling a cancelled task raised, out of memory: it is told that. S's top: the error value. */
void neap_task_rescue_waking(neap_runtime *rt)
{
    neap_task *t = rt->waking;
    rt->waking = NULL;
    lua_settop(rt->S, 0);
    lua_pushnil(rt->S);
    neap_error_push(rt->S, UV_ENOMEM, NULL);
    lua_xmove(rt->S, t->L, 2);
    t->cancel_delivered = true;
    t->nargs = 2;
    t->state = TASK_PREEMPTED;
    neap_task_ready(t);
}

/* Run it until it waits, is preempted or ends. */
void neap_task_resume(neap_task *t, int nargs)
{
    neap_runtime *rt = t->rt;
    neap_task *outer = rt->current; /* `enter`: inside a callback of the uv module */
    rt->current = t;
    rt->suspending = false;
    t->state = TASK_RUNNING;
    int nowait = rt->nowait;
    int status = lua_resume(t->L, nargs);
    rt->nowait = nowait; /* a kill leaves it as it was */
    rt->current = outer;
    if (!outer)
        neap_slice_survive(&rt->slice);
    neap_reap(rt);
    if (status != LUA_YIELD) {
        end(t, status);
    } else if (t->state == TASK_RUNNING && neap_slice_fired(rt)) {
        t->state = TASK_PREEMPTED;
        rt->preempted = true;
        neap_queue_front(rt, &t->job);
        t->queued = true;
    } else if (t->state ==
               TASK_RUNNING) { /* a foreign C function yielded: nobody else resumes it */
        lua_settop(t->L, 0);
        t->state = TASK_PREEMPTED;
        neap_task_ready(t);
    }
}

/* ---- Ending ---- */

/* nil and an error object returned are a failure, as if it had raised. */
static bool returned_failure(const neap_task *t)
{
    lua_State *T = t->L;
    return lua_gettop(T) >= 2 && lua_isnil(T, 1) && neap_error_is(T, 2);
}

static void wake_waiters(task_box *box)
{
    while (!list_empty(&box->waiters)) {
        op_head *o = container_of(box->waiters.next, op_head, member);
        list_remove(&o->member);
        neap_op_complete(&o->op, 0);
    }
}

/* Cut the task from its object, which has nothing more to expect of it. Allocates nothing. */
static void detach_box(task_box *box, bool failed)
{
    keep_object(box->task, box->task->rt->S, 0);
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
    if (!box)
        return;
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

static void end(neap_task *t, int status)
{
    neap_runtime *rt = t->rt;
    lua_State *S = rt->S, *T = t->L;
    bool returned = status == 0 && returned_failure(t);
    rt->ending = t;
    if (status != 0 || returned) {
        if (returned)
            lua_settop(T, 2);
        lua_xmove(T, S, 1);
        neap_error_normalize(S, returned ? NULL : T, t);
        if (status != 0)
            drop_thread(t);
        failed(t, S, returned);
        lua_pop(S, 1);
    } else {
        if (t->spawn && t->spawn->returned)
            spawn_returned(t, S);
        settle_box(t, false, S);
    }
    leave(t);
}

/* Handling its end raised, out of memory: that is its error. S's top: the error value. */
void neap_task_rescue(neap_runtime *rt)
{
    neap_task *t = rt->ending;
    if (t->anchor && t->L && lua_status(t->L) > LUA_YIELD)
        drop_thread(t);
    neap_unhandled_raw(rt);
    if (t->box)
        detach_box(t->box, true);
    if (t->scope->kind == SCOPE_GROUP)
        neap_scope_cancel(t->scope, UV_ENOMEM);
    leave(t);
}

/* ---- Its Lua object ---- */

static died_error *first_unwanted(neap_runtime *rt)
{
    for (list *i = rt->died.next; i != &rt->died; i = i->next) {
        died_error *d = container_of(i, died_error, all);
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

/* ---- Cancelling ---- */

/* It is woken at its wait with `nil, err`; every later wait raises the same err. */
void neap_task_cancel(neap_task *t, int status)
{
    if (t->state == TASK_ENDED || t->cancelled)
        return;
    t->cancelled = status;
    if (t->exited) {
        neap_task_drop(t);
        return;
    }
    op_head *o = t->op;
    if (t->state != TASK_WAITING || !o || o->completed)
        return;
    if (o->uncancellable) { /* a group: its members are cancelled, and then it wakes */
        if (o->op.type->cancel)
            o->op.type->cancel(&o->op);
        return;
    }
    t->op = NULL;
    neap_task_ready(t);
    neap_op_cancel(o, status);
}

int neap_task_waiting(neap_runtime *rt)
{
    int n = 0;
    for (list *i = rt->scopes.next; i != &rt->scopes; i = i->next) {
        neap_scope *s = container_of(i, neap_scope, all);
        for (list *j = s->tasks.next; j != &s->tasks; j = j->next)
            n += container_of(j, neap_task, member)->state == TASK_WAITING;
    }
    return n;
}

/* ---- Dropping: the runtime closes ---- */

/* It is never resumed: its thread goes as it is. */
static void discard(neap_task *t)
{
    if (t->box)
        detach_box(t->box, true);
    t->failed = true;
    drop_thread(t);
    leave(t);
}

void neap_task_drop(neap_task *t)
{
    op_head *o = t->op;
    t->op = NULL;
    t->state = TASK_DROPPED;
    if (o && o->completed) {
        neap_op_release(o, false);
    } else if (o) {
        o->uncancellable = false;
        neap_op_cancel(o, UV_ECANCELED);
    }
    if (!t->queued)
        discard(t);
}

/* Before the VM is closed. All tasks have ended, so no object refers to one. */
void neap_tasks_close(neap_runtime *rt)
{
    while (!list_empty(&rt->died))
        forget(rt, container_of(rt->died.next, died_error, all));
    neap_tasks_free_pool(rt);
}
