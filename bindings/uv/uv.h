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
#include <stdbool.h>
#include <uv.h>

#define nuv_container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))

typedef struct nuv_handle nuv_handle;
typedef struct nuv_request nuv_request;

typedef struct {
    neap_env *env;
    const neap_uv *host;
    uv_loop_t *loop;
    nuv_handle *first, *last; /* open ones, in the order they were made */
    const char *mode;         /* of uv.run, while it is on the stack */
} nuv_state;

struct nuv_handle {
    neap_handle h;
    nuv_handle *next, *previous;
    bool ready;        /* libuv has it */
    int self;          /* held, until it is closed */
    int callback;      /* held: of its one kind of event */
    int close_callback;
    int flags;         /* the type's own */
    void *extra;       /* the type's own */
    union {            /* last: only as much as the type needs is allocated */
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
    size_t size;                       /* of this block */
    int self;                          /* held, until it is done */
    int callback;                      /* held */
    int kept;                          /* held: what has to live as long */
    neap_job job;                      /* for a callback that is due without libuv */
    int status;                        /* what that is told */
    union {                            /* last: see NUV_REQUEST_SIZE */
        uv_req_t req;
        uv_connect_t connect;
        uv_fs_t fs;
        uv_getaddrinfo_t getaddrinfo;
        uv_getnameinfo_t getnameinfo;
        uv_shutdown_t shutdown;
        uv_udp_send_t udp_send;
        uv_work_t work;
        uv_write_t write;
    } uv;
};

#define NUV_REQUEST_SIZE(type) (offsetof(nuv_request, uv) + sizeof(uv_##type##_t))

/* ---- uv.c: arguments, results, callbacks ---- */

nuv_state *nuv_state_of(lua_State *L); /* in a function of ours */

void nuv_check_callback(lua_State *L, int index);     /* a function or a callable table, or raises */
void nuv_set_callback(lua_State *L, int index, neap_env *env, int *held); /* checked; nil: none */

int nuv_fail(lua_State *L, int status);               /* nil, "NAME: message", "NAME" */
int nuv_result(lua_State *L, int status);             /* the same, or the number */
void nuv_push_status(lua_State *L, int status);       /* for a callback: nil or "NAME" */
int nuv_push_address(lua_State *L, const struct sockaddr *address); /* {family, ip, port}; or nil */

/* Text "ip", port -> address; raises when it is none: luv's words, blaming argument `index`. */
void nuv_check_address(lua_State *L, int index, struct sockaddr_storage *address);

/* Call a held function from a callback of libuv: args(L, data) pushes its arguments and returns how many
 * (NULL: none). When it returns the script may have closed anything, but nothing was freed yet. */
void nuv_call(neap_env *env, int callback, int (*args)(lua_State *L, void *data), void *data);

/* An integer or a lower-case name of one: `names` is ended by {NULL}. */
typedef struct {
    const char *name;
    int value;
} nuv_name;
int nuv_check_name(lua_State *L, int index, const nuv_name *names, const char *what);
const char *nuv_name_of(const nuv_name *names, int value); /* NULL: none */

/* ---- constants.c ---- */

extern const nuv_name nuv_families[], nuv_socket_types[], nuv_signals[];
void nuv_push_constants(lua_State *L);

/* ---- handle.c ---- */

extern const luaL_Reg nuv_handle_metamethods[];
int nuv_handle_on_close(neap_handle *h);

/* Push a new object of a class; then libuv's init; then made() with what that said: returns 1, the
 * object being on L's top, or fails. */
nuv_handle *nuv_handle_new(lua_State *L, const neap_handle_class *type);
int nuv_handle_made(lua_State *L, nuv_handle *x, int status);

nuv_handle *nuv_check(lua_State *L, int index, const neap_handle_class *type);
nuv_handle *nuv_check_handle(lua_State *L, int index); /* of any class of ours */
nuv_handle *nuv_check_stream(lua_State *L, int index); /* tcp, pipe, tty */

static inline nuv_handle *nuv_handle_of(void *uv) /* a uv_timer_t * ... */
{
    return ((uv_handle_t *)uv)->data;
}

/* Methods of all handles, and of all streams: into a class's list. */
#define NUV_HANDLE_METHODS                                                                         \
    {"close", nuv_close}, {"is_active", nuv_is_active}, {"is_closing", nuv_is_closing},            \
        {"ref", nuv_ref}, {"unref", nuv_unref}, {"has_ref", nuv_has_ref},                          \
        {"send_buffer_size", nuv_send_buffer_size},                                                \
        {"recv_buffer_size", nuv_recv_buffer_size}, {"fileno", nuv_fileno},                        \
        {"get_type", nuv_handle_get_type}
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

/* The same with a status alone, soon: for what was over at once. */
void nuv_request_later(nuv_request *r, int status);

nuv_request *nuv_check_request(lua_State *L, int index); /* under way, or raises */
int nuv_status_args(lua_State *L, void *status); /* for done(): pushes the int at `status` */

/* ---- One file a type: what uv.c registers ---- */

#define NUV_STREAM_METHODS                                                                         \
    NUV_HANDLE_METHODS, {"shutdown", nuv_shutdown}, {"listen", nuv_listen},                        \
        {"accept", nuv_accept}, {"read_start", nuv_read_start}, {"read_stop", nuv_read_stop},      \
        {"write", nuv_write}, {"write2", nuv_write2}, {"try_write", nuv_try_write},                \
        {"try_write2", nuv_try_write2}, {"is_readable", nuv_is_readable},                          \
        {"is_writable", nuv_is_writable}, {"set_blocking", nuv_stream_set_blocking},               \
        {"get_write_queue_size", nuv_stream_get_write_queue_size}
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

void nuv_on_connected(uv_connect_t *connect, int status); /* stream.c: for tcp_connect, pipe_connect */

extern const luaL_Reg nuv_handle_functions[], nuv_request_functions[], nuv_loop_functions[],
    nuv_timer_functions[], nuv_stream_functions[], nuv_tcp_functions[];
extern const neap_handle_class nuv_timer_class, nuv_tcp_class, nuv_pipe_class, nuv_tty_class;

#endif
