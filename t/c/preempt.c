/* preempt.c -- two VMs that never wait, on one thread: preempted, killed, nested, hooked.
 *
 *     preempt soak WORK SECONDS SIGNAL   two endless scripts take turns of 200 microseconds
 *     preempt kill NUMBER SIGNAL         an endless script is killed by another thread
 *     preempt stop NUMBER                the same script is preempted and resumed instead
 *     preempt nest | hook | idle | probe | kills
 *
 * Prints what it saw; exits 0 when that was right. t/10-preempt.t runs it. */
#include <lauxlib.h>
#include <lualib.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "host.h"
#include "os/os.h"
#include "vm.h"

enum { MS = 1000000, SLICE = 200000 };

typedef struct {
    lua_State *L, *T; /* T: the task */
    neap_slice slice;
    bool suspending, ended;
    int nowait, status, preempted;
    uint64_t used;
} vm;

static neap_slicer *slicer;

#define check(cond, ...)                                                                           \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            printf("line %d: ", __LINE__);                                                         \
            printf(__VA_ARGS__);                                                                   \
            printf("\n");                                                                          \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* What the host's `coroutine` does: who resumed a coroutine that was preempted suspends too. */
static const char prelude[] =
    "local suspending, nowait, can = ...\n"
    "local resume, yield, create = coroutine.resume, coroutine.yield, coroutine.create\n"
    "local function after(co, ...)\n"
    "  if suspending() then yield() return after(co, resume(co)) end\n"
    "  return ...\n"
    "end\n"
    "local function count(...) nowait(-1) return ... end\n"
    "function coroutine.resume(co, ...)\n"
    "  if can() then return after(co, resume(co, ...)) end\n"
    "  nowait(1)\n"
    "  return count(resume(co, ...))\n"
    "end\n"
    "local function pass(ok, ...) if ok then return ... end error((...), 0) end\n"
    "function coroutine.wrap(f)\n"
    "  local co = create(f)\n"
    "  return function(...) return pass(coroutine.resume(co, ...)) end\n"
    "end\n";

static const struct {
    const char *name, *text;
} works[] = {
    {"arithmetic", "n = 0 while true do local s = 0 for i = 1, 1000 do s = s + i end\n"
                   "if s ~= 500500 then error('sum ' .. s) end n = n + 1 end"},
    {"allocation",
     "n = 0 while true do local t = {}\n"
     "for i = 1, 50 do local ok, v = pcall(function(x) return {x, tostring(x)} end, i)\n"
     "t[i] = v if not ok or v[1] ~= i or v[2] ~= tostring(i) then error('alloc') end end\n"
     "local ok, e = pcall(error, 'x' .. n, 0) if e ~= 'x' .. n then error('pcall') end\n"
     "if #t ~= 50 or t[7][2] ~= '7' then error('table') end n = n + 1 end"},
    {"sort", "n = 0 while true do local t = {} for i = 1, 64 do t[i] = (i * 37 + n) % 101 end\n"
             "local calls = 0 table.sort(t, function(a, b) calls = calls + 1 return a < b end)\n"
             "for i = 2, 64 do if t[i - 1] > t[i] then error('order') end end n = n + 1 end"},
    {"coroutines",
     "n = 0\n"
     "local function numbers(k) return coroutine.wrap(function() for i = 1, k do\n"
     "  local s = 0 for j = 1, 20 do s = s + j end if s ~= 210 then error('inner') end\n"
     "  coroutine.yield(i) end end) end\n"
     "local function squares(k) return coroutine.wrap(function()\n"
     "  for i in numbers(k) do pcall(coroutine.yield, i * i) end end) end\n"
     "while true do local s, c = 0, 0 for q in squares(30) do s = s + q c = c + 1 end\n"
     "if s ~= 9455 or c ~= 30 then error('squares ' .. s .. ' ' .. c) end\n"
     "local t = {3, 1, 2} table.sort(t, function(a, b)\n"
     "  local x for v in numbers(3) do x = v end if x ~= 3 then error('in sort') end return a < b "
     "end)\n"
     "if t[1] ~= 1 or t[3] ~= 3 then error('sort') end n = n + 1 end"},
};

