/* neap/extension.h: what a native extension of Neap includes, and all it needs.
 *
 *     #include <neap/extension.h>
 *
 *     static int hex(lua_State *L) { ... }
 *     static const luaL_Reg functions[] = {{"hex", hex}, {NULL, NULL}};
 *
 *     NEAP_EXTENSION(mycodec, .functions = functions)
 *
 * An extension links against nothing of Neap: everything the host offers comes through one table of
 * function pointers, `neap`, which the host fills in before it opens the extension. The table only
 * ever grows at its end, so an extension runs on every later host of the same major version; one
 * that is newer than the host is refused with a clear error.
 *
 * Rules that hold everywhere. All calls are made on the loop's thread, but for those marked "any
 * thread". Times are seconds, as double. Statuses are 0, libuv's negative codes, or NEAP_E... below.
 * Callbacks from the host (jobs, timers, transports, completions) never run inside a call of yours,
 * and never after you closed what they belong to. Nothing but the functions that take a lua_State
 * may touch Lua.
 *
 * Bindings that ship with Neap include this header and nothing else of the host.
 */
#ifndef NEAP_EXTENSION_H
#define NEAP_EXTENSION_H

#include <lauxlib.h>
#include <lua.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define NEAP_MAJOR 0 /* another major: refused */
#define NEAP_MINOR 1 /* a higher minor than the host's: refused */

struct sockaddr;

typedef struct neap_env neap_env;       /* one extension in one runtime */
typedef struct neap_remote neap_remote; /* what other threads hold of a runtime */
typedef struct neap_table neap_table;

/* The struct of yours that a member given back by the host lies in: of a job, a timer, some work ... */
#define neap_container_of(p, type, member) ((type *)((char *)(p)-offsetof(type, member)))

/* ---- Statuses. libuv's are used where libuv has one (UV_ECONNREFUSED ...); these are ours. ---- */

enum {
    NEAP_ECLOSED = -20001,     /* the runtime, stream or channel is closed */
    NEAP_EPERMISSION = -20002, /* a permission is missing */
    NEAP_ELIMIT = -20003,      /* a quota other than memory is used up */
    NEAP_EWAIT = -20004,       /* a wait where nothing can wait */
    NEAP_EDEADLOCK = -20005,   /* every task waits and nothing can wake one */
    NEAP_EVERSION = -20006,    /* an extension and a host that do not fit */
    NEAP_EPARSE = -20007,      /* what a peer or a file said is not what its format allows */
    NEAP_ESCRIPT = -20008,     /* a Lua error that was no error object */
    NEAP_EKILLED = -20009,     /* the runtime was told to stop this script */
};

/* Fields of an error, for complete(), fail() and raise(): pairs of field and value, ended by 0. Texts
 * are copied, and left out when they are NULL. */
enum {
    NEAP_F_END = 0,
    NEAP_F_MESSAGE, /* const char *: replaces the code's own message */
    NEAP_F_SYSCALL, /* const char *: err.syscall */
    NEAP_F_PATH,    /* const char *: err.path */
    NEAP_F_ADDRESS, /* const char *: err.address */
    NEAP_F_PORT,    /* int:          err.port */
    /* const char * verb, const char * target (may be NULL), of a permission that is missing: the
     * message becomes `needs permission "verb target"` */
    NEAP_F_PERMISSION,
};

/* ---- Jobs: an entry of the runtime's run queue (first in, first out). ---- */

typedef struct neap_job {
    struct neap_job *next;          /* the host's */
    void (*run)(struct neap_job *); /* called once for each queue(); may queue itself again */
} neap_job;

/* ---- Operations: the one way to take time. ----
 *
 *     typedef struct { neap_op op; ... } read_op;             // neap_op first
 *     read_op *r = neap->op_new(L, &read_class, sizeof *r);   // zeroed; takes the callback off the top
 *     ... start it ...                                        // failed? complete() with the error
 *     return neap->wait(L, &r->op);                           // always the last statement
 *
 * The memory is the host's, counted against the runtime, and outlives the wait: release() is the
 * last call for it. */

typedef struct neap_op neap_op;

