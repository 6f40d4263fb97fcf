/* http_parser.c -- libFuzzer target for bindings/http: any bytes as a head and the body behind it,
 * as chunks, as trailers, as a target.
 *
 * Nothing may crash or read past the end (each piece is a block of exactly its size, which
 * AddressSanitizer watches), and the answer must not depend on how the bytes were cut: whole, byte
 * by byte, and at places drawn from the input itself. What is accepted is checked again by a few
 * plain rules that know nothing of the parser.
 */
#include "../bindings/http/parser.h"
#include "../bindings/http/target.h"
#include "fuzz.h"

enum { FIELDS = 10 };

static const http_limits limits = {.head = 1024, .target = 128, .fields = FIELDS};

static uint32_t seed;

/* Size of the next piece: 1 always when cut is 1, all of it when 0, else a small random number. */
static size_t piece(int cut, size_t left)
{
    seed = seed * 1664525 + 1013904223;
    size_t n = cut == 0 ? left : cut == 1 ? 1 : 1 + (seed >> 16) % 24;
    return n < left ? n : left;
}

static char *copy_of(const char *data, size_t len)
{
    char *copy = malloc(len ? len : 1);
    return len ? memcpy(copy, data, len) : copy;
}

/* -- heads -- */

typedef struct outcome {
    int status;
    http_head head;
    http_field fields[FIELDS];
} outcome;

static void parse(outcome *o, int trailers, const char *data, size_t len, int cut)
{
    memset(o, 0, sizeof *o);
    (trailers ? http_trailers_init : http_head_init)(&o->head, o->fields, &limits);
    size_t n = 0;
    do {
        n += piece(cut, len - n);
        char *copy = copy_of(data, n);
        o->status = http_head_parse(&o->head, copy, n);
        free(copy);
    } while (o->status == 0 && n < len);
}

static void same_outcome(const outcome *a, const outcome *b)
{
    CHECK(a->status == b->status);
    if (a->status <= 0)
        return;
    http_head x = a->head, y = b->head;
    x.fields = y.fields = NULL;
    CHECK(memcmp(&x, &y, sizeof x) == 0);
    CHECK(memcmp(a->fields, b->fields, a->head.count * sizeof *a->fields) == 0);
}

static int count_name(const http_head *h, const char *data, const char *name)
{
    int n = 0;
    for (int i = -1; (i = http_head_find(h, data, name, strlen(name), i + 1)) >= 0;)
        n++;
    return n;
}

/* The head seen again line by line: it must consist of the lines the fields say, and CRLFs. */
static void check_lines(const http_head *h, const char *data, size_t len)
{
    size_t at = h->trailers ? 0 : (size_t)h->target.at + h->target.len + 11;
    for (int i = 0; i < h->count; i++) {
        const http_field *f = &h->fields[i];
        CHECK(h->trailers || f->name == at);
        CHECK(f->name_len > 0 && f->name + f->name_len < len &&
              f->value + f->value_len + 4u <= len);
        CHECK(data[f->name + f->name_len] == ':' && f->value > f->name + f->name_len);
        for (uint32_t k = 0; k < f->name_len; k++)
            CHECK(data[f->name + k] > ' ' && !strchr("(),/:;<=>?@[\\]{}\"\x7f", data[f->name + k]));
        for (uint32_t k = f->name; k < f->value + f->value_len; k++)
            CHECK(data[k] == '\t' || ((uint8_t)data[k] >= ' ' && data[k] != 0x7f));
        at = f->value + f->value_len;
        while (at < len && (data[at] == ' ' || data[at] == '\t'))
            at++;
        CHECK(at + 4 <= len && data[at] == '\r' && data[at + 1] == '\n');
        at += 2;
    }
    CHECK(h->trailers || (at + 2 == len && memcmp(data + at, "\r\n", 2) == 0));
}

static void check_head(const http_head *h, const char *data, size_t len)
{
    check_lines(h, data, len);
    CHECK(!memchr(data + h->target.at, ' ', h->target.len) && h->target.len > 0);
    CHECK(data[h->target.at - 1] == ' ' && data[h->target.at + h->target.len] == ' ');
    int hosts = count_name(h, data, "host"), lengths = count_name(h, data, "content-length");
    int codings = count_name(h, data, "transfer-encoding");
    CHECK(hosts == 1 || (hosts == 0 && h->minor == 0));
    CHECK(lengths + codings <= 1 && lengths == h->has_length && codings == h->chunked);
    CHECK(h->content_length < HTTP_LENGTH_LIMIT && (h->has_length || h->content_length == 0));
    CHECK(h->authority.at + h->authority.len <= len);
}

/* -- chunks -- */

typedef struct body {
    int status;
    size_t used, len, trailer_len;
    char *data, *trailer;
} body;

