/* memory.c -- neap_stream: two ends in memory, each a transport: what one writes the other reads.
 *
 *   pair(follows) -> stream, stream
 *   source(text) -> stream           that gives the text and ends
 *   fail(stream, err)                closes an end; its peer reads what is on its way, then the error
 *
 * A write is copied into a block on the peer's list, and is queued until the peer has read it. Blocks are
 * handed over by a job, so that no callback comes from inside a call. Who closes leaves the peer what is on
 * its way, and then the end; what was on its way to him fails with EPIPE,
 * or with what he failed with. */
#include "memory.h"

#include <string.h>
#include <uv.h> /* the names of statuses */

typedef struct end end;

typedef struct block {
    struct block *next;
    end *writer; /* NULL: it has closed */
    neap_on_done done;
    size_t length;
    int is_end;
    char bytes[];
} block;

struct end {
    neap_transport t;
    end *peer;            /* NULL: it has closed */
    block *first, **last; /* on their way to us */
    neap_on_read on_read;
    neap_job job;
    int due;     /* the job is queued */
    int ended;   /* what follows the blocks, when the peer has closed: 1 the end, < 0 a status */
    int shut;    /* our half has ended */
    int follows; /* a shutdown is done when the peer has read all; else at once, as with a socket */
    neap_on_done on_shut;
    int closing;
    void (*closed)(neap_transport *t);
    char *message; /* of the status, with its size */
    size_t message_size;
};

static void schedule(end *e)
{
    if (!e->due && (e->closing || e->first || e->ended || e->on_shut)) {
        e->due = 1;
        neap->queue(e->t.env, &e->job);
    }
}

/* ---- Blocks ---- */

static int put(end *e, const neap_buf *bufs, unsigned n, size_t length, neap_on_done done)
{
    end *to = e->peer;
    block *b = neap->alloc(e->t.env, NULL, 0, sizeof *b + length);
    if (!b)
        return UV_ENOMEM;
    *b = (block){.writer = e, .done = done, .length = length, .is_end = !length};
    for (size_t i = 0, at = 0; i < n; at += bufs[i++].len)
        if (bufs[i].len)
            memcpy(b->bytes + at, bufs[i].base, bufs[i].len);
    *to->last = b;
    to->last = &b->next;
    e->t.queued += length;
    if (to->on_read)
        schedule(to);
    return 0;
}

static block *take(end *e)
{
    block *b = e->first;
    e->first = b->next;
    if (!e->first)
        e->last = &e->first;
    return b;
}

/* It has arrived, or never will: its writer is told. */
static void release(end *e, block *b, int status)
{
    end *writer = b->writer;
    neap_on_done done = b->done;
    if (writer)
        writer->t.queued -= b->length;
    neap->alloc(e->t.env, b, sizeof *b + b->length, 0);
    if (writer && done)
        done(&writer->t, status);
}

static void deliver(end *e)
{
    while (e->first && e->on_read && !e->closing) {
        block *b = take(e);
        neap_on_read on_read = e->on_read;
        if (b->is_end)
            e->on_read = NULL;
        on_read(&e->t, b->is_end ? NULL : b->bytes, (ptrdiff_t)b->length);
        release(e, b, 0);
    }
    neap_on_read on_read = e->on_read;
    if (e->first || !on_read || e->closing || !e->ended)
        return;
    e->on_read = NULL;
    on_read(&e->t, NULL, e->ended < 0 ? e->ended : 0);
}

/* ---- Closing ---- */

/* What we wrote and the peer has not read yet is nobody's write any more. */
static void disown(end *e)
{
    for (block *b = e->peer->first; b; b = b->next) {
        neap_on_done done = b->writer == e ? b->done : NULL;
        b->done = NULL;
        b->writer = NULL;
        if (done)
            done(&e->t, UV_ECANCELED);
    }
}

static void told_shut(end *e, int status)
{
    neap_on_done on_shut = e->on_shut;
    e->on_shut = NULL;
    if (on_shut)
        on_shut(&e->t, status);
}

