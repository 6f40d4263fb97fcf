/* file_io.c -- neap_fs: what an open file reads and writes.
 *
 *   file:read(n, offset)        at most n bytes, fewer only at the end; nil at the end
 *   file:readv(sizes, offset)   the same, cut into strings
 *   file:write(text, offset)    all of it
 *   file:writev(texts, offset)  all of them, as one
 *
 * A Lua string is made on the loop's thread, from bytes that the pool's has read. So the pieces of a
 * vector lie in one buffer, and one system call reads or writes them all. */
#include "fs.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

/* ---- Reading ---- */

static int run_read(fs_job *j)
{
    fs_file_op *o = (fs_file_op *)j;
    j->fd = o->file->fd;
    int err = fs_read(j, o->most, o->offset);
    j->fd = -1;
    return err;
}

static int read_results(lua_State *L, neap_op *op)
{
    fs_job *j = neap_container_of(op, fs_job, op);
    if (j->length || !((fs_file_op *)j)->most)
        lua_pushlstring(L, j->data ? j->data : "", j->length);
    else
        lua_pushnil(L);
    return 1;
}

int fs_file_read(lua_State *L)
{
    static const neap_op_class type = {"file.read", read_results, fs_cancel, fs_release};
    fs_check_file(L);
    int64_t most = fs_check_bytes(L, 2, FS_READ), offset = fs_check_bytes(L, 3, -1);
    fs_file_op *o = fs_file_op_new(L, &type, run_read);
    o->most = most < FS_TEXT_MAX ? (size_t)most : FS_TEXT_MAX;
    o->offset = offset;
    return fs_file_start(L, o);
}

/* The sum of the sizes at index 2, each of which is checked. */
static double check_sizes(lua_State *L)
{
    double sum = 0;
    luaL_checktype(L, 2, LUA_TTABLE);
    int count = (int)lua_objlen(L, 2);
    for (int i = 1; i <= count; i++) {
        lua_rawgeti(L, 2, i);
        double n = lua_tonumber(L, -1);
        bool size = lua_type(L, -1) == LUA_TNUMBER && n >= 0 && n <= FS_TEXT_MAX && floor(n) == n;
        luaL_argcheck(L, size, 2, "a list of sizes expected");
        sum += n;
        lua_pop(L, 1);
    }
    luaL_argcheck(L, sum <= FS_TEXT_MAX, 2, "too many bytes");
    return sum;
}

static int readv_results(lua_State *L, neap_op *op)
{
    fs_file_op *o = neap_container_of(op, fs_file_op, job.op);
    size_t at = 0, length = o->job.length;
    if (!length && o->most) {
        lua_pushnil(L);
        return 1;
    }
    lua_createtable(L, o->count, 0);
    for (int i = 0; i < o->count && (at < length || !o->sizes[i]); i++) {
        size_t n = o->sizes[i] < length - at ? o->sizes[i] : length - at;
        lua_pushlstring(L, o->job.data ? o->job.data + at : "", n);
        lua_rawseti(L, -2, i + 1);
        at += n;
    }
    return 1;
}

static void readv_release(neap_op *op, int delivered)
{
    fs_file_op *o = neap_container_of(op, fs_file_op, job.op);
    if (o->sizes)
        neap->alloc(op->env, o->sizes, (size_t)o->count * sizeof *o->sizes, 0);
    fs_release(op, delivered);
}

int fs_file_readv(lua_State *L)
{
    static const neap_op_class type = {"file.readv", readv_results, fs_cancel, readv_release};
    fs_check_file(L);
    double most = check_sizes(L);
    int64_t offset = fs_check_bytes(L, 3, -1);
    fs_file_op *o = fs_file_op_new(L, &type, run_read);
    int count = (int)lua_objlen(L, 2);
    o->most = (size_t)most;
    o->offset = offset;
    o->job.syscall = "read";
    if (count &&
        !(o->sizes = neap->alloc(o->job.op.env, NULL, 0, (size_t)count * sizeof *o->sizes))) {
        fs_job_finish(&o->job, UV_ENOMEM);
        return neap->wait(L, &o->job.op);
    }
    o->count = count;
    for (int i = 0; i < count; i++) {
        lua_rawgeti(L, 2, i + 1);
        o->sizes[i] = (uint32_t)lua_tonumber(L, -1);
        lua_pop(L, 1);
    }
    return fs_file_start(L, o);
}

/* ---- Writing ---- */

static int run_write(fs_job *j)
{
    fs_file_op *o = (fs_file_op *)j;
    return fs_write(j, o->file->fd, o->offset);
}

/* Start it, or say why it cannot be. */
static int start_write(lua_State *L, fs_file_op *o, int64_t offset, int err)
{
    o->offset = offset;
    o->job.syscall = "write";
    if (!err)
        return fs_file_start(L, o);
    fs_job_finish(&o->job, err);
    return neap->wait(L, &o->job.op);
}

int fs_file_write(lua_State *L)
{
    static const neap_op_class type = {"file.write", NULL, fs_cancel, fs_release};
    size_t length;
    fs_check_file(L);
    const char *text = luaL_checklstring(L, 2, &length);
    int64_t offset = fs_check_bytes(L, 3, -1);
    fs_file_op *o = fs_file_op_new(L, &type, run_write);
    return start_write(L, o, offset, fs_job_copy(&o->job, text, length));
}

static size_t check_texts(lua_State *L, int count)
{
    size_t sum = 0;
    for (int i = 1; i <= count; i++) {
        lua_rawgeti(L, 2, i);
        luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, 2, "a list of strings expected");
        sum += lua_objlen(L, -1);
        lua_pop(L, 1);
    }
    return sum;
}

int fs_file_writev(lua_State *L)
{
    static const neap_op_class type = {"file.writev", NULL, fs_cancel, fs_release};
    fs_check_file(L);
    luaL_checktype(L, 2, LUA_TTABLE);
    int count = (int)lua_objlen(L, 2);
    size_t sum = check_texts(L, count), at = 0;
    int64_t offset = fs_check_bytes(L, 3, -1);
    fs_file_op *o = fs_file_op_new(L, &type, run_write);
    int err = fs_job_hold(&o->job, sum);
    for (int i = 1; i <= count && !err; i++) {
        size_t n;
        lua_rawgeti(L, 2, i);
        const char *text = lua_tolstring(L, -1, &n);
        memcpy(o->job.data + at, text, n);
        at += n;
        lua_pop(L, 1);
    }
    return start_write(L, o, offset, err);
}
