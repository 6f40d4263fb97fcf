/* remove.c -- neap_fs: remove(path, options), of an entry, or with `recursive` of a folder and all that is in it.
 *
 * It takes its time by slices, as copy.c does: after each the job goes back to the end of the queue, so that a large
 * tree keeps no thread of the pool from others. A level for each folder that was entered lies in the removal. Names
 * are opened in their folder, without following them: no link or rename on the way leads elsewhere. */
#include "fs.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fs_removing {
    fs_removing *up;
    DIR *dir;
    int depth;
    char name[]; /* in the folder above */
};

/* ---- On a pool thread ---- */

static int folder_of(const fs_removal *r)
{
    return r->top ? dirfd(r->top->dir) : r->folder;
}

static int enter(fs_removal *r, const char *name)
{
    int depth = r->top ? r->top->depth + 1 : 1, err = 0;
    int fd = openat(folder_of(r), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir)
        err = fs_fail(r->job, fd < 0 ? "open" : "opendir");
    fs_removing *level = err ? NULL : malloc(sizeof *level + strlen(name) + 1);
    if (level) {
        *level = (fs_removing){.up = r->top, .dir = dir, .depth = depth};
        strcpy(level->name, name);
        r->top = level;
        return 0;
    }
    if (dir)
        closedir(dir);
    else if (fd >= 0)
        close(fd);
    return err ? err : UV_ENOMEM;
}

static void leave(fs_removal *r)
{
    fs_removing *level = r->top;
    r->top = level->up;
    closedir(level->dir);
    free(level);
}

/* A folder that is not empty is entered. */
static int remove_name(fs_removal *r, const char *name)
{
    struct stat st;
    int folder = folder_of(r);
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW))
        return fs_fail(r->job, "unlink");
    if (!S_ISDIR(st.st_mode))
        return unlinkat(folder, name, 0) ? fs_fail(r->job, "unlink") : 0;
    if (!unlinkat(folder, name, AT_REMOVEDIR))
        return 0;
    bool full = errno == ENOTEMPTY || errno == EEXIST;
    if (!full || !r->recursive || (r->top && r->top->depth == FS_DEPTH))
        return fs_fail(r->job, "rmdir");
    return enter(r, name);
}

/* Entries may be made while we remove: it is empty when rmdir says so. */
static int end_folder(fs_removal *r)
{
    fs_removing *level = r->top;
    int above = level->up ? dirfd(level->up->dir) : r->folder;
    if (!unlinkat(above, level->name, AT_REMOVEDIR) || errno == ENOENT) {
        leave(r);
        return 0;
    }
    if (errno != ENOTEMPTY && errno != EEXIST)
        return fs_fail(r->job, "rmdir");
    rewinddir(level->dir);
    return 0;
}

static int next(fs_removal *r)
{
    errno = 0;
    const struct dirent *entry = readdir(r->top->dir);
    if (!entry)
        return errno ? fs_fail(r->job, "readdir") : end_folder(r);
    int err = fs_is_dots(entry->d_name) ? 0 : remove_name(r, entry->d_name);
    return err == UV_ENOENT ? 0 : err; /* it has gone meanwhile */
}

int fs_removal_run(fs_removal *r)
{
    uint64_t until = uv_hrtime() + FS_SLICE;
    int err = r->begun ? 0 : remove_name(r, r->name);
    r->begun = true;
    while (!err && r->top && !fs_slice_over(r->job, until))
        err = next(r);
    if (err || !r->top)
        return err;
    return atomic_load(&r->job->cancelled) ? UV_ECANCELED : FS_MORE;
}

void fs_removal_drop(fs_removal *r)
{
    while (r->top)
        leave(r);
}

/* ---- The function ---- */

typedef struct {
    fs_job job; /* its fd is the folder that the entry is in */
    fs_removal removal;
    char name[NAME_MAX + 1];
} remove_op;

/* "a/" is a folder, and no link to one. */
static int check_folder(fs_job *j, const char *name)
{
    struct stat st;
    j->syscall = "unlink";
    if (j->path[strlen(j->path) - 1] != '/' || fstatat(j->fd, name, &st, AT_SYMLINK_NOFOLLOW))
        return 0;
    return S_ISDIR(st.st_mode) ? 0 : UV_ENOTDIR;
}

static int begin(remove_op *o)
{
    fs_job *j = &o->job;
    j->fd = fs_open_entry(j, j->path, o->name);
    if (j->fd < 0)
        return j->fd;
    o->removal.job = j;
    o->removal.folder = j->fd;
    o->removal.name = o->name;
    return check_folder(j, o->name);
}

static int run(fs_job *j)
{
    remove_op *o = (remove_op *)j;
    int err = j->fd < 0 ? begin(o) : 0;
    if (!err)
        err = fs_removal_run(&o->removal);
    j->wanted = j->charged;
    return err;
}

static void release(neap_op *op, int delivered)
{
    fs_removal_drop(&neap_container_of(op, remove_op, job.op)->removal);
    fs_release(op, delivered);
}

static const neap_op_class remove_class = {"fs.remove", NULL, fs_cancel, release};

int fs_remove(lua_State *L)
{
    fs_check_path(L, 1);
    bool recursive = fs_flag(L, 2, "recursive", false);
    remove_op *o = fs_job_new(L, &remove_class, sizeof *o, run, 1);
    o->removal.recursive = recursive;
    return fs_job_start(L, &o->job);
}
