/* start.c: the main script. It is a task resumed before the loop runs, so that what it says until it
 * first waits is said when neap_start returns, and its error until then is neap_start's. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sandbox.h"

typedef struct {
    neap_runtime *rt;
    const char *path, *text, *name;
    size_t length;
    const char *const *args;
    neap_error *error;
    int status;
    bool sliced; /* neap_limit_begin's */
} start;

static int count(const char *const *args)
{
    int n = 0;
    while (args && args[n])
        n++;
    return n;
}

/* The global `arg`, unless the embedder has set one: a script after the first gets its own. */
static void set_arg(lua_State *S, const start *s)
{
    neap_runtime *rt = s->rt;
    neap_anchor_push(rt, S, rt->arg);
    lua_getglobal(S, "arg");
    bool theirs = !lua_isnil(S, -1) && !lua_rawequal(S, -1, -2);
    lua_pop(S, 2);
    if (theirs)
        return;
    lua_newtable(S);
    lua_pushstring(S, s->path ? s->path : s->name);
    lua_rawseti(S, -2, 0);
    for (int i = 0, n = count(s->args); i < n; i++) {
        lua_pushstring(S, s->args[i]);
        lua_rawseti(S, -2, i + 1);
    }
    lua_pushvalue(S, -1);
    lua_setglobal(S, "arg");
    neap_anchor_drop(rt, &rt->arg);
    rt->arg = neap_anchor(rt, S);
}

/* Why it cannot be read, as a status: LuaJIT says so in words only. Not by reading: it may be a pipe. */
static int check_file(const char *path)
{
    struct stat about;
    if (access(path, R_OK) || stat(path, &about))
        return -errno;
    return S_ISDIR(about.st_mode) ? UV_EISDIR : 0;
}

/* Push the chunk. 0, or a status with the error object pushed. */
static int load(lua_State *S, const start *s)
{
    if (s->text) {
        lua_pushfstring(S, "=%s", s->name);
        const char *name = lua_tostring(S, -1);
        bool failed = s->rt->permissions ? neap_sandbox_compile(S, s->text, s->length, name)
                                         : luaL_loadbuffer(S, s->text, s->length, name);
        return failed ? NEAP_ESCRIPT : 0;
    }
    bool standard_input = strcmp(s->path, "-") == 0;
    int status = standard_input ? 0 : check_file(s->path);
    if (status) {
        neap->push_error(S, status, NEAP_F_SYSCALL, "open", NEAP_F_PATH, s->path, NEAP_F_END);
        return status;
    }
    const char *path = standard_input ? NULL : s->path;
    bool failed = s->rt->permissions ? neap_sandbox_compile_file(S, path) : luaL_loadfile(S, path);
    return failed ? NEAP_ESCRIPT : 0;
}

static void run(lua_State *S, void *data)
{
    start *s = data;
    neap_runtime *rt = s->rt;
    set_arg(S, s);
    errno = 0;
    if ((s->status = load(S, s))) {
        neap_error_normalize(S, NULL, NULL);
        neap_error_export(S, -1, s->error);
        return;
    }
    int n = count(s->args);
    luaL_checkstack(S, n + 1, "too many arguments");
    for (int i = 0; i < n; i++)
        lua_pushstring(S, s->args[i]);
    neap_task *t = neap_task_make(S, rt->scope, n);
    rt->starting = s->error;
    t->main = true;
    t->nargs = 0;
    s->sliced = neap_limit_begin(rt, false);
    neap_task_resume(t, n);
    if (!rt->starting)
        s->status = s->error->status;
}

/* It raised, out of memory: before the script's task was there, or when that had ended. */
static void fail(start *s)
{
    neap_runtime *rt = s->rt;
    neap_reap(rt);
    if (rt->ending)
        neap_task_abandon(rt->ending);
    s->status = neap_error_take(rt, s->error);
    lua_settop(rt->S, 0);
}

static int start_script(start *s)
{
    neap_runtime *rt = s->rt;
    neap_error ignored;
    if (!s->error)
        s->error = &ignored;
    s->error->status = 0;
    if (rt->state != RT_OPEN)
        return neap_error_set(s->error, NEAP_ECLOSED, "the runtime is closing");
    if (rt->current || rt->entered || rt->preempted)
        return neap_error_set(s->error, UV_EBUSY, "a script is running");
    neap_pipe_guard guard;
    neap_root *root = rt->root;
    neap_pipe_block(&guard);
    neap_enter_root(root);
    rt->entered = true;
    if (neap_protected(rt, run, s))
        fail(s);
    neap_limit_end(rt, s->sliced);
    rt->starting = NULL;
    rt->entered = false;
    if (!neap_leave_root(root))
        s->status = neap_error_set(s->error, NEAP_ECLOSED, "the script has closed the runtime");
    neap_pipe_restore(&guard);
    return s->status;
}

int neap_start_args(neap_runtime *rt, const char *path, const char *const *args, neap_error *error)
{
    return start_script(&(start){.rt = rt, .path = path, .args = args, .error = error});
}

int neap_start(neap_runtime *rt, const char *path, neap_error *error)
{
    return neap_start_args(rt, path, NULL, error);
}

int neap_start_text_args(neap_runtime *rt, const char *name, const char *text, size_t length,
                         const char *const *args, neap_error *error)
{
    return start_script(&(start){
        .rt = rt, .name = name, .text = text, .length = length, .args = args, .error = error});
}

int neap_start_text(neap_runtime *rt, const char *name, const char *text, size_t length,
                    neap_error *error)
{
    return neap_start_text_args(rt, name, text, length, NULL, error);
}
