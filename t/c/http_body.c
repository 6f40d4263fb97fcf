/* http_body.c -- chunked bodies, trailers, paths and queries. Prints TAP; t/10-http-parser.t runs
 * it. */
#define _GNU_SOURCE
#include "../../bindings/http/parser.h"
#include "../../bindings/http/target.h"

#include "http_test.h"

enum { TEXT = 70000 };

/* -- chunks -- */

typedef struct outcome {
    int status; /* the last one */
    size_t used, body_len, trailer_len;
    char body[TEXT], trailer[TEXT];
} outcome;

/* Decodes data cut after `first` bytes and then every `step`. */
static void decode(const char *data, size_t len, size_t first, size_t step, outcome *o)
{
    http_chunks c;
    size_t end = first;
    http_chunks_init(&c);
    o->used = o->body_len = o->trailer_len = 0;
    for (;;) {
        http_chunk out;
        const char *copy = guarded(data + o->used, end - o->used);
        o->status = http_chunks_next(&c, copy, end - o->used, &out);
        if (o->status < 0) {
            if (http_chunks_next(&c, "0", 1, &out) != o->status)
                o->status = 1; /* an error is for good */
            return;
        }
        o->used += out.used;
        char *to = o->status == HTTP_CHUNK_DATA ? o->body : o->trailer;
        size_t *n = o->status == HTTP_CHUNK_DATA ? &o->body_len : &o->trailer_len;
        memcpy(to + *n, copy + out.at, out.len);
        *n += out.len;
        if (o->status == HTTP_CHUNK_END || (o->status == HTTP_CHUNK_MORE && end == len))
            return;
        if (o->status == HTTP_CHUNK_MORE)
            end = end + step < len ? end + step : len;
    }
}

static int agree(const outcome *a, const outcome *b)
{
    if (a->status != b->status || (a->status >= 0 && a->used != b->used))
        return 0;
    return a->body_len == b->body_len && !memcmp(a->body, b->body, a->body_len) &&
           (a->status < 0 ||
            (a->trailer_len == b->trailer_len && !memcmp(a->trailer, b->trailer, a->trailer_len)));
}

/* Decodes data in every way of cutting it once, and byte by byte; whether all agree. */
static int decode_all(const char *data, size_t len, outcome *whole)
{
    static outcome other;
    decode(data, len, len, len, whole);
    decode(data, len, 0, 1, &other);
    int same = agree(whole, &other);
    for (size_t cut = 0; cut <= len && same; cut++) {
        decode(data, len, cut, len, &other);
        same = agree(whole, &other);
    }
    return same;
}

static const struct {
    const char *data, *body, *trailer, *rest;
} bodies[] = {
    {"0\r\n\r\n", "", "\r\n", ""},
    {"5\r\nhello\r\n0\r\n\r\nGET /", "hello", "\r\n", "GET /"},
    {"1\r\na\r\n00A\r\n\r\n0\r\n\r\n789\r\n000\r\n\r\n", "a\r\n0\r\n\r\n789", "\r\n", ""},
    {"f\r\n0123456789abcde\r\n0\r\n\r\n", "0123456789abcde", "\r\n", ""},
    {"1;a\r\nx\r\n0;b=c;d=\"e;\r\\\"f\"\r\n\r\n", NULL, NULL, NULL},
    {"1;a\r\nx\r\n0;b=c;d=\"e; \t\\\"f\";g\r\n\r\n", "x", "\r\n", ""},
    {"1 ;\ta \t= \"\" ; b\r\nx\r\n0\r\n\r\n", "x", "\r\n", ""},
    {"1\r\nx\r\n0\r\nA: b\r\nC:\r\n\r\nrest", "x", "A: b\r\nC:\r\n\r\n", "rest"},
    {"0000000000000001\r\nx\r\n0\r\n\r\n", "x", "\r\n", ""},
};

