/* parser.c -- the head of a request: request line and fields, as parser.h says.
 *
 * A machine with one state for each element of the grammar. A step takes what it can of its
 * element, sets the next state and returns NEXT; or MORE, when the bytes end inside; or a negative
 * status. Where it stopped is in h->at and where its element began in h, so that no step looks at
 * a byte twice. What field lines mean is in fields.c, the target in target.c.
 */
#include "parser.h"

#include <assert.h>
#include <limits.h>
#include <string.h>

#include "scan.h"
#include "target.h"

enum { MORE, NEXT };

enum state {
    START,
    EMPTY_LF,
    METHOD,
    TARGET,
    VERSION,
    LINE_LF,
    FIELD,
    NAME,
    SPACE,
    VALUE,
    VALUE_LF,
    END_LF,
    DONE,
    FAILED
};

typedef struct input {
    const char *data;
    size_t at, end;
} input;

static int expect_lf(http_head *h, input *in, enum state next)
{
    if (in->at == in->end)
        return MORE;
    if (in->data[in->at] != '\n')
        return -400;
    in->at++;
    h->state = (uint8_t)next;
    return NEXT;
}

/* Empty lines before a request come from clients that end a body with an uncounted CRLF; one is
 * let pass (RFC 9112 2.2), an endless row of them is no request. */
static int start(http_head *h, input *in)
{
    if (in->at == in->end)
        return MORE;
    if (in->data[in->at] != '\r') {
        h->method.at = (uint32_t)in->at;
        h->state = METHOD;
        return NEXT;
    }
    if (h->empty_lines == HTTP_EMPTY_LINES)
        return -400;
    h->empty_lines++;
    in->at++;
    h->state = EMPTY_LF;
    return NEXT;
}

static int method_id(const char *name, size_t len)
{
    static const char *const names[HTTP_METHODS] = {
        "", "GET", "PUT", "HEAD", "POST", "PATCH", "TRACE", "DELETE", "CONNECT", "OPTIONS"};
    for (int id = HTTP_GET; id < HTTP_METHODS; id++)
        if (names[id][0] == name[0] && strlen(names[id]) == len && !memcmp(names[id], name, len))
            return id;
    return HTTP_OTHER;
}

/* A token, then exactly one space (RFC 9112 3.1); longer than any we know is 501 (RFC 9112 3). */
static int method(http_head *h, input *in)
{
    in->at = scan_class(in->data, in->at, in->end, IS_TOKEN);
    size_t len = in->at - h->method.at;
    if (len > HTTP_METHOD_LIMIT)
        return -501;
    if (in->at == in->end)
        return MORE;
    if (len == 0 || in->data[in->at] != ' ')
        return -400;
    h->method.len = (uint32_t)len;
    h->method_id = (uint8_t)method_id(in->data + h->method.at, len);
    h->target.at = (uint32_t)++in->at;
    h->state = TARGET;
    return NEXT;
}

static int target(http_head *h, input *in)
{
    in->at = scan_target(in->data, in->at, in->end);
    size_t len = in->at - h->target.at;
    if (len > h->limits.target)
        return -414;
    if (in->at == in->end)
        return MORE;
    if (in->data[in->at] != ' ')
        return -400;
    int form = http_target_form(h->method_id, in->data + h->target.at, len, &h->authority);
    if (form < 0)
        return form;
    h->form = (uint8_t)form;
    h->target.len = (uint32_t)len;
    h->authority.at += h->target.at;
    in->at++;
    h->state = VERSION;
    return NEXT;
}

/* "HTTP/1." and a digit, in upper case (RFC 9112 2.3). Another major version is 505; another minor
 * one is treated as 1.1, the highest we know (RFC 9110 2.5). */
static int version(http_head *h, input *in)
{
    static const char text[] = "HTTP/";
    size_t begin = (size_t)h->target.at + h->target.len + 1;
    for (; in->at < in->end; in->at++) {
        char c = in->data[in->at];
        size_t i = in->at - begin;
        int digit = c >= '0' && c <= '9';
        if (i == 8) {
            if (c != '\r')
                return -400;
            in->at++;
            h->state = LINE_LF;
            return NEXT;
        }
        if (i < 5 ? c != text[i] : i == 6 ? c != '.' : !digit)
            return -400;
        if (i == 7 && in->data[in->at - 2] != '1')
            return -505;
        if (i == 7)
            h->minor = (uint8_t)(c - '0');
    }
    return MORE;
}

/* The beginning of a line: a field or the end. A line that begins with white space would be the
 * continuation of the last one (obs-fold, RFC 9112 5.2): no token begins so, and NAME refuses. */
