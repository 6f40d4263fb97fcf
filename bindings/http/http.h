/* http.h -- what the files of neap.http's server know of each other. The parser has parser.h.
 *
 *   http.c        registration, objects      server.c   listening, options
 *   connection.c  bytes in, phases, closing  output.c   bytes out
 *   exchange.c    a request: its task, end   deadline.c the timer of a connection
 *   request.c     its face in Lua            body.c     its body
 *   response.c    the response's             answer.c   the bytes of its response
 *   headers.c     response.headers           pool.c     memory, tickets, Date
 *
 * Who owns what. A server is a handle; it lives until its last connection has gone. A connection
 * owns its transport and, while a request is in progress, one exchange and its buffers; idle it
 * has neither. The exchange outlives the connection if the client leaves before the handler is
 * over: then x->c is NULL and whatever the handler sends is refused. Nothing here points into the
 * VM but what is held (neap->hold), and the VM holds tickets: a ticket's serial changes when its
 * request is over, so that what a script kept of it is found to be stale.
 */
#ifndef NEAP_HTTP_H
#define NEAP_HTTP_H

#include <neap/extension.h>
#include <stdbool.h>
#include <uv.h> /* its error codes only */

#include "parser.h"

typedef struct http_state http_state;
typedef struct http_server http_server;
typedef struct http_connection http_connection;
typedef struct http_exchange http_exchange;
typedef struct http_ticket http_ticket;
typedef struct http_buffer http_buffer;

/* ---- Limits that are no options ---- */

enum {
    HTTP_HIGH_WATER = 64 * 1024, /* bytes of output: writers wait above, until */
    HTTP_LOW_WATER = 16 * 1024,
    HTTP_INPUT_LIMIT = 64 * 1024,  /* bytes kept while a handler runs; then reading pauses */
    HTTP_DIRECT_WRITE = 16 * 1024, /* a body from here on is written from where it lies */
    HTTP_DRAIN_LIMIT = 64 * 1024,  /* an unread body up to here is read, to keep the connection */
    HTTP_LINGER_LIMIT = 1 << 20,   /* bytes discarded after the last response */
};
#define HTTP_LINGER_SECONDS 2.0

/* ---- Memory: pool.c ---- */

struct http_buffer {
    http_buffer *next;
    size_t size, at, end; /* data[at, end) is filled */
    char data[];
};

/* Room for n more bytes at data + end; NULL when there is no memory, and *b stands. */
char *http_buffer_room(http_state *state, http_buffer **b, size_t n);
int http_buffer_append(http_state *state, http_buffer **b, const char *data, size_t n);
void http_buffer_drop(http_state *state, http_buffer **b);

/* What a script holds of a request: `exchange` is valid while `serial` is the one it was given. */
struct http_ticket {
    http_exchange *exchange;
    uint64_t serial;
    http_ticket *next;
};

enum http_kind { HTTP_REQUEST, HTTP_FIELDS, HTTP_QUERY, HTTP_RESPONSE, HTTP_HEADERS, HTTP_KINDS };

struct http_state {
    neap_env *env;
    http_buffer *buffers;           /* free ones */
    http_exchange *exchanges, *all; /* free ones; every one */
    http_ticket *tickets;
    struct http_slab *slabs; /* where tickets lie */
    int buffer_count, exchange_count;
    int metatables[HTTP_KINDS], methods[HTTP_KINDS]; /* registry */
    const void *identities[HTTP_KINDS];              /* of the metatables */
    int encode;                                      /* registry: JSON text of a value */
    char date[40];                                   /* "Date: ...\r\n" */
    double date_until, now;
    bool fresh; /* now is this turn's */
};

http_exchange *http_pool_take(http_connection *c); /* NULL: no memory */
void http_pool_release(http_exchange *x);
void http_pool_close(http_state *state);
double http_now(http_state *state);
const char *http_date_line(http_state *state); /* HTTP_DATE_LINE bytes */
enum { HTTP_DATE_LINE = 37 };

/* ---- Objects in Lua: http.c ---- */

typedef struct http_ref {
    http_ticket *ticket;
    uint64_t serial;
} http_ref;

http_state *http_state_of(lua_State *L); /* in a function that http.c registers */
void http_push(lua_State *L, http_exchange *x, enum http_kind kind);
http_exchange *http_check(lua_State *L, enum http_kind kind); /* of argument 1, or raises */
http_exchange *http_ref_check(lua_State *L, const http_ref *ref);
int http_push_method(lua_State *L, enum http_kind kind); /* that argument 2 names, or nil */

/* ---- The server: server.c ---- */

