/* attach.c -- neap_attach: a runtime in a Lua state that is the program's own. Its modules work there,
 * tasks wait there; once closed the state is as it was, and what it still holds of Neap is inert.
 *
 * t/31-attach.t builds this twice: with our LuaJIT, and with the distribution's. */
#include <neap/extension.h>
#include <neap/neap.h>

#include <lauxlib.h>
#include <lualib.h>
#include <uv.h>

#include "embedding.h"

/* Run it in the state itself, outside of the runtime: an error ends the test. */
static bool run(lua_State *L, const char *text, const char *name)
{
    int status = luaL_dostring(L, text);
    if (!ok(status == 0, "%s", name))
        printf("# %s\n", lua_tostring(L, -1));
    lua_settop(L, 0);
    return status == 0;
}

static neap_runtime *attach(lua_State *L, uv_loop_t *loop)
{
    neap_error error;
    neap_runtime *rt = neap_attach(L, loop, &error);
    if (!rt)
        exit(neap_report(&error));
    return rt;
}

static lua_State *new_state(void)
{
    lua_State *L = luaL_newstate();
    luaL_openlibs(L);
    return L;
}

static void test_use(void)
{
    neap_error error;
    lua_State *L = new_state();
    run(L, "out = {} mine = 1", "a state of the program's own");
    neap_runtime *rt = attach(L, NULL);
    ok(neap_lua(rt) == L && neap_of(L) == rt, "neap_attach makes it a runtime");
    ok(!neap_attach(L, NULL, &error) && error.status == UV_EALREADY, "once only");
    is(start(
           rt,
           "local task, fs = require 'neap.task', require 'neap.fs'\n"
           "local function say(...) out[#out + 1] = table.concat({...}, ' ') end\n"
           "assert(mine == 1)\n"
           "task.spawn(function() task.sleep(0.002) say 'slept' end)\n"
           "task.group(function(g) for i = 1, 3 do g:spawn(function() task.yield() say('member', i) end) end end)\n"
           "local text, err = fs.read_file('/nowhere') say(err.code)\n"
           "for v in coroutine.wrap(function() for i = 1, 2 do task.sleep(0.001) coroutine.yield(i) end end) do say('gen', v) end\n"
           "local ok, err = task.timeout(0.001, task.sleep, 10) say(err.code)\n"
           "say(tostring(pcall(task.group, function(g) g:spawn(function() error 'x' end) task.sleep(10) end)))"),
       0, "a script starts in it");
    is(neap_run(rt), 0, "and runs");
    run(L,
        "local got = table.concat(out, ',')\n"
        "assert(got:find 'member 1,member 2,member 3', got) assert(got:find 'ENOENT', got) assert(got:find 'gen 1,.*gen 2,.*ETIMEDOUT,.*false', got)\n"
        "assert(got:find 'slept', got)",
        "tasks, files, generators, timeouts work");
    run(L,
        "local task = require 'neap.task' task.spawn(function() late = true end)\n"
        "assert(not pcall(task.sleep, 1))",
        "the program's own code may use modules too, but not wait");
    neap_run(rt);
    run(L, "assert(late)", "what it spawned runs");
    neap_close(rt, NULL, NULL);
    run(L, "assert(mine == 1 and #out > 5)", "closing leaves the state to the program");
    lua_close(L);
}

