/* children.c -- children beside a root: own VM, limits, permissions; turns; closing; memory limits; and
 * scripts that try to run for ever, which stop neither the root nor neap_close. */
#include <neap/extension.h>
#include <neap/neap.h>

#include <errno.h>
#include <lauxlib.h>
#include <signal.h>
#include <uv.h>

#include "embedding.h"

static neap_runtime *open_child(neap_runtime *parent, neap_options options)
{
    options.parent = parent;
    return open_with(&options);
}

static char closed[64];

static void note_closed(void *data)
{
    strcat(closed, data);
}

static void test_beside(void)
{
    neap_runtime *root = open_quiet();
    neap_runtime *a = open_child(root, quiet_options()), *b = open_child(root, quiet_options());
    ok(neap_lua(a) != neap_lua(root) && neap_lua(a) != neap_lua(b), "each has a VM of its own");
    ok(neap_of(neap_lua(a)) == a && neap_of(neap_lua(root)) == root, "neap_of tells them apart");
    start(root, "x = 'root'");
    start(a, "assert(x == nil) x = 'a'");
    start(b, "assert(x == nil) x = 'b'");
    const char *x;
    neap_call(root, "tostring", "s>s", "unused", &x, NULL);
    is(start(root,
             "assert(x == 'root') local task = require 'neap.task' task.sleep(0.001) print(x)"),
       0, "the root's globals are its own");
    start(a, "local task = require 'neap.task' task.sleep(0.005) print(x)");
    start(b, "local task = require 'neap.task' task.sleep(0.01) print(x)");
    is(neap_run(root), 0, "the root's loop runs them all");
    is_text(printed, "root\na\nb\n", "each with its own globals");
    neap_close(root, NULL, NULL);
}

static void test_permissions(void)
{
    neap_error error;
    const char *allowed[] = {"fs.read /etc", NULL}, *text;
    neap_runtime *root = open_quiet();
    neap_options options = quiet_options();
    neap_runtime *nothing = open_child(root, options);
    options.permissions = allowed;
    neap_runtime *some = open_child(root, options);
    static const char script[] = "local fs = require 'neap.fs'\n"
                                 "require 'neap.task'.spawn(function()\n"
                                 "  local text, err = fs.read_file('/etc/hostname')\n"
                                 "  print(text and 'read' or err.code)\n"
                                 "  text, err = fs.read_file('/proc/self/status')\n"
                                 "  print(text and 'read' or err.code) end)";
    start(nothing, script);
    neap_run(root);
    is_text(printed, "EPERMISSION\nEPERMISSION\n", "a child may do nothing by default");
    forget();
    start(some, script);
    neap_run(root);
    is_text(printed, "read\nEPERMISSION\n", "or what it was given");
    forget();
    start(root, script);
    neap_run(root);
    is_text(printed, "read\nread\n", "the root everything");
    is(start(
           nothing,
           "assert(io == nil or not pcall(io.open, '/etc/hostname') or not io.open('/etc/hostname'))\n"
           "assert(not pcall(require, 'ffi')) assert(not pcall(require, 'uv'))\n"
           "assert(not (debug and debug.getregistry))\n"
           "assert(not (package.loadlib and pcall(package.loadlib, 'x', 'y')))\n"
           "assert(newproxy == nil)\n"
           "assert(not os.execute or not os.execute('true'))\n"
           "assert(not load('\\27LJ'))"),
       0, "what would reach round permissions is not there");
    is(neap_start(nothing, "/etc/hostname", &error) == 0 ? 0 : error.status == NEAP_EPERMISSION, 0,
       "the embedder starts what file it likes");
    (void)text;
    neap_close(root, NULL, NULL);
}

static const char yields[] =
    "local task = require 'neap.task' n = 0\n"
    "task.spawn(function() while n < 20000 do n = n + 1 task.yield() end end)";

/* Two children with a job for every turn: neither runs twice before the other. */
static void test_turns(void)
{
    neap_runtime *root = open_quiet();
    neap_runtime *a = open_child(root, quiet_options()), *b = open_child(root, quiet_options());
    start(a, yields);
    start(b, yields);
    bool close = true;
    double na = 0, nb = 0;
    for (int i = 0; i < 100 && na < 20000; i++) {
        neap_step(root, 0);
        lua_getglobal(neap_lua(a), "n");
        lua_getglobal(neap_lua(b), "n");
        na = lua_tonumber(neap_lua(a), -1);
        nb = lua_tonumber(neap_lua(b), -1);
        lua_settop(neap_lua(a), 0);
        lua_settop(neap_lua(b), 0);
        close = close && na - nb < 1100 && nb - na < 1100;
    }
    ok(na > 0 && nb > 0, "both run");
    ok(close, "their queues are served in turn");
    neap_close(root, NULL, NULL);
}

