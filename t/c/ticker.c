/* ticker.c -- timers made of a thread, for systems whose kernel cannot direct a timer's signal at one: they
 * work on every system, so they are tested here, on a thread beside another that takes the signal too. */
#include "host.h"

#include <pthread.h>
#include <unistd.h>

#include "tap.h"

enum { MS = 1000000 };

static neap_ticker *ticker;
static pthread_t target;
static volatile sig_atomic_t signals, elsewhere, again;

static void on_signal(int signo)
{
    (void)signo;
    signals = signals + 1;
    elsewhere = elsewhere || !pthread_equal(pthread_self(), target);
    if (again) {
        again = again - 1;
        neap_ticker_arm(ticker, neap_os_clock() + MS);
    }
}

static void *idle(void *data)
{
    (void)data;
    for (;;)
        pause();
    return NULL;
}

/* Until there are that many, or far too long. */
static bool wait_for(int number)
{
    for (int i = 0; i < 10000 && signals < number; i++)
        usleep(1000);
    return signals >= number;
}

static void test_arming(void)
{
    uint64_t due = neap_os_clock() + 20 * MS;
    neap_ticker_arm(ticker, due);
    ok(wait_for(1) && neap_os_clock() >= due, "the signal comes, not before its time");
    neap_ticker_arm(ticker, neap_os_clock() + 3600 * (uint64_t)1000 * MS);
    neap_ticker_arm(ticker, neap_os_clock() + 5 * MS);
    ok(wait_for(2), "an earlier deadline replaces one that is far");
    neap_ticker_arm(ticker, neap_os_clock() - 5 * MS);
    ok(wait_for(3), "one that has passed is due at once");
    neap_ticker_arm(ticker, neap_os_clock() + 200 * MS);
    neap_ticker_arm(ticker, NEAP_OS_NEVER);
    usleep(300000);
    is(signals, 3, "one that was taken back does not come");
    again = 5;
    neap_ticker_arm(ticker, neap_os_clock() + MS);
    ok(wait_for(9), "the handler may arm it");
    usleep(20000);
    is(signals, 9, "each comes once");
    is(elsewhere, 0, "all on the thread that opened it");
}

int main(void)
{
    pthread_t other;
    signal(SIGURG, on_signal);
    target = pthread_self();
    pthread_create(&other, NULL, idle, NULL);
    if (neap_ticker_open(&ticker, SIGURG))
        return 1;
    test_arming();
    neap_ticker_arm(ticker, neap_os_clock() + 3600 * (uint64_t)1000 * MS);
    neap_ticker_close(ticker);
    for (int i = 0; i < 200; i++)
        if (neap_ticker_open(&ticker, SIGURG) == 0)
            neap_ticker_close(ticker);
    is(signals, 9, "closed, while armed and at once, it is gone");
    return done_testing();
}
