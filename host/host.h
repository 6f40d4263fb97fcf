/* host.h: what the files of host/ know of each other. Nobody else includes it.
 *
 * neap_runtime  one VM: its scheduler state S, run queue, tasks, memory account, permissions.
 * neap_env      one extension in one runtime.
 * loop.h has what is the loop's, task.h tasks, scopes and operations, list.h the lists that link all of them.
 *
 * All Lua work is done on `S`, a thread of the VM that is never resumed, inside one protected call a
 * drain (queue.c). What must survive a raised error there is noted in the runtime first
 * (`delivering`, `ending`), and picked up by the drain. What a finalizer begins in the middle of that is
 * noted on top of it.
 */
#ifndef NEAP_HOST_H
#define NEAP_HOST_H

#define NEAP_BUILTIN 1
#include <neap/extension.h>
#include <neap/neap.h>
#include <stdarg.h>
#include <stdbool.h>
#include <uv.h>

#include "list.h"
#include "loop.h"
#include "preempt.h"
#include "task.h"
#include "vm.h"

typedef struct neap_permissions neap_permissions;

/* ---- Runtime ---- */

enum { OP_CLASSES = 16 };

typedef struct {
    void *first; /* chained through their first word */
    int count;
} op_blocks;

/* CLOSING: tasks clean up; DROPPED: handles go. */
enum { RT_OPEN, RT_CLOSING, RT_DROPPED, RT_CLOSED };

/* What a C function carries to know whose it is, in a VM that outlives the runtime: emptied on
 * closing. */
typedef struct {
    const void *magic;
    void *to; /* NULL: closed */
} neap_cell;

struct neap_runtime {
    neap_root *root;
    neap_runtime *parent;   /* NULL: a root runtime */
    list children, sibling; /* sibling: in the parent's children */
    int state;              /* RT_... */
    neap_options options;
    char *lua_path; /* the copy of options.lua_path */

    /* The VM. */
    lua_State *L;                         /* main state: the embedder's */
    lua_State *S;                         /* the scheduler's */
    int thread_ref;                       /* S, in the registry */
    bool foreign;                         /* neap_attach: the VM is not ours to close */
    neap_cell *cell;                      /* then: refers to us */
    int cell_ref;                         /* anchored */
    int restore;                          /* anchored function that changes the VM back */
    int anchors;                          /* registry index of the table of anchored values */
    const void *anchor_array;             /* that table */
    int anchor_count, anchor_free;        /* its size; the first free place */
    int trampoline;                       /* registry index of the protected call's function */
    const struct protected_call *calling; /* what it is to run */
    int handler; /* registry index of the message handler that adds a traceback */
    int hook;    /* anchored: debug.sethook's function (hook.c) */

    /* What scripts and the embedder have set: anchored, 0 none. */
    int on_error;     /* host.on_error's function */
    int on_exit;      /* the function that neap_run calls at its end */
    int listeners;    /* event name -> functions */
    int exports;      /* name -> function */
    int call_results; /* of the last neap_call */
    int arg;          /* the global `arg` that we made */
    int sites;        /* where each handle was made, for a test run: its address -> "file:line" */

    /* The scheduler. */
    neap_job *head, **tail; /* run queue */
    list ready;             /* in root->ready when the queue is not empty */
    neap_task *current;     /* the task that runs now */
    bool suspending;        /* the coroutine that just yielded waits or was preempted */
    int nowait;             /* depth of resumes made where the VM cannot yield */
    bool entered;           /* its VM is on the C stack, through the scheduler */
    bool preempted;         /* its current task was preempted: nobody else enters the VM */
    int late;               /* callbacks of libuv that had to queue (uv.c) */
    op_head *delivering;    /* its results are being pushed; linked by `below` */
    neap_task *arriving; /* is being made: its function and arguments are pushed; by `next_free` */
    neap_task *waking;   /* a cancelled task, being told */
    neap_task *ending;   /* its end is being handled */

