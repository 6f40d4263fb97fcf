/* task_lua.h: what the three files of neap_task share: task_lua.c, group_lua.c, wait_lua.c. */
#ifndef NEAP_HOST_TASK_LUA_H
#define NEAP_HOST_TASK_LUA_H

#include "host.h"

enum { NEAP_DIRECT_RESULTS = 14 }; /* more of them come in a table */

/* Stack: function at `first`, its arguments above: a task of `scope`, its object on the top. */
neap_task *neap_task_spawn(lua_State *L, neap_scope *scope, int first);

/* S's top is an error: false, it, and whether it was returned. The number of values. */
int neap_push_failure(lua_State *L, bool returned);

/* Push a class's metatable, made with the methods table as a field of the module's on the top. */
void neap_task_metatable(lua_State *L, const char *name, lua_CFunction gc);

void neap_group_open(lua_State *L); /* the module's table is on the top */

int neap_group_run(lua_State *L);
int neap_group_run_real(lua_State *L);
int neap_group_spawn(lua_State *L);
int neap_group_cancel(lua_State *L);
int neap_wait_sleep(lua_State *L);
int neap_wait_yield(lua_State *L);
int neap_wait_parker(lua_State *L);
int neap_wait_may_park(lua_State *L);
int neap_wait_park(lua_State *L);
int neap_wait_unpark(lua_State *L);

#endif
