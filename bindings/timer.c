/* timer.c -- neap_timer: timers by the million, for lua/neap/timer.lua.
 *
 *   after(seconds, fn) -> timer    call fn once, in a task of its own
 *   every(seconds, fn) -> timer    call it again and again
 *   timer:close()                  stop it; idempotent
 *   timer:is_closed() -> boolean
 *
 * Lifetime. A started timer keeps itself (and the program) alive, whether somebody holds its object or
 * not: `self` is its object, held until it has fired for good or was closed. Nothing else is allocated,
 * and nothing needs a finalizer. */
#include <math.h>
#include <stdbool.h>
#include <neap/extension.h>

#define CLASS "neap.timer"

typedef struct {
    const void *magic;
    neap_timer timer;
    neap_job job;
    neap_env *env;
    double interval; /* seconds; 0: fires once */
    double due;      /* when the next is, so that intervals do not drift */
    int fn, self;    /* held; 0 when closed */
    int queued;      /* its job is in the run queue */
} timer;

static const char magic; /* its address marks our userdata */

/* ---- Arguments ---- */

static double check_seconds(lua_State *L, int index)
{
    double seconds = luaL_checknumber(L, index);
    luaL_argcheck(L, seconds >= 0 && !isinf(seconds), index, "seconds expected, 0 or more");
    return seconds;
}

static timer *check_timer(lua_State *L, int index)
{
    timer *t = lua_touserdata(L, index);
    if (!t || lua_objlen(L, index) != sizeof *t || t->magic != &magic)
        luaL_argerror(L, index, CLASS " expected");
    return t;
}

/* ---- Events ---- */

/* The object may be collected from here on, unless its job is still queued. */
static void stop(timer *t)
{
    neap->timer_stop(&t->timer);
    neap->let_go(t->env, &t->fn);
    if (!t->queued)
        neap->let_go(t->env, &t->self);
}

/* In the run queue: the function gets its task. */
static void run(neap_job *job)
{
    timer *t = neap_container_of(job, timer, job);
    lua_State *L = neap->lua(t->env);
    bool call = t->fn != 0;
    t->queued = 0;
    if (call)
        neap->held(L, t->fn);
    if (!call || !t->interval)
        stop(t);
    if (call)
        neap->enter(L, 0); /* last: it may close the timer */
}

static void on_due(neap_timer *due)
{
    timer *t = neap_container_of(due, timer, timer);
    if (!t->queued) {
        t->queued = 1;
        neap->queue(t->env, &t->job);
    }
    if (t->interval) {
        double now = neap->now(t->env);
        t->due += t->interval;
        if (t->due <= now) /* late: those that were missed are left out */
            t->due += (floor((now - t->due) / t->interval) + 1) * t->interval;
        neap->timer(t->env, &t->timer, fmax(t->due - now, 0));
    }
}

/* ---- Methods and functions ---- */

static int timer_close(lua_State *L)
{
    neap->env(L); /* its runtime is not closed */
    stop(check_timer(L, 1));
    return 0;
}

static int timer_is_closed(lua_State *L)
{
    lua_pushboolean(L, !check_timer(L, 1)->fn);
    return 1;
}

static int timer_tostring(lua_State *L)
{
    timer *t = check_timer(L, 1);
    lua_pushfstring(L, t->fn ? CLASS ": %p" : CLASS " (closed)", (void *)t);
    return 1;
}

/* Stack: seconds, function. */
static int start(lua_State *L, int repeats)
{
    double seconds = check_seconds(L, 1);
    neap_env *env = neap->env(L);
    luaL_checktype(L, 2, LUA_TFUNCTION);
    timer *t = lua_newuserdata(L, sizeof *t);
    *t = (timer){.magic = &magic, .timer.fire = on_due, .job.run = run, .env = env};
    lua_pushvalue(L, lua_upvalueindex(2));
    lua_setmetatable(L, -2);
    t->interval = !repeats      ? 0
                  : seconds > 0 ? fmax(seconds, 1e-9)
                                : 1e-3; /* so that it can be counted */
    t->fn = neap->hold(L, 2);
    t->self = neap->hold(L, lua_gettop(L));
    if (repeats)
        t->due = neap->now(env) + seconds;
    neap->timer(env, &t->timer, seconds);
    return 1;
}

static int after(lua_State *L)
{
    return start(L, 0);
}

static int every(lua_State *L)
{
    return start(L, 1);
}

/* ---- Registration ---- */

static const luaL_Reg methods[] = {
    {"close", timer_close}, {"is_closed", timer_is_closed}, {NULL, NULL}};

/* after and every have the metatable beside their environment. Stack: module. */
static void starter(lua_State *L, neap_env *env, const char *name, lua_CFunction fn)
{
    neap->push_env(L, env);
    lua_pushvalue(L, -2);
    lua_pushcclosure(L, fn, 2);
    lua_setfield(L, -3, name);
}

static int open_timer(neap_env *env, lua_State *L, void *state)
{
    (void)state;
    lua_newtable(L);
    lua_newtable(L);
    neap->push_env(L, env);
    luaL_setfuncs(L, methods, 1);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, timer_tostring);
    lua_setfield(L, -2, "__tostring");
    lua_pushliteral(L, CLASS);
    lua_setfield(L, -2, "__name");
    lua_pushliteral(L, "it is protected");
    lua_setfield(L, -2, "__metatable");
    starter(L, env, "after", after);
    starter(L, env, "every", every);
    lua_pop(L, 1);
    return 0;
}

NEAP_EXTENSION(neap_timer, .flags = NEAP_PUBLIC, .open = open_timer)
