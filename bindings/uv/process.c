/* process.c -- uv_process_t: child processes, and signals to them.
 *
 * What uv_spawn is given, arrays and texts, is made of userdata and strings that a table of the call keeps:
 * nothing is left behind when an option raises. */
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <string.h>

#include "uv.h"

enum { EXITED = 1 }; /* of a handle: the child is no more, and its number may be another's */

static nuv_handle *check_process(lua_State *L, int index)
{
    return nuv_check(L, index, &nuv_process_class);
}

/* ---- Options: the table is argument 2, what is kept for the call at 4 ---- */

enum { OPTIONS = 2, ON_EXIT = 3, KEPT = 4 };

static void keep(lua_State *L) /* takes the value off the top */
{
    lua_rawseti(L, KEPT, (int)lua_objlen(L, KEPT) + 1);
}

static void *keep_block(lua_State *L, size_t size)
{
    void *block = lua_newuserdata(L, size);
    keep(L);
    return block;
}

/* Push an option, which is of a type, or nil (false). */
static bool has(lua_State *L, const char *name, int type, const char *what)
{
    lua_getfield(L, OPTIONS, name);
    if (lua_isnil(L, -1))
        return false;
    if (lua_type(L, -1) != type) {
        lua_pushfstring(L, "%s option must be %s", name, what);
        luaL_argerror(L, OPTIONS, lua_tostring(L, -1));
    }
    return true;
}

/* The texts in the table on the top, after `first` (NULL: none), ended by NULL: by the first that is none, too. */
static char **texts(lua_State *L, const char *first)
{
    int n = lua_istable(L, -1) ? (int)lua_objlen(L, -1) : 0, used = 0;
    char **list = keep_block(L, ((size_t)n + 2) * sizeof *list);
    if (first)
        list[used++] = (char *)first;
    for (int i = 1; i <= n; i++) {
        lua_rawgeti(L, -1, i);
        list[used++] = (char *)lua_tostring(L, -1);
        keep(L);
    }
    list[used] = NULL;
    return list;
}

static void check_args(lua_State *L, uv_process_options_t *o)
{
    has(L, "args", LUA_TTABLE, "table");
    o->args = texts(L, o->file);
    lua_pop(L, 1);
}

static void check_env(lua_State *L, uv_process_options_t *o)
{
    if (has(L, "env", LUA_TTABLE, "table"))
        o->env = texts(L, NULL);
    lua_pop(L, 1);
}

static void check_cwd(lua_State *L, uv_process_options_t *o)
{
    if (has(L, "cwd", LUA_TSTRING, "string")) {
        o->cwd = lua_tostring(L, -1);
        keep(L);
    } else {
        lua_pop(L, 1);
    }
}

static void check_ids(lua_State *L, uv_process_options_t *o)
{
    if (has(L, "uid", LUA_TNUMBER, "number")) {
        o->uid = (uv_uid_t)nuv_check_int(L, -1);
        o->flags |= UV_PROCESS_SETUID;
    }
    if (has(L, "gid", LUA_TNUMBER, "number")) {
        o->gid = (uv_gid_t)nuv_check_int(L, -1);
        o->flags |= UV_PROCESS_SETGID;
    }
    lua_pop(L, 2);
}

static void check_flags(lua_State *L, uv_process_options_t *o)
{
    static const nuv_name flags[] = {{"verbatim", UV_PROCESS_WINDOWS_VERBATIM_ARGUMENTS},
                                     {"detached", UV_PROCESS_DETACHED},
                                     {"hide", UV_PROCESS_WINDOWS_HIDE},
                                     {NULL, 0}};
    for (const nuv_name *f = flags; f->name; f++) {
        lua_getfield(L, OPTIONS, f->name);
        o->flags |= lua_toboolean(L, -1) ? (unsigned)f->value : 0;
        lua_pop(L, 1);
    }
}

/* ---- Its standard streams ---- */

