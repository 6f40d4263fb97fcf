/* handle.c: resources with a Lua object.
 *
 * The userdata is a small box that refers to the C struct; the struct is ours, counted, and on the
 * runtime's list until the binding says that its last callback has been. Open, closing, closed: close
 * empties the box first, so it happens once, from close(), __gc or shutdown alike, and nothing
 * reaches a closed struct through Lua.
 */
#include <string.h>

#include "host.h"

typedef struct {
    list all;        /* in rt->handles, or rt->staying */
    struct box *box; /* NULL once closing */
    bool closing;
    bool gone; /* closed, but its object is not yet collected (NEAP_HANDLE_STAYS) */
} hidden;

_Static_assert(sizeof(hidden) <= sizeof((neap_handle *)0)->host, "a handle's hidden part fits");

typedef struct box {
    const void *magic;
    neap_handle *h; /* NULL: closed */
    const neap_handle_class *type;
} box;

static const char magic; /* its address marks our boxes */

static hidden *hidden_of(neap_handle *h)
{
    return (hidden *)h->host;
}

static neap_handle *handle_of(list *in_all)
{
    return neap_container_of(neap_container_of(in_all, hidden, all), neap_handle, host);
}

static box *to_box(lua_State *L, int index)
{
    return neap_userdata(L, index, sizeof(box), &magic);
}

/* ---- Methods that every handle has ---- */

static int handle_close(lua_State *L)
{
    box *b = to_box(L, 1);
    if (!b)
        return luaL_argerror(L, 1, "a handle expected");
    if (b->h)
        neap_handle_close(b->h);
    return 0;
}

static int handle_is_closed(lua_State *L)
{
    box *b = to_box(L, 1);
    if (!b)
        return luaL_argerror(L, 1, "a handle expected");
    lua_pushboolean(L, !b->h || hidden_of(b->h)->closing);
    return 1;
}

static void discard(neap_handle *h)
{
    list_remove(&hidden_of(h)->all);
    neap_mem(h->env->rt, h, h->type->size, 0);
}

static int handle_gc(lua_State *L)
{
    box *b = to_box(L, 1);
    neap_handle *h = b ? b->h : NULL;
    if (!h)
        return 0;
    b->h = NULL;
    hidden_of(h)->box = NULL;
    if (hidden_of(h)->gone)
        discard(h);
    else
        neap_handle_close(h); /* which may free it */
    return 0;
}

static int handle_tostring(lua_State *L)
{
    box *b = to_box(L, 1);
    if (!b)
        return luaL_argerror(L, 1, "a handle expected");
    lua_pushfstring(L, b->h ? "%s: %p" : "%s (closed)", b->type->name, (void *)b->h);
    return 1;
}

static const luaL_Reg common[] = {{"close", handle_close}, {"is_closed", handle_is_closed}, {0}};

static const luaL_Reg common_meta[] = {{"__gc", handle_gc}, {"__tostring", handle_tostring}, {0}};

/* ---- Classes ---- */

static void set(lua_State *L, neap_env *env, const luaL_Reg *functions)
{
    for (; functions && functions->name; functions++) {
        neap_carry(L, env->rt, env);
        lua_pushcclosure(L, functions->func, 1);
        lua_setfield(L, -2, functions->name);
    }
}

static class_entry *make_class(lua_State *L, neap_env *env, const neap_handle_class *type)
{
    lua_createtable(L, 0, 5);
    lua_newtable(L);
    set(L, env, common);
    set(L, env, type->methods);
    lua_setfield(L, -2, "__index");
    set(L, env, common_meta);
    set(L, env, type->metamethods);
    lua_pushstring(L, type->name);
    lua_setfield(L, -2, "__name");
    if (!(type->flags & NEAP_HANDLE_OPEN)) {
        lua_pushliteral(L, "it is protected");
        lua_setfield(L, -2, "__metatable");
    }
    class_entry *c = neap_mem(env->rt, NULL, 0, sizeof *c);
    if (!c)
        neap->raise(L, UV_ENOMEM, NEAP_F_END);
    c->type = type;
    c->next = env->classes;
    c->metatable = 0;
    env->classes = c;
    c->metatable = neap_anchor(env->rt, L);
    return c;
}

static void push_metatable(lua_State *L, neap_env *env, const neap_handle_class *type)
{
    class_entry *c = env->classes;
    while (c && (c->type != type || !c->metatable))
        c = c->next;
    if (!c)
        c = make_class(L, env, type);
    neap_anchor_push(env->rt, L, c->metatable);
}

/* Push the method table of a class, for a Lua face to add to. */
void neap_handle_methods(lua_State *L, const neap_handle_class *type)
{
    push_metatable(L, neap_env_of(L), type);
    lua_getfield(L, -1, "__index");
    lua_remove(L, -2);
}

/* ---- Life ---- */

/* The line that runs, or waits for the operation whose result this is. */
static void note_site(lua_State *L, const neap_handle *h)
{
    lua_Debug ar;
    const neap_runtime *rt = h->env->rt;
    const neap_task *waits = rt->delivering ? rt->delivering->task : NULL;
    neap_anchor_push(h->env->rt, L, rt->sites);
    lua_pushlightuserdata(L, (void *)h);
    if (neap_user_frame(waits && waits->L ? waits->L : L, &ar))
        lua_pushfstring(L, "%s:%d", ar.short_src, ar.currentline);
    else
        lua_pushnil(L);
    lua_rawset(L, -3);
    lua_pop(L, 1);
}

