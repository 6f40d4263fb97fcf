/* thread.h -- uv_thread_t: thread.c is its life, thread_lua.c what scripts call.
 *
 * The words of a thread are its starter's until it starts; then its own, but for what is atomic, and what is
 * marked: that is guarded by `lock`. */
#ifndef NEAP_BINDINGS_UV_THREAD_H
#define NEAP_BINDINGS_UV_THREAD_H

#include "uv.h"

struct nuv_thread {
    nuv_shared shared;
    uv_thread_t id;
    bool foreign;         /* not started here: thread_self of the main thread */
    atomic_bool joined;   /* or never started */
    atomic_bool detached; /* nobody may join it any more */
    atomic_bool ended;    /* may be joined without waiting */
    bool ready;           /* the waiter is */
    nuv_waiter waiter;    /* its lock guards what follows */
    uv_async_t *stop;     /* its loop's, while that runs (lock) */
    nuv_entry entry;
    nuv_values *args;
    nuv_thread *next; /* in state->threads, which holds one reference */
};

nuv_thread *nuv_thread_new(lua_State *L); /* pushes its object; raises */
void nuv_thread_free(nuv_shared *shared);
int nuv_thread_start(nuv_thread *t, const uv_thread_options_t *options);
void nuv_thread_link(nuv_state *state, nuv_thread *t); /* which refers to it */
void nuv_thread_unlink(nuv_state *state, nuv_thread *t);
void nuv_thread_prune(nuv_state *state); /* those that have ended, and nobody can join */

#endif
