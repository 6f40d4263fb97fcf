/* thread.c -- uv_thread_t: functions that run on a thread of their own, in a runtime of their own.
 *
 * That runtime is a root: `uv` and neap.* can be required there, waits work, its loop runs until nothing is
 * left. It is opened, run and closed on its thread, through <neap/neap.h>. It shares with others only what
 * value.c shares. An error that nobody takes there is reported on standard error and ends that thread only;
 * so does os.exit.
 *
 * The runtime that started a thread outlives it: at its end threads that wait (in their loop or for a
 * semaphore) are told to stop, and all are joined. A thread that computes goes on until it is done. */
#include <neap/neap.h>
#include <stdlib.h>

#include "thread.h"

/* ---- On its thread ---- */

typedef struct {
    nuv_thread *thread;
    uv_loop_t loop;
    uv_async_t stop;
    neap_runtime *rt;
    bool closed;
} run;

/* Everything here but the entry itself is a tail call: a traceback begins at that. */
static const char bootstrap[] = "local thread = package.loaded['neap.uv.thread']\n"
                                "package.loaded['neap.uv.thread'] = nil\n"
                                "require 'uv'\n"
                                "require('neap.host').export('neap.uv.exit', os.exit)\n"
                                "local function run(entry, ...) return entry(...) end\n"
                                "return run(thread.entry())\n";

static int entry(lua_State *L)
{
    const run *r = neap_data(neap_of(L));
    nuv_thread *t = r->thread;
    lua_pushlightuserdata(L, t);
    lua_setfield(L, LUA_REGISTRYINDEX, "neap.uv.thread");
    nuv_waiter_set(L, &t->waiter);
    nuv_entry_push(L, &t->entry, "=thread");
    int n = nuv_values_push(L, nuv_env_in(L), t->args);
    nuv_values_free(t->args);
    t->args = NULL;
    return 1 + n;
}

static const luaL_Reg entry_functions[] = {{"entry", entry}, {NULL, NULL}};

static void on_error(neap_runtime *rt, const neap_error *error, int fatal, void *data)
{
    const run *r = data;
    (void)rt, (void)fatal;
    if (!nuv_waiter_stopping(&r->thread->waiter))
        neap_report(error);
}

static void on_stop(uv_async_t *stop)
{
    run *r = stop->data;
    if (r->rt)
        neap_call(r->rt, "neap.uv.exit", "i", 0, (neap_error *)NULL);
}

static void set_stop(nuv_thread *t, uv_async_t *stop)
{
    uv_mutex_lock(&t->waiter.lock);
    t->stop = stop;
    uv_mutex_unlock(&t->waiter.lock);
}

static int open_loop(run *r)
{
    int status = uv_loop_init(&r->loop);
    if (status)
        return status;
    if ((status = uv_async_init(&r->loop, &r->stop, on_stop))) {
        uv_loop_close(&r->loop);
        return status;
    }
    r->stop.data = r;
    uv_unref((uv_handle_t *)&r->stop);
    return 0;
}

static void close_loop(run *r)
{
    uv_close((uv_handle_t *)&r->stop, NULL);
    uv_run(&r->loop, UV_RUN_DEFAULT);
    uv_loop_close(&r->loop);
}

static void on_closed(void *closed)
{
    *(bool *)closed = true;
}

static void close_runtime(run *r)
{
    neap_close(r->rt, on_closed, &r->closed);
    r->rt = NULL;
    while (!r->closed)
        uv_run(&r->loop, UV_RUN_ONCE);
}

static void run_runtime(run *r)
{
    neap_error error;
    neap_options options = NEAP_OPTIONS_INIT;
    options.loop = &r->loop;
    options.on_error = on_error;
    options.data = r;
    if (!(r->rt = neap_open(&options, &error))) {
        neap_report(&error);
        return;
    }
    set_stop(r->thread, &r->stop);
    if (nuv_waiter_stopping(
            &r->thread->waiter)) /* it begins all the same, and stops where it waits */
        uv_async_send(&r->stop);
    if (neap_register(r->rt, "neap.uv.thread", entry_functions, &error) ||
        neap_start_text(r->rt, "thread", bootstrap, sizeof bootstrap - 1, &error))
        on_error(r->rt, &error, 1, r);
    else
        neap_run(r->rt);
    set_stop(r->thread, NULL);
    close_runtime(r);
}

