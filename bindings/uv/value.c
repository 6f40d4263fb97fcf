/* value.c -- values on their way from one VM to another: to a thread, to a work function and back, through
 * an async handle.
 *
 * They are copied into one block from malloc, because a runtime's own memory is its thread's; no VM's limit
 * counts them. What cannot be copied is shared: a counted thing in C, with an object in each VM that refers
 * to it. Nothing here has a lock: the count is atomic, and a block has one owner at a time. */
#include "uv.h"

#include <stdlib.h>
#include <string.h>

/* ---- Shared things ---- */

typedef struct {
    nuv_shared *shared;
} object;

nuv_shared *nuv_share(nuv_shared *shared)
{
    atomic_fetch_add(&shared->count, 1);
    return shared;
}

void nuv_unshare(nuv_shared *shared)
{
    if (shared && atomic_fetch_sub(&shared->count, 1) == 1)
        shared->type->free(shared);
}

/* A script may call it, with anything. */
static int object_gc(lua_State *L)
{
    object *o = lua_touserdata(L, 1);
    if (!o || !luaL_getmetafield(L, 1, "__gc") || lua_tocfunction(L, -1) != object_gc)
        return luaL_argerror(L, 1, "not an object of uv's");
    nuv_unshare(o->shared);
    o->shared = NULL;
    return 0;
}

static void set_functions(lua_State *L, neap_env *env, const luaL_Reg *list)
{
    for (; list && list->name; list++) {
        neap->push_env(L, env);
        lua_pushcclosure(L, list->func, 1);
        lua_setfield(L, -2, list->name);
    }
}

/* In the registry by its address too: its name may be another class's. */
static void push_metatable(lua_State *L, neap_env *env, const nuv_shared_class *type)
{
    lua_pushlightuserdata(L, (void *)type);
    lua_rawget(L, LUA_REGISTRYINDEX);
    if (!lua_isnil(L, -1))
        return;
    lua_pop(L, 1);
    lua_createtable(L, 0, 5);
    set_functions(L, env, type->metamethods);
    lua_pushcfunction(L, object_gc);
    lua_setfield(L, -2, "__gc");
    lua_pushstring(L, type->name);
    lua_setfield(L, -2, "__name");
    lua_newtable(L);
    set_functions(L, env, type->methods);
    lua_setfield(L, -2, "__index");
    lua_pushlightuserdata(L, (void *)type);
    lua_pushvalue(L, -2);
    lua_rawset(L, LUA_REGISTRYINDEX);
}

static object *push_object(lua_State *L, neap_env *env, const nuv_shared_class *type)
{
    object *o = lua_newuserdata(L, sizeof *o);
    o->shared = NULL;
    push_metatable(L, env, type);
    lua_setmetatable(L, -2);
    return o;
}

void *nuv_new_shared(lua_State *L, const nuv_shared_class *type, size_t size)
{
    object *o = push_object(L, nuv_state_of(L)->env, type);
    o->shared = calloc(1, size);
    if (!o->shared) {
        neap->raise(L, UV_ENOMEM, NEAP_F_END);
        return NULL;
    }
    o->shared->type = type;
    atomic_init(&o->shared->count, 1);
    return o->shared;
}

void nuv_push_shared(lua_State *L, neap_env *env, nuv_shared *shared)
{
    if (!shared->type->push || !shared->type->push(L, env, shared))
        push_object(L, env, shared->type)->shared = nuv_share(shared);
}

void *nuv_test_shared(lua_State *L, int index, const nuv_shared_class *type)
{
    object *o = lua_touserdata(L, index);
    if (!o || !lua_getmetatable(L, index))
        return NULL;
    lua_pushlightuserdata(L, (void *)type);
    lua_rawget(L, LUA_REGISTRYINDEX);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same ? o->shared : NULL;
}

void *nuv_check_shared(lua_State *L, int index, const nuv_shared_class *type)
{
    void *shared = nuv_test_shared(L, index, type);
    if (!shared) {
        lua_pushfstring(L, "%s expected, got %s", type->name, luaL_typename(L, index));
        luaL_argerror(L, index, lua_tostring(L, -1));
    }
    return shared;
}

/* ---- Values ---- */

