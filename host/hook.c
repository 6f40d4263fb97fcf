/* hook.c: debug.sethook and debug.gethook. A VM has one hook, which is the host's (preempt.c): a script's
 * is in force whenever no slice is being stopped. The function is anchored in the runtime; hooks are the
 * VM's and not a thread's, as LuaJIT has them.
 *
 *     sethook([thread,] [hook, mask [, count]])
 *     gethook([thread]) -> hook, mask, count
 */
#include <string.h>

#include "host.h"

static void on_event(lua_State *L, lua_Debug *ar)
{
    static const char *const events[] = {"call", "return", "line", "count", "tail return"};
    neap_runtime *rt = neap_of(L);
    if (!rt || !rt->hook)
        return;
    neap_anchor_push(rt, L, rt->hook);
    lua_pushstring(L, events[ar->event]);
    if (ar->currentline >= 0)
        lua_pushinteger(L, ar->currentline);
    else
        lua_pushnil(L);
    lua_call(L, 2, 0);
}

static int mask_of(const char *text, int count)
{
    return (strchr(text, 'c') ? LUA_MASKCALL : 0) | (strchr(text, 'r') ? LUA_MASKRET : 0) |
           (strchr(text, 'l') ? LUA_MASKLINE : 0) | (count > 0 ? LUA_MASKCOUNT : 0);
}

int neap_lua_sethook(lua_State *L)
{
    neap_runtime *rt = neap_carried(L);
    int first = lua_isthread(L, 1) ? 2 : 1, mask = 0, count = 0;
    bool on = !lua_isnoneornil(L, first);
    if (on) {
        const char *text = luaL_checkstring(L, first + 1);
        luaL_checktype(L, first, LUA_TFUNCTION);
        count = luaL_optint(L, first + 2, 0);
        mask = mask_of(text, count);
    }
    neap_slice_set_hook(&rt->slice, NULL, 0, 0);
    neap_anchor_drop(rt, &rt->hook);
    if (on) {
        lua_pushvalue(L, first);
        rt->hook = neap_anchor(rt, L);
        neap_slice_set_hook(&rt->slice, mask ? on_event : NULL, mask, count);
    }
    return 0;
}

int neap_lua_gethook(lua_State *L)
{
    neap_runtime *rt = neap_carried(L);
    int mask = rt->slice.user.mask;
    char text[4], *end = text;
    if (rt->hook)
        neap_anchor_push(rt, L, rt->hook);
    else
        lua_pushnil(L);
    if (mask & LUA_MASKCALL)
        *end++ = 'c';
    if (mask & LUA_MASKRET)
        *end++ = 'r';
    if (mask & LUA_MASKLINE)
        *end++ = 'l';
    lua_pushlstring(L, text, (size_t)(end - text));
    lua_pushinteger(L, mask & LUA_MASKCOUNT ? rt->slice.user.count : 0);
    return 3;
}
