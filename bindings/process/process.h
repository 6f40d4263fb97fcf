/* process.h -- neap_process: what its files share. process.c has the interface. */
#ifndef NEAP_BINDINGS_PROCESS_H
#define NEAP_BINDINGS_PROCESS_H

#include <neap/extension.h>
#include <sys/types.h>
#include <uv.h>

/* ---- start.c: fork and exec ---- */

typedef struct {
    const char *path; /* executed; argv[0] may be another name */
    char **argv, **environment;
    int cwd;          /* a folder's descriptor, or -1: ours */
    int fds[3];       /* become 0, 1 and 2; nothing else is passed on */
    int group;        /* a process group of its own */
    int session;      /* a session of its own, which is a group too */
    int identity;     /* take uid and gid, and no other group */
    long descriptors; /* soft limit of descriptors; 0: ours */
    uid_t uid;
    gid_t gid;
} process_request;

/* 0 and its number, or the status of what failed in the child, named by *syscall. */
int process_start(const process_request *r, pid_t *pid, const char **syscall);

/* ---- resolve.c: which program, and what environment it sees ---- */

char **process_environ(void); /* darwin_environment.c */

/* Push the path to execute for the program at index: 0, or a status. */
int process_resolve(lua_State *L, neap_env *env, int index);
/* An array of "NAME=value", kept by a value that is pushed: what `env` may see of ours (unless `replace`), with what
 * the table at index gives. NULL: *refused is the name that is not permitted. */
char **process_environment(lua_State *L, neap_env *env, int index, int replace,
                           const char **refused);

/* ---- stdio.c: the descriptors 0 to 2 of a child ---- */

typedef struct {
    int fd;                /* the child's; -1: none yet */
    int ours;              /* close fd when the child has it */
    neap_transport *other; /* of a pipe: our end */
    int end;               /* its descriptor, until the transport has it; -1 */
    int lent;              /* fd is one with a stream's of ours, */
    int flags;             /* which had these before */
} process_stdio;

/* From the value at index: "pipe", "null", "inherit", { path =, append =, empty = } or a stream. 0 or a status. */
int process_stdio_open(lua_State *L, neap_env *env, int index, int number, process_stdio *s);
void process_stdio_give(lua_State *L, int index,
                        process_stdio *s); /* it runs: what was lent is its own */
void process_stdio_close(process_stdio *s, int failed);

/* ---- child.c: the handle, its end and signals to it ---- */

typedef struct process_child process_child;

process_child *process_child_new(lua_State *L, neap_env *env); /* pushes its object */
void process_child_started(lua_State *L, process_child *c, pid_t pid, int group, int detached);
int process_watch(lua_State *L, neap_env *env); /* before the first start: 0 or a status */
void process_update_watcher(neap_env *env);     /* none may be left, or no one waited for */
int process_child_methods(lua_State *L);
int process_check_signal(lua_State *L, int index); /* a number or a name; raises */

typedef struct process_watcher process_watcher;

typedef struct {
    process_child *children; /* that run */
    process_watcher *watcher;
} process_state;

#endif
