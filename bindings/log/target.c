/* target.c -- neap_log: a descriptor that is written to without waiting, whatever it is.
 *
 * O_NONBLOCK belongs to what was opened, not to a descriptor: set on standard error it would be set for the shell, the
 * children and everybody else who has it. So a pipe or terminal is opened once more, by its name in /dev/fd, and a
 * socket is told with each write. Where that is refused (it is another user's), poll() and writes of
 * PIPE_BUF bytes do: POSIX says that so many fit when it is writable. It also says that a pipe takes so many whole or
 * not at all, so lines up to that are never mixed with those of other processes. */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- Opening ---- */

static bool is_nonblocking(int fd)
{
    return fcntl(fd, F_GETFL) & O_NONBLOCK;
}

/* On systems where this is dup() the new one blocks as the old one does. */
static int open_anew(int fd)
{
    char name[32];
    snprintf(name, sizeof name, "/dev/fd/%d", fd);
    int fresh = open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fresh >= 0 && is_nonblocking(fresh))
        return fresh;
    if (fresh >= 0)
        close(fresh);
    return -1;
}

int log_target_standard_error(void)
{
    struct stat st;
    if (fstat(STDERR_FILENO, &st))
        return -errno;
    int fd = S_ISFIFO(st.st_mode) || isatty(STDERR_FILENO) ? open_anew(STDERR_FILENO) : -1;
    if (fd < 0)
        fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    return fd < 0 ? -errno : fd;
}

static log_kind kind_of(int fd, const struct stat *st, bool terminal)
{
    if (S_ISSOCK(st->st_mode))
        return LOG_SOCKET;
    if (!S_ISFIFO(st->st_mode) && !terminal)
        return LOG_FILE;
    return is_nonblocking(fd) ? LOG_NONBLOCKING : LOG_SHARED;
}

/* libuv makes what it polls non-blocking: for what is not ours alone that is taken back. */
static int init_poll(log_target *t)
{
    const neap_uv *host = neap->interface(t->env, "neap.uv/1");
    int flags = fcntl(t->fd, F_GETFL);
    int status = uv_poll_init(host->loop(t->env), &t->poll, t->fd);
    if (fcntl(t->fd, F_SETFL, flags) && !status)
        status = -errno;
    t->polled = !status;
    if (t->polled)
        uv_unref((uv_handle_t *)&t->poll);
    return status;
}

int log_target_open(neap_env *env, int fd, log_target **out)
{
    struct stat st;
    log_target *t = neap->alloc(env, NULL, 0, sizeof *t);
    int status = !t ? UV_ENOMEM : fstat(fd, &st) ? -errno : 0;
    if (!status) {
        *t = (log_target){.env = env, .fd = fd, .terminal = isatty(fd)};
        t->kind = kind_of(fd, &st, t->terminal);
        t->whole = S_ISFIFO(st.st_mode) ? PIPE_BUF : SIZE_MAX;
        status = t->kind == LOG_FILE ? 0 : init_poll(t);
    }
    if (!status) {
        *out = t;
        return 0;
    }
    close(fd);
    if (t)
        neap->alloc(env, t, sizeof *t, 0);
    return status;
}

/* ---- Writing ---- */

/* The vector, cut after so many bytes. */
static int cut(struct iovec *v, int count, size_t bytes)
{
    for (int i = 0; i < count; i++) {
        if (v[i].iov_len >= bytes) {
            v[i].iov_len = bytes;
            return i + 1;
        }
        bytes -= v[i].iov_len;
    }
    return count;
}

#ifndef MSG_NOSIGNAL /* macOS; the loop's thread blocks SIGPIPE */
#define MSG_NOSIGNAL 0
#endif

static ssize_t write_once(log_target *t, struct iovec *v, int count)
{
    struct msghdr message = {.msg_iov = v, .msg_iovlen = count};
    struct pollfd p = {.fd = t->fd, .events = POLLOUT};
    if (t->kind == LOG_SOCKET)
        return sendmsg(t->fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (t->kind == LOG_SHARED) {
        int n = poll(&p, 1, 0);
        if (n < 1) {
            errno = n ? errno : EAGAIN;
            return -1;
        }
        count = cut(v, count, PIPE_BUF);
    }
    return writev(t->fd, v, count);
}

ssize_t log_target_write(log_target *t, struct iovec *v, int count)
{
    ssize_t n;
    do
        n = write_once(t, v, count);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EWOULDBLOCK ? UV_EAGAIN : -errno;
    return n;
}

/* ---- Waiting for room ---- */

static void on_writable(uv_poll_t *poll, int status, int events)
{
    (void)status; /* the write will tell */
    (void)events;
    log_target *t = neap_container_of(poll, log_target, poll);
    t->writable(t);
}

void log_target_wait(log_target *t, bool on, bool stays)
{
    if (!t->polled)
        return;
    if (!on)
        uv_poll_stop(&t->poll);
    else if (!uv_is_active((uv_handle_t *)&t->poll))
        uv_poll_start(&t->poll, UV_WRITABLE, on_writable);
    if (stays)
        uv_ref((uv_handle_t *)&t->poll);
    else
        uv_unref((uv_handle_t *)&t->poll);
}

bool log_target_is_waiting(const log_target *t)
{
    return t->polled && uv_is_active((const uv_handle_t *)&t->poll);
}

/* ---- Closing ---- */

static void free_target(log_target *t)
{
    void (*gone)(void *) = t->gone;
    void *owner = t->owner;
    neap->alloc(t->env, t, sizeof *t, 0);
    gone(owner);
}

static void on_poll_closed(uv_handle_t *handle)
{
    free_target(neap_container_of((uv_poll_t *)handle, log_target, poll));
}

void log_target_close(log_target *t)
{
    bool polled = t->polled;
    if (polled)
        uv_close((uv_handle_t *)&t->poll, on_poll_closed);
    close(t->fd);
    if (!polled)
        free_target(t);
}
