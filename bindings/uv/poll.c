/* poll.c -- uv_poll_t: whether a descriptor that is another library's can be read, written. */
#include "uv.h"

static nuv_handle *check_poll(lua_State *L, int index)
{
    return nuv_check(L, index, &nuv_poll_class);
}

/* In the order of libuv's bits: UV_READABLE 1, UV_WRITABLE 2, UV_DISCONNECT 4, UV_PRIORITIZED 8; from 1. */
static const char *const events_names[] = {"r",  "w",  "rw",  "d",  "rd",  "wd",  "rwd",  "p",
                                           "rp", "wp", "rwp", "dp", "rdp", "wdp", "rwdp", NULL};

typedef struct {
    int status, events;
} arrival;

static int event_args(lua_State *L, void *data)
{
    const arrival *a = data;
    nuv_push_status(L, a->status);
    lua_pushstring(L, a->events > 0 && a->events < 16 ? events_names[a->events - 1] : "");
    return 2;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    const nuv_handle *x = nuv_handle_of(poll);
    nuv_call(x->h.env, x->callback, event_args, &(arrival){status, events});
}

/** uv.new_poll(fd: integer) -> uv_poll_t | fail
 * A new poll handle for a descriptor, which stays the caller's and has to stay open while this is started. For
 * one of which another library reads: libuv's own handles do all that themselves. EPERM: it is a file's.
 * EEXIST: a started handle has it. */
static int new_poll(lua_State *L)
{
    int fd = nuv_check_int(L, 1);
    nuv_handle *x = nuv_handle_new(L, &nuv_poll_class);
    return nuv_handle_made(L, x, uv_poll_init(nuv_state_of(L)->loop, &x->uv.poll, fd));
}

/** uv.new_socket_poll(fd: integer) -> uv_poll_t | fail
 * The same for a socket; on Unix there is no difference. */
static int new_socket_poll(lua_State *L)
{
    uv_os_sock_t fd = (uv_os_sock_t)nuv_check_int(L, 1);
    nuv_handle *x = nuv_handle_new(L, &nuv_poll_class);
    return nuv_handle_made(L, x, uv_poll_init_socket(nuv_state_of(L)->loop, &x->uv.poll, fd));
}

/** uv.poll_start(poll: uv_poll_t, events?: string, callback: fun(err: string?, events: string)) -> 0 | fail
 * Starts it. `events` has the letters of what is waited for, in this order: "r" it can be read, "w" written, "d"
 * the other side has gone, "p" there is urgent data; "rw" by default. `callback` is called, as long as it is
 * so, with those that are so; with the name of an error and "" when it cannot be waited for, and then the
 * handle is stopped. One that is started already gets the new events and callback. EINVAL: it is closed. */
static int poll_start(lua_State *L)
{
    nuv_handle *x = check_poll(L, 1);
    int events = luaL_checkoption(L, 2, "rw", events_names) + 1;
    nuv_check_callback(L, 3);
    if (nuv_is_closed(x))
        return nuv_fail(L, UV_EINVAL);
    nuv_set_callback(L, 3, x->h.env, &x->callback);
    return nuv_result(L, uv_poll_start(&x->uv.poll, events, on_poll));
}

/** uv.poll_stop(poll: uv_poll_t) -> 0 | fail
 * Stops it: its callback is not called any more. */
static int poll_stop(lua_State *L)
{
    nuv_handle *x = check_poll(L, 1);
    return nuv_result(L, nuv_is_closed(x) ? 0 : uv_poll_stop(&x->uv.poll));
}

const luaL_Reg nuv_poll_functions[] = {
    {"new_poll", new_poll},
    {"new_socket_poll", new_socket_poll},
    {"poll_start", poll_start},
    {"poll_stop", poll_stop},
    {NULL, NULL},
};

static const luaL_Reg methods[] = {
    NUV_HANDLE_METHODS, {"start", poll_start}, {"stop", poll_stop}, {NULL, NULL}};

NUV_CLASS(poll, methods);
