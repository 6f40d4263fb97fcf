/* parser.h -- HTTP/1.x requests, strictly: RFC 9112 (messages), RFC 9110 (fields).
 *
 *   http_head_init(h, fields, limits)        empty; fields has room for limits->fields
 *   http_head_parse(h, data, len)            > 0 bytes of the head; 0 more needed; < 0 -status
 *   http_head_get(h, HTTP_COOKIE)            the first field of that name, or NULL
 *   http_head_find(h, data, name, len, from) index of the next field of any name, or -1
 *   http_chunks_init(c)                      a chunked body begins
 *   http_chunks_next(c, data, len, out)      next span of it, in place
 *   http_trailers_init(h, fields, limits)    then http_head_parse over collected trailers
 *
 * The head is parsed in a contiguous buffer that grows and may move: everything is kept as offsets
 * from its beginning. Each call is given the whole of it and goes on at the byte where the last
 * one stopped, so that a peer who sends byte by byte costs what one who sends all at once does.
 * A verdict depends on the bytes up to where it falls, never on how they were cut.
 *
 * Two programs that read one message differently are how requests are smuggled, so whatever the
 * grammar does not allow is refused, also where the RFCs permit leniency: a bare LF, obs-fold,
 * whitespace before the colon, Content-Length twice, Transfer-Encoding with Content-Length.
 *
 * Nothing is allocated, nothing else is kept. What is pointed to stays the caller's.
 */
#ifndef NEAP_HTTP_PARSER_H
#define NEAP_HTTP_PARSER_H

#include <stddef.h>
#include <stdint.h>

#define HTTP_METHOD_LIMIT 32                  /* bytes; a longer one is 501 (RFC 9112 3) */
#define HTTP_EMPTY_LINES 1                    /* CRLF tolerated before a request (RFC 9112 2.2) */
#define HTTP_LENGTH_LIMIT (UINT64_C(1) << 53) /* lengths are below: exact as a Lua number */
#define HTTP_EXTENSION_LIMIT 256   /* bytes after the first ";" of a chunk line, CR too */
#define HTTP_EXTENSIONS_LIMIT 8192 /* and on all chunks of a body */
#define HTTP_TRAILERS_LIMIT 8192   /* bytes of a trailer section */

/* Limits of one head. Over `head` bytes or `fields` fields: 431; a longer target: 414. */
typedef struct http_limits {
    uint32_t head; /* at most INT_MAX */
    uint32_t target;
    uint16_t fields;
} http_limits;

#define HTTP_LIMITS_DEFAULT ((http_limits){.head = 32768, .target = 8192, .fields = 100})

/* The methods of RFC 9110 9 and RFC 5789; any other token is HTTP_OTHER. They are case-sensitive */
enum http_method {
    HTTP_OTHER,
    HTTP_GET,
    HTTP_PUT,
    HTTP_HEAD,
    HTTP_POST,
    HTTP_PATCH,
    HTTP_TRACE,
    HTTP_DELETE,
    HTTP_CONNECT,
    HTTP_OPTIONS,
    HTTP_METHODS
};

/* Forms of the request target (RFC 9112 3.2). */
enum http_form { HTTP_ORIGIN = 1, HTTP_ABSOLUTE, HTTP_AUTHORITY, HTTP_ASTERISK };

/* Fields with a number: what framing needs and what servers ask for. Ordered by length of name. */
enum http_id {
    HTTP_UNKNOWN,
    HTTP_HOST,
    HTTP_RANGE,
    HTTP_ACCEPT,
    HTTP_COOKIE,
    HTTP_EXPECT,
    HTTP_ORIGIN_FIELD,
    HTTP_REFERER,
    HTTP_TRAILER,
    HTTP_UPGRADE,
    HTTP_IF_MATCH,
    HTTP_IF_RANGE,
    HTTP_FORWARDED,
    HTTP_CONNECTION,
    HTTP_USER_AGENT,
    HTTP_CONTENT_TYPE,
    HTTP_AUTHORIZATION,
    HTTP_CACHE_CONTROL,
    HTTP_IF_NONE_MATCH,
    HTTP_CONTENT_LENGTH,
    HTTP_ACCEPT_ENCODING,
    HTTP_ACCEPT_LANGUAGE,
    HTTP_X_FORWARDED_FOR,
    HTTP_CONTENT_ENCODING,
    HTTP_IF_MODIFIED_SINCE,
    HTTP_SEC_WEBSOCKET_KEY,
    HTTP_TRANSFER_ENCODING,
    HTTP_X_FORWARDED_PROTO,
    HTTP_IF_UNMODIFIED_SINCE,
    HTTP_SEC_WEBSOCKET_VERSION,
    HTTP_SEC_WEBSOCKET_PROTOCOL,
    HTTP_SEC_WEBSOCKET_EXTENSIONS,
    HTTP_IDS
};

