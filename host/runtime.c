/* runtime.c: opening a runtime: the loop's side (neap_root), the VM, its account, what scripts find.
 *
 * A root has a neap_root of its own; children share it. run.c drives a runtime, close.c closes it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sandbox.h"
#include "vm.h"

#include <lualib.h>

/* ---- The root ---- */

/* On a loop that somebody else runs: from before the poll, where libuv may write for us, until the
 * drain is over. */
static void on_prepare(uv_prepare_t *prepare)
{
    neap_root *root = prepare->data;
    if (root->inside || root->guarded)
        return;
    neap_pipe_block(&root->guard);
    root->guarded = true;
}

static void on_check(uv_check_t *check)
{
    neap_root *root = check->data;
    bool guarded = root->guarded;
    neap_pipe_guard guard = root->guard;
    neap_drain(root);
    neap_virtual_turn(root);
    root->guarded = false;
    if (root->closing_runtimes)
        neap_closing_step(root->runtime); /* may be the end of root */
    if (guarded)
        neap_pipe_restore(&guard);
}

static void on_async(uv_async_t *async)
{
    neap_remotes_run(async->data);
    neap_works_run(async->data);
}

static void root_handle(neap_root *root, uv_handle_t *h)
{
    h->data = root;
    uv_unref(h);
    root->handles++;
}

static neap_root *root_new(uv_loop_t *loop, int *status)
{
    neap_root *root = calloc(1, sizeof *root);
    if (!root)
        return *status = UV_ENOMEM, NULL;
    list_init(&root->ready);
    list_init(&root->workers);
    root->flush_tail = &root->flush_head;
    root->posted_tail = &root->posted;
    root->owns_loop = !loop;
    root->loop = loop ? loop : &root->own;
    if ((*status = uv_mutex_init(&root->lock)))
        goto free_root;
    if (!loop && (*status = uv_loop_init(&root->own)))
        goto destroy_lock;
    if ((*status = uv_async_init(root->loop, &root->async, on_async)))
        goto close_loop;
    root_handle(root, (uv_handle_t *)&root->async);
    uv_check_init(root->loop, &root->check);
    root_handle(root, (uv_handle_t *)&root->check);
    uv_check_start(&root->check, on_check);
    uv_prepare_init(root->loop, &root->prepare);
    root_handle(root, (uv_handle_t *)&root->prepare);
    if (loop)
        uv_prepare_start(&root->prepare, on_prepare);
    uv_idle_init(root->loop, &root->idle);
    root_handle(root, (uv_handle_t *)&root->idle);
    uv_ref((uv_handle_t *)&root->idle);
    uv_timer_init(root->loop, &root->timer);
    root_handle(root, (uv_handle_t *)&root->timer);
    uv_ref((uv_handle_t *)&root->timer);
    return root;

close_loop:
    if (!loop)
        uv_loop_close(&root->own);
destroy_lock:
    uv_mutex_destroy(&root->lock);
free_root:
    free(root);
    return NULL;
}

void neap_root_free(neap_root *root)
{
    if (root->owns_loop && uv_loop_close(&root->own) != 0)
        abort(); /* a handle of ours is still open: memory would be used after it is freed */
    uv_mutex_destroy(&root->lock);
    free(root->timers.heap);
    neap_read_buffers_free(root);
    free(root);
}

/* ---- Opening ---- */

static void setup(neap_runtime *rt, lua_State *L)
{
    if (!rt->foreign)
        lua_gc(L, LUA_GCSTOP, 0); /* there is no garbage yet */
    if (rt->permissions)
        neap_sandbox_libraries(L);
    else if (!rt->foreign)
        luaL_openlibs(L);
    if (!rt->foreign)
        neap_report_finalizers(L);
    rt->S = lua_newthread(L);
    rt->thread_ref = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_createtable(L, 16, 0);
    rt->anchor_array = lua_topointer(L, -1);
    rt->anchors = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_pushlightuserdata(L, rt);
    lua_setfield(L, LUA_REGISTRYINDEX, "neap.runtime");
    neap_error_open(rt);
    neap_queue_open(rt);
    if (rt->foreign)
        neap_boot_foreign(rt, false);
    neap_vm_guard(L);
    rt->slice = (neap_slice){.L = rt->S, .suspending = &rt->suspending, .nowait = &rt->nowait};
    neap_boot(rt);
    if (rt->foreign)
        neap_boot_foreign(rt, true);
    else
        lua_gc(L, LUA_GCRESTART, -1);
}

static int protected_setup(lua_State *L)
{
    setup(lua_touserdata(L, 1), L);
    return 0;
}

