/* remote.c: what other threads hold of a runtime, and how they reach its loop.
 *
 *   neap_remote   counted; outlives the runtime. Its lock guards `rt`, which is NULL once the
 *                 runtime closes: who holds the lock and sees it may use the root's list and async.
 *   item          one post; from malloc, because any thread makes it
 *
 * An item goes through the root's list (any thread, under root->lock) into the run queue of its
 * runtime as a job (the loop's thread), so posts of one thread run in their order. Each item runs
 * or drops, exactly once: neap_remotes_close first cuts every remote off, after which nothing new
 * can come, then takes the items out of both lists and drops them.
 *
 * Locks are taken remote first, root second. A runtime's list of remotes is touched by the loop's
 * thread only: the last release, on any thread, posts the remote's own `gone` item, and the loop
 * unlinks and frees it.
 */
#include <stdlib.h>

#include "host.h"

struct neap_post_item {
    neap_job job;
    neap_post_item *next; /* in root->posted */
    neap_runtime *rt;
    neap_env *env;     /* NULL: an embedder's post */
    neap_remote *gone; /* no post: this remote is to be freed */
    union {
        void (*env)(neap_env *env, void *data);
        void (*runtime)(neap_runtime *rt, void *data);
    } fn;
    void (*drop)(void *data);
    void *data;
};

struct neap_remote {
    uv_mutex_t lock;
    neap_runtime *rt;
    int refs;
    neap_env *env;
    bool keep;                 /* its runtime's loop stays up for it */
    bool interrupts;           /* it may ask to: never changes */
    neap_remote *next, **link; /* in rt->remotes */
    neap_post_item last;
};

/* ---- The list ---- */

static void destroy(neap_remote *r)
{
    uv_mutex_destroy(&r->lock);
    free(r);
}

static void keep(neap_root *root, int change)
{
    root->keeps += change;
    if (root->keeps)
        uv_ref((uv_handle_t *)&root->async);
    else
        uv_unref((uv_handle_t *)&root->async);
}

static void unlink_remote(neap_runtime *rt, neap_remote *r)
{
    *r->link = r->next;
    if (r->next)
        r->next->link = r->link;
    if (r->keep)
        keep(rt->root, -1);
}

/* On the loop's thread. NULL: closing, or no memory. */
neap_remote *neap_remote_make(neap_runtime *rt, neap_env *env, bool keeps)
{
    neap_remote *r = rt->state == RT_OPEN ? calloc(1, sizeof *r) : NULL;
    if (!r || uv_mutex_init(&r->lock)) {
        free(r);
        return NULL;
    }
    r->rt = rt;
    r->refs = 1;
    r->env = env;
    r->keep = keeps;
    r->next = rt->remotes;
    if (r->next)
        r->next->link = &r->next;
    r->link = &rt->remotes;
    rt->remotes = r;
    if (keeps)
        keep(rt->root, 1);
    return r;
}

neap_remote *neap_remote_retain(neap_remote *remote)
{
    uv_mutex_lock(&remote->lock);
    remote->refs++;
    uv_mutex_unlock(&remote->lock);
    return remote;
}

/* ---- Any thread. Each holds the remote's lock, and its rt is there. ---- */

static void append(neap_root *root, neap_post_item *item)
{
    uv_mutex_lock(&root->lock);
    bool first = !root->posted;
    item->next = NULL;
    *root->posted_tail = item;
    root->posted_tail = &item->next;
    uv_mutex_unlock(&root->lock);
    if (first) /* for the others it was sent already: the loop takes all at once */
        uv_async_send(&root->async);
}

static int post(neap_remote *remote, neap_post_item model)
{
    neap_post_item *item = malloc(sizeof *item);
    if (!item)
        return UV_ENOMEM;
    *item = model;
    uv_mutex_lock(&remote->lock);
    neap_runtime *rt = remote->rt;
    if (rt) {
        item->rt = rt;
        append(rt->root, item);
    }
    uv_mutex_unlock(&remote->lock);
    if (!rt)
        free(item);
    return rt ? 0 : NEAP_ECLOSED;
}

int neap_remote_post(neap_remote *remote, void (*fn)(neap_env *, void *), void (*drop)(void *),
                     void *data)
{
    return post(remote,
                (neap_post_item){.env = remote->env, .fn.env = fn, .drop = drop, .data = data});
}

int neap_post(neap_remote *remote, void (*fn)(neap_runtime *rt, void *data), void (*drop)(void *),
              void *data)
{
    return post(remote, (neap_post_item){.fn.runtime = fn, .drop = drop, .data = data});
}

int neap_wake(neap_remote *remote)
{
    uv_mutex_lock(&remote->lock);
    int err = remote->rt ? uv_async_send(&remote->rt->root->async) : NEAP_ECLOSED;
    uv_mutex_unlock(&remote->lock);
    return err;
}

