/* log.c -- neap_log: sinks that never make anybody wait, for lua/neap/log.lua.
 *
 *   sink(bytes, grace) -> sink                 keeps so many bytes; writes for so many seconds when it is closed
 *   is_plain(text) -> boolean                  a JSON string as it stands: printable ASCII without " and \
 *   call(fn, text, record)                     calls fn where nothing in it can wait; returns what it does
 *   sink:open(path) -> true                    a file, also again; needs fs.write
 *   sink:open_standard_error() -> true
 *   sink:push(text, urgent) -> added, wanted   not added: it is lost, and counted; wanted: a notice for that
 *   sink:notice(head, tail)                    what tells of lost lines, around their number
 *   sink:flush() -> true                       waits until all that was pushed has been written
 *   sink:state() -> bytes, written, lost, err  queued bytes; lines so far; of the last write
 *   sink:is_terminal() -> boolean
 *   sink:close(), is_closed()
 *
 * Files: target.c (the descriptor), queue.c (the lines), sink.c (both together), file.c (opening).
 *
 * Lifetime: a closed sink lives on until its lines are written or its time is up, and libuv has called back. */
#include "log.h"

static int sink(lua_State *L)
{
    lua_Number bytes = luaL_checknumber(L, 1), seconds = luaL_checknumber(L, 2);
    luaL_argcheck(L, bytes >= 1 && bytes <= (lua_Number)(1 << 30), 1, "1 byte to 1 GiB");
    luaL_argcheck(L, seconds >= 0 && seconds <= 1e9, 2, "a number of seconds");
    log_sink *s = neap->handle(L, &log_sink_class);
    log_queue_open(&s->queue, s->handle.env, (size_t)bytes);
    s->seconds = seconds;
    return 1;
}

/* Across a C function that has no continuation nothing can be suspended: a wait raises EWAIT. */
static int call(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_call(L, lua_gettop(L) - 1, LUA_MULTRET);
    return lua_gettop(L);
}

static int is_plain(lua_State *L)
{
    size_t length, i = 0;
    const char *text = luaL_checklstring(L, 1, &length);
    while (i < length && text[i] >= ' ' && text[i] < 127 && text[i] != '"' && text[i] != '\\')
        i++;
    lua_pushboolean(L, i == length);
    return 1;
}

static const luaL_Reg functions[] = {
    {"sink", sink},
    {"call", call},
    {"is_plain", is_plain},
    {NULL, NULL},
};

NEAP_EXTENSION(neap_log, .flags = NEAP_PUBLIC, .functions = functions)
