/* timer.c: the one clock and the one timer list.
 *
 * All timers of a loop stand in one 4-ary heap over one uv_timer, ordered by due time and then by
 * the order they were started. An entry's place is kept in the timer, so stopping costs log n and
 * nothing is allocated a timer. The uv_timer is set again only when the earliest due time changes.
 *
 * The heap grows only when there are more timers than ever. A timer that comes when there is no memory
 * for that stands in a list beside it (`outside`), which is looked through instead.
 *
 * While a test has a virtual clock (virtual.c) timers that are started stand in a second heap, which goes by
 * that clock; those that were there before, and those of the host itself, keep to the real one.
 */
#include <stdlib.h>

#include "host.h"

enum { OUTSIDE = -1 }; /* the position of one that is not in the heap */

uint64_t neap_clock(void)
{
    return uv_hrtime();
}

static bool before(const timer_entry *a, const timer_entry *b)
{
    return a->due < b->due || (a->due == b->due && a->order < b->order);
}

static void place(timer_list *timers, size_t i, timer_entry e)
{
    timers->heap[i] = e;
    e.timer->position = (int64_t)i + 1;
}

static void sift_up(timer_list *timers, size_t i, timer_entry e)
{
    while (i > 0) {
        size_t parent = (i - 1) / 4;
        if (!before(&e, &timers->heap[parent]))
            break;
        place(timers, i, timers->heap[parent]);
        i = parent;
    }
    place(timers, i, e);
}

static void sift_down(timer_list *timers, size_t i, timer_entry e)
{
    for (size_t child; (child = 4 * i + 1) < timers->count; i = child) {
        size_t end = child + 4 < timers->count ? child + 4 : timers->count;
        for (size_t c = child + 1; c < end; c++)
            if (before(&timers->heap[c], &timers->heap[child]))
                child = c;
        if (!before(&timers->heap[child], &e))
            break;
        place(timers, i, timers->heap[child]);
    }
    place(timers, i, e);
}

static void on_timer(uv_timer_t *handle);

uint64_t neap_timers_earliest(const timer_list *timers) /* UINT64_MAX: there is none */
{
    uint64_t due = timers->count ? timers->heap[0].due : UINT64_MAX;
    for (const neap_timer *t = timers->outside; t; t = t->next)
        due = t->due < due ? t->due : due;
    return due;
}

/* When the uv_timer has to fire, in libuv's milliseconds, which are of the same clock; 0: there is no need. */
static uint64_t next_alarm(const neap_root *root)
{
    const neap_virtual *v = root->virtual;
    if (v && neap_timers_earliest(&v->timers) <= v->now)
        return uv_now(root->loop) + 1; /* is due: 0 would say that there is none */
    uint64_t due = neap_timers_earliest(&root->timers);
    return due == UINT64_MAX ? 0 : (due + 999999) / 1000000;
}

/* Set the uv_timer for the earliest of all. */
void neap_timers_arm(neap_root *root)
{
    uint64_t due = next_alarm(root), now = uv_now(root->loop);
    if (due == root->timer_armed)
        return;
    root->timer_armed = due;
    if (!due)
        uv_timer_stop(&root->timer);
    else
        uv_timer_start(&root->timer, on_timer, due > now + 1 ? due - now : 0, 0);
}

static bool has_room(timer_list *timers)
{
    if (timers->count < timers->size)
        return true;
    size_t size = timers->size ? 2 * timers->size : 16;
    timer_entry *heap = neap_realloc(timers->heap, size * sizeof *heap);
    if (!heap)
        return false;
    timers->heap = heap;
    timers->size = size;
    return true;
}

/* Cannot fail. */
static void add(neap_root *root, timer_list *timers, neap_timer *t, uint64_t due)
{
    t->due = due;
    if (!has_room(timers)) {
        t->position = OUTSIDE;
        t->next = timers->outside;
        timers->outside = t;
        neap_timers_arm(root);
        return;
    }
    timer_entry e = {due, ++timers->order, t};
    sift_up(timers, timers->count++, e);
    if (t->position == 1)
        neap_timers_arm(root);
}

static uint64_t nanoseconds(double seconds)
{
    double ns = seconds > 0 ? seconds * 1e9 : 0; /* also for NaN */
    return ns < 9e18 ? (uint64_t)ns : (uint64_t)9e18;
}

/* Start (or restart) a timer `seconds` from now. */
void neap_timer_start(neap_root *root, neap_timer *t, double seconds)
{
    neap_virtual *v = root->virtual;
    neap_timer_stop(root, t);
    if (v)
        add(root, &v->timers, t, v->now + nanoseconds(seconds));
    else
        add(root, &root->timers, t, neap_clock() + nanoseconds(seconds));
}

