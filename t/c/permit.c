/* permit.c -- permissions: what each rule lets through, and that no path leaves its grant.
 *
 *   permit        with openat2, where the kernel has it
 *   permit walk   without it, as on other systems: a seccomp filter says ENOSYS */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "host.h"
#include "tap.h"

static neap_runtime root, child = {.parent = &root};

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

/* ---- Strings ---- */

static void test_parsing(void)
{
    static const char *const wrong[] = {
        "",
        "fly",
        "fs.read2 /tmp",
        "net.connect host:port",
        "net.connect host:99999",
        "net.connect [::1",
        "net.connect ::1/129",
        "net.connect 10.0.0.0/33",
        "net.connect a b",
        "net.connect :80",
        "net.connect host:",
        "net.connect host:90-80",
        "net.connect *.",
        "dns example.com:53",
        "dns 10.0.0.1",
        "net.connect ex*mple.com:80",
        "net.connect example.com/8",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        neap_permissions *p = NULL;
        const char *bad = NULL;
        int err = neap_permissions_parse(
            &root, (const char *const[]){"fs.read /tmp", wrong[i], "env HOME", NULL}, &p, &bad);
        ok(err == UV_EINVAL && bad == wrong[i] && !p, "refuses the string \"%s\"", wrong[i]);
        neap_permissions_free(&root, p);
    }
    is((long long)root.memory, 0, "and has given its memory back");
}

static bool may(const char *verb, const char *target)
{
    return neap_permit(&root, verb, target, strlen(target)) == 0;
}

typedef struct {
    const char *rule, *verb, *target;
    bool expected;
} question;

static void ask(const question *q)
{
    GRANT(&root, q->rule);
    ok(may(q->verb, q->target) == q->expected, "%s %s %s %s", q->rule,
       q->expected ? "permits" : "refuses", q->verb, q->target);
}

static void test_names(void)
{
    static const question questions[] = {
        {"net.connect example.com:443", "net.connect", "example.com:443", true},
        {"net.connect example.com:443", "net.connect", "EXAMPLE.com.:443", true},
        {"net.connect example.com:443", "net.connect", "example.com:80", false},
        {"net.connect example.com:443", "net.connect", "example.com", false},
        {"net.connect example.com:443", "net.connect", "www.example.com:443", false},
        {"net.connect example.com:443", "net.connect", "93.184.216.34:443", false},
        {"net.connect example.com:443", "net.listen", "example.com:443", false},
        {"net.connect example.com:443", "dns", "example.com", true},
        {"net.connect example.com:443", "dns", "example.org", false},
        {"net.connect example.com", "net.connect", "example.com:9", true},
        {"net.connect *.example.com:443", "net.connect", "a.b.example.com:443", true},
        {"net.connect *.example.com:443", "net.connect", "example.com:443", false},
        {"net.connect *.example.com:443", "net.connect", "badexample.com:443", false},
        {"net.connect *:443", "net.connect", "example.com:443", true},
        {"net.connect 443", "net.connect", "example.com:443", true},
        {"net.connect *:443", "net.connect", "example.com:80", false},
        {"net.connect *:443", "net.connect", "1.1.1.1:443", true},
        {"net.connect *:443", "net.connect", "127.0.0.1:443", false},
        {"net.connect *:443", "net.connect", "[::1]:443", false},
        {"net.connect *:443", "net.connect", "[::ffff:10.0.0.1]:443", false},
        {"net.connect *:443", "net.connect", "/run/docker.sock", false},
        {"net.connect host:8000-8010", "net.connect", "host:8005", true},
        {"net.connect host:8000-8010", "net.connect", "host:8011", false},
        {"net.connect 10.0.0.0/8:5432", "net.connect", "10.9.8.7:5432", true},
        {"net.connect 10.0.0.0/8:5432", "net.connect", "11.9.8.7:5432", false},
        {"net.connect 10.0.0.0/8:5432", "net.connect", "db.internal:5432", false},
        {"net.connect [fd00::/8]:53", "net.connect", "[fd12::1]:53", true},
        {"net.connect [fd00::/8]:53", "net.connect", "[fe80::1]:53", false},
        {"net.connect ::1", "net.connect", "[::1]:80", true},
        {"net.connect 127.0.0.1:80", "net.connect", "localhost:80", true},
        {"net.connect localhost:80", "net.connect", "127.0.0.1:80", true},
        {"net.connect localhost:80", "net.connect", "10.0.0.1:80", false},
        {"net.connect", "net.connect", "127.0.0.1:22", true},
        {"net.connect /run/app.sock", "net.connect", "/run/./x/../app.sock", true},
        {"net.connect /run/app.sock", "net.connect", "/run/docker.sock", false},
        {"net.listen *:8080", "net.listen", "127.0.0.1:8080", true},
        {"net.listen 8080", "net.listen", "0.0.0.0:8080", true},
        {"net.listen localhost:8080", "net.listen", "0.0.0.0:8080", false},
        {"net.listen localhost", "net.listen", "[::1]:1", true},
        {"dns *.example.com", "dns", "a.example.com", true},
        {"dns *.example.com", "dns", "a.example.org", false},
        {"env HOME", "env", "HOME", true},
        {"env HOME", "env", "HOMES", false},
        {"env LC_*", "env", "LC_ALL", true},
        {"env LC_*", "env", "LANG", false},
        {"env", "env", "ANY", true},
        {"run /usr/bin/git", "run", "/usr/bin/../bin/git", true},
        {"run /usr/bin/git", "run", "git", false},
        {"run git", "run", "git", true},
        {"run git", "run", "./git", false},
        {"fs.read /tmp", "fs.read", "/tmp/a/b", true},
        {"fs.read /tmp", "fs.read", "/tmp/../etc", false},
        {"fs.read /tmp", "fs.read", "/tmpx", false},
        {"fs.read /tmp", "fs.write", "/tmp/a", false},
        {"random", "random", "", true},
        {"random", "time", "", false},
        {"random", "fly", "", false},
    };
    for (size_t i = 0; i < sizeof questions / sizeof *questions; i++)
        ask(&questions[i]);
}

