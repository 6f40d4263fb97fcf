/* fs.c -- how all functions of fs begin, end, and give their results (fs.h says what the two forms are).
 *
 * A failure is nil, "NAME: message: path", "NAME"; a callback gets the message first. A file that was
 * opened for a VM that is closed meanwhile is closed again. */
#include <unistd.h>

#include "fs.h"

/* ---- Results ---- */

static int push_message(lua_State *L, const uv_fs_t *fs)
{
    char name[32], message[128]; /* what libuv makes of a number it does not know, it never frees */
    uv_err_name_r((int)fs->result, name, sizeof name);
    uv_strerror_r((int)fs->result, message, sizeof message);
    if (!fs->path)
        lua_pushfstring(L, "%s: %s", name, message);
    else if (!fs->new_path)
        lua_pushfstring(L, "%s: %s: %s", name, message, fs->path);
    else
        lua_pushfstring(L, "%s: %s: %s -> %s", name, message, fs->path, fs->new_path);
    return 1;
}

int nuv_fs_fail(lua_State *L, const uv_fs_t *fs)
{
    char name[32];
    lua_pushnil(L);
    push_message(L, fs);
    lua_pushstring(L, uv_err_name_r((int)fs->result, name, sizeof name));
    return 3;
}

static int push_number(lua_State *L, const uv_fs_t *fs)
{
    lua_pushinteger(L, fs->result);
    return 1;
}

static int push_text(lua_State *L, const char *text)
{
    lua_pushstring(L, text);
    return 1;
}

static int push_bytes(lua_State *L, const uv_fs_t *fs)
{
    const char *bytes =
        fs->cb ? (char *)fs->data + NUV_REQUEST_SIZE(fs) : ((nuv_fs *)fs->data)->bytes;
    lua_pushlstring(L, bytes, (size_t)fs->result);
    return 1;
}

static int push_boolean(lua_State *L, int value)
{
    lua_pushboolean(L, value);
    return 1;
}

static int push_held(lua_State *L, int held)
{
    neap->held(L, held);
    return 1;
}

static int push_results(lua_State *L, uv_fs_t *fs)
{
    switch (fs->fs_type) {
    case UV_FS_ACCESS: return push_boolean(L, fs->result >= 0);
    case UV_FS_OPEN:
    case UV_FS_WRITE:
    case UV_FS_SENDFILE: return push_number(L, fs);
    case UV_FS_READ: return push_bytes(L, fs);
    case UV_FS_STAT:
    case UV_FS_LSTAT:
    case UV_FS_FSTAT: return nuv_push_stat(L, &fs->statbuf);
    case UV_FS_STATFS: return nuv_push_statfs(L, fs->ptr);
    case UV_FS_READLINK:
    case UV_FS_REALPATH: return push_text(L, fs->ptr);
    case UV_FS_MKDTEMP: return push_text(L, fs->path);
    case UV_FS_MKSTEMP: return push_number(L, fs) + push_text(L, fs->path);
    case UV_FS_READDIR: return nuv_push_entries(L, fs->ptr, fs->result);
    case UV_FS_SCANDIR: return push_held(L, ((nuv_request *)fs->data)->self);
    case UV_FS_OPENDIR: return push_held(L, ((nuv_request *)fs->data)->kept);
    default: return push_boolean(L, 1);
    }
}

static bool has_failed(const uv_fs_t *fs)
{
    return fs->result < 0 && (fs->fs_type != UV_FS_ACCESS || fs->result == UV_ECANCELED);
}

/* ---- With a callback ---- */

typedef struct {
    uv_fs_t *fs;
    bool delivered;
} arrival;

/* A folder's entries are given back before its next ones are asked for, in the callback. */
static int arrival_args(lua_State *L, void *data)
{
    arrival *a = data;
    int n = 1;
    if (has_failed(a->fs)) {
        push_message(L, a->fs);
    } else {
        lua_pushnil(L);
        n += push_results(L, a->fs);
    }
    a->delivered = true;
    uv_fs_req_cleanup(a->fs);
    return n;
}

void nuv_fs_done(uv_fs_t *fs)
{
    arrival a = {fs, false};
    uv_fs_type type = fs->fs_type;
    nuv_request *r = fs->data;
    neap_env *env = r->env;
    int file = (int)fs->result;
    nuv_call(env, r->callback, arrival_args, &a);
    if (!a.delivered && file >= 0 && (type == UV_FS_OPEN || type == UV_FS_MKSTEMP))
        uv_fs_close(NULL, &(uv_fs_t){0}, file, NULL);
    neap->let_go(env, &r->callback);
    nuv_request_done(r, NULL, NULL);
}

