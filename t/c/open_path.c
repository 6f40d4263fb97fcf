/* open_path.c -- no path leaves its grant: links, dots, and folders that are swapped meanwhile.
 * First with openat2, where the kernel has it, then without, as on other systems (a seccomp filter
 * says ENOSYS). */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "host.h"
#include "tap.h"

static neap_runtime root;

static void grant(neap_runtime *rt, const char *const *strings)
{
    const char *bad;
    neap_permissions_free(rt, rt->permissions);
    rt->permissions = NULL;
    int err = neap_permissions_parse(rt, strings, &rt->permissions, &bad);
    if (err)
        ok(false, "grants parse: %d for %s", err, bad);
}

#define GRANT(rt, ...) grant(rt, (const char *const[]){__VA_ARGS__, NULL})

/* ---- What there is ---- */

static void make(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, text, strlen(text)) < 0)
        abort();
    close(fd);
}

/* The file's first byte, or the status. */
static int first_byte(const char *path)
{
    char c;
    int fd = neap_open_path(&root, path, O_RDONLY, 0);
    if (fd < 0)
        return fd;
    ssize_t n = read(fd, &c, 1);
    close(fd);
    return n == 1 ? c : n < 0 ? -errno : 0;
}

static int opens(const char *path, int flags)
{
    int fd = neap_open_path(&root, path, flags, 0600);
    if (fd < 0)
        return fd;
    int ours = fcntl(fd, F_GETFD) & FD_CLOEXEC;
    close(fd);
    return ours ? 0 : -1000;
}

static void lay_out(void)
{
    mkdir("in", 0700);
    mkdir("in/deep", 0700);
    mkdir("out", 0700);
    mkdir("also", 0700);
    make("in/file", "i");
    make("in/deep/file", "d");
    make("out/secret", "S");
    make("also/file", "a");
    char here[PATH_MAX], text[PATH_MAX + 16];
    if (!getcwd(here, sizeof here))
        abort();
    static const struct {
        const char *from, *to;
    } links[] = {
        {"in/relative", "deep/file"},
        {"in/up", "deep/../file"},
        {"in/leave", "../out/secret"},
        {"in/folder", "../out"},
        {"in/passwd", "/etc/passwd"},
        {"in/loop", "loop"},
        {"in/self", "/proc/self/root/etc/passwd"},
        {"in/also", "../also/file"},
        {"in/dangling", "made"},
        {"in/outmade", "../out/made"},
        {"in/deeper", "deep"},
    };
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (symlink(links[i].to, links[i].from))
            abort();
    snprintf(text, sizeof text, "%s/in/file", here);
    if (symlink(text, "in/absolute"))
        abort();
}

