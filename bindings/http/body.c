/* body.c -- the body of a request: read when it is asked for, and not before.
 *
 * Until then its bytes stay where they are: in c->in up to HTTP_INPUT_LIMIT, then in the kernel,
 * which makes the client wait. request:body() collects the whole of it, within the limit and the
 * time the server's options say; a second call returns it again. A body nobody asked for is read
 * and thrown away if it is small, so that the connection can be kept; else the connection closes.
 */
#include <string.h>

#include "http.h"

void http_body_begin(http_exchange *x)
{
    const http_head *h = &x->head;
    if (h->chunked)
        http_chunks_init(&x->body.chunks);
    x->body.left = h->content_length;
    x->body.state = h->chunked || h->content_length > 0 ? HTTP_BODY_UNREAD : HTTP_BODY_DONE;
}

void http_body_fail(http_exchange *x, int error, int refusal, const char *message)
{
    x->body.state = HTTP_BODY_FAILED;
    x->body.error = error;
    x->body.refusal = (uint16_t)refusal;
    x->body.message = message;
    http_wait_wake(&x->readers, error, message);
}

static void done(http_exchange *x)
{
    x->body.state = HTTP_BODY_DONE;
    http_wait_wake(&x->readers, 0, NULL);
}

/* -- in -- */

static void too_large(http_exchange *x)
{
    http_body_fail(x, NEAP_ELIMIT, 413, "the body is larger than max_body");
}

/* A span of body; false when it is one too many. */
static bool take(http_exchange *x, const char *data, size_t len)
{
    if (x->head.chunked)
        x->body.left += len;
    if (x->body.state == HTTP_BODY_DRAINING) {
        if (x->head.chunked && x->body.left > HTTP_DRAIN_LIMIT)
            x->body.state = HTTP_BODY_FAILED;
    } else if (x->head.chunked && (double)x->body.left > x->c->server->options.max_body) {
        too_large(x);
    } else if (http_buffer_append(x->state, &x->body.data, data, len) < 0) {
        http_body_fail(x, UV_ENOMEM, 503, "not enough memory for the body");
    }
    return x->body.state != HTTP_BODY_FAILED;
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
            if (!take(x, span, chunk.len))
                return used;
        } else {
            if (r == HTTP_CHUNK_END)
                done(x);
            return used;
        }
    }
}

size_t http_body_feed(http_exchange *x, const char *data, size_t len)
{
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
    if (x->body.state == HTTP_BODY_UNREAD)
        x->body.left = x->head.chunked ? 0 : x->body.left;
    x->body.state = HTTP_BODY_DRAINING;
    return true;
}

/* -- wanted -- */

/* RFC 9110 10.1.1: the client waits for this before it sends the body, unless it has begun to. */
static void send_continue(http_exchange *x)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (!x->head.expect_continue || x->body.continued || x->body.data || x->response.begun)
        return;
    char *p = http_output_room(x->c, sizeof text);
    if (!p)
        return;
    memcpy(p, text, sizeof text - 1);
    x->c->out->end += sizeof text - 1;
    x->body.continued = true;
}

static void begin_reading(http_exchange *x)
{
    http_connection *c = x->c;
    if (!c) {
        http_body_fail(x, UV_ECONNRESET, 400, "the client has left");
        return;
    }
    if ((double)x->body.left > c->server->options.max_body) {
        too_large(x);
        return;
    }
    x->body.state = HTTP_BODY_READING;
    http_connection_pump(c);
    if (x->body.state != HTTP_BODY_READING || !x->c)
        return;
    if (c->ended) {
        http_body_fail(x, NEAP_EPARSE, 400, "the client ended within the body");
        return;
    }
    send_continue(x);
    if (x->c)
        http_connection_deadline(c, c->server->options.body_timeout);
}

/* request:body(callback?): its whole body, "" when it has none. ELIMIT: larger than max_body; EPARSE:
 * malformed, or the client ended within it; ETIMEDOUT: not there after body_timeout. */
int http_request_body(lua_State *L)
{
    http_exchange *x = http_check(L, HTTP_REQUEST);
    bool callback = lua_isfunction(L, 2);
    if (!callback && x->body.state == HTTP_BODY_DONE) {
        const http_buffer *data = x->body.data;
        lua_pushlstring(L, data ? data->data : "", data ? data->end : 0);
        return 1;
    }
    lua_settop(L, callback ? 2 : 1);
    http_wait *w = http_wait_new(L, x, &http_wait_body, &x->readers);
    if (x->body.state == HTTP_BODY_UNREAD)
        begin_reading(x);
    if (x->body.state == HTTP_BODY_DONE)
        http_wait_wake(&x->readers, 0, NULL);
    else if (x->body.state == HTTP_BODY_FAILED)
        http_wait_wake(&x->readers, x->body.error, x->body.message);
    return neap->wait(L, &w->op);
}
