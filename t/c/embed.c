/* embed.c -- Neap inside a program: the example of the design, values both ways, errors as values. */
#include <neap/extension.h>
#include <neap/neap.h>

#include <errno.h>
#include <lauxlib.h>
#include <signal.h>
#include <unistd.h>
#include <uv.h>

#include "embedding.h"

/* ---- The design's example ---- */

static char said[256];

static int say(lua_State *L) /* world.say(player, text) */
{
    snprintf(said, sizeof said, "%d: %s", (int)luaL_checkinteger(L, 1), luaL_checkstring(L, 2));
    return 0;
}

static const luaL_Reg world[] = {{"say", say}, {NULL, NULL}};

static const char match[] =
    "local host, task, world = require 'neap.host', require 'neap.task', require 'world'\n"
    "local score = host.keep('score', { red = 0, blue = 0 })\n"
    "host.on('tick', function(time) ticks = (ticks or 0) + 1 last = time end)\n"
    "host.on('join', function(player)\n"
    "  task.sleep(0.03)\n"
    "  world.say(player, 'go! red ' .. score.red .. ', blue ' .. score.blue)\n"
    "end)\n"
    "function on_hit(player, damage) return player == 'ann' and damage == 12.5 end\n";

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    if (!file || fputs(text, file) < 0 || fclose(file))
        exit(1);
}

static void test_example(void)
{
    neap_options options = NEAP_OPTIONS_INIT;
    neap_error error;
    char path[] = "/tmp/neap-embed-XXXXXX";
    close(mkstemp(path));
    write_file(path, match);
    options.memory_limit = 64 << 20;
    options.preempt_signal = SIGURG;
    neap_runtime *rt = neap_open(&options, &error);
    ok(rt != NULL, "neap_open opens a runtime");
    is(neap_register(rt, "world", world, &error), 0, "neap_register gives scripts a module");
    is(neap_start(rt, path, &error), 0, "neap_start runs a script");
    unlink(path);
    is(neap_emit(rt, "join", "i", 7), 0, "neap_emit hands an event over");
    int ticks = 0;
    for (double begun = seconds_now(); !*said && seconds_now() - begun < 5; ticks++) {
        neap_emit(rt, "tick", "n", (double)ticks);
        neap_step(rt, 0.002);
    }
    is_text(said, "7: go! red 0, blue 0", "a handler that waits goes on, and calls back");
    int alive = -1;
    is(neap_call(rt, "on_hit", "sn>b", "ann", 12.5, &alive, &error), 0, "neap_call calls a global");
    is(alive, 1, "and brings its result");
    neap_step(rt, 0); /* what a slow machine has not got round to */
    lua_State *L = neap_lua(rt);
    lua_getglobal(L, "ticks");
    is(lua_tointeger(L, -1), ticks, "no tick was late while it waited");
    lua_pop(L, 1);
    neap_close(rt, NULL, NULL);
}

/* ---- Values ---- */

