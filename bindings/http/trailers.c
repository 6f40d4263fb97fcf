/* trailers.c -- trailer fields, those that came with a request's body and those a response ends with.
 *
 *   trailers(request) -> table           names in lower case; {} when there are none
 *   response:trailers(fields)            sent after a chunked body
 *
 * What frames, routes or authorizes a message, or says how its body is to be read, is decided before
 * the body comes: as a trailer it is dropped on the way in, and raises on the way out (RFC 9110 6.5.1).
 */
#include "http.h"

/* -- received -- */

/* Stack: table. Several lines of a name are joined (RFC 9110 5.3). */
static void set_field(lua_State *L, const char *text, const http_field *f)
{
    http_push_lower(L, text + f->name, f->name_len);
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    bool joined = lua_isstring(L, -1);
    if (joined)
        lua_pushliteral(L, ", ");
    else
        lua_pop(L, 1);
    lua_pushlstring(L, text + f->value, f->value_len);
    if (joined)
        lua_concat(L, 3);
    lua_rawset(L, -3);
}

/* The lines have been held to their grammar as they came; only there may be too many. */
static int push_fields(lua_State *L, http_exchange *x)
{
    static const char too_many[] = "more trailers than max_headers";
    const http_buffer *b = x->body.trailers;
    http_head h;
    http_limits limits = x->head.limits;
    limits.head = HTTP_TRAILERS_LIMIT + 1;
    http_trailers_init(&h, lua_newuserdata(L, limits.fields * sizeof(http_field)), &limits);
    if (http_head_parse(&h, b->data, b->end) <= 0) {
        http_body_blame(x, NEAP_ELIMIT, 431, too_many);
        return neap->fail(L, NEAP_ELIMIT, NEAP_F_MESSAGE, too_many, NEAP_F_END);
    }
    lua_newtable(L);
    for (int i = 0; i < h.count; i++)
        set_field(L, b->data, &h.fields[i]);
    return 1;
}

int http_request_trailers(lua_State *L)
{
    http_exchange *x = http_check(L, HTTP_REQUEST);
    if (x->body.state == HTTP_BODY_FAILED)
        return neap->fail(L, x->body.error, NEAP_F_MESSAGE, x->body.message, NEAP_F_END);
    if (x->body.state != HTTP_BODY_DONE)
        return luaL_error(L, "the trailers come after the body: read it to its end first");
    if (x->body.trailers)
        return push_fields(L, x);
    lua_newtable(L);
    return 1;
}

/* -- sent -- */

static const char *const refused[] = {
    "age",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "date",
    "expires",
    "host",
    "keep-alive",
    "location",
    "retry-after",
    "set-cookie",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "vary",
    "www-authenticate",
    NULL,
};

/* In HTTP/1.0 and where there is no body they have no place, and are not sent. */
int http_response_trailers(lua_State *L)
{
    http_exchange *x = http_check(L, HTTP_RESPONSE);
    luaL_checktype(L, 2, LUA_TTABLE);
    if (x->response.done)
        return luaL_error(L, "trailers are too late: the response has been sent already");
    if (x->response.has & HTTP_HAS_LENGTH)
        return luaL_error(L, "a response with a Content-Length has no trailers");
    http_headers_collect(L, x, &x->response.trailers, 2, refused);
    return 0;
}
