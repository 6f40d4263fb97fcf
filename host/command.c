/* command.c: the command line: what there is to be given, and what is wrong with what was.
 *
 * The first word that is no option is a subcommand if it is the name of one, whatever lies in the folder:
 * `neap ./test` is a script. A subcommand is lua/neap/command/NAME.lua.
 */
#include "command.h"

#include <luajit.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "host.h"
#include "vm.h"

static const char help[] =
    "usage: neap [options] [script.lua [args]]   run a script ('-': standard input)\n"
    "       neap [-i]                            type Lua and see what it does\n"
    "       neap test [options] [paths]          run specs\n"
    "       neap init [folder]                   begin a project\n"
    "       neap rocks install NAME ...          luarocks, for this project's lua_modules\n"
    "\n"
    "  -e CODE            run CODE; Neap's modules are there under their last name\n"
    "  -l MODULE          require MODULE first\n"
    "  -i                 then go on with what is typed\n"
    "  --watch            run again when a file that was loaded changes\n"
    "  --watch-path PATH  with --watch: or this file or folder\n"
    "  --sandbox          run with no permissions but those allowed\n"
    "  --allow \"V T\"      with --sandbox: allow verb V on target T, e.g. \"fs.read ./data\"\n"
    "  -v, --version      what this is, and what it was built with\n"
    "  -h, --help         this text\n"
    "  --                 end of options\n"
    "\n"
    "A first word that names a subcommand is one: a script of that name is './test'.\n";

static const char *const options[] = {"-e",           "-l",        "-i",      "--watch",
                                      "--watch-path", "--sandbox", "--allow", "-v",
                                      "--version",    "-h",        "--help",  NULL};

const char *const neap_subcommands[] = {"init", "rocks", "test", NULL};

static int wrong(const char *what, const char *which)
{
    fprintf(stderr, "neap: %s '%s' (neap --help says more)\n", what, which);
    return 2;
}

static int no_such_option(const char *option)
{
    const char *near = neap_suggest(option, options);
    if (!near)
        return wrong("no such option", option);
    fprintf(stderr, "neap: no such option '%s' (did you mean '%s'?)\n", option, near);
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
static int add(const char **values, int *n, char **argv, int argc, int *i)
{
    const char *option = argv[*i];
    if (*i + 1 >= argc)
        return wrong("a value is missing after", option);
    if (*n == 63)
        return wrong("too many options", option);
    values[(*n)++] = argv[++*i];
    return 0;
}

static bool is(const char *word, const char *option, const char *other)
{
    return strcmp(word, option) == 0 || (other && strcmp(word, other) == 0);
}

static int parse_option(command *c, int argc, char **argv, int *i)
{
    const char *word = argv[*i];
    if (is(word, "-e", "-l")) {
        c->evaluates |= word[1] == 'e';
        return add(c->code, &c->codes, argv, argc, i);
    }
    if (is(word, "--allow", NULL))
        return add(c->allow, &c->allows, argv, argc, i);
    if (is(word, "--watch-path", NULL))
        return add(c->watch, &c->watches, argv, argc, i);
    if (is(word, "--sandbox", NULL))
        c->sandbox = true;
    else if (is(word, "-i", NULL))
        c->interactive = true;
    else if (is(word, "--watch", NULL))
        c->watch_it = true;
    else if (is(word, "--watched", NULL))
        c->watched = true;
    else
        return no_such_option(word);
    return 0;
}

/* Options that do not go together. */
static int check(const command *c, int argc, char **argv, int rest)
{
    if (c->allows && !c->sandbox)
        return wrong("--allow means nothing without", "--sandbox");
    if (c->watches && !c->watch_it && !c->watched)
        return wrong("--watch-path means nothing without", "--watch");
    if (c->interactive && c->sandbox)
        return wrong("-i does not go with", "--sandbox");
    if (!c->watch_it)
        return 0;
    if (c->subcommand)
        return wrong("--watch runs scripts, not", argv[rest]);
    if (c->interactive || (rest >= argc && !c->codes) || (rest < argc && is(argv[rest], "-", NULL)))
        return wrong("a script is missing after", "--watch");
    return 0;
}

static const char *subcommand(const char *word)
{
    for (const char *const *name = neap_subcommands; *name; name++)
        if (strcmp(word, *name) == 0)
            return *name;
    return NULL;
}

int neap_command_parse(command *c, int argc, char **argv)
{
    int i, status = 0;
    bool ended = false;
    for (i = 1; i < argc && argv[i][0] == '-' && argv[i][1] && !status && !ended; i++) {
        if (is(argv[i], "--help", "-h"))
            return fputs(help, stdout) < 0 ? 2 : 1;
        if (is(argv[i], "--version", "-v"))
            return 1 + print_version();
        ended = is(argv[i], "--", NULL);
        if (!ended)
            status = parse_option(c, argc, argv, &i);
    }
    if (i < argc && !c->codes && !c->interactive && !status)
        c->subcommand = subcommand(argv[i]);
    status = status ? status : check(c, argc, argv, i);
    if (status)
        return 1 + status;
    if (i < argc && !c->evaluates)
        c->script = i;
    c->arg = c->script ? c->script : i - 1;
    if (!c->script && !c->codes && !c->sandbox && isatty(STDIN_FILENO))
        c->interactive = true;
    return 0;
}
