/* output.c -- the bytes a connection sends: collected while a turn's jobs run, written once.
 *
 * Pipelined requests are answered in one write, and a response made of pieces leaves as one. What
 * the kernel does not take the transport copies and queues; above HTTP_HIGH_WATER bytes writers
 * wait, below HTTP_LOW_WATER they go on. The collecting buffer goes back to the pool each time.
 */
#include <stdlib.h>

#include "http.h"

bool http_output_full(const http_connection *c)
{
    size_t collected = c->out ? c->out->end : 0;
    return c->t->queued + collected > HTTP_HIGH_WATER;
}

/* What was queued has left. UV_ECANCELED comes while the transport closes: nothing of ours then. */
static void on_written(neap_transport *t, int status)
{
    http_connection *c = t->owner;
    c->writes--;
    if (c->phase == HTTP_CLOSED)
        return;
    if (status < 0) {
        http_connection_lost(c, status);
        return;
    }
    if (t->queued == 0)
        c->output_deadline = 0;
    if (c->x && c->writes == 0)
        http_wait_wake(&c->x->takers, 0, NULL);
    if (t->queued > HTTP_LOW_WATER)
        return;
    if (c->x)
        http_wait_wake(&c->x->writers, 0, NULL);
    else if (c->phase == HTTP_IDLE)
        http_connection_next(c); /* it may have waited for this */
}

static int write_out(http_connection *c, const neap_buf *bufs, unsigned n)
{
    bool waits = c->t->queued > 0;
    for (unsigned i = 0; i < n; i++)
        c->sent += bufs[i].len;
    int r = c->t->type->write(c->t, bufs, n, on_written);
    if (r < 0) {
        http_connection_lost(c, r);
        return r;
    }
    c->writes += (uint32_t)r;
    if (r > 0 && !waits)
        http_output_watch(c);
    return 0;
}

int http_output_flush(http_connection *c)
{
    http_buffer *out = c->out;
    if (!out || c->phase == HTTP_CLOSED)
        return 0;
    c->out = NULL;
    neap_buf buf = {out->data, out->end};
    int r = out->end > 0 ? write_out(c, &buf, 1) : 0;
    http_buffer_drop(c->server->state, &out);
    return r;
}

/* Writes bufs (three at most) now, behind what was collected. */
int http_output_direct(http_connection *c, const neap_buf *bufs, unsigned n)
{
    http_buffer *out = c->out;
    neap_buf all[4] = {{NULL, 0}};
    unsigned count = 0;
    if (out && out->end > 0)
        all[count++] = (neap_buf){out->data, out->end};
    for (unsigned i = 0; i < n; i++)
        all[count++] = bufs[i];
    c->out = NULL;
    int r = write_out(c, all, count);
    http_buffer_drop(c->server->state, &out);
    return r;
}

/* Once a turn, for all responses of it: a flush, which ends the turn, makes it stale. */
static void read_clock(http_state *state)
{
    if (!state->fresh)
        state->now = neap->now(state->env);
    state->fresh = true;
}

char *http_output_room(http_connection *c, size_t n)
{
    if (c->out && c->out->end > HTTP_HIGH_WATER && http_output_flush(c) < 0)
        return NULL;
    char *p = http_buffer_room(c->server->state, &c->out, n);
    if (!p) {
        http_connection_lost(c, UV_ENOMEM);
        return NULL;
    }
    if (!c->flushing) {
        c->flushing = true;
        c->seen = 0;
        neap->flush(c->server->handle.env, &c->flush);
    }
    read_clock(c->server->state);
    return p;
}

/* From now on the client has to take something within write_timeout, again and again. */
void http_output_watch(http_connection *c)
{
    c->taken = c->sent - c->t->queued;
    http_connection_output_deadline(c);
}

/* t->queued is of the last write that began or ended; one that is large takes its time. */
static size_t queued_now(const http_connection *c)
{
    char text[24];
    int n = c->t->type->info(c->t, "queued", text, sizeof text);
    return n > 0 ? strtoull(text, NULL, 10) : c->t->queued;
}

/* At its deadline. What we added meanwhile is no progress: only what the client took counts. */
void http_output_check(http_connection *c)
{
    size_t queued = queued_now(c);
    bool waits = queued > 0 || c->phase == HTTP_CLOSING;
    if (waits && c->sent - queued == c->taken) {
        http_connection_lost(c, UV_ETIMEDOUT);
        return;
    }
    c->taken = c->sent - queued;
    c->output_deadline = 0;
    if (waits)
        http_connection_output_deadline(c);
}

/* Pipelined requests may take more jobs than one drain of the queue runs. As long as each adds to the
 * output, it is kept for the next drain, and a batch of requests is still answered in one write. */
static bool grows(http_connection *c)
{
    size_t seen = c->seen;
    c->seen = (uint32_t)c->out->end;
    return c->x && c->out->end > seen && c->out->end < HTTP_LOW_WATER;
}

/* The turn's jobs are done. The connection may have closed meanwhile, and waited for this only. */
void http_output_on_flush(neap_job *job)
{
    http_connection *c = (http_connection *)((char *)job - offsetof(http_connection, flush));
    c->server->state->fresh = false;
    c->flushing = false;
    if (!c->t) {
        http_server_left(c);
    } else if (c->out && grows(c)) {
        c->flushing = true;
        neap->flush(c->server->handle.env, &c->flush);
    } else {
        http_output_flush(c);
    }
}
