/* excerpt.c: how the command shows an error that nobody took: the message, the line of source that it
 * speaks of with a caret below the place, the traceback. In colours on a terminal.
 *
 * The place is what the message begins with ("script.lua:3: ..."), or what a line of it does, or the
 * innermost frame of the traceback: the first of these that is a file which this runtime may read. The
 * column is where the name stands that the message speaks of, if it can be only one place; else the
 * call of error or assert; else where the line begins.
 */
#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "excerpt.h"

enum { WIDEST = 240, FARTHEST = 1 << 20 }; /* bytes: of a line, and where in its file it may be */

/* ---- The place ---- */

typedef struct {
    const char *path; /* in the text */
    size_t length;
    int line;
    const char *rest; /* what follows */
} place;

/* Does the text begin with "path:line:"? */
static bool parse_place(const char *text, place *at)
{
    size_t end = strcspn(text, "\n");
    for (size_t i = 1; i < end; i++) {
        size_t digits = text[i] == ':' ? strspn(text + i + 1, "0123456789") : 0;
        if (!digits || text[i + 1 + digits] != ':')
            continue;
        *at = (place){text, i, atoi(text + i + 1), text + i + 2 + digits};
        return at->line > 0;
    }
    return false;
}

/* A long path is known by its end only, "...ther/lib/a.lua": it is looked for at the script and below its
 * folder, where it has to end so. */
static bool expand(char *path, size_t size, const char *end, const char *script)
{
    size_t n = strlen(end), whole = strlen(script);
    const char *slash = strrchr(script, '/');
    if (whole >= n && strcmp(script + whole - n, end) == 0)
        return snprintf(path, size, "%s", script) < (int)size;
    for (const char *tail = end; slash && (tail = strchr(tail, '/')); tail++) {
        int full = snprintf(path, size, "%.*s%s", (int)(slash - script), script, tail);
        if (full < (int)size && full >= (int)n && strcmp(path + full - n, end) == 0 &&
            access(path, R_OK) == 0)
            return true;
    }
    return false;
}

static FILE *open_source(neap_runtime *rt, const char *path, const char *script)
{
    struct stat about;
    int flags = O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY; /* it may be a FIFO */
    int fd = strcmp(path, script) == 0 ? open(path, flags) : neap_open_path(rt, path, flags, 0);
    if (fd < 0)
        return NULL;
    FILE *file = fstat(fd, &about) == 0 && S_ISREG(about.st_mode) ? fdopen(fd, "r") : NULL;
    if (!file)
        close(fd);
    return file;
}

/* The line without its end. False: the file has none of that number, or it is none to be shown. */
static bool read_line(FILE *file, int number, char *line, size_t size)
{
    for (int c, n = 1; n < number;) {
        if ((c = getc(file)) == EOF || ftell(file) > FARTHEST)
            return false;
        n += c == '\n';
    }
    if (!fgets(line, (int)size, file) || *line == '\33') /* bytecode begins so */
        return false;
    line[strcspn(line, "\r\n")] = 0;
    return line[strspn(line, " \t")] != 0;
}

static bool line_at(neap_runtime *rt, const char *script, const place *at, char *line)
{
    char path[4096], found[4096];
    if (at->length >= sizeof path)
        return false;
    memcpy(path, at->path, at->length);
    path[at->length] = 0;
    if (strncmp(path, "...", 3) == 0) {
        if (!expand(found, sizeof found, path + 3, script))
            return false;
        strcpy(path, found);
    }
    FILE *file = open_source(rt, path, script);
    bool read = file && read_line(file, at->line, line, WIDEST);
    if (file)
        fclose(file);
    return read;
}

/* The first place that a line of the text begins with, and that can be shown. */
static bool find_in(neap_runtime *rt, const char *script, const char *text, place *at, char *line)
{
    enum { LINES = 50 };
    for (int n = 0; text && n < LINES; n++) {
        text += strspn(text, "\n\t");
        if (parse_place(text, at) && line_at(rt, script, at, line))
            return true;
        text = strchr(text, '\n');
    }
    return false;
}

/* "ENOENT: no such file": what follows the code. */
static const char *after_code(const char *message)
{
    size_t n = strspn(message, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    return *message == 'E' && n > 1 && strncmp(message + n, ": ", 2) == 0 ? message + n + 2
                                                                          : message;
}

/* ---- The column ---- */

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_';
}

