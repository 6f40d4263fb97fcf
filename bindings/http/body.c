/* body.c -- the body of a request: read when it is asked for, and not before.
 *
 *   body(request, limit?, callback?) -> text      the whole of it; "" when it has none
 *   reject(request, message) -> nil, err          EPARSE: what is in it makes no sense; answered by 400
 *
 * Until then its bytes stay where they are: in c->in up to HTTP_INPUT_LIMIT, then in the kernel,
 * which makes the client wait. It is collected here, or flows to a stream (flow.c), within the limit
 * and the time the server's options say. A body nobody asked for is read and thrown away if it is
 * small, so that the connection can be kept; else the connection closes.
 */
#include <math.h>
#include <string.h>

#include "http.h"

static const char TOO_LARGE[] =
    "the body is larger than its limit: the server's max_body, or the one given here";
static const char CUT_SHORT[] = "the client ended within the body";
static const char LEFT[] = "the client has left";

void http_body_begin(http_exchange *x)
{
    const http_head *h = &x->head;
    if (h->chunked)
        http_chunks_init(&x->body.chunks);
    x->body.left = h->content_length;
    x->body.state = h->chunked || h->content_length > 0 ? HTTP_BODY_UNREAD : HTTP_BODY_DONE;
}

void http_body_blame(http_exchange *x, int error, int refusal, const char *message)
{
    x->body.error = error;
    x->body.refusal = (uint16_t)refusal;
    x->body.message = message;
}

void http_body_fail(http_exchange *x, int error, int refusal, const char *message)
{
    x->body.state = HTTP_BODY_FAILED;
    http_body_blame(x, error, refusal, message);
    http_wait_wake(&x->readers, error, message);
    http_flow_end(x, error, message);
}

static void done(http_exchange *x)
{
    x->body.state = HTTP_BODY_DONE;
    http_wait_wake(&x->readers, 0, NULL);
    http_flow_end(x, 0, NULL);
}

/* -- in -- */

static void too_large(http_exchange *x)
{
    http_body_fail(x, NEAP_ELIMIT, 413, TOO_LARGE);
}

static void no_memory(http_exchange *x)
{
    http_body_fail(x, UV_ENOMEM, 503, "not enough memory for the body");
}

static void collect(http_exchange *x, http_buffer **to, const char *data, size_t len)
{
    if (http_buffer_append(x->state, to, data, len) < 0)
        no_memory(x);
}

static void give(http_exchange *x, const char *data, size_t len)
{
    if (x->body.flow)
        http_flow_give(x, data, len);
    else if (x->body.pieces && http_piece_give(x, data, len) < 0)
        no_memory(x);
}

/* A span of body; false when it is one too many. */
static bool take(http_exchange *x, const char *data, size_t len)
{
    if (x->head.chunked)
        x->body.left += len;
    if (x->body.state == HTTP_BODY_DRAINING) {
        if (x->head.chunked && x->body.left > HTTP_DRAIN_LIMIT)
            x->body.state = HTTP_BODY_FAILED;
    } else if (x->head.chunked && (double)x->body.left > x->body.limit) {
        too_large(x);
    } else if (x->body.state == HTTP_BODY_FLOWING) {
        give(x, data, len);
    } else {
        collect(x, &x->body.data, data, len);
    }
    return x->body.state != HTTP_BODY_FAILED;
}

/* May more be fed? Not to a stream whose reader has had enough for now. */
static bool goes_on(const http_exchange *x)
{
    return x->body.state != HTTP_BODY_FLOWING || x->body.wanted;
}

static size_t feed_chunks(http_exchange *x, const char *data, size_t len)
{
    size_t used = 0;
    for (;;) {
        http_chunk chunk;
        int r = http_chunks_next(&x->body.chunks, data + used, len - used, &chunk);
        if (r < 0) {
            http_body_fail(x, NEAP_EPARSE, -r, "the body is not chunked as it should be");
            return len;
        }
        const char *span = data + used + chunk.at;
        used += chunk.used;
        if (r == HTTP_CHUNK_DATA) {
            if (!take(x, span, chunk.len) || !goes_on(x))
                return used;
            continue;
        }
        if (chunk.len > 0 && x->body.state != HTTP_BODY_DRAINING)
            collect(x, &x->body.trailers, span, chunk.len);
        if (r == HTTP_CHUNK_END && x->body.state != HTTP_BODY_FAILED)
            done(x);
        return used;
    }
}

size_t http_body_feed(http_exchange *x, const char *data, size_t len)
{
    if (x->body.state != HTTP_BODY_DRAINING)
        http_connection_progress(x->c, len);
    if (x->head.chunked)
        return feed_chunks(x, data, len);
    size_t n = len < x->body.left ? len : (size_t)x->body.left;
    x->body.left -= n;
    if (take(x, data, n) && x->body.left == 0)
        done(x);
    return n;
}

/* -- not wanted -- */

/* Whether what is left is known to be little. A client that waits for "100 Continue" may or may not
 * send a body after our final answer: that connection is over (RFC 9110 10.1.1). */
bool http_body_bounded(const http_exchange *x)
{
    if (x->body.state == HTTP_BODY_DONE)
        return true;
    if (x->body.state == HTTP_BODY_FAILED || (x->head.expect_continue && !x->body.continued))
        return false;
    return x->head.chunked || x->body.left <= HTTP_DRAIN_LIMIT;
}

