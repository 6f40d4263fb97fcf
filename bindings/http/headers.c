/* headers.c -- response.headers: the fields a handler sets, kept as the lines they become.
 *
 *   response.headers["Content-Type"] = "text/html"     any case; replaces
 *   response.headers["Set-Cookie"] = { "a=1", "b=2" }  a line each
 *   response.headers["X-Thing"] = nil                  takes it away
 *   response.headers = { ... }                         these and no others
 *
 * A name must be a token and a value free of control characters, or it raises: what a client has a
 * say in must not become a line of its own. Framing is the server's: Transfer-Encoding raises,
 * Content-Length is taken as a promise that response:write has to keep, and Connection can be
 * "close" or "keep-alive" only. Lines are few: finding one walks them.
 */
#include <stdlib.h>
#include <string.h>

#include "http.h"
#include "scan.h"

bool http_same_name(const char *a, size_t a_len, const char *b, size_t b_len)
{
    if (a_len != b_len)
        return false;
    for (size_t i = 0; i < a_len; i++) {
        char x = a[i], y = b[i];
        if (x != y && ((x | 0x20) != (y | 0x20) || (x | 0x20) < 'a' || (x | 0x20) > 'z'))
            return false;
    }
    return true;
}

/* -- the lines -- */

typedef struct line {
    size_t begin, end; /* with its CR LF */
    const char *name, *value;
    size_t name_len, value_len;
} line;

/* The line at an offset, or false at the end. */
static bool line_at(const http_exchange *x, size_t at, line *out)
{
    const http_buffer *b = x->response.lines;
    if (!b || at >= b->end)
        return false;
    const char *text = b->data + at;
    const char *colon = memchr(text, ':', b->end - at);
    const char *end = memchr(text, '\n', b->end - at);
    if (!colon || !end || colon > end)
        return false;
    *out = (line){.begin = at,
                  .end = at + (size_t)(end - text) + 1,
                  .name = text,
                  .value = colon + 2,
                  .name_len = (size_t)(colon - text),
                  .value_len = (size_t)(end - colon) - 3};
    return true;
}

const char *http_headers_find(const http_exchange *x, const char *name, size_t name_len, size_t *at,
                              size_t *len)
{
    for (line l; line_at(x, *at, &l);) {
        *at = l.end;
        if (http_same_name(l.name, l.name_len, name, name_len)) {
            *len = l.value_len;
            return l.value;
        }
    }
    return NULL;
}

/* What we would add ourselves, were it not there. */
static int flag_of(const char *name, size_t len)
{
    if (http_same_name(name, len, "content-type", 12))
        return HTTP_HAS_TYPE;
    if (http_same_name(name, len, "date", 4))
        return HTTP_HAS_DATE;
    return http_same_name(name, len, "content-length", 14) ? HTTP_HAS_LENGTH : 0;
}

void http_headers_remove(http_exchange *x, const char *name, size_t name_len)
{
    http_buffer *b = x->response.lines;
    line l;
    for (size_t at = 0; line_at(x, at, &l);) {
        if (!http_same_name(l.name, l.name_len, name, name_len)) {
            at = l.end;
            continue;
        }
        memmove(b->data + l.begin, b->data + l.end, b->end - l.end);
        b->end -= l.end - l.begin;
    }
    x->response.has &= (uint8_t)~flag_of(name, name_len);
}

/* -- setting -- */

static void check_name(lua_State *L, const char *name, size_t len)
{
    if (len == 0 || scan_class(name, 0, len, IS_TOKEN) != len)
        luaL_error(L, "a header's name must be a token (RFC 9110 5.1)");
    if (http_same_name(name, len, "transfer-encoding", 17))
        luaL_error(L, "Transfer-Encoding is the server's own: write() sends chunks by itself");
}

static const char *check_value(lua_State *L, const char *name, int index, size_t *len)
{
    int type = lua_type(L, index);
    if (type != LUA_TSTRING && type != LUA_TNUMBER)
        luaL_error(L, "header %s: a string, number, table of these or nil expected, got %s", name,
                   lua_typename(L, type));
    const char *value = lua_tolstring(L, index, len);
    if (scan_class(value, 0, *len, IS_VALUE) != *len)
        luaL_error(L, "header %s: a control character such as CR, LF or NUL in its value", name);
    return value;
}

/* Two of them, even the same, are an attack in the eyes of a strict client (RFC 9110 8.6). */
static void check_length(lua_State *L, const char *name, int index)
{
    size_t len;
    if (lua_istable(L, index))
        luaL_error(L, "Content-Length can have one value only");
    const char *value = check_value(L, name, index, &len);
    bool digits = len > 0 && len < 16;
    for (size_t i = 0; i < len; i++)
        digits = digits && value[i] >= '0' && value[i] <= '9';
    if (!digits)
        luaL_error(L, "Content-Length must be a whole number of bytes");
}

static void check_connection(lua_State *L, int index)
{
    const char *value = lua_isnil(L, index) ? "keep-alive" : luaL_checkstring(L, index);
    if (!http_same_name(value, strlen(value), "close", 5) &&
        !http_same_name(value, strlen(value), "keep-alive", 10))
        luaL_error(L, "Connection can be \"close\" or \"keep-alive\" here");
}

