/* exchange.c -- one request and its response: from the complete head to the handler's last act.
 *
 * The handler is started from the run queue as a task of its own scope. What it returns is the
 * answer; what it and everything it started leave open is settled in on_over: 404 when nothing was
 * sent, the end of a body sent in pieces. A failure is answered with 500, or by closing when
 * the head has gone, and reported; the server goes on. The errors of a client (a body too large,
 * malformed, too late) that the handler passes on are answered with their own status and are
 * no report.
 *
 * When the client leaves, the scope is cancelled with ECONNRESET and x->c is NULL from then on.
 */
#include <string.h>

#include "http.h"

/* -- waits of the handler: for its body, for room to write -- */

static void wait_unlink(http_wait *w)
{
    http_wait **p = w->list;
    while (p && *p != w)
        p = &(*p)->next;
    if (p)
        *p = w->next;
    w->list = NULL;
}

void http_wait_cancel(neap_op *op)
{
    http_wait *w = (http_wait *)op;
    wait_unlink(w);
    neap->complete(op, UV_ECANCELED, NEAP_F_END);
}

/* In results, where nothing but a want of memory raises: pushes nil and an error when it is NULL. */
http_exchange *http_wait_exchange(lua_State *L, const neap_op *op)
{
    const http_wait *w = (const http_wait *)op;
    if (w->ticket->serial == w->serial)
        return w->ticket->exchange;
    neap->fail(L, NEAP_ECLOSED, NEAP_F_MESSAGE, "the request is over", NEAP_F_END);
    return NULL;
}

const neap_op_class http_wait_room = {"http.response.write", NULL, http_wait_cancel, NULL};

/* Takes a callback off L's top, as op_new does. In the order of the calls. */
http_wait *http_wait_new(lua_State *L, http_exchange *x, const neap_op_class *type,
                         http_wait **list)
{
    http_wait *w = neap->op_new(L, type, sizeof *w), **end = list;
    w->ticket = x->ticket;
    w->serial = x->ticket->serial;
    w->list = list;
    while (*end)
        end = &(*end)->next;
    *end = w;
    return w;
}

void http_wait_wake(http_wait **list, int status, const char *message)
{
    http_wait *w = *list;
    *list = NULL;
    while (w) {
        http_wait *next = w->next;
        w->list = NULL;
        neap->complete(&w->op, status, NEAP_F_MESSAGE, message, NEAP_F_END);
        w = next;
    }
}

static void wake_all(http_exchange *x, int status, const char *message)
{
    http_wait_wake(&x->readers, status, message);
    http_wait_wake(&x->writers, status, message);
    http_wait_wake(&x->takers, status, message);
}

void http_exchange_left(http_exchange *x, int status)
{
    x->c = NULL;
    if (x->body.state != HTTP_BODY_DONE && x->body.state != HTTP_BODY_FAILED)
        http_body_fail(x, UV_ECONNRESET, 400, "the client has left");
    wake_all(x, UV_ECONNRESET, "the client has left");
    if (x->started)
        neap->cancel(&x->spawn, status == UV_ECONNABORTED ? UV_ECANCELED : UV_ECONNRESET);
}

/* -- what the handler returned -- */

/* S's top is a table. */
static void answer_json(http_exchange *x, lua_State *S)
{
    size_t len;
    neap->held(S, x->state->encode);
    lua_insert(S, -2);
    if (lua_pcall(S, 1, 1, 0) != 0) {
        http_handler_misused(x, S, lua_tostring(S, -1));
        return;
    }
    const char *text = lua_tolstring(S, -1, &len);
    if (text)
        http_response_send(x, HTTP_TYPE_JSON, text, len);
    else
        http_handler_misused(x, S, "the encoder gave no text");
}

static void answer(http_exchange *x, lua_State *L, int index)
{
    lua_State *S = neap->lua(x->state->env);
    int type = lua_type(L, index);
    size_t len;
    if (type == LUA_TNONE || type == LUA_TNIL || (type == LUA_TBOOLEAN && x->response.begun))
        return;
    if (x->response.begun) {
        http_handler_misused(x, S, "a handler returned a body, but had sent a response");
    } else if (type == LUA_TSTRING) {
        const char *text = lua_tolstring(L, index, &len);
        http_response_send(x, HTTP_TYPE_TEXT, text, len);
    } else if (type == LUA_TTABLE) {
        lua_settop(L, index);
        lua_xmove(L, S, 1); /* its own thread is not protected */
        answer_json(x, S);
    } else {
        lua_pushfstring(S, "a handler returned a %s, not a string or table", lua_typename(S, type));
        http_handler_misused(x, S, lua_tostring(S, -1));
    }
}