bool http_body_drain(http_exchange *x)
{
    if (x->body.state == HTTP_BODY_DONE || !http_body_bounded(x))
        return false;
    x->body.left = x->head.chunked ? 0 : x->body.left;
    x->body.state = HTTP_BODY_DRAINING;
    http_flow_drop(x);
    return true;
}

/* -- wanted -- */

/* RFC 9110 10.1.1: the client waits for this before it sends the body, unless it has begun to. */
static void send_continue(http_exchange *x)
{
    bool comes = x->body.data || x->response.begun || x->c->in;
    if (x->head.expect_continue && !x->body.continued && !comes)
        x->body.continued = http_response_inform(x, 100) == 0;
}

/* All that came has been taken, and no more will come. */
static void check_cut_short(http_exchange *x)
{
    if (x->c && http_reads_body(x->c) && x->c->ended && !x->c->in)
        http_body_fail(x, NEAP_EPARSE, 400, CUT_SHORT);
}

/* It becomes `how`, collected or flowing, and takes what has come. */
void http_body_begin_reading(http_exchange *x, enum http_body_state how)
{
    http_connection *c = x->c;
    if (!c) {
        http_body_fail(x, UV_ECONNRESET, 400, LEFT);
        return;
    }
    if (!x->head.chunked && (double)x->body.left > x->body.limit) {
        too_large(x);
        return;
    }
    x->body.state = (uint8_t)how;
    http_connection_deadline(c, c->server->options.body_timeout);
    http_connection_pump(c);
    check_cut_short(x);
    if (x->body.state == how && x->c)
        send_continue(x);
}

void http_body_resume(http_exchange *x)
{
    if (x->body.state == HTTP_BODY_UNREAD) {
        http_body_begin_reading(x, HTTP_BODY_FLOWING);
    } else if (x->c) {
        http_connection_pump(x->c);
        check_cut_short(x);
    }
}

/* What comes stays in the kernel: nothing is gained by copying it first. */
static void stop(http_exchange *x)
{
    x->body.patience = http_connection_left(x->c);
    if (!x->c->ended)
        http_connection_pause(x->c);
}

/* The reader of a flowing body takes bytes, or no more for now. Then no time counts against the client. */
void http_body_want(http_exchange *x, bool wanted)
{
    http_connection *c = x->c;
    bool before = x->body.wanted;
    x->body.wanted = wanted;
    if (!c || before == wanted || x->body.state != HTTP_BODY_FLOWING)
        return;
    if (wanted)
        http_connection_deadline(c, x->body.patience);
    else
        stop(x);
}

/* Bytes, of an argument that may be left out: what is there already was within its limit. */
double http_body_check_limit(lua_State *L, const http_exchange *x, int index)
{
    if (lua_isnoneornil(L, index) || lua_isfunction(L, index))
        return x->body.data || !x->c ? HUGE_VAL : x->c->server->options.max_body;
    double limit = luaL_checknumber(L, index);
    luaL_argcheck(L, limit >= 0, index, "a limit in bytes");
    return limit;
}

static int push_body(lua_State *L, const http_exchange *x)
{
    const http_buffer *data = x->body.data;
    lua_pushlstring(L, data ? data->data : "", data ? data->end : 0);
    return 1;
}

static int body_results(lua_State *L, neap_op *op)
{
    const http_exchange *x = http_wait_exchange(L, op);
    return x ? push_body(L, x) : 2;
}

static const neap_op_class wait_body = {"http.request.body", body_results, http_wait_cancel, NULL};

static void give_body(http_exchange *x, double limit)
{
    bool done = x->body.state == HTTP_BODY_DONE;
    bool fits = !x->body.data || (double)x->body.data->end <= limit;
    if (done && !fits)
        http_body_blame(x, NEAP_ELIMIT, 413, TOO_LARGE); /* who wants more gets it */
    if (done && fits)
        http_wait_wake(&x->readers, 0, NULL);
    else if (done || x->body.state == HTTP_BODY_FAILED)
        http_wait_wake(&x->readers, x->body.error, x->body.message);
}

/* ELIMIT: larger than its limit; EPARSE: malformed, or the client ended within it; ETIMEDOUT: not there
 * in time. */
int http_request_body(lua_State *L)
{
    http_exchange *x = http_check(L, HTTP_REQUEST);
    double limit = http_body_check_limit(L, x, 2);
    int callback = lua_isfunction(L, 2) ? 2 : lua_isfunction(L, 3) ? 3 : 0;
    if (x->body.streamed || x->body.pieces)
        return luaL_error(L, "the body of this request is read as a stream, or in chunks");
    if (!callback && x->body.state == HTTP_BODY_DONE && !x->body.data)
        return push_body(L, x);
    lua_settop(L, callback ? callback : 1);
    http_wait *w = http_wait_new(L, x, &wait_body, &x->readers);
    if (x->body.state == HTTP_BODY_UNREAD) {
        x->body.limit = limit;
        http_body_begin_reading(x, HTTP_BODY_READING);
    }
    give_body(x, limit);
    return neap->wait(L, &w->op);
}

/* What a handler passes on of this is answered with 400, and no report. Asked again, it is the same. */
int http_request_reject(lua_State *L)
{
    http_exchange *x = http_check(L, HTTP_REQUEST);
    const char *message = luaL_checkstring(L, 2);
    if (!x->body.rejection) {
        neap->push_error(L, NEAP_EPARSE, NEAP_F_MESSAGE, message, NEAP_F_END);
        x->body.rejection = neap->hold(L, -1);
    }
    lua_pushnil(L);
    neap->held(L, x->body.rejection);
    return 2;
}
