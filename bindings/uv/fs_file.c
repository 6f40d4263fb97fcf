/* fs_file.c -- files that are open: by their descriptors, which are integers. */
#include <fcntl.h>
#include <string.h>

#include "fs.h"

/* ---- Arguments ---- */

static uv_file check_file(lua_State *L, int index)
{
    return (uv_file)nuv_check_int(L, index);
}

/* clang-format off */
static const nuv_name open_flags[] = {
    {"r", O_RDONLY},
    {"r+", O_RDWR},
#ifdef O_SYNC
    {"rs", O_RDONLY | O_SYNC},
    {"sr", O_RDONLY | O_SYNC},
    {"rs+", O_RDWR | O_SYNC},
    {"sr+", O_RDWR | O_SYNC},
#endif
    {"w", O_TRUNC | O_CREAT | O_WRONLY},
    {"w+", O_TRUNC | O_CREAT | O_RDWR},
    {"wx", O_TRUNC | O_CREAT | O_WRONLY | O_EXCL},
    {"xw", O_TRUNC | O_CREAT | O_WRONLY | O_EXCL},
    {"wx+", O_TRUNC | O_CREAT | O_RDWR | O_EXCL},
    {"xw+", O_TRUNC | O_CREAT | O_RDWR | O_EXCL},
    {"a", O_APPEND | O_CREAT | O_WRONLY},
    {"a+", O_APPEND | O_CREAT | O_RDWR},
    {"ax", O_APPEND | O_CREAT | O_WRONLY | O_EXCL},
    {"xa", O_APPEND | O_CREAT | O_WRONLY | O_EXCL},
    {"ax+", O_APPEND | O_CREAT | O_RDWR | O_EXCL},
    {"xa+", O_APPEND | O_CREAT | O_RDWR | O_EXCL},
    {NULL, 0},
};
/* clang-format on */

static int check_open_flags(lua_State *L, int index)
{
    if (lua_isnumber(L, index))
        return (int)lua_tointeger(L, index);
    if (!lua_isstring(L, index))
        return luaL_argerror(L, index, "Expected string or integer for file open mode");
    const char *text = lua_tostring(L, index);
    for (const nuv_name *f = open_flags; f->name; f++)
        if (strcmp(f->name, text) == 0)
            return f->value;
    return luaL_error(L, "Unknown file open flag '%s'", text);
}

/* Of a read or a write, (file, what, offset?, callback?) or (file, what, callback). Where the callback
 * is; *offset -1: where the file is. */
static int check_offset(lua_State *L, int64_t *offset)
{
    *offset = -1;
    if (nuv_is_callable(L, 3) && lua_isnoneornil(L, 4))
        return 3;
    *offset = luaL_optinteger(L, 3, -1);
    return 4;
}

/* ---- Functions ---- */

/** uv.fs_open(path: string, flags: string | integer, mode: integer, callback?: fun(err: string?, fd: integer?)) -> integer | uv_fs_t | fail
 * Opens a file: its descriptor. `flags` are O_ constants added up, or "r", "r+", "w", "w+", "a", "a+", with
 * an "s" (synchronous; of "r") or an "x" (it must not exist; of "w" and "a") behind the letter or before it.
 * `mode` is the permissions of a file that is made, as chmod(2) takes them: tonumber("644", 8). */
static int fs_open(lua_State *L)
{
    nuv_fs c;
    const char *path = luaL_checkstring(L, 1);
    int flags = check_open_flags(L, 2), mode = nuv_check_int(L, 3);
    uv_loop_t *loop = nuv_fs_begin(L, &c, 4);
    return nuv_fs_end(L, &c, uv_fs_open(loop, c.fs, path, flags, mode, c.callback));
}

/** uv.fs_close(fd: integer, callback?: fun(err: string?, success: boolean?)) -> boolean | uv_fs_t | fail
 * Closes it. */
static int fs_close(lua_State *L)
{
    return nuv_fs_file(L, uv_fs_close);
}

/** uv.fs_read(fd: integer, size: integer, offset?: integer, callback?: fun(err: string?, data: string?)) -> string | uv_fs_t | fail
 * Reads at most `size` bytes from `offset`, or from where the file is when that is nil or -1. "" is the end of
 * the file. The callback may take the offset's place. A size that there is no memory for raises. */