static void test_bodies(void)
{
    static outcome o;
    for (size_t i = 0; i < LENGTH(bodies); i++) {
        const char *data = bodies[i].data, *body = bodies[i].body;
        int same = decode_all(data, strlen(data), &o);
        if (!body) {
            check(same && o.status == -400, "refuses body: %s", data);
            continue;
        }
        check(same && o.status == HTTP_CHUNK_END && o.body_len == strlen(body) &&
                  !memcmp(o.body, body, o.body_len) && o.trailer_len == strlen(bodies[i].trailer) &&
                  !memcmp(o.trailer, bodies[i].trailer, o.trailer_len) &&
                  strcmp(data + o.used, bodies[i].rest) == 0,
              "decodes: %s", data);
    }
}

#define BAD(text)                                                                                  \
    {                                                                                              \
        text, sizeof text - 1                                                                      \
    }

/* Each is refused at its last byte, not before. */
static const struct {
    const char *data;
    size_t len;
} bad[] = {
    BAD("\r"),
    BAD("\n"),
    BAD(" "),
    BAD(";"),
    BAD("g"),
    BAD("-"),
    BAD("+"),
    BAD("0x"),
    BAD("\0"),
    BAD("5\n"),
    BAD("5\rx"),
    BAD("5\r\r"),
    BAD("5 \r"),
    BAD("5\t\r"),
    BAD("5 5"),
    BAD("5,"),
    BAD("20000000000000"),
    BAD("ffffffffffffff"),
    BAD("00000000000000000"),
    BAD("5\x80"),
    BAD("5;\r"),
    BAD("5;="),
    BAD("5;;"),
    BAD("5;a\n"),
    BAD("5;a \r"),
    BAD("5;a=\r"),
    BAD("5;a= ;"),
    BAD("5;a=b\n"),
    BAD("5;a=b c"),
    BAD("5;a=b="),
    BAD("5;a=\"\n"),
    BAD("5;a=\"\r"),
    BAD("5;a=\"\0"),
    BAD("5;a=\"\\\r"),
    BAD("5;a=\"\"b"),
    BAD("5;a\0"),
    BAD("5;a b"),
    BAD("5\r\nhello\n"),
    BAD("5\r\nhellox"),
    BAD("5\r\nhello\rx"),
    BAD("5\r\nhello0"),
    BAD("5\r\nhello\r\n\r"),
    BAD("0\r\n\n"),
    BAD("0\r\n\rx"),
    BAD("0\r\n "),
    BAD("0\r\n:"),
    BAD("0\r\nA "),
    BAD("0\r\nA\r"),
    BAD("0\r\nA: b\n"),
    BAD("0\r\nA: b\rx"),
    BAD("0\r\nA: \0"),
    BAD("0\r\nA: b\r\n "),
    BAD("0\r\nA: b\r\n\n"),
    BAD("0\r\nG/"),
};

static void test_bad(void)
{
    static outcome o, before;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        decode(bad[i].data, bad[i].len - 1, 0, 1, &before);
        check(decode_all(bad[i].data, bad[i].len, &o) && o.status == -400 &&
                  before.status == HTTP_CHUNK_MORE,
              "refuses: %s", bad[i].data);
    }
}

/* The status of `begin`, n times `unit`, `end`; -1 if it depends on how they come. */
static int repeated(const char *begin, const char *unit, int n, const char *end)
{
    static char data[TEXT];
    static outcome whole, bytes;
    char *to = stpcpy(data, begin);
    while (n-- > 0)
        to = stpcpy(to, unit);
    to = stpcpy(to, end);
    decode(data, (size_t)(to - data), (size_t)(to - data), 1, &whole);
    decode(data, (size_t)(to - data), 0, 1, &bytes);
    return agree(&whole, &bytes) ? whole.status : -1;
}

static void test_limits(void)
{
    int each = HTTP_EXTENSION_LIMIT, all = HTTP_EXTENSIONS_LIMIT / 8, rest = HTTP_TRAILERS_LIMIT;
    check(repeated("0;", "a", each - 1, "\r\n\r\n") == HTTP_CHUNK_END, "an extension at its limit");
    check(repeated("0;", "a", each, "\r\n\r\n") == -400, "over it");
    check(repeated("", "1;abcdefg\r\nx\r\n", all, "0\r\n\r\n") == HTTP_CHUNK_END,
          "all extensions at their limit");
    check(repeated("", "1;abcdefg\r\nx\r\n", all, "0;a\r\n\r\n") == -400, "over it");
    check(repeated("0\r\nA:", "b", rest - 6, "\r\n\r\n") == HTTP_CHUNK_END,
          "trailers at their limit");
    check(repeated("0\r\nA:", "b", rest - 5, "\r\n\r\n") == -431, "over it is 431");
    check(repeated("1fffffffffffff\r\n", "x", 9, "") == HTTP_CHUNK_MORE,
          "the largest chunk begins");
    check(repeated("", "1\r\nx\r\n", 4000, "0\r\n\r\n") == HTTP_CHUNK_END, "many small chunks");
}

