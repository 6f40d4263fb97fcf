/* net.c -- neap_net: TCP and Unix sockets over the host's transports, for lua/neap/net.lua.
 *
 *   connect(host, port, family) -> stream    op: every address of the host is tried
 *   connect_path(path) -> stream             op: a Unix socket
 *   listen(address, port, backlog, reuseport, v6only) -> listener   a numeric address; port 0: any
 *   listen_path(path, backlog) -> listener
 *   lookup(host) -> {address, ...}           op: DNS
 *   numeric(host) -> address | nil           as it is written, if it is an address and no name
 *   methods() -> of listeners                the table that lua/neap/net.lua puts its face on
 *
 *   listener:accept() -> stream              op
 *   listener:address() -> address, port
 *   listener:close(), is_closed()
 *
 * Functions return nil and an error when the world refuses; "op" may also be given a callback.
 *
 * Files: connect.c; listen.c; lookup.c. Streams are neap_stream's: connections are given to it as transports. */
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

/* ---- Functions ---- */

static int methods(lua_State *L)
{
    neap->handle_methods(L, &neap_net_listener_class);
    return 1;
}

/* ---- Registration ---- */

static const luaL_Reg functions[] = {
    {"connect", neap_net_connect},  {"connect_path", neap_net_connect_path},
    {"listen", neap_net_listen},    {"listen_path", neap_net_listen_path},
    {"lookup", neap_net_lookup_op}, {"numeric", neap_net_numeric},
    {"methods", methods},           {NULL, NULL},
};

NEAP_EXTENSION(neap_net, .functions = functions, .flags = NEAP_PUBLIC)