    /* Tasks and what they wait for. */
    neap_scope *scope; /* of the main script and detached tasks */
    list scopes;       /* all */
    neap_scope *free_scopes;
    list boxes, groups; /* Lua objects of tasks and groups */
    neap_task *free_tasks;
    int pooled;                        /* how many these are */
    int tasks;                         /* alive */
    list died;                         /* errors that nobody has waited for in this drain */
    list mourning;                     /* in a drain: to be looked at for these at its end */
    op_blocks free_blocks[OP_CLASSES]; /* operations' memory by size class */
    int ops;                           /* alive */
    int works;                         /* workers in the thread pool */
    int work_cap;                      /* at most; 0 not yet looked up */
    list work_queue;                   /* jobs that wait for one; under root->lock */
    int busy;                          /* requests of extensions that the loop has (uv.c) */

    /* Extensions and their handles. */
    list handles; /* all open and closing ones */
    list staying; /* closed ones whose objects are not yet collected */
    int handle_count;
    int transports; /* whose memory has not gone yet */
    neap_env *envs; /* newest first */
    struct provided *provided;
    neap_remote *remotes; /* head of the list, under root->lock */

    /* Memory. */
    lua_Alloc vm_alloc; /* LuaJIT's own, behind the counting one */
    void *vm_ud;
    size_t memory, memory_limit, memory_peak;
    size_t c_memory;     /* of `memory`, what is not the VM's */
    size_t memory_soft;  /* above it a collection is asked for */
    size_t memory_low;   /* least since that was asked */
    bool collect_wanted; /* at the next job */

    /* Limits, permissions. */
    neap_permissions *permissions; /* NULL: everything */
    neap_slice slice;
    bool slice_ready;        /* its init has been */
    bool slice_late;         /* entered only to be killed */
    bool interruptible;      /* neap_interrupt may stop it */
    bool raised;             /* on_interrupt has had an error raised, which was not yet taken */
    atomic_bool interrupted; /* by neap_interrupt: ask on_interrupt when the slice is over */
    double cpu_budget, weight;
    uint64_t slice_began; /* ns */
    uint64_t drain;       /* the last drain it ran in */
    uint64_t drain_used;  /* ns of script in `drain` */
    uint64_t overrun;     /* ns that it went on after its time was up: the most */

    /* Output. */
    char *out; /* the buffer */
    size_t out_length, out_size;
    neap_job out_job; /* flushes it */
    bool out_queued, out_terminal;
    int out_failed;    /* status of the write that failed */
    neap_env *out_env; /* an extension that gets the output now */
    void (*out_write)(neap_env *env, const char *text, size_t length);

    /* Errors, exit, closing. */
    neap_error *starting; /* where the main script's error goes until it first waits */
    bool reporting;       /* the error of on_error's own function: it goes the default way */
    bool exiting;
    bool raised_nil; /* the main script has, and nobody was told yet */
    int exit_status;
    bool grace_over;
    neap_timer grace;
    void (*on_closed)(void *data);
    void *on_closed_data;
};

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

/* ---- error.c ---- */

void neap_error_open(neap_runtime *rt); /* on S, protected */
void neap_error_push(lua_State *L, int status, const char *fields);
void neap_error_vpush(lua_State *L, int status, va_list ap);
char *neap_fields_copy(neap_runtime *rt, va_list ap); /* NULL: none, or no memory */
void neap_fields_free(neap_runtime *rt, char *fields);
bool neap_error_is(lua_State *L, int index); /* an error object? */
bool neap_error_is_shared(lua_State *L, int index);
const char *neap_error_field(lua_State *L, int index, const char *name); /* pushed; NULL: no text */
int neap_error_status(lua_State *L, int index); /* of its code; ESCRIPT if unknown */
int neap_error_tostring(lua_State *L);          /* its __tostring */
const char *neap_status_name(int status);
const char *neap_status_message(int status);
int neap_raise_closed(lua_State *L, const char *call); /* ECLOSED; call: its syscall, or NULL */

/* ---- report.c ---- */

/* S's top: any error value -> error object, with the traceback of T and where t was spawned. */
void neap_error_normalize(lua_State *S, lua_State *T, const neap_task *t);
int neap_error_handler(lua_State *L);                               /* for lua_pcall */
void neap_error_export(lua_State *L, int index, neap_error *error); /* protected */
int neap_error_take(neap_runtime *rt, neap_error *error); /* pops any error value: its status */
int neap_error_set(neap_error *error, int status, const char *format, ...);
void neap_unhandled(neap_runtime *rt, lua_State *S, int index, bool fatal);
void neap_unhandled_raw(neap_runtime *rt, bool fatal);
void neap_report_finalizers(lua_State *L); /* what they raise, from now on */

