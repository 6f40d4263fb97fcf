/* link.c -- neap_fs: link, symlink, readlink, realpath.
 *
 * A restricted runtime cannot widen what it may do by links. A hard link gives a file another name,
 * beneath which it might be read or written: so that has to be granted already. A symbolic link is
 * judged by where it leads whenever such a runtime follows it; but others, who are not restricted,
 * may be led astray by it: to make one needs fs.read and fs.write of everything. */
#include "name.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct {
    fs_job job;
    const char *lacks; /* the runtime may not do that everywhere; NULL: it may all */
    char text[PATH_MAX];
} link_op;

/* ---- On a pool thread ---- */

int fs_open_entry(fs_job *j, const char *path, char *entry)
{
    const char *name;
    size_t length;
    int folder = fs_open_parent(j, path, &name, &length);
    if (folder >= 0) {
        memcpy(entry, name, length);
        entry[length] = '\0';
    }
    return folder;
}

/* The folder of j->to; then it is j->to that an error speaks of. */
static int open_target(fs_job *j, char *name)
{
    int folder = fs_open_entry(j, j->to, name);
    if (folder < 0)
        j->path = j->to;
    return folder;
}

static int run_link(fs_job *j)
{
    char name[NAME_MAX + 1];
    fs_name n;
    int err = fs_name_open(j, &n, j->path, O_RDWR, false);
    if (err)
        return err;
    int folder = open_target(j, name);
    err = folder < 0 ? folder : fs_name_link(&n, folder, name) ? fs_fail(j, "link") : 0;
    if (folder >= 0)
        close(folder);
    fs_name_close(&n);
    return err;
}

/* j->path is the text; errors are of j->to. */
static int run_symlink(fs_job *j)
{
    char name[NAME_MAX + 1];
    const char *text = j->path;
    j->path = j->to;
    j->syscall = "symlink";
    if (((link_op *)j)->lacks)
        return fs_refuse_all(j, ((link_op *)j)->lacks);
    int folder = fs_open_entry(j, j->to, name);
    if (folder < 0)
        return folder;
    int err = symlinkat(text, folder, name) ? fs_fail(j, "symlink") : 0;
    close(folder);
    return err;
}

static int run_realpath(fs_job *j)
{
    link_op *l = (link_op *)j;
    fs_name n;
    if (!l->lacks)
        return realpath(j->path, l->text) ? 0 : fs_fail(j, "realpath");
    int err = fs_name_open(j, &n, j->path, O_RDONLY, true);
    if (err)
        return err;
    err = fs_name_real(&n, l->text, sizeof l->text) ? fs_fail(j, "realpath") : 0;
    fs_name_close(&n);
    return err;
}

static int run_readlink(fs_job *j)
{
    link_op *l = (link_op *)j;
    fs_name n;
    int err = fs_name_open(j, &n, j->path, O_RDONLY, false);
    if (err)
        return err;
    ssize_t length = fs_name_readlink(&n, l->text, sizeof l->text - 1);
    err = length < 0 ? fs_fail(j, "readlink") : 0;
    fs_name_close(&n);
    if (!err)
        l->text[length] = '\0';
    return err;
}

/* ---- The functions ---- */

static int text_results(lua_State *L, neap_op *op)
{
    lua_pushstring(L, neap_container_of(op, link_op, job.op)->text);
    return 1;
}

static link_op *new_op(lua_State *L, const neap_op_class *type, int (*run)(fs_job *), int paths)
{
    for (int i = 1; i <= paths; i++)
        fs_check_path(L, i);
    link_op *l = fs_job_new(L, type, sizeof *l, run, paths);
    l->lacks = fs_lacking(l->job.op.env);
    return l;
}

int fs_link(lua_State *L)
{
    static const neap_op_class type = {"fs.link", NULL, fs_cancel, fs_release};
    return fs_job_start(L, &new_op(L, &type, run_link, 2)->job);
}

int fs_symlink(lua_State *L)
{
    static const neap_op_class type = {"fs.symlink", NULL, fs_cancel, fs_release};
    return fs_job_start(L, &new_op(L, &type, run_symlink, 2)->job);
}

int fs_readlink(lua_State *L)
{
    static const neap_op_class type = {"fs.readlink", text_results, fs_cancel, fs_release};
    return fs_job_start(L, &new_op(L, &type, run_readlink, 1)->job);
}

int fs_realpath(lua_State *L)
{
    static const neap_op_class type = {"fs.realpath", text_results, fs_cancel, fs_release};
    return fs_job_start(L, &new_op(L, &type, run_realpath, 1)->job);
}
