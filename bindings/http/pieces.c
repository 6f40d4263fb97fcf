/* pieces.c -- the body of a request piece by piece: what request:chunks() iterates over.
 *
 *   piece(request, limit?) -> bytes | nil, or nil, err
 *
 * What has come since the last piece lies in x->body.kept, the block that it was read into, or in
 * x->body.data, which is used again and again: a body of any size takes one or two buffers. With a
 * block, and above HTTP_HIGH_WATER, reading pauses until somebody asks.
 */
#include "http.h"

static size_t waiting(const http_exchange *x)
{
    return x->body.kept.len + (x->body.data ? x->body.data->end : 0);
}

static int push_piece(lua_State *L, http_exchange *x)
{
    http_block *kept = &x->body.kept;
    if (kept->len > 0) {
        lua_pushlstring(L, kept->data, kept->len);
        http_block_drop(x->state, kept);
    } else if (waiting(x) > 0) {
        lua_pushlstring(L, x->body.data->data, x->body.data->end);
        x->body.data->end = 0;
    } else {
        lua_pushnil(L);
    }
    return 1;
}

/* A nil would be the end of the body: where it is none, another task has taken what had come. */
static int piece_results(lua_State *L, neap_op *op)
{
    http_exchange *x = http_wait_exchange(L, op);
    if (!x)
        return 2;
    if (waiting(x) == 0 && x->body.state != HTTP_BODY_DONE)
        return neap->fail(L, UV_EBUSY, NEAP_F_MESSAGE, "another task reads this body in chunks",
                          NEAP_F_END);
    return push_piece(L, x);
}

static const neap_op_class wait_piece = {"http.request.chunks", piece_results, http_wait_cancel,
                                         NULL};

static bool keep(http_exchange *x, const char *data, size_t len)
{
    size_t size;
    if (waiting(x) > 0)
        return false;
    char *base = neap->read_keep(x->state->env, data, len, &size);
    if (base)
        x->body.kept = (http_block){base, data, len};
    return base != NULL;
}

int http_piece_give(http_exchange *x, const char *data, size_t len)
{
    bool kept = keep(x, data, len);
    if (!kept && http_buffer_append(x->state, &x->body.data, data, len) < 0)
        return UV_ENOMEM;
    if (kept || waiting(x) >= HTTP_HIGH_WATER)
        http_body_want(x, false);
    if (x->readers && waiting(x) > 0)
        http_wait_wake(&x->readers, 0, NULL);
    return 0;
}

static void read_on(lua_State *L, http_exchange *x)
{
    double limit = http_body_check_limit(L, x, 2);
    if (x->body.state == HTTP_BODY_UNREAD) {
        x->body.limit = limit;
        x->body.pieces = x->body.wanted = true;
        http_body_resume(x);
    } else if (x->body.pieces && x->body.state == HTTP_BODY_FLOWING && !x->body.wanted) {
        http_body_want(x, true);
        http_body_resume(x);
    }
}

int http_request_piece(lua_State *L)
{
    http_exchange *x = http_check(L, HTTP_REQUEST);
    bool asked = x->body.data || x->body.streamed || x->body.state == HTTP_BODY_READING;
    if (!x->body.pieces && asked)
        return luaL_error(L, "the body of this request has been asked for already");
    if (waiting(x) == 0)
        read_on(L, x);
    if (waiting(x) > 0 || x->body.state == HTTP_BODY_DONE)
        return push_piece(L, x);
    if (x->body.state == HTTP_BODY_FAILED)
        return neap->fail(L, x->body.error, NEAP_F_MESSAGE, x->body.message, NEAP_F_END);
    lua_settop(L, 1);
    return neap->wait(L, &http_wait_new(L, x, &wait_piece, &x->readers)->op);
}
