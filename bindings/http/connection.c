/* connection.c -- one client: what it sends, in which phase that meets it, and how it ends.
 *
 * Bytes are parsed where the transport's read put them. What cannot be used yet (half a head, the
 * requests behind the one being handled, a body nobody has asked for) is copied to c->in and taken
 * up by http_connection_pump when the phase changes. Requests are handled one after the other.
 *
 * Deadlines. A connection has one timer, which no request restarts: a phase writes its deadline,
 * and the timer, when it fires, looks at the phase and starts itself again for what is left.
 *
 * Closing. finish() ends our half once all is written. If the client may still be sending, closing
 * at once would reset the connection and could destroy the response before it is read; so we go on
 * reading, and discard, until it ends or a limit is reached (RFC 9112 9.6).
 */
#include <string.h>

#include "http.h"

static void on_read(neap_transport *t, const char *data, ptrdiff_t n);

static neap_env *env_of(const http_connection *c)
{
    return c->server->handle.env;
}

/* -- deadlines -- */

static void arm(http_connection *c, double seconds)
{
    neap->timer(env_of(c), &c->timer, seconds);
    c->armed = http_now(c->server->state) + seconds;
}

/* A long one is rounded up to a whole second, so that connections which fall silent together wake
 * the loop once. */
void http_connection_deadline(http_connection *c, double seconds)
{
    double now = http_now(c->server->state);
    c->deadline = now + seconds;
    if (seconds >= 10)
        c->deadline = (double)(uint64_t)c->deadline + 1;
    if (c->armed == 0 || c->armed > c->deadline + seconds / 8)
        arm(c, c->deadline - now);
}

static bool reads_body(const http_connection *c)
{
    return c->x && c->x->body.state == HTTP_BODY_READING;
}

/* The client may not be done with sending. */
static void finish_early(http_connection *c)
{
    c->linger = true;
    http_connection_finish(c);
}

static void expire(http_connection *c)
{
    switch (c->phase) {
    case HTTP_RECEIVING: /* RFC 9110 15.5.9 */
        if (http_head_begun(&c->x->head))
            http_connection_refuse(c, 408);
        else
            http_connection_finish(c);
        break;
    case HTTP_HANDLING:
        if (reads_body(c))
            http_body_fail(c->x, UV_ETIMEDOUT, 408, "the body did not come in time");
        else
            http_output_check(c);
        break;
    case HTTP_CLOSING: http_output_check(c); break;
    case HTTP_IDLE: http_connection_finish(c); break;
    case HTTP_DRAINING: finish_early(c); break;
    default: http_connection_close(c);
    }
}

static void on_timer(neap_timer *timer)
{
    http_connection *c = (http_connection *)((char *)timer - offsetof(http_connection, timer));
    double left = c->deadline - http_now(c->server->state);
    c->armed = 0;
    if (c->phase == HTTP_HANDLING && !reads_body(c))
        http_output_check(c); /* a handler has no deadline; the one we have is of another phase */
    else if (c->phase == HTTP_STARTING && !c->x->started)
        arm(c, c->server->options.header_timeout); /* its turn has not come yet */
    else if (left > 0)
        arm(c, left);
    else
        expire(c);
}

/* -- in -- */

/* Takes a head, or its beginning. Returns the bytes used: 0 when it is not complete. */
static size_t take_head(http_connection *c, const char *data, size_t len)
{
    if (!c->x) {
        if (c->t->queued > HTTP_HIGH_WATER) /* it does not read our answers: on_written goes on */
            return 0;
        if (!(c->x = http_pool_take(c))) {
            http_connection_close(c);
            return len;
        }
    }
    int n = http_head_parse(&c->x->head, data, len);
    if (n == 0) {
        if (c->phase == HTTP_IDLE) {
            c->phase = HTTP_RECEIVING;
            http_connection_deadline(c, c->server->options.header_timeout);
        }
        return 0;
    }
    int status = n < 0 ? -n : http_exchange_begin(c->x, data, (size_t)n);
    if (status) {
        c->phase = HTTP_RECEIVING;
        http_connection_refuse(c, status);
        return len;
    }
    c->phase = HTTP_STARTING;
    c->mark = 0;
    if (c->armed == 0)
        http_connection_deadline(c, c->server->options.header_timeout);
    return (size_t)n;
}

