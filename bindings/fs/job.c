/* job.c -- neap_fs: arguments, and the one way every operation goes to the pool and back. */
#include "fs.h"

#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CANCEL_WITHIN = 100 }; /* ms, where a job waits */

/* ---- Arguments ---- */

void fs_check_path(lua_State *L, int index)
{
    size_t n;
    const char *path = luaL_checklstring(L, index, &n);
    luaL_argcheck(L, strlen(path) == n, index, "a path without a zero byte expected");
}

/* Push an option of the table at `index`, where there may be none; false: it is not given, and nothing
 * is pushed. lua/neap/fs.lua has checked names and values. */
static bool push_option(lua_State *L, int index, const char *name)
{
    if (!lua_istable(L, index))
        return false;
    lua_getfield(L, index, name);
    if (!lua_isnil(L, -1))
        return true;
    lua_pop(L, 1);
    return false;
}

bool fs_flag(lua_State *L, int index, const char *name, bool otherwise)
{
    if (!push_option(L, index, name))
        return otherwise;
    bool flag = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return flag;
}

double fs_number(lua_State *L, int index, const char *name, double otherwise)
{
    if (!push_option(L, index, name))
        return otherwise;
    double number = lua_tonumber(L, -1);
    lua_pop(L, 1);
    return number > 0 ? number : 0;
}

int fs_mode(lua_State *L, int index, const char *name, int otherwise)
{
    if (!push_option(L, index, name))
        return otherwise;
    bool octal = lua_type(L, -1) == LUA_TSTRING;
    long mode = octal ? strtol(lua_tostring(L, -1), NULL, 8) : (long)lua_tointeger(L, -1);
    lua_pop(L, 1);
    return (int)(mode & 07777);
}

int64_t fs_check_bytes(lua_State *L, int index, int64_t otherwise)
{
    if (lua_isnoneornil(L, index) || (lua_isfunction(L, index) && index == lua_gettop(L)))
        return otherwise;
    double n = luaL_checknumber(L, index);
    luaL_argcheck(L, n >= 0 && n <= 0x1p53 && floor(n) == n, index, "a count of bytes expected");
    return (int64_t)n;
}

/* ---- A job ---- */

void *fs_job_new(lua_State *L, const neap_op_class *type, size_t size, int (*run)(fs_job *),
                 int paths)
{
    size_t n[2] = {0};
    const char *path[2] = {0};
    for (int i = 0; i < paths; i++)
        path[i] = lua_tolstring(L, i + 1, &n[i]);
    fs_job *j = neap->op_new(L, type, size + n[0] + n[1] + 2);
    char *texts = (char *)j + size;
    j->run = run;
    j->fd = -1;
    j->syscall = "open";
    j->plain = !fs_lacking(j->op.env);
    if (paths > 0)
        j->path = memcpy(texts, path[0], n[0] + 1);
    if (paths > 1)
        j->to = memcpy(texts + n[0] + 1, path[1], n[1] + 1);
    return j;
}

/* The account follows what is really held, up or down. */
static int charge(fs_job *j, size_t bytes)
{
    int err = neap->charge(j->op.env, (ptrdiff_t)bytes - (ptrdiff_t)j->charged);
    if (!err)
        j->charged = bytes;
    return err;
}

int fs_job_hold(fs_job *j, size_t length)
{
    if (charge(j, length + 1) || !(j->data = malloc(length + 1)))
        return UV_ENOMEM;
    j->length = length;
    j->capacity = length + 1;
    return 0;
}

int fs_job_copy(fs_job *j, const char *text, size_t length)
{
    int err = fs_job_hold(j, length);
    if (!err)
        memcpy(j->data, text, length);
    return err;
}

/* Bytes of a path up to its last name: 0 for what is in ".". */
static size_t folder_length(const char *path)
{
    size_t n = strlen(path);
    while (n && path[n - 1] == '/')
        n--;
    while (n && path[n - 1] != '/')
        n--;
    return n;
}

static void refuse(fs_job *j)
{
    char target[PATH_MAX];
    size_t n = j->refused_folder ? folder_length(j->path) : strlen(j->path);
    snprintf(target, sizeof target, "%.*s", n ? (int)n : 1, n ? j->path : ".");
    neap->complete(&j->op, NEAP_EPERMISSION, NEAP_F_PERMISSION, j->refused,
                   j->refused_all ? NULL : target, NEAP_F_SYSCALL, j->syscall, NEAP_F_PATH, j->path,
                   NEAP_F_END);
}

const char *fs_lacking(neap_env *env)
{
    if (neap->permit(env, "fs.write", "", 0))
        return "fs.write";
    return neap->permit(env, "fs.read", "", 0) ? "fs.read" : NULL;
}

/* Complete it; it may be gone on return. */
void fs_job_finish(fs_job *j, int status)
{
    if (status >= 0 && j->capacity > j->charged && charge(j, j->capacity))
        status = UV_ENOMEM;
    if (j->after)
        status = j->after(j, status);
    if (status == NEAP_EPERMISSION && j->refused && j->path)
        refuse(j);
    else if (j->path)
        neap->complete(&j->op, status, NEAP_F_SYSCALL, j->syscall, NEAP_F_PATH, j->path,
                       NEAP_F_END);
    else
        neap->complete(&j->op, status, NEAP_F_SYSCALL, j->syscall, NEAP_F_END);
}

static void on_run(neap_work *work)
{
    fs_job *j = neap_container_of(work, fs_job, work);
    j->status = atomic_load(&j->cancelled) ? UV_ECANCELED : j->run(j);
}

