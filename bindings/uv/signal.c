/* signal.c -- uv_signal_t: signals of the process. */
#include <string.h>

#include "uv.h"

static nuv_handle *check_signal(lua_State *L, int index)
{
    return nuv_check(L, index, &nuv_signal_class);
}

static int check_number(lua_State *L, int index)
{
    if (lua_isnumber(L, index))
        return (int)lua_tointeger(L, index);
    luaL_argcheck(L, lua_isstring(L, index), index, "Missing Signal name");
    const nuv_name *s = nuv_signals;
    while (s->name && strcmp(s->name, lua_tostring(L, index)) != 0)
        s++;
    luaL_argcheck(L, s->name, index, "Invalid Signal name");
    return s->value;
}

static int number_args(lua_State *L, void *number)
{
    lua_pushstring(L, nuv_name_of(nuv_signals, *(const int *)number));
    return 1;
}

static void on_signal(uv_signal_t *handle, int number)
{
    const nuv_handle *x = nuv_handle_of(handle);
    nuv_call(x->h.env, x->callback, number_args, &number);
}

/** uv.new_signal() -> uv_signal_t | fail
 * A new signal handle, which is not started. */
static int new_signal(lua_State *L)
{
    nuv_handle *x = nuv_handle_new(L, &nuv_signal_class);
    return nuv_handle_made(L, x, uv_signal_init(nuv_state_of(L)->loop, &x->uv.signal));
}

static int start(lua_State *L, int (*uv_start)(uv_signal_t *, uv_signal_cb, int))
{
    nuv_handle *x = check_signal(L, 1);
    const nuv_state *state = nuv_state_of(L);
    int number = check_number(L, 2);
    if (nuv_is_closed(x))
        return nuv_fail(L, UV_EINVAL);
    if (number && number == state->host->stop_signal(state->env))
        return nuv_fail(L, UV_EBUSY);
    if (!lua_isnoneornil(L, 3)) /* else it keeps the one that it has */
        nuv_set_callback(L, 3, x->h.env, &x->callback);
    return nuv_result(L, uv_start(&x->uv.signal, on_signal, number));
}

/** uv.signal_start(signal: uv_signal_t, signum: integer | string, callback?: fun(signum: string?)) -> 0 | fail
 * Starts it: whenever the process gets the signal, which is a number or a name such as "sigint", `callback` is
 * called with its name (nil: it has none), and the signal has no other effect. Several handles may wait for the
 * same signal. EINVAL: this one cannot be caught (sigkill, sigstop), or the handle is closed. EBUSY: Neap stops
 * scripts with it (sigurg). */
static int signal_start(lua_State *L)
{
    return start(L, uv_signal_start);
}

/** uv.signal_start_oneshot(signal: uv_signal_t, signum: integer | string, callback?: fun(signum: string?)) -> 0 | fail
 * The same, for the first time only: it is stopped then. */
static int signal_start_oneshot(lua_State *L)
{
    return start(L, uv_signal_start_oneshot);
}

/** uv.signal_stop(signal: uv_signal_t) -> 0 | fail
 * Stops it: its callback is not called any more. When no handle waits for the signal it has its usual effect
 * again. */
static int signal_stop(lua_State *L)
{
    nuv_handle *x = check_signal(L, 1);
    return nuv_result(L, nuv_is_closed(x) ? 0 : uv_signal_stop(&x->uv.signal));
}

const luaL_Reg nuv_signal_functions[] = {
    {"new_signal", new_signal},
    {"signal_start", signal_start},
    {"signal_start_oneshot", signal_start_oneshot},
    {"signal_stop", signal_stop},
    {NULL, NULL},
};

static const luaL_Reg methods[] = {
    NUV_HANDLE_METHODS,
    {"start", signal_start},
    {"start_oneshot", signal_start_oneshot},
    {"stop", signal_stop},
    {NULL, NULL},
};

NUV_CLASS(signal, methods);
