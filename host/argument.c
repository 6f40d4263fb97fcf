/* argument.c: wrong arguments, said as the author of the call sees them: behind lauxlib's checks in
 * neap/arguments.h.
 *
 * Most C functions are called by the Lua half of their module, which a script calls. LuaJIT's message
 * would name a line of that, and count its arguments. Here the *face* is the outermost function of
 * Neap's own below the script's line: what the script has called. Arguments are handed on in their places
 * as a rule; where another value stands there the number is looked for, and left out when it is not found.
 */
#include "host.h"

#undef luaL_argerror
#undef luaL_typerror

typedef struct {
    lua_Debug face, caller;
    bool has_caller; /* a line of the script's; else the face is called by C */
} call;

/* False: there is no face, for the C function that runs is called by the script itself. */
static bool find_call(lua_State *L, call *c)
{
    lua_Debug ar;
    bool found = false;
    c->has_caller = false;
    for (int level = 1; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Sl", &ar);
        if (neap_frame_is_own(&ar)) {
            c->face = ar;
            found = true;
        } else if (*ar.what != 'C') {
            c->caller = ar;
            c->has_caller = true;
            break;
        }
    }
    return found;
}

static void push_place(lua_State *L, const call *c)
{
    if (c->has_caller && c->caller.currentline > 0)
        lua_pushfstring(L, "%s:%d: ", c->caller.short_src, c->caller.currentline);
    else
        lua_pushliteral(L, "");
}

/* The nth local of the face (negative: of what stands for its "...") is pushed; false: there is none. */
static bool push_local(lua_State *L, const call *c, int n)
{
    return lua_getlocal(L, &c->face, n) != NULL;
}

static bool is_text_or_number(lua_State *L, int index)
{
    return lua_type(L, index) == LUA_TSTRING || lua_type(L, index) == LUA_TNUMBER;
}

/* The two values on L's top: a number may have been made a text by who looked at it. */
static bool are_same(lua_State *L)
{
    if (lua_rawequal(L, -1, -2) || !is_text_or_number(L, -1) || !is_text_or_number(L, -2))
        return lua_rawequal(L, -1, -2);
    lua_pushvalue(L, -2);
    lua_pushvalue(L, -2);
    lua_tostring(L, -1);
    lua_tostring(L, -2);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

/* Is the value on L's top that local? */
static bool is_local(lua_State *L, const call *c, int n)
{
    if (!push_local(L, c, n))
        return false;
    bool same = are_same(L);
    lua_pop(L, 1);
    return same;
}

static bool has_local(lua_State *L, const call *c, int n)
{
    bool has = push_local(L, c, n);
    if (has)
        lua_pop(L, 1);
    return has;
}

/* The number that an argument, whose value is on L's top, has among those of the face; 0: nobody knows. Behind a
 * face's parameters are its other locals, where a nil or a boolean may stand by chance. */
static int number_in_face(lua_State *L, int index, const call *c)
{
    bool telling = !lua_isnil(L, -1) && !lua_isboolean(L, -1);
    if (is_local(L, c, index) || (lua_isnil(L, -1) && !has_local(L, c, index)))
        return index;
    for (int n = -1; has_local(L, c, n); n--)
        if (is_local(L, c, n))
            return index;
    for (int n = 1; telling && has_local(L, c, n); n++)
        if (is_local(L, c, n))
            return n;
    return 0;
}

/* What the C function that runs is called, where nothing better is known. */
static const char *own_name(lua_State *L)
{
    lua_Debug ar;
    if (!lua_getstack(L, 0, &ar) || !lua_getinfo(L, "n", &ar) || !ar.name)
        return "?";
    return ar.name;
}

static int raise_at(lua_State *L, const call *c)
{
    push_place(L, c);
    lua_insert(L, -2);
    lua_concat(L, 2);
    return lua_error(L);
}

static int raise_argument(lua_State *L, call *c, int number, const char *message)
{
    lua_getinfo(L, "n", &c->face);
    const char *name = c->face.name ? c->face.name : own_name(L);
    bool method = c->face.name && *c->face.namewhat == 'm';
    if (!number)
        lua_pushfstring(L, "bad argument to '%s' (%s)", name, message);
    else if (method && number == 1)
        lua_pushfstring(L, "calling '%s' on bad self (%s)", name, message);
    else
        lua_pushfstring(L, "bad argument #%d to '%s' (%s)", number - method, name, message);
    return raise_at(L, c);
}

/* Where an argument that was not passed would stand, the message may. */
static void push_value(lua_State *L, int index, const char *message)
{
    bool text = lua_type(L, index) == LUA_TSTRING;
    if (lua_isnone(L, index) || (text && lua_tostring(L, index) == message))
        lua_pushnil(L);
    else
        lua_pushvalue(L, index);
}

int neap_argument_error(lua_State *L, int index, const char *message)
{
    call c;
    if (!find_call(L, &c))
        return luaL_argerror(L, index, message);
    push_value(L, index, message);
    return raise_argument(L, &c, number_in_face(L, index, &c), message);
}

int neap_type_error(lua_State *L, int index, const char *expected)
{
    call c;
    if (!find_call(L, &c))
        return luaL_typerror(L, index, expected);
    const char *got = luaL_typename(L, index);
    push_value(L, index, NULL);
    int number = number_in_face(L, index, &c);
    return raise_argument(L, &c, number, lua_pushfstring(L, "%s expected, got %s", expected, got));
}

int neap_script_error(lua_State *L, const char *format, ...)
{
    call c;
    va_list ap;
    va_start(ap, format);
    bool found = find_call(L, &c);
    if (!found)
        luaL_where(L, 1);
    lua_pushvfstring(L, format, ap);
    va_end(ap);
    if (found)
        return raise_at(L, &c);
    lua_concat(L, 2);
    return lua_error(L);
}
