/* flow.c -- the body of a request as a stream: a transport that can be read from, and closed.
 *
 *   stream(request, limit?) -> neap.stream
 *
 * Bytes go from the connection's read straight to the stream's, without being kept in between, while
 * its reader wants them; when it pauses they wait in c->in and in the kernel, as those of a body
 * nobody asked for. What was there before the first read, and the end, are given by a job, so that
 * no callback comes from inside a call.
 *
 * The flow is the stream's, which closes it, and which the end of the request closes. One that was
 * never given away is the request's to free.
 */
#include <stdio.h>
#include <string.h>

#include "http.h"

struct http_flow {
    neap_transport t;
    neap_job job;
    http_exchange *x;    /* NULL: it is over */
    neap_handle *stream; /* NULL: not given yet */
    neap_on_read on_read;
    void (*closed)(neap_transport *t);
    const char *message; /* of the status */
    int status;          /* 0: the end of the body */
    bool due;            /* the job is queued */
    bool ended;          /* nothing more comes: status says why */
    bool closing;
};

static void schedule(http_flow *f)
{
    if (f->due)
        return;
    f->due = true;
    neap->queue(f->t.env, &f->job);
}

static void release(http_flow *f)
{
    void (*closed)(neap_transport *) = f->closed;
    neap_env *env = f->t.env;
    if (closed)
        closed(&f->t);
    neap->alloc(env, f, sizeof *f, 0);
}

static void tell_end(http_flow *f)
{
    neap_on_read on_read = f->on_read;
    f->on_read = NULL;
    on_read(&f->t, NULL, f->status);
}

/* Its reader waits: for the first bytes, for those that came while it paused, or for the end. */
static void on_job(neap_job *job)
{
    http_flow *f = neap_container_of(job, http_flow, job);
    http_exchange *x = f->x;
    f->due = false;
    if (f->closing)
        release(f);
    else if (f->ended && f->on_read)
        tell_end(f);
    else if (x && f->on_read)
        http_body_resume(x);
}

void http_flow_give(http_exchange *x, const char *data, size_t len)
{
    http_flow *f = x->body.flow;
    if (len > 0)
        f->on_read(&f->t, data, (ptrdiff_t)len);
}

void http_flow_end(http_exchange *x, int status, const char *message)
{
    http_flow *f = x->body.flow;
    if (!f || f->ended)
        return;
    x->body.wanted = false;
    f->ended = true;
    f->status = status;
    f->message = message;
    if (f->on_read)
        schedule(f);
}

void http_flow_drop(http_exchange *x)
{
    http_flow *f = x->body.flow;
    if (!f)
        return;
    x->body.flow = NULL;
    f->x = NULL;
    if (f->stream)
        neap->close(f->stream);
    else
        release(f);
}

/* ---- The transport ---- */

static int flow_read(neap_transport *t, neap_on_read on_read)
{
    http_flow *f = (http_flow *)t;
    if (f->closing)
        return on_read ? UV_ENOTCONN : 0;
    f->on_read = on_read;
    if (f->x && !f->ended)
        http_body_want(f->x, on_read != NULL);
    if (on_read)
        schedule(f);
    return 0;
}

static int flow_write(neap_transport *t, const neap_buf *bufs, unsigned n, neap_on_done done)
{
    (void)t, (void)bufs, (void)n, (void)done;
    return UV_ENOTSUP;
}

static int flow_shutdown(neap_transport *t, neap_on_done done)
{
    (void)t, (void)done;
    return UV_ENOTSUP;
}

/* What is left of the body is nobody's. */
static void flow_close(neap_transport *t, void (*closed)(neap_transport *t))
{
    http_flow *f = (http_flow *)t;
    if (f->closing)
        return;
    f->closing = true;
    f->closed = closed;
    f->on_read = NULL;
    if (f->x) {
        http_body_want(f->x, false);
        f->x->body.flow = NULL;
        if (f->x->body.state == HTTP_BODY_UNREAD)
            f->x->body.state = HTTP_BODY_FLOWING; /* it cannot be asked for again */
        f->x = NULL;
    }
    schedule(f);
}

static int flow_info(neap_transport *t, const char *key, char *out, size_t size)
{
    const http_flow *f = (http_flow *)t;
    if (strcmp(key, "message") != 0 || !f->message)
        return UV_ENOTSUP;
    int n = snprintf(out, size, "%s", f->message);
    return n < (int)size ? n : (int)size - 1;
}

static const neap_transport_class flow_class = {
    .size = sizeof(neap_transport_class),
    .name = "http.body",
    .read = flow_read,
    .write = flow_write,
    .shutdown = flow_shutdown,
    .close = flow_close,
    .info = flow_info,
};

/* ---- The method ---- */

static http_flow *flow_new(http_exchange *x)
{
    http_flow *f = neap->alloc(x->state->env, NULL, 0, sizeof *f);
    if (!f)
        return NULL;
    *f = (http_flow){.t = {.type = &flow_class, .env = x->state->env}, .job = {.run = on_job}};
    f->x = x;
    return f;
}

/* Stack: the request. The flow is the request's until the stream is there. */
static int push_stream(lua_State *L, http_exchange *x)
{
    http_flow *f = x->body.flow = flow_new(x);
    if (!f)
        return neap->raise(L, UV_ENOMEM, NEAP_F_END);
    neap->transport_give(L, &f->t);
    f->stream = neap->handle_any(L, -1);
    x->body.streamed = true;
    if (x->body.state == HTTP_BODY_DONE)
        http_flow_end(x, 0, NULL);
    else if (x->body.state == HTTP_BODY_FAILED)
        http_flow_end(x, x->body.error, x->body.message);
    return 1;
}

int http_request_stream(lua_State *L)
{
    http_exchange *x = http_check(L, HTTP_REQUEST);
    double limit = http_body_check_limit(L, x, 2);
    bool asked =
        x->body.data || x->body.state == HTTP_BODY_READING || x->body.streamed || x->body.pieces;
    if (asked)
        return luaL_error(L, "the body of this request has been asked for already");
    x->body.limit = limit;
    return push_stream(L, x);
}
