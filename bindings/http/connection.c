/* connection.c -- one client: what it sends, in which phase that meets it, and how it ends.
 *
 * Bytes are parsed where the transport's read put them. What cannot be used yet (half a head, the
 * requests behind the one being handled, a body nobody has asked for) is copied to c->in and taken
 * up by http_connection_pump when the phase changes. Requests are handled one after the other.
 *
 * Closing. finish() ends our half once all is written. The client may still be sending, or have sent
 * what we did not read; closing at once would reset the connection and could destroy the response
 * before it is read. So we go on reading, and discard, until it ends or a limit is reached (RFC 9112
 * 9.6). Until our last bytes are out nothing is read: a client must not hold us by sending.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "http.h"

static void on_read(neap_transport *t, const char *data, ptrdiff_t n);

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
    c->requests++;
    if (c->paused)
        http_connection_watch(c);
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
        http_connection_finish(c);
        return len;
    }
    return used;
}

static size_t step(http_connection *c, const char *data, size_t len)
{
    switch (c->phase) {
    case HTTP_IDLE:
    case HTTP_RECEIVING: return take_head(c, data, len);
    case HTTP_HANDLING: return http_reads_body(c) ? http_body_feed(c->x, data, len) : 0;
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
    bool usable = c->phase == HTTP_RECEIVING || http_reads_body(c);
    return c->in && c->in->end - c->in->at > limit && !usable;
}

void http_connection_pause(http_connection *c)
{
    if (c->paused)
        return;
    c->paused = true;
    c->t->type->read(c->t, NULL);
    http_connection_watch(c);
}

static void read_again(http_connection *c)
{
    if (!c->paused || hoards(c, HTTP_INPUT_LIMIT / 2))
        return;
    c->paused = false;
    if (c->t->type->read(c->t, on_read) < 0)
        http_connection_close(c);
}

void http_connection_pump(http_connection *c)
{
    http_buffer *in = c->in;
    if (!in) {
        read_again(c);
        return;
    }
    size_t used = advance(c, in->data + in->at, in->end - in->at);
    if (c->in != in) /* closed on the way */
        return;
    in->at += used;
    if (in->at == in->end)
        http_buffer_drop(c->server->state, &c->in);
    read_again(c);
}

static void keep(http_connection *c, const char *data, size_t len)
{
    if (http_buffer_append(c->server->state, &c->in, data, len) < 0) {
        http_connection_lost(c, UV_ENOMEM);
        return;
    }
    if (hoards(c, HTTP_INPUT_LIMIT))
        http_connection_pause(c);
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

/* What comes after the last request we take. */
static void discard(http_connection *c, size_t n)
{
    if (c->phase == HTTP_CLOSING) {
        c->paused = true;
        c->t->type->read(c->t, NULL);
    } else if ((c->discarded += (uint32_t)n) > HTTP_LINGER_LIMIT) {
        http_connection_close(c);
    }
}

/* It sends no more. It may well wait for what we have to say (a half-closed connection): a handler
 * goes on, and only a write that fails tells that the client has gone. But a reset that comes with
 * the last bytes is an end to libuv, too. */
static void on_end(http_connection *c)
{
    c->ended = true;
    http_connection_look(c);
    if (http_reads_body(c) && c->phase == HTTP_HANDLING && !c->in)
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

void http_connection_detach(http_connection *c)
{
    c->phase = HTTP_CLOSED;
    neap->timer_stop(&c->timer);
    http_buffer_drop(c->server->state, &c->out);
    c->x = NULL;
    c->t = NULL;
    if (!c->flushing)
        http_server_left(c);
}

void http_connection_close(http_connection *c)
{
    http_connection_lost(c, UV_ECONNABORTED);
}

/* The client has, or will have, all we said. */
static void linger(http_connection *c)
{
    c->phase = HTTP_LINGERING;
    c->discarded = 0;
    http_connection_deadline(c, HTTP_LINGER_SECONDS);
    if (c->paused && c->t->type->read(c->t, on_read) < 0)
        http_connection_close(c);
}

static void on_shutdown(neap_transport *t, int status)
{
    http_connection *c = t->owner;
    if (c->phase == HTTP_CLOSED)
        return;
    if (status < 0 || c->ended)
        http_connection_close(c);
    else
        linger(c);
}

void http_connection_finish(http_connection *c)
{
    if (c->phase >= HTTP_CLOSING || http_output_flush(c) < 0)
        return;
    int phase = c->phase;
    c->phase = HTTP_CLOSING;
    http_buffer_drop(c->server->state, &c->in);
    part(c, phase, UV_ECONNABORTED);
    if (c->t->type->shutdown(c->t, on_shutdown) < 0)
        http_connection_close(c);
    else
        http_output_watch(c);
}

/* A body that ends with the connection would look complete: so it must not end but break. */
void http_connection_abort(http_connection *c)
{
    char fd[16];
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    if (c->t->type->info(c->t, "fd", fd, sizeof fd) > 0)
        setsockopt(atoi(fd), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    http_connection_close(c);
}

/* What came is no request we take. */
void http_connection_refuse(http_connection *c, int status)
{
    http_exchange *x = c->x ? c->x : http_pool_take(c);
    c->x = x;
    if (x) {
        x->response.close = true;
        http_response_refuse(x, status);
        if (c->phase == HTTP_CLOSED)
            return;
        c->x = NULL;
        http_pool_release(x);
    }
    http_connection_finish(c);
}

http_connection *http_connection_open(http_server *server, neap_transport *t)
{
    http_connection *c = neap->alloc(server->handle.env, NULL, 0, sizeof *c);
    if (!c) {
        t->type->close(t, NULL);
        return NULL;
    }
    memset(c, 0, sizeof *c);
    c->timer.fire = http_connection_on_timer;
    c->flush.run = http_output_on_flush;
    c->t = t;
    c->server = server;
    c->next = server->connections;
    if (c->next)
        c->next->previous = c;
    server->connections = c;
    server->count++;
    t->owner = c;
    if (t->type->read(t, on_read) < 0) {
        http_connection_close(c);
        return NULL;
    }
    http_connection_deadline(c, server->options.idle_timeout);
    return c;
}
