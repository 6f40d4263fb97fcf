/* embedding.h -- for C tests that embed Neap: what a runtime prints and reports is kept, and looked at. */
#ifndef EMBEDDING_H
#define EMBEDDING_H

#include <neap/neap.h>
#include <string.h>
#include <time.h>

#include "tap.h"

/* What the runtimes of this program have said. */
static char printed[64 * 1024];
static neap_error reported; /* the last one */
static int reports, fatals;

static inline void on_output(neap_runtime *rt, const char *text, size_t length, void *data)
{
    (void)rt, (void)data;
    size_t n = strlen(printed), room = sizeof printed - 1 - n;
    length = length < room ? length : room;
    memcpy(printed + n, text, length);
    printed[n + length] = 0;
}

static inline void on_error(neap_runtime *rt, const neap_error *error, int fatal, void *data)
{
    (void)rt, (void)data;
    reported = *error;
    reports++;
    fatals += fatal;
}

static inline void forget(void)
{
    printed[0] = 0;
    memset(&reported, 0, sizeof reported);
    reports = fatals = 0;
}

static inline neap_options quiet_options(void)
{
    neap_options options = NEAP_OPTIONS_INIT;
    options.output = on_output;
    options.on_error = on_error;
    return options;
}

/* Open one or end the test. */
static inline neap_runtime *open_with(const neap_options *options)
{
    neap_error error;
    neap_runtime *rt = neap_open(options, &error);
    if (!rt)
        exit(neap_report(&error));
    return rt;
}

static inline neap_runtime *open_quiet(void)
{
    neap_options options = quiet_options();
    forget();
    return open_with(&options);
}

static inline int try_start(neap_runtime *rt, const char *text, neap_error *error)
{
    return neap_start_text(rt, "test", text, strlen(text), error);
}

static inline int start(neap_runtime *rt, const char *text)
{
    neap_error error;
    int status = neap_start_text(rt, "test", text, strlen(text), &error);
    if (status)
        printf("# start: %s\n", error.message);
    return status;
}

/* The runtime's life with this script, and what it printed is `expected`. */
static inline bool prints(const char *text, const char *expected, const char *name)
{
    neap_runtime *rt = open_quiet();
    int status = start(rt, text);
    if (!status)
        status = neap_run(rt);
    neap_close(rt, NULL, NULL);
    bool same = ok(status == 0 && strcmp(printed, expected) == 0, "%s", name);
    if (!same)
        printf("# status %d, printed \"%s\", reported \"%s\"\n%s\n", status, printed,
               reported.message, reported.traceback);
    return same;
}

static inline bool is_text(const char *got, const char *expected, const char *name)
{
    bool same = ok(got && strcmp(got, expected) == 0, "%s", name);
    if (!same)
        printf("# got \"%s\", expected \"%s\"\n", got ? got : "(null)", expected);
    return same;
}

static inline bool has(const char *text, const char *part, const char *name)
{
    bool there = ok(text && strstr(text, part), "%s", name);
    if (!there)
        printf("# \"%s\" is not in \"%s\"\n", part, text ? text : "(null)");
    return there;
}

static inline double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Seconds of this thread on a cpu: what a bound on the work is measured by, on a machine that others use too. */
static inline double cpu_seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Resident memory in KiB; always 0 under ASan and valgrind, which keep what is freed. */
static inline long resident(void)
{
    long pages = 0;
    const char *preloaded = getenv("LD_PRELOAD");
#if defined(__SANITIZE_ADDRESS__)
    return 0;
#endif
    if (preloaded && strstr(preloaded, "vgpreload"))
        return 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%*d %ld", &pages) != 1)
        pages = 0;
    if (file)
        fclose(file);
    return pages * 4;
}

#endif
