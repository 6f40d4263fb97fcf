/* pipe.c -- uv_pipe_t: Unix sockets and pipes; on those made for it handles go along with the bytes. */
#include <limits.h>

#include "uv.h"

static nuv_handle *check_pipe(lua_State *L, int index)
{
    return nuv_check(L, index, &nuv_pipe_class);
}

/** uv.new_pipe(ipc?: boolean) -> uv_pipe_t | fail
 * A new pipe handle, which is not connected. With `ipc` true it is one for handles: see `uv.write2`. */
static int new_pipe(lua_State *L)
{
    if (!lua_isnoneornil(L, 1) && !lua_isboolean(L, 1))
        return luaL_argerror(L, 1, "Expected boolean or nil");
    int ipc = lua_toboolean(L, 1);
    nuv_handle *x = nuv_handle_new(L, &nuv_pipe_class);
    return nuv_handle_made(L, x, uv_pipe_init(nuv_state_of(L)->loop, &x->uv.pipe, ipc));
}

/** uv.pipe_open(pipe: uv_pipe_t, fd: integer) -> 0 | fail
 * Makes it a stream on an open descriptor, of a pipe or Unix socket, which is the handle's from then on: it is closed
 * with it. EINVAL: the handle is closed. */
static int pipe_open(lua_State *L)
{
    nuv_handle *x = check_pipe(L, 1);
    uv_file fd = (uv_file)nuv_check_int(L, 2);
    return nuv_result(L, nuv_is_closed(x) ? UV_EINVAL : uv_pipe_open(&x->uv.pipe, fd));
}

/** uv.pipe_bind(pipe: uv_pipe_t, name: string) -> 0 | fail
 * Gives it a path, where a socket appears that is removed when the handle closes; a path of more than 107 bytes is cut
 * there. `uv.listen` is next. EADDRINUSE: there is one already. EINVAL: the handle has a path, or is closed. */
static int pipe_bind(lua_State *L)
{
    nuv_handle *x = check_pipe(L, 1);
    const char *name = luaL_checkstring(L, 2);
    return nuv_result(L, nuv_is_closed(x) ? UV_EINVAL : uv_pipe_bind(&x->uv.pipe, name));
}

/* libuv itself lets a second one take the place of the first, which nobody then tells of its end. */
static int may_connect(const nuv_handle *x)
{
    if (nuv_is_closed(x))
        return UV_EINVAL;
    return x->uv.pipe.connect_req ? UV_EALREADY : 0;
}

/** uv.pipe_connect(pipe: uv_pipe_t, name: string, callback?: fun(err: string?)) -> uv_connect_t | fail
 * Connects to the Unix socket at a path. `callback` is called when it is, or with the name of an error: ENOENT there is
 * none, ECONNREFUSED nobody listens. EALREADY: it is connecting. EINVAL: the handle is closed. */
static int pipe_connect(lua_State *L)
{
    nuv_handle *x = check_pipe(L, 1);
    const char *name = luaL_checkstring(L, 2);
    lua_settop(L, 3);
    nuv_request *r = nuv_request_new(L, "uv_connect_t", NUV_REQUEST_SIZE(connect), 3);
    int status = may_connect(x);
    if (status < 0)
        return nuv_request_failed(L, r, status);
    uv_pipe_connect(&r->uv.connect, &x->uv.pipe, name, nuv_on_connected);
    return 1;
}

#if UV_VERSION_HEX >= 0x012e00 /* 1.46 */
static unsigned check_flags(lua_State *L, int index)
{
    int type = lua_type(L, index);
    luaL_argcheck(L, type <= LUA_TNIL || type == LUA_TNUMBER || type == LUA_TTABLE, index,
                  "expected nil, integer, or table");
    if (type != LUA_TTABLE)
        return (unsigned)lua_tointeger(L, index);
    lua_getfield(L, index, "no_truncate");
    return lua_toboolean(L, -1) ? UV_PIPE_NO_TRUNCATE : 0;
}

