/* suggest.c: "did you mean": what a mistyped word may have been.
 *
 * Near is what is two edits away at most (a letter more, fewer, another, two exchanged), and no more than a
 * third of the word.
 */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include "command.h"

enum { LONGEST = 64 };

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Edits between two words, by rows of the table; LONGEST for what is too long. */
static int distance(const char *a, const char *b)
{
    int rows[3][LONGEST + 1], na = (int)strlen(a), nb = (int)strlen(b);
    int *before = rows[0], *above = rows[1], *row = rows[2];
    if (na > LONGEST || nb > LONGEST)
        return LONGEST;
    for (int j = 0; j <= nb; j++)
        row[j] = j;
    for (int i = 1; i <= na; i++) {
        int *last = before;
        before = above;
        above = row;
        row = last;
        row[0] = i;
        for (int j = 1; j <= nb; j++) {
            row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]), least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    return row[nb];
}

static bool is_near(const char *word, const char *name, int *best)
{
    int edits = distance(word, name), most = least(2, (int)strlen(word) / 3);
    if (edits > most || edits >= *best)
        return false;
    *best = edits;
    return true;
}

const char *neap_suggest(const char *word, const char *const *names)
{
    const char *found = NULL;
    int best = LONGEST;
    for (; *names; names++)
        if (is_near(word, *names, &best))
            found = *names;
    return found;
}

/* The entry of the folder that is nearest to the name; with .lua behind it, it is as near as can be. */
static bool nearest_entry(DIR *folder, const char *name, char *found, size_t size)
{
    char with_end[LONGEST + 5];
    int best = LONGEST;
    snprintf(with_end, sizeof with_end, "%.*s.lua", LONGEST, name);
    *found = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        bool same = strcmp(entry->d_name, with_end) == 0;
        if (same || is_near(name, entry->d_name, &best))
            snprintf(found, size, "%s", entry->d_name);
        if (same)
            break;
    }
    return *found;
}

static void suggest_entry(const char *path, char *text, size_t size)
{
    char in[1024], found[256];
    const char *slash = strrchr(path, '/');
    int length = slash ? (int)(slash - path) + 1 : 0;
    if (length >= (int)sizeof in)
        return;
    memcpy(in, path, (size_t)length);
    in[length] = 0;
    DIR *folder = opendir(length ? in : ".");
    bool near = folder && nearest_entry(folder, path + length, found, sizeof found);
    if (folder)
        closedir(folder);
    if (near)
        snprintf(text, size, " (did you mean '%s%s'?)", in, found);
}

void neap_suggest_path(const char *path, char *text, size_t size)
{
    size_t n = strlen(text);
    const char *name = strchr(path, '/') ? NULL : neap_suggest(path, neap_subcommands);
    if (name)
        snprintf(text + n, size - n, " (did you mean 'neap %s'?)", name);
    else
        suggest_entry(path, text + n, size - n);
}