/* Endless. `yields`: may be preempted, not only killed. `inside`: that takes internals. */
static const struct {
    bool yields, inside;
    const char *text;
} hostile[] = {
    {true, false, "while true do end"},
    {true, false, "local x = 0 for i = 1, 1e12 do x = x + i end"},
    {true, false,
     "local a, b = 0, 1\nwhile true do\na = a + b\nb = a % 7\nif a > 1e9 then\na = 0\nend\nend"},
    {true, false, "local function f(x) return x + 1 end local x = 0 while true do x = f(x) end"},
    {true, false, "local function f(x) return f(x + 1) end f(0)"},
    {true, false, "while true do local s = ('x'):rep(100) end"},
    {false, false, "while true do table.sort({3, 1, 2}, function(a, b) while true do end end) end"},
    {false, false, "('xxx'):gsub('.', function() while true do end end)"},
    {true, false, "while true do pcall(function() while true do end end) end"},
    {true, false, "while true do coroutine.wrap(function() while true do end end)() end"},
    {false, true, "xpcall(function() while true do end end, function() while true do end end)"},
    {false, true, "load(function() while true do end end)"},
    {true, false, "while true do pcall(error, {}) end"},
    {true, false,
     "local t = setmetatable({}, {__index = function(t, k) while true do end end}) return t.x"},
    {true, false,
     "while true do local co = coroutine.create(function() while true do end end)\n"
     "pcall(coroutine.resume, co) end"},
    {true, false,
     "local t = {} for i = 1, 100 do t[i] = i end\n"
     "while true do for k, v in pairs(t) do t[k] = v end end"},
    {false, true,
     "while true do xpcall(function() error('x') end, function() while true do end end) end"},
};

static int l_suspending(lua_State *L)
{
    vm *v = lua_touserdata(L, lua_upvalueindex(1));
    lua_pushboolean(L, v->suspending);
    return 1;
}

static int l_nowait(lua_State *L)
{
    vm *v = lua_touserdata(L, lua_upvalueindex(1));
    v->nowait += (int)lua_tointeger(L, 1);
    return 0;
}

static int l_can(lua_State *L)
{
    lua_pushboolean(L, lua_isyieldable(L));
    return 1;
}

static int open_vm(lua_State *L)
{
    static const lua_CFunction functions[] = {l_suspending, l_nowait, l_can};
    vm *v = lua_touserdata(L, 1);
    luaL_openlibs(L);
    neap_vm_guard(L);
    if (luaL_loadstring(L, prelude))
        return lua_error(L);
    for (int i = 0; i < 3; i++) {
        lua_pushlightuserdata(L, v);
        lua_pushcclosure(L, functions[i], 1);
    }
    lua_call(L, 3, 0);
    neap_slice_init(&v->slice);
    return 0;
}

static vm *vm_new(const char *text)
{
    vm *v = calloc(1, sizeof *v);
    v->L = v->slice.L = luaL_newstate();
    v->slice.suspending = &v->suspending;
    v->slice.nowait = &v->nowait;
    check(!lua_cpcall(v->L, open_vm, v), "%s", lua_tostring(v->L, -1));
    v->T = lua_newthread(v->L);
    check(!luaL_loadstring(v->T, text), "%s", lua_tostring(v->T, -1));
    return v;
}

static void vm_free(vm *v)
{
    lua_close(v->L);
    free(v);
}

/* Nanoseconds of this thread on a cpu: a slice is of the clock's, but who has the machine meanwhile is chance. */
static uint64_t cpu_clock(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000 * MS + (uint64_t)t.tv_nsec;
}

/* One turn of its task. */
static int turn(vm *v, uint64_t deadline)
{
    uint64_t start = cpu_clock();
    neap_slice_enter(slicer, &v->slice, deadline ? neap_os_clock() + deadline : NEAP_SLICE_FOREVER);
    v->suspending = false;
    v->status = lua_resume(v->T, 0);
    int fired = neap_slice_leave(slicer, &v->slice);
    v->used += cpu_clock() - start;
    v->preempted += fired == NEAP_SLICE_PREEMPT;
    check(v->status != LUA_YIELD || fired, "a yield that is none of ours");
    check(v->status != LUA_YIELD || lua_gettop(v->T) == 0, "yields values");
    return fired;
}

