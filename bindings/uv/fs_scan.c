/* fs_scan.c -- fs_scandir: all names of a folder at once. libuv's list of them belongs to the request's
 * objects, of which other VMs may have some; fs_scandir_next takes from it, and the rest goes with the last. */
#include <limits.h>

#include "fs.h"

void nuv_push_entry_type(lua_State *L, uv_dirent_type_t type)
{
    static const char *const names[] = {
        [UV_DIRENT_UNKNOWN] = "unknown", [UV_DIRENT_FILE] = "file",   [UV_DIRENT_DIR] = "directory",
        [UV_DIRENT_LINK] = "link",       [UV_DIRENT_FIFO] = "fifo",   [UV_DIRENT_SOCKET] = "socket",
        [UV_DIRENT_CHAR] = "char",       [UV_DIRENT_BLOCK] = "block",
    };
    lua_pushstring(L, (size_t)type < sizeof names / sizeof *names ? names[type] : "unknown");
}

static void on_scanned(uv_fs_t *fs)
{
    nuv_scan_done(fs->data);
    nuv_fs_done(fs);
}

static int scan_later(lua_State *L, const char *path)
{
    nuv_request *r = nuv_scan_request(L, 2);
    int status = uv_fs_scandir(nuv_state_of(L)->loop, &r->uv.fs, path, 0, on_scanned);
    return status < 0 ? nuv_request_failed(L, r, status) : 1;
}

/** uv.fs_scandir(path: string, callback?: fun(err: string?, request: uv_fs_t?)) -> uv_fs_t | fail
 * Reads all names in a folder, but "." and "..": what fs_scandir_next takes. With a callback that is the
 * same object, which is of use only when the callback is called. */
static int fs_scandir(lua_State *L)
{
    const char *path = luaL_checkstring(L, 1);
    if (!lua_isnoneornil(L, 2))
        return scan_later(L, path);
    uv_fs_t *scan = nuv_scan_push(L);
    int status = uv_fs_scandir(nuv_state_of(L)->loop, scan, path, 0, NULL);
    if (status < 0)
        return nuv_fs_fail(L, scan); /* nothing was allocated */
    scan->path = NULL;               /* it is the argument */
    return 1;
}

/** uv.fs_scandir_next(request: uv_fs_t) -> string?, string?
 * The next name of a folder, and its type: "file", "directory", "link", "fifo", "socket", "char", "block",
 * or "unknown", where the file system does not say. Nothing: there are no more. */
static int fs_scandir_next(lua_State *L)
{
    char name[PATH_MAX];
    uv_dirent_type_t type;
    int status = nuv_scan_next(L, 1, name, sizeof name, &type);
    if (status == UV_EOF)
        return 0;
    if (status < 0)
        return nuv_fail(L, status);
    lua_pushstring(L, name);
    nuv_push_entry_type(L, type);
    return 2;
}

const luaL_Reg nuv_fs_scan_functions[] = {
    {"fs_scandir", fs_scandir}, {"fs_scandir_next", fs_scandir_next}, {NULL, NULL}};
