/* fields.c -- what field lines mean for framing and routing, decided as each one ends.
 *
 * http_field_apply gives the line its id and looks at those that matter: Host, Content-Length,
 * Transfer-Encoding, Connection, Expect. http_head_finish decides what only the whole head can.
 */
#include <string.h>

#include "parser.h"
#include "scan.h"
#include "target.h"

enum { CLOSE = 1, KEEP_ALIVE = 2, UPGRADE = 4 }; /* http_head.options: seen in Connection */

/* -- names -- */

static const char *const names[HTTP_IDS] = {
    [HTTP_HOST] = "host",
    [HTTP_RANGE] = "range",
    [HTTP_ACCEPT] = "accept",
    [HTTP_COOKIE] = "cookie",
    [HTTP_EXPECT] = "expect",
    [HTTP_ORIGIN_FIELD] = "origin",
    [HTTP_REFERER] = "referer",
    [HTTP_TRAILER] = "trailer",
    [HTTP_UPGRADE] = "upgrade",
    [HTTP_IF_MATCH] = "if-match",
    [HTTP_IF_RANGE] = "if-range",
    [HTTP_FORWARDED] = "forwarded",
    [HTTP_CONNECTION] = "connection",
    [HTTP_USER_AGENT] = "user-agent",
    [HTTP_CONTENT_TYPE] = "content-type",
    [HTTP_AUTHORIZATION] = "authorization",
    [HTTP_CACHE_CONTROL] = "cache-control",
    [HTTP_IF_NONE_MATCH] = "if-none-match",
    [HTTP_CONTENT_LENGTH] = "content-length",
    [HTTP_ACCEPT_ENCODING] = "accept-encoding",
    [HTTP_ACCEPT_LANGUAGE] = "accept-language",
    [HTTP_X_FORWARDED_FOR] = "x-forwarded-for",
    [HTTP_CONTENT_ENCODING] = "content-encoding",
    [HTTP_IF_MODIFIED_SINCE] = "if-modified-since",
    [HTTP_SEC_WEBSOCKET_KEY] = "sec-websocket-key",
    [HTTP_TRANSFER_ENCODING] = "transfer-encoding",
    [HTTP_X_FORWARDED_PROTO] = "x-forwarded-proto",
    [HTTP_IF_UNMODIFIED_SINCE] = "if-unmodified-since",
    [HTTP_SEC_WEBSOCKET_VERSION] = "sec-websocket-version",
    [HTTP_SEC_WEBSOCKET_PROTOCOL] = "sec-websocket-protocol",
    [HTTP_SEC_WEBSOCKET_EXTENSIONS] = "sec-websocket-extensions",
};

enum { LONGEST = 24 }; /* of the names above */

/* By length of name, the first id of at least that length: ids of length n are [n], [n + 1). */
/* clang-format off */
static const uint8_t by_length[LONGEST + 2] = {
    1,
    1, 1, 1, HTTP_HOST, HTTP_RANGE, HTTP_ACCEPT, HTTP_REFERER, HTTP_IF_MATCH,
    HTTP_FORWARDED, HTTP_CONNECTION, HTTP_CONTENT_TYPE, HTTP_CONTENT_TYPE, HTTP_AUTHORIZATION,
    HTTP_CONTENT_LENGTH, HTTP_ACCEPT_ENCODING, HTTP_CONTENT_ENCODING, HTTP_IF_MODIFIED_SINCE,
    HTTP_IF_UNMODIFIED_SINCE, HTTP_IF_UNMODIFIED_SINCE, HTTP_SEC_WEBSOCKET_VERSION,
    HTTP_SEC_WEBSOCKET_VERSION, HTTP_SEC_WEBSOCKET_PROTOCOL, HTTP_SEC_WEBSOCKET_EXTENSIONS,
    HTTP_SEC_WEBSOCKET_EXTENSIONS, HTTP_IDS,
};
/* clang-format on */

static inline char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static int same(const char *a, const char *b, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (lower(a[i]) != lower(b[i]))
            return 0;
    return 1;
}

/* Whether a token is `name`, lower case letters and "-". Setting bit 5 makes letters lower case,
 * and no other token character becomes a letter or "-" by it. */
static inline int token_is(const char *token, const char *name, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((token[i] | 0x20) != name[i])
            return 0;
    return 1;
}

static int field_id(const char *name, size_t len)
{
    if (len > LONGEST)
        return HTTP_UNKNOWN;
    for (int id = by_length[len]; id < by_length[len + 1]; id++)
        if ((name[0] | 0x20) == names[id][0] && token_is(name, names[id], len))
            return id;
    return HTTP_UNKNOWN;
}

int http_head_find(const http_head *h, const char *data, const char *name, size_t len, int from)
{
    for (int i = from; i < h->count; i++)
        if (h->fields[i].name_len == len && same(data + h->fields[i].name, name, len))
            return i;
    return -1;
}

/* -- values -- */

static int is_space(char c)
{
    return c == ' ' || c == '\t';
}

/* The next member of a comma separated list (RFC 9110 5.6.1), trimmed; it may be empty. Quoted
 * strings are not minded: in no list read here may one stand. Begins with *at 0; returns 0 at the
 * end. An empty value has one member, empty. */
