/* http_judge.c -- what the parser makes of requests: reads them from standard input, each after its length in decimal
 * and a newline, and prints a line for each. t/41-http-node.t compares the lines with Node's.
 *
 *     accept METHOD TARGET NAME=VALUE;NAME=VALUE;... BODY      in hexadecimal but for the word, names in lower case;
 *                                                              with an argument, the bytes that were used follow
 *     refuse STATUS
 *     more                                                     it is not complete
 */
#include "../../bindings/http/parser.h"
#include "../../bindings/http/target.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST = 1 << 16, FIELDS = 100 };

static char text[MOST], body[MOST];

static void hex(const char *data, size_t len, int lower)
{
    for (size_t i = 0; i < len; i++)
        printf("%02x", (unsigned char)(lower ? tolower((unsigned char)data[i]) : data[i]));
}

/* Bytes of body, -1: more is needed, or a refusal below that. *used: as they came. */
static int read_body(const http_head *h, const char *data, size_t len, size_t *used)
{
    if (!h->chunked) {
        if (len < h->content_length)
            return -1;
        memcpy(body, data, (size_t)h->content_length);
        *used = (size_t)h->content_length;
        return (int)h->content_length;
    }
    http_chunks c;
    int size = 0, r = HTTP_CHUNK_DATA;
    http_chunks_init(&c);
    for (size_t at = 0; r == HTTP_CHUNK_DATA && at <= len;) {
        http_chunk chunk;
        r = http_chunks_next(&c, data + at, len - at, &chunk);
        if (r < 0)
            return r;
        if (r == HTTP_CHUNK_DATA) {
            memcpy(body + size, data + at + chunk.at, chunk.len);
            size += (int)chunk.len;
        }
        *used = at += chunk.used;
    }
    return r == HTTP_CHUNK_END ? size : -1;
}

static void show(const http_head *h, int size)
{
    printf("accept ");
    hex(text + h->method.at, h->method.len, 0);
    putchar(' ');
    hex(text + h->target.at, h->target.len, 0);
    putchar(' ');
    for (int i = 0; i < h->count; i++) {
        hex(text + h->fields[i].name, h->fields[i].name_len, 1);
        putchar('=');
        hex(text + h->fields[i].value, h->fields[i].value_len, 0);
        putchar(';');
    }
    putchar(' ');
    hex(body, (size_t)size, 0);
}

static void judge(size_t len, int tell_used)
{
    size_t used = 0;
    static http_field fields[FIELDS];
    http_limits limits = HTTP_LIMITS_DEFAULT;
    http_head h;
    http_head_init(&h, fields, &limits);
    int n = http_head_parse(&h, text, len);
    int size = n > 0 ? read_body(&h, text + n, len - (size_t)n, &used) : n == 0 ? -1 : n;
    if (size >= 0) {
        show(&h, size);
        printf(tell_used ? " %zu\n" : "\n", (size_t)n + used);
    } else if (size == -1)
        puts("more");
    else
        printf("refuse %d\n", -size);
}

int main(int argc, char **argv)
{
    size_t len;
    (void)argv;
    while (scanf("%zu", &len) == 1 && getchar() == '\n' && len < MOST &&
           fread(text, 1, len, stdin) == len)
        judge(len, argc > 1);
    return 0;
}
