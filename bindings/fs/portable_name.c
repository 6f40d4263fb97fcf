/* portable_name.c -- neap_fs: files by their folder and name, as POSIX has it, where there is no O_PATH (or none like
 * Linux's). */
#if !defined(__linux__) || defined(NEAP_PORTABLE)

#include "name.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int no_follow(const fs_name *n)
{
    return n->follow ? 0 : AT_SYMLINK_NOFOLLOW;
}

/* A folder is not opened to be written. */
static int open_it(fs_job *j, const char *path, int access, bool follow)
{
    int flags = access | (follow ? 0 : O_NOFOLLOW);
    int fd = fs_open(j, path, flags, 0);
    return fd == UV_EISDIR ? fs_open(j, path, flags | O_DIRECTORY, 0) : fd;
}

int fs_name_open(fs_job *j, fs_name *n, const char *path, int access, bool follow)
{
    struct stat st;
    *n = (fs_name){.fd = -1, .folder = AT_FDCWD, .path = path, .follow = follow};
    if (j->plain)
        return fs_name_stat(n, &st) ? fs_fail(j, "open") : 0;
    n->fd = open_it(j, path, access, follow);
    return n->fd < 0 ? n->fd : 0;
}

int fs_name_in(fs_job *j, fs_name *n, int folder, const char *entry)
{
    struct stat st;
    *n = (fs_name){.fd = -1, .folder = folder, .path = entry};
    return fs_name_stat(n, &st) ? fs_fail(j, "open") : 0;
}

void fs_name_close(fs_name *n)
{
    if (n->fd >= 0)
        close(n->fd);
    n->fd = -1;
}

int fs_name_stat(const fs_name *n, struct stat *st)
{
    return n->fd >= 0 ? fstat(n->fd, st) : fstatat(n->folder, n->path, st, no_follow(n));
}

int fs_name_chmod(const fs_name *n, mode_t mode)
{
    return n->fd >= 0 ? fchmod(n->fd, mode) : fchmodat(n->folder, n->path, mode, 0);
}

int fs_name_chown(const fs_name *n, uid_t uid, gid_t gid)
{
    return n->fd >= 0 ? fchown(n->fd, uid, gid)
                      : fchownat(n->folder, n->path, uid, gid, no_follow(n));
}

int fs_name_set_times(const fs_name *n, const struct timespec times[2])
{
    return n->fd >= 0 ? futimens(n->fd, times) : utimensat(n->folder, n->path, times, no_follow(n));
}

/* Of what is open already: by its bits, since it is asked by no name. */
static int access_open(int fd, int mode)
{
    struct stat st;
    if (fstat(fd, &st))
        return -1;
    mode_t bits = st.st_uid == geteuid()   ? st.st_mode >> 6
                  : st.st_gid == getegid() ? st.st_mode >> 3
                                           : st.st_mode;
    bool root = !geteuid() && !(mode & X_OK && !(st.st_mode & 0111));
    if (root || (bits & (mode_t)mode) == (mode_t)mode)
        return 0;
    errno = EACCES;
    return -1;
}

int fs_name_access(const fs_name *n, int mode)
{
    return n->fd >= 0 ? access_open(n->fd, mode) : faccessat(n->folder, n->path, mode, AT_EACCESS);
}

/* A path is in no folder then: it is that of who may do everything. */
int fs_name_statvfs(const fs_name *n, struct statvfs *space)
{
    return n->fd >= 0 ? fstatvfs(n->fd, space) : statvfs(n->path, space);
}

int fs_name_link(const fs_name *n, int folder, const char *entry)
{
    if (n->fd < 0)
        return linkat(n->folder, n->path, folder, entry, 0);
    errno = ENOTSUP; /* what is open has no name to link by */
    return -1;
}

ssize_t fs_name_readlink(const fs_name *n, char *out, size_t size)
{
    if (n->fd < 0)
        return readlinkat(n->folder, n->path, out, size);
    errno = EINVAL; /* what could be opened is no link */
    return -1;
}

int fs_name_read(const fs_name *n, int flags)
{
    struct stat named, opened;
    if (n->fd >= 0)
        return fcntl(n->fd, F_DUPFD_CLOEXEC, 3);
    if (fs_name_stat(n, &named))
        return -1;
    int fd = openat(n->folder, n->path,
                    O_RDONLY | flags | O_NONBLOCK | O_CLOEXEC | (n->follow ? 0 : O_NOFOLLOW));
    if (fd < 0 ||
        (!fstat(fd, &opened) && opened.st_ino == named.st_ino && opened.st_dev == named.st_dev))
        return fd;
    close(fd);
    errno = EAGAIN; /* something was renamed meanwhile */
    return -1;
}

int fs_name_real(const fs_name *n, char *out, size_t size)
{
    char real[PATH_MAX];
    if (n->fd >= 0)
        return fs_real_path(n->fd, out, size);
    if (!realpath(n->path, real))
        return -1;
    if (strlen(real) >= size) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(out, real);
    return 0;
}

int fs_real_path(int fd, char *out, size_t size)
{
#if defined(F_GETPATH)
    char real[PATH_MAX];
    if (fcntl(fd, F_GETPATH, real))
        return -1;
    errno = ENAMETOOLONG;
    if (strlen(real) >= size)
        return -1;
    strcpy(out, real);
    return 0;
#else
    (void)fd, (void)out, (void)size;
    errno = ENOSYS;
    return -1;
#endif
}

static uint64_t nanoseconds(int64_t seconds, int64_t rest)
{
    return (uint64_t)seconds * 1000000000 + (uint64_t)rest;
}

uint64_t fs_birth(int folder, const char *entry, const struct stat *st)
{
    (void)folder, (void)entry;
#if defined(__APPLE__)
    return nanoseconds(st->st_birthtimespec.tv_sec, st->st_birthtimespec.tv_nsec);
#elif defined(__FreeBSD__)
    return nanoseconds(st->st_birthtim.tv_sec, st->st_birthtim.tv_nsec);
#elif defined(STATX_BTIME)
    struct statx x;
    (void)st;
    if (statx(folder, entry, AT_SYMLINK_NOFOLLOW, STATX_BTIME, &x) || !(x.stx_mask & STATX_BTIME))
        return 0;
    return nanoseconds(x.stx_btime.tv_sec, x.stx_btime.tv_nsec);
#else
    (void)st;
    return 0;
#endif
}

/* On macOS fsync brings it to the drive only, which may lose it. */
int fs_sync(int fd, bool data_only)
{
    (void)data_only;
#if defined(F_FULLFSYNC)
    if (!fcntl(fd, F_FULLFSYNC))
        return 0;
#endif
    return fsync(fd);
}

bool fs_clone(int to, int from)
{
    (void)to, (void)from;
    return false;
}

ssize_t fs_copy_range(int from, int64_t in, int to, int64_t out, size_t length)
{
    (void)from, (void)in, (void)to, (void)out, (void)length;
    errno = ENOSYS;
    return -1;
}

#else
typedef int neap_no_portable_name; /* a file may not be empty */
#endif
