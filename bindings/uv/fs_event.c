/* fs_event.c -- uv_fs_event_t: told by the kernel when a file or folder changes (inotify, kqueue). */
#include <limits.h>

#include "fs.h"

static uv_fs_event_t *check_event(lua_State *L, int index)
{
    return &nuv_check(L, index, &nuv_fs_event_class)->uv.fs_event;
}

typedef struct {
    const char *name;
    int events, status;
} change;

static int change_args(lua_State *L, void *data)
{
    const change *c = data;
    nuv_push_status(L, c->status);
    lua_pushstring(L, c->name);
    lua_createtable(L, 0, 2);
    if (c->events & UV_RENAME) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, "rename");
    }
    if (c->events & UV_CHANGE) {
        lua_pushboolean(L, 1);
        lua_setfield(L, -2, "change");
    }
    return 3;
}

static void on_change(uv_fs_event_t *event, const char *name, int events, int status)
{
    const nuv_handle *x = nuv_handle_of(event);
    nuv_call(x->h.env, x->callback, change_args, &(change){name, events, status});
}

/** uv.new_fs_event() -> uv_fs_event_t | fail
 * A new watcher, which is not started. */
static int new_fs_event(lua_State *L)
{
    nuv_handle *x = nuv_handle_new(L, &nuv_fs_event_class);
    return nuv_handle_made(L, x, uv_fs_event_init(nuv_state_of(L)->loop, &x->uv.fs_event));
}

static unsigned check_flags(lua_State *L, int index)
{
    static const nuv_name names[] = {{"watch_entry", UV_FS_EVENT_WATCH_ENTRY},
                                     {"stat", UV_FS_EVENT_STAT},
                                     {"recursive", UV_FS_EVENT_RECURSIVE},
                                     {NULL, 0}};
    luaL_checktype(L, index, LUA_TTABLE);
    return nuv_flags_in(L, index, names);
}

/** uv.fs_event_start(fs_event: uv_fs_event_t, path: string, flags: table, callback: fun(err: string?, name: string?, events: table)) -> 0 | fail
 * Watches a file, or a folder for what is in it: `callback` gets the name of what has changed, relative to the
 * folder, where the system tells, and a table with `rename` (it came, went, or was renamed) or `change` set.
 * `flags`: `recursive`, folders below too, on macOS and Windows; `watch_entry` and `stat` are libuv's, and do
 * nothing yet. EINVAL: it is started already. */
static int fs_event_start(lua_State *L)
{
    uv_fs_event_t *event = check_event(L, 1);
    nuv_handle *x = nuv_handle_of(event);
    const char *path = luaL_checkstring(L, 2);
    unsigned flags = check_flags(L, 3);
    nuv_check_callback(L, 4);
    if (neap->handle_is_closing(&x->h)) /* libuv would watch for a handle that goes */
        return nuv_fail(L, UV_EINVAL);
    nuv_set_callback(L, 4, x->h.env, &x->callback);
    return nuv_result(L, uv_fs_event_start(event, on_change, path, flags));
}

/** uv.fs_event_stop(fs_event: uv_fs_event_t) -> 0 | fail
 * Stops watching. */
static int fs_event_stop(lua_State *L)
{
    return nuv_result(L, uv_fs_event_stop(check_event(L, 1)));
}

/** uv.fs_event_getpath(fs_event: uv_fs_event_t) -> string | fail
 * The path that is watched. EINVAL: none is. */
static int fs_event_getpath(lua_State *L)
{
    char path[2 * PATH_MAX];
    size_t size = sizeof path;
    int status = uv_fs_event_getpath(check_event(L, 1), path, &size);
    if (status < 0)
        return nuv_fail(L, status);
    lua_pushlstring(L, path, size);
    return 1;
}

const luaL_Reg nuv_fs_event_functions[] = {
    {"new_fs_event", new_fs_event},
    {"fs_event_start", fs_event_start},
    {"fs_event_stop", fs_event_stop},
    {"fs_event_getpath", fs_event_getpath},
    {NULL, NULL},
};

static const luaL_Reg methods[] = {
    NUV_HANDLE_METHODS,
    {"start", fs_event_start},
    {"stop", fs_event_stop},
    {"getpath", fs_event_getpath},
    {NULL, NULL},
};

NUV_CLASS(fs_event, methods);