static void set_options(neap_runtime *rt, const neap_options *options)
{
    static const neap_options defaults = NEAP_OPTIONS_INIT;
    size_t size = options && options->size < sizeof *options ? options->size : sizeof *options;
    rt->options = defaults;
    if (options)
        memcpy(&rt->options, options, size);
    rt->weight = rt->options.weight > 0 ? rt->options.weight : 1;
    rt->cpu_budget = rt->options.cpu_budget;
}

static neap_runtime *runtime_new(const neap_options *options)
{
    neap_runtime *rt = calloc(1, sizeof *rt);
    if (!rt)
        return NULL;
    set_options(rt, options);
    rt->tail = &rt->head;
    list_init(&rt->children);
    list_init(&rt->sibling);
    list_init(&rt->ready);
    list_init(&rt->scopes);
    list_init(&rt->died);
    list_init(&rt->mourning);
    list_init(&rt->boxes);
    list_init(&rt->groups);
    list_init(&rt->handles);
    list_init(&rt->staying);
    list_init(&rt->work_queue);
    return rt;
}

/* Its VM: LuaJIT's own allocator, counted. */
static int open_vm(neap_runtime *rt, lua_State *L)
{
    if (L) {
        rt->foreign = true;
        rt->L = L;
        return 0;
    }
    if (!(L = luaL_newstate()))
        return UV_ENOMEM;
    if (!neap_vm_is_ours(L)) {
        lua_close(L);
        return NEAP_EVERSION;
    }
    rt->L = L;
    rt->memory =
        (size_t)lua_gc(rt->L, LUA_GCCOUNT, 0) * 1024 + (size_t)lua_gc(rt->L, LUA_GCCOUNTB, 0);
    rt->vm_alloc = lua_getallocf(rt->L, &rt->vm_ud);
    rt->memory_limit = rt->options.memory_limit;
    rt->memory_soft = rt->memory_limit / 4 * 3;
    lua_setallocf(rt->L, neap_vm_allocator, rt);
    return 0;
}

static int restore(lua_State *L)
{
    neap_runtime *rt = neap_of(L);
    if (rt->restore) {
        neap_anchor_push(rt, L, rt->restore);
        lua_call(L, 0, 0);
    }
    neap_anchor_push(rt, L, rt->arg);
    lua_getglobal(L, "arg");
    if (rt->arg && lua_rawequal(L, -1, -2)) {
        lua_pushnil(L);
        lua_setglobal(L, "arg");
    }
    lua_pushnil(L);
    lua_setfield(L, LUA_REGISTRYINDEX, "neap.runtime");
    return 0;
}

/* A VM that is not ours is as it was; what it keeps of Neap's says ECLOSED from now on. */
static void leave_vm(neap_runtime *rt)
{
    int *refs[] = {&rt->anchors, &rt->thread_ref, &rt->trampoline, &rt->handler};
    if (lua_cpcall(rt->L, restore, NULL))
        lua_pop(rt->L, 1); /* out of memory: then not all of it */
    neap_handles_forget(rt);
    if (rt->cell)
        rt->cell->to = NULL;
    for (neap_env *env = rt->envs; env; env = env->next)
        if (env->cell)
            env->cell->to = NULL;
    if (rt->slice_ready)
        luaL_unref(rt->L, LUA_REGISTRYINDEX, rt->slice.error);
    for (size_t i = 0; i < sizeof refs / sizeof *refs; i++)
        if (*refs[i])
            luaL_unref(rt->L, LUA_REGISTRYINDEX, *refs[i]);
}

void neap_vm_close(neap_runtime *rt)
{
    if (!rt->L)
        return;
    if (rt->foreign) {
        leave_vm(rt);
    } else {
        lua_sethook(rt->L, NULL, 0, 0); /* finalizers are no script's any more */
        lua_setallocf(rt->L, rt->vm_alloc, rt->vm_ud);
        lua_close(rt->L);
    }
    rt->L = rt->S = NULL;
}

void neap_runtime_free(neap_runtime *rt)
{
    neap_permissions_free(rt, rt->permissions);
    neap_mem(rt, rt->out, rt->out_size, 0);
    if (rt->lua_path)
        neap_mem(rt, rt->lua_path, strlen(rt->lua_path) + 1, 0);
    neap_scopes_free(rt);
    neap_ops_free(rt);
#ifdef NEAP_CHECK
    if (rt->c_memory) { /* the account must be zero; the leak checker says whose it is */
        fprintf(stderr, "neap: a runtime leaves %zu bytes\n", rt->c_memory);
        free(rt);
        exit(99);
    }
#endif
    free(rt);
}

