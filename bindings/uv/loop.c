/* loop.c -- the loop: the one that Neap runs on.
 *
 *     run(mode?) -> boolean          from the main script, before Neap runs the loop itself
 *     stop()                         loop_alive() -> boolean
 *     loop_close()                   fails with EBUSY while handles are open; the loop stays Neap's
 *     loop_configure(option, ...)    loop_mode() -> mode | nil
 *     now(), update_time()           backend_fd(), backend_timeout()
 *     print_all_handles(), print_active_handles()      to standard error
 *     metrics_idle_time() */
#include "uv.h"

#include <string.h>

static const char *const modes[] = {"default", "once", "nowait", NULL};

static int run(lua_State *L)
{
    nuv_state *state = nuv_state_of(L);
    int mode = luaL_checkoption(L, 1, "default", modes);
    const char *outer = state->mode;
    state->mode = modes[mode];
    int alive = state->host->run(L, state->env, mode); /* may raise: the mode is told by who runs it */
    state->mode = outer;
    lua_pushboolean(L, alive);
    return 1;
}

static int stop(lua_State *L)
{
    const nuv_state *state = nuv_state_of(L);
    state->host->stop(state->env);
    return 0;
}

static int loop_alive(lua_State *L)
{
    const nuv_state *state = nuv_state_of(L);
    lua_pushboolean(L, state->host->alive(state->env));
    return 1;
}

static int loop_close(lua_State *L)
{
    return nuv_result(L, nuv_state_of(L)->first ? UV_EBUSY : 0);
}

static int loop_configure(lua_State *L)
{
    uv_loop_t *loop = nuv_state_of(L)->loop;
    const char *option = luaL_checkstring(L, 1);
    if (strcmp(option, "block_signal") == 0) {
        int signo = lua_isnumber(L, 2) ? (int)lua_tointeger(L, 2) : SIGPROF;
        if (lua_type(L, 2) == LUA_TSTRING && strcmp(lua_tostring(L, 2), "sigprof") != 0)
            return luaL_argerror(L, 2, "only sigprof can be blocked");
        return nuv_result(L, uv_loop_configure(loop, UV_LOOP_BLOCK_SIGNAL, signo));
    }
    if (strcmp(option, "metrics_idle_time") == 0)
        return nuv_result(L, uv_loop_configure(loop, UV_METRICS_IDLE_TIME));
    return luaL_error(L, "invalid option name: %s", option);
}

static int loop_mode(lua_State *L)
{
    const nuv_state *state = nuv_state_of(L);
    lua_pushstring(L, state->mode);
    return 1;
}

static int backend_fd(lua_State *L)
{
    return nuv_result(L, uv_backend_fd(nuv_state_of(L)->loop));
}

static int backend_timeout(lua_State *L)
{
    lua_pushinteger(L, uv_backend_timeout(nuv_state_of(L)->loop));
    return 1;
}

static int now(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)uv_now(nuv_state_of(L)->loop));
    return 1;
}

static int update_time(lua_State *L)
{
    uv_update_time(nuv_state_of(L)->loop);
    return 0;
}

static int print_all_handles(lua_State *L)
{
    uv_print_all_handles(nuv_state_of(L)->loop, stderr);
    return 0;
}

static int print_active_handles(lua_State *L)
{
    uv_print_active_handles(nuv_state_of(L)->loop, stderr);
    return 0;
}

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
