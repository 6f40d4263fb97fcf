/* request.c -- requests: what is under way and has a callback.
 *
 * Life. The block is ours, and the runtime's end waits for it; the object refers to it until its
 * callback has been, and is held until then. What libuv has allocated for it goes with it; only the
 * names that fs_scandir has found move to where objects of several VMs may refer to them (`scan`). */
#include "uv.h"

#include <stdlib.h>
#include <string.h>

#define REQUEST "uv_req"

typedef struct {
    nuv_shared shared;
    uv_mutex_t lock;
    uv_fs_t fs; /* UV_FS_SCANDIR: it is done (lock, from then on) */
} nuv_scan;

typedef struct nuv_request_object {
    nuv_request *request; /* NULL: over */
    const char *name;
    nuv_scan *scan; /* of a fs_scandir; NULL: of another */
} object;

/* ---- Life ---- */

static int request_tostring(lua_State *L)
{
    const object *o = luaL_checkudata(L, 1, REQUEST);
    lua_pushfstring(L, "%s: %p", o->name, (const void *)o);
    return 1;
}

/* One that was never whole: memory ran out while it was made. */
static void discard(nuv_request *r)
{
    neap->let_go(r->env, &r->callback);
    neap->alloc(r->env, r, r->size, 0);
}

/* Under way only where the VM is closed before it is over. */
static int request_gc(lua_State *L)
{
    object *o = luaL_checkudata(L, 1, REQUEST);
    if (o->request && o->request->self)
        o->request->object = NULL;
    else if (o->request)
        discard(o->request);
    nuv_unshare(o->scan ? &o->scan->shared : NULL);
    *o = (object){.name = o->name}; /* a script may have called this */
    return 0;
}

/* Registered when it is whole: where memory runs out meanwhile, the next call makes it. */
static void push_metatable(lua_State *L, neap_env *env)
{
    static const luaL_Reg metamethods[] = {
        {"__tostring", request_tostring}, {"__gc", request_gc}, {NULL, NULL}};
    luaL_getmetatable(L, REQUEST);
    if (!lua_isnil(L, -1))
        return;
    lua_pop(L, 1);
    lua_newtable(L);
    luaL_setfuncs(L, metamethods, 0);
    lua_newtable(L);
    for (const luaL_Reg *f = nuv_request_functions; f->name; f++) {
        neap->push_env(L, env);
        lua_pushcclosure(L, f->func, 1);
        lua_setfield(L, -2, strcmp(f->name, "cancel") == 0 ? "cancel" : "get_type");
    }
    lua_setfield(L, -2, "__index");
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, REQUEST);
}

static object *push_object(lua_State *L, neap_env *env, const char *name)
{
    object *o = lua_newuserdata(L, sizeof *o);
    *o = (object){NULL, name, NULL};
    push_metatable(L, env);
    lua_setmetatable(L, -2);
    return o;
}

nuv_request *nuv_request_new(lua_State *L, const char *name, size_t size, int callback)
{
    nuv_state *state = nuv_state_of(L);
    if (!lua_isnoneornil(L, callback))
        nuv_check_callback(L, callback);
    object *o = push_object(L, state->env, name);
    nuv_request *r = neap->alloc(state->env, NULL, 0, size);
    if (!r) {
        neap->raise(L, UV_ENOMEM, NEAP_F_END);
        return NULL;
    }
    memset(r, 0, size < sizeof *r ? size : sizeof *r);
    r->env = state->env;
    r->name = name;
    r->size = size;
    r->object = o;
    r->uv.req.data = r;
    o->request = r; /* which frees it, if what follows raises */
    nuv_set_callback(L, callback, state->env, &r->callback);
    r->self = neap->hold(L, -1);
    state->host->busy(state->env, 1);
    return r;
}

/* It has its type since libuv has seen it. */
static void give_back(nuv_request *r)
{
    if (r->uv.req.type == UV_FS)
        uv_fs_req_cleanup(&r->uv.fs);
    else if (r->uv.req.type == UV_GETADDRINFO)
        uv_freeaddrinfo(r->uv.getaddrinfo.addrinfo);
}

