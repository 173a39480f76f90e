/* plausibility.h - which of a source's intensities can be true.
 *
 * APIs hand out 0 for what they do not know, and meters that fail read 0: the UK's own year 2023
 * has a 0.0 between neighbours of 60 and more nine times. A true 0 comes gradually. */
#ifndef ZC_MODEL_PLAUSIBILITY_H
#define ZC_MODEL_PLAUSIBILITY_H

#include <stdbool.h>
#include <stddef.h>
#include <zerocarb/plugin.h>

typedef struct {
  double min, max;    /* gCO2eq/kWh, both allowed */
  double beside_zero; /* gCO2eq/kWh: more than the neighbours of a true 0 may be */
} zc_plausibility;

/* What of an answer was refused. */
typedef struct {
  size_t n;
  zc_point first;     /* in time */
  const char *reason; /* of that; NULL: none was refused */
} zc_refusal;

bool zc_plausibility_same(const zc_plausibility *a, const zc_plausibility *b);

/* Copies what is plausible of the points of grid intensities to `to` (room for n), in order of
 * time, equal ones as given. A 0, or several in a row, is refused where
 * the slots that touch it in the same answer, one at least, are all at `beside_zero` or above.
 * Yearly averages are held against min and max only. ZC_ENOMEM. */
int zc_plausible_points(const zc_plausibility *limits, const zc_point *points, size_t n,
                        size_t stride, zc_point *to, size_t *ret_n, zc_refusal *ret);

#endif
