/* task.h: tasks, the scopes they belong to, the operations they wait for. host.h includes it.
 *
 * neap_task     a Lua thread from the pool, on the run queue or waiting on one operation.
 * task_box      its Lua object, and group_box a group's. They outlive it.
 * neap_scope    what tasks and callbacks belong to: cancelled together, over together.
 * op_head       the host's part of an operation, in front of the binding's.
 */
#ifndef NEAP_HOST_TASK_H
#define NEAP_HOST_TASK_H

#include <neap/extension.h>
#include <neap/neap.h>
#include <stdbool.h>

#include "list.h"

typedef struct neap_task neap_task;
typedef struct neap_scope neap_scope;
typedef struct op_head op_head;
typedef struct task_box task_box;

/* ---- Tasks ---- */

enum { TASK_READY, TASK_RUNNING, TASK_WAITING, TASK_PREEMPTED, TASK_ENDED, TASK_DROPPED };

struct neap_task {
    neap_job job;
    neap_runtime *rt;
    lua_State *L;         /* NULL in a pooled task whose thread died */
    int anchor;           /* keeps L */
    int object;           /* where its Lua object is kept while it is alive */
    neap_scope *scope;    /* member of */
    list member;          /* in scope->tasks */
    op_head *op;          /* waits on */
    task_box *box;        /* its Lua object, while there is one */
    neap_spawn *spawn;    /* its C owner, for the function that spawn() started */
    neap_task *next_free; /* in the pool; being made: the next in rt->arriving */
    int nargs;            /* on L's stack, for the first resume */
    int state;            /* TASK_... */
    bool callback;        /* runs even when it was cancelled before it began */
    bool queued;          /* its job is in the run queue */
    bool failed;          /* has no results */
    bool late;            /* a callback of libuv's that had to queue */
    bool reporter;        /* runs host.on_error's function */
    bool main;            /* runs the main script */
    int direct;           /* waits in a row that were over at once */
    int cancelled;        /* status, or 0 */
    int cancel_error;     /* its error object, anchored when first delivered */
    bool cancel_delivered;
    bool exited;   /* in os.exit: nothing resumes it */
    int line;      /* where it was spawned; 0 from C */
    int by_line;   /* where the task that did so was; 0: by none that was spawned */
    char site[60]; /* these two last: not cleared for reuse */
    char by_site[60];
};

/* An error that waits for somebody to wait for its task, until the drain's end. */
typedef struct {
    list all; /* in rt->died */
    task_box *box;
    int error, object; /* anchored */
} died_error;

/* Its Lua object: `t:wait()`, `t:cancel()`. */
struct task_box {
    const void *magic;
    neap_runtime *rt;
    list all;        /* in rt->boxes */
    neap_task *task; /* while it is alive, which keeps the object too */
    bool ended, failed;
    int results;      /* how many are in the object's own table: of a failed one, the error */
    list waiters;     /* operations in join */
    int joins;        /* operations that have its outcome still to come */
    died_error *died; /* in rt->died */
};

/* ---- Scopes ---- */

enum { SCOPE_ROOT, SCOPE_GROUP, SCOPE_SPAWN };

struct neap_scope {
    neap_runtime *rt;
    neap_scope *parent;     /* cancels us; NULL: none does */
    list all;               /* in rt->scopes */
    list children, sibling; /* sibling: in the parent's children */
    list tasks, ops;        /* members: tasks, and callbacks to come */
    int members;            /* how many these are */
    int kind;               /* SCOPE_... */
    int refs;               /* the Lua object, the waiting operation */
    int cancelled;          /* status, or 0 */
    int error;              /* anchored: the first failure */
    bool failed;            /* there was one */
    bool returned_failure;  /* and it was the body's `return nil, err` */
    bool shielded;          /* not cancelled with its parent */
    bool timed_out;         /* by its deadline */
    bool closed;            /* over: nothing can enter it */
    neap_task *body;        /* group: its first member, whose results are the group's */
    op_head *waiter;        /* group's caller */
    neap_spawn *spawn;      /* its C owner, told when it is over */
    neap_timer deadline;
    neap_job over; /* runs when the last member has left */
};

/* A group's Lua object. */
typedef struct {
    const void *magic;
    neap_scope *scope; /* NULL: the runtime is closed */
    list all;          /* in rt->groups */
} group_box;

/* ---- Operations ---- */

enum { OP_NEW, OP_WAITING, OP_CALLBACK, OP_DETACHED };

