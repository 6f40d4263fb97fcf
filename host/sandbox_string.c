/* sandbox_string.c: find, match, gmatch and gsub of a restricted VM, on pattern.c.
 *
 * One C function for lua/neap/sandbox.lua:
 *
 *     run(FIND, s, pattern, init, plain)    -> true, what string.find returns
 *     run(MATCH, s, pattern, init)          -> true, what string.match returns
 *     run(GSUB, s, pattern, text, n)        -> true, the new text, how often
 *     run(NEXT, s, pattern, init, literal, one) -> true, first, last, captures... of the next match (or
 *                                              one of them), or true
 *     run(RESUME)                           -> go on with what was left
 *
 * or nil and what is wrong; or false: its VM is to stop now, and it goes on with RESUME when that is
 * over. What it was at is kept as its upvalues until then: a VM that is preempted runs nothing else. */
#include <string.h>

#include "host.h"
#include "pattern.h"
#include "sandbox.h"

enum { RESUME, FIND, MATCH, GSUB, NEXT };
enum { KEPT = 2, SUBJECT, PATTERN, TEXT, PARTIAL }; /* upvalues; the first is the runtime */
enum { STEPS = 20000 };

typedef struct {
    neap_pattern m;
    int operation;
    bool one;
    const char *pattern, *text; /* GSUB: of the replacement */
    size_t pattern_length, text_length;
    const char *at; /* GSUB: what stands before it is in the buffer */
    size_t next;    /* of the replacement: what is to be put there next */
    bool replaces;  /* a match is being replaced */
    long steps;     /* until the clock is looked at */
    lua_Integer most, count;
} search;

static int wrong(lua_State *L, const char *message)
{
    lua_pushnil(L);
    lua_pushstring(L, message);
    return 2;
}

/* ---- Arguments ---- */

/* Push nil and what is wrong with the one at index. */
static bool bad_argument(lua_State *L, int operation, int index, const char *expected)
{
    static const char *const names[] = {"", "find", "match", "gsub", "gsub"};
    const char *got = luaL_typename(L, index);
    lua_pushnil(L);
    lua_pushfstring(L, "bad argument #%d to '%s' (%s expected, got %s)", index - 1,
                    names[operation], expected, got);
    return false;
}

/* The text at index, or NULL with nil and the message pushed. */
static const char *text_at(lua_State *L, int operation, int index, size_t *length)
{
    bool is = lua_isstring(L, index) || bad_argument(L, operation, index, "string");
    return is ? lua_tolstring(L, index, length) : NULL;
}

static bool integer_at(lua_State *L, int operation, int index, lua_Integer *value)
{
    if (lua_isnoneornil(L, index))
        return true;
    if (!lua_isnumber(L, index))
        return bad_argument(L, operation, index, "number");
    *value = lua_tointeger(L, index);
    return true;
}

static bool is_plain(const char *pattern, size_t n)
{
    for (const char *p = pattern; p < pattern + n; p++)
        if (*p && strchr("^$*+?.([%-", *p))
            return false;
    return true;
}

/* ---- Results ---- */

/* Capture i as a value; an error's message, or NULL. */
static const char *push_capture(lua_State *L, const neap_pattern *m, int i)
{
    if (i >= m->captures) {
        if (i)
            return "invalid capture index";
        lua_pushlstring(L, m->from, (size_t)(m->to - m->from));
        return NULL;
    }
    if (m->capture[i].length == NEAP_CAPTURE_OPEN)
        return "unfinished capture";
    if (m->capture[i].length == NEAP_CAPTURE_POSITION)
        lua_pushinteger(L, m->capture[i].s - m->subject + 1);
    else
        lua_pushlstring(L, m->capture[i].s, (size_t)m->capture[i].length);
    return NULL;
}

/* What is on the stack from `first` on, and the captures: at least `least`, the whole match if there
 * are none, and at most `most`. */
static int push_captures(lua_State *L, const neap_pattern *m, int least, int most, int first)
{
    int n = m->captures > most ? most : m->captures > least ? m->captures : least;
    luaL_checkstack(L, n + 2, "too many captures");
    for (int i = 0; i < n; i++) {
        const char *error = push_capture(L, m, i);
        if (error)
            return wrong(L, error);
    }
    return lua_gettop(L) - first + 1;
}

static int push_found(lua_State *L, const search *s)
{
    const neap_pattern *m = &s->m;
    int first = lua_gettop(L) + 1;
    lua_pushboolean(L, 1);
    if (s->operation != MATCH) {
        lua_pushinteger(L, m->from - m->subject + 1);
        lua_pushinteger(L, m->to - m->subject);
    }
    return push_captures(L, m, s->operation != FIND, s->one ? 1 : NEAP_CAPTURES, first);
}

