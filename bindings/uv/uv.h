/* uv.h -- what the files of bindings/uv know of each other.
 *
 * nuv_state    one a runtime: the loop, and the handles that scripts have made
 * nuv_handle   one of libuv's handles: the host's allocation. It stays until it is closed and its Lua
 *              object is collected, so that libuv itself answers what is asked of a closed one.
 * nuv_request  one of libuv's requests: our allocation, freed when its callback has been. Its Lua
 *              object refers to it until then.
 *
 * An open handle holds its Lua object (`self`), as luv's do: it lives until it is closed. Callbacks are
 * numbers of neap->hold, 0 for none. libuv never gets a pointer into the VM.
 *
 * Every function answers as luv's documentation says: 0 or a value; or nil, "NAME: message", "NAME".
 * A callback gets nil or "NAME" first. Wrong arguments raise. */
#ifndef NEAP_BINDINGS_UV_H
#define NEAP_BINDINGS_UV_H

#include <neap/extension.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <uv.h>

#define nuv_container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))

typedef struct nuv_handle nuv_handle;
typedef struct nuv_request nuv_request;

typedef struct {
    neap_env *env;
    const neap_uv *host;
    uv_loop_t *loop;
    nuv_handle *first, *last;        /* open ones, in the order they were made */
    const char *mode;                /* of uv.run, while it is on the stack */
    nuv_request *later, *last_later; /* over, and not told yet */
    bool polling;                    /* in a callback of the loop's poll */
    unsigned events;                 /* how many callbacks of libuv there were */
    struct nuv_thread *threads;      /* that it has started; joined at its end */
    struct nuv_pool *pool;           /* of states for queue_work; NULL: not needed yet */
} nuv_state;

struct nuv_handle {
    neap_handle h;
    nuv_handle *next, *previous;
    bool ready;   /* libuv has it */
    int self;     /* held, until it is closed */
    int callback; /* held: of its one kind of event */
    int close_callback;
    int flags;                      /* the type's own */
    void *extra;                    /* the type's own */
    void (*release)(nuv_handle *x); /* the type's, of `extra`, at the end; may be NULL */
    struct nuv_port *port;          /* what other VMs have of it; NULL: none has */
    union {                         /* last: only as much as the type needs is allocated */
        uv_handle_t handle;
        uv_stream_t stream;
        uv_async_t async;
        uv_check_t check;
        uv_fs_event_t fs_event;
        uv_fs_poll_t fs_poll;
        uv_idle_t idle;
        uv_pipe_t pipe;
        uv_poll_t poll;
        uv_prepare_t prepare;
        uv_process_t process;
        uv_signal_t signal;
        uv_tcp_t tcp;
        uv_timer_t timer;
        uv_tty_t tty;
        uv_udp_t udp;
    } uv;
};

enum { NUV_RESET = 1 }; /* of a tcp: close it by a reset */

/* A class of handles: `type` as libuv has it (tcp), its methods. */
#define NUV_CLASS(type, list)                                                                      \
    const neap_handle_class nuv_##type##_class = {                                                 \
        .name = "uv_" #type,                                                                       \
        .size = offsetof(nuv_handle, uv) + sizeof(uv_##type##_t),                                  \
        .methods = list,                                                                           \
        .metamethods = nuv_handle_metamethods,                                                     \
        .close = nuv_handle_on_close,                                                              \
        .flags = NEAP_HANDLE_STAYS | NEAP_HANDLE_OPEN,                                             \
    }

struct nuv_request {
    neap_env *env;
    struct nuv_request_object *object; /* in the VM; NULL: collected */
    const char *name;                  /* "uv_fs_t" */
    void *extra;                       /* the type's own */
    size_t size;                       /* of this block */
    int self;                          /* held, until it is done */
    int callback;                      /* held */
    int kept;                          /* held: what has to live as long */
    neap_job job;                      /* for a callback that is due without libuv */
    nuv_request *later;                /* the next one of these */
    int status;                        /* what that is told */
    bool before_poll;                  /* it was over before the loop polled */
    union {                            /* last: see NUV_REQUEST_SIZE */
        uv_req_t req;
        uv_connect_t connect;
        uv_fs_t fs;
        uv_getaddrinfo_t getaddrinfo;
        uv_getnameinfo_t getnameinfo;
        uv_random_t random;
        uv_shutdown_t shutdown;
        uv_udp_send_t udp_send;
        uv_work_t work;
        uv_write_t write;
    } uv;
};