static double number(neap_runtime *rt, const char *name)
{
    lua_State *L = neap_lua(rt);
    lua_getglobal(L, name);
    double value = lua_tonumber(L, -1);
    lua_settop(L, 0);
    return value;
}

static void test_weights(void)
{
    static const char endless[] =
        "local task = require 'neap.task' n = 0\n"
        "task.spawn(function() while true do n = n + 1 task.yield() end end)";
    neap_options three = quiet_options();
    three.weight = 3;
    neap_runtime *root = open_quiet();
    neap_runtime *a = open_child(root, three), *b = open_child(root, quiet_options());
    start(a, endless);
    start(b, endless);
    for (int i = 0; i < 100; i++)
        neap_step(root, 0);
    double times = number(a, "n") / number(b, "n");
    ok(times > 2.5 && times < 3.5, "a weight of three is three times the share (%.2f)", times);
    neap_close(root, NULL, NULL);

    neap_options heavy = quiet_options(), light = quiet_options();
    heavy.weight = 3;
    heavy.cpu_budget = light.cpu_budget = 0.001;
    root = open_quiet();
    a = open_child(root, heavy);
    b = open_child(root, light);
    start(a, yields);
    start(b, yields);
    neap_run(root);
    ok(true, "with weights and budgets both come to their end");
    neap_close(root, NULL, NULL);
}

/* There may be no memory to make one. */
static void test_no_memory(void)
{
    neap_options options = quiet_options();
    options.memory_limit = 8 << 20;
    forget();
    neap_runtime *rt = open_with(&options);
    start(rt, "local task, errs = require 'neap.task', {}\n"
              "for i = 1, 2 do\n"
              "  local t = task.spawn(function() local t = {} while true do t = {t} end end)\n"
              "  errs[i] = select(2, pcall(t.wait, t))\n"
              "end\n"
              "print(errs[1].code, rawequal(errs[1], errs[2]))");
    neap_run(rt);
    is_text(printed, "ENOMEM\ttrue\n", "the error of no memory is one object");
    neap_close(rt, NULL, NULL);
}

static neap_runtime *whose;

static void on_own_error(neap_runtime *rt, const neap_error *error, int fatal, void *data)
{
    whose = rt;
    on_error(rt, error, fatal, data);
}

/* A child's error is its supervisor's. */
static void test_supervised(void)
{
    neap_options options = quiet_options();
    neap_runtime *root = open_quiet();
    options.on_error = on_own_error;
    neap_runtime *child = open_child(root, options);
    start(
        root,
        "local task = require 'neap.task'\n"
        "task.spawn(function() for i = 1, 3 do task.sleep(0.001) end print 'the parent goes on' end)");
    start(child, "require 'neap.task'.spawn(function() error 'a mistake' end)");
    is(neap_run(root), 0, "a child's error does not end its parent");
    ok(reports == 1 && fatals == 1 && whose == child, "its own on_error gets it");
    has(reported.message, "a mistake", "as it was");
    is_text(printed, "the parent goes on\n", "its parent's tasks hear nothing");
    neap_close(root, NULL, NULL);
}

static void test_closing(void)
{
    neap_options options = quiet_options();
    closed[0] = 0;
    neap_runtime *root = open_quiet();
    neap_runtime *a = open_child(root, options), *b = open_child(root, options);
    neap_runtime *grandchild = open_child(a, options);
    start(grandchild, "require 'neap.task'.sleep(1000)");
    start(b, "require 'neap.task'.sleep(1000)");
    neap_close(b, note_closed, (char *)"b");
    is_text(closed, "", "a child is closed by the loop");
    for (int i = 0; i < 1000 && !*closed; i++)
        neap_step(root, 0.001);
    is_text(closed, "b", "in a turn of its, before its parent");
    neap_close(a, note_closed, (char *)"a");
    neap_error error;
    options.parent = a;
    ok(!neap_open(&options, &error) && error.status == NEAP_ECLOSED,
       "a closing one gets no more children");
    is(neap_call(a, "tostring", NULL, &error), NEAP_ECLOSED, "nor calls");
    is(neap_emit(a, "x", NULL), NEAP_ECLOSED, "nor events");
    is(neap_start_text(a, "x", "", 0, &error), NEAP_ECLOSED, "nor scripts");
    neap_close(a, note_closed, (char *)"again");
    neap_close(root, note_closed, (char *)"r");
    is_text(closed, "bar", "closing the root closes its children first, each once");

    closed[0] = 0;
    root = open_quiet();
    a = open_child(root, quiet_options());
    b = open_child(a, quiet_options());
    start(b, "local task = require 'neap.task' pcall(task.sleep, 1000) print 'cleaned up'");
    neap_close(root, NULL, NULL);
    is_text(printed, "cleaned up\n", "a grandchild's tasks clean up when the root closes");
}

