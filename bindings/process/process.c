/* process.c -- neap_process: programs, started and waited for; the C half of neap.process.
 *
 *   spawn(request) -> child, stdin, stdout, stderr | nil, err      the streams of those that are pipes, else false
 *   signal_number(name) -> number
 *   child_methods() -> table          child.c has them
 *
 * A request has `arguments` (strings, the program's name first), `stdio` (three values, see stdio.c), and
 * may have `env` (name -> string, or false: without it), `replace_env`, `cwd`, `uid`, `gid`, `group`,
 * `session`, `detached`.
 *
 * Restricted scripts reach this function too, so it trusts no value in the request.
 *
 * Everything that can fail or raise comes before the child is started, but for the streams' objects. Whatever raises in
 * between leaves nothing: `attempt` runs protected. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

typedef struct {
    process_request request;
    process_stdio stdio[3];
    process_child *child;
    neap_env *env;
    int detached;
    int status;          /* of what failed, */
    const char *syscall; /* in this call, */
    char what[256];      /* with this path, or this variable */
    const char *verb;    /* the permission that was missing */
} attempt;

/* ---- Arguments ---- */

static int flag(lua_State *L, const char *name)
{
    lua_getfield(L, 1, name);
    int on = lua_toboolean(L, -1);
    lua_pop(L, 1);
    return on;
}

static void get_table(lua_State *L, const char *name)
{
    lua_getfield(L, 1, name);
    if (!lua_istable(L, -1))
        luaL_error(L, "a request's '%s' is a table", name);
}

static char **read_arguments(lua_State *L)
{
    get_table(L, "arguments");
    int n = (int)lua_objlen(L, -1);
    luaL_argcheck(L, n > 0, 1, "no arguments");
    lua_createtable(L, n, 0);
    char **argv = lua_newuserdata(L, ((size_t)n + 1) * sizeof *argv);
    for (int i = 0; i < n; i++) {
        lua_rawgeti(L, -3, i + 1);
        luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, 1, "arguments are strings");
        argv[i] = (char *)lua_tostring(L, -1);
        lua_rawseti(L, -3, i + 1);
    }
    argv[n] = NULL;
    return argv; /* stays on the stack, with the table that holds the texts: nobody else has it */
}

static void note(attempt *a, const char *what)
{
    strncpy(a->what, what ? what : "", sizeof a->what - 1);
}

static int may_process(attempt *a)
{
    if (a->status || !(a->status = neap->permit(a->env, "process", NULL, 0)))
        return !a->status;
    a->verb = "process";
    return 0;
}

static int read_identity(lua_State *L, attempt *a)
{
    process_request *r = &a->request;
    lua_getfield(L, 1, "uid");
    lua_getfield(L, 1, "gid");
    r->identity = !lua_isnil(L, -1) || !lua_isnil(L, -2);
    r->uid = lua_isnil(L, -2) ? getuid() : (uid_t)lua_tonumber(L, -2);
    r->gid = lua_isnil(L, -1) ? getgid() : (gid_t)lua_tonumber(L, -1);
    lua_pop(L, 2);
    return !r->identity || may_process(a);
}

static int read_program(lua_State *L, attempt *a)
{
    a->syscall = "execve";
    lua_pushstring(L, a->request.argv[0]);
    note(a, a->request.argv[0]);
    a->status = process_resolve(L, a->env, lua_gettop(L));
    if (a->status == NEAP_EPERMISSION)
        a->verb = "run";
    if (a->status)
        return 0;
    a->request.path = lua_tostring(L, -1);
    return 1;
}

static int read_environment(lua_State *L, attempt *a)
{
    const char *refused;
    lua_getfield(L, 1, "env");
    a->request.environment =
        process_environment(L, a->env, lua_gettop(L), flag(L, "replace_env"), &refused);
    if (a->request.environment)
        return 1;
    note(a, refused);
    a->status = NEAP_EPERMISSION;
    a->verb = "env";
    return 0;
}

static int open_folder(lua_State *L, attempt *a)
{
    lua_getfield(L, 1, "cwd");
    const char *cwd = lua_tostring(L, -1);
    if (!cwd)
        return 1;
    note(a, cwd);
    a->syscall = "chdir";
    int fd = neap->open_path(a->env, cwd, O_RDONLY | O_DIRECTORY, 0);
    a->status = fd < 0 ? fd : 0;
    if (a->status == NEAP_EPERMISSION)
        a->verb = "fs.read";
    a->request.cwd = fd;
    return fd >= 0;
}

static int open_stdio(lua_State *L, attempt *a)
{
    a->syscall = "open";
    note(a, NULL);
    get_table(L, "stdio");
    int table = lua_gettop(L);
    for (int i = 0; i < 3; i++) {
        lua_rawgeti(L, table, i + 1);
        a->status = process_stdio_open(L, a->env, lua_gettop(L), i, &a->stdio[i]);
        if (a->status && lua_istable(L, -1)) {
            lua_getfield(L, -1, "path");
            note(a, lua_tostring(L, -1));
        }
        if (a->status == NEAP_EPERMISSION)
            a->verb = i ? "fs.write" : "fs.read";
        if (a->status)
            return 0;
        a->request.fds[i] = a->stdio[i].fd;
    }
    return 1;
}

