/* embed.c -- a small game server whose rules are a script: the world ticks 60 times a second in C,
 * match.lua hears of it, answers, and is called.
 *
 *     cc examples/embed.c -o match $(pkg-config --cflags --libs neap)
 *     ./match examples/match.lua
 */
#include <errno.h>
#include <lauxlib.h>
#include <neap/neap.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>

/* ---- The world: the program's own ---- */

static int frame, over;

static void wait_for_frame(void) /* 60 a second, by the clock: a signal does not shorten one */
{
    static struct timespec next;
    if (!next.tv_sec)
        clock_gettime(CLOCK_MONOTONIC, &next);
    next.tv_nsec += 1000000000 / 60;
    next.tv_sec += next.tv_nsec / 1000000000;
    next.tv_nsec %= 1000000000;
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL) == EINTR)
        ;
}

/* The script says whether the match goes on. 0: not now. */
static int tell_hit(neap_runtime *rt, const char *team)
{
    neap_error error;
    int goes_on = 1, status = neap_call(rt, "on_hit", "sn>b", team, 12.5, &goes_on, &error);
    if (status == -EBUSY) /* its time was up in the middle of a tick, which is to end first */
        return 0;
    if (status)
        neap_report(&error);
    over = !goes_on;
    return 1;
}

static int world_tick(neap_runtime *rt)
{
    static const char *const teams[] = {"red", "blue"}, *hit;
    if (over || ++frame > 600)
        return 0;
    wait_for_frame();
    if (frame == 5)
        neap_emit(rt, "join", "ss", "ann", "red");
    if (frame == 8)
        neap_emit(rt, "join", "ss", "bob", "blue");
    if (frame % 10 == 0) /* somebody is hit */
        hit = teams[frame / 10 % 2];
    if (hit && tell_hit(rt, hit))
        hit = NULL;
    return 1;
}

static int say(lua_State *L) /* world.say(player, text) */
{
    printf("to %s: %s\n", luaL_checkstring(L, 1), luaL_checkstring(L, 2));
    fflush(stdout);
    return 0;
}

static const luaL_Reg world[] = {{"say", say}, {NULL, NULL}};

/* ---- The host ---- */

int main(int argc, char **argv)
{
    neap_options options = NEAP_OPTIONS_INIT;
    options.memory_limit = 64 << 20;
    options.preempt_signal = SIGURG; /* so that compiled code keeps to its time as well */

    neap_error error;
    neap_runtime *rt = neap_open(&options, &error);
    if (!rt)
        return neap_report(&error);
    int failed = neap_register(rt, "world", world, &error) ||
                 neap_start(rt, argc > 1 ? argv[1] : "examples/match.lua", &error);
    if (failed)
        neap_report(&error); /* message and traceback, on standard error */

    while (!failed && world_tick(rt)) {
        neap_emit(rt, "tick", "n", frame / 60.0); /* to every script that listens */
        failed = neap_step(rt, 0.002) < 0;        /* at most 2 ms of script a frame */
    }
    neap_close(rt, NULL, NULL);
    printf("the match is over after %d frames\n", frame);
    return failed;
}
