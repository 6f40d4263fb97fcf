/* preempt.c -- slices: the timer and its signal. The hook that stops a VM is preempt_hook.c's.
 *
 * A slice's end is a one-shot timer whose signal goes to the VM's own thread. Its handler puts the
 * hook in when the interrupted instruction is one of the VM's (vm.h says why only then), and tries
 * again otherwise, after RETRY and then twice as long each time, so that a system call that signals
 * interrupt gets somewhere on the slowest machine; the next call from Lua into C or return from
 * there does it too, whichever comes first. A hook that is in but has not run after PATIENCE (a long
 * C function, a finalizer) is put in again.
 *
 * The timer is set at most once a slice, and once more when one is stopped: while it runs and ends
 * no later, entering a VM sets nothing, and a handler that comes early sets it for what is then on
 * top. With nothing on the C stack it is not set again, so an idle process sleeps.
 *
 * Handler and thread share the slicers of the thread: `top` is set last on entering and first on
 * leaving, everything is read again after the signal. Only `mode` is written by other threads. */
#include "preempt_hook.h"

#include <assert.h>
#include <errno.h>
#include <lauxlib.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "os/os.h"
#include "vm.h"

enum { RETRY = 100000, RETRY_MOST = 10000000 };

struct neap_slicer {
    neap_slice *volatile top;
    neap_slicer *next;       /* of this thread */
    neap_os_timer *timer;    /* NULL: without signals */
    volatile uint64_t armed; /* when the timer fires; NEAP_OS_NEVER: not */
    pthread_t thread;
    int signo;
    bool was_blocked;
};

/* A handler has nothing but the thread to start from. */
static _Thread_local __attribute__((tls_model("initial-exec"))) neap_slicer *volatile slicers;

static void fence(void)
{
    atomic_signal_fence(memory_order_seq_cst);
}

void neap_slicer_arm(neap_slicer *slicer, uint64_t deadline)
{
    if (!slicer->timer || (slicer->armed != NEAP_OS_NEVER && slicer->armed <= deadline))
        return;
    slicer->armed = deadline;
    fence();
    neap_os_timer_arm(slicer->timer, deadline);
}

/* ---- Slices, as the hook sees them ---- */

neap_slice *neap_slice_of(lua_State *L, neap_slicer **slicer)
{
    const void *vm = lua_topointer(L, LUA_REGISTRYINDEX);
    for (neap_slicer *r = slicers; r; r = r->next)
        for (neap_slice *s = r->top; s; s = s->below)
            if (s->vm == vm) {
                *slicer = r;
                return s;
            }
    return NULL;
}

bool neap_slice_is_due(neap_slice *s, uint64_t now)
{
    if (!s->due &&
        (atomic_load(&s->mode) || (s->deadline != NEAP_SLICE_FOREVER && now >= s->deadline)))
        s->due = 1;
    return s->due;
}

/* ---- The signal ---- */

/* When to come again for it, or NEVER. Its own deadline counts for the innermost only: a VM below
 * waits in C and cannot be preempted there. One that has yielded is about to be left. */
static uint64_t check(neap_slice *s, bool innermost, const void *pc, uint64_t now)
{
    int mode = atomic_load(&s->mode);
    if ((!innermost && mode != NEAP_SLICE_KILL) || (s->fired && mode != NEAP_SLICE_KILL))
        return NEAP_OS_NEVER;
    if (!neap_slice_is_due(s, now))
        return s->deadline;
    if (neap_vm_interruptible(s->L, pc)) {
        neap_hook_stop(s);
        return now + PATIENCE;
    }
    neap_vm_alert(neap_hook_on_call);
    if (s->in)
        return now + PATIENCE;
    uint64_t again = now + s->retry;
    s->retry = s->retry < RETRY_MOST ? 2 * s->retry : RETRY_MOST;
    return again;
}

static void on_signal(int signo, siginfo_t *info, void *context)
{
    (void)signo, (void)info;
    int saved = errno;
    const void *pc = neap_os_signal_pc(context);
    uint64_t now = neap_os_clock();
    for (neap_slicer *r = slicers; r; r = r->next) {
        /* Perhaps it has been set again since: then it comes once more. But it may have interrupted
         * neap_slicer_arm, which sets it to less than is said here, and after that it is not set. */
        r->armed = NEAP_OS_NEVER;
        for (neap_slice *s = r->top; s; s = s->below) {
            uint64_t again = check(s, s == r->top, pc, now);
            if (again != NEAP_OS_NEVER)
                neap_slicer_arm(r, again);
        }
    }
    errno = saved;
}

/* ---- Slicers ---- */

static int open_signal(neap_slicer *slicer, int signo)
{
    sigset_t set, before;
    int err = neap_os_signal_take(signo, on_signal);
    if (err)
        return err;
    err = neap_os_timer_open(&slicer->timer, signo);
    if (err) {
        neap_os_signal_give();
        return err;
    }
    sigemptyset(&set);
    sigaddset(&set, signo);
    pthread_sigmask(SIG_UNBLOCK, &set, &before);
    slicer->was_blocked = sigismember(&before, signo) == 1;
    return 0;
}

/* What was sent must have come before the handler goes, or it might end the process: unblocked, it
 * comes before the system call returns. (Waiting for it would not do: Linux takes back the pending
 * signal of a timer that is deleted, and sigwait then sleeps for ever.) */
