/* lock.c -- neap_fs: lock(path, shared), an advisory lock on a file, or EAGAIN.
 *
 * It is flock(2)'s: of the open file, so that two locks of one process exclude each other like those
 * of two, and gone with the descriptor, also when the process is killed. A pool thread only tries;
 * waiting is lua/neap/fs/lock.lua's. */
#include "fs.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

typedef struct {
    neap_handle handle;
    int fd;
} lock;

typedef struct {
    fs_job job;
    bool shared;
} lock_op;

static int lock_open(lua_State *L, neap_handle *h)
{
    (void)L;
    ((lock *)h)->fd = -1;
    return 0;
}

static int lock_close(neap_handle *h)
{
    const lock *l = (lock *)h;
    if (l->fd >= 0)
        close(l->fd);
    return 0;
}

static const luaL_Reg methods[] = {{NULL, NULL}};

static const neap_handle_class lock_class = {
    .name = "neap.fs.lock",
    .size = sizeof(lock),
    .methods = methods,
    .open = lock_open,
    .close = lock_close,
};

/* ---- The function ---- */

/* What was removed while it was opened locks nobody out: the next one makes a new file. */
static int run(fs_job *j)
{
    const lock_op *o = (lock_op *)j;
    struct stat st;
    j->fd = fs_open(j, j->path, o->shared ? O_RDONLY : O_RDWR | O_CREAT, 0666);
    if (j->fd < 0)
        return j->fd;
    if (flock(j->fd, (o->shared ? LOCK_SH : LOCK_EX) | LOCK_NB))
        return fs_fail(j, "flock");
    if (fstat(j->fd, &st))
        return fs_fail(j, "fstat");
    j->syscall = "flock";
    return st.st_nlink ? 0 : UV_EAGAIN;
}

static int results(lua_State *L, neap_op *op)
{
    fs_job *j = neap_container_of(op, fs_job, op);
    lock *l = neap->handle_make(L, op->env, &lock_class);
    l->fd = j->fd;
    j->fd = -1;
    return 1;
}

int fs_lock(lua_State *L)
{
    static const neap_op_class type = {"fs.lock", results, fs_cancel, fs_release};
    fs_check_path(L, 1);
    bool shared = lua_toboolean(L, 2);
    lock_op *o = fs_job_new(L, &type, sizeof *o, run, 1);
    o->shared = shared;
    return fs_job_start(L, &o->job);
}
