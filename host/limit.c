/* limit.c: how long a VM runs in a turn (cpu_budget, a step's bound), and when it collects.
 *
 * preempt.c stops a VM; here is decided when: a runtime's share of a drain ends when its budget is
 * used up, or when the step that drives the loop is over, whichever comes first.
 */
#include "host.h"

static void init_slice(lua_State *S, void *data)
{
    (void)S;
    neap_slice_init(&((neap_runtime *)data)->slice);
}

/* The thread's slicer and the VM's slice are made when the first bound appears. */
static bool prepare(neap_runtime *rt)
{
    neap_root *root = rt->root;
    if (!root->slicer && neap_slicer_open(&root->slicer, root->runtime->options.preempt_signal))
        return false;
    if (!rt->slice_ready) {
        if (neap_protected(rt, init_slice, rt)) {
            lua_settop(rt->S, 0);
            return false;
        }
        rt->slice_ready = true;
    }
    return true;
}

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

bool neap_budget_spent(neap_runtime *rt)
{
    return rt->cpu_budget > 0 && !budget_left(rt);
}

/* Before its VM is entered: is its time bounded? Then neap_slice_end must follow. A closing one has
 * its grace and is then stopped wherever it is; one with a budget is stopped where it cannot be
 * preempted (a call, sort's comparison) after STUCK, or ten budgets if that is longer. */
bool neap_slice_begin(neap_runtime *rt, bool call)
{
    enum { STUCK = 250 * 1000000 };
    uint64_t now = neap_clock(), deadline = call ? 0 : rt->root->step_deadline, kill = 0;
    bool bounded = rt->cpu_budget > 0 || deadline || rt->interruptible || rt->state == RT_CLOSING;
    if (!bounded || rt->slice.depth || !prepare(rt))
        return false;
    if (rt->cpu_budget > 0) {
        deadline = earlier(deadline, now + budget_left(rt) + 1);
        kill = now + (10 * budget_of(rt) > STUCK ? 10 * budget_of(rt) : STUCK);
    }
    if (rt->state == RT_CLOSING)
        deadline = earlier(deadline, kill = rt->grace.due);
    rt->slice_began = now;
    rt->slice.kill_at = kill;
    neap_slice_enter(rt->root->slicer, &rt->slice, deadline ? deadline : NEAP_SLICE_FOREVER);
    return true;
}

void neap_slice_end(neap_runtime *rt)
{
    neap_slice_leave(rt->root->slicer, &rt->slice);
    rt->drain_used += neap_clock() - rt->slice_began;
}

/* Did the yield that just came out of its VM come from the hook? */
bool neap_slice_fired(neap_runtime *rt)
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
    lua_gc(rt->S, LUA_GCCOLLECT, 0);
    lua_gc(rt->S, LUA_GCSETSTEPMUL, STEPMUL);
}
