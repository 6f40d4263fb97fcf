/* preempt.h -- how long a VM may run before others get their turn, and how it is stopped.
 *
 * neap_slicer  one a root runtime: the timer and the signal of its loop's thread, and the VMs that
 *              are on the C stack with it, innermost first. Used on that thread only.
 * neap_slice   one a VM, embedded in its owner, who zeroes it. Owns the VM's hook slot.
 *
 *     neap_slice_enter(slicer, &rt->slice, neap_clock() + budget);
 *     ... lua_resume ...
 *     if (neap_slice_leave(slicer, &rt->slice) == NEAP_SLICE_PREEMPT) ... resume it later
 *
 * A VM is preempted by a count hook that yields: the innermost coroutine suspends with *suspending
 * set, and whoever resumed it has to suspend as well, down to the owner. It is killed by a hook
 * that raises at every instruction until the VM is left. */
#ifndef NEAP_HOST_PREEMPT_H
#define NEAP_HOST_PREEMPT_H

#include <lua.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct neap_slicer neap_slicer;
typedef struct neap_slice neap_slice;

/* What stops a VM: its deadline; somebody who wants it to stop for a moment; somebody who wants it
 * never to go on. */
enum { NEAP_SLICE_NONE, NEAP_SLICE_PREEMPT, NEAP_SLICE_INTERRUPT, NEAP_SLICE_KILL };
enum { NEAP_SLICE_FOREVER = 0 }; /* a deadline that does not come */

typedef struct {
    lua_Hook fn; /* NULL: none */
    int mask, count;
} neap_hook;

struct neap_slice {
    lua_State *L;      /* any thread of the VM that lives as long as it */
    bool *suspending;  /* set by the hook before it yields */
    const int *nowait; /* while not 0 preemption is put off */
    int error; /* registry reference of what a kill raises; 0: init makes a light userdata */
    /* An INTERRUPT is asked about where the VM is, which may raise; NULL: it yields. */
    void (*interrupted)(neap_slice *slice, lua_State *L);

    /* The slicer's own. */
    const void *vm;
    neap_slice *below;
    neap_hook user;
    uint64_t deadline;
    uint64_t
        kill_at; /* the owner's: where it may not yield by then it is killed; 0: put off for ever */
    uint64_t retry;     /* how long until the signal tries again */
    int depth;          /* entries that were not yet left */
    int counted;        /* instructions since the user's count hook ran (without signals) */
    volatile int fired; /* NEAP_SLICE_... since it was entered */
    bool counting;      /* limited by a count hook, without signals */
    volatile int in;    /* which hook is in */
    volatile int left;  /* instructions until the user's count hook, while another stops it */
    volatile sig_atomic_t due; /* it is to stop now: C code that takes long may look at this */
    atomic_int mode;           /* what neap_slice_interrupt asked for, until it is left */
};

/* Make the calling thread's slicer. signo: a signal of which the library takes the handler while a
 * slicer is open (-EBUSY: slicers use another), and which is unblocked on this thread. 0, or a
 * LuaJIT of whose inside we know nothing: a count hook looks at the clock, and VMs with a deadline
 * run without their JIT from then on. Negative errno. */
int neap_slicer_open(neap_slicer **slicer, int signo);
void neap_slicer_close(neap_slicer *slicer);

/* No signal comes until a VM is entered again: before the thread goes back to its owner's code. */
void neap_slicer_rest(neap_slicer *slicer);

/* Once a VM, when L, suspending and nowait are set. May raise for want of memory. */
void neap_slice_init(neap_slice *slice);

/* Around everything that runs Lua with a limit; nests, innermost left first; a VM may be entered
 * again below itself, which changes nothing. `deadline` on neap_os_clock, or NEAP_SLICE_FOREVER:
 * only neap_slice_interrupt stops it. leave returns what was done: NEAP_SLICE_NONE; PREEMPT or
 * INTERRUPT, it has yielded; KILL, it was made to raise errors. */
void neap_slice_enter(neap_slicer *slicer, neap_slice *slice, uint64_t deadline);
int neap_slice_leave(neap_slicer *slicer, neap_slice *slice);

/* From any thread: stop it at its next safe point, by NEAP_SLICE_INTERRUPT or KILL; when it does
 * not run, as soon as it is entered. The caller sees to it that slicer and slice stay alive.
 * Without signals a VM that has never had a deadline stops only then. */
void neap_slice_interrupt(neap_slicer *slicer, neap_slice *slice, int mode);

/* In C that the VM called: nothing more of it runs until it is left. Raises. It must be entered. */
int neap_slice_die(neap_slice *slice, lua_State *L);

/* What was killed has been left; something else may run in the VM before it is left itself. */
void neap_slice_survive(neap_slice *slice);

/* In C that the VM called and that takes long: is it to stop now? Then that should return. */
bool neap_slice_due(neap_slice *slice);

/* Does it stop VMs by signals, also those without a deadline? */
bool neap_slicer_signals(const neap_slicer *slicer);

/* In an allocation of the VM's: a script that spends its time copying great strings is hardly ever
 * interrupted between two instructions, but here. */
void neap_slice_poll(neap_slice *slice);

/* The user's hook (debug.sethook, a debugger): in force whenever the slicer's is not. fn NULL:
 * none. On the VM's thread. */
void neap_slice_set_hook(neap_slice *slice, lua_Hook fn, int mask, int count);

#endif
