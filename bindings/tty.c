/* tty.c -- neap_tty: the terminal of this process; the C half of neap.tty.
 *
 *   is_terminal(fd) -> boolean
 *   size() -> columns, rows | nil, err        of the first of 1, 2 and 0 that is a terminal
 *   mode("raw" | "silent" | "normal") -> true | nil, err     of standard input; silent: what is typed is not shown
 *
 * A process has one terminal, so what its mode was is the process's: kept from the first change on, put back by
 * "normal", at the runtime's end, and by signals that end the process, those of a crash too, unless somebody else
 * handles them. */
#include <errno.h>
#include <neap/extension.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>
#include <uv.h> /* the names of statuses */

static struct termios before;
static volatile sig_atomic_t changed;

static const int ends[] = {SIGHUP,  SIGINT, SIGQUIT, SIGTERM, SIGABRT,
                           SIGSEGV, SIGBUS, SIGFPE,  SIGILL};
enum { ENDS = sizeof ends / sizeof *ends };

/* ---- Signals ---- */

static void on_end(int number)
{
    if (changed)
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
    signal(number, SIG_DFL);
    raise(number);
}

static void replace_handlers(void (*from)(int), void (*to)(int))
{
    struct sigaction now, next = {.sa_handler = to};
    sigemptyset(&next.sa_mask);
    for (int i = 0; i < ENDS; i++)
        if (!sigaction(ends[i], NULL, &now) && !(now.sa_flags & SA_SIGINFO) &&
            now.sa_handler == from)
            sigaction(ends[i], &next, NULL);
}

/* ---- Modes ---- */

static int restore(void)
{
    if (!changed)
        return 0;
    if (tcsetattr(STDIN_FILENO, TCSANOW, &before))
        return -errno;
    changed = 0;
    replace_handlers(on_end, SIG_DFL);
    return 0;
}

/* Keys come one by one and as they are; output is as before. */
static void make_raw(struct termios *mode)
{
    mode->c_iflag &= (tcflag_t) ~(BRKINT | ICRNL | INPCK | ISTRIP | IXON);
    mode->c_cflag |= CS8;
    mode->c_lflag &= (tcflag_t) ~(ECHO | ICANON | IEXTEN | ISIG);
    mode->c_cc[VMIN] = 1;
    mode->c_cc[VTIME] = 0;
}

static int change(int raw)
{
    struct termios mode;
    if (!changed && tcgetattr(STDIN_FILENO, &before))
        return -errno;
    mode = before;
    if (raw)
        make_raw(&mode);
    else
        mode.c_lflag &= (tcflag_t)~ECHO;
    replace_handlers(SIG_DFL, on_end);
    changed = 1;
    if (!tcsetattr(STDIN_FILENO, TCSANOW, &mode))
        return 0;
    int status = -errno;
    restore();
    return status;
}

/* ---- Functions ---- */

static int is_terminal(lua_State *L)
{
    lua_pushboolean(L, isatty(luaL_checkint(L, 1)));
    return 1;
}

static int size(lua_State *L)
{
    static const int order[] = {STDOUT_FILENO, STDERR_FILENO, STDIN_FILENO};
    struct winsize w;
    for (int i = 0; i < 3; i++) {
        if (ioctl(order[i], TIOCGWINSZ, &w) || !w.ws_col)
            continue;
        lua_pushinteger(L, w.ws_col);
        lua_pushinteger(L, w.ws_row);
        return 2;
    }
    return neap->fail(L, UV_ENOTTY, NEAP_F_SYSCALL, "size", NEAP_F_END);
}

static int mode(lua_State *L)
{
    static const char *const names[] = {"normal", "silent", "raw", NULL};
    int wanted = luaL_checkoption(L, 1, NULL, names);
    int status = wanted ? change(wanted == 2) : restore();
    if (status)
        return neap->fail(L, status, NEAP_F_SYSCALL, "mode", NEAP_F_END);
    lua_pushboolean(L, 1);
    return 1;
}

static const luaL_Reg functions[] = {
    {"is_terminal", is_terminal}, {"size", size}, {"mode", mode}, {NULL, NULL}};

static void close_tty(neap_env *env, void *state)
{
    (void)env, (void)state;
    restore();
}

NEAP_EXTENSION(neap_tty, .flags = NEAP_SINGLE, .functions = functions, .close = close_tty)
