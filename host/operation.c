/* operation.c: the one way to take time: op_new, complete, wait.
 *
 * The host's part (op_head) lies in front of the binding's struct, in one block from a free list by
 * size, counted against the runtime. States: NEW until wait(); then WAITING (a task sleeps on it) or
 * CALLBACK (a function is called when it completes); DETACHED when its waiter was cancelled: then it
 * only waits for its complete(). An operation is released exactly once: after its outcome was
 * delivered, or undelivered when nobody is there to take it. */
#include <string.h>

#include "host.h"
#include "vm.h"

enum { CLASS_BYTES = 64, KEPT = 1024, DIRECT_WAITS = 256 };

/* ---- Memory ---- */

static op_head *block_take(neap_runtime *rt, size_t class)
{
    op_blocks *blocks = class <= OP_CLASSES ? &rt->free_blocks[class - 1] : NULL;
    if (!blocks || !blocks->first)
        return neap_mem(rt, NULL, 0, class * CLASS_BYTES);
    op_head *o = blocks->first;
    blocks->first = *(void **)o;
    blocks->count--;
    return o;
}

static op_head *block_new(neap_runtime *rt, size_t size)
{
    size_t bytes = offsetof(op_head, op) + size;
    size_t class = (bytes + CLASS_BYTES - 1) / CLASS_BYTES;
    op_head *o = block_take(rt, class);
    if (!o)
        return NULL;
    memset(o, 0, bytes);
    o->size_class = (uint32_t) class;
    return o;
}

static void block_free(op_head *o)
{
    neap_runtime *rt = o->rt;
    uint32_t class = o->size_class;
    op_blocks *blocks = class <= OP_CLASSES ? &rt->free_blocks[class - 1] : NULL;
    if (!blocks || blocks->count >= KEPT) {
        neap_mem(rt, o, class * CLASS_BYTES, 0);
        return;
    }
    *(void **)o = blocks->first;
    blocks->first = o;
    blocks->count++;
}

void neap_ops_free(neap_runtime *rt)
{
    for (size_t i = 0; i < OP_CLASSES; i++)
        for (void *block; (block = rt->free_blocks[i].first);) {
            rt->free_blocks[i].first = *(void **)block;
            neap_mem(rt, block, (i + 1) * CLASS_BYTES, 0);
        }
}

/* Last of all. `delivered`: somebody has the result. */
void neap_op_release(op_head *o, bool delivered)
{
    neap_runtime *rt = o->rt;
    neap_scope *scope = o->scope;
    if (o->op.type->release)
        o->op.type->release(&o->op, delivered);
    for (size_t i = 0; i < sizeof o->pins / sizeof o->pins[0] && o->pins[i]; i++)
        neap_anchor_drop(rt, &o->pins[i]);
    if (o->callback)
        neap_anchor_drop(rt, &o->callback);
    if (o->fields)
        neap_fields_free(rt, o->fields);
    list_remove(&o->member);
    block_free(o);
    rt->ops--;
    if (scope)
        neap_scope_leave(scope);
}

/* ---- Making one ---- */

static int refuse(lua_State *L, const neap_op_class *type)
{
    lua_Debug ar;
    if (neap_user_frame(L, &ar))
        lua_pushfstring(L, "%s:%d: ", ar.short_src, ar.currentline);
    else
        lua_pushliteral(L, "");
    lua_pushfstring(
        L,
        "%s%s would wait where nothing can wait (a coroutine resumed from C, sort, gsub,"
        " or neap_call): pass a callback, or call it from a task",
        lua_tostring(L, -1), type->name);
    return neap->raise(L, NEAP_EWAIT, NEAP_F_MESSAGE, lua_tostring(L, -1), NEAP_F_END);
}

/* While the runtime closes, what is shielded still has the grace. */
static bool is_shielded(const neap_runtime *rt)
{
    const neap_scope *s = rt->state == RT_CLOSING && rt->current ? rt->current->scope : NULL;
    while (s && !s->shielded)
        s = s->parent;
    return s && !s->cancelled;
}

static void check_open(lua_State *L, const neap_op_class *type, neap_runtime *rt)
{
    if (rt->state != RT_OPEN && !is_shielded(rt))
        neap_raise_closed(L, type->name);
}

