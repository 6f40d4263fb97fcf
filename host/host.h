/* host.h: what the files of host/ know of each other. Nobody else includes it.
 *
 * neap_root     the loop's side: uv handles, timers, read buffer, remotes. One a loop.
 * neap_runtime  one VM: its scheduler state S, run queue, tasks, memory account, permissions.
 * neap_task     a Lua thread from the pool, on the run queue or waiting on one operation.
 * neap_scope    what tasks and callbacks belong to: cancelled together, over together.
 * op_head       the host's part of an operation, in front of the binding's.
 *
 * All Lua work is done on `S`, a thread of the VM that is never resumed, inside one protected call a
 * drain (queue.c). What must survive a raised error there is noted in the runtime first
 * (`delivering`, `ending`), and picked up by the drain.
 */
#ifndef NEAP_HOST_H
#define NEAP_HOST_H

#define NEAP_BUILTIN 1
#include <neap/extension.h>
#include <neap/neap.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <uv.h>

#include "preempt.h"

typedef struct neap_root neap_root;
typedef struct neap_task neap_task;
typedef struct neap_scope neap_scope;
typedef struct neap_permissions neap_permissions;
typedef struct neap_post_item neap_post_item;
typedef struct op_head op_head;
typedef struct task_box task_box;

#define container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))

/* ---- Doubly linked lists: a node that is its own head when empty. ---- */

typedef struct list {
    struct list *next, *prev;
} list;

static inline void list_init(list *l)
{
    l->next = l->prev = l;
}

static inline bool list_empty(const list *l)
{
    return l->next == l;
}

static inline void list_append(list *head, list *l)
{
    l->prev = head->prev;
    l->next = head;
    head->prev->next = l;
    head->prev = l;
}

static inline void list_remove(list *l) /* idempotent */
{
    l->next->prev = l->prev;
    l->prev->next = l->next;
    list_init(l);
}

/* ---- The loop's side ---- */

/* SIGPIPE as it was (run.c) */
typedef struct {
    sigset_t old;
    bool was_pending;
} neap_pipe_guard;

typedef struct {
    uint64_t due, order;
    neap_timer *timer;
} timer_entry;

struct neap_root {
    uv_loop_t *loop;
    uv_loop_t own; /* used when the loop is ours */
    bool owns_loop;
    bool running; /* uv_run is on the stack */
    bool draining;
    bool guarded;   /* SIGPIPE is blocked between prepare and check */
    neap_pipe_guard guard;
    bool stopped;   /* a script has stopped the loop */
    int inside;     /* calls of the embedder's under way: a close waits for their end */
    uint64_t drains; /* how many there have been */
    int handles;     /* of the six below, not yet closed */
    uv_prepare_t prepare; /* active on a loop that is given */
    uv_check_t check;
    uv_idle_t idle;
    uv_timer_t timer;
    uv_async_t async;
    list ready; /* runtimes with jobs, in turn */
    neap_job *flush_head, **flush_tail;
    timer_entry *heap; /* 4-ary, by (due, order) */
    size_t timers, heap_size;
    uint64_t timer_order, timer_armed; /* ms the uv_timer is set to; 0 not */
    char *read_buffer;                 /* shared by every transport: valid during on_read only */
    uint64_t step_deadline;            /* ns; 0: no bound */
    neap_slicer *slicer;               /* NULL until a runtime has a budget */
    uv_mutex_t lock;                   /* guards `posted` and remotes' `rt` */
    neap_post_item *posted, **posted_tail;
    int keeps;             /* remotes that keep the loop running: async is ref'd while > 0 */
    neap_runtime *runtime; /* the root runtime */
    int runtimes, closing_runtimes;
    bool closing, finished;
    void (*on_closed)(void *data);
    void *on_closed_data;
};

enum { READ_BUFFER_SIZE = 64 * 1024 };

/* ---- Runtime ---- */

enum {
    RT_OPEN,
    RT_CLOSING,
    RT_DROPPED,
    RT_CLOSED
}; /* CLOSING: tasks clean up; DROPPED: handles go */