static double iterations(vm *v)
{
    lua_getglobal(v->L, "n");
    double n = lua_tonumber(v->L, -1);
    lua_pop(v->L, 1);
    return n;
}

static int soak(const char *name, double seconds)
{
    const char *text = NULL;
    for (size_t i = 0; i < sizeof works / sizeof *works; i++)
        if (!strcmp(works[i].name, name))
            text = works[i].text;
    vm *v[2] = {vm_new(text), vm_new(text)};
    uint64_t end = cpu_clock() + (uint64_t)(seconds * 1e9);
    while (cpu_clock() < end)
        for (int i = 0; i < 2; i++) {
            turn(v[i], SLICE);
            check(v[i]->status == LUA_YIELD, "%s", lua_tostring(v[i]->T, -1));
        }
    double share = (double)v[0]->used / (double)(v[0]->used + v[1]->used);
    int times = v[0]->preempted + v[1]->preempted;
    printf("%d preemptions, %.0f and %.0f iterations, shares %.2f and %.2f\n", times,
           iterations(v[0]), iterations(v[1]), share, 1 - share);
    check(share > 0.3 && share < 0.7, "unfair");
    check(times > 100 * seconds, "rarely preempted");
    check(iterations(v[0]) > 10 && iterations(v[1]) > 10, "no progress");
    vm_free(v[0]);
    vm_free(v[1]);
    return 0;
}

static void *killer(void *data)
{
    vm *v = data;
    usleep(50000);
    neap_slice_interrupt(slicer, &v->slice, NEAP_SLICE_KILL);
    return NULL;
}

/* Its deadline is far away, but without signals it takes one for the hook to look. */
static int kill_one(int number)
{
    vm *v = vm_new(hostile[number].text);
    pthread_t thread;
    pthread_create(&thread, NULL, killer, v);
    alarm(20);
    int fired = turn(v, 3600ull * 1000 * MS);
    pthread_join(thread, NULL);
    check(fired == NEAP_SLICE_KILL, "fired %d", fired);
    check(v->status && v->status != LUA_YIELD, "status %d", v->status);
    printf("killed after %.0f ms\n", (double)v->used / MS);
    v->T = lua_newthread(v->L);
    luaL_loadstring(v->T, "local s = 0 for i = 1, 1e5 do s = s + i end assert(s == 5000050000)");
    check(turn(v, 0) == NEAP_SLICE_NONE && v->status == 0, "cannot be used again");
    vm_free(v);
    return 0;
}

static int stop_one(int number)
{
    vm *v = vm_new(hostile[number].text);
    alarm(20);
    for (int i = 0; i < 200; i++) {
        check(turn(v, SLICE) == NEAP_SLICE_PREEMPT, "not preempted");
        check(v->status == LUA_YIELD, "%s", lua_tostring(v->T, -1));
    }
    printf("200 slices of %.0f us\n", (double)v->used / 200000);
    vm_free(v);
    return 0;
}

/* A calls C that runs B; the deadline of each is its own, and a kill reaches A below B. */
static vm *inner;
static int fired_inside;

static int l_run_inner(lua_State *L)
{
    (void)L;
    fired_inside = turn(inner, 2 * MS);
    return 0;
}

static int nest(void)
{
    vm *outer = vm_new(
        "while true do local s = 0 for i = 1, 300 do s = s + i end inner() n = (n or 0) + 1 end");
    inner = vm_new("n = 0 while true do n = n + 1 end");
    lua_register(outer->L, "inner", l_run_inner);
    int turns = 0;
    for (; turns < 50 || (turns < 5000 && iterations(outer) < 50); turns++) {
        check(turn(outer, 5 * MS) == NEAP_SLICE_PREEMPT, "outer is not preempted");
        check(fired_inside == NEAP_SLICE_PREEMPT, "inner is not preempted");
    }
    check(iterations(outer) >= 50 && iterations(outer) < 10 * turns, "%.0f", iterations(outer));
    pthread_t thread;
    pthread_create(&thread, NULL, killer, outer);
    check(turn(outer, 3600ull * 1000 * MS) == NEAP_SLICE_KILL, "outer is not killed");
    pthread_join(thread, NULL);
    check(turn(inner, MS) == NEAP_SLICE_PREEMPT, "inner was hit");
    neap_slice_interrupt(slicer, &inner->slice, NEAP_SLICE_INTERRUPT);
    check(turn(inner, 0) == NEAP_SLICE_INTERRUPT, "an interrupt before it is entered is lost");
    check(turn(inner, MS) == NEAP_SLICE_PREEMPT, "interrupted for ever");
    vm_free(outer);
    vm_free(inner);
    return 0;
}