static void test_restored(void)
{
    static const char note[] =
        "local function each(f)\n"
        "  for _, t in ipairs {'_G', 'coroutine', 'io', 'os', 'package', 'string', 'table'} do\n"
        "    for k, v in pairs(_G[t]) do if k ~= 'noted' then f(t .. '.' .. tostring(k), v) end end end\n"
        "  for i, v in ipairs(package.loaders) do f('loader' .. i, v) end\n"
        "  for k, v in pairs(debug.getmetatable(io.stdout).__index) do f('file.' .. k, v) end end\n"
        "noted = {} each(function(k, v) noted[k] = v end)\n"
        "function compare() local wrong = {} local seen = {}\n"
        "  each(function(k, v) seen[k] = true\n"
        "    if noted[k] ~= v and k ~= '_G.compare' and k ~= '_G.theirs' then wrong[#wrong + 1] = k end end)\n"
        "  for k in pairs(noted) do if not seen[k] then wrong[#wrong + 1] = k .. ' gone' end end\n"
        "  assert(#wrong == 0, table.concat(wrong, ' ')) end";
    lua_State *L = new_state();
    run(L, note, "a state whose libraries are noted");
    neap_runtime *rt = attach(L, NULL);
    start(rt, "require 'neap.task'.sleep(0.001) theirs = 1");
    neap_run(rt);
    run(L, "assert(not pcall(compare))", "some functions are Neap's meanwhile");
    neap_close(rt, NULL, NULL);
    run(L, "compare()", "after closing all are the state's own again");
    run(L, "for k in pairs(package.loaded) do assert(not k:find '^neap', k) end",
        "no module of Neap's is loaded");
    rt = attach(L, NULL);
    is(start(rt, "require 'neap.task'.sleep(0.001) again = true"), 0, "it can be attached again");
    neap_run(rt);
    run(L, "assert(again)", "and works again");
    neap_close(rt, NULL, NULL);
    lua_gc(L, LUA_GCCOLLECT, 0);
    int before = lua_gc(L, LUA_GCCOUNT, 0);
    for (int i = 0; i < 50; i++) {
        rt = attach(L, NULL);
        start(rt, "require 'neap.task'.spawn(function() end) require 'neap.http'");
        neap_run(rt);
        neap_close(rt, NULL, NULL);
    }
    lua_gc(L, LUA_GCCOLLECT, 0);
    lua_gc(L, LUA_GCCOLLECT, 0);
    int grown = lua_gc(L, LUA_GCCOUNT, 0) - before;
    ok(grown < 20, "fifty times leaves nothing in it (%d KiB)", grown);
    lua_close(L);
}

static const char survivors[] =
    "local task, fs, net, host, timer = require 'neap.task', require 'neap.fs', require 'neap.net', require 'neap.host', require 'neap.timer'\n"
    "kept = {task = task, fs = fs, net = net, host = host, timer = timer, print = print, require = require, yield = coroutine.yield,\n"
    "  wrap = coroutine.wrap, resume = coroutine.resume, running = coroutine.running, exit = os.exit, write = io.write,\n"
    "  status = coroutine.status, dofile = dofile, loaders = {unpack(package.loaders)}}\n"
    "kept.sleeping = task.spawn(task.sleep, 1000)\n"
    "kept.ended = task.spawn(function() return 1, {} end)\n"
    "kept.failed = task.spawn(function() error 'x' end) pcall(kept.failed.wait, kept.failed)\n"
    "kept.channel = task.channel(1) kept.semaphore = task.semaphore(1)\n"
    "task.spawn(function() task.group(function(g) kept.group = g task.sleep(1000) end) end)\n"
    "kept.co = coroutine.create(function() task.sleep(1000) end)\n"
    "task.spawn(function() coroutine.resume(kept.co) end)\n"
    "kept.gen = coroutine.wrap(function() coroutine.yield(1) coroutine.yield(2) end) kept.gen()\n"
    "kept.file = assert(fs.open('/etc/passwd'))\n"
    "kept.server = assert(net.listen({host = '127.0.0.1', port = 0}, function(s) s:read() end))\n"
    "kept.stream = assert(net.connect('127.0.0.1', kept.server.port))\n"
    "kept.timer_object = timer.after(1000, function() end)\n"
    "kept.error = select(2, fs.read_file('/nowhere'))\n"
    "task.sleep(0.005) ready = true";

static bool ready(lua_State *L)
{
    lua_getglobal(L, "ready");
    bool is = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return is;
}

