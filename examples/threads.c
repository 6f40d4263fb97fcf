/* threads.c -- results of other threads, handed to a script: each thread holds a neap_remote.
 *
 *     cc -pthread examples/threads.c -o primes $(pkg-config --cflags --libs neap)
 *     ./primes
 */
#include <neap/neap.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS = 4 };

static const char script[] = "local host, task = require 'neap.host', require 'neap.task'\n"
                             "local results = task.channel(4)\n"
                             "host.on('counted', function(first, last, n)\n"
                             "  results:send(('%d primes from %d to %d'):format(n, first, last))\n"
                             "end)\n"
                             "for _ = 1, 4 do print(assert(results:receive())) end\n";

typedef struct {
    neap_remote *remote;
    int first, last, found;
} range;

static void on_counted(neap_runtime *rt, void *data) /* on the loop's thread */
{
    range *r = data;
    neap_emit(rt, "counted", "iii", r->first, r->last, r->found);
    free(r);
}

static void *count(void *data) /* on a thread of its own: nothing of Neap but the remote */
{
    range *r = data;
    neap_remote *remote = r->remote;
    for (int n = r->first; n <= r->last; n++) {
        int d = 2;
        while (d * d <= n && n % d)
            d++;
        r->found += d * d > n;
    }
    if (neap_post(remote, on_counted, free, r)) /* the runtime closed meanwhile: r is still ours */
        free(r);
    neap_remote_close(remote); /* neap_run goes on until the last one is closed */
    return NULL;
}

int main(void)
{
    neap_options options = NEAP_OPTIONS_INIT;
    neap_error error;
    pthread_t threads[THREADS];
    neap_runtime *rt = neap_open(&options, &error);
    if (!rt)
        return neap_report(&error);
    int status =
        neap_start_text(rt, "primes", script, strlen(script), &error) ? neap_report(&error) : 0;
    int started = 0;
    for (; !status && started < THREADS; started++) {
        range *r = calloc(1, sizeof *r);
        *r = (range){neap_remote_open(rt), 100000 * started + 2, 100000 * (started + 1) + 1, 0};
        pthread_create(&threads[started], NULL, count, r);
    }
    if (!status)
        status = neap_run(rt);
    while (started)
        pthread_join(threads[--started], NULL);
    neap_close(rt, NULL, NULL);
    return status;
}
