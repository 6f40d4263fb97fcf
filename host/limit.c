/* limit.c: how long a VM runs in a turn (cpu_budget, a step's bound), and when it collects.
 *
 * preempt.c stops a VM; here is decided when: a runtime's share of a drain ends when its budget is
 * used up, or when the step that drives the loop is over, whichever comes first.
 */
#include "host.h"
#include "vm.h"

/* ---- Interrupting, killing ---- */

static void raise_cancelled(neap_runtime *rt, lua_State *L)
{
    neap_task *t = rt->current;
    neap_task_cancel(t, UV_ECANCELED);
    t->cancel_delivered = true;
    neap_task_cancel_error(L, t);
    lua_error(L);
}

/* neap_interrupt has stopped it here, wherever that is. What has caught the error of one interrupt,
 * and neither waited nor ended since, is killed by the next. */
static void on_interrupted(neap_slice *slice, lua_State *L)
{
    neap_runtime *rt = neap_container_of(slice, neap_runtime, slice);
    const neap_options *o = &rt->options;
    int answer = NEAP_RAISE;
    if (!atomic_exchange(&rt->interrupted, false))
        return;
    if (o->on_interrupt)
        answer = o->on_interrupt(rt, o->data);
    if (answer == NEAP_GO_ON)
        return;
    bool again = rt->raised;
    rt->raised = true;
    neap_vm_hook_leave(L);
    if (again)
        neap_slice_die(slice, L);
    if (answer == NEAP_CANCEL && rt->current)
        raise_cancelled(rt, L);
    neap->raise(L, NEAP_EKILLED, NEAP_F_MESSAGE, "the script was interrupted", NEAP_F_END);
}

static void init_slice(lua_State *S, void *data)
{
    neap_runtime *rt = data;
    (void)S;
    rt->slice.interrupted = on_interrupted;
    neap_slice_init(&rt->slice);
}

/* The thread's slicer and the VM's slice are made when the first bound appears. */
static bool prepare(neap_runtime *rt)
{
    neap_root *root = rt->root;
    if (!root->slicer && neap_slicer_open(&root->slicer, root->runtime->options.preempt_signal))
        return false;
    if (!rt->slice_ready) {
        if (neap_protected(rt, init_slice, rt)) {
            lua_pop(rt->S, 1);
            return false;
        }
        rt->slice_ready = true;
    }
    return true;
}

/* From here on neap_interrupt stops it: always by a signal; else, when the owner has said what is then
 * to be, it runs with a hook from now on. False: it cannot be. */
bool neap_limit_interruptible(neap_runtime *rt)
{
    if (rt->foreign || !prepare(rt))
        return false;
    if (neap_slicer_signals(rt->root->slicer) || rt->options.on_interrupt)
        rt->interruptible = true;
    return rt->interruptible;
}

/* In C that its script called: it is left, without running on. Raises. */
int neap_limit_kill(neap_runtime *rt, lua_State *L)
{
    if (!prepare(rt))
        return luaL_error(L, "exit");
    if (!rt->slice.depth) {
        neap_slice_enter(rt->root->slicer, &rt->slice, NEAP_SLICE_FOREVER);
        rt->slice_late = true;
    }
    return neap_slice_die(&rt->slice, L);
}

/* ---- Budgets ---- */

static uint64_t budget_of(const neap_runtime *rt)
{
    return (uint64_t)(rt->cpu_budget * 1e9);
}

static uint64_t earlier(uint64_t a, uint64_t b) /* 0: never */
{
    return !a || (b && b < a) ? b : a;
}

/* What is left of its budget in this drain: it counts anew in every one. */
static uint64_t budget_left(neap_runtime *rt)
{
    if (rt->drain != rt->root->drains) {
        rt->drain = rt->root->drains;
        rt->drain_used = 0;
    }
    return budget_of(rt) > rt->drain_used ? budget_of(rt) - rt->drain_used : 0;
}

bool neap_limit_spent(neap_runtime *rt)
{
    return rt->cpu_budget > 0 && !budget_left(rt);
}

/* The same while its VM is entered: what has gone since counts. */
bool neap_limit_over(const neap_runtime *rt)
{
    return rt->cpu_budget > 0 && rt->slice.depth &&
           rt->drain_used + (neap_clock() - rt->slice_began) >= budget_of(rt);
}

/* Before its VM is entered: is its time bounded? Then neap_limit_end must follow. A closing one has
 * its grace and is then stopped wherever it is; one with a budget is stopped where it cannot be
 * preempted (a call, sort's comparison) after STUCK, or ten budgets if that is longer. */
bool neap_limit_begin(neap_runtime *rt, bool call)
{
    enum { STUCK = 250 * 1000000 };
    uint64_t deadline = call ? 0 : rt->root->step_deadline, kill = 0;
    bool bounded = rt->cpu_budget > 0 || deadline || rt->interruptible || rt->state == RT_CLOSING;
    if (!bounded || rt->slice.depth || !prepare(rt))
        return false;
    uint64_t now = neap_clock();
    if (rt->cpu_budget > 0) {
        deadline = earlier(deadline, now + budget_left(rt) + 1);
        kill = now + (10 * budget_of(rt) > STUCK ? 10 * budget_of(rt) : STUCK);
    }
    if (rt->state == RT_CLOSING)
        deadline = earlier(deadline, kill = rt->grace.due);
    if (!deadline && rt->interruptible && !neap_slicer_signals(rt->root->slicer))
        deadline = UINT64_MAX;
    rt->slice_began = now;
    rt->slice.kill_at = kill;
    neap_slice_enter(rt->root->slicer, &rt->slice, deadline ? deadline : NEAP_SLICE_FOREVER);
    return true;
}

static void account(neap_runtime *rt, uint64_t now)
{
    uint64_t deadline = rt->slice.deadline;
    rt->drain_used += now - rt->slice_began;
    if (deadline != NEAP_SLICE_FOREVER && now > deadline && now - deadline > rt->overrun)
        rt->overrun = now - deadline;
}

/* `begun`: what neap_limit_begin said. */
void neap_limit_end(neap_runtime *rt, bool begun)
{
    if (!begun && !rt->slice_late)
        return;
    rt->slice_late = false;
    int fired = neap_slice_leave(rt->root->slicer, &rt->slice);
    if (begun)
        account(rt, neap_clock());
    if (fired != NEAP_SLICE_PREEMPT)
        rt->raised = false;
}

/* Did the yield that just came out of its VM come from the hook? */
bool neap_limit_fired(neap_runtime *rt)
{
    return rt->slice.fired == NEAP_SLICE_PREEMPT;
}

/* ---- Collecting before memory runs out ---- */

/* In an allocation of the VM's: its collector, told that it is due and that a step is a whole cycle,
 * works off all garbage at the next instruction that makes something. Only fields are set here. */
void neap_collect_soon(neap_runtime *rt)
{
    lua_gc(rt->L, LUA_GCSETSTEPMUL, 0);
    lua_gc(rt->L, LUA_GCRESTART, 0);
    rt->collect_wanted = true;
}

/* A full collection. Protected. */
void neap_collect(neap_runtime *rt)
{
    enum { STEPMUL = 200 }; /* LuaJIT's default */
    rt->collect_wanted = false;
    neap_tasks_free_pool(rt);
    lua_gc(rt->S, LUA_GCCOLLECT, 0);
    lua_gc(rt->S, LUA_GCSETSTEPMUL, STEPMUL);
}