/* What a C function carries to know whose it is, in a VM that outlives the runtime: emptied on closing. */
typedef struct {
    const void *magic;
    void *to; /* NULL: closed */
} neap_cell;

struct neap_runtime {
    neap_root *root;
    neap_runtime *parent;
    list children, sibling; /* sibling: in the parent's children */
    lua_State *L;           /* main state: the embedder's */
    lua_State *S;           /* the scheduler's */
    bool foreign;           /* neap_attach: the VM is not ours to close */
    neap_cell *cell;        /* then: refers to us */
    int cell_ref, restore;  /* anchored; restore changes the VM back */
    int thread_ref;         /* S, in the registry */
    int state;
    int anchors; /* registry index of the table of anchored values */
    int anchor_count, anchor_free;
    int trampoline;                       /* and of the protected call's function */
    const struct protected_call *calling; /* what it is to run */
    int handler;                          /* and of the message handler that adds a traceback */

    neap_job *head, **tail; /* run queue */
    list ready;             /* in root->ready when the queue is not empty */
    int drained;            /* jobs run in this drain */
    neap_task *current;     /* the task that runs now */
    bool suspending;        /* the coroutine that just yielded waits or was preempted */
    int nowait;             /* depth of resumes made where the VM cannot yield */
    bool entered;           /* its VM is on the C stack, through the scheduler */

    op_head *delivering; /* its results are being pushed */
    neap_task *arriving; /* for its callback */
    neap_task *waking;   /* a cancelled task, being told */
    neap_task *ending;   /* its end is being handled */
    neap_job *running_job;

    neap_scope *scope; /* of the main script and detached tasks */
    list scopes;       /* all */
    neap_scope *free_scopes;
    list boxes, groups; /* Lua objects of tasks and groups */
    neap_task *free_tasks;
    int pooled, tasks;    /* in the pool; alive */
    list died;            /* errors that nobody has waited for in this drain */
    list mourning;          /* in a drain: to be looked at for these at its end */
    void *free_blocks[8]; /* operations' memory by size class */
    int ops;              /* alive */
    int busy;  /* requests of extensions that the loop has (uv.c) */
    int late;  /* callbacks of libuv that had to queue (uv.c) */
    int works;            /* in the thread pool */
    int work_cap;         /* at most; 0 not yet looked up */
    list working;         /* those in the pool */
    list work_queue;      /* those that wait for a place there */

    list handles; /* all open and closing ones */
    int handle_count;
    int transports; /* whose memory has not gone yet */
    neap_env *envs; /* newest first */
    struct provided *provided;

    lua_Alloc vm_alloc; /* LuaJIT's own, behind the counting one */
    void *vm_ud;
    size_t memory, memory_limit, memory_peak;
    size_t memory_soft, memory_low; /* collect above; least since that was asked */
    bool collect_wanted;

    neap_slice slice;
    atomic_bool interrupted; /* by neap_interrupt: ask on_interrupt when the slice is over */
    double cpu_budget, weight;
    bool preempted; /* its current task was preempted: nobody else enters the VM */

    neap_permissions *permissions; /* NULL: everything */
    neap_options options;
    char *lua_path;
    int on_error, listeners, exports, call_results, arg; /* anchored; 0 none */
    bool exiting, reporting;
    int exit_status;
    neap_error *starting; /* where the main script's error goes until it first waits */
    bool slice_ready, slice_late, interruptible, raised, grace_over;
    uint64_t slice_began, drain;
    uint64_t drain_used; /* ns of script in `drain` */
    size_t c_memory;     /* of `memory`, what is not the VM's */

    char *out; /* buffered output */
    size_t out_length, out_size;
    neap_job out_job;
    bool out_queued, out_terminal;
    int out_failed; /* status of the write that failed */

    void (*on_closed)(void *data);
    void *on_closed_data;
    neap_timer grace;
    neap_remote *remotes; /* head of the list, under root->lock */
};

/* ---- Tasks and scopes ---- */

enum { TASK_READY, TASK_RUNNING, TASK_WAITING, TASK_PREEMPTED, TASK_ENDED, TASK_DROPPED };

