/* serve.h -- what the C references share: a listener on 127.0.0.1, one read buffer, and a write
 * that tries at once and copies only what the kernel did not take. No error is recovered from:
 * a reference that cannot do its job ends.
 *
 * Memory. One connection is one uv_tcp_t with `state` bytes after it, freed when it has closed.
 */
#ifndef BENCH_SERVE_H
#define BENCH_SERVE_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

static struct {
    size_t state; /* bytes a connection has of its own */
    void (*data)(uv_stream_t *stream, const char *data, size_t size);
    int (*busy)(uv_stream_t *stream); /* may be NULL: is its memory in use when it has closed? */
} server;

static char read_buffer[65536];

static inline void *state_of(uv_stream_t *stream)
{
    return (char *)stream + sizeof(uv_tcp_t);
}

static void on_closed(uv_handle_t *handle)
{
    if (!server.busy || !server.busy((uv_stream_t *)handle)) /* else it is lost: when a load ends */
        free(handle);
}

static void drop(uv_stream_t *stream)
{
    if (!uv_is_closing((uv_handle_t *)stream))
        uv_close((uv_handle_t *)stream, on_closed);
}

static void on_written(uv_write_t *request, int status)
{
    if (status < 0)
        drop(request->handle);
    free(request);
}

static inline void send_bytes(uv_stream_t *stream, const char *data, size_t size)
{
    uv_buf_t rest = uv_buf_init((char *)data, (unsigned)size);
    int written = 0;

    if (uv_stream_get_write_queue_size(stream) == 0)
        written = uv_try_write(stream, &rest, 1);
    if (written < 0)
        written = 0; /* EAGAIN; what is worse shows below */
    if ((size_t)written == size)
        return;
    size -= (size_t)written;
    uv_write_t *request = malloc(sizeof *request + size);
    if (!request)
        abort();
    rest = uv_buf_init(memcpy(request + 1, data + written, size), (unsigned)size);
    if (uv_write(request, stream, &rest, 1, on_written))
        free(request);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    (void)handle, (void)suggested;
    *buffer = uv_buf_init(read_buffer, sizeof read_buffer);
}

static void on_read(uv_stream_t *stream, ssize_t size, const uv_buf_t *buffer)
{
    if (size < 0)
        drop(stream);
    if (size > 0)
        server.data(stream, buffer->base, (size_t)size);
}

static void on_connection(uv_stream_t *listener, int status)
{
    uv_tcp_t *client = calloc(1, sizeof *client + server.state);
    if (status < 0 || !client)
        abort();
    uv_tcp_init(listener->loop, client);
    if (uv_accept(listener, (uv_stream_t *)client))
        abort();
    uv_tcp_nodelay(client, 1);
    uv_read_start((uv_stream_t *)client, on_alloc, on_read);
}

/* Serves on 127.0.0.1 until the process is told to end. Returns the exit status. */
static int serve(const char *port)
{
    uv_tcp_t listener;
    struct sockaddr_in address;

    signal(SIGPIPE, SIG_IGN);
    uv_tcp_init(uv_default_loop(), &listener);
    uv_ip4_addr("127.0.0.1", atoi(port), &address);
    if (uv_tcp_bind(&listener, (struct sockaddr *)&address, 0) ||
        uv_listen((uv_stream_t *)&listener, 4096, on_connection)) {
        fprintf(stderr, "cannot listen on %s\n", port);
        return 1;
    }
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

#endif
