/* file_state.c -- neap_fs: what else an open file does: seek, stat, sync, truncate, chmod, chown, set_times. */
#include "name.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

static int fd_of(fs_job *j)
{
    return ((fs_file_op *)j)->file->fd;
}

static int run_seek(fs_job *j)
{
    fs_file_op *o = (fs_file_op *)j;
    off_t at = lseek(fd_of(j), (off_t)o->offset, o->whence);
    if (at < 0)
        return fs_fail(j, "lseek");
    o->offset = at;
    return 0;
}

static int seek_results(lua_State *L, neap_op *op)
{
    lua_pushnumber(L, (lua_Number)neap_container_of(op, fs_file_op, job.op)->offset);
    return 1;
}

int fs_file_seek(lua_State *L)
{
    static const neap_op_class type = {"file.seek", seek_results, fs_cancel, fs_release};
    static const char *const names[] = {"set", "cur", "end", NULL};
    static const int whences[] = {SEEK_SET, SEEK_CUR, SEEK_END};
    fs_check_file(L);
    int last = lua_gettop(L) - lua_isfunction(L, -1);
    int whence = last < 2 ? 1 : luaL_checkoption(L, 2, "cur", names);
    double offset = last < 3 ? 0 : luaL_optnumber(L, 3, 0);
    luaL_argcheck(L, fabs(offset) <= 0x1p53 && floor(offset) == offset, 3, "an integer expected");
    fs_file_op *o = fs_file_op_new(L, &type, run_seek);
    o->whence = whences[whence];
    o->offset = (int64_t)offset;
    return fs_file_start(L, o);
}

static int run_sync(fs_job *j)
{
    bool data_only = ((fs_file_op *)j)->data_only;
    return fs_sync(fd_of(j), data_only) ? fs_fail(j, data_only ? "fdatasync" : "fsync") : 0;
}

/* sync(data_only) */
int fs_file_sync(lua_State *L)
{
    static const neap_op_class type = {"file.sync", NULL, fs_cancel, fs_release};
    bool data_only = lua_isboolean(L, 2) && lua_toboolean(L, 2);
    fs_file_op *o = fs_file_op_new(L, &type, run_sync);
    o->data_only = data_only;
    return fs_file_start(L, o);
}

static int run_truncate(fs_job *j)
{
    return ftruncate(fd_of(j), (off_t)((fs_file_op *)j)->offset) ? fs_fail(j, "ftruncate") : 0;
}

int fs_file_truncate(lua_State *L)
{
    static const neap_op_class type = {"file.truncate", NULL, fs_cancel, fs_release};
    fs_check_file(L);
    int64_t size = fs_check_bytes(L, 2, 0);
    fs_file_op *o = fs_file_op_new(L, &type, run_truncate);
    o->offset = size;
    return fs_file_start(L, o);
}

static int run_stat(fs_job *j)
{
    return fstat(fd_of(j), &((fs_file_op *)j)->st) ? fs_fail(j, "fstat") : 0;
}

static int stat_results(lua_State *L, neap_op *op)
{
    fs_push_stat(L, &neap_container_of(op, fs_file_op, job.op)->st);
    return 1;
}

int fs_file_stat(lua_State *L)
{
    static const neap_op_class type = {"file.stat", stat_results, fs_cancel, fs_release};
    return fs_file_start(L, fs_file_op_new(L, &type, run_stat));
}

static int run_chmod(fs_job *j)
{
    return fchmod(fd_of(j), (mode_t)((fs_file_op *)j)->mode) ? fs_fail(j, "fchmod") : 0;
}

int fs_file_chmod(lua_State *L)
{
    static const neap_op_class type = {"file.chmod", NULL, fs_cancel, fs_release};
    fs_check_file(L);
    int mode = fs_check_mode(L, 2);
    fs_file_op *o = fs_file_op_new(L, &type, run_chmod);
    o->mode = mode;
    return fs_file_start(L, o);
}

static int run_chown(fs_job *j)
{
    fs_file_op *o = (fs_file_op *)j;
    return fchown(fd_of(j), o->uid, o->gid) ? fs_fail(j, "fchown") : 0;
}

int fs_file_chown(lua_State *L)
{
    static const neap_op_class type = {"file.chown", NULL, fs_cancel, fs_release};
    fs_check_file(L);
    unsigned uid = fs_check_owner(L, 2), gid = fs_check_owner(L, 3);
    fs_file_op *o = fs_file_op_new(L, &type, run_chown);
    o->uid = uid;
    o->gid = gid;
    return fs_file_start(L, o);
}

static int run_set_times(fs_job *j)
{
    return futimens(fd_of(j), ((fs_file_op *)j)->times) ? fs_fail(j, "futimens") : 0;
}

int fs_file_set_times(lua_State *L)
{
    static const neap_op_class type = {"file.set_times", NULL, fs_cancel, fs_release};
    fs_check_file(L);
    double accessed = fs_check_time(L, 2), modified = fs_check_time(L, 3);
    fs_file_op *o = fs_file_op_new(L, &type, run_set_times);
    o->times[0] = fs_time(accessed);
    o->times[1] = fs_time(modified);
    return fs_file_start(L, o);
}