typedef struct {
    const char *name; /* "fs.read": shown where a task waits */

    /* After success only, on the waiting task's turn, in protected mode: push what the call returns
     * on L (16 values at most), return their number. NULL: nothing is returned but `true`. */
    int (*results)(lua_State *L, neap_op *op);

    /* The waiter has gone. Best effort; complete() must still follow, once. May be NULL. When the
     * runtime closes, posts of other threads no longer arrive (they are dropped, or refused with
     * NEAP_ECLOSED): what only a post would complete has to be completed here. */
    void (*cancel)(neap_op *op);

    /* Last, once. No Lua. If not `delivered`, close what the result holds. May be NULL. */
    void (*release)(neap_op *op, int delivered);
} neap_op_class;

struct neap_op {
    const neap_op_class *type;
    neap_env *env;
};

/* ---- Handles: a resource with a Lua object. ----
 * The object is a userdata that refers to a C struct of yours; the struct is the host's allocation,
 * on the runtime's list (leaks, statistics, shutdown), and is freed when you say so. */

typedef struct neap_handle neap_handle;

typedef struct {
    const char *name;            /* its __name: "neap.stream" */
    size_t size;                 /* of your struct, which begins with neap_handle; zeroed */
    const luaL_Reg *methods;     /* of its __index; `close` and `is_closed` are added */
    const luaL_Reg *metamethods; /* may be NULL; __gc and __tostring are the host's unless given */
    /* Called on the new object: 0 or a status. May be NULL. */
    int (*open)(lua_State *L, neap_handle *h);

    /* Let go of the resource. No Lua. Return 0 when all is gone, or 1 and call handle_closed() when
     * the last callback has been. Called once. */
    int (*close)(neap_handle *h);

    unsigned flags; /* NEAP_HANDLE_... below */
} neap_handle_class;

enum {
    NEAP_HANDLE_STAYS =
        1, /* the struct stays, closed, as long as the object: check and test give it */
    NEAP_HANDLE_OPEN = 2, /* getmetatable gives scripts its metatable */
};

struct neap_handle {
    const neap_handle_class *type;
    neap_env *env;
    void *host[6]; /* the host's */
};

/* ---- Timers: one list for the whole loop. ---- */

typedef struct neap_timer {
    void (*fire)(struct neap_timer *); /* called once, in the turn it is due; may start it again */
    neap_env *env;
    uint64_t due; /* this and the next two are the host's */
    int64_t position;
    struct neap_timer *next;
} neap_timer;

/* ---- Work on the thread pool. ---- */

typedef struct neap_work {
    void (*run)(struct neap_work *); /* on a pool thread: no Lua, no call but "any thread" */
    void (*done)(struct neap_work *, int status); /* on the loop; always, once: 0 or UV_ECANCELED */
    neap_env *env;
    void *host[2]; /* the host's */
} neap_work;

/* ---- Tasks started from C. ---- */

typedef struct neap_spawn neap_spawn;

/* A line of the script's; 0: none is known. */
typedef struct {
    int line;
    char source[60];
} neap_site;

/* A task and all that it starts (callbacks, timeouts, tasks of its groups) are one scope. */
struct neap_spawn {
    /* The function has ended. L holds its results from `first` to its top when status is 0, or the
     * error object at `first`. Protected; may be NULL. */
    void (*returned)(neap_spawn *s, lua_State *L, int status, int first);

    /* The task and every operation it started are over: the struct is yours again. No Lua. */
    void (*over)(neap_spawn *s);

    neap_env *env;
    const neap_site *site; /* what a traceback says it was spawned at (NULL: nothing); copied */
    void *host;            /* the host's */
};

/* ---- Transports: bytes both ways, the same face over TCP, pipe, TTY, TLS. ----
 * No lua_State inside. One consumer. No callback comes from inside a call. */

typedef struct neap_transport neap_transport;

typedef struct {
    const char *base;
    size_t len;
} neap_buf;

/* n > 0 bytes at data, valid during the call only (but see read_keep); 0 the peer has ended; < 0 a status. After 0 or
 * an error no more comes. */
typedef void (*neap_on_read)(neap_transport *t, const char *data, ptrdiff_t n);
typedef void (*neap_on_done)(neap_transport *t, int status);
typedef void (*neap_on_accept)(neap_transport *listener, neap_transport *t, int status);

