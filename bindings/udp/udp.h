/* udp.h -- neap_udp: what its files share. udp.c has the interface. */
#ifndef NEAP_BINDINGS_UDP_H
#define NEAP_BINDINGS_UDP_H

#include <neap/extension.h>
#include <uv.h>

typedef struct packet {
    struct packet *next;
    struct sockaddr_storage from;
    size_t length;
    char bytes[];
} packet;

typedef struct receive_op receive_op;
typedef struct send_op send_op;

typedef struct {
    neap_handle handle;
    uv_udp_t uv;
    receive_op *receiver;  /* until it is released */
    send_op *senders;      /* that wait */
    packet *first, **last; /* received, and not taken */
    size_t kept;           /* their bytes */
    int receiving;
    int failure; /* of receiving, not yet told */
    int family;  /* AF_INET or AF_INET6 */
    int batch;   /* datagrams taken from the kernel at once; above 1 into `buffer` */
    char *buffer;
} udp_socket;

extern const neap_handle_class neap_udp_class;

static inline udp_socket *check_socket(lua_State *L) /* NULL: it is closed */
{
    return neap->handle_find(L, 1, &neap_udp_class);
}

/* ---- receive.c ---- */

enum { NEAP_UDP_DATAGRAM = 64 * 1024, NEAP_UDP_BATCH = 20 };

int neap_udp_receive(lua_State *L);
void neap_udp_close_receive(udp_socket *s);

/* ---- send.c ---- */

int neap_udp_send(lua_State *L);
void neap_udp_close_send(udp_socket *s);

/* ---- address.c ---- */

/* A numeric address and a port; an IPv4 one for an IPv6 socket is mapped. 0: it is none. */
int neap_udp_address(const char *host, int port, int family, struct sockaddr_storage *out);
void neap_udp_push_address(lua_State *L, const struct sockaddr_storage *address); /* pushes two */
int neap_udp_check_port(lua_State *L, int index, int lowest);

/* ---- option.c: methods ---- */

int neap_udp_broadcast(lua_State *L);
int neap_udp_ttl(lua_State *L);
int neap_udp_multicast_ttl(lua_State *L);
int neap_udp_multicast_loop(lua_State *L);
int neap_udp_multicast_interface(lua_State *L);
int neap_udp_join(lua_State *L);
int neap_udp_leave(lua_State *L);
int neap_udp_local_address(lua_State *L);
int neap_udp_peer_address(lua_State *L);
int neap_udp_receive_buffer(lua_State *L);
int neap_udp_send_buffer(lua_State *L);

#endif
