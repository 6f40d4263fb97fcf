/* input.c -- neap_stdio: standard input as a transport.
 *
 * The descriptor is shared with other processes, so it must stay as it is: one that does not block would be theirs too.
 * A thread therefore waits and reads, a piece at a time, and only while somebody wants one: what nobody has asked for is
 * the next program's.
 *
 * Threads. `reader` is what both sides have; its lock guards all but `data`, which is the thread's while it is
 * wanted and the loop's while it is full. It goes with the last of those who hold it: the transport, the
 * thread, a post. The thread is detached, because another program that takes what it was to read leaves it there.
 *
 * Waiting keeps the program alive, and is no deadlock: there is a remote while a piece is wanted, and no longer. */
#include "stdio.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

enum { PIECE = 64 * 1024 };

typedef struct input input;

typedef struct {
    pthread_mutex_t lock;
    int holders, wake[2];
    int wanted, reading, full, stopped;
    neap_remote *remote; /* while it is wanted */
    input *owner;        /* the loop's; NULL: it is closed */
    ssize_t got;         /* bytes, 0 the end, or a status */
    char data[PIECE];
} reader;

struct input {
    neap_transport t;
    reader *reader;
    neap_on_read on_read;
    void (*closed)(neap_transport *t);
    neap_job job;
    int started, queued, delivering, closing;
};

/* ---- What both hold ---- */

static reader *reader_new(input *owner)
{
    reader *r = malloc(sizeof *r);
    if (!r)
        return NULL;
    memset(r, 0, offsetof(reader, data));
    if (uv_pipe(r->wake, UV_NONBLOCK_PIPE, UV_NONBLOCK_PIPE)) {
        free(r);
        return NULL;
    }
    pthread_mutex_init(&r->lock, NULL);
    r->holders = 1;
    r->owner = owner;
    return r;
}

/* With the lock, which is given back. */
static void reader_drop(reader *r)
{
    int left = --r->holders;
    pthread_mutex_unlock(&r->lock);
    if (left)
        return;
    close(r->wake[0]);
    close(r->wake[1]);
    pthread_mutex_destroy(&r->lock);
    free(r);
}

static void wake(reader *r)
{
    if (write(r->wake[1], "", 1) < 0) {
        /* The pipe is full: it will wake. */
    }
}

/* ---- The thread ---- */

static void on_post(neap_env *env, void *data);

static void on_drop(void *data)
{
    reader *r = data;
    pthread_mutex_lock(&r->lock);
    reader_drop(r);
}

static void hand_over(reader *r, ssize_t n)
{
    pthread_mutex_lock(&r->lock);
    r->got = n;
    r->full = 1;
    r->wanted = r->reading = 0;
    r->holders++;
    if (!r->remote || neap->post(r->remote, on_post, on_drop, r))
        r->holders--;
    pthread_mutex_unlock(&r->lock);
}

/* What it is to do: 0 nothing, 1 read, -1 end. */
static int task_of(reader *r)
{
    pthread_mutex_lock(&r->lock);
    int task = r->stopped ? -1 : r->wanted;
    pthread_mutex_unlock(&r->lock);
    return task;
}

