/* close.c: the end of a runtime, step by step.
 *
 * CLOSING: new operations fail (but in a shield), remotes drop what they hold, tasks are cancelled and
 * have `grace` to clean up. DROPPED: tasks that are left are never resumed; handles and pool work are closed; the run
 * queue still runs what is C. When the last callback has been: the VM, the extensions, the memory.
 * Steps are taken in the loop's check phase only, where nothing of any runtime is on the C stack;
 * children come before their parent. A root with its own loop is finished by neap_close itself.
 */
#include "host.h"
#include "os/os.h"

/* ---- The loop's side ---- */

static void on_root_handle_closed(uv_handle_t *h)
{
    neap_root *root = h->data;
    if (--root->handles)
        return;
    void (*on_closed)(void *) = root->on_closed;
    void *data = root->on_closed_data;
    if (!root->owns_loop)
        neap_root_free(root);
    if (on_closed)
        on_closed(data);
}

void neap_root_close(neap_root *root, void (*on_closed)(void *), void *data)
{
    root->closing = true;
    root->on_closed = on_closed;
    root->on_closed_data = data;
    if (root->slicer)
        neap_slicer_close(root->slicer);
    root->slicer = NULL;
    uv_close((uv_handle_t *)&root->async, on_root_handle_closed);
    uv_close((uv_handle_t *)&root->check, on_root_handle_closed);
    uv_close((uv_handle_t *)&root->prepare, on_root_handle_closed);
    uv_close((uv_handle_t *)&root->idle, on_root_handle_closed);
    uv_close((uv_handle_t *)&root->timer, on_root_handle_closed);
    if (!root->owns_loop)
        return;
    uv_run(root->loop, UV_RUN_DEFAULT);
    neap_root_free(root);
}

/* ---- Beginning ---- */

static void on_grace(neap_timer *timer)
{
    neap_runtime *rt = neap_container_of(timer, neap_runtime, grace);
    rt->grace_over = true;
    neap_wake_root(rt->root);
}

static void cancel_all(neap_runtime *rt)
{
    for (list *i = rt->scopes.next; i != &rt->scopes;) {
        neap_scope *s = neap_container_of(i, neap_scope, all);
        s->refs++;
        if (!s->parent && !s->shielded) /* what lies below is cancelled with it, up to a shield */
            neap_scope_cancel(s, UV_ECANCELED);
        i = i->next;
        neap_scope_unref(s);
    }
}

static void begin(neap_runtime *rt)
{
    if (rt->state != RT_OPEN)
        return;
    rt->state = RT_CLOSING;
    rt->root->closing_runtimes++;
    for (list *i = rt->children.next; i != &rt->children; i = i->next)
        begin(neap_container_of(i, neap_runtime, sibling));
    neap_remotes_close(rt);
    neap_virtual_drop(rt);
    cancel_all(rt);
    neap_queue_again(rt); /* what an exit held back */
    rt->grace.fire = on_grace;
    neap_timer_start_real(rt->root, &rt->grace, rt->options.grace);
    neap_wake_root(rt->root);
    if (rt->root->runner == rt)
        uv_stop(rt->root->loop); /* its script is killed when that returns */
}

/* ---- Dropping ---- */

static void drop(neap_runtime *rt)
{
    rt->state = RT_DROPPED;
    neap_timer_stop(rt->root, &rt->grace);
    for (list *i = rt->scopes.next; i != &rt->scopes;) {
        neap_scope *s = neap_container_of(i, neap_scope, all);
        s->refs++; /* with its last task it might go */
        for (list *j = s->tasks.next, *next; j != &s->tasks; j = next) {
            next = j->next;
            neap_task_drop(neap_container_of(j, neap_task, member));
        }
        i = i->next;
        neap_scope_unref(s);
    }
    neap_works_cancel(rt);
    neap_handles_close(rt);
}

/* ---- Finishing ---- */

static bool anything_left(const neap_runtime *rt)
{
    return rt->handle_count || rt->transports || rt->works || rt->busy || rt->ops || rt->tasks ||
           rt->head || !list_empty(&rt->children);
}

static void finish(neap_runtime *rt)
{
    neap_root *root = rt->root;
    neap_runtime *parent = rt->parent;
    void (*on_closed)(void *) = rt->on_closed;
    void *data = rt->on_closed_data;
    neap_output_flush(rt);
    rt->state = RT_CLOSED;
    neap_timers_drop(rt);
    neap_tasks_close(rt);
    neap_scopes_close(rt);
    neap_vm_close(rt);
    neap_output_flush(rt); /* finalizers may print */
    neap_extensions_close(rt);
    list_remove(&rt->ready);
    list_remove(&rt->sibling);
    root->closing_runtimes--;
    if (root->driven == rt)
        root->driven = NULL;
    neap_runtime_free(rt);
    if (!parent)
        neap_root_close(root, on_closed, data);
    else if (on_closed)
        on_closed(data);
}

/* In the check phase. Returns at once when rt is gone. */
void neap_closing_step(neap_runtime *rt)
{
    for (list *i = rt->children.next, *next; i != &rt->children; i = next) {
        next = i->next;
        neap_closing_step(neap_container_of(i, neap_runtime, sibling));
    }
    if (rt->root->runner == rt) /* it is on the C stack */
        return;
    if (rt->state == RT_CLOSING && (!rt->tasks || rt->grace_over) && list_empty(&rt->children))
        drop(rt);
    if (rt->state != RT_DROPPED || anything_left(rt))
        return;
    neap_root *root = rt->root;
    if (rt->parent || (!root->owns_loop && !root->inside)) {
        finish(rt);
        return;
    }
    root->finished = true; /* somebody's call is under way, or neap_close's own */
    if (!root->owns_loop)
        uv_stop(root->loop);
}

/* Something that a closing runtime waits for is gone. */
void neap_closing_advance(neap_runtime *rt)
{
    if (rt->state != RT_OPEN)
        neap_wake_root(rt->root);
}

/* A root with its own loop: it is gone on return. */
static void complete(neap_root *root)
{
    neap_pipe_guard guard;
    neap_pipe_block(&guard);
    while (!root->finished)
        uv_run(root->loop, UV_RUN_ONCE);
    finish(root->runtime);
    neap_pipe_restore(&guard);
}

void neap_close(neap_runtime *rt, void (*on_closed)(void *data), void *data)
{
    if (!rt || rt->on_closed)
        return;
    rt->on_closed = on_closed;
    rt->on_closed_data = data;
    if (rt->state != RT_OPEN) /* with its parent */
        return;
    neap_root *root = rt->root;
    begin(rt);
    if (rt->parent || !root->owns_loop)
        return;
    if (root->inside)
        uv_stop(root->loop); /* neap_leave completes it */
    else
        complete(root);
}

/* ---- Around every call of the embedder's that may run Lua ---- */

void neap_enter_root(neap_root *root)
{
    root->inside++;
}

/* False: a close that was asked for inside has been carried out, and the runtime is gone. */
bool neap_leave_root(neap_root *root)
{
    if (--root->inside || root->runtime->state == RT_OPEN)
        return true;
    if (root->owns_loop)
        complete(root);
    else if (root->finished)
        finish(root->runtime);
    else
        return true; /* it goes on closing on the loop that was given */
    return false;
}
