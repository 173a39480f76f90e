#include <math.h>

#include "core/report/chart.h"

#define BELOW 0.04 /* of an axis, below the lowest value */

double zc_scale_at(const zc_scale *scale, double value) {
  double span = scale->high - scale->low;
  if (!(span > 0.0)) return scale->from;
  return scale->from + (value - scale->low) / span * (scale->to - scale->from);
}

/* 1, 2 or 5 times the power of ten, the least that is not below `least`. */
static double round_step(double least, int *ret_exponent) {
  static const double factors[] = {1.0, 2.0, 5.0, 10.0};
  int exponent = (int)floor(log10(least));
  double power = pow(10.0, exponent);
  size_t i = 0;
  while (i < 3 && factors[i] * power < least * (1.0 - 1e-9))
    i++;
  *ret_exponent = i == 3 ? exponent + 1 : exponent;
  return factors[i] * power;
}

static size_t steps_between(double low, double high, double step, double *ret_first) {
  double first = floor(low / step + 1e-9);
  double last = ceil(high / step - 1e-9);
  *ret_first = first * step;
  return last > first ? (size_t)(last - first) : 1;
}

zc_ticks zc_ticks_around(double low, double high, size_t most) {
  zc_ticks ticks = {.n = 0};
  int exponent;
  if (!isfinite(low) || !isfinite(high) || high < low) low = high = 0.0;
  double span = high - low;
  /* What differs by less than a millionth of itself is drawn as one value. */
  if (!(span > fabs(high) * 1e-6) || span < 1e-9) {
    span = fabs(high) > 1e-9 ? fabs(high) / 2 : (double)(most - 1);
  }
  double least = span / (double)(most - 1);
  size_t steps;
  do {
    ticks.step = round_step(least, &exponent);
    steps = steps_between(low, high, ticks.step, &ticks.first);
    least = ticks.step * 1.01;
  } while (steps + 1 > most);
  ticks.n = steps + 1;
  ticks.decimals = exponent < 0 ? -exponent : 0;
  return ticks;
}

double zc_tick(const zc_ticks *ticks, size_t i) {
  double value = ticks->first + ticks->step * (double)i;
  return fabs(value) < ticks->step * 1e-9 ? 0.0 : value;
}

zc_scale zc_scale_of(const zc_ticks *ticks, double low, double from, double to) {
  double last = zc_tick(ticks, ticks->n - 1);
  double begin = low < 0.0 ? low - BELOW * (last - low) : low;
  return (zc_scale){fmax(begin, ticks->first), last, from, to};
}
