/* work.c: jobs on libuv's thread pool.
 *
 *   neap_work_queue(rt, work)   0: work->done will be called, once, on the loop's thread
 *   neap_works_cancel(rt)       those that have not started get done(UV_ECANCELED)
 *
 * The pool is the process's and small. So that slow jobs of one runtime stop nobody else's DNS,
 * each has a cap of jobs in flight: the pool's size less one for a root, one for a child. The rest
 * waits here, first in, first out, linked through the job's own `host` words. A job survives the
 * cancel or close of what it works for: its owner drops the result in done(). rt->works counts
 * those in the pool; the shutdown waits until there are none.
 */
#include <stdlib.h>

#include "host.h"

enum { POOL_SIZE = 4, POOL_MAX = 1024 }; /* libuv's */

typedef struct {
    uv_work_t req;
    list member; /* of rt->working */
    neap_runtime *rt;
    neap_work *work;
} slot;

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

static void on_work(uv_work_t *req) /* pool thread */
{
    neap_work *work = neap_container_of(req, slot, req)->work;
    work->run(work);
}

static void on_done(uv_work_t *req, int status);

static void start(neap_runtime *rt, slot *s, neap_work *work)
{
    s->rt = rt;
    s->work = work;
    list_append(&rt->working, &s->member);
    rt->works++;
    uv_queue_work(rt->root->loop, &s->req, on_work, on_done); /* fails only without on_work */
}

/* The place in the pool goes to the one that has waited longest, after done() has run: what done()
 * queues stands behind it. */
static void on_done(uv_work_t *req, int status)
{
    slot *s = neap_container_of(req, slot, req);
    neap_runtime *rt = s->rt;
    s->work->done(s->work, status);
    list_remove(&s->member);
    rt->works--;
    if (list_empty(&rt->work_queue)) {
        neap_mem(rt, s, sizeof *s, 0);
        neap_closing_advance(rt); /* may free rt */
        return;
    }
    list *node = rt->work_queue.next;
    list_remove(node);
    start(rt, s, work_of(node));
}

/* 0, UV_ENOMEM. Allowed in done() and while the runtime closes, when a resource is let go by a job.
 * */
int neap_work_queue(neap_runtime *rt, neap_work *work)
{
    if (rt->works < cap(rt)) {
        slot *s = neap_mem(rt, NULL, 0, sizeof *s);
        if (s) {
            start(rt, s, work);
            return 0;
        }
        if (!rt->works) /* nobody would take it out of the queue */
            return UV_ENOMEM;
    }
    list_append(&rt->work_queue, node_of(work));
    return 0;
}

/* done() may queue more (the second half of a job), which then runs: who closes checks rt->works.
 * */
void neap_works_cancel(neap_runtime *rt)
{
    list waiting;
    list_init(&waiting);
    while (!list_empty(&rt->work_queue)) {
        list *node = rt->work_queue.next;
        list_remove(node);
        list_append(&waiting, node);
    }
    for (list *l = rt->working.next; l != &rt->working; l = l->next) /* others fill the pool: */
        uv_cancel((uv_req_t *)&neap_container_of(l, slot, member)->req);
    while (!list_empty(&waiting)) {
        neap_work *work = work_of(waiting.next);
        list_remove(waiting.next);
        work->done(work, UV_ECANCELED);
    }
}