static void test_trailers(void)
{
    static const char data[] = "Digest: a\r\nContent-Length: x\r\nHost: b\r\nDigest: c\r\n\r\nGET";
    http_field fields[4];
    http_head h;
    http_trailers_init(&h, fields, &(http_limits){256, 1, 4});
    check(http_head_parse(&h, data, sizeof data - 1) == (int)sizeof data - 4,
          "trailers are parsed");
    check(h.count == 2 && http_head_find(&h, data, "digest", 6, 1) == 1 && !h.has_length &&
              !http_head_get(&h, HTTP_HOST),
          "and what concerns framing or routing is dropped");
    http_trailers_init(&h, fields, &(http_limits){256, 1, 4});
    check(http_head_parse(&h, "\r\n", 2) == 2 && h.count == 0, "an empty section is one");
    http_trailers_init(&h, fields, &(http_limits){256, 1, 4});
    check(http_head_parse(&h, "A : b\r\n\r\n", 9) == -400, "they are as strict as the head");
}

/* -- target -- */

static const struct {
    const char *path, *decoded; /* NULL: refused */
    int slashes;
} paths[] = {
    {"", "/", 0},
    {"/", "/", 0},
    {"/a", "/a", 0},
    {"/a/", "/a/", 0},
    {"//", "//", 0},
    {"//a//b//", "//a//b//", 0},
    {"/.", "/", 0},
    {"/..", "/", 0},
    {"/./", "/", 0},
    {"/../", "/", 0},
    {"/../../../a", "/a", 0},
    {"/a/.", "/a/", 0},
    {"/a/..", "/", 0},
    {"/a/../", "/", 0},
    {"/a/./b", "/a/b", 0},
    {"/a/b/../c", "/a/c", 0},
    {"/a/b/c/./../../g", "/a/g", 0},
    {"/a//../b", "/a/b", 0},
    {"//..", "/", 0},
    {"//../a", "/a", 0},
    {"/...", "/...", 0},
    {"/.a", "/.a", 0},
    {"/a.", "/a.", 0},
    {"/a..", "/a..", 0},
    {"/..a/..", "/", 0},
    {"/%2e", "/", 0},
    {"/a/%2E%2e/b", "/b", 0},
    {"/a/.%2e/b", "/b", 0},
    {"/%2e%2e/%2e%2e/etc", "/etc", 0},
    {"/a%20b+c", "/a b+c", 0},
    {"/%41%7a%C3%A4", "/Az\xc3\xa4", 0},
    {"/a%2fb", "/a%2Fb", 1},
    {"/a%2F..%2Fb", "/a%2F..%2Fb", 1},
    {"/a/%2F../b", "/a/%2F../b", 1},
    {"/a%252Fb", "/a%252Fb", 0},
    {"/a%25252fb", "/a%25252fb", 0},
    {"/a%25%32%46b", "/a%252Fb", 0},
    {"/100%25", "/100%25", 0},
    {"/..%2f", "/..%2F", 1},
    {"/%252e%252e/", "/%252e%252e/", 0},
    {"/a;b=c/..;d", "/a;b=c/..;d", 0},
    {"/\\..\\a", "/\\..\\a", 0},
    {"/%", NULL, 0},
    {"/%4", NULL, 0},
    {"/%4g", NULL, 0},
    {"/%g4", NULL, 0},
    {"/%%41", NULL, 0},
    {"/%00", NULL, 0},
    {"/a%00.png", NULL, 0},
    {"a", NULL, 0},
    {"../a", NULL, 0},
    {"%2Fa", NULL, 0},
};