/* Where the name stands in the line as a word, or NULL; and whether that is the only place. */
static const char *find_word(const char *line, const char *name, size_t n, bool *once)
{
    const char *found = NULL;
    *once = true;
    for (const char *p = line; n && *p; p++) {
        bool begins = !is_word(*name) || p == line || !is_word(p[-1]);
        if (!begins || strncmp(p, name, n) != 0 || (is_word(name[n - 1]) && is_word(p[n])))
            continue;
        *once = !found;
        if (!found)
            found = p;
    }
    return found;
}

/* Of several places the one where that happens which the message says. */
static const char *find_use(const char *line, const char *name, size_t n, const char *followers)
{
    bool once;
    for (const char *p = line; (p = find_word(p, name, n, &once)); p += n) {
        char next = p[n + strspn(p + n, " ")];
        if (next && strchr(followers, next))
            return p;
    }
    return NULL;
}

/* The name that a message of LuaJIT's speaks of, in its quotes. */
static const char *quoted(const char *message, size_t *n)
{
    static const char *const kinds[] = {"attempt to ", "bad argument ", "bad option ", "module ",
                                        "calling "};
    const char *near = strstr(message, " near '"), *from = near ? near + 6 : NULL;
    for (size_t i = 0; !from && i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(message, kinds[i], strlen(kinds[i])) == 0)
            from = strchr(message, '\'');
    const char *to = from ? strchr(from + 1, '\'') : NULL;
    *n = to ? (size_t)(to - from - 1) : 0;
    return *n ? from + 1 : NULL;
}

static const char *column(const char *message, const char *line)
{
    size_t n;
    bool once;
    message += strspn(message, " ");
    const char *name = quoted(message, &n);
    if (name && n == 5 && strncmp(name, "<eof>", n) == 0)
        return line + strlen(line);
    const char *at = name ? find_word(line, name, n, &once) : NULL;
    if (at && once)
        return at;
    if (at && !strstr(message, " near '")) {
        at = find_use(line, name, n, strstr(message, "to index") ? ".[:" : "({'\"[");
        if (at)
            return at;
    }
    if (!name && ((at = find_use(line, "error", 5, "({'\"[")) ||
                  (at = find_use(line, "assert", 6, "({'\"["))))
        return at;
    return line + strspn(line, " \t");
}

/* ---- On standard error ---- */

static bool wants_color(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM");
    return isatty(STDERR_FILENO) && !(no && *no) && term && strcmp(term, "dumb") != 0;
}

/* The source line, without what a terminal would obey; the caret stands below its character. */
static void print_line(const place *at, const char *line, const char *message, bool color)
{
    const char *caret = column(message, line);
    fprintf(stderr, "%6d | ", at->line);
    for (const char *p = line; *p; p++)
        putc(*p != '\t' && iscntrl((unsigned char)*p) ? '?' : *p, stderr);
    fprintf(stderr, "\n%6s | ", "");
    for (const char *p = line; p < caret; p++)
        if ((*p & 0xc0) != 0x80)
            putc(*p == '\t' ? '\t' : ' ', stderr);
    fputs(color ? "\33[1;31m^\33[0m\n" : "^\n", stderr);
}

/* As with lua, a main script that raises nil ends with status 1 and says nothing: it has said it all. */
static bool is_silent(neap_runtime *rt)
{
    bool silent = rt->raised_nil;
    rt->raised_nil = false;
    return silent;
}

int neap_show(neap_runtime *rt, const neap_error *error, const char *script)
{
    place at;
    char line[WIDEST];
    bool color = wants_color();
    const char *message = after_code(error->message);
    script = script ? script : "";
    if (is_silent(rt))
        return 1;
    fprintf(stderr, color ? "\33[1;31mneap:\33[0m %s\n" : "neap: %s\n", error->message);
    if (find_in(rt, script, message, &at, line))
        print_line(&at, line, at.rest, color);
    else if (find_in(rt, script, error->traceback, &at, line))
        print_line(&at, line, message, color);
    if (error->traceback[0])
        fprintf(stderr, color ? "\33[2m%s\33[0m\n" : "%s\n", error->traceback);
    return 1;
}