static void test_values(void)
{
    neap_runtime *rt = open_quiet();
    neap_error error;
    start(rt, "function echo(...) seen = select('#', ...) return ... end\n"
              "function describe(...) local t = {} for i = 1, select('#', ...) do\n"
              "  local v = select(i, ...) t[i] = type(v) .. ' ' .. tostring(v) end\n"
              "  return table.concat(t, ', ') end\n");
    int b = 0, i = 0;
    int64_t l = 0;
    double n = 0;
    const char *s = NULL, *S = NULL, *z = "not nil";
    size_t size = 0;
    void *p = NULL;
    is(neap_call(rt, "echo", "bilnsSzp>bilnsSzp", 1, -3, INT64_C(1) << 40, 0.25, "text", "a\0b",
                 (size_t)3, NULL, &n, &b, &i, &l, &n, &s, &S, &size, &z, &p, &error),
       0, "every letter crosses");
    is(b, 1, "b: a boolean");
    is(i, -3, "i: an int");
    ok(l == INT64_C(1) << 40, "l: an int64_t");
    ok(n == 0.25, "n: a double");
    is_text(s, "text", "s: a string");
    ok(size == 3 && memcmp(S, "a\0b", 4) == 0, "S: a string with its length");
    ok(z == NULL, "z: NULL is nil");
    ok(p == &n, "p: a pointer");
    neap_call(rt, "echo", "z>z", "there", &z, NULL);
    is_text(z, "there", "z: and a string otherwise");
    neap_call(rt, "describe", "bilnsz>s", 0, 1, INT64_C(2), 2.5, "x", NULL, &s, NULL);
    is_text(s, "boolean false, number 1, number 2, number 2.5, string x, nil nil",
            "Lua sees their types");

    lua_State *L = neap_lua(rt);
    lua_newtable(L);
    lua_pushinteger(L, 5);
    lua_setfield(L, -2, "x");
    start(rt, "function x_of(t) return t.x end");
    is(neap_call(rt, "x_of", "r>i", lua_gettop(L), &i, &error), 0, "r: a value of the Lua stack");
    is(i, 5, "arrives as it is");
    is(lua_gettop(L), 1, "and the stack stays as it was");
    lua_settop(L, 0);

    is(neap_call(rt, "echo", NULL, &error), 0, "no format: no values");
    is(neap_call(rt, "echo", "s>i", "ten", &i, &error), NEAP_ESCRIPT,
       "a result of another type is an error");
    has(error.message, "number expected", "which says so");
    is(neap_call(rt, "echo", "s>S", "again", &S, &size, &error), 0, "and the next call works");
    ok(size == 5, "with its result");
    is(neap_call(rt, "echo", "q", 1, &error), NEAP_ESCRIPT, "an unknown letter is an error");
    has(error.message, "'q'", "naming it");
    neap_close(rt, NULL, NULL);
}

/* ---- Calls and their errors ---- */

static void test_calls(void)
{
    neap_runtime *rt = open_quiet();
    neap_error error;
    int i = 0;
    start(
        rt,
        "local host, task, errors = require 'neap.host', require 'neap.task', require 'neap.errors'\n"
        "function both() return 1 end\n"
        "host.export('both', function() return 2 end)\n"
        "host.export('only', function() return 3 end)\n"
        "function fails() error('it broke') end\n"
        "function refuses() return nil, errors.new('EFULL', 'no room') end\n"
        "function waits() task.sleep(1) end\n"
        "function spawns() task.spawn(function() task.yield() print('spawned') end) end\n"
        "function callback() task.sleep(0, function() print('called back') end) end\n"
        "function deep() local function f(n) if n == 0 then task.sleep(1) end f(n - 1) end f(3) end\n");
    is(neap_call(rt, "both", ">i", &i, &error), 0, "an exported function is called");
    is(i, 2, "before a global of that name");
    is(neap_call(rt, "only", ">i", &i, NULL), 0,
       "one that is no global is found too, error may be NULL");
    is(i, 3, "and called");

    is(neap_call(rt, "missing", NULL, &error), UV_ENOENT, "a function that is not there is ENOENT");
    has(error.message, "missing", "naming it");
    is_text(error.code, "ENOENT", "error.code names it");
    is(neap_call(rt, "missing", NULL, NULL), UV_ENOENT, "also without an error to fill in");

    is(neap_call(rt, "fails", NULL, &error), NEAP_ESCRIPT, "what it raises is the call's error");
    has(error.message, "test:5: it broke", "with its message and line");
    has(error.traceback, "test:5: in function", "and a traceback");
    neap_call(rt, "refuses", NULL, &error);
    is_text(error.code, "EFULL", "nil and an error object returned is a failure as well");
    is_text(error.message, "EFULL: no room", "with its message");

    is(neap_call(rt, "waits", NULL, &error), NEAP_EWAIT, "a call that would wait is EWAIT");
    has(error.message, "test:7", "naming the line");
    has(error.message, "task.sleep", "and the operation");
    is(neap_call(rt, "deep", NULL, &error), NEAP_EWAIT, "from however deep");
    is(neap_call(rt, "spawns", NULL, &error), 0, "it may spawn");
    is(neap_call(rt, "callback", NULL, &error), 0, "and pass callbacks");
    is_text(printed, "", "which run later");
    is(neap_run(rt), 0, "in the loop");
    has(printed, "spawned", "the task did");
    has(printed, "called back", "and the callback");
    neap_close(rt, NULL, NULL);
}

static neap_runtime *called_in;

