/* work.c -- queue_work: functions that run on libuv's thread pool, and one that gets their results here.
 *
 * A work function runs in a state from a small pool: a runtime of its own, made through <neap/neap.h>, whose
 * loop nobody runs, so a wait there raises EWAIT. Such a state is one pool thread's, and kept for the next work
 * on it: globals stay, as in luv. One whose function has failed is closed.
 *
 * A work's error goes to this runtime's error route as a report, with the traceback from there; then `after` is
 * called without results, as luv does.
 *
 * A work is a handle of the host, so that the runtime's end cancels what has not begun, and waits for what has.
 * The pool's list is guarded by its lock; a work's words belong to the pool's thread from queueing until its
 * callback. */
#include "uv.h"

#include <neap/neap.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    nuv_shared shared;
    nuv_entry entry;
} nuv_code; /* of a work function: its object is luv's work context */

typedef struct worker {
    neap_runtime *rt;
    uv_thread_t thread;
    nuv_waiter waiter;
    struct worker *next;
} worker;

typedef struct nuv_pool {
    uv_mutex_t lock;
    worker *idle, *running;
    bool stopping; /* the runtime ends: what waits in a work is told to stop */
} nuv_pool;

typedef struct {
    neap_handle h;
    uv_work_t req;
    bool started;
    int self, after; /* held */
    nuv_pool *pool;
    worker *worker; /* that runs it */
    nuv_code *code;
    nuv_values *args, *results;
    neap_error *error; /* malloc */
} work;

/* ---- On a thread of the pool ---- */

static const char bootstrap[] = "local work = package.loaded['neap.uv.work']\n"
                                "package.loaded['neap.uv.work'] = nil\n"
                                "require 'uv'\n"
                                "local host = require 'neap.host'\n"
                                "host.export('neap.uv.work', work.run)\n"
                                "host.export('neap.uv.flush', io.flush)\n";

/* Functions by their code, so that one is loaded once. Text that is made anew each time must not fill it. */
static void push_function(lua_State *L, const nuv_entry *entry)
{
    enum { MOST = 64 };
    lua_getfield(L, LUA_REGISTRYINDEX, "neap.uv.functions");
    int count = (int)lua_objlen(L, -1);
    if (!lua_istable(L, -1) || count >= MOST) {
        lua_newtable(L);
        lua_pushvalue(L, -1);
        lua_setfield(L, LUA_REGISTRYINDEX, "neap.uv.functions");
        count = 0;
    }
    int functions = lua_gettop(L);
    lua_pushlstring(L, entry->code, entry->length);
    lua_pushvalue(L, -1);
    lua_rawget(L, functions);
    if (!lua_isnil(L, -1))
        return;
    nuv_entry_push(L, entry, "=pool");
    lua_pushvalue(L, functions + 1);
    lua_pushvalue(L, -2);
    lua_rawset(L, functions);
    lua_pushboolean(L, 1);
    lua_rawseti(L, functions, count + 1);
}

static int run_work(lua_State *L)
{
    work *w = lua_touserdata(L, 1);
    nuv_waiter_set(L, &w->worker->waiter);
    push_function(L, &w->code->entry);
    int function = lua_gettop(L);
    int n = nuv_values_push(L, nuv_env_in(L), w->args);
    lua_call(L, n, LUA_MULTRET);
    nuv_check_values(L, function, lua_gettop(L));
    w->results = nuv_values_new(L, function, lua_gettop(L));
    return 0;
}

static const luaL_Reg work_functions[] = {{"run", run_work}, {NULL, NULL}};

static void worker_close(worker *x)
{
    neap_close(x->rt, NULL, NULL);
    nuv_waiter_close(&x->waiter);
    free(x);
}

static worker *worker_open(neap_error *error)
{
    neap_options options = NEAP_OPTIONS_INIT;
    worker *x = calloc(1, sizeof *x);
    if (!x) {
        strcpy(error->message, "no memory for a state");
        return NULL;
    }
    x->thread = uv_thread_self();
    if (nuv_waiter_open(&x->waiter)) {
        free(x);
        strcpy(error->message, "no lock for a state");
        return NULL;
    }
    x->rt = neap_open(&options, error);
    if (x->rt && !neap_register(x->rt, "neap.uv.work", work_functions, error) &&
        !neap_start_text(x->rt, "work", bootstrap, sizeof bootstrap - 1, error))
        return x;
    worker_close(x);
    return NULL;
}

