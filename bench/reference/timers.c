/* timers.c -- a million timers of 0 to 100 ms, a uv_timer_t each, made and all fired.
 *
 * Prints {"create_ms": …, "total_ms": …}. It is not a floor: one list of our own over one uv_timer_t
 * is faster than a heap of a million of them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#define COUNT 1000000

static int left = COUNT;

static void on_closed(uv_handle_t *handle)
{
    free(handle);
}

static void on_timer(uv_timer_t *timer)
{
    left--;
    uv_close((uv_handle_t *)timer, on_closed);
}

int main(void)
{
    uv_loop_t *loop = uv_default_loop();
    uint64_t started = uv_hrtime();

    for (uint64_t i = 0; i < COUNT; i++) {
        uv_timer_t *timer = malloc(sizeof *timer);
        if (!timer)
            return 1;
        uv_timer_init(loop, timer);
        uv_timer_start(timer, on_timer, i * 7919 % 101, 0);
    }
    uint64_t created = uv_hrtime();
    uv_run(loop, UV_RUN_DEFAULT);
    uint64_t fired = uv_hrtime();
    printf("{\"create_ms\": %.1f, \"total_ms\": %.1f}\n", (double)(created - started) / 1e6,
           (double)(fired - started) / 1e6);
    return left != 0;
}
