/* sandbox.c: a restricted VM has no way out but functions that ask for permission.
 *
 * It gets base, package, table, string, math, os, bit and the compiler; no io, debug, ffi, and C
 * libraries by permission `native` alone. Then what is left of these is cut down:
 *
 *   load, loadstring, loadfile   text only, from a string or a permitted file
 *   package.loaded, preload      tables of its own: LuaJIT opens ffi by itself for a number like 1LL,
 *                                and puts it into the registry's
 *   collectgarbage               "count" and "collect": pacing and stopping it are the host's
 *   gone                         newproxy, module, gcinfo, jit, string.dump, package.loadlib, .seeall
 *
 * Its compiled code is bounded, because the memory limit does not see it. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <lualib.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"
#include "vm.h"

enum { NO_INDEX = 1000 };

/* ---- Loading ---- */

/* LuaJIT's parser walks the whole chain of jumps for each that it adds, and nothing can stop it: so the
 * words that make such chains are counted before, wherever they stand, and the clock is looked at when
 * it wants more text. */
enum { BRANCHES = 10000, PIECE = 256 };
static const double LONGEST = 0.25;

static bool is_branch(const char *word, size_t n)
{
    static const char *const words[] = {"or", "and", "goto", "break", "elseif"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == n && !memcmp(words[i], word, n))
            return true;
    return false;
}