/** uv.pipe_bind2(pipe: uv_pipe_t, name: string, flags?: integer | { no_truncate: boolean? }) -> 0 | fail
 * As `uv.pipe_bind`; `name` may begin with a zero byte, for Linux's abstract sockets. With `no_truncate` one that is
 * too long fails with EINVAL and is not cut. */
static int pipe_bind2(lua_State *L)
{
    size_t n;
    nuv_handle *x = check_pipe(L, 1);
    const char *name = luaL_checklstring(L, 2, &n);
    unsigned flags = check_flags(L, 3);
    return nuv_result(L, nuv_is_closed(x) ? UV_EINVAL : uv_pipe_bind2(&x->uv.pipe, name, n, flags));
}

/** uv.pipe_connect2(pipe: uv_pipe_t, name: string, flags?: integer | { no_truncate: boolean? }, callback?: fun(err: string?)) -> uv_connect_t | fail
 * As `uv.pipe_connect`, with the names and flags of `uv.pipe_bind2`. */
static int pipe_connect2(lua_State *L)
{
    size_t n;
    nuv_handle *x = check_pipe(L, 1);
    const char *name = luaL_checklstring(L, 2, &n);
    unsigned flags = check_flags(L, 3);
    lua_settop(L, 4);
    nuv_request *r = nuv_request_new(L, "uv_connect_t", NUV_REQUEST_SIZE(connect), 4);
    int status = may_connect(x);
    if (status == 0)
        status = uv_pipe_connect2(&r->uv.connect, &x->uv.pipe, name, n, flags, nuv_on_connected);
    return status < 0 ? nuv_request_failed(L, r, status) : 1;
}
#endif

/* ---- Names ---- */

static int name_of(lua_State *L, int (*get)(const uv_pipe_t *, char *, size_t *))
{
    char name[PATH_MAX];
    size_t n = sizeof name;
    name[0] = 0; /* libuv looks at it, even when there is none */
    int status = get(&check_pipe(L, 1)->uv.pipe, name, &n);
    if (status < 0)
        return nuv_fail(L, status);
    lua_pushlstring(L, name, n);
    return 1;
}

/** uv.pipe_getsockname(pipe: uv_pipe_t) -> string | fail
 * The path that it was bound to; "" when it has none. EBADF: there is no socket yet. */
static int pipe_getsockname(lua_State *L)
{
    return name_of(L, uv_pipe_getsockname);
}

/** uv.pipe_getpeername(pipe: uv_pipe_t) -> string | fail
 * The path that the other side was bound to; "" when it has none. ENOTCONN: it is not connected. */
static int pipe_getpeername(lua_State *L)
{
    return name_of(L, uv_pipe_getpeername);
}

/** uv.pipe_chmod(pipe: uv_pipe_t, flags: "r" | "w" | "rw" | "wr") -> 0 | fail
 * Lets other users' processes connect, read ("r") and write ("w"): as the access rights of its path, which it has to
 * be bound to. */
static int pipe_chmod(lua_State *L)
{
    static const char *const names[] = {"r", "w", "rw", "wr", NULL};
    static const int flags[] = {UV_READABLE, UV_WRITABLE, UV_READABLE | UV_WRITABLE,
                                UV_READABLE | UV_WRITABLE};
    nuv_handle *x = check_pipe(L, 1);
    return nuv_result(L, uv_pipe_chmod(&x->uv.pipe, flags[luaL_checkoption(L, 2, NULL, names)]));
}

/* ---- Handles that have come ---- */

/** uv.pipe_pending_instances(pipe: uv_pipe_t, count: integer)
 * How many connections may wait, on Windows; elsewhere nothing happens. */
static int pipe_pending_instances(lua_State *L)
{
    nuv_handle *x = check_pipe(L, 1);
    uv_pipe_pending_instances(&x->uv.pipe, nuv_check_int(L, 2));
    return 0;
}

