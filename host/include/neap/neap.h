/* neap/neap.h: Neap inside another program.
 *
 *     neap_options options = NEAP_OPTIONS_INIT;
 *     neap_error error;
 *     neap_runtime *rt = neap_open(&options, &error);
 *     if (!rt || neap_start(rt, "match.lua", &error))
 *         return neap_report(&error);
 *     while (world_tick())
 *         neap_step(rt, 0.002);
 *     neap_close(rt, NULL, NULL);
 *
 * A runtime is one Lua VM, its tasks and its limits, on a loop. Drive it in one of three ways:
 * neap_run (Neap owns the thread), neap_step (you own the clock), or neap_backend_fd with
 * neap_backend_timeout and neap_step (Neap sits in a foreign loop).
 *
 * Threads. Everything is called on the thread that opened the runtime; other threads hold a
 * neap_remote. Failures are values: functions return 0 or a negative status and fill in `error`
 * where they take one (it may be NULL). The library installs no signal handler unless
 * options.preempt_signal says so, never exits, and changes nothing process-wide; the loop's thread
 * has SIGPIPE blocked while Neap runs on it. Times are seconds.
 */
#ifndef NEAP_H
#define NEAP_H

#include <lua.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define NEAP_API __attribute__((visibility("default")))
#else
#define NEAP_API
#endif

#define NEAP_VERSION "0.1.0"

struct uv_loop_s;
struct luaL_Reg;

typedef struct neap_runtime neap_runtime;
typedef struct neap_remote neap_remote;

/* What went wrong. Texts are cut to fit, never allocated. */
typedef struct {
    int status;           /* 0: nothing did */
    char code[32];        /* "ENOENT", "EPERMISSION", ...: docs/errors.md lists all */
    char message[1004];   /* one line a person can act on */
    char traceback[3584]; /* lines, crossing every wait; may be empty */
} neap_error;

typedef struct {
    size_t size;            /* of this struct; NEAP_OPTIONS_INIT sets it */
    neap_runtime *parent;   /* makes a child: own VM, limits, permissions; the parent's loop */
    struct uv_loop_s *loop; /* use this loop instead of an own one */
    size_t memory_limit;    /* bytes, VM and C together; 0 none */
    double cpu_budget;      /* seconds of script a turn of the loop, then others go on; 0 none */
    double weight;          /* share beside its siblings; 0 is 1 */
    const char *const *permissions; /* "verb target" strings ended by NULL; NULL: everything for a
                                       root, nothing for a child */
    int preempt_signal;             /* e.g. SIGURG: limits work on compiled code; 0: they mean the
                                interpreter */
    double grace;                   /* seconds that tasks get to clean up at close; default 0.1 */
    /* An error that nobody took. `fatal` when it ends the program (neap_run returns 1). NULL: report
     * on standard error. */
    void (*on_error)(neap_runtime *rt, const neap_error *error, int fatal, void *data);
    /* What print and io.write produce; NULL: file descriptor 1. */
    void (*output)(neap_runtime *rt, const char *text, size_t length, void *data);
    /* The script was interrupted by neap_interrupt. Return NEAP_GO_ON; NEAP_RAISE, which raises an
     * EKILLED error where it is; or NEAP_CANCEL, which cancels its task. What catches that error and
     * neither waits nor ends is killed by the next interrupt. Called with the script on the stack: do
     * not call into the runtime. NULL: NEAP_RAISE. Without preempt_signal a runtime that has this and
     * a remote runs interpreted, one without it cannot be interrupted. */
    int (*on_interrupt)(neap_runtime *rt, void *data);
    void *data;           /* for the callbacks above */
    const char *lua_path; /* folder searched for required modules first; NULL: "." */
} neap_options;

#define NEAP_OPTIONS_INIT                                                                          \
    {                                                                                              \
        .size = sizeof(neap_options), .grace = 0.1                                                 \
    }

enum { NEAP_GO_ON, NEAP_RAISE, NEAP_CANCEL };

/* Open a runtime. NULL and *error when it cannot be had: ENOMEM, EINVAL, EVERSION (the program has another
 * LuaJIT, linked before the library), or the loop's error. */
NEAP_API neap_runtime *neap_open(const neap_options *options, neap_error *error);

/* Make a root runtime of a Lua state that is the caller's (no memory limit, no budget). Neap's
 * modules can be required in it from then on. `loop` may be NULL: an own one. NULL and *error when it
 * cannot be had: EALREADY when the state has a runtime, EVERSION when it is of another LuaJIT than the
 * library's, ESCRIPT when its libraries are not open, and as neap_open. */
NEAP_API neap_runtime *neap_attach(lua_State *L, struct uv_loop_s *loop, neap_error *error);

/* Close: tasks are cancelled and get `grace` seconds, handles closed, the VM closed, memory given
 * back. A root with its own loop is closed on return. A child, or a root on a given loop, is closed
 * when on_closed (may be NULL) is called, from that loop. Children close before their parent. Asked
 * for from inside (a C function of the script's, a post), it is carried out when the call of yours
 * that is under way returns: the runtime is gone then, and neap_step, neap_start and neap_call say
 * ECLOSED. */