static void test_reading(void)
{
    GRANT(&root, "fs.read in");
    is(first_byte("in/file"), 'i', "a file in the granted folder");
    is(first_byte("./in/deep/../file"), 'i', "with dots on the way");
    is(first_byte("in/relative"), 'd', "by a link within");
    is(first_byte("in/up"), 'i', "by a link within that goes up");
    is(first_byte("in/deeper/file"), 'd', "by a folder's link within");
    is(first_byte("in/absolute"), 'i', "by an absolute link that ends within");
    is(first_byte("in/nothing"), UV_ENOENT, "what is not there is ENOENT");
    is(first_byte("in/file/x"), UV_ENOTDIR, "a file is no folder");
    is(first_byte("in/loop"), UV_ELOOP, "a link to itself");
    static const char *const refused[] = {
        "out/secret",
        "in/../out/secret",
        "/etc/passwd",
        "in/leave",
        "in/folder/secret",
        "in/passwd",
        "in/self",
        "in/also",
        ".",
        "in/deep/../../out/secret",
        "/proc/self/cwd/out/secret",
        "inx",
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        is(first_byte(refused[i]), NEAP_EPERMISSION, refused[i]);
    is(first_byte(""), UV_ENOENT, "no path is ENOENT");
    GRANT(&root, "fs.read in", "fs.read also");
    is(first_byte("in/also"), 'a', "a link into another granted folder");
    is(opens("in", O_RDONLY | O_DIRECTORY), 0, "the granted folder itself");
    is(opens("in/relative", O_RDONLY | O_NOFOLLOW), UV_ELOOP, "O_NOFOLLOW is kept");
    is(opens("in/leave", O_PATH | O_NOFOLLOW), 0, "a link itself may be looked at");
    is(opens("in/leave", O_PATH), NEAP_EPERMISSION, "where it leads may not");
    is(opens("in/relative", O_PATH), 0, "unless it may");
    GRANT(&root, "fs.read in/file");
    is(first_byte("in/file"), 'i', "a granted file");
    is(first_byte("in/deep/file"), NEAP_EPERMISSION, "not its neighbour");
    GRANT(&root, "fs.read /");
    is(first_byte("in/folder/secret"), 'S', "the whole tree");
    GRANT(&root, "fs.read /new");
    is(first_byte("in/file"), NEAP_EPERMISSION, "what is not there yet, in the root");
}

static void test_writing(void)
{
    GRANT(&root, "fs.read in");
    is(opens("in/new", O_WRONLY | O_CREAT), NEAP_EPERMISSION, "fs.read does not make files");
    is(opens("in/file", O_RDONLY | O_TRUNC), NEAP_EPERMISSION, "nor empty them");
    is(opens("in/file", O_RDWR), NEAP_EPERMISSION, "nor change them");
    is(opens("out/secret", O_ACCMODE), NEAP_EPERMISSION,
       "an access mode that is none goes nowhere");
    is(opens("in", O_WRONLY | O_DIRECTORY), NEAP_EPERMISSION, "nor name what is in a folder");
    GRANT(&root, "fs.write in");
    is(opens("in/new", O_WRONLY | O_CREAT), 0, "fs.write makes files");
    is(opens("in/new", O_RDWR), NEAP_EPERMISSION, "but does not read them");
    is(opens("in", O_WRONLY | O_DIRECTORY), 0, "and names what is in a folder");
    is(opens("in/dangling", O_WRONLY | O_CREAT), 0, "a dangling link's target is made");
    ok(access("in/made", F_OK) == 0, "where it points");
    is(opens("in/outmade", O_WRONLY | O_CREAT), NEAP_EPERMISSION, "but not outside");
    ok(access("out/made", F_OK) != 0, "nothing is made there");
    is(opens("in/dangling", O_WRONLY | O_CREAT | O_EXCL), UV_EEXIST, "O_EXCL follows no link");
    GRANT(&root, "fs.write in/deep", "fs.read in");
    is(opens("in/deep/file", O_RDWR), 0, "both where both are granted");
    is(opens("in/file", O_RDWR), NEAP_EPERMISSION, "not where one is");
    GRANT(&root, "fs.write in/later/still", "fs.read");
    is(opens("in/later/still/x", O_WRONLY | O_CREAT), UV_ENOENT, "a folder still to be made");
    mkdir("in/later", 0700);
    if (symlink("../../out", "in/later/still"))
        abort();
    is(opens("in/later/still/x", O_WRONLY | O_CREAT), NEAP_EPERMISSION, "is no link when it comes");
    unlink("in/later/still");
    mkdir("in/later/still", 0700);
    is(opens("in/later/still/x", O_RDWR | O_CREAT), 0, "but a folder");
    GRANT(&root, "fs.write in/file");
    is(opens("in", O_WRONLY | O_DIRECTORY), NEAP_EPERMISSION, "a granted file is not its folder");
    is(opens("in/file", O_WRONLY), 0, "it is written itself");
}

/* A thread swaps what in/race is, as fast as it can; whatever is opened by way of it is granted. */
static atomic_bool stop;

static void *swap(void *unused)
{
    (void)unused;
    while (!atomic_load(&stop)) {
        syscall(SYS_renameat2, AT_FDCWD, "in/race", AT_FDCWD, "in/trap", 2 /* RENAME_EXCHANGE */);
        rename("in/deep/away", "out/away"); /* one that is being walked leaves the grant */
        rename("out/away", "in/deep/away");
    }
    return NULL;
}

static void test_races(void)
{
    enum { TRIES = 60000 };
    pthread_t thread;
    atomic_store(&stop, false);
    int granted = 0, refused = 0, leaked = 0, other = 0;
    GRANT(&root, "fs.read in");
    mkdir("in/race", 0700);
    make("in/race/secret", "r");
    if (symlink("../out", "in/trap") || mkdir("in/deep/away", 0700) ||
        symlink("../..", "in/deep/away/up"))
        abort();
    pthread_create(&thread, NULL, swap, NULL);
    for (int i = 0; i < TRIES || !granted || !refused; i++) {
        static const char *const paths[] = {"in/race/secret", "in/trap/secret",
                                            "in/deep/away/up/race/secret"};
        int c = first_byte(paths[i % 3]);
        granted += c == 'r';
        refused += c == NEAP_EPERMISSION;
        leaked += c == 'S';
        if (c != 'r' && c != 'S' && c != NEAP_EPERMISSION && c != UV_ENOENT && !other++)
            printf("# status %d\n", c);
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    is(leaked, 0, "while folders are swapped for links, nothing outside is ever opened");
    ok(granted > 0 && refused > 0 && !other, "%d opened, %d refused", granted, refused);
}

static int descriptors(void)
{
    int n = 0;
    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static void without_openat2(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat2, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, 2, &program))
        printf("Bail out! no seccomp\n"), exit(1);
}

static void test_all(void)
{
    char folder[] = "/tmp/neap-open-XXXXXX", command[64];
    int before = descriptors();
    if (!mkdtemp(folder) || chdir(folder))
        abort();
    lay_out();
    test_reading();
    test_writing();
    test_races();
    neap_permissions_free(&root, root.permissions);
    root.permissions = NULL;
    is(first_byte("out/secret"), 'S', "without permissions a runtime opens anything");
    is((long long)root.memory, 0, "all memory is given back");
    is(descriptors(), before, "and all descriptors");
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command))
        abort();
}

int main(void)
{
    test_all();
    without_openat2();
    puts("# without openat2");
    test_all();
    return done_testing();
}
