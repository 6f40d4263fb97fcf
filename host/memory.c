/* memory.c: every byte that is held for a runtime is counted here.
 *
 * The VM allocates through neap_vm_allocator, a counting wrapper round LuaJIT's own allocator
 * (malloc in its place is 2.4 to 7 times slower); C memory comes from neap_mem. Over the limit an
 * allocation fails: that operation's ENOMEM, or the VM's "not enough memory". LuaJIT collects
 * nothing by itself when memory runs out, so past three quarters of the limit a full collection is
 * asked for, which the VM's next allocation by script or the next drain carries out; the mark then
 * moves to half of what is left, so that a script that really holds its memory is not collected to
 * death.
 */
#include <stdlib.h>

#include "host.h"

#ifdef NEAP_CHECK
/* For t/c/memory.c: the allocation that fails, counted down; 0: none. */
long neap_fail_at;
bool neap_fail_always, neap_has_failed;

static bool fails(size_t old_size, size_t size)
{
    if (size <= old_size || !neap_fail_at)
        return false;
    if (neap_fail_at > 1) {
        neap_fail_at--;
        return false;
    }
    if (!neap_fail_always)
        neap_fail_at = 0;
    return neap_has_failed = true;
}
#else
static bool fails(size_t old_size, size_t size)
{
    (void)old_size, (void)size;
    return false;
}
#endif

static bool fits(const neap_runtime *rt, size_t old_size, size_t size)
{
    if (fails(old_size, size))
        return false;
    return !rt->memory_limit || size <= old_size ||
           rt->memory + (size - old_size) <= rt->memory_limit;
}

static void count(neap_runtime *rt, size_t old_size, size_t size)
{
    rt->memory += size - old_size;
    if (rt->memory > rt->memory_peak)
        rt->memory_peak = rt->memory;
}

static void count_c(neap_runtime *rt, size_t old_size, size_t size)
{
    rt->c_memory += size - old_size;
    count(rt, old_size, size);
}

/* realloc that counts: old_size 0 and p NULL a new block, size 0 frees. NULL: it does not fit, and p
 * stands. */
void *neap_mem(neap_runtime *rt, void *p, size_t old_size, size_t size)
{
    if (!size) {
        free(p);
        count_c(rt, old_size, 0);
        return NULL;
    }
    if (!fits(rt, old_size, size))
        return NULL;
    void *q = realloc(p, size);
    if (q)
        count_c(rt, old_size, size);
    return q;
}

/* What is the root's and no runtime's is not counted. */
void *neap_realloc(void *p, size_t size)
{
    return fails(0, size) ? NULL : realloc(p, size);
}

int neap_charge(neap_runtime *rt, ptrdiff_t bytes)
{
    if (bytes > 0 && !fits(rt, 0, (size_t)bytes))
        return UV_ENOMEM;
    count_c(rt, 0, (size_t)bytes);
    return 0;
}

static size_t mark(size_t used, size_t limit)
{
    size_t floor = limit / 4 * 3, half = used + (limit - used) / 2;
    return half > floor ? half : floor;
}

static void watch(neap_runtime *rt)
{
    size_t limit = rt->memory_limit;
    if (rt->memory > rt->memory_soft && rt->memory < limit) {
        rt->memory_low = rt->memory;
        rt->memory_soft = limit - rt->memory > limit / 64 ? mark(rt->memory, limit) : limit;
        neap_collect_soon(rt);
    } else if (rt->memory < rt->memory_low) {
        rt->memory_low = rt->memory;
        rt->memory_soft = mark(rt->memory, limit);
    }
}

enum { GREAT = 64 * 1024 }; /* what takes so long to fill that the clock is looked at */

void *neap_vm_allocator(void *data, void *p, size_t old_size, size_t size)
{
    neap_runtime *rt = data;
    if (!fits(rt, old_size, size)) {
        neap_collect_soon(rt); /* the script may catch the error and go on */
        return NULL;
    }
    if (rt->slice.due || size >= GREAT)
        neap_slice_poll(&rt->slice);
    void *q = rt->vm_alloc(rt->vm_ud, p, old_size, size);
    if (q || !size) {
        count(rt, old_size, size);
        if (rt->memory_limit)
            watch(rt);
    }
    return q;
}

/* ---- Anchors: Lua values that C holds, by a number ----
 * An array in the VM; free places are chained through it by number. */

/* Pop L's top and keep it. Raises when there is no memory for that. */
int neap_anchor(neap_runtime *rt, lua_State *L)
{
    int ref = rt->anchor_free;
    if (ref && neap_vm_place_take(L, rt->anchor_array, ref, &rt->anchor_free))
        return ref;
    lua_rawgeti(L, LUA_REGISTRYINDEX, rt->anchors);
    if (ref) {
        lua_rawgeti(L, -1, ref);
        rt->anchor_free = (int)lua_tointeger(L, -1);
        lua_pop(L, 1);
    } else {
        ref = rt->anchor_count + 1;
    }
    lua_insert(L, -2);
    lua_rawseti(L, -2, ref);
    if (ref > rt->anchor_count)
        rt->anchor_count = ref; /* only now: setting it may have raised */
    lua_pop(L, 1);
    return ref;
}

void neap_anchor_push(neap_runtime *rt, lua_State *L, int ref)
{
    if (neap_vm_place_push(L, rt->anchor_array, ref))
        return;
    lua_rawgeti(L, LUA_REGISTRYINDEX, rt->anchors);
    lua_rawgeti(L, -1, ref);
    lua_remove(L, -2);
}

/* Let go; allocates nothing. */
void neap_anchor_drop(neap_runtime *rt, int *ref)
{
    if (*ref > 0 && rt->S) {
        if (!neap_vm_place_free(rt->anchor_array, *ref, rt->anchor_free)) {
            lua_rawgeti(rt->S, LUA_REGISTRYINDEX, rt->anchors);
            lua_pushinteger(rt->S, rt->anchor_free);
            lua_rawseti(rt->S, -2, *ref);
            lua_pop(rt->S, 1);
        }
        rt->anchor_free = *ref;
    }
    *ref = 0;
}