/* May the running code wait here? Raises if not. */
void neap_op_check(lua_State *L, neap_runtime *rt, const neap_op_class *type)
{
    neap_task *t = rt->current;
    if (!t || rt->nowait || !lua_isyieldable(L))
        refuse(L, type);
    if (t->cancelled) {
        t->cancel_delivered = true;
        neap_task_cancel_error(L, t);
        lua_error(L);
    }
    check_open(L, type, rt);
}

void *neap_op_make(neap_runtime *rt, const neap_op_class *type, size_t size, neap_env *env)
{
    op_head *o = block_new(rt, size);
    if (!o)
        return NULL;
    o->rt = rt;
    o->op.type = type;
    o->op.env = env;
    list_init(&o->member);
    rt->ops++;
    return &o->op;
}

void *neap_op_new(lua_State *L, const neap_op_class *type, size_t size)
{
    neap_env *env = neap_env_of(L);
    neap_runtime *rt = env->rt;
    int callback = 0;
    if (lua_isfunction(L, -1)) {
        check_open(L, type, rt);
        if (rt->current && rt->current->scope->cancelled) {
            neap_task_cancel_error(L, rt->current);
            lua_error(L);
        }
        callback = neap_anchor(rt, L);
    } else {
        neap_op_check(L, rt, type);
    }
    neap_op *op = neap_op_make(rt, type, size, env);
    if (!op) {
        neap_anchor_drop(rt, &callback);
        neap->raise(L, UV_ENOMEM, NEAP_F_END);
        return NULL;
    }
    head_of(op)->callback = callback;
    return op;
}

/* See extension.h. */
int neap_op_at_once(lua_State *L, const neap_op_class *type)
{
    neap_runtime *rt = neap_env_of(L)->rt;
    if (lua_isfunction(L, -1))
        return 0;
    neap_op_check(L, rt, type);
    if (rt->current->direct >= DIRECT_WAITS)
        return 0;
    rt->current->direct++;
    return 1;
}

/* Keep the value at a stack index until release. Three at most. */
void neap_op_pin(lua_State *L, neap_op *op, int index)
{
    op_head *o = head_of(op);
    neap_delivering(o->rt, o); /* released if this raises */
    lua_pushvalue(L, index);
    for (size_t i = 0; i < sizeof o->pins / sizeof o->pins[0]; i++)
        if (!o->pins[i]) {
            o->pins[i] = neap_anchor(o->rt, L);
            neap_delivered(o->rt, o);
            return;
        }
    luaL_error(L, "%s pins too many values", op->type->name);
}

/* ---- Waiting ---- */

/* From here until neap_delivered an error that is raised finds `o`. */
void neap_delivering(neap_runtime *rt, op_head *o)
{
    while (rt->delivering && !neap_vm_finalizes(rt->L)) /* left over: raised, and caught */
        neap_op_rescue(rt);
    o->below = rt->delivering;
    rt->delivering = o;
}

/* What lies above it is left over from a finalizer. */
void neap_delivered(neap_runtime *rt, op_head *o)
{
    while (rt->delivering != o)
        neap_op_rescue(rt);
    rt->delivering = o->below;
}

static void run_callback(neap_job *job);

static int wait_callback(neap_runtime *rt, op_head *o)
{
    o->state = OP_CALLBACK;
    o->job.run = run_callback;
    o->scope = rt->current ? rt->current->scope : rt->scope;
    neap_scope_enter(o->scope);
    list_append(&o->scope->ops, &o->member);
    if (o->completed) {
        o->queued = true;
        neap_queue(rt, &o->job);
    }
    return 0;
}

static int wait_direct(lua_State *L, neap_runtime *rt, op_head *o)
{
    neap_delivering(rt, o);
    int n = neap_op_outcome(L, o);
    neap_delivered(rt, o);
    neap_op_release(o, true);
    return n;
}

int neap_op_wait(lua_State *L, neap_op *op)
{
    op_head *o = head_of(op);
    neap_runtime *rt = o->rt;
    if (o->callback)
        return wait_callback(rt, o);
    neap_task *t = rt->current;
    if (o->completed && !o->queue_always && t->direct++ < DIRECT_WAITS)
        return wait_direct(L, rt, o);
    t->direct = 0;
    lua_settop(L, 0);
    luaL_checkstack(L, LUA_MINSTACK, NULL); /* for what results push */
    o->state = OP_WAITING;
    o->task = t;
    t->op = o;
    t->state = TASK_WAITING;
    rt->suspending = true;
    if (o->completed)
        neap_task_ready(t);
    return lua_yield(L, 0);
}

/* ---- Completing ---- */

