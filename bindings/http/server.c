/* server.c -- listening: options, the handle, accepting, and closing in two ways.
 *
 *   listen(address, options, handler, arity)   server, address, port, or nil, err
 *   stop(server)                      no new connection or request; what runs is answered
 *   is_closed(server)
 *
 * stop() is what a script's server:close() does. The handle's own close, when the runtime ends,
 * drops every connection at once. Either way the handle is gone when the last connection is.
 *
 * A listening server needs no reference in Lua: it holds its own object, as it does the handler.
 */
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "http.h"

/* -- options -- */

#define MAX_HEADER_BYTES (16 * 1024)
#define MAX_HEADERS 100
#define MAX_TARGET (8 * 1024)
#define MAX_BODY (1024 * 1024)
#define MAX_CONNECTIONS 100000
#define BACKLOG 4096
#define HEADER_TIMEOUT 10.0 /* seconds from the first byte of a head to its last */
#define IDLE_TIMEOUT 60.0   /* between requests */
#define BODY_TIMEOUT 60.0   /* for a whole body, from when it is asked for */
#define WRITE_TIMEOUT 60.0  /* without a byte taken by the client */
#define DAY 86400.0

typedef struct settings { /* an option for each number */
    double max_header_bytes, max_headers, max_target, max_body, max_connections, backlog;
    double header_timeout, idle_timeout, body_timeout, write_timeout;
} settings;

static const struct {
    const char *name;
    size_t at;
    double value, min, max;
} numbers[] = {
#define NUMBER(id, value, min, max)                                                                \
    {                                                                                              \
#id, offsetof(settings, id), value, min, max                                               \
    }
    NUMBER(max_header_bytes, MAX_HEADER_BYTES, 256, 1 << 20),
    NUMBER(max_headers, MAX_HEADERS, 1, 1000),
    NUMBER(max_target, MAX_TARGET, 1, 1 << 20),
    NUMBER(max_body, MAX_BODY, 0, 1e15),
    NUMBER(max_connections, MAX_CONNECTIONS, 1, 1e9),
    NUMBER(backlog, BACKLOG, 1, 65535),
    NUMBER(header_timeout, HEADER_TIMEOUT, 0.001, DAY),
    NUMBER(idle_timeout, IDLE_TIMEOUT, 0.001, DAY),
    NUMBER(body_timeout, BODY_TIMEOUT, 0.001, DAY),
    NUMBER(write_timeout, WRITE_TIMEOUT, 0.001, DAY),
#undef NUMBER
};

enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

static void check_names(lua_State *L, int table)
{
    for (lua_pushnil(L); lua_next(L, table); lua_pop(L, 1)) {
        const char *key = lua_type(L, -2) == LUA_TSTRING ? lua_tostring(L, -2) : "?";
        bool known = !strcmp(key, "host") || !strcmp(key, "port") || !strcmp(key, "handler") ||
                     !strcmp(key, "reuse_port");
        for (int i = 0; i < NUMBERS && !known; i++)
            known = strcmp(key, numbers[i].name) == 0;
        if (!known)
            luaL_error(L, "serve has no option '%s'", key);
    }
}

static double check_number(lua_State *L, int table, const char *name, double value, double min,
                           double max)
{
    lua_getfield(L, table, name);
    if (!lua_isnil(L, -1)) {
        if (lua_type(L, -1) != LUA_TNUMBER)
            luaL_error(L, "option %s must be a number", name);
        value = lua_tonumber(L, -1);
        if (!(value >= min && value <= max))
            luaL_error(L, "option %s must be from %f to %f", name, min, max);
    }
    lua_pop(L, 1);
    return value;
}

static http_options check_options(lua_State *L, int table)
{
    settings s;
    check_names(L, table);
    for (int i = 0; i < NUMBERS; i++)
        *(double *)((char *)&s + numbers[i].at) = check_number(
            L, table, numbers[i].name, numbers[i].value, numbers[i].min, numbers[i].max);
    return (http_options){
        .limits = {.head = (uint32_t)s.max_header_bytes,
                   .target = (uint32_t)s.max_target,
                   .fields = (uint16_t)s.max_headers},
        .max_body = s.max_body,
        .max_connections = s.max_connections,
        .backlog = s.backlog,
        .header_timeout = s.header_timeout,
        .idle_timeout = s.idle_timeout,
        .body_timeout = s.body_timeout,
        .write_timeout = s.write_timeout,
    };
}

void http_server_push_handler(lua_State *L, http_server *server)
{
    neap->held(L, server->handler);
}

/* -- events -- */

static void on_accept(neap_transport *listener, neap_transport *t, int status);

static void check_gone(http_server *server)
{
    if (server->listener || server->count > 0)
        return;
    if (server->closing)
        neap->handle_closed(&server->handle);
    else if (server->stopping)
        neap->close(&server->handle);
}

