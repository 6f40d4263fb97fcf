/* sink.c -- neap_log: a bounded queue of lines over a descriptor.
 *
 * Lines are written together when the turn ends, or when BATCH bytes have come; on a terminal, and when they are
 * urgent, at once. What is not taken waits in the queue, and keeps the program alive only for those who wait in flush.
 * After a failure (a full disk, a reader who has gone) the lines stay, and the next write tries again.
 *
 * Closing. Nobody logs any more, but what is queued is still written, for `grace` seconds at most: the loop goes on
 * meanwhile, also that of a runtime which ends. */
#include "log.h"

#include <string.h>

enum { BATCH = 16 * 1024 };

/* ---- Those who wait in flush ---- */

static void wake(log_sink *s, int status)
{
    for (log_wait *w; (w = s->waiters) && (status || w->until <= s->queue.removed);) {
        s->waiters = w->next;
        neap->complete(&w->op, w->until <= s->queue.removed ? 0 : status, NEAP_F_SYSCALL, "write",
                       NEAP_F_PATH, s->path, NEAP_F_END);
    }
}

static void flush_cancel(neap_op *op)
{
    log_wait *w = (log_wait *)op, **at = &w->sink->waiters;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    neap->complete(op, UV_ECANCELED, NEAP_F_END);
}

static const neap_op_class flush_class = {"log.flush", NULL, flush_cancel, NULL};

/* ---- Closing ---- */

static bool is_over(const log_sink *s)
{
    return !s->targets && !s->queued;
}

static void let_go(log_sink *s)
{
    log_queue_close(&s->queue);
    if (s->path)
        neap->alloc(s->handle.env, s->path, strlen(s->path) + 1, 0);
    s->path = NULL;
}

static void on_part_gone(log_sink *s)
{
    if (!s->later || !is_over(s))
        return;
    let_go(s);
    neap->handle_closed(&s->handle);
}

static void on_target_gone(void *owner)
{
    log_sink *s = owner;
    s->targets--;
    on_part_gone(s);
}

static void close_target(log_sink *s)
{
    log_target *t = s->target;
    s->target = NULL;
    if (t)
        log_target_close(t);
}

static void finish(log_sink *s)
{
    neap->timer_stop(&s->grace);
    wake(s, UV_ECANCELED);
    close_target(s);
}

static void on_grace(neap_timer *timer)
{
    finish(neap_container_of(timer, log_sink, grace));
}

static int sink_close(neap_handle *h)
{
    log_sink *s = (log_sink *)h;
    s->closing = true;
    if (s->opener)
        log_file_abandon(s);
    if (s->target) {
        s->grace = (neap_timer){.fire = on_grace, .env = h->env};
        neap->timer(h->env, &s->grace, s->seconds);
        log_sink_write(s);
    }
    s->later = !is_over(s);
    if (!s->later)
        let_go(s);
    return s->later;
}

/* ---- Writing ---- */

void log_sink_write(log_sink *s)
{
    int status = s->target ? log_queue_write(&s->queue, s->target) : 0;
    bool waits = s->target && status == UV_EAGAIN && s->target->polled;
    s->failure = waits ? 0 : status;
    wake(s, s->failure);
    if (s->target)
        log_target_wait(s->target, waits, s->closing || s->waiters);
    if (s->closing && !waits)
        finish(s);
}

static void on_writable(log_target *t)
{
    log_sink_write(t->owner);
}

static void run_write(neap_job *job)
{
    log_sink *s = neap_container_of(job, log_sink, job);
    s->queued = false;
    if (s->closing)
        on_part_gone(s);
    else
        log_sink_write(s);
}

/* When the turn ends; who waits for room is called then. */
static void write_later(log_sink *s)
{
    if (s->queued || log_target_is_waiting(s->target))
        return;
    s->queued = true;
    s->job.run = run_write;
    neap->flush(s->handle.env, &s->job);
}

