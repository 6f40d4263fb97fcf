/* tap.h -- for C tests: TAP on standard output. */
#ifndef TAP_H
#define TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static int tap_tests, tap_failures;

__attribute__((format(printf, 2, 3))) static inline bool ok(bool passed, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("%sok %d - ", passed ? "" : "not ", ++tap_tests);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
    tap_failures += !passed;
    return passed;
}

static inline bool is(long long got, long long expected, const char *name)
{
    bool same = ok(got == expected, "%s", name);
    if (!same)
        printf("# got %lld, expected %lld\n", got, expected);
    return same;
}

static inline int done_testing(void)
{
    printf("1..%d\n", tap_tests);
    return tap_failures > 0;
}

#endif
