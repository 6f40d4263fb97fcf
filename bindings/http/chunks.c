/* chunks.c -- the chunked transfer coding (RFC 9112 7.1), decoded in place.
 *
 *   chunk = chunk-size [ chunk-ext ] CRLF chunk-data CRLF ; the last has size 0 and no data,
 *   and after it come trailer fields and an empty line
 *
 * One byte of state; body bytes are passed by in spans, all others one by one. Extensions and
 * trailers are held to their grammar although nothing reads them: a byte that two readers may see
 * differently (a bare LF, a CR in an extension) is what smuggling is made of.
 */
#include <string.h>

#include "parser.h"
#include "scan.h"

enum state {
    SIZE,      /* hexadecimal digits */
    EXT_SPACE, /* white space that must lead to ";" */
    EXT_BEGIN, /* after ";": white space, then the name */
    EXT_NAME,
    EXT_NAMED,  /* after a name and white space: "=" or ";" */
    EXT_EQUALS, /* after "=": white space, then the value */
    EXT_TOKEN,
    EXT_QUOTED,
    EXT_ESCAPE, /* after "\" */
    EXT_VALUED, /* after the closing quote */
    SIZE_LF,
    DATA,
    DATA_CR,
    DATA_LF,
    LINE, /* of the trailer section, from here on */
    NAME,
    VALUE,
    VALUE_LF,
    END_LF,
    DONE,
    FAILED
};

static int go(http_chunks *c, enum state state)
{
    c->state = (uint8_t)state;
    return 0;
}

static int is_space(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* 1*HEXDIG without "0x" or sign; 16 digits cannot overflow, and the limit is far below. */
static int size(http_chunks *c, char byte)
{
    int digit = hex_value(byte);
    if (digit >= 0) {
        c->left = c->left << 4 | (uint64_t)digit;
        return ++c->digits > 16 || c->left >= HTTP_LENGTH_LIMIT ? -400 : 0;
    }
    if (c->digits == 0)
        return -400;
    switch (byte) {
    case '\r': return go(c, SIZE_LF);
    case ';': return go(c, EXT_BEGIN);
    case ' ':
    case '\t': return go(c, EXT_SPACE);
    default: return -400;
    }
}

/* What may follow a complete extension: the next, the end of the line, or white space that only
 * another extension may follow (RFC 9112 7.1.1: BWS stands before ";" and around "="). */
static int extension_end(http_chunks *c, char byte)
{
    switch (byte) {
    case ';': return go(c, EXT_BEGIN);
    case '\r': return go(c, SIZE_LF);
    case ' ':
    case '\t': return go(c, EXT_SPACE);
    default: return -400;
    }
}

static int extension_name(http_chunks *c, char byte)
{
    if (is(byte, IS_TOKEN))
        return 0;
    if (byte == '=')
        return go(c, EXT_EQUALS);
    return is_space(byte) ? go(c, EXT_NAMED) : extension_end(c, byte);
}

/* quoted-string (RFC 9110 5.6.4): any field character, a quote only after a backslash. */
static int extension_quoted(http_chunks *c, char byte)
{
    if (byte == '"')
        return go(c, EXT_VALUED);
    if (byte == '\\')
        return go(c, EXT_ESCAPE);
    return is(byte, IS_VALUE) ? 0 : -400;
}

static int extension(http_chunks *c, char byte)
{
    /* The CR that ends the line counts too: not worth a branch. */
    if (++c->extension > HTTP_EXTENSION_LIMIT || ++c->extensions > HTTP_EXTENSIONS_LIMIT)
        return -400;
    switch (c->state) {
    case EXT_SPACE:
        if (byte == ';')
            return go(c, EXT_BEGIN);
        return is_space(byte) ? 0 : -400;
    case EXT_BEGIN:
        if (is(byte, IS_TOKEN))
            return go(c, EXT_NAME);
        return is_space(byte) ? 0 : -400;
    case EXT_NAME: return extension_name(c, byte);
    case EXT_NAMED:
        if (byte == '=' || byte == ';')
            return go(c, byte == '=' ? EXT_EQUALS : EXT_BEGIN);
        return is_space(byte) ? 0 : -400;
    case EXT_EQUALS:
        if (byte == '"' || is(byte, IS_TOKEN))
            return go(c, byte == '"' ? EXT_QUOTED : EXT_TOKEN);
        return is_space(byte) ? 0 : -400;
    case EXT_TOKEN: return is(byte, IS_TOKEN) ? 0 : extension_end(c, byte);
    case EXT_QUOTED: return extension_quoted(c, byte);
    case EXT_ESCAPE: return is(byte, IS_VALUE) ? go(c, EXT_QUOTED) : -400;
    default: return extension_end(c, byte);
    }
}

/* Field lines, as in the head: a name and ":", then text to the CRLF; an empty line ends them. */
static int trailer(http_chunks *c, char byte)
{
    if (++c->trailers > HTTP_TRAILERS_LIMIT)
        return -431;
    switch (c->state) {
    case LINE:
        if (byte == '\r')
            return go(c, END_LF);
        return is(byte, IS_TOKEN) ? go(c, NAME) : -400;
    case NAME:
        if (byte == ':')
            return go(c, VALUE);
        return is(byte, IS_TOKEN) ? 0 : -400;
    case VALUE:
        if (byte == '\r')
            return go(c, VALUE_LF);
        return is(byte, IS_VALUE) ? 0 : -400;
    case VALUE_LF: return byte == '\n' ? go(c, LINE) : -400;
    default: return byte == '\n' ? go(c, DONE) : -400;
    }
}

static int step(http_chunks *c, char byte)
{
    switch (c->state) {
    case SIZE: return size(c, byte);
    case SIZE_LF: return byte == '\n' ? go(c, c->left > 0 ? DATA : LINE) : -400;
    case DATA_CR: return byte == '\r' ? go(c, DATA_LF) : -400;
    case DATA_LF:
        c->digits = 0;
        c->extension = 0;
        return byte == '\n' ? go(c, SIZE) : -400;
    default: return c->state < SIZE_LF ? extension(c, byte) : trailer(c, byte);
    }
}

/* Passes by what there is of this chunk's data. */
static int data_span(http_chunks *c, size_t at, size_t len, http_chunk *out)
{
    size_t n = len - at < c->left ? len - at : (size_t)c->left;
    *out = (http_chunk){.used = at + n, .at = at, .len = n};
    c->left -= n;
    if (c->left == 0)
        go(c, DATA_CR);
    return HTTP_CHUNK_DATA;
}

static int fail(http_chunks *c, int status)
{
    c->status = (int16_t)status;
    go(c, FAILED);
    return status;
}

int http_chunks_next(http_chunks *c, const char *data, size_t len, http_chunk *out)
{
    size_t at = 0, trailers = c->state < LINE ? SIZE_MAX : 0;
    *out = (http_chunk){0, 0, 0};
    if (c->state == FAILED)
        return c->status;
    while (at < len && c->state != DONE) {
        if (c->state == DATA)
            return data_span(c, at, len, out);
        int r = step(c, data[at]);
        if (r < 0)
            return fail(c, r);
        at++;
        if (c->state == LINE && trailers == SIZE_MAX)
            trailers = at;
    }
    out->used = at;
    if (trailers != SIZE_MAX)
        *out = (http_chunk){.used = at, .at = trailers, .len = at - trailers};
    return c->state == DONE ? HTTP_CHUNK_END : HTTP_CHUNK_MORE;
}

void http_chunks_init(http_chunks *c)
{
    memset(c, 0, sizeof *c);
}
