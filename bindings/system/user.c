/* user.c -- neap_system: user(name, uid or nothing: who we are), as the system's list of users has it.
 *
 * That list may be a server's, far away, so the pool asks it. The texts lie in a block of malloc's,
 * which the pool makes and release() frees; it is bounded. */
#include "system.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_SIZE = 256, ROOM = 1 << 10, ROOM_MAX = 1 << 20 };

typedef struct {
    neap_op op;
    neap_work work;
    char name[NAME_SIZE]; /* empty: by its id */
    uid_t id;
    struct passwd entry;
    char *texts;
} user_op;

/* ---- Arguments ---- */

static void check_user(lua_State *L, int index, user_op *u)
{
    size_t n;
    u->id = geteuid();
    if (lua_type(L, index) == LUA_TNUMBER) {
        double id = lua_tonumber(L, index);
        luaL_argcheck(L, id >= 0 && id < UINT32_MAX && id == (double)(uid_t)id, index,
                      "a user's id expected");
        u->id = (uid_t)id;
    } else if (lua_type(L, index) == LUA_TSTRING) {
        const char *name = lua_tolstring(L, index, &n);
        luaL_argcheck(L, n && n < NAME_SIZE && strlen(name) == n, index, "a user's name expected");
        memcpy(u->name, name, n + 1);
    } else {
        luaL_argcheck(L, lua_isnoneornil(L, index) || lua_isfunction(L, index), index,
                      "a user's name or id expected");
    }
}

/* ---- Events ---- */

static int look_up(user_op *u, size_t size, struct passwd **found)
{
    char *texts = realloc(u->texts, size);
    if (!texts)
        return ENOMEM;
    u->texts = texts;
    return *u->name ? getpwnam_r(u->name, &u->entry, texts, size, found)
                    : getpwuid_r(u->id, &u->entry, texts, size, found);
}

/* On a pool thread. `id` becomes the status. */
static void run(neap_work *work)
{
    user_op *u = neap_container_of(work, user_op, work);
    struct passwd *found = NULL;
    int err = ERANGE;
    for (size_t size = ROOM; err == ERANGE && size <= ROOM_MAX; size *= 2)
        err = look_up(u, size, &found);
    if (!found)
        u->entry = (struct passwd){.pw_uid = (uid_t)(err ? err : ENOENT)};
}

static void done(neap_work *work, int status)
{
    user_op *u = neap_container_of(work, user_op, work);
    if (!status && !u->entry.pw_name)
        status = -(int)u->entry.pw_uid;
    const char *message = status == UV_ENOENT ? "there is no such user" : NULL;
    neap->complete(&u->op, status, NEAP_F_MESSAGE, message, NEAP_F_SYSCALL, "getpwnam", NEAP_F_END);
}

static int results(lua_State *L, neap_op *op)
{
    const struct passwd *entry = &((user_op *)op)->entry;
    lua_createtable(L, 0, 5);
    system_set_text(L, "name", entry->pw_name);
    system_set_text(L, "home", entry->pw_dir);
    system_set_text(L, "shell", entry->pw_shell);
    system_set_number(L, "uid", entry->pw_uid);
    system_set_number(L, "gid", entry->pw_gid);
    return 1;
}

static void release(neap_op *op, int delivered)
{
    (void)delivered;
    free(((user_op *)op)->texts);
}

static const neap_op_class user_class = {"system.user", results, NULL, release};

/* ---- The function ---- */

int system_user(lua_State *L)
{
    user_op asked = {0};
    check_user(L, 1, &asked);
    user_op *u = neap->op_new(L, &user_class, sizeof *u);
    memcpy(u->name, asked.name, sizeof u->name);
    u->id = asked.id;
    u->work = (neap_work){.run = run, .done = done, .env = u->op.env};
    int status = neap->permit(u->op.env, "system", "user", strlen("user"));
    if (status) {
        neap->complete(&u->op, status, NEAP_F_PERMISSION, "system", "user", NEAP_F_END);
    } else if ((status = neap->work(u->op.env, &u->work))) {
        neap->complete(&u->op, status, NEAP_F_END);
    }
    return neap->wait(L, &u->op);
}