/* What is left of a body that nobody wanted. */
static size_t drain(http_connection *c, const char *data, size_t len)
{
    size_t used = http_body_feed(c->x, data, len);
    if (c->x->body.state == HTTP_BODY_DONE) {
        http_pool_release(c->x);
        c->x = NULL;
        c->phase = HTTP_IDLE;
    } else if (c->x->body.state == HTTP_BODY_FAILED) {
        finish_early(c);
        return len;
    }
    return used;
}

static size_t step(http_connection *c, const char *data, size_t len)
{
    switch (c->phase) {
    case HTTP_IDLE:
    case HTTP_RECEIVING: return take_head(c, data, len);
    case HTTP_HANDLING: return reads_body(c) ? http_body_feed(c->x, data, len) : 0;
    case HTTP_DRAINING: return drain(c, data, len);
    case HTTP_STARTING: return 0;
    default: return len;
    }
}

/* Takes what the phases it goes through have use for; returns the bytes used. */
static size_t advance(http_connection *c, const char *data, size_t len)
{
    size_t used = 0;
    while (used < len) {
        size_t n = step(c, data + used, len - used);
        if (n == 0)
            break;
        used += n;
    }
    return used;
}

/* Has more than `limit` bytes come that nobody can use yet? */
static bool hoards(const http_connection *c, size_t limit)
{
    bool usable = c->phase == HTTP_RECEIVING || reads_body(c);
    return c->in && c->in->end - c->in->at > limit && !usable;
}

void http_connection_pump(http_connection *c)
{
    http_buffer *in = c->in;
    if (!in)
        return;
    size_t used = advance(c, in->data + in->at, in->end - in->at);
    if (c->in != in) /* closed on the way */
        return;
    in->at += used;
    if (in->at == in->end)
        http_buffer_drop(c->server->state, &c->in);
    if (c->paused && !hoards(c, HTTP_INPUT_LIMIT / 2)) {
        c->paused = false;
        if (c->t->type->read(c->t, on_read) < 0)
            http_connection_close(c);
    }
}

static void keep(http_connection *c, const char *data, size_t len)
{
    if (http_buffer_append(c->server->state, &c->in, data, len) < 0) {
        http_connection_lost(c, UV_ENOMEM);
        return;
    }
    if (hoards(c, HTTP_INPUT_LIMIT)) {
        c->paused = true;
        c->t->type->read(c->t, NULL);
    }
}

/* Bytes have been taken: does it wait for a request now? */
static void settle(http_connection *c)
{
    if (c->phase > HTTP_RECEIVING || (c->phase == HTTP_IDLE && c->in))
        return; /* busy; or it waits until the client has read what it got */
    if (c->ended || (c->phase == HTTP_IDLE && c->server->stopping))
        http_connection_finish(c);
    else if (c->phase == HTTP_IDLE)
        http_connection_deadline(c, c->server->options.idle_timeout);
}

void http_connection_next(http_connection *c)
{
    c->phase = HTTP_IDLE;
    http_connection_pump(c);
    settle(c);
}

/* It is kept for the next request once the rest of this one's body is read. */
void http_connection_drain(http_connection *c)
{
    c->phase = HTTP_DRAINING;
    http_connection_deadline(c, c->server->options.header_timeout);
    http_connection_pump(c);
    if (c->phase == HTTP_DRAINING && c->ended)
        http_connection_finish(c);
    settle(c);
}

static void discard(http_connection *c, size_t n)
{
    c->mark += n;
    if (c->phase == HTTP_LINGERING && c->mark > HTTP_LINGER_LIMIT)
        http_connection_close(c);
}

/* It sends no more. It may well wait for what we have to say (a half-closed connection): a handler
 * goes on, and only a write that fails tells that the client has gone. */
static void on_end(http_connection *c)
{
    c->ended = true;
    if (reads_body(c) && c->phase == HTTP_HANDLING)
        http_body_fail(c->x, NEAP_EPARSE, 400, "the client ended within the body");
    else if (c->phase == HTTP_DRAINING)
        http_connection_finish(c);
    else if (c->phase == HTTP_LINGERING)
        http_connection_close(c);
    else
        settle(c);
}

