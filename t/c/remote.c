/* remote.c -- posts from other threads: in their order, and each runs or drops exactly once, also
 * across a close. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include <neap/neap.h>
#include <uv.h>

#include "tap.h"

enum { THREADS = 4, POSTS = 25000, AFTER = 100, ECLOSED = -20001 };

typedef struct {
    atomic_int fate; /* how often it ran (1), dropped (100) or was refused (10000) */
    int thread, number;
} item;

typedef struct {
    neap_runtime *rt;
    neap_remote *remote;
    item *items;
    int number;
} poster;

static atomic_int posted, ran;
static atomic_bool closed; /* the last posts of each thread come after it */
static int last[THREADS], disordered;
static pthread_t loop_thread;
static bool elsewhere;

static void on_run(neap_runtime *rt, void *data)
{
    item *i = data;
    (void)rt;
    elsewhere |= !pthread_equal(pthread_self(), loop_thread);
    disordered += i->number <= last[i->thread];
    last[i->thread] = i->number;
    atomic_fetch_add(&i->fate, 1);
    atomic_fetch_add(&ran, 1);
}

static void on_drop(void *data)
{
    atomic_fetch_add(&((item *)data)->fate, 100);
}

static void *post_all(void *data)
{
    poster *p = data;
    for (int n = 0; n < POSTS; n++) {
        item *i = &p->items[n];
        while (n == POSTS - AFTER && !atomic_load(&closed))
            usleep(100);
        i->thread = p->number;
        i->number = n + 1;
        int err = neap_post(p->remote, on_run, on_drop, i);
        if (err == ECLOSED)
            atomic_fetch_add(&i->fate, 10000);
        else if (err)
            atomic_fetch_add(&i->fate, 1000000);
        atomic_fetch_add(&posted, 1);
        if (n % 1000 == 0)
            neap_wake(p->remote);
    }
    neap_remote_close(p->remote);
    return NULL;
}

/* Post from all threads, and close once `close_after` posts were tried; -1: when all is done. */
static void across_a_close(int close_after, bool child)
{
    neap_error error;
    neap_options options = NEAP_OPTIONS_INIT;
    neap_runtime *root = neap_open(&options, &error), *rt = root;
    options.parent = root;
    if (child)
        rt = neap_open(&options, &error);
    pthread_t threads[THREADS];
    poster posters[THREADS];
    item *items = calloc(THREADS * POSTS, sizeof *items);
    posted = ran = 0;
    closed = close_after < 0;
    disordered = 0;
    memset(last, 0, sizeof last);
    loop_thread = pthread_self();
    for (int i = 0; i < THREADS; i++) {
        posters[i] = (poster){rt, neap_remote_open(rt), items + (size_t)i * POSTS, i};
        pthread_create(&threads[i], NULL, post_all, &posters[i]);
    }
    if (close_after < 0) {
        neap_run(root); /* ends when the last remote is closed and all has run */
    } else {
        while (atomic_load(&posted) < close_after)
            neap_step(root, 0);
        neap_close(rt, NULL, NULL);
        closed = true;
        if (child)
            neap_step(root, 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    if (close_after < 0 || child)
        neap_close(root, NULL, NULL);
    int fates[4] = {0};
    for (int i = 0; i < THREADS * POSTS; i++) {
        int fate = items[i].fate;
        fates[fate == 1 ? 0 : fate == 100 ? 1 : fate == 10000 ? 2 : 3]++;
    }
    printf("# %d ran, %d dropped, %d refused\n", fates[0], fates[1], fates[2]);
    is(fates[3], 0, "each post runs, drops or is refused, exactly once");
    is(disordered, 0, "those of one thread run in their order");
    ok(!elsewhere, "on the loop's thread");
    if (close_after < 0)
        is(fates[0], THREADS * POSTS, "all of them, when nothing closes before");
    else
        ok(fates[2] >= THREADS * AFTER, "after the close they are refused");
    free(items);
}

/* ---- One thread ---- */

static int calls, drops;

static void count(neap_runtime *rt, void *data)
{
    (void)rt, (void)data;
    calls++;
}

static void count_drop(void *data)
{
    (void)data;
    drops++;
}

static void post_again(neap_runtime *rt, void *data)
{
    neap_remote *remote = data;
    (void)rt;
    calls++;
    if (calls < 10)
        neap_post(remote, post_again, NULL, remote);
    else
        neap_remote_close(remote);
}

static void close_inside(neap_runtime *rt, void *data)
{
    (void)data;
    calls++;
    neap_close(rt, NULL, NULL);
}

static neap_runtime *open_on(uv_loop_t *loop)
{
    neap_options options = NEAP_OPTIONS_INIT;
    options.loop = loop;
    return neap_open(&options, NULL);
}

static void test_order_of_life(void)
{
    neap_runtime *rt = open_on(NULL);
    neap_remote *remote = neap_remote_open(rt);
    calls = drops = 0;
    neap_post(remote, post_again, NULL, remote);
    is(calls, 0, "nothing runs inside a post");
    is(neap_run(rt), 0, "neap_run goes on while a remote is open");
    is(calls, 10, "and a post may post");
    remote = neap_remote_open(rt);
    neap_post(remote, count, count_drop, NULL);
    neap_close(rt, NULL, NULL);
    is(calls, 10, "a post that the close comes before does not run");
    is(drops, 1, "it drops");
    is(neap_post(remote, count, count_drop, NULL), ECLOSED, "the remote outlives its runtime");
    is(neap_wake(remote), ECLOSED, "but wakes nothing");
    is(neap_interrupt(remote), ECLOSED, "and stops nothing");
    is(drops, 1, "a refused post does not drop");
    neap_remote_close(remote);
}

static void on_closed(void *data)
{
    *(bool *)data = true;
}

static void test_close_inside(void)
{
    uv_loop_t loop;
    bool gone = false;
    uv_loop_init(&loop);
    neap_runtime *rt = open_on(&loop);
    neap_remote *remote = neap_remote_open(rt);
    calls = drops = 0;
    neap_post(remote, close_inside, NULL, NULL);
    for (int i = 0; i < 100; i++)
        neap_post(remote, count, count_drop, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    is(calls, 1, "a post closes its runtime");
    is(drops, 100, "those behind it, ready to run, drop");
    is(uv_loop_close(&loop), 0, "and the given loop is empty");
    neap_remote_close(remote);
    uv_loop_init(&loop);
    rt = open_on(&loop);
    remote = neap_remote_open(rt);
    neap_remote_close(remote);
    uv_run(&loop, UV_RUN_DEFAULT);
    neap_close(rt, on_closed, &gone);
    uv_run(&loop, UV_RUN_DEFAULT);
    ok(gone && !uv_loop_close(&loop), "a closed remote keeps no loop");
}

/* ---- Wake ---- */

static void *wake_later(void *remote)
{
    usleep(50000);
    neap_wake(remote);
    neap_remote_close(remote);
    return NULL;
}

static void test_wake(void)
{
    pthread_t thread;
    neap_runtime *rt = open_on(NULL);
    pthread_create(&thread, NULL, wake_later, neap_remote_open(rt));
    is(neap_run(rt), 0, "a thread's last remote lets neap_run end");
    pthread_join(thread, NULL);
    neap_close(rt, NULL, NULL);
}

int main(void)
{
    alarm(120);
    test_order_of_life();
    test_close_inside();
    test_wake();
    across_a_close(-1, false);
    for (int i = 0; i < 5; i++) {
        across_a_close(i * 20000, false);
        across_a_close(i * 20000, true);
    }
    return done_testing();
}
