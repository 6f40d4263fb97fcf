/* extension.c: extensions: the table they get, their environments, finding and opening them.
 *
 * An extension opened in a runtime is a neap_env: its state, its classes, its module table. All C
 * functions that the host registers for it carry the env as their first upvalue: that is how
 * neap->env(L) knows, at no cost, who is called and in which runtime. Environments are closed in the
 * reverse order of opening, after the VM. Shared objects are never unloaded.
 */
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "host.h"

/* ---- The environment ---- */

static const char cell_magic;

static void raise_closed(lua_State *L)
{
    neap->raise(L, NEAP_ECLOSED, NEAP_F_MESSAGE, "the runtime is closed", NEAP_F_END);
}

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
    void *p = lua_touserdata(L, lua_upvalueindex(1));
    if (!p || lua_islightuserdata(L, lua_upvalueindex(1)))
        return p;
    neap_cell *cell = p;
    if (lua_objlen(L, lua_upvalueindex(1)) != sizeof *cell || cell->magic != &cell_magic)
        luaL_error(L, "this C function was not registered through Neap's extension interface");
    return cell->to;
}

neap_env *neap_env_of(lua_State *L)
{
    void *env = neap_carried(L);
    if (!env && lua_isuserdata(L, lua_upvalueindex(1)))
        raise_closed(L);
    if (!env)
        luaL_error(L, "this C function was not registered through Neap's extension interface");
    return env;
}

static void *env_state(neap_env *env)
{
    return env->state;
}