int log_sink_target(log_sink *s, int fd)
{
    log_target *t;
    int status = log_target_open(s->handle.env, fd, &t);
    if (status)
        return status;
    t->writable = on_writable;
    t->gone = on_target_gone;
    t->owner = s;
    s->targets++;
    close_target(s);
    log_queue_restart(&s->queue);
    s->target = t;
    log_sink_write(s);
    return 0;
}

/* ---- Methods ---- */

static log_sink *check_sink(lua_State *L) /* NULL: it is closed, or was never open */
{
    log_sink *s = neap->handle_find(L, 1, &log_sink_class);
    return s && s->target ? s : NULL;
}

static int sink_push(lua_State *L)
{
    size_t size;
    log_sink *s = check_sink(L);
    const char *text = luaL_checklstring(L, 2, &size);
    bool urgent = lua_toboolean(L, 3), added = s && log_queue_add(&s->queue, text, size);
    if (s && (urgent || s->target->terminal || s->queue.bytes > BATCH) &&
        !log_target_is_waiting(s->target))
        log_sink_write(s);
    else if (s)
        write_later(s);
    lua_pushboolean(L, added);
    lua_pushboolean(L, s && !added && !s->queue.notice);
    return 2;
}

static int sink_notice(lua_State *L)
{
    size_t head_size, tail_size;
    log_sink *s = check_sink(L);
    const char *head = luaL_checklstring(L, 2, &head_size);
    const char *tail = luaL_checklstring(L, 3, &tail_size);
    if (s && log_queue_notice(&s->queue, head, head_size, tail, tail_size))
        write_later(s);
    return 0;
}

static int sink_flush(lua_State *L)
{
    log_sink *s = check_sink(L);
    log_wait *w = neap->op_new(L, &flush_class, sizeof *w), **last;
    if (!s) {
        neap->complete(&w->op, NEAP_ECLOSED, NEAP_F_SYSCALL, "write", NEAP_F_END);
        return neap->wait(L, &w->op);
    }
    neap->pin(L, &w->op, 1);
    w->sink = s;
    w->until = s->queue.added;
    for (last = &s->waiters; *last;)
        last = &(*last)->next;
    *last = w;
    log_sink_write(s);
    return neap->wait(L, &w->op);
}

static int sink_state(lua_State *L)
{
    log_sink *s = check_sink(L);
    if (!s)
        return 0;
    lua_pushnumber(L, (lua_Number)s->queue.bytes);
    lua_pushnumber(L, s->queue.written);
    lua_pushnumber(L, s->queue.lost);
    if (!s->failure)
        return 3;
    neap->push_error(L, s->failure, NEAP_F_SYSCALL, "write", NEAP_F_PATH, s->path, NEAP_F_END);
    return 4;
}

static int sink_is_terminal(lua_State *L)
{
    log_sink *s = check_sink(L);
    lua_pushboolean(L, s && s->target->terminal);
    return 1;
}

static int sink_open_standard_error(lua_State *L)
{
    log_sink *s = neap->check(L, 1, &log_sink_class);
    int fd = log_target_standard_error();
    int status = fd < 0 ? fd : log_sink_target(s, fd);
    if (status)
        return neap->fail(L, status, NEAP_F_SYSCALL, "open", NEAP_F_PATH, "stderr", NEAP_F_END);
    lua_pushboolean(L, 1);
    return 1;
}

/* ---- Registration ---- */

static const luaL_Reg methods[] = {
    {"open", log_file_open},
    {"open_standard_error", sink_open_standard_error},
    {"push", sink_push},
    {"notice", sink_notice},
    {"flush", sink_flush},
    {"state", sink_state},
    {"is_terminal", sink_is_terminal},
    {NULL, NULL},
};

const neap_handle_class log_sink_class = {
    .name = "neap.log.sink",
    .size = sizeof(log_sink),
    .methods = methods,
    .close = sink_close,
};
