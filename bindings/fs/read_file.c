/* read_file.c -- neap_fs: read_file(path, options), in one trip to the pool.
 *
 * The size a file says it has is a first guess only: files of /proc say 0, and others grow
 * meanwhile. So it is read until its end. More than a megabyte takes a second trip: what it holds
 * is charged to the runtime before it is allocated. */
#include "fs.h"

#include <fcntl.h>

typedef struct {
    fs_job job;
    size_t limit;
} read_op;

/* ---- On a pool thread ---- */

static int begin(read_op *r)
{
    fs_job *j = &r->job;
    struct stat st;
    j->fd = fs_open(j, j->path, O_RDONLY, 0);
    if (j->fd < 0)
        return j->fd;
    if (fstat(j->fd, &st))
        return fs_fail(j, "fstat");
    if (S_ISDIR(st.st_mode)) {
        j->syscall = "read";
        return UV_EISDIR;
    }
    if (S_ISREG(st.st_mode) && st.st_size > 0 && (uint64_t)st.st_size > r->limit)
        return UV_EFBIG;
    if (!S_ISREG(st.st_mode) || st.st_size <= 0)
        return 0;
    return fs_room(j, (size_t)st.st_size + 1); /* one more, to see that it is the end */
}

static int run(fs_job *j)
{
    read_op *r = (read_op *)j;
    int err = j->fd < 0 ? begin(r) : fs_room(j, j->wanted);
    if (!err)
        err = fs_read(j, r->limit + 1, -1);
    if (!err && j->length > r->limit)
        err = UV_EFBIG;
    if (err != FS_MORE)
        fs_close(j);
    return err;
}

/* ---- The function ---- */

static int results(lua_State *L, neap_op *op)
{
    fs_job *j = neap_container_of(op, fs_job, op);
    lua_pushlstring(L, j->data ? j->data : "", j->length);
    return 1;
}

static const neap_op_class read_class = {"fs.read_file", results, fs_cancel, fs_release};

int fs_read_file(lua_State *L)
{
    fs_check_path(L, 1);
    double limit = fs_number(L, 2, "limit", FS_TEXT_MAX);
    read_op *r = fs_job_new(L, &read_class, sizeof *r, run, 1);
    r->limit = limit < FS_TEXT_MAX ? (size_t)limit : FS_TEXT_MAX;
    return fs_job_start(L, &r->job);
}
