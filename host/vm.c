/* vm.c -- LuaJIT's inside: call frames, program counters, hook flags, and the C stack under it.
 *
 * Owns nothing but a few words a thread (where its stack ends). The probe's result is the process's
 * and never changes. */
#include "vm.h"

#include <lauxlib.h>
#include <luajit.h>
#include <lualib.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "os/os.h"

#ifndef NEAP_LUAJIT_INTERNALS
#define NEAP_LUAJIT_INTERNALS 0
#endif
#if NEAP_LUAJIT_INTERNALS
#include "lj_obj.h"
#include "lj_bc.h"
#include "lj_debug.h"
#include "lj_dispatch.h"
#include "lj_frame.h"
#include "lj_jit.h"
#include "lj_vm.h"
#include "vmrange.h"
#endif

/* ---- Frames, machine code, hook flags ---- */

#if NEAP_LUAJIT_INTERNALS

/* A tail call leaves the frame of the call it answers: either a Lua frame, which keeps the PC after
 * the CALL instruction, or the continuation that a stitched trace put in between, which keeps the
 * same PC one frame lower. */
static const BCIns *caller_pc(lua_State *L)
{
    cTValue *frame = L->base - 1;
    if (frame_islua(frame))
        return frame_pc(frame);
    if (frame_iscont(frame) && frame_contf(frame) == lj_cont_stitch)
        return frame_contpc(frame);
    return NULL;
}

bool neap_vm_drops_results(lua_State *L)
{
    const BCIns *pc = caller_pc(L);
    if (!pc)
        return false;
    BCOp op = bc_op(pc[-1]);
    return (op == BC_CALL || op == BC_CALLM) && bc_b(pc[-1]) == 1;
}

int neap_vm_where(lua_State *L, char *source, size_t size)
{
    const BCIns *pc = caller_pc(L);
    source[0] = 0;
    if (!pc)
        return 0;
    GCfunc *fn = frame_func(frame_prev(L->base - 1));
    if (!isluafunc(fn))
        return 0;
    const GCproto *pt = funcproto(fn);
    const GCstr *name = proto_chunkname(pt);
    const char *text = strdata(name);
    bool marked = *text == '@' || *text == '=';
    size_t n = marked ? name->len - 1 : name->len;
    if (n >= size)
        n = size - 1;
    memcpy(source, text + marked, n);
    source[n] = 0;
    return lj_debug_line((GCproto *)pt, proto_bcpos(pt, pc) - 1);
}

static bool in_assembler(const char *pc)
{
    return pc >= lj_vm_asm_begin && pc < lj_vm_asm_begin + NEAP_VM_ASM_SIZE;
}

/* The list of code areas may be walked whatever was interrupted: areas are put at its head when
 * they are mapped (a new one reads as size 0, next NULL until both are written, which at worst
 * hides the others for this time), and the head is cleared before any is unmapped. */
static bool in_machine_code(const jit_State *J, const char *pc)
{
    const MCode *area = *(MCode *const volatile *)&J->mcarea;
    while (area) {
        const MCLink *link = (const MCLink *)area;
        if (pc >= (const char *)area && pc < (const char *)area + link->size)
            return true;
        area = link->next;
    }
    return false;
}

/* lua_sethook writes the hook's fields, the dispatch table and the recorder's state. The
 * interpreter's assembler and compiled code only ever load these, one at a time, so between two of
 * their instructions any moment is good. LuaJIT's C code is not so patient: never there. Two cases
 * remain where it is suspended below assembler. It calls small helpers of the assembler (rounding,
 * cpcall): then vmstate is that of the collector, the recorder or of C, or a recording is under
 * way, and we refuse. And a program that is in C code on behalf of this VM may run another VM,
 * whose assembler is the same: then our vmstate is C's. FFI calls are the exception (vmstate stays
 * the trace's); there the VM is compiled code waiting for a call, which is as good as between two
 * instructions. vmstate is negative but in compiled code. */
bool neap_vm_interruptible(lua_State *L, const void *pc)
{
    if (!neap_vm_allocates(L))
        return false;
    return in_assembler(pc) || (G(L)->vmstate >= 0 && in_machine_code(G2J(G(L)), pc));
}

