/* scope.c: what tasks and callbacks belong to.
 *
 * A scope is cancelled as one and is over when its last member has left: a task, or an operation
 * whose callback is still to come. ROOT: the main script, detached tasks; never over. GROUP: of
 * task.group, timeout, shield: the first failure cancels the rest. SPAWN: a function started from C
 * (an HTTP handler) and all that it started. A group is cancelled with the scope it was made in
 * unless it is shielded; its deadline is one timer.
 */
#include <string.h>

#include "host.h"

static void run_over(neap_job *job);
static void on_deadline(neap_timer *timer);

/* Raises nothing: NULL when there is no memory. */
neap_scope *neap_scope_new(neap_runtime *rt, neap_scope *parent, int kind)
{
    neap_scope *s = rt->free_scopes;
    if (s)
        rt->free_scopes = s->parent;
    else if (!(s = neap_mem(rt, NULL, 0, sizeof *s)))
        return NULL;
    memset(s, 0, sizeof *s);
    s->rt = rt;
    s->parent = parent;
    s->kind = kind;
    s->refs = 1;
    s->over.run = run_over;
    s->deadline.fire = on_deadline;
    list_init(&s->children);
    list_init(&s->sibling);
    list_init(&s->tasks);
    list_init(&s->ops);
    list_append(&rt->scopes, &s->all);
    if (parent) {
        list_append(&parent->children, &s->sibling);
        s->cancelled = parent->cancelled;
    }
    return s;
}

void neap_scope_unref(neap_scope *s)
{
    if (--s->refs)
        return;
    neap_timer_stop(s->rt->root, &s->deadline);
    while (!list_empty(&s->children)) { /* shielded or outliving: they have no parent now */
        neap_scope *child = neap_container_of(s->children.next, neap_scope, sibling);
        list_remove(&child->sibling);
        child->parent = NULL;
    }
    list_remove(&s->sibling);
    list_remove(&s->all);
    neap_anchor_drop(s->rt, &s->error);
    s->parent = s->rt->free_scopes;
    s->rt->free_scopes = s;
}

void neap_scopes_free(neap_runtime *rt)
{
    for (neap_scope *s; (s = rt->free_scopes);) {
        rt->free_scopes = s->parent;
        neap_mem(rt, s, sizeof *s, 0);
    }
}

void neap_scope_enter(neap_scope *s)
{
    if (!s->members++)
        s->refs++;
}

void neap_scope_leave(neap_scope *s)
{
    if (--s->members)
        return;
    neap_timer_stop(s->rt->root, &s->deadline);
    if (s->kind == SCOPE_ROOT)
        neap_scope_unref(s);
    else
        neap_queue(s->rt, &s->over);
}

/* The last member has left; nothing can enter it any more. */
static void run_over(neap_job *job)
{
    neap_scope *s = neap_container_of(job, neap_scope, over);
    op_head *waiter = s->waiter;
    neap_spawn *spawn = s->spawn;
    s->waiter = NULL;
    s->spawn = NULL;
    s->closed = true;
    if (spawn && spawn->over)
        spawn->over(spawn);
    if (waiter)
        neap_op_complete(&waiter->op, 0);
    neap_scope_unref(s);
}

static void on_deadline(neap_timer *timer)
{
    neap_scope *s = neap_container_of(timer, neap_scope, deadline);
    s->timed_out = true;
    neap_scope_cancel(s, UV_ETIMEDOUT);
}

void neap_scope_cancel(neap_scope *s, int status)
{
    if (s->cancelled)
        return;
    s->cancelled = status;
    s->refs++;
    for (list *i = s->tasks.next, *next; i != &s->tasks; i = next) {
        next = i->next;
        neap_task_cancel(neap_container_of(i, neap_task, member), status);
    }
    list ops; /* cancelling one may release it, or another */
    list_init(&ops);
    while (!list_empty(&s->ops)) {
        list *i = s->ops.next;
        list_remove(i);
        list_append(&ops, i);
    }
    while (!list_empty(&ops)) {
        list *i = ops.next;
        list_remove(i);
        list_append(&s->ops, i);
        neap_op_cancel(neap_container_of(i, op_head, member), status);
    }
    for (list *i = s->children.next, *next; i != &s->children; i = next) {
        next = i->next;
        neap_scope *child = neap_container_of(i, neap_scope, sibling);
        if (!child->shielded)
            neap_scope_cancel(child, status);
    }
    neap_scope_unref(s);
}

/* A member failed with the error object on S's top: the first one counts, and cancels the rest. */
void neap_scope_fail(neap_scope *s, lua_State *S)
{
    if (!s->failed) {
        s->failed = true;
        lua_pushvalue(S, -1);
        s->error = neap_anchor(s->rt, S);
    }
    neap_scope_cancel(s, UV_ECANCELED);
}

/* Before the VM is closed. */
void neap_scopes_close(neap_runtime *rt)
{
    while (!list_empty(&rt->groups)) {
        group_box *g = neap_container_of(rt->groups.next, group_box, all);
        list_remove(&g->all);
        neap_scope_unref(g->scope);
        g->scope = NULL;
    }
    neap_scope_unref(rt->scope);
    rt->scope = NULL;
}
