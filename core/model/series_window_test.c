/* The best window against brute force: every minute tried, on random series with gaps and slots of
 * odd lengths. Slot boundaries lie on whole minutes and values are whole tenths or sevenths, so
 * that the brute force, in integers, is exact (and sums of sevenths in doubles are not). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/base/random.h"
#include "core/base/time_text.h"
#include "core/model/series.h"

#define T0       INT64_C(1767312000000)
#define MINUTES  400 /* the longest series */
#define SLOTS    64
#define GAP      (-1)
#define N_SERIES 100000

typedef struct {
  zc_slot slots[SLOTS];
  size_t n;
  int64_t parts[MINUTES]; /* value of each minute in parts of 1 g, or GAP */
  bool held[MINUTES];
  double parts_per_gram;
  int64_t minutes;
} random_series;

/* cmocka 1.1.5 compares floats only. */
static void assert_close(double value, double expected) {
  assert_true(fabs(value - expected) <= 1e-9);
}

static int64_t between(zc_random *random, int64_t low, int64_t high) {
  return low + (int64_t)zc_random_below(random, (uint64_t)(high - low + 1));
}

/* Slot lengths: half an hour, an hour, or odd. */
static int64_t slot_length(zc_random *random, int64_t style) {
  if (style == 0) return 30;
  return style == 1 ? 60 : between(random, 1, 47);
}

/* Few levels make many ties, many make none. */
static void make_series(zc_random *random, random_series *s) {
  int64_t style = between(random, 0, 3), levels = zc_random_below(random, 2) ? 4 : 9000;
  int64_t gaps = between(random, 0, 4), end = between(random, 0, MINUTES), minute = 0;
  s->n = 0;
  s->minutes = end;
  s->parts_per_gram = zc_random_below(random, 2) ? 10 : 7;
  for (int64_t i = 0; i < MINUTES; i++)
    s->parts[i] = GAP;
  while (minute < end && s->n < SLOTS) {
    int64_t length = slot_length(random, style), value = between(random, 0, levels);
    if (length > end - minute) length = end - minute;
    if (gaps > 0 && zc_random_below(random, 12) == 0) {
      minute += length;
      continue;
    }
    bool held = zc_random_below(random, 10) == 0;
    s->slots[s->n++] = (zc_slot){.from = T0 + minute * ZC_MINUTE,
                                 .to = T0 + (minute + length) * ZC_MINUTE,
                                 .flags = held ? ZC_POINT_HELD : 0,
                                 .value = (double)value / s->parts_per_gram};
    for (int64_t end_of_slot = minute + length; minute < end_of_slot; minute++) {
      s->parts[minute] = value;
      s->held[minute] = held;
    }
  }
}

static int64_t parts_at(const random_series *s, int64_t minute) {
  return minute >= 0 && minute < MINUTES ? s->parts[minute] : GAP;
}

static bool held_at(const random_series *s, int64_t minute) {
  return parts_at(s, minute) != GAP && s->held[minute];
}

/* Least sum of parts over a window, held minutes only in the one at `from`; -1: none without a gap.
 */
static int64_t by_brute_force(const random_series *s, int64_t from, int64_t until, int64_t length,
                              int64_t *ret_start) {
  int64_t sum = 0, gaps = 0, held = 0, best = -1;
  for (int64_t minute = from; minute < until + length; minute++) {
    int64_t entering = parts_at(s, minute), start = minute - length + 1;
    gaps += entering == GAP;
    held += held_at(s, minute);
    sum += entering == GAP ? 0 : entering;
    if (start < from) continue;
    if (gaps == 0 && (held == 0 || start == from) && (best < 0 || sum < best)) {
      best = sum;
      *ret_start = start;
    }
    int64_t leaving = parts_at(s, start);
    gaps -= leaving == GAP;
    held -= held_at(s, start);
    sum -= leaving == GAP ? 0 : leaving;
  }
  return best;
}

static void check(const random_series *s, int64_t from, int64_t until, int64_t length) {
  zc_series series;
  zc_time start = 0, expected_start = 0;
  double mean = 0;
  int64_t sum = by_brute_force(s, from, until, length, &expected_start);
  assert_int_equal(zc_series_init(&series, s->slots, s->n), ZC_OK);
  int status = zc_series_best_window(&series, T0 + from * ZC_MINUTE, T0 + until * ZC_MINUTE,
                                     length * ZC_MINUTE, &start, &mean);
  assert_int_equal(status, sum < 0 ? ZC_EDATA : ZC_OK);
  if (sum >= 0) {
    assert_int_equal((start - T0) / ZC_MINUTE, expected_start);
    assert_int_equal((start - T0) % ZC_MINUTE, 0);
    assert_close(mean, (double)sum / s->parts_per_gram / (double)length);
    double again;
    assert_int_equal(zc_series_mean(&series, start, start + length * ZC_MINUTE, &again), ZC_OK);
    assert_close(again, mean);
  }
  zc_series_finish(&series);
}

/* ZC_PROPERTY_SERIES makes it shorter under slow tools. */
static long how_many(void) {
  const char *text = getenv("ZC_PROPERTY_SERIES");
  long n = text ? strtol(text, NULL, 10) : 0;
  return n > 0 ? n : N_SERIES;
}

static void never_worse_than_every_minute_tried(void **state) {
  (void)state;
  static random_series s;
  zc_random random;
  zc_random_init(&random, 20260102);
  long n = how_many(), found = 0;
  for (long i = 0; i < n; i++) {
    make_series(&random, &s);
    int64_t from = between(&random, -20, s.minutes + 10);
    int64_t until = zc_random_below(&random, 10) ? between(&random, from, from + 300) : from;
    int64_t length = zc_random_below(&random, 3) ? between(&random, 1, 120) : 40;
    int64_t start;
    found += by_brute_force(&s, from, until, length, &start) >= 0;
    check(&s, from, until, length);
  }
  assert_true(found > n / 4 && found < n); /* both outcomes were met */
  print_message("%ld series, %ld with a window\n", n, found);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(never_worse_than_every_minute_tried)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
