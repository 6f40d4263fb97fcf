/* idle.c -- a libuv process that listens and does nothing else: what the loop itself costs.
 *
 *   idle PORT
 *
 * A connection is closed as soon as it is there; the harness makes one to see that we listen.
 */
#include <stdlib.h>
#include <uv.h>

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

static void on_connection(uv_stream_t *listener, int status)
{
    uv_tcp_t *client = malloc(sizeof *client);
    if (status < 0 || !client)
        abort();
    uv_tcp_init(listener->loop, client);
    uv_accept(listener, (uv_stream_t *)client);
    uv_close((uv_handle_t *)client, on_closed);
}

int main(int argc, char **argv)
{
    uv_tcp_t listener;
    struct sockaddr_in address;

    if (argc != 2)
        return 2;
    uv_tcp_init(uv_default_loop(), &listener);
    uv_ip4_addr("127.0.0.1", atoi(argv[1]), &address);
    if (uv_tcp_bind(&listener, (struct sockaddr *)&address, 0))
        return 1;
    if (uv_listen((uv_stream_t *)&listener, 16, on_connection))
        return 1;
    return uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}
