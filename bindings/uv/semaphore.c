/* semaphore.c -- uv_sem_t: semaphores, which threads share: one is passed to uv.new_thread, or to a work
 * function.
 *
 * Its own count, lock and condition, not libuv's uv_sem_t, so that a thread that waits for it can be told to
 * stop. */
#include "uv.h"

#include <limits.h>
#include <stdlib.h>

typedef struct {
    nuv_shared shared;
    bool ready; /* what follows is there */
    uv_mutex_t lock;
    uv_cond_t posted;
    unsigned value; /* lock */
} nuv_sem;

static void sem_free(nuv_shared *shared)
{
    nuv_sem *s = (nuv_sem *)shared;
    if (s->ready) {
        uv_cond_destroy(&s->posted);
        uv_mutex_destroy(&s->lock);
    }
    free(s);
}

static int open_sem(nuv_sem *s, unsigned value)
{
    int status = uv_mutex_init(&s->lock);
    if (status)
        return status;
    if ((status = uv_cond_init(&s->posted))) {
        uv_mutex_destroy(&s->lock);
        return status;
    }
    s->value = value;
    s->ready = true;
    return 0;
}

static nuv_sem *check_sem(lua_State *L, int index)
{
    return nuv_check_shared(L, index, &nuv_sem_class);
}

/** uv.new_sem(value?: integer) -> uv_sem_t | fail
 * A new semaphore, with a count of `value`, which is 0. It is collected when no thread refers to it. */
static int new_sem(lua_State *L)
{
    lua_Integer value = luaL_optinteger(L, 1, 0);
    if (value < 0 || value > INT_MAX)
        return luaL_argerror(L, 1, "value must be >= 0");
    nuv_sem *s = nuv_new_shared(L, &nuv_sem_class, sizeof *s);
    int status = open_sem(s, (unsigned)value);
    return status ? nuv_fail(L, status) : 1;
}

/** uv.sem_post(sem: uv_sem_t)
 * Adds 1 to its count, and wakes one thread that waits for it. */
static int post(lua_State *L)
{
    nuv_sem *s = check_sem(L, 1);
    uv_mutex_lock(&s->lock);
    s->value++;
    uv_cond_signal(&s->posted);
    uv_mutex_unlock(&s->lock);
    return 0;
}

static bool take(nuv_sem *s, const nuv_waiter *w)
{
    uv_mutex_lock(&s->lock);
    while (!s->value && !nuv_waiter_stopping(w))
        uv_cond_wait(&s->posted, &s->lock);
    bool taken = s->value > 0;
    s->value -= taken;
    uv_mutex_unlock(&s->lock);
    return taken;
}

/** uv.sem_wait(sem: uv_sem_t)
 * Waits until its count is above 0, and takes 1 from it; meanwhile nothing else runs on this thread. Raises in a
 * thread, or a work function, that is told to stop, because the program ends. */
static int wait_for(lua_State *L)
{
    nuv_sem *s = check_sem(L, 1);
    nuv_waiter *w = nuv_waiter_of(L);
    nuv_flush_output(L);
    nuv_waiter_begin(w, &s->lock, &s->posted);
    bool taken = take(s, w);
    nuv_waiter_end(w);
    return taken ? 0 : luaL_error(L, "the program ends");
}

/** uv.sem_trywait(sem: uv_sem_t) -> boolean
 * Takes 1 from its count, if that is above 0, and says whether it has. */
static int try(lua_State *L)
{
    nuv_sem *s = check_sem(L, 1);
    uv_mutex_lock(&s->lock);
    bool taken = s->value > 0;
    s->value -= taken;
    uv_mutex_unlock(&s->lock);
    lua_pushboolean(L, taken);
    return 1;
}

static int sem_tostring(lua_State *L)
{
    lua_pushfstring(L, "uv_sem_t: %p", (void *)check_sem(L, 1));
    return 1;
}

const luaL_Reg nuv_sem_functions[] = {
    {"new_sem", new_sem}, {"sem_post", post}, {"sem_wait", wait_for},
    {"sem_trywait", try}, {NULL, NULL},
};

static const luaL_Reg methods[] = {
    {"post", post}, {"wait", wait_for}, {"trywait", try}, {NULL, NULL}};
static const luaL_Reg metamethods[] = {{"__tostring", sem_tostring}, {NULL, NULL}};

const nuv_shared_class nuv_sem_class = {
    .name = "uv_sem", .methods = methods, .metamethods = metamethods, .free = sem_free};