static void close_signal(neap_slicer *slicer)
{
    sigset_t set;
    neap_os_timer_close(slicer->timer);
    sigemptyset(&set);
    sigaddset(&set, slicer->signo);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    neap_os_signal_give();
    if (slicers)
        slicers->was_blocked |= slicer->was_blocked;
    else if (slicer->was_blocked)
        pthread_sigmask(SIG_BLOCK, &set, NULL);
}

/* A signal is of use only where the hook can be put in safely and compiled code looks for it. */
static bool can_signal(void)
{
    neap_vm_features vm = neap_vm_probe();
    return vm.internals && (vm.checkhook || !vm.jit);
}

int neap_slicer_open(neap_slicer **out, int signo)
{
    neap_slicer *slicer = calloc(1, sizeof *slicer);
    if (!slicer)
        return -ENOMEM;
    slicer->thread = pthread_self();
    slicer->signo = signo;
    int err = signo && can_signal() ? open_signal(slicer, signo) : 0;
    if (err) {
        free(slicer);
        return err;
    }
    slicer->next = slicers;
    fence();
    slicers = slicer;
    *out = slicer;
    return 0;
}

void neap_slicer_close(neap_slicer *slicer)
{
    neap_slicer *r = slicers;
    assert(!slicer->top);
    if (r == slicer)
        slicers = slicer->next;
    else
        for (; r; r = r->next)
            if (r->next == slicer)
                r->next = slicer->next;
    fence();
    if (slicer->timer)
        close_signal(slicer);
    free(slicer);
}

void neap_slicer_rest(neap_slicer *slicer)
{
    if (!slicer->timer || slicer->top || slicer->armed == NEAP_OS_NEVER)
        return;
    slicer->armed = NEAP_OS_NEVER;
    fence();
    neap_os_timer_arm(slicer->timer, NEAP_OS_NEVER);
}

/* ---- Slices ---- */

/* A light userdata may need room for its segment the first time: kept in the registry. */
void neap_slice_init(neap_slice *s)
{
    s->vm = lua_topointer(s->L, LUA_REGISTRYINDEX);
    if (!s->error) {
        lua_pushlightuserdata(s->L, s);
        s->error = luaL_ref(s->L, LUA_REGISTRYINDEX);
    }
}

void neap_slice_enter(neap_slicer *slicer, neap_slice *s, uint64_t deadline)
{
    if (s->depth++)
        return;
    s->below = slicer->top;
    s->deadline = deadline;
    s->fired = NEAP_SLICE_NONE;
    s->due = 0;
    s->retry = RETRY;
    fence();
    slicer->top = s;
    atomic_thread_fence(memory_order_seq_cst); /* see neap_slice_interrupt */
    if (atomic_load(&s->mode)) {
        s->due = 1;
        neap_hook_stop(s);
    } else if (deadline == NEAP_SLICE_FOREVER) {
        return;
    } else if (slicer->timer) {
        neap_slicer_arm(slicer, deadline);
    } else {
        if (!s->counting)
            neap_vm_jit_off(s->L);
        s->counting = true;
        neap_hook_clock(s);
    }
}

/* It waits in C, so this is a good moment. */
static void resume_below(neap_slicer *slicer, neap_slice *s)
{
    if (neap_slice_is_due(s, neap_os_clock()))
        neap_hook_stop(s);
    else if (s->deadline != NEAP_SLICE_FOREVER)
        neap_slicer_arm(slicer, s->deadline);
}

int neap_slice_leave(neap_slicer *slicer, neap_slice *s)
{
    int fired = s->fired;
    if (--s->depth)
        return fired;
    assert(slicer->top == s);
    slicer->top = s->below;
    fence();
    if (s->in)
        neap_hook_user(s);
    atomic_compare_exchange_strong(&s->mode, &(int){fired}, NEAP_SLICE_NONE);
    if (s->below)
        resume_below(slicer, s->below);
    return fired;
}

/* Either the thread sees the mode when it enters, or the signal finds the slice on top. */
void neap_slice_interrupt(neap_slicer *slicer, neap_slice *s, int mode)
{
    int none = NEAP_SLICE_NONE;
    if (mode == NEAP_SLICE_KILL)
        atomic_store(&s->mode, mode);
    else
        atomic_compare_exchange_strong(&s->mode, &none, mode);
    if (slicer->timer)
        pthread_kill(slicer->thread, slicer->signo);
}

int neap_slice_die(neap_slice *s, lua_State *L)
{
    atomic_store(&s->mode, NEAP_SLICE_KILL);
    s->fired = NEAP_SLICE_KILL;
    s->due = 1;
    neap_hook_stop(s);
    lua_rawgeti(L, LUA_REGISTRYINDEX, s->error);
    return lua_error(L);
}

void neap_slice_survive(neap_slice *s)
{
    if (!s->depth || s->fired != NEAP_SLICE_KILL)
        return;
    atomic_store(&s->mode, NEAP_SLICE_NONE);
    s->fired = NEAP_SLICE_NONE;
    s->due = 0;
    neap_hook_restore(s);
}

bool neap_slice_due(neap_slice *s)
{
    return s->depth && neap_slice_is_due(s, neap_os_clock());
}

bool neap_slicer_signals(const neap_slicer *slicer)
{
    return slicer->timer != NULL;
}

void neap_slice_poll(neap_slice *s)
{
    if (s->depth && s->counting)
        neap_slice_is_due(s, neap_os_clock());
    if (s->due && s->depth && (s->in != HOOK_STOP || s->counting) && neap_vm_allocates(s->L))
        neap_hook_stop(s);
}
