/* read.c -- neap_stream: reading.
 *
 *   stream:read(n) -> bytes | nil                 what has come, at most n bytes
 *   stream:read_exactly(n) -> bytes | nil         all n, or EOF if the end comes first
 *   stream:read_until(delimiter, limit) -> bytes | nil      without the delimiter, which is taken too
 *   stream:read_line(limit) -> bytes | nil        without its "\n" or "\r\n"; the last may lack it
 *   stream:read_all(limit) -> bytes               up to the end
 *   stream:limit(bytes | false) -> true           that may come from now on
 *
 * A read is a condition on the bytes that have come: it is complete when they meet it. They stay the
 * stream's until its results are taken; so a read that fails or is cancelled takes none of them, and
 * `close` gives those of a complete one to it.
 *
 * The transport reads from the first read on and is not stopped in between, which would cost a system
 * call each time. It pauses while HIGH bytes or more are unread that nobody waits for. A few bytes for a
 * read that waits go into the operation itself. */
#include "stream.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <uv.h> /* the names of statuses */

enum { SMALL = 256 };
enum { SOME, EXACTLY, UNTIL, LINE, ALL };

struct read_op {
    neap_op op;
    stream *stream; /* whose reader it is; NULL: none's, or the stream has closed */
    neap_timer timer;
    int want, completed;
    size_t most;           /* SOME: at most; EXACTLY: so many; else the limit */
    size_t scanned;        /* bytes in which no delimiter begins */
    size_t taken, skipped; /* the result, and what goes with it */
    int at_end, inlined;   /* the result is nil; it is in `small` */
    buffer bytes;          /* the result, when the stream has closed */
    size_t small_length;   /* of the result, or of the delimiter */
    char small[SMALL];
};

/* ---- Conditions ---- */

static int found(read_op *r, size_t taken, size_t skipped)
{
    r->taken = taken;
    r->skipped = skipped;
    return 1;
}

static int find_delimiter(read_op *r, const char *text, size_t length)
{
    size_t n = r->small_length;
    const char *at = length - r->scanned < n
                         ? NULL
                         : memmem(text + r->scanned, length - r->scanned, r->small, n);
    size_t before = at ? (size_t)(at - text) : length;
    if (at && before <= r->most) {
        int cr = r->want == LINE && before && at[-1] == '\r';
        return found(r, before - (size_t)cr, n + (size_t)cr);
    }
    r->scanned = length < n ? 0 : length - n + 1;
    return r->scanned > r->most ? NEAP_ELIMIT : 0;
}

/* 1: what has come answers it. 0: not yet. Else a status. */
static int answers(read_op *r, const buffer *b)
{
    switch (r->want) {
    case SOME: return b->length ? found(r, b->length < r->most ? b->length : r->most, 0) : 0;
    case EXACTLY: return b->length >= r->most ? found(r, r->most, 0) : 0;
    case ALL: return b->length > r->most ? NEAP_ELIMIT : 0;
    default: return find_delimiter(r, b->base + b->start, b->length);
    }
}

/* The same, when no more comes. */
static int answers_at_end(read_op *r, const buffer *b, int ended)
{
    if (ended < 0)
        return ended;
    if (r->want == ALL || (r->want == LINE && b->length))
        return found(r, b->length, 0);
    r->at_end = !b->length;
    return r->at_end ? 1 : UV_EOF;
}

/* ---- Events ---- */

static void complete(read_op *r, int status, const char *message)
{
    r->completed = 1;
    if (r->stream && r->stream->on_demand && r->stream->reading)
        neap_stream_pause(r->stream);
    neap->timer_stop(&r->timer);
    neap->complete(&r->op, status, NEAP_F_MESSAGE, message, NEAP_F_SYSCALL, "read", NEAP_F_END);
}

static void fail(read_op *r, int status)
{
    char text[NEAP_STREAM_MESSAGE];
    const char *message = neap_stream_message(r->stream, status, text);
    size_t length = r->stream->unread.length;
    if (status == UV_EOF) {
        snprintf(text, sizeof text,
                 r->want == EXACTLY ? "the stream ended after %zu of %zu bytes"
                                    : "the stream ended after %zu bytes without the delimiter",
                 length, r->most);
        message = text;
    } else if (status == NEAP_ELIMIT && !message) {
        snprintf(text, sizeof text,
                 r->want == ALL ? "more than %zu bytes" : "no delimiter in %zu bytes", r->most);
        message = text;
    }
    complete(r, status, message);
}