typedef struct http_options { /* server.c has names and defaults */
    http_limits limits;
    double max_body, max_connections, backlog;
    double header_timeout, idle_timeout, body_timeout, write_timeout; /* seconds */
} http_options;

struct http_server {
    neap_handle handle;
    http_state *state;
    neap_transport *listener; /* NULL: it has closed */
    int handler, object;      /* held */
    http_connection *connections;
    http_options options;
    uint32_t count;         /* of connections */
    int arity;              /* arguments its handler can see: 0, 1 (request) or 2 */
    bool listening, paused; /* paused: max_connections are there */
    bool stopping;          /* no new request is taken */
    bool closing;           /* its handle is: handle_closed() when the rest has gone */
};

void http_server_left(http_connection *c); /* its memory is gone after this */
void http_server_push_handler(lua_State *L, http_server *server);
int http_server_listen(lua_State *L);
int http_server_stop(lua_State *L);
int http_server_is_closed(lua_State *L);

/* ---- A connection: connection.c, deadline.c, output.c ---- */

enum http_phase {
    HTTP_IDLE,      /* no byte of a request has come */
    HTTP_RECEIVING, /* some have */
    HTTP_STARTING,  /* its handler's task is to be started */
    HTTP_HANDLING,  /* its handler, or what it started, runs */
    HTTP_DRAINING,  /* it is over, what is left of its body is read */
    HTTP_CLOSING,   /* our last bytes are on their way */
    HTTP_LINGERING, /* they are out; the client may not have read them yet */
    HTTP_CLOSED
};

struct http_connection {
    neap_timer timer; /* fires early and starts itself again: see deadline.c */
    neap_job flush;
    neap_transport *t; /* NULL once it has closed */
    http_server *server;
    http_connection *next, *previous;
    http_exchange *x;
    http_buffer *in, *out;  /* not yet parsed; not yet written */
    double deadline;        /* of this phase, if it has one */
    double output_deadline; /* the client must have taken some of what is queued; 0: nothing is */
    double armed;           /* when the timer fires; 0: it does not */
    uint64_t sent, taken; /* bytes given to t; of these not queued any more, when we last looked */
    uint32_t discarded;   /* bytes, while lingering */
    uint32_t seen;        /* bytes of out when the last drain ended */
    uint8_t phase;
    bool flushing; /* the flush job is queued: the memory must stay */
    bool ended;    /* the client sends no more */
    bool paused;   /* it is not read from */
};

void http_connection_open(http_server *server, neap_transport *t);
void http_connection_pump(http_connection *c);               /* go on with what has come in */
void http_connection_next(http_connection *c);               /* its exchange is done */
void http_connection_drain(http_connection *c);              /* but for its body */
void http_connection_refuse(http_connection *c, int status); /* answer by ourselves, and finish */
void http_connection_finish(http_connection *c);             /* close once all is written */
void http_connection_lost(http_connection *c, int status);
void http_connection_close(http_connection *c);
void http_connection_abort(http_connection *c); /* so that the client sees it is no end */

void http_connection_deadline(http_connection *c, double seconds); /* of its phase */
void http_connection_output_deadline(http_connection *c);
void http_connection_watch(http_connection *c); /* a handler runs, and reading is paused */
void http_connection_look(http_connection *c);  /* has the client reset it? Then it is lost */
void http_connection_on_timer(neap_timer *timer);

/* Room for n bytes of output, which leave when this turn's jobs are done; NULL: no memory, and the
 * connection is closed. The caller adds to c->out->end what it used. */
char *http_output_room(http_connection *c, size_t n);
int http_output_direct(http_connection *c, const neap_buf *bufs, unsigned n);
int http_output_flush(http_connection *c); /* now: 0 or a status, and the connection is lost */
bool http_output_full(const http_connection *c);
void http_output_watch(http_connection *c); /* the client must take something from now on */
void http_output_check(http_connection *c); /* at its deadline: is the client stuck? */
void http_output_on_flush(neap_job *job);

/* ---- A request in progress: exchange.c ---- */

enum http_body_state {
    HTTP_BODY_DONE,    /* all of it is in x->body, or there is none */
    HTTP_BODY_UNREAD,  /* nobody has asked: its bytes wait in c->in, or in the kernel */
    HTTP_BODY_READING, /* it is collected in x->body */
    HTTP_BODY_DRAINING,
    HTTP_BODY_FAILED /* x->body.error */
};

enum http_framing { HTTP_NO_BODY, HTTP_LENGTH, HTTP_CHUNKED, HTTP_UNTIL_CLOSE };

