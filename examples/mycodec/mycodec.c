/* mycodec.c -- an extension of Neap in one file: functions, state of its own, an operation.
 *
 *   hex(bytes) -> text             "Neap" -> "4e656170"
 *   adler32(path) -> integer       checksum of a file (RFC 1950, 8.2); waits, or takes a callback
 *   count() -> integer             how many bytes hex has written in this runtime
 *
 *     cc -shared -fPIC $(pkg-config --cflags neap) mycodec.c -o mycodec.so
 */
#include <errno.h>
#include <fcntl.h>
#include <neap/extension.h>
#include <string.h>
#include <unistd.h>

/* ---- State: one block a runtime, zeroed. No globals: a process may have many runtimes. ---- */

typedef struct {
    size_t count;
} codec_state;

/* ---- Functions ---- */

static int hex(lua_State *L)
{
    static const char digits[] = "0123456789abcdef";
    codec_state *state = neap->state(neap->env(L));
    size_t length;
    const char *bytes = luaL_checklstring(L, 1, &length);
    luaL_Buffer b;
    luaL_buffinit(L, &b);
    for (size_t i = 0; i < length; i++) {
        luaL_addchar(&b, digits[(bytes[i] >> 4) & 15]);
        luaL_addchar(&b, digits[bytes[i] & 15]);
    }
    luaL_pushresult(&b);
    state->count += 2 * length;
    return 1;
}

static int count(lua_State *L)
{
    codec_state *state = neap->state(neap->env(L));
    lua_pushnumber(L, (lua_Number)state->count);
    return 1;
}

/* ---- An operation: what takes time, done by a thread of the pool ---- */

typedef struct {
    neap_op op; /* first */
    neap_work work;
    uint32_t sum;
    int status;
    char path[]; /* a copy: the thread sees nothing of Lua */
} sum_op;

static sum_op *op_of(neap_work *work)
{
    return (sum_op *)((char *)work - offsetof(sum_op, work));
}

static void
run(neap_work *work) /* pool thread: no Lua, and of the host only what says "any thread" */
{
    sum_op *o = op_of(work);
    unsigned char buffer[16384];
    uint32_t a = 1, b = 0;
    ssize_t n;
    int fd = neap->open_path(work->env, o->path, O_RDONLY | O_CLOEXEC, 0); /* asks for fs.read */
    if (fd < 0) {
        o->status = fd;
        return;
    }
    while ((n = read(fd, buffer, sizeof buffer)) > 0)
        for (ssize_t i = 0; i < n; i++) {
            a = (a + buffer[i]) % 65521;
            b = (b + a) % 65521;
        }
    o->status = n < 0 ? -errno : 0;
    o->sum = b << 16 | a;
    close(fd);
}

static void done(neap_work *work, int status) /* loop's thread, once */
{
    sum_op *o = op_of(work);
    neap->complete(&o->op, status ? status : o->status, NEAP_F_PATH, o->path, NEAP_F_END);
}

static int sum_results(lua_State *L, neap_op *op) /* after success: what the call returns */
{
    lua_pushnumber(L, ((sum_op *)op)->sum);
    return 1;
}

static const neap_op_class sum_class = {.name = "mycodec.adler32", .results = sum_results};

static int adler32(lua_State *L)
{
    size_t length;
    const char *path = luaL_checklstring(L, 1, &length);
    luaL_argcheck(L, strlen(path) == length, 1, "a path has no zero byte");
    sum_op *o =
        neap->op_new(L, &sum_class, sizeof *o + length + 1); /* takes the callback, if any */
    memcpy(o->path, path, length + 1);
    o->work = (neap_work){.run = run, .done = done};
    int status = neap->work(o->op.env, &o->work);
    if (status < 0)
        neap->complete(&o->op, status, NEAP_F_END);
    return neap->wait(L, &o->op); /* always the last statement */
}

/* ---- Registration ---- */

static const luaL_Reg functions[] = {
    {"hex", hex}, {"adler32", adler32}, {"count", count}, {NULL, NULL}};

NEAP_EXTENSION(mycodec, .functions = functions, .state_size = sizeof(codec_state))
