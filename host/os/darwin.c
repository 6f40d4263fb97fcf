/* darwin.c -- macOS: stack bounds, the interrupted program counter; timers are in portable.c. */
#if defined(__APPLE__)

#include "os.h"

#include <pthread.h>
#include <sys/ucontext.h>

int neap_os_stack(char **base, size_t *size)
{
    pthread_t self = pthread_self();
    *size = pthread_get_stacksize_np(self);
    *base = (char *)pthread_get_stackaddr_np(self) - *size; /* the address is the upper end */
    return 0;
}

const void *neap_os_signal_pc(const void *context)
{
    const ucontext_t *uc = context;
#if defined(__x86_64__)
    return (const void *)uc->uc_mcontext->__ss.__rip;
#elif defined(__arm64__)
    return (const void *)__darwin_arm_thread_state64_get_pc(uc->uc_mcontext->__ss);
#else
    (void)uc;
    return NULL;
#endif
}

#else
typedef int neap_not_darwin; /* a file may not be empty */
#endif
