/* stream.c -- neap_net: streams, handles over transports of any kind.
 *
 * Reading. The transport reads from the first read() on and is not stopped in between, which would
 * cost a system call each time. Bytes go to the waiting read, or into one buffer for the next,
 * which takes all of it; from HIGH on the transport pauses until then. A read that is cancelled
 * after bytes came to it puts them back.
 *
 * Writing. The transport tries at once and copies what is left. A write waits while more than HIGH
 * is queued, until LOW is. When bytes fail that no write waits for any more, the next one tells.
 * Cancelling a write that waits closes the stream: nobody knows how much of it has gone.
 *
 * Writes line up; of read and shutdown one at a time (EBUSY). */
#include "net.h"

#include <string.h>
#include <uv.h> /* the names of statuses */

enum { HIGH = 64 * 1024, LOW = 16 * 1024, SMALL = 256, BUFS = 64 };

typedef struct {
    char *base;
    size_t length, size; /* size 0: not allocated */
} buffer;

typedef struct stream stream;

typedef struct {
    neap_op op;
    stream *stream; /* whose reader it is; NULL: none's, or the stream has closed */
    buffer bytes;   /* the result; none: the end */
    int completed;
    char small[SMALL]; /* for bytes */
} read_op;

typedef struct write_op {
    neap_op op;
    stream *stream;
    struct write_op *next;
} write_op;

struct stream {
    neap_handle handle;
    neap_transport *transport; /* NULL: closed or taken */
    read_op *reader;           /* until it is released */
    write_op *writers, **writers_tail;
    write_op *ender; /* of shutdown */
    buffer unread;
    int ended;  /* no more bytes will come: 1 the end, < 0 a status */
    int broken; /* status of a write that failed */
    int reading;
};

static stream *find_stream(lua_State *L) /* NULL: it is closed */
{
    return neap_net_find(L, &neap_net_stream_class);
}

/* ---- Buffers ---- */

static int append(neap_env *env, buffer *b, const char *data, size_t n)
{
    if (!n)
        return 0;
    if (b->length + n > b->size) {
        size_t size = b->size * 2 > b->length + n ? b->size * 2 : b->length + n;
        char *base = neap->alloc(env, b->base, b->size, size);
        if (!base)
            return UV_ENOMEM;
        b->base = base;
        b->size = size;
    }
    memcpy(b->base + b->length, data, n);
    b->length += n;
    return 0;
}

static void clear(neap_env *env, buffer *b)
{
    if (b->size)
        neap->alloc(env, b->base, b->size, 0);
    *b = (buffer){0};
}

/* ---- Reading: events ---- */

static void pause_reading(stream *s)
{
    s->reading = 0;
    s->transport->type->read(s->transport, NULL);
}

static void complete_read(read_op *r, int status)
{
    r->completed = 1;
    neap->complete(&r->op, status, NEAP_F_SYSCALL, "read", NEAP_F_END);
}

/* Give the waiting read what there is: bytes, or the end. */
static void serve(stream *s)
{
    read_op *r = s->reader;
    if (s->unread.length) {
        r->bytes = s->unread;
        s->unread = (buffer){0};
        complete_read(r, 0);
    } else if (s->ended) {
        complete_read(r, s->ended < 0 ? s->ended : 0);
    }
}

static void on_read(neap_transport *t, const char *data, ptrdiff_t n)
{
    stream *s = t->owner;
    read_op *r = s->reader && !s->reader->completed ? s->reader : NULL;
    if (r && n > 0 && n <= SMALL) { /* it waits, so nothing is unread */
        r->bytes = (buffer){memcpy(r->small, data, (size_t)n), (size_t)n, 0};
        complete_read(r, 0);
        return;
    }
    if (n <= 0)
        s->ended = n ? (int)n : 1;
    else if (append(s->handle.env, &s->unread, data, (size_t)n))
        s->ended = UV_ENOMEM;
    if (r)
        serve(s);
    if (s->ended || s->unread.length >= HIGH)
        pause_reading(s);
}

