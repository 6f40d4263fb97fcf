/* trace.c: what a person is shown of a Lua stack: their own code. Frames of Neap's embedded modules, of
 * the C functions that those call and of C functions without a name are left out; where a coroutine was
 * resumed that waits, its stack comes first. In tracebacks, and wherever an error or a task's origin
 * names a line.
 */
#include <stdlib.h>
#include <string.h>

#include "host.h"

enum { FIRST = 30, LAST = 10, NESTED = 8 }; /* frames looked at; coroutines deep */

/* Is it one of Neap's embedded modules? */
bool neap_frame_is_own(const lua_Debug *ar)
{
    if (strncmp(ar->source, "@neap/", 6) == 0) /* may be somebody else's folder of that name */
        for (const neap_module *m = neap_modules; m->name; m++)
            if (strcmp(ar->source, m->chunk) == 0)
                return true;
    return strcmp(ar->source, "=neap") == 0; /* main.c's driver */
}

static bool look(lua_State *T, int level, lua_Debug *ar)
{
    return lua_getstack(T, level, ar) && lua_getinfo(T, "nSl", ar);
}

/* The innermost frame of T that is a line of the user's; false: none is. */
bool neap_user_frame(lua_State *T, lua_Debug *ar)
{
    for (int level = 0; look(T, level, ar); level++)
        if (ar->currentline > 0 && !neap_frame_is_own(ar))
            return true;
    return false;
}

/* An error that the VM itself raised leaves no line in its own frame: the message begins with it. */
static int line_of(const lua_Debug *ar, const char *message)
{
    size_t n = strlen(ar->short_src);
    if (ar->currentline > 0 || !message || strncmp(message, ar->short_src, n) != 0 ||
        message[n] != ':')
        return ar->currentline;
    return (int)strtol(message + n + 1, NULL, 10);
}

static void add_frame(luaL_Buffer *b, const lua_Debug *ar, bool named, const char *message)
{
    lua_State *S = b->L;
    int line = line_of(ar, message);
    lua_pushfstring(S, "\n\t%s:", ar->short_src);
    luaL_addvalue(b);
    if (line > 0) {
        lua_pushfstring(S, "%d:", line);
        luaL_addvalue(b);
    }
    if (*ar->what == 'm')
        lua_pushliteral(S, " in main chunk");
    else if (*ar->namewhat && named)
        lua_pushfstring(S, " in function '%s'", ar->name);
    else
        lua_pushfstring(S, " in function <%s:%d>", ar->short_src, ar->linedefined);
    luaL_addvalue(b);
}

/* The coroutine that boot.lua's resume waits for in this frame of T, or NULL. It stays alive: it is on
 * T's stack. */
static lua_State *resumed_in(lua_State *T, const lua_Debug *ar)
{
    const char *name = strcmp(ar->source, "@neap/boot.lua") == 0 ? lua_getlocal(T, ar, 1) : NULL;
    if (!name)
        return NULL;
    lua_State *co = strcmp(name, "co") == 0 ? lua_tothread(T, -1) : NULL;
    lua_pop(T, 1);
    return co;
}

static void add_stack(luaL_Buffer *b, lua_State *T, const char *message, int depth)
{
    lua_Debug ar, caller;
    int level = T == b->L; /* without the C function that asks */
    for (bool more = look(T, level, &ar); more; ar = caller) {
        if (level == FIRST && lua_getstack(T, level + LAST, &caller)) {
            luaL_addstring(b, "\n\t...");
            lua_getstack(T, -LAST, &caller); /* LuaJIT's: how many there are */
            level = caller.i_ci - LAST;
            look(T, level, &ar);
        }
        more = look(T, ++level, &caller);
        bool below_own = more && neap_frame_is_own(&caller);
        if (neap_frame_is_own(&ar)) {
            lua_State *co = depth < NESTED ? resumed_in(T, &ar) : NULL;
            if (co && co != b->L)
                add_stack(b, co, message, depth + 1);
        } else if (*ar.what != 'C' || (*ar.namewhat && !below_own)) {
            add_frame(b, &ar, !below_own, message);
        }
    }
}

/* Push T's stack on S as text. `message`: of the error that T died of, or NULL. False: no frame of it is
 * the user's. */
bool neap_traceback(lua_State *S, lua_State *T, const char *message)
{
    static const char title[] = "stack traceback:";
    luaL_Buffer b;
    luaL_buffinit(S, &b);
    luaL_addstring(&b, title);
    add_stack(&b, T, message, 0);
    luaL_pushresult(&b);
    return lua_objlen(S, -1) > sizeof title - 1;
}

/* What follows "neap/...lua:NN: " of one of Neap's modules in a message; NULL: it does not begin so. */
static const char *after_own_line(const char *text)
{
    for (const neap_module *m = neap_modules; m->name; m++) {
        size_t n = strlen(m->chunk + 1);
        if (strncmp(text, m->chunk + 1, n) != 0 || text[n] != ':')
            continue;
        const char *rest = text + n + 1;
        size_t digits = strspn(rest, "0123456789");
        return digits && rest[digits] == ':' ? rest + digits : NULL;
    }
    return NULL;
}

/* S's top: the message of an error raised on T. What goes wrong in Neap's own Lua with what it was given
 * is not its fault: the message names the line that did call. */
void neap_blame(lua_State *S, lua_State *T)
{
    lua_Debug ar;
    const char *text = lua_tostring(S, -1);
    const char *rest = text && strncmp(text, "neap/", 5) == 0 ? after_own_line(text) : NULL;
    if (rest && neap_user_frame(T, &ar)) {
        lua_pushfstring(S, "%s:%d%s", ar.short_src, ar.currentline, rest);
        lua_replace(S, -2);
    }
}
