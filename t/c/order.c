/* order.c -- what is promised of the run queue: first in, first out; no callback before the call that
 * took it has returned; nothing is resumed inside something else. */
#include <neap/neap.h>

#include "embedding.h"

#define TASK                                                                                       \
    "local task = require 'neap.task' local spawn, sleep, yield, defer = task.spawn, task.sleep, task.yield, task.defer\n"

static void test_jobs(void)
{
    prints(TASK "for i = 1, 3 do spawn(print, i) end print 'main'", "main\n1\n2\n3\n",
           "spawn queues: tasks begin in their order, after who spawned them");
    prints(TASK "for i = 1, 3 do spawn(function() print(i) yield() print(i) end) end",
           "1\n2\n3\n1\n2\n3\n", "yield lets all that is ready run first");
    prints(TASK
           "spawn(print, 'a') defer(print, 'b') yield(function() print 'c' end) spawn(print, 'd')",
           "a\nb\nc\nd\n", "tasks, deferred calls and callbacks stand in one queue");
    prints(
        TASK
        "spawn(function() spawn(print, 'inner') print 'outer' yield() print 'after' end) spawn(print, 'second')",
        "outer\nsecond\ninner\nafter\n", "what a task spawns stands behind what was ready");
    prints(
        TASK
        "local t = {} for i = 1, 5000 do spawn(function() t[#t + 1] = i end) end\n"
        "sleep(0.01) local good = #t == 5000 for i = 1, 5000 do good = good and t[i] == i end print(good)",
        "true\n", "also when there are more than one drain takes");
}

static void test_callbacks(void)
{
    prints(
        TASK
        "local returned = false\n"
        "yield(function() print('yield', returned) end)\n"
        "local said, n = {}, 0\n"
        "local function note(what) said[what] = returned n = n + 1\n"
        "  if n == 2 then print('sleep', said.sleep) print('stat', said.stat) end end\n"
        "sleep(0.01, function() note 'sleep' end)\n"
        "require('neap.fs').stat('/', function() note 'stat' end)\n"
        "task.operation(function() return 1 end)(function(err, v) print('operation', returned, v) end)\n"
        "returned = true",
        "yield\ttrue\noperation\ttrue\t1\nsleep\ttrue\nstat\ttrue\n",
        "no callback runs before the call that took it has returned");
    prints(TASK
           "local depth = 0\n"
           "local function callback() depth = depth + 1 assert(depth == 1)\n"
           "  if (n or 0) < 1000 then n = (n or 0) + 1 yield(callback) end depth = depth - 1 end\n"
           "yield(callback) while (n or 0) < 1000 do sleep(0.001) end print(n)",
           "1000\n", "nor inside another callback");
    prints(TASK
           "yield(function() sleep(0.001) print 'waited' end) yield(function() print 'second' end)",
           "second\nwaited\n", "a callback may wait: others go on");
    prints(TASK "local err yield(function(e, ...) print(e, select('#', ...), ...) end)",
           "nil\t1\ttrue\n", "it gets err and the results");
}

static void test_waking(void)
{
    prints(TASK "local c = task.channel(10)\n"
                "for i = 1, 3 do spawn(function() print(i, c:receive()) end) end\n"
                "yield() for i = 1, 3 do c:send(i) end print 'sent'",
           "sent\n1\t1\n2\t2\n3\t3\n",
           "a channel wakes its receivers in the order they came, none inside send");
    prints(TASK "local t = spawn(function() yield() return 'end' end)\n"
                "for i = 1, 3 do spawn(function() print(i, t:wait()) end) end",
           "1\tend\n2\tend\n3\tend\n", "who waits for a task is woken in turn");
    prints(TASK "for i = 3, 1, -1 do spawn(function() sleep(i / 100) print(i) end) end",
           "1\n2\n3\n", "timers fire in the order they are due");
    prints(TASK "for i = 1, 5 do spawn(function() sleep(0.005) print(i) end) end",
           "1\n2\n3\n4\n5\n", "those due together in the order they were started");
    prints(TASK
           "local s = task.semaphore(1)\n"
           "for i = 1, 3 do spawn(function() s:acquire() print(i) yield() s:release() end) end",
           "1\n2\n3\n", "a semaphore is handed over in turn");
    prints(TASK
           "local t = spawn(function() local ok, err = sleep(10) print('told', err.code) end)\n"
           "yield() t:cancel() print 'cancelled'",
           "cancelled\ntold\tECANCELED\n", "cancel does not resume the task itself");
    prints(
        TASK
        "local t = spawn(function() print 'never' end) t:cancel() yield() print(pcall(t.wait, t) == false)",
        "true\n", "a task cancelled before it began never begins");
}

static void test_alone(void)
{
    prints(TASK "local inside = 0\n"
                "local function enter() inside = inside + 1 assert(inside == 1) end\n"
                "local function leave() inside = inside - 1 end\n"
                "for i = 1, 50 do spawn(function() for j = 1, 20 do enter()\n"
                "  spawn(function() enter() leave() end) defer(function() enter() leave() end)\n"
                "  require('neap.host').emit('e') leave() yield() end end) end\n"
                "require('neap.host').on('e', function() enter() leave() end)\n"
                "sleep(0.1) print 'alone'",
           "alone\n", "between two waits a task is alone");
    prints(TASK "local t = {}\n"
                "spawn(function() for i = 1, 1000 do yield() end t[#t + 1] = 'yields' end)\n"
                "sleep(0.001) t[#t + 1] = 'timer' while #t < 2 do sleep(0.001) end print(#t)",
           "2\n", "a queue that is never empty does not keep timers out");
}

int main(void)
{
    test_jobs();
    test_callbacks();
    test_waking();
    test_alone();
    return done_testing();
}
