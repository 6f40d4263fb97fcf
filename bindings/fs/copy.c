/* copy.c -- neap_fs: copy(from, to, options), of a file, a link, or a folder with all that is in it.
 *
 * It takes its time by slices: after each the job goes back to the end of the queue, so that a large
 * tree keeps no thread of the pool from others. What is under way lies in the operation: a level for
 * each folder that was entered, and the file that is being copied (copy_file.c).
 *
 * Every name is opened in its folder, without following it and before anything is asked of it; what
 * is then copied is what was opened. So a tree that others change meanwhile leads nowhere else. Links
 * are kept as links, but where `follow` says so: then it is the path that is opened, in a restricted
 * runtime by what it may read. There a link is made only where symlink may make one. */
#include "copy.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct fs_level {
    fs_level *up;
    DIR *from;
    int to;
    bool made; /* by us: it gets mode and times */
    struct stat st;
    size_t path_length;
};

/* ---- What is open ---- */

static void leave(fs_copy *c)
{
    fs_level *l = c->top;
    c->top = l->up;
    c->path[l->path_length] = '\0';
    closedir(l->from);
    close(l->to);
    free(l);
}

static bool is_same(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev;
}

/* ---- Links ---- */

static int make_link(fs_copy *c, const char *text, int to, const char *name)
{
    if (!symlinkat(text, to, name))
        return 0;
    if (errno != EEXIST || c->existing == FS_SKIP)
        return errno == EEXIST ? 0 : fs_fail(&c->job, "symlink");
    if (c->existing == FS_FAIL)
        return fs_fail(&c->job, "symlink");
    fs_temp_name(c);
    if (symlinkat(text, to, c->temp))
        return fs_fail(&c->job, "symlink");
    if (!renameat(to, c->temp, to, name))
        return 0;
    int err = fs_fail(&c->job, "rename");
    unlinkat(to, c->temp, 0);
    return err;
}

static int copy_link(fs_copy *c, const fs_name *named, const struct stat *st, int to,
                     const char *name)
{
    char text[PATH_MAX];
    ssize_t n = fs_name_readlink(named, text, sizeof text - 1);
    if (n < 0)
        return fs_fail(&c->job, "readlink");
    text[n] = '\0';
    if (c->lacks)
        return fs_refuse_all(&c->job, c->lacks);
    int err = make_link(c, text, to, name);
    struct timespec times[2] = {st->st_atim, st->st_mtim};
    if (!err && c->times && utimensat(to, name, times, AT_SYMLINK_NOFOLLOW))
        err = fs_fail(&c->job, "utimensat");
    return err;
}

/* ---- Folders ---- */

/* A folder is not copied into itself, nor followed round in a circle. */
static int check_circle(fs_copy *c, const struct stat *st)
{
    if (c->root_made && is_same(st, &c->root))
        return UV_EINVAL;
    for (fs_level *l = c->top; l; l = l->up)
        if (is_same(&l->st, st))
            return UV_ELOOP;
    return 0;
}

/* Is what `st` tells of the folder `fd`, or one that this lies in? */
static int check_inside(fs_job *j, int fd, const struct stat *st)
{
    struct stat here, last = {0};
    int at = openat(fd, ".", FS_SEARCH), up, err = 0;
    while (at >= 0 && !err && !fstat(at, &here) && !is_same(&here, &last)) {
        err = is_same(&here, st) ? UV_EINVAL : 0;
        last = here;
        up = openat(at, "..", FS_SEARCH);
        close(at);
        at = up;
    }
    if (at >= 0)
        close(at);
    j->syscall = "copy";
    return err;
}

/* The folder `name` in `to`, there or made, open. */
static int open_made(fs_copy *c, int to, const char *name, bool *made)
{
    *made = !mkdirat(to, name, 0777);
    if (!*made && (errno != EEXIST || c->existing == FS_FAIL))
        return fs_fail(&c->job, "mkdir");
    int fd = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? fs_fail(&c->job, "open") : fd;
}

static int enter(fs_copy *c, const fs_name *named, const struct stat *st, int to, const char *name)
{
    fs_job *j = &c->job;
    int depth = 0, err = 0, made = -1;
    for (fs_level *l = c->top; l; l = l->up)
        depth++;
    j->syscall = "copy";
    err = !c->recursive ? UV_EISDIR : depth == FS_DEPTH ? UV_ENAMETOOLONG : check_circle(c, st);
    if (!err && !c->top)
        err = check_inside(j, to, st);
    int from = err ? -1 : fs_name_read(named, O_DIRECTORY);
    if (!err && from < 0)
        err = fs_fail(j, "open");
    fs_level *l = err ? NULL : calloc(1, sizeof *l);
    if (!l) {
        if (from >= 0)
            close(from);
        return err ? err : UV_ENOMEM;
    }
    made = open_made(c, to, name, &l->made);
    l->from = made < 0 ? NULL : fdopendir(from);
    if (!l->from) {
        err = made < 0 ? made : fs_fail(j, "opendir");
        close(from);
        if (made >= 0)
            close(made);
        free(l);
        return err;
    }
    if (!c->top)
        c->root_made = !fstat(made, &c->root);
    l->to = made;
    l->st = *st;
    l->path_length = strlen(c->path);
    l->up = c->top;
    c->top = l;
    return 0;
}

