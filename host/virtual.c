/* virtual.c: a clock that goes only as a test lets it, and neap_clock, the C half of neap.test.clock.
 *
 *     take(automatic, wall | nil)   from here on time stands still; wall: seconds since 1970
 *     release()                     it is real again
 *     advance(seconds | nil)        let it go on so far, or to the next timer; an operation
 *     is_pending() -> boolean       a timer waits for it
 *     real() -> seconds             monotonic, whatever the clock is
 *
 * Time goes on when nothing else is to be done: no job is ready, none is on the pool, and the loop has polled
 * some times in vain. It then jumps to the next timer, whose task runs, and so on. What other processes and
 * hosts are about to send nobody can know; if anything is open, they get a millisecond before each jump.
 *
 * One clock a loop, of its main runtime. It never goes back: once released, monotonic time goes on from where
 * the virtual one was.
 */
#include <math.h>

#include "host.h"

enum { TURNS = 3 }; /* of the loop in which nothing comes: then it is quiet */

#define NEVER                                                                                      \
    UINT64_C(9000000000000000000) /* ns: what is due then was started with an endless time */

static const double PAUSE = 0.001;

uint64_t neap_now(const neap_root *root)
{
    return root->virtual ? root->virtual->now : neap_clock() + root->ahead;
}

double neap_wall(const neap_root *root)
{
    const neap_virtual *v = root->virtual;
    if (v)
        return v->wall + (double)(v->now - v->began) / 1e9;
    uv_timeval64_t t;
    uv_gettimeofday(&t);
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

/* ---- Going on ---- */

static uint64_t next_due(const neap_virtual *v) /* UINT64_MAX: nothing will be */
{
    uint64_t due = neap_timers_earliest(&v->timers);
    return due < NEVER ? due : UINT64_MAX;
}

static void finish(neap_virtual *v, int status)
{
    neap_op *op = v->advance;
    v->advance = NULL;
    if (op)
        neap_op_complete(op, status, NEAP_F_END);
}

static void go_on(neap_root *root, neap_virtual *v)
{
    uint64_t due = next_due(v);
    uint64_t limit = v->advance ? v->until : UINT64_MAX - 1;
    v->quiet = 0;
    v->paused = false;
    if (due <= limit) {
        v->now = due > v->now ? due : v->now;
        neap_timers_arm(root);
        neap_wake_root(root); /* what it fires may be no job */
    } else if (v->advance) {
        v->now = limit;
        finish(v, 0);
    }
}

static void on_pause(neap_timer *pause)
{
    neap_virtual *v = neap_container_of(pause, neap_virtual, pause);
    v->paused = true;
    neap_wake_root(v->rt->root);
}

/* Nothing has come for some turns, and nothing is known to come. */
static bool is_quiet(neap_root *root, neap_virtual *v)
{
    if (root->jobs != v->jobs || !list_empty(&root->ready)) {
        v->jobs = root->jobs;
        v->quiet = 0;
        v->paused = false;
        neap_timer_stop(root, &v->pause);
    }
    if (!list_empty(&root->workers) || v->pause.position)
        return false; /* whose end is a turn of the loop */
    if (++v->quiet < TURNS) {
        neap_wake_root(root);
        return false;
    }
    if (v->rt->handle_count && !v->paused) {
        neap_timer_start_real(root, &v->pause, PAUSE);
        return false;
    }
    return true;
}

void neap_virtual_turn(neap_root *root)
{
    neap_virtual *v = root->virtual;
    if (!v || !(v->advance || (v->automatic && next_due(v) != UINT64_MAX)))
        return;
    if (is_quiet(root, v))
        go_on(root, v);
}

/* ---- Taking and releasing ---- */

static void release(neap_root *root)
{
    neap_virtual *v = root->virtual;
    uint64_t real = neap_clock();
    root->virtual = NULL;
    neap_timer_stop(root, &v->pause);
    if (v->now > real + root->ahead)
        root->ahead = v->now - real;
    neap_timers_move(root, &v->timers, v->now);
    finish(v, UV_ECANCELED);
    neap_timers_arm(root);
    neap_mem(v->rt, v, sizeof *v, 0);
}

void neap_virtual_drop(neap_runtime *rt)
{
    if (rt->root->virtual && rt->root->virtual->rt == rt)
        release(rt->root);
}

/* ---- For Lua ---- */

static int clock_take(lua_State *L)
{
    neap_runtime *rt = neap_env_of(L)->rt;
    neap_root *root = rt->root;
    bool automatic = lua_toboolean(L, 1);
    double wall = luaL_optnumber(L, 2, neap_wall(root));
    if (rt->parent)
        return luaL_error(L, "the clock is the main runtime's");
    if (root->virtual)
        return luaL_error(L, "the clock is taken already");
    neap_virtual *v = neap_mem(rt, NULL, 0, sizeof *v);
    if (!v)
        return neap->raise(L, UV_ENOMEM, NEAP_F_END);
    *v = (neap_virtual){.rt = rt, .automatic = automatic, .wall = wall, .pause.fire = on_pause};
    v->now = v->began = neap_now(root);
    root->virtual = v;
    return 0;
}

static int clock_release(lua_State *L)
{
    neap_virtual_drop(neap_env_of(L)->rt);
    return 0;
}

static neap_virtual *check_taken(lua_State *L)
{
    neap_virtual *v = neap_env_of(L)->rt->root->virtual;
    if (!v)
        luaL_error(L, "the clock is real");
    return v;
}

static void advance_cancel(neap_op *op)
{
    neap_virtual *v = op->env->rt->root->virtual;
    finish(v, UV_ECANCELED);
}

static const neap_op_class advance_class = {"clock.advance", NULL, advance_cancel, NULL};

static int clock_advance(lua_State *L)
{
    neap_virtual *v = check_taken(L);
    uint64_t until = next_due(v);
    if (!lua_isnil(L, 1)) {
        double seconds = luaL_checknumber(L, 1);
        luaL_argcheck(L, seconds >= 0 && seconds <= 1e9, 1, "seconds from 0 to 1e9 expected");
        until = v->now + (uint64_t)llround(seconds * 1e9);
    } else if (until == UINT64_MAX) {
        until = v->now;
    }
    neap_op *op = neap_op_new(L, &advance_class, sizeof *op);
    if (v->advance) {
        neap_op_complete(op, UV_EBUSY, NEAP_F_MESSAGE, "another task lets the clock go on",
                         NEAP_F_END);
    } else {
        v->advance = op;
        v->until = until;
        neap_wake_root(v->rt->root);
    }
    return neap_op_wait(L, op);
}

static int clock_real(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)neap_clock() / 1e9);
    return 1;
}

static int clock_is_pending(lua_State *L)
{
    lua_pushboolean(L, next_due(check_taken(L)) != UINT64_MAX);
    return 1;
}

static const luaL_Reg functions[] = {{"take", clock_take},       {"release", clock_release},
                                     {"advance", clock_advance}, {"is_pending", clock_is_pending},
                                     {"real", clock_real},       {NULL, NULL}};

NEAP_EXTENSION(neap_clock, .functions = functions)
