/* list.h: doubly linked lists. A node lies in what it links, and is its own head when it is empty. */
#ifndef NEAP_HOST_LIST_H
#define NEAP_HOST_LIST_H

#include <stdbool.h>

typedef struct list {
    struct list *next, *prev;
} list;

static inline void list_init(list *l)
{
    l->next = l->prev = l;
}

static inline bool list_empty(const list *l)
{
    return l->next == l;
}

static inline void list_append(list *head, list *l)
{
    l->prev = head->prev;
    l->next = head;
    head->prev->next = l;
    head->prev = l;
}

static inline void list_remove(list *l) /* idempotent */
{
    l->next->prev = l->prev;
    l->prev->next = l->next;
    list_init(l);
}

#endif