/* ---- argument.c: for extension.h's table ---- */

int neap_argument_error(lua_State *L, int index, const char *message);
int neap_type_error(lua_State *L, int index, const char *expected);
int neap_script_error(lua_State *L, const char *format, ...);

/* ---- trace.c ---- */

bool neap_frame_is_own(const lua_Debug *ar);       /* of a module of Neap's; has "S" */
bool neap_user_frame(lua_State *T, lua_Debug *ar); /* the innermost line that is not ours */
bool neap_traceback(lua_State *S, lua_State *T, const char *message); /* pushed on S; any frame? */
void neap_blame(lua_State *S, lua_State *T); /* S's top, a message, gets the user's line */

/* ---- memory.c ---- */

#ifdef NEAP_CHECK
extern long neap_fail_at;
extern bool neap_fail_always, neap_has_failed;
#endif

void *neap_mem(neap_runtime *rt, void *p, size_t old_size, size_t size);
void *neap_realloc(void *p, size_t size); /* uncounted: the root's, never a runtime's */
int neap_charge(neap_runtime *rt, ptrdiff_t bytes);
void *neap_vm_allocator(void *rt, void *p, size_t old_size, size_t size);
int neap_anchor(neap_runtime *rt, lua_State *L); /* pops; raises on no memory */
void neap_anchor_push(neap_runtime *rt, lua_State *L, int ref);
void neap_anchor_drop(neap_runtime *rt, int *ref); /* sets it to 0 */

/* The userdata at index when it is one of ours: `size` bytes that begin with `magic`. Else NULL. */
static inline void *neap_userdata(lua_State *L, int index, size_t size, const void *magic)
{
    size_t its_size = 0;
    void *p = neap_vm_userdata(L, index, &its_size);
    return p && its_size == size && *(const void *const *)p == magic ? p : NULL;
}

/* ---- queue.c ---- */

void neap_queue(neap_runtime *rt, neap_job *job);
void neap_queue_front(neap_runtime *rt, neap_job *job);
void neap_queue_again(neap_runtime *rt);   /* closing: what an exit held back runs */
bool neap_is_held(const neap_runtime *rt); /* after os.exit, until it is closed */
void neap_queue_open(neap_runtime *rt);
int neap_protected(neap_runtime *rt, void (*fn)(lua_State *S, void *data), void *data); /* on S */
/* The same with S's top as fn's only value. */
int neap_protected_value(neap_runtime *rt, void (*fn)(lua_State *S, void *data), void *data);
void neap_run_protected(neap_runtime *rt, void (*fn)(lua_State *S, void *data), void *data);

/* ---- limit.c ---- */

bool neap_limit_begin(neap_runtime *rt, bool call); /* before its VM is entered: is it bounded? */
void neap_limit_end(neap_runtime *rt, bool begun);
bool neap_limit_spent(neap_runtime *rt);      /* its budget, in this drain */
bool neap_limit_over(const neap_runtime *rt); /* the same, from a job of it */
bool neap_limit_fired(neap_runtime *rt);      /* did the last yield come from the hook? */
bool neap_limit_interruptible(neap_runtime *rt);
int neap_limit_kill(neap_runtime *rt, lua_State *L); /* raises */
void neap_collect_soon(neap_runtime *rt); /* asks for a full collection; in an allocation */
void neap_collect(neap_runtime *rt);      /* protected */

/* ---- handle.c ---- */

void *neap_handle_make(lua_State *L, neap_env *env, const neap_handle_class *type);
void *neap_handle_new(lua_State *L, const neap_handle_class *type);
void *neap_handle_check(lua_State *L, int index, const neap_handle_class *type);
void *neap_handle_test(lua_State *L, int index, const neap_handle_class *type);
void *neap_handle_find(lua_State *L, int index, const neap_handle_class *type);
neap_handle *neap_handle_any(lua_State *L, int index);
int neap_handle_is_closing(const neap_handle *h);
void neap_handle_methods(lua_State *L, const neap_handle_class *type);
void neap_handle_close(neap_handle *h);
void neap_handle_closed(neap_handle *h);
void neap_handles_list(lua_State *L, neap_runtime *rt);
void neap_handles_close(neap_runtime *rt);
void neap_handles_forget(
    neap_runtime *rt); /* of a VM that lives on: objects of closed ones refer to none */

