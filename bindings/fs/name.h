/* name.h -- a file that is named and not opened, and what else of files differs between operating systems:
 * linux_name.c, and portable_name.c for the others.
 *
 * On Linux a descriptor names it (O_PATH): it is that file, whatever is renamed meanwhile, and one may name what one
 * may not read. Elsewhere it is a folder and a name in it, or the path of who may do everything; a restricted runtime
 * has it opened, so that there it cannot change what it could not open.
 *
 * What has "0 or -1" leaves errno. */
#ifndef NEAP_FS_NAME_H
#define NEAP_FS_NAME_H

#include "fs.h"

#include <fcntl.h>
#include <sys/statvfs.h>

typedef struct {
    int fd;           /* or -1 */
    int folder;       /* where there is no fd */
    const char *path; /* in it */
    bool follow;
} fs_name;

/* 0 or a status. `access` is what is to be done: O_RDONLY needs fs.read, O_WRONLY fs.write, O_RDWR both. */
int fs_name_open(fs_job *j, fs_name *n, const char *path, int access, bool follow);
int fs_name_in(fs_job *j, fs_name *n, int folder, const char *entry); /* a link itself */
void fs_name_close(fs_name *n);

/* 0 or -1 */
int fs_name_stat(const fs_name *n, struct stat *st);
int fs_name_chmod(const fs_name *n, mode_t mode);
int fs_name_chown(const fs_name *n, uid_t uid, gid_t gid);
int fs_name_set_times(const fs_name *n, const struct timespec times[2]);
int fs_name_access(const fs_name *n, int mode);
int fs_name_statvfs(const fs_name *n, struct statvfs *space);
int fs_name_link(const fs_name *n, int folder, const char *entry);
ssize_t fs_name_readlink(const fs_name *n, char *out, size_t size); /* the length; no final 0 */
int fs_name_read(const fs_name *n,
                 int flags); /* a descriptor to read it by, of the file that has been named */
int fs_name_real(const fs_name *n, char *out, size_t size); /* the real path */

/* The real path of what is open; ENOSYS: nobody knows. 0 or -1. */
int fs_real_path(int fd, char *out, size_t size);
/* When an entry of a folder, of which `st` tells, was made, ns: another one may have its number later. 0: unknown. */
uint64_t fs_birth(int folder, const char *entry, const struct stat *st);
/* Bring what was written to the disk, or with data_only what is needed to read it. 0 or -1. */
int fs_sync(int fd, bool data_only);
/* Make `to`, which is empty, share the blocks of `from`. */
bool fs_clone(int to, int from);
/* Copy inside the kernel: how many bytes, or -1; ENOSYS: it cannot. */
ssize_t fs_copy_range(int from, int64_t in, int to, int64_t out, size_t length);

/* Opening a folder only to name what is in it. */
#if defined(O_PATH) && !defined(NEAP_PORTABLE)
#define FS_SEARCH (O_PATH | O_DIRECTORY | O_CLOEXEC)
#elif defined(O_SEARCH)
#define FS_SEARCH (O_SEARCH | O_DIRECTORY | O_CLOEXEC)
#else
#define FS_SEARCH (O_RDONLY | O_DIRECTORY | O_CLOEXEC)
#endif

#endif
