/* range.h - the ranges of option tables: "0..100", "30s..1h", "1..", "..8s", ">0..10" (0 itself is
 * outside). For a list they bound how many items it has. */
#ifndef ZC_CONFIG_RANGE_H
#define ZC_CONFIG_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <zerocarb/plugin.h>

#define ZC_BOUND_TEXT 32

typedef struct {
  bool has_low, has_high;
  bool low_excluded;
  char low[ZC_BOUND_TEXT], high[ZC_BOUND_TEXT]; /* as written */
  long double low_value, high_value;            /* durations in ms */
} zc_range;

/* The range of a row; without one, or for types that have none, both bounds are open. ZC_EINVAL
 * where it is malformed. */
int zc_range_parse(const zc_option *option, zc_range *ret);
/* " (0 to 100)", " (above 0)", "": what to put after the type's name. */
void zc_range_text(const zc_range *range, char *text, size_t size);
/* "is below 0" and the like, or "" where the value lies inside. */
void zc_range_fault(const zc_range *range, long double value, char *text, size_t size);

#endif
