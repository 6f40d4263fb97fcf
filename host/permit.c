/* permit.c: what a runtime may do; "verb target" strings, parsed once and asked before each effect.
 *
 *   neap_permissions_parse   strings -> rules, or the string that is wrong
 *   neap_permit              may it do this, by name
 *   neap_permit_address      may it reach this address, after DNS
 *   neap_permit_file         may it use this library or socket, and by what path
 *   neap_open_path           open(2) for a runtime: checked and opened in one, on any thread
 *
 * A verb without a target means all of it. What a child may do is what its own rules and those of
 * each restricted runtime above it allow; folders, which are opened by the child's rules alone, are
 * checked against the parent's when they are granted. A restricted runtime has what is granted and
 * nothing else; an unrestricted one (rt->permissions is NULL) everything.
 *
 *   net.connect, net.listen   a host, address, block or socket path, with ports: permit_net.c; a socket
 *              has to lead where it led when it was granted, as has a library of native
 *   dns        a host; net.connect grants for a host let it be looked up too
 *   fs.read, fs.write         a file or a folder with all in it: path.c
 *   run, native               a program or library: its path as it is called, or a bare name
 *   env        a name; "LC_*" names that begin so
 *   process, time, random, system     no target, or a word that an extension asks about
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "permit.h"

static const char *const verbs[VERBS] = {
    [NET_CONNECT] = "net.connect",
    [NET_LISTEN] = "net.listen",
    [FS_READ] = "fs.read",
    [FS_WRITE] = "fs.write",
    [RUN] = "run",
    [ENV] = "env",
    [PROCESS] = "process",
    [NATIVE] = "native",
    [DNS] = "dns",
    [TIME] = "time",
    [RANDOM] = "random",
    [SYSTEM] = "system",
};

static neap_verb find_verb(const char *name, size_t length)
{
    int i = 0;
    while (i < VERBS && (strlen(verbs[i]) != length || memcmp(verbs[i], name, length)))
        i++;
    return (neap_verb)i;
}

/* What is wrong with a permission that could not be parsed. */
int neap_permission_refuse(neap_error *error, const char *bad)
{
    char all[200] = "";
    size_t length = strcspn(bad, " \t"), n = 0;
    if (find_verb(bad, length) != VERBS)
        return neap_error_set(error, UV_EINVAL, "no such target: permission \"%s\"", bad);
    for (int i = 0; i < VERBS && n < sizeof all; i++)
        n += (size_t)snprintf(all + n, sizeof all - n, "%s%s", i ? ", " : "", verbs[i]);
    return neap_error_set(error, UV_EINVAL, "no such permission: \"%s\" (the verbs are %s)", bad,
                          all);
}

/* What permissions a runtime is under; NULL: none, it may do everything. */
static neap_runtime *restricted(neap_runtime *rt)
{
    while (rt && !rt->permissions)
        rt = rt->parent;
    return rt;
}

/* ---- Parsing ---- */

typedef struct {
    neap_rule head;
    char text[PATH_MAX], real[PATH_MAX];
} draft;

static bool is_net(neap_verb verb)
{
    return verb == NET_CONNECT || verb == NET_LISTEN || verb == DNS;
}

static bool is_fs(neap_verb verb)
{
    return verb == FS_READ || verb == FS_WRITE;
}

/* The target of run and native: a path is made absolute, a bare name stays. */
static int plain_target(neap_verb verb, const char *target, char *out, size_t size)
{
    bool path = (verb == RUN || verb == NATIVE) && strchr(target, '/');
    if (path)
        return neap_path_absolute(target, out, size);
    if (strlen(target) >= size)
        return UV_ENAMETOOLONG;
    strcpy(out, target);
    return 0;
}

static int draft_host(draft *d, const char *target)
{
    neap_host h;
    int err = neap_host_parse(&h, target, strlen(target));
    if (err || (d->head.verb == DNS && (h.kind == RULE_ADDRESS || h.high - h.low != 65535)))
        return UV_EINVAL;
    d->head.kind = h.kind;
    d->head.low = h.low;
    d->head.high = h.high;
    d->head.bits = h.bits;
    memcpy(d->head.address, h.address, sizeof h.address);
    strcpy(d->text, h.host);
    return *h.host == '/' ? neap_path_real_grant(h.host, d->real, sizeof d->real) : 0;
}

static int draft_path(draft *d, const char *target)
{
    d->head.kind = RULE_PATH;
    int err = neap_path_absolute(target, d->text, sizeof d->text);
    if (!err)
        err = neap_path_grant(d->text, d->real, sizeof d->real, &d->head.base);
    if (err < 0)
        return err;
    d->head.folder = err;
    return 0;
}