/* Fields that the handler set itself, and that we then leave to it. */
enum { HTTP_HAS_TYPE = 1, HTTP_HAS_DATE = 2, HTTP_HAS_LENGTH = 4 };

typedef struct http_wait { /* an operation of a handler: for the body, or for room to write */
    neap_op op;
    http_ticket *ticket;
    uint64_t serial;
    struct http_wait *next, **list; /* NULL: completed */
} http_wait;

struct http_exchange {
    neap_spawn spawn;
    neap_job start;
    http_state *state;
    http_connection *c; /* NULL: the client has left */
    http_ticket *ticket;
    http_exchange *next, *all_next, *all_previous;
    http_head head;
    http_field *fields;
    char *text; /* the head; then as much room as its target takes, for decoding */
    uint32_t text_size, head_len;
    uint16_t fields_room;

    struct { /* zeroed for each request */
        http_chunks chunks;
        http_buffer *data;
        uint64_t left; /* bytes to come (length), or come (chunked) */
        int error;     /* of a failed one, with its message, and the status that answers it if */
        const char *message; /* the handler does not take it */
        uint16_t refusal;
        uint8_t state;
        bool continued; /* "100 Continue" was sent */
    } body;
    struct {                /* zeroed too */
        http_buffer *lines; /* fields the handler set: "name: value\r\n" each */
        uint64_t owed;      /* bytes of Content-Length to come */
        uint16_t status;
        uint8_t framing, has;
        bool close;       /* the connection shall not go on after it */
        bool keep;        /* it will: decided with the head */
        bool begun, done; /* its head, all of it */
        bool broken;      /* its end would not show that something is missing */
    } response;
    http_wait *readers, *writers;
    bool started;  /* its task: until over() */
    bool returned; /* its handler */
};

static inline bool http_reads_body(const http_connection *c)
{
    return c->x && c->x->body.state == HTTP_BODY_READING;
}

/* The head has come: take it, and queue the handler. 0, or the status to refuse it with. */
int http_exchange_begin(http_exchange *x, const char *data, size_t len);
void http_exchange_left(http_exchange *x, int status); /* the client has */
extern const neap_op_class http_wait_body, http_wait_room;
http_wait *http_wait_new(lua_State *L, http_exchange *x, const neap_op_class *type,
                         http_wait **list);
void http_wait_wake(http_wait **list, int status, const char *message);

/* ---- Bodies of requests: body.c ---- */

void http_body_begin(http_exchange *x);
size_t http_body_feed(http_exchange *x, const char *data, size_t len); /* bytes used */
void http_body_fail(http_exchange *x, int error, int refusal, const char *message);
bool http_body_drain(http_exchange *x);         /* false: too much is left, close instead */
bool http_body_bounded(const http_exchange *x); /* what is left is worth draining */
int http_request_body(lua_State *L);

/* ---- The response: answer.c, headers.c ---- */

#define HTTP_TYPE_TEXT "text/plain; charset=utf-8"
#define HTTP_TYPE_JSON "application/json"

/* The whole of a response; its head alone, of one that comes in pieces; a piece. 0, or UV_ECONNRESET
 * when the client has left. */
int http_response_send(http_exchange *x, const char *type, const char *body, size_t len);
int http_response_begin(http_exchange *x);
int http_response_write(http_exchange *x, const char *data, size_t len);
void http_response_end(http_exchange *x);                /* nothing more comes */
void http_response_refuse(http_exchange *x, int status); /* its handler failed */
const char *http_reason(int status);                     /* "Not Found" */

/* The lines of response.headers. find: the value of the first line of that name at or after *at,
 * which moves behind it, or NULL. */
const char *http_headers_find(const http_exchange *x, const char *name, size_t name_len, size_t *at,
                              size_t *len);
void http_headers_remove(http_exchange *x, const char *name, size_t name_len);
void http_headers_assign(lua_State *L, http_exchange *x, int table);

/* ---- Faces in Lua: request.c, response.c, headers.c ---- */

bool http_request_valid(const http_exchange *x); /* can its path be decoded? */
int http_request_index(lua_State *L);
int http_request_newindex(lua_State *L);
int http_fields_index(lua_State *L);
int http_fields_pairs(lua_State *L);
int http_query_index(lua_State *L);
int http_query_pairs(lua_State *L);
int http_response_index(lua_State *L);
int http_response_newindex(lua_State *L);
int http_response_write_op(lua_State *L);
int http_response_send_op(lua_State *L);
int http_headers_index(lua_State *L);
int http_headers_newindex(lua_State *L);
int http_headers_pairs(lua_State *L);

#endif
