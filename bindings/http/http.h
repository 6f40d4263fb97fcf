/* http.h -- what the files of neap.http's server know of each other. The parser has parser.h.
 *
 *   http.c        registration, objects      server.c   listening, closing
 *   options.c     of a server                deadline.c the timer of a connection
 *   connection.c  bytes in, phases, closing  output.c   bytes out
 *   exchange.c    a request: its task, end   failure.c  what its handler did wrong
 *   request.c     its face in Lua            fields_lua.c  request.headers, request.query
 *   body.c        its body, whole            pieces.c   its body in pieces
 *   flow.c        its body as a stream
 *   response.c    the response's face        answer.c   the bytes of its response
 *   interim.c     1xx, and before an upgrade put.h      what heads are written with
 *   headers.c     response.headers           reason.c   "Not Found"
 *   trailers.c    those of both              take.c     upgrade and CONNECT
 *   pool.c        memory, tickets, Date
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
typedef struct http_flow http_flow;
typedef struct http_drain http_drain;

/* ---- Limits that are no options ---- */

enum {
    HTTP_HIGH_WATER = 64 * 1024, /* bytes of output: writers wait above, until */
    HTTP_LOW_WATER = 16 * 1024,
    HTTP_INPUT_LIMIT = 64 * 1024,  /* bytes kept while a handler runs; then reading pauses */
    HTTP_DIRECT_WRITE = 16 * 1024, /* a body from here on is written from where it lies */
    HTTP_DRAIN_LIMIT = 64 * 1024,  /* an unread body up to here is read, to keep the connection */
    HTTP_REFUSED_LIMIT = 1024,     /* connections that are being refused */
    HTTP_LINGER_LIMIT = 1 << 20,   /* bytes discarded after the last response */
};
#define HTTP_LINGER_SECONDS 2.0
#define HTTP_RETRY_AFTER "Retry-After: 5\r\n" /* with every 503 */

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

typedef struct { /* bytes in a block of read_keep; base NULL: none */
    char *base;
    const char *data;
    size_t len;
} http_block;

void http_block_drop(http_state *state, http_block *b);

/* What a script holds of a request: `exchange` is valid while `serial` is the one it was given. */
struct http_ticket {
    http_exchange *exchange;
    uint64_t serial;
    http_ticket *next;
};

enum http_kind { HTTP_REQUEST, HTTP_FIELDS, HTTP_QUERY, HTTP_RESPONSE, HTTP_HEADERS, HTTP_KINDS };

struct http_state {
    neap_env *env;
    http_buffer *buffers, *large;   /* free ones */
    http_exchange *exchanges, *all; /* free ones; every one */
    http_ticket *tickets;
    struct http_slab *slabs; /* where tickets lie */
    int buffer_count, large_count, exchange_count;
    const void *identities[HTTP_KINDS]; /* of the metatables */
    int encode;                         /* held: JSON text of a value */
    char date[40];                      /* "Date: ...\r\n" */
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

typedef struct http_options { /* options.c has names and defaults */
    http_limits limits;
    double max_body, max_connections, max_requests, backlog;
    double header_timeout, idle_timeout, body_timeout, write_timeout; /* seconds */
    double handler_timeout;                                           /* 0: none */
    double min_body_rate;                                             /* bytes a second */
    bool refuses; /* what is above max_connections, with 503; else it waits in the backlog */
} http_options;

http_options http_options_read(lua_State *L, int table);

struct http_server {
    neap_handle handle;
    http_state *state;
    neap_transport *listener; /* NULL: it has closed */
    int starter, object;      /* held: http_exchange_start with its handler; its own */
    neap_site site;           /* where it was made: its handlers' tasks come from there */
    http_connection *connections;
    http_drain *drains;  /* operations that wait for the end */
    neap_timer deadline; /* of those that close it */
    http_options options;
    uint32_t count, refused; /* of connections; of those that only read their 503 */
    int arity;               /* arguments its handler can see: 0, 1 (request) or 2 */
    bool listening, paused;  /* paused: max_connections are there */
    bool stopping;           /* no new request is taken */
    bool closing;            /* its handle is: handle_closed() when the rest has gone */
};

void http_server_left(http_connection *c); /* its memory is gone after this */
int http_server_listen(lua_State *L);
int http_server_stop(lua_State *L);
int http_server_drain(lua_State *L);
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
    union {
        uint32_t seen;      /* bytes of out when the last drain ended */
        uint32_t discarded; /* bytes, while lingering: there is no out any more */
    };
    uint32_t requests; /* taken so far */
    uint32_t writes;   /* that will call on_written */
    uint8_t phase;
    bool flushing : 1; /* the flush job is queued: the memory must stay */
    bool ended : 1;    /* the client sends no more */
    bool paused : 1;   /* it is not read from */
    bool refused : 1;  /* there were max_connections */
};

