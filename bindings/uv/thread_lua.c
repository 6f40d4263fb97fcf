/* thread_lua.c -- uv_thread_t: the functions. */
#include <errno.h>

#include "thread.h"

/* Neap's own libraries want some stack, with a sanitizer more. */
enum { STACK_LEAST = 1 << 20 };

static int check_options(lua_State *L, uv_thread_options_t *options)
{
    *options = (uv_thread_options_t){.flags = UV_THREAD_NO_FLAGS};
    if (!lua_istable(L, 1))
        return 1;
    lua_getfield(L, 1, "stack_size");
    if (!lua_isnil(L, -1)) {
        if (!lua_isnumber(L, -1))
            luaL_argerror(L, 1, "stack_size option must be a number if set");
        lua_Number size = lua_tonumber(L, -1);
        options->flags = UV_THREAD_HAS_STACK_SIZE;
        options->stack_size = size > STACK_LEAST ? (size_t)size : STACK_LEAST;
    }
    lua_pop(L, 1);
    return 2;
}

/** uv.new_thread(options?: {stack_size: integer?}, entry: fun(...) | string, ...: any) -> uv_thread_t | fail
 * Starts a thread that calls `entry` with the arguments, in a Lua state of its own: `uv` and Neap's modules can
 * be required there, and waits work. `entry` is a function, which gets there without its upvalues, or Lua code.
 * Arguments are nil, booleans, numbers, strings, light userdata, threads and semaphores, and handles, of which
 * only an async can be used there: to send to it. `stack_size` is in bytes, 1 MiB at least. What the function
 * returns is lost; an error is reported on standard error, with its traceback, and ends the thread, as os.exit
 * does. Modules are found where this state finds them. The program's end tells the threads that wait to stop,
 * and waits for all of them. Raises when `entry` cannot be dumped, or an argument cannot be passed. */
static int new_thread(lua_State *L)
{
    nuv_state *state = nuv_state_of(L);
    uv_thread_options_t options;
    int last = lua_gettop(L), at = check_options(L, &options);
    nuv_push_code(L, at);
    nuv_check_values(L, at + 1, last);
    nuv_thread_prune(state);
    nuv_thread *t = nuv_thread_new(L);
    lua_insert(L, -2);
    int status = nuv_entry_init(L, &t->entry);
    lua_pop(L, 1);
    t->args = nuv_values_new(L, at + 1, last);
    nuv_flush_output(L);
    if (status || (status = nuv_thread_start(t, &options)))
        return nuv_fail(L, status);
    nuv_thread_link(state, t);
    return 1;
}

static nuv_thread *check_thread(lua_State *L, int index)
{
    return nuv_check_shared(L, index, &nuv_thread_class);
}

/** uv.thread_join(thread: uv_thread_t) -> boolean | fail
 * Waits until the thread has ended; meanwhile nothing else runs on this one. ESRCH: it has been joined already. */
static int thread_join(lua_State *L)
{
    nuv_thread *t = check_thread(L, 1);
    uv_thread_t self = uv_thread_self();
    if (!atomic_load(&t->joined) && uv_thread_equal(&t->id, &self))
        return nuv_fail(L, -EDEADLK);
    if (t->foreign || atomic_load(&t->detached))
        return nuv_fail(L, UV_EINVAL);
    if (atomic_exchange(&t->joined, true))
        return nuv_fail(L, UV_ESRCH);
    nuv_flush_output(L);
    int status = uv_thread_join(&t->id);
    if (status) {
        atomic_store(&t->joined, false);
        return nuv_fail(L, status);
    }
    nuv_thread_unlink(nuv_state_of(L), t);
    lua_pushboolean(L, 1);
    return 1;
}

/** uv.thread_self() -> uv_thread_t
 * The thread that this is called on. */
static int thread_self(lua_State *L)
{
    nuv_thread *t = nuv_thread_of(L);
    if (t) {
        nuv_push_shared(L, nuv_state_of(L)->env, &t->shared);
        return 1;
    }
    t = nuv_thread_new(L);
    t->foreign = true;
    t->id = uv_thread_self();
    atomic_store(&t->joined, false);
    return 1;
}