bool neap_vm_allocates(lua_State *L)
{
    const jit_State *J = G2J(G(L));
    int32_t vmstate = G(L)->vmstate;
    return *(const volatile TraceState *)&J->state == LJ_TRACE_IDLE &&
           (vmstate >= 0 || vmstate == ~LJ_VMST_INTERP);
}

void neap_vm_hook_leave(lua_State *L)
{
    hook_leave(G(L));
}

#else

bool neap_vm_drops_results(lua_State *L)
{
    (void)L;
    return false;
}

int neap_vm_where(lua_State *L, char *source, size_t size)
{
    lua_Debug ar;
    source[0] = 0;
    if (!lua_getstack(L, 1, &ar) || !lua_getinfo(L, "Sl", &ar) || ar.currentline <= 0)
        return 0;
    size_t n = strnlen(ar.short_src, size - 1);
    memcpy(source, ar.short_src, n);
    source[n] = 0;
    return ar.currentline;
}

bool neap_vm_interruptible(lua_State *L, const void *pc)
{
    (void)L, (void)pc;
    return false;
}

bool neap_vm_allocates(lua_State *L)
{
    (void)L;
    return false;
}

void neap_vm_hook_leave(lua_State *L)
{
    (void)L;
}

#endif

void neap_vm_jit_off(lua_State *L)
{
    luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
    luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_FLUSH);
}

/* ---- The C stack ---- */

/* LuaJIT counts the slots of its own stack but not the bytes of C's: gsub in its own callback needs
 * 9 KB a level and runs out of 8 MB long before slots. So C functions are called through `guarded`.
 * `floor` is where it begins to look closer: the lowest address a call may start at, or the highest
 * of all when there is something else to do (alert). Zero: not known yet, everything passes. These
 * are the thread's and not a runtime's, as the stack is. */
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

/* What of LuaJIT's own calls Lua back. `require` is not its own in this sense; pcall, tostring and
 * the metamethods of instructions use no C stack. */
static const char *const callers[][2] = {
    {"_G", "collectgarbage"}, {"_G", "print"},   {"string", "format"},
    {"string", "gsub"},       {"table", "sort"},
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

/* ---- The probe ---- */

static const char probe[] =
    "local function loop(n) local s = 0 for i = 1, n do s = s + i end end\n"
    "for i = 1, 3 do loop(100) end\n"
    "return loop, #setmetatable({}, {__len = function() return 7 end}) == 7,"
    " (jit.status())";

static _Thread_local int hook_calls;

static void count_call(lua_State *L, lua_Debug *ar)
{
    (void)L, (void)ar;
    hook_calls++;
}

/* Without the check a compiled loop calls the hook while it is entered, once or twice. */
static int run_probe(lua_State *L)
{
    neap_vm_features *found = lua_touserdata(L, 1);
    lua_pushcfunction(L, luaopen_base);
    lua_call(L, 0, 0);
    lua_pushcfunction(L, luaopen_jit);
    lua_call(L, 0, 0);
    if (luaL_loadstring(L, probe))
        return lua_error(L);
    lua_call(L, 0, 3);
    found->lua52compat = lua_toboolean(L, -2);
    found->jit = lua_toboolean(L, -1);
    lua_pop(L, 2);
    hook_calls = 0;
    lua_sethook(L, count_call, LUA_MASKCOUNT, 10);
    lua_pushinteger(L, 200);
    lua_call(L, 1, 0);
    lua_sethook(L, NULL, 0, 0);
    found->checkhook = hook_calls > 10;
    return 0;
}

neap_vm_features neap_vm_probe(void)
{
    static atomic_int known; /* 1 + the bits below */
    int bits = atomic_load(&known) - 1;
    if (bits < 0) {
        neap_vm_features found = {0};
        lua_State *L = luaL_newstate();
        if (L) {
            lua_cpcall(L, run_probe, &found);
            lua_close(L);
        }
        bits = found.jit | found.checkhook << 1 | found.lua52compat << 2;
        atomic_store(&known, bits + 1);
    }
    return (neap_vm_features){NEAP_LUAJIT_INTERNALS, bits & 1, bits >> 1 & 1, bits >> 2 & 1};
}
