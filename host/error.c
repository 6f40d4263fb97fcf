/* error.c: the error object, the same everywhere.
 *
 * In Lua it is a table {code, message, syscall, path, address, port, traceback} with the metatable
 * "neap.error", whose tostring is one line a person can act on. In C it is a status (libuv's, or
 * NEAP_E...) with optional fields: one block of (tag, text, 0) records ended by a 0, owned by the
 * operation. "not enough memory" is one object made when the runtime opens, so that it can be given
 * when nothing else can.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "host.h"

#define METATABLE "neap.error"
#define NO_MEMORY "neap.no_memory"

static const struct {
    int status;
    const char *name, *message;
} own[] = {
    {NEAP_ECLOSED, "ECLOSED", "it is closed"},
    {NEAP_EPERMISSION, "EPERMISSION", "permission is missing"},
    {NEAP_ELIMIT, "ELIMIT", "a limit is reached"},
    {NEAP_EWAIT, "EWAIT", "this would wait where nothing can wait"},
    {NEAP_EDEADLOCK, "EDEADLOCK", "every task waits and nothing can wake one"},
    {NEAP_EVERSION, "EVERSION", "the extension and this host do not fit"},
    {NEAP_EPARSE, "EPARSE", "malformed input"},
    {NEAP_ESCRIPT, "ESCRIPT", "a Lua error"},
    {NEAP_EKILLED, "EKILLED", "the script was stopped"},
    /* libuv says "on socket", whatever it is */
    {UV_ENOTSUP, "ENOTSUP", "operation not supported"},
    /* the system's, which libuv has no name for: it would make one up, and leak it */
    {-ECHILD, "ECHILD", "no child processes"},
    {-EDQUOT, "EDQUOT", "disk quota exceeded"},
    {-ENOEXEC, "ENOEXEC", "exec format error"},
    {-ESTALE, "ESTALE", "stale file handle"},
};

enum { OWN = sizeof own / sizeof own[0] };

const char *neap_status_name(int status)
{
    for (int i = 0; i < OWN; i++)
        if (own[i].status == status)
            return own[i].name;
    return uv_err_name(status);
}

const char *neap_status_message(int status)
{
    for (int i = 0; i < OWN; i++)
        if (own[i].status == status)
            return own[i].message;
    return uv_strerror(status);
}

/* ---- Fields ---- */

static const char *const field_names[] = {
    [NEAP_F_MESSAGE] = "message", [NEAP_F_SYSCALL] = "syscall", [NEAP_F_PATH] = "path",
    [NEAP_F_ADDRESS] = "address", [NEAP_F_PORT] = "port",       [NEAP_F_PERMISSION] = "message",
};

enum { FIELDS = sizeof field_names / sizeof field_names[0], FIELD_MAX = 1024 };

/* Take a field's value: its text, which may be made in `made`; NULL: it has none. */
static const char *field_text(int field, va_list *ap, char made[FIELD_MAX])
{
    if (field == NEAP_F_PORT) {
        snprintf(made, FIELD_MAX, "%d", va_arg(*ap, int));
        return made;
    }
    const char *text = va_arg(*ap, const char *);
    if (field != NEAP_F_PERMISSION)
        return text;
    const char *target = va_arg(*ap, const char *);
    if (!text)
        return NULL;
    snprintf(made, FIELD_MAX, "needs permission \"%s%s%.900s\"", text, target ? " " : "",
             target ? target : "");
    return made;
}

/* Write the fields into `out`, which has room for each of them once: cut at FIELD_MAX. */
static size_t encode(char *out, va_list ap)
{
    char *p = out, made[FIELD_MAX];
    va_list values;
    va_copy(values, ap);
    int field, left = FIELDS; /* as many as there is room for */
    while (left-- && (field = va_arg(values, int)) > NEAP_F_END && field < FIELDS) {
        const char *text = field_text(field, &values, made);
        if (!text)
            continue;
        size_t n = strnlen(text, FIELD_MAX);
        *p++ = (char)field;
        memcpy(p, text, n);
        p[n] = 0;
        p += n + 1;
    }
    va_end(values);
    *p++ = 0;
    return (size_t)(p - out);
}

