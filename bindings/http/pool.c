/* pool.c -- memory that requests use one after the other: buffers, exchanges, tickets; the Date.
 *
 * Once warm nothing is allocated a request. Free lists are bounded, and what has grown large is
 * freed instead of kept. Tickets alone stay for the runtime's life, 24 bytes each: a script may
 * hold on to a request object for as long as it likes, and what it points to must stay readable.
 */
#include <string.h>
#include <time.h>

#include "http.h"

enum {
    BUFFER_SIZE = 4096,      /* of a fresh one, header included */
    BUFFER_KEEP = 32 * 1024, /* a larger one is freed, */
    LARGE_KEEP = 256 * 1024, /* but for a few up to here, for large bodies */
    LARGE = 8,
    BUFFERS = 256, /* kept */
    EXCHANGES = 256,
    TEXT_SIZE = 1024,
    TEXT_KEEP = 8 * 1024,
    SLAB_TICKETS = 64
};

/* -- buffers -- */

static http_buffer *buffer_resize(http_state *state, http_buffer *b, size_t need)
{
    size_t old = b ? b->size : 0, size = old ? old : BUFFER_SIZE;
    while (size - sizeof *b < need)
        size *= 2;
    http_buffer *grown = neap->alloc(state->env, b, old, size);
    if (!grown)
        return NULL;
    if (!b)
        grown->at = grown->end = 0;
    grown->size = size;
    return grown;
}

static http_buffer *large_take(http_state *state, size_t need)
{
    http_buffer *b = state->large;
    if (!b || b->size - sizeof *b < need)
        return buffer_resize(state, NULL, need);
    state->large = b->next;
    state->large_count--;
    b->at = b->end = 0;
    return b;
}

static http_buffer *buffer_take(http_state *state, size_t need)
{
    http_buffer *b = state->buffers;
    if (need > BUFFER_KEEP)
        return large_take(state, need);
    if (!b || b->size - sizeof *b < need)
        return buffer_resize(state, NULL, need);
    state->buffers = b->next;
    state->buffer_count--;
    b->at = b->end = 0;
    return b;
}

static size_t room(const http_buffer *b)
{
    return b->size - sizeof *b - b->end;
}

/* What is used up at its front makes room first, when that is cheap. */
static void close_gap(http_buffer *b)
{
    if (b->at > 0 && b->at >= b->end - b->at) {
        memmove(b->data, b->data + b->at, b->end - b->at);
        b->end -= b->at;
        b->at = 0;
    }
}

char *http_buffer_room(http_state *state, http_buffer **b, size_t n)
{
    if (!*b && !(*b = buffer_take(state, n)))
        return NULL;
    if (room(*b) < n)
        close_gap(*b);
    if (room(*b) < n) {
        http_buffer *grown = buffer_resize(state, *b, (*b)->end + n);
        if (!grown)
            return NULL;
        *b = grown;
    }
    return (*b)->data + (*b)->end;
}

int http_buffer_append(http_state *state, http_buffer **b, const char *data, size_t n)
{
    char *p = http_buffer_room(state, b, n);
    if (!p)
        return UV_ENOMEM;
    memcpy(p, data, n);
    (*b)->end += n;
    return 0;
}

void http_buffer_drop(http_state *state, http_buffer **b)
{
    http_buffer *old = *b;
    if (!old)
        return;
    *b = NULL;
    if (old->size > BUFFER_KEEP && old->size <= LARGE_KEEP && state->large_count < LARGE) {
        old->next = state->large;
        state->large = old;
        state->large_count++;
        return;
    }
    if (old->size > BUFFER_KEEP || state->buffer_count >= BUFFERS) {
        neap->alloc(state->env, old, old->size, 0);
        return;
    }
    old->next = state->buffers;
    state->buffers = old;
    state->buffer_count++;
}

void http_block_drop(http_state *state, http_block *b)
{
    if (b->base)
        neap->read_drop(state->env, b->base);
    *b = (http_block){NULL, NULL, 0};
}

/* -- tickets -- */

typedef struct http_slab {
    struct http_slab *next;
    http_ticket tickets[SLAB_TICKETS];
} slab;

static http_ticket *ticket_take(http_state *state)
{
    if (!state->tickets) {
        slab *s = neap->alloc(state->env, NULL, 0, sizeof *s);
        if (!s)
            return NULL;
        memset(s, 0, sizeof *s);
        s->next = state->slabs;
        state->slabs = s;
        for (int i = 0; i < SLAB_TICKETS; i++) {
            s->tickets[i].next = state->tickets;
            state->tickets = &s->tickets[i];
        }
    }
    http_ticket *ticket = state->tickets;
    state->tickets = ticket->next;
    return ticket;
}

/* -- exchanges: each keeps its ticket, its fields and its text -- */

static void link_exchange(http_exchange *x)
{
    x->all_next = x->state->all;
    if (x->all_next)
        x->all_next->all_previous = x;
    x->state->all = x;
}

static void unlink_exchange(http_exchange *x)
{
    if (x->all_next)
        x->all_next->all_previous = x->all_previous;
    *(x->all_previous ? &x->all_previous->all_next : &x->state->all) = x->all_next;
}

