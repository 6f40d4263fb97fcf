/* async.c -- uv_async_t: wakes the loop, from any thread.
 *
 * What is sent waits in the handle's port, and what is sent before that was taken takes its place: the callback
 * gets the last, once. */
#include "uv.h"

typedef struct {
    neap_env *env;
    const nuv_values *values;
} sent;

static int sent_args(lua_State *L, void *data)
{
    const sent *s = data;
    return nuv_values_push(L, s->env, s->values);
}

static void on_async(uv_async_t *async)
{
    nuv_handle *x = nuv_handle_of(async);
    nuv_values *values = nuv_port_take(x);
    nuv_call(x->h.env, x->callback, sent_args, &(sent){x->h.env, values});
    nuv_values_free(values);
}

/** uv.new_async(callback: fun(...)) -> uv_async_t | fail
 * A new async handle. `callback` is called in the loop's thread soon after `uv.async_send`. While it is open the
 * program goes on running. */
static int new_async(lua_State *L)
{
    nuv_check_callable(L, 1);
    nuv_handle *x = nuv_handle_new(L, &nuv_async_class);
    nuv_set_callback(L, 1, x->h.env, &x->callback);
    return nuv_handle_made(L, x, uv_async_init(nuv_state_of(L)->loop, &x->uv.async, on_async));
}

/* The arguments end before the first that cannot go. */
static nuv_values *take_values(lua_State *L)
{
    int last = lua_gettop(L), bad = nuv_values_bad(L, 2, last);
    if (bad)
        last = bad - 1;
    return last < 2 ? NULL : nuv_values_new(L, 2, last);
}

/** uv.async_send(async: uv_async_t, ...: nil | boolean | number | string | userdata) -> 0 | fail
 * Has the callback called with these arguments; those from the first on that is of another type are left out. May be
 * called in another thread, with the handle that was given to that. Several that come before the callback is called
 * call it once, with the arguments of the last. */
int nuv_async_send(lua_State *L)
{
    nuv_port *port = nuv_test_port(L, 1);
    if (port)
        return nuv_result(L, nuv_port_send(port, take_values(L)));
    nuv_handle *x = nuv_check(L, 1, &nuv_async_class);
    if (nuv_is_closed(x)) {
        lua_pushinteger(L, 0);
        return 1;
    }
    port = nuv_port_of(L, x);
    return nuv_result(L, nuv_port_send(port, take_values(L)));
}

const luaL_Reg nuv_async_functions[] = {
    {"new_async", new_async}, {"async_send", nuv_async_send}, {NULL, NULL}};

static const luaL_Reg methods[] = {NUV_HANDLE_METHODS, {"send", nuv_async_send}, {NULL, NULL}};

NUV_CLASS(async, methods);