#define NUV_REQUEST_SIZE(type) (offsetof(nuv_request, uv) + sizeof(uv_##type##_t))

/* ---- uv.c: arguments, results, callbacks ---- */

nuv_state *nuv_state_of(lua_State *L); /* in a function of ours */

const char *nuv_typename(lua_State *L, int index); /* "uv_tcp", "table"; may push one value */
int nuv_check_int(lua_State *L, int index);        /* what an int holds, or raises */
void nuv_check_callback(lua_State *L, int index);  /* a function or a callable table, or raises */
void nuv_check_callable(lua_State *L, int index);  /* the same, in the words for a function */
void nuv_set_callback(lua_State *L, int index, neap_env *env, int *held); /* checked; nil: none */

int nuv_fail(lua_State *L, int status);         /* nil, "NAME: message", "NAME" */
int nuv_result(lua_State *L, int status);       /* the same, or the number */
void nuv_push_status(lua_State *L, int status); /* for a callback: nil or "NAME" */
int nuv_push_address(lua_State *L, const struct sockaddr *address); /* {family, ip, port}; or nil */

/* Text "ip", port -> address; raises when it is none: luv's words, blaming argument `index`. */
void nuv_check_address(lua_State *L, int index, struct sockaddr_storage *address);

/* Call a held function from a callback of libuv: args(L, data) pushes its arguments and returns how many
 * (NULL: none). When it returns the script may have closed anything, but nothing was freed yet. */
void nuv_call(neap_env *env, int callback, int (*args)(lua_State *L, void *data), void *data);

/* The same for what the loop does not call from its poll: timers, idle, prepare and check, closing. */
void nuv_call_aside(neap_env *env, int callback, int (*args)(lua_State *L, void *data), void *data);

/* An integer or a lower-case name of one: `names` is ended by {NULL}. */
typedef struct {
    const char *name;
    int value;
} nuv_name;
int nuv_check_name(lua_State *L, int index, const nuv_name *names, const char *what);
const char *nuv_name_of(const nuv_name *names, int value); /* NULL: none */

/* ---- data.c: bytes to be written ---- */

enum { NUV_FEW = 32 };

typedef struct {
    uv_buf_t few[NUV_FEW];
    uv_buf_t *bufs; /* in the VM, as is what they point to: for the time of the call */
    unsigned n;
    size_t size; /* bytes in all */
} nuv_data;

/* A string or a table of them at `index`, or raises; may push one value. */
void nuv_check_data(lua_State *L, int index, nuv_data *d);
void nuv_skip_data(nuv_data *d, size_t gone);        /* the first bytes have gone */
uv_buf_t nuv_copy_data(const nuv_data *d, char *to); /* d->size bytes */

/* ---- constants.c ---- */

extern const nuv_name nuv_families[], nuv_socket_types[], nuv_signals[];
void nuv_push_constants(lua_State *L);
void nuv_push_errno(lua_State *L); /* misc.c */

/* ---- handle.c ---- */

extern const luaL_Reg nuv_handle_metamethods[];
int nuv_handle_on_close(neap_handle *h);

/* Push a new object of a class; then libuv's init; then made() with what that said: returns 1, the
 * object being on L's top, or fails. */
nuv_handle *nuv_handle_new(lua_State *L, const neap_handle_class *type);
int nuv_handle_made(lua_State *L, nuv_handle *x, int status);

/* The end of a start: when libuv has agreed (status), the checked callback at index is the handle's. */
int nuv_start_callback(lua_State *L, int index, nuv_handle *x, int status);

nuv_handle *nuv_check(lua_State *L, int index, const neap_handle_class *type);
nuv_handle *nuv_check_handle(lua_State *L, int index); /* of any class of ours */
nuv_handle *nuv_check_stream(lua_State *L, int index); /* tcp, pipe, tty */
nuv_handle *nuv_test_handle(lua_State *L, int index);  /* NULL: it is none */

