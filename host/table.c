/* table.c: the table of functions that extensions get: what <neap/extension.h> promises, out of what the
 * files of host/ offer. One, immutable, for all runtimes of the process.
 */
#include <string.h>

#include "host.h"

/* ---- Environments ---- */

static void *env_state(neap_env *env)
{
    return env->state;
}

static int runtime_is(neap_env *env, lua_State *L)
{
    return neap_of(L) == env->rt;
}

/* ---- Interfaces ---- */

static const void *find_interface(neap_env *env, const char *name)
{
    if (strcmp(name, "neap.uv/1") == 0)
        return &neap_the_uv;
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

/* ---- Small ones ---- */

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
    return (double)neap_now(env->rt->root) / 1e9;
}

static double wall(neap_env *env)
{
    return neap_wall(env->rt->root);
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

static neap_remote *interrupter(neap_env *env)
{
    return neap_remote_interrupting(neap_remote_make(env->rt, env, false));
}

static void *alloc(neap_env *env, void *p, size_t old_size, size_t size)
{
    return neap_mem(env->rt, p, old_size, size);
}

static int charge(neap_env *env, ptrdiff_t bytes)
{
    return neap_charge(env->rt, bytes);
}

static char *read_keep(neap_env *env, const char *data, size_t n, size_t *size)
{
    return neap_read_keep(env->rt, data, n, size);
}

static void read_drop(neap_env *env, char *block)
{
    neap_read_drop(env->rt, block);
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

static void site(lua_State *L, neap_site *site)
{
    lua_Debug ar;
    *site = (neap_site){0};
    if (!neap_user_frame(L, &ar))
        return;
    site->line = ar.currentline;
    memcpy(site->source, ar.short_src, sizeof site->source);
}

/* ---- Streams: whichever extension makes them says how to get at their transports ---- */

static neap_env *stream_maker(lua_State *L)
{
    neap_env *env = neap_of(L)->envs;
    while (env && !env->take)
        env = env->next;
    if (!env)
        luaL_error(L, "no streams here: require \"neap.stream\" first");
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

/* ---- The table ---- */

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
    .interrupter = interrupter,
    .interrupt = neap_interrupt,
    .output = neap_output_to,
    .print = neap_output_print,
    .read_keep = read_keep,
    .read_drop = read_drop,
    .at_once = neap_op_at_once,
    .hold = hold,
    .held = held,
    .let_go = let_go,
    .handle_make = neap_handle_make,
    .handle_test = neap_handle_test,
    .handle_methods = neap_handle_methods,
    .handle_any = neap_handle_any,
    .handle_is_closing = neap_handle_is_closing,
    .push_env = push_env,
    .error_status = neap_error_status,
    .handle_find = neap_handle_find,
    .argument_error = neap_argument_error,
    .type_error = neap_type_error,
    .script_error = neap_script_error,
    .site = site,
};
