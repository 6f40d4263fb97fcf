/* interim.c -- heads without a response: 1xx before it (RFC 9110 15.2), and the one after which HTTP is over. */
#include "http.h"
#include "put.h"

int http_response_inform(http_exchange *x, int status)
{
    const http_buffer *lines = x->response.interim;
    size_t lines_len = lines ? lines->end : 0;
    if (!x->c)
        return UV_ECONNRESET;
    char *p = http_output_room(x->c, HEAD_ROOM + lines_len);
    if (!p)
        return UV_ECONNRESET;
    p = put_status(p, status);
    if (lines)
        p = put(p, lines->data, lines_len);
    ends_at(x->c, PUT(p, "\r\n"));
    return 0;
}

/* The first protocol that the client named, unless the handler has chosen (RFC 9110 7.8). */
static char *put_upgrade(char *p, const http_exchange *x)
{
    const http_field *f = http_head_get(&x->head, HTTP_UPGRADE);
    const char *value = x->text + f->value;
    size_t at = 0, len = 0;
    if (!http_headers_find(x, "upgrade", 7, &at, &len)) {
        while (len < f->value_len && value[len] != ',')
            len++;
        p = PUT(put(PUT(p, "Upgrade: "), value, len), "\r\n");
    }
    return PUT(p, "Connection: Upgrade\r\n");
}

int http_response_switch(http_exchange *x)
{
    bool upgrade = x->head.method_id != HTTP_CONNECT;
    const http_field *f = http_head_get(&x->head, HTTP_UPGRADE);
    http_headers_remove(x, "content-length", 14);
    const http_buffer *lines = x->response.lines;
    size_t lines_len = lines ? lines->end : 0;
    char *p = http_output_room(x->c, HEAD_ROOM + lines_len + (upgrade ? f->value_len : 0));
    if (!p)
        return UV_ECONNRESET;
    x->response.begun = x->response.done = true;
    x->response.status = upgrade ? 101 : 200;
    p = put_status(p, x->response.status);
    if (lines)
        p = put(p, lines->data, lines_len);
    if (upgrade)
        p = put_upgrade(p, x);
    ends_at(x->c, PUT(p, "\r\n"));
    return 0;
}
