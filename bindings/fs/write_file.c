/* write_file.c -- neap_fs: write_file(path, text, options), which is there whole or not at all.
 *
 * The text goes to a new file beside the old one, which then takes its name: a reader sees the old
 * text or the new, after a crash as well (both the file and the folder are synced). Links are
 * followed first, so that it is their target which is replaced. The file keeps its mode, and its
 * owner where we may give it. Written in place instead: with append or atomic = false, what is no
 * regular file (/dev/null), and where the permission is for the file alone and not its folder. */
#include "name.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { IN_PLACE = FS_MORE + 1, NEW_MODE = 0666 };

typedef struct {
    fs_job job;
    bool append, atomic, sync;
    int mode;      /* -1: the one it has */
    char temp[32]; /* name of the new file */
} write_op;

/* Where a file is, its links followed. */
typedef struct {
    int folder; /* descriptor, or -1 */
    bool exists;
    struct stat st;
    char path[PATH_MAX], name[NAME_MAX + 1];
} place;

/* ---- On a pool thread ---- */

static int write_in_place(write_op *w)
{
    fs_job *j = &w->job;
    int flags = O_WRONLY | O_CREAT | (w->append ? O_APPEND : O_TRUNC);
    j->refused = NULL;
    j->fd = fs_open(j, j->path, flags, w->mode < 0 ? NEW_MODE : w->mode);
    if (j->fd < 0)
        return j->fd;
    int err = fs_write(j, j->fd, -1);
    if (!err && w->sync && fs_sync(j->fd, false) && errno != EINVAL && errno != EROFS)
        err = fs_fail(j, "fsync");
    fs_close(j);
    return err;
}

/* The place's path becomes the real one of its folder, in which ".." means what the kernel would have
 * it mean: a restricted runtime takes it by text. */
static int real_folder(fs_job *j, place *p)
{
    char folder[PATH_MAX];
    const char *slash = strrchr(p->path, '/');
    size_t length = slash ? (size_t)(slash + 1 - p->path) : 0;
    if (fs_real_path(p->folder, folder, sizeof folder) || folder[0] != '/') { /* no /proc */
        p->path[length] = '\0';
        if (!realpath(length ? p->path : ".", folder))
            return fs_fail(j, "realpath");
    }
    size_t n = strlen(folder);
    if (n + 2 > sizeof p->path)
        return UV_ENAMETOOLONG;
    memcpy(p->path, folder, n);
    strcpy(p->path + n, "/");
    return 0;
}

/* The link `name` in the place's path is replaced by where it points. */
static int follow(fs_job *j, place *p)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(p->folder, p->name, target, sizeof target - 1);
    if (n < 0)
        return fs_fail(j, "readlink");
    target[n] = '\0';
    int err = *target == '/' ? 0 : real_folder(j, p);
    if (err)
        return err;
    size_t head = *target == '/' ? 0 : strlen(p->path);
    if (head + (size_t)n >= sizeof p->path)
        return UV_ENAMETOOLONG;
    memcpy(p->path + head, target, (size_t)n + 1);
    return 0;
}

/* 0: p is a file or nothing yet; IN_PLACE; or a status. */
static int look(fs_job *j, place *p)
{
    const char *name;
    size_t length;
    p->folder = fs_open_parent(j, p->path, &name, &length);
    if (p->folder < 0)
        return p->folder == NEAP_EPERMISSION ? IN_PLACE : p->folder;
    if (name[length] == '/')
        return UV_EISDIR;
    memcpy(p->name, name, length);
    p->name[length] = '\0';
    p->exists = !fstatat(p->folder, p->name, &p->st, AT_SYMLINK_NOFOLLOW);
    if (!p->exists)
        return errno == ENOENT ? 0 : fs_fail(j, "stat");
    if (S_ISDIR(p->st.st_mode))
        return UV_EISDIR;
    return S_ISREG(p->st.st_mode) || S_ISLNK(p->st.st_mode) ? 0 : IN_PLACE;
}

static int locate(fs_job *j, place *p)
{
    if (strlen(j->path) >= sizeof p->path)
        return UV_ENAMETOOLONG;
    strcpy(p->path, j->path);
    for (int links = 0; links < FS_LINKS; links++) {
        int err = look(j, p);
        if (err || !p->exists || !S_ISLNK(p->st.st_mode))
            return err;
        err = follow(j, p);
        close(p->folder);
        p->folder = -1;
        if (err)
            return err;
    }
    return UV_ELOOP;
}

/* The new file gets the old one's owner, as far as we may give it, and its mode. */
static int dress(write_op *w, const place *p)
{
    int fd = w->job.fd, mode = w->mode < 0 ? (int)(p->st.st_mode & 07777) : w->mode;
    if (p->exists && fchown(fd, p->st.st_uid, p->st.st_gid) && w->mode < 0)
        mode &= 01777; /* set-uid for another user would be a gift */
    if ((p->exists || w->mode >= 0) && fchmod(fd, (mode_t)mode))
        return fs_fail(&w->job, "fchmod");
    return 0;
}

static void sync_folder(int folder) /* best effort: some systems and folders do not let us */
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    fs_sync(fd, false);
    close(fd);
}

static int replace(write_op *w, const place *p)
{
    fs_job *j = &w->job;
    int mode = p->exists || w->mode >= 0 ? 0600 : NEW_MODE, err;
    j->fd = openat(p->folder, w->temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (j->fd < 0)
        return fs_fail(j, "open");
    if ((err = dress(w, p)) || (err = fs_write(j, j->fd, -1)))
        goto fail;
    if (w->sync && fs_sync(j->fd, false)) {
        err = fs_fail(j, "fsync");
        goto fail;
    }
    if (renameat(p->folder, w->temp, p->folder, p->name)) {
        err = fs_fail(j, "rename");
        goto fail;
    }
    if (w->sync)
        sync_folder(p->folder);
    fs_close(j);
    return 0;

fail:
    unlinkat(p->folder, w->temp, 0);
    fs_close(j);
    return err;
}

static int run(fs_job *j)
{
    write_op *w = (write_op *)j;
    place p = {.folder = -1};
    int err = w->append || !w->atomic ? IN_PLACE : locate(j, &p);
    if (!err)
        err = replace(w, &p);
    else if (err == IN_PLACE)
        err = write_in_place(w);
    if (p.folder >= 0)
        close(p.folder);
    return err;
}

/* ---- The function ---- */

static const neap_op_class write_class = {"fs.write_file", NULL, fs_cancel, fs_release};

int fs_write_file(lua_State *L)
{
    size_t length;
    fs_check_path(L, 1);
    const char *text = luaL_checklstring(L, 2, &length);
    bool append = fs_flag(L, 3, "append", false), atomic = fs_flag(L, 3, "atomic", true);
    bool sync = fs_flag(L, 3, "sync", atomic && !append);
    int mode = fs_mode(L, 3, "mode", -1);
    write_op *w = fs_job_new(L, &write_class, sizeof *w, run, 1);
    w->append = append;
    w->atomic = atomic;
    w->sync = sync;
    w->mode = mode;
    uint64_t random = 0;
    int err = neap->random(w->job.op.env, &random, sizeof random);
    snprintf(w->temp, sizeof w->temp, ".neap-%016llx", (unsigned long long)random);
    if (err || (err = fs_job_copy(&w->job, text, length))) {
        fs_job_finish(&w->job, err);
        return neap->wait(L, &w->job.op);
    }
    return fs_job_start(L, &w->job);
}
