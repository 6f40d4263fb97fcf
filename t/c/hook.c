/* hook.c -- debug.sethook beside the host's own use of the VM's one hook: budgets, preemption, interrupts. */
#include <neap/neap.h>

#include <lauxlib.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "embedding.h"

static double number(neap_runtime *rt, const char *name)
{
    lua_State *L = neap_lua(rt);
    lua_getglobal(L, name);
    double n = lua_tonumber(L, -1);
    lua_pop(L, 1);
    return n;
}

static bool is_true(neap_runtime *rt, const char *name)
{
    lua_State *L = neap_lua(rt);
    lua_getglobal(L, name);
    bool is = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return is;
}

static neap_runtime *open_stepped(int signo)
{
    neap_options options = quiet_options();
    options.preempt_signal = signo;
    forget();
    return open_with(&options);
}

static void test_arguments(void)
{
    prints(
        "print(debug.gethook())\n"
        "local function f() end\n"
        "print(debug.sethook(f, 'crl', 7)) local h, m, c = debug.gethook() print(h == f, m, c)\n"
        "debug.sethook(coroutine.create(f), f, 'l') h, m, c = debug.gethook() print(h == f, m, c)\n"
        "debug.sethook() print(debug.gethook())\n"
        "print(pcall(debug.sethook, 1, 'l')) print(pcall(debug.sethook, f))",
        "nil\t\t0\n\ntrue\tcrl\t7\ntrue\tl\t0\nnil\t\t0\n"
        "false\tbad argument #1 to '?' (function expected, got number)\n"
        "false\tbad argument #2 to '?' (string expected, got no value)\n",
        "arguments and results are Lua's; a thread is accepted");
    prints(
        "local events, lines = {}, {}\n"
        "debug.sethook(function(event, line) events[event] = (events[event] or 0) + 1\n"
        "  if event == 'line' then lines[#lines + 1] = line end end, 'crl', 3)\n"
        "local function f() return 1 end\n"
        "f()\n"
        "local a = 1\n"
        "debug.sethook()\n"
        "print(events.call > 0, events['return'] > 0, events.count > 0, table.concat(lines, ' '))",
        "true\ttrue\ttrue\t4 5 4 6 7\n", "calls, returns, lines and counts are told");
    prints("debug.sethook(function() debug.sethook() error('from the hook', 0) end, '', 100)\n"
           "print(pcall(function() while true do end end))",
           "false\tfrom the hook\n", "what it raises is raised in the script");
    neap_runtime *rt = open_quiet();
    start(rt,
          "local t = require 'neap.task'\n"
          "debug.sethook(function() debug.sethook() print(pcall(t.sleep, 0.01)) end, '', 1000)\n"
          "for i = 1, 1e5 do end");
    neap_run(rt);
    has(printed, "EWAIT", "it may not wait");
    neap_close(rt, NULL, NULL);
}

/* Hooks that were set before there was any bound go on in steps that stop the script anywhere. */
static void test_steps(int signo, int count, const char *what)
{
    enum { STEPS = 30 };
    char script[400];
    int grew = 0, lines = 0;
    neap_runtime *rt = open_stepped(signo);
    snprintf(
        script, sizeof script,
        "n, hooked, lined = 0, 0, 0\n"
        "debug.sethook(function(event) if event == 'line' then lined = lined + 1 else hooked = hooked + 1 end end,\n"
        "  'l', %d)\n"
        "require 'neap.task'.spawn(function() while true do\n"
        "  n = n + 1\n"
        "  if enough then enough = debug.sethook() end\n"
        "end end)",
        count);
    start(rt, script);
    for (int i = 0; i < STEPS; i++) {
        double hooked = number(rt, "hooked"), lined = number(rt, "lined");
        neap_step(rt, 0.001);
        grew += number(rt, "hooked") > hooked;
        lines += number(rt, "lined") > lined;
    }
    ok(grew > STEPS / 2 && lines > STEPS / 2, "count and line hooks go on from step to step, %s",
       what);
    if (grew <= STEPS / 2 || lines <= STEPS / 2)
        printf("# of %d steps %d had a count, %d a line\n", STEPS, grew, lines);
    lua_pushboolean(neap_lua(rt), 1);
    lua_setglobal(neap_lua(rt), "enough");
    for (int i = 0; i < 1000 && is_true(rt, "enough"); i++)
        neap_step(rt, 0.001);
    double hooked = number(rt, "hooked"), n = number(rt, "n");
    for (int i = 0; i < 5 || (i < 1000 && number(rt, "n") == n); i++)
        neap_step(rt, 0.001);
    is((long long)number(rt, "hooked"), (long long)hooked, "removed it stays away");
    ok(number(rt, "n") > n, "and the script goes on");
    neap_close(rt, NULL, NULL);
}

/* A count that no step is long enough for. */
static void test_great_count(int signo, const char *what)
{
    neap_runtime *rt = open_stepped(signo);
    start(rt, "n, hooked = 0, 0\n"
              "debug.sethook(function() hooked = hooked + 1 end, '', 1000000)\n"
              "require 'neap.task'.spawn(function() while true do n = n + 1 end end)");
    double begun = seconds_now();
    while (number(rt, "hooked") < 3 && seconds_now() - begun < 20)
        neap_step(rt, 0.0002);
    ok(number(rt, "hooked") >= 3, "a great count is counted over many steps, %s", what);
    ok(number(rt, "n") > 300000, "all of it");
    neap_close(rt, NULL, NULL);
}

static int on_interrupt(neap_runtime *rt, void *data)
{
    (void)rt, (void)data;
    return NEAP_RAISE;
}

static atomic_bool began; /* what is to be interrupted */

static int begin(lua_State *L)
{
    (void)L;
    began = true;
    return 0;
}

static void *interrupt(void *remote)
{
    while (!began)
        usleep(1000);
    usleep(20000);
    neap_interrupt(remote);
    return NULL;
}

static void test_interrupt(void)
{
    pthread_t thread;
    neap_options options = quiet_options();
    options.preempt_signal = SIGURG;
    options.on_interrupt = on_interrupt;
    forget();
    neap_runtime *rt = open_with(&options);
    neap_remote *remote = neap_remote_open(rt);
    lua_register(neap_lua(rt), "begin", begin);
    start(rt, "hooked, caught = 0, 0\n"
              "debug.sethook(function() hooked = hooked + 1 end, '', 1000)\n"
              "require 'neap.task'.spawn(function()\n"
              "  print(pcall(function() begin() while true do end end)) caught = hooked\n"
              "  for i = 1, 1e6 do local x = i end print(hooked > caught) end)");
    pthread_create(&thread, NULL, interrupt, remote);
    neap_step(rt, 0);
    pthread_join(thread, NULL);
    has(printed, "false\tEKILLED", "an interrupt stops a script that has a hook");
    has(printed, "true\n", "and its hook goes on after it");
    neap_remote_close(remote);
    neap_close(rt, NULL, NULL);
}

int main(void)
{
    test_arguments();
    test_steps(SIGURG, 100, "by a signal");
    test_steps(0, 100, "without one");
    test_great_count(SIGURG, "by a signal");
    test_great_count(0, "without one");
    test_interrupt();
    return done_testing();
}