/* The idle one of this thread, or NULL. */
static worker *take(nuv_pool *pool)
{
    uv_thread_t self = uv_thread_self();
    uv_mutex_lock(&pool->lock);
    worker **p = &pool->idle, *x;
    while (*p && !uv_thread_equal(&(*p)->thread, &self))
        p = &(*p)->next;
    if ((x = *p))
        *p = x->next;
    uv_mutex_unlock(&pool->lock);
    return x;
}

static void begin(nuv_pool *pool, worker *x)
{
    uv_mutex_lock(&pool->lock);
    x->next = pool->running;
    pool->running = x;
    if (pool->stopping)
        nuv_waiter_stop(&x->waiter);
    uv_mutex_unlock(&pool->lock);
}

/* Not running any more; idle, unless it is to be closed. */
static void end(nuv_pool *pool, worker *x, bool idle)
{
    uv_mutex_lock(&pool->lock);
    worker **p = &pool->running;
    while (*p != x)
        p = &(*p)->next;
    *p = x->next;
    if (idle) {
        x->next = pool->idle;
        pool->idle = x;
    }
    uv_mutex_unlock(&pool->lock);
}

static void stop_all(nuv_pool *pool)
{
    uv_mutex_lock(&pool->lock);
    pool->stopping = true;
    for (worker *x = pool->running; x; x = x->next)
        nuv_waiter_stop(&x->waiter);
    uv_mutex_unlock(&pool->lock);
}

static void fail(work *w, const neap_error *error)
{
    if ((w->error = malloc(sizeof *error)))
        *w->error = *error;
}

static void on_work(uv_work_t *req)
{
    work *w = req->data;
    neap_error error = {0}, ignored;
    worker *x = take(w->pool);
    if (!x && !(x = worker_open(&error))) {
        fail(w, &error);
        return;
    }
    w->worker = x;
    begin(w->pool, x);
    int status = neap_call(x->rt, "neap.uv.work", "p", w, &error);
    neap_call(x->rt, "neap.uv.flush", "", &ignored);
    end(w->pool, x, status == 0);
    if (status) {
        fail(w, &error);
        worker_close(x);
    }
}

/* ---- On the loop ---- */

static void work_clear(work *w)
{
    neap_env *env = w->h.env;
    nuv_values_free(w->args);
    nuv_values_free(w->results);
    free(w->error);
    nuv_unshare(w->code ? &w->code->shared : NULL);
    neap->let_go(env, &w->after);
    neap->let_go(env, &w->self);
}

/* It is over, was never started, or the runtime ends. */
static int on_close(neap_handle *h)
{
    work *w = (work *)h;
    if (w->started) {
        nuv_threads_stop(neap->state(h->env)); /* it may wait for one */
        stop_all(w->pool);
        uv_cancel((uv_req_t *)&w->req);
        return 1;
    }
    work_clear(w);
    return 0;
}

static const neap_handle_class work_class = {
    .name = "uv_work", .size = sizeof(work), .close = on_close};

/* What is said of it begins with its code, which the error here is given again. */
static const char *message_of(const neap_error *error)
{
    size_t n = strlen(error->code);
    bool coded =
        strncmp(error->message, error->code, n) == 0 && strncmp(error->message + n, ": ", 2) == 0;
    return coded ? error->message + n + 2 : error->message;
}

static void report(lua_State *L, const neap_error *error)
{
    int status = error->status ? error->status : UV_ENOMEM;
    neap->push_error(L, status, NEAP_F_MESSAGE, message_of(error), NEAP_F_END);
    if (error->traceback[0]) {
        lua_pushstring(L, error->traceback);
        lua_setfield(L, -2, "traceback");
    }
    neap->report(L, lua_gettop(L));
    lua_pop(L, 1);
}

static int push_results(lua_State *L, void *data)
{
    work *w = data;
    if (w->error)
        report(L, w->error);
    return nuv_values_push(L, w->h.env, w->results);
}

static void on_done(uv_work_t *req, int status)
{
    work *w = req->data;
    if (status != UV_ECANCELED)
        nuv_call(w->h.env, w->after, push_results, w);
    w->started = false;
    if (!neap->handle_is_closing(&w->h)) {
        neap->close(&w->h);
        return;
    }
    work_clear(w);
    neap->handle_closed(&w->h);
}

/* ---- The pool ---- */

