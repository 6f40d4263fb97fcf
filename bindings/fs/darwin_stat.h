/* darwin_stat.h -- macOS: the times in a struct stat, which POSIX calls otherwise. */
#ifndef NEAP_FS_DARWIN_STAT_H
#define NEAP_FS_DARWIN_STAT_H

#if defined(__APPLE__)
#define st_atim st_atimespec
#define st_mtim st_mtimespec
#define st_ctim st_ctimespec
#endif

#endif
