/* handle.c -- what all handles have: their life, and the functions that take any of them.
 *
 * Life. Made, it holds its own object and stands in the state's list; the callback of uv_close ends
 * both. A closed one's object still answers: libuv's struct is there until that is collected. */
#include "uv.h"

/* ---- Life ---- */

nuv_handle *nuv_handle_new(lua_State *L, const neap_handle_class *type)
{
    return neap->handle(L, type);
}

static void link_in(nuv_state *state, nuv_handle *x)
{
    x->previous = state->last;
    if (state->last)
        state->last->next = x;
    else
        state->first = x;
    state->last = x;
}

static void unlink_from(nuv_state *state, nuv_handle *x)
{
    if (x->next)
        x->next->previous = x->previous;
    else
        state->last = x->previous;
    if (x->previous)
        x->previous->next = x->next;
    else
        state->first = x->next;
    x->next = x->previous = NULL;
}

int nuv_handle_made(lua_State *L, nuv_handle *x, int status)
{
    if (status < 0) {
        neap->close(&x->h);
        return nuv_fail(L, status);
    }
    x->ready = true;
    x->uv.handle.data = x;
    link_in(nuv_state_of(L), x);
    x->self = neap->hold(L, -1);
    return 1;
}

/* Before its memory goes. */
static void release(nuv_handle *x)
{
    neap->let_go(x->h.env, &x->callback);
    if (x->release)
        x->release(x);
    nuv_port_drop(x);
}

static void on_closed(uv_handle_t *handle)
{
    nuv_handle *x = handle->data;
    neap_env *env = x->h.env;
    nuv_tell_later(neap->state(env), true); /* the writes before it */
    nuv_call_aside(env, x->close_callback, NULL, NULL);
    neap->let_go(env, &x->close_callback);
    unlink_from(neap->state(env), x);
    neap->let_go(env, &x->self);
    release(x);
    neap->handle_closed(&x->h);
}

/* Called once, from close(), the runtime's end, or when libuv did not want it. */
int nuv_handle_on_close(neap_handle *h)
{
    nuv_handle *x = (nuv_handle *)h;
    if (!x->ready) {
        release(x);
        return 0;
    }
    nuv_port_close(x);
    bool reset = h->type == &nuv_tcp_class && x->flags & NUV_RESET;
    if (!reset || uv_tcp_close_reset(&x->uv.tcp, on_closed))
        uv_close(&x->uv.handle, on_closed);
    return 1;
}

/* ---- Arguments ---- */

nuv_handle *nuv_check(lua_State *L, int index, const neap_handle_class *type)
{
    return neap->check(L, index, type);
}

nuv_handle *nuv_test_handle(lua_State *L, int index)
{
    neap_handle *h = neap->handle_any(L, index);
    bool ours = h && h->type->close == nuv_handle_on_close && ((nuv_handle *)h)->ready;
    return ours ? (nuv_handle *)h : NULL;
}

nuv_handle *nuv_check_handle(lua_State *L, int index)
{
    nuv_handle *x = nuv_test_handle(L, index);
    if (!x)
        luaL_argerror(L, index, "Expected uv_handle userdata");
    return x;
}

static bool is_stream(const neap_handle *h)
{
    return h->type == &nuv_tcp_class || h->type == &nuv_pipe_class || h->type == &nuv_tty_class;
}

nuv_handle *nuv_check_stream(lua_State *L, int index)
{
    neap_handle *h = neap->handle_any(L, index);
    if (!h || !is_stream(h))
        luaL_argerror(L, index, "Expected uv_stream userdata");
    return (nuv_handle *)h;
}

/* ---- Functions ---- */

/** uv.close(handle: uv_handle_t, callback?: fun())
 * Closes the handle: it is stopped at once, what it waits for fails with ECANCELED, and `callback` is called
 * when the loop has let go of it. Raises when it is closed, or being closed, already. A handle that nobody
 * closes stays open, whether its object is still referred to or not. */
int nuv_close(lua_State *L)
{
    nuv_handle *x = nuv_check_handle(L, 1);
    if (neap->handle_is_closing(&x->h))
        return luaL_error(L, "handle %p is already closing", (void *)&x->uv.handle);
    nuv_set_callback(L, 2, x->h.env, &x->close_callback);
    neap->close(&x->h);
    return 0;
}

/** uv.is_active(handle: uv_handle_t) -> boolean
 * Whether it does something: a timer that was started, a stream that reads, connects or listens. */
int nuv_is_active(lua_State *L)
{
    lua_pushboolean(L, uv_is_active(&nuv_check_handle(L, 1)->uv.handle));
    return 1;
}

/** uv.is_closing(handle: uv_handle_t) -> boolean
 * Whether it is being closed or is closed. */
int nuv_is_closing(lua_State *L)
{
    lua_pushboolean(L, neap->handle_is_closing(&nuv_check_handle(L, 1)->h));
    return 1;
}

