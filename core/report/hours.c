/* hours.c - intensities by hour of the week, from the slots of carbon_intensity_history. */
#include <string.h>

#include "core/base/time_text.h"
#include "core/report/question.h"

#define HOUR_S INT64_C(3600)

static size_t hour_of_week(int64_t second) {
  zc_time time = second * ZC_SECOND;
  return (size_t)((int64_t)zc_weekday_of(time) * 24 + (time - zc_day_of(time)) / ZC_HOUR);
}

static void add_part(zc_hour_sums *sums, double value, int64_t from, int64_t to, bool observed) {
  int64_t *known = observed ? &sums->observed_s : &sums->estimated_s;
  while (from < to) {
    int64_t end = zc_hour_of(from * ZC_SECOND) / ZC_SECOND + HOUR_S;
    if (end > to) end = to;
    zc_held_mean_add(&sums->week[hour_of_week(from)], value, end - from);
    *known += end - from;
    from = end;
  }
}

int zc_hour_sums_add(zc_hour_sums *sums, const char *text, size_t length, zc_time from,
                     zc_time to) {
  zc_history_row row;
  int status = zc_history_row_read(text, length, &row);
  if (status != ZC_OK || row.intensity == ZC_NOT_KNOWN) return status;
  int64_t begin = row.from / ZC_SECOND, end = row.to / ZC_SECOND;
  int64_t low = from / ZC_SECOND, high = to / ZC_SECOND;
  if (low < sums->known_until) low = sums->known_until;
  if (begin < low) begin = low;
  if (end > high) end = high;
  if (begin >= end) return ZC_OK;
  add_part(sums, (double)row.intensity / ZC_ROLLUP_INTENSITY, begin, end, row.realtime);
  sums->known_until = end;
  return ZC_OK;
}

void zc_hour_sums_of_day(const zc_hour_sums *sums, zc_held_mean hours[24]) {
  memset(hours, 0, 24 * sizeof *hours);
  for (size_t i = 0; i < ZC_WEEK_HOURS; i++)
    zc_held_mean_merge(&hours[i % 24], &sums->week[i]);
}

zc_held_mean zc_hour_sums_total(const zc_hour_sums *sums) {
  zc_held_mean total = {0};
  for (size_t i = 0; i < ZC_WEEK_HOURS; i++)
    zc_held_mean_merge(&total, &sums->week[i]);
  return total;
}

size_t zc_lowest_mean(const zc_held_mean *means, size_t n, bool highest, const bool *taken) {
  size_t found = n;
  double best = 0;
  for (size_t i = 0; i < n; i++) {
    if (means[i].seconds == 0 || (taken && taken[i])) continue;
    double value = zc_held_mean_value(&means[i]);
    if (found < n && (highest ? value <= best : value >= best)) continue;
    found = i;
    best = value;
  }
  return found;
}
