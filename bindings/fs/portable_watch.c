/* portable_watch.c -- neap_fs: watching by what libuv has of its own, where there is no inotify: FSEvents on macOS,
 * kqueue on the BSDs.
 *
 * These tell that something is different in a folder, and hardly what: so that is all there is in an event. What it is
 * lua/neap/fs/watch/survey.lua finds out. Entries lie in an array by their numbers, and are freed in libuv's close
 * callback; the last of these, with that of `awake`, ends the handle. `awake` keeps the loop alive while somebody
 * waits: entries do not. */
#if !defined(__linux__) || defined(NEAP_PORTABLE)

#include "name.h"
#include "watch.h"

#include <stdlib.h>
#include <string.h>

const char fs_watch_system[] = "portable";

typedef struct {
    uv_fs_event_t uv;
    fs_watches *owner;
    bool different;
} entry;

typedef struct {
    uv_async_t awake;
    uv_loop_t *loop;
    entry **entries;
    int room, different, open; /* open: handles of libuv's, also closing ones */
} portable;

/* ---- Opening and closing ---- */

static void on_nothing(uv_async_t *async)
{
    (void)async;
}

int fs_watches_open(fs_watches *w, const neap_uv *host)
{
    portable *p = neap->alloc(w->handle.env, NULL, 0, sizeof *p);
    if (!p)
        return UV_ENOMEM;
    memset(p, 0, sizeof *p);
    p->loop = host->loop(w->handle.env);
    int status = uv_async_init(p->loop, &p->awake, on_nothing);
    if (status) {
        neap->alloc(w->handle.env, p, sizeof *p, 0);
        return status;
    }
    uv_unref((uv_handle_t *)&p->awake);
    p->awake.data = w;
    p->open = 1;
    w->system = p;
    return 0;
}

static void count_down(fs_watches *w)
{
    portable *p = w->system;
    if (--p->open)
        return;
    neap->alloc(w->handle.env, p->entries, (size_t)p->room * sizeof *p->entries, 0);
    neap->alloc(w->handle.env, p, sizeof *p, 0);
    w->system = NULL;
    neap->handle_closed(&w->handle);
}

static void on_closed(uv_handle_t *handle)
{
    count_down(handle->data);
}

static void on_entry_closed(uv_handle_t *handle)
{
    entry *e = neap_container_of((uv_fs_event_t *)handle, entry, uv);
    fs_watches *w = e->owner;
    neap->alloc(w->handle.env, e, sizeof *e, 0);
    count_down(w);
}

bool fs_watches_remove(fs_watches *w, int number)
{
    portable *p = w->system;
    entry *e = number >= 0 && number < p->room ? p->entries[number] : NULL;
    if (!e)
        return false;
    p->different -= e->different;
    p->entries[number] = NULL;
    uv_close((uv_handle_t *)&e->uv, on_entry_closed);
    return true;
}

int fs_watches_close(fs_watches *w)
{
    portable *p = w->system;
    if (!p)
        return 0;
    for (int i = 0; i < p->room; i++)
        fs_watches_remove(w, i);
    uv_close((uv_handle_t *)&p->awake, on_closed);
    return 1;
}

/* ---- Events ---- */

/* A folder that cannot be watched any more is different, too. */
static void on_change(uv_fs_event_t *uv, const char *name, int events, int status)
{
    entry *e = neap_container_of(uv, entry, uv);
    portable *p = e->owner->system;
    (void)name, (void)events, (void)status;
    p->different += !e->different;
    e->different = true;
    if (e->owner->waiter)
        fs_watches_wake(e->owner, 0);
}

int fs_watches_listen(fs_watches *w, bool on)
{
    uv_handle_t *awake = (uv_handle_t *)&((portable *)w->system)->awake;
    if (on)
        uv_ref(awake);
    else
        uv_unref(awake);
    return 0;
}

bool fs_watches_any(const fs_watches *w)
{
    return ((portable *)w->system)->different > 0;
}

int fs_watches_take(lua_State *L, fs_watches *w)
{
    portable *p = w->system;
    lua_newtable(L);
    for (int i = 0, n = 0; i < p->room && p->different; i++) {
        if (!p->entries[i] || !p->entries[i]->different)
            continue;
        lua_createtable(L, 0, 1);
        lua_pushinteger(L, i);
        lua_setfield(L, -2, "number");
        lua_rawseti(L, -2, ++n);
        p->entries[i]->different = false;
        p->different--;
    }
    return 1;
}

/* ---- Folders ---- */

int fs_watch_prepare(fs_watch_add *a)
{
    (void)a;
    return 0;
}

/* libuv takes a path: the real one of what may be read. All that it tells by it is that something has changed. */
int fs_watch_run(fs_job *j)
{
    fs_watch_add *a = (fs_watch_add *)j;
    j->fd = fs_open(j, j->path, O_RDONLY | O_DIRECTORY | (a->is_below ? O_NOFOLLOW : 0), 0);
    if (j->fd < 0)
        return j->fd;
    if (fs_real_path(j->fd, a->real, sizeof a->real) && !realpath(j->path, a->real))
        return fs_fail(j, "realpath");
    return 0;
}

/* A free number, or a status. */
static int find_number(fs_watches *w)
{
    portable *p = w->system;
    int i = 0;
    while (i < p->room && p->entries[i])
        i++;
    if (i < p->room)
        return i;
    size_t room = p->room ? 2 * (size_t)p->room : 16, size = sizeof *p->entries;
    entry **entries = neap->alloc(w->handle.env, p->entries, (size_t)p->room * size, room * size);
    if (!entries)
        return UV_ENOMEM;
    memset(entries + p->room, 0, (room - (size_t)p->room) * size);
    p->entries = entries;
    p->room = (int)room;
    return i;
}

int fs_watch_finish(fs_watch_add *a)
{
    fs_watches *w = a->watches;
    portable *p = w->system;
    int number = find_number(w);
    entry *e = number < 0 ? NULL : neap->alloc(w->handle.env, NULL, 0, sizeof *e);
    if (!e)
        return UV_ENOMEM;
    *e = (entry){.owner = w};
    uv_fs_event_init(p->loop, &e->uv);
    uv_unref((uv_handle_t *)&e->uv);
    p->open++;
    p->entries[number] = e;
    a->number = number;
    a->job.syscall = "watch";
    int status = uv_fs_event_start(&e->uv, on_change, a->real, 0);
    if (status)
        fs_watches_remove(w, number);
    return status;
}

#else
typedef int neap_no_portable_watch; /* a file may not be empty */
#endif