static int draft_text(draft *d, const char *target)
{
    d->head.kind = RULE_TEXT;
    int err = plain_target(d->head.verb, target, d->text, sizeof d->text);
    size_t n = strlen(d->text);
    if (!err && d->head.verb == ENV && d->text[n - 1] == '*') {
        d->head.kind = RULE_PREFIX;
        d->text[n - 1] = '\0';
    }
    if (!err && d->head.verb == NATIVE && *d->text == '/')
        err = neap_path_real_grant(d->text, d->real, sizeof d->real);
    return err;
}

static int parse_one(draft *d, const char *text)
{
    size_t n = strcspn(text, " \t");
    const char *target = text + n + strspn(text + n, " \t");
    memset(&d->head, 0, sizeof d->head);
    d->text[0] = d->real[0] = '\0';
    d->head.folder = -1;
    d->head.kind = RULE_ALL;
    d->head.verb = find_verb(text, n);
    if (d->head.verb == VERBS)
        return UV_EINVAL;
    if (!*target)
        return 0;
    if (is_net(d->head.verb))
        return draft_host(d, target);
    return is_fs(d->head.verb) ? draft_path(d, target) : draft_text(d, target);
}

static bool permits_all(const neap_permissions *p, neap_verb verb)
{
    for (const neap_rule *r = p->rules; r; r = r->next)
        if (r->verb == verb && r->kind == RULE_ALL)
            return true;
    return false;
}

/* A child is never granted what its parent has not, nor what is the whole process's. */
static int check_parent(neap_runtime *rt, draft *d)
{
    if (!rt->parent)
        return 0;
    if (d->head.verb == PROCESS)
        return NEAP_EPERMISSION;
    neap_runtime *above = restricted(rt->parent);
    if (!above || !is_fs(d->head.verb) || permits_all(above->permissions, d->head.verb))
        return 0;
    if (d->head.kind != RULE_PATH)
        return NEAP_EPERMISSION;
    const neap_rule *r = neap_path_find(above->permissions, d->head.verb, d->real, sizeof d->real);
    return r ? 0 : NEAP_EPERMISSION;
}

static int keep(neap_runtime *rt, neap_permissions *p, const draft *d)
{
    size_t n = strlen(d->text) + 1, m = strlen(d->real) + 1, size = sizeof(neap_rule) + n + m;
    neap_rule *rule = neap_mem(rt, NULL, 0, size);
    if (!rule)
        return UV_ENOMEM;
    *rule = d->head;
    rule->size = size;
    char *texts = (char *)(rule + 1);
    rule->text = memcpy(texts, d->text, n);
    rule->real = memcpy(texts + n, d->real, m);
    rule->next = p->rules;
    p->rules = rule;
    return 0;
}

/* `strings` ends in NULL. 0, or a status with *bad the string that is wrong: EINVAL, EPERMISSION
 * when a parent has not got it, or why its path cannot be looked at. */
int neap_permissions_parse(neap_runtime *rt, const char *const *strings, neap_permissions **out,
                           const char **bad)
{
    neap_permissions *p = neap_mem(rt, NULL, 0, sizeof *p);
    int err = p ? 0 : UV_ENOMEM;
    if (p)
        p->rules = NULL;
    *bad = NULL;
    for (; !err && *strings; strings++) {
        draft d;
        *bad = *strings;
        err = parse_one(&d, *strings);
        if (!err)
            err = check_parent(rt, &d);
        if (!err)
            err = keep(rt, p, &d);
        if (err && d.head.folder >= 0)
            close(d.head.folder);
    }
    *out = p;
    if (err) {
        neap_permissions_free(rt, p);
        *out = NULL;
    }
    return err;
}

void neap_permissions_free(neap_runtime *rt, neap_permissions *p)
{
    while (p && p->rules) {
        neap_rule *rule = p->rules;
        p->rules = rule->next;
        if (rule->folder >= 0)
            close(rule->folder);
        neap_mem(rt, rule, rule->size, 0);
    }
    if (p)
        neap_mem(rt, p, sizeof *p, 0);
}

/* ---- Questions ---- */

static bool permits_host(const neap_permissions *p, neap_verb verb, const char *text, size_t length)
{
    neap_host asked;
    if (neap_host_parse(&asked, text, length))
        return false;
    for (const neap_rule *r = p->rules; r; r = r->next) {
        bool looks_up = verb == DNS && r->verb == NET_CONNECT;
        if (r->verb != verb && !looks_up)
            continue;
        if (verb == DNS) { /* has no ports */
            asked.low = r->low;
            asked.high = r->high;
        }
        if (r->kind == RULE_ALL || neap_rule_has_host(r, &asked))
            return true;
    }
    return false;
}