/* 0: it is to end; else a piece can be read. */
static int await(reader *r)
{
    char bytes[64];
    for (int task; (task = task_of(r)) >= 0;) {
        struct pollfd p[] = {{r->wake[0], POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
        int n = poll(p, task ? 2 : 1, -1);
        if (n > 0 && !p[0].revents)
            return 1;
        while (read(r->wake[0], bytes, sizeof bytes) > 0)
            ;
    }
    return 0;
}

/* It is wanted still: the descriptor's position is about to move. */
static int begin(reader *r)
{
    pthread_mutex_lock(&r->lock);
    int begun = r->reading = r->wanted && !r->stopped;
    pthread_mutex_unlock(&r->lock);
    return begun;
}

static void end(reader *r)
{
    pthread_mutex_lock(&r->lock);
    r->reading = 0;
    pthread_mutex_unlock(&r->lock);
}

static void *run(void *data)
{
    reader *r = data;
    while (await(r)) {
        if (!begin(r))
            continue;
        ssize_t n = read(STDIN_FILENO, r->data, PIECE);
        if (n >= 0 || (errno != EINTR && errno != EAGAIN))
            hand_over(r, n < 0 ? -errno : n);
        else
            end(r);
    }
    pthread_mutex_lock(&r->lock);
    reader_drop(r);
    return NULL;
}

/* Signals are the loop's. */
static int start_thread(input *in)
{
    pthread_t thread;
    sigset_t all, before;
    reader *r = in->reader;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    r->holders++; /* nobody else has it yet */
    int err = pthread_create(&thread, NULL, run, r);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (err) {
        r->holders--;
        return -err;
    }
    pthread_detach(thread);
    in->started = 1;
    return 0;
}

/* ---- The loop's side ---- */

static void want_none(reader *r)
{
    pthread_mutex_lock(&r->lock);
    neap_remote *remote = r->remote;
    r->remote = NULL;
    r->wanted = 0;
    pthread_mutex_unlock(&r->lock);
    if (remote)
        neap->remote_release(remote);
}

/* Called without the lock's guard on `remote`: the loop alone sets it. */
static int want(input *in)
{
    reader *r = in->reader;
    neap_remote *remote = r->remote ? r->remote : neap->remote(in->t.env);
    int status = remote ? 0 : NEAP_ECLOSED;
    if (!status && !in->started)
        status = start_thread(in);
    pthread_mutex_lock(&r->lock);
    r->remote = remote;
    r->wanted = !status;
    pthread_mutex_unlock(&r->lock);
    if (status)
        want_none(r);
    else
        wake(r);
    return status;
}

static void on_job(neap_job *job);

static void call_back(input *in)
{
    if (in->queued)
        return;
    in->queued = 1;
    in->job.run = on_job;
    neap->queue(in->t.env, &in->job);
}

/* The piece that is there. While the consumer has it the thread may not fill it again. */
static void deliver(input *in)
{
    reader *r = in->reader;
    neap_on_read on_read = in->on_read;
    ssize_t n = r->got;
    if (!on_read || in->closing)
        return;
    want_none(r);
    if (n <= 0)
        in->on_read = NULL;
    in->delivering = 1;
    on_read(&in->t, r->data, n);
    in->delivering = 0;
    pthread_mutex_lock(&r->lock);
    r->full = 0;
    pthread_mutex_unlock(&r->lock);
    int status = in->on_read && !in->closing ? want(in) : 0;
    if (status) {
        r->got = status;
        r->full = 1;
        call_back(in);
    }
}

static int is_full(reader *r)
{
    pthread_mutex_lock(&r->lock);
    int full = r->full;
    pthread_mutex_unlock(&r->lock);
    return full;
}

static void on_post(neap_env *env, void *data)
{
    reader *r = data;
    (void)env;
    if (r->owner && is_full(r))
        deliver(r->owner);
    on_drop(r);
}

static void on_job(neap_job *job)
{
    input *in = neap_container_of(job, input, job);
    neap_env *env = in->t.env;
    in->queued = 0;
    if (!in->closing) {
        if (is_full(in->reader))
            deliver(in);
        return;
    }
    pthread_mutex_lock(&in->reader->lock);
    reader_drop(in->reader);
    if (in->closed)
        in->closed(&in->t);
    neap->charge(env, -(ptrdiff_t)sizeof(reader));
    neap->alloc(env, in, sizeof *in, 0);
}

/* ---- The transport ---- */

static int input_read(neap_transport *t, neap_on_read on_read)
{
    input *in = (input *)t;
    if (in->closing)
        return on_read ? UV_ENOTCONN : 0;
    in->on_read = on_read;
    if (in->delivering)
        return 0;
    if (!on_read) {
        want_none(in->reader);
        wake(in->reader);
        return 0;
    }
    if (!is_full(in->reader))
        return want(in);
    call_back(in);
    return 0;
}

static int input_write(neap_transport *t, const neap_buf *bufs, unsigned n, neap_on_done done)
{
    (void)t, (void)bufs, (void)n, (void)done;
    return UV_EBADF;
}

static int input_shutdown(neap_transport *t, neap_on_done done)
{
    (void)t, (void)done;
    return UV_ENOTCONN;
}

static void input_close(neap_transport *t, void (*closed)(neap_transport *t))
{
    input *in = (input *)t;
    reader *r = in->reader;
    in->closing = 1;
    in->closed = closed;
    want_none(r);
    pthread_mutex_lock(&r->lock);
    r->stopped = 1;
    r->owner = NULL;
    pthread_mutex_unlock(&r->lock);
    wake(r);
    call_back(in);
}

static int input_info(neap_transport *t, const char *key, char *out, size_t size)
{
    (void)t;
    if (!strcmp(key, "fd") || !strcmp(key, "queued"))
        return snprintf(out, size, "0"); /* the descriptor is 0, too */
    return UV_ENOTSUP;
}

static const neap_transport_class input_class = {
    .size = sizeof(neap_transport_class),
    .name = "input",
    .read = input_read,
    .write = input_write,
    .shutdown = input_shutdown,
    .close = input_close,
    .info = input_info,
};

ptrdiff_t stdio_input_ahead(neap_transport *t)
{
    reader *r = ((input *)t)->reader;
    pthread_mutex_lock(&r->lock);
    ptrdiff_t n = r->reading ? UV_EBUSY : r->full && r->got > 0 ? r->got : 0;
    pthread_mutex_unlock(&r->lock);
    return n;
}

void stdio_input_discard(neap_transport *t)
{
    reader *r = ((input *)t)->reader;
    pthread_mutex_lock(&r->lock);
    r->full = 0;
    pthread_mutex_unlock(&r->lock);
}

neap_transport *stdio_input(neap_env *env, int *status)
{
    *status = neap->charge(env, sizeof(reader));
    if (*status)
        return NULL;
    input *in = neap->alloc(env, NULL, 0, sizeof *in);
    if (in) {
        *in = (input){.t = {.type = &input_class, .env = env}};
        if ((in->reader = reader_new(in)))
            return &in->t;
        neap->alloc(env, in, sizeof *in, 0);
    }
    neap->charge(env, -(ptrdiff_t)sizeof(reader));
    *status = UV_ENOMEM;
    return NULL;
}