/* Being closed, or closed: then libuv is not to be asked for what would open it again, or start it. */
static inline bool nuv_is_closed(const nuv_handle *x)
{
    return neap->handle_is_closing(&x->h);
}

static inline nuv_handle *nuv_handle_of(void *uv) /* a uv_timer_t * ... */
{
    return ((uv_handle_t *)uv)->data;
}

/* Methods of all handles, and of all streams: into a class's list. */
#define NUV_HANDLE_METHODS                                                                         \
    {"close", nuv_close}, {"is_active", nuv_is_active}, {"is_closing", nuv_is_closing},            \
        {"ref", nuv_ref}, {"unref", nuv_unref}, {"has_ref", nuv_has_ref},                          \
        {"send_buffer_size", nuv_send_buffer_size}, {"recv_buffer_size", nuv_recv_buffer_size},    \
        {"fileno", nuv_fileno},                                                                    \
    {                                                                                              \
        "get_type", nuv_handle_get_type                                                            \
    }
int nuv_close(lua_State *L);
int nuv_is_active(lua_State *L);
int nuv_is_closing(lua_State *L);
int nuv_ref(lua_State *L);
int nuv_unref(lua_State *L);
int nuv_has_ref(lua_State *L);
int nuv_send_buffer_size(lua_State *L);
int nuv_recv_buffer_size(lua_State *L);
int nuv_fileno(lua_State *L);
int nuv_handle_get_type(lua_State *L);

/* ---- request.c ---- */

/* Push a new request's object. `callback`: an index of what was checked; nil: none. */
nuv_request *nuv_request_new(lua_State *L, const char *name, size_t size, int callback);

/* It could not be started: nothing is called, it is gone, and the failure is pushed (3 values). */
int nuv_request_failed(lua_State *L, nuv_request *r, int status);

/* It is over: its callback gets args(L, data), and it is freed. From a callback of libuv. */
void nuv_request_done(nuv_request *r, int (*args)(lua_State *L, void *data), void *data);

/* The same with a status alone, soon: for what was over at once. It is told in the run queue, or earlier:
 * libuv would tell it before it polls, and before the handle is closed, so that such callbacks first call
 * tell_later (all: also what was over while it polled). */
void nuv_request_later(nuv_request *r, int status);
void nuv_tell_later(nuv_state *state, bool all);

nuv_request *nuv_check_request(lua_State *L, int index); /* under way, or raises */

/* fs_scandir: its object keeps the names when the request is over. Without a callback there is the
 * object alone (push). next: of one that is done, or raises. */
nuv_request *nuv_scan_request(lua_State *L, int callback);
uv_fs_t *nuv_scan_push(lua_State *L);
void nuv_scan_done(nuv_request *r);
struct nuv_shared *nuv_test_scan(lua_State *L, int index); /* NULL: it is none, or not done */
int nuv_scan_next(lua_State *L, int index, char *name, size_t size, uv_dirent_type_t *type);

int nuv_status_args(lua_State *L, void *status); /* for done(): pushes the int at `status` */

/* ---- value.c: what goes from one VM to another, in memory that belongs to none. Any thread. ---- */

/* A thing that objects of several VMs refer to, counted: semaphores, threads, ports. */
typedef struct nuv_shared nuv_shared;
typedef struct {
    const char *name; /* of its metatable: "uv_sem" */
    const luaL_Reg *methods;
    const luaL_Reg *metamethods;      /* __gc is ours; may be NULL */
    void (*free)(nuv_shared *shared); /* nobody refers to it any more: on whichever thread */
    int (*push)(lua_State *L, neap_env *env,
                nuv_shared *shared); /* may be NULL: 0 as others, 1 done */
} nuv_shared_class;
struct nuv_shared {
    const nuv_shared_class *type;
    atomic_int count;
};
nuv_shared *nuv_share(nuv_shared *shared); /* one more refers to it */
void nuv_unshare(nuv_shared *shared);      /* one less; NULL is none */
/* Push the object of a new one, zeroed, and of that type: free() may find it so. Raises. */
void *nuv_new_shared(lua_State *L, const nuv_shared_class *type, size_t size);
void nuv_push_shared(lua_State *L, neap_env *env, nuv_shared *shared); /* an object that does */
void *nuv_test_shared(lua_State *L, int index, const nuv_shared_class *type); /* NULL: it is none */
void *nuv_check_shared(lua_State *L, int index, const nuv_shared_class *type);
extern const nuv_shared_class nuv_thread_class, nuv_sem_class, nuv_port_class, nuv_async_port_class;

