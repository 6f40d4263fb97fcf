/* fs_poll.c -- uv_fs_poll_t: asks for a file's state every so often, and tells when it has changed. Works
 * where the kernel does not tell. */
#include <limits.h>

#include "fs.h"

static uv_fs_poll_t *check_poll(lua_State *L, int index)
{
    return &nuv_check(L, index, &nuv_fs_poll_class)->uv.fs_poll;
}

typedef struct {
    int status;
    const uv_stat_t *before, *now;
} change;

static int change_args(lua_State *L, void *data)
{
    const change *c = data;
    nuv_push_status(L, c->status);
    nuv_push_stat(L, c->before);
    nuv_push_stat(L, c->now);
    return 3;
}

static void on_change(uv_fs_poll_t *poll, int status, const uv_stat_t *before, const uv_stat_t *now)
{
    const nuv_handle *x = nuv_handle_of(poll);
    nuv_call(x->h.env, x->callback, change_args, &(change){status, before, now});
}

/** uv.new_fs_poll() -> uv_fs_poll_t | fail
 * A new watcher, which is not started. */
static int new_fs_poll(lua_State *L)
{
    nuv_handle *x = nuv_handle_new(L, &nuv_fs_poll_class);
    return nuv_handle_made(L, x, uv_fs_poll_init(nuv_state_of(L)->loop, &x->uv.fs_poll));
}

/** uv.fs_poll_start(fs_poll: uv_fs_poll_t, path: string, interval: integer, callback: fun(err: string?, before: table, now: table)) -> 0 | fail
 * Asks for the path's state every `interval` milliseconds. When it has changed, `callback` gets what it was and
 * what it is, as fs_stat has them; when it cannot be had (any more), the error's name, once. Started already, it
 * goes on as it is, with the new callback. */
static int fs_poll_start(lua_State *L)
{
    uv_fs_poll_t *poll = check_poll(L, 1);
    nuv_handle *x = nuv_handle_of(poll);
    const char *path = luaL_checkstring(L, 2);
    unsigned interval = (unsigned)luaL_checkinteger(L, 3);
    nuv_check_callback(L, 4);
    if (neap->handle_is_closing(&x->h)) /* libuv would watch for a handle that goes */
        return nuv_fail(L, UV_EINVAL);
    nuv_set_callback(L, 4, x->h.env, &x->callback);
    return nuv_result(L, uv_fs_poll_start(poll, on_change, path, interval));
}

/** uv.fs_poll_stop(fs_poll: uv_fs_poll_t) -> 0 | fail
 * Stops watching. */
static int fs_poll_stop(lua_State *L)
{
    return nuv_result(L, uv_fs_poll_stop(check_poll(L, 1)));
}

/** uv.fs_poll_getpath(fs_poll: uv_fs_poll_t) -> string | fail
 * The path that is watched. EINVAL: none is. */
static int fs_poll_getpath(lua_State *L)
{
    char path[2 * PATH_MAX];
    size_t size = sizeof path;
    int status = uv_fs_poll_getpath(check_poll(L, 1), path, &size);
    if (status < 0)
        return nuv_fail(L, status);
    lua_pushlstring(L, path, size);
    return 1;
}

const luaL_Reg nuv_fs_poll_functions[] = {
    {"new_fs_poll", new_fs_poll},
    {"fs_poll_start", fs_poll_start},
    {"fs_poll_stop", fs_poll_stop},
    {"fs_poll_getpath", fs_poll_getpath},
    {NULL, NULL},
};

static const luaL_Reg methods[] = {
    NUV_HANDLE_METHODS,     {"start", fs_poll_start},
    {"stop", fs_poll_stop}, {"getpath", fs_poll_getpath},
    {NULL, NULL},
};

NUV_CLASS(fs_poll, methods);
