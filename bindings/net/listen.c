/* listen.c -- neap_net: listeners, handles over listening transports.
 *
 *   listen(address, port, backlog, reuseport, v6only) -> listener | nil, err
 *   listen_path(path, backlog) -> listener | nil, err
 *   listener:accept() -> stream            op
 *   listener:address() -> address, port
 *
 * A connection goes to the accept that has waited longest, or is kept for the next; when AHEAD are
 * kept the transport stops accepting, and more wait in the kernel's backlog. One that comes to an
 * accept which is then cancelled is kept too. A failure (EMFILE) is told to one accept. */
#include "net.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h> /* the names of statuses */

enum { AHEAD = 64 };

typedef struct listener listener;

typedef struct accept_op {
    neap_op op;
    listener *listener; /* NULL: it has closed */
    struct accept_op *next;
    neap_transport *accepted;
} accept_op;

struct listener {
    neap_handle handle;
    neap_transport *transport;
    accept_op *waiting, **tail;  /* for a connection */
    accept_op *coming;           /* completed, not yet released */
    neap_transport *kept[AHEAD]; /* a ring */
    unsigned first, count;
    int failure; /* not yet told */
    int paused;
};

/* ---- Lists ---- */

static void line_up(listener *l, accept_op *a)
{
    a->next = NULL;
    *l->tail = a;
    l->tail = &a->next;
}

static void take_out(accept_op **list, accept_op *a)
{
    while (*list && *list != a)
        list = &(*list)->next;
    if (*list)
        *list = a->next;
}

static void leave_line(listener *l, accept_op *a)
{
    take_out(&l->waiting, a);
    l->tail = &l->waiting;
    while (*l->tail)
        l->tail = &(*l->tail)->next;
}

/* ---- Those that are kept ---- */

static void keep(listener *l, unsigned at, neap_transport *t)
{
    l->kept[at % AHEAD] = t;
    if (++l->count < AHEAD || l->paused)
        return;
    l->paused = 1;
    neap->transport_listen(l->transport, 0, NULL);
}

/* ---- Events ---- */

static void complete_accept(accept_op *a, int status)
{
    a->next = a->listener->coming;
    a->listener->coming = a;
    neap->complete(&a->op, status, NEAP_F_SYSCALL, "accept", NEAP_F_END);
}

static void on_accept(neap_transport *listening, neap_transport *t, int status)
{
    listener *l = listening->owner;
    accept_op *a = l->waiting;
    if (a) {
        leave_line(l, a);
        a->accepted = t;
        complete_accept(a, status);
    } else if (!t) {
        l->failure = status;
    } else {
        keep(l, l->first + l->count, t);
    }
}

static void serve(listener *l, accept_op *a)
{
    if (l->count) {
        a->accepted = l->kept[l->first];
        l->first = (l->first + 1) % AHEAD;
        l->count--;
        complete_accept(a, 0);
    } else if (l->failure) {
        int status = l->failure;
        l->failure = 0;
        complete_accept(a, status);
    } else {
        line_up(l, a);
    }
    if (l->paused && l->count < AHEAD / 2) {
        l->paused = 0;
        neap->transport_listen(l->transport, 0, on_accept);
    }
}

static int accept_results(lua_State *L, neap_op *op)
{
    accept_op *a = (accept_op *)op;
    neap->transport_give(L, a->accepted);
    a->accepted = NULL;
    return 1;
}

static void accept_cancel(neap_op *op)
{
    accept_op *a = (accept_op *)op;
    leave_line(a->listener, a);
    complete_accept(a, UV_ECANCELED);
}

static void accept_release(neap_op *op, int delivered)
{
    accept_op *a = (accept_op *)op;
    listener *l = a->listener;
    neap_transport *t = a->accepted;
    (void)delivered;
    if (l)
        take_out(&l->coming, a);
    if (t && l && l->waiting) {
        on_accept(l->transport, t, 0);
    } else if (t && l && l->count < AHEAD) {
        l->first = (l->first + AHEAD - 1) % AHEAD; /* it came before those that are kept */
        keep(l, l->first, t);
    } else if (t) {
        t->type->close(t, NULL);
    }
}

static const neap_op_class accept_class = {
    "listener.accept",
    accept_results,
    accept_cancel,
    accept_release,
};

/* ---- Closing ---- */

static void on_closed(neap_transport *t)
{
    listener *l = t->owner;
    neap->handle_closed(&l->handle);
}

static int close_listener(neap_handle *h)
{
    listener *l = (listener *)h;
    accept_op *a;
    while ((a = l->waiting)) {
        l->waiting = a->next;
        a->listener = NULL;
        neap->complete(&a->op, UV_ECANCELED, NEAP_F_END);
    }
    for (a = l->coming; a; a = a->next)
        a->listener = NULL;
    for (; l->count; l->count--) {
        neap_transport *t = l->kept[l->first];
        l->first = (l->first + 1) % AHEAD;
        t->type->close(t, NULL);
    }
    if (!l->transport)
        return 0;
    l->transport->type->close(l->transport, on_closed);
    return 1;
}