static int field(http_head *h, input *in)
{
    if (in->at == in->end)
        return MORE;
    if (in->data[in->at] == '\r') {
        in->at++;
        h->state = END_LF;
        return NEXT;
    }
    if (h->count == h->limits.fields)
        return -431;
    h->fields[h->count].name = (uint32_t)in->at;
    h->state = NAME;
    return NEXT;
}

/* A token and ":" right after it (RFC 9112 5.1). */
static int name(http_head *h, input *in)
{
    http_field *f = &h->fields[h->count];
    in->at = scan_token(in->data, in->at, in->end);
    size_t len = in->at - f->name;
    if (len > UINT16_MAX)
        return -431;
    if (in->at == in->end)
        return MORE;
    if (len == 0 || in->data[in->at] != ':')
        return -400;
    f->name_len = (uint16_t)len;
    in->at++;
    h->state = SPACE;
    return NEXT;
}

static int space(http_head *h, input *in)
{
    while (in->at < in->end && (in->data[in->at] == ' ' || in->data[in->at] == '\t'))
        in->at++;
    if (in->at == in->end)
        return MORE;
    h->fields[h->count].value = (uint32_t)in->at;
    h->state = VALUE;
    return NEXT;
}

/* Everything to the CR, without the white space at its end (RFC 9112 5.1). */
static int value(http_head *h, input *in)
{
    http_field *f = &h->fields[h->count];
    in->at = scan_value(in->data, in->at, in->end);
    if (in->at == in->end)
        return MORE;
    if (in->data[in->at] != '\r')
        return -400;
    size_t end = in->at++;
    while (end > f->value && (in->data[end - 1] == ' ' || in->data[end - 1] == '\t'))
        end--;
    f->value_len = (uint32_t)(end - f->value);
    h->state = VALUE_LF;
    return NEXT;
}

static int value_lf(http_head *h, input *in)
{
    int r = expect_lf(h, in, FIELD);
    if (r != NEXT)
        return r;
    r = http_field_apply(h, in->data, &h->fields[h->count]);
    return r < 0 ? r : NEXT;
}

static int end_lf(http_head *h, input *in)
{
    int r = expect_lf(h, in, DONE);
    if (r != NEXT)
        return r;
    r = h->trailers ? 0 : http_head_finish(h);
    return r < 0 ? r : NEXT;
}

/* Runs the machine until it is done, fails or lacks bytes. The states stand in the order in which
 * bytes meet them, and each falls through to the next. */
static int run(http_head *h, input *in)
{
#define STEP(call)                                                                                 \
    if ((r = (call)) != NEXT)                                                                      \
    return r
    int r;
    for (;;) {
        switch (h->state) {
        case START: STEP(start(h, in)); break;
        case EMPTY_LF: STEP(expect_lf(h, in, START)); break;
        case METHOD: STEP(method(h, in));            /* fall through */
        case TARGET: STEP(target(h, in));            /* fall through */
        case VERSION: STEP(version(h, in));          /* fall through */
        case LINE_LF: STEP(expect_lf(h, in, FIELD)); /* fall through */
        case FIELD:
            STEP(field(h, in));
            if (h->state != NAME)
                break;
            /* fall through */
        case NAME: STEP(name(h, in));   /* fall through */
        case SPACE: STEP(space(h, in)); /* fall through */
        case VALUE: STEP(value(h, in)); /* fall through */
        case VALUE_LF: STEP(value_lf(h, in)); break;
        case END_LF: STEP(end_lf(h, in)); return (int)in->at;
        case DONE: return (int)in->at;
        default: return h->status;
        }
    }
#undef STEP
}

int http_head_parse(http_head *h, const char *data, size_t len)
{
    assert(len >= h->at);
    /* Past the limit nothing is looked at, so that the verdict is the same however bytes come. */
    size_t end = len < h->limits.head ? len : h->limits.head;
    input in = {data, h->at, end};
    int r = run(h, &in);
    if (r == MORE && end == h->limits.head)
        r = h->state == TARGET ? -414 : -431;
    h->at = (uint32_t)in.at;
    if (r < 0) {
        h->state = FAILED;
        h->status = (int16_t)r;
    }
    return r;
}

int http_head_begun(const http_head *h)
{
    return h->state > EMPTY_LF;
}

void http_head_init(http_head *h, http_field *fields, const http_limits *limits)
{
    assert(limits->head > 0 && limits->head <= INT_MAX);
    memset(h, 0, sizeof *h);
    h->fields = fields;
    h->limits = *limits;
}

void http_trailers_init(http_head *h, http_field *fields, const http_limits *limits)
{
    http_head_init(h, fields, limits);
    h->trailers = 1;
    h->state = FIELD;
}
