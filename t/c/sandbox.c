/* sandbox.c -- restricted children: patterns as LuaJIT has them, attacks that are stopped while the root
 * goes on; interrupts, with a signal and without. */
#include <neap/extension.h>
#include <neap/neap.h>

#include <lauxlib.h>
#include <lualib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>
#include <uv.h>

#include "embedding.h"
#include "host.h"

/* ---- Patterns: the same random ones in a stock VM and in a restricted one ---- */

static const char differ[] =
    "local seed, n = ...\n"
    "local function random(m) seed = (seed * 16807) % 2147483647 return seed % m + 1 end\n"
    "local parts = { 'a', 'b', 'c', '.', '%a', '%d', '%s', '%W', '%x', '%p', '[ab]', '[^a]', '[a-c]',\n"
    "  '[%a_]', '(', ')', '()', '*', '+', '-', '?', '^', '$', '%b()', '%f[%w]', '%1', '%2', '%', '[', ']',\n"
    "  '%z', '%g', '[^', '%[', '\\0', '%Z', '[a-', '[]]', '[%]', '%f', '%bx', '\\200', '%u', '%C' }\n"
    "local letters = 'aaabbbccc  12()_\\0\\200A-%['\n"
    "local function text(set, most) local t = {} for i = 1, random(most) - 1 do\n"
    "  local at = random(#set) t[i] = type(set) == 'table' and set[at] or set:sub(at, at) end\n"
    "  return table.concat(t) end\n"
    "local out = {}\n"
    "local function note(ok, ...)\n"
    "  if not ok then out[#out + 1] = tostring((...)):gsub('^[^:]*:%d+: ', '', 1) return end\n"
    "  for i = 1, select('#', ...) do out[#out + 1] = tostring((select(i, ...))) end\n"
    "end\n"
    "local function all(s, p) local t = {} for a, b in s:gmatch(p) do\n"
    "  t[#t + 1] = tostring(a) .. '/' .. tostring(b) if #t > 50 then break end end return table.concat(t, ' ') end\n"
    "for i = 1, n do\n"
    "  local s, p, r = text(letters, 14), text(parts, 8), text({ 'x', '%0', '%1', '%2', '%%', '%a', '' }, 4)\n"
    "  local from = random(9) - 4\n"
    "  note(pcall(string.find, s, p, from)) note(pcall(string.match, s, p, from))\n"
    "  note(pcall(string.find, s, p, from, true)) note(pcall(all, s, p))\n"
    "  note(pcall(string.gsub, s, p, r)) note(pcall(string.gsub, s, p, r, random(3)))\n"
    "  note(pcall(string.gsub, s, p, function(a, b) return b or a ~= 'a' and 'y' end))\n"
    "  note(pcall(string.gsub, s, p, { a = 'Z', [1] = 'one', ['('] = false }))\n"
    "  out[#out + 1] = '\\n'\n"
    "  if #out > 3000 then emit(table.concat(out, '|')) out = {} end\n"
    "end\n"
    "emit(table.concat(out, '|'))\n";

typedef struct {
    uint64_t hash;
    size_t length;
} digest;

static int emit(lua_State *L)
{
    digest *d = lua_touserdata(L, lua_upvalueindex(1));
    size_t n;
    const char *text = lua_tolstring(L, 1, &n);
    for (size_t i = 0; i < n; i++)
        d->hash = (d->hash ^ (unsigned char)text[i]) * 1099511628211u;
    d->length += n;
    return 0;
}

static void run_patterns(lua_State *L, digest *d, int seed, int n)
{
    *d = (digest){14695981039346656037u, 0};
    lua_pushlightuserdata(L, d);
    lua_pushcclosure(L, emit, 1);
    lua_setglobal(L, "emit");
    if (luaL_loadstring(L, differ))
        printf("# %s\n", lua_tostring(L, -1));
    lua_pushinteger(L, seed);
    lua_pushinteger(L, n);
    if (lua_pcall(L, 2, 0, 0))
        printf("# %s\n", lua_tostring(L, -1));
    lua_settop(L, 0);
}

