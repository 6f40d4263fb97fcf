/* report.c: errors that nobody took: to the script's handler, the embedder's, or standard error. */
#include "host.h"

/* Hand it to host.on_error's function, in a task of its own. */
static bool to_script(neap_runtime *rt, lua_State *L, int index)
{
    if (!rt->on_error || rt->state != RT_OPEN || rt->reporting)
        return false;
    rt->reporting = true; /* an error in the handler goes the default way */
    lua_pushvalue(L, index);
    neap_anchor_push(rt, L, rt->on_error);
    lua_insert(L, -2);
    neap_spawn_start(L, 1, NULL);
    rt->reporting = false;
    return true;
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
        neap_output_flush(rt);
        if (rt->options.on_error)
            rt->options.on_error(rt, &error, fatal, rt->options.data);
        else
            neap_report(&error);
        if (fatal)
            neap_exit(rt, 1);
    }
    lua_pop(L, 1);
}
