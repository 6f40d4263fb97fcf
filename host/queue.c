/* queue.c: the run queue, and the drain that empties it once a turn of the loop.
 *
 * libuv's callbacks only make jobs ready; the uv_check handle, which comes right after the poll, runs
 * them: first in, first out, per runtime, runtimes in turn. A uv_idle handle is active while there
 * are jobs, so that the poll does not sleep: this holds under neap_run, neap_step, a script's
 * uv.run() and a foreign loop alike. A drain ends when all queues are empty, after 1,024 jobs, or when
 * the step's time is over; a runtime whose own budget is spent waits for the next. Then writers flush
 * and the loop polls.
 *
 * All jobs of one go run in one protected call on S. An error that gets here (out of memory, as a
 * rule) becomes the error of the operation or task that was being handled, and the drain goes on.
 */
#include "host.h"

enum { DRAIN_JOBS = 1024, TURN_JOBS = 64 };

static void on_idle(uv_idle_t *idle) /* being active is its whole job */
{
    (void)idle;
}

void neap_wake_root(neap_root *root)
{
    if (!root->draining && !root->closing)
        uv_idle_start(&root->idle, on_idle);
}

/* After os.exit or a fatal error nothing of it runs until it is closed. */
bool neap_is_held(const neap_runtime *rt)
{
    return rt->exiting && rt->state == RT_OPEN;
}

static void make_ready(neap_runtime *rt)
{
    if (list_empty(&rt->ready) && !neap_is_held(rt)) {
        list_append(&rt->root->ready, &rt->ready);
        neap_wake_root(rt->root);
    }
}

void neap_queue(neap_runtime *rt, neap_job *job)
{
    job->next = NULL;
    *rt->tail = job;
    rt->tail = &job->next;
    make_ready(rt);
}

void neap_queue_front(neap_runtime *rt, neap_job *job)
{
    job->next = rt->head;
    rt->head = job;
    if (!job->next)
        rt->tail = &job->next;
    make_ready(rt);
}

void neap_queue_again(neap_runtime *rt)
{
    if (rt->head)
        make_ready(rt);
}

/* Run `job` once when this drain ends, before the loop polls. It is C and touches no Lua. */
void neap_flush_add(neap_root *root, neap_job *job)
{
    job->next = NULL;
    *root->flush_tail = job;
    root->flush_tail = &job->next;
    neap_wake_root(root);
}

/* ---- The protected call ---- */

typedef struct protected_call {
    void (*fn)(lua_State *S, void *data);
    void *data;
} call;

static int trampoline(lua_State *S)
{
    neap_runtime *rt = lua_touserdata(S, lua_upvalueindex(1));
    const call *c = rt->calling;
    c->fn(S, c->data);
    return 0;
}

void neap_queue_open(neap_runtime *rt) /* protected */
{
    lua_pushlightuserdata(rt->S, rt); /* scripts never see it */
    lua_pushcclosure(rt->S, trampoline, 1);
    rt->trampoline = luaL_ref(rt->S, LUA_REGISTRYINDEX);
    lua_pushcfunction(rt->S, neap_error_handler);
    rt->handler = luaL_ref(rt->S, LUA_REGISTRYINDEX);
}

/* Run fn on S, protected; allocates nothing itself (a light userdata of a stack address might). 0, or
 * lua_pcall's status with the error value on S's top. */
int neap_protected(neap_runtime *rt, void (*fn)(lua_State *S, void *data), void *data)
{
    call c = {fn, data};
    rt->calling = &c;
    lua_rawgeti(rt->S, LUA_REGISTRYINDEX, rt->trampoline);
    return lua_pcall(rt->S, 0, 0, 0);
}

/* The same with the value on S's top, which is taken off, as fn's only one. */
int neap_protected_value(neap_runtime *rt, void (*fn)(lua_State *S, void *data), void *data)
{
    call c = {fn, data};
    rt->calling = &c;
    lua_rawgeti(rt->S, LUA_REGISTRYINDEX, rt->trampoline);
    lua_insert(rt->S, -2);
    return lua_pcall(rt->S, 1, 0, 0);
}

/* ---- The drain ---- */

typedef struct {
    neap_runtime *rt;
    int left;
    bool begun; /* one job always runs, however little time there is */
} share;

static bool step_is_over(neap_root *root)
{
    return root->step_deadline && neap_clock() >= root->step_deadline;
}

static bool goes_on(share *s)
{
    neap_runtime *rt = s->rt;
    if (!rt->head || s->left <= 0 || rt->preempted || rt->state == RT_CLOSED || neap_is_held(rt))
        return false;
    return !s->begun || !(step_is_over(rt->root) || neap_limit_over(rt));
}