static int re_enter(lua_State *L)
{
    neap_error error;
    int i = 0;
    called_in = neap_of(L);
    int status = neap_call(called_in, "inner", ">i", &i, &error);
    lua_pushinteger(L, status ? status : i);
    lua_pushinteger(L, neap_start_text(called_in, "x", "", 0, &error));
    return 2;
}

static void test_re_entry(void)
{
    neap_runtime *rt = open_quiet();
    lua_pushcfunction(neap_lua(rt), re_enter);
    lua_setglobal(neap_lua(rt), "re_enter");
    is(start(
           rt,
           "local task = require 'neap.task'\n"
           "function inner() return 42 end\n"
           "print(re_enter())\n"
           "task.spawn(function() task.sleep(0.001) print(re_enter()) print(coroutine.wrap(re_enter)()) end)\n"),
       0, "a C function of a script's calls the script");
    ok(called_in == rt, "neap_of says in which runtime it runs");
    neap_run(rt);
    char expected[160], line[40];
    snprintf(line, sizeof line, "42\t%d\n", UV_EBUSY);
    snprintf(expected, sizeof expected, "%s%s%s", line, line, line);
    is_text(printed, expected,
            "from the main script, a task and a coroutine; a start there is EBUSY");
    neap_close(rt, NULL, NULL);
}

/* ---- Starting ---- */

static void test_start(void)
{
    neap_error error;
    neap_runtime *rt = open_quiet();
    is(neap_start(rt, "/nowhere/x.lua", &error), UV_ENOENT,
       "a script that cannot be read is ENOENT");
    has(error.message, "/nowhere/x.lua", "naming it");
    ok(neap_start(rt, "/tmp", &error) < 0, "a folder is no script");
    has(error.message, "/tmp", "and named");
    is(neap_start_text(rt, "bad", "x = = 1", 7, &error), NEAP_ESCRIPT,
       "one that does not compile is an error");
    has(error.message, "bad:1:", "with its line");
    is(reports, 0, "none of which is reported by itself");
    const char *args[] = {"one", "two", NULL};
    is(neap_start_text_args(rt, "args", "print(arg[0], arg[1], #arg, ...)", 32, args, &error), 0,
       "arguments reach it");
    is(neap_run(rt), 0, "it runs to its end");
    is_text(printed, "args\tone\t2\tone\ttwo\n", "in arg and ...");
    neap_close(rt, NULL, NULL);

    rt = open_quiet();
    is(neap_start_text(rt, "test", "error('at once')", 16, &error), NEAP_ESCRIPT,
       "an error before it first waits is the start's");
    has(error.message, "test:1: at once", "with its message");
    is(reports, 0, "and no report");
    neap_close(rt, NULL, NULL);

    rt = open_quiet();
    is(start(rt, "require 'neap.task'.sleep(0.001) error('later')"), 0,
       "one that waits is started");
    is(neap_run(rt), 1, "an error later ends the run with 1");
    ok(reports == 1 && fatals == 1, "and is on_error's, as fatal");
    has(reported.message, "test:1: later", "with its message");
    has(reported.traceback, "test:1", "and a traceback");
    neap_close(rt, NULL, NULL);

    rt = open_quiet();
    start(rt, "print 'before' os.exit(7)");
    is(neap_run(rt), 7, "os.exit's status is neap_run's");
    ok(neap_step(rt, 0) < 0, "neap_step says that it has ended");
    is_text(printed, "before\n", "what was printed came out");
    neap_close(rt, NULL, NULL);

    rt = open_quiet();
    start(rt, "local c = require 'neap.task'.channel() c:receive()");
    is(neap_run(rt), 1, "a deadlock ends the run with 1");
    is_text(reported.code, "EDEADLOCK", "as EDEADLOCK");
    has(reported.message, "1 task waits", "with how many wait");
    neap_close(rt, NULL, NULL);
}

/* ---- Events, errors, output ---- */

