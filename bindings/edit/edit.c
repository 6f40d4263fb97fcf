/* edit.c -- neap_edit: the terminal's input, line by line, while the loop goes on; for lua/neap/repl.lua.
 *
 *   open() -> editor                 of standard input; one a process
 *   editor:edit(prompt)              let a line be typed; an event says how that ended
 *   editor:event() -> kind, ...      "line", text, pasting (more of what is pasted follows); "end";
 *                                    "abandoned" (Ctrl-C, and the line is no more); "complete", text, cursor
 *                                    (bytes before it); "interrupt" (Ctrl-C while none is typed)
 *   editor:insert(at, text)          the answer to "complete": at the cursor, if the line is still `at`
 *   editor:remember(line)            for the history
 *   editor:columns() -> n            of the terminal
 *   editor:is_terminal() -> boolean  is there a person?
 *   editor:close()
 *
 * Threads. A thread of the editor's reads the terminal (see editor.c); it gets messages and posts events,
 * which wait here until they are asked for. While a line is typed, what print and io.write say is shown
 * above it. The terminal gets its mode back when the editor is closed, at the runtime's end at the latest. */
#include "edit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

typedef struct event_op event_op;

typedef struct {
    editor *editor;            /* NULL: there is none */
    edit_event *first, **last; /* not asked for yet */
    event_op *waiting;
} edit_state;

struct event_op {
    neap_op op;
    neap_timer alive; /* the program does not end while it waits for a key */
    edit_event *event;
};

extern const neap_handle_class edit_class;

static editor *check_editor(lua_State *L)
{
    return neap->check(L, 1, &edit_class);
}

static int refuse(lua_State *L, int status, const char *what)
{
    return neap->fail(L, status, NEAP_F_SYSCALL, what, NEAP_F_END);
}

/* ---- Events ---- */

static void finish(event_op *r, edit_state *s, int status)
{
    s->waiting = NULL;
    neap->timer_stop(&r->alive);
    neap->complete(&r->op, status, NEAP_F_END);
}

static void give(edit_state *s)
{
    event_op *r = s->waiting;
    if (!r || !s->first)
        return;
    r->event = s->first;
    if (!(s->first = r->event->next))
        s->last = &s->first;
    finish(r, s, 0);
}

/* A post of the thread's. The line has ended, whatever it says, unless it is to be completed. */
void edit_on_event(neap_env *env, void *data)
{
    edit_state *s = neap->state(env);
    edit_event *event = data;
    if (!s->editor) {
        free(event);
        return;
    }
    if (event->kind == EVENT_INTERRUPT || event->kind == EVENT_ABANDONED)
        edit_answered(s->editor);
    if (event->kind != EVENT_COMPLETE && event->kind != EVENT_INTERRUPT) {
        edit_show_now(s->editor);
        neap->output(env, NULL);
    }
    event->next = NULL;
    *s->last = event;
    s->last = &event->next;
    give(s);
}

static void stay_alive(neap_timer *timer)
{
    neap->timer(timer->env, timer, 1e9);
}

static int event_results(lua_State *L, neap_op *op)
{
    static const char *const kinds[] = {"line", "end", "abandoned", "complete", "interrupt"};
    const edit_event *event = neap_container_of(op, event_op, op)->event;
    lua_pushstring(L, kinds[event->kind]);
    if (event->kind != EVENT_LINE && event->kind != EVENT_COMPLETE)
        return 1;
    lua_pushlstring(L, event->text, event->length);
    if (event->kind == EVENT_COMPLETE)
        lua_pushinteger(L, event->cursor);
    else
        lua_pushboolean(L, event->pasting);
    return 3;
}

static void event_cancel(neap_op *op)
{
    event_op *r = neap_container_of(op, event_op, op);
    edit_state *s = neap->state(op->env);
    if (s->waiting == r)
        finish(r, s, UV_ECANCELED);
}

/* One that nobody got is the next one's. */
static void event_release(neap_op *op, int delivered)
{
    event_op *r = neap_container_of(op, event_op, op);
    edit_state *s = neap->state(op->env);
    if (r->event && !delivered && s->editor) {
        if (!(r->event->next = s->first))
            s->last = &r->event->next;
        s->first = r->event;
    } else {
        free(r->event);
    }
}

static const neap_op_class event_class = {"edit.event", event_results, event_cancel, event_release};

