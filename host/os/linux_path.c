/* linux_path.c -- Linux: opening beneath a folder in one call, openat2(2); elsewhere there is none.
 *
 * RESOLVE_BENEATH: no "..", link or absolute path on the way leaves the folder, checked by the
 * kernel at each step, renames included. RESOLVE_NO_MAGICLINKS: nor do the links of /proc, which
 * lead to other processes' files whatever their text. */
#include "path.h"

#include <errno.h>

#if defined(__linux__) && !defined(NEAP_PORTABLE)

#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#if defined(__linux__) && !defined(NEAP_PORTABLE) && defined(SYS_openat2)

#include <linux/openat2.h>

int neap_os_open_beneath(int folder, const char *path, int flags, int mode)
{
    struct open_how how = {
        .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
        .mode = flags & O_CREAT ? (uint64_t)mode & 07777 : 0, /* anything else is EINVAL */
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    int fd;
    do
        fd = (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
    while (fd < 0 && errno == EINTR);
    return fd < 0 ? -errno : fd;
}

#else

int neap_os_open_beneath(int folder, const char *path, int flags, int mode)
{
    (void)folder, (void)path, (void)flags, (void)mode;
    return -ENOSYS;
}

#endif