static void exchange_free(http_exchange *x)
{
    http_state *state = x->state;
    unlink_exchange(x);
    if (x->ticket) {
        x->ticket->exchange = NULL;
        x->ticket->next = state->tickets;
        state->tickets = x->ticket;
    }
    if (x->fields)
        neap->alloc(state->env, x->fields, x->fields_room * sizeof *x->fields, 0);
    if (x->text)
        neap->alloc(state->env, x->text, x->text_size, 0);
    neap->alloc(state->env, x, sizeof *x, 0);
}

static http_exchange *exchange_new(http_state *state, uint16_t fields)
{
    http_exchange *x = neap->alloc(state->env, NULL, 0, sizeof *x);
    if (!x)
        return NULL;
    memset(x, 0, sizeof *x);
    x->state = state;
    link_exchange(x);
    x->fields = neap->alloc(state->env, NULL, 0, fields * sizeof *x->fields);
    x->text = neap->alloc(state->env, NULL, 0, TEXT_SIZE);
    x->ticket = ticket_take(state);
    x->fields_room = x->fields ? fields : 0;
    x->text_size = x->text ? TEXT_SIZE : 0;
    if (x->fields && x->text && x->ticket)
        return x;
    exchange_free(x);
    return NULL;
}

static void drop_buffers(http_exchange *x)
{
    http_block_drop(x->state, &x->body.kept);
    http_buffer_drop(x->state, &x->body.data);
    http_buffer_drop(x->state, &x->body.trailers);
    http_buffer_drop(x->state, &x->response.lines);
    http_buffer_drop(x->state, &x->response.trailers);
    http_buffer_drop(x->state, &x->response.interim);
}

http_exchange *http_pool_take(http_connection *c)
{
    http_state *state = c->server->state;
    const http_limits *limits = &c->server->options.limits;
    http_exchange *x = state->exchanges;
    if (x && x->fields_room >= limits->fields) {
        state->exchanges = x->next;
        state->exchange_count--;
    } else if (!(x = exchange_new(state, limits->fields))) {
        return NULL;
    }
    x->ticket->exchange = x;
    x->c = c;
    memset(&x->body, 0, sizeof x->body);
    memset(&x->response, 0, sizeof x->response);
    x->response.status = 200;
    x->started = x->returned = x->late = false;
    x->deadline = 0;
    http_head_init(&x->head, x->fields, limits);
    return x;
}

/* Its request is over. From here on every object of it in Lua is stale. */
void http_pool_release(http_exchange *x)
{
    http_state *state = x->state;
    x->ticket->serial++;
    http_flow_drop(x);
    drop_buffers(x);
    neap->let_go(state->env, &x->body.rejection);
    x->c = NULL;
    if (x->text_size > TEXT_KEEP || state->exchange_count >= EXCHANGES) {
        exchange_free(x);
        return;
    }
    x->next = state->exchanges;
    state->exchanges = x;
    state->exchange_count++;
}

/* Of a runtime that was closed in a hurry, some may still be waiting for their turn. */
void http_pool_close(http_state *state)
{
    for (http_exchange *x; (x = state->all);) {
        http_flow_drop(x);
        drop_buffers(x);
        exchange_free(x);
    }
    for (http_buffer *b; (b = state->buffers);) {
        state->buffers = b->next;
        neap->alloc(state->env, b, b->size, 0);
    }
    for (http_buffer *b; (b = state->large);) {
        state->large = b->next;
        neap->alloc(state->env, b, b->size, 0);
    }
    for (slab *s; (s = state->slabs);) {
        state->slabs = s->next;
        neap->alloc(state->env, s, sizeof *s, 0);
    }
}

/* -- the clock, and the Date field (RFC 9110 5.6.7), made again when its second is over and somebody asks -- */

static char *two(char *p, int n)
{
    *p++ = (char)('0' + n / 10);
    *p++ = (char)('0' + n % 10);
    return p;
}

static char *three(char *p, const char *names, int i)
{
    memcpy(p, names + 3 * i, 3);
    return p + 3;
}

static void make_date(http_state *state, time_t second)
{
    struct tm now;
    gmtime_r(&second, &now);
    char *p = state->date;
    memcpy(p, "Date: ", 6);
    p = three(p + 6, "SunMonTueWedThuFriSat", now.tm_wday);
    *p++ = ',';
    *p++ = ' ';
    p = two(p, now.tm_mday);
    *p++ = ' ';
    p = three(p, "JanFebMarAprMayJunJulAugSepOctNovDec", now.tm_mon);
    *p++ = ' ';
    p = two(p, (now.tm_year + 1900) / 100);
    p = two(p, now.tm_year % 100);
    *p++ = ' ';
    p = two(p, now.tm_hour);
    *p++ = ':';
    p = two(p, now.tm_min);
    *p++ = ':';
    p = two(p, now.tm_sec);
    memcpy(p, " GMT\r\n", 6);
}

/* Who has output to flush has read it in this turn (output.c). */
double http_now(http_state *state)
{
    return state->fresh ? state->now : neap->now(state->env);
}

const char *http_date_line(http_state *state)
{
    double now = http_now(state);
    if (now >= state->date_until) {
        double wall = neap->wall(state->env);
        time_t second = (time_t)wall;
        make_date(state, second);
        state->date_until = now + (1.0 - (wall - (double)second));
    }
    return state->date;
}
