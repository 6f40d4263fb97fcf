/* path.h -- opening files by name, where operating systems differ. Failures are negative errno values. */
#ifndef NEAP_HOST_OS_PATH_H
#define NEAP_HOST_OS_PATH_H

#include <fcntl.h>

/* Open `path` with nothing on its way leaving `folder`, in one call. A status; -ENOSYS: this
 * system (or kernel) has no such call. */
int neap_os_open_beneath(int folder, const char *path, int flags, int mode);

/* Opening a folder only to name what is in it. */
#if defined(O_PATH) && !defined(NEAP_PORTABLE)
#define NEAP_O_SEARCH (O_PATH | O_DIRECTORY)
#elif defined(O_SEARCH)
#define NEAP_O_SEARCH (O_SEARCH | O_DIRECTORY)
#else
#define NEAP_O_SEARCH (O_RDONLY | O_DIRECTORY)
#endif

/* Naming a file without opening it, a link itself too; 0: there is no such flag. */
#if defined(O_PATH) && !defined(NEAP_PORTABLE)
#define NEAP_O_PATH O_PATH
#else
#define NEAP_O_PATH 0
#endif

#endif