static neap_runtime *open_restricted(neap_runtime *parent, size_t memory, double budget)
{
    static const char *const nothing[] = {NULL};
    neap_options options = quiet_options();
    options.parent = parent;
    options.permissions = nothing;
    options.memory_limit = memory;
    options.cpu_budget = budget;
    options.preempt_signal = SIGURG;
    return open_with(&options);
}

static void test_patterns(void)
{
    lua_State *stock = luaL_newstate();
    neap_runtime *rt = open_restricted(NULL, 0, 0);
    int different = 0;
    size_t length = 0;
    luaL_openlibs(stock);
    for (int seed = 1; seed <= 200; seed++) {
        digest theirs, ours;
        run_patterns(stock, &theirs, seed * 7919, 250);
        run_patterns(neap_lua(rt), &ours, seed * 7919, 250);
        length += ours.length;
        if (theirs.hash != ours.hash && different++ < 3)
            printf("# seed %d: %zu and %zu bytes\n", seed * 7919, theirs.length, ours.length);
    }
    is(different, 0, "400,000 calls with random patterns answer as LuaJIT's");
    ok(length > 1000000, "(%zu bytes of answers)", length);
    neap_close(rt, NULL, NULL);
    lua_close(stock);
}

/* ---- Attacks ---- */

static const struct {
    const char *text;
    bool ends; /* by itself, with an error or without; else it goes on for ever */
} attacks[] = {
    {"while true do end", false},
    {"string.find(('a'):rep(5000), ('.-'):rep(20) .. 'b')", false},
    {"string.match(('a'):rep(5000), ('a*'):rep(20) .. 'b')", false},
    {"string.gsub(('a'):rep(5000), ('a?.-'):rep(20) .. 'b', '')", false},
    {"for x in string.gmatch(('a'):rep(5000), ('.-'):rep(20) .. 'b') do end", false},
    {"while true do pcall(string.find, ('a'):rep(5000), ('.-'):rep(20) .. 'b') end", false},
    {"coroutine.wrap(function() string.find(('a'):rep(5000), ('.-'):rep(20) .. 'b') end)()", false},
    {"table.sort({3, 2, 1}, function() while true do end end)", false},
    {"local t = {} for i = 1, 1e5 do t[i] = i % 7 end while true do table.sort(t) end", false},
    {"string.gsub('xxx', '.', function() while true do end end)", false},
    {"string.gsub('x', '.', setmetatable({}, {__index = function() while true do end end}))",
     false},
    {"xpcall(function() while true do end end, function() while true do end end)", false},
    {"while true do xpcall(error, function() while true do end end) end", false},
    {"while true do xpcall(function() xpcall(error, error) end, error) end", false},
    {"tostring(setmetatable({}, {__tostring = function() while true do end end}))", false},
    {"local t = setmetatable({}, {__lt = function() while true do end end}) return t < t", false},
    {"while true do pcall(function() while true do end end) end", false},
    {"while true do coroutine.wrap(function() while true do end end)() end", false},
    {"for k in setmetatable({}, {__call = function() return 1 end}) do end", false},
    {"local t = {} while true do t[#t + 1] = {} end", true},
    {"local s = 'x' while true do s = s .. s end", true},
    {"return ('x'):rep(1e9)", true},
    {"return ('x'):rep(1e9, ('y'):rep(1e6))", true},
    {"local t = {} for i = 1, 1e6 do t[i] = ('x'):rep(1000) end return table.concat(t)", true},
    {"return ('x'):rep(1e6):gsub('x', ('y'):rep(1e6))", true},
    {"return string.format(('%99d'):rep(1e6), 1)", true},
    {"local t = {} while true do t[#t + 1] = coroutine.create(function() end) end", true},
    {"local function f() return 1 + f() end f()", true},
    {"local f f = function() return (string.gsub('x', 'x', f)) end f()", true},
    {"local f f = function() coroutine.wrap(f)() end f()", true},
    {"local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k + 1] end return t[1]",
     true},
    {"local t = {} for i = 1, 1e6 do t = {t} end require('cjson').encode(t)", true},
    {"local t = {1} for i = 1, 60 do t = {t, t} end require('cjson').encode(t)", true},
    {"require('cjson').decode(('['):rep(1e6))", true},
    {"load(('('):rep(1e6))", true},
    {"load('x=' .. ('{'):rep(1e6))", true},
    {"local t = {} for i = 1, 1e7 do t[i] = function() return t end end", true},
    {"error(setmetatable({}, {__tostring = function() error('x') end}))", true},
    {"error(require('neap.errors').new('E', 'x', {traceback = {}, path = {}, port = print}))",
     true},
    {"local p = {} for i = 1, 300 do p[i] = '(' end string.find('x', table.concat(p))", true},
    {"require('neap.task').spawn(error, {})", true},
    {"while true do require('neap.task').spawn(function() end) end", true},
    {"local core = require 'neap_task' core.join(io.stdout)", true},
    {"local core = require 'neap_task' for _, f in pairs(core) do pcall(f, io.stdout, {}, 1) end",
     true},
    {"setfenv(0, {}) setfenv(require, {}) print('x')", true},
    {"for k in pairs(_G) do _G[k] = nil end", true},
    {"for k, v in pairs(package.loaded) do package.loaded[k] = nil end require 'neap.task'", true},
    {"assert(not load('if a then ' .. ('elseif a then '):rep(2e5) .. 'end'))", true},
    {"assert(not loadstring('local a; x = a' .. (' or a'):rep(4e5)))", true},
    {"assert(not load('x = a' .. (' and b or a'):rep(2e5)))", true},
    {"assert(not load('do ' .. ('goto a '):rep(4e5) .. ' ::a:: end'))", true},
    {"local t = {} for i = 1, 190 do t[i] = 'a' .. i end t = 'local ' .. table.concat(t, ',') "
     "load((t .. ' function g() '):rep(90) .. ('x=x '):rep(1e6) .. ('end '):rep(90))",
     true},
    {"string.gsub(('a'):rep(20000), '(b*)a', ('%1'):rep(200000))", false},
    {"table.insert({}, -2^31 + 10, 1)", true},
    {"table.insert({}, 0/0, 1)", true},
    {"local b, m = {}, table.maxn for i = 1, 7e5 do b[i] = true end "
     "xpcall(error, function() while true do m(b) end end)",
     true},
};

