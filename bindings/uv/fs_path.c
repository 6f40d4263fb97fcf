/* fs_path.c -- files and folders by their paths: made, moved, linked, copied, removed. */
#include <string.h>
#include <unistd.h>

#include "fs.h"

/* ---- Functions of one path ---- */

/** uv.fs_unlink(path: string, callback?: fun(err: string?, success: boolean?)) -> boolean | uv_fs_t | fail
 * Removes a file's name, and the file when it has no other and nobody has it open. */
static int fs_unlink(lua_State *L)
{
    return nuv_fs_path(L, uv_fs_unlink);
}

/** uv.fs_rmdir(path: string, callback?: fun(err: string?, success: boolean?)) -> boolean | uv_fs_t | fail
 * Removes a folder, which must be empty. */
static int fs_rmdir(lua_State *L)
{
    return nuv_fs_path(L, uv_fs_rmdir);
}

/** uv.fs_mkdtemp(template: string, callback?: fun(err: string?, path: string?)) -> string | uv_fs_t | fail
 * Makes a folder of a name that is not there yet: `template`'s last six characters must be XXXXXX and become
 * others. EINVAL: they are not. */
static int fs_mkdtemp(lua_State *L)
{
    return nuv_fs_path(L, uv_fs_mkdtemp);
}

/** uv.fs_mkstemp(template: string, callback?: fun(err: string?, fd: integer?, path: string?)) -> integer, string | uv_fs_t | fail
 * Makes and opens a file of a name that is not there yet, as fs_mkdtemp: its descriptor and its path. */
static int fs_mkstemp(lua_State *L)
{
    return nuv_fs_path(L, uv_fs_mkstemp);
}

/** uv.fs_readlink(path: string, callback?: fun(err: string?, path: string?)) -> string | uv_fs_t | fail
 * What a symbolic link says. EINVAL: it is none. */
static int fs_readlink(lua_State *L)
{
    return nuv_fs_path(L, uv_fs_readlink);
}

/** uv.fs_realpath(path: string, callback?: fun(err: string?, path: string?)) -> string | uv_fs_t | fail
 * The absolute path without symbolic links, "." and "..", as realpath(3). */
static int fs_realpath(lua_State *L)
{
    return nuv_fs_path(L, uv_fs_realpath);
}

/* ---- Functions of two ---- */

/** uv.fs_rename(path: string, new_path: string, callback?: fun(err: string?, success: boolean?)) -> boolean | uv_fs_t | fail
 * Gives a file or folder another name, in place of what has that, within one file system. */
static int fs_rename(lua_State *L)
{
    nuv_fs c;
    const char *path = luaL_checkstring(L, 1), *to = luaL_checkstring(L, 2);
    uv_loop_t *loop = nuv_fs_begin(L, &c, 3);
    return nuv_fs_end(L, &c, uv_fs_rename(loop, c.fs, path, to, c.callback));
}

/** uv.fs_link(path: string, new_path: string, callback?: fun(err: string?, success: boolean?)) -> boolean | uv_fs_t | fail
 * Gives a file one more name. */
static int fs_link(lua_State *L)
{
    nuv_fs c;
    const char *path = luaL_checkstring(L, 1), *to = luaL_checkstring(L, 2);
    uv_loop_t *loop = nuv_fs_begin(L, &c, 3);
    return nuv_fs_end(L, &c, uv_fs_link(loop, c.fs, path, to, c.callback));
}

/* (path, path, flags?, callback?) or (path, path, callback): where the callback is. */
static int check_flags(lua_State *L, unsigned *flags, const nuv_name *names)
{
    *flags = 0;
    if (nuv_is_callable(L, 3) && lua_isnone(L, 4))
        return 3;
    *flags = nuv_fs_flags(L, 3, names);
    return 4;
}

/** uv.fs_symlink(path: string, new_path: string, flags?: table | integer, callback?: fun(err: string?, success: boolean?)) -> boolean | uv_fs_t | fail
 * Makes the symbolic link `new_path`, which says `path`. `flags` (`dir`, `junction`) are for Windows. The
 * callback may take their place. */