static int fs_read(lua_State *L)
{
    nuv_fs c;
    int64_t offset;
    uv_file file = check_file(L, 1);
    lua_Integer size = luaL_checkinteger(L, 2);
    int callback = check_offset(L, &offset);
    if (size < 0 || (uint64_t)size > SIZE_MAX / 4)
        return luaL_error(L, "Failure to allocate buffer");
    uv_loop_t *loop = nuv_fs_begin_bytes(L, &c, callback, (size_t)size + 1);
    uv_buf_t buf = {.base = c.bytes, .len = (size_t)size};
    return nuv_fs_end(L, &c, uv_fs_read(loop, c.fs, file, &buf, 1, offset, c.callback));
}

/* The pool writes a copy. */
static int write_copy(lua_State *L, uv_file file, const nuv_data *d, int64_t offset, int callback)
{
    nuv_fs c;
    uv_loop_t *loop = nuv_fs_begin_bytes(L, &c, callback, d->size);
    uv_buf_t buf = {.base = c.bytes, .len = d->size};
    nuv_copy_data(d, c.bytes);
    return nuv_fs_end(L, &c, uv_fs_write(loop, c.fs, file, &buf, 1, offset, c.callback));
}

/** uv.fs_write(fd: integer, data: string | string[], offset?: integer, callback?: fun(err: string?, bytes: integer?)) -> integer | uv_fs_t | fail
 * Writes a string, or those of a table one after the other, at `offset`, or where the file is when that is nil
 * or -1: the number of bytes that were written. The callback may take the offset's place. */
static int fs_write(lua_State *L)
{
    nuv_fs c;
    nuv_data d;
    int64_t offset;
    uv_file file = check_file(L, 1);
    lua_settop(L, 4);
    nuv_check_data(L, 2, &d);
    int callback = check_offset(L, &offset);
    if (!lua_isnil(L, callback))
        return write_copy(L, file, &d, offset, callback);
    uv_loop_t *loop = nuv_fs_begin(L, &c, callback);
    return nuv_fs_end(L, &c, uv_fs_write(loop, c.fs, file, d.bufs, d.n, offset, NULL));
}

/** uv.fs_fsync(fd: integer, callback?: fun(err: string?, success: boolean?)) -> boolean | uv_fs_t | fail
 * Waits until all of it is on the disk, as fsync(2). */
static int fs_fsync(lua_State *L)
{
    return nuv_fs_file(L, uv_fs_fsync);
}

/** uv.fs_fdatasync(fd: integer, callback?: fun(err: string?, success: boolean?)) -> boolean | uv_fs_t | fail
 * The same without what reading does not need, such as times, as fdatasync(2). */
static int fs_fdatasync(lua_State *L)
{
    return nuv_fs_file(L, uv_fs_fdatasync);
}

/** uv.fs_ftruncate(fd: integer, size: integer, callback?: fun(err: string?, success: boolean?)) -> boolean | uv_fs_t | fail
 * Makes it `size` bytes long: what is beyond is lost, what is missing reads as zeros. */
static int fs_ftruncate(lua_State *L)
{
    nuv_fs c;
    uv_file file = check_file(L, 1);
    int64_t size = luaL_checkinteger(L, 2);
    uv_loop_t *loop = nuv_fs_begin(L, &c, 3);
    return nuv_fs_end(L, &c, uv_fs_ftruncate(loop, c.fs, file, size, c.callback));
}

/** uv.fs_sendfile(out_fd: integer, in_fd: integer, in_offset: integer, size: integer, callback?: fun(err: string?, bytes: integer?)) -> integer | uv_fs_t | fail
 * Copies at most `size` bytes of `in_fd`, from `in_offset`, to where `out_fd` is, inside the kernel where that
 * can: the number of bytes that were copied. */
static int fs_sendfile(lua_State *L)
{
    nuv_fs c;
    uv_file out = check_file(L, 1), in = check_file(L, 2);
    int64_t offset = luaL_checkinteger(L, 3);
    size_t size = (size_t)luaL_checkinteger(L, 4);
    uv_loop_t *loop = nuv_fs_begin(L, &c, 5);
    return nuv_fs_end(L, &c, uv_fs_sendfile(loop, c.fs, out, in, offset, size, c.callback));
}

const luaL_Reg nuv_fs_file_functions[] = {
    {"fs_open", fs_open},           {"fs_close", fs_close},       {"fs_read", fs_read},
    {"fs_write", fs_write},         {"fs_fsync", fs_fsync},       {"fs_fdatasync", fs_fdatasync},
    {"fs_ftruncate", fs_ftruncate}, {"fs_sendfile", fs_sendfile}, {NULL, NULL},
};