typedef struct http_span {
    uint32_t at, len;
} http_span;

/* One field line. The value is without the whitespace around it; several lines of one name stay
 * several fields, in order (combining them is for who knows their grammar, RFC 9110 5.3). */
typedef struct http_field {
    uint32_t name, value, value_len;
    uint16_t name_len;
    uint16_t id; /* enum http_id */
} http_field;

typedef struct http_head {
    http_field *fields;
    uint64_t content_length;  /* 0 unless has_length */
    http_span method, target; /* target as sent; target.h takes it apart */
    http_span authority;      /* of an absolute or authority target, else Host (RFC 9112 3.2.2) */
    uint16_t count;           /* of fields */
    uint16_t known[HTTP_IDS]; /* index + 1 of the first field with that id; 0 none */
    uint8_t method_id, form, minor;
    uint8_t has_length, chunked; /* never both; neither: no body (RFC 9112 6.3) */
    uint8_t keep_alive;          /* decided from version and Connection (RFC 9112 9.3) */
    uint8_t expect_continue;     /* wants "100 Continue" before it sends the body */
    uint8_t upgrade;             /* has Upgrade, and Connection names it (RFC 9110 7.8) */

    uint8_t state, empty_lines, options, trailers; /* from here on the parser's own */
    int16_t status;
    uint32_t at;
    http_limits limits;
} http_head;

/* Makes h empty. `fields` (room for limits->fields) is filled by the parser and stays in use as
 * long as h does. */
void http_head_init(http_head *h, http_field *fields, const http_limits *limits);

/* Parses request line and fields from data, which is everything received of this request so far.
 * Returns the bytes of the head, its empty line included, when it is complete: what follows is the
 * body; 0 when it needs more (call again with all of it, and more); or minus the status to answer
 * before closing: 400 malformed, 414 target too long, 417 an expectation other than 100-continue,
 * 431 head too large, 501 unknown transfer coding or over-long method, 505 not HTTP/1.x. The error
 * is found at the first byte that decides it, and repeated if asked again. */
int http_head_parse(http_head *h, const char *data, size_t len);

/* Whether a request has begun: else a peer that closes has closed between requests. */
int http_head_begun(const http_head *h);

static inline const http_field *http_head_get(const http_head *h, enum http_id id)
{
    return h->known[id] ? &h->fields[h->known[id] - 1] : NULL;
}

/* Index of the first field at or after `from` with that name, letters of either case, or -1. */
int http_head_find(const http_head *h, const char *data, const char *name, size_t len, int from);

/* Parses a trailer section (RFC 9110 6.5) instead of a head: field lines and an empty line. Fields
 * that have an id concern framing, routing or how the request is to be read, all decided before
 * the body came: they are dropped (RFC 9110 6.5.1). */
void http_trailers_init(http_head *h, http_field *fields, const http_limits *limits);

/* A chunked body (RFC 9112 7.1) being decoded. */
typedef struct http_chunks {
    uint64_t left;       /* bytes of this chunk to come; while reading the size, its value */
    uint16_t extension;  /* bytes of this chunk's extensions */
    uint16_t extensions; /* of all so far */
    uint16_t trailers;   /* bytes of the trailer section */
    uint8_t state, digits;
    int16_t status;
} http_chunks;

/* What http_chunks_next found in data: `used` bytes are done with; [at, at + len) is body when it
 * returned HTTP_CHUNK_DATA, else the bytes of the trailer section in this piece: who wants trailers
 * appends these up to the end and parses them with http_trailers_init. */
typedef struct http_chunk {
    size_t used, at, len;
} http_chunk;

enum { HTTP_CHUNK_MORE, HTTP_CHUNK_DATA, HTTP_CHUNK_END };

void http_chunks_init(http_chunks *c);

/* Takes the next piece of a body; unlike the head, each byte is given once. Returns
 * HTTP_CHUNK_DATA (a span of body; call again with what follows `used`), HTTP_CHUNK_MORE (all of
 * data used), HTTP_CHUNK_END (the next request begins at data + used), or minus the status: 400, or
 * 431 when the trailer section is too large. Sizes are below HTTP_LENGTH_LIMIT each; bounding
 * their sum is the caller's. */
int http_chunks_next(http_chunks *c, const char *data, size_t len, http_chunk *out);

/* Between fields.c and parser.c: what a complete field line means for h. 0 or -status. */
int http_field_apply(http_head *h, const char *data, http_field *field);
int http_head_finish(http_head *h);

#endif
