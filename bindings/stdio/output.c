/* output.c -- neap_stdio: standard output and error as transports.
 *
 * Both are written at once, as print writes: what a stream and print say stays in its order, and nothing of it is
 * lost however the program ends. So nothing is ever queued here. */
#include "stdio.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

typedef struct {
    neap_transport t;
    int fd;
    int ended;
    neap_job job; /* of what is called back */
    neap_on_done done;
    void (*closed)(neap_transport *t);
    int closing, queued;
} output;

/* ---- Writing ---- */

static int write_all(int fd, const char *text, size_t length)
{
    while (length) {
        ssize_t n = write(fd, text, length);
        if (n >= 0) {
            text += n;
            length -= (size_t)n;
        } else if (errno == EAGAIN) {
            poll(&(struct pollfd){fd, POLLOUT, 0}, 1, -1);
        } else if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}

static int output_write(neap_transport *t, const neap_buf *bufs, unsigned n, neap_on_done done)
{
    output *o = (output *)t;
    int status = o->closing || o->ended ? UV_EPIPE : 0;
    (void)done; /* it is all gone when this returns */
    if (!status && o->fd != STDOUT_FILENO)
        neap->print(t->env, NULL, 0);
    for (unsigned i = 0; i < n && !status; i++)
        status = o->fd == STDOUT_FILENO ? neap->print(t->env, bufs[i].base, bufs[i].len)
                                        : write_all(o->fd, bufs[i].base, bufs[i].len);
    return status;
}

/* ---- Ending ---- */

static void on_job(neap_job *job)
{
    output *o = neap_container_of(job, output, job);
    neap_env *env = o->t.env;
    neap_on_done done = o->done;
    o->done = NULL;
    o->queued = 0;
    if (done)
        done(&o->t, o->closing ? UV_ECANCELED : 0);
    if (!o->closing)
        return;
    if (o->closed)
        o->closed(&o->t);
    neap->alloc(env, o, sizeof *o, 0);
}

static void call_back(output *o)
{
    if (o->queued)
        return;
    o->queued = 1;
    o->job.run = on_job;
    neap->queue(o->t.env, &o->job);
}

static int output_shutdown(neap_transport *t, neap_on_done done)
{
    output *o = (output *)t;
    if (o->closing || o->ended)
        return UV_ENOTCONN;
    o->ended = 1;
    o->done = done;
    if (o->fd == STDOUT_FILENO)
        neap->print(t->env, NULL, 0);
    call_back(o);
    return 0;
}

static void output_close(neap_transport *t, void (*closed)(neap_transport *t))
{
    output *o = (output *)t;
    o->closing = 1;
    o->closed = closed;
    call_back(o);
}

/* ---- What it is ---- */

static int output_read(neap_transport *t, neap_on_read on_read)
{
    (void)t;
    return on_read ? UV_EBADF : 0;
}

static int output_info(neap_transport *t, const char *key, char *out, size_t size)
{
    if (!strcmp(key, "fd"))
        return snprintf(out, size, "%d", ((output *)t)->fd);
    if (!strcmp(key, "queued"))
        return snprintf(out, size, "0");
    return UV_ENOTSUP;
}

static const neap_transport_class output_class = {
    .size = sizeof(neap_transport_class),
    .name = "output",
    .read = output_read,
    .write = output_write,
    .shutdown = output_shutdown,
    .close = output_close,
    .info = output_info,
};

neap_transport *stdio_output(neap_env *env, int fd)
{
    output *o = neap->alloc(env, NULL, 0, sizeof *o);
    if (!o)
        return NULL;
    *o = (output){.t = {.type = &output_class, .env = env}, .fd = fd};
    return &o->t;
}