typedef struct {
    int type; /* Lua's; LUA_TUSERDATA is what is shared */
    union {
        int boolean;
        double number;
        void *pointer;
        nuv_shared *shared;
        struct {
            const char *text;
            size_t length;
        } string;
    } as;
} value;

struct nuv_values {
    int n;
    value list[];
};

static const nuv_shared_class *const classes[] = {&nuv_thread_class, &nuv_sem_class,
                                                  &nuv_async_port_class, &nuv_port_class};

/* What is shared at `index`; of a handle that is open its port, which is made when it has none. */
static nuv_shared *shared_at(lua_State *L, int index)
{
    nuv_handle *x = nuv_test_handle(L, index);
    if (x)
        return neap->handle_is_closing(&x->h) ? NULL : (nuv_shared *)nuv_port_of(L, x);
    nuv_shared *shared = nuv_test_scan(L, index);
    for (size_t i = 0; i < sizeof classes / sizeof *classes && !shared; i++)
        shared = nuv_test_shared(L, index, classes[i]);
    return shared;
}

int nuv_values_bad(lua_State *L, int first, int last)
{
    for (int i = first; i <= last; i++) {
        int type = lua_type(L, i);
        bool plain = type <= LUA_TSTRING; /* nil, boolean, light userdata, number, string */
        if (!plain && (type != LUA_TUSERDATA || !shared_at(L, i)))
            return i;
    }
    return 0;
}

static size_t size_of(lua_State *L, int first, int last)
{
    size_t size = sizeof(nuv_values) + (size_t)(last - first + 1) * sizeof(value);
    for (int i = first; i <= last; i++)
        if (lua_type(L, i) == LUA_TSTRING)
            size += lua_objlen(L, i);
    return size;
}

/* Where the next text goes is returned. */
static char *copy(lua_State *L, int index, value *v, char *to)
{
    v->type = lua_type(L, index);
    if (v->type == LUA_TBOOLEAN) {
        v->as.boolean = lua_toboolean(L, index);
    } else if (v->type == LUA_TNUMBER) {
        v->as.number = lua_tonumber(L, index);
    } else if (v->type == LUA_TLIGHTUSERDATA) {
        v->as.pointer = lua_touserdata(L, index);
    } else if (v->type == LUA_TUSERDATA) {
        v->as.shared = nuv_share(shared_at(L, index));
    } else if (v->type == LUA_TSTRING) {
        const char *text = lua_tolstring(L, index, &v->as.string.length);
        v->as.string.text = memcpy(to, text, v->as.string.length);
        to += v->as.string.length;
    }
    return to;
}

nuv_values *nuv_values_new(lua_State *L, int first, int last)
{
    if (last < first)
        last = first - 1;
    nuv_values *values = malloc(size_of(L, first, last));
    if (!values) {
        neap->raise(L, UV_ENOMEM, NEAP_F_END);
        return NULL;
    }
    values->n = last - first + 1;
    char *to = (char *)&values->list[values->n];
    for (int i = 0; i < values->n; i++)
        to = copy(L, first + i, &values->list[i], to);
    return values;
}

static void push(lua_State *L, neap_env *env, const value *v)
{
    switch (v->type) {
    case LUA_TBOOLEAN: lua_pushboolean(L, v->as.boolean); break;
    case LUA_TNUMBER: lua_pushnumber(L, v->as.number); break;
    case LUA_TLIGHTUSERDATA: lua_pushlightuserdata(L, v->as.pointer); break;
    case LUA_TUSERDATA: nuv_push_shared(L, env, v->as.shared); break;
    case LUA_TSTRING: lua_pushlstring(L, v->as.string.text, v->as.string.length); break;
    default: lua_pushnil(L);
    }
}

int nuv_values_push(lua_State *L, neap_env *env, const nuv_values *values)
{
    int n = values ? values->n : 0;
    luaL_checkstack(L, n + LUA_MINSTACK, "too many values");
    for (int i = 0; i < n; i++)
        push(L, env, &values->list[i]);
    return n;
}

void nuv_values_free(nuv_values *values)
{
    for (int i = 0; values && i < values->n; i++)
        if (values->list[i].type == LUA_TUSERDATA)
            nuv_unshare(values->list[i].as.shared);
    free(values);
}
