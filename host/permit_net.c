/* permit_net.c: hosts and addresses in permissions.
 *
 * A connection is asked about twice: by name, before DNS (neap_permit), and by address, after it
 * (neap_permit_address). Who controls a name controls where it points, so a rule with a name lets
 * through public addresses only (DNS rebinding): an address of this machine or of a private network
 * needs a rule that is an address or a block ("net.connect 10.0.0.0/8:5432"), or, for this machine,
 * the name localhost. The refusal names the address, which is what to grant. To listen, any address
 * will do for a name.
 *
 * What counts as public follows the IANA special-purpose registries (RFC 6890 and its updates).
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "permit.h"

enum { ANY_PORT = 65535, MAPPED_BITS = 96 };

/* ---- Addresses ---- */

static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
static const unsigned char nat64[12] = {0, 0x64, 0xff, 0x9b}; /* 64:ff9b::/96, RFC 6052 */
static const unsigned char loopback6[16] = {[15] = 1};

static const struct {
    unsigned char address[4];
    unsigned bits;
} special4[] = {
    {{0, 0, 0, 0}, 8},      {{10, 0, 0, 0}, 8},     {{100, 64, 0, 0}, 10}, {{127, 0, 0, 0}, 8},
    {{169, 254, 0, 0}, 16}, {{172, 16, 0, 0}, 12},  {{192, 0, 0, 0}, 24},  {{192, 0, 2, 0}, 24},
    {{192, 88, 99, 0}, 24}, {{192, 168, 0, 0}, 16}, {{198, 18, 0, 0}, 15}, {{198, 51, 100, 0}, 24},
    {{203, 0, 113, 0}, 24}, {{224, 0, 0, 0}, 4},    {{240, 0, 0, 0}, 4},
};

static const struct {
    unsigned char address[4]; /* the first */
    unsigned bits;
} special6[] = {
    /* in 2000::/3, which is all that is public */
    {{0x20, 0x01, 0x00, 0x00}, 23}, /* Teredo, ORCHID ... */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02, 0x00, 0x00}, 16}, /* 6to4: an IPv4 address inside */
    {{0x3f, 0xff, 0x00, 0x00}, 20}, /* documentation */
};

static bool in_block(const unsigned char *address, const unsigned char *block, unsigned bits)
{
    unsigned bytes = bits / 8, rest = bits % 8;
    if (memcmp(address, block, bytes))
        return false;
    return !rest || (address[bytes] ^ block[bytes]) >> (8 - rest) == 0;
}

static bool is_public4(const unsigned char *a)
{
    for (size_t i = 0; i < sizeof special4 / sizeof special4[0]; i++)
        if (in_block(a, special4[i].address, special4[i].bits))
            return false;
    return true;
}

static bool is_public(const unsigned char *a)
{
    if (!memcmp(a, mapped, sizeof mapped) || !memcmp(a, nat64, sizeof nat64))
        return is_public4(a + sizeof mapped);
    for (size_t i = 0; i < sizeof special6 / sizeof special6[0]; i++)
        if (in_block(a, special6[i].address, special6[i].bits))
            return false;
    return a[0] >> 5 == 1;
}

static bool is_loopback(const unsigned char *a)
{
    return (!memcmp(a, mapped, sizeof mapped) && a[12] == 127) || !memcmp(a, loopback6, 16);
}

static bool read_address(const char *text, unsigned char *address, unsigned *family_bits)
{
    *family_bits = 0;
    if (inet_pton(AF_INET6, text, address) == 1)
        return true;
    *family_bits = MAPPED_BITS;
    memcpy(address, mapped, sizeof mapped);
    return inet_pton(AF_INET, text, address + sizeof mapped) == 1;
}

/* ---- Parsing ---- */

static bool read_number(const char **text, unsigned max, unsigned *out)
{
    char *end;
    if (!isdigit((unsigned char)**text))
        return false;
    unsigned long n = strtoul(*text, &end, 10);
    *text = end;
    *out = (unsigned)n;
    return n <= max;
}

static bool read_ports(neap_host *h, const char *text) /* "80", "80-90", "*" */
{
    if (!strcmp(text, "*"))
        return true;
    if (!read_number(&text, ANY_PORT, &h->low))
        return false;
    h->high = h->low;
    if (*text == '-' && text++ && !read_number(&text, ANY_PORT, &h->high))
        return false;
    return !*text && h->low <= h->high;
}

/* A literal address with an optional "/bits". */
static bool read_block(neap_host *h, char *text)
{
    unsigned family_bits, bits = 0;
    char *slash = strchr(text, '/');
    if (slash)
        *slash = '\0';
    bool is = read_address(text, h->address, &family_bits);
    if (slash)
        *slash = '/';
    h->kind = RULE_ADDRESS;
    h->bits = 128;
    if (!is || !slash)
        return is;
    const char *number = slash + 1;
    is = read_number(&number, 128 - family_bits, &bits) && !*number;
    h->bits = family_bits + bits;
    return is;
}

static bool read_name(neap_host *h)
{
    char *name = h->host;
    h->kind = RULE_NAME;
    if (!strcmp(name, "*")) {
        h->kind = RULE_ANY;
        return true;
    }
    if (!strncmp(name, "*.", 2)) {
        h->kind = RULE_DOMAIN;
        memmove(name, name + 1, strlen(name)); /* ".example.com" */
    }
    size_t n = strlen(name);
    if (n && name[n - 1] == '.')
        name[--n] = '\0';
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)name[i];
        if (!isalnum(c) && c != '-' && c != '_' && c != '.' && c < 0x80)
            return false;
        name[i] = (char)tolower(c);
    }
    return n > 0 && strcmp(name, ".");
}

