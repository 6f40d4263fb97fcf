/* resolve.c -- neap_process: which file a program's name means, whether it may be run, and what environment it sees.
 *
 * A name without a slash is looked for in the folders of our own PATH; a relative path starts at our folder, also when
 * the child gets another. Where not everything may be run, "." and ".." are taken out of the path first, so
 * that what is asked about is what is executed: no link in front of a ".." leads elsewhere. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "process.h"

/* ---- The program ---- */

static int executable(const char *path)
{
    struct stat st;
    if (stat(path, &st))
        return -errno;
    if (S_ISDIR(st.st_mode))
        return -EACCES;
    return access(path, X_OK) ? -errno : 0;
}

/* Push what it is called in one of PATH's folders. EACCES is remembered: one was there. */
static int search(lua_State *L, const char *name)
{
    const char *folder = getenv("PATH");
    int status = -ENOENT;
    for (folder = folder ? folder : "/usr/local/bin:/usr/bin:/bin"; folder;) {
        size_t n = strcspn(folder, ":");
        lua_pushlstring(L, n ? folder : ".", n ? n : 1);
        lua_pushfstring(L, "%s/%s", lua_tostring(L, -1), name);
        lua_remove(L, -2);
        int found = executable(lua_tostring(L, -1));
        if (!found)
            return 0;
        lua_pop(L, 1);
        if (found == -EACCES)
            status = found;
        folder = folder[n] ? folder + n + 1 : NULL;
    }
    return status;
}

/* The path on the top, from the root. */
static int make_absolute(lua_State *L)
{
    char folder[PATH_MAX];
    if (*lua_tostring(L, -1) == '/')
        return 0;
    if (!getcwd(folder, sizeof folder))
        return -errno;
    lua_pushfstring(L, "%s/%s", folder, lua_tostring(L, -1));
    lua_remove(L, -2);
    return 0;
}

/* The absolute path on the top without ".", ".." and empty names. */
static int make_plain(lua_State *L)
{
    size_t length, n = 0;
    const char *path = lua_tolstring(L, -1, &length);
    char plain[PATH_MAX];
    if (length >= sizeof plain)
        return -ENAMETOOLONG;
    while (*path) {
        path += strspn(path, "/");
        size_t m = strcspn(path, "/");
        if (m == 2 && path[0] == '.' && path[1] == '.') {
            while (n && plain[--n] != '/')
                ;
        } else if (m && !(m == 1 && *path == '.')) {
            plain[n++] = '/';
            memcpy(plain + n, path, m);
            n += m;
        }
        path += m;
    }
    lua_pushlstring(L, plain, n);
    lua_remove(L, -2);
    return 0;
}

static int may(neap_env *env, const char *text)
{
    return !neap->permit(env, "run", text, strlen(text));
}

int process_resolve(lua_State *L, neap_env *env, int index)
{
    const char *name = lua_tostring(L, index);
    int bare = !strchr(name, '/'), all = !neap->permit(env, "run", NULL, 0), status = 0;
    if (!*name)
        return -ENOENT;
    if (bare)
        status = search(L, name);
    else
        lua_pushvalue(L, index);
    if (status)
        return all || may(env, name) ? status : NEAP_EPERMISSION;
    status = make_absolute(L);
    if (status || all)
        return status;
    status = make_plain(L);
    if (!status && !(bare && may(env, name)) && !may(env, lua_tostring(L, -1)))
        status = NEAP_EPERMISSION;
    return status;
}

/* ---- The environment ---- */

static int names(const char *entry, const char *name, size_t n)
{
    return !strncmp(entry, name, n) && entry[n] == '=';
}

/* Has the table at index a word on this variable of ours? */
static int is_given(lua_State *L, int index, const char *entry, size_t n)
{
    if (!lua_istable(L, index))
        return 0;
    lua_pushlstring(L, entry, n);
    lua_rawget(L, index);
    int given = !lua_isnil(L, -1);
    lua_pop(L, 1);
    return given;
}

static size_t count(lua_State *L, int index)
{
    size_t n = 0;
    for (char **e = process_environ(); *e; e++)
        n++;
    if (lua_istable(L, index))
        for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1))
            n++;
    return n;
}

/* The texts are the strings that the table at `kept` holds. */
static size_t add_given(lua_State *L, neap_env *env, int index, int kept, char **out, size_t n,
                        const char **refused)
{
    for (lua_pushnil(L); lua_next(L, index); lua_pop(L, 1)) {
        size_t length;
        luaL_argcheck(L, lua_type(L, -2) == LUA_TSTRING, 1, "a variable's name is a string");
        const char *name = lua_tolstring(L, -2, &length);
        if (neap->permit(env, "env", name, length)) {
            *refused = name;
            lua_pop(L, 2);
            return n;
        }
        if (!lua_isstring(L, -1)) /* false: without it */
            continue;
        lua_pushfstring(L, "%s=%s", name, lua_tostring(L, -1));
        out[n++] = (char *)lua_tostring(L, -1);
        lua_rawseti(L, kept, (int)lua_objlen(L, kept) + 1);
    }
    return n;
}

char **process_environment(lua_State *L, neap_env *env, int index, int replace,
                           const char **refused)
{
    size_t n = 0;
    lua_newtable(L);
    int kept = lua_gettop(L);
    char **out = lua_newuserdata(L, (count(L, index) + 1) * sizeof *out);
    lua_rawseti(L, kept, 1);
    for (char **e = process_environ(); !replace && *e; e++) {
        size_t length = strcspn(*e, "=");
        if (names(*e, *e, length) && !neap->permit(env, "env", *e, length) &&
            !is_given(L, index, *e, length))
            out[n++] = *e;
    }
    *refused = NULL;
    if (lua_istable(L, index))
        n = add_given(L, env, index, kept, out, n, refused);
    out[n] = NULL;
    return *refused ? NULL : out;
}
