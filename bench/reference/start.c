/* start.c -- a loop opened, run with nothing to do, and closed: the least a host's start can cost. */
#include <uv.h>

int main(void)
{
    uv_loop_t loop;
    int status = uv_loop_init(&loop);
    if (status == 0)
        status = uv_run(&loop, UV_RUN_DEFAULT);
    if (status == 0)
        status = uv_loop_close(&loop);
    return status != 0;
}
