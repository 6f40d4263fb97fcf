/* system.h -- what the files of neap_system share. */
#ifndef NEAP_SYSTEM_H
#define NEAP_SYSTEM_H

#include <neap/extension.h>
#include <stdbool.h>
#include <uv.h>

/* Is a permission missing? Then nil and the error are on the stack: return 2. */
bool system_refused(lua_State *L, const char *verb, const char *target);
int system_fail(lua_State *L, int status, const char *syscall); /* nil, err */
int system_done(lua_State *L, int status, const char *syscall); /* true, or nil, err */

/* Fields of the table on the stack's top. */
void system_set_number(lua_State *L, const char *field, double value);
void system_set_text(lua_State *L, const char *field, const char *text); /* NULL: none */

/* What a control group leaves to this process: its smallest limit of memory, and what is used of that;
 * false when there is none. */
typedef struct {
    double limit, used; /* bytes */
} system_cgroup;
bool system_cgroup_memory(system_cgroup *group);

extern const luaL_Reg system_machine_functions[]; /* machine.c */
extern const luaL_Reg system_process_functions[]; /* process.c */
int system_user(lua_State *L);                    /* user.c */

#endif
