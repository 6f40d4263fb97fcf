/* flow_write.c -- neap_fs: what is written to a file's stream (flow.c). */
#include "name.h"

#include <poll.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

enum { VECTOR = 64 };

/* ---- On a pool thread ---- */

/* Write all of what the vector holds. */
static int write_vector(fs_flow *f, struct iovec *v, int count)
{
    while (count) {
        ssize_t n = f->write_at < 0 ? writev(f->fd, v, count)
                                    : pwritev(f->fd, v, count, (off_t)f->write_at);
        int err = n >= 0            ? 0
                  : errno == EAGAIN ? fs_flow_wait(f, POLLOUT)
                  : errno == EINTR  ? 0
                                    : -errno;
        if (err)
            return err;
        if (n > 0 && f->write_at >= 0)
            f->write_at += n;
        for (; count && n >= 0 && (size_t)n >= v->iov_len; v++, count--)
            n -= (ssize_t)v->iov_len;
        if (n > 0) {
            v->iov_base = (char *)v->iov_base + n;
            v->iov_len -= (size_t)n;
        }
    }
    return 0;
}

static void run_write(neap_work *work)
{
    fs_flow *f = neap_container_of(work, fs_flow, writer);
    f->wrote = 0;
    for (fs_request *r = f->taken; r && !f->wrote;) {
        struct iovec vector[VECTOR];
        int count = 0;
        if (r->end) {
            if (f->sync && fs_sync(f->fd, false) && errno != EINVAL && errno != EROFS)
                f->wrote = -errno;
            r = r->next;
            continue;
        }
        for (; r && !r->end && count < VECTOR; r = r->next)
            vector[count++] = (struct iovec){r->bytes, r->size};
        f->wrote = write_vector(f, vector, count);
    }
}

/* ---- On the loop ---- */

static void end_all(fs_flow *f, fs_request *r, int status)
{
    for (fs_request *next; r; r = next) {
        neap_on_done done = r->done;
        next = r->next;
        f->t.queued -= r->size;
        neap->alloc(f->t.env, r, sizeof *r + r->size, 0);
        if (done)
            done(&f->t, status);
    }
}

void fs_flow_end(fs_flow *f, int status)
{
    fs_request *waiting = f->first;
    f->first = NULL;
    f->last = &f->first;
    end_all(f, waiting, status);
}

static void on_write_done(neap_work *work, int status);

int fs_flow_send(fs_flow *f)
{
    f->writer = (neap_work){.run = run_write, .done = on_write_done};
    f->taken = f->first;
    int err = neap->work(f->t.env, &f->writer);
    if (err)
        return err;
    f->first = NULL;
    f->last = &f->first;
    f->writing = true;
    return 0;
}

static void on_write_done(neap_work *work, int status)
{
    fs_flow *f = neap_container_of(work, fs_flow, writer);
    fs_request *taken = f->taken;
    if (!status)
        status = f->wrote;
    if (status)
        f->broken = status;
    f->taken = NULL;
    end_all(f, taken, status);
    f->writing = false;
    if (f->closing) {
        fs_flow_finish(f);
        return;
    }
    status = f->broken ? f->broken : f->first ? fs_flow_send(f) : 0;
    if (status)
        fs_flow_end(f, f->broken = status);
}

/* 0 or a status: then it is gone. */
static int add(fs_flow *f, fs_request *r)
{
    *f->last = r;
    f->last = &r->next;
    f->t.queued += r->size;
    int err = f->writing ? 0 : fs_flow_send(f);
    if (!err)
        return 0;
    r->done = NULL;
    fs_flow_end(f, err); /* it was alone */
    return err;
}

static fs_request *request_new(fs_flow *f, size_t size, neap_on_done done)
{
    fs_request *r = neap->alloc(f->t.env, NULL, 0, sizeof *r + size);
    if (r)
        *r = (fs_request){.size = size, .done = done};
    return r;
}

int fs_flow_write(neap_transport *t, const neap_buf *bufs, unsigned n, neap_on_done done)
{
    fs_flow *f = (fs_flow *)t;
    size_t size = 0, at = 0;
    for (unsigned i = 0; i < n; i++)
        size += bufs[i].len;
    if (f->closing || f->broken || !size)
        return f->closing ? NEAP_ECLOSED : f->broken;
    fs_request *r = request_new(f, size, done);
    if (!r)
        return UV_ENOMEM;
    for (unsigned i = 0; i < n; at += bufs[i++].len)
        memcpy(r->bytes + at, bufs[i].base, bufs[i].len);
    int err = add(f, r);
    return err ? err : 1;
}

int fs_flow_shutdown(neap_transport *t, neap_on_done done)
{
    fs_flow *f = (fs_flow *)t;
    if (f->closing || f->broken)
        return f->closing ? NEAP_ECLOSED : f->broken;
    fs_request *r = request_new(f, 0, done);
    if (!r)
        return UV_ENOMEM;
    r->end = true;
    return add(f, r);
}
