/* task.c: tasks. A C struct and a Lua thread from a pool.
 *
 * Life: neap_task_new takes one from the pool; its function and arguments are pushed on its thread;
 * queued or resumed; it waits on operations in between; when its function has ended the thread is
 * emptied and goes back to the pool with the struct, no trampoline (task_end.c). Its Lua object
 * (task_box) is kept while it is alive, and then has the results or the error for t:wait().
 *
 * Everything here but neap_task_cancel and neap_task_ready runs inside a drain, protected, on S.
 */
#include <stdio.h>
#include <string.h>

#include "host.h"
#include "vm.h"

enum { POOL = 1024 }; /* ended tasks kept for reuse, about a KB each */

static void run(neap_job *job);

/* ---- The pool ---- */

static void new_thread(lua_State *L, neap_task *t)
{
    t->L = lua_newthread(L);
    t->anchor = neap_anchor(t->rt, L);
    lua_pushboolean(L, 0);
    t->object = neap_anchor(t->rt, L);
}

/* Keep (or let go of) its Lua object: `object` is a place of its own among the anchors. */
void neap_task_keep_object(neap_task *t, lua_State *L, int index)
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
    neap_task_keep_object(t, L, index);
    t->box = box;
    box->task = t;
    list_append(&t->rt->boxes, &box->all);
}

/* A task that will be a member of `scope`; push its function on t->L. Raises on L, which is the
 * thread that runs, when there is no memory. */
neap_task *neap_task_new(lua_State *L, neap_scope *scope)
{
    neap_runtime *rt = scope->rt;
    if (rt->arriving && !neap_vm_finalizes(L)) /* left over: raised, and caught */
        neap_arriving_drop(rt);
    neap_task *t = rt->free_tasks;
    if (t) {
        rt->free_tasks = t->next_free;
        rt->pooled--;
    } else {
        t = neap_mem(rt, NULL, 0, sizeof *t);
        if (!t) {
            neap_error_push(L, UV_ENOMEM, NULL);
            lua_error(L);
        }
        memset(t, 0, sizeof *t);
        t->rt = rt;
        t->job.run = run;
        t->anchor = 0;
        neap_arriving(rt, t);
        new_thread(L, t);
        neap_arrived(rt, t);
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
    if (!L || !anchor || !object || rt->pooled >= POOL) { /* not anchored: making it raised */
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

static void take_spawner(neap_task *t, const neap_task *by)
{
    t->by_line = by->line;
    if (by->line)
        memcpy(t->by_site, by->site, sizeof t->by_site);
}

static void take_site(neap_task *t, const neap_task *of)
{
    t->line = of->line;
    memcpy(t->site, of->site, sizeof t->site);
    t->by_line = of->by_line;
    memcpy(t->by_site, of->by_site, sizeof t->by_site);
}

/* Where it was spawned: source and line of the user's function that called, and the same of the task that
 * did so; in a task that is all Neap's (the body of task.all) where that one was. */
void neap_task_site(neap_task *t, lua_State *L)
{
    lua_Debug ar;
    const neap_task *by = t->rt->current;
    t->line = neap_vm_where(L, t->site, sizeof t->site);
    if (by)
        take_spawner(t, by);
    if (t->line && memcmp(t->site, "neap/", 5) != 0)
        return; /* called by the script itself, as a rule */
    if (neap_user_frame(L, &ar)) {
        memcpy(t->site, ar.short_src, sizeof t->site);
        t->line = ar.currentline;
    } else if (by) {
        take_site(t, by);
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
    neap_delivering(rt, o);
    int n = neap_op_outcome(rt->S, o);
    lua_xmove(rt->S, t->L, n);
    neap_delivered(rt, o);
    t->op = NULL;
    neap_op_release(o, !o->retried);
    return n;
}

static void run(neap_job *job)
{
    neap_task *t = neap_container_of(job, neap_task, job);
    t->queued = false;
    if (t->late) {
        t->late = false;
        t->rt->late--;
    }
    int n = t->nargs;
    if (t->state == TASK_DROPPED || t->rt->state == RT_DROPPED) {
        neap_task_discard(t);
    } else if (t->state == TASK_READY) {
        if (t->cancelled && !t->callback) { /* before it began: it never does */
            lua_settop(t->L, 0);
            neap_task_cancel_error(t->rt->S, t);
            lua_xmove(t->rt->S, t->L, 1);
            neap_task_end(t, LUA_ERRRUN);
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

/* What was being made when an error was raised in the task's own hands. */
void neap_reap(neap_runtime *rt)
{
    neap_arriving_drop(rt);
    while (rt->delivering)
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
        neap_task_end(t, status);
    } else if (t->state == TASK_RUNNING && neap_limit_fired(rt)) {
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

/* ---- Dropping: the runtime closes ---- */

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
        neap_task_discard(t);
}

/* ---- All of them ---- */

/* The one after t (NULL: the first) of all that are alive in a runtime; NULL: there is none. */
neap_task *neap_task_next(neap_runtime *rt, neap_task *t)
{
    list *scope = t ? &t->scope->all : rt->scopes.next;
    list *member = t ? t->member.next : NULL;
    for (; scope != &rt->scopes; scope = scope->next, member = NULL) {
        neap_scope *s = neap_container_of(scope, neap_scope, all);
        if (!member)
            member = s->tasks.next;
        if (member != &s->tasks)
            return neap_container_of(member, neap_task, member);
    }
    return NULL;
}

int neap_task_waiting(neap_runtime *rt)
{
    int n = 0;
    for (neap_task *t = NULL; (t = neap_task_next(rt, t));)
        n += t->state == TASK_WAITING;
    return n;
}