static void test_paths(void)
{
    for (size_t i = 0; i < LENGTH(paths); i++) {
        char out[64] = "", in_place[64];
        const char *path = paths[i].path, *want = paths[i].decoded;
        size_t len = strlen(path);
        int slashes = 0, r = http_path_decode(guarded(path, len), len, out, &slashes);
        strcpy(in_place, path);
        int again = http_path_decode(in_place, len, in_place, NULL);
        if (!check(want ? r == (int)strlen(want) && !memcmp(out, want, (size_t)r) && again == r &&
                              !memcmp(in_place, out, (size_t)r) && slashes == paths[i].slashes
                        : r == -400 && again == -400,
                   "path %s is %s", path, want ? want : "refused"))
            printf("# %d: %.*s\n", r, r > 0 ? r : 0, out);
    }
}

static const struct {
    int form;
    const char *target, *path, *query; /* query NULL: none */
} targets[] = {
    {HTTP_ORIGIN, "/a", "/a", NULL},
    {HTTP_ORIGIN, "/a?", "/a", ""},
    {HTTP_ORIGIN, "/a?b?c/", "/a", "b?c/"},
    {HTTP_ABSOLUTE, "http://a", "", NULL},
    {HTTP_ABSOLUTE, "http://a?b", "", "b"},
    {HTTP_ABSOLUTE, "http://a:1/b/?c", "/b/", "c"},
    {HTTP_ABSOLUTE, "http://a?b=/", "", "b=/"},
    {HTTP_ASTERISK, "*", "", NULL},
    {HTTP_AUTHORITY, "a:1", "", NULL},
};

static int is_at(const char *data, http_span span, const char *want)
{
    return span.len == strlen(want) && !memcmp(data + span.at, want, span.len);
}

static void test_targets(void)
{
    for (size_t i = 0; i < LENGTH(targets); i++) {
        http_span path, query;
        size_t len = strlen(targets[i].target);
        const char *target = guarded(targets[i].target, len), *want = targets[i].query;
        int has = http_target_split(targets[i].form, target, len, &path, &query);
        check(has == !!want && is_at(target, path, targets[i].path) &&
                  is_at(target, query, want ? want : ""),
              "target %s in two", targets[i].target);
    }
}

static const struct {
    const char *query, *pairs;
} queries[] = {
    {"", ""},
    {"a=b", "[a=b]"},
    {"a=b&c=d", "[a=b][c=d]"},
    {"a", "[a]"},
    {"a=", "[a=]"},
    {"=a", "[=a]"},
    {"&&a&&", "[a]"},
    {"a=b=c", "[a=b=c]"},
    {"a+b=c+%2B", "[a b=c +]"},
    {"%61%3D=%26", "[a==&]"},
    {"a=100%&b=%4&c=%zz&d=%", "[a=100%][b=%4][c=%zz][d=%]"},
    {"a=%C3%A4", "[a=\xc3\xa4]"},
    {"a;b", "[a;b]"},
    {"=", "[=]"},
    {"a=1&a=2", "[a=1][a=2]"},
};

static void test_queries(void)
{
    for (size_t i = 0; i < LENGTH(queries); i++) {
        char text[256] = "", out[64];
        size_t at = 0, n = 0, len = strlen(queries[i].query);
        const char *query = guarded(queries[i].query, len);
        for (http_pair p; http_query_next(query, len, &at, out, &p);)
            n += (size_t)sprintf(text + n, "[%.*s%s%.*s]", (int)p.key.len, out + p.key.at,
                                 p.has_value ? "=" : "", (int)p.value.len, out + p.value.at);
        if (!check(strcmp(text, queries[i].pairs) == 0, "query %s", queries[i].query))
            printf("# %s\n", text);
    }
    size_t at = 0;
    char out[8];
    http_pair p;
    check(http_query_next("a%00=b", 6, &at, out, &p) && p.key.len == 2 && out[1] == 0,
          "a query may hold NUL");
}

int main(void)
{
    test_bodies();
    test_bad();
    test_limits();
    test_trailers();
    test_paths();
    test_targets();
    test_queries();
    return done_testing();
}
