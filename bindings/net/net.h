/* net.h -- neap_net: what its files share. net.c has the interface.
 *
 * A function that takes a neap_env works in an operation's results, where none of ours runs. */
#ifndef NEAP_BINDINGS_NET_H
#define NEAP_BINDINGS_NET_H

#include <neap/extension.h>
#include <netdb.h>
#include <sys/un.h>

enum { NEAP_NET_HOST = 256, NEAP_NET_TARGET = NEAP_NET_HOST + 10 }; /* "[host]:65535" */

/* ---- listen.c ---- */

extern const neap_handle_class neap_net_listener_class;
int neap_net_listen(lua_State *L);
int neap_net_listen_path(lua_State *L);

/* ---- connect.c ---- */

int neap_net_connect(lua_State *L);
int neap_net_connect_path(lua_State *L);

/* ---- lookup.c ---- */

/* From a host's name to its addresses, in the order in which to try them. The struct is the
 * caller's, zeroed, and stays where it is until `done`. */
typedef struct neap_net_lookup {
    neap_work work;
    void (*done)(struct neap_net_lookup *lookup, int status);
    struct addrinfo *addresses; /* freeaddrinfo is the caller's */
    int failure;
    char host[NEAP_NET_HOST], port[8];
} neap_net_lookup;

/* 0: done will be called. 1: the host is an address and `addresses` is there. Else a status. */
int neap_net_lookup_start(neap_env *env, neap_net_lookup *lookup);
int neap_net_lookup_op(lua_State *L);
int neap_net_numeric(lua_State *L);

/* ---- net.c ---- */

const char *neap_net_check_host(lua_State *L, int index);
int neap_net_check_port(lua_State *L, int index, int lowest);
int neap_net_check_path(lua_State *L, int index, struct sockaddr_un *address); /* 0: it fits */

/* "host:port", as permissions are written. */
void neap_net_target(char out[NEAP_NET_TARGET], const char *host, int port);

#endif
