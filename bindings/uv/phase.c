/* phase.c -- uv_prepare_t, uv_check_t, uv_idle_t: what runs in every turn of the loop: idle, then prepare,
 * then the loop waits for events (not at all, while an idle is active), then check. */
#include "uv.h"

/* The handle, its callback set; NULL when it is closed: libuv would start it all the same. */
static nuv_handle *to_start(lua_State *L, const neap_handle_class *type)
{
    nuv_handle *x = nuv_check(L, 1, type);
    nuv_check_callback(L, 2);
    if (nuv_is_closed(x))
        return NULL;
    nuv_set_callback(L, 2, x->h.env, &x->callback);
    return x;
}

static void on_phase(const nuv_handle *x)
{
    nuv_call_aside(x->h.env, x->callback, NULL, NULL);
}

/* ---- uv_prepare_t ---- */

static void on_prepare(uv_prepare_t *prepare)
{
    on_phase(nuv_handle_of(prepare));
}

/** uv.new_prepare() -> uv_prepare_t | fail
 * A new prepare handle, which is not started. */
static int new_prepare(lua_State *L)
{
    nuv_handle *x = nuv_handle_new(L, &nuv_prepare_class);
    return nuv_handle_made(L, x, uv_prepare_init(nuv_state_of(L)->loop, &x->uv.prepare));
}

/** uv.prepare_start(prepare: uv_prepare_t, callback: fun()) -> 0 | fail
 * Starts it: `callback` is called in every turn of the loop, right before it waits for events. One that is
 * started already gets the new callback. EINVAL: it is closed. */
static int prepare_start(lua_State *L)
{
    nuv_handle *x = to_start(L, &nuv_prepare_class);
    return nuv_result(L, x ? uv_prepare_start(&x->uv.prepare, on_prepare) : UV_EINVAL);
}

/** uv.prepare_stop(prepare: uv_prepare_t) -> 0 | fail
 * Stops it: its callback is not called any more. */
static int prepare_stop(lua_State *L)
{
    return nuv_result(L, uv_prepare_stop(&nuv_check(L, 1, &nuv_prepare_class)->uv.prepare));
}

/* ---- uv_check_t ---- */

static void on_check(uv_check_t *check)
{
    on_phase(nuv_handle_of(check));
}

/** uv.new_check() -> uv_check_t | fail
 * A new check handle, which is not started. */
static int new_check(lua_State *L)
{
    nuv_handle *x = nuv_handle_new(L, &nuv_check_class);
    return nuv_handle_made(L, x, uv_check_init(nuv_state_of(L)->loop, &x->uv.check));
}

/** uv.check_start(check: uv_check_t, callback: fun()) -> 0 | fail
 * Starts it: `callback` is called in every turn of the loop, right after it has waited for events and has
 * told of them. One that is started already gets the new callback. EINVAL: it is closed. */
static int check_start(lua_State *L)
{
    nuv_handle *x = to_start(L, &nuv_check_class);
    return nuv_result(L, x ? uv_check_start(&x->uv.check, on_check) : UV_EINVAL);
}

/** uv.check_stop(check: uv_check_t) -> 0 | fail
 * Stops it: its callback is not called any more. */
static int check_stop(lua_State *L)
{
    return nuv_result(L, uv_check_stop(&nuv_check(L, 1, &nuv_check_class)->uv.check));
}

/* ---- uv_idle_t ---- */

static void on_idle(uv_idle_t *idle)
{
    on_phase(nuv_handle_of(idle));
}

/** uv.new_idle() -> uv_idle_t | fail
 * A new idle handle, which is not started. */
static int new_idle(lua_State *L)
{
    nuv_handle *x = nuv_handle_new(L, &nuv_idle_class);
    return nuv_handle_made(L, x, uv_idle_init(nuv_state_of(L)->loop, &x->uv.idle));
}

/** uv.idle_start(idle: uv_idle_t, callback: fun()) -> 0 | fail
 * Starts it: `callback` is called in every turn of the loop, and the loop no longer sleeps: it takes what
 * events there are and goes on, at the full speed of one CPU. One that is started already gets the new
 * callback. EINVAL: it is closed. */
static int idle_start(lua_State *L)
{
    nuv_handle *x = to_start(L, &nuv_idle_class);
    return nuv_result(L, x ? uv_idle_start(&x->uv.idle, on_idle) : UV_EINVAL);
}

/** uv.idle_stop(idle: uv_idle_t) -> 0 | fail
 * Stops it: its callback is not called any more, and the loop may sleep again. */
static int idle_stop(lua_State *L)
{
    return nuv_result(L, uv_idle_stop(&nuv_check(L, 1, &nuv_idle_class)->uv.idle));
}

/* ---- Registration ---- */

const luaL_Reg nuv_phase_functions[] = {
    {"new_prepare", new_prepare},   {"prepare_start", prepare_start},
    {"prepare_stop", prepare_stop}, {"new_check", new_check},
    {"check_start", check_start},   {"check_stop", check_stop},
    {"new_idle", new_idle},         {"idle_start", idle_start},
    {"idle_stop", idle_stop},       {NULL, NULL},
};

static const luaL_Reg prepare_methods[] = {
    NUV_HANDLE_METHODS, {"start", prepare_start}, {"stop", prepare_stop}, {NULL, NULL}};
static const luaL_Reg check_methods[] = {
    NUV_HANDLE_METHODS, {"start", check_start}, {"stop", check_stop}, {NULL, NULL}};
static const luaL_Reg idle_methods[] = {
    NUV_HANDLE_METHODS, {"start", idle_start}, {"stop", idle_stop}, {NULL, NULL}};

NUV_CLASS(prepare, prepare_methods);
NUV_CLASS(check, check_methods);
NUV_CLASS(idle, idle_methods);