/* ---- Starting ---- */

/* What the command was given before it raised its own limit. */
static long given_descriptors(lua_State *L)
{
    lua_getfield(L, LUA_REGISTRYINDEX, "neap.descriptors");
    long n = (long)lua_tointeger(L, -1);
    lua_pop(L, 1);
    return n;
}

static void start(lua_State *L, attempt *a)
{
    pid_t pid;
    process_request *r = &a->request;
    note(a, r->argv[0]);
    a->status = process_start(r, &pid, &a->syscall);
    if (!a->status)
        process_child_started(L, a->child, pid, r->group || r->session, a->detached);
}

/* Standard error may be where standard output goes. */
static void join_errors(lua_State *L, attempt *a)
{
    lua_getfield(L, 1, "stdio");
    lua_rawgeti(L, -1, 3);
    if (lua_isstring(L, -1) && !strcmp(lua_tostring(L, -1), "stdout"))
        a->request.fds[2] = a->request.fds[1];
    lua_pop(L, 2);
}

static int prepare(lua_State *L, attempt *a)
{
    process_request *r = &a->request;
    r->argv = read_arguments(L);
    r->group = flag(L, "group");
    r->session = flag(L, "session");
    a->detached = flag(L, "detached");
    r->descriptors = given_descriptors(L);
    if (!read_identity(L, a) || !read_program(L, a) || !read_environment(L, a) ||
        !open_folder(L, a) || !open_stdio(L, a))
        return 0;
    join_errors(L, a);
    return 1;
}

static void give_streams(lua_State *L, attempt *a)
{
    lua_getfield(L, 1, "stdio");
    for (int i = 0; i < 3; i++) {
        lua_rawgeti(L, -1, i + 1);
        process_stdio_give(L, lua_gettop(L), &a->stdio[i]);
        lua_pop(L, 1);
    }
    lua_pop(L, 1);
}

/* Argument 2 is the attempt; gives child, stdin, stdout, stderr. */
static int run_attempt(lua_State *L)
{
    attempt *a = lua_touserdata(L, 2);
    luaL_checkstack(L, 40, NULL);
    a->syscall = "fork";
    if (!prepare(L, a))
        return 0;
    a->status = process_watch(L, a->env);
    if (a->status)
        return 0;
    a->child = process_child_new(L, a->env);
    int object = lua_gettop(L);
    start(L, a);
    if (a->status)
        return 0;
    give_streams(L, a);
    lua_pushvalue(L, object);
    for (int i = 0; i < 3; i++) {
        if (a->stdio[i].other)
            neap->transport_give(L, a->stdio[i].other);
        else
            lua_pushboolean(L, 0);
        a->stdio[i].other = NULL;
    }
    return 4;
}

static int fail(lua_State *L, const attempt *a)
{
    static const char busy[] = "the stream is in use here: something waits, is still to be "
                               "written, or was read and not taken";
    if (a->verb)
        return neap->fail(L, NEAP_EPERMISSION, NEAP_F_PERMISSION, a->verb,
                          strcmp(a->verb, "process") ? a->what : NULL, NEAP_F_END);
    return neap->fail(L, a->status, NEAP_F_MESSAGE, a->status == UV_EBUSY ? busy : NULL,
                      NEAP_F_SYSCALL, a->syscall, NEAP_F_PATH, *a->what ? a->what : NULL,
                      NEAP_F_END);
}

static void clean_up(attempt *a, int failed)
{
    for (int i = 0; i < 3; i++)
        process_stdio_close(&a->stdio[i], failed);
    if (a->request.cwd >= 0)
        close(a->request.cwd);
    if (failed && a->child)
        neap->close((neap_handle *)a->child);
    if (failed)
        process_update_watcher(a->env);
}

static int spawn(lua_State *L)
{
    attempt a = {.env = neap->env(L), .request.cwd = -1};
    for (int i = 0; i < 3; i++)
        a.stdio[i].fd = a.stdio[i].end = -1;
    luaL_checktype(L, 1, LUA_TTABLE);
    lua_settop(L, 1);
    neap->push_env(L, a.env);
    lua_pushcclosure(L, run_attempt, 1);
    lua_pushvalue(L, 1);
    lua_pushlightuserdata(L, &a);
    int raised = lua_pcall(L, 2, LUA_MULTRET, 0);
    clean_up(&a, raised || a.status);
    if (raised)
        return lua_error(L);
    return a.status ? fail(L, &a) : lua_gettop(L) - 1;
}

static int signal_number(lua_State *L)
{
    lua_pushinteger(L, process_check_signal(L, 1));
    return 1;
}

/* ---- Registration ---- */

static const luaL_Reg functions[] = {
    {"spawn", spawn},
    {"signal_number", signal_number},
    {"child_methods", process_child_methods},
    {NULL, NULL},
};

NEAP_EXTENSION(neap_process, .functions = functions, .state_size = sizeof(process_state),
               .flags = NEAP_PUBLIC)
