/* The best window against brute force at one-minute steps, on a recorded year of 22 zones (hourly)
 * and of Germany (half-hourly). Values are taken in whole ten-thousandths, so that the brute force,
 * in integers, is exact. Skipped where the traces are not there (ZC_SHARED, else ../shared). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/model/series.h"

#define ROWS_MAX  60000
#define LINE_SIZE 4096
#define UNIT      10000.0

typedef struct {
  zc_slot slots[ROWS_MAX];
  int64_t values[ROWS_MAX]; /* ten-thousandths of g */
  size_t n;
  int64_t slot_minutes;
} trace;

typedef struct {
  int64_t slack, length; /* minutes */
} search;

static trace loaded;

static FILE *open_trace(const char *name) {
  char path[1024];
  const char *shared = getenv("ZC_SHARED");
  snprintf(path, sizeof path, "%s/data/traces/%s",
           shared ? shared : ZC_TEST_SOURCE_DIR "/../shared", name);
  FILE *file = fopen(path, "r");
  if (!file) print_message("skipped: no %s\n", path);
  return file;
}

/* The field of a line of CSV at `column`, cut out in place; NULL behind the last. */
static char *field(char *line, int column) {
  line[strcspn(line, "\r\n")] = '\0';
  for (int i = 0; i < column; i++) {
    line = strchr(line, ',');
    if (!line) return NULL;
    line++;
  }
  line[strcspn(line, ",")] = '\0';
  return line;
}

static void add_row(trace *t, const char *line, int column) {
  char times[LINE_SIZE], values[LINE_SIZE];
  zc_time from;
  double value;
  zc_copy_text(times, sizeof times, line);
  zc_copy_text(values, sizeof values, line);
  assert_true(t->n < ROWS_MAX);
  assert_int_equal(zc_time_parse(field(times, 0), &from), ZC_OK);
  assert_true(zc_parse_number(field(values, column), &value));
  t->values[t->n] = llround(value * UNIT);
  t->slots[t->n] = (zc_slot){.from = from,
                             .to = from + t->slot_minutes * ZC_MINUTE,
                             .value = (double)t->values[t->n] / UNIT};
  if (t->n > 0) assert_int_equal(from, t->slots[t->n - 1].to); /* regular, so minutes are places */
  t->n++;
}

/* False where there is no such file, or no such column. */
static bool load(trace *t, const char *name, int column, int64_t slot_minutes) {
  char line[LINE_SIZE];
  FILE *file = open_trace(name);
  if (!file) return false;
  t->n = 0;
  t->slot_minutes = slot_minutes;
  bool known = fgets(line, sizeof line, file) && field(line, column);
  while (known && fgets(line, sizeof line, file))
    add_row(t, line, column);
  fclose(file);
  return known;
}

/* Least sum over a window in value x minutes, from..until in minutes since the trace's start; -1
 * where all reach beyond it. */
static int64_t by_brute_force(const trace *t, int64_t from, int64_t until, int64_t length,
                              int64_t *ret_start) {
  int64_t end = (int64_t)t->n * t->slot_minutes, sum = 0, best = -1;
  for (int64_t minute = from; minute < until + length && minute < end; minute++) {
    int64_t start = minute - length + 1;
    sum += t->values[minute / t->slot_minutes];
    if (start < from) continue;
    if (best < 0 || sum < best) best = sum, *ret_start = start;
    sum -= t->values[start / t->slot_minutes];
  }
  return best;
}

static void check(const trace *t, const zc_series *series, int64_t from, const search *s) {
  zc_time start, begin = t->slots[0].from, expected = 0;
  double mean;
  int64_t sum = by_brute_force(t, from, from + s->slack, s->length, &expected);
  int status =
      zc_series_best_window(series, begin + from * ZC_MINUTE, begin + (from + s->slack) * ZC_MINUTE,
                            s->length * ZC_MINUTE, &start, &mean);
  assert_int_equal(status, sum < 0 ? ZC_EDATA : ZC_OK);
  if (sum < 0) return;
  assert_true(fabs(mean - (double)sum / UNIT / (double)s->length) <= 1e-9);
  assert_int_equal((start - begin) / ZC_MINUTE, expected);
}

/* Arrivals over the whole trace at a step that meets every minute of an hour; the last ones have
 * windows that reach beyond its end. */
static long check_trace(const trace *t) {
  static const search searches[] = {{24 * 60, 40}, {6 * 60, 90}, {24 * 60, 360}, {168 * 60, 1440}};
  zc_series series;
  long n = 0;
  assert_int_equal(zc_series_init(&series, t->slots, t->n), ZC_OK);
  for (size_t i = 0; i < sizeof searches / sizeof *searches; i++) {
    int64_t end = (int64_t)t->n * t->slot_minutes, step = i == 3 ? 9973 : 1259;
    for (int64_t from = 0; from < end; from += step, n++)
      check(t, &series, from, &searches[i]);
  }
  zc_series_finish(&series);
  return n;
}

static void twenty_two_zones(void **state) {
  (void)state;
  long searched = 0;
  int column = 1;
  for (; load(&loaded, "aws_zones_2022.csv", column, 60); column++) {
    assert_int_equal(loaded.n, 8760);
    searched += check_trace(&loaded);
  }
  if (searched == 0) skip();
  assert_int_equal(column - 1, 22);
  print_message("%ld searches in %d zones\n", searched, column - 1);
}

static void germany_in_half_hours(void **state) {
  (void)state;
  if (!load(&loaded, "de_2020.csv", 1, 30)) skip();
  print_message("%ld searches\n", check_trace(&loaded));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(twenty_two_zones),
      cmocka_unit_test(germany_in_half_hours),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
