/* attributes.c -- neap_fs: chmod, chown, set_times, truncate, access, exists, statfs, by path.
 *
 * Each names the path's file first (name.h), which is where the permission is asked for: fs.write to
 * change, fs.read to ask. */
#include "name.h"

#include <limits.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    fs_job job;
    bool link; /* a link itself */
    int mode;
    uid_t uid;
    gid_t gid;
    struct timespec times[2]; /* accessed, modified */
    int64_t size;
    bool there;
    struct statvfs space;
} attribute_op;

/* ---- Arguments ---- */

/* Seconds since 1970, a NaN or nothing: left as it is. */
struct timespec fs_time(double seconds)
{
    if (isnan(seconds))
        return (struct timespec){.tv_nsec = UTIME_OMIT};
    double whole = floor(seconds);
    return (struct timespec){.tv_sec = (time_t)whole, .tv_nsec = (long)((seconds - whole) * 1e9)};
}

/* An owner's number at an index; nil: left as it is. */
unsigned fs_check_owner(lua_State *L, int index)
{
    if (lua_isnil(L, index))
        return (unsigned)-1;
    double n = luaL_checknumber(L, index);
    luaL_argcheck(L, n >= 0 && n < 0xffffffffu && floor(n) == n, index,
                  "a user's or group's number expected");
    return (unsigned)n;
}

double fs_check_time(lua_State *L, int index)
{
    if (lua_isnil(L, index))
        return NAN;
    double seconds = luaL_checknumber(L, index);
    luaL_argcheck(L, fabs(seconds) < 0x1p40, index, "seconds since 1970 expected");
    return seconds;
}

int fs_check_mode(lua_State *L, int index)
{
    lua_Integer mode = luaL_checkinteger(L, index);
    luaL_argcheck(L, mode >= 0 && mode <= 07777, index, "permission bits expected");
    return (int)mode;
}

/* ---- On a pool thread ---- */

/* What `act` does to the file that the path names, for an access that needs a permission. */
static int run_named(fs_job *j, int access, int (*act)(const fs_name *n, attribute_op *a))
{
    attribute_op *a = (attribute_op *)j;
    const char *syscall = j->syscall;
    fs_name n;
    int err = fs_name_open(j, &n, j->path, access, !a->link);
    if (err)
        return err;
    err = act(&n, a) ? fs_fail(j, syscall) : 0;
    fs_name_close(&n);
    return err;
}

static int act_chmod(const fs_name *n, attribute_op *a)
{
    return fs_name_chmod(n, (mode_t)a->mode);
}

static int run_chmod(fs_job *j)
{
    return run_named(j, O_WRONLY, act_chmod);
}

static int act_chown(const fs_name *n, attribute_op *a)
{
    return fs_name_chown(n, a->uid, a->gid);
}

static int run_chown(fs_job *j)
{
    return run_named(j, O_WRONLY, act_chown);
}

static int act_set_times(const fs_name *n, attribute_op *a)
{
    return fs_name_set_times(n, a->times);
}

static int run_set_times(fs_job *j)
{
    j->syscall = "utimensat";
    return run_named(j, O_WRONLY, act_set_times);
}

static int run_truncate(fs_job *j)
{
    j->fd = fs_open(j, j->path, O_WRONLY, 0);
    if (j->fd < 0)
        return j->fd;
    return ftruncate(j->fd, (off_t)((attribute_op *)j)->size) ? fs_fail(j, "ftruncate") : 0;
}

static int act_access(const fs_name *n, attribute_op *a)
{
    return fs_name_access(n, a->mode);
}

static int run_access(fs_job *j)
{
    return run_named(j, O_RDONLY, act_access);
}

static int act_exists(const fs_name *n, attribute_op *a)
{
    (void)n, (void)a;
    return 0;
}

static int run_exists(fs_job *j)
{
    int err = run_named(j, O_RDONLY, act_exists);
    ((attribute_op *)j)->there = !err;
    return err == UV_ENOENT || err == UV_ENOTDIR ? 0 : err;
}

static int act_statfs(const fs_name *n, attribute_op *a)
{
    return fs_name_statvfs(n, &a->space);
}

static int run_statfs(fs_job *j)
{
    return run_named(j, O_RDONLY, act_statfs);
}

/* ---- The functions ---- */

static attribute_op *new_op(lua_State *L, const neap_op_class *type, int (*run)(fs_job *))
{
    attribute_op *a = fs_job_new(L, type, sizeof *a, run, 1);
    a->job.syscall = type->name + strlen("fs.");
    return a;
}

