/* http.c -- "Hello, World!" over HTTP in plain C on libuv: the floor under every HTTP server here.
 *
 *   http PORT
 *
 * It looks for the end of each head and nothing else, and answers with the bytes Neap answers with.
 * All requests of one read are answered in one write. The Date is made when one is needed, so an
 * idle server has no timer.
 */
#include "serve.h"

#include <time.h>

#define MOST 64 /* responses in one write */

static char responses[MOST * 256];
static size_t response_size;
static uint64_t made_at; /* in seconds of the loop's clock, from 1 */

static void make_responses(uint64_t second)
{
    time_t now = time(NULL);
    struct tm parts;
    char date[64];

    gmtime_r(&now, &parts);
    strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S GMT", &parts);
    response_size = (size_t)snprintf(responses, 256,
                                     "HTTP/1.1 200 OK\r\n"
                                     "Content-Type: text/plain; charset=utf-8\r\n"
                                     "Date: %s\r\n"
                                     "Content-Length: 13\r\n"
                                     "\r\n"
                                     "Hello, World!",
                                     date);
    for (int i = 1; i < MOST; i++)
        memcpy(responses + (size_t)i * response_size, responses, response_size);
    made_at = second;
}

/* Counts the heads that end in data; *matched is how much of CR LF CR LF the last read ended in. */
static unsigned heads(unsigned *matched, const char *data, size_t size)
{
    const char *end = data + size;
    unsigned found = 0;

    while (data < end) {
        if (*matched == 0) {
            data = memchr(data, '\r', (size_t)(end - data));
            if (!data)
                break;
            *matched = 1;
        } else if (*data == "\r\n\r\n"[*matched]) {
            if (++*matched == 4)
                found++, *matched = 0;
        } else {
            *matched = *data == '\r';
        }
        data++;
    }
    return found;
}

static void on_data(uv_stream_t *stream, const char *data, size_t size)
{
    unsigned asked = heads(state_of(stream), data, size);
    uint64_t second = uv_now(stream->loop) / 1000 + 1;

    if (second != made_at)
        make_responses(second);
    while (asked > 0) {
        unsigned now = asked < MOST ? asked : MOST;
        send_bytes(stream, responses, now * response_size);
        asked -= now;
    }
}

int main(int argc, char **argv)
{
    server.state = sizeof(unsigned);
    server.data = on_data;
    return argc == 2 ? serve(argv[1]) : 2;
}
