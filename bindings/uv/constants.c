/* constants.c -- uv.constants, and the names that arguments may have in place of a number: families,
 * types of sockets, signals. What a system does not define is left out. */
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "uv.h"

/* clang-format off */
/* ---- Names of arguments ---- */

const nuv_name nuv_families[] = {
    {"unix", AF_UNIX},
    {"inet", AF_INET},
    {"inet6", AF_INET6},
#ifdef AF_IPX
    {"ipx", AF_IPX},
#endif
#ifdef AF_NETLINK
    {"netlink", AF_NETLINK},
#endif
#ifdef AF_X25
    {"x25", AF_X25},
#endif
#ifdef AF_AX25
    {"ax25", AF_AX25},
#endif
#ifdef AF_ATMPVC
    {"atmpvc", AF_ATMPVC},
#endif
#ifdef AF_APPLETALK
    {"appletalk", AF_APPLETALK},
#endif
#ifdef AF_PACKET
    {"packet", AF_PACKET},
#endif
    {NULL, 0},
};

const nuv_name nuv_socket_types[] = {
    {"stream", SOCK_STREAM},
    {"dgram", SOCK_DGRAM},
    {"seqpacket", SOCK_SEQPACKET},
    {"raw", SOCK_RAW},
    {"rdm", SOCK_RDM},
    {NULL, 0},
};

const nuv_name nuv_signals[] = {
    {"sighup", SIGHUP},
    {"sigint", SIGINT},
    {"sigquit", SIGQUIT},
    {"sigill", SIGILL},
    {"sigtrap", SIGTRAP},
    {"sigabrt", SIGABRT},
#ifdef SIGIOT
    {"sigiot", SIGIOT},
#endif
    {"sigbus", SIGBUS},
    {"sigfpe", SIGFPE},
    {"sigkill", SIGKILL},
    {"sigusr1", SIGUSR1},
    {"sigsegv", SIGSEGV},
    {"sigusr2", SIGUSR2},
    {"sigpipe", SIGPIPE},
    {"sigalrm", SIGALRM},
    {"sigterm", SIGTERM},
    {"sigchld", SIGCHLD},
#ifdef SIGSTKFLT
    {"sigstkflt", SIGSTKFLT},
#endif
    {"sigcont", SIGCONT},
    {"sigstop", SIGSTOP},
    {"sigtstp", SIGTSTP},
    {"sigttin", SIGTTIN},
    {"sigttou", SIGTTOU},
    {"sigurg", SIGURG},
    {"sigxcpu", SIGXCPU},
    {"sigxfsz", SIGXFSZ},
    {"sigvtalrm", SIGVTALRM},
    {"sigprof", SIGPROF},
    {"sigwinch", SIGWINCH},
#ifdef SIGIO
    {"sigio", SIGIO},
#endif
#ifdef SIGPOLL
    {"sigpoll", SIGPOLL},
#endif
#ifdef SIGLOST
    {"siglost", SIGLOST},
#endif
#ifdef SIGPWR
    {"sigpwr", SIGPWR},
#endif
    {"sigsys", SIGSYS},
    {NULL, 0},
};

/* ---- uv.constants ---- */

