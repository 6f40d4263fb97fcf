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
        lua_settop(rt->S, 0);
}

/* Operations are under way and the loop has nothing left, but a thread that holds a remote may still
 * complete one. */
static void wait_for_remotes(neap_runtime *rt)
{
    uv_handle_t *async = (uv_handle_t *)&rt->root->async;
    while (!rt->exiting && !rt->root->stopped && rt->state == RT_OPEN && rt->remotes && rt->ops) {
        uv_ref(async);
        uv_run(rt->root->loop, UV_RUN_ONCE);
        if (!rt->root->keeps)
            uv_unref(async);
        if (!rt->exiting)
            uv_run(rt->root->loop, UV_RUN_DEFAULT);
    }
}

static void collect(lua_State *S, void *data)
{
    (void)data;
    lua_gc(S, LUA_GCCOLLECT, 0);
}

/* What was dropped but not yet collected may be what a task waits for: the other end of its stream. */
static void wake_by_collecting(neap_runtime *rt)
{
    uv_loop_t *loop = rt->root->loop;
    while (neap_task_waiting(rt) && !rt->exiting && !rt->root->stopped && rt->state == RT_OPEN) {
        if (neap_protected(rt, collect, NULL))
            lua_settop(rt->S, 0);
        if (!rt->head && !uv_loop_alive(loop))
            return;
        uv_run(loop, UV_RUN_DEFAULT);
        wait_for_remotes(rt);
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
    if (!rt->on_exit || rt->state != RT_OPEN || !neap_protected(rt, call_exit, rt))
        return;
    if (neap_error_status(rt->S, -1) != NEAP_EKILLED) /* that is os.exit in it */
        neap_unhandled(rt, rt->S, -1, true);
    lua_settop(rt->S, 0);
}

int neap_run(neap_runtime *rt)
{
    neap_root *root = rt->root;
    neap_pipe_guard guard;
    neap_pipe_block(&guard);
    neap_enter_root(root);
    root->running = true;
    root->stopped = false;
    if (!rt->exiting) {
        uv_run(rt->root->loop, UV_RUN_DEFAULT);
        wait_for_remotes(rt);
        wake_by_collecting(rt);
        if (!rt->exiting && !root->stopped && rt->state == RT_OPEN)
            check_deadlock(rt);
        if (rt->head && !rt->exiting) /* an on_error handler for it */
            uv_run(rt->root->loop, UV_RUN_DEFAULT);
    }
    neap_run_exit(rt);
    root->running = false;
    neap_output_flush(rt);
    int status = rt->exit_status;
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
    neap_pipe_block(&guard);
    root->step_deadline = seconds > 0 ? neap_clock() + nanoseconds(seconds) : 0;
    neap_enter_root(root);
    root->running = true;
    if (!rt->exiting)
        do
            uv_run(root->loop, UV_RUN_NOWAIT);
        while (!list_empty(&root->ready) && !rt->exiting && rt->state == RT_OPEN && seconds > 0 &&
               neap_clock() < root->step_deadline);
    root->running = false;
    root->step_deadline = 0;
    if (root->slicer)
        neap_slicer_rest(root->slicer);
    neap_output_flush(rt);
    int more = rt->exiting ? NEAP_ECLOSED : !list_empty(&root->ready);
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
