/* entry.c -- how a function gets into a state on another thread: as its code. It leaves its upvalues behind, as
 * string.dump does; with it goes where modules are found. The state that takes it is a runtime of Neap's own,
 * made through the public header, where `uv` has been required. */
#include "uv.h"

#include <stdlib.h>
#include <string.h>

/* ---- Here ---- */

static int add_piece(lua_State *L, const void *piece, size_t size, void *buffer)
{
    (void)L;
    luaL_addlstring(buffer, piece, size);
    return 0;
}

void nuv_push_code(lua_State *L, int index)
{
    luaL_Buffer buffer;
    if (lua_isstring(L, index)) {
        lua_pushvalue(L, index);
        lua_tostring(L, -1);
        return;
    }
    luaL_checktype(L, index, LUA_TFUNCTION);
    lua_pushvalue(L, index);
    luaL_buffinit(L, &buffer);
    if (lua_dump(L, add_piece, &buffer))
        luaL_error(L, "Error: unable to dump given function");
    luaL_pushresult(&buffer);
    lua_remove(L, -2);
}

static char *copy_field(lua_State *L, const char *name)
{
    lua_getfield(L, -1, name);
    const char *text = lua_tostring(L, -1);
    char *copy = strdup(text ? text : "");
    lua_pop(L, 1);
    return copy;
}

int nuv_entry_init(lua_State *L, nuv_entry *entry)
{
    const char *code = lua_tolstring(L, -1, &entry->length);
    if ((entry->code = malloc(entry->length + 1)))
        memcpy(entry->code, code, entry->length + 1);
    lua_getglobal(L, "package");
    if (lua_istable(L, -1)) {
        entry->path = copy_field(L, "path");
        entry->cpath = copy_field(L, "cpath");
    }
    lua_pop(L, 1);
    return entry->code ? 0 : UV_ENOMEM;
}

void nuv_entry_free(nuv_entry *entry)
{
    free(entry->code);
    free(entry->path);
    free(entry->cpath);
    *entry = (nuv_entry){0};
}

void nuv_check_values(lua_State *L, int first, int last)
{
    int bad = nuv_values_bad(L, first, last);
    if (bad)
        luaL_error(L, "Error: thread arg not support type '%s' at %d", luaL_typename(L, bad),
                   bad - first + 1);
}

void nuv_flush_output(lua_State *L)
{
    lua_getglobal(L, "io");
    if (lua_istable(L, -1)) {
        lua_getfield(L, -1, "flush");
        if (lua_isfunction(L, -1))
            lua_call(L, 0, 0);
        else
            lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

/* ---- There ---- */

static void set_field(lua_State *L, const char *name, const char *text)
{
    if (!text)
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, name);
}

void nuv_entry_push(lua_State *L, const nuv_entry *entry, const char *name)
{
    lua_getglobal(L, "package");
    set_field(L, "path", entry->path);
    set_field(L, "cpath", entry->cpath);
    lua_pop(L, 1);
    if (luaL_loadbuffer(L, entry->code, entry->length, name))
        lua_error(L);
}

neap_env *nuv_env_in(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, "neap.uv");
    neap_env *env = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return env;
}