/* What was one long call of C: in many turns. */
static const char *const in_turns[] = {
    "local t = {} for i = 1, 3e5 do t[i] = 1e-300 * i end began() table.concat(t)",
    "local r = ('%1'):rep(2e6) began() string.gsub('a', '(b*)a', r)",
};

static int turns, turn;

static int note_turn(lua_State *L)
{
    turns = turn;
    return 0;
}

static void test_turns(void)
{
    for (size_t i = 0; i < sizeof in_turns / sizeof *in_turns; i++) {
        neap_options options = quiet_options();
        options.preempt_signal = SIGURG;
        forget();
        neap_runtime *root = open_with(&options), *child = open_restricted(root, 64 << 20, 0.001);
        lua_register(neap_lua(child), "began", note_turn);
        turns = turn = 0;
        start(child, in_turns[i]);
        while (neap_step(root, 0) > 0)
            turn++;
        ok(!reports && turn - turns > 5, "%s (%d turns)", in_turns[i], turn - turns);
        neap_close(root, NULL, NULL);
    }
}

/* ---- JSON: what cjson holds is within the limit, and nothing is lost ---- */

static const char json[] =
    "local cjson = require 'cjson'\n"
    "local function list(part) return function(n) return '[' .. part:rep(n, ',') .. ']' end end\n"
    "local function numbered(form) return function(n)\n"
    "  local t = {} for i = 1, n do t[i] = form:format(i, i, i) end\n"
    "  return '[' .. table.concat(t, ',') .. ']' end end\n"
    "local shapes = { list '[]', list '{}', list '[1]', list '[1,2,3,4,5]', list '1', list '\"\"',\n"
    "  list '[[[[[]]]]]', list '{\"a\":1}', list '{\"a\":1,\"b\":[],\"c\":{\"d\":null}}', list '{\"\":[[]]}',\n"
    "  numbered '%d', numbered '\"%d\"', numbered '{\"%d\":1}', numbered '{\"%d\":{\"a%d\":[%d]}}',\n"
    "  numbered '\"\\\\u0041%d\"', numbered '{\"a\":\"%d\",\"b\":\"x%d\"}',\n"
    "  function(n) local t = {} for i = 1, n do t[i] = ('\"k%d\":%d'):format(i, i) end\n"
    "    return '{' .. table.concat(t, ',') .. '}' end,\n"
    "  function(n) return '\"' .. ('x'):rep(n) .. '\"' end,\n"
    "  function(n) return '[\"' .. ('y'):rep(n) .. '\",' .. ('[[[]]],'):rep(n / 10) .. '1]' end,\n"
    "  function(n) return ('['):rep(900) .. list '1' (n) .. (']'):rep(900) end }\n"
    "local worked, refused = 0, 0\n"
    "for i, shape in ipairs(shapes) do\n"
    "  local n = 1000\n"
    "  repeat\n"
    "    collectgarbage()\n"
    "    local made, text = pcall(shape, n)\n"
    "    local ok, value = pcall(cjson.decode, made and text or '[1')\n"
    "    if ok then worked, value = worked + 1, pcall(cjson.encode, value)\n"
    "    elseif made then refused = refused + 1 end\n"
    "    n = math.floor(n * 1.7)\n"
    "  until not ok\n"
    "end\n"
    "local keep, text = {}, ('x'):rep(2e6)\n"
    "for i = 1, 20 do\n"
    "  keep[i] = (i % 2 == 0 and cjson or require 'cjson.safe').new()\n"
    "  assert(#keep[i].encode(text) == 2e6 + 2)\n"
    "  pcall(keep[i].encode, { text, print }) pcall(keep[i].decode, '[\"' .. text .. '\",')\n"
    "end\n"
    "print(worked > 100, refused > 10)\n";

