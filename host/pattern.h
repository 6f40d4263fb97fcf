/* pattern.h -- Lua's patterns, matched in small steps.
 *
 * LuaJIT's matcher cannot be stopped, and a pattern can be made to backtrack for hours. This one keeps
 * what it has still to try on a stack of its own, so it can be left after so many steps and gone on
 * with later. It owns no memory; subject and pattern must stay where they are. */
#ifndef NEAP_HOST_PATTERN_H
#define NEAP_HOST_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

enum { NEAP_CAPTURES = 32, NEAP_CHOICES = 199 };
enum { NEAP_CAPTURE_OPEN = -1, NEAP_CAPTURE_POSITION = -2 }; /* lengths */
enum { NEAP_PATTERN_MORE, NEAP_PATTERN_FOUND, NEAP_PATTERN_NONE, NEAP_PATTERN_WRONG };

/* What to do when all behind it has failed. */
typedef struct {
    const char *s;          /* where its item began to match */
    const char *item, *end; /* the item in the pattern; NULL: a capture was begun or ended here */
    ptrdiff_t n;            /* repetitions left to try; or the capture's number */
    int kind;
} neap_choice;

typedef struct {
    const char *subject, *subject_end,
        *pattern; /* both end in a 0, as Lua's strings do; the pattern
                                                    without its '^' */
    bool anchored;
    const char *from, *to; /* of the match */
    int captures;
    const char *error; /* WRONG: what is wrong with the pattern */
    struct {
        const char *s;
        ptrdiff_t length;
    } capture[NEAP_CAPTURES];

    /* Its own. */
    int state, choices;
    long steps;
    const char *s, *p;
    neap_choice choice[NEAP_CHOICES];
} neap_pattern;

/* Look for a match that begins at `from` or behind (anchored: at `from`). */
void neap_pattern_begin(neap_pattern *m, const char *from);

/* For about so many steps, 1 to 10 ns each. MORE: call it again. */
int neap_pattern_run(neap_pattern *m, long steps);

#endif
