/* meter.c -- an extension with a handle and a thread of its own: how busy this process is.
 *
 *   open(seconds) -> meter         measures every so many seconds, on a thread
 *   meter:read() -> number         the next measurement: processor seconds a second; an operation
 *   meter:close(), is_closed()     the host's
 *
 *     cc -shared -fPIC -pthread $(pkg-config --cflags neap) meter.c -o meter.so
 *
 * The thread reaches the loop by its remote only, and what it posts names its meter by a number: the
 * meter may be closed before the post arrives. close() ends the thread before the meter goes. */
#include <errno.h>
#include <neap/extension.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

typedef struct meter {
    neap_handle handle; /* first */
    struct meter *next; /* in the state's list */
    unsigned number;
    neap_op *reading; /* who waits in read(), or NULL */
    neap_timer keep;  /* never fires: a started timer keeps the loop running */
    neap_remote *remote;
    double seconds;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t ends;
    int ended;
} meter;

typedef struct {
    meter *open;
    unsigned number;
} meter_state;

typedef struct {
    unsigned number;
    double value;
} measurement;

/* ---- The thread ---- */

static double seconds_of(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int sleeps(meter *m) /* until the next measurement; 0: the end */
{
    double due = seconds_of(CLOCK_REALTIME) + m->seconds;
    struct timespec t = {.tv_sec = (time_t)due, .tv_nsec = (long)((due - (time_t)due) * 1e9)};
    pthread_mutex_lock(&m->lock);
    while (!m->ended && pthread_cond_timedwait(&m->ends, &m->lock, &t) != ETIMEDOUT)
        ;
    int ended = m->ended;
    pthread_mutex_unlock(&m->lock);
    return !ended;
}

static void on_measurement(neap_env *env, void *data);

static void *measure(void *data)
{
    meter *m = data;
    double wall = seconds_of(CLOCK_MONOTONIC), busy = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
    while (sleeps(m)) {
        double now = seconds_of(CLOCK_MONOTONIC), used = seconds_of(CLOCK_PROCESS_CPUTIME_ID);
        measurement *x = malloc(sizeof *x);
        if (!x)
            continue;
        *x = (measurement){m->number, (used - busy) / (now - wall)};
        if (neap->post(m->remote, on_measurement, free, x))
            free(x); /* the runtime is closing: nobody takes it */
        wall = now;
        busy = used;
    }
    return NULL;
}

/* ---- The operation: meter:read() ---- */

typedef struct {
    neap_op op;
    meter *meter;
    double value;
} read_op;

static int read_results(lua_State *L, neap_op *op)
{
    lua_pushnumber(L, ((read_op *)op)->value);
    return 1;
}

static void read_finish(meter *m, int status)
{
    neap_op *op = m->reading;
    m->reading = NULL;
    neap->timer_stop(&m->keep);
    neap->complete(op, status, NEAP_F_END);
}

static void read_cancel(neap_op *op) /* its task was cancelled, or the runtime closes */
{
    read_finish(((read_op *)op)->meter, -ECANCELED);
}

static const neap_op_class read_class = {"meter.read", read_results, read_cancel, NULL};

static void on_measurement(neap_env *env, void *data) /* loop's thread */
{
    measurement *x = data;
    meter *m = ((meter_state *)neap->state(env))->open;
    while (m && m->number != x->number)
        m = m->next;
    if (m && m->reading) {
        ((read_op *)m->reading)->value = x->value;
        read_finish(m, 0);
    }
    free(x);
}

/* ---- The handle ---- */

static void never(neap_timer *timer)
{
    (void)timer;
}

static int meter_close(neap_handle *h) /* from close(), the collector or the runtime's end; once */
{
    meter *m = (meter *)h, **link = &((meter_state *)neap->state(h->env))->open;
    if (!m->remote) /* opening it failed */
        return 0;
    while (*link != m)
        link = &(*link)->next;
    *link = m->next;
    if (m->reading)
        read_finish(m, -ECANCELED);
    pthread_mutex_lock(&m->lock);
    m->ended = 1;
    pthread_cond_signal(&m->ends);
    pthread_mutex_unlock(&m->lock);
    pthread_join(m->thread, NULL);
    pthread_cond_destroy(&m->ends);
    pthread_mutex_destroy(&m->lock);
    neap->remote_release(m->remote);
    return 0; /* all is gone; 1 would mean: handle_closed() follows */
}

static int meter_read(lua_State *L);
static const luaL_Reg methods[] = {{"read", meter_read}, {NULL, NULL}};
static const neap_handle_class meter_class = {
    .name = "meter", .size = sizeof(meter), .methods = methods, .close = meter_close};

static int meter_read(lua_State *L)
{
    meter *m = neap->check(L, 1, &meter_class);
    read_op *r = neap->op_new(L, &read_class, sizeof *r);
    if (m->reading) {
        neap->complete(&r->op, -EBUSY, NEAP_F_MESSAGE, "another task reads this meter", NEAP_F_END);
        return neap->wait(L, &r->op);
    }
    r->meter = m;
    m->reading = &r->op;
    m->keep.fire = never;
    neap->timer(r->op.env, &m->keep, 1e9);
    neap->pin(L, &r->op, 1); /* the collector must not close it meanwhile */
    return neap->wait(L, &r->op);
}

static int meter_open(lua_State *L)
{
    double seconds = luaL_checknumber(L, 1);
    luaL_argcheck(L, seconds >= 0.001 && seconds <= 3600, 1, "0.001 to 3600 seconds");
    neap_env *env = neap->env(L);
    meter_state *state = neap->state(env);
    meter *m = neap->handle(L, &meter_class); /* pushes the object */
    neap_remote *remote = neap->remote(env);
    if (!remote)
        return neap->fail(L, -ENOMEM, NEAP_F_END);
    m->number = ++state->number;
    m->seconds = seconds;
    m->remote = remote;
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->ends, NULL);
    int failure = pthread_create(&m->thread, NULL, measure, m);
    if (failure) {
        m->remote = NULL;
        neap->remote_release(remote);
        return neap->fail(L, -failure, NEAP_F_SYSCALL, "pthread_create", NEAP_F_END);
    }
    m->next = state->open;
    state->open = m;
    return 1;
}

/* ---- Registration ---- */

static const luaL_Reg functions[] = {{"open", meter_open}, {NULL, NULL}};

NEAP_EXTENSION(meter, .functions = functions, .state_size = sizeof(meter_state))