int fs_chmod(lua_State *L)
{
    static const neap_op_class type = {"fs.chmod", NULL, fs_cancel, fs_release};
    fs_check_path(L, 1);
    int mode = fs_check_mode(L, 2);
    attribute_op *a = new_op(L, &type, run_chmod);
    a->mode = mode;
    return fs_job_start(L, &a->job);
}

/* chown(path, uid, gid, options) */
int fs_chown(lua_State *L)
{
    static const neap_op_class type = {"fs.chown", NULL, fs_cancel, fs_release};
    fs_check_path(L, 1);
    unsigned uid = fs_check_owner(L, 2), gid = fs_check_owner(L, 3);
    bool link = !fs_flag(L, 4, "follow", true);
    attribute_op *a = new_op(L, &type, run_chown);
    a->uid = uid;
    a->gid = gid;
    a->link = link;
    return fs_job_start(L, &a->job);
}

/* set_times(path, accessed, modified, options) */
int fs_set_times(lua_State *L)
{
    static const neap_op_class type = {"fs.set_times", NULL, fs_cancel, fs_release};
    fs_check_path(L, 1);
    double accessed = fs_check_time(L, 2), modified = fs_check_time(L, 3);
    bool link = !fs_flag(L, 4, "follow", true);
    attribute_op *a = new_op(L, &type, run_set_times);
    a->times[0] = fs_time(accessed);
    a->times[1] = fs_time(modified);
    a->link = link;
    return fs_job_start(L, &a->job);
}

int fs_truncate(lua_State *L)
{
    static const neap_op_class type = {"fs.truncate", NULL, fs_cancel, fs_release};
    fs_check_path(L, 1);
    int64_t size = fs_check_bytes(L, 2, 0);
    attribute_op *a = new_op(L, &type, run_truncate);
    a->size = size;
    return fs_job_start(L, &a->job);
}

/* access(path, how): how has some of "r", "w" and "x". */
int fs_access(lua_State *L)
{
    static const neap_op_class type = {"fs.access", NULL, fs_cancel, fs_release};
    fs_check_path(L, 1);
    bool given = !lua_isnoneornil(L, 2) && !lua_isfunction(L, 2);
    const char *how = given ? luaL_checkstring(L, 2) : "r";
    luaL_argcheck(L, *how && !how[strspn(how, "rwx")], 2, "some of r, w and x expected");
    attribute_op *a = new_op(L, &type, run_access);
    a->mode = (strchr(how, 'r') ? R_OK : 0) | (strchr(how, 'w') ? W_OK : 0) |
              (strchr(how, 'x') ? X_OK : 0);
    return fs_job_start(L, &a->job);
}

static int exists_results(lua_State *L, neap_op *op)
{
    lua_pushboolean(L, neap_container_of(op, attribute_op, job.op)->there);
    return 1;
}

int fs_exists(lua_State *L)
{
    static const neap_op_class type = {"fs.exists", exists_results, fs_cancel, fs_release};
    fs_check_path(L, 1);
    return fs_job_start(L, &new_op(L, &type, run_exists)->job);
}

static int statfs_results(lua_State *L, neap_op *op)
{
    const struct statvfs *s = &neap_container_of(op, attribute_op, job.op)->space;
    const double block = s->f_frsize ? (double)s->f_frsize : (double)s->f_bsize;
    const struct {
        const char *name;
        double value;
    } fields[] = {{"size", block * (double)s->f_blocks},
                  {"free", block * (double)s->f_bfree},
                  {"available", block * (double)s->f_bavail},
                  {"block_size", block},
                  {"files", (double)s->f_files},
                  {"files_free", (double)s->f_ffree},
                  {"name_max", (double)s->f_namemax}};
    enum { FIELDS = sizeof fields / sizeof *fields };
    lua_createtable(L, 0, FIELDS + 1);
    for (int i = 0; i < FIELDS; i++) {
        lua_pushnumber(L, fields[i].value);
        lua_setfield(L, -2, fields[i].name);
    }
    lua_pushboolean(L, (s->f_flag & ST_RDONLY) != 0);
    lua_setfield(L, -2, "read_only");
    return 1;
}

int fs_statfs(lua_State *L)
{
    static const neap_op_class type = {"fs.statfs", statfs_results, fs_cancel, fs_release};
    fs_check_path(L, 1);
    return fs_job_start(L, &new_op(L, &type, run_statfs)->job);
}