struct neap_task {
    neap_job job;
    neap_runtime *rt;
    lua_State *L;      /* NULL in a pooled task whose thread died */
    int anchor;        /* keeps L */
    int object;        /* where its Lua object is kept while it is alive */
    neap_scope *scope; /* member of */
    list member;
    op_head *op;       /* waits on */
    task_box *box;     /* its Lua object, while there is one */
    neap_spawn *spawn; /* its C owner, for the function that spawn() started */
    neap_task *next_free;
    int nargs; /* on L's stack, for the first resume */
    int state;
    bool main, callback, queued, failed;
    bool late; /* a callback of libuv's that had to queue */
    bool reporter;    /* runs host.on_error's function */
    int direct;       /* waits in a row that were over at once */
    int cancelled;    /* status, or 0 */
    int cancel_error; /* its error object, anchored when first delivered */
    bool cancel_delivered;
    bool exited;   /* in os.exit: nothing resumes it */
    int line;      /* where it was spawned; 0 from C */
    char site[60]; /* last: not cleared for reuse */
};

/* An error that waits for somebody to wait for its task, until the drain's end. */
typedef struct {
    list all;
    task_box *box;
    int error, object; /* anchored */
} died_error;

/* Its Lua object: `t:wait()`, `t:cancel()`. */
struct task_box {
    const void *magic;
    neap_runtime *rt; /* NULL: closed */
    list all;         /* in rt->boxes */
    neap_task *task;  /* while it is alive, which keeps the object too */
    bool ended, failed;
    int results;      /* how many are in the object's own table: of a failed one, the error */
    list waiters;     /* operations in join */
    int joins;    /* operations that have its outcome still to come */
    died_error *died; /* in rt->died */
};

/* A group's Lua object. */
typedef struct {
    const void *magic;
    neap_scope *scope; /* NULL: the runtime is closed */
    list all;          /* in rt->groups */
} group_box;

enum { SCOPE_ROOT, SCOPE_GROUP, SCOPE_SPAWN };

struct neap_scope {
    neap_runtime *rt;
    neap_scope *parent; /* cancels us; NULL: none does */
    list all;           /* in rt->scopes */
    list children, sibling;
    list tasks, ops; /* members: tasks, and callbacks to come */
    int members;
    int kind;
    int refs;      /* the Lua object, the waiting operation */
    int cancelled; /* status, or 0 */
    int error;     /* anchored: the first failure */
    bool failed, returned_failure, shielded, timed_out, closed;
    neap_task *body; /* group: its first member, whose results are the group's */
    op_head *waiter; /* group's caller */
    neap_spawn *spawn;
    neap_timer deadline;
    neap_job over; /* runs when the last member has left */
};

/* ---- Operations ---- */

enum { OP_NEW, OP_WAITING, OP_CALLBACK, OP_DETACHED };

struct op_head {
    neap_job job; /* queued when a callback is due */
    neap_runtime *rt;
    neap_task *task;   /* who waits */
    neap_scope *scope; /* callback form: member of */
    list member;       /* in scope->ops, or a list of the class's own */
    char *fields;      /* of the error: see error.c; NULL none */
    int callback;      /* anchored function */
    int pins[3];
    int status;
    int cancelled; /* what a callback is told when its scope was cancelled */
    uint32_t size_class;
    uint8_t state;
    bool completed, queued, retried;
    bool uncancellable; /* its waiter is woken by completion only (groups) */
    bool shielded;      /* and gets its outcome even when it was cancelled meanwhile */
    bool queue_always;  /* even a finished one waits for its turn */
    _Alignas(16) neap_op op;
};

static inline op_head *head_of(neap_op *op)
{
    return container_of(op, op_head, op);
}

/* ---- Environments ---- */

typedef struct provided {
    struct provided *next;
    const void *table;
    char name[];
} provided;

typedef struct class_entry {
    struct class_entry *next;
    const neap_handle_class *type;
    int metatable; /* anchored */
} class_entry;