/* The block's first four bytes are its size; what is returned points behind them. */
char *neap_fields_copy(neap_runtime *rt, va_list ap)
{
    char text[FIELDS * (FIELD_MAX + 2) + 1];
    uint32_t n = (uint32_t)encode(text, ap);
    if (n == 1)
        return NULL;
    char *block = neap_mem(rt, NULL, 0, n + sizeof n);
    if (!block)
        return NULL;
    memcpy(block, &n, sizeof n);
    memcpy(block + sizeof n, text, n);
    return block + sizeof n;
}

void neap_fields_free(neap_runtime *rt, char *fields)
{
    uint32_t n;
    if (!fields)
        return;
    memcpy(&n, fields - sizeof n, sizeof n);
    neap_mem(rt, fields - sizeof n, n + sizeof n, 0);
}

/* ---- Making one ---- */

static void push_object(lua_State *L, int status, const char *fields)
{
    lua_createtable(L, 0, 4);
    lua_pushstring(L, neap_status_name(status));
    lua_setfield(L, -2, "code");
    lua_pushstring(L, neap_status_message(status));
    lua_setfield(L, -2, "message");
    for (const char *p = fields; p && *p; p += strlen(p) + 1) {
        int field = *p++;
        if (field == NEAP_F_PORT)
            lua_pushinteger(L, atoi(p));
        else
            lua_pushstring(L, p);
        lua_setfield(L, -2, field_names[field]);
    }
    luaL_getmetatable(L, METATABLE);
    lua_setmetatable(L, -2);
}

/* Push an error object on L, which is protected (but for ENOMEM, which allocates nothing). */
void neap_error_push(lua_State *L, int status, const char *fields)
{
    if (status == UV_ENOMEM && !fields)
        lua_getfield(L, LUA_REGISTRYINDEX, NO_MEMORY);
    else
        push_object(L, status, fields);
}

void neap_error_vpush(lua_State *L, int status, va_list ap)
{
    char text[FIELDS * (FIELD_MAX + 2) + 1];
    size_t n = encode(text, ap);
    neap_error_push(L, status, n > 1 ? text : NULL);
}

bool neap_error_is(lua_State *L, int index)
{
    if (!lua_istable(L, index) || !lua_getmetatable(L, index))
        return false;
    luaL_getmetatable(L, METATABLE);
    bool same = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return same;
}

/* Is it the one that is given when there is no memory for another? */
bool neap_error_is_shared(lua_State *L, int index)
{
    lua_pushvalue(L, index);
    lua_getfield(L, LUA_REGISTRYINDEX, NO_MEMORY);
    bool shared = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
    return shared;
}

/* A field of it as a text, which is pushed; NULL: it has none. */
const char *neap_error_field(lua_State *L, int index, const char *name)
{
    lua_pushstring(L, name);
    lua_rawget(L, index < 0 && index > LUA_REGISTRYINDEX ? index - 1 : index);
    return lua_tostring(L, -1);
}

/* The status of an error object's code; ESCRIPT when it is none that a status stands for. */
int neap_error_status(lua_State *L, int index)
{
    static const int codes[] = {
#define CODE(name, text) UV_##name,
        UV_ERRNO_MAP(CODE)
#undef CODE
    };
    if (!neap_error_is(L, index))
        return NEAP_ESCRIPT;
    const char *code = neap_error_field(L, index, "code");
    int status = NEAP_ESCRIPT;
    for (int i = 0; code && i < OWN; i++)
        if (strcmp(code, own[i].name) == 0)
            status = own[i].status;
    for (size_t i = 0; code && i < sizeof codes / sizeof codes[0]; i++)
        if (strcmp(code, uv_err_name(codes[i])) == 0)
            status = codes[i];
    lua_pop(L, 1);
    return status;
}

/* Nothing can be done any more in its runtime. Raises. */
int neap_raise_closed(lua_State *L, const char *call)
{
    return neap->raise(L, NEAP_ECLOSED, NEAP_F_MESSAGE, "the runtime is closed", NEAP_F_SYSCALL,
                       call, NEAP_F_END);
}

/* ---- In Lua ---- */

