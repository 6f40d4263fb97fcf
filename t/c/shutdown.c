/* shutdown.c -- closing a runtime in each state that it can be in: nothing runs after, nothing stays.
 * Under ASan and valgrind a byte that is left shows; with NEAP_CHECK the runtime's account must be zero. */
#include <neap/extension.h>
#include <neap/neap.h>

#include <lauxlib.h>
#include <signal.h>
#include <uv.h>

#include "embedding.h"

static const char prelude[] =
    "local task, host, errors = require 'neap.task', require 'neap.host', require 'neap.errors' ";

/* Closed after this script has run `turns` turns; what it then printed. */
static void closes(const char *name, int turns, const char *script, const char *expected)
{
    char text[4000];
    neap_options options = quiet_options();
    options.preempt_signal = SIGURG;
    options.grace = 0.2;
    forget();
    neap_runtime *rt = open_with(&options);
    snprintf(text, sizeof text, "%s%s", prelude, script);
    int status = start(rt, text);
    for (int i = 0; i < turns; i++)
        neap_step(rt, 0);
    forget();
    double begun = seconds_now();
    neap_close(rt, NULL, NULL);
    double took = seconds_now() - begun;
    if (!ok(status == 0 && strcmp(printed, expected) == 0 && took < 10, "closed with %s", name))
        printf("# status %d, %.2f s, printed \"%s\", expected \"%s\"\n", status, took, printed,
               expected);
    if (reports)
        printf("# %s: reported: %s\n", name, reported.message);
}

static void test_waiting(void)
{
    closes("nothing started", 0, "", "");
    closes("a task in sleep", 1, "task.sleep(1000) print 'never'", "");
    closes("a task that cleans up after its sleep", 1,
           "local ok, err = task.sleep(1000) print(ok, err.code)", "nil\tECANCELED\n");
    closes(
        "one that cleans up with pcall", 1,
        "local ok, err = pcall(function() task.sleep(1000) task.sleep(1000) end) print(ok, err.code)",
        "false\tECANCELED\n");
    closes("a task spawned and not yet begun", 0, "task.spawn(function() print 'begun' end) ", "");
    closes("a receiver and a sender at channels", 1,
           "local a, b = task.channel(), task.channel()\n"
           "task.spawn(function() local v, err = a:receive() print(v, err.code) end)\n"
           "task.spawn(function() local v, err = b:send(1) print(v, err.code) end)",
           "nil\tECANCELED\nnil\tECANCELED\n");
    closes(
        "a semaphore", 1,
        "local s = task.semaphore(1) s:acquire()\n"
        "task.spawn(function() s:acquire() end) task.spawn(function() s:with(function() end) end)",
        "");
    closes(
        "a group with members", 1,
        "task.spawn(function()\n"
        "  local ok, none, err = pcall(task.group, function(g)\n"
        "    for i = 1, 3 do g:spawn(function() pcall(task.sleep, 1000) print('member', i) end) end end)\n"
        "  print('group', ok, err.code) end)",
        "member\t1\nmember\t2\nmember\t3\ngroup\ttrue\tECANCELED\n");
    closes("groups in groups", 1,
           "local function nest(n) if n == 0 then task.sleep(1000) end\n"
           "  task.group(function(g) g:spawn(nest, n - 1) end) end task.spawn(nest, 20)",
           "");
    closes(
        "a shield: it may go on for the grace", 1,
        "task.spawn(function() task.shield(1, function() task.sleep(0.01) print 'shielded' end) print 'out' end)",
        "shielded\nout\n");
    closes(
        "a shield that is longer than the grace", 1,
        "task.spawn(function() task.shield(100, function() task.sleep(100) print 'never' end) end)",
        "");
    closes(
        "task.each whose function is shielded for longer", 1,
        "task.spawn(function()\n"
        "  for i in task.each({1}, function() task.shield(100, function() task.sleep(100) end) end) do end end)",
        "");
    closes("a shield while time stands still", 1,
           "require 'neap_clock'.take(false)\n"
           "task.spawn(function() task.shield(100, function() task.sleep(100) end) end)",
           "");
    closes("a shield raised while closing", 1,
           "task.spawn(function() pcall(task.sleep, 1000)\n"
           "  task.shield(1, function() print 'saving' end) end)",
           "saving\n");
    closes("a timeout", 1, "task.spawn(task.timeout, 1000, task.sleep, 2000)", "");
    closes("a task waiting for another", 1,
           "local t = task.spawn(task.sleep, 1000) task.spawn(function() t:wait() end)", "");
    closes("a callback pending", 1, "task.sleep(1000, function(err) print(err.code) end)",
           "ECANCELED\n");
    closes("a callback due", 0, "task.yield(function(err) print(err) end)", "nil\n");
    closes(
        "map, each and race under way", 1,
        "task.spawn(function() task.map({1, 2, 3}, {limit = 2}, function() task.sleep(1000) end) end)\n"
        "task.spawn(function() for x in task.each({1, 2, 3}, {limit = 2}, function() task.sleep(1000) end) do end end)\n"
        "task.spawn(task.race, {function() task.sleep(1000) end, function() task.sleep(1000) end})",
        "");
    closes("a retry in its pause", 1,
           "task.spawn(task.retry, {delay = 100}, function() error 'x' end)", "");
    closes("a require that waits, and one that waits for it", 1,
           "package.preload.slow = function() task.sleep(1000) end\n"
           "task.spawn(require, 'slow') task.spawn(require, 'slow')",
           "");
    closes(
        "generators that wait", 1,
        "for i = 1, 3 do task.spawn(function()\n"
        "  for x in coroutine.wrap(function() task.sleep(1000) coroutine.yield(1) end) do end end) end",
        "");
    closes("suspended coroutines", 1, "c = coroutine.wrap(function() coroutine.yield() end) c()",
           "");
    closes("events emitted and not handled", 0,
           "host.on('e', function() print 'no' end) host.emit 'e'", "");
}