static int runtime_is(neap_env *env, lua_State *L)
{
    return neap_of(L) == env->rt;
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

/* ---- Interfaces ---- */

static const void *find_interface(neap_env *env, const char *name)
{
    if (strcmp(name, "neap.uv/1") == 0)
        return env->rt->permissions ? NULL : &neap_the_uv;
    for (provided *p = env->rt->provided; p; p = p->next)
        if (strcmp(p->name, name) == 0)
            return p->table;
    return NULL;
}

static int provide(neap_env *env, const char *name, const void *table)
{
    if (find_interface(env, name))
        return UV_EEXIST;
    size_t n = strlen(name) + 1;
    provided *p = neap_mem(env->rt, NULL, 0, sizeof *p + n);
    if (!p)
        return UV_ENOMEM;
    p->table = table;
    memcpy(p->name, name, n);
    p->next = env->rt->provided;
    env->rt->provided = p;
    return 0;
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

static void check_fit(lua_State *L, neap_runtime *rt, const neap_descriptor *d)
{
    static const neap_descriptor *single[64]; /* those open somewhere in this process */
    if (d->size < offsetof(neap_descriptor, table) + sizeof d->table || d->major != NEAP_MAJOR)
        refuse(L, d, "was built for another interface: rebuild it");
    if (d->minor > NEAP_MINOR)
        refuse(L, d, "needs a newer Neap");
    if (!(d->flags & NEAP_SINGLE))
        return;
    for (size_t i = 0; i < sizeof single / sizeof single[0]; i++) {
        if (single[i] == d)
            neap->raise(L, UV_EBUSY, NEAP_F_MESSAGE,
                        "the extension can be opened in one runtime of a process only", NEAP_F_PATH,
                        d->name, NEAP_F_END);
        if (!single[i]) {
            single[i] = d;
            return;
        }
    }
    (void)rt;
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

/* Push its module table: made once a runtime. Raises. */
int neap_extension_open(lua_State *L, neap_runtime *rt, const neap_descriptor *d)
{
    for (neap_env *env = rt->envs; env; env = env->next)
        if (env->descriptor == d && env->module) {
            neap_anchor_push(rt, L, env->module);
            return 1;
        }
    check_fit(L, rt, d);
    *d->table = &neap_the_table;
    neap_env *env = env_new(rt, d);
    if (!env)
        return neap->raise(L, UV_ENOMEM, NEAP_F_END);
    set_functions(L, env, d->functions);
    int status = d->open ? d->open(env, L, env->state) : 0;
    if (status < 0) {
        rt->envs = env->next;
        env_free(env);
        return neap->raise(L, status, NEAP_F_PATH, d->name, NEAP_F_END);
    }
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
                                        {0}};
    for (const neap_builtin *b = core; b->name; b++)
        if (strcmp(b->name, name) == 0)
            return b->descriptor;
    for (const neap_builtin *b = neap_builtins; b->name; b++)
        if (strcmp(b->name, name) == 0)
            return b->descriptor;
    return NULL;
}

/* extension(name): the module of a built-in extension, or nil. One that is not NEAP_PUBLIC asks nobody
 * before its effects: with it a restricted runtime would be none. */
int neap_lua_extension(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    const neap_descriptor *d = find_builtin(name);
    neap_runtime *rt = neap_of(L);
    if (!rt)
        raise_closed(L);
    if (d && !(d->flags & NEAP_PUBLIC) && neap_permit(rt, "native", name, strlen(name)))
        return neap->raise(L, NEAP_EPERMISSION, NEAP_F_PERMISSION, "native", name, NEAP_F_END);
    return d ? neap_extension_open(L, rt, d) : 0;
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
        raise_closed(L);
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
        return neap_extension_open(L, rt, d);
    lua_CFunction open = (lua_CFunction)dlsym(library, symbol(L, "luaopen_", name));
    if (!open) {
        lua_pushnil(L);
        lua_pushfstring(L, "%s has neither neap_extension_%s nor luaopen_%s", path, name, name);
        return 2;
    }
    lua_pushcfunction(L, open);
    return 1;
}

/* ---- The table ---- */

static void queue(neap_env *env, neap_job *job)
{
    neap_queue(env->rt, job);
}

static void flush(neap_env *env, neap_job *job)
{
    neap_flush_add(env->rt->root, job);
}

static lua_State *lua_of(neap_env *env)
{
    return env->rt->S;
}

static int work(neap_env *env, neap_work *w)
{
    w->env = env;
    return neap_work_queue(env->rt, w);
}

static double now(neap_env *env)
{
    (void)env;
    return (double)neap_clock() / 1e9;
}

static double wall(neap_env *env)
{
    (void)env;
    uv_timeval64_t t;
    uv_gettimeofday(&t);
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static void timer(neap_env *env, neap_timer *t, double seconds)
{
    t->env = env;
    neap_timer_start(env->rt->root, t, seconds);
}

static void timer_stop(neap_timer *t)
{
    if (t->env)
        neap_timer_stop(t->env->rt->root, t);
}

static int random_bytes(neap_env *env, void *bytes, size_t n)
{
    (void)env;
    return uv_random(NULL, NULL, bytes, n, 0, NULL);
}

static neap_remote *remote(neap_env *env)
{
    return neap_remote_make(env->rt, env, false);
}

static void *alloc(neap_env *env, void *p, size_t old_size, size_t size)
{
    return neap_mem(env->rt, p, old_size, size);
}

static int charge(neap_env *env, ptrdiff_t bytes)
{
    return neap_charge(env->rt, bytes);
}

static int fail(lua_State *L, int status, ...)
{
    va_list ap;
    va_start(ap, status);
    lua_pushnil(L);
    neap_error_vpush(L, status, ap);
    va_end(ap);
    return 2;
}

static int raise_error(lua_State *L, int status, ...)
{
    va_list ap;
    va_start(ap, status);
    neap_error_vpush(L, status, ap);
    va_end(ap);
    return lua_error(L);
}

static void push_error(lua_State *L, int status, ...)
{
    va_list ap;
    va_start(ap, status);
    neap_error_vpush(L, status, ap);
    va_end(ap);
}

static void report(lua_State *L, int index)
{
    neap_unhandled(neap_of(L), L, index, false);
}

static int permit(neap_env *env, const char *verb, const char *target, size_t length)
{
    return neap_permit(env->rt, verb, target, length);
}

static int permit_address(neap_env *env, const char *verb, const struct sockaddr *address)
{
    return neap_permit_address(env->rt, verb, address);
}

static int open_path(neap_env *env, const char *path, int flags, int mode)
{
    return neap_open_path(env->rt, path, flags, mode);
}

static int hold(lua_State *L, int index)
{
    lua_pushvalue(L, index);
    return neap_anchor(neap_env_of(L)->rt, L);
}

static void held(lua_State *L, int ref)
{
    neap_anchor_push(neap_of(L), L, ref);
}

static void let_go(neap_env *env, int *ref)
{
    neap_anchor_drop(env->rt, ref);
}

static void push_env(lua_State *L, neap_env *env)
{
    neap_carry(L, env->rt, env);
}

/* Streams: whichever extension makes them says how to get at their transports. */

static neap_env *stream_maker(lua_State *L)
{
    neap_env *env = neap_of(L)->envs;
    while (env && !env->take)
        env = env->next;
    if (!env)
        luaL_error(L, "no streams here: require \"neap.net\" first");
    return env;
}

static neap_transport *transport(lua_State *L, int index)
{
    return stream_maker(L)->take(L, index, NULL);
}

static neap_transport *transport_take(lua_State *L, int index, neap_buf *unread)
{
    return stream_maker(L)->take(L, index, unread);
}

static void transport_give(lua_State *L, neap_transport *t)
{
    stream_maker(L)->give(L, t);
}

static void transport_streams(neap_env *env, neap_transport *(*take)(lua_State *, int, neap_buf *),
                              void (*give)(lua_State *, neap_transport *))
{
    env->take = take;
    env->give = give;
}

const neap_table neap_the_table = {
    .size = sizeof(neap_table),
    .major = NEAP_MAJOR,
    .minor = NEAP_MINOR,
    .env = neap_env_of,
    .state = env_state,
    .runtime_is = runtime_is,
    .provide = provide,
    .interface = find_interface,
    .op_new = neap_op_new,
    .complete = neap_op_complete,
    .wait = neap_op_wait,
    .pin = neap_op_pin,
    .queue = queue,
    .flush = flush,
    .spawn = neap_spawn_start,
    .enter = neap_enter,
    .cancel = neap_spawn_cancel,
    .lua = lua_of,
    .work = work,
    .handle = neap_handle_new,
    .check = neap_handle_check,
    .close = neap_handle_close,
    .handle_closed = neap_handle_closed,
    .now = now,
    .wall = wall,
    .timer = timer,
    .timer_stop = timer_stop,
    .random = random_bytes,
    .remote = remote,
    .remote_retain = neap_remote_retain,
    .remote_release = neap_remote_close,
    .post = neap_remote_post,
    .alloc = alloc,
    .charge = charge,
    .fail = fail,
    .raise = raise_error,
    .push_error = push_error,
    .report = report,
    .permit = permit,
    .permit_address = permit_address,
    .open_path = open_path,
    .transport = transport,
    .transport_take = transport_take,
    .transport_give = transport_give,
    .transport_streams = transport_streams,
    .transport_new = neap_transport_new,
    .transport_open = neap_transport_open,
    .transport_connect = neap_transport_connect,
    .transport_bind = neap_transport_bind,
    .transport_listen = neap_transport_listen,
    .hold = hold,
    .held = held,
    .let_go = let_go,
    .handle_make = neap_handle_make,
    .handle_test = neap_handle_test,
    .handle_methods = neap_handle_methods,
    .handle_any = neap_handle_any,
    .handle_is_closing = neap_handle_is_closing,
    .push_env = push_env,
};
