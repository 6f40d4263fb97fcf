/* fs.c -- neap_fs: files, each operation one trip to the thread pool. The C half of neap.fs, whose
 * lua/neap/fs.lua says what each function takes and returns. */
#include "fs.h"

static const luaL_Reg functions[] = {
    {"read_file", fs_read_file},
    {"write_file", fs_write_file},
    {"stat", fs_stat},
    {"open", fs_open_file},
    {"list", fs_list},
    {"survey", fs_survey},
    {"mkdir", fs_mkdir},
    {"mkdtemp", fs_mkdtemp},
    {"remove", fs_remove},
    {"rename", fs_rename},
    {"chmod", fs_chmod},
    {"chown", fs_chown},
    {"set_times", fs_set_times},
    {"truncate", fs_truncate},
    {"access", fs_access},
    {"exists", fs_exists},
    {"statfs", fs_statfs},
    {"link", fs_link},
    {"symlink", fs_symlink},
    {"readlink", fs_readlink},
    {"realpath", fs_realpath},
    {"copy", fs_copy_path},
    {"temporary", fs_temporary},
    {"temporary_methods", fs_temporary_methods},
    {"lock", fs_lock},
    {"watch", fs_watch},
    {"watch_system", fs_watch_system_name},
    {"file_methods", fs_file_methods},
    {NULL, NULL},
};

NEAP_EXTENSION(neap_fs, .flags = NEAP_PUBLIC, .functions = functions)
