/* take.c -- the end of HTTP on a connection: what was agreed on is spoken on a stream.
 *
 *   take(request, callback?) -> neap.stream
 *
 * For a request that asks for an upgrade "101 Switching Protocols" goes out, for CONNECT a 200, with
 * the fields in response.headers (RFC 9110 7.8, 9.3.6). When all that was written has left, the
 * transport is given away with the bytes that came behind the request; the connection is gone, the
 * request goes on without one.
 */
#include "http.h"

static int fail_left(lua_State *L)
{
    return neap->fail(L, UV_ECONNRESET, NEAP_F_MESSAGE, "the client has left", NEAP_F_END);
}

/* Why it cannot be taken, or NULL. */
static const char *obstacle(const http_exchange *x)
{
    if (x->head.method_id != HTTP_CONNECT && !x->head.upgrade)
        return "the request asks for no upgrade (request.upgrade) and is no CONNECT";
    if (x->body.state != HTTP_BODY_DONE)
        return "the request has a body, which comes first: read it, then take the connection";
    return NULL;
}

/* On the task's turn. Giving may raise; until then the connection is whole. */
static int take_results(lua_State *L, neap_op *op)
{
    http_exchange *x = http_wait_exchange(L, op);
    http_connection *c = x ? x->c : NULL;
    if (!x)
        return 2;
    const neap_streams *streams = neap->interface(x->state->env, NEAP_STREAMS);
    if (!c || !streams)
        return fail_left(L);
    http_buffer *in = c->in;
    int status = 0;
    c->t->type->read(c->t, NULL);
    neap->transport_give(L, c->t);
    c->in = NULL;
    http_connection_detach(c);
    x->c = NULL;
    if (in)
        status = streams->unread(L, -1, in->data + in->at, in->end - in->at);
    http_buffer_drop(x->state, &in);
    return status < 0 ? neap->fail(L, status, NEAP_F_END) : 1;
}

static const neap_op_class wait_take = {"http.request.take", take_results, http_wait_cancel, NULL};

int http_request_take(lua_State *L)
{
    http_exchange *x = http_check(L, HTTP_REQUEST);
    const char *problem = obstacle(x);
    if (x->response.begun)
        return luaL_error(L, "the response has begun: the connection cannot be taken any more");
    if (problem)
        return neap->fail(L, UV_EINVAL, NEAP_F_MESSAGE, problem, NEAP_F_END);
    if (!x->c)
        return fail_left(L);
    lua_settop(L, lua_isfunction(L, 2) ? 2 : 1);
    http_wait *w = http_wait_new(L, x, &wait_take, &x->takers);
    http_response_switch(x);
    if (x->c)
        http_output_flush(x->c);
    if (!x->c)
        http_wait_wake(&x->takers, UV_ECONNRESET, "the client has left");
    else if (x->c->writes == 0)
        http_wait_wake(&x->takers, 0, NULL);
    return neap->wait(L, &w->op);
}