static int next_member(const char *value, size_t len, size_t *at, http_span *member)
{
    if (*at > len)
        return 0;
    size_t begin = *at, end = begin;
    while (end < len && value[end] != ',')
        end++;
    *at = end + 1;
    while (begin < end && is_space(value[begin]))
        begin++;
    while (end > begin && is_space(value[end - 1]))
        end--;
    *member = (http_span){(uint32_t)begin, (uint32_t)(end - begin)};
    return 1;
}

static int member_is(const char *value, http_span member, const char *name)
{
    return member.len == strlen(name) && same(value + member.at, name, member.len);
}

/* RFC 9112 3.2: two Host fields, or one that is no authority, are 400 in any version. The
 * authority of the target goes before it (RFC 9112 3.2.2). */
static int host(http_head *h, const char *value, const http_field *f)
{
    if (h->known[HTTP_HOST] || http_authority_check(value, f->value_len, NULL) < 0)
        return -400;
    if (h->form != HTTP_ABSOLUTE && h->form != HTTP_AUTHORITY)
        h->authority = (http_span){f->value, f->value_len};
    return 0;
}

/* RFC 9110 8.6: digits. A second field is refused even with the same value, as is a list; with
 * Transfer-Encoding it is an attack (RFC 9112 6.1). */
static int content_length(http_head *h, const char *value, size_t len)
{
    if (h->has_length || h->known[HTTP_TRANSFER_ENCODING] || len == 0)
        return -400;
    for (size_t i = 0; i < len; i++) {
        if (value[i] < '0' || value[i] > '9')
            return -400;
        h->content_length = h->content_length * 10 + (uint64_t)(value[i] - '0');
        if (h->content_length >= HTTP_LENGTH_LIMIT)
            return -400;
    }
    h->has_length = 1;
    return 0;
}

/* RFC 9112 6.1, 6.3: only "chunked" tells where a request ends, so it must be last, and once.
 * Codings before it are 501, we know none. In HTTP/1.0 its framing is not to be believed. */
static int transfer_encoding(http_head *h, const char *value, size_t len)
{
    if (h->minor == 0 || h->has_length || h->known[HTTP_TRANSFER_ENCODING])
        return -400;
    size_t at = 0;
    int others = 0;
    for (http_span m; next_member(value, len, &at, &m);) {
        if (h->chunked || m.len == 0)
            return -400;
        if (scan_class(value, m.at, m.at + m.len, IS_TOKEN) != m.at + m.len)
            return -400;
        if (member_is(value, m, "chunked"))
            h->chunked = 1;
        else
            others = 1;
    }
    if (!h->chunked)
        return -400;
    return others ? -501 : 0;
}

/* RFC 9110 7.6.1; members we do not know are options of no concern to us. */
static int connection(http_head *h, const char *value, size_t len)
{
    size_t at = 0;
    for (http_span m; next_member(value, len, &at, &m);) {
        if (member_is(value, m, "close"))
            h->options |= CLOSE;
        else if (member_is(value, m, "keep-alive"))
            h->options |= KEEP_ALIVE;
        else if (member_is(value, m, "upgrade"))
            h->options |= UPGRADE;
    }
    return 0;
}

/* RFC 9110 10.1.1: 100-continue, ignored in HTTP/1.0; we meet no other expectation. */
static int expect(http_head *h, const char *value, size_t len)
{
    size_t at = 0;
    for (http_span m; next_member(value, len, &at, &m);) {
        if (member_is(value, m, "100-continue"))
            h->expect_continue = h->minor > 0;
        else if (m.len > 0)
            return -417;
    }
    return 0;
}

static int apply(http_head *h, const char *data, const http_field *f)
{
    const char *value = data + f->value;
    switch (f->id) {
    case HTTP_HOST: return host(h, value, f);
    case HTTP_CONTENT_LENGTH: return content_length(h, value, f->value_len);
    case HTTP_TRANSFER_ENCODING: return transfer_encoding(h, value, f->value_len);
    case HTTP_CONNECTION: return connection(h, value, f->value_len);
    case HTTP_EXPECT: return expect(h, value, f->value_len);
    default: return 0;
    }
}

/* Takes the line in fields[count]: names it, applies it, counts it. */
int http_field_apply(http_head *h, const char *data, http_field *f)
{
    f->id = (uint16_t)field_id(data + f->name, f->name_len);
    if (h->trailers && f->id != HTTP_UNKNOWN)
        return 0; /* not counted: the next line overwrites it */
    if (f->id != HTTP_UNKNOWN) {
        int r = apply(h, data, f);
        if (r < 0)
            return r;
        if (!h->known[f->id])
            h->known[f->id] = (uint16_t)(h->count + 1);
    }
    h->count++;
    return 0;
}

/* RFC 9112 3.2: HTTP/1.1 needs a Host. RFC 9112 9.3: it persists unless told to close, HTTP/1.0
 * only when asked to. RFC 9110 7.8: Upgrade is ignored in HTTP/1.0. */
int http_head_finish(http_head *h)
{
    if (h->minor > 0 && !h->known[HTTP_HOST])
        return -400;
    h->keep_alive = !(h->options & CLOSE) && (h->minor > 0 || (h->options & KEEP_ALIVE));
    h->upgrade = h->minor > 0 && h->known[HTTP_UPGRADE] && (h->options & UPGRADE);
    return 0;
}