static int read_results(lua_State *L, neap_op *op)
{
    buffer *bytes = &((read_op *)op)->bytes;
    if (bytes->length)
        lua_pushlstring(L, bytes->base, bytes->length);
    else
        lua_pushnil(L);
    return 1;
}

static void read_cancel(neap_op *op)
{
    complete_read((read_op *)op, UV_ECANCELED);
}

/* Nobody took them: they come first in the next read. */
static void put_back(stream *s, const buffer *bytes)
{
    neap_env *env = s->handle.env;
    buffer joined = {0};
    if (append(env, &joined, bytes->base, bytes->length) ||
        append(env, &joined, s->unread.base, s->unread.length)) {
        s->ended = UV_ENOMEM;
        clear(env, &joined);
        return;
    }
    clear(env, &s->unread);
    s->unread = joined;
}

static void read_release(neap_op *op, int delivered)
{
    read_op *r = (read_op *)op;
    if (r->stream) {
        r->stream->reader = NULL;
        if (!delivered && r->bytes.length)
            put_back(r->stream, &r->bytes);
    }
    clear(op->env, &r->bytes);
}

static const neap_op_class read_class = {"stream.read", read_results, read_cancel, read_release};

/* ---- Writing: events ---- */

static void complete_write(write_op *w, int status)
{
    w->stream = NULL;
    neap->complete(&w->op, status, NEAP_F_SYSCALL, "write", NEAP_F_END);
}

static void wake_writers(stream *s, int status)
{
    write_op *w = s->writers;
    s->writers = NULL;
    s->writers_tail = &s->writers;
    while (w) {
        write_op *next = w->next;
        complete_write(w, status);
        w = next;
    }
}

static void on_written(neap_transport *t, int status)
{
    stream *s = t->owner;
    if (status < 0)
        s->broken = status;
    if (s->broken || t->queued <= LOW)
        wake_writers(s, s->broken);
}

static void write_cancel(neap_op *op)
{
    neap->close(&((write_op *)op)->stream->handle); /* completes it */
}

static const neap_op_class write_class = {"stream.write", NULL, write_cancel, NULL};

static void on_shutdown(neap_transport *t, int status)
{
    stream *s = t->owner;
    write_op *e = s->ender;
    s->ender = NULL;
    if (e)
        neap->complete(&e->op, status, NEAP_F_SYSCALL, "shutdown", NEAP_F_END);
}

static void shutdown_cancel(neap_op *op) /* it takes place all the same */
{
    ((write_op *)op)->stream->ender = NULL;
    neap->complete(op, UV_ECANCELED, NEAP_F_END);
}

static const neap_op_class shutdown_class = {"stream.shutdown", NULL, shutdown_cancel, NULL};

/* ---- Closing ---- */

static void on_closed(neap_transport *t)
{
    stream *s = t->owner;
    neap->handle_closed(&s->handle);
}

static void cancel_all(stream *s)
{
    read_op *r = s->reader;
    if (r) {
        r->stream = NULL;
        s->reader = NULL;
        if (!r->completed)
            complete_read(r, UV_ECANCELED);
    }
    wake_writers(s, UV_ECANCELED);
    if (s->ender)
        shutdown_cancel(&s->ender->op);
}

static int close_stream(neap_handle *h)
{
    stream *s = (stream *)h;
    neap_transport *t = s->transport;
    cancel_all(s);
    clear(h->env, &s->unread);
    s->transport = NULL;
    if (t)
        t->type->close(t, on_closed);
    return t != NULL;
}

/* ---- Methods ---- */

static int stream_read(lua_State *L)
{
    stream *s = find_stream(L);
    read_op *r = neap->op_new(L, &read_class, sizeof *r);
    if (!s || s->reader) {
        complete_read(r, s ? UV_EBUSY : NEAP_ECLOSED);
        return neap->wait(L, &r->op);
    }
    neap->pin(L, &r->op, 1);
    r->stream = s;
    s->reader = r;
    serve(s);
    if (!s->reading && !s->ended) {
        s->reading = 1;
        int status = s->transport->type->read(s->transport, on_read);
        if (status && !r->completed)
            complete_read(r, status);
    }
    return neap->wait(L, &r->op);
}

