/* linux_watch.c -- neap_fs: watching by inotify(7), which has a queue of what has happened to what. */
#if defined(__linux__) && !defined(NEAP_PORTABLE)

#include "watch.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

const char fs_watch_system[] = "inotify";

typedef struct {
    uv_poll_t poll;
    fs_watches *owner;
    int fd;
    /* Of the kernel, whole events. */
    _Alignas(struct inotify_event) char bytes[16 * 1024];
} queue;

/* ---- Opening and closing ---- */

int fs_watches_open(fs_watches *w, const neap_uv *host)
{
    queue *q = neap->alloc(w->handle.env, NULL, 0, sizeof *q);
    if (!q)
        return UV_ENOMEM;
    q->owner = w;
    q->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    int status = q->fd < 0 ? -errno : uv_poll_init(host->loop(w->handle.env), &q->poll, q->fd);
    if (!status) {
        w->system = q;
        return 0;
    }
    if (q->fd >= 0)
        close(q->fd);
    neap->alloc(w->handle.env, q, sizeof *q, 0);
    return status;
}

static void on_closed(uv_handle_t *handle)
{
    queue *q = neap_container_of((uv_poll_t *)handle, queue, poll);
    fs_watches *w = q->owner;
    neap->alloc(w->handle.env, q, sizeof *q, 0);
    neap->handle_closed(&w->handle);
}

int fs_watches_close(fs_watches *w)
{
    queue *q = w->system;
    if (!q)
        return 0;
    uv_close((uv_handle_t *)&q->poll, on_closed);
    close(q->fd);
    q->fd = -1;
    return 1;
}

/* ---- Events ---- */

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    fs_watches_wake(neap_container_of(poll, queue, poll)->owner, status);
}

int fs_watches_listen(fs_watches *w, bool on)
{
    queue *q = w->system;
    return on ? uv_poll_start(&q->poll, UV_READABLE, on_readable) : uv_poll_stop(&q->poll);
}

bool fs_watches_any(const fs_watches *w)
{
    (void)w;
    return false;
}

static void set_number(lua_State *L, const char *name, double number)
{
    lua_pushnumber(L, number);
    lua_setfield(L, -2, name);
}

static void push_event(lua_State *L, const struct inotify_event *event, const char *name)
{
    lua_createtable(L, 0, 4);
    set_number(L, "number", event->wd);
    set_number(L, "mask", event->mask);
    set_number(L, "cookie", event->cookie);
    lua_pushlstring(L, name, strnlen(name, event->len));
    lua_setfield(L, -2, "name");
}

int fs_watches_take(lua_State *L, fs_watches *w)
{
    queue *q = w->system;
    ssize_t n;
    do
        n = read(q->fd, q->bytes, sizeof q->bytes);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno != EAGAIN)
        return neap->fail(L, -errno, NEAP_F_SYSCALL, "read", NEAP_F_END);
    lua_newtable(L);
    const char *at = q->bytes, *end = at + (n < 0 ? 0 : n);
    for (int i = 1; at < end; i++) {
        const struct inotify_event *event = (const void *)at;
        push_event(L, event, event->name);
        lua_rawseti(L, -2, i);
        at += sizeof *event + event->len;
    }
    return 1;
}

/* ---- Folders ---- */

int fs_watch_prepare(fs_watch_add *a)
{
    a->queue = fcntl(((queue *)a->watches->system)->fd, F_DUPFD_CLOEXEC, 3);
    return a->queue < 0 ? -errno : 0;
}

/* What was opened is watched, whatever its name leads to now. */
int fs_watch_run(fs_job *j)
{
    enum { FOLDER = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO };
    enum {
        ALL = FOLDER | IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_EXCL_UNLINK
    };
    fs_watch_add *a = (fs_watch_add *)j;
    char self[32];
    j->fd = fs_open(j, j->path, O_PATH | O_DIRECTORY | (a->is_below ? O_NOFOLLOW : 0), 0);
    if (j->fd < 0)
        return j->fd;
    snprintf(self, sizeof self, "/proc/self/fd/%d", j->fd);
    a->number = inotify_add_watch(a->queue, self, ALL);
    return a->number < 0 ? fs_fail(j, "inotify_add_watch") : 0;
}

int fs_watch_finish(fs_watch_add *a)
{
    (void)a;
    return 0;
}

bool fs_watches_remove(fs_watches *w, int number)
{
    return !inotify_rm_watch(((queue *)w->system)->fd, number);
}

#else
typedef int neap_no_linux_watch; /* a file may not be empty */
#endif
