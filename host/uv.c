/* uv.c -- the interface "neap.uv/1": the loop itself, for extensions that bring libuv's header.
 *
 * Their callbacks come in the middle of libuv's, where nothing of ours is on the stack and nothing is
 * protected: callback() makes a task of one and resumes it there and then, inside one protected call,
 * as a drain does for its jobs. While its runtime is preempted, or its step's time is over, the task
 * takes its place in the run queue instead, and those that come after it queue up behind it, so that
 * callbacks keep their order. */
#include "host.h"

static uv_loop_t *loop(neap_env *env)
{
    return env->rt->root->loop;
}

static char *read_buffer(neap_env *env, size_t *size)
{
    *size = READ_BUFFER_SIZE;
    return neap_read_buffer(env->rt->root);
}

/* ---- Callbacks ---- */

typedef struct {
    neap_runtime *rt;
    int (*push)(lua_State *L, void *data);
    void *data;
} arrival;

static bool must_queue(const neap_runtime *rt)
{
    const neap_root *root = rt->root;
    return rt->late || rt->preempted || neap_limit_spent((neap_runtime *)rt) ||
           (root->step_deadline && neap_clock() >= root->step_deadline);
}

static void run_arrival(lua_State *S, void *data)
{
    const arrival *a = data;
    neap_runtime *rt = a->rt;
    int n = a->push(S, a->data);
    neap_task *t = neap_task_make(S, rt->scope, n);
    t->callback = true;
    if (must_queue(rt)) {
        t->late = true;
        rt->late++;
        neap_task_ready(t);
    } else {
        t->nargs = 0;
        neap_task_resume(t, n);
    }
}

static int callback(neap_env *env, int (*push)(lua_State *L, void *data), void *data)
{
    neap_runtime *rt = env->rt;
    if (rt->exiting || rt->state != RT_OPEN)
        return NEAP_ECLOSED;
    arrival a = {rt, push, data};
    rt->root->jobs++;
    neap_run_protected(rt, run_arrival, &a);
    return 0;
}

/* ---- The loop, run by a script ---- */

static int run(lua_State *L, neap_env *env, int mode)
{
    neap_runtime *rt = env->rt;
    neap_root *root = rt->root;
    neap_task *current = rt->current;
    neap_error *starting = rt->starting;
    int nowait = rt->nowait;
    if (root->running || root->draining)
        return luaL_error(L, "the loop is running already");
    root->running = true;
    root->runner = rt;
    rt->current = NULL;
    rt->starting = NULL; /* as where the script waits: a callback's error is not the start's */
    rt->nowait = 0;
    int status = uv_run(root->loop, (uv_run_mode)mode);
    root->running = false;
    root->runner = NULL;
    rt->current = current;
    rt->nowait = nowait;
    if (rt->exiting || rt->state != RT_OPEN)
        return neap_limit_kill(rt, L);
    rt->starting = starting;
    return status;
}

static void stop(neap_env *env)
{
    env->rt->root->stopped = true;
    uv_stop(env->rt->root->loop);
}

static int alive(neap_env *env)
{
    neap_root *root = env->rt->root;
    uv_handle_t *idle = (uv_handle_t *)&root->idle;
    uv_unref(idle); /* it runs for our output too */
    int alive = uv_loop_alive(root->loop) || !list_empty(&root->ready);
    uv_ref(idle);
    return alive;
}

static void busy(neap_env *env, int n)
{
    env->rt->busy += n;
    neap_closing_advance(env->rt);
}

static int stop_signal(neap_env *env)
{
    int own = env->rt->root->runtime->options.preempt_signal;
    return own ? own : neap_os_signal_taken();
}

const neap_uv neap_the_uv = {
    .size = sizeof(neap_uv),
    .loop = loop,
    .read_buffer = read_buffer,
    .callback = callback,
    .run = run,
    .stop = stop,
    .alive = alive,
    .busy = busy,
    .stop_signal = stop_signal,
};
