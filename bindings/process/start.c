/* start.c -- neap_process: starts a program.
 *
 * vfork lends the child our memory until it executes, so that nothing of it is copied, whatever its size; the child
 * touches only its own stack then. Where the identity changes it is fork: the C library's setuid speaks to all threads
 * that it knows of, which are ours. All signals are blocked around it: a handler of ours must not run in the child.
 * What fails in the child comes back through a pipe that a successful exec closes. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"

typedef struct {
    int status;
    int step;
} failure;

static const char *const steps[] = {"setsid", "setpgid", "setgid",    "setuid",
                                    "chdir",  "dup2",    "setrlimit", "execve"};
enum { SETSID, SETPGID, SETGID, SETUID, CHDIR, DUP, LIMIT, EXEC };

static void fail(int report, int step)
{
    failure f = {-errno, step};
    ssize_t n;
    do
        n = write(report, &f, sizeof f);
    while (n < 0 && errno == EINTR);
    _exit(127);
}

/* What is ignored stays so (nohup), but for SIGPIPE; what has a handler gets its default. */
static void reset_signals(void)
{
    sigset_t none;
    struct sigaction action;
    for (int signal = 1; signal < NSIG; signal++) {
        if (sigaction(signal, NULL, &action) || action.sa_handler == SIG_DFL)
            continue;
        if (action.sa_handler == SIG_IGN && signal != SIGPIPE)
            continue;
        action.sa_flags = 0;
        action.sa_handler = SIG_DFL;
        sigaction(signal, &action, NULL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* First out of the way of 0 to 2, then into their places: in any order they may name each other. */
static void place_descriptors(const process_request *r, int report)
{
    int fds[3];
    for (int i = 0; i < 3; i++)
        if ((fds[i] = fcntl(r->fds[i], F_DUPFD_CLOEXEC, 3)) < 0)
            fail(report, DUP);
    for (int i = 0; i < 3; i++)
        if (dup2(fds[i], i) < 0)
            fail(report, DUP);
}

static void set_limit(long descriptors, int report)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit))
        fail(report, LIMIT);
    limit.rlim_cur = (rlim_t)descriptors;
    if (setrlimit(RLIMIT_NOFILE, &limit))
        fail(report, LIMIT);
}

static void become(const process_request *r, int report)
{
    if (geteuid() == 0 && setgroups(0, NULL))
        fail(report, SETGID);
    if (setgid(r->gid))
        fail(report, SETGID);
    if (setuid(r->uid))
        fail(report, SETUID);
}

/* Also those that we were given, or that a library has opened, without O_CLOEXEC. */
static void close_others_on_exec(void)
{
#ifdef CLOSE_RANGE_CLOEXEC
    if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
        return;
#endif
    for (int fd = 3, most = (int)sysconf(_SC_OPEN_MAX); fd < most; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

/* In the child. */
static void run(const process_request *r, int report)
{
    if (r->session && setsid() < 0)
        fail(report, SETSID);
    if (r->group && !r->session && setpgid(0, 0))
        fail(report, SETPGID);
    if (r->cwd >= 0 && fchdir(r->cwd))
        fail(report, CHDIR);
    place_descriptors(r, report);
    close_others_on_exec();
    if (r->descriptors)
        set_limit(r->descriptors, report);
    if (r->identity)
        become(r, report);
    reset_signals();
    execve(r->path, r->argv, r->environment);
    fail(report, EXEC);
}

/* What the child says before it executes: nothing, when all went well. */
static int hear(int report, pid_t pid, const char **syscall)
{
    failure f;
    ssize_t n;
    do
        n = read(report, &f, sizeof f);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof f)
        return 0;
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
    *syscall = steps[f.step];
    return f.status;
}

/* A report that lay in 0 to 2 would be overwritten. */
static int open_report(int ends[2])
{
    int status = uv_pipe(ends, 0, 0);
    if (status)
        return status;
    int high = fcntl(ends[1], F_DUPFD_CLOEXEC, 3);
    status = high < 0 ? -errno : 0;
    close(ends[1]);
    ends[1] = high;
    if (status)
        close(ends[0]);
    return status;
}

int process_start(const process_request *r, pid_t *pid, const char **syscall)
{
    int ends[2];
    sigset_t all, before;
    *syscall = "pipe";
    int status = open_report(ends);
    if (status)
        return status;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    *pid = r->identity ? fork() : vfork();
    if (*pid == 0)
        run(r, ends[1]);
    status = *pid < 0 ? -errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    *syscall = "fork";
    if (!status)
        status = hear(ends[0], *pid, syscall);
    close(ends[0]);
    return status;
}