static const nuv_name constants[] = {
    {"O_RDONLY", O_RDONLY},
    {"O_WRONLY", O_WRONLY},
    {"O_RDWR", O_RDWR},
    {"O_APPEND", O_APPEND},
    {"O_CREAT", O_CREAT},
#ifdef O_DSYNC
    {"O_DSYNC", O_DSYNC},
#endif
    {"O_EXCL", O_EXCL},
#ifdef O_EXLOCK
    {"O_EXLOCK", O_EXLOCK},
#endif
    {"O_NOCTTY", O_NOCTTY},
    {"O_NONBLOCK", O_NONBLOCK},
#ifdef O_RSYNC
    {"O_RSYNC", O_RSYNC},
#endif
#ifdef O_SYNC
    {"O_SYNC", O_SYNC},
#endif
    {"O_TRUNC", O_TRUNC},
    {"R_OK", R_OK},
    {"W_OK", W_OK},
    {"X_OK", X_OK},
    {"F_OK", F_OK},
    {"SOCK_STREAM", SOCK_STREAM},
    {"SOCK_DGRAM", SOCK_DGRAM},
    {"SOCK_SEQPACKET", SOCK_SEQPACKET},
    {"SOCK_RAW", SOCK_RAW},
    {"SOCK_RDM", SOCK_RDM},
    {"AF_UNIX", AF_UNIX},
    {"AF_INET", AF_INET},
    {"AF_INET6", AF_INET6},
#ifdef AF_IPX
    {"AF_IPX", AF_IPX},
#endif
#ifdef AF_NETLINK
    {"AF_NETLINK", AF_NETLINK},
#endif
#ifdef AF_X25
    {"AF_X25", AF_X25},
#endif
#ifdef AF_AX25
    {"AF_AX25", AF_AX25},
#endif
#ifdef AF_ATMPVC
    {"AF_ATMPVC", AF_ATMPVC},
#endif
#ifdef AF_APPLETALK
    {"AF_APPLETALK", AF_APPLETALK},
#endif
#ifdef AF_PACKET
    {"AF_PACKET", AF_PACKET},
#endif
#ifdef AI_ADDRCONFIG
    {"AI_ADDRCONFIG", AI_ADDRCONFIG},
#endif
#ifdef AI_ALL
    {"AI_ALL", AI_ALL},
#endif
#ifdef AI_NUMERICHOST
    {"AI_NUMERICHOST", AI_NUMERICHOST},
#endif
#ifdef AI_PASSIVE
    {"AI_PASSIVE", AI_PASSIVE},
#endif
#ifdef AI_NUMERICSERV
    {"AI_NUMERICSERV", AI_NUMERICSERV},
#endif
#ifdef AI_V4MAPPED
    {"AI_V4MAPPED", AI_V4MAPPED},
#endif
    {"SIGHUP", SIGHUP},
    {"SIGINT", SIGINT},
    {"SIGQUIT", SIGQUIT},
    {"SIGILL", SIGILL},
    {"SIGTRAP", SIGTRAP},
    {"SIGABRT", SIGABRT},
#ifdef SIGIOT
    {"SIGIOT", SIGIOT},
#endif
    {"SIGBUS", SIGBUS},
    {"SIGFPE", SIGFPE},
    {"SIGKILL", SIGKILL},
    {"SIGUSR1", SIGUSR1},
    {"SIGSEGV", SIGSEGV},
    {"SIGUSR2", SIGUSR2},
    {"SIGPIPE", SIGPIPE},
    {"SIGALRM", SIGALRM},
    {"SIGTERM", SIGTERM},
    {"SIGCHLD", SIGCHLD},
#ifdef SIGSTKFLT
    {"SIGSTKFLT", SIGSTKFLT},
#endif
    {"SIGCONT", SIGCONT},
    {"SIGSTOP", SIGSTOP},
    {"SIGTSTP", SIGTSTP},
    {"SIGTTIN", SIGTTIN},
    {"SIGTTOU", SIGTTOU},
    {"SIGURG", SIGURG},
    {"SIGXCPU", SIGXCPU},
    {"SIGXFSZ", SIGXFSZ},
    {"SIGVTALRM", SIGVTALRM},
    {"SIGPROF", SIGPROF},
    {"SIGWINCH", SIGWINCH},
#ifdef SIGIO
    {"SIGIO", SIGIO},
#endif
#ifdef SIGPOLL
    {"SIGPOLL", SIGPOLL},
#endif
#ifdef SIGLOST
    {"SIGLOST", SIGLOST},
#endif
#ifdef SIGPWR
    {"SIGPWR", SIGPWR},
#endif
    {"SIGSYS", SIGSYS},
    {"UDP_IPV6ONLY", UV_UDP_IPV6ONLY},
    {"UDP_PARTIAL", UV_UDP_PARTIAL},
    {"UDP_REUSEADDR", UV_UDP_REUSEADDR},
    {"UDP_MMSG_CHUNK", UV_UDP_MMSG_CHUNK},
    {"UDP_MMSG_FREE", UV_UDP_MMSG_FREE},
    {"UDP_RECVMMSG", UV_UDP_RECVMMSG},
#if UV_VERSION_HEX >= 0x012e00 /* 1.46 */
    {"PIPE_NO_TRUNCATE", UV_PIPE_NO_TRUNCATE},
#endif
#if UV_VERSION_HEX >= 0x013100 /* 1.49 */
    {"UDP_REUSEPORT", UV_UDP_REUSEPORT},
    {"TCP_REUSEPORT", UV_TCP_REUSEPORT},
#endif
    {"TCP_IPV6ONLY", UV_TCP_IPV6ONLY},
    {"TTY_MODE_NORMAL", UV_TTY_MODE_NORMAL},
    {"TTY_MODE_RAW", UV_TTY_MODE_RAW},
    {"TTY_MODE_IO", UV_TTY_MODE_IO},
#if UV_VERSION_HEX >= 0x013300 /* 1.51 */
    {"TTY_MODE_RAW_VT", UV_TTY_MODE_RAW_VT},
#endif
#if UV_VERSION_HEX >= 0x013000 /* 1.48 */
    {"THREAD_PRIORITY_HIGHEST", UV_THREAD_PRIORITY_HIGHEST},
    {"THREAD_PRIORITY_ABOVE_NORMAL", UV_THREAD_PRIORITY_ABOVE_NORMAL},
    {"THREAD_PRIORITY_NORMAL", UV_THREAD_PRIORITY_NORMAL},
    {"THREAD_PRIORITY_BELOW_NORMAL", UV_THREAD_PRIORITY_BELOW_NORMAL},
    {"THREAD_PRIORITY_LOWEST", UV_THREAD_PRIORITY_LOWEST},
#endif
    {NULL, 0},
};

/* clang-format on */

void nuv_push_constants(lua_State *L)
{
    lua_createtable(L, 0, (int)(sizeof constants / sizeof *constants));
    for (const nuv_name *c = constants; c->name; c++) {
        lua_pushinteger(L, c->value);
        lua_setfield(L, -2, c->name);
    }
#if UV_VERSION_HEX >= 0x013300 /* these are no integers */
    lua_pushnumber(L, UV_FS_UTIME_NOW);
    lua_setfield(L, -2, "FS_UTIME_NOW");
    lua_pushnumber(L, UV_FS_UTIME_OMIT);
    lua_setfield(L, -2, "FS_UTIME_OMIT");
#endif
}
