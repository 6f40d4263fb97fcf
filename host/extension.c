/* extension.c: extensions: their environments, finding and opening them (table.c: what they get).
 *
 * An extension opened in a runtime is a neap_env: its state, its classes, its module table. All C
 * functions that the host registers for it carry the env as their first upvalue: that is how
 * neap->env(L) knows, at no cost, who is called and in which runtime. Environments are closed in the
 * reverse order of opening, after the VM. Shared objects are never unloaded.
 */
#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "host.h"

/* ---- Those that one runtime of a process may have (NEAP_SINGLE) ---- */

enum { SINGLES = 32 };

static struct {
    pthread_mutex_t lock; /* runtimes are on any thread */
    struct {
        const neap_descriptor *descriptor;
        const neap_runtime *owner; /* NULL: free */
    } slots[SINGLES];
} singles = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* 0; UV_EBUSY: another runtime has it; NEAP_ELIMIT: no slot is free. */
static int take_single(const neap_runtime *rt, const neap_descriptor *d)
{
    int free = SINGLES, at = SINGLES, status = 0;
    pthread_mutex_lock(&singles.lock);
    for (int i = 0; i < SINGLES; i++) {
        if (!singles.slots[i].owner)
            free = i;
        else if (singles.slots[i].descriptor == d)
            at = i;
    }
    if (at < SINGLES) {
        status = singles.slots[at].owner == rt ? 0 : UV_EBUSY;
    } else if (free < SINGLES) {
        singles.slots[free].descriptor = d;
        singles.slots[free].owner = rt;
    } else {
        status = NEAP_ELIMIT;
    }
    pthread_mutex_unlock(&singles.lock);
    return status;
}

static void give_single(const neap_runtime *rt, const neap_descriptor *d)
{
    pthread_mutex_lock(&singles.lock);
    for (int i = 0; i < SINGLES; i++)
        if (singles.slots[i].owner == rt && singles.slots[i].descriptor == d)
            singles.slots[i].owner = NULL;
    pthread_mutex_unlock(&singles.lock);
}

/* ---- The environment ---- */

static const char cell_magic;

/* In a VM of ours a light userdata. One that is not ours lives on: a cell, which is emptied. */
void neap_carry(lua_State *L, neap_runtime *rt, neap_env *env)
{
    void *what = env ? (void *)env : (void *)rt;
    neap_cell **cell = env ? &env->cell : &rt->cell;
    int *ref = env ? &env->cell_ref : &rt->cell_ref;
    if (!rt->foreign) {
        lua_pushlightuserdata(L, what);
        return;
    }
    if (!*cell) {
        neap_cell *made = lua_newuserdata(L, sizeof *made);
        *made = (neap_cell){&cell_magic, what};
        *ref = neap_anchor(rt, L);
        *cell = made;
    }
    neap_anchor_push(rt, L, *ref);
}

void *neap_carried(lua_State *L)
{
    void *p = neap_vm_carried(L);
    if (p || lua_type(L, lua_upvalueindex(1)) != LUA_TUSERDATA)
        return p;
    neap_cell *cell = neap_userdata(L, lua_upvalueindex(1), sizeof *cell, &cell_magic);
    if (!cell)
        luaL_error(L, "this C function was not registered through Neap's extension interface");
    return cell->to;
}

neap_env *neap_env_of(lua_State *L)
{
    void *env = neap_carried(L);
    if (!env && lua_isuserdata(L, lua_upvalueindex(1)))
        neap_raise_closed(L, NULL);
    if (!env)
        luaL_error(L, "this C function was not registered through Neap's extension interface");
    return env;
}

static neap_env *env_new(neap_runtime *rt, const neap_descriptor *d)
{
    size_t size = sizeof(neap_env) + d->state_size;
    neap_env *env = neap_mem(rt, NULL, 0, size);
    if (!env)
        return NULL;
    memset(env, 0, size);
    env->rt = rt;
    env->descriptor = d;
    env->next = rt->envs;
    rt->envs = env;
    return env;
}

static void env_free(neap_env *env)
{
    neap_runtime *rt = env->rt;
    if (env->descriptor->flags & NEAP_SINGLE)
        give_single(rt, env->descriptor);
    for (class_entry *c; (c = env->classes);) {
        env->classes = c->next;
        neap_mem(rt, c, sizeof *c, 0);
    }
    neap_mem(rt, env, sizeof *env + env->descriptor->state_size, 0);
}

/* The VM is gone. Newest first. */
void neap_extensions_close(neap_runtime *rt)
{
    for (neap_env *env; (env = rt->envs);) {
        rt->envs = env->next;
        if (env->opened && env->descriptor->close)
            env->descriptor->close(env, env->state);
        env_free(env);
    }
    for (provided *p; (p = rt->provided);) {
        rt->provided = p->next;
        neap_mem(rt, p, sizeof *p + strlen(p->name) + 1, 0);
    }
}

/* ---- Opening ---- */

static int refuse(lua_State *L, const neap_descriptor *d, const char *why)
{
    lua_pushfstring(L,
                    "extension '%s' %s (interface %d.%d; this is Neap " NEAP_VERSION
                    " with interface %d.%d)",
                    d->name, why, d->major, d->minor, NEAP_MAJOR, NEAP_MINOR);
    return neap->raise(L, NEAP_EVERSION, NEAP_F_MESSAGE, lua_tostring(L, -1), NEAP_F_END);
}

