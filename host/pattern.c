/* pattern.c -- Lua 5.1's pattern matching as LuaJIT has it, to the last error message, as a machine
 * that can be left between any two steps.
 *
 * The machine is at a place in the subject and one in the pattern (s, p). An item with more than one
 * way to match pushes a choice; what fails goes back to the last one. Beginning and ending a capture
 * are choices too, which are undone on the way. LuaJIT's matcher calls itself where this one pushes,
 * and gives up 200 levels deep: so does this one, which also bounds its stack. */
#include "pattern.h"

#include <string.h>

enum { GO, EXPAND, FAIL, MATCHED, NOTHING, BROKEN }; /* states */
enum { MOST, LEAST, OPTIONAL, BEGUN, ENDED };        /* kinds of choices */

typedef neap_pattern machine;

static int broken(machine *m, const char *error)
{
    m->error = error;
    return BROKEN;
}

/* ---- Items ---- */

static unsigned char byte(const char *p)
{
    return (unsigned char)*p;
}

static bool is_letter(int c)
{
    return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

/* In the C locale, whatever the program's is. A capital is the opposite of its class. */
static bool in_class(int c, int class)
{
    bool in;
    if (!is_letter(class))
        return class == c;
    switch (class | 0x20) {
    case 'a': in = is_letter(c); break;
    case 'c': in = c < 32 || c == 127; break;
    case 'd': in = is_digit(c); break;
    case 'g': in = c > 32 && c < 127; break;
    case 'l': in = c >= 'a' && c <= 'z'; break;
    case 'p': in = c > 32 && c < 127 && !is_letter(c) && !is_digit(c); break;
    case 's': in = c == ' ' || (c >= 9 && c <= 13); break;
    case 'u': in = c >= 'A' && c <= 'Z'; break;
    case 'w': in = is_letter(c) || is_digit(c); break;
    case 'x': in = is_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f'); break;
    case 'z': in = c == 0; break;
    default: return class == c;
    }
    return (class & 0x20) ? in : !in;
}

/* The end of the item at p; NULL and m->error. */
static const char *item_end(machine *m, const char *p)
{
    const char *begin = p;
    if (*p == '%') {
        if (!p[1])
            return m->error = "malformed pattern (ends with '%')", NULL;
        return p + 2;
    }
    if (*p++ != '[')
        return p;
    if (*p == '^')
        p++;
    do {
        if (!*p)
            return m->error = "malformed pattern (missing ']')", NULL;
        if (*p++ == '%' && *p)
            p++;
    } while (*p != ']');
    m->steps -= (p - begin) / 4;
    return p + 1;
}

/* p: the '['; last: the ']'. */
static bool in_set(machine *m, int c, const char *p, const char *last)
{
    bool positive = p[1] != '^';
    if (!positive)
        p++;
    m->steps -= (last - p) / 4;
    while (++p < last) {
        if (*p == '%') {
            p++;
            if (in_class(c, byte(p)))
                return positive;
        } else if (p[1] == '-' && p + 2 < last) {
            p += 2;
            if (byte(p - 2) <= c && c <= byte(p))
                return positive;
        } else if (byte(p) == c) {
            return positive;
        }
    }
    return !positive;
}

static bool matches(machine *m, const char *s, const char *item, const char *end)
{
    if (s >= m->subject_end)
        return false;
    switch (*item) {
    case '.': return true;
    case '%': return in_class(byte(s), byte(item + 1));
    case '[': return in_set(m, byte(s), item, end - 1);
    }
    return *item == *s;
}

/* ---- Choices ---- */

static int push(machine *m, int kind, const char *s, const char *item, const char *end, ptrdiff_t n)
{
    if (m->choices == NEAP_CHOICES)
        return broken(m, "pattern too complex");
    m->choice[m->choices++] = (neap_choice){s, item, end, n, kind};
    return GO;
}

static int go(machine *m, const char *s, const char *p)
{
    m->s = s;
    m->p = p;
    return GO;
}

/* The last choice takes as many as it can. */
static int expand(machine *m)
{
    neap_choice *c = &m->choice[m->choices - 1];
    const char *s = c->s + c->n;
    if (*c->item == '.')
        s = m->subject_end;
    while (m->steps-- > 0 && matches(m, s, c->item, c->end))
        s++;
    c->n = s - c->s;
    if (m->steps < 0 && matches(m, s, c->item, c->end))
        return EXPAND;
    return go(m, s, c->end + 1);
}

/* Something failed: what else is there? */
static int retry(machine *m)
{
    if (!m->choices)
        return NOTHING;
    neap_choice *c = &m->choice[m->choices - 1];
    switch (c->kind) {
    case MOST:
        if (c->n-- > 0)
            return go(m, c->s + c->n, c->end + 1);
        break;
    case LEAST:
        if (matches(m, c->s, c->item, c->end))
            return go(m, ++c->s, c->end + 1);
        break;
    case OPTIONAL: m->choices--; return go(m, c->s, c->end + 1);
    case BEGUN: m->captures--; break;
    case ENDED: m->capture[c->n].length = NEAP_CAPTURE_OPEN; break;
    }
    m->choices--;
    return FAIL;
}

/* ---- What stands in a pattern ---- */

static int begin_capture(machine *m)
{
    bool position = m->p[1] == ')';
    if (m->captures == NEAP_CAPTURES)
        return broken(m, "too many captures");
    m->capture[m->captures].s = m->s;
    m->capture[m->captures].length = position ? NEAP_CAPTURE_POSITION : NEAP_CAPTURE_OPEN;
    m->captures++;
    m->p += position ? 2 : 1;
    return push(m, BEGUN, NULL, NULL, NULL, 0);
}

static int end_capture(machine *m)
{
    int i = m->captures - 1;
    while (i >= 0 && m->capture[i].length != NEAP_CAPTURE_OPEN)
        i--;
    if (i < 0)
        return broken(m, "invalid pattern capture");
    m->capture[i].length = m->s - m->capture[i].s;
    m->p++;
    return push(m, ENDED, NULL, NULL, NULL, i);
}

/* %1: what was captured, again. */
static int back_reference(machine *m)
{
    int i = m->p[1] - '1';
    if (i < 0 || i >= m->captures || m->capture[i].length == NEAP_CAPTURE_OPEN)
        return broken(m, "invalid capture index");
    size_t n = (size_t)m->capture[i].length; /* a position's is longer than any subject */
    if ((size_t)(m->subject_end - m->s) < n || memcmp(m->capture[i].s, m->s, n))
        return FAIL;
    m->steps -= (long)(n / 16);
    return go(m, m->s + n, m->p + 2);
}

/* %bxy */
static int balance(machine *m)
{
    const char *p = m->p + 2, *s = m->s;
    if (!p[0] || !p[1])
        return broken(m, "unbalanced pattern");
    if (*s != *p)
        return FAIL;
    for (int open = 1; ++s < m->subject_end;) {
        if (*s == p[1] && --open == 0)
            break;
        if (*s == p[0] && p[0] != p[1])
            open++;
    }
    m->steps -= s - m->s;
    return s < m->subject_end ? go(m, s + 1, p + 2) : FAIL;
}

/* %f[set] */
static int frontier(machine *m)
{
    const char *p = m->p + 2;
    if (*p != '[')
        return broken(m, "missing '[' after '%f' in pattern");
    const char *end = item_end(m, p);
    if (!end)
        return BROKEN;
    int before = m->s == m->subject ? 0 : byte(m->s - 1);
    if (in_set(m, before, p, end - 1) || !in_set(m, byte(m->s), p, end - 1))
        return FAIL;
    return go(m, m->s, end);
}

static int item(machine *m)
{
    const char *p = m->p, *s = m->s, *end = item_end(m, p);
    if (!end)
        return BROKEN;
    if (*end == '-') {
        m->p = end + 1;
        return push(m, LEAST, s, p, end, 0);
    }
    if (*end == '*')
        return push(m, MOST, s, p, end, 0) == GO ? EXPAND : BROKEN;
    bool one = matches(m, s, p, end);
    if (*end == '?') {
        m->p = end + 1;
        m->s += one;
        return one ? push(m, OPTIONAL, s, p, end, 0) : GO;
    }
    if (!one)
        return FAIL;
    if (*end == '+')
        return push(m, MOST, s + 1, p, end, 0) == GO ? EXPAND : BROKEN;
    return go(m, s + 1, end);
}

static int step(machine *m)
{
    switch (*m->p) {
    case '\0': return MATCHED;
    case '(': return begin_capture(m);
    case ')': return end_capture(m);
    case '$':
        if (!m->p[1])
            return m->s == m->subject_end ? MATCHED : FAIL;
        break;
    case '%':
        if (m->p[1] == 'b')
            return balance(m);
        if (m->p[1] == 'f')
            return frontier(m);
        if (is_digit(byte(m->p + 1)))
            return back_reference(m);
        break;
    }
    return item(m);
}

/* ---- Running ---- */

void neap_pattern_begin(machine *m, const char *from)
{
    m->from = m->s = from;
    m->p = m->pattern;
    m->state = GO;
    m->choices = m->captures = 0;
}

int neap_pattern_run(machine *m, long steps)
{
    m->steps = steps > 1 ? steps : 2; /* one for expand to get on by */
    while (m->steps-- > 0) {
        switch (m->state) {
        case GO: m->state = step(m); break;
        case EXPAND: m->state = expand(m); break;
        case FAIL: m->state = retry(m); break;
        case MATCHED: m->to = m->s; return NEAP_PATTERN_FOUND;
        case NOTHING:
            if (m->anchored || m->from >= m->subject_end)
                return NEAP_PATTERN_NONE;
            neap_pattern_begin(m, m->from + 1);
            break;
        case BROKEN: return NEAP_PATTERN_WRONG;
        }
    }
    return NEAP_PATTERN_MORE;
}