/* ---- Functions and methods ---- */

/* Push a listener whose transport is still to be bound. */
static listener *push_listener(lua_State *L, int kind)
{
    listener *l = neap->handle(L, &neap_net_listener_class);
    l->tail = &l->waiting;
    l->transport = neap->transport_new(l->handle.env, kind);
    if (!l->transport)
        neap->raise(L, UV_ENOMEM, NEAP_F_END);
    l->transport->owner = l;
    return l;
}

static int start(listener *l, const struct sockaddr *address, unsigned flags, int backlog)
{
    int status = neap->transport_bind(l->transport, address, flags);
    return status ? status : neap->transport_listen(l->transport, backlog, on_accept);
}

/* The verb that was missing, if one was. */
static const char *refused(int status)
{
    return status == NEAP_EPERMISSION ? "net.listen" : NULL;
}

/* A numeric address and its port, as arguments 1 and 2. */
static int check_address(lua_State *L, const char *host, int port, struct sockaddr_storage *out)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};
    struct addrinfo *found;
    char service[8];
    snprintf(service, sizeof service, "%d", port);
    if (getaddrinfo(host, service, &hints, &found))
        return luaL_argerror(L, 1, "not a numeric address");
    memcpy(out, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return 0;
}

int neap_net_listen(lua_State *L)
{
    const char *host = neap_net_check_host(L, 1);
    int port = neap_net_check_port(L, 2, 0), backlog = (int)luaL_optinteger(L, 3, 0);
    unsigned flags = (lua_toboolean(L, 4) ? NEAP_BIND_REUSEPORT : 0) |
                     (lua_toboolean(L, 5) ? NEAP_BIND_V6ONLY : 0);
    struct sockaddr_storage address;
    char target[NEAP_NET_TARGET];
    check_address(L, host, port, &address);
    neap_net_target(target, host, port);
    listener *l = push_listener(L, NEAP_TCP);
    int status = neap->permit(l->handle.env, "net.listen", target, strlen(target));
    if (!status)
        status = start(l, (struct sockaddr *)&address, flags, backlog);
    if (!status)
        return 1;
    neap->close(&l->handle);
    return neap->fail(L, status, NEAP_F_PERMISSION, refused(status), target, NEAP_F_SYSCALL,
                      "listen", NEAP_F_ADDRESS, host, NEAP_F_PORT, port, NEAP_F_END);
}

int neap_net_listen_path(lua_State *L)
{
    struct sockaddr_un address;
    int status = neap_net_check_path(L, 1, &address), backlog = (int)luaL_optinteger(L, 2, 0);
    const char *path = lua_tostring(L, 1);
    listener *l = push_listener(L, NEAP_PIPE);
    if (!status)
        status = start(l, (struct sockaddr *)&address, 0, backlog);
    if (!status)
        return 1;
    neap->close(&l->handle);
    return neap->fail(L, status, NEAP_F_PERMISSION, refused(status), path, NEAP_F_SYSCALL, "listen",
                      NEAP_F_PATH, path, NEAP_F_END);
}

static int listener_accept(lua_State *L)
{
    listener *l = neap->handle_find(L, 1, &neap_net_listener_class);
    accept_op *a = neap->op_new(L, &accept_class, sizeof *a);
    neap->pin(L, &a->op, 1);
    a->listener = l;
    if (l)
        serve(l, a);
    else
        neap->complete(&a->op, NEAP_ECLOSED, NEAP_F_SYSCALL, "accept", NEAP_F_END);
    return neap->wait(L, &a->op);
}

/* The address of a Unix socket is its path, and there is no port. */
static int listener_address(lua_State *L)
{
    listener *l = neap->handle_find(L, 1, &neap_net_listener_class);
    neap_transport *t = l ? l->transport : NULL;
    char address[NI_MAXHOST], port[8];
    int status = t ? t->type->info(t, "address", address, sizeof address) : NEAP_ECLOSED;
    if (status < 0)
        return neap->fail(L, status, NEAP_F_SYSCALL, "address", NEAP_F_END);
    lua_pushstring(L, address);
    if (t->type->info(t, "port", port, sizeof port) < 0)
        return 1;
    lua_pushinteger(L, atoi(port));
    return 2;
}

static const luaL_Reg methods[] = {
    {"accept", listener_accept},
    {"address", listener_address},
    {NULL, NULL},
};

const neap_handle_class neap_net_listener_class = {
    .name = "neap.listener",
    .size = sizeof(listener),
    .methods = methods,
    .close = close_listener,
};
