/* edit.h: what the files of bindings/edit share.
 *
 * edit.c      the Lua interface, on the loop's thread
 * editor.c    the thread that reads the terminal; messages to it, events from it
 * libedit.c   a line edited by libedit, on that thread
 * signals.c   SIGINT, SIGWINCH and SIGCONT as bytes in a pipe
 */
#ifndef NEAP_BINDINGS_EDIT_H
#define NEAP_BINDINGS_EDIT_H

#include <neap/extension.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <uv.h>

/* ---- Messages to the thread, events from it ---- */

enum { MESSAGE_EDIT, MESSAGE_SHOW, MESSAGE_INSERT, MESSAGE_REMEMBER };

typedef struct edit_message {
    struct edit_message *next;
    int kind;
    const char *second; /* in text, behind the first text */
    char text[];
} edit_message;

enum { EVENT_LINE, EVENT_END, EVENT_ABANDONED, EVENT_COMPLETE, EVENT_INTERRUPT };

typedef struct edit_event {
    struct edit_event *next;
    int kind;
    int pasting; /* of a line: more of what is pasted follows */
    int cursor;  /* of a completion: bytes before it */
    size_t length;
    char text[];
} edit_event;

typedef struct edit_line edit_line; /* libedit.c's */

/* One a process. What the thread does not share is either the loop's or, below, its own. */
typedef struct {
    neap_handle handle;
    neap_remote *remote;
    uv_thread_t thread;
    bool started;
    int wake[2];    /* a pipe: there are messages, or it has to stop */
    int signals[2]; /* a pipe: numbers of signals */
    bool catching;  /* SIGINT and the others go there */

    uv_mutex_t lock;
    edit_message *first, **last;
    bool stopping;
    bool unanswered; /* the loop has not seen the last interrupt yet */

    /* The thread's. */
    bool keyboard;   /* standard input is one */
    bool shared;     /* and the output is its screen */
    bool terminal;   /* on which a line can be edited */
    edit_line *line; /* NULL: libedit is not there, or not of use */
    bool editing, abandoned, pasting;
    bool completing; /* keys wait for an answer to EVENT_COMPLETE */
    char prompt[32];
    unsigned char pending[8]; /* bytes read but not given to libedit yet */
    int pendings;
} editor;

/* ---- editor.c ---- */

int edit_start(editor *e);                                        /* 0 or a status */
void edit_stop(editor *e);                                        /* and wait for its end */
int edit_send(editor *e, int kind, const char *a, const char *b); /* the loop's; b may be NULL */
void edit_show_now(editor *e);                                    /* what waits to be shown */
void edit_answered(editor *e); /* the loop has seen the interrupt */

enum { INPUT_ENDED = -1, INPUT_ABANDONED = -2 };
int edit_next_byte(editor *e, int timeout); /* the thread's: a byte, or one of these; ms, or -1 */
int edit_post(editor *e, int kind, const char *text, int cursor);
void edit_write(const char *text, size_t length); /* to the terminal, all of it */

/* ---- edit.c ---- */

void edit_on_event(neap_env *env, void *event); /* in its turn, on the loop */

/* ---- libedit.c: all on the thread ---- */

edit_line *edit_line_open(editor *e); /* NULL: there is none */
void edit_line_close(edit_line *line);
char *edit_line_read(edit_line *line); /* to be freed; NULL: the end, or abandoned */
void edit_line_show(edit_line *line, const char *text);
void edit_line_insert(edit_line *line, const char *at, const char *text);
void edit_line_remember(edit_line *line, const char *text);
void edit_line_resized(edit_line *line);
void edit_line_continued(edit_line *line);

/* ---- signals.c ---- */

int edit_signals_open(int pipe[2]); /* 0 or a status */
void edit_signals_close(int pipe[2]);

#endif
