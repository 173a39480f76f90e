#include "core/model/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/time_text.h"

#define TIE 1e-10 /* windows whose means differ by less, relative to the value, are equal */

static bool is_slot(const zc_slot *slot) {
  return slot->from >= ZC_TIME_MIN && slot->to <= ZC_TIME_MAX && slot->from < slot->to &&
         isfinite(slot->value);
}

static bool is_held(const zc_slot *slot) {
  return (slot->flags & ZC_POINT_HELD) != 0;
}

static bool are_slots(const zc_slot *slots, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (!is_slot(&slots[i]) || (i > 0 && slots[i].from < slots[i - 1].to)) return false;
  }
  return true;
}

/* One block holds all three arrays. */
static int allocate(zc_series *series, size_t n) {
  size_t each = sizeof(zc_slot) + sizeof(double) + sizeof(int64_t);
  if (n >= SIZE_MAX / each - 1) return ZC_ENOMEM;
  char *block = malloc((n + 1) * each);
  if (!block) return ZC_ENOMEM;
  series->slots = (zc_slot *)(void *)block;
  series->sums = (double *)(void *)(block + (n + 1) * sizeof(zc_slot));
  series->covered = (int64_t *)(void *)(series->sums + n + 1);
  series->n = n;
  return ZC_OK;
}

int zc_series_init(zc_series *series, const zc_slot *slots, size_t n) {
  if (!are_slots(slots, n)) return ZC_EDATA;
  zc_series made;
  if (allocate(&made, n) != ZC_OK) return ZC_ENOMEM;
  if (n > 0) memcpy(made.slots, slots, n * sizeof *slots);
  made.sums[0] = 0;
  made.covered[0] = 0;
  for (size_t i = 0; i < n; i++) {
    int64_t length = slots[i].to - slots[i].from;
    made.sums[i + 1] = made.sums[i] + slots[i].value * (double)length;
    made.covered[i + 1] = made.covered[i] + length;
  }
  *series = made;
  return ZC_OK;
}

void zc_series_finish(zc_series *series) {
  free(series->slots);
  *series = (zc_series){0};
}

/* ---- finding ---- */

/* The first slot that ends after `at`; n where none does. */
static size_t first_ending_after(const zc_series *series, zc_time at) {
  const zc_slot *slots = series->slots;
  size_t low = 0, n = series->n;
  while (n > 0) {
    size_t half = n / 2;
    bool before = slots[low + half].to <= at;
    low = before ? low + half + 1 : low;
    n = before ? n - half - 1 : half;
  }
  return low;
}