typedef struct {
    size_t size; /* of this struct */
    const char *name;

    /* Start reading, or pause it (NULL). 0 or a status. */
    int (*read)(neap_transport *t, neap_on_read on_read);

    /* Tries at once and copies what is left: the bufs are the caller's again on return. 0 when all
     * is gone (done is not called), 1 when the rest is queued (done will be called, in the order of
     * writes; may be NULL), or < 0 a status. */
    int (*write)(neap_transport *t, const neap_buf *bufs, unsigned n, neap_on_done done);

    /* Send `length` bytes of the file at `offset` after what is queued; the file stays the caller's
     * and open until done. As write. May be NULL. */
    int (*sendfile)(neap_transport *t, int file, int64_t offset, size_t length, neap_on_done done);

    /* End our half once all is written. 0 (done will be called) or a status. */
    int (*shutdown)(neap_transport *t, neap_on_done done);

    /* Let go of everything; pending callbacks get UV_ECANCELED before `closed` (may be NULL), after
     * which the memory is gone. */
    void (*close)(neap_transport *t, void (*closed)(neap_transport *t));

    /* "address", "port" (of this end), "peer_address", "peer_port", "fd", "nodelay", "keepalive",
     * "error" (of the socket, said once: 0 or a status), "queued" (as it is now), "message" (what a
     * person should read of the status that reading ended with):
     * a text of at most `size` bytes with its 0 in `out`; the length, or a status. */
    int (*info)(neap_transport *t, const char *key, char *out, size_t size);

    /* Set "nodelay" (0/1) or "keepalive" (seconds; 0 off). May be NULL. */
    int (*option)(neap_transport *t, const char *key, int value);
} neap_transport_class;

struct neap_transport {
    const neap_transport_class *type;
    neap_env *env;
    void *owner;   /* the consumer's */
    size_t queued; /* bytes written but not yet taken by the kernel */
    void *host[2]; /* the provider's */
};

enum { NEAP_TCP = 1, NEAP_PIPE, NEAP_TTY }; /* kinds for transport_new */

/* ---- The table. Members are only ever added, at the end. ---- */

struct neap_table {
    size_t size;
    uint16_t major, minor;

    /* env: of the C function that runs, which is one that the host has registered (of a descriptor or
     * a handle class), or has what push_env pushes as its first upvalue. That is not the env itself:
     * functions may outlive it (neap_attach), and env() then raises ECLOSED. */
    neap_env *(*env)(lua_State *L);
    void (*push_env)(lua_State *L, neap_env *env);
    void *(*state)(neap_env *env); /* state_size zeroed bytes, one block a runtime */
    int (*runtime_is)(neap_env *env, lua_State *L); /* does L belong to env's runtime? */

    /* Interfaces between extensions: a name with its version, "neap.uv/1". provide: 0, UV_EEXIST or
     * UV_ENOMEM. interface: NULL when nobody provides it. */
    int (*provide)(neap_env *env, const char *name, const void *table);
    const void *(*interface)(neap_env *env, const char *name);

    /* Operations. op_new raises where nothing can wait (EWAIT), in a cancelled task (its error) and
     * in a closing runtime (ECLOSED): call it before you start anything. complete: exactly once, any
     * time on the loop's thread, never fails; fields are read only when status < 0. pin keeps the
     * value at a stack index alive until release. */
    void *(*op_new)(lua_State *L, const neap_op_class *type, size_t size);
    void (*complete)(neap_op *op, int status, ...);
    int (*wait)(lua_State *L, neap_op *op);
    void (*pin)(lua_State *L, neap_op *op, int index);

    /* Jobs. queue: run it after all that is ready now. flush: run it once, when this drain of the
     * queue ends, before the loop polls. work: run it on the thread pool; 0, and done() will be
     * called, or UV_ENOMEM. */
    void (*queue)(neap_env *env, neap_job *job);
    void (*flush)(neap_env *env, neap_job *job);
    int (*work)(neap_env *env, neap_work *work);

