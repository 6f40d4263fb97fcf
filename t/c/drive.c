/* drive.c -- the three ways to drive a runtime: neap_run, neap_step and its bound, a foreign loop. */
#include <neap/extension.h>
#include <neap/neap.h>

#include <errno.h>
#include <lauxlib.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>
#include <uv.h>

#include "embedding.h"

static void test_run(void)
{
    neap_runtime *rt = open_quiet();
    start(rt, "local task = require 'neap.task'\n"
              "for i = 1, 3 do task.spawn(function() task.sleep(i / 200) print(i) end) end");
    is(neap_run(rt), 0, "neap_run runs until nothing is left");
    is_text(printed, "1\n2\n3\n", "through every wait");
    is(neap_run(rt), 0, "and again at once when there is nothing");
    start(rt, "print 'a second script'");
    is(neap_run(rt), 0, "a second script may be started");
    has(printed, "a second script", "and runs");
    neap_close(rt, NULL, NULL);
}

/* ---- neap_step ---- */

static double count_of(neap_runtime *rt, const char *name)
{
    lua_State *L = neap_lua(rt);
    lua_getglobal(L, name);
    double n = lua_tonumber(L, -1);
    lua_pop(L, 1);
    return n;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Steps of 2 ms over scripts that never wait: the median keeps the bound, and none goes far over it
 * (this machine may be busy). */
static void test_bound(int signo, const char *what)
{
    enum { STEPS = 60 };
    double took[STEPS], counts[STEPS];
    bool more = true, goes_on = true;
    neap_error error;
    neap_options options = quiet_options();
    options.preempt_signal = signo;
    forget();
    neap_runtime *rt = open_with(&options);
    start(rt, "n, m = 0, 0\n"
              "local task = require 'neap.task'\n"
              "task.spawn(function() while true do n = n + 1 end end)\n"
              "task.spawn(function() m = m + 1 while true do m = m + 1 end end)");
    for (int i = 0; i < STEPS; i++) {
        double begun = cpu_seconds();
        more = neap_step(rt, 0.002) == 1 && more;
        took[i] = cpu_seconds() - begun;
        counts[i] = count_of(rt, "n");
        if (i > 0 && counts[i] < counts[i - 1])
            goes_on = false;
    }
    qsort(took, STEPS, sizeof *took, by_size);
    if (!ok(took[STEPS / 2] < 0.004, "%s: a step over an endless script keeps its bound", what))
        printf("# median %.2f ms\n", took[STEPS / 2] * 1e3);
    if (!ok(took[STEPS - 1] < 0.1, "%s: and none hangs", what))
        printf("# most %.2f ms\n", took[STEPS - 1] * 1e3);
    ok(more, "%s: it says that more is ready", what);
    ok(goes_on && counts[STEPS - 1] > counts[0], "%s: the script goes on where it was", what);
    ok(count_of(rt, "m") == 0, "%s: another task of its VM does not run in between", what);
    is(neap_call(rt, "tostring", NULL, &error), UV_EBUSY, "nor may a call: EBUSY");
    is(neap_emit(rt, "x", NULL), 0, "an event is taken");
    double begun = cpu_seconds();
    neap_close(rt, NULL, NULL);
    ok(cpu_seconds() - begun < 1, "%s: closing ends it", what);
}

/* What is preempted in a coroutine, in pcall, in sort is the same afterwards as if it had not been. */
static void test_transparent(int signo, const char *what)
{
    neap_options options = quiet_options();
    options.preempt_signal = signo;
    forget();
    neap_runtime *rt = open_with(&options);
    start(
        rt,
        "local task = require 'neap.task'\n"
        "local function numbers(n) return coroutine.wrap(function() for i = 1, n do\n"
        "  local x = 0 for j = 1, 2000 do x = x + j end coroutine.yield(i) end end) end\n"
        "task.spawn(function()\n"
        "  local sum = 0\n"
        "  for i in numbers(1500) do local ok, v = pcall(function() return i * 2 end) sum = sum + v end\n"
        "  local t = {} for i = 1, 20000 do t[i] = (i * 7919) % 20011 end\n"
        "  table.sort(t, function(a, b) return a < b end)\n"
        "  local sorted = true for i = 2, #t do sorted = sorted and t[i - 1] <= t[i] end\n"
        "  print(sum, sorted)\n"
        "end)");
    int steps = 0;
    while (neap_step(rt, 0.0005) == 1 && steps < 100000)
        steps++;
    is_text(printed, "2251500\ttrue\n", "coroutines, pcall and sort under preemption count right");
    if (!ok(steps >= 3, "%s: it was preempted", what))
        printf("# %d steps\n", steps);
    neap_close(rt, NULL, NULL);
}

static int burn(lua_State *L)
{
    double end = cpu_seconds() + luaL_checknumber(L, 1);
    while (cpu_seconds() < end)
        ;
    return 0;
}

/* C cannot be stopped: how far it went over is told. */
static void test_overrun(void)
{
    neap_runtime *rt = open_quiet();
    lua_register(neap_lua(rt), "burn", burn);
    start(rt, "local task, host = require 'neap.task', require 'neap.host'\n"
              "before = host.stats().overrun\n"
              "task.spawn(function() burn(0.05) task.yield() after = host.stats().overrun end)");
    for (int i = 0; i < 100 && !count_of(rt, "after"); i++)
        neap_step(rt, 0.002);
    double before = count_of(rt, "before"), after = count_of(rt, "after");
    ok(before == 0 && after > 0.04, "stats tell how far a step went over its bound (%.0f ms)",
       after * 1e3);
    neap_close(rt, NULL, NULL);
}

/* A libuv callback that comes while the VM is preempted waits for its turn, behind what was preempted. */
static void test_late(void)
{
    neap_runtime *rt = open_quiet();
    start(rt, "local task, uv = require 'neap.task', require 'uv'\n"
              "local first, second = uv.new_timer(), uv.new_timer()\n"
              "task.spawn(function()\n"
              "  first:start(1, 0, function() print 'first' first:close() end)\n"
              "  second:start(2, 0, function() print 'second' second:close() end)\n"
              "  local till = os.clock() + 0.05 while os.clock() < till do end print 'busy' end)");
    int steps = 0;
    while (neap_step(rt, 0.002) == 1 && !strstr(printed, "second") && steps < 10000)
        steps++;
    neap_run(rt);
    is_text(printed, "busy\nfirst\nsecond\n",
            "callbacks of libuv wait while the VM is preempted, in their order");
    ok(steps > 5, "which it was (%d steps)", steps);
    neap_close(rt, NULL, NULL);
}

static void test_step_idle(void)
{
    neap_runtime *rt = open_quiet();
    is(neap_step(rt, 0.002), 0, "a step with nothing to do says 0");
    start(rt, "require 'neap.task'.spawn(require 'neap.task'.sleep, 1000)");
    double begun = seconds_now();
    is(neap_step(rt, 10), 0, "a step does not sleep for what is not due");
    ok(seconds_now() - begun < 10, "it returns at once");
    start(rt, "require 'neap.task'.sleep(0.02) print 'slept'");
    begun = seconds_now();
    while (!*printed && seconds_now() - begun < 5)
        neap_step(rt, 0);
    is_text(printed, "slept\n", "a step without a bound runs what is due");
    neap_close(rt, NULL, NULL);
}

/* ---- In a foreign loop ---- */

static void *post_later(void *data)
{
    usleep(20000);
    neap_wake(data);
    return NULL;
}

static void test_poll(void)
{
    neap_runtime *rt = open_quiet();
    int ends[2], wakes = 0;
    if (pipe(ends))
        exit(1);
    start(rt, "local task = require 'neap.task' for i = 1, 3 do task.sleep(0.02) print(i) end");
    ok(neap_backend_fd(rt) >= 0, "there is a descriptor to poll");
    double begun = seconds_now();
    while (strlen(printed) < 6 && seconds_now() - begun < 5) {
        struct pollfd set[] = {{neap_backend_fd(rt), POLLIN, 0}, {ends[0], POLLIN, 0}};
        poll(set, 2, neap_backend_timeout(rt));
        neap_step(rt, 0.01);
        wakes++;
    }
    is_text(printed, "1\n2\n3\n", "timers fire by neap_backend_timeout in poll");
    ok(wakes < 20, "without spinning (%d wake-ups)", wakes);
    is(neap_backend_timeout(rt), -1, "nothing left: the timeout has no bound");
    close(ends[0]);
    close(ends[1]);

    neap_emit(rt, "x", NULL);
    start(rt, "require 'neap.task'.defer(print, 'deferred')");
    is(neap_backend_timeout(rt), 0, "what is ready makes it 0");
    neap_step(rt, 0.01);
    has(printed, "deferred", "and a step runs it");

    neap_remote *remote = neap_remote_open(rt);
    pthread_t thread;
    struct epoll_event event = {.events = EPOLLIN};
    int outer = epoll_create1(0);
    epoll_ctl(outer, EPOLL_CTL_ADD, neap_backend_fd(rt), &event);
    is(neap_backend_timeout(rt), -1, "with a remote open it waits without a bound");
    pthread_create(&thread, NULL, post_later, remote);
    is(epoll_wait(outer, &event, 1, 5000), 1, "neap_wake from a thread ends epoll_wait");
    neap_step(rt, 0);
    is(epoll_wait(outer, &event, 1, 0), 0, "and a step takes it in");
    pthread_join(thread, NULL);
    neap_remote_close(remote);
    close(outer);
    neap_close(rt, NULL, NULL);
}

static void tick(uv_timer_t *timer)
{
    int *left = timer->data;
    if (!--*left)
        uv_close((uv_handle_t *)timer, NULL);
}

static void note_closed(void *data)
{
    (*(int *)data)++;
}

static void test_uv(void)
{
    uv_loop_t loop;
    uv_timer_t timer;
    int left = 20, closed = 0;
    neap_options options = quiet_options();
    forget();
    uv_loop_init(&loop);
    uv_timer_init(&loop, &timer);
    timer.data = &left;
    uv_timer_start(&timer, tick, 1, 1);
    options.loop = &loop;
    neap_runtime *rt = open_with(&options);
    start(rt, "local task = require 'neap.task'\n"
              "for i = 1, 3 do task.spawn(function() task.sleep(0.01) print(i) end) end");
    uv_run(&loop, UV_RUN_DEFAULT);
    is(left, 0, "on a loop of the embedder's its own timer runs");
    is_text(printed, "1\n2\n3\n", "and the script");
    is(uv_loop_alive(&loop), 0, "and an idle runtime does not keep the loop");
    start(rt, "for i = 1, 2 do require 'neap.task'.sleep(0.001) print(i) end");
    is(neap_run(rt), 0, "neap_run drives it too");
    neap_close(rt, note_closed, &closed);
    is(closed, 0, "neap_close returns before it is closed");
    uv_run(&loop, UV_RUN_DEFAULT);
    is(closed, 1, "the loop closes it, and on_closed is called once");
    is(uv_loop_close(&loop), 0, "no handle of ours is left on the loop");

    uv_loop_init(&loop);
    rt = open_with(&options);
    start(rt, "require 'neap.task'.sleep(1000)");
    neap_close(rt, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    is(uv_loop_close(&loop), 0, "nor without on_closed, with a task that waits");

    uv_loop_init(&loop);
    rt = open_with(&options);
    neap_runtime *second = open_with(&options);
    start(rt, "local task = require 'neap.task' task.sleep(0.002) print 'one'");
    start(second, "local task = require 'neap.task' task.sleep(0.01) print 'two'");
    forget();
    uv_run(&loop, UV_RUN_DEFAULT);
    ok(strstr(printed, "one\n") && strstr(printed, "two\n"), "two roots share a loop");
    neap_close(rt, NULL, NULL);
    neap_close(second, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    is(uv_loop_close(&loop), 0, "and both leave it");
}

static const char *text_of(neap_runtime *rt, const char *name)
{
    lua_State *L = neap_lua(rt);
    lua_getglobal(L, name);
    const char *text = lua_tostring(L, -1); /* the global keeps it */
    lua_pop(L, 1);
    return text;
}

/* Callbacks of `uv` enter Lua in the middle of libuv's: not when there is no time left. */
static void test_uv_bound(int signo, const char *what)
{
    neap_options options = quiet_options();
    options.preempt_signal = signo;
    neap_runtime *rt = open_with(&options);
    start(rt, "local uv = require 'uv'\n"
              "order = ''\n"
              "for i = 1, 3 do uv.new_timer():start(0, 0, function()\n"
              "  order = order .. i\n"
              "  local begun = uv.hrtime() while uv.hrtime() - begun < 20e6 do end\n"
              "  order = order .. '.'\n"
              "end) end");
    while (!*text_of(rt, "order"))
        neap_step(rt, 0.002);
    ok(!strchr(text_of(rt, "order"), '2'), "%s: uv: when a step's time is over no callback starts",
       what);
    for (int i = 0; i < 1000 && neap_step(rt, 0.002) == 1; i++)
        ;
    is_text(text_of(rt, "order"), "1.2.3.",
            "uv: those that are late come one after the other, in order");
    neap_close(rt, NULL, NULL);
}

/* uv.run is where the main script waits: what a callback raises in it is not the script's own error. */
static void test_uv_error(void)
{
    neap_runtime *rt = open_quiet();
    is(start(rt, "local uv = require 'uv'\n"
                 "uv.new_timer():start(0, 0, function() error 'in a callback' end)\n"
                 "uv.run() print 'goes on'"),
       0, "uv: a callback's error in uv.run is not the start's");
    has(reported.message, "in a callback", "but goes to on_error");
    is(fatals, 1, "and ends the program");
    is(neap_run(rt), 1, "whose status is 1");
    is_text(printed, "", "and whose script does not go on");
    neap_close(rt, NULL, NULL);

    neap_error error;
    rt = open_quiet();
    is(try_start(rt, "local uv = require 'uv' uv.run() error 'its own'", &error), NEAP_ESCRIPT,
       "uv: its own after uv.run is");
    has(error.message, "its own", "with its words");
    neap_close(rt, NULL, NULL);
}

int main(void)
{
    test_run();
    test_bound(SIGURG, "by signal");
    test_bound(0, "by count");
    test_transparent(SIGURG, "by signal");
    test_transparent(0, "by count");
    test_overrun();
    test_late();
    test_step_idle();
    test_poll();
    test_uv();
    test_uv_bound(SIGURG, "by signal");
    test_uv_bound(0, "by count");
    test_uv_error();
    return done_testing();
}
