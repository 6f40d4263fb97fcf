/* file.c -- neap_fs: open(path, mode), and the file it gives.
 *
 *   file:read(n, offset)       at most n bytes, fewer only at the end; nil at the end
 *   file:write(text, offset)   all of it
 *   file:seek(whence, offset)  the new position
 *   file:sync(), file:stat(), file:truncate(size)
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

typedef struct fs_file_op fs_file_op;

typedef struct {
    neap_handle handle;
    int fd;
    fs_file_op *first, **last; /* first is on the pool */
    bool closing;
    neap_work closer;
} fs_file;

struct fs_file_op {
    fs_job job; /* its fd stays -1: the file is not the job's to close */
    fs_file *file;
    fs_file_op *next;
    size_t most;
    int64_t offset; /* -1: where the file is */
    int whence;
    struct stat st;
};

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

static void after(fs_job *j)
{
    fs_file *f = ((fs_file_op *)j)->file;
    f->first = ((fs_file_op *)j)->next;
    if (f->first)
        fs_job_queue(&f->first->job);
    else if (!f->closing)
        f->last = &f->first;
    else if (!close_now(f))
        neap->handle_closed(&f->handle);
}

static int start(lua_State *L, fs_file_op *o)
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

static const neap_handle_class file_class;

/* NULL: it is closed, by another task perhaps, which is no wrong argument. */
static fs_file *check_file(lua_State *L)
{
    fs_file *f = neap->handle_test(L, 1, &file_class);
    if (f)
        return f;
    bool closed = lua_isuserdata(L, 1) && luaL_getmetafield(L, 1, "__name") &&
                  !strcmp(lua_tostring(L, -1), file_class.name);
    if (!closed)
        neap->check(L, 1, &file_class); /* raises */
    lua_pop(L, 1);
    return NULL;
}

static fs_file_op *new_op(lua_State *L, const neap_op_class *type, int (*run)(fs_job *))
{
    fs_file *f = check_file(L);
    fs_file_op *o = fs_job_new(L, type, sizeof *o, run, 0);
    o->file = f;
    o->offset = -1;
    o->job.syscall = type->name + strlen("file.");
    return o;
}

/* A number of bytes at an index, where there may be nothing or the callback. */
static int64_t check_bytes(lua_State *L, int index, int64_t otherwise)
{
    if (lua_isnoneornil(L, index) || (lua_isfunction(L, index) && index == lua_gettop(L)))
        return otherwise;
    double n = luaL_checknumber(L, index);
    luaL_argcheck(L, n >= 0 && n <= 0x1p53 && floor(n) == n, index, "a count of bytes expected");
    return (int64_t)n;
}

static int fd_of(fs_job *j)
{
    return ((fs_file_op *)j)->file->fd;
}

static int run_read(fs_job *j)
{
    fs_file_op *o = (fs_file_op *)j;
    j->fd = fd_of(j);
    int err = fs_read(j, o->most, o->offset);
    j->fd = -1;
    return err;
}

static int read_results(lua_State *L, neap_op *op)
{
    fs_job *j = neap_container_of(op, fs_job, op);
    if (j->length || !((fs_file_op *)j)->most)
        lua_pushlstring(L, j->data ? j->data : "", j->length);
    else
        lua_pushnil(L);
    return 1;
}

static int file_read(lua_State *L)
{
    static const neap_op_class type = {"file.read", read_results, fs_cancel, fs_release};
    check_file(L);
    int64_t most = check_bytes(L, 2, FS_READ), offset = check_bytes(L, 3, -1);
    fs_file_op *o = new_op(L, &type, run_read);
    o->most = most < FS_TEXT_MAX ? (size_t)most : FS_TEXT_MAX;
    o->offset = offset;
    return start(L, o);
}

static int run_write(fs_job *j)
{
    return fs_write(j, fd_of(j), ((fs_file_op *)j)->offset);
}