    /* Tasks. lua: in a job, the state to push on, which is protected. spawn: start a task with the
     * function and its n arguments on top of L, which are taken off; s may be NULL. enter: run them at
     * once in a pooled task, as a job's last act; 0, or NEAP_EWAIT when the VM is preempted, and they
     * stay on L. Both raise when there is no memory. cancel: all of a spawned scope; over() follows. */
    lua_State *(*lua)(neap_env *env);
    void (*spawn)(lua_State *L, int n, neap_spawn *s);
    int (*enter)(lua_State *L, int n);
    void (*cancel)(neap_spawn *s, int status);

    /* Handles. handle: make one and push its object; handle_make: the same where no function of env
     * runs (an operation's results). Both raise. check: the open struct at an index, or it raises;
     * handle_test: NULL where check raises; handle_any: of any class, NULL when it is none or closed.
     * handle_methods: push a class's table of methods, so that a Lua face can be put on them. close:
     * idempotent; handle_closed: after close() has returned 1. */
    void *(*handle)(lua_State *L, const neap_handle_class *type);
    void *(*handle_make)(lua_State *L, neap_env *env, const neap_handle_class *type);
    void *(*check)(lua_State *L, int index, const neap_handle_class *type);
    void *(*handle_test)(lua_State *L, int index, const neap_handle_class *type);
    neap_handle *(*handle_any)(lua_State *L, int index);
    void (*handle_methods)(lua_State *L, const neap_handle_class *type);
    void (*close)(neap_handle *h);
    int (*handle_is_closing)(const neap_handle *h);
    void (*handle_closed)(neap_handle *h);

    /* Lua values that C holds, by a number > 0. hold keeps the value at index (raises when there is no
     * memory); held pushes it; let_go (no Lua; also of 0) lets go and sets it to 0. */
    int (*hold)(lua_State *L, int index);
    void (*held)(lua_State *L, int held);
    void (*let_go)(neap_env *env, int *held);

    /* Time. now: of this turn of the loop, monotonic. A started timer keeps the loop alive. */
    double (*now)(neap_env *env);
    double (*wall)(neap_env *env); /* since 1970 */
    void (*timer)(neap_env *env, neap_timer *timer, double seconds);
    void (*timer_stop)(neap_timer *timer);               /* idempotent */
    int (*random)(neap_env *env, void *bytes, size_t n); /* 0 or a status */

    /* Threads. A remote outlives the runtime; each remote() (NULL: the runtime is closing, or there is no
     * memory) or remote_retain() needs one remote_release(). post (any thread): fn runs on the loop's
     * thread as a job; if the runtime closes first drop (may be NULL) runs instead. 0; NEAP_ECLOSED or
     * UV_ENOMEM, and neither runs. */
    neap_remote *(*remote)(neap_env *env);
    neap_remote *(*remote_retain)(neap_remote *remote); /* any thread */
    void (*remote_release)(neap_remote *remote);        /* any thread */
    int (*post)(neap_remote *remote, void (*fn)(neap_env *env, void *data),
                void (*drop)(void *data), void *data);

    /* Memory counted against the runtime. alloc is realloc with the old size (0 and NULL: new; size
     * 0: free); NULL when it does not fit. charge counts memory you hold otherwise: 0 or UV_ENOMEM. */
    void *(*alloc)(neap_env *env, void *p, size_t old_size, size_t size);
    int (*charge)(neap_env *env, ptrdiff_t bytes);

    /* Errors. fail pushes nil and the error, returns 2; raise raises it; push_error pushes it alone.
     * report hands the value at index to the runtime's on_error. */
    int (*fail)(lua_State *L, int status, ...);
    int (*raise)(lua_State *L, int status, ...);
    void (*push_error)(lua_State *L, int status, ...);
    void (*report)(lua_State *L, int index);

    /* Permissions: before the effect; no Lua. permit and permit_address: on the loop's thread; 0 or
     * NEAP_EPERMISSION. open_path: any thread; opens as open(2) does: a descriptor, or a status. */
    int (*permit)(neap_env *env, const char *verb, const char *target, size_t length);
    int (*permit_address)(neap_env *env, const char *verb, const struct sockaddr *address);
    int (*open_path)(neap_env *env, const char *path, int flags, int mode);

