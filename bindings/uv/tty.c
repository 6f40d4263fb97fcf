/* tty.c -- uv_tty_t. */
#include "uv.h"
static const luaL_Reg methods[] = {NUV_STREAM_METHODS, {NULL, NULL}};
NUV_CLASS(tty, methods);