static void on_read(neap_transport *t, const char *data, ptrdiff_t n)
{
    http_connection *c = t->owner;
    if (c->phase == HTTP_CLOSED)
        return;
    if (n < 0) {
        http_connection_lost(c, (int)n);
    } else if (n == 0) {
        on_end(c);
    } else if (c->phase >= HTTP_CLOSING) {
        discard(c, (size_t)n);
    } else if (c->in) {
        keep(c, data, (size_t)n);
        http_connection_pump(c);
        settle(c);
    } else {
        size_t used = advance(c, data, (size_t)n);
        if (used < (size_t)n && c->phase < HTTP_CLOSING)
            keep(c, data + used, (size_t)n - used);
        settle(c);
    }
}

/* -- ending -- */

static void on_closed(neap_transport *t)
{
    http_connection *c = t->owner;
    c->t = NULL;
    if (!c->flushing)
        http_server_left(c);
}

/* Its exchange, when the connection goes first. Is a task of it alive, or to be? Then it finds out
 * that there is no client; else it is done with. */
static void part(http_connection *c, int phase, int status)
{
    http_exchange *x = c->x;
    c->x = NULL;
    if (!x)
        return;
    if (phase == HTTP_HANDLING || (phase == HTTP_STARTING && !x->started))
        http_exchange_left(x, status);
    else
        http_pool_release(x);
}

void http_connection_lost(http_connection *c, int status)
{
    int phase = c->phase;
    if (phase == HTTP_CLOSED)
        return;
    c->phase = HTTP_CLOSED;
    neap->timer_stop(&c->timer);
    http_buffer_drop(c->server->state, &c->in);
    http_buffer_drop(c->server->state, &c->out);
    part(c, phase, status);
    c->t->type->close(c->t, on_closed);
}

void http_connection_close(http_connection *c)
{
    http_connection_lost(c, UV_ECONNABORTED);
}

static void on_shutdown(neap_transport *t, int status)
{
    http_connection *c = t->owner;
    if (c->phase == HTTP_CLOSED)
        return;
    if (status < 0 || c->ended || !c->linger) {
        http_connection_close(c);
        return;
    }
    c->phase = HTTP_LINGERING;
    c->mark = 0;
    http_connection_deadline(c, HTTP_LINGER_SECONDS);
}

void http_connection_finish(http_connection *c)
{
    if (c->phase >= HTTP_CLOSING || http_output_flush(c) < 0)
        return;
    int phase = c->phase;
    c->phase = HTTP_CLOSING;
    c->linger = c->linger || c->in;
    http_buffer_drop(c->server->state, &c->in);
    part(c, phase, UV_ECONNABORTED);
    c->mark = 0;
    c->moved = true;
    if ((c->paused && c->t->type->read(c->t, on_read) < 0) ||
        c->t->type->shutdown(c->t, on_shutdown) < 0) {
        http_connection_close(c);
        return;
    }
    http_connection_deadline(c, c->server->options.write_timeout);
}

/* What came is no request we take. */
void http_connection_refuse(http_connection *c, int status)
{
    http_exchange *x = c->x ? c->x : http_pool_take(c);
    c->x = x;
    if (x) {
        x->response.close = true;
        http_response_refuse(x, status);
        c->linger = true;
        if (c->phase == HTTP_CLOSED)
            return;
        c->x = NULL;
        http_pool_release(x);
    }
    http_connection_finish(c);
}

void http_connection_open(http_server *server, neap_transport *t)
{
    http_connection *c = neap->alloc(server->handle.env, NULL, 0, sizeof *c);
    if (!c) {
        t->type->close(t, NULL);
        return;
    }
    memset(c, 0, sizeof *c);
    c->timer.fire = on_timer;
    c->flush.run = http_output_on_flush;
    c->t = t;
    c->server = server;
    c->next = server->connections;
    if (c->next)
        c->next->previous = c;
    server->connections = c;
    server->count++;
    t->owner = c;
    if (t->type->read(t, on_read) < 0)
        http_connection_close(c);
    else
        http_connection_deadline(c, server->options.idle_timeout);
}
