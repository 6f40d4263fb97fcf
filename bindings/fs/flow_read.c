/* flow_read.c -- neap_fs: what a file's stream reads (flow.c). */
#include "fs.h"

#include <poll.h>
#include <unistd.h>

/* ---- On a pool thread ---- */

static void run_read(neap_work *work)
{
    fs_flow *f = neap_container_of(work, fs_flow, reader);
    size_t most = f->left < FS_PIECE ? (size_t)f->left : FS_PIECE;
    for (;;) {
        ssize_t n = f->read_at < 0 ? read(f->fd, f->ahead, most)
                                   : pread(f->fd, f->ahead, most, (off_t)f->read_at);
        bool again = n < 0 && (errno == EINTR || errno == EAGAIN);
        f->got = n < 0 ? -errno : n;
        int err = again && errno == EAGAIN ? fs_flow_wait(f, POLLIN) : 0;
        if (err)
            f->got = err;
        if (err || !again)
            return;
    }
}

/* ---- On the loop ---- */

void fs_flow_free(fs_flow *f, char **piece)
{
    if (*piece)
        neap->alloc(f->t.env, *piece, FS_PIECE, 0);
    *piece = NULL;
}

static void start_read(fs_flow *f);

static void deliver(fs_flow *f)
{
    ptrdiff_t n = f->length;
    char *piece = f->piece;
    f->full = false;
    f->piece = NULL;
    f->on_read(&f->t, piece, n);
    if (piece)
        neap->alloc(f->t.env, piece, FS_PIECE, 0);
}

static void delivered(fs_flow *f)
{
    f->delivering = false;
    if (f->closing)
        fs_flow_finish(f);
    else if (f->on_read && !f->full)
        start_read(f);
}

/* What was read becomes the piece to be delivered; the next one is read meanwhile. */
static void take_ahead(fs_flow *f)
{
    f->piece = f->ahead;
    f->ahead = NULL;
    f->length = f->got;
    f->full = true;
    if (f->got <= 0) {
        fs_flow_free(f, &f->piece);
        f->ended = true;
        return;
    }
    f->left -= f->got;
    if (f->read_at >= 0)
        f->read_at += f->got;
}

static void on_read_done(neap_work *work, int status)
{
    fs_flow *f = neap_container_of(work, fs_flow, reader);
    f->reading = false;
    if (f->closing) {
        fs_flow_finish(f);
        return;
    }
    if (status)
        f->got = status;
    take_ahead(f);
    if (!f->on_read || f->delivering)
        return;
    start_read(f);
    f->delivering = true; /* so that a close in there is finished here */
    deliver(f);
    delivered(f);
}

static void on_deliver(neap_job *job)
{
    fs_flow *f = neap_container_of(job, fs_flow, deliver);
    if (!f->closing && f->on_read && f->full) {
        start_read(f);
        deliver(f);
    }
    delivered(f);
}

/* The end, an error, a read-ahead: whatever it is comes by a job. */
void fs_flow_deliver(fs_flow *f)
{
    if (f->delivering)
        return;
    f->delivering = true;
    f->deliver.run = on_deliver;
    neap->queue(f->t.env, &f->deliver);
}

/* Read a piece ahead, unless one is being read or the end was seen. */
static void start_read(fs_flow *f)
{
    if (f->reading || f->ended || f->ahead)
        return;
    f->ahead = f->left ? neap->alloc(f->t.env, NULL, 0, FS_PIECE) : NULL;
    f->reader = (neap_work){.run = run_read, .done = on_read_done};
    int err = !f->left ? 0 : !f->ahead ? UV_ENOMEM : neap->work(f->t.env, &f->reader);
    if (f->left && !err) {
        f->reading = true;
        return;
    }
    fs_flow_free(f, &f->ahead);
    if (f->full) /* it is said when that has been delivered */
        return;
    f->length = err;
    f->full = f->ended = true;
    fs_flow_deliver(f);
}

int fs_flow_read(neap_transport *t, neap_on_read on_read)
{
    fs_flow *f = (fs_flow *)t;
    if (f->closing)
        return NEAP_ECLOSED;
    f->on_read = on_read;
    if (!on_read)
        return 0;
    if (f->full)
        fs_flow_deliver(f);
    else
        start_read(f);
    return 0;
}
