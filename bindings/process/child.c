/* child.c -- neap_process: the handle of a child: its end, who waits for it, and signals to it.
 *
 *   child:wait() -> code, signal      code is 128 + the signal's number when one ended it
 *   child:kill(signal, whole) -> true
 *   child:pid() -> number
 *
 * Ends come by SIGCHLD, whose handler is libuv's: one watcher a runtime that has children, which keeps the loop
 * alive unless all are detached and nobody waits. The kernel is asked who has ended; children of others (the module
 * uv's) are left to them. A running child's object is held, so that it is reaped although everybody has dropped it.
 * To close it kills it, with its group, and lasts until it is reaped; one that was detached is only let go of.
 * Whoever is cancelled while he waits has killed it. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

typedef struct wait_op {
    neap_op op;
    process_child *child; /* NULL: completed */
    struct wait_op *next;
    int status;
} wait_op;

struct process_child {
    neap_handle handle;
    process_child *next; /* that runs, too */
    wait_op *waiters;
    pid_t pid;
    int status;  /* wait(2)'s */
    int unknown; /* why nobody knows that, when it runs no more: a status */
    int running, closing;
    int group, detached;
    int held;
};

struct process_watcher {
    neap_handle handle;
    uv_signal_t uv;
    int initialized, closing;
    int held;
};

static process_state *state_of(neap_env *env)
{
    return neap->state(env);
}

/* ---- Signals by name ---- */

