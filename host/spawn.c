/* spawn.c: tasks started from C, by an extension (neap->spawn, neap->enter) or by the host. */
#include <string.h>

#include "host.h"

/* ---- What is being made: a finalizer may come in the middle, and make more ---- */

/* From here until neap_arrived an error that is raised finds `t`. */
void neap_arriving(neap_runtime *rt, neap_task *t)
{
    t->next_free = rt->arriving;
    rt->arriving = t;
}

static neap_task *take_arriving(neap_runtime *rt)
{
    neap_task *t = rt->arriving;
    rt->arriving = t->next_free;
    t->next_free = NULL;
    return t;
}

/* What lies above it is left over from a finalizer. */
void neap_arrived(neap_runtime *rt, neap_task *t)
{
    while (rt->arriving != t)
        neap_task_free(take_arriving(rt));
    take_arriving(rt);
}

void neap_arriving_drop(neap_runtime *rt)
{
    while (rt->arriving)
        neap_task_free(take_arriving(rt));
}

/* ---- Making, starting ---- */

/* Move the function and its n arguments from L's top to the task's thread. */
static void give(lua_State *L, neap_task *t, int n)
{
    if (n >= LUA_MINSTACK && !lua_checkstack(t->L, n + 1))
        luaL_error(L, "too many arguments");
    lua_xmove(L, t->L, n + 1);
    t->nargs = n;
}

/* A task of `scope` with the function and its n arguments on L's top, which are taken off; it is the
 * caller's to queue or resume. It is said to come from where L's C function was called, unless that
 * is the scheduler's. Raises when there is no memory, and leaves nothing behind then. */
neap_task *neap_task_make(lua_State *L, neap_scope *scope, int n)
{
    neap_runtime *rt = scope->rt;
    neap_task *t = neap_task_new(L, scope);
    neap_arriving(rt, t);
    if (L != rt->S)
        neap_task_site(t, L);
    give(L, t, n);
    neap_arrived(rt, t);
    return t;
}

static void come_from(neap_task *t, const neap_site *site)
{
    _Static_assert(sizeof t->site == sizeof site->source, "a site is copied as it is");
    t->line = site->line;
    memcpy(t->site, site->source, sizeof t->site);
}

void neap_task_move(neap_task *t, neap_scope *to)
{
    neap_scope *from = t->scope;
    list_remove(&t->member);
    list_append(&to->tasks, &t->member);
    neap_scope_enter(to);
    t->scope = to;
    neap_scope_leave(from);
}

/* Start a task with the function and its n arguments on L's top. With `s`, they are a scope of their
 * own, whose end s->over tells; s->env must be set. Raises when there is no memory: then over() does
 * not follow. */
void neap_spawn_start(lua_State *L, int n, neap_spawn *s)
{
    neap_runtime *rt = s ? s->env->rt : neap_of(L);
    neap_task *t = neap_task_make(L, rt->scope, n);
    if (s) {
        neap_scope *scope = neap_scope_new(rt, NULL, SCOPE_SPAWN);
        if (!scope) {
            neap_task_free(t);
            neap->raise(L, UV_ENOMEM, NEAP_F_END);
            return;
        }
        scope->spawn = s;
        s->host = scope;
        neap_task_move(t, scope);
        neap_scope_unref(scope); /* its members hold it */
        t->spawn = s;
        if (s->site)
            come_from(t, s->site);
    }
    neap_task_ready(t);
}

/* Cancel all that belongs to it; over() still follows. */
void neap_spawn_cancel(neap_spawn *s, int status)
{
    neap_scope *scope = s->host;
    if (scope && scope->spawn == s)
        neap_scope_cancel(scope, status);
}

/* Run the function and its n arguments on L's top at once, in a pooled task. 0, or NEAP_EWAIT: the
 * VM is preempted. */
int neap_enter(lua_State *L, int n)
{
    neap_runtime *rt = neap_of(L);
    if (rt->preempted)
        return NEAP_EWAIT;
    neap_task *t = neap_task_make(L, rt->scope, n);
    t->nargs = 0;
    t->callback = true;
    neap_task_resume(t, n);
    return 0;
}
