/* signal.c -- neap_signal: signals that this process gets; the C half of neap.signal.
 *
 *   watch(number, fn) -> watcher | nil, err      calls fn(number), in a task of its own, whenever it comes
 *   watcher:wait() -> number                     the next time it comes
 *   watcher:close(), is_closed()
 *
 * libuv has the handler, and takes it away when nobody watches a signal any more: it then has its usual effect again.
 * A watcher does not keep the program alive; who waits does. One with a function is held until it is closed. */
#include <neap/extension.h>
#include <uv.h>

typedef struct wait_op {
    neap_op op;
    struct watcher *watcher;
    struct wait_op *next;
    int number;
} wait_op;

typedef struct watcher {
    neap_handle handle;
    uv_signal_t uv;
    wait_op *waiters;
    int initialized;
    int callback, held;
} watcher;

static const neap_handle_class watcher_class;

/* ---- Waiting ---- */

static int wait_results(lua_State *L, neap_op *op)
{
    lua_pushinteger(L, ((wait_op *)op)->number);
    return 1;
}

static void wait_cancel(neap_op *op)
{
    wait_op *w = (wait_op *)op, **at = &w->watcher->waiters;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    if (!w->watcher->waiters)
        uv_unref((uv_handle_t *)&w->watcher->uv);
    neap->complete(op, UV_ECANCELED, NEAP_F_END);
}

static const neap_op_class wait_class = {"signal.wait", wait_results, wait_cancel, NULL};

static void wake(watcher *x, int number, int status)
{
    wait_op *w = x->waiters;
    x->waiters = NULL;
    uv_unref((uv_handle_t *)&x->uv);
    while (w) {
        wait_op *next = w->next;
        w->number = number;
        neap->complete(&w->op, status, NEAP_F_END);
        w = next;
    }
}

/* ---- Events ---- */

static int push_call(lua_State *L, void *data)
{
    const watcher *x = data;
    neap->held(L, x->callback);
    lua_pushinteger(L, x->uv.signum);
    return 1;
}

static void on_signal(uv_signal_t *uv, int number)
{
    watcher *x = neap_container_of(uv, watcher, uv);
    const neap_uv *host = neap->interface(x->handle.env, "neap.uv/1");
    wake(x, number, 0);
    if (x->callback)
        host->callback(x->handle.env, push_call, x); /* it may close x */
}

static void on_closed(uv_handle_t *uv)
{
    neap->handle_closed(&neap_container_of((uv_signal_t *)uv, watcher, uv)->handle);
}

static int watcher_close(neap_handle *h)
{
    watcher *x = (watcher *)h;
    neap->let_go(h->env, &x->callback);
    neap->let_go(h->env, &x->held);
    if (!x->initialized)
        return 0;
    wake(x, 0, UV_ECANCELED);
    uv_close((uv_handle_t *)&x->uv, on_closed);
    return 1;
}

/* ---- Functions ---- */

static int watch(lua_State *L)
{
    int number = (int)luaL_checkinteger(L, 1);
    neap_env *env = neap->env(L);
    const neap_uv *host = neap->interface(env, "neap.uv/1");
    lua_settop(L, 2);
    if (neap->permit(env, "process", NULL, 0))
        return neap->fail(L, NEAP_EPERMISSION, NEAP_F_PERMISSION, "process", NULL, NEAP_F_END);
    if (number && number == host->stop_signal(env))
        return neap->fail(L, UV_EBUSY, NEAP_F_MESSAGE,
                          "Neap stops scripts with this signal, so no script can watch it",
                          NEAP_F_END);
    watcher *x = neap->handle(L, &watcher_class);
    int status = uv_signal_init(host->loop(env), &x->uv);
    x->initialized = !status;
    if (!status) {
        uv_unref((uv_handle_t *)&x->uv);
        status = uv_signal_start(&x->uv, on_signal, number);
    }
    if (!status && lua_isfunction(L, 2)) {
        x->callback = neap->hold(L, 2);
        x->held = neap->hold(L, 3);
    }
    if (!status)
        return 1;
    neap->close(&x->handle);
    return neap->fail(L, status, NEAP_F_SYSCALL, "sigaction", NEAP_F_END);
}

static int watcher_wait(lua_State *L)
{
    watcher *x = neap->handle_find(L, 1, &watcher_class);
    wait_op *w = neap->op_new(L, &wait_class, sizeof *w);
    if (!x) {
        neap->complete(&w->op, NEAP_ECLOSED, NEAP_F_END);
        return neap->wait(L, &w->op);
    }
    neap->pin(L, &w->op, 1);
    w->watcher = x;
    w->next = x->waiters;
    x->waiters = w;
    uv_ref((uv_handle_t *)&x->uv);
    return neap->wait(L, &w->op);
}

/* ---- Registration ---- */

static const luaL_Reg methods[] = {{"wait", watcher_wait}, {NULL, NULL}};

static const neap_handle_class watcher_class = {
    .name = "neap.signal",
    .size = sizeof(watcher),
    .methods = methods,
    .close = watcher_close,
};

static const luaL_Reg functions[] = {{"watch", watch}, {NULL, NULL}};

NEAP_EXTENSION(neap_signal, .functions = functions, .flags = NEAP_PUBLIC)