static bool is_letter(unsigned char c)
{
    unsigned char lower = c | 0x20;
    return (lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9') || c == '_' || c >= 0x80;
}

static bool has_many_branches(const char *text, size_t n)
{
    const char *end = text + n;
    int branches = 0;
    while (text < end && branches <= BRANCHES) {
        const char *word = text;
        while (text < end && is_letter((unsigned char)*text))
            text++;
        branches += is_branch(word, (size_t)(text - word));
        text += text == word;
    }
    return branches > BRANCHES;
}

typedef struct {
    neap_runtime *rt;
    const char *text, *end;
    uint64_t until; /* 0: however long it takes */
} source;

static const char *next_piece(lua_State *L, void *data, size_t *n)
{
    source *s = data;
    const char *piece = s->text;
    size_t left = (size_t)(s->end - piece);
    bool late = s->until && neap_clock() >= s->until;
    if (late || atomic_load(&s->rt->slice.mode) == NEAP_SLICE_KILL) {
        lua_pushliteral(L, "chunk takes too long to compile");
        lua_error(L);
    }
    *n = left < PIECE ? left : PIECE;
    s->text += *n;
    return *n ? piece : NULL;
}

int neap_sandbox_compile(lua_State *L, const char *text, size_t n, const char *name)
{
    neap_runtime *rt = neap_of(L);
    double longest = 10 * rt->cpu_budget > LONGEST ? 10 * rt->cpu_budget : LONGEST;
    source s = {rt, text, text + n, 0};
    if (rt->cpu_budget > 0)
        s.until = neap_clock() + (uint64_t)(longest * 1e9);
    neap_vm_check_parser(L);
    if (!has_many_branches(text, n))
        return lua_loadx(L, next_piece, &s, name, "t");
    lua_pushfstring(L, "chunk has too many branches (%d of elseif, or, and, goto, break)",
                    BRANCHES);
    return LUA_ERRSYNTAX;
}

/* The function, or nil and why not. `env`: the stack index of its environment, where there is one. */
static int load_text(lua_State *L, const char *text, size_t n, const char *name, const char *mode,
                     int env)
{
    bool wrong = !strchr(mode, 't');
    if (wrong)
        lua_pushliteral(L, "attempt to load chunk with wrong mode");
    if (wrong || neap_sandbox_compile(L, text, n, name)) {
        lua_pushnil(L);
        lua_insert(L, -2);
        return 2;
    }
    if (env < NO_INDEX) {
        lua_pushvalue(L, env);
        lua_setfenv(L, -2);
    }
    return 1;
}

/* load(text, name, mode, env), loadstring */
static int sandbox_load(lua_State *L)
{
    size_t n;
    luaL_checktype(L, 1, LUA_TSTRING);
    const char *text = lua_tolstring(L, 1, &n);
    const char *name = luaL_optstring(L, 2, text), *mode = luaL_optstring(L, 3, "t");
    return load_text(L, text, n, name, mode, lua_isnone(L, 4) ? NO_INDEX : 4);
}

int neap_sandbox_open(neap_runtime *rt, const char *path, int flags)
{
    return neap_open_path(rt, path, flags | O_NONBLOCK | O_NOCTTY, 0666);
}

/* (file) -> all of it, status */
static int read_all(lua_State *L)
{
    FILE *file = *(FILE **)lua_touserdata(L, 1);
    luaL_Buffer b;
    size_t n;
    luaL_buffinit(L, &b);
    do {
        n = fread(luaL_prepbuffer(&b), 1, LUAL_BUFFERSIZE, file);
        luaL_addsize(&b, n);
    } while (n);
    luaL_pushresult(&b);
    lua_pushinteger(L, ferror(file) ? -errno : 0);
    return 2;
}

/* What reads a file, and where it finds it: pushed before there is one, for that may raise. */
static FILE **push_reader(lua_State *L)
{
    lua_pushcfunction(L, read_all);
    return lua_newuserdata(L, sizeof(FILE *));
}

/* Stack: the reader, in whose place the text comes when 0. The descriptor (or why there is none) is closed
 * whatever happens. */
static int read_and_close(lua_State *L, FILE **place, int fd)
{
    FILE *file = fd < 0 ? NULL : fdopen(fd, "r");
    if (!file) {
        lua_pop(L, 2);
        if (fd >= 0)
            close(fd);
        return fd < 0 ? fd : UV_ENOMEM;
    }
    *place = file;
    int failed = lua_pcall(L, 1, 2, 0);
    fclose(file);
    if (failed)
        return lua_error(L);
    int status = (int)lua_tointeger(L, -1);
    lua_pop(L, status ? 2 : 1);
    return status;
}

/* A first line that begins with '#' stays as an empty one. */
static const char *skip_shebang(const char *text, size_t *n)
{
    const char *line = *text == '#' ? memchr(text, '\n', *n) : text;
    line = line ? line : text + *n;
    *n -= (size_t)(line - text);
    return line;
}

int neap_sandbox_compile_file(lua_State *L, const char *path)
{
    size_t n;
    FILE **place = push_reader(L);
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : dup(STDIN_FILENO);
    int status = read_and_close(L, place, fd < 0 ? -errno : fd);
    lua_pushfstring(L, path ? "@%s" : "=stdin", path);
    if (status) {
        lua_pushfstring(L, "cannot read %s: %s", lua_tostring(L, -1) + 1, strerror(-status));
        return LUA_ERRFILE;
    }
    const char *text = lua_tolstring(L, -2, &n);
    text = skip_shebang(text, &n);
    return neap_sandbox_compile(L, text, n, lua_tostring(L, -1));
}

/* loadfile(path, mode, env); without a path the standard input, for who has one */
static int sandbox_loadfile(lua_State *L)
{
    neap_runtime *rt = neap_of(L);
    const char *path = luaL_optstring(L, 1, NULL), *mode = luaL_optstring(L, 2, "t"), *text;
    int env = lua_isnone(L, 3) ? NO_INDEX : 3;
    bool input = !path && !rt->parent;
    path = path ? path : "stdin";
    lua_settop(L, 3);
    FILE **place = push_reader(L);
    int fd = input ? dup(STDIN_FILENO) : neap_sandbox_open(rt, path, O_RDONLY);
    int status = read_and_close(L, place, input && fd < 0 ? -errno : fd);
    if (status) {
        neap_sandbox_fail(L, "fs.read", path, status);
        lua_pop(L, 1);
        return 2;
    }
    size_t n;
    text = lua_tolstring(L, -1, &n);
    text = skip_shebang(text, &n);
    lua_pushfstring(L, input ? "=%s" : "@%s", path);
    return load_text(L, text, n, lua_tostring(L, -1), mode, env);
}

/* loadable(path): may this C library be loaded, and is it there? true, or nil and why not. */
static int sandbox_loadable(lua_State *L)
{
    char used[PATH_MAX];
    const char *path = luaL_checkstring(L, 1);
    int status = neap_permit_file(neap_of(L), "native", path, used, sizeof used);
    if (!status && access(used, R_OK))
        status = -errno;
    if (status)
        return neap_sandbox_fail(L, "native", path, status);
    lua_pushboolean(L, 1);
    return 1;
}

/* ---- Base and debug ---- */

static int sandbox_collectgarbage(lua_State *L)
{
    static const char *const options[] = {"collect", "count", NULL};
    if (luaL_checkoption(L, 1, "collect", options) == 0) {
        lua_gc(L, LUA_GCCOLLECT, 0);
        lua_pushinteger(L, 0);
        return 1;
    }
    lua_pushnumber(L, lua_gc(L, LUA_GCCOUNT, 0) + lua_gc(L, LUA_GCCOUNTB, 0) / 1024.0);
    return 1;
}

/* traceback(thread, message, level), the thread may be left out */
static int sandbox_traceback(lua_State *L)
{
    lua_State *of = lua_tothread(L, 1);
    int message = of ? 2 : 1;
    if (!lua_isnoneornil(L, message) && !lua_isstring(L, message)) {
        lua_settop(L, message);
        return 1;
    }
    luaL_traceback(L, of ? of : L, lua_tostring(L, message), luaL_optint(L, message + 1, !of));
    return 1;
}

/* io.popen, io.tmpfile, os.tmpname: there is no permission that would allow them. */
static int sandbox_refuse(lua_State *L)
{
    lua_pushnil(L);
    lua_pushliteral(L, "not in a restricted runtime");
    return 2;
}

/* ---- Setting up ---- */

static const luaL_Reg libraries[] = {
    {"", luaopen_base},
    {LUA_LOADLIBNAME, luaopen_package},
    {LUA_TABLIBNAME, luaopen_table},
    {LUA_OSLIBNAME, luaopen_os},
    {LUA_STRLIBNAME, luaopen_string},
    {LUA_MATHLIBNAME, luaopen_math},
    {LUA_BITLIBNAME, luaopen_bit},
    {LUA_JITLIBNAME, luaopen_jit},
    {NULL, NULL},
};

void neap_sandbox_libraries(lua_State *L)
{
    int top = lua_gettop(L);
    for (const luaL_Reg *library = libraries; library->func; library++) {
        lua_pushcfunction(L, library->func);
        lua_pushstring(L, library->name);
        lua_call(L, 1, 0);
    }
    lua_getglobal(L, LUA_JITLIBNAME);
    lua_getfield(L, -1, "opt");
    lua_getfield(L, -1, "start");
    lua_pushliteral(L, "maxmcode=2048"); /* KiB */
    lua_call(L, 1, 0);
    lua_settop(L, top);
}

static void remove_fields(lua_State *L, const char *table, const char *const *names)
{
    lua_getglobal(L, table);
    for (; *names; names++) {
        lua_pushnil(L);
        lua_setfield(L, -2, *names);
    }
    lua_pop(L, 1);
}

static void new_globals(lua_State *L)
{
    static const luaL_Reg base[] = {{"load", sandbox_load},
                                    {"loadstring", sandbox_load},
                                    {"loadfile", sandbox_loadfile},
                                    {"collectgarbage", sandbox_collectgarbage},
                                    {NULL, NULL}};
    lua_pushvalue(L, LUA_GLOBALSINDEX);
    luaL_setfuncs(L, base, 0);
    lua_createtable(L, 0, 1);
    lua_pushcfunction(L, sandbox_traceback);
    lua_setfield(L, -2, "traceback");
    lua_setfield(L, -2, LUA_DBLIBNAME);
    lua_pop(L, 1);
}

static void push_loaded(lua_State *L)
{
    static const char *const names[] = {"_G", "package", "table",     "string", "math",
                                        "os", "bit",     "coroutine", "debug"};
    lua_createtable(L, 0, 16);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        lua_getglobal(L, names[i]);
        lua_setfield(L, -2, names[i]);
    }
}