static void test_survivors(void)
{
    lua_State *L = new_state();
    uv_loop_t loop;
    uv_loop_init(&loop);
    neap_runtime *rt = attach(L, &loop);
    is(start(rt, survivors), 0, "a runtime whose objects are kept");
    for (double begun = seconds_now(); !ready(L) && seconds_now() - begun < 60;)
        neap_step(rt, 0.001);
    neap_close(rt, NULL, NULL);
    uv_run(&loop, UV_RUN_DEFAULT);
    is(uv_loop_close(&loop), 0, "closed, it leaves its loop");
    ok(neap_of(L) == NULL, "the state has no runtime any more");
    run(L,
        "local function closed(what, f, ...)\n"
        "  local ok, err = pcall(f, ...) assert(not ok, what .. ' did something')\n"
        "  assert(tostring(err):find 'closed' or tostring(err):find 'over', what .. ': ' .. tostring(err)) end\n"
        "local k = kept\n"
        "closed('spawn', k.task.spawn, print) closed('sleep', k.task.sleep, 1) closed('yield', k.task.yield)\n"
        "closed('group', k.task.group, print) closed('defer', k.task.defer, print)\n"
        "closed('read_file', k.fs.read_file, '/etc/passwd') closed('with callback', k.fs.stat, '/', print)\n"
        "closed('connect', k.net.connect, '127.0.0.1', 1) closed('listen', k.net.listen, {port = 0})\n"
        "closed('after', k.timer.after, 1, print)\n"
        "closed('on', k.host.on, 'x', print) closed('stats', k.host.stats) closed('exit', k.exit, 0)\n"
        "closed('wait', k.sleeping.wait, k.sleeping) closed('ended', k.ended.wait, k.ended)\n"
        "closed('group spawn', k.group.spawn, k.group, print)\n"
        "closed('read', function() return assert(k.stream:read()) end)\n"
        "closed('write', function() return assert(k.stream:write 'x') end)\n"
        "closed('file', function() return assert(k.file:read(1)) end)\n"
        "assert(not pcall(k.require, 'neap.http'))",
        "every function of its says that it is closed");
    run(L,
        "local k = kept\n"
        "k.sleeping:cancel() tostring(k.sleeping) k.group:cancel() k.server:close() k.stream:close() k.file:close()\n"
        "assert(not pcall(k.timer_object.close, k.timer_object)) pcall(k.channel.send, k.channel, 1) pcall(k.channel.close, k.channel)\n"
        "pcall(k.channel.receive, k.channel) pcall(k.semaphore.acquire, k.semaphore) k.semaphore:release()\n"
        "tostring(k.stream) tostring(k.file)\n"
        "assert(k.error.code == 'ENOENT' and tostring(k.error):find '^ENOENT')",
        "objects can be closed, cancelled, printed");
    run(L,
        "local k = kept\n"
        "assert(k.gen() == 2) assert(k.running() == nil or true)\n"
        "local co = coroutine.create(function(a) local b = k.yield(a + 1) return b end)\n"
        "local ok, v = k.resume(co, 1) assert(ok and v == 2)\n"
        "ok, v = k.resume(co, 5) assert(ok and v == 5) assert(k.status(co) == 'dead')\n"
        "assert(k.wrap(function() return 7 end)() == 7)\n"
        "k.write('') assert(k.require 'string' == string)\n"
        "assert(pcall(k.resume, k.co) and true)",
        "coroutine functions that were kept go on working");
    run(L, "kept = nil collectgarbage() collectgarbage()", "and all can be collected");
    lua_close(L);

    L = new_state();
    rt = attach(L, NULL);
    start(rt, survivors);
    neap_step(rt, 0.001);
    neap_close(rt, NULL, NULL);
    lua_close(L);
    ok(true, "or go with their state");
}

/* Handles whose struct stays as long as their object: the uv module's. */
static void test_staying(void)
{
    lua_State *L = new_state();
    neap_runtime *rt = attach(L, NULL);
    is(start(rt, "local uv = require 'uv'\n"
                 "kept = { uv.new_timer(), uv.new_timer(), uv.new_tcp() } kept[1]:close()"),
       0, "a runtime whose uv handles are kept");
    neap_run(rt);
    neap_close(rt, NULL, NULL);
    run(L, "for _, h in ipairs(kept) do assert(not pcall(h.start, h)) pcall(tostring, h) end",
        "they are closed, and say so");
    run(L, "kept = nil collectgarbage() collectgarbage()", "and can be collected");
    lua_close(L);
}

static void test_failures(void)
{
    lua_State *L = luaL_newstate();
    neap_error error;
    neap_runtime *rt = neap_attach(L, NULL, &error);
    if (rt)
        neap_close(rt, NULL, NULL);
    ok(!rt, "a state without libraries is refused");
    has(error.message, "ibrar", "with a reason");
    luaL_openlibs(L);
    rt = attach(L, NULL);
    ok(start(rt, "x = 1") == 0, "and taken when it has them");
    neap_close(rt, NULL, NULL);
    lua_close(L);
}

int main(void)
{
    test_use();
    test_restored();
    test_survivors();
    test_staying();
    test_failures();
    return done_testing();
}
