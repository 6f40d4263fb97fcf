/* stray.c -- a signal that comes while the slicer's timer is being set: host/preempt.c with that moment in it.
 *
 * Its handler sets the timer too, for later; what it interrupted then sets it for the sooner time after all. The
 * slicer must not believe that the later signal is still to come: no VM would be stopped any more. */
#include <lauxlib.h>
#include <lualib.h>
#include <stdatomic.h>

#define neap_os_timer_arm interrupted_arm
#include "../../host/preempt.c"
#undef neap_os_timer_arm

#include <unistd.h>

#include "host.h"
#include "tap.h"

void neap_os_timer_arm(neap_os_timer *timer, uint64_t deadline);

static atomic_bool strikes;

/* The signal of the time that is past already comes before the VM runs, where it could be stopped. */
static void wait_for_signal(void)
{
    for (uint64_t until = neap_os_clock() + 50000; neap_os_clock() < until;)
        continue;
}

void interrupted_arm(neap_os_timer *timer, uint64_t deadline)
{
    bool struck = atomic_exchange(&strikes, false);
    if (struck)
        raise(SIGURG);
    neap_os_timer_arm(timer, deadline);
    if (struck)
        wait_for_signal();
}

static neap_slicer *slicer;
static neap_slice slice;
static bool suspending;
static int nowait;

static int open_vm(lua_State *L)
{
    luaL_openlibs(L);
    neap_vm_guard(L);
    slice.L = L;
    slice.suspending = &suspending;
    slice.nowait = &nowait;
    neap_slice_init(&slice);
    return 0;
}

static int turn(lua_State *T, uint64_t nanoseconds)
{
    neap_slice_enter(slicer, &slice, neap_os_clock() + nanoseconds);
    lua_resume(T, 0);
    return neap_slice_leave(slicer, &slice);
}

int main(void)
{
    enum { SOON = 1, LATER = 50 * 1000 * 1000 };
    lua_State *L = luaL_newstate();
    is(neap_slicer_open(&slicer, SIGURG), 0, "a slicer");
    is(lua_cpcall(L, open_vm, NULL), 0, "a VM");
    lua_State *T = lua_newthread(L);
    is(luaL_loadstring(T, "while true do end"), 0, "an endless script");
    alarm(20); /* ends it, when nothing stops the script */
    for (int i = 0; i < 20; i++) {
        atomic_store(&strikes, true);
        if (turn(T, SOON) != NEAP_SLICE_PREEMPT || turn(T, LATER) != NEAP_SLICE_PREEMPT)
            break;
        ok(!atomic_load(&strikes), "it is stopped, and the next time too");
    }
    lua_close(L);
    neap_slicer_close(slicer);
    done_testing();
    return 0;
}
