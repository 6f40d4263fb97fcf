/* server.c -- listening: the handle, accepting, and closing in two ways.
 *
 *   listen(address, options, handler, arity)   server, address, port, or nil, err
 *   stop(server, seconds or nil)      no new connection or request; what runs is answered, for so long
 *   drain(server, callback?)          true when the last connection has gone
 *   is_closed(server)
 *
 * stop() is what a script's server:close() does. The handle's own close, when the runtime ends,
 * drops every connection at once. Either way the handle is gone when the last connection is.
 *
 * When there are max_connections, more wait in the kernel's backlog. Or they are refused with 503; as
 * one that is refused stays until it has read that, HTTP_REFUSED_LIMIT at most are at a time.
 *
 * A listening server needs no reference in Lua: it holds its own object, as it does the handler.
 */
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "http.h"

/* -- events -- */

static void on_accept(neap_transport *listener, neap_transport *t, int status);

/* Are there as many as may be served? */
static bool is_full(const http_server *server)
{
    return server->count - server->refused >= server->options.max_connections;
}

/* Is the next one to stay in the backlog for now? */
static bool makes_wait(const http_server *server)
{
    return server->options.refuses ? server->refused >= HTTP_REFUSED_LIMIT : is_full(server);
}

/* -- who waits for the end -- */

struct http_drain {
    neap_op op;
    http_server *server; /* NULL: completed */
    http_drain *next;
};

static void drain_cancel(neap_op *op)
{
    http_drain *d = (http_drain *)op, **p = &d->server->drains;
    while (*p != d)
        p = &(*p)->next;
    *p = d->next;
    neap->complete(op, UV_ECANCELED, NEAP_F_END);
}

static const neap_op_class drain_class = {"http.server.drain", NULL, drain_cancel, NULL};

static void wake_drains(http_server *server, int status)
{
    http_drain *d = server->drains;
    server->drains = NULL;
    while (d) {
        http_drain *next = d->next;
        neap->complete(&d->op, status, NEAP_F_END);
        d = next;
    }
}

/* -- the end -- */

static void check_gone(http_server *server)
{
    if (server->listener || server->count > 0)
        return;
    neap->timer_stop(&server->deadline);
    wake_drains(server, 0);
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
    server->refused -= c->refused;
    neap->alloc(server->handle.env, c, sizeof *c, 0);
    if (server->paused && server->listening && !makes_wait(server)) {
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

/* A failure to accept (EMFILE) is the transport's to get over. */
static void on_accept(neap_transport *listener, neap_transport *t, int status)
{
    http_server *server = listener->owner;
    if (status < 0)
        return;
    bool refused = server->options.refuses && is_full(server);
    http_connection *c = http_connection_open(server, t);
    if (refused && c) {
        c->refused = true;
        server->refused++;
        http_connection_refuse(c, 503);
    }
    if (makes_wait(server)) {
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

static void close_connections(http_server *server)
{
    for (http_connection *c = server->connections; c; c = c->next)
        http_connection_close(c);
}

static void on_deadline(neap_timer *timer)
{
    close_connections(neap_container_of(timer, http_server, deadline));
}

static int on_close(neap_handle *handle)
{
    http_server *server = (http_server *)handle;
    server->closing = true;
    stop_listening(server);
    close_connections(server);
    neap->timer_stop(&server->deadline);
    wake_drains(server, UV_ECANCELED);
    neap->let_go(handle->env, &server->starter);
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
    luaL_argcheck(L, arity >= 0 && arity <= 2, ARITY, "0, 1 or 2 arguments");
    http_options options = http_options_read(L, OPTIONS);
    lua_getfield(L, OPTIONS, "port");
    int port = (int)luaL_optinteger(L, -1, 0);
    luaL_argcheck(L, port >= 0 && port <= 65535, OPTIONS, "no such port");
    check_address(L, ADDRESS, port, &address);
    lua_getfield(L, OPTIONS, "reuse_port");
    unsigned flags = lua_toboolean(L, -1) ? NEAP_BIND_REUSEPORT : 0;

    http_server *server = neap->handle(L, &server_class);
    server->state = http_state_of(L);
    server->options = options;
    server->arity = arity;
    server->deadline = (neap_timer){.fire = on_deadline, .env = server->handle.env};
    lua_pushvalue(L, HANDLER);
    lua_pushcclosure(L, http_exchange_start,
                     1); /* in the environment of this function, as all are */
    server->starter = neap->hold(L, -1);
    lua_pop(L, 1);
    server->object = neap->hold(L, -1);
    neap->site(L, &server->site);
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
    if (!lua_isnoneornil(L, 2))
        neap->timer(server->handle.env, &server->deadline, luaL_checknumber(L, 2));
    return 0;
}

int http_server_drain(lua_State *L)
{
    http_server *server = neap->handle_test(L, 1, &server_class);
    lua_settop(L, lua_isfunction(L, 2) ? 2 : 1);
    http_drain *d = neap->op_new(L, &drain_class, sizeof *d);
    if (!server) {
        neap->complete(&d->op, 0, NEAP_F_END);
        return neap->wait(L, &d->op);
    }
    d->server = server;
    d->next = server->drains;
    server->drains = d;
    return neap->wait(L, &d->op);
}

int http_server_is_closed(lua_State *L)
{
    http_server *server = neap->handle_test(L, 1, &server_class);
    lua_pushboolean(L, !server || server->stopping);
    return 1;
}
