/* misc.c -- what belongs to no handle: the process's folder and title, versions, random bytes, names of
 * errors. */
#include "uv.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- The process ---- */

static int push_path(lua_State *L, int (*get)(char *, size_t *))
{
    char path[2 * PATH_MAX];
    size_t size = sizeof path;
    int status = get(path, &size);
    if (status < 0)
        return nuv_fail(L, status);
    lua_pushlstring(L, path, size);
    return 1;
}

/** uv.exepath() -> string | fail
 * The path of the program that runs. */
static int exepath(lua_State *L)
{
    return push_path(L, uv_exepath);
}

/** uv.cwd() -> string | fail
 * The current folder. */
static int cwd(lua_State *L)
{
    return push_path(L, uv_cwd);
}

/** uv.chdir(path: string) -> 0 | fail
 * Makes it the current folder, which is the whole process's. ENOENT, ENOTDIR, EACCES. */
static int change_dir(lua_State *L)
{
    return nuv_result(L, uv_chdir(luaL_checkstring(L, 1)));
}

/** uv.get_process_title() -> string | fail
 * What ps shows of the process. ENOBUFS: in a program that has not called libuv's uv_setup_args. */
static int get_process_title(lua_State *L)
{
    char title[8192];
    int status = uv_get_process_title(title, sizeof title);
    if (status < 0)
        return nuv_fail(L, status);
    lua_pushstring(L, title);
    return 1;
}

/** uv.set_process_title(title: string) -> 0 | fail
 * Sets what ps shows; it is cut to the length of the arguments that the process was started with. */
static int set_process_title(lua_State *L)
{
    return nuv_result(L, uv_set_process_title(luaL_checkstring(L, 1)));
}

/** uv.sleep(milliseconds: integer)
 * Stops the whole thread for that time: no callback is called and no task goes on. */
static int sleep_for(lua_State *L)
{
    lua_Integer time = luaL_checkinteger(L, 1);
    uv_sleep(time > 0 ? (unsigned)time : 0);
    return 0;
}

/* ---- Descriptors ---- */

/** uv.guess_handle(fd: integer) -> "tty" | "pipe" | "tcp" | "udp" | "file" | nil
 * What kind of thing an open descriptor is; nothing, when there is none or it is another kind. */
static int guess_handle(lua_State *L)
{
    uv_handle_type type = uv_guess_handle((uv_file)nuv_check_int(L, 1));
    if (type == UV_UNKNOWN_HANDLE)
        return 0;
    lua_pushstring(L, type == UV_FILE ? "file" : uv_handle_type_name(type));
    return 1;
}

/* ---- Versions ---- */

/** uv.version() -> integer
 * libuv's version: major, minor and patch in eight bits each. */
static int version(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)uv_version());
    return 1;
}

/** uv.version_string() -> string
 * The same as text: "1.44.2". */
static int version_string(lua_State *L)
{
    lua_pushstring(L, uv_version_string());
    return 1;
}

/* ---- Errors ---- */

/** uv.errno: table<string, integer>
 * The number of each error that libuv knows, negative, by its name: `uv.errno.ENOENT`. */