http_connection *http_connection_open(http_server *server, neap_transport *t); /* NULL: closed */
void http_connection_pause(http_connection *c); /* reading, until pump finds use for more */
void http_connection_pump(http_connection *c);  /* go on with what has come in */
void http_connection_next(http_connection *c);  /* its exchange is done */
void http_connection_drain(http_connection *c); /* but for its body */
void http_connection_refuse(http_connection *c, int status); /* answer by ourselves, and finish */
void http_connection_finish(http_connection *c);             /* close once all is written */
void http_connection_lost(http_connection *c, int status);
void http_connection_close(http_connection *c);
void http_connection_detach(
    http_connection *c); /* its transport is another's, and c->in: c is gone */
void http_connection_abort(http_connection *c); /* so that the client sees it is no end */

void http_connection_deadline(http_connection *c, double seconds); /* of its phase */
void http_connection_output_deadline(http_connection *c);
void http_connection_handler_deadline(http_connection *c);
double http_connection_left(const http_connection *c);       /* seconds to its phase's deadline */
void http_connection_progress(http_connection *c, size_t n); /* n bytes of a body have come */
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
    HTTP_BODY_FLOWING, /* it is read, or was, through x->body.flow */
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
        http_buffer *data, *trailers;
        http_block kept; /* flowing: what came before `data` */
        http_flow *flow; /* NULL: nobody reads it as a stream */
        double limit;    /* of bytes */
        double patience; /* seconds that were left when the reader paused */
        uint64_t left;   /* bytes to come (length), or come (chunked) */
        int error; /* that reading it gave, with its message, and the status that answers it if */
        const char *message; /* the handler does not take it */
        int rejection;       /* held: the error of what makes no sense in it */
        uint16_t refusal;
        uint8_t state;
        bool continued; /* "100 Continue" was sent */
        bool wanted;    /* flowing: its reader takes bytes */
        bool pieces;    /* flowing: to request:chunks() */
        bool streamed;  /* to request:stream(), though it may have closed */
    } body;
    struct {                   /* zeroed too */
        http_buffer *lines;    /* fields the handler set: "name: value\r\n" each */
        http_buffer *trailers; /* the same, for the end */
        http_buffer *interim;  /* the same, of a 1xx */
        uint64_t owed;         /* bytes of Content-Length to come */
        uint16_t status;
        uint8_t framing, has;
        bool close;       /* the connection shall not go on after it */
        bool keep;        /* it will: decided with the head */
        bool begun, done; /* its head, all of it */
        bool broken;      /* its end would not show that something is missing */
    } response;
    http_wait *readers, *writers, *takers;
    double deadline; /* of its handler; 0: none */
    bool started;    /* its task: until over() */
    bool returned;   /* its handler */
    bool late;       /* it took longer than handler_timeout */
};

static inline const char *http_target(const http_exchange *x) /* of its head; not ended by a 0 */
{
    return x->text + x->head.target.at;
}

static inline char *http_scratch(const http_exchange *x) /* as much room as its target takes */
{
    return x->text + x->head_len;
}

static inline bool http_reads_body(const http_connection *c)
{
    return c->x && (c->x->body.state == HTTP_BODY_READING ||
                    (c->x->body.state == HTTP_BODY_FLOWING && c->x->body.wanted));
}

/* The head has come: take it, and queue the handler. 0, or the status to refuse it with. */
int http_exchange_begin(http_exchange *x, const char *data, size_t len);
int http_exchange_start(
    lua_State *L); /* its task, of a light userdata; the handler is its upvalue */