static size_t allocated(void)
{
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33) && !defined(__SANITIZE_ADDRESS__)
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
#else
    return 0; /* lost memory is told at the end */
#endif
}

static void test_json(void)
{
    enum { LIMIT = 32 << 20 };
    neap_runtime *rt = (forget(), open_restricted(NULL, LIMIT, 0));
    size_t before = allocated();
    start(rt, json);
    neap_run(rt);
    is_text(printed, "true\ttrue\n", "texts are decoded and encoded up to the limit");
    ok(rt->memory_peak <= LIMIT, "never above it (%zu of %d)", rt->memory_peak, LIMIT);
    ok(allocated() < before + (4 << 20), "and cjson keeps nothing (%zu bytes)",
       allocated() - before);
    neap_close(rt, NULL, NULL);
}

/* A main script is compiled like any other text. */
static void test_start(void)
{
    size_t n = 100000 * strlen("elseif a then ");
    char *text = malloc(n + 64);
    strcpy(text, "if a then ");
    for (size_t i = 0; i < 100000; i++)
        memcpy(text + strlen("if a then ") + i * 14, "elseif a then ", 14);
    strcpy(text + strlen("if a then ") + n, "end");
    neap_error error;
    neap_runtime *rt = (forget(), open_restricted(NULL, 0, 0));
    double began = cpu_seconds();
    is(neap_start_text(rt, "if", text, strlen(text), &error), NEAP_ESCRIPT, "so is a main script");
    ok(cpu_seconds() - began < 1 && strstr(error.message, "too many branches"), "at once");
    is(neap_start_text(rt, "or", "x = a or b and c", 16, &error), 0, "a few do");
    neap_close(rt, NULL, NULL);
    free(text);
}