/* Terminals show nothing for a 0, and so it is left out: the text ends with one. */
static char *copy_text(const char *text, size_t length)
{
    char *copy = malloc(length + 1), *end = copy;
    for (size_t i = 0; copy && i < length; i++)
        if (text[i])
            *end++ = text[i];
    if (copy)
        *end = 0;
    return copy;
}

/* What is said while a line is typed. It may be cut anywhere. */
static void write_above(neap_env *env, const char *text, size_t length)
{
    edit_state *s = neap->state(env);
    char *copy = copy_text(text, length);
    if (!copy || edit_send(s->editor, MESSAGE_SHOW, copy, NULL))
        edit_write(text, length);
    free(copy);
}

/* ---- Opening and closing ---- */

static int editor_close(neap_handle *h)
{
    editor *e = (editor *)h;
    edit_state *s = neap->state(h->env);
    if (s->editor != e)
        return 0; /* it was never opened */
    edit_stop(e);
    neap->output(h->env, NULL);
    s->editor = NULL;
    neap->remote_release(e->remote);
    for (edit_event *event; (event = s->first);) {
        s->first = event->next;
        free(event);
    }
    s->last = &s->first;
    if (s->waiting)
        finish(s->waiting, s, NEAP_ECLOSED);
    return 0;
}

static int edit_open(lua_State *L)
{
    neap_env *env = neap->env(L);
    edit_state *s = neap->state(env);
    if (s->editor)
        return refuse(L, UV_EBUSY, "edit.open");
    editor *e = neap->handle(L, &edit_class);
    if (!(e->remote = neap->interrupter(env)))
        return refuse(L, UV_ENOMEM, "edit.open");
    int status = edit_start(e);
    if (status) {
        neap->remote_release(e->remote);
        return refuse(L, status, "edit.open");
    }
    s->editor = e;
    s->last = &s->first;
    return 1;
}

/* ---- Methods ---- */

static int editor_edit(lua_State *L)
{
    editor *e = check_editor(L);
    const char *prompt = luaL_checkstring(L, 2);
    neap->output(e->handle.env,
                 e->shared ? write_above : NULL); /* what was said is before the prompt */
    int status = edit_send(e, MESSAGE_EDIT, prompt, NULL);
    if (status)
        return refuse(L, status, "edit.edit");
    lua_pushboolean(L, 1);
    return 1;
}

static int editor_event(lua_State *L)
{
    editor *e = check_editor(L);
    edit_state *s = neap->state(e->handle.env);
    event_op *r = neap->op_new(L, &event_class, sizeof *r);
    r->alive = (neap_timer){.fire = stay_alive, .env = e->handle.env};
    if (s->waiting) {
        neap->complete(&r->op, UV_EBUSY, NEAP_F_SYSCALL, "edit.event", NEAP_F_END);
    } else {
        s->waiting = r;
        stay_alive(&r->alive);
        give(s);
    }
    return neap->wait(L, &r->op);
}

static int send_texts(lua_State *L, int kind, const char *a, const char *b)
{
    int status = edit_send(check_editor(L), kind, a, b);
    if (status)
        return refuse(L, status, "edit.send");
    lua_pushboolean(L, 1);
    return 1;
}

static int editor_insert(lua_State *L)
{
    return send_texts(L, MESSAGE_INSERT, luaL_checkstring(L, 2), luaL_checkstring(L, 3));
}

static int editor_remember(lua_State *L)
{
    return send_texts(L, MESSAGE_REMEMBER, luaL_checkstring(L, 2), NULL);
}

static int editor_columns(lua_State *L)
{
    struct winsize size;
    check_editor(L);
    bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
    lua_pushinteger(L, known ? size.ws_col : 80);
    return 1;
}

static int editor_is_terminal(lua_State *L)
{
    lua_pushboolean(L, check_editor(L)->keyboard);
    return 1;
}

/* ---- Registration ---- */

static const luaL_Reg methods[] = {{"edit", editor_edit},
                                   {"event", editor_event},
                                   {"insert", editor_insert},

                                   {"remember", editor_remember},
                                   {"columns", editor_columns},
                                   {"is_terminal", editor_is_terminal},
                                   {NULL, NULL}};

const neap_handle_class edit_class = {
    .name = "neap.editor", .size = sizeof(editor), .methods = methods, .close = editor_close};

static const luaL_Reg functions[] = {{"open", edit_open}, {NULL, NULL}};

NEAP_EXTENSION(neap_edit, .flags = NEAP_SINGLE, .functions = functions,
               .state_size = sizeof(edit_state))
