/* os.c -- who and where the process is: its ids, user, environment, priority. All of it is the process's, and
 * other runtimes see what is changed here. */
#include "uv.h"

#include <limits.h>
#include <unistd.h>

/* ---- Ids ---- */

/** uv.getpid() -> integer
 * The process's id. */
static int get_pid(lua_State *L)
{
    lua_pushinteger(L, uv_os_getpid());
    return 1;
}

/** uv.os_getpid() -> integer
 * The process's id. */
static int os_getpid(lua_State *L)
{
    lua_pushinteger(L, uv_os_getpid());
    return 1;
}

/** uv.os_getppid() -> integer
 * Its parent's id. */
static int os_getppid(lua_State *L)
{
    lua_pushinteger(L, uv_os_getppid());
    return 1;
}

/** uv.getuid() -> integer
 * The id of the user that it runs for. */
static int get_uid(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)getuid());
    return 1;
}

/** uv.getgid() -> integer
 * The id of the group that it runs for. */
static int get_gid(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)getgid());
    return 1;
}

/** uv.setuid(id: integer)
 * Makes it run for another user. Raises when the system does not allow it. */
static int set_uid(lua_State *L)
{
    uid_t id = (uid_t)luaL_checkinteger(L, 1);
    return setuid(id) ? luaL_error(L, "Error setting UID") : 0;
}

/** uv.setgid(id: integer)
 * Makes it run for another group. Raises when the system does not allow it. */
static int set_gid(lua_State *L)
{
    gid_t id = (gid_t)luaL_checkinteger(L, 1);
    return setgid(id) ? luaL_error(L, "Error setting GID") : 0;
}

/* ---- Priority ---- */

/** uv.os_getpriority(pid: integer) -> integer | fail
 * The priority of a process, 0 being this one: from -20, the highest, to 19. ESRCH: there is no such process. */
static int os_getpriority(lua_State *L)
{
    int priority, status = uv_os_getpriority((uv_pid_t)luaL_checkinteger(L, 1), &priority);
    if (status < 0)
        return nuv_fail(L, status);
    lua_pushinteger(L, priority);
    return 1;
}

static int done(lua_State *L, int status)
{
    if (status < 0)
        return nuv_fail(L, status);
    lua_pushboolean(L, 1);
    return 1;
}

/** uv.os_setpriority(pid: integer, priority: integer) -> boolean | fail
 * Sets it. EACCES: only root may raise one. ESRCH, EINVAL. */
static int os_setpriority(lua_State *L)
{
    uv_pid_t pid = (uv_pid_t)luaL_checkinteger(L, 1);
    return done(L, uv_os_setpriority(pid, nuv_check_int(L, 2)));
}

/* ---- The environment ---- */

typedef struct {
    uv_env_item_t *items;
    int n;
} variables;

static int push_variables(lua_State *L)
{
    const variables *v = lua_touserdata(L, 1);
    lua_createtable(L, 0, v->n);
    for (int i = 0; i < v->n; i++) {
        lua_pushstring(L, v->items[i].value);
        lua_setfield(L, -2, v->items[i].name);
    }
    return 1;
}

/** uv.os_environ() -> table<string, string> | fail
 * All variables of the environment, by name. */
static int os_environ(lua_State *L)
{
    variables v;
    lua_pushcfunction(L, push_variables); /* where it raises, libuv's list is still to be freed */
    lua_pushlightuserdata(L, &v);
    int status = uv_os_environ(&v.items, &v.n);
    if (status < 0)
        return nuv_fail(L, status);
    int raised = lua_pcall(L, 1, 1, 0);
    uv_os_free_environ(v.items, v.n);
    return raised ? lua_error(L) : 1;
}

/** uv.os_getenv(name: string, size?: integer) -> string | fail
 * A variable's value. `size` is the room for it, with one byte to spare; without it there is enough. ENOENT: it is
 * not set. ENOBUFS: it is longer. */
static int os_getenv(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    size_t size = (size_t)luaL_optinteger(L, 2, LUAL_BUFFERSIZE);
    lua_settop(L, 2);
    char *value = lua_newuserdata(L, size);
    int status = uv_os_getenv(name, value, &size);
    if (status == UV_ENOBUFS && lua_isnoneornil(L, 2)) {
        value = lua_newuserdata(L, size);
        status = uv_os_getenv(name, value, &size);
    }
    if (status < 0)
        return nuv_fail(L, status);
    lua_pushlstring(L, value, size);
    return 1;
}