static void test_refusing(void)
{
    closes("a task that waits again and again", 1,
           "task.spawn(function() while true do pcall(task.sleep, 1) end end)", "");
    closes("one that spins", 0, "task.spawn(function() while true do end end)", "");
    closes("one that spins after it was cancelled", 1,
           "task.spawn(function() pcall(task.sleep, 1000) while true do end end)", "");
    closes(
        "one that spins in sort", 1,
        "task.spawn(function() pcall(task.sleep, 1000)\n"
        "  while true do pcall(table.sort, {3, 2, 1}, function() while true do end end) end end)",
        "");
    closes(
        "one that catches everything in gsub", 1,
        "task.spawn(function() pcall(task.sleep, 1000);\n"
        "  ('x'):gsub('x', function() while true do pcall(function() while true do end end) end end) end)",
        "");
    closes(
        "one that spawns another that spawns another", 1,
        "local function again() pcall(task.sleep, 1000) while true do pcall(task.spawn, again) task.yield() end end\n"
        "task.spawn(again)",
        "");
    closes(
        "coroutines that never end", 1,
        "task.spawn(function() pcall(task.sleep, 1000)\n"
        "  local c = coroutine.wrap(function() while true do coroutine.yield() end end) while true do c() end end)",
        "");
}

static void test_grace(void)
{
    neap_options options = quiet_options();
    options.grace = 0.5;
    forget();
    neap_runtime *rt = open_with(&options);
    start(
        rt,
        "local task = require 'neap.task'\n"
        "task.spawn(function() pcall(task.sleep, 1000)\n"
        "  task.shield(10, function() task.sleep(0.03) print 'in time' task.sleep(9) print 'late' end) end)");
    neap_step(rt, 0);
    double begun = seconds_now();
    neap_close(rt, NULL, NULL);
    double took = seconds_now() - begun;
    is_text(printed, "in time\n", "tasks clean up during the grace, and no longer");
    if (!ok(took > 0.49 && took < 9, "which is kept"))
        printf("# %.3f s\n", took);
    options.grace = 10;
    forget();
    rt = open_with(&options);
    start(
        rt,
        "local task = require 'neap.task' task.spawn(function() pcall(task.sleep, 1000) print 'bye' end)");
    neap_step(rt, 0);
    begun = seconds_now();
    neap_close(rt, NULL, NULL);
    ok(seconds_now() - begun < 9, "a close waits no longer than the tasks do");
    is_text(printed, "bye\n", "who said what they had to");
    options.grace = 0;
    forget();
    rt = open_with(&options);
    start(
        rt,
        "local task = require 'neap.task' task.spawn(function() while true do pcall(task.sleep, 1000) end end)");
    neap_step(rt, 0);
    begun = seconds_now();
    neap_close(rt, NULL, NULL);
    ok(seconds_now() - begun < 5, "no grace is none");
}

