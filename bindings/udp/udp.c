/* udp.c -- neap_udp: UDP sockets over libuv, for lua/neap/udp.lua.
 *
 *   bind(address, port, reuse_address, v6only, batch) -> socket | nil, err
 *   connect(address, port) -> socket | nil, err         it sends to this peer, and receives from no other
 *   methods() -> table                                  that lua/neap/udp.lua puts its face on
 *
 * Addresses are numeric. Files: receive.c, send.c, option.c, address.c.
 *
 * Lifetime: the libuv handle lies in the handle's struct, which goes with its close callback. A socket keeps the
 * loop alive only while it receives or sends. */
#include "udp.h"

#include <string.h>

/* ---- Closing ---- */

static void on_closed(uv_handle_t *handle)
{
    udp_socket *s = handle->data;
    if (s->buffer)
        neap->alloc(s->handle.env, s->buffer, (size_t)s->batch * NEAP_UDP_DATAGRAM, 0);
    neap->handle_closed(&s->handle);
}

static int close_socket(neap_handle *h)
{
    udp_socket *s = (udp_socket *)h;
    neap_udp_close_receive(s);
    neap_udp_close_send(s);
    if (!s->uv.data) /* it never was initialized */
        return 0;
    uv_close((uv_handle_t *)&s->uv, on_closed);
    return 1;
}

/* ---- Functions ---- */

/* Push a socket of the family. */
static udp_socket *push_socket(lua_State *L, int family, int batch)
{
    udp_socket *s = neap->handle(L, &neap_udp_class);
    const neap_uv *host = neap->interface(s->handle.env, "neap.uv/1");
    s->last = &s->first;
    s->family = family;
    s->batch = batch;
    unsigned flags = (unsigned)family | (batch > 1 ? UV_UDP_RECVMMSG : 0);
    int status = uv_udp_init_ex(host->loop(s->handle.env), &s->uv, flags);
    if (status)
        neap->raise(L, status, NEAP_F_SYSCALL, "socket", NEAP_F_END);
    s->uv.data = s;
    return s;
}

/* Where the socket is to be: argument 1 and 2. */
static const char *check_place(lua_State *L, struct sockaddr_storage *out, int lowest, int *port)
{
    const char *host = luaL_checkstring(L, 1);
    *port = neap_udp_check_port(L, 2, lowest);
    luaL_argcheck(L, neap_udp_address(host, *port, AF_INET, out), 1, "not a numeric address");
    return host;
}

static int refuse(lua_State *L, udp_socket *s, int status, const char *verb, int port)
{
    char target[INET6_ADDRSTRLEN + 32];
    const char *host = lua_tostring(L, 1);
    const char *what = strcmp(verb, "net.listen") == 0 ? "bind" : "connect";
    snprintf(target, sizeof target, strchr(host, ':') ? "[%s]:%d" : "%s:%d", host, port);
    neap->close(&s->handle);
    return neap->fail(L, status, NEAP_F_PERMISSION, status == NEAP_EPERMISSION ? verb : NULL,
                      target, NEAP_F_SYSCALL, what, NEAP_F_ADDRESS, host, NEAP_F_PORT, port,
                      NEAP_F_END);
}

static int bind_socket(lua_State *L)
{
    struct sockaddr_storage address;
    int port, batch = (int)luaL_optinteger(L, 5, 1);
    check_place(L, &address, 0, &port);
    luaL_argcheck(L, batch >= 1 && batch <= NEAP_UDP_BATCH, 5, "1 to 20 datagrams");
    unsigned flags = (lua_toboolean(L, 3) ? UV_UDP_REUSEADDR : 0) |
                     (lua_toboolean(L, 4) && address.ss_family == AF_INET6 ? UV_UDP_IPV6ONLY : 0);
    udp_socket *s = push_socket(L, address.ss_family, batch);
    int status = neap->permit_address(s->handle.env, "net.listen", (struct sockaddr *)&address);
    if (!status)
        status = uv_udp_bind(&s->uv, (struct sockaddr *)&address, flags);
    return status ? refuse(L, s, status, "net.listen", port) : 1;
}

static int connect_socket(lua_State *L)
{
    struct sockaddr_storage address;
    int port;
    check_place(L, &address, 1, &port);
    udp_socket *s = push_socket(L, address.ss_family, 1);
    int status = neap->permit_address(s->handle.env, "net.connect", (struct sockaddr *)&address);
    if (!status)
        status = uv_udp_connect(&s->uv, (struct sockaddr *)&address);
    return status ? refuse(L, s, status, "net.connect", port) : 1;
}

static int methods(lua_State *L)
{
    neap->handle_methods(L, &neap_udp_class);
    return 1;
}

/* ---- Registration ---- */

static const luaL_Reg socket_methods[] = {
    {"receive", neap_udp_receive},
    {"send", neap_udp_send},
    {"broadcast", neap_udp_broadcast},
    {"ttl", neap_udp_ttl},
    {"multicast_ttl", neap_udp_multicast_ttl},
    {"multicast_loop", neap_udp_multicast_loop},
    {"multicast_interface", neap_udp_multicast_interface},
    {"join", neap_udp_join},
    {"leave", neap_udp_leave},
    {"address", neap_udp_local_address},
    {"peer_address", neap_udp_peer_address},
    {"receive_buffer", neap_udp_receive_buffer},
    {"send_buffer", neap_udp_send_buffer},
    {NULL, NULL},
};

const neap_handle_class neap_udp_class = {
    .name = "neap.udp",
    .size = sizeof(udp_socket),
    .methods = socket_methods,
    .close = close_socket,
};

static const luaL_Reg functions[] = {
    {"bind", bind_socket},
    {"connect", connect_socket},
    {"methods", methods},
    {NULL, NULL},
};

NEAP_EXTENSION(neap_udp, .functions = functions, .flags = NEAP_PUBLIC)