struct op_head {
    neap_job job; /* queued when a callback is due */
    neap_runtime *rt;
    neap_task *task;   /* who waits */
    neap_scope *scope; /* callback form: member of */
    list member;       /* in scope->ops, or a list of the class's own */
    op_head *below;    /* in rt->delivering */
    char *fields;      /* of the error: see error.c; NULL none */
    int callback;      /* anchored function */
    int pins[3];       /* anchored, until release */
    int status;        /* of its completion */
    int cancelled;     /* what a callback is told when its scope was cancelled */
    uint32_t size_class;
    uint8_t state; /* OP_... */
    bool completed, queued, retried;
    bool uncancellable; /* its waiter is woken by completion only (groups) */
    bool shielded;      /* and gets its outcome even when it was cancelled meanwhile */
    bool queue_always;  /* even a finished one waits for its turn */
    _Alignas(16) neap_op op;
};

static inline op_head *head_of(neap_op *op)
{
    return neap_container_of(op, op_head, op);
}

/* ---- operation.c ---- */

void *neap_op_new(lua_State *L, const neap_op_class *type, size_t size);
void *neap_op_make(neap_runtime *rt, const neap_op_class *type, size_t size, neap_env *env);
/* May the running code wait here? Raises if not. */
void neap_op_check(lua_State *L, neap_runtime *rt, const neap_op_class *type);
int neap_op_at_once(lua_State *L, const neap_op_class *type);
void neap_op_complete(neap_op *op, int status, ...);
int neap_op_wait(lua_State *L, neap_op *op);
void neap_op_pin(lua_State *L, neap_op *op, int index);
void neap_op_cancel(op_head *o, int status); /* its waiter has gone */
void neap_ops_free(neap_runtime *rt);
int neap_op_outcome(lua_State *S, op_head *o); /* push nil, err or the results */
void neap_op_release(op_head *o, bool delivered);
void neap_delivering(neap_runtime *rt, op_head *o);
void neap_delivered(neap_runtime *rt, op_head *o);
void neap_op_rescue(neap_runtime *rt); /* delivering rt->delivering raised */

/* ---- task.c ---- */

neap_task *neap_task_new(lua_State *L, neap_scope *scope); /* may raise on L */
void neap_task_resume(neap_task *t, int nargs);            /* now, inside a drain */
void neap_task_ready(neap_task *t);                        /* queue it */
void neap_task_site(neap_task *t, lua_State *L);
void neap_task_object(neap_task *t, task_box *box, lua_State *L, int index);
void neap_task_keep_object(neap_task *t, lua_State *L, int index); /* 0: let go of it */
void neap_task_free(neap_task *t);
void neap_tasks_free_pool(neap_runtime *rt);
neap_task *neap_task_next(neap_runtime *rt, neap_task *t); /* of all; NULL: the first, no more */
int neap_task_waiting(neap_runtime *rt);                   /* tasks that wait */
void neap_task_cancel(neap_task *t, int status);
int neap_task_cancel_error(lua_State *L, neap_task *t); /* push it */
void neap_task_rescue_waking(neap_runtime *rt);         /* telling rt->waking of it raised */
void neap_task_drop(neap_task *t);                      /* the runtime closes */
void neap_reap(neap_runtime *rt);

/* ---- task_end.c ---- */

void neap_task_end(neap_task *t, int status); /* lua_resume's */
void neap_task_discard(neap_task *t);         /* it is never resumed */
void neap_task_rescue(neap_runtime *rt);      /* the end of rt->ending raised */
void neap_task_abandon(neap_task *t);         /* the same, when the error is somebody's */
void neap_died_forget(task_box *box);         /* somebody has its error now */
void neap_tasks_died(neap_runtime *rt);       /* at a drain's end */
void neap_tasks_close(neap_runtime *rt);

/* ---- scope.c ---- */

neap_scope *neap_scope_new(neap_runtime *rt, neap_scope *parent, int kind);
void neap_scope_cancel(neap_scope *s, int status);
void neap_scope_enter(neap_scope *s);
void neap_scope_leave(neap_scope *s);
void neap_scope_fail(neap_scope *s, lua_State *S); /* error object on S's top */
void neap_scope_unref(neap_scope *s);
void neap_scopes_close(neap_runtime *rt);
void neap_scopes_free(neap_runtime *rt);

/* ---- spawn.c ---- */

void neap_arriving(neap_runtime *rt, neap_task *t);
void neap_arrived(neap_runtime *rt, neap_task *t);
void neap_arriving_drop(neap_runtime *rt); /* making these raised */
neap_task *neap_task_make(lua_State *L, neap_scope *scope, int n);
void neap_task_move(neap_task *t, neap_scope *to);
void neap_spawn_start(lua_State *L, int n, neap_spawn *s);
void neap_spawn_cancel(neap_spawn *s, int status);
int neap_enter(lua_State *L, int n);

#endif
