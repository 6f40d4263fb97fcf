/* os.h -- what differs between operating systems, behind a few functions.
 *
 * Each system has a file of its own (linux.c, freebsd.c, darwin.c) that is empty elsewhere; posix.c holds
 * what several share, portable.c what a system gets that has nothing better: `make PORTABLE=1` builds that
 * on Linux. Failures are negative errno values. */
#ifndef NEAP_HOST_OS_H
#define NEAP_HOST_OS_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NEAP_OS_NEVER = 0 }; /* a deadline that does not come */

/* Nanoseconds on CLOCK_MONOTONIC, as uv_hrtime counts them. Signal-safe. */
uint64_t neap_os_clock(void);

/* The calling thread's stack: its lowest address and its size. */
int neap_os_stack(char **base, size_t *size);

/* The program counter that a signal interrupted, from its handler's third argument; NULL: unknown. */
const void *neap_os_signal_pc(const void *context);

/* The process's handler of a signal, for as long as somebody has taken it: all have to take the
 * same signal and handler. -EBUSY: another is taken. The handler there was before comes back at the
 * end. */
int neap_os_signal_take(int signo, void (*handler)(int, siginfo_t *, void *));
void neap_os_signal_give(void);
int neap_os_signal_taken(void); /* 0: none */

/* Around writing to what a peer may have closed: SIGPIPE is blocked on the calling thread, and one that
 * came meanwhile is taken before the mask is as it was. */
typedef struct {
    sigset_t old;
    bool was_pending;
} neap_pipe_guard;
void neap_pipe_block(neap_pipe_guard *guard);
void neap_pipe_restore(const neap_pipe_guard *guard);

/* Take a pending signal of the set, which is blocked, without waiting for one if the system can do so:
 * another thread may have taken it. */
void neap_os_signal_discard(const sigset_t *set);

/* One-shot timers that send `signo` to the thread that opened them. An armed timer is replaced; arm
 * is signal-safe. All are called on that thread. */
typedef struct neap_os_timer neap_os_timer;
int neap_os_timer_open(neap_os_timer **timer, int signo);
void neap_os_timer_arm(neap_os_timer *timer, uint64_t deadline);
void neap_os_timer_close(neap_os_timer *timer);

/* The same by a helper thread and pthread_kill, where the kernel cannot direct a timer's signal. */
typedef struct neap_ticker neap_ticker;
int neap_ticker_open(neap_ticker **ticker, int signo);
void neap_ticker_arm(neap_ticker *ticker, uint64_t deadline);
void neap_ticker_close(neap_ticker *ticker);

#endif
