/* buffer.c -- neap_stream: bytes in one block of the host's memory, taken from its front.
 *
 * What is taken only moves `start`; the room before it is used again when the block would have to grow. */
#include "stream.h"

#include <string.h>
#include <uv.h> /* the names of statuses */

static void compact(buffer *b)
{
    if (b->start)
        memmove(b->base, b->base + b->start, b->length);
    b->start = 0;
}

/* Room for n more bytes behind those that are there. */
static int make_room(neap_env *env, buffer *b, size_t n)
{
    if (n <= b->size - b->start - b->length)
        return 0;
    size_t needed = b->length + n, size = b->size * 2 > needed ? b->size * 2 : needed;
    if (needed < n)
        return UV_ENOMEM;
    if (b->start >= b->length && needed <= b->size) {
        compact(b); /* at most as many bytes are moved as were taken */
        return 0;
    }
    char *base = neap->alloc(env, NULL, 0, size);
    if (!base)
        return UV_ENOMEM;
    if (b->length)
        memcpy(base, b->base + b->start, b->length);
    if (b->size)
        neap->alloc(env, b->base, b->size, 0);
    *b = (buffer){base, 0, b->length, size};
    return 0;
}

int buffer_append(neap_env *env, buffer *b, const char *data, size_t n)
{
    int status = n ? make_room(env, b, n) : 0;
    if (status || !n)
        return status;
    memcpy(b->base + b->start + b->length, data, n);
    b->length += n;
    return 0;
}

int buffer_prepend(neap_env *env, buffer *b, const char *data, size_t n)
{
    int status = n > b->start ? make_room(env, b, n) : 0;
    if (status || !n)
        return status;
    size_t at = n > b->start ? 0 : b->start - n;
    if (n > b->start)
        memmove(b->base + n, b->base + b->start, b->length);
    memcpy(b->base + at, data, n);
    b->start = at;
    b->length += n;
    return 0;
}

void buffer_drop(neap_env *env, buffer *b, size_t n)
{
    b->start += n;
    b->length -= n;
    if (!b->length)
        buffer_clear(env, b);
}

void buffer_clear(neap_env *env, buffer *b)
{
    if (b->size)
        neap->alloc(env, b->base, b->size, 0);
    *b = (buffer){0};
}
