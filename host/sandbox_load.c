/* sandbox_load.c: how a restricted VM compiles: text only, from a string or a permitted file, and not for
 * longer than it may run.
 *
 *     load, loadstring(text, name, mode, env)
 *     loadfile(path, mode, env)
 *     loadable(path) -> true              may this C library be loaded, and is it there?
 *
 * The host compiles its main script here as well. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sandbox.h"
#include "vm.h"

enum { NO_INDEX = 1000 };

/* ---- Compiling ---- */

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
int neap_sandbox_load(lua_State *L)
{
    size_t n;
    luaL_checktype(L, 1, LUA_TSTRING);
    const char *text = lua_tolstring(L, 1, &n);
    const char *name = luaL_optstring(L, 2, text), *mode = luaL_optstring(L, 3, "t");
    return load_text(L, text, n, name, mode, lua_isnone(L, 4) ? NO_INDEX : 4);
}

/* ---- Reading files ---- */

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
int neap_sandbox_loadfile(lua_State *L)
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
int neap_sandbox_loadable(lua_State *L)
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
