/* answer.c -- the bytes of a response: its head, and how its body is framed.
 *
 * The head leaves with the first piece, and is settled by then. A body sent whole has its length; in
 * pieces it is chunked, unless the handler promised a Content-Length, or the client is of HTTP/1.0,
 * whose connection then ends with it (RFC 9112 6.3).
 */
#include <string.h>

#include "http.h"
#include "put.h"

/* -- the head -- */

/* They have neither body nor length (RFC 9110 8.6). */
static bool no_content(const http_exchange *x)
{
    return x->response.status == 204 || x->response.status == 304;
}

/* What the status leaves no room for is not sent; a 205 says that its length is 0 (RFC 9110 15.3.6). */
static bool empty(const http_exchange *x)
{
    return no_content(x) || x->response.status == 205;
}

/* Responses that end with their head (RFC 9112 6.3). */
static bool bodiless(const http_exchange *x)
{
    return x->head.method_id == HTTP_HEAD || empty(x);
}

/* Will the connection go on? Not when more of the body is to come than is worth reading. */
static bool keeps(const http_exchange *x)
{
    const http_connection *c = x->c;
    double most = c->server->options.max_requests;
    return x->head.keep_alive && !x->response.close && !c->server->stopping &&
           (most == 0 || c->requests < most) && x->head.method_id != HTTP_CONNECT &&
           !(c->ended && !c->in) && http_body_bounded(x);
}

/* RFC 9112 9.3: HTTP/1.1 goes on unless told, HTTP/1.0 ends unless told. */
static char *put_connection(char *p, const http_exchange *x)
{
    if (!x->response.keep)
        return PUT(p, "Connection: close\r\n");
    return x->head.minor > 0 ? p : PUT(p, "Connection: keep-alive\r\n");
}

static char *put_framing(char *p, int framing, uint64_t length)
{
    if (framing == HTTP_LENGTH)
        return PUT(put_number(PUT(p, "Content-Length: "), length), "\r\n");
    return framing == HTTP_CHUNKED ? PUT(p, "Transfer-Encoding: chunked\r\n") : p;
}

/* A 2xx would open the tunnel (RFC 9110 9.3.6), which request:take() alone does. */
static void refuse_tunnel(http_exchange *x)
{
    if (x->head.method_id == HTTP_CONNECT && x->response.status < 300)
        x->response.status = 501;
}

/* Writes the head, and returns its end, where `extra` more bytes have room. The caller says where
 * the output ends then. NULL: the client has left. */
static char *begin(http_exchange *x, const char *type, int framing, uint64_t length, size_t extra)
{
    http_buffer *lines = x->response.lines;
    size_t lines_len = lines ? lines->end : 0, type_len = type ? strlen(type) : 0;
    char *p = http_output_room(x->c, HEAD_ROOM + type_len + lines_len + extra);
    if (!p)
        return NULL;
    refuse_tunnel(x);
    x->response.begun = true;
    x->response.keep = framing != HTTP_UNTIL_CLOSE && keeps(x);
    p = put_status(p, x->response.status);
    if (lines)
        p = put(p, lines->data, lines_len);
    if (type && !(x->response.has & HTTP_HAS_TYPE))
        p = PUT(put(PUT(p, "Content-Type: "), type, type_len), "\r\n");
    if (!(x->response.has & HTTP_HAS_DATE))
        p = put(p, http_date_line(x->state), HTTP_DATE_LINE);
    p = put_framing(p, framing, length);
    return PUT(put_connection(p, x), "\r\n");
}

/* -- whole -- */

/* With HEAD and 304 a length is what GET would have, which the handler may know (RFC 9110 8.6). */
static bool takes_promise(const http_exchange *x)
{
    return x->response.status != 204 && x->response.status != 205;
}

static int whole_framing(http_exchange *x)
{
    bool promised = x->response.has & HTTP_HAS_LENGTH;
    if (promised && bodiless(x) && takes_promise(x))
        return HTTP_NO_BODY;
    if (promised)
        http_headers_remove(x, "content-length", 14);
    return no_content(x) ? HTTP_NO_BODY : HTTP_LENGTH;
}

/* Only a chunked body has trailers (RFC 9112 7.1.2). */
static bool is_to_be_chunked(const http_exchange *x)
{
    return x->response.trailers && x->head.minor > 0 && !bodiless(x);
}

static int send_in_pieces(http_exchange *x, const char *body, size_t len)
{
    int status = http_response_begin(x);
    if (status == 0)
        status = http_response_write(x, body, len);
    if (status == 0)
        http_response_end(x);
    return status;
}

int http_response_send(http_exchange *x, const char *type, const char *body, size_t len)
{
    http_connection *c = x->c;
    if (!c)
        return UV_ECONNRESET;
    if (is_to_be_chunked(x))
        return send_in_pieces(x, body, len);
    if (empty(x))
        len = 0;
    int framing = whole_framing(x);
    size_t sent = bodiless(x) ? 0 : len;
    bool direct = sent >= HTTP_DIRECT_WRITE;
    char *p = begin(x, len > 0 ? type : NULL, framing, len, direct ? 0 : sent);
    if (!p)
        return UV_ECONNRESET;
    x->response.done = true;
    if (!direct)
        p = put(p, body, sent);
    ends_at(c, p);
    if (direct && http_output_direct(c, &(neap_buf){body, sent}, 1) < 0)
        return UV_ECONNRESET;
    return 0;
}

