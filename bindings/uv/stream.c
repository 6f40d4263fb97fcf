/* stream.c -- uv_stream_t: what tcp, pipe and tty have in common.
 *
 *     listen(stream, backlog, callback), accept(stream, client) -> 0
 *     read_start(stream, callback), read_stop(stream) -> 0       callback(err, data | nil at the end)
 *     write(stream, data, callback?) -> request                  data: a string or an array of them
 *     write2(stream, data, handle, callback?) -> request         a handle goes along, through a pipe
 *     try_write(stream, data), try_write2(stream, data, handle) -> bytes
 *     shutdown(stream, callback?) -> request
 *     is_readable(stream), is_writable(stream) -> boolean
 *     stream_set_blocking(stream, blocking) -> 0, stream_get_write_queue_size(stream) -> bytes
 *
 * Bytes. Reads share the loop's buffer. A write is tried at once; only what the kernel does not take is
 * copied, behind its request. */
#include "uv.h"

#include <string.h>

/* ---- Arguments ---- */

enum { FEW = 32 };

typedef struct {
    uv_buf_t few[FEW];
    uv_buf_t *bufs; /* in the VM, as is what they point to: for the time of the call */
    unsigned n;
    size_t size; /* bytes in all */
} payload;

static uv_buf_t text_at(lua_State *L, int index, int argument)
{
    size_t n;
    if (!lua_isstring(L, index)) {
        lua_pushfstring(L, "data must be string or table of strings, got %s", luaL_typename(L, index));
        luaL_argerror(L, argument, lua_tostring(L, -1));
    }
    const char *text = lua_tolstring(L, index, &n);
    return uv_buf_init((char *)text, (unsigned)n);
}

/* A number in the table becomes a text of its own, which the table keeps. */
static void check_data(lua_State *L, int index, payload *d)
{
    d->bufs = d->few;
    d->size = 0;
    d->n = 1;
    if (!lua_istable(L, index)) {
        d->few[0] = text_at(L, index, index);
        d->size = d->few[0].len;
        return;
    }
    d->n = (unsigned)lua_objlen(L, index);
    if (d->n > FEW)
        d->bufs = lua_newuserdata(L, d->n * sizeof *d->bufs);
    for (unsigned i = 0; i < d->n; i++) {
        lua_rawgeti(L, index, (int)i + 1);
        bool number = lua_type(L, -1) == LUA_TNUMBER;
        d->bufs[i] = text_at(L, -1, index);
        d->size += d->bufs[i].len;
        if (number)
            lua_rawseti(L, index, (int)i + 1);
        else
            lua_pop(L, 1);
    }
}

/* ---- Events ---- */

