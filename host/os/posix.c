/* posix.c -- what POSIX systems share: the clock, taking a signal, keeping SIGPIPE away, and a timer
 * made of a thread (the ticker).
 *
 * A ticker's thread sleeps in poll on a pipe until it is armed, then until the deadline, and sends
 * the signal. Arming stores the deadline and writes a byte only when the thread would sleep past
 * it, so it may be done in a signal handler. poll counts milliseconds: the last two are slept in
 * naps, and an earlier deadline is noticed up to a nap late. The thread owns nothing; close ends
 * it, joins it, and frees all. */
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MILLISECOND = 1000000, NAP = 100000 };

struct neap_ticker {
    pthread_t target, thread;
    int signo;
    int pipe[2];
    _Atomic uint64_t deadline; /* NEAP_OS_NEVER: not armed */
    _Atomic uint64_t sleeping; /* the thread, until then at most; NEVER: for ever */
    atomic_int ending;
};

uint64_t neap_os_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* ---- The signal ---- */

static struct {
    pthread_mutex_t lock;
    int users, signo;
    struct sigaction before;
} taken = {.lock = PTHREAD_MUTEX_INITIALIZER};

int neap_os_signal_take(int signo, void (*handler)(int, siginfo_t *, void *))
{
    struct sigaction action;
    int err = 0;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK;
    pthread_mutex_lock(&taken.lock);
    if (taken.users && taken.signo != signo)
        err = -EBUSY;
    else if (!taken.users && sigaction(signo, &action, &taken.before))
        err = -errno;
    if (!err) {
        taken.signo = signo;
        taken.users++;
    }
    pthread_mutex_unlock(&taken.lock);
    return err;
}

void neap_os_signal_give(void)
{
    pthread_mutex_lock(&taken.lock);
    if (!--taken.users)
        sigaction(taken.signo, &taken.before, NULL);
    pthread_mutex_unlock(&taken.lock);
}

int neap_os_signal_taken(void)
{
    pthread_mutex_lock(&taken.lock);
    int signo = taken.users ? taken.signo : 0;
    pthread_mutex_unlock(&taken.lock);
    return signo;
}

/* ---- SIGPIPE ---- */

void neap_pipe_block(neap_pipe_guard *g)
{
    sigset_t pipe, pending;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigpending(&pending);
    g->was_pending = sigismember(&pending, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &g->old);
}

void neap_pipe_restore(const neap_pipe_guard *g)
{
    sigset_t pipe, pending;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    sigpending(&pending);
    if (sigismember(&pending, SIGPIPE) && !g->was_pending && !sigismember(&g->old, SIGPIPE))
        neap_os_signal_discard(&pipe);
    pthread_sigmask(SIG_SETMASK, &g->old, NULL);
}

/* ---- The ticker ---- */

/* Sleep until the deadline or a byte in the pipe; 1: the deadline has come. */
static int wait_until(neap_ticker *t, uint64_t deadline)
{
    struct pollfd fd = {t->pipe[0], POLLIN, 0};
    char bytes[64];
    uint64_t now = neap_os_clock();
    int ms = -1;
    if (deadline != NEAP_OS_NEVER) {
        uint64_t left = deadline > now ? deadline - now : 0;
        if (left < 2 * MILLISECOND) {
            struct timespec nap = {0, left < NAP ? (long)left : NAP};
            nanosleep(&nap, NULL);
            return left <= NAP;
        }
        left = left / MILLISECOND - 1;
        ms = left < 1000000 ? (int)left : 1000000;
    }
    if (poll(&fd, 1, ms) > 0)
        while (read(t->pipe[0], bytes, sizeof bytes) > 0)
            ;
    return 0;
}

static void *tick(void *data)
{
    neap_ticker *t = data;
    while (!atomic_load(&t->ending)) {
        uint64_t deadline = atomic_load(&t->deadline);
        atomic_store(&t->sleeping, deadline);
        if (atomic_load(&t->deadline) != deadline || !wait_until(t, deadline))
            continue;
        if (atomic_compare_exchange_strong(&t->deadline, &deadline, NEAP_OS_NEVER))
            pthread_kill(t->target, t->signo);
    }
    return NULL;
}

static int make_pipe(int fds[2])
{
    if (pipe(fds))
        return -errno;
    for (int i = 0; i < 2; i++) {
        fcntl(fds[i], F_SETFD, FD_CLOEXEC);
        fcntl(fds[i], F_SETFL, O_NONBLOCK);
    }
    return 0;
}

/* The thread takes no signals: they are for the program's own. */
static int start_thread(neap_ticker *t)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int err = pthread_create(&t->thread, NULL, tick, t);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return -err;
}

int neap_ticker_open(neap_ticker **ticker, int signo)
{
    neap_ticker *t = calloc(1, sizeof *t);
    if (!t)
        return -ENOMEM;
    t->target = pthread_self();
    t->signo = signo;
    t->pipe[0] = t->pipe[1] = -1;
    int err = make_pipe(t->pipe);
    if (!err)
        err = start_thread(t);
    if (err)
        goto fail;
    *ticker = t;
    return 0;
fail:
    close(t->pipe[0]);
    close(t->pipe[1]);
    free(t);
    return err;
}

static void wake(neap_ticker *t)
{
    int saved = errno;
    while (write(t->pipe[1], "", 1) < 0 && errno == EINTR) /* full is as good: it wakes */
        ;
    errno = saved;
}

void neap_ticker_arm(neap_ticker *t, uint64_t deadline)
{
    atomic_store(&t->deadline, deadline);
    uint64_t sleeping = atomic_load(&t->sleeping);
    if (deadline != NEAP_OS_NEVER && (sleeping == NEAP_OS_NEVER || deadline < sleeping))
        wake(t);
}

void neap_ticker_close(neap_ticker *t)
{
    atomic_store(&t->ending, 1);
    wake(t);
    pthread_join(t->thread, NULL);
    close(t->pipe[0]);
    close(t->pipe[1]);
    free(t);
}
