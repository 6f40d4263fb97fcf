/* timer.c: the one clock and the one timer list.
 *
 * All timers of a loop stand in one 4-ary heap over one uv_timer, ordered by due time and then by
 * the order they were started. An entry's place is kept in the timer, so stopping costs log n and
 * nothing is allocated a timer. The uv_timer is set again only when the earliest due time changes.
 *
 * While time is faked (tests do that) it stands still but for neap_time_step, and timers that are started
 * go into a second heap, which no uv_timer fires. Those of before stay where they are.
 *
 * The heap grows only when there are more timers than ever. A timer that comes when there is no memory
 * for that stands in a list beside it (`outside`), which is looked through instead.
 */
#include <stdlib.h>

#include "host.h"

enum { OUTSIDE = -1 };          /* the position of one that is in no heap */
#define FAKE (INT64_C(1) << 40) /* added to the positions in the heap of faked time */

uint64_t neap_clock(void)
{
    return uv_hrtime();
}

static bool before(const timer_entry *a, const timer_entry *b)
{
    return a->due < b->due || (a->due == b->due && a->order < b->order);
}

/* Of this root's loop, which may be faked. */
uint64_t neap_time(const neap_root *root)
{
    return root->time_is_faked ? root->fake_time : neap_clock();
}

static void place(timer_heap *heap, size_t i, timer_entry e)
{
    heap->entries[i] = e;
    e.timer->position = heap->base + (int64_t)i + 1;
}

static void sift_up(timer_heap *heap, size_t i, timer_entry e)
{
    while (i > 0) {
        size_t parent = (i - 1) / 4;
        if (!before(&e, &heap->entries[parent]))
            break;
        place(heap, i, heap->entries[parent]);
        i = parent;
    }
    place(heap, i, e);
}

static void sift_down(timer_heap *heap, size_t i, timer_entry e)
{
    for (size_t child; (child = 4 * i + 1) < heap->count; i = child) {
        size_t end = child + 4 < heap->count ? child + 4 : heap->count;
        for (size_t c = child + 1; c < end; c++)
            if (before(&heap->entries[c], &heap->entries[child]))
                child = c;
        if (!before(&heap->entries[child], &e))
            break;
        place(heap, i, heap->entries[child]);
    }
    place(heap, i, e);
}

static void on_timer(uv_timer_t *handle);

static uint64_t earliest(const neap_root *root) /* UINT64_MAX: there is none */
{
    uint64_t due = root->timers.count ? root->timers.entries[0].due : UINT64_MAX;
    for (const neap_timer *t = root->outside; t; t = t->next)
        due = t->due < due ? t->due : due;
    return due;
}

/* Set the uv_timer for the earliest of all. libuv counts whole milliseconds of the same clock. */
static void arm(neap_root *root)
{
    uint64_t due = earliest(root), now = uv_now(root->loop);
    if (due == UINT64_MAX) {
        if (root->timer_armed)
            uv_timer_stop(&root->timer);
        root->timer_armed = 0;
        return;
    }
    due = (due + 999999) / 1000000;
    if (due == root->timer_armed)
        return;
    root->timer_armed = due;
    uv_timer_start(&root->timer, on_timer, due > now ? due - now : 0, 0);
}

static bool has_room(timer_heap *heap)
{
    if (heap->count < heap->size)
        return true;
    size_t size = heap->size ? 2 * heap->size : 16;
    timer_entry *entries = neap_realloc(heap->entries, size * sizeof *entries);
    if (!entries)
        return false;
    heap->entries = entries;
    heap->size = size;
    return true;
}

/* Start (or restart) it in a heap, `seconds` from now. */
static void start(neap_root *root, timer_heap *heap, uint64_t now, neap_timer *t, double seconds)
{
    neap_timer_stop(root, t);
    double ns = seconds > 0 ? seconds * 1e9 : 0; /* also for NaN */
    t->due = now + (ns < 9e18 ? (uint64_t)ns : (uint64_t)9e18);
    if (!has_room(heap)) {
        t->position = OUTSIDE;
        t->next = root->outside;
        root->outside = t;
        arm(root);
        return;
    }
    timer_entry e = {t->due, ++root->timer_order, t};
    sift_up(heap, heap->count++, e);
    if (t->position == 1)
        arm(root);
}

/* Cannot fail. */
void neap_timer_start(neap_root *root, neap_timer *t, double seconds)
{
    timer_heap *heap = root->time_is_faked ? &root->fake_timers : &root->timers;
    start(root, heap, neap_time(root), t, seconds);
}

