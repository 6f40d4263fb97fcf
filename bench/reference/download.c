/* download.c -- a response of a megabyte in plain C on libuv, written in sixteen pieces.
 *
 *   download PORT
 *
 * The next piece is written when the last one has left. What the kernel does not take at once is
 * written from where it lies: nothing is copied.
 */
#include "serve.h"

#include <time.h>

enum { PIECE = 62500, PIECES = 16 };

typedef struct {
    uv_write_t request;
    int left; /* pieces to be written */
} download;

static char piece[PIECE], head[256];
static size_t head_size;

static void pour(uv_stream_t *stream);

static void on_piece(uv_write_t *request, int status)
{
    if (status < 0)
        drop(request->handle);
    else
        pour(request->handle);
}

/* With the first goes the head. */
static void pour(uv_stream_t *stream)
{
    download *d = state_of(stream);

    while (d->left > 0) {
        uv_buf_t bufs[2] = {uv_buf_init(head, (unsigned)head_size), uv_buf_init(piece, PIECE)};
        uv_buf_t *first = d->left-- == PIECES ? bufs : bufs + 1;
        int written = uv_try_write(stream, first, first == bufs ? 2 : 1);
        size_t gone = written > 0 ? (size_t)written : 0;
        for (; first < bufs + 2 && gone >= first->len; first++)
            gone -= first->len;
        if (first == bufs + 2)
            continue;
        first->base += gone, first->len -= gone;
        if (uv_write(&d->request, stream, first, (unsigned)(bufs + 2 - first), on_piece))
            drop(stream);
        return;
    }
}

static void make_head(void)
{
    time_t now = time(NULL);
    struct tm parts;
    char date[64];

    gmtime_r(&now, &parts);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    head_size = (size_t)snprintf(head, sizeof head,
                                 "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n"
                                 "Content-Type: text/plain; charset=utf-8\r\nDate: %s\r\n\r\n",
                                 PIECE * PIECES, date);
}

static void on_data(uv_stream_t *stream, const char *data, size_t size)
{
    download *d = state_of(stream);
    (void)data, (void)size; /* one request, in one read */
    make_head();
    d->left = PIECES;
    pour(stream);
}

int main(int argc, char **argv)
{
    memset(piece, 'x', sizeof piece);
    server.state = sizeof(download);
    server.data = on_data;
    return argc == 2 ? serve(argv[1]) : 2;
}
