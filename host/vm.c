/* vm.c -- LuaJIT's inside: call frames, program counters, hook flags, and what it can do.
 *
 * Owns nothing. The probe's result is the process's and never changes. */
#include "vm.h"

#include <lauxlib.h>
#include <luajit.h>
#include <lualib.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

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

bool neap_vm_is_ours(lua_State *L)
{
    return in_assembler((const char *)(uintptr_t)L2GG(L)->dispatch[BC_MOV]);
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

bool neap_vm_finalizes(lua_State *L)
{
    return (G(L)->hookmask & (HOOK_GC | HOOK_VMEVENT)) != 0;
}

int neap_vm_hook_count(lua_State *L)
{
    return G(L)->hookcount;
}

void neap_vm_set_hook_count(lua_State *L, int count)
{
    G(L)->hookcount = count;
}

#else

bool neap_vm_is_ours(lua_State *L)
{
    (void)L;
    return true;
}

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

bool neap_vm_finalizes(lua_State *L)
{
    (void)L;
    return true;
}

int neap_vm_hook_count(lua_State *L)
{
    (void)L;
    return 0;
}

void neap_vm_set_hook_count(lua_State *L, int count)
{
    (void)L, (void)count;
}

#endif

void neap_vm_jit_off(lua_State *L)
{
    luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
    luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_FLUSH);
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
