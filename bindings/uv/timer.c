/* timer.c -- uv_timer_t: timers, in milliseconds. */
#include "uv.h"

static uv_timer_t *check_timer(lua_State *L, int index)
{
    return &nuv_check(L, index, &nuv_timer_class)->uv.timer;
}

static void on_timer(uv_timer_t *timer)
{
    const nuv_handle *x = nuv_handle_of(timer);
    nuv_call_aside(x->h.env, x->callback, NULL, NULL);
}

/** uv.new_timer() -> uv_timer_t | fail
 * A new timer, which is not started. */
static int new_timer(lua_State *L)
{
    nuv_handle *x = nuv_handle_new(L, &nuv_timer_class);
    return nuv_handle_made(L, x, uv_timer_init(nuv_state_of(L)->loop, &x->uv.timer));
}

/** uv.timer_start(timer: uv_timer_t, timeout: integer, repeat: integer, callback: fun()) -> 0 | fail
 * Starts it: `callback` is called after `timeout` milliseconds (0: in the next turn of the loop), and then,
 * unless `repeat` is 0, every `repeat` milliseconds. One that is started already starts anew. */
static int timer_start(lua_State *L)
{
    uv_timer_t *timer = check_timer(L, 1);
    lua_Integer timeout = luaL_checkinteger(L, 2), repeat = luaL_checkinteger(L, 3);
    nuv_handle *x = nuv_handle_of(timer);
    nuv_check_callback(L, 4);
    if (nuv_is_closed(x))
        return nuv_fail(L, UV_EINVAL);
    return nuv_start_callback(L, 4, x,
                              uv_timer_start(timer, on_timer, (uint64_t)timeout, (uint64_t)repeat));
}

/** uv.timer_stop(timer: uv_timer_t) -> 0 | fail
 * Stops it: its callback is not called any more. */
static int timer_stop(lua_State *L)
{
    return nuv_result(L, uv_timer_stop(check_timer(L, 1)));
}

/** uv.timer_again(timer: uv_timer_t) -> 0 | fail
 * Stops it, and starts it again with its repeat time as timeout. EINVAL: it has never been started. */
static int timer_again(lua_State *L)
{
    return nuv_result(L, uv_timer_again(check_timer(L, 1)));
}

/** uv.timer_set_repeat(timer: uv_timer_t, repeat: integer)
 * Sets the repeat time in milliseconds, which counts from the next time that it fires. */
static int timer_set_repeat(lua_State *L)
{
    uv_timer_t *timer = check_timer(L, 1);
    uv_timer_set_repeat(timer, (uint64_t)luaL_checkinteger(L, 2));
    return 0;
}

/** uv.timer_get_repeat(timer: uv_timer_t) -> integer
 * Its repeat time in milliseconds; 0: it fires once. */
static int timer_get_repeat(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)uv_timer_get_repeat(check_timer(L, 1)));
    return 1;
}

/** uv.timer_get_due_in(timer: uv_timer_t) -> integer
 * Milliseconds until it fires, or 0 when that is past. */
static int timer_get_due_in(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)uv_timer_get_due_in(check_timer(L, 1)));
    return 1;
}

const luaL_Reg nuv_timer_functions[] = {
    {"new_timer", new_timer},
    {"timer_start", timer_start},
    {"timer_stop", timer_stop},
    {"timer_again", timer_again},
    {"timer_set_repeat", timer_set_repeat},
    {"timer_get_repeat", timer_get_repeat},
    {"timer_get_due_in", timer_get_due_in},
    {NULL, NULL},
};

static const luaL_Reg methods[] = {
    NUV_HANDLE_METHODS,
    {"start", timer_start},
    {"stop", timer_stop},
    {"again", timer_again},
    {"set_repeat", timer_set_repeat},
    {"get_repeat", timer_get_repeat},
    {"get_due_in", timer_get_due_in},
    {NULL, NULL},
};

NUV_CLASS(timer, methods);
