/* flow.c -- neap_fs: a file as a transport, so that it is a stream: file:stream(offset, length, sync).
 *
 * A flow has a descriptor of its own. It reads and writes at its own places, which begin where the
 * file is or at `offset`, and leaves the file's alone. FIFOs and sockets need no pool: they are a
 * pipe of the host's.
 *
 * Reading. While somebody reads, one piece is read ahead by the pool; it is delivered on the loop.
 * Who has paused is not read for: at most that one piece is kept until then.
 *
 * Writing. What is written is copied and queued; one job at a time writes all that is queued, in
 * order. After a failure nobody knows what is there, so all that follows fails the same way.
 *
 * Closing. The jobs that run are waited for, and what is queued is written; then the pool closes the
 * descriptor, and the memory goes. */
#include "fs.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LOOK = 100 /* ms, between looks whether it closes */ };

/* ---- On a pool thread ---- */

/* 0: it is ready now. */
int fs_flow_wait(fs_flow *f, short events)
{
    struct pollfd p = {.fd = f->fd, .events = events};
    while (!atomic_load(&f->stopped)) {
        int n = poll(&p, 1, LOOK);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return -errno;
    }
    return UV_ECANCELED;
}

static void run_close(neap_work *work)
{
    close(neap_container_of(work, fs_flow, closer)->fd);
}

/* ---- Closing ---- */

static void on_gone(neap_job *job)
{
    fs_flow *f = neap_container_of(job, fs_flow, gone);
    neap_env *env = f->t.env;
    if (f->closed)
        f->closed(&f->t);
    neap->alloc(env, f, sizeof *f, 0);
}

static void on_closed(neap_work *work, int status)
{
    fs_flow *f = neap_container_of(work, fs_flow, closer);
    if (status)
        close(f->fd);
    on_gone(&f->gone);
}

/* What is queued is still written: who has written and closes a file expects it to be there. */
void fs_flow_finish(fs_flow *f)
{
    if (f->reading || f->writing || f->delivering)
        return;
    if (f->first && !f->broken && !fs_flow_send(f))
        return;
    fs_flow_end(f, UV_ECANCELED);
    fs_flow_free(f, &f->piece);
    fs_flow_free(f, &f->ahead);
    f->closer = (neap_work){.run = run_close, .done = on_closed};
    if (!neap->work(f->t.env, &f->closer))
        return;
    close(f->fd);
    f->gone.run = on_gone;
    neap->queue(f->t.env, &f->gone);
}

/* Pending callbacks come before `closed`, and not inside this call: through a job. */
static void flow_close(neap_transport *t, void (*closed)(neap_transport *t))
{
    fs_flow *f = (fs_flow *)t;
    f->closing = true;
    f->on_read = NULL;
    f->closed = closed;
    atomic_store(&f->stopped, true);
    if (!f->reading && !f->writing)
        fs_flow_deliver(f);
}

/* ---- What it is ---- */

/* Bytes that are still to be read, when it is a file of which nothing has been read ahead: then these
 * may be sent by sendfile instead. Or -1. */
static int64_t unread(const fs_flow *f)
{
    struct stat st;
    if (f->read_at < 0 || f->reading || f->full || f->ended || fstat(f->fd, &st) ||
        !S_ISREG(st.st_mode))
        return -1;
    int64_t left = st.st_size > f->read_at ? st.st_size - f->read_at : 0;
    return left < f->left ? left : f->left;
}

/* "file", "offset" and "length" are what sendfile takes, and there only where that may be done. */
static int flow_info(neap_transport *t, const char *key, char *out, size_t size)
{
    const fs_flow *f = (fs_flow *)t;
    int64_t length = unread(f);
    if (!strcmp(key, "queued"))
        return snprintf(out, size, "%zu", t->queued);
    if (!strcmp(key, "fd") || (!strcmp(key, "file") && length >= 0))
        return snprintf(out, size, "%d", f->fd);
    if (!strcmp(key, "offset") && length >= 0)
        return snprintf(out, size, "%lld", (long long)f->read_at);
    if (!strcmp(key, "length") && length >= 0)
        return snprintf(out, size, "%lld", (long long)length);
    return UV_ENOTSUP;
}

static const neap_transport_class flow_class = {
    .size = sizeof(neap_transport_class),
    .name = "file",
    .read = fs_flow_read,
    .write = fs_flow_write,
    .shutdown = fs_flow_shutdown,
    .close = flow_close,
    .info = flow_info,
};

/* ---- The method ---- */

static neap_transport *flow_new(neap_env *env, int fd, int64_t offset, int64_t length)
{
    fs_flow *f = neap->alloc(env, NULL, 0, sizeof *f);
    if (!f)
        return NULL;
    *f = (fs_flow){.t = {.type = &flow_class, .env = env}, .fd = fd};
    f->last = &f->first;
    f->left = length < 0 ? INT64_MAX : length;
    f->read_at = f->write_at = offset >= 0 ? offset : (int64_t)lseek(fd, 0, SEEK_CUR);
    return &f->t;
}

/* On a descriptor, which is then the transport's. 0 or a status. */
static int transport_on(neap_env *env, int fd, int64_t offset, int64_t length, neap_transport **out)
{
    struct stat st;
    if (fstat(fd, &st))
        return -errno;
    if (!S_ISFIFO(st.st_mode) && !S_ISSOCK(st.st_mode)) {
        *out = flow_new(env, fd, offset, length);
        return *out ? 0 : UV_ENOMEM;
    }
    if (!(*out = neap->transport_new(env, NEAP_PIPE)))
        return UV_ENOMEM;
    int err = neap->transport_open(*out, fd);
    if (err)
        (*out)->type->close(*out, NULL);
    return err;
}

/* stream(offset or nil, length or nil, sync) */
int fs_file_stream(lua_State *L)
{
    fs_file *file = fs_check_file(L);
    int64_t offset = fs_check_bytes(L, 2, -1), length = fs_check_bytes(L, 3, -1);
    neap_transport *t = NULL;
    if (!file)
        return neap->fail(L, NEAP_ECLOSED, NEAP_F_SYSCALL, "stream", NEAP_F_END);
    int fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 3);
    int err = fd < 0 ? -errno : transport_on(file->handle.env, fd, offset, length, &t);
    if (err) {
        if (fd >= 0)
            close(fd);
        return neap->fail(L, err, NEAP_F_SYSCALL, "stream", NEAP_F_END);
    }
    if (t->type == &flow_class)
        ((fs_flow *)t)->sync = lua_toboolean(L, 4);
    neap->transport_give(L, t);
    return 1;
}
