/* fs_dir.c -- uv_dir_t: an open folder, read some entries at a time.
 *
 * The object owns what libuv has opened: collected, it closes it. What is under way on the pool holds
 * the object, and nothing else is done to it meanwhile (EBUSY). What libuv writes entries into is
 * behind the request, or is given back at the call's end. */
#include <limits.h>

#include "fs.h"

#define DIR_NAME "uv_dir"

typedef struct {
    uv_dir_t *dir; /* NULL: not open yet, or closed */
    size_t n;      /* entries at a time */
    bool busy;     /* being read on the pool */
} folder;

/* ---- Life ---- */

/* Without the environment: the VM may outlive the runtime. */
static int folder_gc(lua_State *L)
{
    folder *f = luaL_checkudata(L, 1, DIR_NAME);
    uv_fs_t fs;
    if (!f->dir || f->busy) /* a script may have called this */
        return 0;
    uv_fs_closedir(NULL, &fs, f->dir, NULL);
    uv_fs_req_cleanup(&fs);
    f->dir = NULL;
    return 0;
}

static int folder_tostring(lua_State *L)
{
    lua_pushfstring(L, "uv_dir_t: %p", luaL_checkudata(L, 1, DIR_NAME));
    return 1;
}

static int fs_readdir(lua_State *L);
static int fs_closedir(lua_State *L);

static void set_method(lua_State *L, const char *name, lua_CFunction function)
{
    neap->push_env(L, nuv_state_of(L)->env);
    lua_pushcclosure(L, function, 1);
    lua_setfield(L, -2, name);
}

/* Registered when it is whole: where memory runs out meanwhile, the next call makes it. */
static void push_metatable(lua_State *L)
{
    static const luaL_Reg metamethods[] = {
        {"__gc", folder_gc}, {"__tostring", folder_tostring}, {NULL, NULL}};
    luaL_getmetatable(L, DIR_NAME);
    if (!lua_isnil(L, -1))
        return;
    lua_pop(L, 1);
    lua_createtable(L, 0, 4);
    luaL_setfuncs(L, metamethods, 0);
    lua_pushliteral(L, DIR_NAME);
    lua_setfield(L, -2, "__name");
    lua_createtable(L, 0, 2);
    set_method(L, "readdir", fs_readdir);
    set_method(L, "closedir", fs_closedir);
    lua_setfield(L, -2, "__index");
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, DIR_NAME);
}

static folder *push_folder(lua_State *L, size_t n)
{
    folder *f = lua_newuserdata(L, sizeof *f);
    *f = (folder){.n = n};
    push_metatable(L);
    lua_setmetatable(L, -2);
    return f;
}

/* ---- Arguments ---- */

/* With a callback, hold the object at `index` for the request that begins next. */
static int hold_for(lua_State *L, int index, int callback)
{
    if (lua_isnoneornil(L, callback))
        return 0;
    nuv_check_callback(L, callback);
    return neap->hold(L, index);
}

static void keep(const nuv_fs *c, int held, folder *f)
{
    if (!c->request)
        return;
    c->request->kept = held;
    c->request->extra = f;
}

static int why_not(const folder *f)
{
    return !f->dir ? UV_EBADF : f->busy ? UV_EBUSY : 0;
}

/* ---- Results ---- */

int nuv_push_entries(lua_State *L, const uv_dir_t *dir, ssize_t n)
{
    if (n == 0) {
        lua_pushnil(L);
        return 1;
    }
    lua_createtable(L, (int)n, 0);
    for (int i = 0; i < (int)n; i++) {
        lua_createtable(L, 0, 2);
        lua_pushstring(L, dir->dirents[i].name);
        lua_setfield(L, -2, "name");
        nuv_push_entry_type(L, dir->dirents[i].type);
        lua_setfield(L, -2, "type");
        lua_rawseti(L, -2, i + 1);
    }
    return 1;
}

/* ---- Functions ---- */

