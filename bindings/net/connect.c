/* connect.c -- neap_net: connecting: permission, DNS, then one address after the other.
 *
 *   connect(host, port) -> stream    op
 *   connect_path(path) -> stream     op
 *
 * Each attempt has a transport of its own, which is closed when it fails. The error is the last
 * address's. Cancelled: the attempt's socket is closed; a lookup ends by itself and is dropped. */
#include "net.h"

#include <stdio.h>
#include <string.h>
#include <uv.h> /* the names of statuses */

typedef struct {
    neap_op op;
    neap_net_lookup lookup;    /* host: the path, of a Unix socket */
    struct addrinfo *tried;    /* of lookup.addresses: the one we are at; NULL: none yet */
    neap_transport *transport; /* of this attempt, then of the result */
    int port;                  /* 0: a Unix socket */
    int cancelled;
} connect_op;

/* ---- Attempts ---- */

static void fail(connect_op *c, int status)
{
    char text[NI_MAXHOST] = "", target[NEAP_NET_TARGET];
    const char *address = c->tried ? text : NULL, *host = c->lookup.host;
    const char *refused = status == NEAP_EPERMISSION ? "net.connect" : NULL;
    if (address)
        getnameinfo(c->tried->ai_addr, c->tried->ai_addrlen, text, sizeof text, NULL, 0,
                    NI_NUMERICHOST);
    neap_net_target(target, address ? address : host, c->port);
    if (c->port)
        neap->complete(&c->op, status, NEAP_F_PERMISSION, refused, target, NEAP_F_SYSCALL,
                       "connect", NEAP_F_ADDRESS, address, NEAP_F_PORT, c->port, NEAP_F_END);
    else
        neap->complete(&c->op, status, NEAP_F_PERMISSION, refused, host, NEAP_F_SYSCALL, "connect",
                       NEAP_F_PATH, host, NEAP_F_END);
}

static void on_connected(neap_transport *t, int status);

static int attempt(connect_op *c, int kind, const struct sockaddr *address)
{
    neap_transport *t = neap->transport_new(c->op.env, kind);
    if (!t)
        return UV_ENOMEM;
    t->owner = c;
    int status = neap->transport_connect(t, address, on_connected);
    if (status)
        t->type->close(t, NULL);
    else
        c->transport = t;
    return status;
}

/* `status` is the last address's, in case there is no other. */
static void try_next(connect_op *c, int status)
{
    struct addrinfo *next;
    while ((next = c->tried ? c->tried->ai_next : c->lookup.addresses)) {
        c->tried = next;
        status = attempt(c, NEAP_TCP, next->ai_addr);
        if (!status)
            return;
    }
    fail(c, status);
}

static void on_connected(neap_transport *t, int status)
{
    connect_op *c = t->owner;
    if (c->cancelled) {
        neap->complete(&c->op, UV_ECANCELED, NEAP_F_END);
    } else if (!status) {
        neap->complete(&c->op, 0);
    } else {
        c->transport = NULL;
        t->type->close(t, NULL);
        try_next(c, status);
    }
}

static void on_looked_up(neap_net_lookup *l, int status)
{
    connect_op *c = (connect_op *)((char *)l - offsetof(connect_op, lookup));
    char message[NEAP_NET_HOST + 32];
    if (c->cancelled)
        status = UV_ECANCELED;
    if (!status) {
        try_next(c, UV_EAI_NODATA);
        return;
    }
    snprintf(message, sizeof message, "cannot find the host %s", l->host);
    neap->complete(&c->op, status, NEAP_F_MESSAGE, message, NEAP_F_SYSCALL, "getaddrinfo",
                   NEAP_F_END);
}

/* ---- The operation ---- */

static int connect_results(lua_State *L, neap_op *op)
{
    connect_op *c = (connect_op *)op;
    neap->transport_give(L, c->transport);
    c->transport = NULL;
    return 1;
}

static void connect_cancel(neap_op *op)
{
    connect_op *c = (connect_op *)op;
    neap_transport *t = c->transport;
    c->cancelled = 1;
    c->transport = NULL;
    if (t) /* on_connected follows */
        t->type->close(t, NULL);
}

static void connect_release(neap_op *op, int delivered)
{
    connect_op *c = (connect_op *)op;
    (void)delivered;
    if (c->lookup.addresses)
        freeaddrinfo(c->lookup.addresses);
    if (c->transport)
        c->transport->type->close(c->transport, NULL);
}

static const neap_op_class connect_class = {
    "net.connect",
    connect_results,
    connect_cancel,
    connect_release,
};

int neap_net_connect(lua_State *L)
{
    const char *host = neap_net_check_host(L, 1);
    int port = neap_net_check_port(L, 2, 1);
    char target[NEAP_NET_TARGET];
    connect_op *c = neap->op_new(L, &connect_class, sizeof *c);
    c->port = port;
    c->lookup.done = on_looked_up;
    snprintf(c->lookup.host, sizeof c->lookup.host, "%s", host);
    snprintf(c->lookup.port, sizeof c->lookup.port, "%d", port);
    neap_net_target(target, host, port);
    int status = neap->permit(c->op.env, "net.connect", target, strlen(target));
    if (!status)
        status = neap_net_lookup_start(c->op.env, &c->lookup);
    if (status == NEAP_EPERMISSION)
        fail(c, status);
    else if (status)
        on_looked_up(&c->lookup, status < 0 ? status : 0);
    return neap->wait(L, &c->op);
}

int neap_net_connect_path(lua_State *L)
{
    struct sockaddr_un address;
    int status = neap_net_check_path(L, 1, &address);
    const char *path = lua_tostring(L, 1);
    connect_op *c = neap->op_new(L, &connect_class, sizeof *c);
    snprintf(c->lookup.host, sizeof c->lookup.host, "%s", path);
    if (!status)
        status = attempt(c, NEAP_PIPE, (struct sockaddr *)&address);
    if (status)
        fail(c, status);
    return neap->wait(L, &c->op);
}
