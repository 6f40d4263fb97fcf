/* work.c -- jobs on the thread pool: done comes once, on the loop's thread; no runtime takes all of
 * the pool; a close drops what has not started and waits for what has. */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "host.h"
#include "tap.h"

enum { JOBS = 12 };

typedef struct {
    neap_work work;
    neap_runtime *rt;
    int runs, dones, status, more;
} job;

static atomic_int running, most, wanted; /* wanted: as many run at once before any ends */
static pthread_t loop_thread;
static bool elsewhere;
static int order[JOBS], finished;
static job jobs[JOBS];

static void run(neap_work *work)
{
    int n = atomic_fetch_add(&running, 1) + 1, seen = atomic_load(&most);
    while (n > seen && !atomic_compare_exchange_weak(&most, &seen, n))
        ;
    for (int ms = 0; most < wanted && ms < 5000; ms++)
        usleep(1000);
    usleep(10000); /* one too many would come now */
    neap_container_of(work, job, work)->runs++;
    atomic_fetch_sub(&running, 1);
}

static void done(neap_work *work, int status)
{
    job *j = neap_container_of(work, job, work);
    j->dones++;
    j->status = status;
    elsewhere |= !pthread_equal(pthread_self(), loop_thread);
    if (j->more-- > 0)
        neap_work_queue(j->rt, work);
    else if (finished < JOBS)
        order[finished++] = (int)(j - jobs);
}

static void queue_all(neap_runtime *rt, int more)
{
    memset(jobs, 0, sizeof jobs);
    most = 0;
    finished = 0;
    for (int i = 0; i < JOBS; i++) {
        jobs[i] = (job){.work = {.run = run, .done = done}, .rt = rt, .more = more};
        if (neap_work_queue(rt, &jobs[i].work))
            abort();
    }
}

static int count_done(int status)
{
    int n = 0;
    for (int i = 0; i < JOBS; i++)
        n += jobs[i].dones == 1 && jobs[i].status == status && jobs[i].runs == !status;
    return n;
}

static neap_runtime *open_child(neap_runtime *parent)
{
    neap_options options = NEAP_OPTIONS_INIT;
    options.parent = parent;
    return neap_open(&options, NULL);
}

static void test_caps(void)
{
    neap_options options = NEAP_OPTIONS_INIT;
    neap_runtime *root = neap_open(&options, NULL), *child = open_child(root);
    wanted = 3;
    queue_all(root, 0);
    is(jobs[0].dones, 0, "nothing is done inside the call");
    neap_run(root);
    is(count_done(0), JOBS, "each job runs and is done, once");
    is(most, 3, "a root leaves one thread of four to others");
    wanted = 1;
    queue_all(child, 0);
    neap_run(root);
    is(count_done(0), JOBS, "a child's as well");
    is(most, 1, "which has one at a time");
    bool sorted = true;
    for (int i = 0; i < JOBS; i++)
        sorted &= order[i] == i;
    ok(sorted, "in the order they were queued");
    queue_all(child, 1);
    neap_run(root);
    int twice = 0;
    for (int i = 0; i < JOBS; i++)
        twice += jobs[i].runs == 2 && jobs[i].dones == 2;
    is(twice, JOBS, "done may queue its job again");
    neap_close(root, NULL, NULL);
}

static void test_close(bool of_child)
{
    neap_options options = NEAP_OPTIONS_INIT;
    neap_runtime *root = neap_open(&options, NULL), *rt = of_child ? open_child(root) : root;
    queue_all(rt, 0);
    while (!most) /* until one has started */
        usleep(1000);
    neap_close(rt, NULL, NULL);
    if (of_child)
        neap_close(root, NULL, NULL);
    int ran = count_done(0), dropped = count_done(UV_ECANCELED);
    is(ran + dropped, JOBS, "across a close each job is done once");
    ok(ran >= 1 && dropped >= 1, "%d ran, %d were dropped", ran, dropped);
}

/* Memory that cannot be had is said at once, and nothing is called. */
static void test_no_memory(void)
{
    neap_options options = NEAP_OPTIONS_INIT;
    neap_runtime *root = neap_open(&options, NULL);
    job j = {.work = {.run = run, .done = done}, .rt = root};
    root->memory_limit = 1;
    is(neap_work_queue(root, &j.work), UV_ENOMEM, "no memory for a job is ENOMEM");
    root->memory_limit = 0;
    neap_run(root);
    is(j.dones, 0, "and it is not called");
    neap_close(root, NULL, NULL);
}

int main(void)
{
    alarm(60);
    setenv("UV_THREADPOOL_SIZE", "4", 1);
    loop_thread = pthread_self();
    test_caps();
    test_close(false);
    test_close(true);
    test_no_memory();
    ok(!elsewhere, "all on the loop's thread");
    return done_testing();
}
