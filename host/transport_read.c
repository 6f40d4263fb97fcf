/* transport_read.c -- reading: the loop's buffer, and pauses that cost nothing.
 *
 * All of a loop's transports read into one block, the root's; its bytes are the consumer's during
 * on_read only, so nothing is allocated for a read and an idle connection holds no buffer. A consumer
 * that would have to copy many of them may keep the block instead; the next read then gets another,
 * from the few spare ones that were given back.
 *
 * A pause is told to libuv when this turn's jobs have run. A consumer that reads in pieces pauses with
 * each piece and goes on within the turn: to stop and start would be two system calls. Until then
 * libuv, which reads on while there is something, gets no room to read into. */
#include <stdlib.h>
#include <string.h>

#include "transport.h"

/* ---- The buffer ---- */

char *neap_read_buffer(neap_root *root)
{
    if (!root->read_buffer && root->read_spare_count)
        root->read_buffer = root->read_spares[--root->read_spare_count];
    if (!root->read_buffer)
        root->read_buffer = neap_realloc(NULL, READ_BUFFER_SIZE); /* the loop's, so no runtime's */
    return root->read_buffer;
}

char *neap_read_keep(neap_runtime *rt, const char *data, size_t n, size_t *size)
{
    enum { MUCH = READ_BUFFER_SIZE / 4 };
    char *block = rt->root->read_buffer;
    bool inside = block && data >= block && data < block + READ_BUFFER_SIZE;
    if (n < MUCH || !inside || neap_charge(rt, READ_BUFFER_SIZE))
        return NULL;
    rt->root->read_buffer = NULL;
    *size = READ_BUFFER_SIZE;
    return block;
}

/* It may be the block of the on_read that is under way, whose bytes others still look at: so the one
 * that has been spare for longest is freed. */
void neap_read_drop(neap_runtime *rt, char *block)
{
    neap_root *root = rt->root;
    neap_charge(rt, -(ptrdiff_t)READ_BUFFER_SIZE);
    if (root->read_spare_count == READ_SPARES) {
        free(root->read_spares[0]);
        root->read_spare_count--;
        memmove(root->read_spares, root->read_spares + 1, sizeof(char *) * (READ_SPARES - 1));
    }
    root->read_spares[root->read_spare_count++] = block;
}

void neap_read_buffers_free(neap_root *root)
{
    free(root->read_buffer);
    while (root->read_spare_count)
        free(root->read_spares[--root->read_spare_count]);
}

/* ---- Reading ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
    wire *w = wire_of((uv_stream_t *)handle);
    char *buffer = w->on_read ? neap_read_buffer(wire_runtime(w)->root) : NULL;
    (void)suggested;
    *buf = uv_buf_init(buffer, buffer ? READ_BUFFER_SIZE : 0);
}

static void on_bytes(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    wire *w = wire_of(stream);
    neap_on_read on_read = w->on_read;
    if (n == 0 || !on_read) /* there was nothing to read after all; or it has paused */
        return;
    if (n < 0)
        uv_read_stop(stream);
    if (n == UV_ENOBUFS) /* on_alloc had none */
        n = UV_ENOMEM;
    on_read(&w->t, n > 0 ? buf->base : NULL, n == UV_EOF ? 0 : n);
}

static void on_turn_over(neap_job *job)
{
    wire *w = neap_container_of(job, wire, pause);
    w->pausing = false;
    if (!w->on_read && !w->closing)
        uv_read_stop(&w->uv.stream);
    neap_wire_part_closed(w);
}

static void pause_reading(wire *w)
{
    neap_root *root = wire_runtime(w)->root;
    w->on_read = NULL;
    if (root->closing) { /* there may be no turn to come */
        uv_read_stop(&w->uv.stream);
    } else if (!w->pausing) {
        w->pausing = true;
        w->parts++;
        w->pause.run = on_turn_over;
        neap_flush_add(root, &w->pause);
    }
}

int neap_wire_read(neap_transport *t, neap_on_read on_read)
{
    wire *w = (wire *)t;
    if (w->closing || !w->initialized)
        return on_read ? UV_ENOTCONN : 0;
    if (!on_read) {
        if (w->on_read)
            pause_reading(w);
        return 0;
    }
    w->on_read = on_read;
    int status = uv_read_start(&w->uv.stream, on_alloc, on_bytes);
    return status == UV_EALREADY ? 0 : status;
}