static int push_nothing(lua_State *L, const search *s)
{
    lua_pushboolean(L, 1);
    if (s->operation == NEXT)
        return 1;
    lua_pushnil(L);
    return 2;
}

/* ---- Leaving, and going on ---- */

/* A string stays where it is while it is referred to. */
static void keep(lua_State *L, const search *s)
{
    void *kept = lua_newuserdata(L, sizeof *s);
    memcpy(kept, s, sizeof *s);
    lua_replace(L, lua_upvalueindex(KEPT));
}

static void keep_texts(lua_State *L)
{
    for (int i = 0; i < 3; i++) {
        lua_pushvalue(L, 2 + i);
        lua_replace(L, lua_upvalueindex(SUBJECT + i));
    }
}

static void forget(lua_State *L)
{
    for (int i = KEPT; i <= PARTIAL; i++) {
        lua_pushnil(L);
        lua_replace(L, lua_upvalueindex(i));
    }
}

static bool must_leave(lua_State *L, search *s)
{
    neap_runtime *rt = lua_touserdata(L, lua_upvalueindex(1));
    if (s->steps > 0)
        return false;
    s->steps = STEPS;
    return neap_slice_due(&rt->slice);
}

/* Match until there is a result, or its VM is to stop: MORE. */
static int run(lua_State *L, search *s)
{
    int found;
    do {
        found = neap_pattern_run(&s->m, s->steps);
        s->steps = s->m.steps;
    } while (found == NEAP_PATTERN_MORE && !must_leave(L, s));
    return found;
}

/* ---- gsub with a text ---- */

static void add(luaL_Buffer *b, search *s, const char *text, size_t length)
{
    luaL_addlstring(b, text, length);
    s->steps -= (long)(length / 4) + 1;
}

/* What stands for a part of the match: an error's message, or NULL. */
static const char *add_part(lua_State *L, luaL_Buffer *b, search *s, char which)
{
    const neap_pattern *m = &s->m;
    if (which == '0') {
        add(b, s, m->from, (size_t)(m->to - m->from));
        return NULL;
    }
    const char *error = push_capture(L, m, which - '1');
    if (error)
        return error;
    s->steps -= (long)(lua_objlen(L, -1) / 4) + 8;
    luaL_addvalue(b);
    return NULL;
}

/* Put the text in place of a match. It ends in a 0. MORE: its VM is to stop; WRONG; FOUND: done. */
static int add_text(lua_State *L, luaL_Buffer *b, search *s)
{
    while (s->next < s->text_length) {
        if (must_leave(L, s))
            return NEAP_PATTERN_MORE;
        bool escaped = s->text[s->next] == '%';
        char c = s->text[s->next += escaped];
        s->next++;
        s->steps--;
        if (!escaped || c < '0' || c > '9')
            luaL_addchar(b, c);
        else if ((s->m.error = add_part(L, b, s, c)))
            return NEAP_PATTERN_WRONG;
    }
    s->replaces = false;
    return NEAP_PATTERN_FOUND;
}

/* After a match at s->at; false: it was the last. */
static bool advance(luaL_Buffer *b, search *s)
{
    neap_pattern *m = &s->m;
    if (m->to > s->at)
        s->at = m->to;
    else if (s->at < m->subject_end)
        luaL_addchar(b, *s->at++);
    else
        return false;
    return !m->anchored && s->count < s->most;
}

static int gsub_end(lua_State *L, luaL_Buffer *b, const search *s)
{
    luaL_addlstring(b, s->at, (size_t)(s->m.subject_end - s->at));
    luaL_pushresult(b);
    lua_pushboolean(L, 1);
    lua_insert(L, -2);
    lua_pushinteger(L, s->count);
    return 3;
}

static int gsub_leave(lua_State *L, luaL_Buffer *b, const search *s)
{
    luaL_pushresult(b);
    lua_replace(L, lua_upvalueindex(PARTIAL));
    keep(L, s);
    lua_pushboolean(L, 0);
    return 1;
}

static void begin_replacing(luaL_Buffer *b, search *s)
{
    add(b, s, s->at, (size_t)(s->m.from - s->at));
    s->at = s->m.from;
    s->count++;
    s->next = 0;
    s->replaces = true;
}

