#include "core/model/plausibility.h"

#include <stdlib.h>
#include <string.h>

bool zc_plausibility_same(const zc_plausibility *a, const zc_plausibility *b) {
  return a->min == b->min && a->max == b->max && a->beside_zero == b->beside_zero;
}

/* Equal times keep their order: they stand in one array, and a later one has the higher address. */
static int by_time(const void *left, const void *right) {
  const zc_point *a = *(const zc_point *const *)left, *b = *(const zc_point *const *)right;
  if (a->from != b->from) return a->from < b->from ? -1 : 1;
  return (a > b) - (a < b);
}

static bool is_zero(const zc_point *point) {
  return !(point->flags & ZC_POINT_STATIC) && !(point->value > 0) && !(point->value < 0);
}

/* Whether a 0 beside it would be a leap. */
static bool is_high(const zc_plausibility *limits, const zc_point *beside) {
  return beside->value >= limits->beside_zero;
}

/* Whether the zeros from `first` up to `end` are a fault. Points that do not touch are no
 * neighbours. */
static bool zeros_are_false(const zc_plausibility *limits, const zc_point *points, size_t n,
                            size_t first, size_t end) {
  bool before = first > 0 && points[first - 1].to == points[first].from;
  bool after = end < n && points[end].from == points[end - 1].to;
  if (before && !is_high(limits, &points[first - 1])) return false;
  if (after && !is_high(limits, &points[end])) return false;
  return before || after;
}

static void refuse(zc_refusal *refusal, const zc_point *point, const char *reason) {
  if (refusal->n++ > 0) return;
  refusal->first = *point;
  refusal->reason = reason;
}

/* The zeros that begin at `first`: where they end. */
static size_t end_of_zeros(const zc_point *points, size_t n, size_t first) {
  size_t end = first + 1;
  while (end < n && is_zero(&points[end]) && points[end].from == points[end - 1].to)
    end++;
  return end;
}

static const char *fault_of(const zc_plausibility *limits, const zc_point *point) {
  if (point->value < limits->min) return "below min_plausible";
  if (point->value > limits->max) return "above max_plausible";
  return NULL;
}

/* In order of time, into `to`; false for want of memory. */
static bool sort(const zc_point *points, size_t n, size_t stride, zc_point *to) {
  const zc_point **order = calloc(n + 1, sizeof *order);
  zc_point *copies = order ? calloc(n + 1, sizeof *copies) : NULL;
  for (size_t i = 0; copies && i < n; i++) {
    memcpy(&copies[i], (const char *)points + i * stride, sizeof copies[i]);
    order[i] = &copies[i];
  }
  if (copies) qsort(order, n, sizeof *order, by_time);
  for (size_t i = 0; copies && i < n; i++)
    to[i] = *order[i];
  free(order);
  free(copies);
  return copies != NULL;
}

int zc_plausible_points(const zc_plausibility *limits, const zc_point *points, size_t n,
                        size_t stride, zc_point *to, size_t *ret_n, zc_refusal *ret) {
  size_t kept = 0, false_until = 0, true_until = 0;
  *ret = (zc_refusal){0};
  if (!sort(points, n, stride, to)) return ZC_ENOMEM;
  for (size_t i = 0; i < n; i++) {
    zc_point point = to[i];
    if (is_zero(&point) && i >= false_until && i >= true_until) {
      size_t end = end_of_zeros(to, n, i);
      if (zeros_are_false(limits, to, n, i, end))
        false_until = end;
      else
        true_until = end;
    }
    const char *fault = fault_of(limits, &point);
    if (!fault && i < false_until) fault = "a 0 beside values that are far from it";
    if (fault)
      refuse(ret, &point, fault);
    else
      to[kept++] = point;
  }
  *ret_n = kept;
  return ZC_OK;
}