/* The caller's list and text are copied: they may go. */
static int open_permissions(neap_runtime *rt, const char **bad)
{
    static const char *const nothing[] = {NULL};
    const char *const *wanted = rt->options.permissions;
    rt->options.permissions = NULL;
    if (!wanted && rt->parent)
        wanted = nothing;
    if (!wanted)
        return 0;
    int status = neap_permissions_parse(rt, wanted, &rt->permissions, bad);
    if (!status)
        *bad = NULL;
    return status;
}

static int open_lua_path(neap_runtime *rt)
{
    const char *path = rt->options.lua_path;
    rt->options.lua_path = NULL;
    if (!path)
        return 0;
    size_t n = strlen(path) + 1;
    if (!(rt->lua_path = neap_mem(rt, NULL, 0, n)))
        return UV_ENOMEM;
    memcpy(rt->lua_path, path, n);
    return 0;
}

static const char of_another[] =
    "the Lua state is of another LuaJIT than libneap: the program links one before it";

/* bad: the permission that is wrong. status > 0: Lua's, with the error value on L's top. */
static void report_failure(neap_runtime *rt, int status, const char *bad, neap_error *error)
{
    const char *text = status > 0 ? lua_tostring(rt->L, -1) : neap_status_message(status);
    if (bad && status == UV_EINVAL)
        neap_permission_refuse(error, bad);
    else if (bad)
        neap_error_set(error, status, "%s, permission \"%s\"", text, bad);
    else if (status == NEAP_EVERSION)
        neap_error_set(error, status, "%s", of_another);
    else if (status < 0 || (text && strcmp(text, "not enough memory") == 0))
        neap_error_set(error, status < 0 ? status : UV_ENOMEM, "%s", text);
    else
        neap_error_set(error, NEAP_ESCRIPT, "%s", text ? text : "the runtime could not be opened");
}

/* The one clean-up of a failed opening: nothing of it has run on the loop. */
static void abandon(neap_runtime *rt)
{
    neap_root *root = rt->root;
    rt->state = RT_CLOSED;
    neap_tasks_free_pool(rt);
    if (rt->scope)
        neap_scope_unref(rt->scope);
    neap_vm_close(rt);
    neap_extensions_close(rt);
    bool is_root = !rt->parent;
    list_remove(&rt->sibling);
    list_remove(&rt->ready);
    neap_runtime_free(rt);
    if (is_root && root)
        neap_root_close(root, NULL, NULL);
}

static neap_runtime *open_runtime(const neap_options *options, lua_State *L, neap_error *error)
{
    if (neap != &neap_the_table) /* other threads read it */
        neap = &neap_the_table;
    const char *bad = NULL;
    int status = UV_ENOMEM;
    neap_runtime *rt = runtime_new(options);
    if (!rt) {
        neap_error_set(error, status, "no memory for a runtime");
        return NULL;
    }
    if (rt->options.parent && rt->options.parent->state != RT_OPEN) {
        neap_error_set(error, NEAP_ECLOSED, "the parent runtime is closing");
        free(rt);
        return NULL;
    }
    rt->parent = rt->options.parent;
    rt->root = rt->parent ? rt->parent->root : root_new(rt->options.loop, &status);
    if (!rt->root)
        goto fail;
    if (!rt->parent)
        rt->root->runtime = rt;
    else
        list_append(&rt->parent->children, &rt->sibling);
    if ((status = open_permissions(rt, &bad)) || (status = open_lua_path(rt)) ||
        (status = open_vm(rt, L)))
        goto fail;
    status = UV_ENOMEM;
    if (!(rt->scope = neap_scope_new(rt, NULL, SCOPE_ROOT)))
        goto fail;
    if ((status = lua_cpcall(rt->L, protected_setup, rt)))
        goto fail;
    return rt;

fail:
    report_failure(rt, status, bad, error);
    abandon(rt);
    return NULL;
}

neap_runtime *neap_open(const neap_options *options, neap_error *error)
{
    return open_runtime(options, NULL, error);
}

neap_runtime *neap_attach(lua_State *L, struct uv_loop_s *loop, neap_error *error)
{
    if (!neap_vm_is_ours(L)) {
        neap_error_set(error, NEAP_EVERSION, "%s", of_another);
        return NULL;
    }
    if (neap_of(L)) {
        neap_error_set(error, UV_EALREADY, "this Lua state has a runtime already");
        return NULL;
    }
    neap_options options = NEAP_OPTIONS_INIT;
    options.loop = loop;
    return open_runtime(&options, L, error);
}
