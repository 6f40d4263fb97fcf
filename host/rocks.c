/* rocks.c -- where LuaRocks puts modules: the trees that are there go into package.path and package.cpath.
 *
 * They stand behind the current folder's files and before the system's: lua_modules/ beside the script, the one
 * in the current folder, the user's ~/.luarocks. The system's own are in LuaJIT's default, or come to its end.
 * All this is a part of the default, which LUA_PATH and LUA_CPATH leave out, or write as `;;`. */
#include <lauxlib.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host.h"
#include "rocks.h"

enum { PROJECT, HERE, USER, TREES };

typedef struct {
    const char *field, *here; /* here: the default begins with it */
    const char *forms[3];     /* of a tree's files */
} place;

static const place places[] = {
    {"path", "./?.lua;", {"/share/lua/5.1/?.lua;", "/share/lua/5.1/?/init.lua;"}},
    {"cpath", "./?.so;", {"/lib/lua/5.1/?.so;"}},
};

static const char *const systems[] = {"/usr/local", "/usr"};

static void add_tree(luaL_Buffer *b, const place *p, const char *tree)
{
    for (const char *const *form = p->forms; *form; form++) {
        luaL_addstring(b, tree);
        luaL_addstring(b, *form);
    }
}

static bool names(const char *path, const char *tree, const char *form)
{
    size_t n = strlen(tree);
    for (const char *at = path; (at = strstr(at, tree)); at += n)
        if (strncmp(at + n, form, strlen(form) - 1) == 0)
            return true;
    return false;
}

/* package, at index 1, gets the trees: an empty one is not there. */
static void extend(lua_State *L, const place *p, char trees[TREES][PATH_MAX])
{
    luaL_Buffer b;
    lua_getfield(L, 1, p->field);
    const char *path = lua_tostring(L, -1), *rest = path ? strstr(path, p->here) : NULL;
    if (!rest)
        return;
    rest += strlen(p->here);
    luaL_buffinit(L, &b);
    luaL_addlstring(&b, path, (size_t)(rest - path));
    for (int i = 0; i < TREES; i++)
        if (*trees[i])
            add_tree(&b, p, trees[i]);
    luaL_addstring(&b, rest);
    for (size_t i = 0; i < sizeof systems / sizeof *systems; i++)
        if (!names(path, systems[i], p->forms[0])) {
            luaL_addchar(&b, ';');
            add_tree(&b, p, systems[i]);
        }
    luaL_pushresult(&b);
    lua_setfield(L, 1, p->field);
}

static void find(char *tree, const char *folder, const char *name)
{
    *tree = 0;
    if (folder &&
        (snprintf(tree, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX || access(tree, X_OK)))
        *tree = 0;
}

static int find_all(lua_State *L)
{
    const char *folder = lua_touserdata(L, 1);
    char trees[TREES][PATH_MAX];
    find(trees[PROJECT], folder && strcmp(folder, ".") ? folder : NULL, "lua_modules");
    find(trees[HERE], ".", "lua_modules");
    find(trees[USER], getenv("HOME"), ".luarocks");
    lua_getglobal(L, "package");
    lua_replace(L, 1);
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        extend(L, &places[i], trees);
    return 0;
}

void neap_rocks_find(lua_State *L, const char *folder)
{
    if (lua_cpcall(L, find_all, (void *)folder))
        lua_pop(L, 1); /* no memory: the script will find out */
}
