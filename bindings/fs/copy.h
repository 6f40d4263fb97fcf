/* copy.h -- what copy.c and copy_file.c share: a copy under way. */
#ifndef NEAP_FS_COPY_H
#define NEAP_FS_COPY_H

#include "name.h"

#include <dirent.h>
#include <limits.h>

enum { FS_REPLACE, FS_SKIP, FS_FAIL }; /* what is there already */

typedef struct fs_level fs_level;

typedef struct {
    fs_job job;
    const char *lacks; /* the runtime may not do that everywhere; NULL: it may all */
    bool recursive, mode, times, owner;
    int follow; /* links: 1 all, 0 none, -1 the path itself */
    int existing;
    uint64_t seed;  /* of temporary names */
    uint64_t until; /* ns: this slice */
    bool begun;
    int target;     /* the folder that the copy is in */
    fs_level *top;  /* the folder that is being copied */
    bool root_made; /* `root` tells what the first became */
    struct stat root;
    char path[PATH_MAX]; /* of what is being copied */

    /* The file that is being copied. */
    bool file, whole; /* whole: no holes are looked for */
    int from, to, folder;
    int64_t at;
    struct stat st;
    char temp[32], name[NAME_MAX + 1];
} fs_copy;

void fs_temp_name(fs_copy *c);

/* Begin to copy what `named` names, to a name in a folder; go on; let go. */
int fs_copy_begin(fs_copy *c, const fs_name *named, const struct stat *st, int folder,
                  const char *name);
int fs_copy_part(fs_copy *c);
void fs_copy_drop(fs_copy *c);
/* What is kept of an original: mode, times, owner. */
int fs_dress(fs_copy *c, int fd, const struct stat *st);

#endif
