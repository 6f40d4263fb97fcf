/* sandbox_json.c: cjson for a restricted VM.
 *
 * cjson writes into memory of malloc's that nobody counts, ends the process when there is none, loses
 * it when the VM has none, and recurses as deep as a script tells it. So what is to be encoded or
 * decoded is measured first, against what is left of the memory limit; its memory is charged during
 * the call, after which it keeps none; and the functions that move its own limits are taken out. */
#include <string.h>

#include "sandbox.h"

#if NEAP_CJSON

int luaopen_cjson(lua_State *L);
int luaopen_cjson_safe(lua_State *L);

enum { MOST = 64 << 20, DEPTH = 1000, NUMBER = 26 };

typedef struct {
    size_t left;
    int deepest;
} measured;

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

/* Take from m->left what the value at `index` (absolute) may need; false: it is not enough. */
static bool measure(lua_State *L, int index, int depth, measured *m)
{
    size_t n, need = NUMBER;
    if (lua_type(L, index) == LUA_TSTRING) {
        const char *text = lua_tolstring(L, index, &n);
        need = text_size(text, n);
    }
    if (need > m->left)
        return false;
    m->left -= need;
    if (!lua_istable(L, index) || depth > DEPTH) /* deeper cjson does not go */
        return true;
    m->deepest = depth > m->deepest ? depth : m->deepest;
    luaL_checkstack(L, 4, "nested too deep");
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        int value = lua_gettop(L);
        if (!measure(L, value - 1, DEPTH + 1, m) || !measure(L, value, depth + 1, m))
            return false;
    }
    return true;
}

static size_t memory_left(const neap_runtime *rt)
{
    if (!rt->memory_limit)
        return SIZE_MAX;
    return rt->memory < rt->memory_limit ? rt->memory_limit - rt->memory : 0;
}

/* Call cjson's function, the first upvalue, with the value at 1. `held` is what it has of malloc's
 * meanwhile. An error for want of memory would lose it, so there is none: what it needs was measured,
 * and the limit counts again afterwards. */
static int call(lua_State *L, neap_runtime *rt, size_t held)
{
    size_t limit = rt->memory_limit;
    lua_pushvalue(L, lua_upvalueindex(1));
    lua_insert(L, 1);
    if (neap_charge(rt, (ptrdiff_t)held))
        return neap->raise(L, UV_ENOMEM, NEAP_F_END);
    rt->memory_limit = 0;
    int failed = lua_pcall(L, 1, LUA_MULTRET, 0);
    rt->memory_limit = limit;
    neap_charge(rt, -(ptrdiff_t)held);
    return failed ? lua_error(L) : lua_gettop(L);
}

/* What the value at 1 may need; raises when that is too much. */
static size_t measure_value(lua_State *L, neap_runtime *rt, int *deepest)
{
    for (int again = 0; again < 2; again++) {
        size_t left =
            memory_left(rt) / 3; /* the buffer doubles, and then there is the text as well */
        measured m = {left < MOST ? left : MOST, 0};
        size_t before = m.left;
        bool fits = measure(L, 1, 0, &m);
        lua_settop(L, 1);
        *deepest = m.deepest;
        if (fits)
            return before - m.left;
        lua_gc(L, LUA_GCCOLLECT, 0);
    }
    return (size_t)neap->raise(L, UV_ENOMEM, NEAP_F_END);
}

static int encode(lua_State *L)
{
    neap_runtime *rt = neap_of(L);
    int deepest;
    lua_settop(L, 1);
    size_t need = measure_value(L, rt, &deepest);
    luaL_checkstack(L, 3 * deepest + LUA_MINSTACK, "nested too deep");
    return call(L, rt, 2 * need);
}

/* ---- What a text needs to be decoded, at most ---- */

enum {
    SEEN = 64,
    TABLE = 64 + 32,
    STRING = 24 + 8 + 24 /* and its part of the VM's table of strings */
};

typedef struct {
    const char *at, *end;
    size_t need;
    int depth;
    struct {
        unsigned values;
        bool object;
    } open[DEPTH + 1];
    struct {
        const char *text;
        size_t n;
    } seen[SEEN]; /* the same string again needs nothing: keys, above all */
} scan;

static void scan_string(scan *s)
{
    const char *text = ++s->at;
    while (s->at < s->end && *s->at != '"')
        s->at += *s->at == '\\' ? 2 : 1;
    size_t n = (size_t)((s->at < s->end ? s->at : s->end) - text);
    unsigned hash =
        n ? (unsigned)(n + 7u * (unsigned char)*text + 31u * (unsigned char)text[n - 1]) : 0;
    if (s->seen[hash % SEEN].text && s->seen[hash % SEEN].n == n &&
        !memcmp(s->seen[hash % SEEN].text, text, n))
        return;
    s->seen[hash % SEEN].text = text;
    s->seen[hash % SEEN].n = n;
    s->need += n + STRING;
}

/* While a part grows, the old one is there too. */
static void scan_close(scan *s)
{
    size_t room = 1, values = s->open[s->depth].values + 1u;
    while (room < values)
        room *= 2;
    s->need += (s->open[s->depth].object ? 24 : 8) * (room + room / 2) + 16;
    s->depth--;
}

/* False: it needs more than `left`. What cjson refuses it need not understand. */
static bool scan_text(scan *s, size_t left)
{
    for (; s->at < s->end && s->need <= left; s->at++) {
        char c = *s->at;
        if (c == '"') {
            scan_string(s);
        } else if (c == '[' || c == '{') {
            if (s->depth == DEPTH)
                break;
            s->open[++s->depth].values = 1;
            s->open[s->depth].object = c == '{';
            s->need += TABLE;
        } else if (c == ',') {
            s->open[s->depth].values++;
        } else if ((c == ']' || c == '}') && s->depth) {
            scan_close(s);
        }
    }
    while (s->depth)
        scan_close(s);
    return s->need <= left;
}

static int decode(lua_State *L)
{
    neap_runtime *rt = neap_of(L);
    scan s = {0};
    size_t n;
    lua_settop(L, 1);
    const char *text = lua_tolstring(L, 1, &n);
    for (int again = 0; text && again < 2; again++) {
        s.at = text;
        s.end = text + n;
        s.need = n + 4096;
        if (scan_text(&s, memory_left(rt)))
            break;
        if (again)
            return neap->raise(L, UV_ENOMEM, NEAP_F_END);
        lua_gc(L, LUA_GCCOLLECT, 0);
        memset(&s, 0, sizeof s);
    }
    luaL_checkstack(L, LUA_MINSTACK, "no memory");
    return call(L, rt, text ? n + 64 : 0);
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
    lua_getfield(L, -1, "encode_keep_buffer");
    lua_pushboolean(L, 0);
    lua_call(L, 1, 0);
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        lua_pushnil(L);
        lua_setfield(L, -2, limits[i]);
    }
    replace(L, "encode", encode);
    replace(L, "decode", decode);
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