/* ---- Addresses ---- */

static bool may_reach(const char *verb, const char *text, int port)
{
    struct sockaddr_in6 six = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in four = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    if (inet_pton(AF_INET6, text, &six.sin6_addr) == 1)
        return !neap_permit_address(&root, verb, (struct sockaddr *)&six);
    inet_pton(AF_INET, text, &four.sin_addr);
    return !neap_permit_address(&root, verb, (struct sockaddr *)&four);
}

static void test_addresses(void)
{
    static const char *const private[] = {
        "127.0.0.1",       "0.0.0.0",         "10.1.2.3",    "100.64.0.1",
        "169.254.169.254", "172.31.255.255",  "192.168.1.1", "198.18.0.1",
        "224.0.0.1",       "255.255.255.255", "::",          "::1",
        "fe80::1",         "fd00::1",         "ff02::1",     "::ffff:127.0.0.1",
        "64:ff9b::7f00:1", "2002:7f00:1::",   "2001::1",     "2001:db8::1",
    };
    static const char *const public[] = {
        "1.1.1.1",      "172.32.0.1",     "100.128.0.1",
        "2606:4700::1", "::ffff:8.8.8.8", "64:ff9b::808:808",
    };
    GRANT(&root, "net.connect api.example.com:443");
    for (size_t i = 0; i < sizeof private / sizeof *private; i++)
        ok(!may_reach("net.connect", private[i], 443), "a name does not reach %s", private[i]);
    for (size_t i = 0; i < sizeof public / sizeof *public; i++)
        ok(may_reach("net.connect", public[i], 443), "a name reaches %s", public[i]);
    ok(!may_reach("net.connect", "1.1.1.1", 80), "but not on another port");
    GRANT(&root, "net.connect api.example.com:443", "net.connect 10.0.0.0/8:443");
    ok(may_reach("net.connect", "10.0.0.1", 443), "with a block beside it, an address in that");
    GRANT(&root, "net.connect localhost");
    ok(may_reach("net.connect", "127.0.0.1", 80) && may_reach("net.connect", "::1", 80),
       "localhost reaches this machine");
    ok(!may_reach("net.connect", "1.1.1.1", 80), "and nothing else");
    GRANT(&root, "net.connect *:443");
    ok(!may_reach("net.connect", "192.168.0.1", 443), "any host is any public host");
    GRANT(&root, "net.connect");
    ok(may_reach("net.connect", "192.168.0.1", 443), "net.connect alone is everything");
    GRANT(&root, "net.listen *:80");
    ok(may_reach("net.listen", "127.0.0.1", 80), "to listen, any address of this machine");
    GRANT(&root, "net.connect /run/app.sock");
    struct sockaddr_un un = {.sun_family = AF_UNIX, .sun_path = "/run/app.sock"};
    ok(!neap_permit_address(&root, "net.connect", (struct sockaddr *)&un), "a socket's path");
    strcpy(un.sun_path, "/run/other.sock");
    ok(neap_permit_address(&root, "net.connect", (struct sockaddr *)&un), "and no other path");
}

static void test_child(void)
{
    const char *bad;
    neap_permissions *p;
    GRANT(&root, "fs.read /usr", "net.connect a.example:1", "env");
    GRANT(&child, "fs.read /usr/bin", "net.connect", "env HOME");
    ok(!neap_permit(&child, "net.connect", "a.example:1", 11), "a child has what both have");
    ok(neap_permit(&child, "net.connect", "b.example:1", 11), "not what its parent has not");
    ok(neap_permit(&child, "env", "PATH", 4), "not what it was not given itself");
    static const char *const more[] = {"fs.read /etc", "fs.read", "fs.write /usr/bin", "process"};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++)
        is(neap_permissions_parse(&child, (const char *const[]){more[i], NULL}, &p, &bad),
           NEAP_EPERMISSION, more[i]);
    neap_permissions_free(&child, child.permissions);
    child.permissions = NULL;
    ok(neap_permit(&child, "env", "PATH", 4) == 0 && neap_permit(&child, "time", "", 0) != 0,
       "one without rules of its own is under its parent's");
}

/* ---- Paths ---- */

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
    struct {
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

int main(int argc, char **argv)
{
    char folder[] = "/tmp/neap-permit-XXXXXX";
    if (argc > 1 && !strcmp(argv[1], "walk"))
        without_openat2();
    if (!mkdtemp(folder) || chdir(folder))
        return 1;
    int before = descriptors();
    lay_out();
    test_parsing();
    test_names();
    test_addresses();
    test_child();
    test_reading();
    test_writing();
    test_races();
    neap_permissions_free(&root, root.permissions);
    root.permissions = NULL;
    is(first_byte("out/secret"), 'S', "without permissions a runtime opens anything");
    is((long long)root.memory, 0, "all memory is given back");
    is(descriptors(), before, "and all descriptors");
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return done_testing() || system(command);
}
