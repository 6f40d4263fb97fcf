/* probe.c -- an extension as a third party writes it: one file, one compiler command, nothing of Neap's
 * but <neap/extension.h>. Functions, state per runtime, an operation, a handle, work, a thread. */
#include <neap/extension.h>

#include <arpa/inet.h>
#include <lauxlib.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct {
    int calls, handles, interface, flushes, flushing;
    neap_job flush;
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

static void on_flush(neap_job *job)
{
    state *s = neap_container_of(job, state, flush);
    s->flushing = 0;
    s->flushes++;
}

/* flush() -> how often that was done; once more when this drain ends */
static int flush(lua_State *L)
{
    state *s = state_of(L);
    s->flush.run = on_flush;
    if (!s->flushing)
        neap->flush(neap->env(L), &s->flush);
    s->flushing = 1;
    lua_pushinteger(L, s->flushes);
    return 1;
}

/* ---- double(n, how): an operation that is over at once, later, on the pool or in a thread, or fails ---- */

typedef struct {
    neap_op op;
    neap_timer timer;
    neap_work work;
    neap_remote *remote, *mine; /* mine: the thread's */
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
    neap->complete(&neap_container_of(timer, double_op, timer)->op, 0);
}

static void on_pool(neap_work *work)
{
    usleep(2000);
    (void)work;
}

static void on_done(neap_work *work, int status)
{
    neap->complete(&neap_container_of(work, double_op, work)->op, status, NEAP_F_END);
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
    neap_remote *mine = d->mine; /* d may be gone once it is posted */
    usleep(2000);
    d->posted = neap->post(mine, on_post, on_drop, &d->op) == 0;
    neap->remote_release(mine);
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
        d->mine = d->remote ? neap->remote_retain(d->remote) : NULL;
        d->threaded = d->remote && !pthread_create(&d->thread, NULL, in_thread, d);
        if (d->mine && !d->threaded)
            neap->remote_release(d->mine);
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

/* ---- Streams and their transports ---- */

/* peer(stream) -> port of its other end, by the transport that is borrowed for that; nil: it has none */
static int peer(lua_State *L)
{
    char port[16];
    neap_transport *t = neap->transport(L, 1);
    if (t && t->type->info(t, "peer_port", port, sizeof port) >= 0)
        lua_pushstring(L, port);
    else
        lua_pushnil(L);
    return 1;
}

/* retake(stream) -> what it had read and nobody had taken, and another stream on its transport */
static int retake(lua_State *L)
{
    neap_env *env = neap->env(L);
    neap_buf unread = {NULL, 0};
    neap_transport *t = neap->transport_take(L, 1, &unread);
    if (!t)
        return 0;
    lua_pushlstring(L, unread.len ? unread.base : "", unread.len);
    if (unread.base)
        neap->alloc(env, (void *)unread.base, unread.len, 0);
    neap->transport_give(L, t);
    return 2;
}

static void give_end(lua_State *L, neap_env *env, int fd)
{
    neap_transport *t = neap->transport_new(env, NEAP_PIPE);
    int status = t ? neap->transport_open(t, fd) : -12 /* ENOMEM */;
    if (status) {
        if (t)
            t->type->close(t, NULL);
        close(fd);
        neap->raise(L, status, NEAP_F_END);
    }
    neap->transport_give(L, t);
}

/* pair() -> the two ends of a socket pair, as streams */
static int pair(lua_State *L)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds))
        return luaL_error(L, "no pair");
    give_end(L, neap->env(L), fds[0]);
    give_end(L, neap->env(L), fds[1]);
    return 2;
}

/* open_twice(stream) -> the status of opening a transport that is open */
static int open_twice(lua_State *L)
{
    neap_transport *t = neap->transport(L, 1);
    lua_pushinteger(L, t ? neap->transport_open(t, 0) : 0);
    return 1;
}

/* reaches(verb, address, port) -> may this runtime? */
static int reaches(lua_State *L)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)luaL_checkint(L, 3))};
    luaL_argcheck(L, inet_pton(AF_INET, luaL_checkstring(L, 2), &to.sin_addr) == 1, 2, "IPv4");
    const char *verb = luaL_checkstring(L, 1);
    int status = neap->permit_address(neap->env(L), verb, (struct sockaddr *)(void *)&to);
    if (status)
        return neap->fail(L, status, NEAP_F_PERMISSION, verb, lua_tostring(L, 2), NEAP_F_END);
    lua_pushboolean(L, 1);
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

static const luaL_Reg functions[] = {{"count", count},      {"double", start_double},
                                     {"box", new_box},      {"handles", handles},
                                     {"peer", peer},        {"retake", retake},
                                     {"pair", pair},        {"open_twice", open_twice},
                                     {"reaches", reaches},  {"refuse", refuse},
                                     {"stray", give_stray}, {"same", same},
                                     {"flush", flush},      {NULL, NULL}};

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
