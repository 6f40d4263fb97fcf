/* output.c: what print, io.write and io.stdout:write produce: one buffer a runtime, flushed when the
 * drain ends (so before any wait of the loop), when it is full, and at exit; on a terminal with every
 * line. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "host.h"

enum { OUT_SIZE = 16 * 1024 };

static void run_flush(neap_job *job)
{
    neap_runtime *rt = neap_container_of(job, neap_runtime, out_job);
    rt->out_queued = false;
    neap_output_flush(rt);
}

/* `| head` ends quietly: whoever reads has gone, so what is written is lost, and the command ends. */
static void write_all(neap_runtime *rt, const char *text, size_t length)
{
    if (rt->out_env) {
        rt->out_write(rt->out_env, text, length);
        return;
    }
    if (rt->options.output) {
        rt->options.output(rt, text, length, rt->options.data);
        return;
    }
    while (length && !rt->out_failed) {
        ssize_t n = write(STDOUT_FILENO, text, length);
        if (n >= 0) {
            text += n;
            length -= (size_t)n;
        } else if (errno == EAGAIN) {
            poll(&(struct pollfd){STDOUT_FILENO, POLLOUT, 0}, 1, -1);
        } else if (errno != EINTR) {
            rt->out_failed = -errno;
        }
    }
}

void neap_output_flush(neap_runtime *rt)
{
    size_t n = rt->out_length;
    rt->out_length = 0;
    if (n)
        write_all(rt, rt->out, n);
    if (rt->out_failed == UV_EPIPE && !rt->exiting)
        neap_exit(rt, 0);
}

/* Add to the buffer; what does not fit goes out at once. */
void neap_output(neap_runtime *rt, const char *text, size_t length)
{
    if (!length)
        return;
    if (!rt->out && (rt->out = neap_mem(rt, NULL, 0, OUT_SIZE))) {
        rt->out_size = OUT_SIZE;
        rt->out_terminal = !rt->options.output && isatty(STDOUT_FILENO);
    }
    if (rt->out_length + length > rt->out_size)
        neap_output_flush(rt);
    if (length > rt->out_size) {
        write_all(rt, text, length);
        return;
    }
    memcpy(rt->out + rt->out_length, text, length);
    rt->out_length += length;
    if ((rt->out_terminal || rt->sites) && memchr(text, '\n', length)) {
        neap_output_flush(rt);
    } else if (!rt->out_queued && rt->state != RT_CLOSED) { /* else by who closes it */
        rt->out_queued = true;
        rt->out_job.run = run_flush;
        neap_flush_add(rt->root, &rt->out_job);
    }
}

/* What was said before goes where it went. */
void neap_output_to(neap_env *env, void (*write)(neap_env *env, const char *text, size_t length))
{
    neap_output_flush(env->rt);
    env->rt->out_env = write ? env : NULL;
    env->rt->out_write = write;
}

int neap_output_print(neap_env *env, const char *text, size_t length)
{
    if (length)
        neap_output(env->rt, text, length);
    else
        neap_output_flush(env->rt);
    return env->rt->out_failed;
}