static neap_job *take(neap_runtime *rt)
{
    neap_job *job = rt->head;
    rt->head = job->next;
    if (!rt->head)
        rt->tail = &rt->head;
    __builtin_prefetch(rt->head); /* of a long queue it comes from memory: while this one runs */
    return job;
}

static void run_jobs(lua_State *S, void *data)
{
    share *s = data;
    neap_runtime *rt = s->rt;
    while (goes_on(s)) {
        if (rt->collect_wanted)
            neap_collect(rt);
        neap_job *job = take(rt);
        s->left--;
        s->begun = true;
        job->run(job);
        if (lua_gettop(S))
            lua_settop(S, 0);
    }
}

/* The drain's protected call was left by an error, whose value is on S's top. Nothing here allocates
 * but in a protected call of its own. */
static void rescue(neap_runtime *rt)
{
    rt->current = NULL;
    rt->collect_wanted = true;
    neap_arriving_drop(rt);
    while (rt->delivering && rt->delivering->state == OP_NEW) /* a finalizer's */
        neap_op_rescue(rt);
    if (rt->delivering)
        neap_op_rescue(rt);
    else if (rt->waking)
        neap_task_rescue_waking(rt);
    else if (rt->ending)
        neap_task_rescue(rt);
    else
        neap_unhandled_raw(rt, false);
    lua_settop(rt->S, 0);
}

/* Enter its VM from the loop, and leave it with nothing raised. */
void neap_run_protected(neap_runtime *rt, void (*fn)(lua_State *S, void *data), void *data)
{
    bool entered = rt->entered, sliced = neap_limit_begin(rt, false);
    neap_task *current = rt->current;
    rt->entered = true;
    if (neap_protected(rt, fn, data))
        rescue(rt);
    rt->entered = entered;
    rt->current = current;
    neap_limit_end(rt, sliced);
}

/* The number of jobs that were run. */
static int run_turn(neap_runtime *rt, int jobs)
{
    share s = {.rt = rt, .left = jobs};
    rt->preempted = false;
    bool sliced = neap_limit_begin(rt, false);
    rt->entered = true;
    while (neap_protected(rt, run_jobs, &s))
        rescue(rt);
    rt->entered = false;
    neap_limit_end(rt, sliced);
    return jobs - s.left;
}

/* How many jobs it may run before others have a turn. */
static int turn_of(const neap_runtime *rt)
{
    double jobs = TURN_JOBS * rt->weight;
    return jobs < DRAIN_JOBS ? (int)jobs + 1 : DRAIN_JOBS;
}

/* Each ready runtime in turn, until none is or the drain is over. */
static void run_all(neap_root *root)
{
    list again, mourning;
    int left = DRAIN_JOBS;
    list_init(&again);
    list_init(&mourning);
    while (!list_empty(&root->ready) && left > 0 && (left == DRAIN_JOBS || !step_is_over(root))) {
        neap_runtime *rt = neap_container_of(root->ready.next, neap_runtime, ready);
        list_remove(&rt->ready);
        int turn = list_empty(&root->ready) ? left : turn_of(rt);
        int jobs = run_turn(rt, turn < left ? turn : left);
        left -= jobs;
        root->jobs += (uint64_t)jobs;
        if (!list_empty(&rt->died) && list_empty(&rt->mourning))
            list_append(&mourning, &rt->mourning);
        list_remove(&rt->ready); /* its own jobs have queued more */
        if (!rt->head || neap_is_held(rt))
            continue;
        bool spent = rt->preempted || neap_limit_spent(rt);
        list_append(spent ? &again : &root->ready, &rt->ready);
    }
    while (!list_empty(&again)) {
        neap_runtime *rt = neap_container_of(again.next, neap_runtime, ready);
        list_remove(&rt->ready);
        list_append(&root->ready, &rt->ready);
    }
    while (!list_empty(&mourning)) {
        neap_runtime *rt = neap_container_of(mourning.next, neap_runtime, mourning);
        list_remove(&rt->mourning);
        neap_tasks_died(rt);
    }
}

/* At the end of a drain; and before a report, so that what was written before it stands before it. */
void neap_flush_run(neap_root *root)
{
    neap_job *job = root->flush_head;
    root->flush_head = NULL;
    root->flush_tail = &root->flush_head;
    while (job) {
        neap_job *next = job->next;
        job->run(job);
        job = next;
    }
}

void neap_drain(neap_root *root)
{
    if (root->draining) /* a nested loop: only the main script can run one, outside of a drain */
        return;
    root->draining = true;
    root->drains++;
    run_all(root);
    neap_flush_run(root);
    root->draining = false;
    if (list_empty(&root->ready) && !root->flush_head)
        uv_idle_stop(&root->idle);
    else
        neap_wake_root(root);
}
