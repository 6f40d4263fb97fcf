/* linux_cgroup.c -- neap_system: the limit of memory of the control group that this process is in.
 *
 * /proc/self/cgroup has a line for each hierarchy, "ID:CONTROLLERS:PATH"; version 2 is the one without
 * controllers. Every group on the way to the root may have a limit, and inside a container the path may
 * be one that is seen from outside only: so each of them is tried that is there. Where there is no such
 * file, as on other systems, there is no limit. */
#include "system.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *mount, *limit, *used;
} hierarchy;

static const hierarchy unified = {"/sys/fs/cgroup", "memory.max", "memory.current"};
static const hierarchy version1 = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                                   "memory.usage_in_bytes"};

/* The number that a file begins with; false when it is "max", or not there. */
static bool read_number(const char *mount, const char *group, const char *name, double *number)
{
    char path[PATH_MAX], text[64] = "", *end;
    if (snprintf(path, sizeof path, "%s%s/%s", mount, group, name) >= (int)sizeof path)
        return false;
    FILE *file = fopen(path, "re");
    if (!file)
        return false;
    bool read = fgets(text, sizeof text, file) != NULL;
    fclose(file);
    *number = strtod(text, &end);
    return read && end != text;
}

/* The smallest limit from `group` (which is cut) up to the root. */
static bool find_limit(const hierarchy *h, char *group, system_cgroup *out)
{
    bool found = false;
    system_cgroup one;
    for (;;) {
        if (read_number(h->mount, group, h->limit, &one.limit) &&
            read_number(h->mount, group, h->used, &one.used) &&
            (!found || one.limit < out->limit)) {
            *out = one;
            found = true;
        }
        char *slash = strrchr(group, '/');
        if (!slash)
            return found;
        *slash = '\0';
    }
}

static bool has_word(const char *list, const char *word)
{
    size_t n = strlen(word);
    for (; list; list = strchr(list, ',') ? strchr(list, ',') + 1 : NULL)
        if (!strncmp(list, word, n) && (!list[n] || list[n] == ','))
            return true;
    return false;
}

bool system_cgroup_memory(system_cgroup *group)
{
    char line[PATH_MAX];
    bool found = false;
    FILE *file = fopen("/proc/self/cgroup", "re");
    while (file && !found && fgets(line, sizeof line, file)) {
        char *controllers = strchr(line, ':'), *path = NULL;
        if (!controllers || !(path = strchr(++controllers, ':')))
            continue;
        *path++ = '\0';
        path[strcspn(path, "\n")] = '\0';
        if (!*controllers)
            found = find_limit(&unified, path, group);
        else if (has_word(controllers, "memory"))
            found = find_limit(&version1, path, group);
    }
    if (file)
        fclose(file);
    return found;
}