/* The handler has returned, or it or a callback of its scope has failed. Not called for a handler
 * that ends by being cancelled. */
static void on_returned(neap_spawn *spawn, lua_State *L, int status, int first)
{
    http_exchange *x = (http_exchange *)spawn;
    x->returned = true;
    if (status != 0)
        http_handler_failed(x, L, status, first);
    else if (x->c)
        answer(x, L, first);
}

/* -- from the first to the last -- */

/* A handler that did not return was cancelled: the host is closing. What it had begun must not look
 * complete. */
static void end_response(http_exchange *x)
{
    if (!x->returned)
        http_response_refuse(x, 503);
    else if (x->response.begun)
        http_response_end(x);
    else
        http_response_refuse(x, 404);
}

/* Everything that belonged to the request is over; spawn is ours again. Sending may find that the
 * client has left. */
static void conclude(http_exchange *x)
{
    if (x->c)
        end_response(x);
    wake_all(x, NEAP_ECLOSED, "the request is over");
    http_connection *c = x->c;
    if (!c) {
        http_pool_release(x);
        return;
    }
    if (x->response.keep && http_body_drain(x)) {
        x->ticket->serial++;
        http_connection_drain(c);
        return;
    }
    bool keep = x->response.keep && x->body.state == HTTP_BODY_DONE, broken = x->response.broken;
    c->x = NULL;
    http_pool_release(x);
    if (keep)
        http_connection_next(c);
    else if (broken)
        http_connection_abort(c);
    else
        http_connection_finish(c);
}

static void on_omission(neap_job *job)
{
    http_exchange *x = neap_container_of(job, http_exchange, start);
    lua_State *L = neap->lua(x->state->env);
    int status;
    const char *message = http_handler_omission(x, &status);
    if (message) {
        neap->push_error(L, status, NEAP_F_MESSAGE, message, NEAP_F_END);
        neap->report(L, lua_gettop(L));
    }
    conclude(x);
}

/* What there is to report needs Lua, which is not to be had here. */
static void on_over(neap_spawn *spawn)
{
    http_exchange *x = (http_exchange *)spawn;
    int status;
    x->started = false;
    if (!http_handler_omission(x, &status)) {
        conclude(x);
        return;
    }
    x->start.run = on_omission;
    neap->queue(x->state->env, &x->start);
}

/* All that may raise, when there is no memory: then no task will tell of its end. */
int http_exchange_start(lua_State *L)
{
    http_exchange *x = lua_touserdata(L, 1);
    int arity = x->c->server->arity;
    lua_pushvalue(L, lua_upvalueindex(1));
    if (arity > 0)
        http_push(L, x, HTTP_REQUEST);
    if (arity > 1)
        http_push(L, x, HTTP_RESPONSE);
    x->spawn.site = &x->c->server->site;
    neap->spawn(L, arity, &x->spawn);
    return 0;
}

static void on_start(neap_job *job)
{
    http_exchange *x = neap_container_of(job, http_exchange, start);
    http_connection *c = x->c;
    if (!c) { /* the client was faster */
        http_pool_release(x);
        return;
    }
    lua_State *L = neap->lua(x->state->env);
    c->phase = HTTP_HANDLING;
    neap->held(L, c->server->starter);
    lua_pushlightuserdata(L, x); /* scripts never see it */
    if (lua_pcall(L, 1, 0, 0) == 0) {
        x->started = true;
        http_connection_handler_deadline(c);
        return;
    }
    x->returned = true;
    http_response_refuse(x, 503);
    conclude(x);
    neap->report(L, lua_gettop(L));
}

static bool text_room(http_exchange *x, size_t size)
{
    if (size <= x->text_size)
        return true;
    char *text = neap->alloc(x->state->env, x->text, x->text_size, size);
    if (!text)
        return false;
    x->text = text;
    x->text_size = (uint32_t)size;
    return true;
}

int http_exchange_begin(http_exchange *x, const char *data, size_t len)
{
    if (!text_room(x, len + x->head.target.len + 1))
        return 503;
    memcpy(x->text, data, len);
    x->head_len = (uint32_t)len;
    bool body = x->head.chunked || x->head.content_length > 0;
    if (x->head.method_id == HTTP_CONNECT &&
        body) /* what follows is the tunnel's (RFC 9110 9.3.6) */
        return 400;
    if (!http_request_valid(x))
        return 400;
    http_body_begin(x);
    x->spawn.env = x->state->env;
    x->spawn.returned = on_returned;
    x->spawn.over = on_over;
    x->start.run = on_start;
    neap->queue(x->state->env, &x->start);
    return 0;
}
