/* uv.c -- uv, also called luv: libuv under luv's names, arguments and results; the module, and what all
 * of its files share. luv's published reference is its documentation.
 *
 *     require "uv"        -- the module; "luv" is the same
 *
 * One file a type of libuv's, each with its functions (uv.timer_start) and, for handles, the class with
 * its methods (timer:start), which are the same functions. */
#include "uv.h"

#include <limits.h>
#include <string.h>

nuv_state *nuv_state_of(lua_State *L)
{
    return neap->state(neap->env(L));
}

/* ---- Arguments ---- */

const char *nuv_typename(lua_State *L, int index)
{
    bool named = luaL_getmetafield(L, index, "__name");
    return named && lua_isstring(L, -1) ? lua_tostring(L, -1) : luaL_typename(L, index);
}

void nuv_check_callback(lua_State *L, int index)
{
    if (lua_isfunction(L, index))
        return;
    if (luaL_getmetafield(L, index, "__call")) {
        lua_pop(L, 1);
        return;
    }
    lua_pushfstring(L, "function or callable table expected, got %s", nuv_typename(L, index));
    luaL_argerror(L, index, lua_tostring(L, -1));
}

void nuv_check_callable(lua_State *L, int index)
{
    if (lua_istable(L, index))
        nuv_check_callback(L, index);
    else
        luaL_checktype(L, index, LUA_TFUNCTION);
}

void nuv_set_callback(lua_State *L, int index, neap_env *env, int *held)
{
    int fn = 0;
    if (!lua_isnoneornil(L, index)) {
        nuv_check_callback(L, index);
        fn = neap->hold(L, index);
    }
    neap->let_go(env, held);
    *held = fn;
}

int nuv_check_int(lua_State *L, int index)
{
    lua_Integer n = luaL_checkinteger(L, index);
    luaL_argcheck(L, n >= INT_MIN && n <= INT_MAX, index, "out of range");
    return (int)n;
}

int nuv_start_callback(lua_State *L, int index, nuv_handle *x, int status)
{
    if (status >= 0)
        nuv_set_callback(L, index, x->h.env, &x->callback);
    return nuv_result(L, status);
}

void nuv_check_address(lua_State *L, int index, struct sockaddr_storage *address)
{
    const char *ip = luaL_checkstring(L, index);
    int port = nuv_check_int(L, index + 1);
    if (uv_ip4_addr(ip, port, (struct sockaddr_in *)address) &&
        uv_ip6_addr(ip, port, (struct sockaddr_in6 *)address))
        luaL_error(L, "Invalid IP address or port [%s:%d]", ip, port);
}

int nuv_check_name(lua_State *L, int index, const nuv_name *names, const char *what)
{
    if (lua_isnumber(L, index))
        return (int)lua_tointeger(L, index);
    const char *text = luaL_checkstring(L, index);
    for (; names->name; names++)
        if (strcmp(names->name, text) == 0)
            return names->value;
    lua_pushfstring(L, "invalid %s: %s", what, text);
    return luaL_argerror(L, index, lua_tostring(L, -1));
}

const char *nuv_name_of(const nuv_name *names, int value)
{
    while (names->name && names->value != value)
        names++;
    return names->name;
}

/* ---- Results ---- */

/* Not uv_err_name and uv_strerror, which leak what they say of a code that libuv does not know. */
static void push_name(lua_State *L, int status)
{
    char name[64];
    lua_pushstring(L, uv_err_name_r(status, name, sizeof name));
}

int nuv_fail(lua_State *L, int status)
{
    char message[128];
    lua_pushnil(L);
    push_name(L, status);
    lua_pushfstring(L, "%s: %s", lua_tostring(L, -1),
                    uv_strerror_r(status, message, sizeof message));
    lua_insert(L, -2);
    return 3;
}

int nuv_result(lua_State *L, int status)
{
    if (status < 0)
        return nuv_fail(L, status);
    lua_pushinteger(L, status);
    return 1;
}

void nuv_push_status(lua_State *L, int status)
{
    if (status < 0)
        push_name(L, status);
    else
        lua_pushnil(L);
}

/** uv_address = { family: "inet" | "inet6", ip: string, port: integer }
 * An address, such as `{ family = "inet", ip = "127.0.0.1", port = 8080 }`. */