/* nil, booleans, numbers, strings, light userdata, what is shared, and handles (by their ports). */
typedef struct nuv_values nuv_values;
int nuv_values_bad(lua_State *L, int first,
                   int last); /* the index of one that cannot go; 0: all can */
nuv_values *nuv_values_new(lua_State *L, int first, int last); /* copied; of none bad. Raises. */
int nuv_values_push(lua_State *L, neap_env *env, const nuv_values *values); /* how many */
void nuv_values_free(nuv_values *values);                                   /* NULL is none */

/* ---- port.c: a handle as other VMs have it. What they can do is send to an async. ---- */

typedef struct nuv_port nuv_port;
nuv_port *nuv_port_of(lua_State *L, nuv_handle *x); /* its own, of an open one; raises */
nuv_port *nuv_test_port(lua_State *L, int index);   /* of an async; NULL: it is none */
void nuv_port_close(nuv_handle *x); /* it is closing: nothing gets through any more */
void nuv_port_drop(nuv_handle *x);  /* the same, at its end */
/* Takes these, in place of what was sent before; of a closed one they are lost. */
int nuv_port_send(nuv_port *port, nuv_values *values);
nuv_values *nuv_port_take(nuv_handle *x); /* the callback's: what was sent, or NULL */
int nuv_async_send(lua_State *L);         /* async.c: of a handle or a port */

/* ---- entry.c, thread.c, work.c: functions that run in a state of their own on another thread ---- */

typedef struct nuv_entry {
    char *code, *path, *cpath; /* malloc; path: where modules are found */
    size_t length;
} nuv_entry;
void nuv_push_code(lua_State *L, int index); /* a text as it is; a function dumped, or raises */
int nuv_entry_init(lua_State *L, nuv_entry *entry); /* of the code on the top: 0, UV_ENOMEM */
void nuv_entry_push(lua_State *L, const nuv_entry *entry, const char *name); /* there; or raises */
void nuv_entry_free(nuv_entry *entry);
neap_env *nuv_env_in(lua_State *L); /* of `uv` in a VM where it has been required */
void nuv_check_values(lua_State *L, int first, int last); /* luv's words where one cannot go */
void nuv_flush_output(lua_State *L);                      /* another thread is going to write */

typedef struct nuv_thread nuv_thread;
nuv_thread *nuv_thread_of(lua_State *L); /* which uv.new_thread has started; NULL: it is another */

/* ---- waiter.c ---- */

typedef struct {
    atomic_bool stopping; /* the runtime's end waits for it */
    uv_mutex_t lock;
    uv_mutex_t *lock_of; /* of the condition that it waits for, or NULL (lock) */
    uv_cond_t *condition;
} nuv_waiter;

int nuv_waiter_open(nuv_waiter *w);
void nuv_waiter_close(nuv_waiter *w);
void nuv_waiter_set(lua_State *L, nuv_waiter *w); /* this VM's */
nuv_waiter *nuv_waiter_of(lua_State *L);          /* NULL: nobody tells it to stop */
bool nuv_waiter_stopping(const nuv_waiter *w);    /* these three of NULL, too */
void nuv_waiter_begin(nuv_waiter *w, uv_mutex_t *lock, uv_cond_t *condition);
void nuv_waiter_end(nuv_waiter *w);
void nuv_waiter_stop(nuv_waiter *w);     /* any thread */
void nuv_threads_stop(nuv_state *state); /* all are told to */
void nuv_threads_join(nuv_state *state); /* at the runtime's end */
void nuv_pool_close(nuv_state *state);   /* the same */

/* ---- One file a type: what uv.c registers ---- */

