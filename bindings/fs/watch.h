/* watch.h -- what watch.c and its two systems share: linux_watch.c for inotify, portable_watch.c for what
 * libuv has elsewhere. */
#ifndef NEAP_FS_WATCH_H
#define NEAP_FS_WATCH_H

#include "fs.h"

#include <limits.h>

typedef struct {
    neap_handle handle;
    neap_op *waiter; /* for something to happen */
    void *system;    /* the system's */
} fs_watches;

typedef struct {
    fs_job job;
    fs_watches *watches; /* pinned, perhaps closed */
    bool is_below;       /* a folder, and no link to one */
    int queue;           /* inotify's, a descriptor of its own, or -1 */
    int number;          /* the result */
    char real[PATH_MAX];
} fs_watch_add;

void fs_watches_wake(fs_watches *w, int status); /* there is something for who waits */

/* ---- The system's ---- */

extern const char
    fs_watch_system[]; /* its name, by which lua/neap/fs/watch.lua knows what events mean */

int fs_watches_open(fs_watches *w, const neap_uv *host); /* 0 or a status */
int fs_watches_close(fs_watches *w);                     /* 1: handle_closed() follows */
int fs_watches_listen(fs_watches *w, bool on);           /* 0 or a status; keeps the loop alive */
bool fs_watches_any(const fs_watches *w); /* something has happened; false: listening tells */
int fs_watches_take(lua_State *L,
                    fs_watches *w); /* pushes the list of events there are, or fails */
bool fs_watches_remove(fs_watches *w, int number);

/* Adding a folder: before it goes to the pool, there, and after. 0 or a status. */
int fs_watch_prepare(fs_watch_add *a);
int fs_watch_run(fs_job *j);
int fs_watch_finish(fs_watch_add *a);

#endif
