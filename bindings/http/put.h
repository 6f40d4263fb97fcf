/* put.h -- writing the lines of a head: each function writes at p, where there must be room, and returns the end. */
#ifndef NEAP_HTTP_PUT_H
#define NEAP_HTTP_PUT_H

#include <stdint.h>
#include <string.h>

#include "http.h"

enum { HEAD_ROOM = 320 }; /* status line and the fields we add, at their longest */

#define PUT(p, literal) put(p, literal, sizeof literal - 1)

static inline char *put(char *p, const char *text, size_t n)
{
    memcpy(p, text, n);
    return p + n;
}

static inline char *put_number(char *p, uint64_t n)
{
    char digits[20];
    size_t i = sizeof digits;
    do
        digits[--i] = (char)('0' + n % 10);
    while (n /= 10);
    return put(p, digits + i, sizeof digits - i);
}

static inline char *put_status(char *p, int status)
{
    if (status == 200)
        return PUT(p, "HTTP/1.1 200 OK\r\n");
    const char *reason = http_reason(status);
    p = put_number(PUT(p, "HTTP/1.1 "), (uint64_t)status);
    *p++ = ' ';
    return PUT(put(p, reason, strlen(reason)), "\r\n");
}

/* The output of c ends at p now. */
static inline void ends_at(http_connection *c, const char *p)
{
    c->out->end = (size_t)(p - c->out->data);
}

#endif