static const struct {
    const char *name;
    int number;
} signals[] = {
    {"HUP", SIGHUP},       {"INT", SIGINT},   {"QUIT", SIGQUIT}, {"ILL", SIGILL},
    {"TRAP", SIGTRAP},     {"ABRT", SIGABRT}, {"BUS", SIGBUS},   {"FPE", SIGFPE},
    {"KILL", SIGKILL},     {"USR1", SIGUSR1}, {"SEGV", SIGSEGV}, {"USR2", SIGUSR2},
    {"PIPE", SIGPIPE},     {"ALRM", SIGALRM}, {"TERM", SIGTERM}, {"CHLD", SIGCHLD},
    {"CONT", SIGCONT},     {"STOP", SIGSTOP}, {"TSTP", SIGTSTP}, {"TTIN", SIGTTIN},
    {"TTOU", SIGTTOU},     {"URG", SIGURG},   {"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},
    {"PROF", SIGPROF},     {"SYS", SIGSYS},   {"IO", SIGIO},     {"WINCH", SIGWINCH},
    {"VTALRM", SIGVTALRM},
};
enum { SIGNALS = sizeof signals / sizeof *signals };

int process_check_signal(lua_State *L, int index)
{
    if (lua_type(L, index) == LUA_TNUMBER) {
        lua_Number n = lua_tonumber(L, index);
        luaL_argcheck(L, n >= 0 && n < NSIG && n == (int)n, index, "no such signal");
        return (int)n;
    }
    const char *name = luaL_checkstring(L, index);
    if (!strncmp(name, "SIG", 3))
        name += 3;
    for (int i = 0; i < SIGNALS; i++)
        if (!strcmp(signals[i].name, name))
            return signals[i].number;
    return luaL_argerror(L, index, "no such signal");
}

static void push_signal(lua_State *L, int number)
{
    for (int i = 0; i < SIGNALS; i++)
        if (signals[i].number == number) {
            lua_pushfstring(L, "SIG%s", signals[i].name);
            return;
        }
    lua_pushfstring(L, "SIG%d", number);
}

/* 0 or a status. What is left of a group may be signalled when its first process has ended; that one may
 * have gone to another group. */
static int send_signal(process_child *c, int number, int whole)
{
    int group = whole && c->group, status = UV_ESRCH;
    if (group)
        status = kill(-c->pid, number) ? -errno : 0;
    if (c->running && (!group || getpgid(c->pid) != c->pid))
        status = kill(c->pid, number) ? -errno : 0;
    return status;
}

/* ---- Waiting ---- */

static int wait_results(lua_State *L, neap_op *op)
{
    int status = ((wait_op *)op)->status;
    if (WIFSIGNALED(status)) {
        lua_pushinteger(L, 128 + WTERMSIG(status));
        push_signal(L, WTERMSIG(status));
        return 2;
    }
    lua_pushinteger(L, WEXITSTATUS(status));
    return 1;
}

static void complete(wait_op *w, int status)
{
    w->child = NULL;
    neap->complete(&w->op, status, NEAP_F_SYSCALL, "wait", NEAP_F_END);
}

static void wait_cancel(neap_op *op)
{
    wait_op *w = (wait_op *)op, **at = &w->child->waiters;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    send_signal(w->child, SIGKILL, 1);
    complete(w, UV_ECANCELED);
}

static const neap_op_class wait_class = {"process.wait", wait_results, wait_cancel, NULL};

/* ---- Events ---- */

static void watcher_closed(uv_handle_t *uv)
{
    neap->handle_closed(&neap_container_of((uv_signal_t *)uv, process_watcher, uv)->handle);
}

static void stop_watching(process_watcher *w)
{
    process_state *s = state_of(w->handle.env);
    if (s->watcher == w)
        s->watcher = NULL;
    uv_close((uv_handle_t *)&w->uv, watcher_closed);
}

/* It is there as long as there are children, and keeps the loop alive for those that somebody may wait for. */
void process_update_watcher(neap_env *env)
{
    const process_state *s = state_of(env);
    process_watcher *w = s->watcher;
    int attached = 0;
    for (process_child *c = s->children; c; c = c->next)
        attached += !c->detached || c->waiters;
    if (w && attached)
        uv_ref((uv_handle_t *)&w->uv);
    else if (w)
        uv_unref((uv_handle_t *)&w->uv);
    if (!w || s->children)
        return;
    if (w->closing)
        stop_watching(w);
    else
        neap->close(&w->handle);
}

static void forget(process_child *c)
{
    process_state *s = state_of(c->handle.env);
    process_child **at = &s->children;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
    c->running = 0;
    neap->let_go(c->handle.env, &c->held);
    process_update_watcher(c->handle.env);
}

static void wake(process_child *c, int status)
{
    wait_op *w = c->waiters;
    c->waiters = NULL;
    while (w) {
        wait_op *next = w->next;
        w->status = c->status;
        complete(w, status);
        w = next;
    }
}

/* Has it ended? Then it is reaped. */
static int reap(process_child *c)
{
    pid_t pid;
    do
        pid = waitpid(c->pid, &c->status, WNOHANG);
    while (pid < 0 && errno == EINTR);
    if (!pid)
        return 0;
    if (pid < 0)
        c->unknown = -errno; /* somebody else has reaped it */
    if (c->group && kill(-c->pid, 0))
        c->group = 0; /* nobody is left in it: its number may soon be somebody else's */
    wake(c, c->unknown);
    forget(c);
    if (c->closing)
        neap->handle_closed(&c->handle);
    else
        neap->close(&c->handle);
    return 1;
}

static void reap_all(process_state *s)
{
    for (process_child *next, *c = s->children; c; c = next) {
        next = c->next;
        reap(c);
    }
}

static process_child *find(process_state *s, pid_t pid)
{
    process_child *c = s->children;
    while (c && c->pid != pid)
        c = c->next;
    return c;
}

static void on_child(uv_signal_t *uv, int number)
{
    process_watcher *w = neap_container_of(uv, process_watcher, uv);
    process_state *s = state_of(w->handle.env);
    (void)number;
    while (s->children) {
        siginfo_t info = {0};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) || !info.si_pid)
            return;
        process_child *c = find(s, info.si_pid);
        if (!c) { /* another's, behind which ours may stand */
            reap_all(s);
            return;
        }
        reap(c);
    }
}

/* ---- The watcher ---- */

