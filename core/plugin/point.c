#include "core/plugin/point.h"

#include <math.h>
#include <stddef.h>

#include "core/base/time_text.h"

#define ORIGIN_FLAGS (ZC_POINT_OBSERVED | ZC_POINT_ESTIMATED | ZC_POINT_FORECAST | ZC_POINT_STATIC)

#define YEAR_1970 (365 * ZC_DAY)
#define YEAR_2000 INT64_C(946684800000) /* 2000-01-01T00:00:00Z */

const char *zc_signal_fault(const zc_signal *signal, zc_time now) {
  if (!signal) return "the signal is NULL";
  if (signal->size < offsetof(zc_signal, issued_at) + sizeof signal->issued_at) {
    return "the signal's size is too small: set .size = sizeof(zc_signal)";
  }
  if (signal->kind < ZC_GRID_INTENSITY || signal->kind > ZC_RENEWABLE_SHARE) {
    return "the signal's kind is unknown";
  }
  if (signal->basis > ZC_BASIS_MARGINAL) return "the signal's basis is unknown";
  if (signal->issued_at < ZC_TIME_MIN || signal->issued_at > ZC_TIME_MAX) {
    return "the signal's issued_at is out of all time";
  }
  if (signal->issued_at != 0 && signal->issued_at < YEAR_2000) {
    return "the signal's issued_at lies before the year 2000: in seconds instead of milliseconds?";
  }
  if (signal->issued_at > now + ZC_DAY) {
    return "the signal's issued_at lies more than a day in the future";
  }
  return NULL;
}

const char *zc_points_fault(const zc_point *points, size_t n, size_t stride) {
  if (!points) return "the points are NULL";
  if (n > ZC_EMIT_MAX) return "there are more than 100000 at once";
  if (stride < sizeof *points) return "the stride is smaller than a zc_point";
  if (stride % sizeof(int64_t)) return "the stride is no multiple of 8";
  return NULL;
}

static const char *origin_fault(uint32_t flags) {
  static const char *const faults[] = {
      "it needs exactly one flag of observed, estimated, forecast, static; it has none",
      NULL,
      "it needs exactly one flag of observed, estimated, forecast, static; it has two",
      "it needs exactly one flag of observed, estimated, forecast, static; it has three",
      "it needs exactly one flag of observed, estimated, forecast, static; it has four",
  };
  size_t n = 0;
  if (flags & ~(uint32_t)ORIGIN_FLAGS) return "it has a flag that is unknown";
  for (uint32_t flag = 1; flag <= ZC_POINT_STATIC; flag <<= 1)
    n += (flags & flag) != 0;
  return faults[n];
}

const char *zc_point_fault(uint32_t kind, const zc_point *point, zc_time now) {
  if (!isfinite(point->value)) return "its value is not a finite number";
  if (point->value < 0) return "its value is negative";
  if (point->index > ZC_INDEX_VERY_HIGH) return "its index is unknown";
  if (kind == ZC_PUE) {
    return point->value < 1 || point->value > ZC_PUE_MAX ? "a PUE is a ratio of 1 to 10" : NULL;
  }
  if (kind == ZC_RENEWABLE_SHARE) return point->value > 1 ? "a share is at most 1" : NULL;
  if (point->flags != ZC_POINT_STATIC && origin_fault(point->flags)) {
    return origin_fault(point->flags);
  }
  if (point->flags == ZC_POINT_STATIC) return NULL;
  if (point->from >= point->to) return "it does not end after it begins";
  if (point->from < ZC_TIME_MIN || point->to > ZC_TIME_MAX) return "it is out of all time";
  if (point->flags != ZC_POINT_FORECAST && point->from > now + ZC_AHEAD_MAX) {
    return "its slot has not begun, so that it is neither observed nor estimated: a forecast, or a "
           "clock that is slow?";
  }
  return NULL;
}

/* ---- spans ---- */

void zc_span_add(zc_span_count *count, zc_time from, zc_time to, const zc_point *point) {
  if (count->n == 0 || point->to > count->latest) count->latest = point->to;
  count->within += point->to > from && point->from <= to;
  count->n++;
}

const char *zc_span_doubt(const zc_span_count *count) {
  if (count->n == 0 || count->within > 0) return NULL;
  if (count->latest > 0 && count->latest < YEAR_1970) {
    return "all points lie in 1970: times in seconds instead of milliseconds?";
  }
  return "all points lie outside the span that was asked for";
}