#define NUV_STREAM_METHODS                                                                         \
    NUV_HANDLE_METHODS, {"shutdown", nuv_shutdown}, {"listen", nuv_listen},                        \
        {"accept", nuv_accept}, {"read_start", nuv_read_start}, {"read_stop", nuv_read_stop},      \
        {"write", nuv_write}, {"write2", nuv_write2}, {"try_write", nuv_try_write},                \
        {"try_write2", nuv_try_write2}, {"is_readable", nuv_is_readable},                          \
        {"is_writable", nuv_is_writable}, {"set_blocking", nuv_stream_set_blocking},               \
    {                                                                                              \
        "get_write_queue_size", nuv_stream_get_write_queue_size                                    \
    }
int nuv_shutdown(lua_State *L);
int nuv_listen(lua_State *L);
int nuv_accept(lua_State *L);
int nuv_read_start(lua_State *L);
int nuv_read_stop(lua_State *L);
int nuv_write(lua_State *L);
int nuv_write2(lua_State *L);
int nuv_try_write(lua_State *L);
int nuv_try_write2(lua_State *L);
int nuv_is_readable(lua_State *L);
int nuv_is_writable(lua_State *L);
int nuv_stream_set_blocking(lua_State *L);
int nuv_stream_get_write_queue_size(lua_State *L);

/* stream.c: for tcp_connect, pipe_connect; the loop's buffer, for whatever reads */
void nuv_on_connected(uv_connect_t *connect, int status);
void nuv_on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf);

/* udp_send.c, for udp.c; and that one's address at two indexes, NULL where both are nil */
struct sockaddr *nuv_check_peer(lua_State *L, int index, struct sockaddr_storage *address);
int nuv_udp_send(lua_State *L);
int nuv_udp_try_send(lua_State *L);
int nuv_udp_try_send2(lua_State *L);
int nuv_udp_get_send_queue_size(lua_State *L);
int nuv_udp_get_send_queue_count(lua_State *L);

/* udp_option.c, for udp.c */
#define NUV_UDP_OPTION_METHODS                                                                     \
    {"set_membership", nuv_udp_set_membership},                                                    \
        {"set_source_membership", nuv_udp_set_source_membership},                                  \
        {"set_multicast_interface", nuv_udp_set_multicast_interface},                              \
        {"set_multicast_loop", nuv_udp_set_multicast_loop},                                        \
        {"set_multicast_ttl", nuv_udp_set_multicast_ttl},                                          \
        {"set_broadcast", nuv_udp_set_broadcast},                                                  \
    {                                                                                              \
        "set_ttl", nuv_udp_set_ttl                                                                 \
    }
int nuv_udp_set_membership(lua_State *L);
int nuv_udp_set_source_membership(lua_State *L);
int nuv_udp_set_multicast_interface(lua_State *L);
int nuv_udp_set_multicast_loop(lua_State *L);
int nuv_udp_set_multicast_ttl(lua_State *L);
int nuv_udp_set_broadcast(lua_State *L);
int nuv_udp_set_ttl(lua_State *L);

extern const luaL_Reg nuv_handle_functions[], nuv_request_functions[], nuv_loop_functions[],
    nuv_timer_functions[], nuv_stream_functions[], nuv_tcp_functions[];
extern const luaL_Reg nuv_fs_file_functions[], nuv_fs_path_functions[], nuv_fs_stat_functions[],
    nuv_fs_scan_functions[], nuv_fs_dir_functions[], nuv_fs_event_functions[],
    nuv_fs_poll_functions[], nuv_dns_functions[];
extern const luaL_Reg nuv_pipe_functions[], nuv_tty_functions[], nuv_udp_functions[],
    nuv_udp_send_functions[], nuv_udp_option_functions[], nuv_poll_functions[],
    nuv_signal_functions[], nuv_process_functions[], nuv_async_functions[], nuv_phase_functions[];
extern const neap_handle_class nuv_udp_class, nuv_poll_class, nuv_signal_class, nuv_process_class,
    nuv_async_class, nuv_prepare_class, nuv_check_class, nuv_idle_class;
extern const neap_handle_class nuv_fs_event_class, nuv_fs_poll_class;
extern const luaL_Reg nuv_misc_functions[], nuv_os_functions[], nuv_system_functions[],
    nuv_thread_functions[], nuv_sem_functions[], nuv_work_functions[];
extern const neap_handle_class nuv_timer_class, nuv_tcp_class, nuv_pipe_class, nuv_tty_class;

#endif