static void vcomplete(op_head *o, int status, va_list ap)
{
    o->completed = true;
    o->status = status;
    if (status < 0 && o->state != OP_DETACHED)
        o->fields = neap_fields_copy(o->rt, ap);
}

void neap_op_complete(neap_op *op, int status, ...)
{
    op_head *o = head_of(op);
    va_list ap;
    va_start(ap, status);
    vcomplete(o, status, ap);
    va_end(ap);
    switch (o->state) {
    case OP_WAITING: neap_task_ready(o->task); break;
    case OP_CALLBACK:
        if (!o->queued) {
            o->queued = true;
            neap_queue(o->rt, &o->job);
        }
        break;
    case OP_DETACHED:
        if (!o->queued)
            neap_op_release(o, false);
        break;
    }
}

/* Push nil and the error, or what the operation returns: the number of values. May raise (memory). */
int neap_op_outcome(lua_State *S, op_head *o)
{
    if (o->status < 0) {
        lua_pushnil(S);
        neap_error_push(S, o->status, o->fields);
        return 2;
    }
    if (!o->op.type->results) {
        lua_pushboolean(S, 1);
        return 1;
    }
    return o->op.type->results(S, &o->op);
}

/* ---- The callback form ---- */

/* The error that its task has been cancelled with: raised again it is no failure. */
static int push_cancelled(lua_State *S, op_head *o, neap_task *t)
{
    t->cancelled = o->cancelled;
    t->cancel_delivered = true;
    neap_task_cancel_error(S, t);
    lua_xmove(S, t->L, 1);
    return 1;
}

static int push_outcome(lua_State *S, op_head *o, neap_task *t)
{
    int n = neap_op_outcome(S, o); /* the topmost n; what it left below is dropped */
    bool failed = o->status < 0;
    if (!failed)
        lua_pushnil(t->L);
    lua_xmove(S, t->L, failed ? 1 : n);
    return failed ? 1 : n + 1;
}

/* Call it in a pooled task: callback(err) or callback(nil, results ...). */
static void run_callback(neap_job *job)
{
    op_head *o = neap_container_of(job, op_head, job);
    neap_runtime *rt = o->rt;
    lua_State *S = rt->S;
    neap_delivering(rt, o);
    neap_anchor_push(rt, S, o->callback);
    neap_task *t = neap_task_make(S, o->scope, 0);
    neap_arriving(rt, t); /* until its arguments are there, which may raise */
    t->callback = true;
    int n = o->state == OP_DETACHED ? push_cancelled(S, o, t) : push_outcome(S, o, t);
    neap_delivered(rt, o);
    neap_arrived(rt, t);
    o->queued = false;
    neap_anchor_drop(rt, &o->callback);
    if (o->completed)
        neap_op_release(o, o->state != OP_DETACHED && !o->retried);
    neap_task_resume(t, n);
}

/* ---- Cancelling ---- */

/* Whoever waited has gone, or its scope is cancelled: a callback is called with `status`. */
void neap_op_cancel(op_head *o, int status)
{
    if (o->state == OP_DETACHED || (o->state == OP_CALLBACK && o->completed))
        return; /* a result that came first is given to its callback */
    bool callback = o->state == OP_CALLBACK;
    o->state = OP_DETACHED;
    o->task = NULL;
    o->cancelled = status;
    if (callback && !o->queued) {
        o->queued = true;
        neap_queue(o->rt, &o->job);
    }
    if (o->completed) {
        if (!o->queued)
            neap_op_release(o, false);
    } else if (o->op.type->cancel) {
        o->op.type->cancel(&o->op);
    }
}

/* Pushing its results raised, in the drain: out of memory, which becomes its outcome. A second time
 * means that not even that can be said. */
void neap_op_rescue(neap_runtime *rt)
{
    op_head *o = rt->delivering;
    rt->delivering = o->below;
    if (o->state == OP_NEW) {
        neap_op_release(o, false);
        return;
    }
    neap_fields_free(rt, o->fields);
    o->fields = NULL;
    o->status = UV_ENOMEM;
    bool again = o->retried;
    o->retried = true; /* so nobody has its result */
    if (o->state == OP_WAITING) {
        neap_task_ready(o->task);
    } else if (!again) {
        neap_queue_front(rt, &o->job);
    } else {
        neap_unhandled_raw(rt, false);
        o->queued = false;
        if (o->completed)
            neap_op_release(o, false);
        else
            o->state = OP_DETACHED;
    }
}
