/* pipe.c -- uv_pipe_t. */
#include "uv.h"
static const luaL_Reg methods[] = {NUV_STREAM_METHODS, {NULL, NULL}};
NUV_CLASS(pipe, methods);
