/* report.c: what becomes of errors: any value that was raised is made an error object, with a traceback;
 * one that nobody took goes to the script's handler, the embedder's, or standard error; and what is of
 * the embedder's is copied into a neap_error.
 */
#include <lualib.h>
#include <stdio.h>
#include <string.h>

#include "host.h"

/* ---- Any error value -> error object with a traceback ---- */

/* What its __tostring says, if it has one that works. */
static bool push_own_text(lua_State *S, int index)
{
    if (!luaL_getmetafield(S, index, "__tostring"))
        return false;
    lua_pushvalue(S, index - 1);
    if (lua_pcall(S, 1, 1, 0) == 0 && lua_isstring(S, -1))
        return true;
    lua_pop(S, 1);
    return false;
}

/* The text of a value that a script raised; index counts from the top. */
static void push_text(lua_State *S, int index)
{
    if (lua_istable(S, index)) {
        if (neap_error_field(S, index, "message"))
            return;
        lua_pop(S, 1);
    }
    if (push_own_text(S, index))
        return;
    if (lua_isstring(S, index))
        lua_pushvalue(S, index);
    else if (lua_isnil(S, index))
        lua_pushliteral(S, "nil was raised as an error");
    else
        lua_pushfstring(S, "a %s value was raised as an error", luaL_typename(S, index));
}

/* What the hook raises that kills a script: see neap_slice_init. */
static bool is_kill(lua_State *S)
{
    const neap_runtime *rt = neap_of(S);
    return rt && lua_islightuserdata(S, -1) && lua_touserdata(S, -1) == &rt->slice;
}

/* S's top, which is no error object, becomes one. T: the thread it died on, or NULL. */
static void make_object(lua_State *S, lua_State *T)
{
    bool no_memory = lua_isstring(S, -1) && !strcmp(lua_tostring(S, -1), "not enough memory");
    bool killed = is_kill(S);
    neap_error_push(S, no_memory ? UV_ENOMEM : killed ? NEAP_EKILLED : NEAP_ESCRIPT, NULL);
    if (!no_memory && !killed) {
        push_text(S, -2);
        if (T)
            neap_blame(S, T);
        lua_setfield(S, -2, "message");
        lua_pushvalue(S, -2);
        lua_setfield(S, -2, "value");
    }
    lua_remove(S, -2);
}

/* The error object on S's top gets the traceback of T. */
static void add_traceback(lua_State *S, lua_State *T, const neap_task *t)
{
    lua_getfield(S, -1, "message");
    bool any = neap_traceback(S, T, lua_tostring(S, -1));
    lua_remove(S, -2);
    if (t && t->line) {
        lua_pushfstring(S, "\n\tspawned at %s:%d", t->site, t->line);
        lua_concat(S, 2);
        any = true;
    }
    if (t && t->line && t->by_line) {
        lua_pushfstring(S, "\n\tby a task spawned at %s:%d", t->by_site, t->by_line);
        lua_concat(S, 2);
    }
    if (any)
        lua_setfield(S, -2, "traceback");
    else
        lua_pop(S, 1);
}

static bool has_traceback(lua_State *S)
{
    lua_pushliteral(S, "traceback");
    lua_rawget(S, -2);
    bool has = !lua_isnil(S, -1);
    lua_pop(S, 1);
    return has;
}

/* S's top: an error value, replaced by an error object. T: the thread it died on, or NULL. The
 * traceback is of the first place that saw it: an object passed on keeps the one it has. */
void neap_error_normalize(lua_State *S, lua_State *T, const neap_task *t)
{
    if (!neap_error_is(S, -1))
        make_object(S, T);
    if (T && !neap_error_is_shared(S, -1) && !has_traceback(S))
        add_traceback(S, T, t);
}

/* A message handler: the error as an object, with the traceback of where it was raised. */
int neap_error_handler(lua_State *L)
{
    neap_runtime *rt = neap_of(L);
    lua_settop(L, 1);
    neap_error_normalize(L, L, rt ? rt->current : NULL);
    return 1;
}

/* ---- For the embedder ---- */

static void copy(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text ? text : "");
}

/* Fill in `error` (may be NULL) from the error object at index of L. */
void neap_error_export(lua_State *L, int index, neap_error *error)
{
    if (!error)
        return;
    int top = lua_gettop(L);
    if (index < 0 && index > LUA_REGISTRYINDEX)
        index = top + index + 1;
    error->status = neap_error_status(L, index);
    copy(error->code, sizeof error->code, neap_error_field(L, index, "code"));
    copy(error->traceback, sizeof error->traceback, neap_error_field(L, index, "traceback"));
    lua_pushcfunction(L, neap_error_tostring);
    lua_pushvalue(L, index);
    copy(error->message, sizeof error->message,
         lua_pcall(L, 1, 1, 0) == 0 ? lua_tostring(L, -1) : "not enough memory");
    lua_settop(L, top);
}

static void take(lua_State *S, void *data)
{
    neap_error_normalize(S, NULL, NULL);
    neap_error_export(S, 1, data);
}

