/* upload.c -- requests with a body in plain C on libuv: it is counted as it comes, and its length is the answer.
 *
 *   upload PORT
 *
 * A head must come whole in one read. It is looked through for Content-Length and its end, the bytes
 * of the body are counted and no more. The Date is made when one is needed.
 */
#include "serve.h"

#include <time.h>

typedef struct {
    size_t left, length; /* bytes of this body: to come, and all */
} upload;

static void answer(uv_stream_t *stream, size_t length)
{
    static char date[64];
    static uint64_t made_at;
    uint64_t second = uv_now(stream->loop) / 1000 + 1;
    char text[32], response[256];

    if (second != made_at) {
        time_t now = time(NULL);
        struct tm parts;
        gmtime_r(&now, &parts);
        strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
        made_at = second;
    }
    int digits = snprintf(text, sizeof text, "%zu", length);
    int size = snprintf(response, sizeof response,
                        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
                        "Date: %s\r\nContent-Length: %d\r\n\r\n%s",
                        date, digits, text);
    send_bytes(stream, response, (size_t)size);
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
        u->left = u->length = strtoul(length + sizeof name - 1, NULL, 10);
        size -= (size_t)(end + 4 - data);
    }
    u->left -= size < u->left ? size : u->left;
    if (u->left == 0)
        answer(stream, u->length);
}

int main(int argc, char **argv)
{
    server.state = sizeof(upload);
    server.data = on_data;
    return argc == 2 ? serve(argv[1]) : 2;
}