static int file_write(lua_State *L)
{
    static const neap_op_class type = {"file.write", NULL, fs_cancel, fs_release};
    size_t length;
    check_file(L);
    const char *text = luaL_checklstring(L, 2, &length);
    int64_t offset = check_bytes(L, 3, -1);
    fs_file_op *o = new_op(L, &type, run_write);
    o->offset = offset;
    int err = fs_job_copy(&o->job, text, length);
    if (!err)
        return start(L, o);
    fs_job_finish(&o->job, err);
    return neap->wait(L, &o->job.op);
}

static int run_seek(fs_job *j)
{
    fs_file_op *o = (fs_file_op *)j;
    off_t at = lseek(fd_of(j), (off_t)o->offset, o->whence);
    if (at < 0)
        return fs_fail(j, "lseek");
    o->offset = at;
    return 0;
}

static int seek_results(lua_State *L, neap_op *op)
{
    lua_pushnumber(L, (lua_Number)neap_container_of(op, fs_file_op, job.op)->offset);
    return 1;
}

static int file_seek(lua_State *L)
{
    static const neap_op_class type = {"file.seek", seek_results, fs_cancel, fs_release};
    static const char *const names[] = {"set", "cur", "end", NULL};
    static const int whences[] = {SEEK_SET, SEEK_CUR, SEEK_END};
    check_file(L);
    int last = lua_gettop(L) - lua_isfunction(L, -1);
    int whence = last < 2 ? 1 : luaL_checkoption(L, 2, "cur", names);
    double offset = last < 3 ? 0 : luaL_optnumber(L, 3, 0);
    luaL_argcheck(L, fabs(offset) <= 0x1p53 && floor(offset) == offset, 3, "an integer expected");
    fs_file_op *o = new_op(L, &type, run_seek);
    o->whence = whences[whence];
    o->offset = (int64_t)offset;
    return start(L, o);
}

static int run_sync(fs_job *j)
{
    return fsync(fd_of(j)) ? fs_fail(j, "fsync") : 0;
}

static int file_sync(lua_State *L)
{
    static const neap_op_class type = {"file.sync", NULL, fs_cancel, fs_release};
    return start(L, new_op(L, &type, run_sync));
}

static int run_truncate(fs_job *j)
{
    return ftruncate(fd_of(j), (off_t)((fs_file_op *)j)->offset) ? fs_fail(j, "ftruncate") : 0;
}

static int file_truncate(lua_State *L)
{
    static const neap_op_class type = {"file.truncate", NULL, fs_cancel, fs_release};
    check_file(L);
    int64_t size = check_bytes(L, 2, 0);
    fs_file_op *o = new_op(L, &type, run_truncate);
    o->offset = size;
    return start(L, o);
}

static int run_stat(fs_job *j)
{
    return fstat(fd_of(j), &((fs_file_op *)j)->st) ? fs_fail(j, "fstat") : 0;
}

static int stat_results(lua_State *L, neap_op *op)
{
    fs_push_stat(L, &neap_container_of(op, fs_file_op, job.op)->st);
    return 1;
}

static int file_stat(lua_State *L)
{
    static const neap_op_class type = {"file.stat", stat_results, fs_cancel, fs_release};
    return start(L, new_op(L, &type, run_stat));
}

static const luaL_Reg methods[] = {
    {"read", file_read}, {"write", file_write},       {"seek", file_seek}, {"stat", file_stat},
    {"sync", file_sync}, {"truncate", file_truncate}, {NULL, NULL},
};

static const neap_handle_class file_class = {
    .name = "neap.file",
    .size = sizeof(fs_file),
    .methods = methods,
    .open = file_open,
    .close = file_close,
};

/* methods(): the table of methods, for the Lua face. */
int fs_file_methods(lua_State *L)
{
    neap->handle_methods(L, &file_class);
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
    fs_file *f = neap->handle_make(L, op->env, &file_class);
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
