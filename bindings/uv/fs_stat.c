/* fs_stat.c -- what files are: their size, times, mode, owner; and the file systems they are on. */
#include <sys/stat.h>

#include "fs.h"

/* ---- Results ---- */

static void set_integer(lua_State *L, const char *field, lua_Integer value)
{
    lua_pushinteger(L, value);
    lua_setfield(L, -2, field);
}

static void set_time(lua_State *L, const char *field, const uv_timespec_t *time)
{
    lua_createtable(L, 0, 2);
    set_integer(L, "sec", time->tv_sec);
    set_integer(L, "nsec", time->tv_nsec);
    lua_setfield(L, -2, field);
}

static const char *type_of(uint64_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG: return "file";
    case S_IFDIR: return "directory";
    case S_IFLNK: return "link";
    case S_IFIFO: return "fifo";
    case S_IFSOCK: return "socket";
    case S_IFCHR: return "char";
    case S_IFBLK: return "block";
    default: return NULL;
    }
}

int nuv_push_stat(lua_State *L, const uv_stat_t *s)
{
    lua_createtable(L, 0, 17);
    set_integer(L, "dev", (lua_Integer)s->st_dev);
    set_integer(L, "mode", (lua_Integer)s->st_mode);
    set_integer(L, "nlink", (lua_Integer)s->st_nlink);
    set_integer(L, "uid", (lua_Integer)s->st_uid);
    set_integer(L, "gid", (lua_Integer)s->st_gid);
    set_integer(L, "rdev", (lua_Integer)s->st_rdev);
    set_integer(L, "ino", (lua_Integer)s->st_ino);
    set_integer(L, "size", (lua_Integer)s->st_size);
    set_integer(L, "blksize", (lua_Integer)s->st_blksize);
    set_integer(L, "blocks", (lua_Integer)s->st_blocks);
    set_integer(L, "flags", (lua_Integer)s->st_flags);
    set_integer(L, "gen", (lua_Integer)s->st_gen);
    set_time(L, "atime", &s->st_atim);
    set_time(L, "mtime", &s->st_mtim);
    set_time(L, "ctime", &s->st_ctim);
    set_time(L, "birthtime", &s->st_birthtim);
    lua_pushstring(L, type_of(s->st_mode));
    lua_setfield(L, -2, "type");
    return 1;
}

int nuv_push_statfs(lua_State *L, const uv_statfs_t *s)
{
    lua_createtable(L, 0, 7);
    set_integer(L, "type", (lua_Integer)s->f_type);
    set_integer(L, "bsize", (lua_Integer)s->f_bsize);
    set_integer(L, "blocks", (lua_Integer)s->f_blocks);
    set_integer(L, "bfree", (lua_Integer)s->f_bfree);
    set_integer(L, "bavail", (lua_Integer)s->f_bavail);
    set_integer(L, "files", (lua_Integer)s->f_files);
    set_integer(L, "ffree", (lua_Integer)s->f_ffree);
    return 1;
}

/* ---- Asking ---- */

/** uv.fs_stat(path: string, callback?: fun(err: string?, stat: table?)) -> table | uv_fs_t | fail
 * What is at the end of the path, symbolic links followed: `type` ("file", "directory", "link", "fifo",
 * "socket", "char", "block"), `size` in bytes, `mode`, `uid`, `gid`, `nlink`, `ino`, `dev`, `rdev`, `blksize`,
 * `blocks`, `flags`, `gen`, and the times `atime`, `mtime`, `ctime` and `birthtime`: tables of `sec` and `nsec`. */
static int fs_stat(lua_State *L)
{
    return nuv_fs_path(L, uv_fs_stat);
}

/** uv.fs_lstat(path: string, callback?: fun(err: string?, stat: table?)) -> table | uv_fs_t | fail
 * As fs_stat; of a symbolic link what it is itself. */
static int fs_lstat(lua_State *L)
{
    return nuv_fs_path(L, uv_fs_lstat);
}

/** uv.fs_fstat(fd: integer, callback?: fun(err: string?, stat: table?)) -> table | uv_fs_t | fail
 * As fs_stat, of an open file. */
static int fs_fstat(lua_State *L)
{
    return nuv_fs_file(L, uv_fs_fstat);
}

/** uv.fs_statfs(path: string, callback?: fun(err: string?, stat: table?)) -> table | uv_fs_t | fail
 * The file system that the path is on: `type`, a number; `bsize`, a block's bytes; `blocks`, `bfree` and
 * `bavail` (free for everybody), in blocks; `files` and `ffree`, in files. */
static int fs_statfs(lua_State *L)
{
    return nuv_fs_path(L, uv_fs_statfs);
}

/* ---- Mode ---- */

/** uv.fs_chmod(path: string, mode: integer, callback?: fun(err: string?, success: boolean?)) -> boolean | uv_fs_t | fail
 * Sets the permissions, as chmod(2) takes them: tonumber("644", 8). */
static int fs_chmod(lua_State *L)
{
    nuv_fs c;
    const char *path = luaL_checkstring(L, 1);
    int mode = nuv_check_int(L, 2);
    uv_loop_t *loop = nuv_fs_begin(L, &c, 3);
    return nuv_fs_end(L, &c, uv_fs_chmod(loop, c.fs, path, mode, c.callback));
}

/** uv.fs_fchmod(fd: integer, mode: integer, callback?: fun(err: string?, success: boolean?)) -> boolean | uv_fs_t | fail
 * As fs_chmod, of an open file. */
