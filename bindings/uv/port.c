/* port.c -- handles in other VMs than their own: given to a thread, to a work function, sent through an async.
 *
 * A handle is its loop's thread's, and none of libuv's functions but uv_async_send may be called elsewhere. So
 * the other VM's object refers to a port: it can send to an async, be told, and be handed on; where it comes
 * back to its own VM it is the handle again. The port's lock guards its way to the handle, which is cut when
 * that closes. */
#include "uv.h"

#include <stdlib.h>
#include <string.h>

struct nuv_port {
    nuv_shared shared;
    uv_mutex_t lock;
    nuv_handle *handle;  /* NULL: it is closing */
    nuv_values *pending; /* of an async: what was sent last */
    neap_env *env;       /* its own: to be compared */
    const void *address; /* and name: to be told */
    const char *name;
};

/* ---- Its life: the handle holds one reference, until it closes ---- */

static void port_free(nuv_shared *shared)
{
    nuv_port *port = (nuv_port *)shared;
    nuv_values_free(port->pending);
    uv_mutex_destroy(&port->lock);
    free(port);
}

nuv_port *nuv_port_of(lua_State *L, nuv_handle *x)
{
    if (x->port)
        return x->port;
    nuv_port *port = calloc(1, sizeof *port);
    if (!port || uv_mutex_init(&port->lock)) {
        free(port);
        neap->raise(L, UV_ENOMEM, NEAP_F_END);
        return NULL;
    }
    bool async = x->uv.handle.type == UV_ASYNC;
    port->shared.type = async ? &nuv_async_port_class : &nuv_port_class;
    atomic_init(&port->shared.count, 1);
    port->handle = x;
    port->env = x->h.env;
    port->address = &x->uv.handle;
    port->name = x->h.type->name;
    return x->port = port;
}

void nuv_port_close(nuv_handle *x)
{
    nuv_port *port = x->port;
    if (!port)
        return;
    uv_mutex_lock(&port->lock);
    nuv_values *values = port->pending; /* may refer to this port */
    port->pending = NULL;
    port->handle = NULL;
    uv_mutex_unlock(&port->lock);
    nuv_values_free(values);
}

void nuv_port_drop(nuv_handle *x)
{
    nuv_unshare((nuv_shared *)x->port);
    x->port = NULL;
}

/* ---- Sending ---- */

int nuv_port_send(nuv_port *port, nuv_values *values)
{
    int status = 0;
    uv_mutex_lock(&port->lock);
    if (port->handle) {
        nuv_values *last = port->pending;
        port->pending = values;
        values = last;
        status = uv_async_send(&port->handle->uv.async);
    }
    uv_mutex_unlock(&port->lock);
    nuv_values_free(values);
    return status;
}

nuv_values *nuv_port_take(nuv_handle *x)
{
    nuv_port *port = x->port;
    if (!port)
        return NULL;
    uv_mutex_lock(&port->lock);
    nuv_values *values = port->pending;
    port->pending = NULL;
    uv_mutex_unlock(&port->lock);
    return values;
}

/* ---- Its object ---- */

nuv_port *nuv_test_port(lua_State *L, int index)
{
    return nuv_test_shared(L, index, &nuv_async_port_class);
}

/* Back in the handle's own VM, on its thread: the handle's object, while that is there. */
static int port_push(lua_State *L, neap_env *env, nuv_shared *shared)
{
    const nuv_port *port = (nuv_port *)shared;
    if (env != port->env || !port->handle)
        return 0;
    neap->held(L, port->handle->self);
    return 1;
}

static int port_tostring(lua_State *L)
{
    const nuv_port *port = nuv_test_port(L, 1);
    if (!port)
        port = nuv_check_shared(L, 1, &nuv_port_class);
    lua_pushfstring(L, "%s_t: %p", port->name, port->address);
    return 1;
}

static const luaL_Reg metamethods[] = {{"__tostring", port_tostring}, {NULL, NULL}};
static const luaL_Reg async_methods[] = {{"send", nuv_async_send}, {NULL, NULL}};

const nuv_shared_class nuv_port_class = {
    .name = "uv_handle", .metamethods = metamethods, .free = port_free, .push = port_push};
const nuv_shared_class nuv_async_port_class = {.name = "uv_async",
                                               .methods = async_methods,
                                               .metamethods = metamethods,
                                               .free = port_free,
                                               .push = port_push};