static int watcher_open(lua_State *L, neap_handle *h)
{
    process_watcher *w = (process_watcher *)h;
    const neap_uv *host = neap->interface(h->env, "neap.uv/1");
    (void)L;
    int status = uv_signal_init(host->loop(h->env), &w->uv);
    if (status)
        return status;
    w->initialized = 1;
    state_of(h->env)->watcher = w;
    uv_unref((uv_handle_t *)&w->uv);
    return uv_signal_start(&w->uv, on_child, SIGCHLD);
}

static int watcher_close(neap_handle *h)
{
    process_watcher *w = (process_watcher *)h;
    neap->let_go(h->env, &w->held);
    if (!w->initialized)
        return 0;
    w->closing = 1;
    if (!state_of(h->env)->children)
        stop_watching(w);
    return 1;
}

static const neap_handle_class watcher_class = {
    .name = "neap.process.watcher",
    .size = sizeof(process_watcher),
    .open = watcher_open,
    .close = watcher_close,
};

int process_watch(lua_State *L, neap_env *env)
{
    process_state *s = state_of(env);
    if (s->watcher)
        return s->watcher->closing ? NEAP_ECLOSED : 0;
    process_watcher *w = neap->handle_make(L, env, &watcher_class);
    w->held = neap->hold(L, -1);
    lua_pop(L, 1);
    return 0;
}

/* ---- Closing ---- */

static int child_close(neap_handle *h)
{
    process_child *c = (process_child *)h;
    if (!c->running) {
        neap->let_go(h->env, &c->held); /* of one that could not be started */
        return 0;
    }
    wake(c, UV_ECANCELED);
    if (c->detached || send_signal(c, SIGKILL, 1)) {
        c->unknown = NEAP_ECLOSED;
        forget(c);
        return 0;
    }
    if (reap(c))
        return 0;
    c->closing = 1;
    return 1;
}

/* ---- Methods ---- */

static const neap_handle_class child_class;

static int child_wait(lua_State *L)
{
    process_child *c = neap->check(L, 1, &child_class);
    wait_op *w = neap->op_new(L, &wait_class, sizeof *w);
    neap->pin(L, &w->op, 1);
    w->status = c->status;
    if (!c->running) {
        complete(w, c->unknown);
        return neap->wait(L, &w->op);
    }
    w->child = c;
    w->next = c->waiters;
    c->waiters = w;
    process_update_watcher(c->handle.env);
    return neap->wait(L, &w->op);
}

static int child_kill(lua_State *L)
{
    process_child *c = neap->check(L, 1, &child_class);
    int number = process_check_signal(L, 2), status = send_signal(c, number, lua_toboolean(L, 3));
    if (status)
        return neap->fail(L, status, NEAP_F_SYSCALL, "kill", NEAP_F_END);
    lua_pushboolean(L, 1);
    return 1;
}

static int child_pid(lua_State *L)
{
    process_child *c = neap->check(L, 1, &child_class);
    lua_pushinteger(L, c->pid);
    return 1;
}

/* ---- Registration ---- */

static const luaL_Reg methods[] = {
    {"wait", child_wait},
    {"kill", child_kill},
    {"pid", child_pid},
    {NULL, NULL},
};

static const neap_handle_class child_class = {
    .name = "neap.process.child",
    .size = sizeof(process_child),
    .methods = methods,
    .close = child_close,
    .flags = NEAP_HANDLE_STAYS,
};

process_child *process_child_new(lua_State *L, neap_env *env)
{
    process_child *c = neap->handle_make(L, env, &child_class);
    c->held = neap->hold(L, -1);
    return c;
}

/* No Lua error from here on. */
void process_child_started(lua_State *L, process_child *c, pid_t pid, int group, int detached)
{
    process_state *s = state_of(c->handle.env);
    (void)L;
    c->pid = pid;
    c->running = 1;
    c->group = group;
    c->detached = detached;
    c->next = s->children;
    s->children = c;
    process_update_watcher(c->handle.env);
}

int process_child_methods(lua_State *L)
{
    neap->handle_methods(L, &child_class);
    return 1;
}
