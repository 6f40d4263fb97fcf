/* run.c: driving a runtime: neap_run, neap_step, a foreign loop. */
#include "host.h"

/* End the runtime's run with this status: the loop stops, its main script is not resumed. */
void neap_exit(neap_runtime *rt, int status)
{
    if (rt->exiting)
        return;
    rt->exiting = true;
    rt->exit_status = status;
    if (!rt->parent && rt->root->running)
        uv_stop(rt->root->loop);
}

/* Every task waits and nothing can wake one: say so, with where each waits. */
static void report_deadlock(lua_State *S, void *data)
{
    neap_runtime *rt = data;
    int n = 0;
    luaL_Buffer b;
    luaL_buffinit(S, &b);
    for (neap_task *t = NULL; (t = neap_task_next(rt, t));) {
        if (t->state != TASK_WAITING || ++n > 20)
            continue;
        luaL_addstring(&b, n > 1 ? "\n" : "");
        lua_pushfstring(S, "task %d waits in %s", n, t->op ? t->op->op.type->name : "?");
        luaL_addvalue(&b);
        luaL_addchar(&b, '\n');
        neap_traceback(S, t->L, NULL);
        luaL_addvalue(&b);
    }
    luaL_pushresult(&b);
    lua_pushfstring(S, "%d task%s and nothing can wake %s", n, n > 1 ? "s wait" : " waits",
                    n > 1 ? "one" : "it");
    neap->push_error(S, NEAP_EDEADLOCK, NEAP_F_MESSAGE, lua_tostring(S, -1), NEAP_F_END);
    lua_pushvalue(S, -3);
    lua_setfield(S, -2, "traceback");
    neap_unhandled(rt, S, -1, true);
}

static void check_deadlock(neap_runtime *rt)
{
    if (neap_task_waiting(rt) && neap_protected(rt, report_deadlock, rt))
        neap_unhandled_raw(rt, true); /* out of memory: then that is said */
}

/* Has the one that is driven more to do? A child may have closed meanwhile, and is gone then. */
static bool is_open(const neap_root *root)
{
    const neap_runtime *rt = root->driven;
    return rt && !rt->exiting && rt->state == RT_OPEN;
}

static bool goes_on(const neap_root *root)
{
    return is_open(root) && !root->stopped;
}

/* Operations are under way and the loop has nothing left, but a thread that holds a remote may still
 * complete one. */
static void wait_for_remotes(neap_root *root)
{
    uv_handle_t *async = (uv_handle_t *)&root->async;
    while (goes_on(root) && root->driven->remotes && root->driven->ops) {
        uv_ref(async);
        uv_run(root->loop, UV_RUN_ONCE);
        if (!root->keeps)
            uv_unref(async);
        if (goes_on(root))
            uv_run(root->loop, UV_RUN_DEFAULT);
    }
}

static void collect(lua_State *S, void *data)
{
    (void)data;
    lua_gc(S, LUA_GCCOLLECT, 0);
}

/* What was dropped but not yet collected may be what a task waits for: the other end of its stream. */
static void wake_by_collecting(neap_root *root)
{
    while (goes_on(root) && neap_task_waiting(root->driven)) {
        neap_runtime *rt = root->driven;
        if (neap_protected(rt, collect, NULL))
            lua_settop(rt->S, 0);
        if (!rt->head && !uv_loop_alive(root->loop))
            return;
        uv_run(root->loop, UV_RUN_DEFAULT);
        wait_for_remotes(root);
    }
}

static void call_exit(lua_State *S, void *data)
{
    neap_runtime *rt = data;
    neap_anchor_push(rt, S, rt->on_exit);
    neap_anchor_drop(rt, &rt->on_exit); /* it runs once */
    lua_call(S, 0, 0);
}

/* What host.on_exit has given. It runs in no task, so it cannot wait. */
void neap_run_exit(neap_runtime *rt)
{
    if (!rt->on_exit || rt->state != RT_OPEN)
        return;
    rt->entered = true;
    int failed = neap_protected(rt, call_exit, rt);
    rt->entered = false;
    neap_limit_end(rt, false); /* os.exit in it enters a slice */
    if (failed)
        neap_unhandled_raw(rt, true);
}

/* Until nothing is left to do. */
static void drive(neap_root *root)
{
    uv_run(root->loop, UV_RUN_DEFAULT);
    wait_for_remotes(root);
    wake_by_collecting(root);
    if (goes_on(root))
        check_deadlock(root->driven);
    if (is_open(root) && root->driven->head) /* an on_error handler for it */
        uv_run(root->loop, UV_RUN_DEFAULT);
}

int neap_run(neap_runtime *rt)
{
    neap_root *root = rt->root;
    neap_pipe_guard guard;
    int status = 0;
    if (root->inside)
        return 1;
    neap_pipe_block(&guard);
    neap_enter_root(root);
    root->running = true;
    root->stopped = false;
    root->driven = rt;
    if (!rt->exiting)
        drive(root);
    if (root->driven) {
        neap_run_exit(rt);
        neap_output_flush(rt);
        status = rt->exit_status;
    }
    root->driven = NULL;
    root->running = false;
    neap_leave_root(root);
    neap_pipe_restore(&guard);
    return status;
}

static uint64_t nanoseconds(double seconds)
{
    const double most = 1e9;
    return (uint64_t)((seconds < most ? seconds : most) * 1e9);
}

int neap_step(neap_runtime *rt, double seconds)
{
    neap_root *root = rt->root;
    neap_pipe_guard guard;
    if (root->inside) /* nothing is resumed inside something else */
        return UV_EBUSY;
    neap_pipe_block(&guard);
    root->step_deadline = seconds > 0 ? neap_clock() + nanoseconds(seconds) : 0;
    neap_enter_root(root);
    root->running = true;
    root->driven = rt;
    if (!rt->exiting)
        do
            uv_run(root->loop, UV_RUN_NOWAIT);
        while (!list_empty(&root->ready) && is_open(root) && seconds > 0 &&
               neap_clock() < root->step_deadline);
    root->running = false;
    root->step_deadline = 0;
    if (root->slicer)
        neap_slicer_rest(root->slicer);
    if (root->driven)
        neap_output_flush(rt);
    int more = !root->driven || rt->exiting ? NEAP_ECLOSED : !list_empty(&root->ready);
    root->driven = NULL;
    if (!neap_leave_root(root))
        more = NEAP_ECLOSED;
    neap_pipe_restore(&guard);
    return more;
}

int neap_backend_fd(neap_runtime *rt)
{
    return uv_backend_fd(rt->root->loop);
}

int neap_backend_timeout(neap_runtime *rt)
{
    uv_update_time(rt->root->loop);
    return uv_loop_alive(rt->root->loop) ? uv_backend_timeout(rt->root->loop) : -1;
}
