/* http_parser.c -- heads of requests, good and bad, each fed whole, byte by byte and cut in two at
 * every place: the answer is always the same. Prints TAP; t/10-http-parser.t runs it. */
#define _GNU_SOURCE
#include "../../bindings/http/parser.h"

#include "http_test.h"

enum { FIELDS = 8, TEXT = 4096 };

static const http_limits small = {.head = 512, .target = 64, .fields = FIELDS};

/* -- feeding -- */

static size_t add(char *text, size_t n, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text + n, TEXT - n, format, args);
    va_end(args);
    return n + (size_t)len;
}

/* All that the parser found, in one line. */
static void describe(const http_head *h, const char *data, char *text)
{
    static const char *const forms[] = {"?", "origin", "absolute", "authority", "asterisk"};
    size_t n = add(text, 0, "%.*s %s %.*s 1.%d", (int)h->method.len, data + h->method.at,
                   forms[h->form], (int)h->target.len, data + h->target.at, h->minor);
    if (h->authority.len > 0)
        n = add(text, n, " @%.*s", (int)h->authority.len, data + h->authority.at);
    if (h->has_length)
        n = add(text, n, " length=%llu", (unsigned long long)h->content_length);
    n = add(text, n, "%s%s%s%s", h->chunked ? " chunked" : "", h->keep_alive ? " keep" : " close",
            h->expect_continue ? " expect" : "", h->upgrade ? " upgrade" : "");
    for (int i = 0; i < h->count; i++) {
        const http_field *f = &h->fields[i];
        n = add(text, n, "|%.*s=%.*s", f->name_len, data + f->name, (int)f->value_len,
                data + f->value);
    }
}

/* Feeds data in steps of `step` after a first piece of `first` bytes. The result is that of the
 * last call; *seen is how much had been given by then. */
static int feed(const char *data, size_t len, size_t first, size_t step, char *text, size_t *seen)
{
    static http_field fields[FIELDS];
    http_head h;
    int r = 0;
    http_head_init(&h, fields, &small);
    for (size_t n = first; r == 0; n = n + step < len ? n + step : len) {
        *seen = n;
        const char *copy = guarded(data, n);
        r = http_head_parse(&h, copy, n);
        text[0] = 0;
        if (r > 0)
            describe(&h, copy, text);
        if (n == len)
            break;
    }
    if (r < 0 && http_head_parse(&h, guarded(data, len), len) != r)
        return 1; /* an error is for good */
    return r;
}

/* The result of data, if the same in every way of feeding it; else 1, which no head gives. */
static int result(const char *data, size_t len, char *text, size_t *at)
{
    char other[TEXT];
    size_t seen;
    int whole = feed(data, len, len, len, text, &seen);
    if (feed(data, len, 0, 1, other, at) != whole || strcmp(text, other) != 0)
        return 1;
    for (size_t cut = 0; cut <= len; cut++)
        if (feed(data, len, cut, len, other, &seen) != whole || strcmp(text, other) != 0)
            return 1;
    return whole;
}

/* -- good ones -- */

#define H "Host: x\r\n"
#define GET "GET / HTTP/1.1\r\n"