/* In a child with 16 MB and 2 ms a turn: the root's steps stay short, its timer goes on, the child goes when it
 * is closed. */
static double attack(const char *text, bool *alive, double *ticks)
{
    neap_options options = quiet_options();
    options.preempt_signal = SIGURG;
    options.grace = 0.02;
    forget();
    neap_runtime *root = open_with(&options), *child = open_restricted(root, 16 << 20, 0.002);
    start(root, "n = 0 require 'neap.timer'.every(0.005, function() n = n + 1 end)");
    double longest = 0, began = cpu_seconds();
    double before = began;
    bool over = start(child, text) != 0;
    for (int i = 0; i < 2000 && cpu_seconds() - began < 0.4; i++) {
        double now = cpu_seconds();
        longest = now - before > longest ? now - before : longest;
        before = now;
        *alive = neap_step(root, 0) > 0 || over;
    }
    lua_getglobal(neap_lua(root), "n");
    *ticks = lua_tonumber(neap_lua(root), -1);
    lua_settop(neap_lua(root), 0);
    neap_close(root, NULL, NULL);
    return longest;
}

static void test_attacks(void)
{
    for (size_t i = 0; i < sizeof attacks / sizeof *attacks; i++) {
        bool alive = false;
        double ticks = 0, longest = attack(attacks[i].text, &alive, &ticks);
        bool goes_on = (alive || reports) && ticks > 0;
        ok(longest < 1 && (attacks[i].ends || goes_on), "%s (%.0f ms, %.0f ticks)", attacks[i].text,
           longest * 1e3, ticks);
    }
}

static void test_garbage(void)
{
    static const char script[] = "local t = {} for i = 1, 1e5 do t[i] = {} end\n"
                                 "for i = 1, 3e6 do local s = 'garbage' .. i end print 'lives'\n";
    neap_runtime *rt = (forget(), open_restricted(NULL, 24 << 20, 0));
    start(rt, script);
    neap_run(rt);
    is_text(printed, "lives\n", "a script with much that lives makes garbage at its limit");
    neap_close(rt, NULL, NULL);
    forget();
    rt = open_restricted(NULL, 24 << 20, 0);
    double began = cpu_seconds();
    ok(start(rt, "local t = {} while true do t[#t + 1] = {} end") == UV_ENOMEM, "a bomb is ENOMEM");
    double took = cpu_seconds() - began;
    ok(took < 2, "soon (%.0f ms)", took * 1e3);
    neap_close(rt, NULL, NULL);
}

