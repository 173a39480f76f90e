#include "core/io/timer_heap.h"

static bool is_before(const zc_timer *a, const zc_timer *b) {
  return a->due != b->due ? a->due < b->due : a->sequence < b->sequence;
}

/* Makes the later of two roots the first child of the other. Either may be NULL. A first child's
 * `previous` is its parent, another child's the sibling before it. */
static zc_timer *meld(zc_timer *a, zc_timer *b) {
  if (!a) return b;
  if (!b) return a;
  if (is_before(b, a)) {
    zc_timer *swap = a;
    a = b;
    b = swap;
  }
  b->next = a->child;
  b->previous = a;
  if (a->child) a->child->previous = b;
  a->child = b;
  return a;
}

/* Joins a list of siblings into one root: pairs from left to right, then these from right to left.
 * The pairs wait in a list of their own, so that the depth of the stack is constant. */
static zc_timer *join_siblings(zc_timer *first) {
  zc_timer *pairs = NULL;
  while (first) {
    zc_timer *a = first, *b = a->next;
    first = b ? b->next : NULL;
    a->next = a->previous = NULL;
    if (b) b->next = b->previous = NULL;
    zc_timer *pair = meld(a, b);
    pair->next = pairs;
    pairs = pair;
  }
  zc_timer *root = NULL;
  while (pairs) {
    zc_timer *pair = pairs;
    pairs = pair->next;
    pair->next = NULL;
    root = meld(root, pair);
  }
  return root;
}

void zc_timer_heap_add(zc_timer_heap *heap, zc_timer *timer) {
  timer->child = timer->next = timer->previous = NULL;
  heap->first = meld(heap->first, timer);
}

void zc_timer_heap_remove(zc_timer_heap *heap, zc_timer *timer) {
  zc_timer *orphans = join_siblings(timer->child);
  if (heap->first == timer) {
    heap->first = orphans;
  } else {
    if (timer->previous->child == timer)
      timer->previous->child = timer->next;
    else
      timer->previous->next = timer->next;
    if (timer->next) timer->next->previous = timer->previous;
    heap->first = meld(heap->first, orphans);
  }
  timer->child = timer->next = timer->previous = NULL;
}
