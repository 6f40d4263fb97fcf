/* stream.c -- uv_stream_t: what tcp, pipe and tty have in common.
 *
 * Bytes. Reads share the loop's buffer. A write is tried at once; only what the kernel does not take is
 * copied, behind its request. */
#include "uv.h"

/* ---- Events ---- */

static void on_connection(uv_stream_t *stream, int status)
{
    const nuv_handle *x = nuv_handle_of(stream);
    nuv_call(x->h.env, x->callback, nuv_status_args, &status);
}

void nuv_on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    const nuv_handle *x = handle->data;
    const nuv_state *state = neap->state(x->h.env);
    size_t size;
    char *bytes = state->host->read_buffer(x->h.env, &size);
    (void)suggested;
    *buf = uv_buf_init(bytes, bytes ? (unsigned)size : 0);
}

typedef struct {
    const char *bytes;
    ssize_t n; /* or a status */
} chunk;

/* At the end there are no arguments, as luv has it. */
static int chunk_args(lua_State *L, void *data)
{
    const chunk *c = data;
    if (c->n == UV_EOF)
        return 0;
    nuv_push_status(L, c->n < 0 ? (int)c->n : 0);
    if (c->n < 0)
        return 1;
    lua_pushlstring(L, c->bytes, (size_t)c->n);
    return 2;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    const nuv_handle *x = nuv_handle_of(stream);
    if (n != 0) /* 0 is EAGAIN */
        nuv_call(x->h.env, x->callback, chunk_args, &(chunk){buf->base, n});
}

static void on_written(uv_write_t *write, int status)
{
    nuv_request_done(write->data, nuv_status_args, &status);
}

static void on_shutdown(uv_shutdown_t *shutdown, int status)
{
    nuv_request *r = shutdown->data;
    nuv_tell_later(neap->state(r->env), true); /* the writes before it */
    nuv_request_done(r, nuv_status_args, &status);
}

void nuv_on_connected(uv_connect_t *connect, int status)
{
    nuv_request_done(connect->data, nuv_status_args, &status);
}

/* ---- Listening, reading ---- */

/** uv.listen(stream: uv_stream_t, backlog: integer, callback: fun(err: string?)) -> 0 | fail
 * Waits for connections, up to `backlog` of which the kernel keeps until they are accepted. `callback` is called for each:
 * take it with `uv.accept`. EADDRINUSE: the address is taken (it is told here, not when it was bound). */
int nuv_listen(lua_State *L)
{
    nuv_handle *x = nuv_check_stream(L, 1);
    int backlog = nuv_check_int(L, 2);
    nuv_check_callback(L, 3);
    if (nuv_is_closed(x))
        return nuv_fail(L, UV_EINVAL);
    return nuv_start_callback(L, 3, x, uv_listen(&x->uv.stream, backlog, on_connection));
}

/** uv.accept(stream: uv_stream_t, client: uv_stream_t) -> 0 | fail
 * In the callback of `uv.listen`: makes `client`, a new handle of the same type, the other end of the connection.
 * On a pipe for handles, takes the handle that has come (see `uv.pipe_pending_type`). EAGAIN: there is none. */
int nuv_accept(lua_State *L)
{
    nuv_handle *server = nuv_check_stream(L, 1), *client = nuv_check_stream(L, 2);
    bool closed = nuv_is_closed(client);
    return nuv_result(L, closed ? UV_EINVAL : uv_accept(&server->uv.stream, &client->uv.stream));
}

/** uv.read_start(stream: uv_stream_t, callback: fun(err: string?, data: string?)) -> 0 | fail
 * Reads: `callback` gets what has come, as it comes; nothing at the end; or the name of an error. EALREADY: it reads
 * already. ENOTCONN: it is not connected. */
int nuv_read_start(lua_State *L)
{
    nuv_handle *x = nuv_check_stream(L, 1);
    nuv_check_callback(L, 2);
    if (nuv_is_closed(x))
        return nuv_fail(L, UV_EINVAL);
    nuv_set_callback(L, 2, x->h.env, &x->callback); /* of a stream that reads already, too */
    return nuv_result(L, uv_read_start(&x->uv.stream, nuv_on_alloc, on_read));
}

/** uv.read_stop(stream: uv_stream_t) -> 0 | fail
 * Stops reading: the callback is not called any more. What comes waits in the kernel. */
int nuv_read_stop(lua_State *L)
{
    return nuv_result(L, uv_read_stop(&nuv_check_stream(L, 1)->uv.stream));
}

/* ---- Writing ---- */

enum { SEND = 3 }; /* write2's handle, among its arguments */

static int write_data(lua_State *L, nuv_handle *x, nuv_data *d, nuv_handle *send, int callback)
{
    if (!lua_isnil(L, callback))
        nuv_check_callback(L, callback); /* nothing is sent when that raises */
    int gone =
        send || x->uv.stream.write_queue_size ? 0 : uv_try_write(&x->uv.stream, d->bufs, d->n);
    bool all = gone > 0 && (size_t)gone == d->size;
    if (gone > 0)
        nuv_skip_data(d, (size_t)gone);
    int kept = send ? neap->hold(L, SEND) : 0; /* libuv looks at the handle until it is sent */
    nuv_request *r = nuv_request_new(L, "uv_write_t", NUV_REQUEST_SIZE(write) + d->size, callback);
    r->kept = kept;
    if (all) {
        r->uv.req.type = UV_WRITE;
        nuv_request_later(r, 0);
        return 1;
    }
    uv_buf_t buf = nuv_copy_data(d, (char *)r + NUV_REQUEST_SIZE(write));
    int status =
        uv_write2(&r->uv.write, &x->uv.stream, &buf, 1, send ? &send->uv.stream : NULL, on_written);
    return status < 0 ? nuv_request_failed(L, r, status) : 1;
}

