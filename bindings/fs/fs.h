/* fs.h -- what the files of neap_fs share: an operation that is one trip to the thread pool.
 *
 *     static int run(fs_job *j) { ... return 0, FS_MORE or a status; }       on a pool thread
 *
 *     my_op *m = fs_job_new(L, &my_class, sizeof *m, run, 1);    with the path at index 1
 *     return fs_job_start(L, &m->job);
 *
 * A pool thread touches its job and nothing else. It keeps bytes in job->data (malloc), whose room
 * is asked for with fs_room: up to FS_FREE at once, beyond that FS_MORE sends the job back to the
 * loop, which charges the runtime for it, and run is called again where it left off. */
#ifndef NEAP_FS_H
#define NEAP_FS_H

#include <errno.h>
#include <neap/extension.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <uv.h>

#ifndef O_PATH /* a descriptor that only names a file */
#define O_PATH 0
#endif

enum {
    FS_MORE = 1,       /* run again when job->wanted bytes are charged */
    FS_FREE = 1 << 20, /* bytes that a job may hold before it asks */
    FS_READ = 1 << 16, /* read at once where the size is not known */
    FS_LINKS = 40,     /* followed in a row */
};
#define FS_TEXT_MAX 0x7ffff000 /* of a string in LuaJIT, with room for its header */

typedef struct fs_job {
    neap_op op;
    neap_work work;
    int (*run)(struct fs_job *j);
    void (*after)(struct fs_job *j); /* may be NULL: on the loop, before it completes */
    const char *path, *to;           /* arguments, copied behind the struct */
    const char *syscall;             /* of the error */
    const char *refused;             /* the verb that was missing, */
    bool refused_folder;             /* for the folder that the path is in */
    int status;
    int fd; /* closed by release when it is still open */
    atomic_bool cancelled;
    atomic_bool hurried; /* what makes it wait will not come: its file is to be closed */
    char *data;
    size_t length, capacity;
    size_t charged, wanted;
} fs_job;

/* Checks that raise, before anything is started. A path is a string without a zero byte. */
void fs_check_path(lua_State *L, int index);
/* An option of the table at an index, where there may be none: nothing, nil or the callback. */
bool fs_flag(lua_State *L, int index, const char *name, bool otherwise);
double fs_number(lua_State *L, int index, const char *name, double otherwise);
int fs_mode(lua_State *L, int index, const char *name, int otherwise); /* number, or octal "644" */

/* New job with the `paths` (0 to 2) first arguments. fs_release and fs_cancel are for its class; a
 * class with more to let go calls fs_release last. */
void *fs_job_new(lua_State *L, const neap_op_class *type, size_t size, int (*run)(fs_job *),
                 int paths);
int fs_job_copy(fs_job *j, const char *text, size_t length); /* into data: 0 or a status */
void fs_job_queue(fs_job *j);
void fs_job_finish(fs_job *j, int status);
int fs_job_start(lua_State *L, fs_job *j);
void fs_cancel(neap_op *op);
void fs_release(neap_op *op, int delivered);

/* On a pool thread. */
int fs_fail(fs_job *j, const char *syscall);                   /* -errno, noted */
int fs_room(fs_job *j, size_t capacity);                       /* 0, FS_MORE, UV_ENOMEM */
int fs_open(fs_job *j, const char *path, int flags, int mode); /* a descriptor or a status, noted */
/* The folder of a path, to name what is in it (needs fs.write), and the name. */
int fs_open_parent(fs_job *j, const char *path, const char **name, size_t *length);
int fs_read(fs_job *j, size_t most, int64_t offset); /* from job->fd until its end, or `most` */
int fs_write(fs_job *j, int fd, int64_t offset); /* all of data; offset < 0: where the file is */
void fs_close(fs_job *j);

void fs_push_stat(lua_State *L, const struct stat *st);
const char *fs_type_name(mode_t mode);

/* Functions of the module. */
int fs_read_file(lua_State *L);
int fs_write_file(lua_State *L);
int fs_stat(lua_State *L);
int fs_list(lua_State *L);
int fs_mkdir(lua_State *L);
int fs_mkdtemp(lua_State *L);
int fs_remove(lua_State *L);
int fs_rename(lua_State *L);
int fs_open_file(lua_State *L);
int fs_file_methods(lua_State *L);

#endif
