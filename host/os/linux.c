/* linux.c -- Linux: stack bounds, the interrupted program counter, timers directed at a thread. */
#if defined(__linux__)

#include "os.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#ifndef sigev_notify_thread_id /* glibc has the field, but not always its name */
#define sigev_notify_thread_id _sigev_un._tid
#endif

/* For the main thread this is what the limit lets it grow to, which glibc reads from /proc. */
int neap_os_stack(char **base, size_t *size)
{
    pthread_attr_t attr;
    void *address;
    int err = pthread_getattr_np(pthread_self(), &attr);
    if (err)
        return -err;
    err = pthread_attr_getstack(&attr, &address, size);
    pthread_attr_destroy(&attr);
    if (!err)
        *base = address;
    return -err;
}

const void *neap_os_signal_pc(const void *context)
{
    const ucontext_t *uc = context;
#if defined(__x86_64__)
    return (const void *)uc->uc_mcontext.gregs[REG_RIP];
#elif defined(__aarch64__)
    return (const void *)uc->uc_mcontext.pc;
#else
    (void)uc;
    return NULL;
#endif
}

#if !defined(NEAP_PORTABLE)

struct neap_os_timer {
    timer_t id;
};

int neap_os_timer_open(neap_os_timer **timer, int signo)
{
    struct sigevent event;
    neap_os_timer *t = malloc(sizeof *t);
    if (!t)
        return -ENOMEM;
    memset(&event, 0, sizeof event);
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = signo;
    event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
    if (timer_create(CLOCK_MONOTONIC, &event, &t->id)) {
        int err = -errno;
        free(t);
        return err;
    }
    *timer = t;
    return 0;
}

void neap_os_timer_arm(neap_os_timer *timer, uint64_t deadline)
{
    struct itimerspec spec = {{0, 0},
                              {(time_t)(deadline / 1000000000), (long)(deadline % 1000000000)}};
    timer_settime(timer->id, TIMER_ABSTIME, &spec, NULL);
}

void neap_os_timer_close(neap_os_timer *timer)
{
    timer_delete(timer->id);
    free(timer);
}

void neap_os_signal_discard(const sigset_t *set)
{
    const struct timespec now = {0, 0};
    while (sigtimedwait(set, NULL, &now) < 0 && errno == EINTR)
        ;
}

#endif

#else
typedef int neap_not_linux; /* a file may not be empty */
#endif