static void test_many(void)
{
    neap_options options = quiet_options();
    long before = 0;
    neap_runtime *root = open_quiet();
    options.parent = root;
    options.memory_limit = 8 << 20;
    for (int i = 0; i < 1000; i++) {
        if (i == 200)
            before = resident();
        neap_runtime *child = open_with(&options);
        if (start(child,
                  "local task = require 'neap.task' task.spawn(function() task.sleep(10) end)\n"
                  "t = {} for i = 1, 100 do t[i] = {i} end"))
            exit(1);
        neap_close(child, NULL, NULL);
        neap_step(root, 0);
    }
    neap_step(root, 0.001);
    long grown = resident() - before;
    ok(grown < 1500, "a thousand children opened and closed leave nothing (%ld KiB)", grown);
    neap_close(root, NULL, NULL);
}

/* ---- Memory limits ---- */

static void test_memory(void)
{
    neap_options options = quiet_options();
    neap_error error;
    neap_runtime *root = open_quiet();
    options.memory_limit = 16 << 20;
    neap_runtime *greedy = open_child(root, options), *other = open_child(root, options);
    static const char bomb[] = "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(1000) .. i end";
    is(try_start(greedy, bomb, &error), UV_ENOMEM, "over its limit a child gets ENOMEM");
    is_text(error.code, "ENOMEM", "as its error");
    is(start(greedy, "collectgarbage 'count' y = 1"), 0, "and it lives on");
    is(start(other, "local t = {} for i = 1, 1e4 do t[i] = ('x'):rep(500) .. i end"), 0,
       "others do not notice");
    is(start(
           greedy,
           "local ok, err = pcall(function() return ('x'):rep(1e8) end) assert(not ok)\n"
           "assert(tostring(err):find 'memory', err)\n"
           "local ok, err = pcall(function() local s = 'x' while true do s = s .. s end end)\n"
           "assert(not ok and tostring(err):find 'memory', err)\n"
           "local ok = pcall(function() local t = {} while true do t = {t, t} end end) assert(not ok)"),
       0, "one great string, doubling ones and nested tables can be caught");

    is(try_start(greedy,
                 "keep = {} for i = 1, 8e3 do keep[i] = ('k'):rep(1000) .. i end\n"
                 "for i = 1, 2e5 do s = ('x'):rep(1000) .. i end",
                 &error),
       0,
       "a script that makes 200 MB of garbage and never waits survives under 16 MB with 8 MB kept");
    if (error.status)
        printf("# %s\n", error.message);
    neap_close(root, NULL, NULL);

    root = open_quiet();
    neap_options tight = quiet_options();
    tight.memory_limit = 12 << 20;
    neap_runtime *tables = open_child(root, tight);
    is(try_start(tables,
                 "keep = {} for i = 1, 9e3 do keep[i] = ('k'):rep(1000) .. i end\n"
                 "for i = 1, 2e6 do t = {i, {}} end",
                 &error),
       0, "compiled code that makes tables too, with 9 MB of 12 kept");
    if (error.status)
        printf("# %s\n", error.message);
    neap_runtime *tasks = open_child(root, tight);
    start(
        tasks,
        "local task = require 'neap.task'\n"
        "task.spawn(function() for i = 1, 300 do\n"
        "  task.all({function() return ('x'):rep(1e5) .. i end, function() task.yield() return ('y'):rep(1e5) .. i end})\n"
        "end print 'done' end)");
    neap_run(root);
    is_text(printed, "done\n", "tasks that make garbage between their waits");
    forget();
    neap_runtime *spawner = open_child(root, tight);
    start(spawner,
          "local task = require 'neap.task' local n = 0\n"
          "task.spawn(function() while true do n = n + 1 task.spawn(task.sleep, 100) end end)");
    for (double begun = cpu_seconds(); !reports && cpu_seconds() - begun < 10;)
        neap_step(root, 0.05);
    is_text(reported.code, "ENOMEM", "tasks without end are ENOMEM");
    neap_close(spawner, NULL, NULL);
    neap_close(root, NULL, NULL);
    neap_options small = quiet_options();
    small.memory_limit = 50000;
    ok(!neap_open(&small, &error) && error.status == UV_ENOMEM,
       "a limit that nothing fits in is ENOMEM at once");
}

/* ---- Scripts that want all ---- */

