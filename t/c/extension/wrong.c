/* wrong.c -- extensions that do not fit this host, by -DCASE: each is refused with a reason. */
#include <neap/extension.h>

static int never(neap_env *env, lua_State *L, void *state)
{
    (void)env, (void)L, (void)state;
    __builtin_trap();
}

static int fails(neap_env *env, lua_State *L, void *state)
{
    (void)env, (void)L, (void)state;
    return -13; /* EACCES */
}

#if CASE >= 8
#include <stdio.h>

static void closes(neap_env *env, void *state)
{
    (void)env, (void)state;
    fputs("wrong is closed\n", stderr);
}

int luaopen_wrong(lua_State *L);

int luaopen_wrong(lua_State *L)
{
    lua_pushliteral(L, "luaopen_wrong");
    return 1;
}
#endif

#if CASE == 1
NEAP_EXTENSION(wrong, .major = NEAP_MAJOR + 1, .open = never)
#elif CASE == 2
NEAP_EXTENSION(wrong, .minor = NEAP_MINOR + 1, .open = never)
#elif CASE == 3
NEAP_EXTENSION(wrong, .size = 8, .open = never)
#elif CASE == 4
NEAP_EXTENSION(wrong, .open = fails)
#elif CASE == 5
NEAP_EXTENSION(other_name)
#elif CASE == 6 /* of a later host of this major: a longer descriptor */
NEAP_EXTENSION(wrong, .size = sizeof(neap_descriptor) + 64)
#elif CASE == 7
NEAP_EXTENSION(wrong, .flags = NEAP_SINGLE)
#elif CASE == 8
NEAP_EXTENSION(wrong, .close = closes)
#endif
