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

#include "darwin_stat.h"

enum {
    FS_MORE = 1,        /* run again when job->wanted bytes are charged */
    FS_FREE = 1 << 20,  /* bytes that a job may hold before it asks */
    FS_READ = 1 << 16,  /* read at once where the size is not known */
    FS_LINKS = 40,      /* followed in a row */
    FS_PIECE = 1 << 16, /* read at once by a stream */
    FS_DEPTH = 512, /* of folders removed or copied with what is in them: each is open meanwhile */
    FS_SLICE = 20000000, /* ns on a pool thread, after which it is another job's turn */
};
#define FS_TEXT_MAX 0x7ffff000 /* of a string in LuaJIT, with room for its header */

typedef struct fs_job {
    neap_op op;
    neap_work work;
    int (*run)(struct fs_job *j);
    int (*after)(struct fs_job *j, int status); /* may be NULL: on the loop, before it completes */
    const char *path, *to;                      /* arguments, copied behind the struct */
    const char *syscall;                        /* of the error */
    const char *refused;                        /* the verb that was missing, */
    bool refused_folder;                        /* for the folder that the path is in, */
    bool refused_all;                           /* or for everything */
    bool plain;                                 /* the runtime may do everything */
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
/* Arguments: a count of bytes, where there may be nothing or the callback; a user or group, and a
 * time, nil for the one that there is; permission bits, as a number. */
int64_t fs_check_bytes(lua_State *L, int index, int64_t otherwise);
unsigned fs_check_owner(lua_State *L, int index);
double fs_check_time(lua_State *L, int index);
int fs_check_mode(lua_State *L, int index);
struct timespec fs_time(double seconds);

/* New job with the `paths` (0 to 2) first arguments. fs_release and fs_cancel are for its class; a
 * class with more to let go calls fs_release last. */
void *fs_job_new(lua_State *L, const neap_op_class *type, size_t size, int (*run)(fs_job *),
                 int paths);
int fs_job_hold(fs_job *j, size_t length); /* room for so much in data: 0 or a status */
int fs_job_copy(fs_job *j, const char *text, size_t length); /* into data: 0 or a status */
void fs_job_queue(fs_job *j);
void fs_job_finish(fs_job *j, int status);
int fs_job_start(lua_State *L, fs_job *j);
const char *fs_lacking(neap_env *env); /* the verb that is not granted for everything, or NULL */
void fs_cancel(neap_op *op);
void fs_release(neap_op *op, int delivered);

/* On a pool thread. */
int fs_refuse_all(fs_job *j, const char *verb);                /* NEAP_EPERMISSION, noted */
int fs_fail(fs_job *j, const char *syscall);                   /* -errno, noted */
int fs_room(fs_job *j, size_t capacity);                       /* 0, FS_MORE, UV_ENOMEM */
int fs_open(fs_job *j, const char *path, int flags, int mode); /* a descriptor or a status, noted */
/* The folder of a path, to name what is in it (needs fs.write), and the name. */
int fs_open_parent(fs_job *j, const char *path, const char **name, size_t *length);
int fs_open_entry(fs_job *j, const char *path, char *entry); /* the same, the name copied */
bool fs_is_dots(const char *name);                           /* "." and ".." */
bool fs_slice_over(const fs_job *j, uint64_t until);         /* or it was cancelled */
int fs_read(fs_job *j, size_t most, int64_t offset); /* from job->fd until its end, or `most` */
int fs_write(fs_job *j, int fd, int64_t offset); /* all of data; offset < 0: where the file is */
void fs_close(fs_job *j);

/* ---- Removing an entry with what is in it: remove.c. Of a zeroed struct ---- */

typedef struct fs_removing fs_removing;

typedef struct {
    fs_job *job;
    int folder;       /* the caller's; the entry is `name` in it */
    const char *name; /* stays meanwhile */
    bool recursive;
    bool begun;
    fs_removing *top; /* the folder that is being emptied */
} fs_removal;

int fs_removal_run(fs_removal *r); /* a slice, on a pool thread: 0, FS_MORE or a status */
void fs_removal_drop(fs_removal *r);

/* ---- Open files: file.c; what they do is in file_io.c and file_state.c ---- */

typedef struct fs_file_op fs_file_op;

typedef struct {
    neap_handle handle;
    int fd;
    fs_file_op *first, **last; /* first is on the pool */
    bool closing;
    neap_work closer;
} fs_file;

struct fs_file_op {
    fs_job job; /* its fd stays -1: the file is not the job's to close */
    fs_file *file;
    fs_file_op *next;
    size_t most;
    uint32_t *sizes; /* of readv, `count` of them */
    int count;
    int64_t offset; /* -1: where the file is */
    int whence, mode;
    bool data_only; /* of sync */
    unsigned uid, gid;
    struct timespec times[2];
    struct stat st;
};

extern const neap_handle_class fs_file_class;
/* New operation on the file at index 1; what is started for a closed one completes with ECLOSED. */
fs_file_op *fs_file_op_new(lua_State *L, const neap_op_class *type, int (*run)(fs_job *));
int fs_file_start(lua_State *L, fs_file_op *o);
fs_file *fs_check_file(lua_State *L); /* NULL: it is closed */

int fs_file_read(lua_State *L);
int fs_file_write(lua_State *L);
int fs_file_readv(lua_State *L);
int fs_file_writev(lua_State *L);
int fs_file_seek(lua_State *L);
int fs_file_sync(lua_State *L);
int fs_file_truncate(lua_State *L);
int fs_file_stat(lua_State *L);
int fs_file_chmod(lua_State *L);
int fs_file_chown(lua_State *L);
int fs_file_set_times(lua_State *L);
int fs_file_stream(lua_State *L);

/* ---- A file as a transport: flow.c, with flow_read.c and flow_write.c ---- */

typedef struct fs_request {
    struct fs_request *next;
    neap_on_done done;
    bool end; /* of a shutdown */
    size_t size;
    char bytes[];
} fs_request;

typedef struct {
    neap_transport t;
    int fd;
    bool sync, closing, ended;
    atomic_bool stopped; /* what a job waits for will not come */

    neap_on_read on_read;
    neap_work reader;
    neap_job deliver;
    bool reading, delivering;
    char *piece, *ahead;   /* being delivered, or to be; being read */
    ptrdiff_t length, got; /* of these; 0 the end, < 0 a status */
    bool full;             /* there is a piece */
    int64_t read_at, left; /* read_at < 0: where the descriptor is */

    neap_work writer;
    fs_request *first, **last;
    fs_request *taken; /* by the job */
    bool writing;
    int64_t write_at;
    int broken, wrote; /* a status */

    neap_work closer;
    neap_job gone;
    void (*closed)(neap_transport *t);
} fs_flow;

void fs_flow_finish(fs_flow *f);            /* when it closes: one of its jobs has ended */
int fs_flow_wait(fs_flow *f, short events); /* on a pool thread: 0 when it is ready, or a status */
int fs_flow_read(neap_transport *t, neap_on_read on_read);
void fs_flow_deliver(fs_flow *f); /* by a job of the run queue */
void fs_flow_free(fs_flow *f, char **piece);
int fs_flow_write(neap_transport *t, const neap_buf *bufs, unsigned n, neap_on_done done);
int fs_flow_shutdown(neap_transport *t, neap_on_done done);
int fs_flow_send(fs_flow *f);             /* a job for all that is queued: 0 or a status */
void fs_flow_end(fs_flow *f, int status); /* all that is queued ends so */

void fs_push_stat(lua_State *L, const struct stat *st);
const char *fs_type_name(mode_t mode);

/* Functions of the module. */
int fs_read_file(lua_State *L);
int fs_write_file(lua_State *L);
int fs_stat(lua_State *L);
int fs_list(lua_State *L);
int fs_survey(lua_State *L);
int fs_mkdir(lua_State *L);
int fs_mkdtemp(lua_State *L);
int fs_remove(lua_State *L);
int fs_rename(lua_State *L);
int fs_open_file(lua_State *L);
int fs_chmod(lua_State *L);
int fs_chown(lua_State *L);
int fs_set_times(lua_State *L);
int fs_truncate(lua_State *L);
int fs_access(lua_State *L);
int fs_exists(lua_State *L);
int fs_statfs(lua_State *L);
int fs_link(lua_State *L);
int fs_symlink(lua_State *L);
int fs_readlink(lua_State *L);
int fs_realpath(lua_State *L);
int fs_copy_path(lua_State *L);
int fs_temporary(lua_State *L);
int fs_temporary_methods(lua_State *L);
int fs_lock(lua_State *L);
int fs_watch(lua_State *L);
int fs_watch_system_name(lua_State *L);
int fs_file_methods(lua_State *L);

#endif