static void on_done(neap_work *work, int status)
{
    fs_job *j = neap_container_of(work, fs_job, work);
    if (!status)
        status = j->status;
    if (status == FS_MORE) {
        status = charge(j, j->wanted);
        if (!status && !(status = neap->work(j->op.env, &j->work)))
            return;
    }
    fs_job_finish(j, status);
}

void fs_job_queue(fs_job *j)
{
    j->work.run = on_run;
    j->work.done = on_done;
    int err = neap->work(j->op.env, &j->work);
    if (err)
        fs_job_finish(j, err);
}

int fs_job_start(lua_State *L, fs_job *j)
{
    fs_job_queue(j);
    return neap->wait(L, &j->op);
}

void fs_cancel(neap_op *op)
{
    atomic_store(&neap_container_of(op, fs_job, op)->cancelled, true);
}

void fs_release(neap_op *op, int delivered)
{
    fs_job *j = neap_container_of(op, fs_job, op);
    (void)delivered;
    fs_close(j);
    free(j->data);
    charge(j, 0);
}

/* ---- On a pool thread ---- */

int fs_refuse_all(fs_job *j, const char *verb)
{
    j->refused = verb;
    j->refused_all = true;
    return NEAP_EPERMISSION;
}

int fs_fail(fs_job *j, const char *syscall)
{
    j->syscall = syscall;
    return -errno;
}

int fs_room(fs_job *j, size_t capacity)
{
    if (capacity <= j->capacity)
        return 0;
    if (capacity > FS_FREE && capacity > j->charged) {
        j->wanted = capacity;
        return FS_MORE;
    }
    char *data = realloc(j->data, capacity);
    if (!data)
        return UV_ENOMEM;
    j->data = data;
    j->capacity = capacity;
    return 0;
}

int fs_open(fs_job *j, const char *path, int flags, int mode)
{
    int access = flags & O_ACCMODE;
    int fd = neap->open_path(j->op.env, path, flags | O_NONBLOCK, mode);
    j->syscall = "open";
    if (fd == NEAP_EPERMISSION)
        j->refused = access == O_RDONLY && !(flags & (O_CREAT | O_TRUNC)) ? "fs.read" : "fs.write";
    j->refused_folder = false;
    return fd;
}

/* "a/b/" is b in a, "b" is b in "."; "/", "." and ".." are in nothing that can be named. */
int fs_open_parent(fs_job *j, const char *path, const char **name, size_t *length)
{
    size_t end = strlen(path), start = folder_length(path);
    while (end && path[end - 1] == '/')
        end--;
    *name = path + start;
    *length = end - start;
    j->syscall = "open";
    if (!*path)
        return UV_ENOENT;
    if (start == end || (**name == '.' && (*length == 1 || (*length == 2 && (*name)[1] == '.'))))
        return UV_EINVAL;
    if (*length > NAME_MAX || start >= PATH_MAX)
        return UV_ENAMETOOLONG;
    char folder[PATH_MAX];
    memcpy(folder, path, start);
    folder[start] = '\0';
    int fd = fs_open(j, start ? folder : ".", O_WRONLY | O_DIRECTORY, 0);
    j->refused_folder = true;
    return fd;
}

/* What can make us wait (FIFOs, terminals) is open without blocking, so that a cancel ends the
 * wait. */
static int wait_ready(fs_job *j, int fd, short events)
{
    struct pollfd p = {.fd = fd, .events = events};
    while (!atomic_load(&j->cancelled) && !atomic_load(&j->hurried)) {
        int n = poll(&p, 1, CANCEL_WITHIN);
        if (n > 0)
            return 0;
        if (n < 0 && errno != EINTR)
            return fs_fail(j, "poll");
    }
    return UV_ECANCELED;
}

/* Nothing was read: is it the end, or a FIFO whose first writer is still to come? */
static bool is_end(int fd)
{
    struct stat st;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return fstat(fd, &st) || !S_ISFIFO(st.st_mode) || poll(&p, 1, 0) != 0;
}

int fs_read(fs_job *j, size_t most, int64_t offset)
{
    while (j->length < most) {
        if (j->length == j->capacity) {
            size_t more = j->capacity ? 2 * j->capacity : FS_READ;
            int full = fs_room(j, more < most ? more : most);
            if (full)
                return full;
        }
        size_t room = j->capacity < most ? j->capacity - j->length : most - j->length;
        ssize_t n = offset < 0 ? read(j->fd, j->data + j->length, room)
                               : pread(j->fd, j->data + j->length, room, offset + (off_t)j->length);
        if (n == 0 && (j->length || is_end(j->fd)))
            break;
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return fs_fail(j, "read");
        int err = n > 0 ? 0 : wait_ready(j, j->fd, POLLIN);
        if (err)
            return err;
        j->length += n > 0 ? (size_t)n : 0;
        if (atomic_load(&j->cancelled))
            return UV_ECANCELED;
    }
    return 0;
}

int fs_write(fs_job *j, int fd, int64_t offset)
{
    for (size_t done = 0; done < j->length;) {
        size_t most = j->length - done < FS_FREE ? j->length - done : FS_FREE;
        ssize_t n = offset < 0 ? write(fd, j->data + done, most)
                               : pwrite(fd, j->data + done, most, offset + (off_t)done);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return fs_fail(j, "write");
        int err = n < 0 ? wait_ready(j, fd, POLLOUT) : 0;
        if (err)
            return err;
        done += n > 0 ? (size_t)n : 0;
        if (atomic_load(&j->cancelled))
            return UV_ECANCELED;
    }
    return 0;
}

bool fs_slice_over(const fs_job *j, uint64_t until)
{
    return uv_hrtime() > until || atomic_load(&j->cancelled);
}

void fs_close(fs_job *j)
{
    if (j->fd >= 0)
        close(j->fd);
    j->fd = -1;
}