void http_server_left(http_connection *c)
{
    http_server *server = c->server;
    if (c->next)
        c->next->previous = c->previous;
    *(c->previous ? &c->previous->next : &server->connections) = c->next;
    server->count--;
    neap->alloc(server->handle.env, c, sizeof *c, 0);
    if (server->paused && server->listening && server->count < server->options.max_connections) {
        server->paused = false;
        neap->transport_listen(server->listener, 0, on_accept);
    }
    check_gone(server);
}

static void on_listener_closed(neap_transport *t)
{
    http_server *server = t->owner;
    server->listener = NULL;
    check_gone(server);
}

/* When there are max_connections, more wait in the kernel's backlog. A failure to accept (EMFILE) is
 * the transport's to get over. */
static void on_accept(neap_transport *listener, neap_transport *t, int status)
{
    http_server *server = listener->owner;
    if (status < 0)
        return;
    http_connection_open(server, t);
    if (server->count >= server->options.max_connections) {
        server->paused = true;
        neap->transport_listen(listener, 0, NULL);
    }
}

static void stop_listening(http_server *server)
{
    server->stopping = true;
    if (!server->listening)
        return;
    server->listening = false;
    server->listener->type->close(server->listener, on_listener_closed);
}

static int on_close(neap_handle *handle)
{
    http_server *server = (http_server *)handle;
    server->closing = true;
    stop_listening(server);
    for (http_connection *c = server->connections; c; c = c->next)
        http_connection_close(c);
    neap->let_go(handle->env, &server->handler);
    neap->let_go(handle->env, &server->object);
    return server->listener || server->count > 0;
}

static const neap_handle_class server_class = {
    .name = "neap.http.server", .size = sizeof(http_server), .close = on_close};

/* -- functions -- */

/* A numeric address. */
static int check_address(lua_State *L, int index, int port, struct sockaddr_storage *address)
{
    const char *text = luaL_checkstring(L, index);
    if (uv_ip4_addr(text, port, (struct sockaddr_in *)address) &&
        uv_ip6_addr(text, port, (struct sockaddr_in6 *)address))
        return luaL_argerror(L, index, "not a numeric address");
    return 0;
}

static int try_listen(http_server *server, const struct sockaddr *address, unsigned flags)
{
    neap_transport *t = neap->transport_new(server->handle.env, NEAP_TCP);
    if (!t)
        return UV_ENOMEM;
    t->owner = server;
    server->listener = t;
    server->listening = true;
    int r = neap->transport_bind(t, address, flags);
    if (r == 0)
        r = neap->transport_listen(t, (int)server->options.backlog, on_accept);
    return r;
}

/* "address:port", as a permission has it. */
static const char *push_target(lua_State *L, const char *address, int port)
{
    const char *format = strchr(address, ':') ? "[%s]:%d" : "%s:%d";
    return lua_pushfstring(L, format, address, port);
}

static int push_listening(lua_State *L, http_server *server)
{
    char address[64] = "", port[16] = "0";
    server->listener->type->info(server->listener, "address", address, sizeof address);
    server->listener->type->info(server->listener, "port", port, sizeof port);
    lua_pushstring(L, address);
    lua_pushinteger(L, atoi(port));
    return 3;
}

int http_server_listen(lua_State *L)
{
    enum { ADDRESS = 1, OPTIONS, HANDLER, ARITY };
    struct sockaddr_storage address;
    luaL_checktype(L, OPTIONS, LUA_TTABLE);
    luaL_checktype(L, HANDLER, LUA_TFUNCTION);
    int arity = (int)luaL_checkinteger(L, ARITY);
    http_options options = check_options(L, OPTIONS);
    int port = (int)check_number(L, OPTIONS, "port", 0, 0, 65535);
    check_address(L, ADDRESS, port, &address);
    lua_getfield(L, OPTIONS, "reuse_port");
    unsigned flags = lua_toboolean(L, -1) ? NEAP_BIND_REUSEPORT : 0;

    http_server *server = neap->handle(L, &server_class);
    server->state = http_state_of(L);
    server->options = options;
    server->arity = arity;
    server->handler = neap->hold(L, HANDLER);
    server->object = neap->hold(L, -1);
    int r = try_listen(server, (struct sockaddr *)&address, flags);
    if (r == 0)
        return push_listening(L, server);
    neap->close(&server->handle);
    const char *host = lua_tostring(L, ADDRESS), *target = push_target(L, host, port);
    return neap->fail(L, r, NEAP_F_PERMISSION, r == NEAP_EPERMISSION ? "net.listen" : NULL, target,
                      NEAP_F_SYSCALL, "listen", NEAP_F_ADDRESS, host, NEAP_F_PORT, port,
                      NEAP_F_END);
}

int http_server_stop(lua_State *L)
{
    http_server *server = neap->handle_test(L, 1, &server_class);
    if (!server)
        return 0;
    stop_listening(server);
    for (http_connection *c = server->connections; c; c = c->next)
        if (c->phase == HTTP_IDLE && !c->in)
            http_connection_finish(c);
    return 0;
}

int http_server_is_closed(lua_State *L)
{
    http_server *server = neap->handle_test(L, 1, &server_class);
    lua_pushboolean(L, !server || server->stopping);
    return 1;
}
