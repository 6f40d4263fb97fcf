/* stat.c -- neap_fs: stat(path, options), and the table that it gives. */
#include "name.h"

typedef struct {
    fs_job job;
    bool link;  /* of a link itself */
    bool plain; /* the runtime may read everything */
    struct stat st;
} stat_op;

const char *fs_type_name(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG: return "file";
    case S_IFDIR: return "directory";
    case S_IFLNK: return "link";
    case S_IFIFO: return "fifo";
    case S_IFSOCK: return "socket";
    case S_IFCHR: return "char";
    case S_IFBLK: return "block";
    default: return "unknown";
    }
}

static void set_time(lua_State *L, const char *name, struct timespec t)
{
    lua_pushnumber(L, (double)t.tv_sec + (double)t.tv_nsec / 1e9);
    lua_setfield(L, -2, name);
}

static void set_number(lua_State *L, const char *name, double number)
{
    lua_pushnumber(L, number);
    lua_setfield(L, -2, name);
}

void fs_push_stat(lua_State *L, const struct stat *st)
{
    lua_createtable(L, 0, 11);
    lua_pushstring(L, fs_type_name(st->st_mode));
    lua_setfield(L, -2, "type");
    set_number(L, "size", (double)st->st_size);
    set_number(L, "mode", st->st_mode & 07777);
    set_number(L, "uid", st->st_uid);
    set_number(L, "gid", st->st_gid);
    set_number(L, "inode", (double)st->st_ino);
    set_number(L, "device", (double)st->st_dev);
    set_number(L, "links", (double)st->st_nlink);
    set_time(L, "modified", st->st_mtim);
    set_time(L, "accessed", st->st_atim);
    set_time(L, "changed", st->st_ctim);
}

/* ---- The function ---- */

static int run(fs_job *j)
{
    stat_op *s = (stat_op *)j;
    j->syscall = "stat";
    if (s->plain)
        return (s->link ? lstat : stat)(j->path, &s->st) ? -errno : 0;
    fs_name n;
    int err = fs_name_open(j, &n, j->path, O_RDONLY, !s->link);
    if (err)
        return err;
    err = fs_name_stat(&n, &s->st) ? fs_fail(j, "fstat") : 0;
    fs_name_close(&n);
    return err;
}

static int results(lua_State *L, neap_op *op)
{
    fs_push_stat(L, &neap_container_of(op, stat_op, job.op)->st);
    return 1;
}

static const neap_op_class stat_class = {"fs.stat", results, fs_cancel, fs_release};

int fs_stat(lua_State *L)
{
    fs_check_path(L, 1);
    bool link = !fs_flag(L, 2, "follow", true);
    stat_op *s = fs_job_new(L, &stat_class, sizeof *s, run, 1);
    s->link = link;
    s->plain = !neap->permit(s->job.op.env, "fs.read", "", 0);
    return fs_job_start(L, &s->job);
}
