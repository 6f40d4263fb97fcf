/* memory.c -- an allocation failed at each point in turn, over the whole life of a runtime: no crash, no
 * leak, an error that says so, and an account that is zero (which a build with NEAP_CHECK insists on).
 * Runs on such a build only: `make SANITIZE=1`. */
#include <neap/extension.h>
#include <neap/neap.h>

#include <lauxlib.h>
#include <uv.h>

#include "embedding.h"

#ifdef NEAP_CHECK

/* host/memory.c: this allocation from now on fails (0: none), and all after it; has it? */
extern long neap_fail_at;
extern bool neap_fail_always, neap_has_failed;

static const char script[] =
    "local task, host, errors = require 'neap.task', require 'neap.host', require 'neap.errors'\n"
    "host.on('event', function(v) print('event', v) task.sleep(0.0001) end)\n"
    "host.export('double', function(v) return v * 2 end)\n"
    "local t = task.spawn(function(a) task.sleep(0.0001) return a, {} end, 'x')\n"
    "task.spawn(function() print(t:wait()) end)\n"
    "task.sleep(0.0001, function(err) print(err) end)\n"
    "print(task.timeout(0.0001, task.sleep, 10))\n"
    "task.group(function(g) for i = 1, 3 do g:spawn(function() task.yield() end) end end)\n"
    "print(pcall(task.group, function(g) g:spawn(function() error 'one' end) task.sleep(10) end))\n"
    "print(task.shield(1, function() task.sleep(0.0001) return 1, 2, 3 end))\n"
    "local c = task.channel()\n"
    "task.spawn(function() c:send(1) c:close() end) for v in c:each() do print(v) end\n"
    "local r = task.map({1, 2, 3}, {limit = 2}, function(i) task.yield() return i end)\n"
    "print(task.race {function() task.sleep(10) end, function() task.yield() return 'won' end})\n"
    "for v in coroutine.wrap(function() for i = 1, 3 do task.yield() coroutine.yield(i) end end) do print(v) end\n"
    "local many = {} for i = 1, 20 do many[i] = i end\n"
    "print(task.shield(1, function() return unpack(many) end))\n"
    "local ok, err = require('neap.fs').read_file('/nowhere') print(err)\n"
    "print((require('neap.inspect').inspect or tostring)({1, {2}}))\n"
    "task.spawn(function() error(errors.new('EOWN', 'own')) end)\n"
    "task.sleep(1)";

static const char *stage;

/* One life with the n-th allocation failing. Has it come to its end without meeting it? */
static bool live(long n, bool always, int *said)
{
    neap_options options = quiet_options();
    neap_error error = {0};
    forget();
    options.permissions = NULL;
    options.grace = 0.01;
    neap_fail_always = always;
    neap_fail_at = n;
    neap_has_failed = false;
    stage = "open";
    neap_runtime *rt = neap_open(&options, &error);
    if (rt) {
        double doubled = 0;
        stage = "start";
        neap_error *of_start =
            calloc(1, sizeof *of_start); /* the caller's, and gone when it is over */
        neap_start_text(rt, "script", script, sizeof script - 1, of_start);
        error.status = of_start->status;
        free(of_start);
        for (int i = 0; i < 40 && !fatals; i++) {
            stage = "run";
            if (i == 3 && neap_emit(rt, "event", "s", "text"))
                error.status = UV_ENOMEM;
            if (i == 5)
                neap_call(rt, "double", "n>n", 4.0, &doubled, &error);
            neap_step(rt, 0.001);
        }
        stage = "close";
        neap_close(rt, NULL, NULL);
    }
    neap_fail_at = 0;
    neap_fail_always = false;
    *said = error.status || reports;
    return !neap_has_failed;
}

static void test_each(bool always, const char *name)
{
    long n = 1, silent = 0;
    int said = 0;
    while (n < 100000 && !live(n, always, &said)) {
        silent += !said;
        n++;
    }
    ok(n > 500, "%s: %ld allocations failed in turn, without a crash or a leak", name, n - 1);
    printf("# %ld of them were caught or not missed\n", silent);
}

/* ---- What C holds of the VM's lies in a table, which grows now and then ---- */