void http_exchange_left(http_exchange *x, int status); /* the client has */
extern const neap_op_class http_wait_room;
http_exchange *http_wait_exchange(lua_State *L, const neap_op *op);
void http_wait_cancel(neap_op *op);
http_wait *http_wait_new(lua_State *L, http_exchange *x, const neap_op_class *type,
                         http_wait **list);
void http_wait_wake(http_wait **list, int status, const char *message);

/* ---- What a handler did wrong: failure.c ---- */

/* The error at index, absolute, of L, or a message: answered if it still can be, and reported unless
 * it is the client's. What is left of the handler's scope is cancelled. */
void http_handler_failed(http_exchange *x, lua_State *L, int status, int index);
void http_handler_misused(http_exchange *x, lua_State *S, const char *message);

/* Of a request that is over: what there is to report though nothing was raised, or NULL. */
const char *http_handler_omission(const http_exchange *x, int *status);

/* ---- Bodies of requests: body.c, flow.c ---- */

void http_body_begin(http_exchange *x);
size_t http_body_feed(http_exchange *x, const char *data, size_t len); /* bytes used */
void http_body_blame(http_exchange *x, int error, int refusal, const char *message);
void http_body_fail(http_exchange *x, int error, int refusal, const char *message);
bool http_body_drain(http_exchange *x);         /* false: too much is left, close instead */
bool http_body_bounded(const http_exchange *x); /* what is left is worth draining */
void http_body_begin_reading(http_exchange *x, enum http_body_state how);
void http_body_want(http_exchange *x, bool wanted);
void http_body_resume(http_exchange *x); /* it is wanted again, or wanted from now on */
int http_request_body(lua_State *L);
int http_request_reject(lua_State *L);
int http_request_stream(lua_State *L);
int http_request_piece(lua_State *L);
int http_piece_give(http_exchange *x, const char *data, size_t len); /* 0 or UV_ENOMEM */
double http_body_check_limit(lua_State *L, const http_exchange *x, int index);
void http_flow_give(http_exchange *x, const char *data, size_t len);
void http_flow_end(http_exchange *x, int status, const char *message); /* 0: all has come */
void http_flow_drop(http_exchange *x);                                 /* the request is over */

/* ---- Upgrade and CONNECT: take.c ---- */

int http_request_take(lua_State *L);

/* ---- The response: answer.c, headers.c, trailers.c ---- */

#define HTTP_TYPE_TEXT "text/plain; charset=utf-8"
#define HTTP_TYPE_JSON "application/json"

/* The whole of a response; its head alone, of one that comes in pieces; a piece. 0, or UV_ECONNRESET
 * when the client has left. */
int http_response_send(http_exchange *x, const char *type, const char *body, size_t len);
int http_response_begin(http_exchange *x);
int http_response_write(http_exchange *x, const char *data, size_t len);
int http_response_inform(http_exchange *x, int status); /* a 1xx, with the lines of `interim` */
int http_response_switch(http_exchange *x); /* the head after which it is no HTTP any more */
void http_response_end(http_exchange *x);   /* nothing more comes */
void http_response_refuse(http_exchange *x, int status); /* its handler failed */
const char *http_reason(int status);                     /* "Not Found" */

/* The lines of response.headers. find: the value of the first line of that name at or after *at,
 * which moves behind it, or NULL. */
const char *http_headers_find(const http_exchange *x, const char *name, size_t name_len, size_t *at,
                              size_t *len);
void http_headers_remove(http_exchange *x, const char *name, size_t name_len);
void http_headers_assign(lua_State *L, http_exchange *x, int table);

/* Lines of the fields in a table, which are not of the response's head; raises for a name that
 * `refused` (ended by NULL, lower case) has. */
void http_headers_collect(lua_State *L, http_exchange *x, http_buffer **lines, int table,
                          const char *const *refused);
bool http_same_name(const char *a, size_t a_len, const char *b, size_t b_len);

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
int http_response_inform_op(lua_State *L);
int http_response_trailers(lua_State *L);
int http_request_trailers(lua_State *L);
void http_push_span(lua_State *L, const http_exchange *x, http_span span);
void http_push_lower(lua_State *L, const char *text, size_t len);
int http_headers_index(lua_State *L);
int http_headers_newindex(lua_State *L);
int http_headers_pairs(lua_State *L);
int http_push_iterator(lua_State *L, lua_CFunction next); /* over argument 1, from 0 */

#endif
