/* child.c -- what a plugin's runtime costs: opened and closed, and held.
 *
 *   child neap     child runtimes of one root, each having required a part of the standard library
 *   child bare     LuaJIT states with Lua's own libraries: the floor
 *
 * Prints {"open_close_us": …, "held_kb": …}: the time of one open and close, and the resident memory
 * of one that is open, each the mean of many after a warm-up.
 */
#include <neap/neap.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <lauxlib.h>
#include <lualib.h>

#define WARM_UP 50
#define COUNT 500
#define HELD 200

static const char script[] = "require 'neap.task'";

static neap_runtime *root;
static int closed;

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static double resident_kb(void)
{
    double kb = 0;
    char line[256];
    FILE *file = fopen("/proc/self/status", "r");

    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, "VmRSS:", 6))
            kb = atof(line + 6);
    if (file)
        fclose(file);
    return kb;
}

/* ---- the two things measured ---- */

static void on_closed(void *data)
{
    (void)data;
    closed++;
}

static void *open_neap(void)
{
    neap_options options = NEAP_OPTIONS_INIT;
    neap_error error;
    neap_runtime *child;

    options.parent = root;
    child = neap_open(&options, &error);
    if (!child || neap_start_text(child, "child", script, sizeof script - 1, &error))
        exit(neap_report(&error));
    return child;
}

/* A child is closed when the root's loop has called its handles' close callbacks. */
static void close_neap(void *child)
{
    int before = closed;
    neap_close(child, on_closed, NULL);
    while (closed == before)
        neap_step(root, 0.001);
}

static void *open_bare(void)
{
    lua_State *L = luaL_newstate();
    if (!L)
        exit(1);
    luaL_openlibs(L);
    return L;
}

static void close_bare(void *L)
{
    lua_close(L);
}

/* ---- measuring ---- */

static double open_close_us(void *(*open)(void), void (*close)(void *), int count)
{
    double started = seconds();
    for (int i = 0; i < count; i++)
        close(open());
    return (seconds() - started) / count * 1e6;
}

static double held_kb(void *(*open)(void), void (*close)(void *))
{
    void *held[HELD];
    double before = resident_kb();

    for (int i = 0; i < HELD; i++)
        held[i] = open();
    double after = resident_kb();
    for (int i = 0; i < HELD; i++)
        close(held[i]);
    return (after - before) / HELD;
}

static void measure(void *(*open)(void), void (*close)(void *))
{
    /* Held first: later the allocator would reuse freed pages, which do not show. */
    close(open());
    double kb = held_kb(open, close);
    open_close_us(open, close, WARM_UP);
    printf("{\"open_close_us\": %.1f, \"held_kb\": %.1f}\n", open_close_us(open, close, COUNT), kb);
}

int main(int argc, char **argv)
{
    neap_options options = NEAP_OPTIONS_INIT;
    neap_error error;

    if (argc == 2 && !strcmp(argv[1], "bare")) {
        measure(open_bare, close_bare);
        return 0;
    }
    if (argc != 2 || strcmp(argv[1], "neap"))
        return 2;
    root = neap_open(&options, &error);
    if (!root)
        return neap_report(&error);
    measure(open_neap, close_neap);
    neap_close(root, NULL, NULL);
    return 0;
}
