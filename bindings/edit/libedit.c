/* libedit.c -- neap_edit: a line edited by libedit, which is loaded when first used. All on the editor's
 * thread; so is the locale that it needs to see characters in bytes.
 *
 * It reads by our function, which minds messages and signals meanwhile and knows what is pasted: terminals
 * say so by ESC [ 200 ~ and ESC [ 201 ~. Pasted tabs are text and complete nothing; the lines of what is
 * pasted are given out one by one, and marked. */
#include "edit.h"

#include <dlfcn.h>
#include <langinfo.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>
#if __has_include(<xlocale.h>) /* macOS: of nl_langinfo_l */
#include <xlocale.h>
#endif

enum { HISTORY = 1000, ESCAPE = 27, QUOTE = 22, ESCAPE_TIME = 20 /* ms within a sequence */ };

/* ---- What is used of libedit: histedit.h, which need not be installed ---- */

typedef struct editline EditLine;
typedef struct history History;

typedef struct {
    const char *buffer, *cursor, *lastchar;
} LineInfo;

typedef struct {
    int num;
    const char *str;
} HistEvent;

enum {
    EL_PROMPT = 0,
    EL_EDITOR = 2,
    EL_SIGNAL = 3,
    EL_BIND = 4,
    EL_ADDFN = 9,
    EL_HIST = 10,
    EL_GETCFN = 13,
    EL_PREP_TERM = 16,
    EL_REFRESH = 20,
};
enum { CC_NORM = 0, CC_REFRESH = 4, H_SETSIZE = 1, H_ENTER = 10, H_SETUNIQUE = 20 };

typedef struct {
    EditLine *(*el_init)(const char *, FILE *, FILE *, FILE *);
    void (*el_end)(EditLine *);
    const char *(*el_gets)(EditLine *, int *);
    int (*el_set)(EditLine *, int, ...);
    int (*el_wset)(EditLine *, int, ...);
    const LineInfo *(*el_line)(EditLine *);
    int (*el_insertstr)(EditLine *, const char *);
    void (*el_resize)(EditLine *);
    int (*el_source)(EditLine *, const char *);
    History *(*history_init)(void);
    int (*history)(History *, HistEvent *, int, ...);
    void (*history_end)(History *);
} functions;

static const char *const function_names[] = {
    "el_init",      "el_end",    "el_gets",   "el_set",       "el_wset", "el_line",
    "el_insertstr", "el_resize", "el_source", "history_init", "history", "history_end"};

struct edit_line {
    editor *editor;
    void *library;
    functions f;
    EditLine *el;
    History *history;
    FILE *in, *out, *err;
    locale_t locale;
    long asked; /* the cursor when a completion was asked for */
};

/* ---- Loading ---- */

