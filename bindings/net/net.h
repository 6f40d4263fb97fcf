/* net.h -- neap_net: what its files share. net.c has the interface.
 *
 * A function that takes a neap_env works in an operation's results, where none of ours runs. */
#ifndef NEAP_BINDINGS_NET_H
#define NEAP_BINDINGS_NET_H

#include <neap/extension.h>
#include <netdb.h>
#include <sys/un.h>

enum { NEAP_NET_HOST = 256, NEAP_NET_TARGET = NEAP_NET_HOST + 10 }; /* "[host]:65535" */

/* ---- stream.c ---- */

extern const neap_handle_class neap_net_stream_class;

/* Push a stream on a transport, which is its own from then on; if it raises, still yours. */
void neap_net_push_stream(lua_State *L, neap_env *env, neap_transport *t);
neap_transport *neap_net_take(lua_State *L, int index, neap_buf *unread);

/* ---- listen.c ---- */

extern const neap_handle_class neap_net_listener_class;
neap_transport *neap_net_listening(lua_State *L, int index); /* lent; NULL: none, or closed */
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

/* The struct behind argument 1; NULL when it is closed. Raises when it is another thing. */
void *neap_net_find(lua_State *L, const neap_handle_class *type);

/* ---- info.c: methods ---- */

int neap_net_address(lua_State *L);
int neap_net_peer_address(lua_State *L);
int neap_net_nodelay(lua_State *L);
int neap_net_keepalive(lua_State *L);

#endif