/** uv.ref(handle: uv_handle_t)
 * Makes it, while it is active, keep the program running again: as every handle does that is not unref'ed. */
int nuv_ref(lua_State *L)
{
    uv_ref(&nuv_check_handle(L, 1)->uv.handle);
    return 0;
}

/** uv.unref(handle: uv_handle_t)
 * The program may end although it is active. */
int nuv_unref(lua_State *L)
{
    uv_unref(&nuv_check_handle(L, 1)->uv.handle);
    return 0;
}

/** uv.has_ref(handle: uv_handle_t) -> boolean
 * Whether it keeps the program running while it is active: true, until `uv.unref`. */
int nuv_has_ref(lua_State *L)
{
    lua_pushboolean(L, uv_has_ref(&nuv_check_handle(L, 1)->uv.handle));
    return 1;
}

static int buffer_size(lua_State *L, int (*get_or_set)(uv_handle_t *, int *))
{
    nuv_handle *x = nuv_check_handle(L, 1);
    int size = (int)luaL_optinteger(L, 2, 0);
    int status = get_or_set(&x->uv.handle, &size);
    if (status < 0 || luaL_optinteger(L, 2, 0) != 0)
        return nuv_result(L, status);
    lua_pushinteger(L, size);
    return 1;
}

/** uv.send_buffer_size(handle: uv_tcp_t | uv_pipe_t | uv_udp_t, size?: integer) -> integer | fail
 * Without `size`, or with 0, the size in bytes of the buffer in which the kernel keeps what is to be sent; with it,
 * sets that and returns 0. Linux sets, and says, twice as much. EBADF: there is no socket yet. */
int nuv_send_buffer_size(lua_State *L)
{
    return buffer_size(L, uv_send_buffer_size);
}

/** uv.recv_buffer_size(handle: uv_tcp_t | uv_pipe_t | uv_udp_t, size?: integer) -> integer | fail
 * The same for the buffer of what has been received. */
int nuv_recv_buffer_size(lua_State *L)
{
    return buffer_size(L, uv_recv_buffer_size);
}

/** uv.fileno(handle: uv_handle_t) -> integer | fail
 * Its file descriptor, which stays the handle's: of a stream, a udp or a poll. EINVAL: its type has none.
 * EBADF: it has none yet, or none any more. */
int nuv_fileno(lua_State *L)
{
    uv_os_fd_t fd;
    int status = uv_fileno(&nuv_check_handle(L, 1)->uv.handle, &fd);
    return nuv_result(L, status < 0 ? status : (int)fd);
}

/** uv.handle_get_type(handle: uv_handle_t) -> string, integer
 * Its type's name, such as "tcp", and libuv's number of it. */
int nuv_handle_get_type(lua_State *L)
{
    uv_handle_type type = uv_handle_get_type(&nuv_check_handle(L, 1)->uv.handle);
    lua_pushstring(L, uv_handle_type_name(type));
    lua_pushinteger(L, type);
    return 2;
}

/** uv.walk(callback: fun(handle: uv_handle_t))
 * Calls `callback` with each handle that this program has made and that is not closed yet, in the order they
 * were made; not with those that belong to Neap. It may close them, and make new ones, which are not visited. */
static int walk(lua_State *L)
{
    const nuv_state *state = nuv_state_of(L);
    int n = 0;
    nuv_check_callable(L, 1);
    lua_settop(L, 1);
    lua_newtable(L);
    for (const nuv_handle *x = state->first; x; x = x->next) {
        neap->held(L, x->self);
        lua_rawseti(L, 2, ++n);
    }
    for (int i = 1; i <= n; i++) {
        lua_pushvalue(L, 1);
        lua_rawgeti(L, 2, i);
        lua_call(L, 1, 0);
    }
    return 0;
}

static int handle_tostring(lua_State *L)
{
    neap_handle *h = neap->handle_any(L, 1);
    if (!h)
        return luaL_argerror(L, 1, "Expected uv_handle userdata");
    lua_pushfstring(L, "%s_t: %p", h->type->name, (void *)&((nuv_handle *)h)->uv.handle);
    return 1;
}

/* ---- Registration ---- */

const luaL_Reg nuv_handle_metamethods[] = {{"__tostring", handle_tostring}, {NULL, NULL}};

const luaL_Reg nuv_handle_functions[] = {
    {"close", nuv_close},
    {"is_active", nuv_is_active},
    {"is_closing", nuv_is_closing},
    {"ref", nuv_ref},
    {"unref", nuv_unref},
    {"has_ref", nuv_has_ref},
    {"send_buffer_size", nuv_send_buffer_size},
    {"recv_buffer_size", nuv_recv_buffer_size},
    {"fileno", nuv_fileno},
    {"handle_get_type", nuv_handle_get_type},
    {"walk", walk},
    {NULL, NULL},
};
