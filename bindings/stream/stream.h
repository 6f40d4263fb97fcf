/* stream.h -- neap_stream: what its files share. stream.c has the interface. */
#ifndef NEAP_BINDINGS_STREAM_H
#define NEAP_BINDINGS_STREAM_H

#include <neap/extension.h>

/* Above HIGH bytes that nobody has read the transport pauses, and above HIGH that are still to be written
 * writers wait, until LOW. */
enum { NEAP_STREAM_HIGH = 64 * 1024, NEAP_STREAM_LOW = 16 * 1024 };

typedef struct stream stream;

/* ---- buffer.c: bytes that were read and not yet taken ---- */

typedef struct {
    char *base;
    size_t start, length,
        size; /* bytes before those that are there; of those; of the block (0: none) */
    int kept; /* the block is of read_keep */
} buffer;

int buffer_append(neap_env *env, buffer *b, const char *data, size_t n); /* 0 or UV_ENOMEM */
int buffer_read(neap_env *env, buffer *b, const char *data, size_t n);   /* the same, in on_read */
int buffer_prepend(neap_env *env, buffer *b, const char *data, size_t n);
void buffer_drop(neap_env *env, buffer *b,
                 size_t n); /* its first n bytes; an empty one holds no memory */
void buffer_clear(neap_env *env, buffer *b);

/* ---- Streams ---- */

typedef struct read_op read_op;
typedef struct write_op write_op;
typedef struct pipe_op pipe_op;

struct stream {
    neap_handle handle;
    neap_transport *transport; /* NULL: closed or taken */
    read_op *reader;           /* until it is released */
    write_op *writers, **writers_tail;
    write_op *ender; /* of shutdown */
    pipe_op *out;    /* what takes all that is read */
    pipe_op *in;     /* what writes here, beside others */
    int file;        /* 1 + a descriptor of the file that is being sent here; 0: none */
    buffer unread;
    double timeout;        /* seconds that a wait may take; 0: for ever */
    double limit, allowed; /* bytes that may come, and those of them that have not; 0: any number */
    int ended;             /* no more bytes will come: 1 the end, < 0 a status */
    int broken;            /* status of a write that failed */
    int reading;
    int on_demand; /* read only while somebody waits; an end is not the last word */
};

extern const neap_handle_class neap_stream_class;

static inline stream *check_stream(lua_State *L, int index) /* NULL: it is closed */
{
    return neap->handle_find(L, index, &neap_stream_class);
}

/* ---- read.c ---- */

int neap_stream_read(lua_State *L);
int neap_stream_read_exactly(lua_State *L);
int neap_stream_read_until(lua_State *L);
int neap_stream_read_line(lua_State *L);
int neap_stream_read_all(lua_State *L);
int neap_stream_limit(lua_State *L);
int neap_stream_start(stream *s); /* reading, if it does not yet: 0 or a status */
void neap_stream_pause(stream *s);
void neap_stream_close_read(stream *s);

/* ---- write.c ---- */

int neap_stream_write(lua_State *L);
int neap_stream_shutdown(lua_State *L);
void neap_stream_on_written(neap_transport *t, int status);
void neap_stream_close_write(stream *s);

/* ---- pipe.c ---- */

int neap_stream_pipe(lua_State *L);
void neap_stream_piped(pipe_op *p, const char *data, ptrdiff_t n); /* to its source, as on_read */
void neap_stream_pipe_room(pipe_op *p, int status);                /* its sink has written */
void neap_stream_pipe_ended(pipe_op *p, int status);               /* its sink was shut down */
void neap_stream_close_pipes(stream *s);

/* ---- info.c ---- */

int neap_stream_address(lua_State *L);
int neap_stream_peer_address(lua_State *L);
int neap_stream_nodelay(lua_State *L);
int neap_stream_keepalive(lua_State *L);
int neap_stream_timeout(lua_State *L);

/* ---- stream.c ---- */

enum { NEAP_STREAM_MESSAGE = 256 };

/* What to say of a status that reading or writing ended with; NULL: its own message will do. */
const char *neap_stream_message(const stream *s, int status, char out[NEAP_STREAM_MESSAGE]);

#endif