static void *open_library(void)
{
    static const char *const names[] = {"libedit.so.2", "libedit.so.0", "libedit.so",
                                        "libedit.3.dylib", "libedit.dylib"};
    void *library = NULL;
    for (size_t i = 0; !library && i < sizeof names / sizeof *names; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    return library;
}

static bool find_functions(void *library, functions *f)
{
    for (size_t i = 0; i < sizeof function_names / sizeof *function_names; i++) {
        void *found = dlsym(library, function_names[i]);
        if (!found)
            return false;
        memcpy((char *)f + i * sizeof found, &found, sizeof found);
    }
    return true;
}

/* The person's own; if its characters are not UTF-8, as nothing is set, that of the terminals of today. */
static locale_t open_locale(void)
{
    locale_t own = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
    if (own && strcmp(nl_langinfo_l(CODESET, own), "UTF-8") == 0)
        return own;
    locale_t utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
    if (utf8 && own)
        freelocale(own);
    return utf8 ? utf8 : own;
}

/* ---- What libedit calls ---- */

/* Its callbacks get nothing else of ours without a call to it, for which they would need this. */
static _Thread_local edit_line *current;

static char *prompt(EditLine *el)
{
    (void)el;
    return current->editor->prompt;
}

static bool is_empty(edit_line *line)
{
    const LineInfo *info = line->f.el_line(line->el);
    return info->lastchar == info->buffer;
}

/* After an ESC: is it that of a paste's beginning or end? If not, what was read of it waits its turn. */
static bool at_paste(editor *e)
{
    static const char begin[] = "[200~", end[] = "[201~";
    e->pendings = 0;
    for (int i = 0; i < 5; i++) {
        int byte = edit_next_byte(e, ESCAPE_TIME);
        if (byte < 0)
            return false;
        e->pending[e->pendings++] = (unsigned char)byte;
        if (byte != begin[i] && byte != end[i])
            return false;
    }
    e->pasting = e->pending[3] == '0';
    e->pendings = 0;
    return true;
}

/* A byte of what is pasted, as it is to be given to libedit; 0: left out. */
static int pasted(editor *e, int byte)
{
    if (byte == '\t') {
        e->pending[e->pendings++] = '\t';
        return QUOTE;
    }
    if (byte == '\r')
        return '\n';
    return byte == '\n' || (byte >= ' ' && byte != 127) ? byte : 0;
}

static int next_byte(edit_line *line)
{
    editor *e = line->editor;
    for (;;) {
        if (e->pendings) {
            int byte = e->pending[0];
            memmove(e->pending, e->pending + 1, (size_t)--e->pendings);
            return byte;
        }
        int byte = edit_next_byte(e, -1);
        bool began_pasting = e->pasting;
        if (byte == ESCAPE && at_paste(e)) {
            if (began_pasting && is_empty(line))
                return '\n'; /* the whole of it has come */
            continue;
        }
        if (byte == 0 && !is_empty(line))
            continue;
        if (byte == 0) /* Ctrl-D, typed before the terminal had our mode */
            return INPUT_ENDED;
        if (byte < 0 || !e->pasting)
            return byte;
        if ((byte = pasted(e, byte)))
            return byte;
    }
}

static int read_character(EditLine *el, wchar_t *character)
{
    (void)el;
    edit_line *line = current;
    mbstate_t state = {0};
    for (;;) {
        int byte = next_byte(line);
        if (byte < 0)
            return byte == INPUT_ENDED ? 0 : -1;
        char c = (char)byte;
        size_t n = mbrtowc(character, &c, 1, &state);
        if (n == (size_t)-2)
            continue;
        if (n == (size_t)-1)
            *character = L'?';
        return 1;
    }
}

static unsigned char complete(EditLine *el, wint_t key)
{
    (void)key;
    edit_line *line = current;
    const LineInfo *info = line->f.el_line(el);
    size_t n = (size_t)(info->lastchar - info->buffer);
    line->asked = info->cursor - info->buffer;
    if (strspn(info->buffer, " \t") >= (size_t)line->asked) {
        line->f.el_insertstr(el, "  ");
        return CC_REFRESH;
    }
    char *text = strndup(info->buffer, n);
    if (!text)
        return CC_NORM;
    line->editor->completing = edit_post(line->editor, EVENT_COMPLETE, text, (int)line->asked) == 0;
    free(text);
    return CC_NORM;
}

/* ---- The line on the screen ---- */

static size_t columns_of(const char *text, size_t n)
{
    size_t columns = 0;
    mbstate_t state = {0};
    while (n) {
        wchar_t c;
        size_t used = mbrtowc(&c, text, n, &state);
        if (used == 0 || used > n)
            break;
        int width = wcwidth(c);
        columns += width >= 0 ? (size_t)width : c == L'\t' ? 8 - columns % 8 : 2;
        text += used;
        n -= used;
    }
    return columns;
}

/* The cursor goes to the beginning of the prompt, and all from there on is cleared. */
static void erase(edit_line *line)
{
    struct winsize size;
    char up[32];
    const LineInfo *info = line->f.el_line(line->el);
    size_t width = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col ? size.ws_col : 80;
    size_t before = columns_of(info->buffer, (size_t)(info->cursor - info->buffer));
    size_t row = (strlen(line->editor->prompt) + before) / width;
    fflush(line->out);
    int n =
        row ? snprintf(up, sizeof up, "\r\33[%zuA\33[J", row) : snprintf(up, sizeof up, "\r\33[J");
    edit_write(up, (size_t)n);
}

void edit_line_show(edit_line *line, const char *text)
{
    size_t n = strlen(text);
    erase(line);
    edit_write(text, n), edit_write("\n", n && text[n - 1] != '\n');
    line->f.el_set(line->el, EL_REFRESH);
}

/* Unless the line has changed since it was `at`. */
void edit_line_insert(edit_line *line, const char *at, const char *text)
{
    const LineInfo *info = line->f.el_line(line->el);
    size_t n = (size_t)(info->lastchar - info->buffer);
    if (n != strlen(at) || memcmp(at, info->buffer, n) != 0 ||
        info->cursor - info->buffer != line->asked || !*text)
        return;
    line->f.el_insertstr(line->el, text);
    line->f.el_set(line->el, EL_REFRESH);
}

void edit_line_remember(edit_line *line, const char *text)
{
    HistEvent event;
    line->f.history(line->history, &event, H_ENTER, text);
}

void edit_line_resized(edit_line *line)
{
    erase(line);
    line->f.el_resize(line->el);
    line->f.el_set(line->el, EL_REFRESH);
}

/* Whoever had the terminal meanwhile has changed its mode. */
void edit_line_continued(edit_line *line)
{
    line->f.el_set(line->el, EL_PREP_TERM, 1);
    line->f.el_set(line->el, EL_REFRESH);
}

char *edit_line_read(edit_line *line)
{
    static const char on[] = "\33[?2004h", off[] = "\33[?2004l";
    int n = 0;
    edit_write(on, sizeof on - 1);
    line->f.el_set(line->el, EL_PREP_TERM, 1); /* before the prompt: it asks for keys */
    const char *text = line->f.el_gets(line->el, &n);
    fflush(line->out);
    edit_write(off, sizeof off - 1);
    line->editor->pendings = 0;
    return text && n > 0 && !line->editor->abandoned ? strndup(text, strcspn(text, "\n")) : NULL;
}

/* ---- Beginning and end ---- */

static const char *const keys[][2] = {
    {"^I", "neap-complete"},           {"^R", "em-inc-search-prev"}, {"^W", "ed-delete-prev-word"},
    {"\\e[3~", "ed-delete-next-char"}, {"\\e[H", "ed-move-to-beg"},  {"\\e[F", "ed-move-to-end"},
    {"\\e[1~", "ed-move-to-beg"},      {"\\e[4~", "ed-move-to-end"}, {"\\e[1;5C", "em-next-word"},
    {"\\e[1;5D", "ed-prev-word"},
};

static void set_up(edit_line *line)
{
    HistEvent event;
    functions *f = &line->f;
    f->history(line->history, &event, H_SETSIZE, HISTORY);
    f->history(line->history, &event, H_SETUNIQUE, 1);
    f->el_set(line->el, EL_SIGNAL, 0);
    f->el_set(line->el, EL_PROMPT, prompt);
    f->el_set(line->el, EL_EDITOR, "emacs");
    f->el_set(line->el, EL_HIST, f->history, line->history);
    f->el_wset(line->el, EL_GETCFN, read_character);
    f->el_wset(line->el, EL_ADDFN, L"neap-complete", L"complete a name", complete);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        f->el_set(line->el, EL_BIND, keys[i][0], keys[i][1], NULL);
    f->el_source(line->el, NULL); /* ~/.editrc */
}

static FILE *open_copy(int fd, const char *mode)
{
    int copy = dup(fd);
    FILE *file = copy < 0 ? NULL : fdopen(copy, mode);
    if (!file && copy >= 0)
        close(copy);
    return file;
}

static bool open_streams(edit_line *line)
{
    line->in = open_copy(STDIN_FILENO, "r");
    line->out = open_copy(STDOUT_FILENO, "w");
    line->err = open_copy(STDERR_FILENO, "w");
    return line->in && line->out && line->err;
}

static bool open_editor(edit_line *line)
{
    if ((line->locale = open_locale()))
        uselocale(line->locale);
    line->el = line->f.el_init("neap", line->in, line->out, line->err);
    line->history = line->f.history_init();
    return line->el && line->history;
}

edit_line *edit_line_open(editor *e)
{
    edit_line *line = calloc(1, sizeof *line);
    if (!line)
        return NULL;
    current = line;
    line->editor = e;
    line->library = open_library();
    if (!line->library || !find_functions(line->library, &line->f) || !open_streams(line) ||
        !open_editor(line)) {
        edit_line_close(line);
        return NULL;
    }
    set_up(line);
    return line;
}

/* The terminal gets its mode back. */
void edit_line_close(edit_line *line)
{
    FILE *const files[] = {line->in, line->out, line->err};
    if (line->el)
        line->f.el_end(line->el);
    if (line->history)
        line->f.history_end(line->history);
    for (int i = 0; i < 3; i++)
        if (files[i])
            fclose(files[i]);
    uselocale(LC_GLOBAL_LOCALE);
    if (line->locale)
        freelocale(line->locale);
    current = NULL; /* the library stays: that of terminals below it keeps what it has read */
    free(line);
}
