/* process.c -- neap_system: this process, its folder, its environment, its priority.
 *
 * All of it is the whole process's, and other runtimes see what is changed here: so a change needs the
 * permission "process", which a child never has. */
#include "system.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

/* ---- Arguments ---- */

/* A name of the environment. */
static const char *check_variable(lua_State *L, int index)
{
    size_t n;
    const char *name = luaL_checklstring(L, index, &n);
    luaL_argcheck(L, n && strlen(name) == n && !strchr(name, '='), index,
                  "a name without '=' and zero bytes expected");
    return name;
}

static const char *check_text(lua_State *L, int index)
{
    size_t n;
    const char *text = luaL_checklstring(L, index, &n);
    luaL_argcheck(L, strlen(text) == n, index, "a text without zero bytes expected");
    return text;
}

static uv_pid_t check_pid(lua_State *L, int index)
{
    double pid = luaL_optnumber(L, index, 0);
    luaL_argcheck(L, pid >= 0 && pid <= INT_MAX && pid == (int)pid, index,
                  "a process's id expected");
    return (uv_pid_t)pid;
}

/* ---- The process ---- */

static int pid(lua_State *L)
{
    if (system_refused(L, "system", "pid"))
        return 2;
    lua_pushinteger(L, uv_os_getpid());
    return 1;
}

static int parent_pid(lua_State *L)
{
    if (system_refused(L, "system", "parent_pid"))
        return 2;
    lua_pushinteger(L, uv_os_getppid());
    return 1;
}

static double seconds(const uv_timeval_t *time)
{
    return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

/* Linux and FreeBSD count ru_maxrss in KiB, Darwin in bytes. */
static double max_rss(const uv_rusage_t *used)
{
    uv_utsname_t name;
    bool bytes = !uv_os_uname(&name) && !strcmp(name.sysname, "Darwin");
    return (double)used->ru_maxrss * (bytes ? 1 : 1024);
}

static int usage(lua_State *L)
{
    uv_rusage_t used;
    if (system_refused(L, "system", "usage"))
        return 2;
    int status = uv_getrusage(&used);
    if (status)
        return system_fail(L, status, "getrusage");
    lua_createtable(L, 0, 9);
    system_set_number(L, "user", seconds(&used.ru_utime));
    system_set_number(L, "system", seconds(&used.ru_stime));
    system_set_number(L, "max_rss", max_rss(&used));
    system_set_number(L, "minor_faults", (double)used.ru_minflt);
    system_set_number(L, "major_faults", (double)used.ru_majflt);
    system_set_number(L, "blocks_read", (double)used.ru_inblock);
    system_set_number(L, "blocks_written", (double)used.ru_oublock);
    system_set_number(L, "voluntary_switches", (double)used.ru_nvcsw);
    system_set_number(L, "involuntary_switches", (double)used.ru_nivcsw);
    return 1;
}

/* ---- Paths ---- */

static int push_path(lua_State *L, const char *what, int (*get)(char *, size_t *))
{
    char path[2 * PATH_MAX];
    size_t size = sizeof path;
    if (system_refused(L, "system", what))
        return 2;
    int status = get(path, &size);
    if (status)
        return system_fail(L, status, what);
    lua_pushlstring(L, path, size);
    return 1;
}

static int executable(lua_State *L)
{
    return push_path(L, "executable", uv_exepath);
}

static int temp_dir(lua_State *L)
{
    return push_path(L, "temp_dir", uv_os_tmpdir);
}

static int cwd(lua_State *L)
{
    return push_path(L, "cwd", uv_cwd);
}

static int change_folder(lua_State *L)
{
    const char *path = check_text(L, 1);
    if (system_refused(L, "process", ""))
        return 2;
    int status = uv_chdir(path);
    if (status)
        return neap->fail(L, status, NEAP_F_SYSCALL, "chdir", NEAP_F_PATH, path, NEAP_F_END);
    lua_pushboolean(L, 1);
    return 1;
}

/* ---- The environment ---- */

static int env(lua_State *L)
{
    const char *name = check_variable(L, 1);
    if (system_refused(L, "env", name))
        return 2;
    lua_pushstring(L, getenv(name));
    return 1;
}

typedef struct {
    neap_env *env;
    uv_env_item_t *items;
    int n;
} variables;

static int push_variables(lua_State *L)
{
    const variables *v = lua_touserdata(L, 1);
    lua_createtable(L, 0, v->n);
    for (int i = 0; i < v->n; i++) {
        const char *name = v->items[i].name;
        if (!neap->permit(v->env, "env", name, strlen(name)))
            system_set_text(L, name, v->items[i].value);
    }
    return 1;
}

/* Those that may be seen. */
static int environment(lua_State *L)
{
    variables v = {.env = neap->env(L)};
    lua_pushcfunction(L, push_variables); /* where it raises, libuv's list is still to be freed */
    lua_pushlightuserdata(L, &v);
    int status = uv_os_environ(&v.items, &v.n);
    if (status)
        return system_fail(L, status, "environ");
    int raised = lua_pcall(L, 1, 1, 0);
    uv_os_free_environ(v.items, v.n);
    return raised ? lua_error(L) : 1;
}

static int set_env(lua_State *L)
{
    const char *name = check_variable(L, 1);
    const char *value = lua_isnoneornil(L, 2) ? NULL : check_text(L, 2);
    if (system_refused(L, "env", name) || system_refused(L, "process", ""))
        return 2;
    int status = value ? uv_os_setenv(name, value) : uv_os_unsetenv(name);
    return system_done(L, status, "setenv");
}

/* ---- Priority ---- */

static int priority(lua_State *L)
{
    int value;
    uv_pid_t of = check_pid(L, 1);
    if (system_refused(L, "system", "priority"))
        return 2;
    int status = uv_os_getpriority(of, &value);
    if (status)
        return system_fail(L, status, "getpriority");
    lua_pushinteger(L, value);
    return 1;
}

static int set_priority(lua_State *L)
{
    double value = luaL_checknumber(L, 1);
    uv_pid_t of = check_pid(L, 2);
    luaL_argcheck(L, value >= -20 && value <= 19 && value == (int)value, 1,
                  "an integer from -20 to 19 expected");
    if (system_refused(L, "process", ""))
        return 2;
    return system_done(L, uv_os_setpriority(of, (int)value), "setpriority");
}

const luaL_Reg system_process_functions[] = {
    {"pid", pid},
    {"parent_pid", parent_pid},
    {"usage", usage},
    {"executable", executable},
    {"temp_dir", temp_dir},
    {"cwd", cwd},
    {"chdir", change_folder},
    {"env", env},
    {"environment", environment},
    {"set_env", set_env},
    {"priority", priority},
    {"set_priority", set_priority},
    {NULL, NULL},
};
