/* path.c: paths in permissions, and opening a file beneath a granted folder.
 *
 * A grant holds a descriptor of the deepest folder its path had when the runtime was opened
 * (`base`), and the real path of it all (`real`): a granted file, or a folder that is still to be
 * made, lies below the base by name. A path that a script passes is made absolute by text, so ".."
 * never leaves what it appears to be in, and is looked for in the grants by its text or its real
 * path.
 *
 * It is then opened one name after the other, from the base, never following a link: so whatever is
 * renamed or replaced meanwhile, what is opened lies beneath the grant. A link is read, put into
 * the path, and the search for a grant begins again: it may lead wherever the script may go by
 * itself. The links of /proc are texts like others here. Where the kernel can do all that in one
 * call (openat2), it is asked first; what it refuses goes the long way.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "permit.h"

enum { MAX_LINKS = 40, FOLLOW = -30000 /* no status: there was a link */ };

/* ---- Texts ---- */

/* Append the names of `path` to out, of which n bytes are there. */
static int add_names(const char *path, char *out, size_t n, size_t size)
{
    while (*path) {
        size_t length = strcspn(path, "/");
        if (length == 2 && !memcmp(path, "..", 2)) {
            while (n && out[--n] != '/')
                ;
        } else if (length && !(length == 1 && *path == '.')) {
            if (n + length + 2 > size)
                return UV_ENAMETOOLONG;
            out[n++] = '/';
            memcpy(out + n, path, length);
            n += length;
        }
        path += length;
        path += strspn(path, "/");
    }
    if (!n)
        out[n++] = '/';
    out[n] = '\0';
    return 0;
}

int neap_path_absolute(const char *path, char *out, size_t size)
{
    if (!*path)
        return UV_ENOENT;
    if (*path == '/')
        return add_names(path, out, 0, size);
    if (!getcwd(out, size))
        return -errno;
    return add_names(path, out, out[1] ? strlen(out) : 0, size);
}

static bool lies_in(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    return n == 1 || (!strncmp(path, folder, n) && (!path[n] || path[n] == '/'));
}

/* ---- Grants ---- */

