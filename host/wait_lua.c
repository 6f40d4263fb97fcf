/* wait_lua.c: what a task can wait for by itself: time, its next turn, and being unparked, which is what
 * channels, semaphores, events and require are built on. */
#include <string.h>

#include "task_lua.h"

/* ---- Sleeping, yielding ---- */

typedef struct {
    neap_op op;
    neap_timer timer;
} sleep_op;

static void on_slept(neap_timer *timer)
{
    neap_op_complete(&neap_container_of(timer, sleep_op, timer)->op, 0);
}

static void sleep_cancel(neap_op *op)
{
    neap_timer_stop(op->env->rt->root, &((sleep_op *)op)->timer);
    neap_op_complete(op, UV_ECANCELED, NEAP_F_END);
}

static const neap_op_class sleep_class = {"task.sleep", NULL, sleep_cancel, NULL};

int neap_wait_sleep(lua_State *L)
{
    double seconds = luaL_checknumber(L, 1);
    sleep_op *s = neap_op_new(L, &sleep_class, sizeof *s);
    s->timer.fire = on_slept;
    neap_timer_start(s->op.env->rt->root, &s->timer, seconds);
    return neap_op_wait(L, &s->op);
}

static const neap_op_class yield_class = {"task.yield", NULL, NULL, NULL};

int neap_wait_yield(lua_State *L)
{
    neap_op *op = neap_op_new(L, &yield_class, sizeof *op);
    neap_op_complete(op, 0);
    head_of(op)->queue_always = true;
    return neap_op_wait(L, op);
}

/* ---- Parking: what channels, semaphores and the like wait with ---- */

typedef struct {
    const void *magic;
    neap_op *op; /* while a task is parked */
    bool woken;
} parker;

typedef struct {
    neap_op op;
    parker *parker; /* pinned */
} park_op;

static const char parker_magic;

static parker *to_parker(lua_State *L, int index)
{
    parker *p = neap_userdata(L, index, sizeof *p, &parker_magic);
    if (!p)
        luaL_argerror(L, index, "a parker expected");
    return p;
}

int neap_wait_parker(lua_State *L)
{
    parker *p = lua_newuserdata(L, sizeof *p);
    *p = (parker){.magic = &parker_magic};
    return 1;
}

static void park_cancel(neap_op *op)
{
    ((park_op *)op)->parker->op = NULL;
    neap_op_complete(op, UV_ECANCELED, NEAP_F_END);
}

/* By what they are for: "task.wait" when nothing is said. */
static const neap_op_class park_classes[] = {
    {"task.wait", NULL, park_cancel, NULL},       {"semaphore.acquire", NULL, park_cancel, NULL},
    {"channel.receive", NULL, park_cancel, NULL}, {"channel.send", NULL, park_cancel, NULL},
    {"require", NULL, park_cancel, NULL},         {"event.wait", NULL, park_cancel, NULL},
    {"io.read", NULL, park_cancel, NULL},
};

static const neap_op_class *park_class(lua_State *L, int index)
{
    const char *name = luaL_optstring(L, index, park_classes[0].name);
    for (size_t i = 0; i < sizeof park_classes / sizeof *park_classes; i++)
        if (strcmp(park_classes[i].name, name) == 0)
            return &park_classes[i];
    luaL_argerror(L, index, "nothing waits under this name");
    return NULL;
}

/* may_park(): raises what park would raise here. */
int neap_wait_may_park(lua_State *L)
{
    neap_op_check(L, neap_env_of(L)->rt, &park_classes[0]);
    return 0;
}

int neap_wait_park(lua_State *L)
{
    parker *p = to_parker(L, 1);
    const neap_op_class *type = park_class(L, 2);
    lua_settop(L, 2);
    park_op *park = neap_op_new(L, type, sizeof *park);
    park->parker = p;
    neap_op_pin(L, &park->op, 1);
    if (p->woken)
        neap_op_complete(&park->op, 0);
    else
        p->op = &park->op;
    p->woken = false;
    return neap_op_wait(L, &park->op);
}

int neap_wait_unpark(lua_State *L)
{
    parker *p = to_parker(L, 1);
    neap_op *op = p->op;
    p->op = NULL;
    p->woken = !op;
    if (op)
        neap_op_complete(op, 0);
    lua_pushboolean(L, op != NULL);
    return 1;
}