static void on_connection(uv_stream_t *stream, int status)
{
    const nuv_handle *x = nuv_handle_of(stream);
    nuv_call(x->h.env, x->callback, nuv_status_args, &status);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
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

static int chunk_args(lua_State *L, void *data)
{
    const chunk *c = data;
    if (c->n < 0 && c->n != UV_EOF) {
        nuv_push_status(L, (int)c->n);
        return 1;
    }
    lua_pushnil(L);
    if (c->n > 0)
        lua_pushlstring(L, c->bytes, (size_t)c->n);
    else
        lua_pushnil(L);
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
    nuv_request_done(shutdown->data, nuv_status_args, &status);
}

void nuv_on_connected(uv_connect_t *connect, int status)
{
    nuv_request_done(connect->data, nuv_status_args, &status);
}

/* ---- Listening, reading ---- */

int nuv_listen(lua_State *L)
{
    nuv_handle *x = nuv_check_stream(L, 1);
    int backlog = (int)luaL_checkinteger(L, 2);
    nuv_check_callback(L, 3);
    nuv_set_callback(L, 3, x->h.env, &x->callback);
    return nuv_result(L, uv_listen(&x->uv.stream, backlog, on_connection));
}

int nuv_accept(lua_State *L)
{
    nuv_handle *server = nuv_check_stream(L, 1), *client = nuv_check_stream(L, 2);
    return nuv_result(L, uv_accept(&server->uv.stream, &client->uv.stream));
}

int nuv_read_start(lua_State *L)
{
    nuv_handle *x = nuv_check_stream(L, 1);
    nuv_check_callback(L, 2);
    nuv_set_callback(L, 2, x->h.env, &x->callback);
    return nuv_result(L, uv_read_start(&x->uv.stream, on_alloc, on_read));
}

int nuv_read_stop(lua_State *L)
{
    return nuv_result(L, uv_read_stop(&nuv_check_stream(L, 1)->uv.stream));
}

/* ---- Writing ---- */

/* Skip what has gone. */
static void advance(payload *d, size_t gone)
{
    d->size -= gone;
    while (d->n && gone >= d->bufs->len) {
        gone -= d->bufs->len;
        d->bufs++;
        d->n--;
    }
    if (gone) {
        d->bufs->base += gone;
        d->bufs->len -= gone;
    }
}

static uv_buf_t copy_behind(nuv_request *r, const payload *d)
{
    char *bytes = (char *)r + NUV_REQUEST_SIZE(write), *end = bytes;
    for (unsigned i = 0; i < d->n; i++) {
        memcpy(end, d->bufs[i].base, d->bufs[i].len);
        end += d->bufs[i].len;
    }
    return uv_buf_init(bytes, (unsigned)d->size);
}

static int write_data(lua_State *L, nuv_handle *x, payload *d, nuv_handle *send, int callback)
{
    int gone = send || x->uv.stream.write_queue_size ? 0 : uv_try_write(&x->uv.stream, d->bufs, d->n);
    bool all = gone > 0 && (size_t)gone == d->size;
    if (gone > 0)
        advance(d, (size_t)gone);
    nuv_request *r =
        nuv_request_new(L, "uv_write_t", NUV_REQUEST_SIZE(write) + d->size, callback);
    if (all) {
        r->uv.req.type = UV_WRITE;
        nuv_request_later(r, 0);
        return 1;
    }
    uv_buf_t buf = copy_behind(r, d);
    int status = uv_write2(&r->uv.write, &x->uv.stream, &buf, 1, send ? &send->uv.stream : NULL,
                           on_written);
    return status < 0 ? nuv_request_failed(L, r, status) : 1;
}

int nuv_write(lua_State *L)
{
    payload d;
    nuv_handle *x = nuv_check_stream(L, 1);
    lua_settop(L, 3);
    check_data(L, 2, &d);
    return write_data(L, x, &d, NULL, 3);
}

int nuv_write2(lua_State *L)
{
    payload d;
    nuv_handle *x = nuv_check_stream(L, 1), *send = nuv_check_stream(L, 3);
    lua_settop(L, 4);
    check_data(L, 2, &d);
    return write_data(L, x, &d, send, 4);
}

int nuv_try_write(lua_State *L)
{
    payload d;
    nuv_handle *x = nuv_check_stream(L, 1);
    check_data(L, 2, &d);
    return nuv_result(L, uv_try_write(&x->uv.stream, d.bufs, d.n));
}

int nuv_try_write2(lua_State *L)
{
    payload d;
    nuv_handle *x = nuv_check_stream(L, 1), *send = nuv_check_stream(L, 3);
    check_data(L, 2, &d);
    return nuv_result(L, uv_try_write2(&x->uv.stream, d.bufs, d.n, &send->uv.stream));
}

int nuv_shutdown(lua_State *L)
{
    nuv_handle *x = nuv_check_stream(L, 1);
    lua_settop(L, 2);
    nuv_request *r = nuv_request_new(L, "uv_shutdown_t", NUV_REQUEST_SIZE(shutdown), 2);
    int status = uv_shutdown(&r->uv.shutdown, &x->uv.stream, on_shutdown);
    return status < 0 ? nuv_request_failed(L, r, status) : 1;
}

/* ---- State ---- */

int nuv_is_readable(lua_State *L)
{
    lua_pushboolean(L, uv_is_readable(&nuv_check_stream(L, 1)->uv.stream));
    return 1;
}

int nuv_is_writable(lua_State *L)
{
    lua_pushboolean(L, uv_is_writable(&nuv_check_stream(L, 1)->uv.stream));
    return 1;
}

int nuv_stream_set_blocking(lua_State *L)
{
    nuv_handle *x = nuv_check_stream(L, 1);
    luaL_checktype(L, 2, LUA_TBOOLEAN);
    return nuv_result(L, uv_stream_set_blocking(&x->uv.stream, lua_toboolean(L, 2)));
}

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
