#include "core/report/sums.h"

#include <math.h>
#include <string.h>

void zc_sum_add(zc_sum *sum, double value) {
  if (!(fabs(value) <= ZC_SUM_TERM_MAX)) return;
  sum->millionths += llround(value * 1e6);
  sum->n++;
}

void zc_sum_merge(zc_sum *sum, const zc_sum *other) {
  sum->millionths += other->millionths;
  sum->n += other->n;
}

double zc_sum_value(const zc_sum *sum) {
  return (double)sum->millionths / 1e6;
}

double zc_sum_mean(const zc_sum *sum) {
  return sum->n ? zc_sum_value(sum) / (double)sum->n : 0;
}

void zc_held_mean_add(zc_held_mean *mean, double value, int64_t seconds) {
  if (!(fabs(value) <= 1e6) || seconds <= 0 || seconds > 400 * INT64_C(86400)) return;
  mean->value_seconds += llround(value * 1e3) * seconds;
  mean->seconds += seconds;
}

void zc_held_mean_merge(zc_held_mean *mean, const zc_held_mean *other) {
  mean->value_seconds += other->value_seconds;
  mean->seconds += other->seconds;
}

double zc_held_mean_value(const zc_held_mean *mean) {
  return mean->seconds ? (double)mean->value_seconds / (double)mean->seconds / 1e3 : 0;
}