static const struct {
    const char *head, *means;
} good[] = {
    {GET H "\r\n", "GET origin / 1.1 @x keep|Host=x"},
    {"\r\n" GET H "\r\n", "GET origin / 1.1 @x keep|Host=x"},
    {"GET /a?b=c&d=%20|{} HTTP/1.1\r\nhOST:x\r\n\r\n",
     "GET origin /a?b=c&d=%20|{} 1.1 @x keep|hOST=x"},
    {"GET // HTTP/1.1\r\n" H "\r\n", "GET origin // 1.1 @x keep|Host=x"},
    {GET "Host:\r\n\r\n", "GET origin / 1.1 keep|Host="},
    {GET "Host: a.b-c_d~e:80\r\n\r\n", "GET origin / 1.1 @a.b-c_d~e:80 keep|Host=a.b-c_d~e:80"},
    {GET "Host: [::1]:8080\r\n\r\n", "GET origin / 1.1 @[::1]:8080 keep|Host=[::1]:8080"},
    {GET "Host: a%41:\r\n\r\n", "GET origin / 1.1 @a%41: keep|Host=a%41:"},
    {GET "Host: [::ffff:1.2.3.4]\r\n\r\n",
     "GET origin / 1.1 @[::ffff:1.2.3.4] keep|Host=[::ffff:1.2.3.4]"},
    {GET H "A: \t b \t c\t \r\n\r\n", "GET origin / 1.1 @x keep|Host=x|A=b \t c"},
    {GET H "A:  \t \r\nB:\r\n\r\n", "GET origin / 1.1 @x keep|Host=x|A=|B="},
    {GET H "A: \x80\xff\"\\\r\n\r\n", "GET origin / 1.1 @x keep|Host=x|A=\x80\xff\"\\"},
    {GET "!#$%&'*+-.^_`|~0aZ: 1\r\n" H "\r\n",
     "GET origin / 1.1 @x keep|!#$%&'*+-.^_`|~0aZ=1|Host=x"},
    {GET H "Long-Name-Of-A-Field: a value of more than sixteen bytes, then some\r\n\r\n",
     "GET origin / 1.1 @x keep|Host=x|Long-Name-Of-A-Field=a value of more than sixteen bytes, "
     "then some"},
    {"get / HTTP/1.1\r\n" H "\r\n", "get origin / 1.1 @x keep|Host=x"},
    {"PROPFIND / HTTP/1.1\r\n" H "\r\n", "PROPFIND origin / 1.1 @x keep|Host=x"},
    {"GET / HTTP/1.0\r\n\r\n", "GET origin / 1.0 close"},
    {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
     "GET origin / 1.0 keep|Connection=keep-alive"},
    {"GET / HTTP/1.0\r\nConnection: Keep-Alive, CLOSE\r\n\r\n",
     "GET origin / 1.0 close|Connection=Keep-Alive, CLOSE"},
    {"GET / HTTP/1.7\r\n" H "\r\n", "GET origin / 1.7 @x keep|Host=x"},
    {GET H "Connection: x,, \t,cLose\r\n\r\n", "GET origin / 1.1 @x close|Host=x|Connection=x,, "
                                               "\t,cLose"},
    {GET H "Connection: closed\r\n\r\n", "GET origin / 1.1 @x keep|Host=x|Connection=closed"},
    {GET H "Connection: a\r\nConnection: close\r\n\r\n",
     "GET origin / 1.1 @x close|Host=x|Connection=a|Connection=close"},
    {GET H "Upgrade: websocket\r\nConnection: keep-alive, Upgrade\r\n\r\n",
     "GET origin / 1.1 @x keep upgrade|Host=x|Upgrade=websocket|Connection=keep-alive, Upgrade"},
    {GET H "Upgrade: websocket\r\n\r\n", "GET origin / 1.1 @x keep|Host=x|Upgrade=websocket"},
    {"GET / HTTP/1.0\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
     "GET origin / 1.0 close|Upgrade=h2c|Connection=upgrade"},
    {"POST / HTTP/1.1\r\n" H "Content-Length: 0\r\n\r\n",
     "POST origin / 1.1 @x length=0 keep|Host=x|Content-Length=0"},
    {"POST / HTTP/1.1\r\n" H "content-length: 0009007199254740991\r\n\r\nbody",
     "POST origin / 1.1 @x length=9007199254740991 keep|Host=x|content-length=0009007199254740991"},
    {"POST / HTTP/1.1\r\n" H "Transfer-Encoding: ChunKed\r\n\r\n5\r\n",
     "POST origin / 1.1 @x chunked keep|Host=x|Transfer-Encoding=ChunKed"},
    {"PUT / HTTP/1.1\r\n" H "Expect: 100-Continue\r\n\r\n",
     "PUT origin / 1.1 @x keep expect|Host=x|Expect=100-Continue"},
    {"PUT / HTTP/1.0\r\nExpect: 100-continue\r\n\r\n",
     "PUT origin / 1.0 close|Expect=100-continue"},
    {"GET http://a:1/b?c HTTP/1.1\r\n" H "\r\n",
     "GET absolute http://a:1/b?c 1.1 @a:1 keep|Host=x"},
    {"GET http://a HTTP/1.1\r\n" H "\r\n", "GET absolute http://a 1.1 @a keep|Host=x"},
    {"GET http://a?b HTTP/1.0\r\n\r\n", "GET absolute http://a?b 1.0 @a close"},
    {"CONNECT [::1]:443 HTTP/1.1\r\n" H "\r\n",
     "CONNECT authority [::1]:443 1.1 @[::1]:443 keep|Host=x"},
    {"OPTIONS * HTTP/1.1\r\n" H "\r\n", "OPTIONS asterisk * 1.1 @x keep|Host=x"},
};