static int fail_at(lua_State *L)
{
    neap_fail_at = (long)luaL_checkinteger(L, 1);
    return 0;
}

static const luaL_Reg functions[] = {{"fail", fail_at}, {NULL, NULL}};

/* With `held` values there, and the n-th allocation failing where the script says. */
static void run_holding(const char *text, int held, int n)
{
    char whole[2000];
    neap_error error;
    neap_runtime *rt = open_quiet();
    neap_register(rt, "check", functions, &error);
    snprintf(whole, sizeof whole,
             "local task, fail, n = require 'neap.task', require 'check'.fail, %d\n"
             "for i = 1, %d do task.sleep(1000, function() end) end\n%s",
             n, held, text);
    neap_start_text(rt, "script", whole, strlen(whole), &error);
    for (int i = 0; i < 4; i++)
        neap_step(rt, 0);
    neap_fail_at = 0;
    neap_close(rt, NULL, NULL);
}

/* A thread for which there was no place is not used again. */
static const char spawns[] = "fail(n) local ok = pcall(task.spawn, print, 'first') fail(0)\n"
                             "if not ok then\n"
                             "  collectgarbage() collectgarbage()\n"
                             "  local t, sum = {}, 0\n"
                             "  for i = 1, 2000 do t[i] = coroutine.create(print) end\n"
                             "  for i = 1, 20 do task.spawn(function(v) sum = sum + v end, i) end\n"
                             "  task.yield() print(sum)\n"
                             "end";

/* An error for which there was no place is told as the want of memory. */
static const char errs[] = "local err = require 'neap.errors'.new('EOWN', 'own')\n"
                           "task.spawn(function() fail(n) return nil, err end)";

static void test_anchors(void)
{
    int right = 0, wrong = 0, nil = 0;
    for (int held = 0; held < 36; held++)
        for (int n = 1; n <= 5; n++) {
            run_holding(spawns, held, n);
            right += strcmp(printed, "210\n") == 0;
            wrong += *printed && strcmp(printed, "210\n") != 0 && strcmp(printed, "first\n") != 0;
        }
    if (!ok(right > 30 && !wrong, "spawning that failed leaves others to be spawned"))
        printf("# %d right, %d wrong\n", right, wrong);
    for (int held = 0; held < 36; held++)
        for (int n = 1; n <= 5; n++) {
            run_holding(errs, held, n);
            nil += strstr(reported.message, "nil was raised") != NULL;
        }
    is(nil, 0, "no error is told that was none");
}

/* Nothing can be said of a task that waits for ever but that there is no memory to say more. */
static void test_deadlock(void)
{
    neap_runtime *rt = open_quiet();
    neap_error error;
    neap_register(rt, "check", functions, &error);
    start(rt, "local task, fail = require 'neap.task', require 'check'.fail\n"
              "local c = task.channel() task.spawn(c.receive, c) task.yield() fail(1)");
    neap_fail_always = true;
    is(neap_run(rt), 1, "a deadlock that cannot be described ends in failure");
    neap_fail_at = 0;
    neap_fail_always = false;
    is(reported.status, UV_ENOMEM, "and is told as the want of memory");
    neap_close(rt, NULL, NULL);
}

/* The same with a memory limit that ends sooner or later. */
static void test_limits(void)
{
    int opened = 0;
    for (size_t limit = 50000; limit < 1500000; limit += 7919) {
        neap_options options = quiet_options();
        neap_error error;
        forget();
        options.memory_limit = limit;
        options.grace = 0.01;
        neap_runtime *rt = neap_open(&options, &error);
        if (!rt)
            continue;
        opened++;
        if (!neap_start_text(rt, "script", script, sizeof script - 1, &error))
            for (int i = 0; i < 20 && !fatals; i++)
                neap_step(rt, 0.001);
        neap_close(rt, NULL, NULL);
    }
    ok(opened > 100, "and with every limit");
}

int main(void)
{
    test_each(false, "one");
    test_each(true, "that and all after it");
    test_limits();
    test_anchors();
    test_deadlock();
    return done_testing();
}

#else

int main(void)
{
    printf("1..0 # SKIP a build with NEAP_CHECK only\n");
    return 0;
}

#endif
