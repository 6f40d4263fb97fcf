/* rocks.h -- LuaRocks' trees are found by a runtime of the command. */
#ifndef NEAP_ROCKS_H
#define NEAP_ROCKS_H

#include <lua.h>

/* Into package.path and package.cpath. `folder` is the script's; NULL: the current one. */
void neap_rocks_find(lua_State *L, const char *folder);

#endif