static void test_good(void)
{
    for (size_t i = 0; i < LENGTH(good); i++) {
        char text[TEXT];
        size_t at;
        int r = result(good[i].head, strlen(good[i].head), text, &at);
        int head = (int)(strstr(good[i].head, "\r\n\r\n") + 4 - good[i].head);
        if (!check(r == head && strcmp(text, good[i].means) == 0, "parses: %s", good[i].head))
            printf("# %d of %d: %s\n# not: %s\n", r, head, text, good[i].means);
    }
}

/* -- bad ones -- */

#define BAD(status, text)                                                                          \
    {                                                                                              \
        status, text, sizeof text - 1                                                              \
    }
#define LINE(status, text) BAD(status, GET H text)

/* Each is refused exactly at its last byte, and not before. */
/* clang-format off */
static const struct {
    int status;
    const char *head;
    size_t len;
} bad[] = {
    BAD(-400, "\x16"), /* a TLS hello */
    BAD(-400, "\n"), BAD(-400, "\r\n\r"), BAD(-400, "\rG"), BAD(-400, " "), BAD(-400, "\0"),
    BAD(-400, "GET\t"), BAD(-400, "GET\r"), BAD(-400, "G\x80"), BAD(-400, "GET  "),
    BAD(-400, "GET / \r"), BAD(-400, "GET /\r"), BAD(-400, "GET /\n"), BAD(-400, "GET /\t"),
    BAD(-400, "GET /a#"), BAD(-400, "GET /\x80"), BAD(-400, "GET /\x7f"), BAD(-400, "GET /\0"),
    BAD(-400, "GET /a-target-of-more-than-16-bytes\x7f"),
    BAD(-501, "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG"),
    /* forms of target */
    BAD(-400, "GET * "), BAD(-400, "OPTIONS ** "), BAD(-400, "GET a "), BAD(-400, "GET a/b "),
    BAD(-400, "GET x:80 "), BAD(-400, "GET http:/a "), BAD(-400, "GET http:// "),
    BAD(-400, "GET http:///a "), BAD(-400, "GET http://u@a/ "), BAD(-400, "GET http://a:x/ "),
    BAD(-400, "GET http://a:65536/ "), BAD(-400, "GET 1://a "), BAD(-400, "GET ://a "),
    BAD(-400, "GET http://[::1/ "), BAD(-400, "GET http://[1]/ "), BAD(-400, "GET http://:80/ "),
    BAD(-400, "CONNECT / "), BAD(-400, "CONNECT a "), BAD(-400, "CONNECT a: "),
    BAD(-400, "CONNECT :1 "), BAD(-400, "CONNECT http://a:1/ "), BAD(-400, "CONNECT a:1/ "),
    /* versions */
    BAD(-400, "GET / h"), BAD(-400, "GET / HTTP/x"), BAD(-400, "GET / HTTP/1,"),
    BAD(-400, "GET / HTTP/1.x"), BAD(-400, "GET / HTTP/1.1 "), BAD(-400, "GET / HTTP/1.1\n"),
    BAD(-400, "GET / HTTP/1.10"), BAD(-400, "GET / HTTP/11"), BAD(-400, "GET / HTTP/2\r"),
    BAD(-400, "GET / HTTP/1.1\rX"), BAD(-505, "GET / HTTP/2.0"), BAD(-505, "GET / HTTP/0.9"),
    /* field lines */
    BAD(-400, GET " "), BAD(-400, GET "\n"), BAD(-400, GET ":"), BAD(-400, GET "A "),
    BAD(-400, GET "A\t"), BAD(-400, GET "A\r"), BAD(-400, GET "A\n"), BAD(-400, GET "A("),
    BAD(-400, GET "A\x80"), BAD(-400, GET "A\0"), BAD(-400, GET "A-Longer-Name-Than-16\""),
    BAD(-400, GET "A: b\n"), BAD(-400, GET "A: b\rc"), BAD(-400, GET "A: b\r\r"),
    BAD(-400, GET "A: \0"), BAD(-400, GET "A: b\x01"), BAD(-400, GET "A: b\x7f"),
    BAD(-400, GET "A: b\x1b"), BAD(-400, GET "A:\n"), BAD(-400, GET "A: b\r\n "),
    BAD(-400, GET "A: b\r\n\t"), BAD(-400, GET "A: sixteen bytes and a NUL\0"), LINE(-400, "\rX"),
    LINE(-400, "\n"), LINE(-400, "\r\r"),
    /* Host */
    BAD(-400, GET "\r\n"), LINE(-400, "Host: x\r\n"), LINE(-400, "host:\r\n"),
    BAD(-400, "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n"), BAD(-400, GET "Host: a b\r\n"),
    BAD(-400, GET "Host: a/b\r\n"), BAD(-400, GET "Host: u@a\r\n"), BAD(-400, GET "Host: a:b\r\n"),
    BAD(-400, GET "Host: a:1:2\r\n"), BAD(-400, GET "Host: a%4\r\n"),
    BAD(-400, GET "Host: [::1\r\n"), BAD(-400, GET "Host: [a]b\r\n"),
    BAD(-400, GET "Host: \xc3\xa4\r\n"), BAD(-400, GET "Host: a:99999\r\n"),
    BAD(-400, GET "Host: a\tb\r\n"), BAD(-400, GET "Host: ::1\r\n"),
    /* Content-Length */
    LINE(-400, "Content-Length:\r\n"), LINE(-400, "Content-Length: +1\r\n"),
    LINE(-400, "Content-Length: -1\r\n"), LINE(-400, "Content-Length: 1 1\r\n"),
    LINE(-400, "Content-Length: 1,1\r\n"), LINE(-400, "Content-Length: 0x1\r\n"),
    LINE(-400, "Content-Length: 1.0\r\n"), LINE(-400, "Content-Length: 9007199254740992\r\n"),
    LINE(-400, "Content-Length: 18446744073709551617\r\n"),
    LINE(-400, "Content-Length: 1\r\nContent-Length: 1\r\n"),
    LINE(-400, "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n"),
    LINE(-400, "Transfer-Encoding: chunked\r\nContent-Length: 1\r\n"),
    /* Transfer-Encoding */
    LINE(-400, "Transfer-Encoding:\r\n"), LINE(-400, "Transfer-Encoding: gzip\r\n"),
    LINE(-400, "Transfer-Encoding: identity\r\n"),
    LINE(-501, "Transfer-Encoding: gzip, chunked\r\n"),
    LINE(-501, "Transfer-Encoding: xchunked,a\t,chunked\r\n"),
    LINE(-400, "Transfer-Encoding: chunked, gzip\r\n"),
    LINE(-400, "Transfer-Encoding: chunked, chunked\r\n"),
    LINE(-400, "Transfer-Encoding: chunked,\r\n"), LINE(-400, "Transfer-Encoding: ,chunked\r\n"),
    LINE(-400, "Transfer-Encoding: \"chunked\"\r\n"),
    LINE(-400, "Transfer-Encoding: chunked;a=b\r\n"), LINE(-400, "Transfer-Encoding: chunke\r\n"),
    LINE(-400, "Transfer-Encoding: chunkedx\r\n"), LINE(-400, "Transfer-Encoding: x chunked\r\n"),
    LINE(-400, "Transfer-Encoding: \x0b"),
    LINE(-400, "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
    LINE(-400, "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n"),
    LINE(-400, "Transfer-Encoding "), LINE(-400, "Transfer-Encoding: chunked\r\n "),
    BAD(-400, "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n"),
    LINE(-417, "Expect: 200-ok\r\n"), LINE(-417, "Expect: 100-continue, a\r\n"),
};
/* clang-format on */

static void test_bad(void)
{
    for (size_t i = 0; i < LENGTH(bad); i++) {
        char text[TEXT];
        size_t at = 0, len = bad[i].len;
        int r = result(bad[i].head, len, text, &at);
        char more[TEXT];
        memcpy(more, bad[i].head, len);
        memcpy(more + len, "\r\n\r\nmore", 8);
        int longer = result(more, len + 8, text, &at);
        if (!check(r == bad[i].status && longer == r && at == len, "%d: %s", bad[i].status,
                   bad[i].head))
            printf("# %d, and %d with more behind it, at %zu of %zu\n", r, longer, at, len);
    }
}

/* -- limits, and what is left -- */

static int repeated(const char *begin, const char *unit, int n, const char *end)
{
    char data[TEXT] = "", text[TEXT];
    size_t at, len = add(data, 0, "%s", begin);
    while (n-- > 0)
        len = add(data, len, "%s", unit);
    len = add(data, len, "%s", end);
    int r = result(data, len, text, &at);
    return r == (int)len ? 0 : r;
}

static void test_limits(void)
{
    const char *rest = " HTTP/1.1\r\n" H "\r\n";
    check(repeated("", "M", 32, " / HTTP/1.1\r\n" H "\r\n") == 0, "a method of 32 bytes");
    check(repeated("", "M", 33, " / HTTP/1.1\r\n" H "\r\n") == -501, "of 33 is 501");
    check(repeated("GET ", "/", 64, rest) == 0, "a target at its limit");
    check(repeated("GET ", "/", 65, rest) == -414, "over it is 414");
    check(repeated(GET, "A:b\r\n", FIELDS - 1, H "\r\n") == 0, "fields at their limit");
    check(repeated(GET, "A:b\r\n", FIELDS, H "\r\n") == -431, "over it is 431");
    int room = 512 - (int)strlen(GET H "A:\r\n\r\n");
    check(repeated(GET H "A:", "b", room, "\r\n\r\n") == 0, "a head at its limit");
    check(repeated(GET H "A:", "b", room + 1, "\r\n\r\n") == -431, "over it is 431");
    check(repeated(GET H "A:", " ", room + 1, "\r\n\r\n") == -431, "of white space too");
    check(repeated(GET H, "A", 600, "") == -431, "a name without end is 431");
}

static void test_lookup(void)
{
    static const char data[] = GET H "Cookie: a\r\nX-y: 1\r\ncookie: b\r\nACCEPT: c\r\n\r\n";
    http_field fields[FIELDS];
    http_head h;
    http_head_init(&h, fields, &small);
    check(!http_head_begun(&h) && http_head_parse(&h, "\r\n", 2) == 0 && !http_head_begun(&h),
          "an empty line begins no request");
    check(http_head_parse(&h, "\r\nG", 3) == 0 && http_head_begun(&h), "its first letter does");
    http_head_init(&h, fields, &small);
    http_head_parse(&h, data, sizeof data - 1);
    check(h.method_id == HTTP_GET, "the method has its number");
    check(http_head_get(&h, HTTP_COOKIE) == &fields[1], "the first of several fields is found");
    check(http_head_get(&h, HTTP_ACCEPT) == &fields[4], "a name in capitals too");
    check(!http_head_get(&h, HTTP_RANGE), "what is not there is not found");
    check(http_head_find(&h, data, "COOKIE", 6, 2) == 3, "the next of several fields is found");
    check(http_head_find(&h, data, "x-Y", 3, 0) == 2, "a field without a number is found");
    check(http_head_find(&h, data, "x-", 2, 0) == -1, "part of a name is not");
}

static void test_ids(void)
{
    static const char *const names[HTTP_IDS] = {"",
                                                "host",
                                                "range",
                                                "accept",
                                                "cookie",
                                                "expect",
                                                "origin",
                                                "referer",
                                                "trailer",
                                                "upgrade",
                                                "if-match",
                                                "if-range",
                                                "forwarded",
                                                "connection",
                                                "user-agent",
                                                "content-type",
                                                "authorization",
                                                "cache-control",
                                                "if-none-match",
                                                "content-length",
                                                "accept-encoding",
                                                "accept-language",
                                                "x-forwarded-for",
                                                "content-encoding",
                                                "if-modified-since",
                                                "sec-websocket-key",
                                                "transfer-encoding",
                                                "x-forwarded-proto",
                                                "if-unmodified-since",
                                                "sec-websocket-version",
                                                "sec-websocket-protocol",
                                                "sec-websocket-extensions"};
    for (int id = 1; id < HTTP_IDS; id++) {
        char data[128];
        http_field fields[1];
        http_head h;
        http_head_init(&h, fields, &(http_limits){128, 64, 1});
        int len = sprintf(data, "GET / HTTP/1.1\r\n%s:\r\n", names[id]);
        http_head_parse(&h, data, (size_t)len);
        check(fields[0].id == id, "%s has its number", names[id]);
    }
}

int main(void)
{
    test_good();
    test_bad();
    test_limits();
    test_lookup();
    test_ids();
    return done_testing();
}