/* The handler failed, or there is none to ask: a status with its reason for a body. When the head
 * has gone, all that is left is to close before the body is complete; where closing completes it, to
 * break off. */
void http_response_refuse(http_exchange *x, int status)
{
    char text[64];
    if (x->response.begun) {
        if (!x->response.done) {
            x->response.keep = false;
            x->response.broken = x->response.framing == HTTP_UNTIL_CLOSE;
        }
        x->response.done = true;
        return;
    }
    http_buffer_drop(x->state, &x->response.lines);
    http_buffer_drop(x->state, &x->response.trailers);
    x->response.has = 0;
    x->response.status = (uint16_t)status;
    if (status == 503)
        http_buffer_append(x->state, &x->response.lines, HTTP_RETRY_AFTER,
                           sizeof HTTP_RETRY_AFTER - 1);
    char *end = put(text, http_reason(status), strlen(http_reason(status)));
    *end++ = '\n';
    http_response_send(x, HTTP_TYPE_TEXT, text, (size_t)(end - text));
}

/* -- in pieces -- */

static uint64_t promised_length(const http_exchange *x)
{
    size_t at = 0, len = 0;
    uint64_t n = 0;
    const char *digits = http_headers_find(x, "content-length", 14, &at, &len);
    for (size_t i = 0; i < len; i++)
        n = n * 10 + (uint64_t)(digits[i] - '0');
    return n;
}

static int piece_framing(http_exchange *x)
{
    if (bodiless(x))
        return HTTP_NO_BODY;
    if (x->response.has & HTTP_HAS_LENGTH)
        return HTTP_LENGTH;
    return x->head.minor > 0 ? HTTP_CHUNKED : HTTP_UNTIL_CLOSE;
}

int http_response_begin(http_exchange *x)
{
    if (!x->c)
        return UV_ECONNRESET;
    if (is_to_be_chunked(x))
        http_headers_remove(x, "content-length", 14);
    int framing = piece_framing(x), said = framing;
    x->response.framing = (uint8_t)framing;
    x->response.owed = framing == HTTP_LENGTH ? promised_length(x) : 0;
    if (!takes_promise(x))
        http_headers_remove(x, "content-length", 14);
    if (x->response.status == 205)
        said = HTTP_LENGTH;
    else if (framing == HTTP_LENGTH) /* it stands in the handler's own line */
        said = HTTP_NO_BODY;
    char *p = begin(x, empty(x) ? NULL : HTTP_TYPE_TEXT, said, 0, 0);
    if (!p)
        return UV_ECONNRESET;
    ends_at(x->c, p);
    return 0;
}

/* A chunk (RFC 9112 7.1): its size in hexadecimal, CR LF. */
static char *put_chunk_size(char *p, size_t n)
{
    int shift = 60;
    while (shift > 0 && !(n >> shift))
        shift -= 4;
    for (; shift >= 0; shift -= 4)
        *p++ = "0123456789abcdef"[n >> shift & 15];
    return PUT(p, "\r\n");
}

static int write_direct(http_exchange *x, const char *data, size_t len)
{
    char size[24];
    neap_buf bufs[3] = {
        {size, (size_t)(put_chunk_size(size, len) - size)}, {data, len}, {"\r\n", 2}};
    bool chunked = x->response.framing == HTTP_CHUNKED;
    int r = http_output_direct(x->c, chunked ? bufs : bufs + 1, chunked ? 3 : 1);
    return r < 0 ? UV_ECONNRESET : 0;
}

int http_response_write(http_exchange *x, const char *data, size_t len)
{
    if (!x->c)
        return UV_ECONNRESET;
    if (len == 0 || x->response.framing == HTTP_NO_BODY) /* an empty chunk would end the body */
        return 0;
    if (x->response.framing == HTTP_LENGTH)
        x->response.owed -= len;
    if (len >= HTTP_DIRECT_WRITE)
        return write_direct(x, data, len);
    char *p = http_output_room(x->c, len + 24);
    if (!p)
        return UV_ECONNRESET;
    bool chunked = x->response.framing == HTTP_CHUNKED;
    p = put(chunked ? put_chunk_size(p, len) : p, data, len);
    ends_at(x->c, chunked ? PUT(p, "\r\n") : p);
    return 0;
}

/* Less than was promised: the client finds out by the connection's end (RFC 9112 8). */
void http_response_end(http_exchange *x)
{
    if (x->response.done)
        return;
    x->response.done = true;
    if (x->response.framing == HTTP_LENGTH && x->response.owed > 0)
        x->response.keep = false;
    if (x->response.framing != HTTP_CHUNKED)
        return;
    const http_buffer *lines = x->response.trailers;
    size_t lines_len = lines ? lines->end : 0;
    char *p = http_output_room(x->c, lines_len + 5);
    if (!p)
        return;
    p = PUT(p, "0\r\n");
    if (lines)
        p = put(p, lines->data, lines_len);
    ends_at(x->c, PUT(p, "\r\n"));
}
