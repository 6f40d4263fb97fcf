/* request.c -- the request as a script sees it. Strings are made of what is asked for, when it is.
 *
 *   request.method, target, version     as sent; version is "1.1" or "1.0"
 *   request.path                        decoded once, without dot segments; "*" of OPTIONS *, "" of CONNECT
 *   request.query.name                  the first value of that name, decoded; pairs() gives all
 *   request.headers["name"]             any case; several lines joined by ", "; pairs() works;
 *                                       host is the one that counts, see push_host
 *   request.upgrade                     what it asks to be upgraded to, or nil
 *   request.remote_address, remote_port of the client; nil when it has left
 *
 * Everything is read out of x->text, the copy of the head; behind it lies room for decoding.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http.h"
#include "target.h"

typedef struct request_field {
    const char *name;
    size_t len;
    void (*push)(lua_State *L, http_exchange *x);
} request_field;

/* -- fields -- */

void http_push_span(lua_State *L, const http_exchange *x, http_span span)
{
    lua_pushlstring(L, x->text + span.at, span.len);
}

static void push_method(lua_State *L, http_exchange *x)
{
    http_push_span(L, x, x->head.method);
}

static void push_target(lua_State *L, http_exchange *x)
{
    http_push_span(L, x, x->head.target);
}

/* Only an escape can be wrong in the path of a target that was parsed. */
bool http_request_valid(const http_exchange *x)
{
    http_span path, query;
    const char *text = http_target(x);
    if (!memchr(text, '%', x->head.target.len))
        return true;
    http_target_split(x->head.form, text, x->head.target.len, &path, &query);
    return http_path_decode(text + path.at, path.len, http_scratch(x), NULL) > 0;
}

static void push_path(lua_State *L, http_exchange *x)
{
    http_span path, query;
    if (x->head.form == HTTP_ASTERISK) {
        lua_pushliteral(L, "*");
        return;
    }
    http_target_split(x->head.form, http_target(x), x->head.target.len, &path, &query);
    int n = 0;
    if (x->head.form != HTTP_AUTHORITY)
        n = http_path_decode(http_target(x) + path.at, path.len, http_scratch(x), NULL);
    lua_pushlstring(L, http_scratch(x), n > 0 ? (size_t)n : 0);
}

static void push_query(lua_State *L, http_exchange *x)
{
    http_push(L, x, HTTP_QUERY);
}

static void push_headers(lua_State *L, http_exchange *x)
{
    http_push(L, x, HTTP_FIELDS);
}

/* Only with "Connection: upgrade" is it meant for us (RFC 9110 7.8). */
static void push_upgrade(lua_State *L, http_exchange *x)
{
    const http_field *f = http_head_get(&x->head, HTTP_UPGRADE);
    if (x->head.upgrade && f)
        lua_pushlstring(L, x->text + f->value, f->value_len);
    else
        lua_pushnil(L);
}

static void push_version(lua_State *L, http_exchange *x)
{
    lua_pushstring(L, x->head.minor > 0 ? "1.1" : "1.0");
}

static bool peer(http_exchange *x, const char *key, char *out, size_t size)
{
    neap_transport *t = x->c ? x->c->t : NULL;
    return t && t->type->info(t, key, out, size) >= 0;
}

static void push_remote_address(lua_State *L, http_exchange *x)
{
    char text[256];
    if (peer(x, "peer_address", text, sizeof text))
        lua_pushstring(L, text);
    else
        lua_pushnil(L);
}

static void push_remote_port(lua_State *L, http_exchange *x)
{
    char text[16];
    if (peer(x, "peer_port", text, sizeof text))
        lua_pushinteger(L, atoi(text));
    else
        lua_pushnil(L);
}

#define FIELD(id)                                                                                  \
    {                                                                                              \
#id, sizeof #id - 1, push_##id                                                             \
    }
static const request_field fields[] = {
    FIELD(path),   FIELD(method),  FIELD(headers),        FIELD(query),       FIELD(version),
    FIELD(target), FIELD(upgrade), FIELD(remote_address), FIELD(remote_port),
};

int http_request_index(lua_State *L)
{
    http_exchange *x = http_check(L, HTTP_REQUEST);
    size_t len;
    const char *key = luaL_checklstring(L, 2, &len);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (fields[i].len == len && memcmp(fields[i].name, key, len) == 0) {
            fields[i].push(L, x);
            return 1;
        }
    }
    return http_push_method(L, HTTP_REQUEST);
}

int http_request_newindex(lua_State *L)
{
    return luaL_error(L, "request.%s cannot be set: a request is read only",
                      luaL_checkstring(L, 2));
}