static int descriptors(void)
{
    int n = 0;
    for (int fd = 0; fd < 1000; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* A script that holds all its memory, to the last byte, and then opens what it may not keep open. */
static void test_brim(const char *call, const char *name)
{
    static const char script[] =
        "local load, rename, pcall, path, other = loadfile, os.rename, pcall, file, file .. '/x/y'\n"
        "local folder = '/tmp' pcall(load, path) pcall(rename, path, other)\n"
        "local slots, n = {}, 0 for i = 1, 20000 do slots[i] = false end\n"
        "local makers = { function() return { 1, 2, 3, 4, 5, 6, 7, 8 } end, function() return {} end,\n"
        "  function() return function() end end }\n"
        "local function fill(make) while true do slots[n + 1] = make() n = n + 1 end end\n"
        "for i = 1, 30 do pcall(fill, makers[i <= 10 and 1 or i <= 20 and 2 or 3]) end\n"
        "for i = 1, 20 do pcall(%s) end\n"
        "slots = nil collectgarbage() print(folder)";
    static const char *const allowed[] = {"fs.read /tmp", "fs.write /tmp", NULL};
    char path[] = "/tmp/neap-brim-XXXXXX", text[sizeof script + 40];
    neap_options options = quiet_options();
    options.permissions = allowed;
    options.memory_limit = 2 << 20;
    int file = mkstemp(path);
    forget();
    neap_runtime *rt = open_with(&options);
    lua_pushstring(neap_lua(rt), path);
    lua_setglobal(neap_lua(rt), "file");
    snprintf(text, sizeof text, script, call);
    int before = descriptors();
    start(rt, text);
    is(descriptors() - before, 0, name);
    neap_step(rt, 0);
    is_text(printed, "/tmp\n", "and lives on");
    neap_close(rt, NULL, NULL);
    close(file);
    unlink(path);
}

/* ---- Interrupts ---- */

static int answer, asked;
static atomic_bool ended; /* the script */

static int on_interrupt(neap_runtime *rt, void *data)
{
    (void)rt, (void)data;
    asked++;
    return asked == 1 ? NEAP_GO_ON : answer;
}

/* Until the script has ended: interrupts that come before the last was seen are one. */
static void *interrupt(void *remote)
{
    while (usleep(50000), !ended)
        neap_interrupt(remote);
    return NULL;
}

static int interrupted(const char *script, int signo, int reply, neap_error *error)
{
    neap_options options = quiet_options();
    pthread_t thread;
    options.preempt_signal = signo;
    options.on_interrupt = on_interrupt;
    answer = reply;
    asked = 0;
    ended = false;
    forget();
    neap_runtime *rt = open_with(&options);
    neap_remote *remote = neap_remote_open(rt);
    pthread_create(&thread, NULL, interrupt, remote);
    int status = neap_start_text(rt, "test", script, strlen(script), error);
    ended = true;
    pthread_join(thread, NULL);
    neap_remote_close(remote);
    neap_close(rt, NULL, NULL);
    return status;
}

static void test_interrupts(int signo, const char *how)
{
    neap_error error;
    interrupted("while true do end", signo, NEAP_RAISE, &error);
    is_text(error.code, "EKILLED", "an endless script is interrupted");
    ok(asked == 2, "by the second interrupt: the first said to go on (%s)", how);
    interrupted("local ok, err = pcall(function() while true do end end) print(err.code)", signo,
                NEAP_RAISE, &error);
    is_text(printed, "EKILLED\n", "it can catch that and end");
    ok(!error.status, "which is no error");
    interrupted("while true do pcall(function() while true do end end) end", signo, NEAP_RAISE,
                &error);
    is_text(error.code, "EKILLED", "what catches it in a loop is killed by the next");
    interrupted("table.sort({3, 2, 1}, function() while true do end end)", signo, NEAP_RAISE,
                &error);
    is_text(error.code, "EKILLED", "also where it cannot wait");
    interrupted("coroutine.wrap(function() while true do end end)()", signo, NEAP_RAISE, &error);
    is_text(error.code, "EKILLED", "and in a coroutine");
    interrupted("while true do end", signo, NEAP_CANCEL, &error);
    ok(!error.status && !reports, "cancelled it ends without an error (%s)", error.code);
}

static void test_not_interruptible(void)
{
    neap_options options = quiet_options();
    neap_runtime *rt = open_with(&options);
    neap_remote *remote = neap_remote_open(rt);
    is(neap_interrupt(remote), UV_ENOTSUP, "without a signal and a callback: not supported");
    neap_close(rt, NULL, NULL);
    is(neap_interrupt(remote), NEAP_ECLOSED, "closed");
    neap_remote_close(remote);
}

int main(void)
{
    alarm(300);
    test_patterns();
    test_garbage();
    test_brim("load, path", "a script with no memory left opens no file for ever");
    test_brim("rename, path, other", "nor a folder");
    test_interrupts(SIGURG, "by a signal");
    test_interrupts(0, "by a hook");
    test_not_interruptible();
    test_attacks();
    test_turns();
    test_json();
    test_start();
    return done_testing();
}