/** uv.thread_equal(thread: uv_thread_t, other: uv_thread_t) -> boolean
 * Whether both are the same thread. `==` says the same. */
static int thread_equal(lua_State *L)
{
    nuv_thread *a = check_thread(L, 1), *b = check_thread(L, 2);
    bool live = !atomic_load(&a->joined) && !atomic_load(&b->joined); /* ids are used again */
    lua_pushboolean(L, a == b || (live && uv_thread_equal(&a->id, &b->id)));
    return 1;
}

static int thread_tostring(lua_State *L)
{
    lua_pushfstring(L, "uv_thread_t: %p", (void *)(uintptr_t)check_thread(L, 1)->id);
    return 1;
}

#if UV_VERSION_HEX >= 0x012d00 /* 1.45 */

/* Its id is no thread's any more, or another's, once it was joined. */
static bool is_there(const nuv_thread *t)
{
    return !atomic_load(&t->joined);
}

#endif

#if UV_VERSION_HEX >= 0x012d00
/** uv.thread_getcpu() -> integer | fail
 * The number of the processor that this thread runs on; the first is 1. */
static int thread_getcpu(lua_State *L)
{
    int cpu = uv_thread_getcpu();
    return nuv_result(L, cpu < 0 ? cpu : cpu + 1);
}