/** uv.pipe_pending_count(pipe: uv_pipe_t) -> integer
 * How many handles have come through a pipe for handles and wait to be taken with `uv.accept`. */
static int pipe_pending_count(lua_State *L)
{
    lua_pushinteger(L, uv_pipe_pending_count(&check_pipe(L, 1)->uv.pipe));
    return 1;
}

/** uv.pipe_pending_type(pipe: uv_pipe_t) -> string?
 * The type of the first of them: "tcp", "pipe" or "udp", which is what the handle that is given to `uv.accept` has to
 * be. Nothing when there is none. */
static int pipe_pending_type(lua_State *L)
{
    const char *name = uv_handle_type_name(uv_pipe_pending_type(&check_pipe(L, 1)->uv.pipe));
    if (!name)
        return 0;
    lua_pushstring(L, name);
    return 1;
}

/* ---- uv.pipe ---- */

static int pair_flags(lua_State *L, int index)
{
    if (lua_isnoneornil(L, index))
        return 0;
    if (!lua_istable(L, index)) {
        lua_pushfstring(L, "table or nil expected, got %s", nuv_typename(L, index));
        luaL_argerror(L, index, lua_tostring(L, -1));
    }
    lua_getfield(L, index, "nonblock");
    int flags = lua_toboolean(L, -1) ? UV_NONBLOCK_PIPE : 0;
    lua_pop(L, 1);
    return flags;
}

/** uv.pipe(read_flags?: { nonblock: boolean? }, write_flags?: { nonblock: boolean? }) -> { read: integer, write: integer } | fail
 * A pipe, as pipe(2): its two descriptors, which are the caller's to close, or to give to `uv.pipe_open` or
 * `uv.spawn`. `nonblock` says that one of them does not block. */
static int pipe_(lua_State *L)
{
    uv_file fds[2];
    int read_flags = pair_flags(L, 1), write_flags = pair_flags(L, 2);
    lua_createtable(L, 0, 2);
    int status = uv_pipe(fds, read_flags, write_flags);
    if (status < 0)
        return nuv_fail(L, status);
    lua_pushinteger(L, fds[0]);
    lua_setfield(L, -2, "read");
    lua_pushinteger(L, fds[1]);
    lua_setfield(L, -2, "write");
    return 1;
}

/* ---- Registration ---- */

const luaL_Reg nuv_pipe_functions[] = {
    {"new_pipe", new_pipe},
    {"pipe_open", pipe_open},
    {"pipe_bind", pipe_bind},
    {"pipe_connect", pipe_connect},
#if UV_VERSION_HEX >= 0x012e00
    {"pipe_bind2", pipe_bind2},
    {"pipe_connect2", pipe_connect2},
#endif
    {"pipe_getsockname", pipe_getsockname},
    {"pipe_getpeername", pipe_getpeername},
    {"pipe_chmod", pipe_chmod},
    {"pipe_pending_instances", pipe_pending_instances},
    {"pipe_pending_count", pipe_pending_count},
    {"pipe_pending_type", pipe_pending_type},
    {"pipe", pipe_},
    {NULL, NULL},
};

static const luaL_Reg methods[] = {
    NUV_STREAM_METHODS,
    {"open", pipe_open},
    {"bind", pipe_bind},
    {"connect", pipe_connect},
#if UV_VERSION_HEX >= 0x012e00
    {"bind2", pipe_bind2},
    {"connect2", pipe_connect2},
#endif
    {"getsockname", pipe_getsockname},
    {"getpeername", pipe_getpeername},
    {"chmod", pipe_chmod},
    {"pending_instances", pipe_pending_instances},
    {"pending_count", pipe_pending_count},
    {"pending_type", pipe_pending_type},
    {NULL, NULL},
};

NUV_CLASS(pipe, methods);