void *neap_handle_make(lua_State *L, neap_env *env, const neap_handle_class *type)
{
    neap_runtime *rt = env->rt;
    if (rt->state != RT_OPEN)
        neap_raise_closed(L, NULL);
    box *b = lua_newuserdata(L, sizeof *b);
    *b = (box){&magic, NULL, type};
    push_metatable(L, env, type);
    lua_setmetatable(L, -2);
    neap_handle *h = neap_mem(rt, NULL, 0, type->size);
    if (!h)
        neap->raise(L, UV_ENOMEM, NEAP_F_END);
    memset(h, 0, type->size);
    h->type = type;
    h->env = env;
    hidden_of(h)->box = b;
    list_append(&rt->handles, &hidden_of(h)->all);
    rt->handle_count++;
    b->h = h;
    int status = type->open ? type->open(L, h) : 0;
    if (status < 0) {
        neap_handle_close(h);
        neap->raise(L, status, NEAP_F_END);
    }
    if (rt->sites)
        note_site(L, h);
    return h;
}

void *neap_handle_new(lua_State *L, const neap_handle_class *type)
{
    return neap_handle_make(L, neap_env_of(L), type);
}

void *neap_handle_check(lua_State *L, int index, const neap_handle_class *type)
{
    box *b = to_box(L, index);
    if (!b || b->type != type)
        luaL_typerror(L, index, type->name);
    else if (!b->h)
        luaL_argerror(L, index, lua_pushfstring(L, "the %s is closed", type->name));
    else
        return b->h;
    return NULL;
}

/* As check, but NULL when it is closed or another thing. */
void *neap_handle_test(lua_State *L, int index, const neap_handle_class *type)
{
    box *b = to_box(L, index);
    return b && b->type == type ? b->h : NULL;
}

/* As check, but NULL when it is closed: by another task perhaps, so that is no wrong argument. */
void *neap_handle_find(lua_State *L, int index, const neap_handle_class *type)
{
    box *b = to_box(L, index);
    return b && b->type == type ? b->h : neap_handle_check(L, index, type);
}

neap_handle *neap_handle_any(lua_State *L, int index)
{
    box *b = to_box(L, index);
    return b ? b->h : NULL;
}

int neap_handle_is_closing(const neap_handle *h)
{
    return hidden_of((neap_handle *)h)->closing;
}

void neap_handle_close(neap_handle *h)
{
    hidden *hide = hidden_of(h);
    if (hide->closing)
        return;
    hide->closing = true;
    if (hide->box && !(h->type->flags & NEAP_HANDLE_STAYS)) {
        hide->box->h = NULL;
        hide->box = NULL;
    }
    if (!h->type->close || h->type->close(h) == 0)
        neap_handle_closed(h);
}

/* Its last callback has been: the struct goes, or stays with its object. */
void neap_handle_closed(neap_handle *h)
{
    neap_runtime *rt = h->env->rt;
    rt->handle_count--;
    if (hidden_of(h)->box) {
        hidden_of(h)->gone = true;
        list_remove(&hidden_of(h)->all);
        list_append(&rt->staying, &hidden_of(h)->all);
    } else {
        discard(h);
    }
    neap_closing_advance(rt);
}

/* Each is looked at once, though closing one may close others, and end their memory. */
void neap_handles_close(neap_runtime *rt)
{
    list seen;
    list_init(&seen);
    while (!list_empty(&rt->handles)) {
        list *first = rt->handles.next;
        list_remove(first);
        list_append(&seen, first);
        neap_handle_close(handle_of(first)); /* or it is closing already */
    }
    while (!list_empty(&seen)) {
        list *first = seen.next;
        list_remove(first);
        list_append(&rt->handles, first);
    }
}

void neap_handles_forget(neap_runtime *rt)
{
    while (!list_empty(&rt->staying)) {
        neap_handle *h = handle_of(rt->staying.next);
        hidden_of(h)->box->h = NULL;
        discard(h);
    }
}

/* Stack: its entry in the list. */
static void push_site(lua_State *L, const neap_handle *h)
{
    if (!h->env->rt->sites)
        return;
    neap_anchor_push(h->env->rt, L, h->env->rt->sites);
    lua_pushlightuserdata(L, (void *)h);
    lua_rawget(L, -2);
    lua_setfield(L, -3, "where");
    lua_pop(L, 1);
}

/* Push an array of the names of the handles that are open. */
void neap_handles_list(lua_State *L, neap_runtime *rt)
{
    int n = 0;
    lua_newtable(L);
    for (list *i = rt->handles.next; i != &rt->handles; i = i->next) {
        neap_handle *h = handle_of(i);
        if (hidden_of(h)->closing)
            continue;
        lua_createtable(L, 0, 1);
        lua_pushstring(L, h->type->name);
        lua_setfield(L, -2, "kind");
        push_site(L, h);
        lua_rawseti(L, -2, ++n);
    }
}