/* ---- extension.c, table.c, uv.c ---- */

extern const neap_table neap_the_table;
extern const neap_uv neap_the_uv;
neap_env *neap_env_of(lua_State *L);
/* Push what has to be a function's first upvalue, and there take it: env, or rt; NULL closed. */
void neap_carry(lua_State *L, neap_runtime *rt, neap_env *env);
void *neap_carried(lua_State *L);
void neap_extensions_close(neap_runtime *rt);
int neap_lua_extension(lua_State *L);
int neap_lua_load_shared(lua_State *L);

/* ---- runtime.c, run.c, close.c ---- */

void neap_vm_close(neap_runtime *rt);
void neap_runtime_free(neap_runtime *rt);
void neap_closing_step(neap_runtime *rt);
void neap_closing_advance(neap_runtime *rt); /* something it waited for is gone */
void neap_run_exit(neap_runtime *rt);
void neap_exit(neap_runtime *rt, int status);

/* ---- permit.c ---- */

int neap_permit(neap_runtime *rt, const char *verb, const char *target, size_t length);
int neap_permit_address(neap_runtime *rt, const char *verb, const struct sockaddr *address);
int neap_permit_file(neap_runtime *rt, const char *verb, const char *path, char *out, size_t size);
int neap_open_path(neap_runtime *rt, const char *path, int flags, int mode);
int neap_permission_refuse(neap_error *error, const char *bad);
int neap_permissions_parse(neap_runtime *rt, const char *const *list, neap_permissions **out,
                           const char **bad);
void neap_permissions_free(neap_runtime *rt, neap_permissions *p);

/* ---- remote.c ---- */

void neap_remotes_close(neap_runtime *rt);
neap_remote *neap_remote_make(neap_runtime *rt, neap_env *env, bool keep);
neap_remote *neap_remote_interrupting(neap_remote *remote);
neap_remote *neap_remote_retain(neap_remote *remote);
int neap_remote_post(neap_remote *remote, void (*fn)(neap_env *, void *), void (*drop)(void *),
                     void *data);

/* ---- work.c ---- */

int neap_work_queue(neap_runtime *rt, neap_work *work);
void neap_works_cancel(neap_runtime *rt); /* what has not started: done(UV_ECANCELED) */

/* ---- transport.c ---- */

char *neap_read_keep(neap_runtime *rt, const char *data, size_t n, size_t *size);
void neap_read_drop(neap_runtime *rt, char *block);
neap_transport *neap_transport_new(neap_env *env, int kind);
int neap_transport_open(neap_transport *t, int fd);
int neap_transport_connect(neap_transport *t, const struct sockaddr *address, neap_on_done done);
int neap_transport_bind(neap_transport *t, const struct sockaddr *address, unsigned flags);
int neap_transport_listen(neap_transport *t, int backlog, neap_on_accept on_accept);

/* ---- output.c, boot.c, hook.c, task_lua.c, host_lua.c: for Lua ---- */

void neap_output(neap_runtime *rt, const char *text, size_t length);
void neap_output_flush(neap_runtime *rt);
/* What is produced from now on goes to `write`; NULL: where it went before. */
int neap_output_print(neap_env *env, const char *text, size_t length);
void neap_output_to(neap_env *env, void (*write)(neap_env *env, const char *text, size_t length));
void neap_boot_foreign(neap_runtime *rt, bool done); /* before and after it, in a VM not ours */
void neap_boot(neap_runtime *rt); /* installs coroutine, require, print ...; protected, on L */
int neap_lua_sethook(lua_State *L);
int neap_lua_gethook(lua_State *L);
extern const neap_descriptor neap_extension_neap_task, neap_extension_neap_host,
    neap_extension_neap_errors, neap_extension_neap_clock;

#endif
