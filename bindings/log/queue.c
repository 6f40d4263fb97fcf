/* queue.c -- neap_log: the lines of one sink that wait to be written: at most `limit` bytes of them.
 *
 * What finds no room, or no memory, is lost and counted. As soon as there is room again a line says how many: the
 * notice, which the Lua half words when it learns of the first. */
#include "log.h"

#include <stdio.h>
#include <string.h>
#include <sys/uio.h>

enum { VECTOR = 64, NUMBER = 24 };

void log_queue_open(log_queue *q, neap_env *env, size_t limit)
{
    *q = (log_queue){.env = env, .limit = limit};
    q->last = &q->first;
}

static void drop_first(log_queue *q)
{
    log_line *line = q->first;
    q->first = line->next;
    if (!q->first)
        q->last = &q->first;
    q->bytes -= line->size;
    neap->alloc(q->env, line, sizeof *line + line->size, 0);
}

static void free_notice(log_queue *q)
{
    if (q->notice)
        neap->alloc(q->env, q->notice, q->notice_size, 0);
    q->notice = NULL;
}

void log_queue_close(log_queue *q)
{
    while (q->first)
        drop_first(q);
    free_notice(q);
}

/* ---- Adding ---- */

static log_line *append(log_queue *q, size_t size)
{
    log_line *line = NULL;
    if (size <= q->limit && q->bytes <= q->limit - size)
        line = neap->alloc(q->env, NULL, 0, sizeof *line + size);
    if (!line)
        return NULL;
    *line = (log_line){.size = size};
    *q->last = line;
    q->last = &line->next;
    q->bytes += size;
    q->added += (double)size;
    return line;
}

bool log_queue_add(log_queue *q, const char *text, size_t size)
{
    log_queue_say_lost(q);
    log_line *line = q->unsaid ? NULL : append(q, size); /* what comes later is not told before */
    if (!line) {
        q->lost++;
        q->unsaid++;
        return false;
    }
    memcpy(line->bytes, text, size);
    return true;
}

/* ---- What is lost ---- */

bool log_queue_notice(log_queue *q, const char *head, size_t head_size, const char *tail,
                      size_t tail_size)
{
    free_notice(q);
    q->notice = neap->alloc(q->env, NULL, 0, head_size + tail_size);
    if (!q->notice)
        return false;
    memcpy(q->notice, head, head_size);
    memcpy(q->notice + head_size, tail, tail_size);
    q->notice_size = head_size + tail_size;
    q->notice_at = head_size;
    return true;
}

void log_queue_say_lost(log_queue *q)
{
    char number[NUMBER];
    if (!q->unsaid || !q->notice)
        return;
    size_t n = (size_t)snprintf(number, sizeof number, "%.0f", q->unsaid), at = q->notice_at;
    log_line *line = append(q, q->notice_size + n);
    if (!line)
        return;
    memcpy(line->bytes, q->notice, at);
    memcpy(line->bytes + at, number, n);
    memcpy(line->bytes + at + n, q->notice + at, q->notice_size - at);
    q->unsaid = 0;
    free_notice(q);
}

/* ---- Writing ---- */

/* At least one line; of more only what the target takes whole or not at all. */
static int fill(const log_queue *q, size_t most, struct iovec *v)
{
    int count = 0;
    size_t bytes = 0;
    for (log_line *line = q->first; line && count < VECTOR; line = line->next) {
        bytes += line->size - line->at;
        if (count && bytes > most)
            break;
        v[count++] = (struct iovec){line->bytes + line->at, line->size - line->at};
    }
    return count;
}

static void remove_bytes(log_queue *q, size_t n)
{
    q->removed += (double)n;
    while (n) {
        log_line *line = q->first;
        size_t left = line->size - line->at;
        if (n < left) {
            line->at += n;
            return;
        }
        n -= left;
        q->written++;
        drop_first(q);
    }
}

int log_queue_write(log_queue *q, log_target *t)
{
    for (;;) {
        struct iovec vector[VECTOR];
        if (!q->first)
            log_queue_say_lost(q);
        if (!q->first)
            return 0;
        ssize_t n = log_target_write(t, vector, fill(q, t->whole, vector));
        if (n < 0)
            return (int)n;
        remove_bytes(q, (size_t)n);
    }
}

void log_queue_restart(log_queue *q)
{
    if (!q->first)
        return;
    q->removed -= (double)q->first->at;
    q->first->at = 0;
}
