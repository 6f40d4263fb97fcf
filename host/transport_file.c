/* transport_file.c -- sendfile, and what is written after one: the outbox of a wire.
 *
 * A file is read from disk, which may block, so the thread pool sends it, a chunk a job, into the
 * socket, which does not block: when the socket is full the loop polls for room. Both use a second
 * descriptor of the socket, which lives until the last job has ended, whatever libuv has closed.
 *
 * The outbox is a queue that begins with a file: files, and the writes and the end that came after.
 * A file starts when libuv has nothing left to write; bytes at the head go to libuv at once. When
 * a file fails, part of it may be gone, so the rest of the queue and all later writes fail too. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "os/net.h"
#include "transport.h"

enum { CHUNK = 512 * 1024 };

struct outbox {
    wire *wire;
    request *head, **tail;
    size_t bytes; /* of all in the queue */
    int fd;       /* of the socket, beside libuv's */
    int broken;   /* status of the file that failed */
    bool working; /* a job has head's file and fd */
    ssize_t sent; /* by that job, or a status */
    neap_work work;
    uv_poll_t poll;
};

static outbox *box_of(const wire *w)
{
    return w->t.host[0];
}

bool neap_outbox_busy(const wire *w)
{
    outbox *box = box_of(w);
    return box && (box->head || box->broken);
}

size_t neap_outbox_bytes(const wire *w)
{
    outbox *box = box_of(w);
    return box ? box->bytes : 0;
}

/* 0, or the status of the file that failed before: then r is the caller's still. */
int neap_outbox_add(wire *w, request *r)
{
    outbox *box = box_of(w);
    if (box->broken)
        return box->broken;
    r->next = NULL;
    *box->tail = r;
    box->tail = &r->next;
    box->bytes += r->size;
    return 0;
}

static request *take(outbox *box)
{
    request *r = box->head;
    box->head = r->next;
    if (!box->head)
        box->tail = &box->head;
    box->bytes -= r->size;
    return r;
}

static void end_all(outbox *box, int status)
{
    box->broken = status;
    while (box->head) {
        request *r = take(box);
        neap_wire_count(box->wire);
        neap_request_end(box->wire, r, status);
    }
}

/* ---- The job ---- */

/* Pool threads that were started before the host blocked SIGPIPE may take it: not by us. */
static ssize_t send_chunk(int socket, int file, int64_t offset, size_t length)
{
    neap_pipe_guard guard;
    neap_pipe_block(&guard);
    ssize_t sent = neap_os_sendfile(socket, file, offset, length);
    neap_pipe_restore(&guard);
    return sent;
}

static void on_work(neap_work *work) /* pool thread: head is not touched meanwhile */
{
    outbox *box = neap_container_of(work, outbox, work);
    request *r = box->head;
    size_t length = r->size < CHUNK ? r->size : CHUNK;
    do
        box->sent = send_chunk(box->fd, r->file, r->offset, length);
    while (box->sent == -EINTR);
    if (box->sent == 0)
        box->sent = UV_EOF; /* the file is shorter than was said */
}

static void on_worked(neap_work *work, int status);

static int start_job(outbox *box)
{
    box->work = (neap_work){.run = on_work, .done = on_worked, .env = box->wire->t.env};
    int status = neap_work_queue(wire_runtime(box->wire), &box->work);
    if (status)
        return status;
    box->working = true;
    box->wire->parts++;
    return 0;
}

static void go_on(outbox *box)
{
    int status = start_job(box);
    if (status)
        end_all(box, status);
}

static void on_room(uv_poll_t *poll, int status, int events)
{
    outbox *box = neap_container_of(poll, outbox, poll);
    (void)status, (void)events; /* an error shows when the job meets it */
    uv_poll_stop(poll);
    go_on(box);
}

static void advance(outbox *box)
{
    request *r = box->head;
    r->offset += box->sent;
    r->size -= (size_t)box->sent;
    box->bytes -= (size_t)box->sent;
    neap_wire_count(box->wire);
    if (r->size) {
        go_on(box);
    } else {
        neap_request_end(box->wire, take(box), 0); /* its bytes are counted off already */
        neap_outbox_pump(box->wire);
    }
}

static void on_worked(neap_work *work, int status)
{
    outbox *box = neap_container_of(work, outbox, work);
    wire *w = box->wire;
    box->working = false;
    if (!w->closing) {
        if (!status && box->sent > 0)
            advance(box);
        else if (!status && box->sent == UV_EAGAIN)
            uv_poll_start(&box->poll, UV_WRITABLE, on_room);
        else
            end_all(box, status ? status : (int)box->sent);
    }
    neap_wire_part_closed(w);
}

/* ---- The queue ---- */

void neap_outbox_pump(wire *w)
{
    outbox *box = box_of(w);
    while (box && box->head && !box->working && !w->closing) {
        request *r = box->head;
        if (r->kind == SEND_FILE) {
            if (!w->writes && !uv_is_active((uv_handle_t *)&box->poll))
                go_on(box);
            return;
        }
        take(box);
        int status = neap_wire_send(w, r);
        neap_wire_count(w);
        if (!status)
            continue;
        w->broken = status;
        neap_request_end(w, r, status);
        end_all(box, status);
    }
}

static void on_poll_closed(uv_handle_t *handle)
{
    neap_wire_part_closed(neap_container_of((uv_poll_t *)handle, outbox, poll)->wire);
}

static int open_outbox(wire *w, outbox **out)
{
    uv_os_fd_t fd;
    int status = uv_fileno(&w->uv.handle, &fd);
    if (status)
        return status;
    outbox *box = neap_mem(wire_runtime(w), NULL, 0, sizeof *box);
    if (!box)
        return UV_ENOMEM;
    *box = (outbox){.wire = w, .fd = fcntl(fd, F_DUPFD_CLOEXEC, 3)};
    box->tail = &box->head;
    status = box->fd < 0 ? -errno : uv_poll_init(wire_runtime(w)->root->loop, &box->poll, box->fd);
    if (status)
        goto fail;
    w->t.host[0] = *out = box;
    return 0;
fail:
    if (box->fd >= 0)
        close(box->fd);
    neap_mem(wire_runtime(w), box, sizeof *box, 0);
    return status;
}

int neap_outbox_sendfile(neap_transport *t, int file, int64_t offset, size_t length,
                         neap_on_done done)
{
    wire *w = (wire *)t;
    outbox *box = box_of(w);
    if (w->closing)
        return UV_EPIPE;
    int status = w->broken || !length ? w->broken : box ? box->broken : open_outbox(w, &box);
    if (!status && !length)
        return 0;
    if (status)
        return status;
    request *r = neap_request_new(w, SEND_FILE, length, done);
    if (!r)
        return UV_ENOMEM;
    r->file = file;
    r->offset = offset;
    neap_outbox_add(w, r);
    if (box->head == r && !w->writes && (status = start_job(box))) {
        neap_mem(wire_runtime(w), take(box), sizeof *r, 0);
        return status;
    }
    neap_wire_count(w);
    return 1;
}

/* ---- Closing ---- */

void neap_outbox_close(wire *w)
{
    outbox *box = box_of(w);
    if (!box)
        return;
    w->parts++;
    uv_close((uv_handle_t *)&box->poll, on_poll_closed);
}

/* All parts have ended: libuv's requests were called back, ours are now. */
void neap_outbox_free(wire *w)
{
    outbox *box = box_of(w);
    if (!box)
        return;
    end_all(box, UV_ECANCELED);
    w->t.host[0] = NULL;
    close(box->fd);
    neap_mem(wire_runtime(w), box, sizeof *box, 0);
}