NEAP_API void neap_close(neap_runtime *rt, void (*on_closed)(void *data), void *data);

/* Its Lua state, for the C API of Lua 5.1: use it between Neap's calls only, never keep values of it
 * beyond neap_close. */
NEAP_API lua_State *neap_lua(neap_runtime *rt);

/* The data pointer of its options. */
NEAP_API void *neap_data(neap_runtime *rt);

/* The runtime that a C function called from Lua runs in. */
NEAP_API neap_runtime *neap_of(lua_State *L);

/* Make C functions available to scripts as require(name). The list is not copied. 0; ECLOSED when the
 * runtime is closing, ENOMEM. */
NEAP_API int neap_register(neap_runtime *rt, const char *name, const struct luaL_Reg *functions,
                           neap_error *error);

/* Start a script as the main task: it runs until it first waits, before this returns. Arguments are
 * texts ended by NULL (may be NULL): `...` and `arg` of the script. "-" is standard input. 0, or the
 * script's error until it first waits, and then it has not started or has ended: what it raised
 * (ESCRIPT, or the code of an error object); ENOENT and so on for a file that cannot be read; EBUSY when
 * a script runs now (this was called from one) or is preempted, ECLOSED when the runtime is closing. */
NEAP_API int neap_start(neap_runtime *rt, const char *path, neap_error *error);
NEAP_API int neap_start_args(neap_runtime *rt, const char *path, const char *const *args,
                             neap_error *error);

/* The same for a text; `name` stands in its messages. */
NEAP_API int neap_start_text(neap_runtime *rt, const char *name, const char *text, size_t length,
                             neap_error *error);
NEAP_API int neap_start_text_args(neap_runtime *rt, const char *name, const char *text,
                                  size_t length, const char *const *args, neap_error *error);

/* Run until nothing is left to do, or a fatal error, or os.exit. The exit status: 0, 1, or os.exit's.
 * EDEADLOCK (status 1) when tasks wait and nothing can wake them. Not from inside (see neap_close): then it
 * is 1 at once. */
NEAP_API int neap_run(neap_runtime *rt);

/* Run what is ready, for at most `seconds` of script (0: what is ready now, without a bound).
 * 1: more is ready; 0: nothing is; < 0: the script ended with a fatal error or os.exit, or (EBUSY) this was
 * called from inside. */
NEAP_API int neap_step(neap_runtime *rt, double seconds);

/* For a foreign loop: poll this descriptor for reading, for at most this many milliseconds (-1: no
 * bound), then call neap_step. */
NEAP_API int neap_backend_fd(neap_runtime *rt);
NEAP_API int neap_backend_timeout(neap_runtime *rt);

/* Values by format, as Py_BuildValue: b int as boolean, i int, l int64_t, n double, s const char *,
 * S const char * and size_t (a string of that length), z as s or NULL (nil), p void * (light
 * userdata), r int (an index of neap_lua's stack, emit and call only). Results: the same letters
 * after '>', with pointers to them; s and S point into the VM and hold until the next call. */

/* Hand an event to every script that listens (host.on(name, fn)): one task each, started in the next
 * turn. 0, also when none listens; ECLOSED when the runtime is closing, ENOMEM, ESCRIPT for a format that
 * is none. */
NEAP_API int neap_emit(neap_runtime *rt, const char *name, const char *format, ...);

/* Call a function that scripts made global or host.export(name, fn): it may not wait (EWAIT). The
 * arguments, pointers for the results, and last a neap_error * (may be NULL):
 *     neap_call(rt, "on_hit", "sn>b", player, 12.5, &alive, &error)
 * 0 or a status. ENOENT: there is no such function; EBUSY: the script is preempted. */
NEAP_API int neap_call(neap_runtime *rt, const char *name, const char *format, ...);

/* ---- Any thread ---- */

/* What another thread needs to reach a runtime; outlives it. Keeps neap_run running until closed. */
NEAP_API neap_remote *neap_remote_open(neap_runtime *rt); /* loop's thread; NULL: no memory */
NEAP_API void neap_remote_close(neap_remote *remote);     /* any thread, once */

/* Run fn(rt, data) on the loop's thread. When the runtime closes first, drop(data) (may be NULL) runs
 * instead. 0; NEAP_ECLOSED or UV_ENOMEM, and then neither runs. */
NEAP_API int neap_post(neap_remote *remote, void (*fn)(neap_runtime *rt, void *data),
                       void (*drop)(void *data), void *data);

/* Make the loop that neap_run runs, or the poll of a foreign one, go round once, for what another thread
 * has left for it. 0, NEAP_ECLOSED, or the system's status. */
NEAP_API int neap_wake(neap_remote *remote);

/* Stop the running script at its next safe point and ask on_interrupt what becomes of it; when none
 * runs, the next that does. 0, NEAP_ECLOSED, or UV_ENOTSUP (see on_interrupt). */
NEAP_API int neap_interrupt(neap_remote *remote);

/* Print message and traceback on standard error; returns 1. */
NEAP_API int neap_report(const neap_error *error);

#ifdef __cplusplus
}
#endif
#endif