/* Of the table on the top: its highest index, as it may have holes; its length, when it has other keys. */
static int count_entries(lua_State *L)
{
    int n = 0;
    for (lua_pushnil(L); lua_next(L, -2); lua_pop(L, 1)) {
        double key = lua_type(L, -2) == LUA_TNUMBER ? lua_tonumber(L, -2) : 0;
        if (key < 1 || key > INT_MAX || floor(key) != key) {
            lua_pop(L, 2);
            return (int)lua_objlen(L, -1);
        }
        n = key > n ? (int)key : n;
    }
    return n;
}

/* One that has no descriptor yet becomes our end of a new pipe. The child reads its first, writes its second
 * and third, and does both with others. */
static int check_stream(lua_State *L, int index, int i, uv_stdio_container_t *c)
{
    uv_os_fd_t fd;
    nuv_handle *x = nuv_test_handle(L, index);
    uv_handle_type type = x ? x->uv.handle.type : UV_UNKNOWN_HANDLE;
    luaL_argcheck(L, type == UV_NAMED_PIPE || type == UV_TCP || type == UV_TTY, OPTIONS,
                  "Expected uv_stream userdata");
    int flags =
        UV_CREATE_PIPE | (i == 0 || i > 2 ? UV_READABLE_PIPE : 0) | (i > 0 ? UV_WRITABLE_PIPE : 0);
    bool open = uv_fileno(&x->uv.handle, &fd) == 0;
    c->flags = open ? UV_INHERIT_STREAM : (uv_stdio_flags)flags;
    c->data.stream = &x->uv.stream;
    return nuv_is_closed(x) ? UV_EINVAL : 0; /* libuv would open it all the same */
}

static int check_entry(lua_State *L, int i, uv_stdio_container_t *c)
{
    switch (lua_type(L, -1)) {
    case LUA_TNUMBER:
        c->flags = UV_INHERIT_FD;
        c->data.fd = (int)lua_tointeger(L, -1);
        return 0;
    case LUA_TUSERDATA: return check_stream(L, lua_gettop(L), i, c);
    case LUA_TNIL: c->flags = UV_IGNORE; return 0;
    default:
        return luaL_argerror(L, OPTIONS,
                             "stdio table entries must be nil, uv_stream_t, or integer");
    }
}