struct neap_env {
    neap_runtime *rt;
    const neap_descriptor *descriptor;
    neap_env *next;
    class_entry *classes;
    int module; /* anchored table */
    neap_cell *cell;
    int cell_ref;
    bool opened;
    neap_transport *(*take)(lua_State *, int, neap_buf *);
    void (*give)(lua_State *, neap_transport *);
    _Alignas(16) char state[];
};

typedef struct {
    const char *name;
    const neap_descriptor *descriptor;
} neap_builtin;
extern const neap_builtin neap_builtins[]; /* made by the build */

typedef struct {
    const char *name, *chunk;
    const unsigned char *code;
    size_t size;
} neap_module;
extern const neap_module neap_modules[]; /* made by the build: lua/ as bytecode */

extern const neap_table neap_the_table;
extern const neap_uv neap_the_uv;

/* ---- error.c ---- */

#define FIELDS_END 0
int neap_error_open(neap_runtime *rt); /* on S, protected */
void neap_error_push(lua_State *L, int status, const char *fields);
void neap_error_vpush(lua_State *L, int status, va_list ap);
char *neap_fields_copy(neap_runtime *rt, va_list ap); /* NULL: none, or no memory */
void neap_fields_free(neap_runtime *rt, char *fields);
bool neap_error_is(lua_State *L, int index);    /* an error object? */
int neap_error_status(lua_State *L, int index); /* of its code; ESCRIPT if unknown */
int neap_error_handler(lua_State *L);           /* for lua_pcall */
void neap_error_normalize(lua_State *S, lua_State *T,
                          const neap_task *t);                      /* top of S: any error value
                                                 -> error object with traceback of T */
void neap_error_export(lua_State *L, int index, neap_error *error); /* protected */
int neap_error_take(neap_runtime *rt,
                    neap_error *error); /* pops S's top, any error value: its status */
int neap_error_set(neap_error *error, int status, const char *format, ...);
const char *neap_status_name(int status);
const char *neap_status_message(int status);
void neap_unhandled(neap_runtime *rt, lua_State *S, int index, bool fatal);
void neap_unhandled_raw(neap_runtime *rt);

/* ---- trace.c ---- */

bool neap_user_frame(lua_State *T, lua_Debug *ar); /* the innermost line that is not ours */
bool neap_traceback(lua_State *S, lua_State *T, const char *message); /* pushed on S; any frame? */
void neap_blame(lua_State *S, lua_State *T); /* S's top, a message, gets the user's line */

/* ---- memory.c ---- */

#ifdef NEAP_CHECK
extern long neap_fail_at;
extern bool neap_fail_always, neap_has_failed;
#endif

void *neap_mem(neap_runtime *rt, void *p, size_t old_size, size_t size);
int neap_charge(neap_runtime *rt, ptrdiff_t bytes);
void neap_collect_soon(neap_runtime *rt); /* asks for a full collection; in an allocation */
void neap_collect(neap_runtime *rt);      /* protected */
void *neap_vm_allocator(void *rt, void *p, size_t old_size, size_t size);
int neap_anchor(neap_runtime *rt, lua_State *L); /* pops; raises on no memory */
void neap_anchor_push(neap_runtime *rt, lua_State *L, int ref);
void neap_anchor_drop(neap_runtime *rt, int *ref); /* sets it to 0 */

/* ---- queue.c ---- */

void neap_queue(neap_runtime *rt, neap_job *job);
void neap_queue_front(neap_runtime *rt, neap_job *job);
void neap_queue_again(neap_runtime *rt); /* closing: what an exit held back runs */
void neap_flush_add(neap_root *root, neap_job *job);
void neap_drain(neap_root *root);
bool neap_is_held(const neap_runtime *rt); /* after os.exit, until it is closed */
void neap_run_protected(neap_runtime *rt, void (*fn)(lua_State *S, void *data), void *data);
void neap_wake_root(neap_root *root); /* the loop does not sleep before a drain */
void neap_queue_open(neap_runtime *rt);
int neap_protected(neap_runtime *rt, void (*fn)(lua_State *S, void *data), void *data); /* on S */
int neap_protected_value(neap_runtime *rt, void (*fn)(lua_State *S, void *data),
                         void *data); /* with S's top */

/* ---- limit.c ---- */