    /* Transports. transport borrows the one of a stream object for the time of a call (NULL: it is
     * none, or closed); transport_take moves it out, with bytes read but not consumed in *unread
     * (to be freed with alloc(env, base, len, 0)); transport_give pushes a stream object on one.
     * The stream's maker sets this up with transport_streams. */
    neap_transport *(*transport)(lua_State *L, int index);
    neap_transport *(*transport_take)(lua_State *L, int index, neap_buf *unread);
    void (*transport_give)(lua_State *L, neap_transport *t);
    void (*transport_streams)(neap_env *env, neap_transport *(*take)(lua_State *, int, neap_buf *),
                              void (*give)(lua_State *, neap_transport *));

    /* The host's own. new: NULL when there is no memory. The others: 0 or a status: UV_EINVAL when t is
     * not of that kind, closed, or used already; NEAP_EPERMISSION, which is asked for here; else the
     * system's. open: the descriptor is the transport's when 0. connect: done will be called when 0,
     * with how it went. listen: on_accept is called with each connection; again with NULL it accepts no
     * more for now (connections wait in the kernel's backlog), with on_accept it goes on. */
    neap_transport *(*transport_new)(neap_env *env, int kind);
    int (*transport_open)(neap_transport *t, int fd);
    int (*transport_connect)(neap_transport *t, const struct sockaddr *address, neap_on_done done);
    int (*transport_bind)(neap_transport *t, const struct sockaddr *address, unsigned flags);
    int (*transport_listen)(neap_transport *t, int backlog, neap_on_accept on_accept);

    /* The status of the error object at index; NEAP_ESCRIPT when its code is a script's own, or it is none. */
    int (*error_status)(lua_State *L, int index);

    /* As check, but NULL when the struct is closed: by another task perhaps, so that is no wrong argument. */
    void *(*handle_find)(lua_State *L, int index, const neap_handle_class *type);

    /* For whoever talks to the person at the terminal. interrupter: a remote that may interrupt (NULL as
     * remote). interrupt (any thread): the script that runs, or the next that does, gets an EKILLED error
     * at its next safe point, wherever that is; 0, NEAP_ECLOSED, or UV_ENOTSUP. output: what print and
     * io.write produce goes to `write` (no Lua there) from now on; NULL: where it went before. */
    neap_remote *(*interrupter)(neap_env *env);
    int (*interrupt)(neap_remote *remote);
    void (*output)(neap_env *env, void (*write)(neap_env *env, const char *text, size_t length));

    /* Say it as print and io.write do, in one order with them; of no length: what was said goes out. 0, or
     * what went wrong with the standard output. */
    int (*print)(neap_env *env, const char *text, size_t length);

    /* In on_read, instead of copying the n bytes at `data`: the block in which they lie becomes the caller's
     * until read_drop, and counts against its memory; *size bytes, which may be written to. NULL: copy
     * them: they are few for a whole block, or not in the loop's buffer (a transport that decodes), or
     * there is no memory. */
    char *(*read_keep)(neap_env *env, const char *data, size_t n, size_t *size);
    void (*read_drop)(neap_env *env, char *block);

    /* For what is often over before it begins (a write that the kernel takes, a read of what has come):
     * may this call return its results itself, without an operation? Raises as op_new does. 0: make one,
     * for there is a callback on the stack's top, or the task has not let others run for long. Asked
     * once a call, before the effect. */
    int (*at_once)(lua_State *L, const neap_op_class *type);

    /* As lauxlib's luaL_argerror, luaL_typerror and luaL_error: see arguments.h. */
    int (*argument_error)(lua_State *L, int index, const char *message);
    int (*type_error)(lua_State *L, int index, const char *expected);
    int (*script_error)(lua_State *L, const char *format, ...);

    /* Where the script has called the running function, for what is spawned on its behalf later. */
    void (*site)(lua_State *L, neap_site *site);
};

/* Flags of transport_bind: IPv6 only; SO_REUSEPORT where the system has it. */
enum { NEAP_BIND_V6ONLY = 1, NEAP_BIND_REUSEPORT = 2 };

/* ---- The interface "neap.uv/1", for extensions that include uv.h (libuv 1.x). ----
 * In a restricted runtime an extension that uses it asks for permission before every effect, as NEAP_PUBLIC
 * promises. A handle that an extension puts on the loop is closed in
 * the close() of a neap_handle_class, so that the runtime's end waits for its callback. */

