/* stdio.c -- neap_process: what a child has as its standard input, output and error.
 *
 * A pipe's end of ours is a transport, which is made before the child is started, so that nothing can fail afterwards.
 * Input goes through a socket, whose one half can be shut down. All descriptors are closed on exec; start.c
 * places those that the child gets. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process.h"

static int open_pipe(neap_env *env, int number, process_stdio *s)
{
    int ends[2], status;
    status = number == 0 ? uv_socketpair(SOCK_STREAM, 0, ends, 0, 0) : uv_pipe(ends, 0, 0);
    if (status)
        return status;
    s->fd = ends[number ? 1 : 0];
    s->end = ends[number ? 0 : 1];
    s->ours = 1;
    s->other = neap->transport_new(env, NEAP_PIPE);
    if (!s->other)
        return UV_ENOMEM;
    status = neap->transport_open(s->other, s->end);
    if (!status)
        s->end = -1;
    return status;
}

/* Not to wait for a FIFO's other end: nobody would be served meanwhile. */
static int open_file(lua_State *L, neap_env *env, int index, int number, process_stdio *s)
{
    lua_getfield(L, index, "path");
    lua_getfield(L, index, "append");
    lua_getfield(L, index, "empty");
    const char *path = lua_tostring(L, -3);
    int append = lua_toboolean(L, -2), empty = !append || lua_toboolean(L, -1);
    int flags = number == 0 ? O_RDONLY
                            : O_WRONLY | O_CREAT | (append ? O_APPEND : 0) | (empty ? O_TRUNC : 0);
    s->fd = path ? neap->open_path(env, path, flags | O_NONBLOCK, 0666) : UV_EINVAL;
    lua_pop(L, 3);
    if (s->fd < 0)
        return s->fd;
    s->ours = 1;
    fcntl(s->fd, F_SETFL, fcntl(s->fd, F_GETFL) & ~O_NONBLOCK);
    return 0;
}

/* With bytes of it read here already the child would miss them. It stays ours until the child has been started;
 * that one is to have a descriptor that blocks, which is one with ours. */
static int lend_stream(lua_State *L, neap_env *env, int index, process_stdio *s)
{
    char text[24];
    const neap_streams *streams = neap->interface(env, NEAP_STREAMS);
    neap_transport *t = neap->transport(L, index);
    int fd = t && t->type->info(t, "fd", text, sizeof text) > 0 ? atoi(text) : -1;
    if (fd < 0)
        return t ? UV_ENOTSUP : NEAP_ECLOSED;
    int status = streams->is_free(L, index);
    if (status)
        return status;
    s->fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (s->fd < 0)
        return -errno;
    s->ours = s->lent = 1;
    s->flags = fcntl(s->fd, F_GETFL);
    fcntl(s->fd, F_SETFL, s->flags & ~O_NONBLOCK);
    return 0;
}

int process_stdio_open(lua_State *L, neap_env *env, int index, int number, process_stdio *s)
{
    const char *word = lua_type(L, index) == LUA_TSTRING ? lua_tostring(L, index) : "";
    if (lua_istable(L, index))
        return open_file(L, env, index, number, s);
    if (lua_isuserdata(L, index))
        return lend_stream(L, env, index, s);
    if (!strcmp(word, "pipe"))
        return open_pipe(env, number, s);
    if (!strcmp(word, "null")) {
        s->fd = open("/dev/null", (number ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
        s->ours = 1;
        return s->fd < 0 ? -errno : 0;
    }
    s->fd = !strcmp(word, "stdout") ? 1 : number;
    return 0;
}

void process_stdio_give(lua_State *L, int index, process_stdio *s)
{
    neap_buf unread = {NULL, 0};
    neap_transport *t = s->lent ? neap->transport_take(L, index, &unread) : NULL;
    if (t) /* NULL: it has it in another place too */
        t->type->close(t, NULL);
}

void process_stdio_close(process_stdio *s, int failed)
{
    if (failed && s->lent)
        fcntl(s->fd, F_SETFL, s->flags);
    if (s->ours && s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    if (s->end >= 0)
        close(s->end);
    s->end = -1;
    if (failed && s->other)
        s->other->type->close(s->other, NULL);
    s->other = NULL;
}