static int check_stdio(lua_State *L, uv_process_options_t *o)
{
    int status = 0, n = has(L, "stdio", LUA_TTABLE, "table") ? count_entries(L) : 0;
    o->stdio_count = n;
    o->stdio = keep_block(L, (size_t)n * sizeof *o->stdio);
    for (int i = 0; i < n && status == 0; i++) {
        lua_rawgeti(L, -1, i + 1);
        status = check_entry(L, i, &o->stdio[i]);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
    return status;
}

/* ---- Spawning ---- */

typedef struct {
    int64_t status;
    int signal;
} end;

static int end_args(lua_State *L, void *data)
{
    const end *e = data;
    lua_pushnumber(L, (lua_Number)e->status);
    lua_pushinteger(L, e->signal);
    return 2;
}

static void on_ended(uv_process_t *process, int64_t status, int signal)
{
    nuv_handle *x = nuv_handle_of(process);
    x->flags |= EXITED;
    nuv_call(x->h.env, x->callback, end_args, &(end){status, signal});
}

/* Raises, or fails with a status. */
static int check_options(lua_State *L, uv_process_options_t *o)
{
    o->file = luaL_checkstring(L, 1);
    luaL_checktype(L, OPTIONS, LUA_TTABLE);
    lua_settop(L, ON_EXIT);
    lua_newtable(L);
    check_args(L, o);
    check_env(L, o);
    check_cwd(L, o);
    check_ids(L, o);
    check_flags(L, o);
    if (!lua_isnil(L, ON_EXIT))
        nuv_check_callback(L, ON_EXIT);
    return check_stdio(L, o); /* last: what the others ask may close a stream */
}

/** uv.spawn(path: string, options: { args: string[]?, stdio: table<integer, integer | uv_stream_t>?, env: string[]?, cwd: string?, uid: integer?, gid: integer?, verbatim: boolean?, detached: boolean?, hide: boolean? }, on_exit?: fun(code: integer, signal: integer)) -> uv_process_t, integer | fail
 * Starts a program, found along PATH when `path` has no slash, and returns its handle and its number. `on_exit` is
 * called when it has ended, with its status and the signal that ended it, or 0; the handle has to be closed all the
 * same.
 * - `args`: its arguments, from the first on that follows its name.
 * - `stdio`: what its descriptors 0, 1, 2 and so on are: an integer is a descriptor of ours; a stream that is open is
 *   inherited; a new pipe handle becomes our end of a pipe; what is nil is /dev/null.
 * - `env`: its whole environment, as texts "NAME=value"; ours, when it is not there.
 * - `cwd`: the folder in which it starts. `uid`, `gid`: as whom it runs, which only root may set.
 * - `detached`: it has a session of its own, and lives on when we end.
 * - `verbatim`, `hide`: of Windows: the arguments are not quoted; its window is not shown.
 *
 * ENOENT: there is no such program or folder. EACCES: it may not be run. An option of a wrong type raises. */
static int spawn(lua_State *L)
{
    uv_process_options_t options = {.exit_cb = on_ended};
    int status = check_options(L, &options);
    nuv_handle *x = nuv_handle_new(L, &nuv_process_class);
    nuv_set_callback(L, ON_EXIT, x->h.env, &x->callback);
    if (status < 0)
        return nuv_handle_made(L, x, status);
    status = uv_spawn(nuv_state_of(L)->loop, &x->uv.process, &options);
    nuv_handle_made(L, x, 0); /* libuv has the handle, even when it has failed */
    if (status < 0) {
        neap->close(&x->h);
        return nuv_fail(L, status);
    }
    lua_pushinteger(L, uv_process_get_pid(&x->uv.process));
    return 2;
}

/* ---- Signals ---- */

/* A name that there is not is 0, which is no signal: as luv has it. */
static int check_signal(lua_State *L, int index)
{
    if (lua_isnumber(L, index))
        return (int)lua_tointeger(L, index);
    if (!lua_isstring(L, index))
        return SIGTERM;
    const nuv_name *s = nuv_signals;
    while (s->name && strcmp(s->name, lua_tostring(L, index)) != 0)
        s++;
    return s->value;
}

/** uv.process_kill(process: uv_process_t, signum?: integer | string) -> 0 | fail
 * Sends it a signal, a number or a name such as "sigkill"; "sigterm" by default. 0, or a name that there is not, only
 * looks whether it is there. ESRCH: it has ended. */
static int process_kill(lua_State *L)
{
    nuv_handle *x = check_process(L, 1);
    int number = check_signal(L, 2);
    bool exited = x->flags & EXITED;
    return nuv_result(L, exited ? UV_ESRCH : uv_process_kill(&x->uv.process, number));
}

/** uv.kill(pid: integer, signum?: integer | string) -> 0 | fail
 * Sends a signal to any process, as kill(2): see `uv.process_kill`. EPERM: it may not be signalled. */
static int kill_(lua_State *L)
{
    int pid = nuv_check_int(L, 1);
    return nuv_result(L, uv_kill(pid, check_signal(L, 2)));
}

/** uv.process_get_pid(process: uv_process_t) -> integer
 * Its number, which may be another's when it has ended. */
static int process_get_pid(lua_State *L)
{
    lua_pushinteger(L, uv_process_get_pid(&check_process(L, 1)->uv.process));
    return 1;
}

/** uv.disable_stdio_inheritance()
 * Marks the descriptors that this process itself has inherited, so that programs which it starts do not. To be called
 * early, as it knows those by their low numbers. */
static int disable_stdio_inheritance(lua_State *L)
{
    uv_disable_stdio_inheritance();
    return 0;
}

/* ---- Registration ---- */

const luaL_Reg nuv_process_functions[] = {
    {"spawn", spawn},
    {"process_kill", process_kill},
    {"kill", kill_},
    {"process_get_pid", process_get_pid},
    {"disable_stdio_inheritance", disable_stdio_inheritance},
    {NULL, NULL},
};

static const luaL_Reg methods[] = {
    NUV_HANDLE_METHODS, {"kill", process_kill}, {"get_pid", process_get_pid}, {NULL, NULL}};

NUV_CLASS(process, methods);