static int open_folder(const char *path)
{
    int fd = open(path, NEAP_O_SEARCH | O_NOFOLLOW | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* Names are taken off the end until what is left is a folder; they come after its real path. */
int neap_path_grant(const char *text, char *real, size_t size, size_t *base)
{
    char head[PATH_MAX], found[PATH_MAX];
    size_t n = strlen(text);
    if (n >= sizeof head)
        return UV_ENAMETOOLONG;
    memcpy(head, text, n + 1);
    for (;;) {
        int fd = realpath(head, found) ? open_folder(found) : -1;
        if (fd >= 0) {
            *base = found[1] ? strlen(found) : 0;
            memcpy(real, found, *base);
            if (!add_names(text + n, real, *base, size))
                return fd;
            close(fd);
            return UV_ENAMETOOLONG;
        }
        if (n <= 1)
            return UV_EACCES;
        while (head[--n] != '/')
            ;
        head[n ? n : 1] = '\0';
    }
}

int neap_path_real(const char *text, char *real)
{
    char folder[PATH_MAX];
    const char *name = strrchr(text, '/');
    size_t n = (size_t)(name - text);
    if (realpath(text, real))
        return 0;
    snprintf(folder, sizeof folder, "%.*s", n ? (int)n : 1, text);
    if (errno != ENOENT || !realpath(folder, real))
        return -errno;
    n = real[1] ? strlen(real) : 0;
    if (n + strlen(name) >= PATH_MAX)
        return UV_ENAMETOOLONG;
    strcpy(real + n, name);
    return 0;
}

int neap_path_real_grant(const char *text, char *real, size_t size)
{
    size_t base;
    if (realpath(text, real))
        return 0;
    int fd = neap_path_grant(text, real, size, &base);
    if (fd < 0)
        return fd;
    close(fd);
    return 0;
}

/* The longest grant. */
const neap_rule *neap_path_find(const neap_permissions *p, neap_verb verb, char *path, size_t size)
{
    const neap_rule *best = NULL;
    bool by_text = false;
    for (const neap_rule *r = p->rules; r; r = r->next) {
        if (r->verb != verb || r->kind != RULE_PATH)
            continue;
        bool real = lies_in(path, r->real);
        if ((real || lies_in(path, r->text)) && (!best || strlen(r->real) > strlen(best->real))) {
            best = r;
            by_text = !real;
        }
    }
    if (!best || !by_text)
        return best;
    char rest[PATH_MAX];
    size_t n = strlen(best->real);
    strcpy(rest, path + strlen(best->text));
    if (n + strlen(rest) >= size)
        return NULL;
    memcpy(path, best->real, n);
    strcpy(path + n, rest);
    return best;
}

/* The deeper of the grants that are asked for; both hold the path, so it lies in the other one. */
static const neap_rule *find_both(const neap_permissions *p, bool reads, bool writes, char *path,
                                  size_t size)
{
    const neap_rule *r = reads ? neap_path_find(p, FS_READ, path, size) : NULL;
    const neap_rule *w = writes ? neap_path_find(p, FS_WRITE, path, size) : NULL;
    if ((reads && !r) || (writes && !w) || (r && !lies_in(path, r->real)))
        return NULL;
    if (!r || !w)
        return r ? r : w;
    return strlen(r->real) > strlen(w->real) ? r : w;
}

/* ---- The walk ---- */

/* Opening a name without following it failed: is it a link, or was it one just now? For a link
 * systems say ELOOP, EMLINK or, where a folder was to be opened, ENOTDIR. */
static bool was_link(int folder, const char *name, int err)
{
    struct stat st;
    if (err == UV_EEXIST || fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW))
        return false;
    return S_ISLNK(st.st_mode) || err == UV_ELOOP || (err == UV_ENOTDIR && S_ISDIR(st.st_mode));
}

/* A descriptor, FOLLOW (nothing is open) or a status. */
static int open_name(int folder, const char *name, int flags, int mode)
{
    struct stat st;
    int fd = openat(folder, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
    if (flags & O_NOFOLLOW)
        return fd < 0 ? -errno : fd;
    if (fd < 0) {
        int err = -errno;
        return was_link(folder, name, err) ? FOLLOW : err;
    }
    if (!(flags & NEAP_O_PATH) || fstat(fd, &st) || !S_ISLNK(st.st_mode))
        return fd;
    close(fd); /* O_PATH opens a link itself */
    return FOLLOW;
}

/* path[start ... end) is the name of a link in `folder`: put where it points in its place. */
static int follow(int folder, char *path, size_t size, size_t start, size_t end)
{
    char name[NAME_MAX + 1], target[PATH_MAX], whole[3 * PATH_MAX];
    memcpy(name, path + start, end - start);
    name[end - start] = '\0';
    ssize_t n = readlinkat(folder, name, target, sizeof target - 1);
    if (n < 0)
        return errno == EINVAL ? FOLLOW : -errno; /* no link any more: try again */
    target[n] = '\0';
    int head = *target == '/' ? 0 : (int)start;
    snprintf(whole, sizeof whole, "%.*s%s%s", head, path, target, path + end);
    int err = add_names(whole, path, 0, size);
    return err ? err : FOLLOW;
}

/* Open `path` from the grant's base on. FOLLOW: it held a link and was changed; look for a grant
 * again. */
static int walk(const neap_rule *rule, char *path, size_t size, int flags, int mode)
{
    int folder = rule->folder, fd;
    size_t start = rule->base, end;
    for (;; folder = fd, start = end) {
        char name[NAME_MAX + 1] = ".";
        start += strspn(path + start, "/");
        end = start + strcspn(path + start, "/");
        bool last = !path[end];
        if (end - start > NAME_MAX) {
            fd = UV_ENAMETOOLONG;
        } else {
            if (end > start) {
                memcpy(name, path + start, end - start);
                name[end - start] = '\0';
            }
            fd = open_name(folder, name, last ? flags : NEAP_O_SEARCH, mode);
        }
        if (fd == FOLLOW)
            fd = follow(folder, path, size, start, end);
        if (folder != rule->folder)
            close(folder);
        if (fd < 0 || last)
            return fd;
    }
}

/* Where the base is the grant itself the kernel may do it alone. */
static int open_fast(const neap_rule *rule, const char *path, int flags, int mode)
{
    const char *below = rule->real + rule->base; /* "/" when the base is the root */
    if (below[0] && below[1])
        return UV_ENOSYS;
    const char *rest = path + rule->base + strspn(path + rule->base, "/");
    return neap_os_open_beneath(rule->folder, *rest ? rest : ".", flags, mode);
}

static bool goes_the_long_way(int status)
{
    switch (status) {
    case UV_ENOSYS:
    case UV_EPERM: /* some sandboxes answer so for calls they do not know */
    case UV_EXDEV: /* a link that is absolute, or leaves */
    case UV_ELOOP:
    case UV_EAGAIN: /* something was renamed meanwhile */ return true;
    }
    return false;
}

/* "a/", "a/." */
static bool means_folder(const char *path)
{
    size_t n = strlen(path);
    if (n && path[n - 1] == '.')
        n--;
    return n && path[n - 1] == '/';
}

int neap_path_open(const neap_permissions *p, const char *given, bool reads, bool writes, int flags,
                   int mode)
{
    char path[PATH_MAX];
    bool folder = means_folder(given), makes = flags & O_CREAT;
    int fd = neap_path_absolute(given, path, sizeof path);
    if (fd < 0)
        return fd;
    if (folder) /* a link at its end is followed */
        flags = (flags & ~O_NOFOLLOW) | O_DIRECTORY;
    for (int links = 0; links <= MAX_LINKS; links++) {
        const neap_rule *rule = find_both(p, reads, writes, path, sizeof path);
        if (!rule)
            return NEAP_EPERMISSION;
        if (folder && makes)
            return UV_EISDIR; /* as Linux has it: no file is made so */
        fd = open_fast(rule, path, flags, mode);
        if (fd < 0 && goes_the_long_way(fd))
            fd = walk(rule, path, sizeof path, flags, mode);
        if (fd != FOLLOW)
            return fd;
    }
    return UV_ELOOP;
}