struct uv_loop_s;

typedef struct {
    size_t size;
    struct uv_loop_s *(*loop)(neap_env *env);
    char *(*read_buffer)(neap_env *env,
                         size_t *size); /* the loop's: valid during one read callback;
                                                          NULL: no memory */

    /* From a callback of libuv, which may not enter Lua otherwise: push(L, data), protected, pushes a
     * function and its arguments and returns how many these are; the function then runs in a task of
     * its own: at once, or in its turn while the runtime is preempted or its step is over. It may have
     * closed anything when this returns. 0, or NEAP_ECLOSED and nothing was pushed. */
    int (*callback)(neap_env *env, int (*push)(lua_State *L, void *data), void *data);

    /* Run the loop here, as uv_run does; raises when it is running already. */
    int (*run)(lua_State *L, neap_env *env, int mode);
    void (*stop)(neap_env *env); /* as uv_stop; a program that waits is then no deadlock */
    int (*alive)(neap_env *env); /* as uv_loop_alive, without what is the host's own */

    /* n more requests (fewer, when negative) are under way: the runtime's end waits for them. */
    void (*busy)(neap_env *env, int n);

    /* The signal that stops scripts when their time is up; 0: none does. A handler of another kind would undo that. */
    int (*stop_signal)(neap_env *env);
} neap_uv;

/* ---- The interface "neap.stream/1", of who makes stream objects. ---- */

#define NEAP_STREAMS "neap.stream/1"

typedef struct {
    size_t size;
    /* Bytes that the stream object at index gives before all others, as transport_take returns them:
     * copied. 0, UV_ENOMEM, or UV_EINVAL: it is no open stream. */
    int (*unread)(lua_State *L, int index, const char *data, size_t length);
    /* The stream object at index reads only while somebody waits for it, and asks again after an end. */
    void (*on_demand)(lua_State *L, int index);
    /* What transport_take would say to the stream object at index: 0, NEAP_ECLOSED, or UV_EBUSY: something waits, is
     * still to be written, or has been read and not taken. */
    int (*is_free)(lua_State *L, int index);
    /* What has been read and not taken is gone: how many bytes, or UV_EBUSY: somebody reads. */
    ptrdiff_t (*discard)(lua_State *L, int index);
} neap_streams;

/* ---- The descriptor. ---- */

enum {
    NEAP_SINGLE = 1, /* may be opened in one runtime of a process only */
    /* Harmless in a restricted runtime: no effect outside the VM, but after permit, permit_address or
     * open_path have allowed it. */
    NEAP_PUBLIC = 2,
};

typedef struct {
    size_t size;           /* of this struct, as the extension was compiled */
    uint16_t major, minor; /* the interface it was compiled for */
    const char *name;
    unsigned flags;
    const luaL_Reg *functions; /* of the table that require returns */
    size_t state_size;
    int (*open)(neap_env *env, lua_State *L,
                void *state);                  /* with the table on L's top: 0 or status */
    void (*close)(neap_env *env, void *state); /* no Lua */
    const neap_table **table;                  /* where the host puts its table */
} neap_descriptor;

#if defined(NEAP_BUILTIN)
#define NEAP_EXPORT __attribute__((visibility("hidden")))
#else
#define NEAP_EXPORT __attribute__((visibility("default")))
#endif

/* The host's table: one for all files of an extension, set before open(). */
__attribute__((weak, visibility("hidden"))) const neap_table *neap;

#include <neap/arguments.h> /* lauxlib's checks, which name the script's line */

/* NEAP_EXTENSION(name, .functions = ..., .state_size = ..., ...): once, at the end of one file. */
#define NEAP_EXTENSION(id, ...)                                                                    \
    extern NEAP_EXPORT const neap_descriptor neap_extension_##id;                                  \
    const neap_descriptor neap_extension_##id = {.size = sizeof(neap_descriptor),                  \
                                                 .major = NEAP_MAJOR,                              \
                                                 .minor = NEAP_MINOR,                              \
                                                 .name = #id,                                      \
                                                 .table = &neap,                                   \
                                                 __VA_ARGS__};

#ifdef __cplusplus
}
#endif
#endif
