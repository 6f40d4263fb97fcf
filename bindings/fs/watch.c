/* watch.c -- neap_fs: watch(), what the kernel tells of changes: inotify(7).
 *
 *   watch() -> stream, watches      the stream gives struct inotify_event's, whole ones
 *   add(path, watches, is_below)    a number that events carry; needs fs.read of it
 *   watches:remove(number)
 *   watches:close()
 *   watch_events(bytes) -> list of { number =, mask =, cookie =, name = }
 *
 * The queue of events is a pipe of the host's, on which a stream stands: so nothing is lost but what
 * the kernel says it has lost, and a slow reader costs no memory. lua/neap/fs/watch.lua makes sense
 * of the events. Systems without inotify say ENOSYS. */
#include "fs.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#if defined(__linux__)
#include <sys/inotify.h>
#endif

typedef struct {
    neap_handle handle;
    int fd; /* of the queue, beside the stream's */
} watches;

typedef struct {
    fs_job job;
    int queue; /* a descriptor of its own */
    int number;
    bool is_below; /* a folder, and no link to one */
} add_op;

static int watches_open(lua_State *L, neap_handle *h)
{
    (void)L;
    ((watches *)h)->fd = -1;
    return 0;
}

static int watches_close(neap_handle *h)
{
    const watches *w = (watches *)h;
    if (w->fd >= 0)
        close(w->fd);
    return 0;
}

/* ---- Watching ---- */

#if defined(__linux__)

static int open_queue(void)
{
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* What was opened is watched, whatever its name leads to now. */
static int add(int queue, int fd)
{
    enum { FOLDER = IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO };
    enum {
        ALL = FOLDER | IN_MODIFY | IN_ATTRIB | IN_CLOSE_WRITE | IN_DELETE_SELF | IN_EXCL_UNLINK
    };
    char self[FS_SELF];
    fs_descriptor_path(fd, self, sizeof self);
    int number = inotify_add_watch(queue, self, ALL);
    return number < 0 ? -errno : number;
}

static int take_off(int queue, int number)
{
    return inotify_rm_watch(queue, number) ? -errno : 0;
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

int fs_watch_events(lua_State *L)
{
    size_t length;
    const char *at = luaL_checklstring(L, 1, &length), *end = at + length;
    struct inotify_event event;
    lua_newtable(L);
    for (int i = 1; (size_t)(end - at) >= sizeof event; i++, at += sizeof event + event.len) {
        memcpy(&event, at, sizeof event);
        if (event.len > (size_t)(end - at) - sizeof event)
            break;
        push_event(L, &event, at + sizeof event);
        lua_rawseti(L, -2, i);
    }
    return 1;
}

#else

static int open_queue(void)
{
    return UV_ENOSYS;
}

static int add(int queue, int fd)
{
    (void)queue, (void)fd;
    return UV_ENOSYS;
}

static int take_off(int queue, int number)
{
    (void)queue, (void)number;
    return UV_ENOSYS;
}

int fs_watch_events(lua_State *L)
{
    lua_newtable(L);
    return 1;
}

#endif

/* ---- Methods ---- */

static const neap_handle_class watches_class;

static int run_add(fs_job *j)
{
    add_op *o = (add_op *)j;
    j->fd = fs_open(j, j->path, O_PATH | O_DIRECTORY | (o->is_below ? O_NOFOLLOW : 0), 0);
    if (j->fd < 0)
        return j->fd;
    int number = add(o->queue, j->fd);
    j->syscall = "inotify_add_watch";
    o->number = number;
    return number < 0 ? number : 0;
}

static int add_results(lua_State *L, neap_op *op)
{
    lua_pushinteger(L, neap_container_of(op, add_op, job.op)->number);
    return 1;
}

static void add_release(neap_op *op, int delivered)
{
    const add_op *o = neap_container_of(op, add_op, job.op);
    if (o->queue >= 0)
        close(o->queue);
    fs_release(op, delivered);
}

/* add(path, watches, is_below): the path is first, as of all jobs. */
static int watches_add(lua_State *L)
{
    static const neap_op_class type = {"fs.watch", add_results, fs_cancel, add_release};
    fs_check_path(L, 1);
    const watches *w = neap->check(L, 2, &watches_class);
    bool is_below = lua_toboolean(L, 3);
    add_op *o = fs_job_new(L, &type, sizeof *o, run_add, 1);
    o->is_below = is_below;
    o->queue = fcntl(w->fd, F_DUPFD_CLOEXEC, 3);
    if (o->queue >= 0)
        return fs_job_start(L, &o->job);
    fs_job_finish(&o->job, -errno);
    return neap->wait(L, &o->job.op);
}

/* What is no more watched is no error. */
static int watches_remove(lua_State *L)
{
    const watches *w = neap->check(L, 1, &watches_class);
    lua_pushboolean(L, !take_off(w->fd, (int)luaL_checkinteger(L, 2)));
    return 1;
}

static const luaL_Reg methods[] = {
    {"add", watches_add},
    {"remove", watches_remove},
    {NULL, NULL},
};

static const neap_handle_class watches_class = {
    .name = "neap.fs.watches",
    .size = sizeof(watches),
    .methods = methods,
    .open = watches_open,
    .close = watches_close,
};

/* ---- The function ---- */

int fs_watch(lua_State *L)
{
    watches *w = neap->handle(L, &watches_class);
    neap_transport *t = NULL;
    int fd = w->fd = open_queue();
    int err = fd < 0 ? fd : 0;
    if (!err && (fd = fcntl(w->fd, F_DUPFD_CLOEXEC, 3)) < 0)
        err = -errno;
    if (!err && !(t = neap->transport_new(w->handle.env, NEAP_PIPE)))
        err = UV_ENOMEM;
    if (!err)
        err = neap->transport_open(t, fd);
    if (!err) {
        neap->transport_give(L, t);
        lua_insert(L, -2);
        return 2;
    }
    if (t)
        t->type->close(t, NULL);
    if (fd >= 0 && fd != w->fd)
        close(fd);
    neap->close(&w->handle);
    return neap->fail(L, err, NEAP_F_SYSCALL, "inotify_init1", NEAP_F_END);
}
