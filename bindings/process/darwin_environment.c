/* darwin_environment.c -- macOS: where the process's environment is, which a library may not name there; elsewhere it
 * may. */
#include "process.h"

#if defined(__APPLE__)
#include <crt_externs.h>

char **process_environ(void)
{
    return *_NSGetEnviron();
}

#else
extern char **environ;

char **process_environ(void)
{
    return environ;
}

#endif
