/* system.c -- neap_system: the machine, its users and this process; for lua/neap/system.lua.
 *
 *   os, arch                              of the machine: "linux", "x64"
 *   cpus() parallelism() memory() load() uptime() host_name() uname() interfaces()     machine.c
 *   pid() parent_pid() usage() executable() temp_dir() cwd() chdir(path)               process.c
 *   env(name) environment() set_env(name, value) priority(pid) set_priority(n, pid)    process.c
 *   user(name or uid or nil)              an operation on the thread pool              user.c
 *
 * Permissions. A runtime that is restricted needs "system WHAT" to look, with the function's name for
 * WHAT, "env NAME" for the environment, and "process" to change what is the whole process's. The names
 * of the system and the architecture are everybody's. */
#include "system.h"

#include <ctype.h>
#include <string.h>

bool system_refused(lua_State *L, const char *verb, const char *target)
{
    int status = neap->permit(neap->env(L), verb, target, strlen(target));
    if (status)
        neap->fail(L, status, NEAP_F_PERMISSION, verb, *target ? target : NULL, NEAP_F_END);
    return status != 0;
}

int system_fail(lua_State *L, int status, const char *syscall)
{
    return neap->fail(L, status, NEAP_F_SYSCALL, syscall, NEAP_F_END);
}

int system_done(lua_State *L, int status, const char *syscall)
{
    if (status < 0)
        return system_fail(L, status, syscall);
    lua_pushboolean(L, 1);
    return 1;
}

void system_set_number(lua_State *L, const char *field, double value)
{
    lua_pushnumber(L, value);
    lua_setfield(L, -2, field);
}

void system_set_text(lua_State *L, const char *field, const char *text)
{
    if (!text)
        return;
    lua_pushstring(L, text);
    lua_setfield(L, -2, field);
}

/* ---- Registration ---- */

/* The names that LuaJIT and Node have for what uname calls otherwise. */
static const char *arch_of(const char *machine)
{
    static const struct {
        const char *machine, *arch;
    } names[] = {{"x86_64", "x64"}, {"amd64", "x64"},  {"aarch64", "arm64"}, {"i686", "x86"},
                 {"i386", "x86"},   {"armv7l", "arm"}, {"armv6l", "arm"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(names[i].machine, machine))
            return names[i].arch;
    return machine;
}

static int open_system(neap_env *env, lua_State *L, void *state)
{
    uv_utsname_t name;
    (void)env, (void)state;
    int status = uv_os_uname(&name);
    if (status)
        return status;
    for (char *c = name.sysname; *c; c++)
        *c = (char)tolower((unsigned char)*c);
    system_set_text(L, "os", name.sysname);
    system_set_text(L, "arch", arch_of(name.machine));
    neap->push_env(L, env);
    luaL_setfuncs(L, system_machine_functions, 1);
    neap->push_env(L, env);
    luaL_setfuncs(L, system_process_functions, 1);
    return 0;
}

static const luaL_Reg functions[] = {{"user", system_user}, {NULL, NULL}};

NEAP_EXTENSION(neap_system, .flags = NEAP_PUBLIC, .functions = functions, .open = open_system)
