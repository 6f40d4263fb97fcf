/* tty.c -- uv_tty_t: terminals. */
#include "uv.h"

static nuv_handle *check_tty(lua_State *L, int index)
{
    return nuv_check(L, index, &nuv_tty_class);
}

/** uv.new_tty(fd: integer, readable: boolean) -> uv_tty_t | fail
 * A stream on a terminal. `fd` is usually 0, 1 or 2; `readable` says whether it will be read from (libuv finds that
 * out itself by now). The terminal is opened anew where that is possible, so that others who have it do not notice
 * that it does not block here. EINVAL: `fd` is not a terminal: see `uv.guess_handle`. */
static int new_tty(lua_State *L)
{
    uv_file fd = (uv_file)nuv_check_int(L, 1);
    luaL_checktype(L, 2, LUA_TBOOLEAN);
    nuv_handle *x = nuv_handle_new(L, &nuv_tty_class);
    uv_loop_t *loop = nuv_state_of(L)->loop;
    return nuv_handle_made(L, x, uv_tty_init(loop, &x->uv.tty, fd, lua_toboolean(L, 2)));
}

static int check_mode(lua_State *L, int index)
{
    static const nuv_name modes[] = {
        {"normal", UV_TTY_MODE_NORMAL},
        {"raw", UV_TTY_MODE_RAW},
        {"io", UV_TTY_MODE_IO},
#if UV_VERSION_HEX >= 0x013300 /* 1.51 */
        {"raw_vt", UV_TTY_MODE_RAW_VT},
#endif
        {NULL, 0}
    };
    if (lua_type(L, index) == LUA_TSTRING)
        return nuv_check_name(L, index, modes, "tty mode");
    return nuv_check_int(L, index);
}

/** uv.tty_set_mode(tty: uv_tty_t, mode: integer | string) -> 0 | fail
 * Sets the terminal's mode: 0 or "normal", 1 or "raw" (every key is told at once, none is shown, and control-C is a
 * key as others), 2 or "io" (bytes go through as they are); since libuv 1.51 also "raw_vt", of Windows, elsewhere "raw".
 * See `uv.tty_reset_mode`. */
static int tty_set_mode(lua_State *L)
{
    nuv_handle *x = check_tty(L, 1);
    uv_tty_mode_t mode = (uv_tty_mode_t)check_mode(L, 2);
    return nuv_result(L, uv_tty_set_mode(&x->uv.tty, mode));
}

/** uv.tty_reset_mode() -> 0 | fail
 * Gives the terminal the mode that it had before `uv.tty_set_mode`: to be called before the program ends. */
static int tty_reset_mode(lua_State *L)
{
    return nuv_result(L, uv_tty_reset_mode());
}

/** uv.tty_get_winsize(tty: uv_tty_t) -> integer, integer | fail
 * The window's width and height, in characters. The signal "sigwinch" tells when they change. */
static int tty_get_winsize(lua_State *L)
{
    int width, height;
    int status = uv_tty_get_winsize(&check_tty(L, 1)->uv.tty, &width, &height);
    if (status < 0)
        return nuv_fail(L, status);
    lua_pushinteger(L, width);
    lua_pushinteger(L, height);
    return 2;
}

static const char *const vterm_states[] = {"supported", "unsupported",
                                           NULL}; /* as libuv numbers them */

/** uv.tty_set_vterm_state(state: string)
 * Whether control sequences are processed by the console, "supported", or by libuv, "unsupported". Of Windows only:
 * elsewhere nothing happens. */
static int tty_set_vterm_state(lua_State *L)
{
    uv_tty_set_vterm_state((uv_tty_vtermstate_t)luaL_checkoption(L, 1, NULL, vterm_states));
    return 0;
}

/** uv.tty_get_vterm_state() -> string | fail
 * "supported" or "unsupported". ENOTSUP: it is not Windows. */
static int tty_get_vterm_state(lua_State *L)
{
    uv_tty_vtermstate_t state;
    int status = uv_tty_get_vterm_state(&state);
    if (status < 0)
        return nuv_fail(L, status);
    lua_pushstring(L, vterm_states[state == UV_TTY_UNSUPPORTED]);
    return 1;
}

const luaL_Reg nuv_tty_functions[] = {
    {"new_tty", new_tty},
    {"tty_set_mode", tty_set_mode},
    {"tty_reset_mode", tty_reset_mode},
    {"tty_get_winsize", tty_get_winsize},
    {"tty_set_vterm_state", tty_set_vterm_state},
    {"tty_get_vterm_state", tty_get_vterm_state},
    {NULL, NULL},
};

static const luaL_Reg methods[] = {
    NUV_STREAM_METHODS, {"set_mode", tty_set_mode}, {"get_winsize", tty_get_winsize}, {NULL, NULL}};

NUV_CLASS(tty, methods);