/* Handles, jobs of the pool, sockets: none is left open, each callback has its ECANCELED or nothing. */
static void test_resources(void)
{
    closes(
        "a file read under way", 0,
        "local fs = require 'neap.fs' for i = 1, 20 do fs.read_file('/etc/passwd', function() end) end",
        "");
    closes(
        "a file read whose task waits", 0,
        "local fs = require 'neap.fs' task.spawn(function() while true do fs.read_file '/etc/passwd' end end)",
        "");
    closes("open files", 3,
           "local fs = require 'neap.fs' task.spawn(function() files = {}\n"
           "  for i = 1, 5 do files[i] = assert(fs.open('/etc/passwd')) end end)",
           "");
    closes("a server, its connections and their readers", 20,
           "local net = require 'neap.net'\n"
           "local server = assert(net.listen({host = '127.0.0.1', port = 0}, function(stream)\n"
           "  while stream:read() do end end))\n"
           "task.spawn(function() streams = {}\n"
           "  local port = server.port\n"
           "  for i = 1, 5 do streams[i] = assert(net.connect('127.0.0.1', port)) end\n"
           "  task.spawn(function() streams[1]:read() end) streams[2]:write(('x'):rep(1e6)) end)",
           "");
    closes("a lookup under way", 0,
           "local net = require 'neap.net' task.spawn(net.connect, 'localhost', 1)", "");
    closes("timers", 1,
           "local timer = package.preload['neap.timer'] and require 'neap.timer'\n"
           "for i = 1, 100 do task.sleep(i, function() end) end",
           "");
}

static void test_main(void)
{
    closes("the main script waiting", 1, "task.sleep(1000)", "");
    closes("a main script that exited", 1, "os.exit(3)", "");
    closes("a main script that exited in a coroutine", 1,
           "coroutine.wrap(function() os.exit(3) end)()", "");
    closes(
        "finalizers that print and raise", 1,
        "local p = newproxy(true) getmetatable(p).__gc = function() print 'finalized' end keep = p\n"
        "local q = newproxy(true) getmetatable(q).__gc = function() error 'x' end keep2 = q",
        "finalized\n");
    closes("finalizers that spawn and wait", 1,
           "local p = newproxy(true) getmetatable(p).__gc = function()\n"
           "  print(pcall(task.spawn, print) == false, pcall(task.sleep, 1) == false) end keep = p",
           "true\ttrue\n");
    neap_runtime *rt = open_quiet();
    neap_error error;
    ok(neap_start_text(rt, "x", "error 'x'", 9, &error) < 0, "a script that failed");
    neap_close(rt, NULL, NULL);
    rt = open_quiet();
    ok(neap_start_text(rt, "x", "error", 5, &error) < 0, "one that did not compile");
    neap_close(rt, NULL, NULL);
    rt = open_quiet();
    start(rt, "require 'neap.task'.spawn(error, 'x')");
    neap_run(rt);
    neap_close(rt, NULL, NULL);
    ok(reports == 1, "one with an error that nobody took");
}

/* Processor seconds that closing takes with so many open streams. */
static double closing_with(int streams)
{
    char text[200];
    neap_runtime *rt = open_quiet();
    snprintf(text, sizeof text,
             "keep = {} for i = 1, %d do keep[i] = {require 'neap.stream'.pair()} end",
             streams / 2);
    start(rt, text);
    double begun = cpu_seconds();
    neap_close(rt, NULL, NULL);
    return cpu_seconds() - begun;
}

static void test_many(void)
{
    double few = closing_with(3000), many = closing_with(24000);
    if (!ok(many < 0.02 + 30 * few, "closing many handles takes time in proportion"))
        printf("# %.4f s with 3,000, %.4f with 24,000\n", few, many);
}

static void test_flat(void)
{
    long before = 0;
    for (int i = 0; i < 120; i++) {
        if (i == 20)
            before = resident();
        neap_runtime *rt = open_quiet();
        start(
            rt,
            "local task = require 'neap.task'\n"
            "task.spawn(function() task.all({function() task.sleep(0) end, function() task.yield() end})\n"
            "  pcall(task.timeout, 0.0001, task.sleep, 1) task.sleep(1000) end) task.sleep(0.001)");
        neap_step(rt, 0.01);
        neap_close(rt, NULL, NULL);
    }
    long grown = resident() - before;
    ok(grown < 600, "a hundred runtimes opened, run and closed leave nothing (%ld KiB)", grown);
}

int main(void)
{
    test_waiting();
    test_refusing();
    test_grace();
    test_resources();
    test_main();
    test_many();
    test_flat();
    return done_testing();
}
