/* pipe_file.c -- neap_stream: a pipe from a file into a socket, by the kernel's sendfile.
 *
 * It takes place when the source's transport knows of a file ("file", "offset", "length": nothing is read ahead), and
 * the sink's can send one. The descriptor is duplicated: whoever closes the source meanwhile takes no file away
 * from a thread of the pool. The duplicate is the sink's until the transport is done with it. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h> /* the names of statuses */

#include "pipe.h"

static int ask(const neap_transport *t, const char *key, double *out)
{
    char text[32];
    if (t->type->info((neap_transport *)t, key, text, sizeof text) < 0)
        return 0;
    *out = strtod(text, NULL);
    return 1;
}

static void on_sent(neap_transport *t, int status)
{
    stream *s = t->owner;
    close(s->file - 1);
    s->file = 0;
    if (s->in)
        neap_stream_pipe_file_sent(s->in, status);
}

int neap_stream_send_file(pipe_op *p)
{
    neap_transport *from = p->from->transport, *to = p->to->transport;
    double file, offset, length;
    if (isfinite(p->left) || p->from->unread.length || p->from->ended || p->to->file ||
        !to->type->sendfile || !ask(from, "file", &file) || !ask(from, "offset", &offset) ||
        !ask(from, "length", &length) || !(length > 0))
        return 0;
    int fd = fcntl((int)file, F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
        return 0;
    int status = to->type->sendfile(to, fd, (int64_t)offset, (size_t)length, on_sent);
    if (status < 1) {
        close(fd);
        return status < 0 ? status : 0;
    }
    p->to->file = 1 + fd;
    p->bytes += length;
    p->queued = to->queued;
    return 1;
}
