/* target.c -- the request target: see target.h. */
#include "target.h"

#include <string.h>

#include "scan.h"

/* -- form -- */

/* The end of a host that is an IPv6 address in brackets (RFC 3986 3.2.2), or -1. Whether the
 * address is right is for who connects to it; here it cannot hold anything else. */
static int literal_end(const char *value, size_t len)
{
    size_t i = 1, colons = 0;
    while (i < len && (hex_value(value[i]) >= 0 || value[i] == ':' || value[i] == '.'))
        colons += value[i++] == ':';
    return i < len && value[i] == ']' && colons >= 2 ? (int)i + 1 : -1;
}

/* The end of a registered name or IPv4 address: unreserved, sub-delims, escapes. */
static int name_end(const char *value, size_t len)
{
    size_t i = 0;
    for (;;) {
        i = scan_class(value, i, len, IS_HOST);
        if (i == len || value[i] != '%')
            return (int)i;
        if (len - i < 3 || hex_value(value[i + 1]) < 0 || hex_value(value[i + 2]) < 0)
            return -1;
        i += 3;
    }
}

/* Digits up to 65535; no digit at all is no port (RFC 3986 3.2.3). -2 if neither. */
static int port_value(const char *digits, size_t len)
{
    int port = len > 0 ? 0 : -1;
    for (size_t i = 0; i < len; i++) {
        if (digits[i] < '0' || digits[i] > '9')
            return -2;
        port = port * 10 + (digits[i] - '0');
        if (port > 65535)
            return -2;
    }
    return port;
}

int http_authority_check(const char *value, size_t len, int *port)
{
    int number = -1;
    int end = len > 0 && value[0] == '[' ? literal_end(value, len) : name_end(value, len);
    if (end < 0)
        return -1;
    size_t host = (size_t)end;
    if (host < len) {
        if (value[host] != ':')
            return -1;
        number = port_value(value + host + 1, len - host - 1);
        if (number < -1)
            return -1;
    }
    if (port)
        *port = number;
    return end;
}

/* RFC 9112 3.2.3: host and port, neither left out. */
static int authority_form(const char *target, size_t len, http_span *authority)
{
    int port;
    if (http_authority_check(target, len, &port) <= 0 || port < 0)
        return -400;
    *authority = (http_span){0, (uint32_t)len};
    return HTTP_AUTHORITY;
}

