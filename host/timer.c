/* timer.c: the one clock and the one timer list.
 *
 * All timers of a loop stand in one 4-ary heap over one uv_timer, ordered by due time and then by
 * the order they were started. An entry's place is kept in the timer, so stopping costs log n and
 * nothing is allocated a timer. The uv_timer is set again only when the earliest due time changes.
 *
 * The heap grows only when there are more timers than ever. A timer that comes when there is no memory
 * for that stands in a list beside it (`outside`), which is looked through instead.
 */
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

static void place(neap_root *root, size_t i, timer_entry e)
{
    root->heap[i] = e;
    e.timer->position = (int64_t)i + 1;
}

static void sift_up(neap_root *root, size_t i, timer_entry e)
{
    while (i > 0) {
        size_t parent = (i - 1) / 4;
        if (!before(&e, &root->heap[parent]))
            break;
        place(root, i, root->heap[parent]);
        i = parent;
    }
    place(root, i, e);
}

static void sift_down(neap_root *root, size_t i, timer_entry e)
{
    for (size_t child; (child = 4 * i + 1) < root->timers; i = child) {
        size_t end = child + 4 < root->timers ? child + 4 : root->timers;
        for (size_t c = child + 1; c < end; c++)
            if (before(&root->heap[c], &root->heap[child]))
                child = c;
        if (!before(&root->heap[child], &e))
            break;
        place(root, i, root->heap[child]);
    }
    place(root, i, e);
}

static void on_timer(uv_timer_t *handle);

static uint64_t earliest(const neap_root *root) /* UINT64_MAX: there is none */
{
    uint64_t due = root->timers ? root->heap[0].due : UINT64_MAX;
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

static bool has_room(neap_root *root)
{
    if (root->timers < root->heap_size)
        return true;
    size_t size = root->heap_size ? 2 * root->heap_size : 16;
    timer_entry *heap = neap_realloc(root->heap, size * sizeof *heap);
    if (!heap)
        return false;
    root->heap = heap;
    root->heap_size = size;
    return true;
}

/* Start (or restart) a timer `seconds` from now. Cannot fail. */
void neap_timer_start(neap_root *root, neap_timer *t, double seconds)
{
    neap_timer_stop(root, t);
    double ns = seconds > 0 ? seconds * 1e9 : 0; /* also for NaN */
    uint64_t delay = ns < 9e18 ? (uint64_t)ns : (uint64_t)9e18;
    t->due = neap_clock() + delay;
    if (!has_room(root)) {
        t->position = OUTSIDE;
        t->next = root->outside;
        root->outside = t;
        arm(root);
        return;
    }
    timer_entry e = {t->due, ++root->timer_order, t};
    sift_up(root, root->timers++, e);
    if (t->position == 1)
        arm(root);
}

static void take_out(neap_root *root, neap_timer *t)
{
    size_t i = (size_t)t->position - 1;
    t->position = 0;
    timer_entry last = root->heap[--root->timers];
    if (i == root->timers)
        return;
    if (i > 0 && before(&last, &root->heap[(i - 1) / 4]))
        sift_up(root, i, last);
    else
        sift_down(root, i, last);
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
        take_out(root, t);
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
    while (root->timers && root->heap[0].due <= now && root->heap[0].order <= last) {
        neap_timer *t = root->heap[0].timer;
        take_out(root, t);
        t->fire(t);
    }
    arm(root);
}

/* Timers lie in memory of whoever started them, which goes with the runtime. */
void neap_timers_drop(neap_runtime *rt)
{
    neap_root *root = rt->root;
    size_t kept = 0;
    for (neap_timer *t = root->outside, *next; t; t = next) {
        next = t->next;
        if (t->env && t->env->rt == rt)
            take_from_outside(root, t);
    }
    for (size_t i = 0; i < root->timers; i++) {
        timer_entry e = root->heap[i];
        if (e.timer->env && e.timer->env->rt == rt)
            e.timer->position = 0;
        else
            place(root, kept++, e);
    }
    if (kept == root->timers)
        return;
    root->timers = kept;
    for (size_t i = kept / 4 + 1; i-- > 0;)
        if (i < kept)
            sift_down(root, i, root->heap[i]);
    arm(root);
}
