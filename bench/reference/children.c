/* children.c -- 200 children, one after the other, by posix_spawn.
 *
 * Prints {"total_ms": …}.
 */
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <time.h>

#define COUNT 200

extern char **environ;

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

int main(void)
{
    char *argv[] = {"/bin/true", NULL};
    double started = milliseconds();

    for (int i = 0; i < COUNT; i++) {
        pid_t pid;
        int status = -1;
        if (posix_spawn(&pid, argv[0], NULL, NULL, argv, environ) ||
            waitpid(pid, &status, 0) != pid)
            return 1;
        if (status)
            return 1;
    }
    printf("{\"total_ms\": %.1f}\n", milliseconds() - started);
    return 0;
}
