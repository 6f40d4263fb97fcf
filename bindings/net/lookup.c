/* lookup.c -- neap_net: from a host's name to its addresses, by getaddrinfo on the thread pool.
 *
 *   lookup(host) -> {address, ...}    op
 *   numeric(host) -> address | nil
 *
 * A numeric address is read on the spot. getaddrinfo cannot be stopped: who no longer waits lets
 * its result go when it comes. Errors are libuv's EAI codes, with a message that names the host. */
#include "net.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <uv.h> /* the names of statuses */

static const struct {
    int failure, status;
} statuses[] = {
    {EAI_AGAIN, UV_EAI_AGAIN},   {EAI_BADFLAGS, UV_EAI_BADFLAGS}, {EAI_FAIL, UV_EAI_FAIL},
    {EAI_FAMILY, UV_EAI_FAMILY}, {EAI_MEMORY, UV_ENOMEM},         {EAI_NONAME, UV_EAI_NONAME},
    {EAI_NODATA, UV_EAI_NODATA}, {EAI_SERVICE, UV_EAI_SERVICE},   {EAI_SOCKTYPE, UV_EAI_SOCKTYPE},
};

static int status_of(int failure)
{
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++)
        if (statuses[i].failure == failure)
            return statuses[i].status;
    return failure ? UV_EAI_FAIL : 0;
}

static int query(neap_net_lookup *l, int flags)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags | AI_NUMERICSERV};
    return getaddrinfo(l->host, l->port, &hints, &l->addresses);
}

static void on_work(neap_work *work) /* pool thread */
{
    neap_net_lookup *l = (neap_net_lookup *)work;
    l->failure = query(l, 0);
}

static void on_done(neap_work *work, int status)
{
    neap_net_lookup *l = (neap_net_lookup *)work;
    l->done(l, status ? status : status_of(l->failure));
}

int neap_net_lookup_start(neap_env *env, neap_net_lookup *l)
{
    if (query(l, AI_NUMERICHOST) == 0)
        return 1;
    l->work.run = on_work;
    l->work.done = on_done;
    return neap->work(env, &l->work);
}

/* ---- Addresses as text ---- */

/* Push it, or nothing and return 0. */
static int push_numeric(lua_State *L, const struct addrinfo *a)
{
    char text[NI_MAXHOST];
    if (getnameinfo(a->ai_addr, a->ai_addrlen, text, sizeof text, NULL, 0, NI_NUMERICHOST))
        return 0;
    lua_pushstring(L, text);
    return 1;
}

int neap_net_numeric(lua_State *L)
{
    neap_net_lookup l = {.port = "0"};
    snprintf(l.host, sizeof l.host, "%s", neap_net_check_host(L, 1));
    if (query(&l, AI_NUMERICHOST))
        return 0;
    int n = push_numeric(L, l.addresses);
    freeaddrinfo(l.addresses);
    return n;
}

/* ---- The operation ---- */

typedef struct {
    neap_op op;
    neap_net_lookup lookup;
} lookup_op;

static void finish(lookup_op *o, int status)
{
    char message[NEAP_NET_HOST + 32];
    snprintf(message, sizeof message, "cannot find the host %s", o->lookup.host);
    neap->complete(&o->op, status, NEAP_F_MESSAGE, message, NEAP_F_SYSCALL, "getaddrinfo",
                   NEAP_F_END);
}

static void on_found(neap_net_lookup *l, int status)
{
    finish((lookup_op *)((char *)l - offsetof(lookup_op, lookup)), status);
}

static int lookup_results(lua_State *L, neap_op *op)
{
    int n = 0;
    lua_newtable(L);
    for (struct addrinfo *a = ((lookup_op *)op)->lookup.addresses; a; a = a->ai_next)
        if (push_numeric(L, a))
            lua_rawseti(L, -2, ++n);
    return 1;
}

static void lookup_release(neap_op *op, int delivered)
{
    (void)delivered;
    if (((lookup_op *)op)->lookup.addresses)
        freeaddrinfo(((lookup_op *)op)->lookup.addresses);
}

/* Nothing to cancel: the result is let go when it comes. */
static const neap_op_class lookup_class = {"net.lookup", lookup_results, NULL, lookup_release};

int neap_net_lookup_op(lua_State *L)
{
    const char *host = neap_net_check_host(L, 1);
    lookup_op *o = neap->op_new(L, &lookup_class, sizeof *o);
    snprintf(o->lookup.host, sizeof o->lookup.host, "%s", host);
    snprintf(o->lookup.port, sizeof o->lookup.port, "0");
    o->lookup.done = on_found;
    int status = neap->permit(o->op.env, "dns", host, strlen(host));
    if (status) {
        neap->complete(&o->op, status, NEAP_F_PERMISSION, "dns", host, NEAP_F_END);
        return neap->wait(L, &o->op);
    }
    status = neap_net_lookup_start(o->op.env, &o->lookup);
    if (status)
        finish(o, status < 0 ? status : 0);
    return neap->wait(L, &o->op);
}
