/* main.c: the command.
 *
 *     neap [options] [script [args]]
 *
 * It opens one unrestricted runtime (or a restricted one, --sandbox), starts the script and runs the
 * loop. What is the process's and not the library's is done here: the descriptor limit, the signal
 * for preemption, the exit status.
 */
#include <fcntl.h>
#include <luajit.h>
#include <lualib.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <uv.h>

#include "host.h"
#include "rocks.h"
#include "vm.h"

static const char usage[] = "usage: neap [options] [script.lua [args]] (neap --help says more)\n";

static const char help[] =
    "usage: neap [options] [script.lua [args]]   run a script ('-': standard input)\n"
    "       neap test [files or folders]         run specs\n"
    "       neap init [folder]                   begin a project\n"
    "       neap rocks install NAME ...          luarocks, for this project's lua_modules\n"
    "\n"
    "  -e CODE            run CODE; Neap's modules are there under their last name\n"
    "  -l MODULE          require MODULE first\n"
    "  --sandbox          run with no permissions but those allowed\n"
    "  --allow \"V T\"      with --sandbox: allow verb V on target T, e.g. \"fs.read ./data\"\n"
    "  --version          what this is, and what it was built with\n"
    "  --help             this text\n"
    "  --                 end of options\n";

/* lua/neap/command/NAME.lua */
static const char *const subcommands[] = {"init", "rocks", "test", NULL};

typedef struct {
    const char *code[64];  /* of -e and -l, in order */
    const char *allow[64]; /* NULL-ended */
    int codes, allows;
    bool sandbox, limit_raised;
    bool evaluates; /* -e: the rest are arguments */
    int script;     /* index in argv; 0 none */
    int arg;        /* index that is 0 in `arg` */
} command;

static int wrong(const char *what, const char *which)
{
    fprintf(stderr, "neap: %s '%s' (try neap --help)\n", what, which);
    return 2;
}

static int print_version(void)
{
    neap_vm_features f = neap_vm_probe();
    printf("neap %s (%s, libuv %s)\n", NEAP_VERSION, LUAJIT_VERSION, uv_version_string());
    if (!f.internals)
        puts("off: dropped errors do not raise (this LuaJIT's inside is not known)");
    if (!f.checkhook)
        puts("off: limits on compiled code (limits run without the JIT)");
    if (!f.lua52compat)
        puts("off: pairs and # on lazy objects");
    return 0;
}

/* An option's value: the next argument. */
static const char *value(int argc, char **argv, int *i)
{
    return *i + 1 < argc ? argv[++*i] : NULL;
}

static int add(const char **values, int *n, int most, char **argv, int argc, int *i)
{
    const char *option = argv[*i], *text = value(argc, argv, i);
    if (!text)
        return wrong("a value is missing after", option);
    if (*n == most)
        return wrong("too many options", option);
    values[(*n)++] = text;
    return 0;
}

/* 0 go on, or 1 + the exit status. */
static int parse(command *c, int argc, char **argv)
{
    int i, status = 0;
    for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1] && !status; i++) {
        const char *a = argv[i];
        if (strcmp(a, "--") == 0) {
            i++;
            break;
        }
        if (strcmp(a, "--help") == 0 || strcmp(a, "-h") == 0)
            return fputs(help, stdout) < 0 ? 2 : 1;
        if (strcmp(a, "--version") == 0 || strcmp(a, "-v") == 0)
            return 1 + print_version();
        if (strcmp(a, "--sandbox") == 0)
            c->sandbox = true;
        else if (strcmp(a, "--allow") == 0)
            status = add(c->allow, &c->allows, 63, argv, argc, &i);
        else if (strcmp(a, "-e") == 0 || strcmp(a, "-l") == 0)
            c->evaluates |= a[1] == 'e', status = add(c->code, &c->codes, 64, argv, argc, &i);
        else
            status = wrong("no such option", a);
    }
    if (!status && c->allows && !c->sandbox)
        status = wrong("--allow means nothing without", "--sandbox");
    if (status)
        return 1 + status;
    if (i < argc && !c->evaluates)
        c->script = i;
    c->arg = c->script ? c->script : i - 1;
    if (!c->script && !c->codes) {
        fputs(usage, stderr);
        return 2;
    }
    return 0;
}

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

/* A shell that C's library starts is not forked in a way that tells us: it is told. */
static int limit_shells(lua_State *L)
{
    static const char code[] =
        "local limit, execute, popen = ..., os.execute, io.popen\n"
        "function os.execute(command)\n"
        "  return execute(command and limit .. command)\n"
        "end\n"
        "function io.popen(command, mode)\n"
        "  return popen(type(command) == 'string' and limit .. command or command, mode)\n"
        "end\n";
    if (luaL_loadbuffer(L, code, sizeof code - 1, "=command"))
        lua_error(L);
    lua_pushfstring(L, "ulimit -S -n %d\n", (int)given_limit.rlim_cur);
    lua_call(L, 1, 0);
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

/* -e, -l and subcommands: lua/neap/command.lua runs them, as the main script. */
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
    const char *script = c->script ? argv[c->script] : NULL;
    for (const char *const *name = subcommands; script && !c->codes && *name; name++)
        if (strcmp(script, *name) == 0)
            return start_command(rt, *name, argv, argc, c->script + 1, error);
    if (c->codes)
        return start_command(rt, "options", argv, argc, 1, error);
    return neap_start_args(rt, script, (const char *const *)argv + c->script + 1, error);
}

static int run(const command *c, int argc, char **argv)
{
    neap_options options = NEAP_OPTIONS_INIT;
    neap_error error;
    char *folder = c->script ? folder_of(argv[c->script]) : NULL;
    options.preempt_signal = SIGURG;
    options.permissions = c->sandbox ? c->allow : NULL;
    options.lua_path = folder;
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
    if (c->limit_raised && lua_cpcall(neap_lua(rt), limit_shells, NULL))
        lua_pop(neap_lua(rt), 1);
    int status;
    if (start(rt, c, argc, argv, &error)) {
        neap_output_flush(rt);
        status = neap_report(&error);
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
    int done = parse(&c, argc, argv);
    if (done)
        return done - 1;
    open_standard_descriptors();
    c.limit_raised = raise_descriptor_limit();
    return run(&c, argc, argv);
}
