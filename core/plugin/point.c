#include "core/plugin/point.h"

#include <math.h>
#include <stdbool.h>

#include "core/base/time_text.h"

#define ORIGIN_FLAGS (ZC_POINT_OBSERVED | ZC_POINT_ESTIMATED | ZC_POINT_FORECAST | ZC_POINT_STATIC)

static bool is_one_origin(uint32_t flags) {
  uint32_t origin = flags & ORIGIN_FLAGS;
  return flags == origin && origin != 0 && (origin & (origin - 1)) == 0;
}

const char *zc_point_fault(uint32_t kind, const zc_point *point) {
  if (!isfinite(point->value)) return "its value is not a finite number";
  if (point->value < 0) return "its value is negative";
  if (point->index > ZC_INDEX_VERY_HIGH) return "its index is unknown";
  if (kind == ZC_PUE) return point->value < 1 ? "a PUE is at least 1" : NULL;
  if (kind == ZC_RENEWABLE_SHARE) return point->value > 1 ? "a share is at most 1" : NULL;
  if (!is_one_origin(point->flags)) return "it needs one of observed, estimated, forecast, static";
  if (point->flags == ZC_POINT_STATIC) return NULL;
  if (point->from >= point->to) return "it does not end after it begins";
  if (point->from < ZC_TIME_MIN || point->to > ZC_TIME_MAX) return "it is out of all time";
  return NULL;
}