/* Complete it, if what there is allows it. */
static void serve(read_op *r)
{
    stream *s = r->stream;
    int status = answers(r, &s->unread);
    if (!status && s->ended)
        status = answers_at_end(r, &s->unread, s->ended);
    if (status < 0)
        fail(r, status);
    else if (status)
        complete(r, 0, NULL);
}

static void receive(neap_transport *t, const char *data, ptrdiff_t n)
{
    stream *s = t->owner;
    read_op *r = s->reader && !s->reader->completed ? s->reader : NULL;
    if (s->out) {
        neap_stream_piped(s->out, data, n);
        return;
    }
    if (r && r->want == SOME && n > 0 && n <= SMALL &&
        (size_t)n <= r->most) { /* nothing is unread */
        memcpy(r->small, data, (size_t)n);
        r->small_length = (size_t)n;
        r->inlined = 1;
        complete(r, 0, NULL);
        return;
    }
    if (n <= 0)
        s->ended = n ? (int)n : 1;
    else if (buffer_read(s->handle.env, &s->unread, data, (size_t)n))
        s->ended = UV_ENOMEM;
    if (r)
        serve(r);
    if (s->ended || (s->unread.length >= NEAP_STREAM_HIGH && (!r || r->completed)))
        neap_stream_pause(s);
}

static void on_read(neap_transport *t, const char *data, ptrdiff_t n)
{
    stream *s = t->owner;
    ptrdiff_t allowed = s->limit > 0 && (double)n > s->allowed ? (ptrdiff_t)s->allowed : n;
    s->allowed -= (double)allowed;
    if (allowed == n || allowed > 0)
        receive(t, data, allowed);
    if (allowed != n && s->transport)
        receive(t, NULL, NEAP_ELIMIT);
}

int neap_stream_start(stream *s)
{
    if (s->reading || s->ended)
        return 0;
    int status = s->transport->type->read(s->transport, on_read);
    s->reading = !status;
    return status;
}

void neap_stream_pause(stream *s)
{
    s->reading = 0;
    s->transport->type->read(s->transport, NULL);
}

static void on_timeout(neap_timer *timer)
{
    complete(neap_container_of(timer, read_op, timer), UV_ETIMEDOUT, NULL);
}

/* ---- The operation ---- */

static int read_results(lua_State *L, neap_op *op)
{
    read_op *r = (read_op *)op;
    const buffer *b = r->stream ? &r->stream->unread : &r->bytes;
    if (r->at_end)
        lua_pushnil(L);
    else if (r->inlined)
        lua_pushlstring(L, r->small, r->small_length);
    else
        lua_pushlstring(L, r->taken ? b->base + b->start : "", r->taken);
    return 1;
}

static void read_cancel(neap_op *op)
{
    complete((read_op *)op, UV_ECANCELED, NULL);
}

/* Bytes that nobody took come first in the next read. */
static void read_release(neap_op *op, int delivered)
{
    read_op *r = (read_op *)op;
    stream *s = r->stream;
    buffer_clear(op->env, &r->bytes);
    if (!s)
        return;
    s->reader = NULL;
    if (delivered && !r->inlined)
        buffer_drop(op->env, &s->unread, r->taken + r->skipped);
    else if (!delivered && r->inlined &&
             buffer_prepend(op->env, &s->unread, r->small, r->small_length))
        s->ended = UV_ENOMEM;
}

/* What completed but is not yet released keeps its bytes. */
void neap_stream_close_read(stream *s)
{
    read_op *r = s->reader;
    if (!r)
        return;
    s->reader = NULL;
    r->stream = NULL;
    if (!r->completed) {
        complete(r, UV_ECANCELED, NULL);
    } else if (!r->inlined) {
        r->bytes = s->unread;
        s->unread = (buffer){0};
    }
}

/* ---- Methods ---- */

/* A count of bytes at an index, where there may be nothing or the callback. A text is none, even of digits:
 * bytes that were read would pass for one. */
static size_t check_count(lua_State *L, int index, double lowest, double otherwise)
{
    int none = lua_isnoneornil(L, index) || (lua_isfunction(L, index) && index == lua_gettop(L));
    if (!none)
        luaL_checktype(L, index, LUA_TNUMBER);
    double n = none ? otherwise : lua_tonumber(L, index);
    luaL_argcheck(L, n >= lowest && n <= 0x1p53 && floor(n) == n, index, "not a count of bytes");
    return n < (double)SIZE_MAX ? (size_t)n : SIZE_MAX;
}

