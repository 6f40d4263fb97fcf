/* file.c -- neap_fs: open(path, mode), and the file it gives.
 *
 *   file:read, write, readv, writev                                        file_io.c
 *   file:seek, stat, sync, truncate, chmod, chown, set_times                 file_state.c
 *   file:stream                                                              flow.c
 *   file:close()               also by the collector
 *
 * A file does one thing at a time, in the order it was asked: its operations wait in a queue of its
 * own, and only the first is on the pool. close() lets that one finish (unless it waits for somebody
 * at the other end of a FIFO), and then closes on the pool; the others complete with ECANCELED. A
 * file outlives its operations: they pin it. */
#include "fs.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Opening and closing ---- */

static int file_open(lua_State *L, neap_handle *h)
{
    fs_file *f = (fs_file *)h;
    (void)L;
    f->fd = -1;
    f->last = &f->first;
    return 0;
}

static void run_close(neap_work *work)
{
    close(neap_container_of(work, fs_file, closer)->fd);
}

static void on_closed(neap_work *work, int status)
{
    fs_file *f = neap_container_of(work, fs_file, closer);
    if (status)
        close(f->fd);
    neap->handle_closed(&f->handle);
}

/* As neap_handle_class.close returns. */
static int close_now(fs_file *f)
{
    f->closer.run = run_close;
    f->closer.done = on_closed;
    if (f->fd >= 0 && !neap->work(f->handle.env, &f->closer))
        return 1;
    if (f->fd >= 0)
        close(f->fd);
    return 0;
}

static int file_close(neap_handle *h)
{
    fs_file *f = (fs_file *)h;
    f->closing = true;
    if (!f->first)
        return close_now(f);
    for (fs_file_op *o = f->first->next, *next; o; o = next) {
        next = o->next;
        o->job.after = NULL;
        fs_job_finish(&o->job, UV_ECANCELED);
    }
    f->first->next = NULL;
    f->last = &f->first->next;
    atomic_store(&f->first->job.hurried, true);
    return 1;
}

/* ---- The queue ---- */

static int after(fs_job *j, int status)
{
    fs_file *f = ((fs_file_op *)j)->file;
    f->first = ((fs_file_op *)j)->next;
    if (f->first)
        fs_job_queue(&f->first->job);
    else if (!f->closing)
        f->last = &f->first;
    else if (!close_now(f))
        neap->handle_closed(&f->handle);
    return status;
}

int fs_file_start(lua_State *L, fs_file_op *o)
{
    fs_file *f = o->file;
    if (!f) {
        fs_job_finish(&o->job, NEAP_ECLOSED);
        return neap->wait(L, &o->job.op);
    }
    bool idle = !f->first;
    neap->pin(L, &o->job.op, 1);
    o->job.after = after;
    *f->last = o;
    f->last = &o->next;
    if (idle)
        fs_job_queue(&o->job);
    return neap->wait(L, &o->job.op);
}

/* ---- Methods ---- */

/* NULL: it is closed, by another task perhaps, which is no wrong argument. */
fs_file *fs_check_file(lua_State *L)
{
    fs_file *f = neap->handle_test(L, 1, &fs_file_class);
    if (f)
        return f;
    bool closed = lua_isuserdata(L, 1) && luaL_getmetafield(L, 1, "__name") &&
                  !strcmp(lua_tostring(L, -1), fs_file_class.name);
    if (!closed)
        neap->check(L, 1, &fs_file_class); /* raises */
    lua_pop(L, 1);
    return NULL;
}

fs_file_op *fs_file_op_new(lua_State *L, const neap_op_class *type, int (*run)(fs_job *))
{
    fs_file *f = fs_check_file(L);
    fs_file_op *o = fs_job_new(L, type, sizeof *o, run, 0);
    o->file = f;
    o->offset = -1;
    o->job.syscall = type->name + strlen("file.");
    return o;
}

static const luaL_Reg methods[] = {
    {"read", fs_file_read},
    {"write", fs_file_write},
    {"readv", fs_file_readv},
    {"writev", fs_file_writev},
    {"seek", fs_file_seek},
    {"stat", fs_file_stat},
    {"sync", fs_file_sync},
    {"truncate", fs_file_truncate},
    {"chmod", fs_file_chmod},
    {"chown", fs_file_chown},
    {"set_times", fs_file_set_times},
    {"stream", fs_file_stream},
    {NULL, NULL},
};

const neap_handle_class fs_file_class = {
    .name = "neap.file",
    .size = sizeof(fs_file),
    .methods = methods,
    .open = file_open,
    .close = file_close,
};

/* methods(): the table of methods, for the Lua face. */
int fs_file_methods(lua_State *L)
{
    neap->handle_methods(L, &fs_file_class);
    return 1;
}

/* ---- Open ---- */

typedef struct {
    fs_job job;
    int flags, mode;
} open_op;

static int run_open(fs_job *j)
{
    open_op *o = (open_op *)j;
    j->fd = fs_open(j, j->path, o->flags, o->mode);
    return j->fd < 0 ? j->fd : 0;
}

static int open_results(lua_State *L, neap_op *op)
{
    fs_job *j = neap_container_of(op, fs_job, op);
    fs_file *f = neap->handle_make(L, op->env, &fs_file_class);
    f->fd = j->fd;
    j->fd = -1;
    return 1;
}

/* "r", "r+", "w", "w+", "a", "a+"; "x" with w or a: must not be there; "b" is allowed. Or -1. */
static int flags_of(const char *mode)
{
    bool reads = *mode == 'r', plus = strchr(mode, '+'), exclusive = strchr(mode, 'x');
    if (!*mode || !strchr("rwa", *mode) || mode[1 + strspn(mode + 1, "+xb")] ||
        (reads && exclusive))
        return -1;
    int flags = plus ? O_RDWR : reads ? O_RDONLY : O_WRONLY;
    if (!reads)
        flags |= O_CREAT | (*mode == 'w' ? O_TRUNC : O_APPEND) | (exclusive ? O_EXCL : 0);
    return flags;
}

int fs_open_file(lua_State *L)
{
    static const neap_op_class type = {"fs.open", open_results, fs_cancel, fs_release};
    fs_check_path(L, 1);
    bool given = !lua_isnoneornil(L, 2) && !lua_isfunction(L, 2);
    int flags = flags_of(given ? luaL_checkstring(L, 2) : "r");
    luaL_argcheck(L, flags >= 0, 2, "mode expected: r, w or a, with + or x");
    int mode = fs_mode(L, 3, "mode", 0666);
    open_op *o = fs_job_new(L, &type, sizeof *o, run_open, 1);
    o->flags = flags;
    o->mode = mode;
    return fs_job_start(L, &o->job);
}