static const char *const hostile[] = {
    "while true do end",
    "local x = 0 for i = 1, 1e15 do x = x + i end",
    "local x, y = 0, 1 while true do x = x + 1 y = y * 1.0001 if y > 1e9 then y = 1 end end",
    "local function f(i) return i + 1 end local x = 0 while true do x = f(x) end",
    "local function f(n) return f(n + 1) end f(0)",
    "while true do local s = ('x'):rep(1000) end",
    "while true do table.sort({3, 2, 1, 5, 4}, function(a, b) return a < b end) end",
    "table.sort({3, 2, 1}, function(a, b) while true do end end)",
    "('xxx'):gsub('.', function() while true do end end)",
    "while true do pcall(function() while true do end end) end",
    "while true do coroutine.wrap(function() while true do end end)() end",
    "xpcall(function() while true do end end, function() while true do end end)",
    "while true do xpcall(error, function() while true do end end) end",
    "while true do pcall(error, 'x') end",
    "local t = setmetatable({}, {__index = function(t, k) while true do end end}) local x = t.x",
    "setmetatable({}, {__gc = function() while true do end end}) while true do local t = {} end",
    "local t = {} while true do t[#t + 1] = t pcall(table.concat, t) end",
    "while true do pcall(coroutine.wrap(function() while true do coroutine.yield() end end)) end",
    "local task = require 'neap.task' while true do pcall(task.sleep, 0) end",
    "local task = require 'neap.task' while true do task.spawn(function() while true do end end) end",
    "local function f() return pcall(f) end while true do f() end",
    "while true do local ok = pcall(function() local s = 'x' while true do s = s .. s end end) end",
};

/* In C code of LuaJIT's that no hook reaches: the restricted libraries are ours. */
static const char *const in_c[] = {
    "local s, p = ('a'):rep(5000), ('.-'):rep(20) .. 'b' while true do s:find(p) end",
    "local s, p = ('a'):rep(5000), ('.-'):rep(20) .. 'b' while true do s:gsub(p, '') end",
    "load(function() while true do end end)",
};

static int ticks_of(neap_runtime *root)
{
    lua_State *L = neap_lua(root);
    lua_getglobal(L, "ticks");
    int n = (int)lua_tointeger(L, -1);
    lua_pop(L, 1);
    return n;
}

/* The root ticks on beside the script, and closing ends it. */
static void test_script(const char *script, int signo, const char *what)
{
    enum { TICKS = 8, PATIENCE = 10 };
    char text[1000];
    neap_error error;
    neap_options options = quiet_options();
    options.preempt_signal = signo;
    forget();
    neap_runtime *root = open_with(&options);
    options.preempt_signal = 0;
    options.cpu_budget = 0.001;
    options.memory_limit = 32 << 20;
    options.grace = 0.01;
    start(root, "local task = require 'neap.task' ticks = 0\n"
                "while true do task.sleep(0.002) ticks = ticks + 1 end");
    neap_runtime *child = open_child(root, options);
    snprintf(text, sizeof text, "require 'neap.task'.sleep(0) %s", script);
    try_start(child, text, &error);
    double begun = seconds_now();
    while (ticks_of(root) < TICKS && seconds_now() - begun < PATIENCE)
        neap_step(root, 0);
    double ticked = seconds_now() - begun;
    closed[0] = 0;
    begun = seconds_now();
    neap_close(child, note_closed, (char *)"closed");
    while (!*closed && seconds_now() - begun < PATIENCE)
        neap_step(root, 0);
    double closing = seconds_now() - begun;
    if (!ok(ticked < PATIENCE && closing < PATIENCE, "%s: %.60s", what, script))
        printf("# %d ticks in %.2f s, closing %.2f s; %s\n", TICKS, ticked, closing,
               reported.message);
    neap_close(root, NULL, NULL);
}

static void test_hostile(const char *const *scripts, int n, int signo, const char *what)
{
    for (int i = 0; i < n; i++)
        test_script(scripts[i], signo, what);
}

static bool restricted(void)
{
    neap_runtime *root = open_quiet(), *child = open_child(root, quiet_options());
    neap_error error;
    bool is = try_start(child, "assert(newproxy == nil)", &error) == 0;
    neap_close(root, NULL, NULL);
    return is;
}

int main(void)
{
    int all = sizeof hostile / sizeof *hostile;
    test_beside();
    test_permissions();
    test_turns();
    test_weights();
    test_supervised();
    test_no_memory();
    test_closing();
    test_many();
    test_memory();
    test_hostile(hostile, all, SIGURG, "by signal");
    test_hostile(hostile, all, 0, "by count");
    if (restricted())
        test_hostile(in_c, sizeof in_c / sizeof *in_c, SIGURG, "in C");
    else
        ok(true, "in C # SKIP children have LuaJIT's own string functions");
    return done_testing();
}