static void push_preload(lua_State *L)
{
    lua_newtable(L);
#if NEAP_CJSON
    lua_pushcfunction(L, neap_sandbox_cjson);
    lua_setfield(L, -2, "cjson");
    lua_pushcfunction(L, neap_sandbox_cjson_safe);
    lua_setfield(L, -2, "cjson.safe");
#endif
}

/* With no _LOADED in the registry ffi is not put anywhere, and no C function finds what is there. */
static void new_package(lua_State *L)
{
    lua_getglobal(L, LUA_LOADLIBNAME);
    push_loaded(L);
    lua_setfield(L, -2, "loaded");
    push_preload(L);
    lua_setfield(L, -2, "preload");
    lua_pushliteral(L, "./?.lua;./?/init.lua");
    lua_setfield(L, -2, "path");
    lua_pop(L, 1);
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, "_LOADED");
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, "_PRELOAD");
}

static void protect_metatable(lua_State *L, const char *name)
{
    lua_pushstring(L, name);
    lua_setfield(L, -2, "__metatable");
    lua_pop(L, 1);
}

void neap_sandbox_strip(lua_State *L)
{
    static const char *const globals[] = {"gcinfo", "jit", "module", "newproxy", "dofile", NULL};
    static const char *const from_string[] = {"dump", NULL};
    static const char *const from_package[] = {"loadlib", "seeall", NULL};
    remove_fields(L, "_G", globals);
    remove_fields(L, LUA_STRLIBNAME, from_string);
    remove_fields(L, LUA_LOADLIBNAME, from_package);
    new_globals(L);
    neap_sandbox_os(L);
    new_package(L);
    lua_pushliteral(L, "");
    lua_getmetatable(L, -1);
    protect_metatable(L, "string");
    lua_pop(L, 1);
    luaL_getmetatable(L, "neap.error");
    protect_metatable(L, "neap.error");
}

void neap_sandbox_functions(neap_runtime *rt, lua_State *L)
{
    lua_pushlightuserdata(L, rt);
    for (int i = 0; i < 5; i++)
        lua_pushnil(L);
    lua_pushcclosure(L, neap_sandbox_search, 6);
    lua_setfield(L, -2, "search");
    lua_pushcfunction(L, sandbox_refuse);
    lua_setfield(L, -2, "refuse");
    lua_pushcfunction(L, sandbox_loadable);
    lua_setfield(L, -2, "loadable");
    lua_pushboolean(L, rt->parent != NULL);
    lua_setfield(L, -2, "child");
    neap_sandbox_file_functions(L);
}
