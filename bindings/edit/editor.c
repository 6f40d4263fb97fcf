/* editor.c -- neap_edit: the thread that reads the terminal, so that neither a half-typed line nor a
 * search in the history ever keeps the loop waiting.
 *
 * The loop sends messages (edit a line, show this text, insert that one), the thread posts events (a
 * line, the end, an interrupt, a completion that is wanted). Both queues are short: there is one line at
 * a time, and text to be shown is all that can come in numbers.
 *
 * It reads byte by byte, and only while it was told to edit: what is typed behind a line belongs to the
 * program that the line starts, if that reads. */
#include "edit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PATIENCE =
        200, /* ms that the loop may take to see an interrupt, before its script is stopped */
    COMPLETION = 500, /* ms that keys wait for the names that a Tab has asked for */
};

/* ---- The loop's side ---- */

static void wake(editor *e)
{
    if (write(e->wake[1], "", 1) < 0) {
        /* The pipe is full: it will wake. */
    }
}

int edit_send(editor *e, int kind, const char *a, const char *b)
{
    size_t na = strlen(a) + 1, nb = b ? strlen(b) + 1 : 0;
    edit_message *m = malloc(sizeof *m + na + nb);
    if (!m)
        return UV_ENOMEM;
    m->next = NULL;
    m->kind = kind;
    memcpy(m->text, a, na);
    m->second = b ? memcpy(m->text + na, b, nb) : NULL;
    uv_mutex_lock(&e->lock);
    *e->last = m;
    e->last = &m->next;
    uv_mutex_unlock(&e->lock);
    wake(e);
    return 0;
}

void edit_write(const char *text, size_t length)
{
    while (length) {
        ssize_t n = write(STDOUT_FILENO, text, length);
        if (n >= 0) {
            text += n;
            length -= (size_t)n;
        } else if (errno == EAGAIN) {
            poll(&(struct pollfd){STDOUT_FILENO, POLLOUT, 0}, 1, -1);
        } else if (errno != EINTR) {
            return;
        }
    }
}

static void write_lines(const char *text)
{
    size_t n = strlen(text);
    edit_write(text, n);
    if (n && text[n - 1] != '\n')
        edit_write("\n", 1);
}

/* The line has ended, and what was to be shown above it comes before what is said from now on. */
void edit_show_now(editor *e)
{
    uv_mutex_lock(&e->lock);
    for (edit_message **link = &e->first, *m; (m = *link);) {
        if (m->kind == MESSAGE_SHOW) {
            write_lines(m->text);
            *link = m->next;
            free(m);
        } else {
            link = &m->next;
        }
    }
    e->last = &e->first;
    while (*e->last)
        e->last = &(*e->last)->next;
    uv_mutex_unlock(&e->lock);
}

void edit_answered(editor *e)
{
    uv_mutex_lock(&e->lock);
    e->unanswered = false;
    uv_mutex_unlock(&e->lock);
}

/* ---- The thread: messages and signals ---- */

int edit_post(editor *e, int kind, const char *text, int cursor)
{
    size_t n = strlen(text);
    edit_event *event = malloc(sizeof *event + n + 1);
    if (!event)
        return UV_ENOMEM;
    *event = (edit_event){.kind = kind, .pasting = e->pasting, .cursor = cursor, .length = n};
    memcpy(event->text, text, n + 1);
    int status = neap->post(e->remote, edit_on_event, free, event);
    if (status)
        free(event);
    return status;
}

static void show(editor *e, const char *text)
{
    if (e->editing && e->line) {
        edit_line_show(e->line, text);
        return;
    }
    if (e->editing && e->shared)
        edit_write("\r", 1);
    write_lines(text);
    if (e->editing && e->keyboard)
        edit_write(e->prompt, strlen(e->prompt));
}

static void take_message(editor *e, const edit_message *m)
{
    if (m->kind == MESSAGE_SHOW) {
        show(e, m->text);
    } else if (m->kind == MESSAGE_EDIT) {
        e->editing = true;
        strncpy(e->prompt, m->text, sizeof e->prompt - 1);
    } else if (e->line && m->kind == MESSAGE_REMEMBER) {
        edit_line_remember(e->line, m->text);
    } else if (e->line && m->kind == MESSAGE_INSERT && e->editing) {
        e->completing = false;
        edit_line_insert(e->line, m->text, m->second);
    }
}

/* Text is shown under the lock, so that edit_show_now finds it shown, or not begun. */
static void take_messages(editor *e)
{
    char bytes[64];
    while (read(e->wake[0], bytes, sizeof bytes) > 0) {
    }
    uv_mutex_lock(&e->lock);
    for (edit_message *m; (m = e->first);) {
        if (!(e->first = m->next))
            e->last = &e->first;
        take_message(e, m);
        free(m);
    }
    if (e->stopping)
        e->abandoned = true;
    uv_mutex_unlock(&e->lock);
}

static void on_interrupt(editor *e)
{
    uv_mutex_lock(&e->lock);
    e->unanswered = true;
    uv_mutex_unlock(&e->lock);
    if (e->editing)
        e->abandoned = true; /* which is an event, too */
    else
        edit_post(e, EVENT_INTERRUPT, "", 0);
}

static void take_signals(editor *e)
{
    unsigned char numbers[64];
    ssize_t n = read(e->signals[0], numbers, sizeof numbers);
    for (ssize_t i = 0; i < n; i++) {
        if (numbers[i] == SIGINT)
            on_interrupt(e);
        else if (e->line && e->editing && numbers[i] == SIGWINCH)
            edit_line_resized(e->line);
        else if (e->line && e->editing && numbers[i] == SIGCONT)
            edit_line_continued(e->line);
    }
}

