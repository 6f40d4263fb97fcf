/* copy_file.c -- neap_fs: copying one file, as cheaply as the system can.
 *
 * First as a clone, which shares the blocks; then by copy_file_range, inside the kernel; then by
 * reading and writing. Holes stay holes. What replaces another file is written beside it and takes
 * its name when it is whole; where nothing may be replaced, it is made under its name, or not. */
#include "copy.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK = 8 << 20, BUFFER = 256 * 1024 };

void fs_temp_name(fs_copy *c)
{
    snprintf(c->temp, sizeof c->temp, ".neap-%016llx", (unsigned long long)c->seed++);
}

/* Who is not its owner gets no set-uid bit of another's. */
int fs_dress(fs_copy *c, int fd, const struct stat *st)
{
    bool owned = c->owner && !fchown(fd, st->st_uid, st->st_gid);
    mode_t mode = st->st_mode & (owned ? 07777 : 01777);
    struct timespec times[2] = {st->st_atim, st->st_mtim};
    if (c->owner && !owned && errno != EPERM)
        return fs_fail(&c->job, "fchown");
    if (c->mode && fchmod(fd, mode))
        return fs_fail(&c->job, "fchmod");
    if (c->times && futimens(fd, times))
        return fs_fail(&c->job, "futimens");
    return 0;
}

/* ---- Beginning ---- */

static int open_target(fs_copy *c)
{
    fs_job *j = &c->job;
    struct stat st;
    bool replaces = c->existing == FS_REPLACE;
    if (!fstatat(c->folder, c->name, &st, AT_SYMLINK_NOFOLLOW)) {
        j->syscall = "copy";
        if (S_ISDIR(st.st_mode))
            return UV_EISDIR;
        if (replaces && st.st_ino == c->st.st_ino && st.st_dev == c->st.st_dev)
            return UV_EINVAL; /* onto itself */
    }
    if (replaces)
        fs_temp_name(c);
    mode_t mode = c->mode ? 0600 : 0666;
    const char *name = replaces ? c->temp : c->name;
    int fd = openat(c->folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    return fd < 0 ? fs_fail(j, "open") : fd;
}

int fs_copy_begin(fs_copy *c, const fs_name *named, const struct stat *st, int folder,
                  const char *name)
{
    c->from = fs_name_read(named, 0);
    if (c->from < 0)
        return fs_fail(&c->job, "open");
    c->st = *st;
    c->folder = folder;
    strcpy(c->name, name);
    c->to = open_target(c);
    if (c->to < 0) {
        int err = c->to;
        close(c->from);
        c->from = -1;
        return err == UV_EEXIST && c->existing == FS_SKIP ? 0 : err;
    }
    c->file = true;
    c->at = fs_clone(c->to, c->from) ? st->st_size : 0;
    c->whole = !st->st_size; /* or it does not know its size, as files of /proc */
    return 0;
}

void fs_copy_drop(fs_copy *c)
{
    if (!c->file)
        return;
    unlinkat(c->folder, c->existing == FS_REPLACE ? c->temp : c->name, 0);
    close(c->from);
    close(c->to);
    c->from = c->to = -1;
    c->file = false;
}

/* ---- The bytes ---- */

static int copy_by_hand(fs_copy *c, size_t most)
{
    fs_job *j = &c->job;
    int full = fs_room(j, BUFFER);
    if (full)
        return full;
    ssize_t n;
    do
        n = pread(c->from, j->data, most < BUFFER ? most : BUFFER, (off_t)c->at);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return fs_fail(j, "read");
    j->length = (size_t)n;
    int err = fs_write(j, c->to, c->at);
    c->at += n;
    if (!n && c->at < c->st.st_size)
        c->st.st_size = c->at; /* it became shorter meanwhile */
    return err ? err : n ? 1 : 0;
}

static bool kernel_cannot(void)
{
    return errno == EXDEV || errno == ENOSYS || errno == EINVAL || errno == EOPNOTSUPP ||
           errno == EPERM || errno == EBADF || errno == ETXTBSY;
}

/* At most so many bytes from `at` on. 1; 0: it has ended; or a status. */
static int copy_bytes(fs_copy *c, int64_t most)
{
    size_t chunk = most < CHUNK ? (size_t)most : CHUNK;
    ssize_t n = c->whole ? 0 : fs_copy_range(c->from, c->at, c->to, c->at, chunk);
    if (n < 0 && !kernel_cannot())
        return fs_fail(&c->job, "copy_file_range");
    if (n <= 0)
        return copy_by_hand(c, chunk);
    c->at += n;
    return 1;
}

/* 1: there is data at c->at for *most bytes; 0: there is none until the end. */
static int next_data(fs_copy *c, int64_t *most)
{
    *most = INT64_MAX;
    if (c->whole)
        return 1;
    off_t data = lseek(c->from, (off_t)c->at, SEEK_DATA);
    off_t hole = data < 0 ? -1 : lseek(c->from, data, SEEK_HOLE);
    if (data < 0 && errno == ENXIO)
        return 0;
    if (hole < 0) { /* it cannot tell */
        c->whole = true;
        return 1;
    }
    c->at = data;
    *most = hole - data;
    return 1;
}

static int finish(fs_copy *c)
{
    fs_job *j = &c->job;
    int err =
        c->at < c->st.st_size && ftruncate(c->to, c->st.st_size) ? fs_fail(j, "ftruncate") : 0;
    if (!err)
        err = fs_dress(c, c->to, &c->st);
    if (!err && c->existing == FS_REPLACE && renameat(c->folder, c->temp, c->folder, c->name))
        err = fs_fail(j, "rename");
    if (err)
        return err;
    close(c->from);
    close(c->to);
    c->from = c->to = -1;
    c->file = false;
    return 0;
}

int fs_copy_part(fs_copy *c)
{
    int64_t most;
    int more = c->whole || c->at < c->st.st_size;
    while (more == 1 && !fs_slice_over(&c->job, c->until)) {
        more = next_data(c, &most);
        if (more == 1)
            more = copy_bytes(c, most);
        if (more == 1 && !c->whole && c->at >= c->st.st_size)
            more = 0;
    }
    return more < 0 ? more : more ? 0 : finish(c);
}