bool neap_slice_begin(neap_runtime *rt, bool call); /* before its VM is entered: is it bounded? */
bool neap_budget_spent(neap_runtime *rt);           /* in this drain */
bool neap_limit_over(const neap_runtime *rt); /* the same, from a job of it */
void neap_slice_end(neap_runtime *rt, bool begun);
bool neap_limit_interruptible(neap_runtime *rt);
int neap_limit_kill(neap_runtime *rt, lua_State *L); /* raises */
bool neap_slice_fired(neap_runtime *rt);             /* did the last yield come from the hook? */

/* ---- operation.c ---- */

void *neap_op_new(lua_State *L, const neap_op_class *type, size_t size);
void *neap_op_make(neap_runtime *rt, const neap_op_class *type, size_t size, neap_env *env);
void neap_op_check(lua_State *L, neap_runtime *rt,
                   const neap_op_class *type); /* may it wait here? */
void neap_op_complete(neap_op *op, int status, ...);
int neap_op_wait(lua_State *L, neap_op *op);
void neap_op_pin(lua_State *L, neap_op *op, int index);
void neap_op_cancel(op_head *o, int status); /* its waiter has gone */
void neap_ops_free(neap_runtime *rt);
int neap_op_outcome(lua_State *S, op_head *o); /* push nil, err or the results */
void neap_op_release(op_head *o, bool delivered);
void neap_delivering(neap_runtime *rt, op_head *o);
void neap_op_rescue(neap_runtime *rt); /* delivering rt->delivering raised */

/* ---- task.c ---- */

neap_task *neap_task_new(neap_runtime *rt, neap_scope *scope); /* may raise on S */
void neap_task_resume(neap_task *t, int nargs);                /* now, inside a drain */
void neap_task_ready(neap_task *t);                            /* queue it */
void neap_task_cancel(neap_task *t, int status);
void neap_task_site(neap_task *t, lua_State *L);
int neap_task_cancel_error(lua_State *L, neap_task *t); /* push it */
void neap_tasks_free_pool(neap_runtime *rt);
void neap_task_free(neap_task *t);
int neap_task_waiting(neap_runtime *rt); /* tasks that wait */
void neap_tasks_died(neap_runtime *rt);  /* at a drain's end */
void neap_reap(neap_runtime *rt);
void neap_task_rescue_waking(neap_runtime *rt);
void neap_task_rescue(neap_runtime *rt); /* the end of rt->ending raised */
void neap_task_object(neap_task *t, task_box *box, lua_State *L, int index);
void neap_died_forget(task_box *box); /* somebody has its error now */
void neap_task_drop(neap_task *t);
void neap_tasks_close(neap_runtime *rt);

void neap_task_give(lua_State *L, neap_task *t, int n); /* function and arguments from L's top */
void neap_task_move(neap_task *t, neap_scope *to);
void neap_spawn_start(lua_State *L, int n, neap_spawn *s);
void neap_spawn_cancel(neap_spawn *s, int status);
int neap_enter(lua_State *L, int n);

/* ---- scope.c ---- */

neap_scope *neap_scope_new(neap_runtime *rt, neap_scope *parent, int kind);
void neap_scope_cancel(neap_scope *s, int status);
void neap_scope_enter(neap_scope *s);
void neap_scope_leave(neap_scope *s);
void neap_scope_fail(neap_scope *s, lua_State *S); /* error object on S's top */
void neap_scope_unref(neap_scope *s);
void neap_scopes_close(neap_runtime *rt);
void neap_scopes_free(neap_runtime *rt);

/* ---- timer.c ---- */

uint64_t neap_clock(void); /* ns, monotonic: the one clock */
void neap_timer_start(neap_root *root, neap_timer *t, double seconds);
void neap_timer_stop(neap_root *root, neap_timer *t);
void neap_timers_fire(neap_root *root);
void neap_timers_drop(neap_runtime *rt); /* its extensions' are stopped */

/* ---- handle.c ---- */