/* The strings at `first` to `last`: as a transport's write. When one fails after others have gone, there
 * is a hole, and nothing can follow it. */
static int write_strings(lua_State *L, stream *s, int first, int last)
{
    neap_transport *t = s->transport;
    neap_buf bufs[BUFS];
    unsigned n = 0;
    int status = 0;
    for (int i = first; i <= last && status >= 0; i++) {
        bufs[n].base = lua_tolstring(L, i, &bufs[n].len);
        if (++n == BUFS || i == last) {
            status = t->type->write(t, bufs, n, on_written);
            if (status < 0 && i - first >= BUFS)
                s->broken = status;
            n = 0;
        }
    }
    return status;
}

static int stream_write(lua_State *L)
{
    stream *s = find_stream(L);
    int last = lua_gettop(L) - lua_isfunction(L, -1);
    for (int i = 2; i <= last; i++)
        luaL_checkstring(L, i);
    write_op *w = neap->op_new(L, &write_class, sizeof *w);
    int status = s ? s->broken : NEAP_ECLOSED;
    if (!status)
        status = write_strings(L, s, 2, last);
    if (status < 1 || s->transport->queued <= HIGH) {
        complete_write(w, status < 0 ? status : 0);
        return neap->wait(L, &w->op);
    }
    neap->pin(L, &w->op, 1);
    w->stream = s;
    *s->writers_tail = w;
    s->writers_tail = &w->next;
    return neap->wait(L, &w->op);
}

static int stream_shutdown(lua_State *L)
{
    stream *s = find_stream(L);
    write_op *e = neap->op_new(L, &shutdown_class, sizeof *e);
    int status = !s ? NEAP_ECLOSED : s->ender ? UV_EBUSY : s->broken;
    neap->pin(L, &e->op, 1);
    if (!status)
        status = s->transport->type->shutdown(s->transport, on_shutdown);
    e->stream = s;
    if (status)
        neap->complete(&e->op, status, NEAP_F_SYSCALL, "shutdown", NEAP_F_END);
    else
        s->ender = e;
    return neap->wait(L, &e->op);
}

static const luaL_Reg methods[] = {
    {"read", stream_read},
    {"write", stream_write},
    {"shutdown", stream_shutdown},
    {"address", neap_net_address},
    {"peer_address", neap_net_peer_address},
    {"nodelay", neap_net_nodelay},
    {"keepalive", neap_net_keepalive},
    {NULL, NULL},
};

const neap_handle_class neap_net_stream_class = {
    .name = "neap.stream",
    .size = sizeof(stream),
    .methods = methods,
    .close = close_stream,
};

/* ---- For other files and extensions ---- */

void neap_net_push_stream(lua_State *L, neap_env *env, neap_transport *t)
{
    stream *s = neap->handle_make(L, env, &neap_net_stream_class);
    s->writers_tail = &s->writers;
    s->transport = t;
    t->owner = s;
}

/* The transport of a stream: lent when `unread` is NULL, else moved out and the stream is closed.
 * NULL: it is none, or closed, or something waits or is still to be written. */
neap_transport *neap_net_take(lua_State *L, int index, neap_buf *unread)
{
    stream *s = neap->handle_test(L, index, &neap_net_stream_class);
    neap_transport *t = s ? s->transport : NULL;
    if (!t || !unread)
        return t;
    if (s->reader || s->ender || t->queued)
        return NULL;
    pause_reading(s);
    buffer *b = &s->unread; /* its size is what it will be freed by */
    char *base = b->length ? neap->alloc(s->handle.env, b->base, b->size, b->length) : NULL;
    if (b->length && !base)
        return NULL;
    *unread = (neap_buf){base, b->length};
    if (base)
        *b = (buffer){0};
    s->transport = NULL;
    neap->close(&s->handle);
    return t;
}