static void finish(end *e)
{
    void (*closed)(neap_transport *) = e->closed;
    neap_env *env = e->t.env;
    told_shut(e, UV_ECANCELED);
    while (e->first)
        release(e, take(e), e->peer && e->peer->ended < 0 ? e->peer->ended : UV_EPIPE);
    if (e->peer) {
        disown(e);
        e->peer->peer = NULL;
        if (!e->peer->ended)
            e->peer->ended = 1;
        if (e->peer->on_read)
            schedule(e->peer);
    }
    if (closed)
        closed(&e->t);
    if (e->message)
        neap->alloc(env, e->message, e->message_size, 0);
    neap->alloc(env, e, sizeof *e, 0);
}

static void run(neap_job *job)
{
    end *e = neap_container_of(job, end, job);
    e->due = 0;
    if (!e->closing)
        told_shut(e, 0);
    if (e->closing)
        finish(e);
    else
        deliver(e);
}

/* ---- The transport ---- */

static int end_read(neap_transport *t, neap_on_read on_read)
{
    end *e = (end *)t;
    if (e->closing)
        return on_read ? UV_ENOTCONN : 0;
    e->on_read = on_read;
    if (on_read)
        schedule(e);
    return 0;
}

static int end_write(neap_transport *t, const neap_buf *bufs, unsigned n, neap_on_done done)
{
    end *e = (end *)t;
    size_t length = 0;
    for (unsigned i = 0; i < n; i++)
        length += bufs[i].len;
    if (e->closing || e->shut || !e->peer || e->peer->closing)
        return e->ended < 0 ? e->ended : UV_EPIPE;
    int status = length ? put(e, bufs, n, length, done) : 0;
    return status ? status : length != 0;
}

static int end_shutdown(neap_transport *t, neap_on_done done)
{
    end *e = (end *)t;
    if (e->closing || e->shut || !e->peer || e->peer->closing)
        return UV_ENOTCONN;
    int status = put(e, NULL, 0, 0, e->follows ? done : NULL);
    e->shut = !status;
    e->on_shut = status || e->follows ? NULL : done;
    schedule(e);
    return status;
}

static void end_close(neap_transport *t, void (*closed)(neap_transport *t))
{
    end *e = (end *)t;
    if (e->closing)
        return;
    e->closing = 1;
    e->closed = closed;
    e->on_read = NULL;
    schedule(e);
}

static int end_info(neap_transport *t, const char *key, char *out, size_t size)
{
    end *e = (end *)t;
    if (strcmp(key, "message") != 0 || !e->message)
        return UV_ENOTSUP;
    size_t n = e->message_size - 1 < size ? e->message_size - 1 : size - 1;
    memcpy(out, e->message, n);
    out[n] = 0;
    return (int)n;
}

static const neap_transport_class memory_class = {
    .size = sizeof(neap_transport_class),
    .name = "memory",
    .read = end_read,
    .write = end_write,
    .shutdown = end_shutdown,
    .close = end_close,
    .info = end_info,
};

/* ---- For stream.c ---- */

static end *new_end(neap_env *env)
{
    end *e = neap->alloc(env, NULL, 0, sizeof *e);
    if (!e)
        return NULL;
    *e = (end){.t = {.type = &memory_class, .env = env}, .job = {.run = run}};
    e->last = &e->first;
    return e;
}

int neap_memory_pair(neap_env *env, int follows, neap_transport *ends[2])
{
    end *a = new_end(env), *b = a ? new_end(env) : NULL;
    if (!b) {
        if (a)
            neap->alloc(env, a, sizeof *a, 0);
        return UV_ENOMEM;
    }
    a->peer = b;
    b->peer = a;
    a->follows = b->follows = follows;
    ends[0] = &a->t;
    ends[1] = &b->t;
    return 0;
}

int neap_memory_fail(neap_transport *t, int status, const char *message)
{
    if (t->type != &memory_class)
        return UV_EINVAL;
    end *e = (end *)t, *peer = e->peer;
    if (!peer || e->shut)
        return 0;
    size_t size = strlen(message) + 1;
    peer->ended = status;
    peer->message = neap->alloc(t->env, NULL, 0, size);
    if (peer->message)
        memcpy(peer->message, message, peer->message_size = size);
    return 0;
}
