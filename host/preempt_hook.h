/* preempt_hook.h -- between preempt.c, which decides when a VM stops, and preempt_hook.c, whose hook stops it. */
#ifndef NEAP_HOST_PREEMPT_HOOK_H
#define NEAP_HOST_PREEMPT_HOOK_H

#include "preempt.h"

enum { PATIENCE = 1000000 }; /* ns in which a hook that is in should have run */

/* Which hook is in: the user's alone, one that looks at the clock too, one that stops. */
enum { HOOK_USER, HOOK_CLOCK, HOOK_STOP };

/* ---- preempt_hook.c: put one in ---- */

void neap_hook_user(neap_slice *slice);
void neap_hook_clock(neap_slice *slice);
void neap_hook_stop(neap_slice *slice);
void neap_hook_restore(neap_slice *slice); /* that was in before it was to stop */

/* For neap_vm_alert: between Lua and C, either way, so between two instructions of that VM. */
void neap_hook_on_call(lua_State *L);

/* ---- preempt.c ---- */

/* The slice of a VM that is entered on this thread, and its slicer; or NULL. */
neap_slice *neap_slice_of(lua_State *L, neap_slicer **slicer);
bool neap_slice_is_due(neap_slice *slice, uint64_t now);
void neap_slicer_arm(neap_slicer *slicer, uint64_t deadline); /* signal-safe */

#endif
