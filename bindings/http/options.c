/* options.c -- the options of a server: each with its default, and what it may be. lua/neap/http.lua has checked
 * them already, in words; but a script may require neap_http itself, and none may break what relies on them. */
#include <string.h>

#include "http.h"

#define MAX_HEADER_BYTES (16 * 1024)
#define MAX_HEADERS 100
#define MAX_TARGET (8 * 1024)
#define MAX_BODY (1024 * 1024)
#define MAX_CONNECTIONS 100000
#define MAX_REQUESTS 0 /* of a connection: as many as it likes */
#define BACKLOG 4096
#define HEADER_TIMEOUT 10.0 /* seconds from the first byte of a head to its last */
#define IDLE_TIMEOUT 60.0   /* between requests */
#define BODY_TIMEOUT 60.0   /* the longest a body that is asked for may stand still */
#define WRITE_TIMEOUT 60.0  /* without a byte taken by the client */
#define HANDLER_TIMEOUT 0   /* a handler takes as long as it takes */
#define MIN_BODY_RATE 500   /* bytes a second */

static double number(lua_State *L, int table, const char *name, double value, double least,
                     double most)
{
    lua_getfield(L, table, name);
    if (!lua_isnil(L, -1))
        value = luaL_checknumber(L, -1);
    if (!(value >= least && value <= most)) /* NaN is not, either */
        luaL_error(L, "option %s must be from %f to %f", name, least, most);
    lua_pop(L, 1);
    return value;
}

static bool is(lua_State *L, int table, const char *name, const char *text)
{
    lua_getfield(L, table, name);
    const char *given = lua_tostring(L, -1);
    bool same = given && strcmp(given, text) == 0;
    lua_pop(L, 1);
    return same;
}

http_options http_options_read(lua_State *L, int table)
{
#define NUMBER(name, value, least, most) number(L, table, name, value, least, most)
#define SECONDS(name, value) number(L, table, name, value, 0.001, 86400)
    return (http_options){
        .limits = {.head = (uint32_t)NUMBER("max_header_bytes", MAX_HEADER_BYTES, 256, 1 << 20),
                   .target = (uint32_t)NUMBER("max_target", MAX_TARGET, 1, 1 << 20),
                   .fields = (uint16_t)NUMBER("max_headers", MAX_HEADERS, 1, 1000)},
        .max_body = NUMBER("max_body", MAX_BODY, 0, 1e15),
        .max_connections = NUMBER("max_connections", MAX_CONNECTIONS, 1, 1e9),
        .max_requests = NUMBER("max_requests", MAX_REQUESTS, 0, 1e9),
        .backlog = NUMBER("backlog", BACKLOG, 1, 65535),
        .header_timeout = SECONDS("header_timeout", HEADER_TIMEOUT),
        .idle_timeout = SECONDS("idle_timeout", IDLE_TIMEOUT),
        .body_timeout = SECONDS("body_timeout", BODY_TIMEOUT),
        .write_timeout = SECONDS("write_timeout", WRITE_TIMEOUT),
        .handler_timeout = NUMBER("handler_timeout", HANDLER_TIMEOUT, 0, 86400),
        .min_body_rate = NUMBER("min_body_rate", MIN_BODY_RATE, 0, 1e9),
        .refuses = is(L, table, "when_full", "refuse"),
    };
#undef SECONDS
#undef NUMBER
}
