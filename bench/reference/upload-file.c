/* upload-file.c -- requests with a body in plain C on libuv: it is written to a file as it comes, and its length
 * is the answer.
 *
 *   upload-file PORT FILE
 *
 * As upload.c, but that each piece is copied and written by the thread pool, one after the other, for a disk may
 * block. Above HIGH bytes that are not yet written the client has to wait. The file is opened for each
 * request and closed behind its last byte.
 */
#include "serve.h"

#include <fcntl.h>

enum { HIGH = 64 * 1024 };

typedef struct piece {
    struct piece *next;
    size_t size;
    char bytes[];
} piece;

typedef struct {
    size_t left, length, queued; /* bytes of this body: to come, all, and not yet written */
    piece *first, **last;
    uv_file file;
    uv_fs_t request;
    int busy, paused;
} upload;

static const char *path;

static uv_stream_t *stream_of(upload *u)
{
    return (uv_stream_t *)((char *)u - sizeof(uv_tcp_t));
}

static void answer(upload *u)
{
    char text[32], response[256];
    int digits = snprintf(text, sizeof text, "%zu", u->length);
    int size = snprintf(response, sizeof response,
                        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
                        "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Length: %d\r\n\r\n%s",
                        digits, text);
    send_bytes(stream_of(u), response, (size_t)size);
}

static void go_on(upload *u);

static void on_closed_file(uv_fs_t *request)
{
    upload *u = request->data;
    uv_fs_req_cleanup(request);
    u->busy = 0;
    if (!uv_is_closing((uv_handle_t *)stream_of(u)))
        answer(u);
}

static void on_piece(uv_fs_t *request)
{
    upload *u = request->data;
    piece *p = u->first;
    if (request->result != (ssize_t)p->size)
        abort();
    uv_fs_req_cleanup(request);
    u->first = p->next;
    u->queued -= p->size;
    u->busy = 0;
    free(p);
    go_on(u);
}

static void on_opened(uv_fs_t *request)
{
    upload *u = request->data;
    u->file = (uv_file)request->result;
    if (u->file < 0)
        abort();
    uv_fs_req_cleanup(request);
    u->busy = 0;
    go_on(u);
}

static void go_on(upload *u)
{
    uv_loop_t *loop = stream_of(u)->loop;
    if (uv_is_closing((uv_handle_t *)stream_of(u)))
        return;
    if (u->paused && u->queued <= HIGH / 4) {
        u->paused = 0;
        uv_read_start(stream_of(u), on_alloc, on_read);
    }
    if (u->busy)
        return;
    u->busy = 1;
    u->request.data = u;
    if (u->first) {
        uv_buf_t buf = uv_buf_init(u->first->bytes, (unsigned)u->first->size);
        uv_fs_write(loop, &u->request, u->file, &buf, 1, -1, on_piece);
    } else if (u->left == 0) {
        uv_fs_close(loop, &u->request, u->file, on_closed_file);
    } else {
        u->busy = 0;
    }
}

static void begin(upload *u, const char *length)
{
    u->left = u->length = strtoul(length, NULL, 10);
    u->first = NULL;
    u->last = &u->first;
    u->busy = 1;
    u->request.data = u;
    uv_fs_open(stream_of(u)->loop, &u->request, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
               0644, on_opened);
}

static void add(upload *u, const char *data, size_t size)
{
    piece *p = malloc(sizeof *p + size);
    if (!p)
        abort();
    p->next = NULL;
    p->size = size;
    memcpy(p->bytes, data, size);
    if (!u->first)
        u->last = &u->first;
    *u->last = p;
    u->last = &p->next;
    u->queued += size;
    u->left -= size;
    if (u->queued > HIGH && !u->paused) {
        u->paused = 1;
        uv_read_stop(stream_of(u));
    }
    go_on(u);
}

static void on_data(uv_stream_t *stream, const char *data, size_t size)
{
    upload *u = state_of(stream);
    if (u->left == 0) {
        static const char name[] = "\r\nContent-Length: ";
        const char *end = memmem(data, size, "\r\n\r\n", 4);
        const char *length = memmem(data, size, name, sizeof name - 1);
        if (!end || !length)
            abort();
        begin(u, length + sizeof name - 1);
        size -= (size_t)(end + 4 - data);
        data = end + 4;
    }
    if (size)
        add(u, data, size);
}

static int is_busy(uv_stream_t *stream)
{
    upload *u = state_of(stream);
    return u->busy;
}

int main(int argc, char **argv)
{
    server.state = sizeof(upload);
    server.data = on_data;
    server.busy = is_busy;
    path = argc == 3 ? argv[2] : NULL;
    return path ? serve(argv[1]) : 2;
}
