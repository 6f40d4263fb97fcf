/* probe.c -- an extension as a third party writes it: one file, one compiler command, nothing of Neap's
 * but <neap/extension.h>. Functions, state per runtime, an operation, a handle, work, a thread. */
#include <neap/extension.h>

#include <lauxlib.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

typedef struct {
    int calls, handles, interface;
} state;

static state *state_of(lua_State *L)
{
    return neap->state(neap->env(L));
}

/* count() -> how often it was called in this runtime */
static int count(lua_State *L)
{
    lua_pushinteger(L, ++state_of(L)->calls);
    return 1;
}

/* ---- double(n, how): an operation that is over at once, later, on the pool or in a thread, or fails ---- */

typedef struct {
    neap_op op;
    neap_timer timer;
    neap_work work;
    neap_remote *remote;
    pthread_t thread;
    double n;
    int threaded, posted;
} double_op;

static int results(lua_State *L, neap_op *op)
{
    lua_pushnumber(L, 2 * ((double_op *)op)->n);
    lua_pushliteral(L, "and more");
    return 2;
}

static void join(double_op *d)
{
    if (d->threaded)
        pthread_join(d->thread, NULL);
    d->threaded = 0;
}

static void cancel(neap_op *op)
{
    double_op *d = (double_op *)op;
    if (d->timer.fire)
        neap->timer_stop(&d->timer);
    else if (!d->threaded)
        return; /* the pool calls done */
    else if (join(d), d->posted)
        return; /* on_post or on_drop comes */
    neap->complete(op, -125 /* ECANCELED */, NEAP_F_END);
}

static void release(neap_op *op, int delivered)
{
    double_op *d = (double_op *)op;
    (void)delivered;
    join(d);
    if (d->remote)
        neap->remote_release(d->remote);
}

static const neap_op_class double_class = {"probe.double", results, cancel, release};

static void on_timer(neap_timer *timer)
{
    neap->complete(&((double_op *)((char *)timer - offsetof(double_op, timer)))->op, 0);
}

static void on_pool(neap_work *work)
{
    usleep(2000);
    (void)work;
}

static void on_done(neap_work *work, int status)
{
    neap->complete(&((double_op *)((char *)work - offsetof(double_op, work)))->op, status,
                   NEAP_F_END);
}

static void on_post(neap_env *env, void *data)
{
    (void)env;
    neap->complete(data, 0);
}

static void on_drop(void *data) /* the runtime closes: on its thread */
{
    neap->complete(data, NEAP_ECLOSED, NEAP_F_END);
}

static void *in_thread(void *data)
{
    double_op *d = data;
    usleep(2000);
    d->posted = neap->post(d->remote, on_post, on_drop, &d->op) == 0;
    return NULL;
}

static int start_double(lua_State *L)
{
    static const char *const ways[] = {"now", "timer", "pool", "thread", "fail", NULL};
    double n = luaL_checknumber(L, 1);
    int way = luaL_checkoption(L, 2, "now", ways);
    double_op *d = neap->op_new(L, &double_class, sizeof *d);
    d->n = n;
    if (way == 0) {
        neap->complete(&d->op, 0);
    } else if (way == 1) {
        d->timer.fire = on_timer;
        neap->timer(d->op.env, &d->timer, 0.002);
    } else if (way == 2) {
        d->work.run = on_pool;
        d->work.done = on_done;
        int status = neap->work(d->op.env, &d->work);
        if (status)
            neap->complete(&d->op, status, NEAP_F_END);
    } else if (way == 3) {
        d->remote = neap->remote(d->op.env);
        d->threaded = d->remote && !pthread_create(&d->thread, NULL, in_thread, d);
        if (!d->threaded)
            neap->complete(&d->op, -12 /* ENOMEM */, NEAP_F_END);
    } else {
        neap->complete(&d->op, NEAP_EPARSE, NEAP_F_MESSAGE, "no such number", NEAP_F_PATH, "probe",
                       NEAP_F_END);
    }
    return neap->wait(L, &d->op);
}

/* ---- A handle ---- */

typedef struct {
    neap_handle handle;
    double value;
} box;

static int box_get(lua_State *L);

static int box_close(neap_handle *h)
{
    state *s = neap->state(h->env);
    s->handles--;
    return 0;
}

static const luaL_Reg box_methods[] = {{"get", box_get}, {NULL, NULL}};
static const neap_handle_class box_class = {
    .name = "probe.box", .size = sizeof(box), .methods = box_methods, .close = box_close};

static int box_get(lua_State *L)
{
    lua_pushnumber(L, ((box *)neap->check(L, 1, &box_class))->value);
    return 1;
}

static int new_box(lua_State *L)
{
    double value = luaL_checknumber(L, 1);
    box *b = neap->handle(L, &box_class);
    b->value = value;
    state_of(L)->handles++;
    return 1;
}

static int handles(lua_State *L)
{
    lua_pushinteger(L, state_of(L)->handles);
    return 1;
}

/* ---- Errors, and calls from where they may not come ---- */

static int refuse(lua_State *L)
{
    return neap->fail(L, -2 /* ENOENT */, NEAP_F_PATH, luaL_optstring(L, 1, "x"), NEAP_F_END);
}

/* A function that was not registered through the host has no environment. */
static int stray(lua_State *L)
{
    neap->env(L);
    return 0;
}

static int give_stray(lua_State *L)
{
    lua_pushcfunction(L, stray);
    return 1;
}

/* same(thread) -> is it a thread of this runtime? And a state of another VM? */
static int same(lua_State *L)
{
    lua_State *other = luaL_newstate();
    lua_pushboolean(L, neap->runtime_is(neap->env(L), L));
    lua_pushboolean(L, other && neap->runtime_is(neap->env(L), other));
    if (other)
        lua_close(other);
    return 2;
}

/* ---- Registration ---- */

static const luaL_Reg functions[] = {
    {"count", count},   {"double", start_double}, {"box", new_box}, {"handles", handles},
    {"refuse", refuse}, {"stray", give_stray},    {"same", same},   {NULL, NULL}};

static int open_probe(neap_env *env, lua_State *L, void *data)
{
    state *s = data;
    s->interface = neap->provide(env, "probe/1", functions) == 0 &&
                   neap->interface(env, "probe/1") == functions &&
                   neap->provide(env, "probe/1", functions) < 0 && !neap->interface(env, "probe/2");
    lua_pushboolean(L, s->interface);
    lua_setfield(L, -2, "interface");
    return 0;
}

static void close_probe(neap_env *env, void *data)
{
    state *s = data;
    (void)env;
    if (getenv("PROBE_CLOSE"))
        fprintf(stderr, "closed with %d handles after %d calls\n", s->handles, s->calls);
}

NEAP_EXTENSION(probe, .functions = functions, .state_size = sizeof(state), .open = open_probe,
               .close = close_probe)