static int fs_symlink(lua_State *L)
{
    static const nuv_name names[] = {
        {"dir", UV_FS_SYMLINK_DIR}, {"junction", UV_FS_SYMLINK_JUNCTION}, {NULL, 0}};
    nuv_fs c;
    unsigned flags;
    const char *path = luaL_checkstring(L, 1), *to = luaL_checkstring(L, 2);
    int callback = check_flags(L, &flags, names);
    uv_loop_t *loop = nuv_fs_begin(L, &c, callback);
    return nuv_fs_end(L, &c, uv_fs_symlink(loop, c.fs, path, to, (int)flags, c.callback));
}

/** uv.fs_copyfile(path: string, new_path: string, flags?: table | integer, callback?: fun(err: string?, success: boolean?)) -> boolean | uv_fs_t | fail
 * Copies a file, in place of one that is there. `flags`: `excl`, fail with EEXIST when one is there; `ficlone`,
 * share the blocks where the file system can; `ficlone_force`, fail where it cannot. The callback may take
 * their place. */
static int fs_copyfile(lua_State *L)
{
    static const nuv_name names[] = {{"excl", UV_FS_COPYFILE_EXCL},
                                     {"ficlone", UV_FS_COPYFILE_FICLONE},
                                     {"ficlone_force", UV_FS_COPYFILE_FICLONE_FORCE},
                                     {NULL, 0}};
    nuv_fs c;
    unsigned flags;
    const char *path = luaL_checkstring(L, 1), *to = luaL_checkstring(L, 2);
    int callback = check_flags(L, &flags, names);
    uv_loop_t *loop = nuv_fs_begin(L, &c, callback);
    return nuv_fs_end(L, &c, uv_fs_copyfile(loop, c.fs, path, to, (int)flags, c.callback));
}

/* ---- Others ---- */

/** uv.fs_mkdir(path: string, mode: integer, callback?: fun(err: string?, success: boolean?)) -> boolean | uv_fs_t | fail
 * Makes a folder with the permissions `mode`, as chmod(2) takes them: tonumber("755", 8). */
static int fs_mkdir(lua_State *L)
{
    nuv_fs c;
    const char *path = luaL_checkstring(L, 1);
    int mode = nuv_check_int(L, 2);
    uv_loop_t *loop = nuv_fs_begin(L, &c, 3);
    return nuv_fs_end(L, &c, uv_fs_mkdir(loop, c.fs, path, mode, c.callback));
}

static int check_access(lua_State *L, int index)
{
    int mode = 0;
    if (lua_isnumber(L, index))
        return (int)lua_tointeger(L, index);
    if (!lua_isstring(L, index))
        return luaL_argerror(L, index, "Expected string or integer for file access mode check");
    for (const char *s = lua_tostring(L, index); *s; s++) {
        if (!strchr("rwxRWX", *s))
            return luaL_argerror(L, index, "Unknown character in access mode string");
        mode |= strchr("rR", *s) ? R_OK : strchr("wW", *s) ? W_OK : X_OK;
    }
    return mode;
}

/** uv.fs_access(path: string, mode: string | integer, callback?: fun(err: string?, permission: boolean?)) -> boolean | uv_fs_t
 * Whether this process may read ("r" in `mode`), write ("w") and execute ("x") it; "" or 0: whether it is there.
 * false is also said of what is not there, and of what cannot be asked. */
static int fs_access(lua_State *L)
{
    nuv_fs c;
    const char *path = luaL_checkstring(L, 1);
    int mode = check_access(L, 2);
    uv_loop_t *loop = nuv_fs_begin(L, &c, 3);
    return nuv_fs_end(L, &c, uv_fs_access(loop, c.fs, path, mode, c.callback));
}

const luaL_Reg nuv_fs_path_functions[] = {
    {"fs_unlink", fs_unlink},
    {"fs_rmdir", fs_rmdir},
    {"fs_mkdtemp", fs_mkdtemp},
    {"fs_mkstemp", fs_mkstemp},
    {"fs_readlink", fs_readlink},
    {"fs_realpath", fs_realpath},
    {"fs_rename", fs_rename},
    {"fs_link", fs_link},
    {"fs_symlink", fs_symlink},
    {"fs_copyfile", fs_copyfile},
    {"fs_mkdir", fs_mkdir},
    {"fs_access", fs_access},
    {NULL, NULL},
};