static void decode(body *b, const char *data, size_t len, int cut)
{
    http_chunks c;
    http_chunks_init(&c);
    *b = (body){.data = malloc(len + 1), .trailer = malloc(len + 1)};
    do {
        size_t n = piece(cut, len - b->used);
        char *copy = copy_of(data + b->used, n);
        http_chunk out;
        b->status = http_chunks_next(&c, copy, n, &out);
        if (b->status >= 0) {
            CHECK(out.used <= n && out.at + out.len <= out.used);
            CHECK(b->status != HTTP_CHUNK_MORE || out.used == n);
            int is_data = b->status == HTTP_CHUNK_DATA;
            CHECK(!is_data || out.len > 0);
            memcpy(is_data ? b->data + b->len : b->trailer + b->trailer_len, copy + out.at,
                   out.len);
            *(is_data ? &b->len : &b->trailer_len) += out.len;
            b->used += out.used;
        }
        free(copy);
    } while (b->status >= 0 && b->status != HTTP_CHUNK_END && b->used < len);
    if (b->status == HTTP_CHUNK_DATA) /* ended by chance just behind a span */
        b->status = HTTP_CHUNK_MORE;
}

static void free_body(body *b)
{
    free(b->data);
    free(b->trailer);
}

static void fuzz_chunks(const char *data, size_t len)
{
    body whole, other;
    decode(&whole, data, len, 0);
    for (int cut = 1; cut <= 2; cut++) {
        decode(&other, data, len, cut);
        CHECK(whole.status == other.status && whole.len == other.len);
        CHECK(memcmp(whole.data, other.data, whole.len) == 0);
        if (whole.status >= 0) {
            CHECK(whole.used == other.used && whole.trailer_len == other.trailer_len);
            CHECK(memcmp(whole.trailer, other.trailer, whole.trailer_len) == 0);
        }
        free_body(&other);
    }
    if (whole.status == HTTP_CHUNK_END) { /* what the decoder lets pass, the field parser parses */
        outcome o;
        parse(&o, 1, whole.trailer, whole.trailer_len, 0);
        CHECK(o.status == (int)whole.trailer_len || o.status == -431);
    }
    free_body(&whole);
}

/* -- targets -- */

static void fuzz_query(const char *query, size_t len)
{
    char *copy = copy_of(query, len), *out = malloc(len ? len : 1);
    size_t at = 0, before = 0;
    for (http_pair p; http_query_next(copy, len, &at, out, &p); before = at) {
        CHECK(at > before && at <= len && p.value.at == p.key.len);
        CHECK(p.value.at + p.value.len <= at - before);
    }
    free(copy);
    free(out);
}

/* A decoded path begins at the root and has no dot segment left. */
static void fuzz_path(const char *path, size_t len)
{
    char *copy = copy_of(path, len), *out = malloc(len + 4);
    int slashes = 0, n = http_path_decode(copy, len, out + 1, &slashes);
    free(copy);
    if (n > 0) {
        CHECK((size_t)n <= (len ? len : 1) && out[1] == '/' && !memchr(out + 1, 0, (size_t)n));
        out[n + 1] = '/';
        out[n + 2] = 0;
        CHECK(!strstr(out + 1, "/../") && !strstr(out + 1, "/./"));
        CHECK(slashes == 0 || slashes == 1);
    } else {
        CHECK(n == -400);
    }
    free(out);
}

static void fuzz_target(int form, const char *target, size_t len)
{
    http_span path, query;
    char *copy = copy_of(target, len);
    int has_query = http_target_split(form, copy, len, &path, &query);
    CHECK(path.at + path.len <= len && query.at + query.len <= len);
    CHECK(!memchr(copy + path.at, '?', path.len) && (has_query || query.len == 0));
    CHECK(path.len == 0 || copy[path.at] == '/');
    fuzz_path(copy + path.at, path.len);
    fuzz_query(copy + query.at, query.len);
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    const char *data = (const char *)bytes;
    seed = (uint32_t)len;
    for (size_t i = 0; i < len; i++)
        seed = seed * 31 + bytes[i];

    outcome whole, other;
    for (int trailers = 0; trailers <= 1; trailers++) {
        parse(&whole, trailers, data, len, 0);
        for (int cut = 1; cut <= 2; cut++) {
            parse(&other, trailers, data, len, cut);
            same_outcome(&whole, &other);
        }
        if (whole.status > 0 && trailers)
            check_lines(&whole.head, data, (size_t)whole.status);
        if (whole.status > 0 && !trailers) {
            size_t head = (size_t)whole.status;
            check_head(&whole.head, data, head);
            fuzz_target(whole.head.form, data + whole.head.target.at, whole.head.target.len);
            fuzz_chunks(data + head, len - head);
        }
    }
    fuzz_chunks(data, len);
    fuzz_path(data, len);
    fuzz_query(data, len);
    return 0;
}
