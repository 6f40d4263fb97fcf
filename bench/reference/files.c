/* files.c FOLDER -- 10,000 files of 1,000 bytes, made before, read one after the other, the best of five.
 *
 * Prints {"total_ms": …}. It is a floor for one thread: who reads on several may be faster.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

enum { COUNT = 10000, SIZE = 1000 };

static int make(const char *path)
{
    char text[SIZE];
    memset(text, 'x', sizeof text);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    int ok = fd >= 0 && write(fd, text, sizeof text) == SIZE;
    return fd >= 0 && !close(fd) && ok;
}

static int take(const char *path)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st))
        return 0;
    char *text = malloc((size_t)st.st_size + 1);
    ssize_t n = read(fd, text, (size_t)st.st_size + 1), end = read(fd, text + n, 1);
    close(fd);
    free(text);
    return n == SIZE && !end;
}

static int each(const char *folder, int (*fn)(const char *path))
{
    char path[4096];
    for (int i = 1; i <= COUNT; i++) {
        snprintf(path, sizeof path, "%s/%d", folder, i);
        if (!fn(path))
            return 0;
    }
    return 1;
}

int main(int argc, char **argv)
{
    uint64_t best = UINT64_MAX;
    if (argc < 2)
        return 2;
    mkdir(argv[1], 0777);
    if (!each(argv[1], make))
        return 1;
    for (int round = 0; round < 5; round++) {
        uint64_t started = uv_hrtime();
        if (!each(argv[1], take))
            return 1;
        uint64_t took = uv_hrtime() - started;
        best = took < best ? took : best;
    }
    printf("{\"total_ms\": %.1f}\n", (double)best / 1e6);
    return 0;
}