static void on_opened(uv_fs_t *fs)
{
    folder *f = ((nuv_request *)fs->data)->extra;
    if (fs->result >= 0) {
        f->dir = fs->ptr;
        fs->ptr = NULL;
    }
    nuv_fs_done(fs);
}

static size_t check_entries(lua_State *L, int index)
{
    lua_Integer n = luaL_optinteger(L, index, 1);
    if (n < 0 || n > INT_MAX)
        luaL_argerror(L, index, "number of entries out of range");
    return (size_t)n;
}

/** uv.fs_opendir(path: string, callback?: fun(err: string?, dir: uv_dir_t?), entries?: integer) -> uv_dir_t | uv_fs_t | fail
 * Opens a folder, to be read `entries` (1) entries at a time. It is closed by fs_closedir, or when it is
 * collected. */
static int fs_opendir(lua_State *L)
{
    nuv_fs c;
    const char *path = luaL_checkstring(L, 1);
    size_t n = check_entries(L, 3);
    lua_settop(L, 3);
    folder *f = push_folder(L, n);
    int held = hold_for(L, 4, 2);
    uv_loop_t *loop = nuv_fs_begin(L, &c, 2);
    keep(&c, held, f);
    int status = uv_fs_opendir(loop, c.fs, path, c.request ? on_opened : NULL);
    if (c.request || status < 0)
        return nuv_fs_end(L, &c, status);
    f->dir = c.own.ptr;
    uv_fs_req_cleanup(&c.own);
    lua_settop(L, 4);
    return 1;
}

static void on_entries(uv_fs_t *fs)
{
    folder *f = ((nuv_request *)fs->data)->extra;
    f->busy = false;
    nuv_fs_done(fs);
}

/** uv.fs_readdir(dir: uv_dir_t, callback?: fun(err: string?, entries: table?)) -> table | nil | uv_fs_t | fail
 * The next entries of a folder, as many as fs_opendir was told at most: an array of tables with `name` and
 * `type`, as fs_scandir_next has it. nil: there are no more. EBADF: it is closed; EBUSY: it is being read. */
static int fs_readdir(lua_State *L)
{
    nuv_fs c;
    folder *f = luaL_checkudata(L, 1, DIR_NAME);
    if (why_not(f))
        return nuv_fail(L, why_not(f));
    int held = hold_for(L, 1, 2);
    uv_loop_t *loop = nuv_fs_begin_bytes(L, &c, 2, f->n * sizeof(uv_dirent_t) + 1);
    keep(&c, held, f);
    f->dir->dirents = c.bytes;
    f->dir->nentries = f->n;
    int status = uv_fs_readdir(loop, c.fs, f->dir, c.request ? on_entries : NULL);
    f->busy = c.request && status >= 0;
    return nuv_fs_end(L, &c, status);
}

/* One that was cancelled is open still. */
static void on_closed(uv_fs_t *fs)
{
    folder *f = ((nuv_request *)fs->data)->extra;
    if (fs->result < 0) {
        f->dir = fs->ptr;
        fs->ptr = NULL;
    }
    nuv_fs_done(fs);
}

/** uv.fs_closedir(dir: uv_dir_t, callback?: fun(err: string?, success: boolean?)) -> boolean | uv_fs_t | fail
 * Closes a folder. EBADF: it is closed; EBUSY: it is being read. */
static int fs_closedir(lua_State *L)
{
    nuv_fs c;
    folder *f = luaL_checkudata(L, 1, DIR_NAME);
    if (why_not(f))
        return nuv_fail(L, why_not(f));
    int held = hold_for(L, 1, 2);
    uv_loop_t *loop = nuv_fs_begin(L, &c, 2);
    keep(&c, held, f);
    int status = uv_fs_closedir(loop, c.fs, f->dir, c.request ? on_closed : NULL);
    f->dir = NULL;
    return nuv_fs_end(L, &c, status);
}

const luaL_Reg nuv_fs_dir_functions[] = {
    {"fs_opendir", fs_opendir},
    {"fs_readdir", fs_readdir},
    {"fs_closedir", fs_closedir},
    {NULL, NULL},
};
