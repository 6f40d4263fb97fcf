/* vm.h -- what the host knows of LuaJIT's inside, behind plain functions.
 *
 * Only vm.c, vm_stack.c and vm_values.c include LuaJIT's private headers, and only when they are built for the very
 * LuaJIT that they are linked to (NEAP_LUAJIT_INTERNALS). On a foreign LuaJIT every function here still works and
 * gives the cautious answer, which is said at each. */
#ifndef NEAP_HOST_VM_H
#define NEAP_HOST_VM_H

#include <lua.h>
#include <stdbool.h>
#include <stddef.h>

/* What the linked LuaJIT can do; found out once by running it, not assumed. */
typedef struct {
    bool internals;   /* we know its inside */
    bool jit;         /* it compiles on this machine */
    bool checkhook;   /* hooks fire in compiled code */
    bool lua52compat; /* # and pairs ask the metatable */
} neap_vm_features;

/* Runs the probe the first time (0.2 ms), later only reads. Any thread. All false but `internals`
 * when there is no memory for a scratch state. */
neap_vm_features neap_vm_probe(void);

/* Is L of the LuaJIT whose inside we know? Another one may be in the process: a program's own, whose lua_*
 * come before those of libneap.so. True without internals. */
bool neap_vm_is_ours(lua_State *L);

/* For a C function that was tail-called from a Lua function: does the call which that function is
 * answering drop its results (`f()` as a statement)? False whenever that cannot be told. */
bool neap_vm_drops_results(lua_State *L);

/* Is pc an instruction at which lua_sethook may be called for L's VM from a signal handler? To be
 * asked in that handler, on the VM's own thread, while the VM is open. False without internals. */
bool neap_vm_interruptible(lua_State *L, const void *pc);

/* The same in an allocation of L's VM: was it made for an instruction of the script, not for the
 * collector or the compiler? */
bool neap_vm_allocates(lua_State *L);

/* For a hook, just before it raises: lets the VM's hooks go on working when that error is caught by
 * something other than pcall, or handled by xpcall's function. Does nothing without internals. */
void neap_vm_hook_leave(lua_State *L);

/* Instructions until the count hook that is set is due, 0: that cannot be told; and to change them, which
 * does nothing without internals. Signal-safe. */
int neap_vm_hook_count(lua_State *L);
void neap_vm_set_hook_count(lua_State *L, int count);

/* Is a finalizer (or a handler of jit.attach) running, which may have come in the middle of anything that
 * allocates? True whenever that cannot be told. */
bool neap_vm_finalizes(lua_State *L);

/* Where the running C function was called from Lua: the chunk's short name, cut to fit, and the line;
 * 0 and an empty name when it was not. A few nanoseconds with internals. */
int neap_vm_where(lua_State *L, char *source, size_t size);

/* The full userdata at an index, and its size; NULL: there is another value, or none (a light userdata is
 * another). */
void *neap_vm_userdata(lua_State *L, int index, size_t *size);

/* The light userdata that the running C function has as its first upvalue; NULL: it has none. */
void *neap_vm_carried(lua_State *L);

/* The places of an array in the VM, given by lua_topointer. push: the value at n; take: the number at n, whose
 * place the value on the top takes, which is popped; free: a number comes there. False, and nothing has
 * happened: it lies elsewhere (in the hash part, say), so lua_rawgeti and lua_rawseti must do it. Always
 * false without internals. */
bool neap_vm_place_push(lua_State *L, const void *array, int n);
bool neap_vm_place_take(lua_State *L, const void *array, int n, int *number);
bool neap_vm_place_free(const void *array, int n, int number);

/* Turns the compiler of L's VM off for good and drops what it has compiled. */
void neap_vm_jit_off(lua_State *L);

/* Makes calls from Lua into C check first that enough of the thread's stack is left, and raise "C
 * stack overflow" when not: every call, or without internals those into functions that are not
 * LuaJIT's own or that call Lua back. Replaces xpcall, load, loadstring, loadfile and dofile by
 * guarded ones. Once a VM, after its libraries are open, on its thread; may raise for want of
 * memory. C that is called from Lua finds NEAP_VM_STACK_RESERVE / 2 bytes, or an eighth of a stack
 * that is smaller than four reserves. */
void neap_vm_guard(lua_State *L);
enum { NEAP_VM_STACK_RESERVE = 256 * 1024 };

/* For C that is about to compile Lua text: LuaJIT's parser may need 190 KB. Raises "C stack
 * overflow" when they are not there (three quarters of the stack, on a smaller one). */
void neap_vm_check_parser(lua_State *L);

/* The next such call on this thread, or return from one that is under way, runs fn(L), once.
 * Signal-safe. */
void neap_vm_alert(void (*fn)(lua_State *L));

#endif