static void collect(lua_State *S, void *data)
{
    (void)S;
    neap_collect(data);
}

/* Out of memory it makes room at once: whoever called may want to go on. */
int neap_error_take(neap_runtime *rt, neap_error *error)
{
    neap_error ignored;
    int top = lua_gettop(rt->S) - 1;
    if (!error)
        error = &ignored;
    if (neap_protected_value(rt, take, error))
        neap_error_set(error, UV_ENOMEM, "not enough memory");
    if (error->status == UV_ENOMEM)
        neap_protected(rt, collect, rt);
    lua_settop(rt->S, top);
    return error->status;
}

int neap_error_set(neap_error *error, int status, const char *format, ...)
{
    if (error) {
        error->status = status;
        copy(error->code, sizeof error->code, neap_status_name(status));
        int n = snprintf(error->message, sizeof error->message, "%s: ", error->code);
        va_list ap;
        va_start(ap, format);
        vsnprintf(error->message + n, sizeof error->message - (size_t)n, format, ap);
        va_end(ap);
        error->traceback[0] = 0;
    }
    return status;
}

/* ---- Nobody took it ---- */

int neap_report(const neap_error *error)
{
    fprintf(stderr, "neap: %s\n", error->message);
    if (error->traceback[0])
        fprintf(stderr, "%s\n", error->traceback);
    return 1;
}

/* Hand it to host.on_error's function, in a task of its own. */
static bool to_script(neap_runtime *rt, lua_State *L, int index)
{
    if (!rt->on_error || rt->state != RT_OPEN || rt->reporting)
        return false;
    neap_anchor_push(rt, L, rt->on_error);
    lua_pushvalue(L, index);
    neap_task *t = neap_task_make(L, rt->scope, 1);
    rt->raised_nil = false;
    t->reporter = true; /* an error of its own goes the default way */
    neap_task_ready(t);
    return true;
}

static void to_host(neap_runtime *rt, const neap_error *error, bool fatal)
{
    neap_flush_run(rt->root);
    neap_output_flush(rt);
    if (rt->options.on_error)
        rt->options.on_error(rt, error, fatal, rt->options.data);
    else
        neap_report(error);
    if (fatal)
        neap_exit(rt, 1);
}

/* The error object (any value) at index of L. fatal: it ends the program, unless the script's own
 * handler takes it. What os.exit ends a script by is none. Protected. */
void neap_unhandled(neap_runtime *rt, lua_State *L, int index, bool fatal)
{
    lua_pushvalue(L, index);
    neap_error_normalize(L, NULL, NULL);
    if (rt->exiting && neap_error_status(L, -1) == NEAP_EKILLED) {
        lua_pop(L, 1);
        return;
    }
    if (rt->starting && fatal) {
        neap_flush_run(rt->root);
        neap_error_export(L, -1, rt->starting);
        rt->starting = NULL;
        neap_exit(rt, 1);
    } else if (!to_script(rt, L, lua_gettop(L))) {
        neap_error error;
        neap_error_export(L, -1, &error);
        to_host(rt, &error, fatal);
    }
    lua_pop(L, 1);
}

static void unhandled(lua_State *S, void *data)
{
    neap_unhandled(data, S, 1, false);
}

static void unhandled_fatal(lua_State *S, void *data)
{
    neap_unhandled(data, S, 1, true);
}

/* The error value on S's top (it is taken off), where nothing is protected. Without memory to make
 * an object of it that is what is said. */
void neap_unhandled_raw(neap_runtime *rt, bool fatal)
{
    neap_error error;
    if (!neap_protected_value(rt, fatal ? unhandled_fatal : unhandled, rt))
        return;
    lua_pop(rt->S, 1);
    if (rt->arriving)
        neap_reap(rt);
    neap_error_set(&error, UV_ENOMEM, "not enough memory");
    to_host(rt, &error, fatal);
}

/* ---- What a finalizer raises ---- */

static int report_finalizer(lua_State *L)
{
    neap_unhandled(neap_of(L), L, 1, false);
    return 0;
}

/* It came in the middle of whatever made garbage, so it is told in a turn of its own, if there is one. */
static int on_finalizer(lua_State *L)
{
    neap_runtime *rt = neap_of(L);
    lua_settop(L, 1);
    if (!rt || rt->state >= RT_DROPPED)
        return rt ? report_finalizer(L) : 0;
    lua_pushcfunction(L, report_finalizer);
    lua_insert(L, 1);
    neap_task *t = neap_task_make(L, rt->scope, 1);
    t->callback = true;
    neap_task_ready(t);
    return 0;
}

/* LuaJIT's own handler of this event writes to the standard error. */
void neap_report_finalizers(lua_State *L) /* protected */
{
    lua_getglobal(L, LUA_JITLIBNAME);
    lua_getfield(L, -1, "attach");
    lua_pushcfunction(L, on_finalizer);
    lua_pushliteral(L, "errfin");
    lua_call(L, 2, 0);
    lua_pop(L, 1);
}
