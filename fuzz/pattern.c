/* pattern.c -- libFuzzer target for host/pattern.c: any pattern on any subject, beside LuaJIT's own
 * string.find, whole and in steps of drawn sizes: the same match, captures and errors.
 *
 * The first byte says how much is the pattern. Both are kept short: LuaJIT's matcher, which cannot be
 * stopped, would else backtrack for hours. */

#include <lauxlib.h>
#include <lualib.h>

#include "fuzz.h"
#include "pattern.h"

enum { PATTERN = 12, SUBJECT = 20 };

static lua_State *stock;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    stock = luaL_newstate();
    luaL_openlibs(stock);
    return 0;
}

static int match(neap_pattern *m, const char *subject, size_t length, const char *pattern,
                 int steps)
{
    int found;
    memset(m, 0, sizeof *m);
    m->subject = subject;
    m->subject_end = subject + length;
    m->anchored = *pattern == '^';
    m->pattern = pattern + m->anchored;
    neap_pattern_begin(m, subject);
    while ((found = neap_pattern_run(m, steps)) == NEAP_PATTERN_MORE)
        ;
    return found;
}

/* What LuaJIT has for capture i, at the stack's index `at`. */
static void check_capture(const neap_pattern *m, int i, int at)
{
    ptrdiff_t length = m->capture[i].length;
    if (length == NEAP_CAPTURE_POSITION) {
        CHECK(lua_tointeger(stock, at) == m->capture[i].s - m->subject + 1);
        return;
    }
    size_t n;
    const char *text = lua_tolstring(stock, at, &n);
    CHECK(lua_type(stock, at) == LUA_TSTRING && n == (size_t)length);
    CHECK(!memcmp(text, m->capture[i].s, n));
}

/* A capture that is left open is an error only when it is asked for, by LuaJIT in the same call. */
static bool has_open_capture(const neap_pattern *m)
{
    for (int i = 0; i < m->captures; i++)
        if (m->capture[i].length == NEAP_CAPTURE_OPEN)
            return true;
    return false;
}

static void compare(const neap_pattern *m, int found, int status)
{
    if (status) {
        CHECK(found == NEAP_PATTERN_WRONG || (found == NEAP_PATTERN_FOUND && has_open_capture(m)));
        if (found == NEAP_PATTERN_WRONG)
            CHECK(strstr(lua_tostring(stock, -1), m->error));
        return;
    }
    if (lua_isnil(stock, 1)) {
        CHECK(found == NEAP_PATTERN_NONE);
        return;
    }
    CHECK(found == NEAP_PATTERN_FOUND);
    CHECK(lua_tointeger(stock, 1) == m->from - m->subject + 1);
    CHECK(lua_tointeger(stock, 2) == m->to - m->subject);
    CHECK(lua_gettop(stock) == 2 + m->captures);
    for (int i = 0; i < m->captures; i++)
        check_capture(m, i, i + 3);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static neap_pattern whole, stepped;
    if (size < 2)
        return 0;
    size_t n = data[0] % PATTERN < size - 1 ? data[0] % PATTERN : size - 1;
    int steps = 1 + data[0] / PATTERN;
    char *pattern = malloc(n + 1), *subject;
    memcpy(pattern, data + 1, n);
    pattern[n] = '\0';
    if (!strpbrk(pattern, "^$*+?.([%-")) { /* a text to string.find */
        free(pattern);
        return 0;
    }
    size_t length = size - 1 - n < SUBJECT ? size - 1 - n : SUBJECT;
    subject = malloc(length + 1);
    memcpy(subject, data + 1 + n, length);
    subject[length] = '\0';

    lua_settop(stock, 0);
    lua_getglobal(stock, "string");
    lua_getfield(stock, 1, "find");
    lua_remove(stock, 1);
    lua_pushlstring(stock, subject, length);
    lua_pushlstring(stock, pattern, strlen(pattern));
    int status = lua_pcall(stock, 2, LUA_MULTRET, 0);
    int found = match(&whole, subject, length, pattern, 1000000);
    compare(&whole, found, status);
    CHECK(match(&stepped, subject, length, pattern, steps) == found);
    compare(&stepped, found, status);
    free(pattern);
    free(subject);
    return 0;
}
