/* vm_stack.c -- the C stack under the VM.
 *
 * LuaJIT counts the slots of its own stack but not the bytes of C's: gsub in its own callback needs
 * 9 KB a level and runs out of 8 MB long before slots. So C functions are called through `guarded`.
 * `floor` is where it begins to look closer: the lowest address a call may start at, or the highest
 * of all when there is something else to do (alert). Zero: not known yet, everything passes. These
 * are the thread's and not a runtime's, as the stack is. */
#include <lauxlib.h>
#include <luajit.h>
#include <stdint.h>

#include "os/os.h"
#include "vm.h"

#ifndef NEAP_LUAJIT_INTERNALS
#define NEAP_LUAJIT_INTERNALS 0
#endif
#if NEAP_LUAJIT_INTERNALS
#include "lj_obj.h"
#include "lj_bc.h"
#endif

enum { PARSER_NEEDS = 224 * 1024 };
#define THREAD static _Thread_local __attribute__((tls_model("initial-exec")))
THREAD volatile uintptr_t floor_now;
THREAD uintptr_t stack_low, stack_hard, stack_floor, parser_floor;
THREAD void (*volatile alert)(lua_State *);

static uintptr_t here(void)
{
    return (uintptr_t)__builtin_frame_address(0); /* ASan moves locals elsewhere, not this */
}

static void measure_stack(void)
{
    char *base;
    size_t size;
    if (stack_floor || neap_os_stack(&base, &size))
        return;
    size_t reserve = size / 4 < NEAP_VM_STACK_RESERVE ? size / 4 : NEAP_VM_STACK_RESERVE;
    size_t parser = size / 4 * 3 < PARSER_NEEDS ? size / 4 * 3 : PARSER_NEEDS;
    stack_low = (uintptr_t)base;
    parser_floor = stack_low + parser;
    stack_floor = stack_low + reserve;
    stack_hard = stack_low + reserve / 2;
    floor_now = stack_floor;
}

/* Below the thread's own stack lies somebody else's (a fiber's), of which we know nothing. */
static void check_floor(lua_State *L, uintptr_t floor)
{
    if (here() < floor && here() >= stack_low)
        luaL_error(L, "C stack overflow");
}

static void run_alert(lua_State *L)
{
    void (*fn)(lua_State *) = alert;
    floor_now = stack_floor;
    alert = NULL;
    if (fn)
        fn(L);
}

/* The handler of an error runs on top of what raised it: it gets half of the reserve, to say what
 * happened. */
static __attribute__((noinline)) void look_closer(lua_State *L)
{
    if (floor_now == UINTPTR_MAX)
        run_alert(L);
    check_floor(L, lua_status(L) == LUA_ERRERR ? stack_hard : stack_floor);
}

static int guarded(lua_State *L, lua_CFunction fn)
{
    if (__builtin_expect(here() < floor_now, 0))
        look_closer(L);
    int results = fn(L);
    if (__builtin_expect(floor_now == UINTPTR_MAX, 0))
        run_alert(L);
    return results;
}

void neap_vm_alert(void (*fn)(lua_State *))
{
    alert = fn;
    floor_now = UINTPTR_MAX;
}

void neap_vm_check_parser(lua_State *L)
{
    check_floor(L, parser_floor);
}

#if NEAP_LUAJIT_INTERNALS

/* LuaJIT's own C functions start with an instruction of their own. */
static void guard_builtins(lua_State *L)
{
    setbc_op(&G(L)->bc_cfunc_int, BC_FUNCCW);
}

#else

/* What of LuaJIT's own calls Lua back, and what our coroutine functions call before they resume. `require`
 * is not its own in this sense; pcall, tostring and the metamethods of instructions use no C stack. */
static const char *const callers[][2] = {
    {"_G", "collectgarbage"}, {"_G", "print"},    {"coroutine", "isyieldable"},
    {"string", "format"},     {"string", "gsub"}, {"table", "sort"},
};

/* The same function as a foreign one: those are guarded. */
static void guard_builtins(lua_State *L)
{
    for (size_t i = 0; i < sizeof callers / sizeof *callers; i++) {
        lua_getglobal(L, callers[i][0]);
        if (lua_istable(L, -1)) {
            lua_getfield(L, -1, callers[i][1]);
            lua_CFunction fn = lua_tocfunction(L, -1);
            lua_pop(L, 1);
            if (fn) {
                lua_pushcfunction(L, fn);
                lua_setfield(L, -2, callers[i][1]);
            }
        }
        lua_pop(L, 1);
    }
}

#endif

/* LuaJIT's C code calls xpcall's handler, whatever raised: as a C function it is guarded too. */
static int call_handler(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

static int make_handler(lua_State *L)
{
    lua_settop(L, 1);
    lua_pushcclosure(L, call_handler, 1);
    return 1;
}

static const char guarded_xpcall[] =
    "local xpcall, make, type = ...\n"
    "local made = setmetatable({}, {__mode = 'kv'})\n"
    "function _G.xpcall(f, handler, ...)\n"
    "  local guarded = handler\n"
    "  if type(handler) == 'function' then\n"
    "    guarded = made[handler]\n"
    "    if not guarded then guarded = make(handler) made[handler] = guarded end\n"
    "  end\n"
    "  return xpcall(f, guarded, ...)\n"
    "end\n";

/* LuaJIT's function, which has no upvalues, behind the parser's check. */
static int call_parser(lua_State *L)
{
    neap_vm_check_parser(L);
    return lua_tocfunction(L, lua_upvalueindex(1))(L);
}

static void guard_parsers(lua_State *L)
{
    static const char *const names[] = {"dofile", "load", "loadfile", "loadstring"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        lua_getglobal(L, names[i]);
        if (lua_tocfunction(L, -1)) {
            lua_pushcclosure(L, call_parser, 1);
            lua_setglobal(L, names[i]);
        } else {
            lua_pop(L, 1);
        }
    }
}

static void guard_xpcall(lua_State *L)
{
    if (luaL_loadbuffer(L, guarded_xpcall, sizeof guarded_xpcall - 1, "=xpcall"))
        lua_error(L);
    lua_getglobal(L, "xpcall");
    lua_pushcfunction(L, make_handler);
    lua_getglobal(L, "type");
    lua_call(L, 3, 0);
}

void neap_vm_guard(lua_State *L)
{
    measure_stack();
    lua_pushlightuserdata(L, (void *)guarded);
    luaJIT_setmode(L, -1, LUAJIT_MODE_WRAPCFUNC | LUAJIT_MODE_ON);
    lua_pop(L, 1);
    guard_builtins(L);
    guard_parsers(L);
    guard_xpcall(L);
}
