/* sandbox.h -- a restricted VM: what it has in place of Lua's own libraries.
 *
 * sandbox.c         the libraries it gets
 * sandbox_load.c    loading text
 * sandbox_os.c      os
 * sandbox_file.c    io's files, opened through permissions
 * sandbox_string.c  patterns that can be interrupted
 * sandbox_json.c    cjson within the memory limit
 * lua/neap/sandbox.lua puts them together; boot.c runs it before boot.lua. */
#ifndef NEAP_HOST_SANDBOX_H
#define NEAP_HOST_SANDBOX_H

#include "host.h"

/* In place of luaL_openlibs. */
void neap_sandbox_libraries(lua_State *L);

/* Before any script: take out what leads outside. */
void neap_sandbox_strip(lua_State *L);

/* As luaL_loadbufferx and luaL_loadfilex (NULL: standard input) for text, which is refused when it takes
 * too long to compile; what is read is no script's choice. */
int neap_sandbox_compile(lua_State *L, const char *text, size_t n, const char *name);
int neap_sandbox_compile_file(lua_State *L, const char *path);

/* Of Lua: see there. */
int neap_sandbox_load(lua_State *L);
int neap_sandbox_loadfile(lua_State *L);
int neap_sandbox_loadable(lua_State *L);

/* Add what sandbox.lua needs to the table of C functions on L's top. */
void neap_sandbox_functions(neap_runtime *rt, lua_State *L);
void neap_sandbox_file_functions(lua_State *L);

void neap_sandbox_os(lua_State *L); /* sets the global */
int neap_sandbox_search(lua_State *L);
int neap_sandbox_cjson(lua_State *L);
int neap_sandbox_cjson_safe(lua_State *L);

/* Push nil, "path: what", errno: a failure as Lua's io and os have it. EPERMISSION names `verb`. */
int neap_sandbox_fail(lua_State *L, const char *verb, const char *path, int status);

/* As neap_open_path, not waiting for the other end of a FIFO. */
int neap_sandbox_open(neap_runtime *rt, const char *path, int flags);

#endif
