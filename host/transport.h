/* transport.h -- what the files transport*.c know of each other.
 *
 * transport.c  writing, closing, opening    transport_read.c    reading
 * transport_listen.c  accepting             transport_file.c    sendfile, the outbox
 * transport_info.c    info and options
 *
 * wire       a transport of the host: one libuv stream. Its block is freed when libuv has called
 *            back for every handle in it and no job of the thread pool uses its descriptor.
 * request    one connect, write, end or file on its way, with its bytes: one block, freed before
 *            its `done` is called.
 * outbox     made by the first sendfile: files, and what was written after them (transport_file.c).
 * listener   made by bind: what a listening wire has more (transport_listen.c). */
#ifndef NEAP_HOST_TRANSPORT_H
#define NEAP_HOST_TRANSPORT_H

#include <sys/un.h>

#include "host.h"

typedef struct wire wire;
typedef struct request request;
typedef struct outbox outbox;
typedef struct listener listener;

struct wire {
    neap_transport t;     /* host[0]: its outbox, host[1]: its listener, or NULL */
    neap_on_read on_read; /* NULL: it does not read, or has paused */
    neap_job pause;       /* queued while `pausing`: at the end of this turn libuv hears of it */
    void (*closed)(neap_transport *t);
    uint32_t writes; /* requests that libuv has and has not called back for */
    int broken;      /* status of a write of which a part has gone: nothing can follow it */
    uint8_t kind;
    uint8_t parts;    /* uv handles and jobs that must still end before the memory may go */
    bool initialized; /* uv is: a TTY's is not before open */
    bool closing;
    bool pausing;
    union { /* last: only as much as the kind needs is allocated */
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
        uv_tty_t tty;
    } uv;
};

enum { SEND_BYTES, SEND_FILE, SEND_END };

struct request {
    union {
        uv_connect_t connect;
        uv_write_t write;
        uv_shutdown_t shutdown;
    } uv;
    request *next; /* in the outbox */
    neap_on_done done;
    size_t size; /* bytes behind it; of a file: still to be sent */
    int64_t offset;
    int file;
    int kind;
    char bytes[];
};

static inline neap_runtime *wire_runtime(const wire *w)
{
    return w->t.env->rt;
}

static inline wire *wire_of(uv_stream_t *stream)
{
    return neap_container_of(stream, wire, uv.stream);
}

/* ---- transport.c ---- */

wire *neap_wire(neap_transport *t); /* NULL: it is not one of ours, or it is closed */
request *neap_request_new(wire *w, int kind, size_t size, neap_on_done done);
void neap_request_end(wire *w, request *r, int status); /* free it, then say so */
int neap_wire_send(wire *w, request *r);                /* hand bytes or the end to libuv */
void neap_wire_count(wire *w);                          /* bring t.queued up to date */
void neap_wire_part_closed(wire *w);
/* May it? A socket's address gets the path that was judged, in `un`. */
int neap_wire_permit(wire *w, const char *verb, const struct sockaddr **address,
                     struct sockaddr_un *un);

/* ---- transport_read.c ---- */

int neap_wire_read(neap_transport *t, neap_on_read on_read);

/* ---- transport_file.c ---- */

int neap_outbox_sendfile(neap_transport *t, int file, int64_t offset, size_t length,
                         neap_on_done done);
bool neap_outbox_busy(const wire *w); /* then what is written now has to wait its turn */
int neap_outbox_add(wire *w, request *r);
size_t neap_outbox_bytes(const wire *w);
void neap_outbox_pump(wire *w); /* libuv's queue may have become empty */
void neap_outbox_close(wire *w);
void neap_outbox_free(wire *w);

/* ---- transport_listen.c ---- */

void neap_listener_close(wire *w);
void neap_listener_free(wire *w);

/* ---- transport_info.c ---- */

int neap_wire_info(neap_transport *t, const char *key, char *out, size_t size);
int neap_wire_option(neap_transport *t, const char *key, int value);

#endif