/** uv.os_setenv(name: string, value: string) -> boolean | fail
 * Sets a variable, for this process and those it starts. EINVAL: the name is empty or has a `=`. */
static int os_setenv(lua_State *L)
{
    const char *name = luaL_checkstring(L, 1);
    return done(L, uv_os_setenv(name, luaL_checkstring(L, 2)));
}

/** uv.os_unsetenv(name: string) -> boolean | fail
 * Takes a variable away, if it is there. EINVAL: the name is empty or has a `=`. */
static int os_unsetenv(lua_State *L)
{
    return done(L, uv_os_unsetenv(luaL_checkstring(L, 1)));
}

/* ---- The user, the machine ---- */

static int push_text(lua_State *L, int (*get)(char *, size_t *))
{
    char text[2 * PATH_MAX];
    size_t size = sizeof text;
    int status = get(text, &size);
    if (status < 0)
        return nuv_fail(L, status);
    lua_pushlstring(L, text, size);
    return 1;
}

/** uv.os_homedir() -> string | fail
 * The user's home: HOME, or what the system's list of users says. */
static int os_homedir(lua_State *L)
{
    return push_text(L, uv_os_homedir);
}

/** uv.os_tmpdir() -> string | fail
 * The folder for temporary files: TMPDIR, TMP, TEMP or TEMPDIR, or "/tmp". */
static int os_tmpdir(lua_State *L)
{
    return push_text(L, uv_os_tmpdir);
}

/** uv.os_gethostname() -> string | fail
 * The machine's name. */
static int os_gethostname(lua_State *L)
{
    return push_text(L, uv_os_gethostname);
}

static void set_text(lua_State *L, const char *field, const char *text)
{
    if (!text)
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, field);
}

static void set_id(lua_State *L, const char *field, long id)
{
    if (id < 0)
        return;
    lua_pushnumber(L, (lua_Number)id);
    lua_setfield(L, -2, field);
}

/** uv.os_get_passwd() -> table | fail
 * The user that the process runs for, as the system's list has it: `username`, `uid`, `gid`, `shell`, `homedir`.
 * ENOENT: that has no such user. */
static int os_get_passwd(lua_State *L)
{
    uv_passwd_t user;
    int status = uv_os_get_passwd(&user);
    if (status < 0)
        return nuv_fail(L, status);
    lua_createtable(L, 0, 5);
    set_text(L, "username", user.username);
    set_id(L, "uid", (long)user.uid);
    set_id(L, "gid", (long)user.gid);
    set_text(L, "shell", user.shell);
    set_text(L, "homedir", user.homedir);
    uv_os_free_passwd(&user);
    return 1;
}

/** uv.os_uname() -> table | fail
 * The operating system: `sysname`, `release`, `version`, `machine`. */
static int os_uname(lua_State *L)
{
    uv_utsname_t name;
    int status = uv_os_uname(&name);
    if (status < 0)
        return nuv_fail(L, status);
    lua_createtable(L, 0, 4);
    set_text(L, "sysname", name.sysname);
    set_text(L, "release", name.release);
    set_text(L, "version", name.version);
    set_text(L, "machine", name.machine);
    return 1;
}

const luaL_Reg nuv_os_functions[] = {
    {"getpid", get_pid},
    {"os_getpid", os_getpid},
    {"os_getppid", os_getppid},
    {"getuid", get_uid},
    {"getgid", get_gid},
    {"setuid", set_uid},
    {"setgid", set_gid},
    {"os_getpriority", os_getpriority},
    {"os_setpriority", os_setpriority},
    {"os_environ", os_environ},
    {"os_getenv", os_getenv},
    {"os_setenv", os_setenv},
    {"os_unsetenv", os_unsetenv},
    {"os_homedir", os_homedir},
    {"os_tmpdir", os_tmpdir},
    {"os_gethostname", os_gethostname},
    {"os_get_passwd", os_get_passwd},
    {"os_uname", os_uname},
    {NULL, NULL},
};