/* The loop has had its time: whatever it is busy with is stopped, once. Under the lock, so that it is
 * not done when the loop has meanwhile seen the interrupt. */
static void insist(editor *e)
{
    uv_mutex_lock(&e->lock);
    if (e->unanswered)
        neap->interrupt(e->remote);
    e->unanswered = false;
    uv_mutex_unlock(&e->lock);
}

static bool is_unanswered(editor *e)
{
    uv_mutex_lock(&e->lock);
    bool unanswered = e->unanswered;
    uv_mutex_unlock(&e->lock);
    return unanswered;
}

enum { NOTHING, SOMETHING, INPUT };

/* Wait until something has come, which is taken care of; or input, if that was asked for. */
static int wait_for(editor *e, bool input, int timeout)
{
    struct pollfd fds[3] = {{e->wake[0], POLLIN, 0},
                            {e->catching ? e->signals[0] : -1, POLLIN, 0},
                            {input ? STDIN_FILENO : -1, POLLIN, 0}};
    int n = poll(fds, 3, timeout);
    if (n > 0 && fds[0].revents)
        take_messages(e);
    if (n > 0 && fds[1].revents)
        take_signals(e);
    return n == 0 ? NOTHING : n > 0 && fds[2].revents ? INPUT : SOMETHING;
}

/* ---- The thread: lines ---- */

int edit_next_byte(editor *e, int timeout)
{
    unsigned char byte;
    for (;;) {
        int came = wait_for(e, !e->completing, e->completing ? COMPLETION : timeout);
        if (e->abandoned)
            return INPUT_ABANDONED;
        if (came == NOTHING && !e->completing)
            return INPUT_ENDED;
        if (came == NOTHING)
            e->completing = false;
        if (came != INPUT)
            continue;
        ssize_t n = read(STDIN_FILENO, &byte, 1);
        if (n == 1)
            return byte;
        if (n == 0 || (errno != EINTR && errno != EAGAIN))
            return INPUT_ENDED;
    }
}

/* Without an editor: as the terminal's driver, or whoever writes the pipe, ends it. */
static char *read_plain(editor *e)
{
    size_t n = 0, size = 128;
    char *line = malloc(size);
    int byte = 0;
    if (e->keyboard)
        edit_write(e->prompt, strlen(e->prompt));
    while (line && (byte = edit_next_byte(e, -1)) >= 0 && byte != '\n') {
        if (n + 2 > size) {
            char *longer = realloc(line, size *= 2);
            if (!longer)
                free(line);
            if (!(line = longer))
                break;
        }
        if (byte) /* as libedit, which leaves a 0 out */
            line[n++] = (char)byte;
    }
    if (line && (byte == INPUT_ABANDONED || (byte < 0 && !n))) {
        free(line);
        return NULL;
    }
    if (line)
        line[n] = 0;
    return line;
}

static void edit(editor *e)
{
    char *line = e->line ? edit_line_read(e->line) : read_plain(e);
    bool interrupted = e->abandoned;
    e->editing = e->abandoned = e->completing = false;
    if (interrupted) {
        e->pasting = false;
        if (e->line)
            edit_write("^C\n", 3);
    }
    int kind = line ? EVENT_LINE : interrupted ? EVENT_ABANDONED : EVENT_END;
    edit_post(e, kind, line ? line : "", 0);
    free(line);
}

static bool is_stopping(editor *e)
{
    uv_mutex_lock(&e->lock);
    bool stopping = e->stopping;
    uv_mutex_unlock(&e->lock);
    return stopping;
}

static void run(void *data)
{
    editor *e = data;
    e->line = e->terminal ? edit_line_open(e) : NULL;
    while (!is_stopping(e)) {
        if (e->editing)
            edit(e);
        else if (wait_for(e, false, is_unanswered(e) ? PATIENCE : -1) == NOTHING)
            insist(e);
    }
    if (e->line)
        edit_line_close(e->line);
}

/* ---- Beginning and end ---- */

static int open_pipe(int ends[2])
{
    if (pipe(ends))
        return -errno;
    for (int i = 0; i < 2; i++) {
        fcntl(ends[i], F_SETFD, FD_CLOEXEC);
        fcntl(ends[i], F_SETFL, O_NONBLOCK);
    }
    return 0;
}

/* No signal is for the thread: the process's go to the others. */
static int start_thread(editor *e)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int status = uv_thread_create(&e->thread, run, e);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    e->started = status == 0;
    return status;
}

int edit_start(editor *e)
{
    const char *kind = getenv("TERM");
    e->keyboard = isatty(STDIN_FILENO);
    e->shared = e->keyboard && isatty(STDOUT_FILENO);
    e->terminal = e->shared && kind && *kind && strcmp(kind, "dumb") != 0;
    e->last = &e->first;
    int status = uv_mutex_init(&e->lock);
    if (status)
        return status;
    if ((status = open_pipe(e->wake))) {
        uv_mutex_destroy(&e->lock);
        return status;
    }
    if (e->keyboard && !(status = edit_signals_open(e->signals)))
        e->catching = true;
    if (!status)
        status = start_thread(e);
    if (status)
        edit_stop(e);
    return status;
}

void edit_stop(editor *e)
{
    uv_mutex_lock(&e->lock);
    e->stopping = true;
    uv_mutex_unlock(&e->lock);
    wake(e);
    if (e->started)
        uv_thread_join(&e->thread);
    if (e->catching)
        edit_signals_close(e->signals);
    edit_show_now(e);
    for (edit_message *m; (m = e->first);) {
        e->first = m->next;
        free(m);
    }
    close(e->wake[0]);
    close(e->wake[1]);
    uv_mutex_destroy(&e->lock);
}
