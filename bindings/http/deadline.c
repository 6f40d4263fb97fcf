/* deadline.c -- when a connection has waited long enough: its one timer, and what that looks at.
 *
 * No request restarts the timer. A phase writes its deadline; output that the kernel did not take
 * at once writes another, by which the client must have taken some (output.c). The timer fires for
 * the first of them or before it, looks which have passed, and starts itself again for the next.
 *
 * While a handler runs and reading is paused, nothing tells of a client that resets the connection.
 * Then, and only then, the timer looks at the socket once a second.
 */
#include <stdlib.h>

#include "http.h"

#define LOOK_SECONDS 1.0
#define LONG_SECONDS 10.0
#define NEVER 1e300

/* A long time is rounded up to a whole second, so that connections which fall silent together wake
 * the loop once. */
static double after(const http_connection *c, double seconds)
{
    double when = http_now(c->server->state) + seconds;
    return seconds < LONG_SECONDS ? when : (double)(uint64_t)when + 1;
}

static void arm(http_connection *c, double when)
{
    double left = when - http_now(c->server->state);
    neap->timer(c->server->handle.env, &c->timer, left > 0 ? left : 0);
    c->armed = when;
}

/* The timer is to fire by then. It is left alone if it will, or only a little later: starting it
 * again for each request would cost more than all else here. */
static void arm_by(http_connection *c, double when, double late)
{
    if (c->armed == 0 || c->armed > when + late)
        arm(c, when);
}

void http_connection_deadline(http_connection *c, double seconds)
{
    c->deadline = after(c, seconds);
    arm_by(c, c->deadline, seconds / 8);
}

void http_connection_output_deadline(http_connection *c)
{
    double seconds = c->server->options.write_timeout;
    c->output_deadline = after(c, seconds);
    arm_by(c, c->output_deadline, seconds / 8);
}

/* Seconds that its phase still has. */
double http_connection_left(const http_connection *c)
{
    double left = c->deadline - http_now(c->server->state);
    return left > 0 ? left : 0;
}

/* Each byte of a body gives it 1 / min_body_rate seconds more, up to body_timeout from now: it may stand
 * still for that long, but not crawl. The timer needs not be told: it fires earlier, and looks. */
void http_connection_progress(http_connection *c, size_t n)
{
    const http_options *options = &c->server->options;
    double most = after(c, options->body_timeout), given = most;
    if (options->min_body_rate > 0)
        given = c->deadline + (double)n / options->min_body_rate;
    c->deadline = given < most ? given : most;
}

void http_connection_handler_deadline(http_connection *c)
{
    double seconds = c->server->options.handler_timeout;
    if (seconds > 0) {
        c->x->deadline = after(c, seconds);
        arm_by(c, c->x->deadline, seconds / 8);
    }
}

void http_connection_watch(http_connection *c)
{
    arm_by(c, after(c, LOOK_SECONDS), LOOK_SECONDS / 8);
}

/* -- what passed -- */

/* Has its phase a deadline now? A handler's own is its request's. Between requests the time
 * begins when the client has taken all that it was sent. */
static bool is_timed(const http_connection *c)
{
    switch (c->phase) {
    case HTTP_IDLE: return c->t->queued == 0;
    case HTTP_HANDLING: return http_reads_body(c);
    case HTTP_RECEIVING:
    case HTTP_DRAINING:
    case HTTP_LINGERING: return true;
    default: return false;
    }
}

static void expire(http_connection *c)
{
    switch (c->phase) {
    case HTTP_RECEIVING: /* RFC 9110 15.5.9 */
        if (http_head_begun(&c->x->head))
            http_connection_refuse(c, 408);
        else
            http_connection_finish(c);
        break;
    case HTTP_HANDLING:
        http_body_fail(c->x, UV_ETIMEDOUT, 408, "the body did not come in time");
        break;
    case HTTP_LINGERING: http_connection_close(c); break;
    default: http_connection_finish(c);
    }
}

static double handler_deadline(const http_connection *c)
{
    return c->phase == HTTP_HANDLING && c->x->deadline > 0 ? c->x->deadline : NEVER;
}

/* Its wait ends with ETIMEDOUT; it may still answer. */
static void expire_handler(http_exchange *x)
{
    x->deadline = 0;
    x->late = true;
    if (x->started)
        neap->cancel(&x->spawn, UV_ETIMEDOUT);
}

static bool is_blind(const http_connection *c)
{
    return c->paused && (c->phase == HTTP_STARTING || c->phase == HTTP_HANDLING);
}

/* For a handler: has its client reset the connection? */
void http_connection_look(http_connection *c)
{
    char text[16];
    if (c->phase != HTTP_STARTING && c->phase != HTTP_HANDLING)
        return;
    if (c->t->type->info(c->t, "error", text, sizeof text) > 0 && atoi(text) < 0)
        http_connection_lost(c, atoi(text));
}

static void start_again(http_connection *c)
{
    double next = is_timed(c) ? c->deadline : NEVER;
    if (handler_deadline(c) < next)
        next = handler_deadline(c);
    if (c->output_deadline > 0 && c->output_deadline < next)
        next = c->output_deadline;
    if (is_blind(c) && next > http_now(c->server->state) + LOOK_SECONDS)
        next = after(c, LOOK_SECONDS);
    if (next < NEVER)
        arm_by(c, next, 0);
}

void http_connection_on_timer(neap_timer *timer)
{
    http_connection *c = (http_connection *)((char *)timer - offsetof(http_connection, timer));
    double now = http_now(c->server->state);
    c->armed = 0;
    if (c->output_deadline > 0 && now >= c->output_deadline)
        http_output_check(c);
    if (is_blind(c))
        http_connection_look(c);
    if (is_timed(c) && now >= c->deadline)
        expire(c);
    if (now >= handler_deadline(c))
        expire_handler(c->x);
    if (c->phase != HTTP_CLOSED)
        start_again(c);
}