void *neap_handle_make(lua_State *L, neap_env *env, const neap_handle_class *type);
void *neap_handle_new(lua_State *L, const neap_handle_class *type);
void *neap_handle_test(lua_State *L, int index, const neap_handle_class *type);
void neap_handle_methods(lua_State *L, const neap_handle_class *type);
void neap_handles_list(lua_State *L, neap_runtime *rt);
neap_handle *neap_handle_any(lua_State *L, int index);
int neap_handle_is_closing(const neap_handle *h);
void *neap_handle_check(lua_State *L, int index, const neap_handle_class *type);
void neap_handle_close(neap_handle *h);
void neap_handle_closed(neap_handle *h);
void neap_handles_close(neap_runtime *rt);

/* ---- extension.c ---- */

neap_env *neap_env_of(lua_State *L);
void neap_carry(lua_State *L, neap_runtime *rt,
                neap_env *env);   /* push a function's first upvalue */
void *neap_carried(lua_State *L); /* to the function: env, or rt; NULL closed */
int neap_extension_open(lua_State *L, neap_runtime *rt,
                        const neap_descriptor *d); /* pushes module */
void neap_extensions_close(neap_runtime *rt);
int neap_lua_extension(lua_State *L);
int neap_lua_load_shared(lua_State *L);

/* ---- runtime.c, run.c, close.c ---- */

void neap_root_free(neap_root *root);
void neap_root_close(neap_root *root, void (*on_closed)(void *), void *data);
void neap_vm_close(neap_runtime *rt);
void neap_runtime_free(neap_runtime *rt);
void neap_closing_step(neap_runtime *rt);
void neap_closing_advance(neap_runtime *rt); /* something it waited for is gone */
void neap_exit(neap_runtime *rt, int status);
void neap_enter_root(neap_root *root); /* around what may run Lua for an embedder */
bool neap_leave_root(neap_root *root);

void neap_pipe_block(neap_pipe_guard *g);
void neap_pipe_restore(const neap_pipe_guard *g);

/* ---- permit.c ---- */

int neap_permit(neap_runtime *rt, const char *verb, const char *target, size_t length);
int neap_permit_address(neap_runtime *rt, const char *verb, const struct sockaddr *address);
int neap_permit_file(neap_runtime *rt, const char *verb, const char *path, char *out, size_t size);
int neap_open_path(neap_runtime *rt, const char *path, int flags, int mode);
int neap_permissions_parse(neap_runtime *rt, const char *const *list, neap_permissions **out,
                           const char **bad);
void neap_permissions_free(neap_runtime *rt, neap_permissions *p);

/* ---- remote.c ---- */

void neap_remotes_run(neap_root *root); /* in the async callback */
void neap_remotes_close(neap_runtime *rt);
neap_remote *neap_remote_make(neap_runtime *rt, neap_env *env, bool keep);
neap_remote *neap_remote_retain(neap_remote *remote);
int neap_remote_post(neap_remote *remote, void (*fn)(neap_env *, void *), void (*drop)(void *),
                     void *data);

/* ---- work.c ---- */

int neap_work_queue(neap_runtime *rt, neap_work *work);
void neap_works_cancel(neap_runtime *rt); /* what has not started: done(UV_ECANCELED) */

/* ---- transport.c ---- */

char *neap_read_buffer(neap_root *root); /* NULL: no memory */
neap_transport *neap_transport_new(neap_env *env, int kind);
int neap_transport_open(neap_transport *t, int fd);
int neap_transport_connect(neap_transport *t, const struct sockaddr *address, neap_on_done done);
int neap_transport_bind(neap_transport *t, const struct sockaddr *address, unsigned flags);
int neap_transport_listen(neap_transport *t, int backlog, neap_on_accept on_accept);

/* ---- output.c, loader.c, api.c, task_lua.c: functions for Lua ---- */

void neap_output(neap_runtime *rt, const char *text, size_t length);
void neap_output_flush(neap_runtime *rt);
void neap_boot_foreign(neap_runtime *rt, bool done); /* before and after it, in a VM not ours */
void neap_boot(neap_runtime *rt); /* installs coroutine, require, print ...; protected, on L */
extern const neap_descriptor neap_extension_neap_task, neap_extension_neap_host,
    neap_extension_neap_errors;

#endif