/** uv.write(stream: uv_stream_t, data: string | string[], callback?: fun(err: string?)) -> uv_write_t | fail
 * Writes `data`, or all of a list, after what was written before. `callback` is called when the kernel has
 * taken all of it, or with the name of an error. */
int nuv_write(lua_State *L)
{
    nuv_data d;
    nuv_handle *x = nuv_check_stream(L, 1);
    lua_settop(L, 3);
    nuv_check_data(L, 2, &d);
    return write_data(L, x, &d, NULL, 3);
}

/** uv.write2(stream: uv_pipe_t, data: string | string[], send_handle: uv_stream_t, callback?: fun(err: string?)) -> uv_write_t | fail
 * The same, and sends a handle along, over a pipe that was made for handles (`uv.new_pipe(true)`). It stays open here
 * until it is closed here, which is to wait for the callback. EINVAL: the pipe is not one for handles. */
int nuv_write2(lua_State *L)
{
    nuv_data d;
    nuv_handle *x = nuv_check_stream(L, 1), *send = nuv_check_stream(L, 3);
    lua_settop(L, 4);
    nuv_check_data(L, 2, &d);
    return write_data(L, x, &d, send, 4);
}

/** uv.try_write(stream: uv_stream_t, data: string | string[]) -> integer | fail
 * Writes what the kernel takes at once, and returns how many bytes that was. EAGAIN: nothing, or something written
 * before still waits. */
int nuv_try_write(lua_State *L)
{
    nuv_data d;
    nuv_handle *x = nuv_check_stream(L, 1);
    nuv_check_data(L, 2, &d);
    return nuv_result(L, uv_try_write(&x->uv.stream, d.bufs, d.n));
}

/** uv.try_write2(stream: uv_pipe_t, data: string | string[], send_handle: uv_stream_t) -> integer | fail
 * The same, and sends a handle along, as `uv.write2` does. */
int nuv_try_write2(lua_State *L)
{
    nuv_data d;
    nuv_handle *x = nuv_check_stream(L, 1), *send = nuv_check_stream(L, 3);
    nuv_check_data(L, 2, &d);
    return nuv_result(L, uv_try_write2(&x->uv.stream, d.bufs, d.n, &send->uv.stream));
}

/** uv.shutdown(stream: uv_stream_t, callback?: fun(err: string?)) -> uv_shutdown_t | fail
 * Ends our half of the connection when all that waits has been written: the other side reads its end. `callback` is
 * called then. ENOTCONN: it is not connected. */
int nuv_shutdown(lua_State *L)
{
    nuv_handle *x = nuv_check_stream(L, 1);
    lua_settop(L, 2);
    nuv_request *r = nuv_request_new(L, "uv_shutdown_t", NUV_REQUEST_SIZE(shutdown), 2);
    int status = uv_shutdown(&r->uv.shutdown, &x->uv.stream, on_shutdown);
    return status < 0 ? nuv_request_failed(L, r, status) : 1;
}

/* ---- State ---- */

/** uv.is_readable(stream: uv_stream_t) -> boolean
 * Whether it can be read from: whether it is connected, or open for reading. */
int nuv_is_readable(lua_State *L)
{
    lua_pushboolean(L, uv_is_readable(&nuv_check_stream(L, 1)->uv.stream));
    return 1;
}

/** uv.is_writable(stream: uv_stream_t) -> boolean
 * Whether it can be written to. */
int nuv_is_writable(lua_State *L)
{
    lua_pushboolean(L, uv_is_writable(&nuv_check_stream(L, 1)->uv.stream));
    return 1;
}

/** uv.stream_set_blocking(stream: uv_stream_t, blocking: boolean) -> 0 | fail
 * Makes writes block the whole program until the kernel has taken them, or not. Only for what cannot be done
 * otherwise, such as output that must be there before a crash. */
int nuv_stream_set_blocking(lua_State *L)
{
    nuv_handle *x = nuv_check_stream(L, 1);
    luaL_checktype(L, 2, LUA_TBOOLEAN);
    return nuv_result(L, uv_stream_set_blocking(&x->uv.stream, lua_toboolean(L, 2)));
}

/** uv.stream_get_write_queue_size(stream: uv_stream_t) -> integer
 * Bytes that were written and that the kernel has not taken yet. */
int nuv_stream_get_write_queue_size(lua_State *L)
{
    const uv_stream_t *stream = &nuv_check_stream(L, 1)->uv.stream;
    lua_pushinteger(L, (lua_Integer)uv_stream_get_write_queue_size(stream));
    return 1;
}

const luaL_Reg nuv_stream_functions[] = {
    {"listen", nuv_listen},
    {"accept", nuv_accept},
    {"read_start", nuv_read_start},
    {"read_stop", nuv_read_stop},
    {"write", nuv_write},
    {"write2", nuv_write2},
    {"try_write", nuv_try_write},
    {"try_write2", nuv_try_write2},
    {"shutdown", nuv_shutdown},
    {"is_readable", nuv_is_readable},
    {"is_writable", nuv_is_writable},
    {"stream_set_blocking", nuv_stream_set_blocking},
    {"stream_get_write_queue_size", nuv_stream_get_write_queue_size},
    {NULL, NULL},
};