int nuv_push_address(lua_State *L, const struct sockaddr *address)
{
    char ip[INET6_ADDRSTRLEN] = "";
    int port = 0;
    if (address->sa_family == AF_INET) {
        uv_ip4_name((const struct sockaddr_in *)address, ip, sizeof ip);
        port = ntohs(((const struct sockaddr_in *)address)->sin_port);
    } else if (address->sa_family == AF_INET6) {
        uv_ip6_name((const struct sockaddr_in6 *)address, ip, sizeof ip);
        port = ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
    } else {
        lua_pushnil(L);
        return 1;
    }
    lua_createtable(L, 0, 3);
    lua_pushstring(L, address->sa_family == AF_INET ? "inet" : "inet6");
    lua_setfield(L, -2, "family");
    lua_pushstring(L, ip);
    lua_setfield(L, -2, "ip");
    lua_pushinteger(L, port);
    lua_setfield(L, -2, "port");
    return 1;
}

/* ---- Callbacks ---- */

typedef struct {
    int callback;
    int (*args)(lua_State *L, void *data);
    void *data;
} call;

static int push_call(lua_State *L, void *data)
{
    const call *c = data;
    neap->held(L, c->callback);
    return c->args ? c->args(L, c->data) : 0;
}

static void arrive(nuv_state *state, neap_env *env, const call *c)
{
    state->events++;
    if (c->callback)
        state->host->callback(env, push_call, (void *)c);
}

void nuv_call_aside(neap_env *env, int callback, int (*args)(lua_State *L, void *data), void *data)
{
    arrive(neap->state(env), env, &(call){callback, args, data});
}

void nuv_call(neap_env *env, int callback, int (*args)(lua_State *L, void *data), void *data)
{
    nuv_state *state = neap->state(env);
    if (state->later)
        nuv_tell_later(state, false);
    state->polling = true;
    arrive(state, env, &(call){callback, args, data});
    state->polling = false;
}

/* ---- The module ---- */

static const luaL_Reg *const functions[] = {
    nuv_handle_functions,  nuv_request_functions,    nuv_loop_functions,     nuv_timer_functions,
    nuv_stream_functions,  nuv_tcp_functions,        nuv_misc_functions,     nuv_os_functions,
    nuv_system_functions,  nuv_thread_functions,     nuv_sem_functions,      nuv_work_functions,
    nuv_fs_file_functions, nuv_fs_path_functions,    nuv_fs_stat_functions,  nuv_fs_scan_functions,
    nuv_pipe_functions,    nuv_tty_functions,        nuv_udp_functions,      nuv_udp_send_functions,
    nuv_poll_functions,    nuv_signal_functions,     nuv_process_functions,  nuv_async_functions,
    nuv_phase_functions,   nuv_fs_dir_functions,     nuv_fs_event_functions, nuv_fs_poll_functions,
    nuv_dns_functions,     nuv_udp_option_functions,
};

static void add_functions(neap_env *env, lua_State *L, const luaL_Reg *list)
{
    for (; list->name; list++) {
        neap->push_env(L, env);
        lua_pushcclosure(L, list->func, 1);
        lua_setfield(L, -2, list->name);
    }
}

/** uv.constants: table<string, integer>
 * The numbers of this system: `O_*` for `uv.fs_open`, `SOCK_*` and `AF_*` for sockets, `AI_*` for addresses, `SIG*` for signals,
 * `UDP_*` and `TCP_*` for flags. Functions that take them take names too: "sigint" for SIGINT, "inet6" for AF_INET6. */
static int on_open(neap_env *env, lua_State *L, void *memory)
{
    nuv_state *state = memory;
    state->env = env;
    state->host = neap->interface(env, "neap.uv/1");
    if (neap->permit(env, "process", NULL,
                     0)) /* a restricted runtime has no `uv`, whatever it was granted */
        return NEAP_EPERMISSION;
    state->loop = state->host->loop(env);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
        add_functions(env, L, functions[i]);
    nuv_push_constants(L);
    lua_setfield(L, -2, "constants");
    nuv_push_errno(L);
    lua_setfield(L, -2, "errno");
    lua_pushlightuserdata(L, env);
    lua_setfield(L, LUA_REGISTRYINDEX, "neap.uv");
    lua_pushlightuserdata(L, state->loop);
    lua_setfield(L, -2, "_loop");
    return 0;
}

static void on_close(neap_env *env, void *memory)
{
    (void)env;
    nuv_threads_join(memory);
    nuv_pool_close(memory);
}

NEAP_EXTENSION(uv, .state_size = sizeof(nuv_state), .open = on_open, .close = on_close)
