/* pipe.c -- neap_stream: from one stream into another, without Lua in between.
 *
 *   from:pipe(to, shutdown, length) -> bytes       op
 *
 * What the source's transport reads is written to the sink's at once, which copies only what its kernel
 * buffer does not take; above HIGH the source pauses, until LOW. At the source's end the sink is shut down,
 * unless `shutdown` is false. With a length it ends after so many bytes and shuts nothing down; an end before
 * that is EOF.
 *
 * When it fails or is cancelled both are closed: what is in the sink is not whole, and what the source still
 * has is for nobody. Others may write to the sink meanwhile; reads of the source are EBUSY. A stream may be
 * piped into itself. From a file into a socket the kernel sends by itself: pipe_file.c. */
#include "pipe.h"

#include <uv.h> /* the names of statuses */

/* ---- Ending ---- */

static void finish(pipe_op *p, int status, const char *what)
{
    stream *from = p->from, *to = p->to;
    char text[NEAP_STREAM_MESSAGE];
    if (!from)
        return;
    const char *message = status < 0 ? neap_stream_message(from, status, text) : NULL;
    if (status < 0 && !message)
        message = neap_stream_message(to, status, text);
    from->out = to->in = NULL;
    p->from = p->to = NULL;
    neap->timer_stop(&p->timer);
    if (status < 0) {
        neap->close(&from->handle);
        neap->close(&to->handle);
    }
    neap->complete(&p->op, status, NEAP_F_MESSAGE, message, NEAP_F_SYSCALL, what, NEAP_F_END);
}

static void on_shutdown(neap_transport *t, int status)
{
    stream *s = t->owner;
    if (s->in)
        finish(s->in, status, "shutdown");
}

static void end(pipe_op *p)
{
    if (isfinite(p->left)) {
        finish(p, p->left > 0 ? UV_EOF : 0, "read");
        return;
    }
    neap_transport *t = p->to->transport;
    int status = p->shuts_down ? t->type->shutdown(t, on_shutdown) : 0;
    if (status || !p->shuts_down)
        finish(p, status, "shutdown");
}

/* ---- Bytes ---- */

/* Write to the sink what the length allows; the number of bytes taken. */
static size_t put(pipe_op *p, const char *data, size_t n)
{
    neap_transport *t = p->to->transport;
    size_t taken = (double)n > p->left ? (size_t)p->left : n;
    neap_buf buf = {data, taken};
    int status = p->to->broken ? p->to->broken : t->type->write(t, &buf, 1, neap_stream_on_written);
    p->active = neap->now(p->op.env);
    p->bytes += (double)taken;
    p->left -= (double)taken;
    if (status < 0)
        finish(p, status, "write");
    else if (!(p->left > 0))
        finish(p, 0, NULL);
    else if (t->queued > NEAP_STREAM_HIGH)
        neap_stream_pause(p->from);
    return taken;
}

void neap_stream_piped(pipe_op *p, const char *data, ptrdiff_t n)
{
    stream *from = p->from;
    if (n <= 0) {
        from->reading = 0;
        from->ended = n ? (int)n : 1;
        if (n < 0)
            finish(p, (int)n, "read");
        else
            end(p);
        return;
    }
    size_t taken = put(p, data, (size_t)n);
    if (taken == (size_t)n || !from->transport)
        return;
    if (buffer_read(from->handle.env, &from->unread, data + taken, (size_t)n - taken))
        from->ended = UV_ENOMEM;
    if (from->ended || from->unread.length >= NEAP_STREAM_HIGH)
        neap_stream_pause(from);
}

/* What has been read before, then what comes. */
static void go_on(pipe_op *p)
{
    stream *from = p->from;
    if (from->unread.length) {
        size_t taken = put(p, from->unread.base + from->unread.start, from->unread.length);
        if (from->transport) /* else it failed and has been closed */
            buffer_drop(from->handle.env, &from->unread, taken);
    }
    if (!p->from || p->to->transport->queued > NEAP_STREAM_HIGH)
        return;
    if (from->ended) {
        neap_stream_piped(p, NULL, from->ended < 0 ? from->ended : 0);
        return;
    }
    int status = neap_stream_start(from);
    if (status)
        finish(p, status, "read");
}

void neap_stream_pipe_room(pipe_op *p, int status)
{
    p->active = neap->now(p->op.env);
    if (status)
        finish(p, status, "write");
    else if (!p->from->reading && !p->from->ended)
        go_on(p);
}

/* All that the file had when it began has gone. */
void neap_stream_pipe_file_sent(pipe_op *p, int status)
{
    p->from->ended = 1;
    p->active = neap->now(p->op.env);
    if (status)
        finish(p, status, "sendfile");
    else
        end(p);
}

/* ---- The operation ---- */

static int pipe_results(lua_State *L, neap_op *op)
{
    lua_pushnumber(L, ((pipe_op *)op)->bytes);
    return 1;
}

static void pipe_cancel(neap_op *op)
{
    finish((pipe_op *)op, UV_ECANCELED, NULL);
}

static void on_timeout(neap_timer *timer)
{
    pipe_op *p = neap_container_of(timer, pipe_op, timer);
    size_t queued = p->to->transport->queued;
    if (queued < p->queued) /* a file, or what is queued, goes without a word: but it goes */
        p->active = neap->now(p->op.env);
    p->queued = queued;
    double left = p->active + p->timeout - neap->now(p->op.env);
    if (left > 0)
        neap->timer(p->op.env, timer, left);
    else
        finish(p, UV_ETIMEDOUT, NULL);
}

void neap_stream_close_pipes(stream *s)
{
    if (s->out)
        finish(s->out, UV_ECANCELED, NULL);
    if (s->in)
        finish(s->in, UV_ECANCELED, NULL);
}

static int start(pipe_op *p, stream *from, stream *to)
{
    if (!from || !to)
        return NEAP_ECLOSED;
    if (from->reader || from->out || to->in || to->ender)
        return UV_EBUSY;
    p->from = from;
    p->to = to;
    from->out = to->in = p;
    p->active = neap->now(p->op.env);
    p->timeout = from->timeout > 0 && (!(to->timeout > 0) || from->timeout < to->timeout)
                     ? from->timeout
                     : to->timeout;
    if (p->timeout > 0)
        neap->timer(p->op.env, &p->timer, p->timeout);
    return 0;
}

int neap_stream_pipe(lua_State *L)
{
    static const neap_op_class type = {"stream.pipe", pipe_results, pipe_cancel, NULL};
    stream *from = check_stream(L, 1), *to = check_stream(L, 2);
    int shuts_down = lua_isnoneornil(L, 3) || lua_toboolean(L, 3);
    double length = luaL_optnumber(L, 4, INFINITY);
    pipe_op *p = neap->op_new(L, &type, sizeof *p);
    p->timer = (neap_timer){.fire = on_timeout, .env = p->op.env};
    p->shuts_down = shuts_down && !isfinite(length);
    p->left = length;
    neap->pin(L, &p->op, 1);
    neap->pin(L, &p->op, 2);
    int status = start(p, from, to);
    if (status)
        neap->complete(&p->op, status, NEAP_F_SYSCALL, "pipe", NEAP_F_END);
    else if (!(length > 0))
        finish(p, 0, NULL);
    else if ((status = neap_stream_send_file(p)) < 0)
        finish(p, status, "sendfile");
    else if (!status)
        go_on(p);
    return neap->wait(L, &p->op);
}