/* RFC 3986 3.1; of these only letters, which are above the others, may come first. */
static int is_scheme(char c)
{
    char letter = (char)(c | 0x20);
    return (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
           c == '.';
}

/* RFC 9112 3.2.2: scheme "://" authority, then path and query. A host must be there, user
 * information must not (RFC 9110 4.2.1, 4.2.4). */
static int absolute_form(const char *target, size_t len, http_span *authority)
{
    size_t i = 0;
    while (i < len && is_scheme(target[i]))
        i++;
    if (i == 0 || target[0] < 'A' || len - i < 3 || memcmp(target + i, "://", 3) != 0)
        return -400;
    size_t begin = i + 3, end = begin;
    while (end < len && target[end] != '/' && target[end] != '?')
        end++;
    if (http_authority_check(target + begin, end - begin, NULL) <= 0)
        return -400;
    *authority = (http_span){(uint32_t)begin, (uint32_t)(end - begin)};
    return HTTP_ABSOLUTE;
}

int http_target_form(int method, const char *target, size_t len, http_span *authority)
{
    *authority = (http_span){0, 0};
    if (method == HTTP_CONNECT)
        return authority_form(target, len, authority);
    if (len == 0)
        return -400;
    if (target[0] == '/')
        return HTTP_ORIGIN;
    if (target[0] == '*' && len == 1)
        return method == HTTP_OPTIONS ? HTTP_ASTERISK : -400;
    return absolute_form(target, len, authority);
}

int http_target_split(int form, const char *target, size_t len, http_span *path, http_span *query)
{
    *path = *query = (http_span){0, 0};
    if (form != HTTP_ORIGIN && form != HTTP_ABSOLUTE)
        return 0;
    size_t begin = 0;
    if (form == HTTP_ABSOLUTE) {
        const char *colon = memchr(target, ':', len);
        begin = (size_t)(colon - target) + 3;
        while (begin < len && target[begin] != '/' && target[begin] != '?')
            begin++;
    }
    const char *mark = memchr(target + begin, '?', len - begin);
    size_t end = mark ? (size_t)(mark - target) : len;
    *path = (http_span){(uint32_t)begin, (uint32_t)(end - begin)};
    if (mark)
        *query = (http_span){(uint32_t)end + 1, (uint32_t)(len - end - 1)};
    return mark != NULL;
}

/* -- path -- */

/* The byte an escape at text stands for, or -1. */
static int escape(const char *text, size_t len)
{
    if (len < 3)
        return -1;
    int high = hex_value(text[1]), low = hex_value(text[2]);
    return high < 0 || low < 0 ? -1 : high << 4 | low;
}

/* A segment has ended: out[0, len) ends with it. If it is "." or "..", returns the length without
 * it, and for ".." without the one before it (RFC 3986 5.2.4); what is left ends with "/". */
static size_t remove_dots(const char *out, size_t len)
{
    if (out[len - 1] != '.')
        return len;
    if (out[len - 2] == '/')
        return len - 1;
    if (out[len - 2] != '.' || out[len - 3] != '/')
        return len;
    len -= 3;
    while (len > 0 && out[len - 1] != '/')
        len--;
    return len > 0 ? len : 1;
}

/* Every "/" written ends a segment; out[0] is one, so looking back stops there. */
int http_path_decode(const char *path, size_t len, char *out, int *slashes)
{
    size_t n = 0;
    int left = 0;
    if (len > 0 && path[0] != '/')
        return -400;
    for (size_t i = 0; i < len; i++) {
        int c = (uint8_t)path[i];
        if (c == '/') {
            size_t kept = n > 0 ? remove_dots(out, n) : 0;
            int dots = kept < n;
            n = kept;
            if (!dots)
                out[n++] = '/';
            continue;
        }
        if (c == '%') {
            c = escape(path + i, len - i);
            i += 2;
        }
        if (c <= 0) /* no escape, or NUL */
            return -400;
        if (c == '/' || c == '%') { /* escaped: see target.h */
            memcpy(out + n, c == '/' ? "%2F" : "%25", 3);
            n += 3;
            left |= c == '/';
            continue;
        }
        out[n++] = (char)c;
    }
    if (n == 0)
        out[n++] = '/';
    n = n > 1 ? remove_dots(out, n) : n;
    if (slashes)
        *slashes = left;
    return (int)n;
}

/* -- query -- */

/* Decodes text into out; returns the length. */
static size_t form_decode(const char *text, size_t len, char *out)
{
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        int c = text[i] == '+' ? ' ' : text[i];
        int decoded = c == '%' ? escape(text + i, len - i) : -1;
        if (decoded >= 0) {
            c = decoded;
            i += 2;
        }
        out[n++] = (char)c;
    }
    return n;
}

int http_query_next(const char *query, size_t len, size_t *at, char *out, http_pair *pair)
{
    while (*at < len && query[*at] == '&')
        (*at)++;
    if (*at >= len)
        return 0;
    const char *begin = query + *at;
    const char *stop = memchr(begin, '&', len - *at);
    size_t size = stop ? (size_t)(stop - begin) : len - *at;
    const char *equals = memchr(begin, '=', size);
    size_t key = equals ? (size_t)(equals - begin) : size;
    *at += size + (stop != NULL);

    size_t n = form_decode(begin, key, out);
    pair->key = (http_span){0, (uint32_t)n};
    pair->value = (http_span){(uint32_t)n, 0};
    pair->has_value = equals != NULL;
    if (equals)
        pair->value.len = (uint32_t)form_decode(equals + 1, size - key - 1, out + n);
    return 1;
}
