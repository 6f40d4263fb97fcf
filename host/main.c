/* main.c: the command.
 *
 *     neap [options] [script [args]]
 *
 * It opens one unrestricted runtime (or a restricted one, --sandbox), starts the script and runs the
 * loop. What is the process's and not the library's is done here: the descriptor limit, the signal
 * for preemption, the exit status. command.c reads the command line; what else there is to a command is
 * in Lua, in lua/neap/command.lua.
 */
#include <fcntl.h>
#include <luajit.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include "command.h"
#include "excerpt.h"
#include "rocks.h"

/* `arg` as in lua: the script (of -e, what precedes its arguments) is 0, what stands before it has negative
 * indexes. */
static void set_arg(lua_State *L, int argc, char **argv, int zero)
{
    lua_createtable(L, argc, 1);
    for (int i = 0; i < argc; i++) {
        lua_pushstring(L, argv[i]);
        lua_rawseti(L, -2, i - zero);
    }
    lua_setglobal(L, "arg");
}

/* Testing: NEAP_DEBUG=joff runs interpreted, NEAP_DEBUG=gc collects all the time. */
static void set_debug(lua_State *L)
{
    const char *debug = getenv("NEAP_DEBUG");
    if (debug && strcmp(debug, "joff") == 0)
        luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
    if (debug && strcmp(debug, "gc") == 0) {
        lua_gc(L, LUA_GCSETPAUSE, 100); /* the next cycle begins at once */
        lua_gc(L, LUA_GCSETSTEPMUL, 1000);
    }
}

enum { REPORTS = 3 }; /* where the child of --watch tells what it loads */

/* The limit of descriptors that the process was given. Ours is raised; children get theirs back. */
static struct rlimit given_limit;

static void give_limit_back(void) /* in a child */
{
    setrlimit(RLIMIT_NOFILE, &given_limit);
}

static bool raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &given_limit) || given_limit.rlim_cur == given_limit.rlim_max)
        return false;
    limit = given_limit;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) == 0 &&
           pthread_atfork(NULL, NULL, give_limit_back) == 0;
}

/* neap_process gives it back by this: what it starts is not forked in a way that tells us either. */
static int note_given_limit(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)given_limit.rlim_cur);
    lua_setfield(L, LUA_REGISTRYINDEX, "neap.descriptors");
    return 0;
}

/* A descriptor 0, 1 or 2 that was closed would become a socket, and print would write there. */
static void open_standard_descriptors(void)
{
    for (int fd = 0; fd <= 2; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
            exit(1);
}

/* What could not be written to the standard output is an error, but for a reader that has gone. */
static int check_output(neap_runtime *rt, int status)
{
    if (!rt->out_failed || rt->out_failed == UV_EPIPE)
        return status;
    fprintf(stderr, "neap: %s: %s, write standard output\n", uv_err_name(rt->out_failed),
            uv_strerror(rt->out_failed));
    return status ? status : 1;
}

/* The folder of the script: where its modules are looked for first. NULL: the current one. */
static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return NULL;
    size_t n = slash == path ? 1 : (size_t)(slash - path);
    char *folder = malloc(n + 1);
    if (folder) {
        memcpy(folder, path, n);
        folder[n] = 0;
    }
    return folder;
}

/* -e, -l, -i, --watch and subcommands: lua/neap/command.lua runs them, as the main script. */
static int start_command(neap_runtime *rt, const char *what, char **argv, int argc, int from,
                         neap_error *error)
{
    static const char driver[] = "return require('neap.command')(...)";
    const char **args = calloc((size_t)(argc - from) + 2, sizeof *args);
    if (!args)
        return neap_error_set(error, UV_ENOMEM, "no memory");
    args[0] = what;
    for (int i = from; i < argc; i++)
        args[1 + i - from] = argv[i];
    int status = neap_start_text_args(rt, "neap", driver, sizeof driver - 1, args, error);
    free(args);
    return status;
}

static int start(neap_runtime *rt, const command *c, int argc, char **argv, neap_error *error)
{
    const char *script = c->script ? argv[c->script] : "-";
    if (c->subcommand)
        return start_command(rt, c->subcommand, argv, argc, c->script + 1, error);
    if (c->watch_it)
        return start_command(rt, "--watch", argv, argc, 1, error);
    if (c->watched && start_command(rt, "--watched", argv, argc, 1, error))
        return error->status;
    if (c->codes || c->interactive)
        return start_command(rt, "options", argv, argc, 1, error);
    return neap_start_args(rt, script,
                           (const char *const *)argv + (c->script ? c->script + 1 : argc), error);
}

/* The script's path is its data. */
static void on_error(neap_runtime *rt, const neap_error *error, int fatal, void *data)
{
    (void)fatal;
    neap_show(rt, error, data);
}

static int show(neap_runtime *rt, neap_error *error, const char *script)
{
    size_t n = strlen(error->message);
    neap_output_flush(rt);
    if (error->status == UV_ENOENT && script && access(script, F_OK))
        neap_suggest_path(script, error->message, sizeof error->message);
    if (error->message[n])
        return neap_report(error);
    return neap_show(rt, error, script);
}

static int run(const command *c, int argc, char **argv)
{
    neap_options options = NEAP_OPTIONS_INIT;
    neap_error error;
    char *script = c->script && !c->subcommand ? argv[c->script] : NULL;
    char *folder = script ? folder_of(script) : NULL;
    options.preempt_signal = SIGURG;
    options.permissions = c->sandbox && !c->watch_it ? c->allow : NULL;
    options.lua_path = folder;
    options.on_error = on_error;
    options.data = script;
    neap_runtime *rt = neap_open(&options, &error);
    if (rt)
        neap_rocks_find(neap_lua(rt), folder);
    free(folder);
    if (!rt)
        return neap_report(&error) + (c->sandbox && error.status == UV_EINVAL); /* wrong use is 2 */
    if (!c->sandbox)
        set_debug(neap_lua(rt));
    set_arg(neap_lua(rt), argc, argv, c->arg);
    if (c->limit_raised && lua_cpcall(neap_lua(rt), note_given_limit, NULL))
        lua_pop(neap_lua(rt), 1);
    int status;
    if (start(rt, c, argc, argv, &error)) {
        status = show(rt, &error, script);
        neap_run_exit(rt);
    } else {
        status = check_output(rt, neap_run(rt));
    }
    neap_close(rt, NULL, NULL);
    return status;
}

int main(int argc, char **argv)
{
    command c = {0};
    argv = uv_setup_args(argc, argv);
    int done = neap_command_parse(&c, argc, argv);
    if (done)
        return done - 1;
    open_standard_descriptors();
    if (c.watched && fcntl(REPORTS, F_SETFD, FD_CLOEXEC)) {
        fputs("neap: --watched is for neap --watch only\n", stderr);
        return 2;
    }
    c.limit_raised = raise_descriptor_limit();
    return run(&c, argc, argv);
}
