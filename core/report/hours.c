/* hours.c - intensities by hour of the week, from the slots of carbon_intensity_history. */
#include <math.h>
#include <string.h>

#include "core/base/time_text.h"
#include "core/report/question.h"

#define HOUR_S       INT64_C(3600)
#define SLOT_MINUTES 30 /* where an item does not tell its length */
#define SLOT_LONGEST (7 * 24 * 60)

static size_t hour_of_week(int64_t second) {
  zc_time time = second * ZC_SECOND;
  return (size_t)(zc_report_weekday_of(time) * 24 + (time - zc_report_day_of(time)) / ZC_HOUR);
}

static void add_part(zc_hour_sums *sums, double value, int64_t from, int64_t to, bool observed) {
  int64_t *known = observed ? &sums->observed_s : &sums->estimated_s;
  while (from < to) {
    int64_t end = zc_report_hour_of(from * ZC_SECOND) / ZC_SECOND + HOUR_S;
    if (end > to) end = to;
    zc_held_mean_add(&sums->week[hour_of_week(from)], value, end - from);
    *known += end - from;
    from = end;
  }
}

void zc_hour_sums_add(zc_hour_sums *sums, const zc_json *item, zc_time from, zc_time to) {
  double timestamp, value, minutes = SLOT_MINUTES;
  int realtime = 0;
  if (!zc_item_number(item, "timestamp", &timestamp) || fabs(timestamp) > 1e11) return;
  if (!zc_item_number(item, "intensity", &value)) return;
  zc_item_number(item, "duration_minutes", &minutes);
  if (!(minutes > 0 && minutes <= SLOT_LONGEST)) return;
  zc_json_boolean(zc_json_get(item, "is_realtime"), &realtime);
  int64_t begin = (int64_t)timestamp, end = begin + llround(minutes * 60);
  int64_t low = from / ZC_SECOND, high = to / ZC_SECOND;
  if (low < sums->known_until) low = sums->known_until;
  if (begin < low) begin = low;
  if (end > high) end = high;
  if (begin >= end) return;
  add_part(sums, value, begin, end, realtime);
  sums->known_until = end;
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
