/* temporary.c -- neap_fs: temporary(prefix, is_folder), a file or folder that goes when its object does.
 *
 *   object:path()        where it is
 *   object:keep()        it stays
 *   object:close()       it is removed, with all that is in it; also by the collector, and at exit
 *
 * The object holds the folder it was made in, so that what is removed lies there, whatever has been
 * renamed meanwhile; removing takes place on the pool, which the runtime's end waits for. */
#include "fs.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    neap_handle handle;
    bool kept;
    int folder;
    fs_job remover; /* for the work in it, and what a removal asks */
    fs_removal removal;
    char name[NAME_MAX + 1], path[PATH_MAX];
} temporary;

/* ---- Closing ---- */

static int temporary_open(lua_State *L, neap_handle *h)
{
    (void)L;
    ((temporary *)h)->folder = -1;
    return 0;
}

static void run_remove(neap_work *work)
{
    temporary *t = neap_container_of(work, temporary, remover.work);
    t->remover.status = fs_removal_run(&t->removal);
}

static void on_removed(neap_work *work, int status)
{
    temporary *t = neap_container_of(work, temporary, remover.work);
    if (!status && t->remover.status == FS_MORE && !neap->work(t->handle.env, work))
        return;
    fs_removal_drop(&t->removal);
    close(t->folder);
    neap->handle_closed(&t->handle);
}

static int temporary_close(neap_handle *h)
{
    temporary *t = (temporary *)h;
    t->remover.work.run = run_remove;
    t->remover.work.done = on_removed;
    t->removal =
        (fs_removal){.job = &t->remover, .folder = t->folder, .name = t->name, .recursive = true};
    if (t->folder >= 0 && !t->kept && !neap->work(h->env, &t->remover.work))
        return 1;
    if (t->folder >= 0)
        close(t->folder);
    return 0;
}

/* ---- Methods ---- */

static const neap_handle_class temporary_class;

static int temporary_path(lua_State *L)
{
    const temporary *t = neap->check(L, 1, &temporary_class);
    lua_pushstring(L, t->path);
    return 1;
}

static int temporary_keep(lua_State *L)
{
    temporary *t = neap->check(L, 1, &temporary_class);
    t->kept = true;
    lua_pushstring(L, t->path);
    return 1;
}

static const luaL_Reg methods[] = {
    {"path", temporary_path},
    {"keep", temporary_keep},
    {NULL, NULL},
};

static const neap_handle_class temporary_class = {
    .name = "neap.fs.temporary",
    .size = sizeof(temporary),
    .methods = methods,
    .open = temporary_open,
    .close = temporary_close,
};

int fs_temporary_methods(lua_State *L)
{
    neap->handle_methods(L, &temporary_class);
    return 1;
}

/* ---- Making one ---- */

typedef struct {
    fs_job job;
    bool is_folder;
    char name[NAME_MAX + 1], made[PATH_MAX];
} temporary_op;

static int run(fs_job *j)
{
    temporary_op *o = (temporary_op *)j;
    j->fd = fs_open_entry(j, o->made, o->name);
    if (j->fd < 0)
        return j->fd;
    if (o->is_folder)
        return mkdirat(j->fd, o->name, 0700) ? fs_fail(j, "mkdir") : 0;
    int file = openat(j->fd, o->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return fs_fail(j, "open");
    close(file);
    return 0;
}

static int results(lua_State *L, neap_op *op)
{
    temporary_op *o = neap_container_of(op, temporary_op, job.op);
    temporary *t = neap->handle_make(L, op->env, &temporary_class);
    strcpy(t->name, o->name);
    strcpy(t->path, o->made);
    t->folder = o->job.fd;
    o->job.fd = -1;
    return 1;
}

/* Nobody took it: it goes again. */
static void release(neap_op *op, int delivered)
{
    temporary_op *o = neap_container_of(op, temporary_op, job.op);
    if (o->job.fd >= 0 && !o->job.status)
        unlinkat(o->job.fd, o->name, o->is_folder ? AT_REMOVEDIR : 0);
    fs_release(op, delivered);
}

int fs_temporary(lua_State *L)
{
    static const neap_op_class type = {"fs.temporary", results, fs_cancel, release};
    fs_check_path(L, 1);
    luaL_argcheck(L, lua_objlen(L, 1) < PATH_MAX - 16, 1, "too long");
    bool is_folder = lua_toboolean(L, 2);
    temporary_op *o = fs_job_new(L, &type, sizeof *o, run, 1);
    uint64_t random = 0;
    int err = neap->random(o->job.op.env, &random, sizeof random);
    o->is_folder = is_folder;
    o->job.status = UV_ECANCELED; /* until it has run */
    snprintf(o->made, sizeof o->made, "%s%012llx", o->job.path,
             (unsigned long long)random & 0xffffffffffff);
    if (!err)
        return fs_job_start(L, &o->job);
    fs_job_finish(&o->job, err);
    return neap->wait(L, &o->job.op);
}
