/* sandbox_os.c: os in a restricted VM. clock, date, difftime and time are Lua's own; exit is boot.c's;
 * the rest asks for permission, or is not there (setlocale is the whole process's). */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "permit.h"
#include "sandbox.h"

int neap_sandbox_fail(lua_State *L, const char *verb, const char *path, int status)
{
    lua_pushnil(L);
    if (status == NEAP_EPERMISSION)
        lua_pushfstring(L, "%s: needs permission \"%s %s\"", path, verb, path);
    else
        lua_pushfstring(L, "%s: %s", path, strerror(-status));
    lua_pushinteger(L, status == NEAP_EPERMISSION ? EACCES : -status);
    return 3;
}

static int os_getenv(lua_State *L)
{
    size_t n;
    const char *name = luaL_checklstring(L, 1, &n);
    if (neap_permit(neap_of(L), "env", name, n))
        return neap_sandbox_fail(L, "env", name, NEAP_EPERMISSION);
    lua_pushstring(L, getenv(name));
    return 1;
}

/* Push the folder that `path` names something in; *name: what it is called there. NULL: it names nothing.
 * Before anything is open, for this may raise. */
static const char *push_folder(lua_State *L, const char *path, const char **name)
{
    const char *slash = strrchr(path, '/');
    *name = slash ? slash + 1 : path;
    if (!**name || !strcmp(*name, ".") || !strcmp(*name, ".."))
        return NULL;
    if (slash)
        lua_pushlstring(L, path, slash == path ? 1 : (size_t)(slash - path));
    else
        lua_pushliteral(L, ".");
    return lua_tostring(L, -1);
}

static int open_folder(lua_State *L, const char *folder)
{
    return folder ? neap_open_path(neap_of(L), folder, O_WRONLY | O_DIRECTORY, 0) : UV_EINVAL;
}

static int os_remove(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1), *name;
    int folder = open_folder(L, push_folder(L, path, &name)), status = folder < 0 ? folder : 0;
    if (!status) {
        status = unlinkat(folder, name, 0) ? -errno : 0;
        if (status == -EISDIR || status == -EPERM)
            status = unlinkat(folder, name, AT_REMOVEDIR) ? -errno : 0;
        close(folder);
    }
    if (status)
        return neap_sandbox_fail(L, "fs.write", path, status);
    lua_pushboolean(L, 1);
    return 1;
}

/* What is moved may be readable where it goes to, so it has to be already. */
static int check_readable(lua_State *L, const char *path, int folder, const char *name)
{
    struct stat st, moved;
    int fd = neap_open_path(neap_of(L), path, NEAP_O_PATH | O_NONBLOCK | O_NOFOLLOW, 0);
    if (fd < 0)
        return fd;
    int status = fstat(fd, &st) || fstatat(folder, name, &moved, AT_SYMLINK_NOFOLLOW) ? -errno : 0;
    close(fd);
    if (!status && (st.st_ino != moved.st_ino || st.st_dev != moved.st_dev))
        status = -EAGAIN; /* something was renamed meanwhile */
    return status;
}

/* A link leads only to where one may go, wherever it is. */
static int os_rename(lua_State *L)
{
    const char *from = luaL_checkstring(L, 1), *to = luaL_checkstring(L, 2), *old, *new;
    const char *from_folder = push_folder(L, from, &old), *to_folder = push_folder(L, to, &new);
    int source = open_folder(L, from_folder), target, status = 0;
    if (source < 0)
        return neap_sandbox_fail(L, "fs.write", from, source);
    if ((status = check_readable(L, from, source, old))) {
        close(source);
        return neap_sandbox_fail(L, "fs.read", from, status);
    }
    target = open_folder(L, to_folder);
    if (target >= 0) {
        status = renameat(source, old, target, new) ? -errno : 0;
        close(target);
    }
    close(source);
    if (target < 0 || status)
        return neap_sandbox_fail(L, "fs.write", to, target < 0 ? target : status);
    lua_pushboolean(L, 1);
    return 1;
}

static int os_execute(lua_State *L)
{
    static const char shell[] = "/bin/sh";
    const char *command = luaL_optstring(L, 1, NULL);
    bool may = !neap_permit(neap_of(L), "run", shell, sizeof shell - 1);
    if (!command) {
        lua_pushboolean(L, may && system(NULL));
        return 1;
    }
    if (!may)
        return neap_sandbox_fail(L, "run", shell, NEAP_EPERMISSION);
    neap_output_flush(neap_of(L));
    lua_pushinteger(L, system(command));
    return 1;
}

static const luaL_Reg functions[] = {{"execute", os_execute},
                                     {"getenv", os_getenv},
                                     {"remove", os_remove},
                                     {"rename", os_rename},
                                     {NULL, NULL}};

void neap_sandbox_os(lua_State *L)
{
    static const char *const kept[] = {"clock", "date", "difftime", "time"};
    int top = lua_gettop(L);
    lua_getglobal(L, "os");
    lua_createtable(L, 0, 9);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        lua_getfield(L, top + 1, kept[i]);
        lua_setfield(L, -2, kept[i]);
    }
    luaL_setfuncs(L, functions, 0);
    lua_setglobal(L, "os");
    lua_settop(L, top);
}
