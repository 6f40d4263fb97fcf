/* permit.c -- permissions by name and address: what each rule lets through and what it does not. */
#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/stat.h>
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
        {"system", "system", "cpus", true},
        {"system cpus", "system", "cpus", true},
        {"system cpus", "system", "memory", false},
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
    strcpy(un.sun_path, "localhost");
    GRANT(&root, "net.connect localhost");
    ok(neap_permit_address(&root, "net.connect", (struct sockaddr *)&un),
       "which is no host's name");
    GRANT(&root, "net.connect /run/app.sock");
    strcpy(un.sun_path, "/run/other.sock");
    ok(neap_permit_address(&root, "net.connect", (struct sockaddr *)&un), "and no other path");
}

static int may_use(const char *path, char *out)
{
    return neap_permit_file(&root, "native", path, out, PATH_MAX);
}

/* A library or a socket: what it is called leads where it led when it was granted. */
static void test_files(void)
{
    char folder[] = "/tmp/neap-permit-XXXXXX", used[PATH_MAX], real[PATH_MAX];
    if (!mkdtemp(folder) || !realpath(folder, real) || chdir(real) || mkdir("a", 0700) ||
        mkdir("b", 0700) || symlink("a", "to") || close(creat("a/x", 0600)) ||
        close(creat("b/x", 0600)))
        abort();
    GRANT(&root, "native to/x", "native ./new", "native later/x");
    ok(!may_use("to/x", used) && strstr(used, "/a/x"), "a link is gone from what it is called");
    ok(!may_use("b/../to/./x", used), "its path is compared by text");
    is(may_use("a/x", used), NEAP_EPERMISSION, "not its real path");
    is(may_use("b/x", used), NEAP_EPERMISSION, "nor another");
    ok(!may_use("new", used), "a bare name is a path");
    is(may_use("later/x", used), NEAP_EPERMISSION, "what is in no folder cannot be used");
    if (unlink("to") || symlink("b", "to") || symlink("b/x", "new") || mkdir("later", 0700))
        abort();
    is(may_use("to/x", used), NEAP_EPERMISSION, "a link that leads elsewhere now");
    is(may_use("new", used), NEAP_EPERMISSION, "one that was not there when it was granted");
    ok(!may_use("later/x", used), "a folder that was not there either may be made");
    GRANT(&root, "native");
    ok(!may_use("to/../x", used) && !strcmp(used, "to/../x"), "all of it: as it is");
    snprintf(used, sizeof used, "rm -rf %s", folder);
    if (chdir("/") || system(used))
        abort();
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

int main(void)
{
    test_parsing();
    test_names();
    test_addresses();
    test_files();
    test_child();
    neap_permissions_free(&root, root.permissions);
    is((long long)root.memory, 0, "all memory is given back");
    return done_testing();
}
