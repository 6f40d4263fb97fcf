/* vm_values.c -- values that the host looks at with every operation: a userdata that is an argument, what a
 * C function carries, the places of the array of anchors. LuaJIT's API asks of each several times what
 * kind it is; together that was a third of an operation's instructions. */
#include "vm.h"

#ifndef NEAP_LUAJIT_INTERNALS
#define NEAP_LUAJIT_INTERNALS 0
#endif

static void *ask_for_userdata(lua_State *L, int index, size_t *size)
{
    void *p = lua_type(L, index) == LUA_TUSERDATA ? lua_touserdata(L, index) : NULL;
    *size = p ? lua_objlen(L, index) : 0;
    return p;
}

#if NEAP_LUAJIT_INTERNALS

#include "lj_obj.h"
#include "lj_gc.h"
#include "lj_tab.h"

void *neap_vm_userdata(lua_State *L, int index, size_t *size)
{
    if (index <= LUA_REGISTRYINDEX)
        return ask_for_userdata(L, index, size);
    cTValue *value = index > 0 ? L->base + index - 1 : L->top + index;
    if (value >= L->top || !tvisudata(value))
        return NULL;
    *size = udataV(value)->len;
    return uddata(udataV(value));
}

void *neap_vm_carried(lua_State *L)
{
    const GCfuncC *fn = &curr_func(L)->c;
    bool light = fn->nupvalues > 0 && tvislightud(&fn->upvalue[0]);
    return light ? lightudV(G(L), &fn->upvalue[0]) : NULL;
}

static TValue *place(const void *table, int n)
{
    GCtab *t = (GCtab *)table;
    return inarray(t, n) ? arrayslot(t, n) : NULL;
}

bool neap_vm_place_push(lua_State *L, const void *table, int n)
{
    cTValue *value = place(table, n);
    if (!value || L->top + 1 >= tvref(L->maxstack))
        return false;
    copyTV(L, L->top, value);
    L->top++;
    return true;
}

bool neap_vm_place_take(lua_State *L, const void *table, int n, int *number)
{
    TValue *value = place(table, n);
    if (!value || !tvisnumber(value))
        return false;
    *number = numberVint(value);
    copyTV(L, value, L->top - 1);
    lj_gc_barriert(L, (GCtab *)table, value);
    L->top--;
    return true;
}

bool neap_vm_place_free(const void *table, int n, int number)
{
    TValue *value = place(table, n);
    if (value)
        setintV(value, number);
    return value != NULL;
}

#else

void *neap_vm_userdata(lua_State *L, int index, size_t *size)
{
    return ask_for_userdata(L, index, size);
}

void *neap_vm_carried(lua_State *L)
{
    int index = lua_upvalueindex(1);
    return lua_islightuserdata(L, index) ? lua_touserdata(L, index) : NULL;
}

bool neap_vm_place_push(lua_State *L, const void *table, int n)
{
    (void)L, (void)table, (void)n;
    return false;
}

bool neap_vm_place_take(lua_State *L, const void *table, int n, int *number)
{
    (void)L, (void)table, (void)n, (void)number;
    return false;
}

bool neap_vm_place_free(const void *table, int n, int number)
{
    (void)table, (void)n, (void)number;
    return false;
}

#endif
