/* permit.h -- what the files of permissions share: rules, one a granted string.
 *
 * permit.c      verbs, parsing, and the questions the rest of host/ asks
 * permit_net.c  hosts and addresses
 * path.c        paths: opening beneath a granted folder, without a race
 *
 * Rules are made when a runtime is opened and never change, so that pool threads read them without
 * a lock. Failures are negative statuses. */
#ifndef NEAP_HOST_PERMIT_H
#define NEAP_HOST_PERMIT_H

#include "host.h"
#include "os/path.h"

typedef enum {
    NET_CONNECT,
    NET_LISTEN,
    FS_READ,
    FS_WRITE,
    RUN,
    ENV,
    PROCESS,
    NATIVE,
    DNS,
    TIME,
    RANDOM,
    SYSTEM,
    VERBS,
} neap_verb;

typedef enum {
    RULE_ALL,     /* no target */
    RULE_ANY,     /* net, dns: any host */
    RULE_NAME,    /* net, dns: this host */
    RULE_DOMAIN,  /* net, dns: hosts below this one */
    RULE_ADDRESS, /* net: addresses in a block */
    RULE_PATH,    /* fs: this file or folder */
    RULE_TEXT,    /* others: this text */
    RULE_PREFIX,  /* env: names that begin so */
} neap_rule_kind;

typedef struct neap_rule {
    struct neap_rule *next;
    size_t size; /* of this block */
    neap_verb verb;
    neap_rule_kind kind;
    unsigned low, high;        /* net: ports */
    unsigned char address[16]; /* net: IPv4 as ::ffff:0:0/96 */
    unsigned bits;
    int folder;       /* fs: O_PATH descriptor of the deepest folder there was; or -1 */
    size_t base;      /* fs: length of that folder's path, which `real` begins with */
    const char *real; /* of a path: the real one, when it was granted */
    const char *text; /* host; name; fs: the path as it was granted, made absolute */
} neap_rule;

struct neap_permissions {
    neap_rule *rules;
};

/* A target of net.* or dns, of a rule or of a question. */
typedef struct {
    neap_rule_kind kind;
    unsigned low, high; /* ports: 0 and 65535 when none is said */
    unsigned char address[16];
    unsigned bits;
    char host[256]; /* lower case, without the final dot; a path of a socket begins with / or @ */
} neap_host;

/* "host", "host:port", "*:443", "443", "*.example.com:80-90", "10.0.0.0/8", "[fd00::/8]:53", "::1",
 * "/run/app.sock". 0 or UV_EINVAL. */
int neap_host_parse(neap_host *host, const char *text, size_t length);
bool neap_rule_has_host(const neap_rule *rule, const neap_host *asked);
bool neap_rule_has_address(const neap_rule *rule, const struct sockaddr *address);

/* Absolute; "." and ".." taken out by text; no slash at the end. 0 or a status. */
int neap_path_absolute(const char *path, char *out, size_t size);

/* Where a granted path leads to now: `real` gets its real path as far as there is one, *base the
 * length of the deepest folder in it; returns that folder's descriptor, or a status. */
int neap_path_grant(const char *text, char *real, size_t size, size_t *base);

/* A file that is granted by itself (a library, a socket): its real path now, with a last name that need
 * not be there; when it is granted, the folders need not be there either. 0 or a status. */
int neap_path_real(const char *text, char *real);
int neap_path_real_grant(const char *text, char *real, size_t size);

/* The rule of `verb` that a path lies in, or NULL; `path` is rewritten to lie in its real path. */
const neap_rule *neap_path_find(const neap_permissions *p, neap_verb verb, char *path, size_t size);
int neap_path_open(const neap_permissions *p, const char *path, bool reads, bool writes, int flags,
                   int mode);

#endif