/* The same by the real clock, whatever a test has: for what the host itself waits. */
void neap_timer_start_real(neap_root *root, neap_timer *t, double seconds)
{
    neap_timer_stop(root, t);
    add(root, &root->timers, t, neap_clock() + nanoseconds(seconds));
}

static void take_out(timer_list *timers, neap_timer *t)
{
    size_t i = (size_t)t->position - 1;
    t->position = 0;
    timer_entry last = timers->heap[--timers->count];
    if (i == timers->count)
        return;
    if (i > 0 && before(&last, &timers->heap[(i - 1) / 4]))
        sift_up(timers, i, last);
    else
        sift_down(timers, i, last);
}

static bool is_outside(const timer_list *timers, const neap_timer *t)
{
    const neap_timer *at = timers->outside;
    while (at && at != t)
        at = at->next;
    return at != NULL;
}

static void take_from_outside(timer_list *timers, neap_timer *t)
{
    neap_timer **at = &timers->outside;
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    t->position = 0;
}

static bool has(const timer_list *timers, const neap_timer *t)
{
    size_t i = (size_t)t->position - 1;
    return t->position == OUTSIDE ? is_outside(timers, t)
                                  : i < timers->count && timers->heap[i].timer == t;
}

void neap_timer_stop(neap_root *root, neap_timer *t)
{
    if (!t->position)
        return;
    timer_list *timers = root->virtual && has(&root->virtual->timers, t) ? &root->virtual->timers
                                                                         : &root->timers;
    bool first = t->position == 1 || t->position == OUTSIDE;
    if (t->position == OUTSIDE)
        take_from_outside(timers, t);
    else
        take_out(timers, t);
    if (first)
        neap_timers_arm(root);
}

/* One started meanwhile is due later than `now`. */
static void fire_outside(timer_list *timers, uint64_t now)
{
    for (neap_timer *t = timers->outside; t;) {
        if (t->due < now) {
            take_from_outside(timers, t);
            t->fire(t);
            t = timers->outside; /* it may have stopped any */
        } else {
            t = t->next;
        }
    }
}

/* Fire all that were due when we began; those started meanwhile wait for the next turn. */
static void fire(timer_list *timers, uint64_t now)
{
    uint64_t last = timers->order;
    fire_outside(timers, now);
    while (timers->count && timers->heap[0].due <= now && timers->heap[0].order <= last) {
        neap_timer *t = timers->heap[0].timer;
        take_out(timers, t);
        __builtin_prefetch(timers->heap[0].timer); /* among a million it comes from memory */
        t->fire(t);
    }
}

static void on_timer(uv_timer_t *handle)
{
    neap_root *root = handle->data;
    root->timer_armed = 0;
    if (root->virtual) /* firing is C: it does not end here */
        fire(&root->virtual->timers, root->virtual->now);
    fire(&root->timers, neap_clock());
    neap_timers_arm(root);
}

/* What is left of a virtual clock's timers goes on by the real one. */
void neap_timers_move(neap_root *root, timer_list *timers, uint64_t now)
{
    while (timers->count) {
        neap_timer *t = timers->heap[0].timer;
        take_out(timers, t);
        add(root, &root->timers, t, neap_clock() + (t->due > now ? t->due - now : 0));
    }
    while (timers->outside) {
        neap_timer *t = timers->outside;
        take_from_outside(timers, t);
        add(root, &root->timers, t, neap_clock() + (t->due > now ? t->due - now : 0));
    }
    free(timers->heap);
}

static bool is_of(const neap_timer *t, const neap_runtime *rt)
{
    return t->env && t->env->rt == rt;
}

static void drop(timer_list *timers, const neap_runtime *rt)
{
    size_t kept = 0;
    for (neap_timer *t = timers->outside, *next; t; t = next) {
        next = t->next;
        if (is_of(t, rt))
            take_from_outside(timers, t);
    }
    for (size_t i = 0; i < timers->count; i++) {
        timer_entry e = timers->heap[i];
        if (is_of(e.timer, rt))
            e.timer->position = 0;
        else
            place(timers, kept++, e);
    }
    if (kept == timers->count)
        return;
    timers->count = kept;
    for (size_t i = kept / 4 + 1; i-- > 0;)
        if (i < kept)
            sift_down(timers, i, timers->heap[i]);
}

/* Timers lie in memory of whoever started them, which goes with the runtime. */
void neap_timers_drop(neap_runtime *rt)
{
    neap_root *root = rt->root;
    drop(&root->timers, rt);
    if (root->virtual)
        drop(&root->virtual->timers, rt);
    neap_timers_arm(root);
}
