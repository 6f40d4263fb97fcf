/* request.c -- requests: what is under way and has a callback.
 *
 *     cancel(request) -> 0           while it has not begun (fs, dns, work)
 *     req_get_type(request) -> name, number
 *
 * Life. The block is ours, and the runtime's end waits for it; the object refers to it until its
 * callback has been, and is held until then. */
#include "uv.h"

#include <string.h>

#define REQUEST "uv_req"

typedef struct nuv_request_object {
    nuv_request *request; /* NULL: over */
    const char *name;
} object;

/* ---- Life ---- */

static int request_tostring(lua_State *L)
{
    const object *o = luaL_checkudata(L, 1, REQUEST);
    lua_pushfstring(L, "%s: %p", o->name, (const void *)o);
    return 1;
}

/* Only where the VM is closed before it is over. */
static int request_gc(lua_State *L)
{
    object *o = luaL_checkudata(L, 1, REQUEST);
    if (o->request)
        o->request->object = NULL;
    return 0;
}

static void push_metatable(lua_State *L, neap_env *env)
{
    static const luaL_Reg metamethods[] = {
        {"__tostring", request_tostring}, {"__gc", request_gc}, {NULL, NULL}};
    if (!luaL_newmetatable(L, REQUEST))
        return;
    luaL_setfuncs(L, metamethods, 0);
    lua_newtable(L);
    for (const luaL_Reg *f = nuv_request_functions; f->name; f++) {
        neap->push_env(L, env);
        lua_pushcclosure(L, f->func, 1);
        lua_setfield(L, -2, strcmp(f->name, "cancel") == 0 ? "cancel" : "get_type");
    }
    lua_setfield(L, -2, "__index");
}

static object *push_object(lua_State *L, neap_env *env, const char *name)
{
    object *o = lua_newuserdata(L, sizeof *o);
    *o = (object){NULL, name};
    push_metatable(L, env);
    lua_setmetatable(L, -2);
    return o;
}

nuv_request *nuv_request_new(lua_State *L, const char *name, size_t size, int callback)
{
    nuv_state *state = nuv_state_of(L);
    int fn = 0;
    nuv_set_callback(L, callback, state->env, &fn);
    object *o = push_object(L, state->env, name);
    nuv_request *r = neap->alloc(state->env, NULL, 0, size);
    if (!r) {
        neap->let_go(state->env, &fn);
        neap->raise(L, UV_ENOMEM, NEAP_F_END);
        return NULL;
    }
    memset(r, 0, size);
    r->env = state->env;
    r->name = name;
    r->size = size;
    r->callback = fn;
    r->object = o;
    r->uv.req.data = r;
    o->request = r;
    r->self = neap->hold(L, -1);
    state->host->busy(state->env, 1);
    return r;
}

static void request_free(nuv_request *r)
{
    neap_env *env = r->env;
    const nuv_state *state = neap->state(env);
    if (r->object)
        r->object->request = NULL;
    neap->let_go(env, &r->callback);
    neap->let_go(env, &r->kept);
    neap->let_go(env, &r->self);
    neap->alloc(env, r, r->size, 0);
    state->host->busy(env, -1);
}

int nuv_request_failed(lua_State *L, nuv_request *r, int status)
{
    request_free(r);
    return nuv_fail(L, status);
}

void nuv_request_done(nuv_request *r, int (*args)(lua_State *L, void *data), void *data)
{
    nuv_call(r->env, r->callback, args, data);
    request_free(r);
}

static void run_later(neap_job *job)
{
    nuv_request *r = nuv_container_of(job, nuv_request, job);
    lua_State *L = neap->lua(r->env);
    if (r->callback) {
        neap->held(L, r->callback);
        nuv_push_status(L, r->status);
        request_free(r);
        neap->enter(L, 1);
    } else {
        request_free(r);
    }
}

void nuv_request_later(nuv_request *r, int status)
{
    r->status = status;
    r->job.run = run_later;
    neap->queue(r->env, &r->job);
}

int nuv_status_args(lua_State *L, void *status)
{
    nuv_push_status(L, *(const int *)status);
    return 1;
}

/* ---- Functions ---- */

nuv_request *nuv_check_request(lua_State *L, int index)
{
    object *o = luaL_checkudata(L, index, REQUEST);
    if (!o->request)
        luaL_argerror(L, index, "Expected uv_req_t");
    return o->request;
}

static int cancel(lua_State *L)
{
    return nuv_result(L, uv_cancel(&nuv_check_request(L, 1)->uv.req));
}

static int req_get_type(lua_State *L)
{
    uv_req_type type = uv_req_get_type(&nuv_check_request(L, 1)->uv.req);
    lua_pushstring(L, uv_req_type_name(type));
    lua_pushinteger(L, type);
    return 2;
}

const luaL_Reg nuv_request_functions[] = {
    {"cancel", cancel}, {"req_get_type", req_get_type}, {NULL, NULL}};