/* One, or each in a table. */
static void check_values(lua_State *L, const char *name, int index)
{
    size_t len;
    if (!lua_istable(L, index)) {
        check_value(L, name, index, &len);
        return;
    }
    for (int i = 1;; i++) {
        lua_rawgeti(L, index, i);
        if (lua_isnil(L, -1))
            break;
        check_value(L, name, lua_gettop(L), &len);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

/* name and value are absolute indices; the value may be made a string in place. */
static const char *check_field(lua_State *L, int name_index, int value_index, size_t *len)
{
    if (lua_type(L, name_index) != LUA_TSTRING)
        luaL_error(L, "a header's name must be a string");
    const char *name = lua_tolstring(L, name_index, len);
    check_name(L, name, *len);
    if (http_same_name(name, *len, "connection", 10))
        check_connection(L, value_index);
    else if (lua_isnil(L, value_index))
        return name;
    else if (flag_of(name, *len) == HTTP_HAS_LENGTH)
        check_length(L, name, value_index);
    else
        check_values(L, name, value_index);
    return name;
}

/* What stands in the buffer is no Lua's: nothing raises between the room and the end. */
static void append(lua_State *L, http_exchange *x, http_buffer **lines, const char *name, int index)
{
    size_t len, name_len = strlen(name);
    const char *value = lua_tolstring(L, index, &len);
    char *p = http_buffer_room(x->state, lines, name_len + len + 4);
    if (!p)
        neap->raise(L, UV_ENOMEM, NEAP_F_END);
    memcpy(p, name, name_len);
    memcpy(p + name_len, ": ", 2);
    memcpy(p + name_len + 2, value, len);
    memcpy(p + name_len + 2 + len, "\r\n", 2);
    (*lines)->end += name_len + len + 4;
}

/* A line for the value at index, or for each in a table there. */
static void append_all(lua_State *L, http_exchange *x, http_buffer **lines, const char *name,
                       int index)
{
    if (!lua_istable(L, index)) {
        append(L, x, lines, name, index);
        return;
    }
    for (int i = 1;; i++) {
        lua_rawgeti(L, index, i);
        if (lua_isnil(L, -1))
            break;
        append(L, x, lines, name, lua_gettop(L));
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

/* It has been checked. Connection is not kept as a line: we say what becomes of it. */
static void set(lua_State *L, http_exchange *x, const char *name, size_t len, int index)
{
    if (http_same_name(name, len, "connection", 10)) {
        const char *value = lua_tostring(L, index);
        x->response.close = value && http_same_name(value, strlen(value), "close", 5);
        return;
    }
    http_headers_remove(x, name, len);
    if (lua_isnil(L, index))
        return;
    append_all(L, x, &x->response.lines, name, index);
    x->response.has |= (uint8_t)flag_of(name, len);
}

/* All of the table is checked before anything is set: it is set whole, or not at all. */
void http_headers_assign(lua_State *L, http_exchange *x, int table)
{
    size_t len;
    if (x->response.begun)
        luaL_error(L, "headers are too late: the response has begun");
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1))
        check_field(L, lua_gettop(L) - 1, lua_gettop(L), &len);
    http_buffer_drop(x->state, &x->response.lines);
    x->response.has = 0;
    x->response.close = false; /* it stood in none of the lines */
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
        const char *name = lua_tolstring(L, -2, &len);
        set(L, x, name, len, lua_gettop(L));
    }
}

/* -- fields that are not of the head -- */

static void check_refused(lua_State *L, int index, const char *const *refused)
{
    size_t len;
    const char *name = lua_type(L, index) == LUA_TSTRING ? lua_tolstring(L, index, &len) : NULL;
    for (; name && *refused; refused++)
        if (http_same_name(name, len, *refused, strlen(*refused)))
            luaL_error(L, "header %s has no place here (RFC 9110 6.5.1, 15.2)", name);
}

void http_headers_collect(lua_State *L, http_exchange *x, http_buffer **lines, int table,
                          const char *const *refused)
{
    size_t len;
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
        check_refused(L, lua_gettop(L) - 1, refused);
        check_field(L, lua_gettop(L) - 1, lua_gettop(L), &len);
    }
    http_buffer_drop(x->state, lines);
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1))
        append_all(L, x, lines, lua_tostring(L, -2), lua_gettop(L));
}

/* -- in Lua -- */

int http_headers_index(lua_State *L)
{
    http_exchange *x = http_check(L, HTTP_HEADERS);
    size_t len, value_len, at = 0;
    const char *name = luaL_checklstring(L, 2, &len);
    const char *value = http_headers_find(x, name, len, &at, &value_len);
    if (!value)
        return 0;
    lua_pushlstring(L, value, value_len);
    while ((value = http_headers_find(x, name, len, &at, &value_len))) {
        lua_pushliteral(L, ", ");
        lua_pushlstring(L, value, value_len);
        lua_concat(L, 3);
    }
    return 1;
}

int http_headers_newindex(lua_State *L)
{
    size_t len;
    http_exchange *x = http_check(L, HTTP_HEADERS);
    lua_settop(L, 3);
    const char *name = check_field(L, 2, 3, &len);
    if (x->response.begun)
        luaL_error(L, "header %s is too late: the response has begun", name);
    set(L, x, name, len, 3);
    return 0;
}

/* Upvalues: the object, the offset to go on at. A line each, as set. */
static int headers_next(lua_State *L)
{
    http_exchange *x = http_ref_check(L, lua_touserdata(L, lua_upvalueindex(1)));
    line l;
    if (!line_at(x, (size_t)lua_tointeger(L, lua_upvalueindex(2)), &l))
        return 0;
    lua_pushinteger(L, (lua_Integer)l.end);
    lua_replace(L, lua_upvalueindex(2));
    lua_pushlstring(L, l.name, l.name_len);
    lua_pushlstring(L, l.value, l.value_len);
    return 2;
}

int http_headers_pairs(lua_State *L)
{
    http_check(L, HTTP_HEADERS);
    return http_push_iterator(L, headers_next);
}
