/* data.c -- the bytes of an argument: a string, or an array of them.
 *
 * They stay where they are, in the VM, for the time of the call; what goes on after it copies them. */
#include <string.h>

#include "uv.h"

static uv_buf_t buf_of(lua_State *L, int index)
{
    size_t n;
    const char *bytes = lua_tolstring(L, index, &n);
    return uv_buf_init((char *)bytes, (unsigned)n);
}

static void refuse(lua_State *L, int index, const char *format, const char *what)
{
    luaL_argerror(L, index, lua_pushfstring(L, format, what));
}

/* Entry i of the array at `index`. A number's text belongs to nobody: the table at `texts` keeps it. */
static uv_buf_t entry(lua_State *L, int index, int i, int texts)
{
    lua_rawgeti(L, index, i);
    if (!lua_isstring(L, -1))
        refuse(L, index, "expected table of strings, found %s in the table", luaL_typename(L, -1));
    bool number = lua_type(L, -1) == LUA_TNUMBER;
    uv_buf_t buf = buf_of(L, -1);
    if (number)
        lua_rawseti(L, texts, i);
    else
        lua_pop(L, 1);
    return buf;
}

/* Of none at all there is still one, which is empty: libuv wants one. */
static void check_array(lua_State *L, int index, nuv_data *d)
{
    unsigned n = (unsigned)lua_objlen(L, index);
    d->bufs = n > NUV_FEW ? lua_newuserdata(L, n * sizeof *d->bufs) : d->few;
    lua_newtable(L);
    int texts = lua_gettop(L);
    d->n = n ? n : 1;
    d->size = 0;
    for (unsigned i = 0; i < n; i++) {
        d->bufs[i] = entry(L, index, (int)i + 1, texts);
        d->size += d->bufs[i].len;
    }
}

void nuv_check_data(lua_State *L, int index, nuv_data *d)
{
    int type = lua_type(L, index);
    if (type == LUA_TTABLE) {
        d->few[0] = uv_buf_init((char *)"", 0);
        check_array(L, index, d);
        return;
    }
    if (type != LUA_TSTRING && type != LUA_TNUMBER)
        refuse(L, index, "data must be string or table of strings, got %s",
               luaL_typename(L, index));
    d->bufs = d->few;
    d->n = 1;
    d->few[0] = buf_of(L, index);
    d->size = d->few[0].len;
}

void nuv_skip_data(nuv_data *d, size_t gone)
{
    d->size -= gone;
    while (d->n && gone >= d->bufs->len) {
        gone -= d->bufs->len;
        d->bufs++;
        d->n--;
    }
    if (gone) {
        d->bufs->base += gone;
        d->bufs->len -= gone;
    }
}

uv_buf_t nuv_copy_data(const nuv_data *d, char *to)
{
    char *end = to;
    for (unsigned i = 0; i < d->n; i++) {
        memcpy(end, d->bufs[i].base, d->bufs[i].len);
        end += d->bufs[i].len;
    }
    return (uv_buf_t){.base = to, .len = d->size};
}
