/* file.c -- neap_log: sink:open(path) -> true | nil, err: opens a log file, or opens it again after somebody has
 * moved it away. The pool opens it; until it has, lines go where they went. */
#include "log.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

struct log_opener {
    neap_op op;
    neap_work work;
    log_sink *sink; /* NULL: it was closed meanwhile */
    int fd;         /* or a status */
    char path[];
};

void log_file_abandon(log_sink *s)
{
    s->opener->sink = NULL;
    s->opener = NULL;
}

/* A FIFO that nobody reads is ENXIO: who opened it would wait. */
static void run(neap_work *work) /* pool thread */
{
    log_opener *o = neap_container_of(work, log_opener, work);
    o->fd =
        neap->open_path(work->env, o->path,
                        O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
}

static int keep_path(log_sink *s, const char *path)
{
    size_t size = strlen(path) + 1;
    if (s->path)
        return 0; /* it is always the same */
    s->path = neap->alloc(s->handle.env, NULL, 0, size);
    if (!s->path)
        return UV_ENOMEM;
    memcpy(s->path, path, size);
    return 0;
}

static int take(log_opener *o)
{
    log_sink *s = o->sink;
    int status = s ? keep_path(s, o->path) : NEAP_ECLOSED;
    if (status) {
        close(o->fd);
        return status;
    }
    return log_sink_target(s, o->fd);
}

static void done(neap_work *work, int status)
{
    log_opener *o = neap_container_of(work, log_opener, work);
    if (!status)
        status = o->fd < 0 ? o->fd : take(o);
    if (o->sink)
        o->sink->opener = NULL;
    neap->complete(&o->op, status, NEAP_F_PERMISSION,
                   status == NEAP_EPERMISSION ? "fs.write" : NULL, o->path, NEAP_F_SYSCALL, "open",
                   NEAP_F_PATH, o->path, NEAP_F_END);
}

int log_file_open(lua_State *L)
{
    static const neap_op_class type = {"log.open", NULL, NULL, NULL};
    size_t length;
    log_sink *s = neap->handle_find(L, 1, &log_sink_class);
    const char *path = luaL_checklstring(L, 2, &length);
    luaL_argcheck(L, strlen(path) == length, 2, "a zero byte in the path");
    log_opener *o = neap->op_new(L, &type, sizeof *o + length + 1);
    memcpy(o->path, path, length + 1);
    o->work = (neap_work){.run = run, .done = done};
    int status = !s ? NEAP_ECLOSED : s->opener ? UV_EBUSY : neap->work(o->op.env, &o->work);
    if (status) {
        neap->complete(&o->op, status, NEAP_F_SYSCALL, "open", NEAP_F_PATH, path, NEAP_F_END);
    } else {
        o->sink = s;
        s->opener = o;
        neap->pin(L, &o->op, 1);
    }
    return neap->wait(L, &o->op);
}