int neap_interrupt(neap_remote *remote)
{
    uv_mutex_lock(&remote->lock);
    neap_runtime *rt = remote->rt;
    if (rt && remote->interrupts) {
        atomic_store(&rt->interrupted, true);
        neap_slice_interrupt(rt->root->slicer, &rt->slice, NEAP_SLICE_INTERRUPT);
    }
    uv_mutex_unlock(&remote->lock);
    return !rt ? NEAP_ECLOSED : remote->interrupts ? 0 : UV_ENOTSUP;
}

/* Before another thread has it: the slicer that it then uses stays. Of NULL: NULL. */
neap_remote *neap_remote_interrupting(neap_remote *remote)
{
    if (remote)
        remote->interrupts = neap_limit_interruptible(remote->rt);
    return remote;
}

neap_remote *neap_remote_open(neap_runtime *rt)
{
    return neap_remote_interrupting(neap_remote_make(rt, NULL, true));
}

void neap_remote_close(neap_remote *remote)
{
    uv_mutex_lock(&remote->lock);
    bool gone = --remote->refs == 0;
    neap_runtime *rt = remote->rt;
    if (gone && rt) {
        remote->last.gone = remote;
        remote->last.rt = rt;
        append(rt->root, &remote->last); /* from here on it is the loop's */
    }
    uv_mutex_unlock(&remote->lock);
    if (gone && !rt)
        destroy(remote);
}

/* ---- The loop's thread ---- */

static void run(neap_job *job)
{
    neap_post_item *allocated = neap_container_of(job, neap_post_item, job), item = *allocated;
    free(allocated); /* fn may raise, or close the runtime */
    if (item.env)
        item.fn.env(item.env, item.data);
    else
        item.fn.runtime(item.rt, item.data);
}

static void bury(neap_remote *r)
{
    uv_mutex_lock(&r->lock); /* its last holder may still be inside neap_remote_close */
    uv_mutex_unlock(&r->lock);
    unlink_remote(r->rt, r);
    destroy(r);
}

static neap_post_item *take_all(neap_root *root)
{
    uv_mutex_lock(&root->lock);
    neap_post_item *item = root->posted;
    root->posted = NULL;
    root->posted_tail = &root->posted;
    uv_mutex_unlock(&root->lock);
    return item;
}

void neap_remotes_run(neap_root *root)
{
    for (neap_post_item *item = take_all(root), *next; item; item = next) {
        next = item->next;
        if (item->gone) {
            bury(item->gone);
        } else {
            item->job.run = run;
            neap_queue(item->rt, &item->job);
        }
    }
}

/* ---- Closing ---- */

/* After this nobody reaches rt any more. Remotes that others hold are theirs to free. */
static neap_remote *cut_off(neap_runtime *rt)
{
    neap_remote *unheld = NULL, *next;
    for (neap_remote *r = rt->remotes; r; r = next) {
        next = r->next;
        if (r->keep)
            keep(rt->root, -1);
        uv_mutex_lock(&r->lock);
        r->rt = NULL;
        if (!r->refs) { /* its `gone` item is under way */
            r->next = unheld;
            unheld = r;
        }
        uv_mutex_unlock(&r->lock);
    }
    rt->remotes = NULL;
    return unheld;
}

/* Out of the run queue, then out of the root's list: that is their order. */
static neap_post_item *collect(neap_runtime *rt)
{
    neap_post_item *items = NULL, **tail = &items;
    neap_job **link = &rt->head;
    while (*link) {
        neap_job *job = *link;
        if (job->run == run) {
            *link = job->next;
            *tail = neap_container_of(job, neap_post_item, job);
            tail = &(*tail)->next;
        } else {
            link = &job->next;
        }
    }
    rt->tail = link;

    uv_mutex_lock(&rt->root->lock);
    neap_post_item **posted = &rt->root->posted;
    while (*posted) {
        neap_post_item *item = *posted;
        if (item->rt == rt) {
            *posted = item->next;
            if (!item->gone) {
                *tail = item;
                tail = &item->next;
            }
        } else {
            posted = &item->next;
        }
    }
    rt->root->posted_tail = posted;
    uv_mutex_unlock(&rt->root->lock);
    *tail = NULL;
    return items;
}

void neap_remotes_close(neap_runtime *rt)
{
    neap_remote *unheld = cut_off(rt);
    neap_post_item *item = collect(rt);
    while (unheld) {
        neap_remote *next = unheld->next;
        destroy(unheld);
        unheld = next;
    }
    while (item) {
        neap_post_item *next = item->next;
        void (*drop)(void *) = item->drop;
        void *data = item->data;
        free(item);
        if (drop)
            drop(data);
        item = next;
    }
}