static bool permits_text(const neap_permissions *p, neap_verb verb, const char *target)
{
    char text[PATH_MAX];
    if (plain_target(verb, target, text, sizeof text))
        return false;
    for (const neap_rule *r = p->rules; r; r = r->next)
        if (r->verb == verb && (r->kind == RULE_PREFIX ? !strncmp(r->text, text, strlen(r->text))
                                                       : !strcmp(r->text, text)))
            return true;
    return false;
}

static bool permits(const neap_permissions *p, neap_verb verb, const char *text, size_t length)
{
    char target[PATH_MAX], path[PATH_MAX];
    if (permits_all(p, verb))
        return true;
    if (!length || length >= sizeof target || memchr(text, '\0', length))
        return false;
    if (is_net(verb))
        return permits_host(p, verb, text, length);
    memcpy(target, text, length);
    target[length] = '\0';
    if (!is_fs(verb))
        return permits_text(p, verb, target);
    return !neap_path_absolute(target, path, sizeof path) &&
           neap_path_find(p, verb, path, sizeof path);
}

/* For fs this speaks of the path's text alone: what is opened by it goes through neap_open_path. */
int neap_permit(neap_runtime *rt, const char *name, const char *target, size_t length)
{
    neap_verb verb = find_verb(name, strlen(name));
    while ((rt = restricted(rt))) {
        if (verb == VERBS || !permits(rt->permissions, verb, target, length))
            return NEAP_EPERMISSION;
        rt = rt->parent;
    }
    return 0;
}

static bool permits_address(const neap_permissions *p, neap_verb verb,
                            const struct sockaddr *address)
{
    for (const neap_rule *r = p->rules; r; r = r->next)
        if (r->verb == verb && (r->kind == RULE_ALL || neap_rule_has_address(r, address)))
            return true;
    return false;
}

int neap_permit_address(neap_runtime *rt, const char *name, const struct sockaddr *address)
{
    neap_verb verb = find_verb(name, strlen(name));
    while ((rt = restricted(rt))) {
        if (!permits_address(rt->permissions, verb, address))
            return NEAP_EPERMISSION;
        rt = rt->parent;
    }
    return 0;
}

static bool permits_file(const neap_permissions *p, neap_verb verb, const char *text,
                         const char *real)
{
    for (const neap_rule *r = p->rules; r; r = r->next)
        if (r->verb == verb && !strcmp(r->text, text) && !strcmp(r->real, real))
            return true;
    return false;
}

/* May it load the library, or connect to or make the socket, that `path` names? Only the granted one:
 * the same path by its text, which leads where it led when it was granted. Then `out` is what to call
 * it by: no link is on that path, and what was judged is what is used. */
int neap_permit_file(neap_runtime *rt, const char *name, const char *path, char *out, size_t size)
{
    char text[PATH_MAX], real[PATH_MAX];
    neap_verb verb = find_verb(name, strlen(name));
    const char *use = path;
    for (rt = restricted(rt); rt; rt = restricted(rt->parent)) {
        if (permits_all(rt->permissions, verb))
            continue;
        if (use == path &&
            (neap_path_absolute(path, text, sizeof text) || neap_path_real(text, real)))
            return NEAP_EPERMISSION;
        if (!permits_file(rt->permissions, verb, text, real))
            return NEAP_EPERMISSION;
        use = real;
    }
    if (strlen(use) >= size)
        return UV_ENAMETOOLONG;
    strcpy(out, use);
    return 0;
}

/* As open(2), with O_CLOEXEC: a descriptor or a status. Needs fs.read, fs.write or both, as the
 * access mode says; O_CREAT and O_TRUNC need fs.write. With O_DIRECTORY (or O_PATH) the access mode
 * says only what is to be done there: O_WRONLY gives a descriptor for mkdirat, unlinkat and their
 * like. */
int neap_open_path(neap_runtime *rt, const char *path, int flags, int mode)
{
    int access = flags & O_ACCMODE;
    bool writes = access != O_RDONLY || flags & (O_CREAT | O_TRUNC);
    bool reads = access != O_WRONLY; /* a fourth mode, which Linux has, is as both */
    if (flags & O_DIRECTORY && access != O_RDONLY)
        flags = NEAP_O_SEARCH | (flags & O_NOFOLLOW);
    if (flags & NEAP_O_PATH) /* openat2 takes nothing else beside it */
        flags &= NEAP_O_PATH | O_DIRECTORY | O_NOFOLLOW;
    rt = restricted(rt);
    if (rt) {
        reads = reads && !permits_all(rt->permissions, FS_READ);
        writes = writes && !permits_all(rt->permissions, FS_WRITE);
    }
    if (rt && (reads || writes))
        return neap_path_open(rt->permissions, path, reads, writes, flags, mode);
    int fd;
    do
        fd = open(path, flags | O_CLOEXEC, mode);
    while (fd < 0 && errno == EINTR);
    return fd < 0 ? -errno : fd;
}