void nuv_push_errno(lua_State *L)
{
    lua_newtable(L);
#define ADD(name, message)                                                                         \
    lua_pushinteger(L, UV_##name);                                                                 \
    lua_setfield(L, -2, #name);
    UV_ERRNO_MAP(ADD)
#undef ADD
}

/** uv.translate_sys_error(code: integer) -> string, string
 * Message and name of an error of the system (errno, of either sign): "ENOENT: no such file or directory",
 * "ENOENT". Nothing for 0. */
static int translate_sys_error(lua_State *L)
{
    int status = uv_translate_sys_error(nuv_check_int(L, 1));
    if (status >= 0)
        return 0;
    nuv_fail(L, status);
    return 2;
}

/* ---- Random bytes ---- */

static int random_args(lua_State *L, void *data)
{
    const nuv_request *r = data;
    nuv_push_status(L, r->status);
    if (r->status < 0)
        return 1;
    lua_pushlstring(L, r->uv.random.buf, r->uv.random.buflen);
    return 2;
}

static void on_random(uv_random_t *random, int status, void *bytes, size_t n)
{
    nuv_request *r = random->data;
    (void)bytes, (void)n;
    r->status = status;
    nuv_request_done(r, random_args, r);
}

/* The bytes are behind the request. */
static int random_later(lua_State *L, size_t n, unsigned flags)
{
    size_t size = NUV_REQUEST_SIZE(random);
    nuv_request *r = nuv_request_new(L, "uv_random_t", size + n, 3);
    int status =
        uv_random(nuv_state_of(L)->loop, &r->uv.random, (char *)r + size, n, flags, on_random);
    if (status < 0)
        return nuv_request_failed(L, r, status);
    return nuv_result(L, status);
}

static int random_now(lua_State *L, size_t n, unsigned flags)
{
    void *bytes = lua_newuserdata(L, n);
    int status = uv_random(NULL, NULL, bytes, n, flags, NULL);
    if (status < 0)
        return nuv_fail(L, status);
    lua_pushlstring(L, bytes, n);
    return 1;
}

/** uv.random(size: integer, flags?: integer | table, callback?: fun(err: string?, bytes: string?)) -> string | 0 | fail
 * That many bytes of the system's randomness, fit for keys. `flags` is 0: libuv has none yet. With `callback` it
 * happens on the thread pool, and 0 is returned. E2BIG: more than 2^31 - 1 bytes. EINVAL: flags. */
static int random_bytes(lua_State *L)
{
    lua_Number n = luaL_checknumber(L, 1);
    if (!(n >= 0 && n <= INT_MAX))
        return nuv_fail(L, UV_E2BIG);
    if (!lua_isnoneornil(L, 2) && lua_type(L, 2) != LUA_TNUMBER && !lua_istable(L, 2))
        return luaL_argerror(L, 2, "expected nil, integer, or table");
    unsigned flags = (unsigned)lua_tointeger(L, 2);
    if (lua_isnoneornil(L, 3))
        return random_now(L, (size_t)n, flags);
    return random_later(L, (size_t)n, flags);
}

/* ---- Texts of 16-bit units ---- */

#if UV_VERSION_HEX >= 0x012f00
static const uint16_t *check_units(lua_State *L, int index, size_t *n)
{
    const char *text = luaL_checklstring(L, index, n);
    luaL_argcheck(L, *n % 2 == 0, index, "utf16 expected: an even number of bytes");
    uint16_t *units = lua_newuserdata(L, *n + 2);
    memcpy(units, text, *n);
    units[ *n /= 2] = 0;
    return units;
}

/** uv.utf16_length_as_wtf8(utf16: string) -> integer
 * How many bytes a text in UTF-16, of this machine's byte order, has in WTF-8: UTF-8 that allows lone
 * surrogates. */
static int utf16_length_as_wtf8(lua_State *L)
{
    size_t n;
    const uint16_t *units = check_units(L, 1, &n);
    lua_pushinteger(L, (lua_Integer)uv_utf16_length_as_wtf8(units, (ssize_t)n));
    return 1;
}

/** uv.utf16_to_wtf8(utf16: string) -> string | fail
 * A text in UTF-16, of this machine's byte order, in WTF-8. */
static int utf16_to_wtf8(lua_State *L)
{
    size_t n, length;
    const uint16_t *units = check_units(L, 1, &n);
    char *text = NULL;
    int status = uv_utf16_to_wtf8(units, (ssize_t)n, &text, &length);
    if (status < 0)
        return nuv_fail(L, status);
    lua_pushlstring(L, text, length);
    free(text);
    return 1;
}

/** uv.wtf8_length_as_utf16(wtf8: string) -> integer | fail
 * How many 16-bit units a text in WTF-8 has in UTF-16. EINVAL: it is no WTF-8. */
static int wtf8_length_as_utf16(lua_State *L)
{
    ssize_t n = uv_wtf8_length_as_utf16(luaL_checkstring(L, 1));
    if (n < 0)
        return nuv_fail(L, UV_EINVAL);
    lua_pushinteger(L, (lua_Integer)n - 1); /* it counts the 0 at the end */
    return 1;
}

/** uv.wtf8_to_utf16(wtf8: string) -> string | fail
 * A text in WTF-8 in UTF-16, of this machine's byte order. EINVAL: it is no WTF-8. */
static int wtf8_to_utf16(lua_State *L)
{
    const char *text = luaL_checkstring(L, 1);
    ssize_t n = uv_wtf8_length_as_utf16(text);
    if (n < 0)
        return nuv_fail(L, UV_EINVAL);
    uint16_t *units = lua_newuserdata(L, (size_t)n * 2);
    uv_wtf8_to_utf16(text, units, (size_t)n);
    lua_pushlstring(L, (const char *)units, (size_t)(n - 1) * 2);
    return 1;
}
#endif

const luaL_Reg nuv_misc_functions[] = {
    {"exepath", exepath},
    {"cwd", cwd},
    {"chdir", change_dir},
    {"get_process_title", get_process_title},
    {"set_process_title", set_process_title},
    {"sleep", sleep_for},
    {"guess_handle", guess_handle},
    {"version", version},
    {"version_string", version_string},
    {"translate_sys_error", translate_sys_error},
    {"random", random_bytes},
#if UV_VERSION_HEX >= 0x012f00
    {"utf16_length_as_wtf8", utf16_length_as_wtf8},
    {"utf16_to_wtf8", utf16_to_wtf8},
    {"wtf8_length_as_utf16", wtf8_length_as_utf16},
    {"wtf8_to_utf16", wtf8_to_utf16},
#endif
    {NULL, NULL},
};