/* "ENOENT: no such file or directory, open 'motd'"; a script's own error as it stands. */
int neap_error_tostring(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    const char *code = neap_error_field(L, 1, "code"), *message = neap_error_field(L, 1, "message");
    const char *syscall = neap_error_field(L, 1, "syscall"), *path = neap_error_field(L, 1, "path");
    const char *address = neap_error_field(L, 1, "address"), *port = neap_error_field(L, 1, "port");
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    if (code && strcmp(code, "ESCRIPT") != 0) {
        luaL_addstring(&b, code);
        luaL_addstring(&b, ": ");
    }
    luaL_addstring(&b, message ? message : "unknown error");
    if (syscall) {
        luaL_addstring(&b, ", ");
        luaL_addstring(&b, syscall);
    }
    if (path) {
        luaL_addstring(&b, " '");
        luaL_addstring(&b, path);
        luaL_addchar(&b, '\'');
    }
    if (address) {
        bool v6 = port && strchr(address, ':');
        luaL_addstring(&b, v6 ? " [" : " ");
        luaL_addstring(&b, address);
        if (port) {
            luaL_addstring(&b, v6 ? "]:" : ":");
            luaL_addstring(&b, port);
        }
    }
    luaL_pushresult(&b);
    return 1;
}

static int error_concat(lua_State *L)
{
    for (int i = 1; i <= 2; i++) {
        if (!luaL_callmeta(L, i, "__tostring")) {
            if (!lua_isstring(L, i))
                return luaL_error(L, "attempt to concatenate a %s value", luaL_typename(L, i));
            lua_pushvalue(L, i);
        }
    }
    lua_concat(L, 2);
    return 1;
}

/* errors.new(code, message, fields?): an error object of a module's own. */
static int errors_new(lua_State *L)
{
    luaL_checkstring(L, 1);
    luaL_checkstring(L, 2);
    lua_settop(L, 3);
    lua_createtable(L, 0, 4);
    if (lua_istable(L, 3))
        for (lua_pushnil(L); lua_next(L, 3);) {
            lua_pushvalue(L, -2);
            lua_insert(L, -2);
            lua_rawset(L, 4);
        }
    lua_pushvalue(L, 1);
    lua_setfield(L, 4, "code");
    lua_pushvalue(L, 2);
    lua_setfield(L, 4, "message");
    luaL_getmetatable(L, METATABLE);
    lua_setmetatable(L, 4);
    return 1;
}

static int errors_is(lua_State *L)
{
    luaL_checkany(L, 1);
    bool is = neap_error_is(L, 1);
    if (is && !lua_isnoneornil(L, 2)) {
        const char *code = neap_error_field(L, 1, "code");
        is = code && strcmp(code, luaL_checkstring(L, 2)) == 0;
    }
    lua_pushboolean(L, is);
    return 1;
}

/* errors.report(err) -> err: to on_error, with the traceback of where it was raised; nothing else
 * comes of it. So it can be xpcall's handler. */
static int errors_report(lua_State *L)
{
    neap_error_handler(L);
    neap_unhandled(neap_of(L), L, 1, false);
    return 1;
}

static const luaL_Reg errors_functions[] = {
    {"new", errors_new}, {"is", errors_is}, {"report", errors_report}, {NULL, NULL}};

const neap_descriptor neap_extension_neap_errors = {
    .size = sizeof(neap_descriptor),
    .major = NEAP_MAJOR,
    .minor = NEAP_MINOR,
    .name = "neap_errors",
    .flags = NEAP_PUBLIC,
    .functions = errors_functions,
    .table = &neap,
};

void neap_error_open(neap_runtime *rt)
{
    lua_State *S = rt->S;
    luaL_newmetatable(S, METATABLE);
    lua_pushcfunction(S, neap_error_tostring);
    lua_setfield(S, -2, "__tostring");
    lua_pushcfunction(S, error_concat);
    lua_setfield(S, -2, "__concat");
    lua_pushliteral(S, METATABLE);
    lua_setfield(S, -2, "__name");
    lua_pop(S, 1);
    push_object(S, UV_ENOMEM, NULL);
    lua_setfield(S, LUA_REGISTRYINDEX, NO_MEMORY);
}
