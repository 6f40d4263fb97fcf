/* buffer.c -- neap_stream: bytes in one block of the host's memory, taken from its front.
 *
 * What is taken only moves `start`; the room before it is used again when the block would have to grow. A block
 * that much was read into at once is kept instead of copied. */
#include "stream.h"

#include <string.h>
#include <uv.h> /* the names of statuses */

static void free_block(neap_env *env, const buffer *b)
{
    if (b->kept)
        neap->read_drop(env, b->base);
    else if (b->size)
        neap->alloc(env, b->base, b->size, 0);
}

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
    free_block(env, b);
    *b = (buffer){base, 0, b->length, size, 0};
    return 0;
}

static int keep(neap_env *env, buffer *b, const char *data, size_t n)
{
    size_t size;
    char *base = neap->read_keep(env, data, n, &size);
    if (base)
        *b = (buffer){base, (size_t)(data - base), n, size, 1};
    return base != NULL;
}

int buffer_read(neap_env *env, buffer *b, const char *data, size_t n)
{
    if (!b->size && keep(env, b, data, n))
        return 0;
    return buffer_append(env, b, data, n);
}

int buffer_append(neap_env *env, buffer *b, const char *data, size_t n)
{
    int status = n ? make_room(env, b, n) : 0;
    if (status || !n)
        return status;
    memmove(b->base + b->start + b->length, data, n); /* of the same block, when it is kept */
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
    free_block(env, b);
    *b = (buffer){0};
}