static void request_free(nuv_request *r)
{
    neap_env *env = r->env;
    const nuv_state *state = neap->state(env);
    give_back(r);
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

/* ---- Over at once: told in the run queue, or before what would come first ---- */

static nuv_request *take_later(nuv_state *state)
{
    nuv_request *r = state->later;
    state->later = r->later;
    r->later = NULL;
    return r;
}

/* Those before it have been taken; it has, too, when it was told. */
static void run_later(neap_job *job)
{
    nuv_request *r = nuv_container_of(job, nuv_request, job);
    lua_State *L = neap->lua(r->env);
    nuv_state *state = neap->state(r->env);
    if (state->later == r)
        take_later(state);
    state->events++;
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
    nuv_state *state = neap->state(r->env);
    r->status = status;
    r->before_poll = !state->polling;
    r->job.run = run_later;
    if (state->later)
        state->last_later->later = r;
    else
        state->later = r;
    state->last_later = r;
    neap->queue(r->env, &r->job);
}

/* What is over at once while they are told comes later. */
void nuv_tell_later(nuv_state *state, bool all)
{
    const nuv_request *last = state->last_later;
    bool polling = state->polling, more = state->later != NULL;
    state->polling = true;
    while (more && state->later && (all || state->later->before_poll)) {
        nuv_request *r = take_later(state);
        more = r != last;
        nuv_call_aside(r->env, r->callback, nuv_status_args, &r->status);
        neap->let_go(r->env, &r->callback);
    }
    state->polling = polling;
}

int nuv_status_args(lua_State *L, void *status)
{
    nuv_push_status(L, *(const int *)status);
    return 1;
}

/* ---- Scans ---- */

/* libuv 1.44 forgets the last name when it was the last that was taken: take its end too. */
static void scan_free(nuv_shared *shared)
{
    nuv_scan *scan = (nuv_scan *)shared;
    uv_dirent_t entry;
    while (scan->fs.ptr && uv_fs_scandir_next(&scan->fs, &entry) == 0)
        ;
    uv_fs_req_cleanup(&scan->fs);
    uv_mutex_destroy(&scan->lock);
    free(scan);
}

static int scan_push(lua_State *L, neap_env *env, nuv_shared *shared)
{
    push_object(L, env, "uv_fs_t")->scan = (nuv_scan *)nuv_share(shared);
    return 1;
}

static const nuv_shared_class scan_class = {.name = REQUEST, .free = scan_free, .push = scan_push};

static nuv_scan *scan_new(lua_State *L)
{
    nuv_scan *scan = calloc(1, sizeof *scan);
    if (!scan || uv_mutex_init(&scan->lock)) {
        free(scan);
        neap->raise(L, UV_ENOMEM, NEAP_F_END);
        return NULL;
    }
    scan->shared.type = &scan_class;
    atomic_init(&scan->shared.count, 1);
    return scan;
}

uv_fs_t *nuv_scan_push(lua_State *L)
{
    object *o = push_object(L, nuv_state_of(L)->env, "uv_fs_t");
    o->scan = scan_new(L);
    return &o->scan->fs;
}

/* Of two objects the first owns the scan while the second is made. */
nuv_request *nuv_scan_request(lua_State *L, int callback)
{
    nuv_scan_push(L);
    nuv_scan *scan = ((object *)lua_touserdata(L, -1))->scan;
    nuv_request *r = nuv_request_new(L, "uv_fs_t", NUV_REQUEST_SIZE(fs), callback);
    r->object->scan = (nuv_scan *)nuv_share(&scan->shared);
    return r;
}

/* libuv has no pointer into a request that is over, so it can move. */
void nuv_scan_done(nuv_request *r)
{
    uv_fs_t *fs = &r->uv.fs;
    if (fs->result < 0 || !r->object)
        return;
    r->object->scan->fs = *fs;
    fs->ptr = NULL;
    fs->path = NULL;
}

static bool is_done(const object *o)
{
    return o->scan && o->scan->fs.fs_type == UV_FS_SCANDIR;
}

nuv_shared *nuv_test_scan(lua_State *L, int index)
{
    const object *o = lua_touserdata(L, index);
    if (!o || !lua_getmetatable(L, index))
        return NULL;
    luaL_getmetatable(L, REQUEST);
    bool ours = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return ours && is_done(o) ? &o->scan->shared : NULL;
}

static nuv_scan *check_scan(lua_State *L, int index)
{
    const object *o = luaL_checkudata(L, index, REQUEST);
    luaL_argcheck(L, is_done(o), index, "Expected uv_fs_t");
    return o->scan;
}

/* The name is libuv's until the next is asked for. */
int nuv_scan_next(lua_State *L, int index, char *name, size_t size, uv_dirent_type_t *type)
{
    nuv_scan *scan = check_scan(L, index);
    uv_dirent_t entry;
    uv_mutex_lock(&scan->lock);
    int status = uv_fs_scandir_next(&scan->fs, &entry);
    if (status == 0) {
        snprintf(name, size, "%s", entry.name);
        *type = entry.type;
    }
    uv_mutex_unlock(&scan->lock);
    return status;
}

/* ---- Functions ---- */

nuv_request *nuv_check_request(lua_State *L, int index)
{
    object *o = luaL_checkudata(L, index, REQUEST);
    if (!o->request)
        luaL_argerror(L, index, "Expected uv_req_t");
    return o->request;
}

/* What is over, and not told yet, libuv has never had. Since 1.53 it cancels writes; one that is over, and one whose
 * stream closes, is no error, and told as it ends. */
static int cancel_request(nuv_request *r)
{
    bool over = r->job.run == run_later;
#if UV_VERSION_HEX >= 0x013500
    if (r->uv.req.type == UV_WRITE && (over || nuv_is_closed(nuv_handle_of(r->uv.write.handle))))
        return 0;
#endif
    return over ? UV_EINVAL : uv_cancel(&r->uv.req);
}

/** uv.cancel(request: uv_req_t) -> 0 | fail
 * Cancels a request of fs, dns or `uv.random` that has not begun yet: its callback gets "ECANCELED" (dns:
 * "EAI_CANCELED"). Since libuv 1.53 also a write: what of it has not gone yet does not go. EBUSY: it is being done, or
 * was. EINVAL: requests of its type end when their handle is closed. One that is over raises. */
static int cancel(lua_State *L)
{
    const object *o = luaL_checkudata(L, 1, REQUEST);
    if (o->scan && !o->request)
        return nuv_fail(L, UV_EBUSY);
    return nuv_result(L, cancel_request(nuv_check_request(L, 1)));
}

/** uv.req_get_type(request: uv_req_t) -> string, integer
 * Its type's name ("fs", "write") and libuv's number of it. */
static int req_get_type(lua_State *L)
{
    const object *o = luaL_checkudata(L, 1, REQUEST);
    uv_req_type type = o->scan ? UV_FS : uv_req_get_type(&nuv_check_request(L, 1)->uv.req);
    lua_pushstring(L, uv_req_type_name(type));
    lua_pushinteger(L, type);
    return 2;
}

const luaL_Reg nuv_request_functions[] = {
    {"cancel", cancel}, {"req_get_type", req_get_type}, {NULL, NULL}};