static void thread_main(void *data)
{
    run r = {.thread = data};
    uv_mutex_lock(&r.thread->waiter.lock); /* its id is there when who started it lets go */
    uv_mutex_unlock(&r.thread->waiter.lock);
    int status = open_loop(&r);
    if (status == 0) {
        run_runtime(&r);
        close_loop(&r);
    } else {
        fprintf(stderr, "neap: a thread has no loop: %s\n", uv_strerror(status));
    }
    nuv_values_free(r.thread->args);
    r.thread->args = NULL;
    atomic_store(&r.thread->ended, true);
}

/* ---- Stopping ---- */

nuv_thread *nuv_thread_of(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, "neap.uv.thread");
    nuv_thread *t = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return t;
}

static void tell_to_stop(nuv_thread *t)
{
    nuv_waiter_stop(&t->waiter);
    uv_mutex_lock(&t->waiter.lock);
    if (t->stop)
        uv_async_send(t->stop);
    uv_mutex_unlock(&t->waiter.lock);
}

/* ---- Its life, on the starter's thread ---- */

void nuv_thread_free(nuv_shared *shared)
{
    nuv_thread *t = (nuv_thread *)shared;
    nuv_entry_free(&t->entry);
    nuv_values_free(t->args);
    if (t->ready)
        nuv_waiter_close(&t->waiter);
    free(t);
}

nuv_thread *nuv_thread_new(lua_State *L)
{
    nuv_thread *t = nuv_new_shared(L, &nuv_thread_class, sizeof *t);
    atomic_store(&t->joined, true);
    atomic_store(&t->ended, true);
    if (nuv_waiter_open(&t->waiter))
        neap->raise(L, UV_ENOMEM, NEAP_F_END);
    t->ready = true;
    return t;
}

int nuv_thread_start(nuv_thread *t, const uv_thread_options_t *options)
{
    uv_mutex_lock(&t->waiter.lock);
    atomic_store(&t->joined, false);
    atomic_store(&t->ended, false);
    int status = uv_thread_create_ex(&t->id, options, thread_main, t);
    if (status) {
        atomic_store(&t->joined, true);
        atomic_store(&t->ended, true);
    }
    uv_mutex_unlock(&t->waiter.lock);
    return status;
}

static void join(nuv_thread *t)
{
    if (!atomic_exchange(&t->joined, true) && uv_thread_join(&t->id))
        atomic_store(&t->joined, false);
    while (!atomic_load(&t->ended)) /* another thread is joining it, or cannot */
        uv_sleep(1);
}

void nuv_thread_link(nuv_state *state, nuv_thread *t)
{
    nuv_share(&t->shared);
    t->next = state->threads;
    state->threads = t;
}

void nuv_thread_unlink(nuv_state *state, nuv_thread *t)
{
    nuv_thread **p = &state->threads;
    while (*p && *p != t)
        p = &(*p)->next;
    if (!*p)
        return;
    *p = t->next;
    nuv_unshare(&t->shared);
}

void nuv_thread_prune(nuv_state *state)
{
    for (nuv_thread *t = state->threads, *next; t; t = next) {
        next = t->next;
        if (!atomic_load(&t->ended) || atomic_load(&t->shared.count) > 1)
            continue;
        join(t);
        nuv_thread_unlink(state, t);
    }
}

void nuv_threads_stop(nuv_state *state)
{
    for (nuv_thread *t = state->threads; t; t = t->next)
        tell_to_stop(t);
}

void nuv_threads_join(nuv_state *state)
{
    nuv_threads_stop(state);
    while (state->threads) {
        join(state->threads);
        nuv_thread_unlink(state, state->threads);
    }
}
