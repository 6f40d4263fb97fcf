/* log.h -- neap_log: what its files share. log.c has the interface. */
#ifndef NEAP_BINDINGS_LOG_H
#define NEAP_BINDINGS_LOG_H

#include <neap/extension.h>
#include <stdbool.h>
#include <sys/uio.h>
#include <uv.h>

/* ---- A descriptor that is never waited for: target.c ---- */

typedef enum {
    LOG_FILE,        /* regular files, /dev/null: a write is a copy into the system's cache */
    LOG_NONBLOCKING, /* a pipe or terminal whose O_NONBLOCK is ours alone */
    LOG_SOCKET,      /* MSG_DONTWAIT */
    LOG_SHARED,      /* a pipe that could not be opened anew: only what surely fits */
} log_kind;

typedef struct log_target {
    uv_poll_t poll;
    neap_env *env;
    void (*writable)(struct log_target *t);
    void *owner;
    void (*gone)(void *owner); /* by log_target_close, later: the memory has gone */
    int fd;
    log_kind kind;
    size_t whole;          /* bytes that are written whole or not at all: of a pipe, PIPE_BUF */
    bool terminal, polled; /* there is something to poll for */
} log_target;

/* On the descriptor, which is the target's from then on, also when it fails: 0 or a status. */
int log_target_open(neap_env *env, int fd, log_target **out);
int log_target_standard_error(void); /* a descriptor of our own for it, or a status */
ssize_t log_target_write(log_target *t, struct iovec *v, int count); /* or a status */
/* Calls writable() when more can be written; `stays`: that keeps the loop alive. */
void log_target_wait(log_target *t, bool on, bool stays);
bool log_target_is_waiting(const log_target *t);
void log_target_close(log_target *t);

/* ---- Lines that wait to be written, in bounded memory: queue.c ---- */

typedef struct log_line {
    struct log_line *next;
    size_t size, at; /* so much of it is written */
    char bytes[];
} log_line;

typedef struct {
    neap_env *env;
    log_line *first, **last;
    size_t bytes, limit;
    double added, removed;        /* bytes, ever */
    double written, lost, unsaid; /* lines; of those that are lost, not told yet */
    char *notice;                 /* what tells: the number of lines goes in at notice_at */
    size_t notice_size, notice_at;
} log_queue;

void log_queue_open(log_queue *q, neap_env *env, size_t limit);
void log_queue_close(log_queue *q);
bool log_queue_add(log_queue *q, const char *text, size_t size);
void log_queue_say_lost(log_queue *q); /* if any are and there is room for it */
bool log_queue_notice(log_queue *q, const char *head, size_t head_size, const char *tail,
                      size_t tail_size);
/* Writes until all has gone, or no more can: 0, UV_EAGAIN or another status. */
int log_queue_write(log_queue *q, log_target *t);
void log_queue_restart(log_queue *q); /* the first line is written anew, whole */

/* ---- Sinks: sink.c ---- */

typedef struct log_wait {
    neap_op op;
    struct log_sink *sink;
    struct log_wait *next;
    double until; /* so many bytes have been removed from the queue */
} log_wait;

typedef struct log_opener log_opener;

typedef struct log_sink {
    neap_handle handle;
    log_queue queue;
    log_target *target;
    int targets; /* of ours, with those that are closing */
    neap_job job;
    neap_timer grace;
    double seconds; /* of grace */
    bool queued, closing;
    bool later;  /* handle_closed() is to be called */
    int failure; /* of the last write */
    log_wait *waiters;
    log_opener *opener;
    char *path; /* of a file */
} log_sink;

extern const neap_handle_class log_sink_class;

/* Takes the descriptor; 0 or a status. */
int log_sink_target(log_sink *s, int fd);
void log_sink_write(log_sink *s);

/* ---- Log files: file.c ---- */

int log_file_open(lua_State *L);
void log_file_abandon(log_sink *s); /* it closes */

#endif
