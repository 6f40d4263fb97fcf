/* http_test.h -- for the C tests of bindings/http: TAP, and input that ends where memory does. */
#ifndef HTTP_TEST_H
#define HTTP_TEST_H

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"

#define LENGTH(array) (sizeof(array) / sizeof *(array))

/* ok(), of a name made from raw input: control characters are shown as \xNN. */
__attribute__((format(printf, 2, 3))) static int check(int passed, const char *format, ...)
{
    char line[512], shown[4 * sizeof line], *to = shown;
    va_list args;
    va_start(args, format);
    vsnprintf(line, sizeof line, format, args);
    va_end(args);
    for (const char *c = line; *c; c++)
        to +=
            sprintf(to, *c >= ' ' && *c < 0x7f && *c != '#' ? "%c" : "\\x%02x", (unsigned char)*c);
    *to = 0;
    return ok(passed, "%s", shown);
}

/* A copy of data that ends at the end of a page, the next one not to be touched: reading one byte
 * too far is a crash. Every call moves the copy, and what was given before is overwritten. */
static const char *guarded(const char *data, size_t len)
{
    enum { ROOM = 1 << 17 };
    static char *areas[2];
    static int turn;
    char **area = &areas[turn ^= 1];
    if (!*area) {
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        *area = mmap(NULL, ROOM + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (*area == MAP_FAILED || mprotect(*area + ROOM, page, PROT_NONE) != 0)
            abort();
    }
    if (areas[turn ^ 1])
        memset(areas[turn ^ 1] + ROOM - 256, 0xee, 256);
    return memcpy(*area + ROOM - len, data, len);
}

#endif