static long lines, counts;

static void on_user(lua_State *L, lua_Debug *ar)
{
    (void)L;
    lines += ar->event == LUA_HOOKLINE;
    counts += ar->event == LUA_HOOKCOUNT;
}

static int hook(void)
{
    vm *v = vm_new("n = 0\nwhile true do\nn = n + 1\nend");
    neap_slice_set_hook(&v->slice, on_user, LUA_MASKLINE | LUA_MASKCOUNT, 100);
    for (int i = 0; i < 100; i++)
        check(turn(v, SLICE) == NEAP_SLICE_PREEMPT, "not preempted");
    printf("%.0f iterations, %ld lines, %ld counts\n", iterations(v), lines, counts);
    check(lines > 1.5 * iterations(v), "line hooks are lost");
    check(counts > iterations(v) / 100, "count hooks are lost");
    long before = lines;
    neap_slice_set_hook(&v->slice, NULL, 0, 0);
    turn(v, SLICE);
    check(lines == before, "it was taken off");
    vm_free(v);
    return 0;
}

/* Many entries of one slice's length set the timer once, and nothing wakes an idle process. */
static int idle(void)
{
    struct rusage a, b;
    vm *v = vm_new("while true do coroutine.yield() end");
    v->suspending = true;
    for (int i = 0; i < 20000; i++) {
        neap_slice_enter(slicer, &v->slice, neap_os_clock() + 10 * MS);
        lua_resume(v->T, 0);
        neap_slice_leave(slicer, &v->slice);
    }
    usleep(20000);
    getrusage(RUSAGE_SELF, &a);
    for (uint64_t end = neap_os_clock() + 500 * (uint64_t)MS; neap_os_clock() < end;)
        usleep(1000000);
    getrusage(RUSAGE_SELF, &b);
    printf("%ld switches in 0.5 s of idleness\n", b.ru_nvcsw - a.ru_nvcsw);
    check(b.ru_nvcsw - a.ru_nvcsw <= 2, "it wakes");
    vm_free(v);
    return 0;
}

static int probe(void)
{
    uint64_t start = neap_os_clock();
    neap_vm_features f = neap_vm_probe();
    printf("internals %d, jit %d, checkhook %d, lua52compat %d, in %.0f us\n", f.internals, f.jit,
           f.checkhook, f.lua52compat, (double)(neap_os_clock() - start) / 1000);
    return 0;
}

int main(int argc, char **argv)
{
    const char *what = argc > 1 ? argv[1] : "";
    int number = argc > 2 ? atoi(argv[2]) : 0;
    int signo = argc > 3 && !strcmp(argv[argc - 1], "none") ? 0 : SIGURG, status = 2;
    if (!strcmp(what, "probe"))
        return probe();
    if (!strcmp(what, "kills")) {
        for (size_t i = 0; i < sizeof hostile / sizeof *hostile; i++)
            printf("%d %d %.*s\n", hostile[i].yields, hostile[i].inside,
                   (int)strcspn(hostile[i].text, "\n"), hostile[i].text);
        return 0;
    }
    check(!neap_slicer_open(&slicer, signo), "no slicer");
    if (!strcmp(what, "soak"))
        status = soak(argv[2], atof(argv[3]));
    else if (!strcmp(what, "kill"))
        status = kill_one(number);
    else if (!strcmp(what, "stop"))
        status = stop_one(number);
    else if (!strcmp(what, "nest"))
        status = nest();
    else if (!strcmp(what, "hook"))
        status = hook();
    else if (!strcmp(what, "idle"))
        status = idle();
    neap_slicer_close(slicer);
    return status;
}