/* All that was in it is copied. */
static int end_folder(fs_copy *c)
{
    fs_level *l = c->top;
    int err = l->made ? fs_dress(c, l->to, &l->st) : 0;
    leave(c);
    if (c->top)
        c->path[c->top->path_length] = '\0';
    return err;
}

/* ---- Entries ---- */

static int copy_named(fs_copy *c, const fs_name *named, int to, const char *name)
{
    struct stat st;
    if (fs_name_stat(named, &st))
        return fs_fail(&c->job, "stat");
    switch (st.st_mode & S_IFMT) {
    case S_IFREG: return fs_copy_begin(c, named, &st, to, name);
    case S_IFDIR: return enter(c, named, &st, to, name);
    case S_IFLNK: return copy_link(c, named, &st, to, name);
    }
    c->job.syscall = "copy"; /* a device, a FIFO, a socket */
    return UV_ENOTSUP;
}

static int copy_entry(fs_copy *c, fs_level *l, const char *name)
{
    fs_job *j = &c->job;
    struct stat st;
    size_t n = strlen(name);
    if (l->path_length + n + 2 > sizeof c->path)
        return UV_ENAMETOOLONG;
    c->path[l->path_length] = '/';
    memcpy(c->path + l->path_length + 1, name, n + 1);
    fs_name named;
    int err = fs_name_in(j, &named, dirfd(l->from), name);
    if (err)
        return err == UV_ENOENT ? 0 : err; /* it has gone meanwhile */
    if (c->follow > 0 && !fs_name_stat(&named, &st) && S_ISLNK(st.st_mode)) {
        fs_name_close(&named);
        err = fs_name_open(j, &named, c->path, O_RDONLY, true);
        if (err)
            return err;
    }
    err = copy_named(c, &named, l->to, name);
    fs_name_close(&named);
    return err;
}

static int next_entry(fs_copy *c)
{
    fs_level *l = c->top;
    errno = 0;
    const struct dirent *entry = readdir(l->from);
    if (!entry)
        return errno ? fs_fail(&c->job, "readdir") : end_folder(c);
    return fs_is_dots(entry->d_name) ? 0 : copy_entry(c, l, entry->d_name);
}

static int begin(fs_copy *c)
{
    fs_job *j = &c->job;
    char name[NAME_MAX + 1];
    c->begun = true;
    if (strlen(j->path) >= sizeof c->path)
        return UV_ENAMETOOLONG;
    strcpy(c->path, j->path);
    fs_name named;
    int err = fs_name_open(j, &named, j->path, O_RDONLY, c->follow != 0);
    if (err)
        return err;
    c->target = fs_open_entry(j, j->to, name);
    if (c->target < 0)
        j->path = j->to;
    err = c->target < 0 ? c->target : copy_named(c, &named, c->target, name);
    fs_name_close(&named);
    return err;
}

static int run(fs_job *j)
{
    fs_copy *c = (fs_copy *)j;
    c->until = uv_hrtime() + FS_SLICE;
    int err = c->begun ? 0 : begin(c);
    if (err && j->path == j->to)
        return err;
    while (!err && (c->file || c->top) && !fs_slice_over(j, c->until))
        err = c->file ? fs_copy_part(c) : next_entry(c);
    if (err)
        j->path = c->path;
    if (err || !(c->file || c->top))
        return err;
    j->wanted = j->charged;
    return atomic_load(&j->cancelled) ? UV_ECANCELED : FS_MORE;
}

/* ---- The function ---- */

static void release(neap_op *op, int delivered)
{
    fs_copy *c = neap_container_of(op, fs_copy, job.op);
    fs_copy_drop(c);
    while (c->top)
        leave(c);
    if (c->target >= 0)
        close(c->target);
    fs_release(op, delivered);
}

static const neap_op_class copy_class = {"fs.copy", NULL, fs_cancel, release};

/* copy(from, to, options) */
int fs_copy_path(lua_State *L)
{
    fs_check_path(L, 1);
    fs_check_path(L, 2);
    bool recursive = fs_flag(L, 3, "recursive", false), mode = fs_flag(L, 3, "mode", true);
    bool times = fs_flag(L, 3, "times", false), owner = fs_flag(L, 3, "owner", false);
    int follow = fs_flag(L, 3, "follow", false) - !fs_flag(L, 3, "follow", true);
    int existing = (int)fs_number(L, 3, "existing", FS_REPLACE);
    fs_copy *c = fs_job_new(L, &copy_class, sizeof *c, run, 2);
    c->recursive = recursive;
    c->mode = mode;
    c->times = times;
    c->owner = owner;
    c->follow = follow > 0 ? 1 : follow < 0 ? 0 : -1;
    c->existing = existing;
    c->target = c->from = c->to = -1;
    neap_env *env = c->job.op.env;
    c->lacks = fs_lacking(env);
    int err = neap->random(env, &c->seed, sizeof c->seed);
    if (!err)
        return fs_job_start(L, &c->job);
    fs_job_finish(&c->job, err);
    return neap->wait(L, &c->job.op);
}
