/* write.c -- neap_stream: writing, and the end of our half.
 *
 *   stream:write(text, ...) -> true
 *   stream:shutdown() -> true
 *
 * The transport tries at once and copies what is left. A write waits while more than HIGH is queued,
 * until LOW is. When bytes fail that no write waits for any more, the next one tells. Who cancels a write
 * that waits, or whose time is up, closes the stream: nobody knows how much of it has gone.
 *
 * Writes line up; of shutdowns there is one at a time (EBUSY). */
#include "stream.h"

#include <uv.h> /* the names of statuses */

enum { BUFS = 64 };

struct write_op {
    neap_op op;
    stream *stream;
    struct write_op *next;
    neap_timer timer;
};

/* ---- Events ---- */

static void complete(write_op *w, stream *s, int status, const char *what)
{
    char text[NEAP_STREAM_MESSAGE];
    const char *message = status && s ? neap_stream_message(s, status, text) : NULL;
    w->stream = NULL;
    neap->timer_stop(&w->timer);
    neap->complete(&w->op, status, NEAP_F_MESSAGE, message, NEAP_F_SYSCALL, what, NEAP_F_END);
}

static void wake_writers(stream *s, int status)
{
    write_op *w = s->writers;
    s->writers = NULL;
    s->writers_tail = &s->writers;
    while (w) {
        write_op *next = w->next;
        complete(w, s, status, "write");
        w = next;
    }
}

void neap_stream_on_written(neap_transport *t, int status)
{
    stream *s = t->owner;
    if (status < 0)
        s->broken = status;
    if (!s->broken && t->queued > NEAP_STREAM_LOW)
        return;
    wake_writers(s, s->broken);
    if (s->in)
        neap_stream_pipe_room(s->in, s->broken);
}

static void give_up(write_op *w, int status)
{
    stream *s = w->stream;
    wake_writers(s, status);
    neap->close(&s->handle);
}

static void write_cancel(neap_op *op)
{
    give_up((write_op *)op, UV_ECANCELED);
}

static void on_timeout(neap_timer *timer)
{
    give_up(neap_container_of(timer, write_op, timer), UV_ETIMEDOUT);
}

static void on_shutdown(neap_transport *t, int status)
{
    stream *s = t->owner;
    write_op *e = s->ender;
    s->ender = NULL;
    if (e)
        complete(e, s, status, "shutdown");
}

static void end_ender(stream *s, int status) /* it takes place all the same */
{
    write_op *e = s->ender;
    s->ender = NULL;
    if (e)
        complete(e, s, status, "shutdown");
}

static void shutdown_cancel(neap_op *op)
{
    end_ender(((write_op *)op)->stream, UV_ECANCELED);
}

static void on_shutdown_timeout(neap_timer *timer)
{
    end_ender(neap_container_of(timer, write_op, timer)->stream, UV_ETIMEDOUT);
}

void neap_stream_close_write(stream *s)
{
    wake_writers(s, UV_ECANCELED);
    end_ender(s, UV_ECANCELED);
}

/* ---- Methods ---- */

/* Those of the strings at `first` to `last` that fit; the number. Raises for what is none. */
static unsigned collect(lua_State *L, neap_buf bufs[BUFS], int first, int last)
{
    unsigned n = 0;
    for (int i = first; i <= last && n < BUFS; i++, n++)
        bufs[n].base = luaL_checklstring(L, i, &bufs[n].len);
    return n;
}

static void check_strings(lua_State *L, int first, int last)
{
    for (int i = first; i <= last; i++)
        luaL_checkstring(L, i);
}

/* The bufs, which are the strings at 2 and after, then the others up to `last`: as a transport's write. When
 * one fails after others have gone, there is a hole, and nothing can follow it. */
static int write_strings(lua_State *L, stream *s, neap_buf bufs[BUFS], unsigned n, int last)
{
    neap_transport *t = s->transport;
    int status = n ? t->type->write(t, bufs, n, neap_stream_on_written) : 0;
    for (int i = 2 + BUFS; i <= last && status >= 0; i += BUFS) {
        n = collect(L, bufs, i, last);
        status = t->type->write(t, bufs, n, neap_stream_on_written);
        if (status < 0)
            s->broken = status;
    }
    return status;
}

static write_op *new_op(lua_State *L, const neap_op_class *type, void (*fire)(neap_timer *))
{
    write_op *w = neap->op_new(L, type, sizeof *w);
    w->timer = (neap_timer){.fire = fire, .env = w->op.env};
    return w;
}

/* It waits, for as long as the stream allows. Its object is pinned: that may raise, so it comes before
 * anything refers to the operation. */
static int wait(lua_State *L, stream *s, write_op *w)
{
    w->stream = s;
    if (s->timeout > 0)
        neap->timer(w->op.env, &w->timer, s->timeout);
    return neap->wait(L, &w->op);
}

static const neap_op_class write_class = {"stream.write", NULL, write_cancel, NULL};

/* The write is not over yet, or was none of those that may return at once. */
static int write_on(lua_State *L, stream *s, write_op *w, int status)
{
    if (status < 1 || s->transport->queued <= NEAP_STREAM_HIGH) {
        complete(w, s, status < 0 ? status : 0, "write");
        return neap->wait(L, &w->op);
    }
    neap->pin(L, &w->op, 1);
    *s->writers_tail = w;
    s->writers_tail = &w->next;
    return wait(L, s, w);
}

int neap_stream_write(lua_State *L)
{
    stream *s = check_stream(L, 1);
    int last = lua_gettop(L) - lua_isfunction(L, -1);
    neap_buf bufs[BUFS];
    unsigned n = collect(L, bufs, 2, last);
    check_strings(L, 2 + BUFS, last);
    write_op *w = neap->at_once(L, &write_class) ? NULL : new_op(L, &write_class, on_timeout);
    int status = s ? s->broken : NEAP_ECLOSED;
    if (!status)
        status = write_strings(L, s, bufs, n, last);
    if (!w && !status) {
        lua_pushboolean(L, 1);
        return 1;
    }
    return write_on(L, s, w ? w : new_op(L, &write_class, on_timeout), status);
}

int neap_stream_shutdown(lua_State *L)
{
    static const neap_op_class type = {"stream.shutdown", NULL, shutdown_cancel, NULL};
    stream *s = check_stream(L, 1);
    write_op *e = new_op(L, &type, on_shutdown_timeout);
    neap->pin(L, &e->op, 1);
    int status = !s ? NEAP_ECLOSED : s->ender ? UV_EBUSY : s->broken;
    if (!status)
        status = s->transport->type->shutdown(s->transport, on_shutdown);
    if (status) {
        complete(e, s, status, "shutdown");
        return neap->wait(L, &e->op);
    }
    s->ender = e;
    return wait(L, s, e);
}
