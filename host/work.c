/* work.c: jobs on libuv's thread pool.
 *
 *   neap_work_queue(rt, work)   0: work->done will be called, once, on the loop's thread
 *   neap_works_run(root)        calls the done of those that have run; the root's async asks for it
 *   neap_works_cancel(rt)       those that have not started get done(UV_ECANCELED)
 *
 * The pool is the process's and small. So that slow jobs of one runtime stop nobody else's DNS,
 * each has a cap of threads it may use: the pool's size less one for a root, one for a child. All
 * jobs wait in their runtime's queue, first in, first out, linked through the job's own `host`
 * words. What goes to the pool is a worker: it takes jobs from the queue until that is empty or its
 * slice is over, since a trip to the pool costs more than to read a small file that is in memory.
 * What has run is told at once, job by job, so that a quick one does not wait for a slow one that
 * the same worker took after it.
 *
 * A job survives the cancel or close of what it works for: its owner drops the result in done().
 * rt->works counts the workers in the pool: none means that nothing waits and that every done() has
 * been called. The shutdown waits for that.
 */
#include <stdlib.h>

#include "host.h"

enum { POOL_SIZE = 4, POOL_MAX = 1024 }; /* libuv's */
enum { SLICE = 2000000 }; /* ns in which a worker takes jobs: then it lines up again */

typedef struct {
    uv_work_t req;
    list member; /* of root->workers */
    neap_runtime *rt;
    uint64_t until; /* it takes jobs */
    list finished;  /* jobs that have run; under root->lock */
} worker;

_Static_assert(sizeof(list) <= sizeof(((neap_work *)0)->host), "waiting, it is linked by `host`");

static list *node_of(neap_work *work)
{
    return (list *)(void *)work->host;
}

static neap_work *work_of(list *node)
{
    return neap_container_of((void **)node, neap_work, host[0]);
}

static int pool_size(void) /* as libuv reads it */
{
    const char *text = getenv("UV_THREADPOOL_SIZE");
    int n = text ? atoi(text) : POOL_SIZE;
    return n < 1 ? 1 : n > POOL_MAX ? POOL_MAX : n;
}

static int cap(neap_runtime *rt)
{
    if (!rt->work_cap)
        rt->work_cap = rt->parent || pool_size() == 1 ? 1 : pool_size() - 1;
    return rt->work_cap;
}

/* All of a list, leaving it empty. */
static void take_all(list *from, list *to)
{
    list_init(to);
    if (list_empty(from))
        return;
    *to = *from;
    to->next->prev = to->prev->next = to;
    list_init(from);
}

/* ---- On a pool thread ---- */

/* The next job, where there is one; `ran`, which may be NULL, has been run. */
static neap_work *next_job(worker *w, neap_work *ran)
{
    neap_root *root = w->rt->root;
    list *node = NULL;
    uv_mutex_lock(&root->lock);
    bool first = ran && list_empty(&w->finished);
    if (ran)
        list_append(&w->finished, node_of(ran));
    if (!list_empty(&w->rt->work_queue) && uv_hrtime() < w->until) {
        node = w->rt->work_queue.next;
        list_remove(node);
    }
    uv_mutex_unlock(&root->lock);
    if (first && node) /* else the worker's own end tells */
        uv_async_send(&root->async);
    return node ? work_of(node) : NULL;
}

static void on_work(uv_work_t *req)
{
    worker *w = neap_container_of(req, worker, req);
    w->until = uv_hrtime() + SLICE;
    for (neap_work *job = next_job(w, NULL); job; job = next_job(w, job))
        job->run(job);
}

/* ---- On the loop's thread ---- */

static void tell(worker *w)
{
    list finished;
    uv_mutex_lock(&w->rt->root->lock);
    take_all(&w->finished, &finished);
    uv_mutex_unlock(&w->rt->root->lock);
    while (!list_empty(&finished)) {
        neap_work *job = work_of(finished.next);
        list_remove(finished.next);
        job->done(job, 0);
    }
}

void neap_works_run(neap_root *root)
{
    for (list *l = root->workers.next; l != &root->workers; l = l->next)
        tell(neap_container_of(l, worker, member));
}

static bool any_waits(neap_runtime *rt)
{
    uv_mutex_lock(&rt->root->lock);
    bool any = !list_empty(&rt->work_queue);
    uv_mutex_unlock(&rt->root->lock);
    return any;
}

static void on_done(uv_work_t *req, int status);

static void start(worker *w)
{
    uv_queue_work(w->rt->root->loop, &w->req, on_work, on_done); /* fails only without on_work */
}

/* Its slice was over, or jobs came when it was about to end: it lines up behind others. */
static void on_done(uv_work_t *req, int status)
{
    worker *w = neap_container_of(req, worker, req);
    neap_runtime *rt = w->rt;
    (void)status;
    tell(w);
    if (any_waits(rt)) {
        start(w);
        return;
    }
    list_remove(&w->member);
    rt->works--;
    neap_mem(rt, w, sizeof *w, 0);
    neap_closing_advance(rt); /* may free rt */
}

static int add_worker(neap_runtime *rt)
{
    worker *w = neap_mem(rt, NULL, 0, sizeof *w);
    if (!w)
        return rt->works ? 0 : UV_ENOMEM; /* nobody would take it out of the queue */
    w->rt = rt;
    list_init(&w->finished);
    list_append(&rt->root->workers, &w->member);
    rt->works++;
    start(w);
    return 0;
}

/* 0, UV_ENOMEM. Allowed in done() and while the runtime closes, when a resource is let go by a job. */
int neap_work_queue(neap_runtime *rt, neap_work *work)
{
    uv_mutex_lock(&rt->root->lock);
    list_append(&rt->work_queue, node_of(work));
    uv_mutex_unlock(&rt->root->lock);
    int err = rt->works < cap(rt) ? add_worker(rt) : 0;
    if (err)
        list_remove(node_of(work)); /* there is no worker that could have it */
    return err;
}

/* done() may queue more (the second half of a job), which then runs: who closes checks rt->works. */
void neap_works_cancel(neap_runtime *rt)
{
    list waiting;
    uv_mutex_lock(&rt->root->lock);
    take_all(&rt->work_queue, &waiting);
    uv_mutex_unlock(&rt->root->lock);
    for (list *l = rt->root->workers.next; l != &rt->root->workers; l = l->next) {
        worker *w = neap_container_of(l, worker, member);
        if (w->rt == rt)
            uv_cancel((uv_req_t *)&w->req); /* others may fill the pool */
    }
    while (!list_empty(&waiting)) {
        neap_work *work = work_of(waiting.next);
        list_remove(waiting.next);
        work->done(work, UV_ECANCELED);
    }
}
