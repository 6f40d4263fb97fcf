/* fs.h -- what the files of fs (fs.c, fs_file.c, fs_path.c, fs_stat.c, fs_scan.c, fs_dir.c) know of each
 * other.
 *
 * Each function has two forms, and is written once:
 *
 *     nuv_fs c;
 *     const char *path = luaL_checkstring(L, 1);
 *     uv_loop_t *loop = nuv_fs_begin(L, &c, 2);                // 2: where its callback is
 *     return nuv_fs_end(L, &c, uv_fs_unlink(loop, c.fs, path, c.callback));
 *
 * Without a callback libuv does it here and now, with a uv_fs_t on C's stack; what comes of it is pushed
 * under protection, so that libuv's memory is given back also when there is none for Lua. With one it
 * is done on the pool, with a request whose object is returned. */
#ifndef NEAP_BINDINGS_UV_FS_H
#define NEAP_BINDINGS_UV_FS_H

#include "uv.h"

typedef struct {
    uv_fs_t *fs;
    uv_fs_cb callback;    /* NULL: at once */
    nuv_request *request; /* NULL: at once */
    void *bytes;          /* of begin_bytes: they go with the request, or in end */
    size_t size;
    uv_fs_t own; /* `fs`, when at once */
} nuv_fs;

/* After all arguments are checked, and before anything has to be undone. */
uv_loop_t *nuv_fs_begin(lua_State *L, nuv_fs *c, int callback);
uv_loop_t *nuv_fs_begin_bytes(lua_State *L, nuv_fs *c, int callback, size_t size);
int nuv_fs_end(lua_State *L, nuv_fs *c, int status);
int nuv_fs_fail(lua_State *L, const uv_fs_t *fs); /* nil, "NAME: message: path", "NAME" */

/* (path, callback?) and (fd, callback?), whole. */
typedef int nuv_fs_of_path(uv_loop_t *loop, uv_fs_t *fs, const char *path, uv_fs_cb callback);
typedef int nuv_fs_of_file(uv_loop_t *loop, uv_fs_t *fs, uv_file file, uv_fs_cb callback);
int nuv_fs_path(lua_State *L, nuv_fs_of_path *function);
int nuv_fs_file(lua_State *L, nuv_fs_of_file *function);

/* What a callback of a function's own ends in. */
void nuv_fs_done(uv_fs_t *fs);

bool nuv_is_callable(lua_State *L, int index);

/* Flags: those of `names` that are true in a table, added up; an integer; nil, 0. Raises. */
unsigned nuv_flags_in(lua_State *L, int index, const nuv_name *names);
unsigned nuv_fs_flags(lua_State *L, int index, const nuv_name *names);

int nuv_push_stat(lua_State *L, const uv_stat_t *stat);
int nuv_push_statfs(lua_State *L, const uv_statfs_t *stat);
int nuv_push_entries(lua_State *L, const uv_dir_t *dir, ssize_t n); /* nil: it has no more */
void nuv_push_entry_type(lua_State *L, uv_dirent_type_t type);

#endif
