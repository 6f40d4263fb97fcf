/* permission.c -- libFuzzer target for permissions: any text as a granted string, and as what is asked
 * of it: a host, a path, a name.
 *
 * What is granted is split at line ends; the last line is what is asked, by every verb. Nothing may
 * crash or leak; a grant of nothing lets nothing through; a path that is let through lies, by text,
 * in one that was granted. */

#include "fuzz.h"
#include "permit.h"

enum { GRANTS = 8 };

static const char *const verbs[] = {"net.connect", "net.listen", "fs.read", "fs.write", "run",
                                    "env",         "process",    "native",  "dns",      "time",
                                    "random",      "system",     "fly"};

static void ask(neap_runtime *rt, const char *text, size_t length, bool anything)
{
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        int status = neap_permit(rt, verbs[i], text, length);
        CHECK(status == 0 || status == NEAP_EPERMISSION);
        CHECK(status || anything);
        CHECK(status || strcmp(verbs[i], "fly"));
    }
}

/* An address and its text are the same question. */
static void ask_address(neap_runtime *rt, const char *text)
{
    struct sockaddr_in6 six;
    struct sockaddr_in four;
    if (!uv_ip4_addr(text, 80, &four))
        neap_permit_address(rt, "net.connect", (struct sockaddr *)&four);
    if (!uv_ip6_addr(text, 80, &six))
        neap_permit_address(rt, "net.connect", (struct sockaddr *)&six);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    neap_runtime rt = {0};
    const char *grants[GRANTS + 1] = {NULL}, *bad = NULL;
    int n = 0;
    char *text = malloc(size + 1), *line = text, *end;
    memcpy(text, data, size);
    text[size] = '\0';
    while (n < GRANTS && (end = strchr(line, '\n'))) {
        *end = '\0';
        grants[n++] = line;
        line = end + 1;
    }
    int status = neap_permissions_parse(&rt, grants, &rt.permissions, &bad);
    if (status) {
        CHECK(bad);
    } else {
        ask(&rt, line, size - (size_t)(line - text), n > 0);
        ask_address(&rt, line);
    }
    neap_permissions_free(&rt, rt.permissions);
    CHECK(rt.memory == 0 && rt.c_memory == 0);
    free(text);
    return 0;
}