static const neap_op_class read_class = {"stream.read", read_results, read_cancel, read_release};

/* What a read asks for, in one that is an operation and in one that has its answer at once. */
static void ask(read_op *r, int want, size_t most, const char *delimiter, size_t length)
{
    r->want = want;
    r->most = most;
    r->scanned = 0;
    r->small_length = length;
    memcpy(r->small, delimiter, length);
}

static int wants_more(const stream *s)
{
    return !s->on_demand && s->unread.length < NEAP_STREAM_HIGH;
}

/* Is what has come the answer? Then it is pushed: 1. */
static int take_at_once(lua_State *L, stream *s, int want, size_t most, const char *delimiter,
                        size_t length)
{
    read_op r;
    if (!s || s->reader || s->out || !s->unread.length || !neap->at_once(L, &read_class))
        return 0;
    ask(&r, want, most, delimiter, length);
    if (answers(&r, &s->unread) != 1)
        return 0;
    lua_pushlstring(L, s->unread.base + s->unread.start, r.taken);
    buffer_drop(s->handle.env, &s->unread, r.taken + r.skipped);
    if (wants_more(s))
        neap_stream_start(s); /* should that fail, the next read says so */
    return 1;
}

/* s is NULL when the stream is closed. */
static int start(lua_State *L, stream *s, int want, size_t most, const char *delimiter,
                 size_t length)
{
    if (take_at_once(L, s, want, most, delimiter, length))
        return 1;
    read_op *r = neap->op_new(L, &read_class, sizeof *r);
    r->timer = (neap_timer){.fire = on_timeout, .env = r->op.env};
    ask(r, want, most, delimiter, length);
    if (!s || s->reader || s->out) {
        complete(r, s ? UV_EBUSY : NEAP_ECLOSED, NULL);
        return neap->wait(L, &r->op);
    }
    neap->pin(L, &r->op, 1);
    r->stream = s;
    s->reader = r;
    if (s->on_demand && s->ended == 1 && !s->unread.length)
        s->ended = 0; /* a terminal goes on after its end */
    serve(r);
    int status = r->completed && !wants_more(s) ? 0 : neap_stream_start(s);
    if (status && !r->completed)
        fail(r, status);
    if (s->timeout > 0 && !r->completed)
        neap->timer(r->op.env, &r->timer, s->timeout);
    return neap->wait(L, &r->op);
}

int neap_stream_limit(lua_State *L)
{
    stream *s = check_stream(L, 1);
    int none = lua_isboolean(L, 2) && !lua_toboolean(L, 2);
    double limit = none ? 0 : luaL_checknumber(L, 2);
    luaL_argcheck(L, none || limit >= 1, 2, "bytes, or false");
    if (!s)
        return neap->fail(L, NEAP_ECLOSED, NEAP_F_SYSCALL, "limit", NEAP_F_END);
    s->limit = floor(limit);
    s->allowed = s->limit > (double)s->unread.length ? s->limit - (double)s->unread.length : 0;
    lua_pushboolean(L, 1);
    return 1;
}

enum { LIMIT = 1024 * 1024, ALL_LIMIT = 64 * 1024 * 1024 };

int neap_stream_read(lua_State *L)
{
    stream *s = check_stream(L, 1);
    return start(L, s, SOME, check_count(L, 2, 1, 0x1p53), "", 0);
}

int neap_stream_read_exactly(lua_State *L)
{
    stream *s = check_stream(L, 1);
    luaL_checktype(L, 2, LUA_TNUMBER);
    return start(L, s, EXACTLY, check_count(L, 2, 0, 0), "", 0);
}

int neap_stream_read_until(lua_State *L)
{
    size_t length;
    stream *s = check_stream(L, 1);
    const char *delimiter = luaL_checklstring(L, 2, &length);
    luaL_argcheck(L, length >= 1 && length <= SMALL, 2, "a delimiter has 1 to 256 bytes");
    return start(L, s, UNTIL, check_count(L, 3, 0, LIMIT), delimiter, length);
}

int neap_stream_read_line(lua_State *L)
{
    stream *s = check_stream(L, 1);
    return start(L, s, LINE, check_count(L, 2, 0, LIMIT), "\n", 1);
}

int neap_stream_read_all(lua_State *L)
{
    stream *s = check_stream(L, 1);
    return start(L, s, ALL, check_count(L, 2, 0, ALL_LIMIT), "", 0);
}