/* ---- At once ---- */

static int push_now(lua_State *L)
{
    uv_fs_t *fs = lua_touserdata(L, 1);
    return has_failed(fs) ? nuv_fs_fail(L, fs) : push_results(L, fs);
}

static int end_now(lua_State *L, nuv_fs *c, int status)
{
    int base = lua_gettop(L) - 2;
    if (status < 0)
        c->own.result = status; /* of what libuv did not even begin */
    int raised = lua_pcall(L, 1, LUA_MULTRET, 0);
    if (raised && c->own.fs_type == UV_FS_MKSTEMP && c->own.result >= 0)
        close((int)c->own.result); /* nobody has heard of it */
    uv_fs_req_cleanup(&c->own);
    if (c->bytes)
        neap->alloc(nuv_state_of(L)->env, c->bytes, c->size, 0);
    return raised ? lua_error(L) : lua_gettop(L) - base;
}

/* ---- Both ---- */

static void begin_now(lua_State *L, nuv_fs *c, neap_env *env)
{
    c->fs = &c->own;
    c->fs->data = c;
    lua_pushcfunction(L, push_now);
    lua_pushlightuserdata(L, c->fs);
    if (c->size && !(c->bytes = neap->alloc(env, NULL, 0, c->size)))
        luaL_error(L, "Failure to allocate buffer");
}

static void begin_request(lua_State *L, nuv_fs *c, int callback)
{
    nuv_request *r = nuv_request_new(L, "uv_fs_t", NUV_REQUEST_SIZE(fs) + c->size, callback);
    c->request = r;
    c->fs = &r->uv.fs;
    c->callback = nuv_fs_done;
    c->bytes = (char *)r + NUV_REQUEST_SIZE(fs);
}

uv_loop_t *nuv_fs_begin_bytes(lua_State *L, nuv_fs *c, int callback, size_t size)
{
    const nuv_state *state = nuv_state_of(L);
    *c = (nuv_fs){.size = size};
    if (lua_isnoneornil(L, callback))
        begin_now(L, c, state->env);
    else
        begin_request(L, c, callback);
    return state->loop;
}

uv_loop_t *nuv_fs_begin(lua_State *L, nuv_fs *c, int callback)
{
    return nuv_fs_begin_bytes(L, c, callback, 0);
}

int nuv_fs_end(lua_State *L, nuv_fs *c, int status)
{
    if (!c->request)
        return end_now(L, c, status);
    return status < 0 ? nuv_request_failed(L, c->request, status) : 1;
}

int nuv_fs_path(lua_State *L, nuv_fs_of_path *function)
{
    nuv_fs c;
    const char *path = luaL_checkstring(L, 1);
    uv_loop_t *loop = nuv_fs_begin(L, &c, 2);
    return nuv_fs_end(L, &c, function(loop, c.fs, path, c.callback));
}

int nuv_fs_file(lua_State *L, nuv_fs_of_file *function)
{
    nuv_fs c;
    uv_file file = (uv_file)nuv_check_int(L, 1);
    uv_loop_t *loop = nuv_fs_begin(L, &c, 2);
    return nuv_fs_end(L, &c, function(loop, c.fs, file, c.callback));
}

/* ---- Arguments ---- */

bool nuv_is_callable(lua_State *L, int index)
{
    if (lua_isfunction(L, index))
        return true;
    if (!luaL_getmetafield(L, index, "__call"))
        return false;
    lua_pop(L, 1);
    return true;
}

unsigned nuv_flags_in(lua_State *L, int index, const nuv_name *names)
{
    unsigned flags = 0;
    for (; names->name; names++) {
        lua_getfield(L, index, names->name);
        flags |= lua_toboolean(L, -1) ? (unsigned)names->value : 0;
        lua_pop(L, 1);
    }
    return flags;
}

unsigned nuv_fs_flags(lua_State *L, int index, const nuv_name *names)
{
    if (lua_istable(L, index))
        return nuv_flags_in(L, index, names);
    if (lua_isnoneornil(L, index))
        return 0;
    if (lua_type(L, index) == LUA_TNUMBER)
        return (unsigned)lua_tointeger(L, index);
    lua_pushfstring(L, "table, integer, or nil expected, got %s", nuv_typename(L, index));
    return (unsigned)luaL_argerror(L, index, lua_tostring(L, -1));
}
