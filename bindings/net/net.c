/* net.c -- neap_net: TCP and Unix sockets over the host's transports, for lua/neap/net.lua.
 *
 *   connect(host, port) -> stream            op: every address of the host is tried in order
 *   connect_path(path) -> stream             op: a Unix socket
 *   listen(address, port, backlog, reuseport, v6only) -> listener   a numeric address; port 0: any
 *   listen_path(path, backlog) -> listener
 *   lookup(host) -> {address, ...}           op: DNS
 *   numeric(host) -> address | nil           as it is written, if it is an address and no name
 *   methods() -> of streams, of listeners    the tables that lua/neap/net.lua puts its face on
 *
 *   stream:read() -> bytes | nil             op: what has come; nil at the end
 *   stream:write(text, ...) -> true          op: waits while too much is queued
 *   stream:shutdown() -> true                op: our half ends once all is written
 *   stream:address(), stream:peer_address() -> address, port
 *   stream:nodelay(on), stream:keepalive(seconds | false) -> true
 *   listener:accept() -> stream              op
 *   listener:address() -> address, port
 *   close() and is_closed() of both
 *
 * Functions return nil and an error when the world refuses; "op" may also be given a callback.
 *
 * Files: stream.c reading and writing; info.c addresses and options; connect.c; listen.c; lookup.c.
 *
 * Lifetime: a Lua object refers to a handle of the host's, which owns a transport; while an
 * operation waits, it pins the object. Streams on other transports (TLS) are the same class:
 * transport_streams. */
#include "net.h"

#include <stdio.h>
#include <string.h>
#include <uv.h> /* the names of statuses */

/* ---- Arguments ---- */

const char *neap_net_check_host(lua_State *L, int index)
{
    size_t length;
    const char *host = luaL_checklstring(L, index, &length);
    luaL_argcheck(L, length > 0 && length < NEAP_NET_HOST && !memchr(host, 0, length), index,
                  "not the name or address of a host");
    return host;
}

int neap_net_check_port(lua_State *L, int index, int lowest)
{
    lua_Number port = luaL_checknumber(L, index);
    luaL_argcheck(L, port >= lowest && port <= 65535 && port == (int)port, index,
                  "a port is a whole number up to 65535");
    return (int)port;
}

int neap_net_check_path(lua_State *L, int index, struct sockaddr_un *address)
{
    size_t length;
    const char *path = luaL_checklstring(L, index, &length);
    luaL_argcheck(L, length > 0 && !memchr(path, 0, length), index, "not the path of a socket");
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if (length >= sizeof address->sun_path)
        return UV_ENAMETOOLONG;
    memcpy(address->sun_path, path, length);
    return 0;
}

void neap_net_target(char out[NEAP_NET_TARGET], const char *host, int port)
{
    snprintf(out, NEAP_NET_TARGET, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port);
}

/* A struct whose object was closed meanwhile, by another task perhaps, is no wrong argument. */
void *neap_net_find(lua_State *L, const neap_handle_class *type)
{
    void *found = neap->handle_test(L, 1, type);
    if (found)
        return found;
    int closed = lua_isuserdata(L, 1) && luaL_getmetafield(L, 1, "__name") &&
                 !strcmp(lua_tostring(L, -1), type->name);
    if (!closed)
        neap->check(L, 1, type); /* raises */
    lua_pop(L, 1);
    return NULL;
}

/* ---- Functions ---- */

static int methods(lua_State *L)
{
    neap->handle_methods(L, &neap_net_stream_class);
    neap->handle_methods(L, &neap_net_listener_class);
    return 2;
}

/* ---- Registration ---- */

static const luaL_Reg functions[] = {
    {"connect", neap_net_connect},  {"connect_path", neap_net_connect_path},
    {"listen", neap_net_listen},    {"listen_path", neap_net_listen_path},
    {"lookup", neap_net_lookup_op}, {"numeric", neap_net_numeric},
    {"methods", methods},           {NULL, NULL},
};

/* For other extensions, whose functions run in another env than the streams'. */
#define ENV "neap_net.env"

static void give(lua_State *L, neap_transport *t)
{
    neap_net_push_stream(L, (neap_env *)neap->interface(t->env, ENV), t);
}

static int open_net(neap_env *env, lua_State *L, void *state)
{
    (void)L, (void)state;
    neap->transport_streams(env, neap_net_take, give);
    return neap->provide(env, ENV, env);
}

NEAP_EXTENSION(neap_net, .functions = functions, .open = open_net, .flags = NEAP_PUBLIC)
