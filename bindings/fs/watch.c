/* watch.c -- neap_fs: watch(), what the system tells of changes in folders.
 *
 *   watch() -> watches
 *   watch_system() -> "inotify" or "portable": what is in an event
 *   add(path, watches, is_below)    a number that events carry; needs fs.read of it
 *   watches:wait()                  until there are events
 *   watches:take() -> list          of those that there are; inotify's: { number =, mask =, cookie =, name = },
 *                                   portable: { number = }, something is different in that folder
 *   watches:remove(number), close()
 *
 * Nothing is kept here that nobody waits for: the kernel has the queue, and says so when it has lost something.
 * lua/neap/fs/watch.lua makes sense of the events. */
#include "watch.h"

#include <unistd.h>

static const neap_handle_class watches_class;

static fs_watches *check_watches(lua_State *L, int index) /* NULL: it is closed */
{
    fs_watches *w = neap->check(L, index, &watches_class);
    return neap->handle_is_closing(&w->handle) ? NULL : w;
}

/* ---- Waiting ---- */

void fs_watches_wake(fs_watches *w, int status)
{
    neap_op *op = w->waiter;
    w->waiter = NULL;
    fs_watches_listen(w, false);
    if (op)
        neap->complete(op, status, NEAP_F_SYSCALL, "read", NEAP_F_END);
}

typedef struct {
    neap_op op;
    fs_watches *watches;
} wait_op;

static void wait_cancel(neap_op *op)
{
    fs_watches_wake(((wait_op *)op)->watches, UV_ECANCELED);
}

static int watches_wait(lua_State *L)
{
    static const neap_op_class type = {"fs.watch", NULL, wait_cancel, NULL};
    fs_watches *w = check_watches(L, 1);
    wait_op *o = neap->op_new(L, &type, sizeof *o);
    int status = !w ? NEAP_ECLOSED : w->waiter ? UV_EBUSY : 0;
    bool now = !status && fs_watches_any(w);
    if (!status && !now)
        status = fs_watches_listen(w, true);
    if (status || now) {
        neap->complete(&o->op, status, NEAP_F_SYSCALL, "read", NEAP_F_END);
        return neap->wait(L, &o->op);
    }
    o->watches = w;
    w->waiter = &o->op;
    neap->pin(L, &o->op, 1);
    return neap->wait(L, &o->op);
}

/* ---- Adding ---- */

static int add_results(lua_State *L, neap_op *op)
{
    lua_pushinteger(L, neap_container_of(op, fs_watch_add, job.op)->number);
    return 1;
}

static void add_release(neap_op *op, int delivered)
{
    const fs_watch_add *a = neap_container_of(op, fs_watch_add, job.op);
    if (a->queue >= 0)
        close(a->queue);
    fs_release(op, delivered);
}

static int after_add(fs_job *j, int status)
{
    fs_watch_add *a = (fs_watch_add *)j;
    if (!status && neap->handle_is_closing(&a->watches->handle))
        status = NEAP_ECLOSED;
    return status ? status : fs_watch_finish(a);
}

/* add(path, watches, is_below): the path is first, as of all jobs. */
static int watches_add(lua_State *L)
{
    static const neap_op_class type = {"fs.watch", add_results, fs_cancel, add_release};
    fs_check_path(L, 1);
    fs_watches *w = check_watches(L, 2);
    bool is_below = lua_toboolean(L, 3);
    fs_watch_add *a = fs_job_new(L, &type, sizeof *a, fs_watch_run, 1);
    a->queue = -1;
    a->is_below = is_below;
    a->watches = w;
    int status = w ? fs_watch_prepare(a) : NEAP_ECLOSED;
    if (!status) {
        neap->pin(L, &a->job.op, 2);
        a->job.after = after_add;
        return fs_job_start(L, &a->job);
    }
    fs_job_finish(&a->job, status);
    return neap->wait(L, &a->job.op);
}

/* ---- Methods ---- */

static int watches_take(lua_State *L)
{
    fs_watches *w = check_watches(L, 1);
    return w ? fs_watches_take(L, w) : neap->fail(L, NEAP_ECLOSED, NEAP_F_END);
}

/* What is no more watched is no error. */
static int watches_remove(lua_State *L)
{
    fs_watches *w = check_watches(L, 1);
    int number = (int)luaL_checkinteger(L, 2);
    lua_pushboolean(L, w && fs_watches_remove(w, number));
    return 1;
}

static int watches_close(neap_handle *h)
{
    fs_watches *w = (fs_watches *)h;
    if (w->waiter)
        fs_watches_wake(w, UV_ECANCELED);
    return fs_watches_close(w);
}

static const luaL_Reg methods[] = {
    {"wait", watches_wait},     {"take", watches_take}, {"add", watches_add},
    {"remove", watches_remove}, {NULL, NULL},
};

static const neap_handle_class watches_class = {
    .name = "neap.fs.watches",
    .size = sizeof(fs_watches),
    .methods = methods,
    .flags = NEAP_HANDLE_STAYS, /* for what is being added while it is closed */
    .close = watches_close,
};

/* ---- The functions ---- */

int fs_watch(lua_State *L)
{
    fs_watches *w = neap->handle(L, &watches_class);
    int status = fs_watches_open(w, neap->interface(w->handle.env, "neap.uv/1"));
    if (!status)
        return 1;
    neap->close(&w->handle);
    return neap->fail(L, status, NEAP_F_SYSCALL, "watch", NEAP_F_END);
}

int fs_watch_system_name(lua_State *L)
{
    lua_pushstring(L, fs_watch_system);
    return 1;
}