/* The same from slot `i` on, for an instant that is likely near: steps that double, then halves. */
static size_t next_ending_after(const zc_series *series, zc_time at, size_t i) {
  const zc_slot *slots = series->slots;
  size_t step = 1, low = i;
  while (low + step <= series->n && slots[low + step - 1].to <= at) {
    low += step;
    step *= 2;
  }
  size_t high = low + step <= series->n ? low + step - 1 : series->n;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (slots[middle].to <= at)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

ptrdiff_t zc_series_find(const zc_series *series, zc_time at) {
  size_t i = first_ending_after(series, at);
  return i < series->n && series->slots[i].from <= at ? (ptrdiff_t)i : -1;
}

int zc_series_first_at_most(const zc_series *series, double limit, zc_time from, zc_time until,
                            zc_time *ret_at) {
  for (size_t i = first_ending_after(series, from); i < series->n; i++) {
    const zc_slot *slot = &series->slots[i];
    if (slot->from > until) break;
    if (slot->value > limit || (is_held(slot) && slot->from > from)) continue;
    *ret_at = slot->from > from ? slot->from : from;
    return from <= until ? ZC_OK : ZC_ENOTFOUND;
  }
  return ZC_ENOTFOUND;
}

/* ---- windows ---- */

/* A window, and the slots at its two ends. */
typedef struct {
  const zc_series *series;
  zc_time start, end;
  size_t first; /* the first slot that ends after start */
  size_t last;  /* the first slot that ends at or after end */
} window;

static inline void window_init(window *w, const zc_series *series, zc_time start,
                               int64_t duration) {
  w->series = series;
  w->start = start;
  w->end = start + duration;
  w->first = first_ending_after(series, start);
  w->last = next_ending_after(series, w->end - 1, w->first);
}

/* Whether it lies wholly on slots. */
static inline bool window_is_covered(const window *w) {
  const zc_series *s = w->series;
  if (w->last >= s->n) return false;
  const zc_slot *first = &s->slots[w->first], *last = &s->slots[w->last];
  return first->from <= w->start && last->from < w->end &&
         s->covered[w->last] - s->covered[w->first] == last->from - first->from;
}

/* Value x ms over a covered window. The whole slots inside come from the sums, the two ends from
 * their slots, so that a window within one slot carries no error of the sums. */
static inline double window_sum(const window *w) {
  const zc_series *s = w->series;
  const zc_slot *first = &s->slots[w->first], *last = &s->slots[w->last];
  if (first == last) return first->value * (double)(w->end - w->start);
  return first->value * (double)(first->to - w->start) +
         (s->sums[w->last] - s->sums[w->first + 1]) + last->value * (double)(w->end - last->from);
}

static inline double window_mean(const window *w) {
  return w->first == w->last ? w->series->slots[w->first].value
                             : window_sum(w) / (double)(w->end - w->start);
}

/* The mean of a covered window slot by slot: free of what the sums have gathered before it. */
static double window_mean_direct(const window *w) {
  const zc_slot *slots = w->series->slots;
  if (w->first == w->last) return slots[w->first].value;
  double sum = 0;
  for (size_t i = w->first; i <= w->last; i++) {
    zc_time from = slots[i].from > w->start ? slots[i].from : w->start;
    zc_time to = slots[i].to < w->end ? slots[i].to : w->end;
    sum += slots[i].value * (double)(to - from);
  }
  return sum / (double)(w->end - w->start);
}

static bool is_span(zc_time from, zc_time until, int64_t duration) {
  return from >= ZC_TIME_MIN && from <= until && until <= ZC_TIME_MAX && duration > 0 &&
         duration <= ZC_TIME_MAX;
}

int zc_series_mean(const zc_series *series, zc_time from, zc_time to, double *ret_mean) {
  window w;
  if (to <= from || !is_span(from, to, 1)) return ZC_EINVAL;
  window_init(&w, series, from, to - from);
  if (!window_is_covered(&w)) return ZC_EDATA;
  *ret_mean = window_mean(&w);
  return ZC_OK;
}

bool zc_series_is_held(const zc_series *series, zc_time from, zc_time to) {
  const zc_slot *slots = series->slots;
  for (size_t i = first_ending_after(series, from); i < series->n && slots[i].from < to; i++) {
    if (is_held(&slots[i])) return true;
  }
  return false;
}

/* ---- the best window ----
 *
 * Between two starts at which neither end of the window meets a slot boundary, the mean is linear
 * in the start: so a minimum lies at a start where a slot begins, at one where the window's end
 * meets the end of a slot (starts where a slot ends and none begins lie in a gap, and so do ends
 * where none ended before), or at either end of the search. The two lists of starts are walked one
 * after the other, each with one position for the window's start and one for its end that only move
 * forward. Held slots are gaps here; only the window at `from` may touch one. */
typedef struct {
  const zc_series *series;
  zc_time from, until;
  int64_t duration;
  size_t first; /* the first slot that ends after `from` */
} search;

/* Walks look for the least sum (value x ms) and return it, INFINITY where no window is free of
 * gaps. They stop at the first sum that is no more than `enough`, whose start is then given. */

static inline double lesser(double a, double b) {
  return a < b ? a : b;
}

/* Of the one window that begins at `start`. */
static double sum_at(const search *s, zc_time start) {
  window w;
  window_init(&w, s->series, start, s->duration);
  return window_is_covered(&w) ? window_sum(&w) : INFINITY;
}

/* The first slot from which on all up to slot j are joined and known, where it was `joined` for the
 * one before: j + 1 where slot j itself is held. */
static inline size_t joined_to(const zc_slot *slots, size_t j, size_t joined) {
  if (is_held(&slots[j])) return j + 1;
  return j > joined && slots[j].from > slots[j - 1].to ? j : joined;
}

/* Of windows that begin with slot i, and end in slot j. */
static double least_of_starts(const search *s, double enough, zc_time *ret_start) {
  const zc_slot *slots = s->series->slots;
  const double *sums = s->series->sums;
  double least = INFINITY;
  size_t n = s->series->n, i = s->first;
  if (i < n && slots[i].from < s->from) i++;
  size_t j = i, joined = i < n ? joined_to(slots, i, i) : i;
  for (; i < n && slots[i].from <= s->until; i++) {
    zc_time end = slots[i].from + s->duration;
    while (slots[j].to < end) {
      if (++j == n) return least;
      joined = joined_to(slots, j, joined);
    }
    if (joined > i) continue;
    double sum = i == j ? slots[i].value * (double)s->duration
                        : sums[j] - sums[i] + slots[j].value * (double)(end - slots[j].from);
    least = lesser(sum, least);
    if (sum > enough) continue;
    *ret_start = slots[i].from;
    break;
  }
  return least;
}

/* Of windows that end with slot j, and begin in slot i. */
static double least_of_ends(const search *s, double enough, zc_time *ret_start) {
  const zc_slot *slots = s->series->slots;
  const double *sums = s->series->sums;
  double least = INFINITY;
  size_t n = s->series->n, i = s->first, joined = i;
  for (size_t j = i; j < n && slots[j].to - s->duration <= s->until; j++) {
    zc_time start = slots[j].to - s->duration;
    joined = joined_to(slots, j, joined);
    if (start < s->from) continue;
    while (slots[i].to <= start)
      i++;
    if (joined > i || slots[i].from > start) continue;
    double sum = i == j
                     ? slots[i].value * (double)s->duration
                     : sums[j + 1] - sums[i + 1] + slots[i].value * (double)(slots[i].to - start);
    least = lesser(sum, least);
    if (sum > enough) continue;
    *ret_start = start;
    break;
  }
  return least;
}

/* The earliest start whose sum is at most `limit`, of a search that has one. */
static zc_time earliest_within(search s, double limit) {
  zc_time start = s.until;
  if (least_of_starts(&s, limit, &start) <= limit) s.until = start;
  if (least_of_ends(&s, limit, &start) <= limit) s.until = start;
  return s.until;
}

int zc_series_best_window(const zc_series *series, zc_time from, zc_time until, int64_t duration,
                          zc_time *ret_start, double *ret_mean) {
  search s = {.series = series, .from = from, .until = until, .duration = duration};
  if (!is_span(from, until, duration)) return ZC_EINVAL;
  s.first = first_ending_after(series, from);
  zc_time start;
  double at_from = sum_at(&s, from), least = at_from;
  if (!zc_series_is_held(series, until, until + duration)) least = lesser(least, sum_at(&s, until));
  least = lesser(least, least_of_starts(&s, -INFINITY, &start));
  least = lesser(least, least_of_ends(&s, -INFINITY, &start));
  if (!(least < INFINITY)) return ZC_EDATA;
  double limit = least + TIE * fmax((double)duration, fabs(least));
  window w;
  window_init(&w, series, at_from <= limit ? from : earliest_within(s, limit), duration);
  *ret_start = w.start;
  *ret_mean = window_mean_direct(&w);
  return ZC_OK;
}
