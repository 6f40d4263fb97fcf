/* connect.c -- neap_net: connecting: permission, DNS, then the addresses by Happy Eyeballs (RFC 8305).
 *
 *   connect(host, port, family) -> stream    op; family 4 or 6, or any
 *   connect_path(path) -> stream             op
 *
 * Addresses are tried in DNS's order, the families in turn (section 4). The next one begins when the one
 * before has failed, or DELAY later (section 5): so several may be under way, at most AT_ONCE. The first
 * that connects wins and the others are closed; when all fail, the error is that of the last, but one that
 * says more than that an address cannot be reached from here goes first.
 *
 * An attempt has a transport of its own, whose owner is the operation as long as it counts. Cancelled: all are
 * closed; a lookup ends by itself and is dropped. */
#include "net.h"

#include <stdio.h>
#include <string.h>
#include <uv.h> /* the names of statuses */

enum { AT_ONCE = 8 };
static const double DELAY = 0.25; /* seconds: "Connection Attempt Delay", section 8 */

typedef struct {
    neap_transport *transport; /* NULL: the place is free */
    const struct addrinfo *address;
} attempt;

typedef struct {
    neap_op op;
    neap_net_lookup lookup;         /* host: the path, of a Unix socket */
    const struct addrinfo *next[2]; /* not yet tried: of the first address's family, of others */
    int turn;                       /* whose of them it is */
    int family;                     /* 0: any */
    attempt attempts[AT_ONCE];
    int under_way;
    neap_transport *connected;
    neap_timer timer;
    int failure; /* the error to give when all have failed, and its address (NULL: none) */
    const struct addrinfo *failed;
    int port; /* 0: a Unix socket */
    int cancelled;
} connect_op;

/* ---- Ending ---- */

static void close_attempts(connect_op *c)
{
    neap->timer_stop(&c->timer);
    for (int i = 0; i < AT_ONCE; i++) {
        neap_transport *t = c->attempts[i].transport;
        c->attempts[i].transport = NULL;
        if (t) {
            t->owner = NULL;
            t->type->close(t, NULL);
        }
    }
    c->under_way = 0;
}

static void fail_without_address(connect_op *c)
{
    char message[NEAP_NET_HOST + 32];
    snprintf(message, sizeof message, "the host %s has no IPv%d address", c->lookup.host,
             c->family);
    neap->complete(&c->op, UV_EAI_NODATA, NEAP_F_MESSAGE, message, NEAP_F_SYSCALL, "connect",
                   NEAP_F_END);
}

static void fail(connect_op *c, int status)
{
    char text[NI_MAXHOST] = "", target[NEAP_NET_TARGET];
    const char *address = c->failed ? text : NULL, *host = c->lookup.host;
    const char *refused = status == NEAP_EPERMISSION ? "net.connect" : NULL;
    neap->timer_stop(&c->timer);
    if (address)
        getnameinfo(c->failed->ai_addr, c->failed->ai_addrlen, text, sizeof text, NULL, 0,
                    NI_NUMERICHOST);
    neap_net_target(target, address ? address : host, c->port);
    if (c->port)
        neap->complete(&c->op, status, NEAP_F_PERMISSION, refused, target, NEAP_F_SYSCALL,
                       "connect", NEAP_F_ADDRESS, address, NEAP_F_PORT, c->port, NEAP_F_END);
    else
        neap->complete(&c->op, status, NEAP_F_PERMISSION, refused, host, NEAP_F_SYSCALL, "connect",
                       NEAP_F_PATH, host, NEAP_F_END);
}

/* ---- Attempts ---- */

static int is_unreachable(int status)
{
    return status == UV_ENETUNREACH || status == UV_EHOSTUNREACH || status == UV_EADDRNOTAVAIL ||
           status == UV_EAFNOSUPPORT;
}

static void note_failure(connect_op *c, const struct addrinfo *address, int status)
{
    if (c->failure && is_unreachable(status) && !is_unreachable(c->failure))
        return;
    c->failure = status;
    c->failed = address;
}

static void on_connected(neap_transport *t, int status);

/* 0: on_connected will be called. Else a status. */
static int attempt_start(connect_op *c, int kind, const struct sockaddr *to,
                         const struct addrinfo *address)
{
    attempt *a = c->attempts;
    while (a->transport)
        a++;
    neap_transport *t = neap->transport_new(c->op.env, kind);
    if (!t)
        return UV_ENOMEM;
    t->owner = c;
    int status = neap->transport_connect(t, to, on_connected);
    if (status) {
        t->type->close(t, NULL);
        return status;
    }
    *a = (attempt){t, address};
    c->under_way++;
    return 0;
}

