/* http.c -- neap_http: the C half of neap.http. Registration, and what requests are in Lua.
 *
 *   listen(options, handler, arity)   server, address, port, or nil, err     server.c
 *   stop(server, seconds)  drain(server, callback?)  is_closed(server)
 *   encoder(fn)                       what makes JSON of a table that a handler returns
 *   body(request, limit?, callback?)  and stream, piece, reject, trailers, take, write, send, inform,
 *                                     send_trailers: methods that lua/neap/http.lua completes
 *   request, response                 the tables of methods
 *
 * A request's objects in Lua are of 16 bytes: a ticket and the serial it had. When the request is
 * over its serial changes, and every use of them raises. So nothing in C has to know where in the
 * VM they are, and the collector may take them whenever it likes.
 *
 * Their metatables and tables of methods lie in the environment of all functions here, which goes with these: a
 * Lua state that lives on (neap_attach) keeps nothing.
 */
#include <string.h>

#include "http.h"

http_state *http_state_of(lua_State *L)
{
    return neap->state(neap->env(L));
}

/* In the environment: the metatable of a kind, and its methods. */
static void push_metatable(lua_State *L, int kind)
{
    lua_rawgeti(L, LUA_ENVIRONINDEX, 1 + kind);
}

static void push_methods(lua_State *L, int kind)
{
    lua_rawgeti(L, LUA_ENVIRONINDEX, 1 + HTTP_KINDS + kind);
}

void http_push(lua_State *L, http_exchange *x, enum http_kind kind)
{
    http_ref *ref = lua_newuserdata(L, sizeof *ref);
    ref->ticket = x->ticket;
    ref->serial = x->ticket->serial;
    push_metatable(L, kind);
    lua_setmetatable(L, -2);
}

http_exchange *http_ref_check(lua_State *L, const http_ref *ref)
{
    if (ref->ticket->serial != ref->serial)
        luaL_error(L, "the request is over");
    return ref->ticket->exchange;
}

static const char *const names[HTTP_KINDS] = {
    [HTTP_REQUEST] = "request",   [HTTP_FIELDS] = "fields",   [HTTP_QUERY] = "query",
    [HTTP_RESPONSE] = "response", [HTTP_HEADERS] = "headers",
};

static const char *const types[HTTP_KINDS] = {
    [HTTP_REQUEST] = "neap.http.request",
    [HTTP_FIELDS] = "neap.http.request.headers",
    [HTTP_QUERY] = "neap.http.query",
    [HTTP_RESPONSE] = "neap.http.response",
    [HTTP_HEADERS] = "neap.http.response.headers",
};

http_exchange *http_check(lua_State *L, enum http_kind kind)
{
    const http_ref *ref = lua_type(L, 1) == LUA_TUSERDATA ? lua_touserdata(L, 1) : NULL;
    if (ref && lua_getmetatable(L, 1)) {
        const void *identity = lua_topointer(L, -1);
        lua_pop(L, 1);
        if (identity == http_state_of(L)->identities[kind])
            return http_ref_check(L, ref);
    }
    luaL_typerror(L, 1, types[kind]);
    return NULL;
}

int http_push_method(lua_State *L, enum http_kind kind)
{
    push_methods(L, kind);
    lua_pushvalue(L, 2);
    lua_rawget(L, -2);
    return 1;
}

static int set_encoder(lua_State *L)
{
    http_state *state = http_state_of(L);
    luaL_checktype(L, 1, LUA_TFUNCTION);
    int before = state->encode;
    state->encode = neap->hold(L, 1); /* may raise */
    neap->let_go(state->env, &before);
    return 0;
}

/* -- registration -- */

/* Those with a dot go to the metatable of that kind: they are registered here so that the host knows
 * them as ours (neap->env). */
static const luaL_Reg functions[] = {
    {"listen", http_server_listen},
    {"stop", http_server_stop},
    {"drain", http_server_drain},
    {"is_closed", http_server_is_closed},
    {"encoder", set_encoder},
    {"body", http_request_body},
    {"stream", http_request_stream},
    {"piece", http_request_piece},
    {"reject", http_request_reject},
    {"trailers", http_request_trailers},
    {"take", http_request_take},
    {"write", http_response_write_op},
    {"send", http_response_send_op},
    {"inform", http_response_inform_op},
    {"send_trailers", http_response_trailers},
    {"request.__index", http_request_index},
    {"request.__newindex", http_request_newindex},
    {"fields.__index", http_fields_index},
    {"fields.__pairs", http_fields_pairs},
    {"query.__index", http_query_index},
    {"query.__pairs", http_query_pairs},
    {"response.__index", http_response_index},
    {"response.__newindex", http_response_newindex},
    {"headers.__index", http_headers_index},
    {"headers.__newindex", http_headers_newindex},
    {"headers.__pairs", http_headers_pairs},
    {NULL, NULL},
};

/* Stack: module, metatable. Moves the functions of one kind from the one to the other. */
static void move_metamethods(lua_State *L, const char *kind)
{
    size_t len = strlen(kind);
    for (const luaL_Reg *f = functions; f->name; f++) {
        if (strncmp(f->name, kind, len) != 0 || f->name[len] != '.')
            continue;
        lua_getfield(L, -2, f->name);
        lua_setfield(L, -2, f->name + len + 1);
        lua_pushnil(L);
        lua_setfield(L, -3, f->name);
    }
}

/* Stack: module, environment. */
static void open_kind(lua_State *L, http_state *state, int kind)
{
    lua_pushvalue(L, -2);
    lua_newtable(L);
    move_metamethods(L, names[kind]);
    lua_pushstring(L, types[kind]);
    lua_setfield(L, -2, "__name");
    lua_pushstring(L, types[kind]);
    lua_setfield(L, -2, "__metatable");
    state->identities[kind] = lua_topointer(L, -1);
    lua_rawseti(L, -3, 1 + kind);
    lua_newtable(L);
    lua_pushvalue(L, -1);
    lua_rawseti(L, -4, 1 + HTTP_KINDS + kind);
    lua_setfield(L, -2, names[kind]);
    lua_pop(L, 1);
}

static int on_open(neap_env *env, lua_State *L, void *memory)
{
    http_state *state = memory;
    state->env = env;
    lua_createtable(L, 2 * HTTP_KINDS, 0);
    for (const luaL_Reg *f = functions; f->name; f++) {
        lua_getfield(L, -2, f->name);
        lua_pushvalue(L, -2);
        lua_setfenv(L, -2);
        lua_pop(L, 1);
    }
    for (int kind = 0; kind < HTTP_KINDS; kind++)
        open_kind(L, state, kind);
    lua_pop(L, 1);
    return 0;
}

static void on_close(neap_env *env, void *memory)
{
    (void)env;
    http_pool_close(memory);
}

NEAP_EXTENSION(neap_http, .flags = NEAP_PUBLIC, .functions = functions,
               .state_size = sizeof(http_state), .open = on_open, .close = on_close)
