/* loop.c -- the loop: the one that Neap runs on. A program that never calls uv.run is run by Neap until
 * nothing is left to wait for; one that does finds its own loop, as in luv. */
#include "uv.h"

#include <string.h>

enum { DEFAULT, ONCE, NOWAIT };

static const char *const modes[] = {"default", "once", "nowait", NULL};

/* A turn that is Neap's only (it writes what was printed) is not the one that is waited for. */
static int run_mode(lua_State *L)
{
    const nuv_state *state = nuv_state_of(L);
    int mode = (int)lua_tointeger(L, 1);
    unsigned events = state->events;
    if (mode != ONCE || uv_backend_timeout(state->loop) != 0)
        state->host->run(L, state->env, mode);
    else if (state->host->run(L, state->env, NOWAIT) && state->events == events)
        state->host->run(L, state->env, ONCE);
    return 0;
}

/** uv.run(mode?: "default" | "once" | "nowait") -> boolean
 * Runs the loop from the main script. "default", which is the default: until no active handle and no request is left, or
 * `uv.stop` was called. "once": waits for events once, and calls their callbacks. "nowait": calls the callbacks of what
 * is there already. Returns whether something is left. Raises inside a callback or a task, where the loop runs already. */
static int run(lua_State *L)
{
    nuv_state *state = nuv_state_of(L);
    int mode = luaL_checkoption(L, 1, "default", modes);
    const char *outer = state->mode;
    neap->push_env(L, state->env);
    lua_pushcclosure(L, run_mode, 1);
    lua_pushinteger(L, mode);
    state->mode = modes[mode];
    int status = lua_pcall(L, 1, 0, 0); /* where the loop runs already it raises */
    state->mode = outer;
    if (status)
        return lua_error(L);
    lua_pushboolean(L, state->host->alive(state->env));
    return 1;
}

/** uv.stop()
 * Makes `uv.run` return as soon as the callbacks of this turn of the loop are over. Where Neap runs the loop, the
 * program ends. */
static int stop(lua_State *L)
{
    const nuv_state *state = nuv_state_of(L);
    state->host->stop(state->env);
    return 0;
}

/** uv.loop_alive() -> boolean
 * Whether anything keeps the loop running: a handle that is active and not unref'ed, one that is being closed, a
 * request. */
static int loop_alive(lua_State *L)
{
    const nuv_state *state = nuv_state_of(L);
    lua_pushboolean(L, state->host->alive(state->env));
    return 1;
}

/** uv.loop_close() -> 0 | fail
 * 0 when every handle is closed, EBUSY otherwise. The loop itself is Neap's, which goes on with it and closes it at
 * the end: handles can be made after this too. */
static int loop_close(lua_State *L)
{
    return nuv_result(L, nuv_state_of(L)->first ? UV_EBUSY : 0);
}

/** uv.loop_configure(option: "block_signal" | "metrics_idle_time", value?: integer | string) -> 0 | fail
 * "block_signal" with "sigprof": that signal does not come while the loop waits. "metrics_idle_time": counts the time
 * that `uv.metrics_idle_time` tells. EINVAL: another signal. */
static int loop_configure(lua_State *L)
{
    static const char *const options[] = {
        "block_signal",
        "metrics_idle_time",
#if UV_VERSION_HEX >= 0x013100 /* 1.49 */
        "use_io_uring_sqpoll",
#endif
        NULL
    };
    uv_loop_t *loop = nuv_state_of(L)->loop;
    int option = luaL_checkoption(L, 1, NULL, options);
    if (option == 1)
        return nuv_result(L, uv_loop_configure(loop, UV_METRICS_IDLE_TIME));
#if UV_VERSION_HEX >= 0x013100
    if (option == 2)
        return nuv_result(L, uv_loop_configure(loop, UV_LOOP_USE_IO_URING_SQPOLL));
#endif
    if (!lua_isstring(L, 2))
        return luaL_argerror(L, 2, "block_signal option: expected signal as string or number");
    int signo = (int)lua_tointeger(L, 2);
    for (const nuv_name *s = nuv_signals; lua_type(L, 2) == LUA_TSTRING && s->name; s++)
        if (strcmp(s->name, lua_tostring(L, 2)) == 0)
            signo = s->value;
    return nuv_result(L, uv_loop_configure(loop, UV_LOOP_BLOCK_SIGNAL, signo));
}

/** uv.loop_mode() -> "default" | "once" | "nowait" | nil
 * The mode of the `uv.run` that is under way; nil where there is none. */
static int loop_mode(lua_State *L)
{
    const nuv_state *state = nuv_state_of(L);
    lua_pushstring(L, state->mode);
    return 1;
}

/** uv.backend_fd() -> integer | fail
 * The descriptor on which the loop waits (epoll's, kqueue's): readable when there is something to do, so that it can be
 * put into another loop. */
static int backend_fd(lua_State *L)
{
    return nuv_result(L, uv_backend_fd(nuv_state_of(L)->loop));
}

/** uv.backend_timeout() -> integer
 * Milliseconds after which the loop has something to do; 0: now; -1: no timer is due. */
static int backend_timeout(lua_State *L)
{
    lua_pushinteger(L, uv_backend_timeout(nuv_state_of(L)->loop));
    return 1;
}

/** uv.now() -> integer
 * The loop's time in milliseconds, from some point in the past. It stands still between two turns of the loop. */
static int now(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)uv_now(nuv_state_of(L)->loop));
    return 1;
}

/** uv.update_time()
 * Sets the loop's time to what it is now: after something that took long, before a timer is started. */
static int update_time(lua_State *L)
{
    uv_update_time(nuv_state_of(L)->loop);
    return 0;
}

/** uv.print_all_handles()
 * Writes every handle on the loop to standard error, Neap's own too, with flags: R keeps the loop running, A
 * active, I internal. */
static int print_all_handles(lua_State *L)
{
    uv_print_all_handles(nuv_state_of(L)->loop, stderr);
    return 0;
}

/** uv.print_active_handles()
 * The same of those that are active. */
static int print_active_handles(lua_State *L)
{
    uv_print_active_handles(nuv_state_of(L)->loop, stderr);
    return 0;
}

/** uv.metrics_idle_time() -> integer
 * Nanoseconds that the loop has spent waiting for events since `uv.loop_configure "metrics_idle_time"`; 0 without
 * that. */
static int metrics_idle_time(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)uv_metrics_idle_time(nuv_state_of(L)->loop));
    return 1;
}

const luaL_Reg nuv_loop_functions[] = {
    {"run", run},
    {"stop", stop},
    {"loop_alive", loop_alive},
    {"loop_close", loop_close},
    {"loop_configure", loop_configure},
    {"loop_mode", loop_mode},
    {"backend_fd", backend_fd},
    {"backend_timeout", backend_timeout},
    {"now", now},
    {"update_time", update_time},
    {"print_all_handles", print_all_handles},
    {"print_active_handles", print_active_handles},
    {"metrics_idle_time", metrics_idle_time},
    {NULL, NULL},
};
