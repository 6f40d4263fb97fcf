/* preempt_hook.c -- the hook of a VM that is stopped: which one is in, and what it does.
 *
 * A VM has one hook, its slice's (preempt.c says when). The user's alone is in as a rule. To stop a VM another
 * is put in, which runs at the next instruction; where that may not yield (in sort's comparison), it is taken
 * off until that C function returns. Without signals one that looks at the clock is in from enter to leave,
 * every PERIOD instructions, and does the user's part too.
 *
 * Putting one in is signal-safe, at the moments of which vm.h speaks. */
#include "preempt_hook.h"

#include "os/os.h"
#include "vm.h"

enum { PERIOD = 10000 };

static void on_hook(lua_State *L, lua_Debug *ar);

/* ---- Which one is in ---- */

static int period(const neap_slice *s)
{
    return (s->user.mask & LUA_MASKCOUNT) && s->user.count < PERIOD ? s->user.count : PERIOD;
}

/* Instructions until the user's count hook is due; 0: nobody can tell. Setting a hook counts anew, so
 * a great count would never come to its end in short slices. */
static int left(const neap_slice *s)
{
    int now = s->in == HOOK_STOP ? 0 : neap_vm_hook_count(s->L);
    if (s->in == HOOK_STOP)
        return s->left;
    if (s->in == HOOK_CLOCK && now)
        now = s->user.count - s->counted - (period(s) - now);
    return now;
}

void neap_hook_user(neap_slice *s)
{
    int count = left(s);
    s->in = HOOK_USER;
    lua_sethook(s->L, s->user.fn, s->user.mask, s->user.count);
    if (count > 0 && s->user.mask & LUA_MASKCOUNT)
        neap_vm_set_hook_count(s->L, count);
}

void neap_hook_stop(neap_slice *s)
{
    s->left = left(s);
    s->in = HOOK_STOP;
    lua_sethook(s->L, on_hook, LUA_MASKCOUNT, 1);
}

void neap_hook_clock(neap_slice *s)
{
    int count = left(s);
    s->in = HOOK_CLOCK;
    s->counted = count > 0 && count <= s->user.count ? s->user.count - count : 0;
    lua_sethook(s->L, on_hook, LUA_MASKCOUNT | s->user.mask, period(s));
}

/* The hook that was in before it was to stop. */
void neap_hook_restore(neap_slice *s)
{
    if (s->counting)
        neap_hook_clock(s);
    else
        neap_hook_user(s);
}

void neap_slice_set_hook(neap_slice *s, lua_Hook fn, int mask, int count)
{
    s->user = (neap_hook){fn, fn ? mask : 0, count};
    s->counted = 0;
    s->left = count;
    if (s->in == HOOK_USER)
        lua_sethook(s->L, fn, s->user.mask, count);
    else if (s->in == HOOK_CLOCK)
        lua_sethook(s->L, on_hook, LUA_MASKCOUNT | s->user.mask, period(s));
}

/* ---- What it does ---- */

static bool may_yield(lua_State *L, const neap_slice *s)
{
    return lua_isyieldable(L) && !*s->nowait;
}

/* What is to be done with it here: where it may not yield it is killed in the end. */
static int mode_at(lua_State *L, neap_slice *s)
{
    if (s->kill_at && !may_yield(L, s) && neap_os_clock() >= s->kill_at)
        atomic_store(&s->mode, NEAP_SLICE_KILL);
    return atomic_load(&s->mode);
}

/* Between Lua and C, either way, so between two instructions of that VM. */
void neap_hook_on_call(lua_State *L)
{
    neap_slicer *slicer;
    neap_slice *s = neap_slice_of(L, &slicer);
    if (!s || !s->due || s->in == HOOK_STOP)
        return;
    if (may_yield(L, s) || mode_at(L, s) >= NEAP_SLICE_INTERRUPT)
        neap_hook_stop(s);
    else
        neap_vm_alert(neap_hook_on_call);
}

/* It goes on when the owner says nothing else. */
static void ask(lua_State *L, neap_slice *s, neap_slicer *slicer)
{
    int mode = NEAP_SLICE_INTERRUPT;
    atomic_compare_exchange_strong(&s->mode, &mode, NEAP_SLICE_NONE);
    s->due = 0;
    neap_hook_restore(s);
    if (s->deadline != NEAP_SLICE_FOREVER)
        neap_slicer_arm(slicer, s->deadline);
    s->interrupted(s, L);
}

static void stop(lua_State *L, neap_slice *s, neap_slicer *slicer)
{
    int mode = mode_at(L, s);
    if (mode == NEAP_SLICE_KILL) {
        neap_hook_stop(s);
        s->fired = mode;
        neap_vm_hook_leave(L);
        lua_rawgeti(L, LUA_REGISTRYINDEX, s->error);
        lua_error(L);
    }
    if (mode == NEAP_SLICE_INTERRUPT && s->interrupted) {
        ask(L, s, slicer);
    } else if (may_yield(L, s)) {
        neap_hook_user(s);
        s->due = 0;
        s->fired = mode ? mode : NEAP_SLICE_PREEMPT;
        *s->suspending = true;
        lua_yield(L, 0);
    } else if (neap_slicer_signals(slicer)) {
        neap_hook_user(s);
        neap_vm_alert(neap_hook_on_call);
        neap_slicer_arm(slicer, neap_os_clock() + PATIENCE);
    }
}

/* The user's part of an event of the clock's hook. */
static void run_user(lua_State *L, lua_Debug *ar, neap_slice *s)
{
    if (ar->event == LUA_HOOKCOUNT) {
        if (!(s->user.mask & LUA_MASKCOUNT) || (s->counted += period(s)) < s->user.count)
            return;
        s->counted = 0;
    }
    if (s->user.fn)
        s->user.fn(L, ar);
}

static void on_hook(lua_State *L, lua_Debug *ar)
{
    neap_slicer *slicer;
    neap_slice *s = neap_slice_of(L, &slicer);
    if (!s)
        lua_sethook(L, NULL, 0, 0);
    else if (!s->counting)
        stop(L, s, slicer);
    else if (ar->event == LUA_HOOKCOUNT && neap_slice_is_due(s, neap_os_clock()))
        stop(L, s, slicer);
    else
        run_user(L, ar, s);
}
