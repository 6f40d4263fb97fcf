/* call.c: calls both ways between an embedder and its scripts: neap_register, neap_emit, neap_call; and
 * what each may ask of a runtime.
 *
 * Values cross by a short format (neap.h). A call runs in a task's thread that cannot yield, so what
 * would wait raises EWAIT; events are a task each, started in the next turn.
 */
#include <string.h>

#include "host.h"

typedef struct {
    neap_runtime *rt;
    const char *name, *format;
    va_list *ap;
    neap_error *error;
    int status;
} call;

/* ---- Values ---- */

static const char bad_format[] = "'%c' is no letter of a value format";

/* Push the arguments up to '>' or the end: their number. `*format` is left there. */
static int push_values(lua_State *S, lua_State *L, const char **format, va_list *ap)
{
    int n = 0;
    luaL_checkstack(S, (int)strlen(*format) + 1, "too many arguments");
    for (; **format && **format != '>'; ++*format, n++) {
        const char *text;
        switch (**format) {
        case 'b': lua_pushboolean(S, va_arg(*ap, int)); break;
        case 'i': lua_pushinteger(S, va_arg(*ap, int)); break;
        case 'l': lua_pushnumber(S, (lua_Number)va_arg(*ap, int64_t)); break;
        case 'n': lua_pushnumber(S, va_arg(*ap, double)); break;
        case 's': lua_pushstring(S, va_arg(*ap, const char *)); break;
        case 'z':
            if ((text = va_arg(*ap, const char *)))
                lua_pushstring(S, text);
            else
                lua_pushnil(S);
            break;
        case 'S':
            text = va_arg(*ap, const char *);
            lua_pushlstring(S, text, va_arg(*ap, size_t));
            break;
        case 'p': lua_pushlightuserdata(S, va_arg(*ap, void *)); break;
        case 'r':
            lua_pushvalue(L, va_arg(*ap, int));
            lua_xmove(L, S, 1);
            break;
        default: luaL_error(S, bad_format, **format);
        }
    }
    return n;
}

/* Store the results at `first` and above of T through the pointers of the format after '>'. */
static void take_values(lua_State *T, int first, const char *format, va_list *ap)
{
    for (int i = first; *format; format++, i++) {
        switch (*format) {
        case 'b': *va_arg(*ap, int *) = lua_toboolean(T, i); break;
        case 'i': *va_arg(*ap, int *) = (int)luaL_checkinteger(T, i); break;
        case 'l': *va_arg(*ap, int64_t *) = (int64_t)luaL_checknumber(T, i); break;
        case 'n': *va_arg(*ap, double *) = luaL_checknumber(T, i); break;
        case 's': *va_arg(*ap, const char **) = luaL_checkstring(T, i); break;
        case 'z':
            *va_arg(*ap, const char **) = lua_isnil(T, i) ? NULL : luaL_checkstring(T, i);
            break;
        case 'S': {
            const char **text = va_arg(*ap, const char **);
            *text = luaL_checklstring(T, i, va_arg(*ap, size_t *));
            break;
        }
        case 'p': *va_arg(*ap, void **) = lua_touserdata(T, i); break;
        default: luaL_error(T, bad_format, *format);
        }
    }
}

static int results_wanted(const char *format)
{
    const char *results = strchr(format, '>');
    return results ? (int)strlen(results + 1) : 0;
}

/* ---- On S, protected, from outside of a drain ---- */

static void do_call(lua_State *S, void *data);

static int enter(neap_runtime *rt, void (*fn)(lua_State *, void *), call *c)
{
    if (rt->state != RT_OPEN)
        return neap_error_set(c->error, NEAP_ECLOSED, "the runtime is closing");
    if (rt->preempted && fn == do_call)
        return neap_error_set(c->error, UV_EBUSY, "the script is preempted");
    neap_root *root = rt->root;
    neap_pipe_guard guard;
    bool outermost = !root->inside && fn == do_call;
    if (outermost)
        neap_pipe_block(&guard);
    neap_enter_root(root);
    int top = lua_gettop(rt->S);
    if (neap_protected(rt, fn, c)) {
        neap_reap(rt);
        c->status = neap_error_take(rt, c->error);
        lua_settop(rt->S, top);
    }
    if (!neap_leave_root(root))
        c->status = neap_error_set(c->error, NEAP_ECLOSED, "the script has closed the runtime");
    if (outermost)
        neap_pipe_restore(&guard);
    return c->status;
}

/* ---- neap_register ---- */

static void do_register(lua_State *S, void *data)
{
    call *c = data;
    lua_getglobal(S, "package");
    lua_getfield(S, -1, "loaded");
    lua_newtable(S);
    luaL_setfuncs(S, va_arg(*c->ap, const luaL_Reg *), 0);
    lua_setfield(S, -2, c->name);
}

static int with_list(call *c, void (*fn)(lua_State *, void *), ...)
{
    va_list ap;
    va_start(ap, fn);
    c->ap = &ap;
    int status = enter(c->rt, fn, c);
    va_end(ap);
    return status;
}