/* What has to do with the process itself keeps to the clock: the grace at a runtime's end. */
void neap_timer_start_real(neap_root *root, neap_timer *t, double seconds)
{
    start(root, &root->timers, neap_clock(), t, seconds);
}

static void take_out(timer_heap *heap, neap_timer *t)
{
    size_t i = (size_t)(t->position - heap->base) - 1;
    t->position = 0;
    timer_entry last = heap->entries[--heap->count];
    if (i == heap->count)
        return;
    if (i > 0 && before(&last, &heap->entries[(i - 1) / 4]))
        sift_up(heap, i, last);
    else
        sift_down(heap, i, last);
}

static void take_from_outside(neap_root *root, neap_timer *t)
{
    neap_timer **at = &root->outside;
    while (*at != t)
        at = &(*at)->next;
    *at = t->next;
    t->position = 0;
}

void neap_timer_stop(neap_root *root, neap_timer *t)
{
    if (!t->position)
        return;
    bool first = t->position == 1 || t->position == OUTSIDE;
    if (t->position == OUTSIDE)
        take_from_outside(root, t);
    else
        take_out(t->position > FAKE ? &root->fake_timers : &root->timers, t);
    if (first)
        arm(root);
}

/* One started meanwhile is due later than `now`. */
static void fire_outside(neap_root *root, uint64_t now)
{
    for (neap_timer *t = root->outside; t;) {
        if (t->due < now) {
            take_from_outside(root, t);
            t->fire(t);
            t = root->outside; /* it may have stopped any */
        } else {
            t = t->next;
        }
    }
}

/* Fire all that were due when we began; those started meanwhile wait for the next turn. */
static void on_timer(uv_timer_t *handle)
{
    neap_root *root = handle->data;
    uint64_t now = neap_clock(), last = root->timer_order;
    root->timer_armed = 0;
    fire_outside(root, now);
    timer_heap *heap = &root->timers;
    while (heap->count && heap->entries[0].due <= now && heap->entries[0].order <= last) {
        neap_timer *t = heap->entries[0].timer;
        take_out(heap, t);
        __builtin_prefetch(heap->entries[0].timer); /* among a million it comes from memory */
        t->fire(t);
    }
    arm(root);
}

/* Those of a runtime leave the heap. */
static void drop_from(timer_heap *heap, const neap_runtime *rt)
{
    size_t kept = 0;
    for (size_t i = 0; i < heap->count; i++) {
        timer_entry e = heap->entries[i];
        if (e.timer->env && e.timer->env->rt == rt)
            e.timer->position = 0;
        else
            place(heap, kept++, e);
    }
    heap->count = kept;
    for (size_t i = kept / 4 + 1; i-- > 0;)
        if (i < kept)
            sift_down(heap, i, heap->entries[i]);
}

/* Timers lie in memory of whoever started them, which goes with the runtime. */
void neap_timers_drop(neap_runtime *rt)
{
    neap_root *root = rt->root;
    for (neap_timer *t = root->outside, *next; t; t = next) {
        next = t->next;
        if (t->env && t->env->rt == rt)
            take_from_outside(root, t);
    }
    drop_from(&root->timers, rt);
    drop_from(&root->fake_timers, rt);
    arm(root);
}

void neap_timers_free(neap_root *root)
{
    free(root->timers.entries);
    free(root->fake_timers.entries);
}

/* ---- Faked time ---- */

void neap_time_fake(neap_root *root)
{
    root->fake_time = neap_time(root);
    root->time_is_faked = true;
    root->fake_timers.base = FAKE;
}

/* Go to the next time not after `until` at which timers are due, and fire these: true. Or to `until`. */
bool neap_time_step(neap_root *root, uint64_t until)
{
    timer_heap *heap = &root->fake_timers;
    uint64_t due = heap->count ? heap->entries[0].due : UINT64_MAX, last = root->timer_order;
    if (due > until) {
        root->fake_time = until > root->fake_time ? until : root->fake_time;
        return false;
    }
    root->fake_time = due > root->fake_time ? due : root->fake_time;
    while (heap->count && heap->entries[0].due <= due && heap->entries[0].order <= last) {
        neap_timer *t = heap->entries[0].timer;
        take_out(heap, t);
        t->fire(t);
    }
    return true;
}

/* What is not due yet is due on the real clock as much later. */
void neap_time_restore(neap_root *root)
{
    timer_heap *heap = &root->fake_timers;
    root->time_is_faked = false;
    while (heap->count) {
        neap_timer *t = heap->entries[0].timer;
        double left = t->due > root->fake_time ? (double)(t->due - root->fake_time) / 1e9 : 0;
        take_out(heap, t);
        neap_timer_start(root, t, left);
    }
}
