/* grid_slots.h - lists of slots, ascending and free of overlap, and laying one over another.
 *
 * What the grid does with points comes down to one operation: a list that holds good as it is, and
 * below it one that shows only where the first has nothing. */
#ifndef ZC_MODEL_GRID_SLOTS_H
#define ZC_MODEL_GRID_SLOTS_H

#include <stdbool.h>

#include "core/model/series.h"

typedef struct {
  zc_slot *items;
  size_t n, capacity;
} zc_slots;

void zc_slots_finish(zc_slots *slots);
/* Room for n in all. ZC_ENOMEM. */
int zc_slots_reserve(zc_slots *slots, size_t n);

/* Turns slots in the order in which they were emitted into a list: sorted by `from`; of equal ones
 * the last emitted stays; a later `from` cuts the end of the one before. ZC_ENOMEM. */
int zc_slots_order(zc_slots *slots);

/* ret: all of `over`, and of `under` the parts that it leaves uncovered. What ret held before is
 * gone, its memory is used again. ZC_ENOMEM. */
int zc_slots_overlay(const zc_slots *over, const zc_slots *under, zc_slots *ret);

/* Forgets the slots that end at or before `horizon`, and of the rest the oldest beyond `most`. */
void zc_slots_trim(zc_slots *slots, zc_time horizon, size_t most);

/* Whether both say the same. When it was issued counts only where `issued` is set. */
bool zc_slots_equal(const zc_slots *a, const zc_slots *b, bool issued);

#endif
