/* portable.c -- what POSIX has, for systems without timers for one thread: macOS, and PORTABLE builds. */
#if defined(__APPLE__) || defined(NEAP_PORTABLE)

#include "os.h"

#include <signal.h>

int neap_os_timer_open(neap_os_timer **timer, int signo)
{
    return neap_ticker_open((neap_ticker **)timer, signo);
}

void neap_os_timer_arm(neap_os_timer *timer, uint64_t deadline)
{
    neap_ticker_arm((neap_ticker *)timer, deadline);
}

void neap_os_timer_close(neap_os_timer *timer)
{
    neap_ticker_close((neap_ticker *)timer);
}

void neap_os_signal_discard(const sigset_t *set) /* there is no sigtimedwait */
{
    int signo;
    sigwait(set, &signo);
}

#else
typedef int neap_not_portable; /* a file may not be empty */
#endif