/* The search goes on from s->at over what does not match; that is copied when it has found. */
static int gsub(lua_State *L, search *s)
{
    neap_pattern *m = &s->m;
    luaL_Buffer b;
    bool more = s->replaces || s->count < s->most;
    luaL_buffinit(L, &b);
    if (lua_isstring(L, lua_upvalueindex(PARTIAL))) {
        lua_pushvalue(L, lua_upvalueindex(PARTIAL));
        luaL_addvalue(&b);
    }
    while (more) {
        int found = s->replaces ? NEAP_PATTERN_FOUND : run(L, s);
        if (found == NEAP_PATTERN_FOUND && !s->replaces)
            begin_replacing(&b, s);
        if (found == NEAP_PATTERN_FOUND)
            found = add_text(L, &b, s);
        if (found == NEAP_PATTERN_MORE)
            return gsub_leave(L, &b, s);
        if (found == NEAP_PATTERN_WRONG)
            return wrong(L, m->error);
        if (found == NEAP_PATTERN_NONE)
            break;
        more = advance(&b, s);
        neap_pattern_begin(m, s->at);
    }
    return gsub_end(L, &b, s);
}

/* ---- The operations ---- */

static int go_on(lua_State *L, search *s)
{
    if (s->operation == GSUB)
        return gsub(L, s);
    switch (run(L, s)) {
    case NEAP_PATTERN_FOUND: return push_found(L, s);
    case NEAP_PATTERN_NONE: return push_nothing(L, s);
    case NEAP_PATTERN_WRONG: return wrong(L, s->m.error);
    }
    keep(L, s);
    lua_pushboolean(L, 0);
    return 1;
}

static int find_plain(lua_State *L, const search *s, size_t offset)
{
    const char *from = s->m.subject + offset;
    const char *at = s->pattern_length == 0 ? from
                                            : memmem(from, (size_t)(s->m.subject_end - from),
                                                     s->pattern, s->pattern_length);
    if (!at)
        return push_nothing(L, s);
    lua_pushboolean(L, 1);
    lua_pushinteger(L, at - s->m.subject + 1);
    lua_pushinteger(L, at - s->m.subject + (lua_Integer)s->pattern_length);
    return 3;
}

/* string.find and match: where init lies; false: behind the subject. */
static bool offset_of(lua_Integer init, size_t length, size_t *offset)
{
    if (init < 0)
        init += (lua_Integer)length;
    else
        init--;
    *offset = init < 0 ? 0 : (size_t)init;
    return *offset <= length;
}

static bool prepare(lua_State *L, search *s, size_t *offset)
{
    lua_Integer init = 1;
    size_t length;
    bool replaces = s->operation == GSUB;
    s->m.subject = text_at(L, s->operation, 2, &length);
    if (!s->m.subject || !(s->pattern = text_at(L, s->operation, 3, &s->pattern_length)))
        return false;
    s->m.subject_end = s->m.subject + length;
    s->most = (lua_Integer)length + 1;
    s->count = 0;
    if (replaces && !(s->text = text_at(L, s->operation, 4, &s->text_length)))
        return false;
    if (!integer_at(L, s->operation, replaces ? 5 : 4, replaces ? &s->most : &init))
        return false;
    s->at = s->m.subject;
    *offset = 0;
    if (!offset_of(init, length, offset))
        *offset = length + 1;
    return true;
}

static int begin(lua_State *L, int operation)
{
    search s;
    size_t offset;
    if (!lua_isnil(L, lua_upvalueindex(KEPT))) /* it was killed */
        forget(L);
    s.operation = operation;
    s.steps = STEPS;
    s.replaces = false;
    s.one = lua_toboolean(L, 6);
    if (!prepare(L, &s, &offset))
        return 2;
    if (s.m.subject + offset > s.m.subject_end)
        return push_nothing(L, &s);
    if (operation == FIND && (lua_toboolean(L, 5) || is_plain(s.pattern, s.pattern_length)))
        return find_plain(L, &s, offset);
    bool literal = operation == NEXT && lua_toboolean(L, 5); /* gmatch's '^' is one */
    s.m.anchored = *s.pattern == '^' && !literal;
    s.m.pattern = s.pattern + s.m.anchored;
    neap_pattern_begin(&s.m, s.m.subject + offset);
    int n = go_on(L, &s);
    if (n == 1 && !lua_toboolean(L, -1))
        keep_texts(L);
    return n;
}

int neap_sandbox_search(lua_State *L)
{
    int operation = (int)lua_tointeger(L, 1);
    if (operation != RESUME) {
        lua_settop(L, 6);
        return begin(L, operation);
    }
    const search *kept = lua_touserdata(L, lua_upvalueindex(KEPT));
    if (!kept)
        return wrong(L, "nothing to go on with");
    search s = *kept;
    int n = go_on(L, &s);
    if (n != 1 || lua_toboolean(L, -1))
        forget(L);
    return n;
}
