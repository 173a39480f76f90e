/* timer_heap.h - timers in order of due time and then of start.
 *
 * A pairing heap whose links lie in the timers themselves: nothing is allocated, so that starting a
 * timer cannot fail. Adding is O(1), removing O(log n) amortised. */
#ifndef ZC_IO_TIMER_HEAP_H
#define ZC_IO_TIMER_HEAP_H

#include "core/io/loop.h"

typedef struct {
  zc_timer *first; /* the next due, or NULL */
} zc_timer_heap;

void zc_timer_heap_add(zc_timer_heap *heap, zc_timer *timer);
void zc_timer_heap_remove(zc_timer_heap *heap, zc_timer *timer);

#endif
