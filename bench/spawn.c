/* spawn.c -- how long a command takes from spawn to wait.
 *
 *   spawn TIMES COMMAND WORD...
 *
 * Runs COMMAND, an absolute path, TIMES times, one after the other, without its output. Prints
 * {"wall_ms": …, "cpu_ms": …}, the medians. It is small, so that the fork itself costs little.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST 1000
#define LIMIT 60 /* seconds for all of them */

extern char **environ;

static double milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

/* Returns 0 when the command could be run and was content. */
static int run(char **command, double *wall, double *cpu)
{
    posix_spawn_file_actions_t quiet;
    struct rusage usage;
    pid_t pid;
    int status = -1;

    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    double started = milliseconds();
    if (!posix_spawn(&pid, command[0], &quiet, NULL, command, environ))
        wait4(pid, &status, 0, &usage);
    *wall = milliseconds() - started;
    posix_spawn_file_actions_destroy(&quiet);
    if (status)
        return status;
    *cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e3 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e3;
    return 0;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *numbers, int count)
{
    qsort(numbers, (size_t)count, sizeof *numbers, by_size);
    return (numbers[(count - 1) / 2] + numbers[count / 2]) / 2;
}

int main(int argc, char **argv)
{
    static double wall[MOST], cpu[MOST];
    int times = argc > 2 ? atoi(argv[1]) : 0;

    if (times < 1 || times > MOST)
        return 2;
    alarm(LIMIT);
    for (int i = 0; i < times; i++) {
        int status = run(argv + 2, &wall[i], &cpu[i]);
        if (status) {
            printf("{\"error\": \"wait status %d\"}\n", status);
            return 1;
        }
    }
    printf("{\"wall_ms\": %.3f, \"cpu_ms\": %.3f}\n", median(wall, times), median(cpu, times));
    return 0;
}