static void skip_unwanted(connect_op *c, int other)
{
    int first = c->lookup.addresses->ai_family;
    const struct addrinfo *a = c->next[other];
    int wanted = c->family == 4 ? AF_INET : c->family == 6 ? AF_INET6 : 0;
    while (a && ((a->ai_family != first) != other || (wanted && a->ai_family != wanted)))
        a = a->ai_next;
    c->next[other] = a;
}

/* The next address, the families in turn; NULL: there is none left. */
static const struct addrinfo *next_address(connect_op *c)
{
    skip_unwanted(c, 0);
    skip_unwanted(c, 1);
    int other = c->next[c->turn] ? c->turn : !c->turn;
    const struct addrinfo *a = c->next[other];
    c->turn = !other;
    if (a)
        c->next[other] = a->ai_next;
    return a;
}

/* Begin the next attempt that can be begun; when none is under way then, all have failed. */
static void try_next(connect_op *c)
{
    const struct addrinfo *a = NULL;
    while (c->under_way < AT_ONCE && (a = next_address(c))) {
        int status = attempt_start(c, NEAP_TCP, a->ai_addr, a);
        if (!status)
            break;
        note_failure(c, a, status);
    }
    if (!c->under_way)
        c->failure ? fail(c, c->failure) : fail_without_address(c);
    else if (a)
        neap->timer(c->op.env, &c->timer, DELAY);
}

static void on_delay(neap_timer *timer)
{
    try_next(neap_container_of(timer, connect_op, timer));
}

static void on_connected(neap_transport *t, int status)
{
    connect_op *c = t->owner;
    attempt *a = c ? c->attempts : NULL;
    if (!c) /* it counts no more */
        return;
    while (a->transport != t)
        a++;
    a->transport = NULL;
    c->under_way--;
    if (!status) {
        close_attempts(c);
        c->connected = t;
        neap->complete(&c->op, 0);
        return;
    }
    note_failure(c, a->address, status);
    t->owner = NULL;
    t->type->close(t, NULL);
    if (c->port)
        try_next(c);
    else
        fail(c, status);
}

static void on_looked_up(neap_net_lookup *l, int status)
{
    connect_op *c = neap_container_of(l, connect_op, lookup);
    char message[NEAP_NET_HOST + 32];
    if (c->cancelled)
        status = UV_ECANCELED;
    if (!status) {
        c->next[0] = c->next[1] = l->addresses;
        try_next(c);
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
    neap->transport_give(L, c->connected);
    c->connected = NULL;
    return 1;
}

static void connect_cancel(neap_op *op)
{
    connect_op *c = (connect_op *)op;
    c->cancelled = 1;
    if (c->under_way) { /* else on_looked_up will complete it */
        close_attempts(c);
        neap->complete(op, UV_ECANCELED, NEAP_F_END);
    }
}

static void connect_release(neap_op *op, int delivered)
{
    connect_op *c = (connect_op *)op;
    (void)delivered;
    if (c->lookup.addresses)
        freeaddrinfo(c->lookup.addresses);
    if (c->connected)
        c->connected->type->close(c->connected, NULL);
}

static const neap_op_class connect_class = {
    "net.connect",
    connect_results,
    connect_cancel,
    connect_release,
};

static connect_op *new_op(lua_State *L, const char *host, int port)
{
    connect_op *c = neap->op_new(L, &connect_class, sizeof *c);
    c->timer = (neap_timer){.fire = on_delay, .env = c->op.env};
    c->port = port;
    c->lookup.done = on_looked_up;
    snprintf(c->lookup.host, sizeof c->lookup.host, "%s", host);
    snprintf(c->lookup.port, sizeof c->lookup.port, "%d", port);
    return c;
}

int neap_net_connect(lua_State *L)
{
    const char *host = neap_net_check_host(L, 1);
    int port = neap_net_check_port(L, 2, 1);
    int family = lua_isnumber(L, 3) ? (int)lua_tointeger(L, 3) : 0;
    char target[NEAP_NET_TARGET];
    connect_op *c = new_op(L, host, port);
    c->family = family;
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
    connect_op *c = new_op(L, lua_tostring(L, 1), 0);
    if (!status)
        status = attempt_start(c, NEAP_PIPE, (struct sockaddr *)&address, NULL);
    if (status)
        fail(c, status);
    return neap->wait(L, &c->op);
}