static int fs_fchmod(lua_State *L)
{
    nuv_fs c;
    uv_file file = (uv_file)nuv_check_int(L, 1);
    int mode = nuv_check_int(L, 2);
    uv_loop_t *loop = nuv_fs_begin(L, &c, 3);
    return nuv_fs_end(L, &c, uv_fs_fchmod(loop, c.fs, file, mode, c.callback));
}

/* ---- Owner ---- */

typedef int owner_path(uv_loop_t *loop, uv_fs_t *fs, const char *path, uv_uid_t uid, uv_gid_t gid,
                       uv_fs_cb callback);

static int change_owner(lua_State *L, owner_path *function)
{
    nuv_fs c;
    const char *path = luaL_checkstring(L, 1);
    uv_uid_t uid = (uv_uid_t)nuv_check_int(L, 2);
    uv_gid_t gid = (uv_gid_t)nuv_check_int(L, 3);
    uv_loop_t *loop = nuv_fs_begin(L, &c, 4);
    return nuv_fs_end(L, &c, function(loop, c.fs, path, uid, gid, c.callback));
}

/** uv.fs_chown(path: string, uid: integer, gid: integer, callback?: fun(err: string?, success: boolean?)) -> boolean | uv_fs_t | fail
 * Sets the owner and the group; -1 leaves one as it is. Symbolic links are followed. */
static int fs_chown(lua_State *L)
{
    return change_owner(L, uv_fs_chown);
}

/** uv.fs_lchown(path: string, uid: integer, gid: integer, callback?: fun(err: string?, success: boolean?)) -> boolean | uv_fs_t | fail
 * As fs_chown; of a symbolic link its own. */
static int fs_lchown(lua_State *L)
{
    return change_owner(L, uv_fs_lchown);
}

/** uv.fs_fchown(fd: integer, uid: integer, gid: integer, callback?: fun(err: string?, success: boolean?)) -> boolean | uv_fs_t | fail
 * As fs_chown, of an open file. */
static int fs_fchown(lua_State *L)
{
    nuv_fs c;
    uv_file file = (uv_file)nuv_check_int(L, 1);
    uv_uid_t uid = (uv_uid_t)nuv_check_int(L, 2);
    uv_gid_t gid = (uv_gid_t)nuv_check_int(L, 3);
    uv_loop_t *loop = nuv_fs_begin(L, &c, 4);
    return nuv_fs_end(L, &c, uv_fs_fchown(loop, c.fs, file, uid, gid, c.callback));
}

/* ---- Times ---- */

/* Since libuv 1.51 "now", and nil or "omit": left as it is. */
static double check_time(lua_State *L, int index)
{
#if UV_VERSION_HEX >= 0x013300
    if (lua_isnoneornil(L, index))
        return UV_FS_UTIME_OMIT;
    if (lua_type(L, index) == LUA_TSTRING && !lua_isnumber(L, index)) {
        static const char *const words[] = {"now", "omit", NULL};
        return luaL_checkoption(L, index, NULL, words) == 0 ? UV_FS_UTIME_NOW : UV_FS_UTIME_OMIT;
    }
#endif
    return luaL_checknumber(L, index);
}

typedef int times_path(uv_loop_t *loop, uv_fs_t *fs, const char *path, double atime, double mtime,
                       uv_fs_cb callback);

static int change_times(lua_State *L, times_path *function)
{
    nuv_fs c;
    const char *path = luaL_checkstring(L, 1);
    double atime = check_time(L, 2), mtime = check_time(L, 3);
    uv_loop_t *loop = nuv_fs_begin(L, &c, 4);
    return nuv_fs_end(L, &c, function(loop, c.fs, path, atime, mtime, c.callback));
}

/** uv.fs_utime(path: string, atime: number, mtime: number, callback?: fun(err: string?, success: boolean?)) -> boolean | uv_fs_t | fail
 * Sets the times of the last access and the last change, in seconds since 1970. Symbolic links are followed. */
static int fs_utime(lua_State *L)
{
    return change_times(L, uv_fs_utime);
}

/** uv.fs_lutime(path: string, atime: number, mtime: number, callback?: fun(err: string?, success: boolean?)) -> boolean | uv_fs_t | fail
 * As fs_utime; of a symbolic link its own. */
static int fs_lutime(lua_State *L)
{
    return change_times(L, uv_fs_lutime);
}

/** uv.fs_futime(fd: integer, atime: number, mtime: number, callback?: fun(err: string?, success: boolean?)) -> boolean | uv_fs_t | fail
 * As fs_utime, of an open file. */
static int fs_futime(lua_State *L)
{
    nuv_fs c;
    uv_file file = (uv_file)nuv_check_int(L, 1);
    double atime = check_time(L, 2), mtime = check_time(L, 3);
    uv_loop_t *loop = nuv_fs_begin(L, &c, 4);
    return nuv_fs_end(L, &c, uv_fs_futime(loop, c.fs, file, atime, mtime, c.callback));
}

const luaL_Reg nuv_fs_stat_functions[] = {
    {"fs_stat", fs_stat},
    {"fs_lstat", fs_lstat},
    {"fs_fstat", fs_fstat},
    {"fs_statfs", fs_statfs},
    {"fs_chmod", fs_chmod},
    {"fs_fchmod", fs_fchmod},
    {"fs_chown", fs_chown},
    {"fs_lchown", fs_lchown},
    {"fs_fchown", fs_fchown},
    {"fs_utime", fs_utime},
    {"fs_lutime", fs_lutime},
    {"fs_futime", fs_futime},
    {NULL, NULL},
};
