/* response.c -- the response as a script sees it.
 *
 *   response.status = 404             200 until set; 200 to 599
 *   response.headers                  see headers.c
 *   response:write(data, callback?)   a piece of the body
 *   native.inform(response, status, fields or nil, callback?)      a 1xx before it
 *   native.send(response, body, content_type, callback?)
 *                                     all of it: response:send and response:json, in Lua
 *
 * Writing and sending wait when more than HTTP_HIGH_WATER bytes lie between the handler and the
 * client, until HTTP_LOW_WATER; else they are no operations at all, and cost one call.
 */
#include <string.h>

#include "http.h"
#include "scan.h"

static bool key_is(lua_State *L, const char *name)
{
    return strcmp(luaL_checkstring(L, 2), name) == 0;
}

int http_response_index(lua_State *L)
{
    http_exchange *x = http_check(L, HTTP_RESPONSE);
    if (key_is(L, "status"))
        lua_pushinteger(L, x->response.status);
    else if (key_is(L, "headers"))
        http_push(L, x, HTTP_HEADERS);
    else
        return http_push_method(L, HTTP_RESPONSE);
    return 1;
}

static void set_status(lua_State *L, http_exchange *x)
{
    lua_Number status = luaL_checknumber(L, 3);
    if (status < 200 || status > 599 || status != (int)status)
        luaL_error(L, "response.status must be a whole number from 200 to 599");
    if (x->response.begun)
        luaL_error(L, "response.status is too late: the response has begun");
    x->response.status = (uint16_t)status;
}

int http_response_newindex(lua_State *L)
{
    http_exchange *x = http_check(L, HTTP_RESPONSE);
    lua_settop(L, 3);
    if (key_is(L, "status")) {
        set_status(L, x);
    } else if (key_is(L, "headers")) {
        luaL_checktype(L, 3, LUA_TTABLE);
        http_headers_assign(L, x, 3);
    } else {
        luaL_error(L, "a response has no field '%s'", lua_tostring(L, 2));
    }
    return 0;
}

/* -- writing -- */

/* An operation is needed when there is a callback at `index`, or when it may have to wait: made
 * before anything is written, as it may raise. Also for what goes nowhere (HEAD), though it never
 * waits: an operation lets others have their turn now and then. */
static http_wait *prepare(lua_State *L, http_exchange *x, size_t len, int index)
{
    bool callback = lua_isfunction(L, index);
    const http_connection *c = x->c;
    size_t collected = c && c->out ? c->out->end : 0;
    bool discarded = x->response.begun && x->response.framing == HTTP_NO_BODY;
    if (!callback && !discarded && (!c || c->t->queued + collected + len <= HTTP_HIGH_WATER))
        return NULL;
    lua_settop(L, callback ? index : index - 1);
    return http_wait_new(L, x, &http_wait_room, &x->writers);
}

/* All is written that could be: wait for the rest? If the client has left, w is completed already. */
static int conclude(lua_State *L, http_exchange *x, http_wait *w, int status)
{
    if (!w && status < 0)
        return neap->fail(L, status, NEAP_F_MESSAGE, "the client has left", NEAP_F_END);
    if (!w) {
        lua_pushboolean(L, 1);
        return 1;
    }
    if (x->c && http_output_full(x->c))
        http_output_flush(x->c);
    if (!x->c)
        http_wait_wake(&x->writers, UV_ECONNRESET, "the client has left");
    else if (x->c->t->queued <= HTTP_HIGH_WATER)
        http_wait_wake(&x->writers, 0, NULL);
    return neap->wait(L, &w->op);
}

/* native.write(response, data, callback?): true, or nil and ECONNRESET */
int http_response_write_op(lua_State *L)
{
    size_t len;
    http_exchange *x = http_check(L, HTTP_RESPONSE);
    const char *data = luaL_checklstring(L, 2, &len);
    if (x->response.done)
        return luaL_error(L, "the response has been sent already");
    int status = x->response.begun ? 0 : http_response_begin(x);
    if (status == 0 && x->response.framing == HTTP_LENGTH && len > x->response.owed)
        return luaL_error(L, "more than the Content-Length that was promised");
    http_wait *w = prepare(L, x, len, 3);
    if (status == 0)
        status = http_response_write(x, data, len);
    return conclude(L, x, w, status);
}

/* native.send(response, body or nil, content_type, callback?): true, or nil and ECONNRESET */
int http_response_send_op(lua_State *L)
{
    size_t len = 0;
    http_exchange *x = http_check(L, HTTP_RESPONSE);
    const char *body = lua_isnoneornil(L, 2) ? "" : luaL_checklstring(L, 2, &len);
    const char *type = luaL_checkstring(L, 3);
    luaL_argcheck(L, scan_class(type, 0, strlen(type), IS_VALUE) == strlen(type), 3,
                  "no content type");
    if (x->response.begun)
        return luaL_error(L, x->response.done ? "the response has been sent already"
                                              : "the response has begun: write the rest");
    http_wait *w = prepare(L, x, len, 4);
    return conclude(L, x, w, http_response_send(x, type, body, len));
}

/* -- before it -- */

/* native.inform(response, status, fields or nil, callback?): true, or nil and ECONNRESET. A client of
 * HTTP/1.0 would take it for the response (RFC 9110 15.2). */
int http_response_inform_op(lua_State *L)
{
    static const char *const refused[] = {"connection", "content-length", "transfer-encoding",
                                          NULL};
    http_exchange *x = http_check(L, HTTP_RESPONSE);
    lua_Number status = luaL_checknumber(L, 2);
    luaL_argcheck(L, status >= 100 && status < 200 && status != 101 && status == (int)status, 2,
                  "a status from 100 to 199, but not 101: that is request:take()");
    if (x->response.begun)
        return luaL_error(L, "informing is too late: the response has begun");
    if (lua_istable(L, 3))
        http_headers_collect(L, x, &x->response.interim, 3, refused);
    else if (!lua_isnoneornil(L, 3))
        return luaL_typerror(L, 3, "table");
    http_wait *w = prepare(L, x, 0, 4);
    int r = x->c ? 0 : UV_ECONNRESET;
    if (r == 0 && x->head.minor > 0)
        r = http_response_inform(x, (int)status);
    x->body.continued |= status == 100;
    http_buffer_drop(x->state, &x->response.interim);
    return conclude(L, x, w, r);
}