int neap_register(neap_runtime *rt, const char *name, const luaL_Reg *functions, neap_error *error)
{
    call c = {.rt = rt, .name = name, .error = error};
    return with_list(&c, do_register, functions);
}

/* ---- neap_emit ---- */

static void do_emit(lua_State *S, void *data)
{
    call *c = data;
    neap_runtime *rt = c->rt;
    if (!rt->listeners)
        return;
    neap_anchor_push(rt, S, rt->listeners);
    lua_getfield(S, -1, c->name);
    if (!lua_istable(S, -1))
        return;
    int at = lua_gettop(S), n = push_values(S, rt->L, &c->format, c->ap);
    for (int i = 1, count = (int)lua_objlen(S, at); i <= count; i++) {
        lua_rawgeti(S, at, i);
        for (int j = 1; j <= n; j++)
            lua_pushvalue(S, at + j);
        neap_spawn_start(S, n, NULL);
    }
}

int neap_emit(neap_runtime *rt, const char *name, const char *format, ...)
{
    call c = {.rt = rt, .name = name, .format = format ? format : ""};
    va_list ap;
    va_start(ap, format);
    c.ap = &ap;
    int status = enter(rt, do_emit, &c);
    va_end(ap);
    return status;
}

/* ---- neap_call ---- */

/* The neap_error * that ends its arguments: behind all that the format names. */
static neap_error *last_argument(const char *format, va_list *ap)
{
    bool results = false;
    for (; *format; format++) {
        if (*format == '>')
            results = true;
        else if (results)
            (void)va_arg(*ap, void *);
        else if (*format == 'n')
            (void)va_arg(*ap, double);
        else if (*format == 'l')
            (void)va_arg(*ap, int64_t);
        else if (strchr("bir", *format))
            (void)va_arg(*ap, int);
        else
            (void)va_arg(*ap, void *);
        if (*format == 'S')
            (void)va_arg(*ap, size_t); /* of a result: a pointer, as wide */
    }
    return va_arg(*ap, neap_error *);
}

/* An exported function first, then a global. */
static bool push_function(lua_State *S, neap_runtime *rt, const char *name)
{
    if (rt->exports) {
        neap_anchor_push(rt, S, rt->exports);
        lua_getfield(S, -1, name);
        lua_remove(S, -2);
        if (lua_isfunction(S, -1))
            return true;
        lua_pop(S, 1);
    }
    lua_getglobal(S, name);
    return lua_isfunction(S, -1);
}

static void do_call(lua_State *S, void *data)
{
    call *c = data;
    neap_runtime *rt = c->rt;
    if (!push_function(S, rt, c->name)) {
        lua_pushfstring(S, "no function '%s'", c->name);
        neap->raise(S, UV_ENOENT, NEAP_F_MESSAGE, lua_tostring(S, -1), NEAP_F_END);
    }
    lua_rawgeti(S, LUA_REGISTRYINDEX, rt->handler);
    lua_insert(S, -2);
    int function = lua_gettop(S), wanted = results_wanted(c->format);
    int n = push_values(S, rt->L, &c->format, c->ap);
    neap_task *outer = rt->current;
    int nowait = rt->nowait;
    rt->current = NULL; /* nothing can wait in here */
    bool entered = rt->entered, sliced = neap_limit_begin(rt, true);
    rt->entered = true;
    int status = lua_pcall(S, n, LUA_MULTRET, function - 1);
    rt->entered = entered;
    neap_limit_end(rt, sliced);
    rt->current = outer;
    rt->nowait = nowait;
    if (status)
        lua_error(S);
    if (lua_gettop(S) > function && lua_isnil(S, function) && neap_error_is(S, function + 1)) {
        lua_settop(S, function + 1);
        lua_error(S);
    }
    lua_settop(S, function - 1 + wanted);
    if (*c->format == '>')
        take_values(S, function, c->format + 1, c->ap);
    neap_anchor_drop(rt, &rt->call_results);
    lua_createtable(S, wanted, 0); /* texts hold until the next call */
    for (int i = 0; i < wanted; i++) {
        lua_pushvalue(S, function + i);
        lua_rawseti(S, -2, i + 1);
    }
    rt->call_results = neap_anchor(rt, S);
}

int neap_call(neap_runtime *rt, const char *name, const char *format, ...)
{
    call c = {.rt = rt, .name = name, .format = format ? format : ""};
    va_list ap, last;
    va_start(ap, format);
    va_copy(last, ap);
    c.error = last_argument(c.format, &last);
    va_end(last);
    c.ap = &ap;
    if (c.error)
        c.error->status = 0;
    int status = enter(rt, do_call, &c);
    va_end(ap);
    return status;
}

/* ---- Asking ---- */

neap_runtime *neap_of(lua_State *L)
{
    void *data;
    if (lua_getallocf(L, &data) == neap_vm_allocator)
        return data;
    lua_getfield(L, LUA_REGISTRYINDEX, "neap.runtime");
    neap_runtime *rt = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return rt;
}

lua_State *neap_lua(neap_runtime *rt)
{
    return rt->L;
}

void *neap_data(neap_runtime *rt)
{
    return rt->options.data;
}