static nuv_pool *pool_of(lua_State *L)
{
    nuv_state *state = nuv_state_of(L);
    if (state->pool)
        return state->pool;
    nuv_pool *pool = calloc(1, sizeof *pool);
    if (!pool || uv_mutex_init(&pool->lock)) {
        free(pool);
        neap->raise(L, UV_ENOMEM, NEAP_F_END);
        return NULL;
    }
    return state->pool = pool;
}

/* All works are over. */
void nuv_pool_close(nuv_state *state)
{
    nuv_pool *pool = state->pool;
    if (!pool)
        return;
    for (worker *x; (x = pool->idle);) {
        pool->idle = x->next;
        worker_close(x);
    }
    uv_mutex_destroy(&pool->lock);
    free(pool);
    state->pool = NULL;
}

/* ---- Functions ---- */

static void code_free(nuv_shared *shared)
{
    nuv_code *code = (nuv_code *)shared;
    nuv_entry_free(&code->entry);
    free(code);
}

static const nuv_shared_class code_class;

/** uv.new_work(work: fun(...: any): any | string, after: fun(...: any)) -> luv_work_ctx_t
 * A work that `uv.queue_work` can queue, as often as one likes: `work` runs on a thread of libuv's pool, in a Lua
 * state of its own, and gets there without its upvalues; it may be Lua code, too. `uv` and Neap's modules can be
 * required there, but a wait raises EWAIT. `after` gets its results here. Raises when `work` cannot be dumped. */
static int new_work(lua_State *L)
{
    lua_settop(L, 3);
    nuv_push_code(L, 1);
    nuv_check_callable(L, 2);
    if (!lua_isnil(L, 3))
        luaL_checktype(L, 3, LUA_TFUNCTION);
    nuv_code *code = nuv_new_shared(L, &code_class, sizeof *code);
    lua_pushvalue(L, -2);
    if (nuv_entry_init(L, &code->entry))
        return neap->raise(L, UV_ENOMEM, NEAP_F_END);
    lua_pop(L, 1);
    lua_createtable(L, 1, 0);
    lua_pushvalue(L, 2);
    lua_rawseti(L, -2, 1);
    lua_setfenv(L, -2);
    return 1;
}

static void fill(lua_State *L, work *w, int last)
{
    w->code = (nuv_code *)nuv_share(nuv_check_shared(L, 1, &code_class));
    w->pool = pool_of(L);
    w->args = nuv_values_new(L, 2, last);
    lua_getfenv(L, 1);
    lua_rawgeti(L, -1, 1);
    w->after = neap->hold(L, -1);
    lua_pop(L, 2);
    w->self = neap->hold(L, -1);
    w->req.data = w;
}

/** uv.queue_work(work: luv_work_ctx_t, ...: any) -> boolean | fail
 * Queues it with these arguments: nil, booleans, numbers, strings, light userdata, threads, semaphores and
 * handles (see `uv.new_thread`), as its results may be. Works run in the order they were queued, as many at once
 * as the pool has threads: four, or UV_THREADPOOL_SIZE. An error in the work goes where the program's errors go
 * (it does not end the program), and `after` is called without results. The same states are used again, so
 * globals that a work sets may be there in a later one. Raises when an argument cannot be passed. */
static int queue_work(lua_State *L)
{
    int last = lua_gettop(L);
    nuv_check_shared(L, 1, &code_class);
    nuv_check_values(L, 2, last);
    nuv_flush_output(L);
    work *w = neap->handle(L, &work_class);
    fill(L, w, last);
    int status = uv_queue_work(nuv_state_of(L)->loop, &w->req, on_work, on_done);
    if (status) {
        neap->close(&w->h);
        return nuv_fail(L, status);
    }
    w->started = true;
    lua_pushboolean(L, 1);
    return 1;
}

static int code_tostring(lua_State *L)
{
    lua_pushfstring(L, "luv_work_ctx_t: %p", nuv_check_shared(L, 1, &code_class));
    return 1;
}

const luaL_Reg nuv_work_functions[] = {
    {"new_work", new_work}, {"queue_work", queue_work}, {NULL, NULL}};

static const luaL_Reg methods[] = {{"queue", queue_work}, {NULL, NULL}};
static const luaL_Reg metamethods[] = {{"__tostring", code_tostring}, {NULL, NULL}};

static const nuv_shared_class code_class = {
    .name = "luv_work_ctx", .methods = methods, .metamethods = metamethods, .free = code_free};
