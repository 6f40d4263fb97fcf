/* fields_lua.c -- request.headers and request.query: looked up when they are asked for, out of the head. */
#include <string.h>
#include <strings.h>

#include "http.h"
#include "target.h"

/* -- headers -- */

static void add_value(luaL_Buffer *b, const http_exchange *x, int i)
{
    luaL_addlstring(b, x->text + x->head.fields[i].value, x->head.fields[i].value_len);
}

static int next_same(const http_exchange *x, int i)
{
    const http_field *f = &x->head.fields[i];
    return http_head_find(&x->head, x->text, x->text + f->name, f->name_len, i + 1);
}

/* A target in absolute form has the host, and what the Host field says is ignored (RFC 9112 3.2.2). */
static void push_host(lua_State *L, const http_exchange *x)
{
    http_push_span(L, x, x->head.authority);
}

/* In HTTP/1.0 such a target may come without a Host field. */
static bool has_host_without_field(const http_exchange *x)
{
    return x->head.authority.len > 0 && !http_head_get(&x->head, HTTP_HOST);
}

/* The value of field i and of those that follow with its name: joined by ", " (RFC 9110 5.3), but for
 * Cookie (RFC 9113 8.2.3 has the reason). */
static void push_value(lua_State *L, const http_exchange *x, int i)
{
    const http_field *f = &x->head.fields[i];
    if (f->id == HTTP_HOST) {
        push_host(L, x);
        return;
    }
    int next = next_same(x, i);
    if (next < 0) {
        lua_pushlstring(L, x->text + f->value, f->value_len);
        return;
    }
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    add_value(&b, x, i);
    for (; next >= 0; next = next_same(x, next)) {
        luaL_addstring(&b, f->id == HTTP_COOKIE ? "; " : ", ");
        add_value(&b, x, next);
    }
    luaL_pushresult(&b);
}

int http_fields_index(lua_State *L)
{
    http_exchange *x = http_check(L, HTTP_FIELDS);
    size_t len;
    const char *name = luaL_checklstring(L, 2, &len);
    int i = http_head_find(&x->head, x->text, name, len, 0);
    if (i >= 0)
        push_value(L, x, i);
    else if (len == 4 && strncasecmp(name, "host", 4) == 0 && has_host_without_field(x))
        push_host(L, x);
    else
        return 0;
    return 1;
}

void http_push_lower(lua_State *L, const char *text, size_t len)
{
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (size_t i = 0; i < len; i++)
        luaL_addchar(&b, (char)(text[i] >= 'A' && text[i] <= 'Z' ? text[i] | 0x20 : text[i]));
    luaL_pushresult(&b);
}

/* The first field at or after i that is the first of its name, or x->head.count. */
static int next_name(const http_exchange *x, int i)
{
    for (; i < x->head.count; i++) {
        const http_field *f = &x->head.fields[i];
        if (http_head_find(&x->head, x->text, x->text + f->name, f->name_len, 0) == i)
            break;
    }
    return i;
}

/* Upvalues: the object, the index to go on at. Each name once, in lower case. */
static int fields_next(lua_State *L)
{
    http_exchange *x = http_ref_check(L, lua_touserdata(L, lua_upvalueindex(1)));
    int i = next_name(x, (int)lua_tointeger(L, lua_upvalueindex(2)));
    if (i > x->head.count || (i == x->head.count && !has_host_without_field(x)))
        return 0;
    lua_pushinteger(L, i + 1);
    lua_replace(L, lua_upvalueindex(2));
    if (i == x->head.count) {
        lua_pushliteral(L, "host");
        push_host(L, x);
    } else {
        http_push_lower(L, x->text + x->head.fields[i].name, x->head.fields[i].name_len);
        push_value(L, x, i);
    }
    return 2;
}

/* -- query -- */

static int next_pair(http_exchange *x, size_t *at, http_pair *pair)
{
    http_span path, query;
    http_target_split(x->head.form, http_target(x), x->head.target.len, &path, &query);
    return http_query_next(http_target(x) + query.at, query.len, at, http_scratch(x), pair);
}

static void push_decoded(lua_State *L, http_exchange *x, http_span span)
{
    lua_pushlstring(L, http_scratch(x) + span.at, span.len);
}

int http_query_index(lua_State *L)
{
    http_exchange *x = http_check(L, HTTP_QUERY);
    size_t len, at = 0;
    const char *name = luaL_checklstring(L, 2, &len);
    http_pair pair;
    while (next_pair(x, &at, &pair)) {
        if (pair.key.len == len && memcmp(http_scratch(x) + pair.key.at, name, len) == 0) {
            push_decoded(L, x, pair.value);
            return 1;
        }
    }
    return 0;
}

/* Upvalues: the object, the offset to go on at. Every pair, in order. */
static int query_next(lua_State *L)
{
    http_exchange *x = http_ref_check(L, lua_touserdata(L, lua_upvalueindex(1)));
    size_t at = (size_t)lua_tointeger(L, lua_upvalueindex(2));
    http_pair pair;
    if (!next_pair(x, &at, &pair))
        return 0;
    lua_pushinteger(L, (lua_Integer)at);
    lua_replace(L, lua_upvalueindex(2));
    push_decoded(L, x, pair.key);
    push_decoded(L, x, pair.value);
    return 2;
}

int http_push_iterator(lua_State *L, lua_CFunction next)
{
    lua_pushvalue(L, 1);
    lua_pushinteger(L, 0);
    lua_pushcclosure(L, next, 2);
    return 1;
}

int http_fields_pairs(lua_State *L)
{
    http_check(L, HTTP_FIELDS);
    return http_push_iterator(L, fields_next);
}

int http_query_pairs(lua_State *L)
{
    http_check(L, HTTP_QUERY);
    return http_push_iterator(L, query_next);
}
