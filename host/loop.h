/* loop.h: the loop's side of the host, one neap_root a loop, shared by the runtimes on it: uv handles, timers,
 * the buffer that is read into, what other threads have posted, whose turn it is. host.h includes it.
 *
 * The root runtime makes it (runtime.c), the last runtime to close ends it (close.c).
 */
#ifndef NEAP_HOST_LOOP_H
#define NEAP_HOST_LOOP_H

#include <neap/extension.h>
#include <neap/neap.h>
#include <stdbool.h>
#include <uv.h>

#include "list.h"
#include "os/os.h"
#include "preempt.h"

typedef struct neap_root neap_root;
typedef struct neap_post_item neap_post_item;

typedef struct {
    uint64_t due, order;
    neap_timer *timer;
} timer_entry;

typedef struct {
    timer_entry *heap; /* 4-ary, by (due, order) */
    size_t count, size;
    neap_timer *outside; /* those for which the heap had no room */
    uint64_t order;      /* of the last that was started */
} timer_list;

/* A clock that goes only as a test lets it (virtual.c). */
typedef struct {
    neap_runtime *rt;  /* whose it is */
    timer_list timers; /* started since */
    uint64_t now;      /* ns, as neap_now counts them */
    uint64_t began;    /* the same, when it was taken */
    double wall;       /* seconds since 1970, then */
    bool automatic;    /* it goes on to the next timer whenever nothing else is to be done */
    neap_op *advance;  /* who lets it go, or NULL */
    uint64_t until;    /* how far, then */
    uint64_t jobs;     /* root->jobs at the last look */
    int quiet;         /* turns since then */
    neap_timer pause;  /* real: something may yet arrive */
    bool paused;       /* since the last job */
} neap_virtual;

enum { READ_BUFFER_SIZE = 64 * 1024, READ_SPARES = 4 };

struct neap_root {
    /* The loop. */
    uv_loop_t *loop;
    uv_loop_t own; /* used when the loop is ours */
    bool owns_loop;
    bool running;         /* uv_run is on the stack */
    neap_runtime *runner; /* the one whose script runs the loop itself; or NULL */
    neap_runtime *driven; /* the one that neap_run or neap_step is for, unless it has closed */
    bool stopped;         /* a script has stopped the loop */
    int inside;           /* calls of the embedder's under way: a close waits for their end */
    int handles;          /* of the next five, not yet closed */
    uv_prepare_t prepare; /* active on a loop that is given */
    uv_check_t check;
    uv_idle_t idle;
    uv_timer_t timer;
    uv_async_t async;
    bool guarded;          /* SIGPIPE is blocked between prepare and check */
    neap_pipe_guard guard; /* then */
    char *read_buffer;     /* shared by every transport (transport_read.c) */
    char *read_spares[READ_SPARES];
    int read_spare_count;

    /* Draining. */
    list ready; /* runtimes with jobs, in turn */
    bool draining;
    uint64_t drains; /* how many there have been */
    uint64_t jobs;   /* run in them, or at once */
    neap_job *flush_head, **flush_tail;
    uint64_t step_deadline; /* ns; 0: no bound */
    neap_slicer *slicer;    /* NULL until a runtime has a budget */

    /* Timers (timer.c). */
    timer_list timers;
    uint64_t timer_armed;  /* ms the uv_timer is set to; 0 not */
    neap_virtual *virtual; /* NULL: time is real */
    uint64_t ahead;        /* ns that a virtual clock has gone on more than the real one */

    /* Other threads (remote.c). */
    uv_mutex_t lock; /* guards `posted`, remotes' `rt`, and what work.c says */
    neap_post_item *posted, **posted_tail;
    int keeps;    /* remotes that keep the loop running: async is ref'd while > 0 */
    list workers; /* in the thread pool, of all runtimes (work.c) */

    /* Runtimes, and the end. */
    neap_runtime *runtime; /* the root runtime */
    int closing_runtimes;
    bool closing, finished;
    void (*on_closed)(void *data);
    void *on_closed_data;
};

/* ---- runtime.c, run.c, close.c ---- */

void neap_root_free(neap_root *root);
void neap_root_close(neap_root *root, void (*on_closed)(void *), void *data);
void neap_enter_root(neap_root *root); /* around what may run Lua for an embedder */
bool neap_leave_root(neap_root *root);

/* ---- queue.c, remote.c, work.c ---- */

void neap_flush_add(neap_root *root, neap_job *job);
void neap_flush_run(neap_root *root);
void neap_drain(neap_root *root);
void neap_wake_root(neap_root *root);   /* the loop does not sleep before a drain */
void neap_remotes_run(neap_root *root); /* in the async callback */
void neap_works_run(neap_root *root);   /* the done of those that have run */

/* ---- transport_read.c ---- */

char *neap_read_buffer(neap_root *root); /* NULL: no memory */
void neap_read_buffers_free(neap_root *root);

/* ---- timer.c, virtual.c ---- */

uint64_t neap_clock(void); /* ns, monotonic: the one clock */
/* The same as scripts see it, who may have a virtual one. */
uint64_t neap_now(const neap_root *root);
double neap_wall(const neap_root *root); /* seconds since 1970, likewise */
void neap_timer_start(neap_root *root, neap_timer *t, double seconds);
/* By the clock, whatever scripts see. */
void neap_timer_start_real(neap_root *root, neap_timer *t, double seconds);
void neap_timer_stop(neap_root *root, neap_timer *t);
void neap_timers_drop(neap_runtime *rt); /* its extensions' are stopped */
void neap_timers_arm(neap_root *root);
void neap_timers_move(neap_root *root, timer_list *timers, uint64_t now);
uint64_t neap_timers_earliest(const timer_list *timers);
void neap_virtual_turn(neap_root *root); /* after a drain */
void neap_virtual_drop(neap_runtime *rt);

#endif