static void check_fit(lua_State *L, const neap_runtime *rt, const neap_descriptor *d)
{
    if (d->size < offsetof(neap_descriptor, table) + sizeof d->table || d->major != NEAP_MAJOR)
        refuse(L, d, "was built for another interface: rebuild it");
    if (d->minor > NEAP_MINOR)
        refuse(L, d, "needs a newer Neap");
    int status = d->flags & NEAP_SINGLE ? take_single(rt, d) : 0;
    if (status)
        neap->raise(L, status, NEAP_F_MESSAGE,
                    status == UV_EBUSY
                        ? "the extension can be opened in one runtime of a process only"
                        : "too many extensions that can be opened in one runtime only",
                    NEAP_F_PATH, d->name, NEAP_F_END);
}

static void set_functions(lua_State *L, neap_env *env, const luaL_Reg *functions)
{
    lua_newtable(L);
    for (; functions && functions->name; functions++) {
        neap_carry(L, env->rt, env);
        lua_pushcclosure(L, functions->func, 1);
        lua_setfield(L, -2, functions->name);
    }
}

/* Its open() has refused; that may have opened others after it. */
static int refuse_env(lua_State *L, neap_env *env, int status)
{
    const char *name = env->descriptor->name;
    neap_env **at = &env->rt->envs;
    while (*at != env)
        at = &(*at)->next;
    *at = env->next;
    env_free(env);
    return neap->raise(L, status, NEAP_F_PATH, name, NEAP_F_END);
}

/* Push its module table: made once a runtime. Raises. */
static int open_extension(lua_State *L, neap_runtime *rt, const neap_descriptor *d)
{
    for (neap_env *env = rt->envs; env; env = env->next)
        if (env->descriptor == d && env->module) {
            neap_anchor_push(rt, L, env->module);
            return 1;
        }
    check_fit(L, rt, d);
    if (*d->table != &neap_the_table) /* runtimes on other threads read it */
        *d->table = &neap_the_table;
    neap_env *env = env_new(rt, d);
    if (!env) {
        give_single(rt, d);
        return neap->raise(L, UV_ENOMEM, NEAP_F_END);
    }
    set_functions(L, env, d->functions);
    int status = d->open ? d->open(env, L, env->state) : 0;
    if (status < 0)
        return refuse_env(L, env, status);
    env->opened = true;
    lua_pushvalue(L, -1);
    env->module = neap_anchor(rt, L);
    return 1;
}

static const neap_descriptor *find_builtin(const char *name)
{
    static const neap_builtin core[] = {{"neap_task", &neap_extension_neap_task},
                                        {"neap_host", &neap_extension_neap_host},
                                        {"neap_errors", &neap_extension_neap_errors},
                                        {"neap_clock", &neap_extension_neap_clock},
                                        {0}};
    for (const neap_builtin *b = core; b->name; b++)
        if (strcmp(b->name, name) == 0)
            return b->descriptor;
    for (const neap_builtin *b = neap_builtins; b->name; b++)
        if (strcmp(b->name, name) == 0)
            return b->descriptor;
    return NULL;
}

/* extension(name): the module of a built-in extension, or nil and perhaps why. One that is not NEAP_PUBLIC asks nobody
 * before its effects: with it a restricted runtime would be none. */
int neap_lua_extension(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const neap_descriptor *d = find_builtin(name);
    neap_runtime *rt = neap_of(L);
    if (!rt)
        neap_raise_closed(L, NULL);
    if (d && !(d->flags & NEAP_PUBLIC) && neap_permit(rt, "native", name, strlen(name)))
        return neap->fail(L, NEAP_EPERMISSION, NEAP_F_PERMISSION, "native", name, NEAP_F_END);
    return d ? open_extension(L, rt, d) : 0;
}

/* "a.b-c" -> "a_b_c"; what stands before a hyphen is a version's mark, as Lua has it. */
static const char *symbol(lua_State *L, const char *prefix, const char *name)
{
    const char *mark = strchr(name, '-');
    lua_pushfstring(L, "%s%s", prefix, luaL_gsub(L, mark ? mark + 1 : name, ".", "_"));
    return lua_tostring(L, -1);
}

/* load_shared(path, name): its module (an extension of Neap), or a loader function (luaopen_*), or
 * nil and why not. */
int neap_lua_load_shared(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1), *name = luaL_checkstring(L, 2);
    neap_runtime *rt = neap_of(L);
    if (!rt)
        neap_raise_closed(L, NULL);
    char used[PATH_MAX];
    int status = neap_permit_file(rt, "native", path, used, sizeof used);
    if (status)
        return neap->fail(L, status, NEAP_F_PERMISSION, "native", path, NEAP_F_END);
    void *library = dlopen(used, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (!library) {
        lua_pushnil(L);
        lua_pushstring(L, dlerror());
        return 2;
    }
    const neap_descriptor *d = dlsym(library, symbol(L, "neap_extension_", name));
    if (d)
        return open_extension(L, rt, d);
    lua_CFunction open = (lua_CFunction)dlsym(library, symbol(L, "luaopen_", name));
    if (!open) {
        lua_pushnil(L);
        lua_pushfstring(L, "%s has neither neap_extension_%s nor luaopen_%s", path, name, name);
        return 2;
    }
    lua_pushcfunction(L, open);
    return 1;
}