static int push_mask(lua_State *L, const char *mask, int size)
{
    lua_createtable(L, size, 0);
    for (int i = 0; i < size; i++) {
        lua_pushboolean(L, mask[i]);
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/** uv.thread_getaffinity(thread: uv_thread_t, size?: integer) -> table<integer, boolean> | fail
 * Which processors it may run on: true at the number of each, the first being 1. `size` is how many are told,
 * `uv.cpumask_size()` at least, which is the default. */
static int thread_getaffinity(lua_State *L)
{
    nuv_thread *t = check_thread(L, 1);
    int least = uv_cpumask_size();
    if (least < 0 || !is_there(t))
        return nuv_fail(L, least < 0 ? least : UV_ESRCH);
    int size = (int)luaL_optinteger(L, 2, least);
    if (size < least) {
        lua_pushfstring(L, "cpumask size must be >= %d (from cpumask_size()), got %d", least, size);
        return luaL_argerror(L, 2, lua_tostring(L, -1));
    }
    char *mask = lua_newuserdata(L, (size_t)size);
    int status = uv_thread_getaffinity(&t->id, mask, (size_t)size);
    return status < 0 ? nuv_fail(L, status) : push_mask(L, mask, size);
}

/** uv.thread_setaffinity(thread: uv_thread_t, mask: table<integer, boolean>, get_old?: boolean) -> boolean | table<integer, boolean> | fail
 * Says which processors it may run on: those whose number has true in `mask`, the first being 1. Returns true, or
 * with `get_old` what was allowed before. */
static int thread_setaffinity(lua_State *L)
{
    nuv_thread *t = check_thread(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    bool get_old = lua_toboolean(L, 3);
    int size = (int)lua_objlen(L, 2), least = uv_cpumask_size();
    if (least < 0)
        return nuv_fail(L, least);
    if (size < least)
        size = least;
    char *mask = lua_newuserdata(L, 2 * (size_t)size), *old = mask + size;
    for (int i = 0; i < size; i++) {
        lua_rawgeti(L, 2, i + 1);
        mask[i] = (char)lua_toboolean(L, -1);
        lua_pop(L, 1);
    }
    int status = uv_thread_setaffinity(&t->id, mask, get_old ? old : NULL, (size_t)size);
    if (status < 0)
        return nuv_fail(L, status);
    if (get_old)
        return push_mask(L, old, size);
    lua_pushboolean(L, 1);
    return 1;
}
#endif

#if UV_VERSION_HEX >= 0x013000
/** uv.thread_getpriority(thread: uv_thread_t) -> integer | fail
 * Its priority as the system has it. */
static int thread_getpriority(lua_State *L)
{
    nuv_thread *t = check_thread(L, 1);
    int priority, status = is_there(t) ? uv_thread_getpriority(t->id, &priority) : UV_ESRCH;
    return nuv_result(L, status < 0 ? status : priority);
}

/** uv.thread_setpriority(thread: uv_thread_t, priority: integer) -> boolean | fail
 * Sets it: one of `uv.constants.THREAD_PRIORITY_*`. */
static int thread_setpriority(lua_State *L)
{
    nuv_thread *t = check_thread(L, 1);
    int wanted = nuv_check_int(L, 2);
    int status = is_there(t) ? uv_thread_setpriority(t->id, wanted) : UV_ESRCH;
    if (status < 0)
        return nuv_fail(L, status);
    lua_pushboolean(L, 1);
    return 1;
}
#endif

#if UV_VERSION_HEX >= 0x013200
/** uv.thread_getname(thread: uv_thread_t) -> string | fail
 * Its name. */
static int thread_getname(lua_State *L)
{
    char name[256];
    nuv_thread *t = check_thread(L, 1);
    int status = is_there(t) ? uv_thread_getname(&t->id, name, sizeof name) : UV_ESRCH;
    if (status < 0)
        return nuv_fail(L, status);
    lua_pushstring(L, name);
    return 1;
}

/** uv.thread_setname(name: string) -> 0 | fail
 * Names the thread that this is called on, for debuggers and ps. */
static int thread_setname(lua_State *L)
{
    return nuv_result(L, uv_thread_setname(luaL_checkstring(L, 1)));
}

/** uv.thread_detach(thread: uv_thread_t) -> boolean | fail
 * Gives up waiting for it: it cannot be joined any more. The program's end waits for it all the same. */
static int thread_detach(lua_State *L)
{
    nuv_thread *t = check_thread(L, 1);
    if (t->foreign || atomic_load(&t->joined))
        return nuv_fail(L, UV_ESRCH);
    atomic_store(&t->detached, true);
    lua_pushboolean(L, 1);
    return 1;
}
#endif

/* ---- Registration ---- */

const luaL_Reg nuv_thread_functions[] = {
    {"new_thread", new_thread},
    {"thread_join", thread_join},
    {"thread_self", thread_self},
    {"thread_equal", thread_equal},
#if UV_VERSION_HEX >= 0x012d00
    {"thread_getcpu", thread_getcpu},
    {"thread_getaffinity", thread_getaffinity},
    {"thread_setaffinity", thread_setaffinity},
#endif
#if UV_VERSION_HEX >= 0x013000
    {"thread_getpriority", thread_getpriority},
    {"thread_setpriority", thread_setpriority},
#endif
#if UV_VERSION_HEX >= 0x013200
    {"thread_getname", thread_getname},
    {"thread_setname", thread_setname},
    {"thread_detach", thread_detach},
#endif
    {NULL, NULL},
};

static const luaL_Reg methods[] = {
    {"join", thread_join},
    {"equal", thread_equal},
#if UV_VERSION_HEX >= 0x012d00
    {"getcpu", thread_getcpu},
    {"getaffinity", thread_getaffinity},
    {"setaffinity", thread_setaffinity},
#endif
#if UV_VERSION_HEX >= 0x013000
    {"getpriority", thread_getpriority},
    {"setpriority", thread_setpriority},
#endif
#if UV_VERSION_HEX >= 0x013200
    {"getname", thread_getname},
    {"detach", thread_detach},
#endif
    {NULL, NULL},
};

static const luaL_Reg metamethods[] = {
    {"__eq", thread_equal}, {"__tostring", thread_tostring}, {NULL, NULL}};

const nuv_shared_class nuv_thread_class = {
    .name = "uv_thread", .methods = methods, .metamethods = metamethods, .free = nuv_thread_free};
