/* fs.c -- neap_fs: files, each operation one trip to the thread pool. The C half of neap.fs, whose
 * lua/neap/fs.lua says what each function takes and returns. */
#include "fs.h"

static const luaL_Reg functions[] = {
    {"read_file", fs_read_file},
    {"write_file", fs_write_file},
    {"stat", fs_stat},
    {"open", fs_open_file},
    {"list", fs_list},
    {"mkdir", fs_mkdir},
    {"mkdtemp", fs_mkdtemp},
    {"remove", fs_remove},
    {"rename", fs_rename},
    {"file_methods", fs_file_methods},
    {NULL, NULL},
};

NEAP_EXTENSION(neap_fs, .flags = NEAP_PUBLIC, .functions = functions)
