/* sandbox_json.c: cjson for a restricted VM.
 *
 * cjson writes into memory of malloc's that nobody counts, ends the process when there is none, and
 * recurses as deep as a script tells it. So what is to be encoded is measured first, against what is
 * left of the memory limit, and the functions that move cjson's own limits are taken out. */
#include "sandbox.h"

#if NEAP_CJSON

int luaopen_cjson(lua_State *L);
int luaopen_cjson_safe(lua_State *L);

enum { MOST = 64 << 20, DEPTH = 1000, NUMBER = 26 };

static size_t text_size(const char *text, size_t n)
{
    size_t size = n + 3;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < ' ' || c == '"' || c == '\\' || c == '/' || c == 127)
            size += 5;
    }
    return size;
}

/* Take from *left what the value at `index` (absolute) may need; false: it is not enough. */
static bool measure(lua_State *L, int index, int depth, size_t *left)
{
    size_t n, need = NUMBER;
    if (lua_type(L, index) == LUA_TSTRING) {
        const char *text = lua_tolstring(L, index, &n);
        need = text_size(text, n);
    }
    if (need > *left)
        return false;
    *left -= need;
    if (!lua_istable(L, index) || depth > DEPTH) /* deeper cjson does not go */
        return true;
    luaL_checkstack(L, 4, "nested too deep");
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        int value = lua_gettop(L);
        if (!measure(L, value - 1, DEPTH + 1, left) || !measure(L, value, depth + 1, left))
            return false;
    }
    return true;
}

static int encode(lua_State *L)
{
    neap_runtime *rt = neap_of(L);
    size_t left = MOST;
    lua_settop(L, 1);
    if (rt->memory_limit && rt->memory_limit - rt->memory < left)
        left = rt->memory < rt->memory_limit ? rt->memory_limit - rt->memory : 0;
    if (!measure(L, 1, 0, &left))
        return neap->raise(L, UV_ENOMEM, NEAP_F_END);
    lua_settop(L, 1);
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    lua_call(L, 1, LUA_MULTRET);
    return lua_gettop(L);
}

static int wrap(lua_State *L);

static int call_new(lua_State *L)
{
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_call(L, 0, 1);
    return wrap(L);
}

static void replace(lua_State *L, const char *name, lua_CFunction fn)
{
    lua_getfield(L, -1, name);
    lua_pushcclosure(L, fn, 1);
    lua_setfield(L, -2, name);
}

/* The module on L's top. */
static int wrap(lua_State *L)
{
    static const char *const limits[] = {"encode_max_depth", "decode_max_depth",
                                         "encode_sparse_array", "encode_keep_buffer"};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        lua_pushnil(L);
        lua_setfield(L, -2, limits[i]);
    }
    replace(L, "encode", encode);
    replace(L, "new", call_new);
    return 1;
}

int neap_sandbox_cjson(lua_State *L)
{
    lua_pushcfunction(L, luaopen_cjson);
    lua_call(L, 0, 1);
    return wrap(L);
}

int neap_sandbox_cjson_safe(lua_State *L)
{
    lua_pushcfunction(L, luaopen_cjson_safe);
    lua_call(L, 0, 1);
    return wrap(L);
}

#else
typedef int nothing_here;
#endif
