/* linux_name.c -- neap_fs: files by O_PATH descriptors and their links in /proc; clones and copies in the kernel. */
#if defined(__linux__) && !defined(NEAP_PORTABLE)

#include "name.h"

#include <linux/fs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { SELF = 32 };

static const char *self_path(int fd, char out[SELF])
{
    snprintf(out, SELF, "/proc/self/fd/%d", fd);
    return out;
}

int fs_name_open(fs_job *j, fs_name *n, const char *path, int access, bool follow)
{
    *n = (fs_name){.fd = fs_open(j, path, O_PATH | access | (follow ? 0 : O_NOFOLLOW), 0)};
    return n->fd < 0 ? n->fd : 0;
}

int fs_name_in(fs_job *j, fs_name *n, int folder, const char *entry)
{
    *n = (fs_name){.fd = openat(folder, entry, O_PATH | O_NOFOLLOW | O_CLOEXEC)};
    return n->fd < 0 ? fs_fail(j, "open") : 0;
}

void fs_name_close(fs_name *n)
{
    if (n->fd >= 0)
        close(n->fd);
    n->fd = -1;
}

int fs_name_stat(const fs_name *n, struct stat *st)
{
    return fstat(n->fd, st);
}

/* A descriptor that only names a file cannot be given to fchmod. */
int fs_name_chmod(const fs_name *n, mode_t mode)
{
    char self[SELF];
    return chmod(self_path(n->fd, self), mode);
}

int fs_name_chown(const fs_name *n, uid_t uid, gid_t gid)
{
    return fchownat(n->fd, "", uid, gid, AT_EMPTY_PATH);
}

int fs_name_set_times(const fs_name *n, const struct timespec times[2])
{
    return utimensat(n->fd, "", times, AT_EMPTY_PATH);
}

int fs_name_access(const fs_name *n, int mode)
{
    char self[SELF];
    return faccessat(AT_FDCWD, self_path(n->fd, self), mode, AT_EACCESS);
}

int fs_name_statvfs(const fs_name *n, struct statvfs *space)
{
    return fstatvfs(n->fd, space);
}

int fs_name_link(const fs_name *n, int folder, const char *entry)
{
    char self[SELF];
    return linkat(AT_FDCWD, self_path(n->fd, self), folder, entry, AT_SYMLINK_FOLLOW);
}

/* Of what is no link the kernel says ENOENT here. */
ssize_t fs_name_readlink(const fs_name *n, char *out, size_t size)
{
    ssize_t length = readlinkat(n->fd, "", out, size);
    if (length < 0 && errno == ENOENT)
        errno = EINVAL;
    return length;
}

int fs_name_read(const fs_name *n, int flags)
{
    char self[SELF];
    return open(self_path(n->fd, self), O_RDONLY | flags | O_NONBLOCK | O_CLOEXEC);
}

int fs_name_real(const fs_name *n, char *out, size_t size)
{
    return fs_real_path(n->fd, out, size);
}

int fs_real_path(int fd, char *out, size_t size)
{
    char self[SELF];
    ssize_t n = readlink(self_path(fd, self), out, size - 1);
    if (n < 0)
        return -1;
    out[n] = '\0';
    return 0;
}

/* Who asks knows by inotify. */
uint64_t fs_birth(int folder, const char *entry, const struct stat *st)
{
    (void)folder, (void)entry, (void)st;
    return 0;
}

int fs_sync(int fd, bool data_only)
{
    return data_only ? fdatasync(fd) : fsync(fd);
}

bool fs_clone(int to, int from)
{
#if defined(FICLONE)
    return !ioctl(to, FICLONE, from);
#else
    (void)to, (void)from;
    return false;
#endif
}

ssize_t fs_copy_range(int from, int64_t in, int to, int64_t out, size_t length)
{
    off_t source = (off_t)in, target = (off_t)out;
    return copy_file_range(from, &source, to, &target, length, 0);
}

#else
typedef int neap_no_linux_name; /* a file may not be empty */
#endif
