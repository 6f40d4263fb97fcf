/* report.c: errors that nobody took: to the script's handler, the embedder's, or standard error. */
#include "host.h"

/* Hand it to host.on_error's function, in a task of its own. */
static bool to_script(neap_runtime *rt, lua_State *L, int index)
{
    if (!rt->on_error || rt->state != RT_OPEN || rt->reporting)
        return false;
    neap_task *t = neap_task_new(rt, rt->scope);
    rt->arriving = t;
    t->reporter = true; /* an error of its own goes the default way */
    neap_anchor_push(rt, L, rt->on_error);
    lua_pushvalue(L, index);
    neap_task_give(L, t, 1);
    rt->arriving = NULL;
    neap_task_ready(t);
    return true;
}

static void to_host(neap_runtime *rt, const neap_error *error, bool fatal)
{
    neap_output_flush(rt);
    if (rt->options.on_error)
        rt->options.on_error(rt, error, fatal, rt->options.data);
    else
        neap_report(error);
    if (fatal)
        neap_exit(rt, 1);
}

/* The error object (any value) at index of L. fatal: it ends the program, unless the script's own
 * handler takes it. Protected. */
void neap_unhandled(neap_runtime *rt, lua_State *L, int index, bool fatal)
{
    lua_pushvalue(L, index);
    neap_error_normalize(L, NULL, NULL);
    if (rt->starting && fatal) {
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

/* The error value on S's top (it is taken off), where nothing is protected. Without memory to make
 * an object of it that is what is said. */
void neap_unhandled_raw(neap_runtime *rt)
{
    neap_error error;
    if (!neap_protected_value(rt, unhandled, rt))
        return;
    lua_pop(rt->S, 1);
    if (rt->arriving)
        neap_reap(rt);
    neap_error_set(&error, UV_ENOMEM, "not enough memory");
    to_host(rt, &error, false);
}
