/* waiter.c -- waiting in C (for a semaphore) on a thread that the runtime's end has to wait for, and that can
 * therefore be told to stop: one waiter a thread of uv.new_thread, one a state of the work pool.
 *
 * The lock guards what the thread waits for; whoever tells it to stop wakes that. */
#include "uv.h"

#define WAITER "neap.uv.waiter"

int nuv_waiter_open(nuv_waiter *w)
{
    w->lock_of = NULL;
    w->condition = NULL;
    atomic_store(&w->stopping, false);
    return uv_mutex_init(&w->lock);
}

void nuv_waiter_close(nuv_waiter *w)
{
    uv_mutex_destroy(&w->lock);
}

void nuv_waiter_set(lua_State *L, nuv_waiter *w)
{
    lua_pushlightuserdata(L, w);
    lua_setfield(L, LUA_REGISTRYINDEX, WAITER);
}

nuv_waiter *nuv_waiter_of(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, WAITER);
    nuv_waiter *w = lua_touserdata(L, -1);
    lua_pop(L, 1);
    return w;
}

bool nuv_waiter_stopping(const nuv_waiter *w)
{
    return w && atomic_load(&w->stopping);
}

void nuv_waiter_begin(nuv_waiter *w, uv_mutex_t *lock, uv_cond_t *condition)
{
    if (!w)
        return;
    uv_mutex_lock(&w->lock);
    w->lock_of = lock;
    w->condition = condition;
    uv_mutex_unlock(&w->lock);
}

void nuv_waiter_end(nuv_waiter *w)
{
    nuv_waiter_begin(w, NULL, NULL);
}

void nuv_waiter_stop(nuv_waiter *w)
{
    atomic_store(&w->stopping, true);
    uv_mutex_lock(&w->lock);
    if (w->lock_of) {
        uv_mutex_lock(w->lock_of);
        uv_cond_broadcast(w->condition);
        uv_mutex_unlock(w->lock_of);
    }
    uv_mutex_unlock(&w->lock);
}
