/* neap/arguments.h: lauxlib's checks of arguments, as neap/extension.h gives them to whoever includes it.
 *
 * What is wrong is said as the author of the call sees it. A message names a line of the script, and counts and
 * names as that line does, also where Lua code of Neap's own stands between it and the C function:
 *
 *     stream:write("x", {})      app.lua:7: bad argument #2 to 'write' (string expected, got table)
 *
 * Where a script calls the C function itself, and in a program that has no host's table, all is as in lauxlib.h.
 */
#ifndef NEAP_ARGUMENTS_H
#define NEAP_ARGUMENTS_H

#include <string.h>

static inline int neap_argerror(lua_State *L, int index, const char *message)
{
    return (neap ? neap->argument_error : luaL_argerror)(L, index, message);
}

static inline int neap_typerror(lua_State *L, int index, const char *expected)
{
    return (neap ? neap->type_error : luaL_typerror)(L, index, expected);
}

static inline const char *neap_checklstring(lua_State *L, int index, size_t *length)
{
    const char *text = lua_tolstring(L, index, length);
    if (!text)
        neap_typerror(L, index, "string");
    return text;
}

static inline const char *neap_optlstring(lua_State *L, int index, const char *text, size_t *length)
{
    if (!lua_isnoneornil(L, index))
        return neap_checklstring(L, index, length);
    if (length)
        *length = text ? strlen(text) : 0;
    return text;
}

static inline lua_Number neap_checknumber(lua_State *L, int index)
{
    if (!lua_isnumber(L, index))
        neap_typerror(L, index, "number");
    return lua_tonumber(L, index);
}

static inline lua_Integer neap_checkinteger(lua_State *L, int index)
{
    if (!lua_isnumber(L, index))
        neap_typerror(L, index, "number");
    return lua_tointeger(L, index);
}

static inline void neap_checktype(lua_State *L, int index, int type)
{
    if (lua_type(L, index) != type)
        neap_typerror(L, index, lua_typename(L, type));
}

static inline void neap_checkany(lua_State *L, int index)
{
    if (lua_isnone(L, index))
        neap_argerror(L, index, "value expected");
}

static inline int neap_checkoption(lua_State *L, int index, const char *none,
                                   const char *const names[])
{
    const char *given = lua_tostring(L, index);
    const char *name = given ? given : none; /* as LuaJIT: also for what is no string */
    if (!name)
        return neap_typerror(L, index, "string");
    for (int i = 0; names[i]; i++)
        if (strcmp(names[i], name) == 0)
            return i;
    return neap_argerror(L, index, lua_pushfstring(L, "invalid option '%s'", name));
}

#define luaL_checklstring(L, index, length) neap_checklstring(L, index, length)
#define luaL_optlstring(L, index, text, length) neap_optlstring(L, index, text, length)
#define luaL_checknumber(L, index) neap_checknumber(L, index)
#define luaL_optnumber(L, index, n) luaL_opt(L, neap_checknumber, index, n)
#define luaL_checkinteger(L, index) neap_checkinteger(L, index)
#define luaL_optinteger(L, index, n) luaL_opt(L, neap_checkinteger, index, n)
#define luaL_checktype(L, index, type) neap_checktype(L, index, type)
#define luaL_checkany(L, index) neap_checkany(L, index)
#define luaL_checkoption(L, index, none, names) neap_checkoption(L, index, none, names)
#define luaL_argerror(L, index, message) neap_argerror(L, index, message)
#define luaL_typerror(L, index, expected) neap_typerror(L, index, expected)
#define luaL_error (*(neap ? neap->script_error : luaL_error))

#endif