static void test_events(void)
{
    neap_runtime *rt = open_quiet();
    is(neap_emit(rt, "early", "i", 1), 0, "an event nobody listens to is no error");
    start(
        rt,
        "local host, task = require 'neap.host', require 'neap.task'\n"
        "local function second(v) print('second', v) end\n"
        "host.on('e', function(v) print('first', v) task.sleep(0.001) print('first again', v) end)\n"
        "host.on('e', second)\n"
        "host.on('off', function() host.off('e', second) end)\n"
        "host.on('bad', function() error('in a handler') end)\n");
    neap_emit(rt, "e", "s", "x");
    is_text(printed, "", "handlers start in the next turn");
    neap_step(rt, 0);
    is_text(printed, "first\tx\nsecond\tx\n",
            "in the order in which they listened; the first waits");
    forget();
    neap_run(rt);
    is_text(printed, "first again\tx\n", "and goes on");
    neap_emit(rt, "off", NULL);
    neap_step(rt, 0);
    forget();
    neap_emit(rt, "e", "n", 0.5);
    neap_step(rt, 0);
    is_text(printed, "first\t0.5\n", "one that is off hears nothing");
    ok(neap_emit(rt, "e", "q", 1) < 0, "a bad format is an error");
    forget();
    neap_emit(rt, "bad", NULL);
    ok(neap_step(rt, 0) < 0, "an error in a handler ends the script");
    has(reported.message, "in a handler", "and is on_error's");
    neap_close(rt, NULL, NULL);

    rt = open_quiet();
    start(rt, "local host, task = require 'neap.host', require 'neap.task'\n"
              "host.on_error(function(err) print('taken: ' .. err.message) end)\n"
              "host.on('bad', function() error('oops', 0) end)\n");
    neap_emit(rt, "bad", NULL);
    is(neap_run(rt), 0, "host.on_error takes it instead");
    is_text(printed, "taken: oops\n", "with the error");
    is(reports, 0, "and the embedder hears nothing");
    neap_close(rt, NULL, NULL);

    rt = open_quiet();
    start(rt, "local host, task = require 'neap.host', require 'neap.task'\n"
              "host.on_error(function(err) error('in the handler') end)\n"
              "task.spawn(error, 'oops')");
    is(neap_run(rt), 1, "an error in that handler is not handed to it");
    has(reported.message, "in the handler", "but to the embedder");
    neap_close(rt, NULL, NULL);
}

static void test_report(void)
{
    neap_error error = {.status = -1, .message = "what happened", .traceback = "where"};
    char line[200] = {0};
    int keep = dup(2), ends[2];
    if (pipe(ends))
        exit(1);
    dup2(ends[1], 2);
    int result = neap_report(&error);
    fflush(stderr);
    dup2(keep, 2);
    close(ends[1]);
    close(keep);
    ssize_t n = read(ends[0], line, sizeof line - 1);
    close(ends[0]);
    is(result, 1, "neap_report returns 1");
    ok(n > 0 && strcmp(line, "neap: what happened\nwhere\n") == 0,
       "and prints message and traceback");
}

/* ---- Options ---- */

static void test_options(void)
{
    struct {
        neap_options options;
        char after[64];
    } newer = {NEAP_OPTIONS_INIT};
    neap_options older = NEAP_OPTIONS_INIT;
    neap_error error;
    memset(newer.after, 0xff, sizeof newer.after);
    newer.options.size = sizeof newer;
    neap_runtime *rt = neap_open(&newer.options, &error);
    ok(rt != NULL, "options of a newer program are read as far as they are known");
    neap_close(rt, NULL, NULL);
    older.size = offsetof(neap_options, lua_path);
    older.lua_path = (const char *)1;
    rt = neap_open(&older, &error);
    ok(rt != NULL, "those of an older one as far as they go");
    neap_close(rt, NULL, NULL);
    rt = neap_open(NULL, NULL);
    ok(rt != NULL, "no options are the defaults");
    ok(neap_data(rt) == NULL, "with no data");
    neap_close(rt, NULL, NULL);
    neap_close(NULL, NULL, NULL);
    const char *wrong[] = {"fs.read", "fly to the moon", NULL};
    neap_options options = quiet_options();
    options.permissions = wrong;
    ok(!neap_open(&options, &error), "a permission that is none is refused");
    has(error.message, "fly", "naming it");
}

int main(void)
{
    test_example();
    test_values();
    test_calls();
    test_re_entry();
    test_start();
    test_events();
    test_report();
    test_options();
    return done_testing();
}
