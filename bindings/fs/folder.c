/* folder.c -- neap_fs: list, survey, mkdir, mkdtemp, rename.
 *
 * What names an entry opens its folder first (fs.write of that folder) and then names the entry in
 * it (mkdirat, unlinkat, renameat), so that no link or rename on the way leads elsewhere. */
#include "name.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- List: entries lie in data, each a byte of type and its name with the final 0; in a survey two texts more ----
 */

enum { DETAILS_MAX = 180 };

typedef struct {
    fs_job job;
    DIR *dir;
    bool detailed;
    char id[DETAILS_MAX]; /* of the folder, where it is detailed */
    size_t count;
} list_op;

static unsigned char type_of(DIR *dir, const struct dirent *entry)
{
    struct stat st;
    if (entry->d_type != DT_UNKNOWN || fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
        return entry->d_type;
    return (unsigned char)IFTODT(st.st_mode);
}

bool fs_is_dots(const char *name)
{
    return name[0] == '.' && (!name[1] || (name[1] == '.' && !name[2]));
}

/* Which file it is; and behind its 0 what is another text when the file has changed. */
static size_t write_details(char *out, int folder, const char *name, const struct stat *st)
{
    typedef unsigned long long number;
    const struct timespec m = st->st_mtim, c = st->st_ctim;
    int n = snprintf(out, DETAILS_MAX, "%llx:%llx:%llx%c%llx:%llx.%lx:%x,%llx.%lx",
                     (number)st->st_dev, (number)st->st_ino, (number)fs_birth(folder, name, st), 0,
                     (number)st->st_size, (number)m.tv_sec, (unsigned long)m.tv_nsec,
                     (unsigned)st->st_mode, (number)c.tv_sec, (unsigned long)c.tv_nsec);
    return (size_t)n + 1;
}

static void add(list_op *l, const struct dirent *entry)
{
    fs_job *j = &l->job;
    struct stat st;
    size_t n = strlen(entry->d_name) + 1;
    if (l->detailed && fstatat(dirfd(l->dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
        return; /* it has gone meanwhile */
    j->data[j->length] = (char)(l->detailed ? IFTODT(st.st_mode) : type_of(l->dir, entry));
    memcpy(j->data + j->length + 1, entry->d_name, n);
    j->length += n + 1;
    if (l->detailed)
        j->length += write_details(j->data + j->length, dirfd(l->dir), entry->d_name, &st);
    l->count++;
}

static int open_list(list_op *l)
{
    fs_job *j = &l->job;
    j->fd = fs_open(j, j->path, O_RDONLY | O_DIRECTORY, 0);
    if (j->fd < 0)
        return j->fd;
    if (!(l->dir = fdopendir(j->fd)))
        return fs_fail(j, "opendir");
    struct stat st;
    if (l->detailed && !fstat(j->fd, &st))
        write_details(l->id, j->fd, ".", &st);
    j->fd = -1; /* the DIR's now */
    return 0;
}

static int run_list(fs_job *j)
{
    enum { ENTRY_MAX = NAME_MAX + 2 + DETAILS_MAX };
    list_op *l = (list_op *)j;
    int err = l->dir ? 0 : open_list(l);
    while (!err) {
        size_t more = 2 * j->capacity > 4096 ? 2 * j->capacity : 4096;
        if (j->capacity - j->length < ENTRY_MAX && (err = fs_room(j, more)))
            break;
        errno = 0;
        const struct dirent *entry = readdir(l->dir);
        if (!entry) {
            err = errno ? fs_fail(j, "readdir") : 0;
            break;
        }
        if (!fs_is_dots(entry->d_name))
            add(l, entry);
        if (atomic_load(&j->cancelled))
            err = UV_ECANCELED;
    }
    return err;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a + 1, *(const char *const *)b + 1);
}

static const char *next_text(const char *text)
{
    return text + strlen(text) + 1;
}

static void push_entry(lua_State *L, const char *entry, bool detailed)
{
    const char *text = entry + 1;
    lua_createtable(L, 0, detailed ? 4 : 2);
    lua_pushstring(L, text);
    lua_setfield(L, -2, "name");
    lua_pushstring(L, fs_type_name(DTTOIF((unsigned char)*entry)));
    lua_setfield(L, -2, "type");
    if (!detailed)
        return;
    text = next_text(text);
    lua_pushstring(L, text);
    lua_setfield(L, -2, "id");
    lua_pushstring(L, next_text(text));
    lua_setfield(L, -2, "stamp");
}

static int list_results(lua_State *L, neap_op *op)
{
    list_op *l = neap_container_of(op, list_op, job.op);
    const char **entries = lua_newuserdata(L, (l->count + 1) * sizeof *entries);
    const char *at = l->job.data;
    for (size_t i = 0; i < l->count; i++) {
        entries[i] = at;
        at = next_text(at + 1);
        if (l->detailed)
            at = next_text(next_text(at));
    }
    qsort(entries, l->count, sizeof *entries, compare);
    lua_createtable(L, (int)l->count, 0);
    for (size_t i = 0; i < l->count; i++) {
        push_entry(L, entries[i], l->detailed);
        lua_rawseti(L, -2, (int)i + 1);
    }
    if (!l->detailed)
        return 1;
    lua_pushstring(L, l->id);
    return 2;
}

static void list_release(neap_op *op, int delivered)
{
    list_op *l = neap_container_of(op, list_op, job.op);
    if (l->dir)
        closedir(l->dir);
    fs_release(op, delivered);
}

static const neap_op_class list_class = {"fs.list", list_results, fs_cancel, list_release};

static int list(lua_State *L, bool detailed)
{
    fs_check_path(L, 1);
    list_op *l = fs_job_new(L, &list_class, sizeof *l, run_list, 1);
    l->detailed = detailed;
    return fs_job_start(L, &l->job);
}

int fs_list(lua_State *L)
{
    return list(L, false);
}

/* survey(path) -> entries, id: a list whose entries have `id` and `stamp` besides, and which folder it was. */
int fs_survey(lua_State *L)
{
    return list(L, true);
}

/* ---- Mkdir ---- */

typedef struct {
    fs_job job;
    bool parents;
    int mode;
} mkdir_op;

static int make(fs_job *j, const char *path, int mode)
{
    char name[NAME_MAX + 1];
    int folder = fs_open_entry(j, path, name);
    if (folder < 0)
        return folder;
    int err = mkdirat(folder, name, (mode_t)mode) ? fs_fail(j, "mkdir") : 0;
    close(folder);
    return err;
}

static bool is_folder(fs_job *j, const char *path)
{
    int fd = fs_open(j, path, O_WRONLY | O_DIRECTORY, 0);
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* From the outermost folder on; what cannot be made may be there already: the last one tells. */
static int run_mkdir(fs_job *j)
{
    mkdir_op *m = (mkdir_op *)j;
    char path[PATH_MAX];
    size_t n = strlen(j->path);
    if (!m->parents)
        return make(j, j->path, m->mode);
    if (n >= sizeof path)
        return UV_ENAMETOOLONG;
    for (size_t i = 1; i < n; i++)
        if (j->path[i] == '/' && j->path[i - 1] != '/') {
            memcpy(path, j->path, i);
            path[i] = '\0';
            make(j, path, 0777);
        }
    int err = make(j, j->path, m->mode);
    return err && is_folder(j, j->path) ? 0 : err;
}

static const neap_op_class mkdir_class = {"fs.mkdir", NULL, fs_cancel, fs_release};

int fs_mkdir(lua_State *L)
{
    fs_check_path(L, 1);
    bool parents = fs_flag(L, 2, "parents", false);
    int mode = fs_mode(L, 2, "mode", 0777);
    mkdir_op *m = fs_job_new(L, &mkdir_class, sizeof *m, run_mkdir, 1);
    m->parents = parents;
    m->mode = mode;
    return fs_job_start(L, &m->job);
}

/* ---- Mkdtemp ---- */

typedef struct {
    fs_job job;
    char made[PATH_MAX];
} mkdtemp_op;

static int run_mkdtemp(fs_job *j)
{
    return make(j, ((mkdtemp_op *)j)->made, 0700);
}

static int mkdtemp_results(lua_State *L, neap_op *op)
{
    lua_pushstring(L, neap_container_of(op, mkdtemp_op, job.op)->made);
    return 1;
}

static const neap_op_class mkdtemp_class = {"fs.mkdtemp", mkdtemp_results, fs_cancel, fs_release};

int fs_mkdtemp(lua_State *L)
{
    fs_check_path(L, 1);
    luaL_argcheck(L, lua_objlen(L, 1) < PATH_MAX - 16, 1, "too long");
    mkdtemp_op *m = fs_job_new(L, &mkdtemp_class, sizeof *m, run_mkdtemp, 1);
    uint64_t random = 0;
    int err = neap->random(m->job.op.env, &random, sizeof random);
    snprintf(m->made, sizeof m->made, "%s%012llx", m->job.path,
             (unsigned long long)random & 0xffffffffffff);
    if (!err)
        return fs_job_start(L, &m->job);
    fs_job_finish(&m->job, err);
    return neap->wait(L, &m->job.op);
}

/* ---- Rename ---- */

typedef struct {
    fs_job job;
    bool plain; /* the runtime may read everything */
} rename_op;

/* Where it goes to it may be readable: so it has to be already. (What may be read may be moved, and
 * nothing else: so what is at `name` now is still readable when it is moved.) */
static int check_readable(fs_job *j, int folder, const char *name)
{
    struct stat st, moved;
    fs_name n;
    int err = fs_name_open(j, &n, j->path, O_RDONLY, false);
    if (err)
        return err;
    err = fs_name_stat(&n, &st) || fstatat(folder, name, &moved, AT_SYMLINK_NOFOLLOW)
              ? fs_fail(j, "rename")
              : 0;
    fs_name_close(&n);
    if (!err && (st.st_ino != moved.st_ino || st.st_dev != moved.st_dev))
        err = UV_EAGAIN; /* something was renamed meanwhile */
    return err;
}

static int run_rename(fs_job *j)
{
    char from[NAME_MAX + 1], to[NAME_MAX + 1];
    int source = fs_open_entry(j, j->path, from);
    if (source < 0)
        return source;
    int err = ((rename_op *)j)->plain ? 0 : check_readable(j, source, from);
    int target = err ? -1 : fs_open_entry(j, j->to, to);
    if (!err && target < 0) {
        err = target;
        j->path = j->to;
    }
    if (!err && renameat(source, from, target, to))
        err = fs_fail(j, "rename");
    close(source);
    if (target >= 0)
        close(target);
    return err;
}

static const neap_op_class rename_class = {"fs.rename", NULL, fs_cancel, fs_release};

int fs_rename(lua_State *L)
{
    fs_check_path(L, 1);
    fs_check_path(L, 2);
    rename_op *r = fs_job_new(L, &rename_class, sizeof *r, run_rename, 2);
    r->plain = !neap->permit(r->job.op.env, "fs.read", "", 0);
    return fs_job_start(L, &r->job);
}
