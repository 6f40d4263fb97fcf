/* depth.c -- recursion without end on a thread with a small C stack: an error, never a crash. */
#include <neap/extension.h>
#include <neap/neap.h>

#include <lauxlib.h>
#include <pthread.h>

#include "embedding.h"

/* Each calls itself through C, or looks as if it might. */
static const char *const recursions[][2] = {
    {"Lua", "local function f() return 1 + f() end return f()"},
    {"pcall", "local function f() return (select(2, pcall(f))) end return f()"},
    {"pcall, raising", "local function f() local ok, err = pcall(f) error(err, 0) end return f()"},
    {"xpcall", "local function f() return (xpcall(f, function(e) return e end)) end return f()"},
    {"xpcall's handler",
     "local function f() error 'x' end local function h() return xpcall(f, h) end return h()"},
    {"coroutine.wrap", "local function f() return coroutine.wrap(f)() end return f()"},
    {"coroutine.resume",
     "local function f() return coroutine.resume(coroutine.create(f)) end return f()"},
    {"gsub", "local function f() return (('x'):gsub('x', f)) end return f()"},
    {"sort", "local function f() table.sort({2, 1}, f) return true end return f()"},
    {"__index",
     "local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k .. 'x'] end return t.x"},
    {"__index chain", "local t = setmetatable({}, {}) getmetatable(t).__index = t return t.x"},
    {"__newindex",
     "local t = setmetatable({}, {}) getmetatable(t).__newindex = function(t, k, v) t[k] = v end t.x = 1"},
    {"__tostring",
     "local t = setmetatable({}, {__tostring = function(t) return 'x' .. tostring(t) end}) return tostring(t)"},
    {"__concat",
     "local t = setmetatable({}, {}) getmetatable(t).__concat = function(a, b) return a .. b end return t .. t"},
    {"__eq",
     "local m = {} m.__eq = function(a, b) return a == b end return setmetatable({}, m) == setmetatable({}, m)"},
    {"__lt",
     "local m = {} m.__lt = function(a, b) return a < b end return setmetatable({}, m) < setmetatable({}, m)"},
    {"__call",
     "local t = setmetatable({}, {}) getmetatable(t).__call = function(t) return 1 + t() end return t()"},
    {"print",
     "local t = setmetatable({}, {__tostring = function(t) print(t) return '' end}) print(t)"},
    {"string.format",
     "local t = setmetatable({}, {__tostring = function(t) return 'x' .. ('%s'):format(t) end}) return ('%s'):format(t)"},
    {"load", "local function f() return load(f) end return load(f)"},
    {"load of a nested text", "return load(('('):rep(10000) .. '1' .. (')'):rep(10000))"},
    {"load of nested tables", "return load('return ' .. ('{'):rep(10000) .. ('}'):rep(10000))"},
    {"load of nested functions",
     "return load(('return function() '):rep(10000) .. ('end '):rep(10000))"},
    {"require",
     "local n = 0 local function f(name) n = n + 1 package.preload['m' .. n] = f return require('m' .. n) end f()"},
    {"a require cycle",
     "package.preload.a = function() return require 'b' end package.preload.b = function() return require 'a' end return require 'a'"},
    {"dofile",
     "local p = os.tmpname() local h = io.open(p, 'w') h:write('dofile(...)') h:close()\n"
     "package.preload.x = 1 local h = io.open(p, 'w') h:write(('dofile(%q)'):format(p)) h:close()\n"
     "local ok, err = pcall(dofile, p) os.remove(p) error(err, 0)"},
    {"generators in generators",
     "local function g(n) return coroutine.wrap(function() for v in g(n + 1) do coroutine.yield(v) end end) end\n"
     "for v in g(1) do end"},
    {"wrap in sort in gsub",
     "local function f() return (('x'):gsub('x', coroutine.wrap(function() table.sort({2, 1}, f) return 'x' end))) end return f()"},
    {"tasks in groups",
     "local task = require 'neap.task' local n = 0\n"
     "local function f() n = n + 1 if n > 3000 then error('stack overflow') end return task.group(f) end return f()"},
    {"string.dump and unpack", "return unpack({}, 1, 1e7)"},
    {"concat of many",
     "local t = {} for i = 1, 1e5 do t[i] = i end return table.concat(t, ',', 1, 2e5)"},
    {"patterns", "return (('a'):rep(300000)):find(('a?'):rep(300000) .. 'b')"},
    {"nested captures", "return ('x'):find(('('):rep(40) .. 'x' .. (')'):rep(40))"},
};

static void each(bool in_task)
{
    for (size_t i = 0; i < sizeof recursions / sizeof *recursions; i++) {
        char text[2000];
        neap_error error;
        neap_options options = quiet_options();
        options.memory_limit = 256 << 20;
        forget();
        neap_runtime *rt = open_with(&options);
        snprintf(text, sizeof text,
                 "%s local ok, err = pcall(function() %s end)\n"
                 "err = tostring(err):gsub('\\n.*', ''):sub(1, 90) print(ok, err)\n"
                 "collectgarbage() assert(#('x'):rep(10) == 10)",
                 in_task ? "require 'neap.task'.sleep(0)" : "", recursions[i][1]);
        int status = try_start(rt, text, &error);
        if (!status)
            status = neap_run(rt);
        /* it ends in an error, or well: the point is that it ends and that the VM lives on */
        bool said = strncmp(printed, "true", 4) == 0 || strstr(printed, "stack overflow") ||
                    strstr(printed, "not enough memory") ||
                    strstr(printed, "error in error handling") ||
                    strstr(printed, "requires itself") || strstr(printed, "too") ||
                    strstr(printed, "C levels") || strstr(printed, "limit") ||
                    strstr(printed, "loop in gettable") || strstr(printed, "invalid");
        if (!ok(status == 0 && said, "%s: %s", in_task ? "in a task" : "in the main script",
                recursions[i][0]))
            printf("# status %d, printed %.200s, error %.200s%.200s\n", status, printed,
                   error.message, reported.message);
        neap_close(rt, NULL, NULL);
    }
}

static void *small(void *data)
{
    (void)data;
    each(false);
    each(true);
    return NULL;
}

static void on_thread(size_t size)
{
    pthread_attr_t attr;
    pthread_t thread;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, size);
    printf("# a stack of %zu KiB\n", size / 1024);
    if (pthread_create(&thread, &attr, small, NULL))
        exit(1);
    pthread_join(thread, NULL);
}

int main(void)
{
#if defined(__SANITIZE_ADDRESS__)
    on_thread(1024 * 1024); /* its frames are three times as big */
#else
    on_thread(256 * 1024);
    on_thread(8 * 1024 * 1024);
#endif
    return done_testing();
}