static bool read_socket(neap_host *h)
{
    char path[sizeof h->host];
    h->kind = RULE_NAME;
    if (*h->host == '@') /* Linux's abstract names */
        return h->host[1];
    memcpy(path, h->host, sizeof path);
    return !neap_path_absolute(path, h->host, sizeof h->host);
}

/* Take the port off the host's end: what is behind the last colon, unless that is an address's. */
static bool split_port(neap_host *h)
{
    char *text = h->host, *end;
    if (*text == '[') {
        if (!(end = strchr(text, ']')) || (end[1] && end[1] != ':'))
            return false;
        bool has_port = end[1] == ':';
        if (has_port && !read_ports(h, end + 2))
            return false;
        *end = '\0';
        memmove(text, text + 1, strlen(text));
        return strchr(text, ':');
    }
    end = strchr(text, ':');
    if (!end || strchr(end + 1, ':')) /* none, or a bare IPv6 address */
        return true;
    *end = '\0';
    return read_ports(h, end + 1);
}

int neap_host_parse(neap_host *h, const char *text, size_t length)
{
    memset(h, 0, sizeof *h);
    h->high = ANY_PORT;
    if (!length || length >= sizeof h->host || memchr(text, '\0', length))
        return UV_EINVAL;
    memcpy(h->host, text, length);
    if (*text == '/' || *text == '@' || !strncmp(h->host, "./", 2))
        return read_socket(h) ? 0 : UV_EINVAL;
    if (strspn(h->host, "0123456789") == length) { /* "8080" is "*:8080" */
        h->kind = RULE_ANY;
        return read_ports(h, h->host) ? 0 : UV_EINVAL;
    }
    if (!split_port(h))
        return UV_EINVAL;
    return read_block(h, h->host) || read_name(h) ? 0 : UV_EINVAL;
}

/* ---- Questions ---- */

static bool is_localhost(const char *name)
{
    size_t n = strlen(name), m = strlen(".localhost");
    return !strcmp(name, "localhost") || (n > m && !strcmp(name + n - m, ".localhost"));
}

static bool is_below(const char *name, const char *domain) /* ".example.com" */
{
    size_t n = strlen(name), m = strlen(domain);
    return n > m && !strcmp(name + n - m, domain);
}

static bool is_socket(const char *host)
{
    return *host == '/' || *host == '@';
}

static bool has_ports(const neap_rule *rule, unsigned low, unsigned high)
{
    return rule->low <= low && high <= rule->high;
}

/* `named`: the question is about an address that a permitted name gave. */
static bool has_address(const neap_rule *rule, const unsigned char *address, bool named)
{
    bool listens = rule->verb == NET_LISTEN;
    switch (rule->kind) {
    case RULE_ADDRESS: return in_block(address, rule->address, rule->bits);
    case RULE_ANY: return listens || is_public(address);
    case RULE_NAME:
        if (is_localhost(rule->text))
            return is_loopback(address);
        return !is_socket(rule->text) && named && (listens || is_public(address));
    case RULE_DOMAIN: return named && (listens || is_public(address));
    default: return false;
    }
}

static bool has_localhost(const neap_rule *rule)
{
    unsigned char four[16];
    memcpy(four, mapped, sizeof mapped);
    memcpy(four + sizeof mapped, (unsigned char[]){127, 0, 0, 1}, 4);
    return has_address(rule, four, false) || has_address(rule, loopback6, false);
}

bool neap_rule_has_host(const neap_rule *rule, const neap_host *asked)
{
    if (!has_ports(rule, asked->low, asked->high))
        return false;
    if (asked->kind == RULE_ADDRESS)
        return asked->bits == 128 && has_address(rule, asked->address, false);
    if (rule->kind == RULE_ANY)
        return asked->kind == RULE_ANY || !is_socket(asked->host);
    if (asked->kind != RULE_NAME)
        return false;
    if (rule->kind == RULE_NAME)
        return !strcmp(rule->text, asked->host);
    if (rule->kind == RULE_DOMAIN)
        return is_below(asked->host, rule->text);
    return is_localhost(asked->host) && has_localhost(rule);
}

static bool has_socket(const neap_rule *rule, const struct sockaddr_un *un)
{
    char path[sizeof un->sun_path + 1], text[PATH_MAX];
    memcpy(path, un->sun_path, sizeof un->sun_path);
    path[sizeof un->sun_path] = '\0';
    if (!path[0]) /* an abstract name */
        return path[1] && *rule->text == '@' && !strcmp(rule->text + 1, path + 1);
    return !neap_path_absolute(path, text, sizeof text) && !strcmp(rule->text, text);
}

bool neap_rule_has_address(const neap_rule *rule, const struct sockaddr *address)
{
    unsigned char bytes[16];
    unsigned port;
    if (address->sa_family == AF_UNIX)
        return has_socket(rule, (const struct sockaddr_un *)(const void *)address);
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *six = (const void *)address;
        memcpy(bytes, &six->sin6_addr, sizeof bytes);
        port = ntohs(six->sin6_port);
    } else if (address->sa_family == AF_INET) {
        const struct sockaddr_in *four = (const void *)address;
        memcpy(bytes, mapped, sizeof mapped);
        memcpy(bytes + sizeof mapped, &four->sin_addr, 4);
        port = ntohs(four->sin_port);
    } else {
        return false;
    }
    return has_ports(rule, port, port) && has_address(rule, bytes, true);
}
