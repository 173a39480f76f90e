/* optimal-times - when a region is clean: its history by hour of the day and day of the week. */
#include <stdlib.h>

#include "core/base/time_text.h"
#include "core/report/question.h"

#define SHOWN 3 /* best and worst hours, best times */

typedef struct {
  zc_hour_sums *regions; /* one a range */
  uint32_t *positions;   /* of each in the settings */
  size_t n;
} times;

static int add_region(zc_report *report, size_t position) {
  times *t = report->state;
  t->positions[t->n++] = (uint32_t)position;
  return zc_report_add_span(report, ZC_TABLE_HISTORY, NULL, report->settings->regions[position],
                            report->from, report->to, NULL);
}

/* Whole hours; of a month's first hour what there is of it. */
static void set_span(zc_report *report) {
  const zc_report_request *request = &report->request;
  if (!request->until) {
    report->to = zc_hour_of(request->now);
    report->from = report->to - request->days * ZC_DAY;
    return;
  }
  zc_report_last_days(report);
  if (zc_hour_of(report->to) > report->from) report->to = zc_hour_of(report->to);
}

static int begin(zc_report *report, zc_error *error) {
  times *t = report->state;
  const zc_settings *settings = report->settings;
  int status = ZC_OK;
  (void)error;
  set_span(report);
  t->regions = calloc(settings->n_regions + 1, sizeof *t->regions);
  t->positions = calloc(settings->n_regions + 1, sizeof *t->positions);
  if (!t->regions || !t->positions) return ZC_ENOMEM;
  if (report->request.region)
    return add_region(report, zc_region_position(settings, report->request.region));
  for (size_t i = 0; i < settings->n_regions && status == ZC_OK; i++)
    status = add_region(report, i);
  return status;
}

static int take_text(zc_report *report, size_t range, const char *text, size_t length) {
  times *t = report->state;
  return zc_hour_sums_add(&t->regions[range], text, length, report->from, report->to);
}

/* ---- writing ---- */

static void write_mean(const zc_held_mean *mean, zc_buffer *to) {
  zc_member_rounded(to, "mean_intensity", zc_held_mean_value(mean), ZC_INTENSITY_DECIMALS);
  zc_member_rounded(to, "hours", (double)mean->seconds / 3600, ZC_MEAN_DECIMALS);
}

static void write_hours(const zc_held_mean hours[24], zc_buffer *to) {
  zc_member_list(to, "by_hour");
  for (int i = 0; i < 24; i++) {
    if (hours[i].seconds == 0) continue;
    zc_member_object(to);
    zc_member_integer(to, "hour", i);
    write_mean(&hours[i], to);
    zc_member_end(to);
  }
  zc_member_list_end(to);
}

/* Seven lists of twenty-four: the means, or the hours that they stand on. */
static void write_matrix(const zc_hour_sums *sums, const char *key, bool means, zc_buffer *to) {
  zc_member_list(to, key);
  for (size_t i = 0; i < ZC_WEEK_HOURS; i++) {
    const zc_held_mean *cell = &sums->week[i];
    double value = means ? zc_held_mean_value(cell) : (double)cell->seconds / 3600;
    zc_buffer_text(to, i % 24 ? "," : i ? ",[" : "[");
    if (cell->seconds == 0)
      zc_buffer_text(to, "null");
    else
      zc_json_write_number(to, zc_round(value, means ? ZC_INTENSITY_DECIMALS : ZC_MEAN_DECIMALS));
    if (i % 24 == 23) zc_buffer_char(to, ']');
  }
  zc_member_list_end(to);
}

static void write_best(const zc_held_mean *means, size_t n, const char *key, bool worst,
                       zc_buffer *to) {
  bool taken[ZC_WEEK_HOURS] = {false};
  zc_member_list(to, key);
  for (int k = 0; k < SHOWN; k++) {
    size_t i = zc_lowest_mean(means, n, worst, taken);
    if (i == n) break;
    taken[i] = true;
    zc_member_object(to);
    if (n > 24) zc_member_integer(to, "weekday", (int64_t)(i / 24) + 1);
    zc_member_integer(to, "hour", (int64_t)(i % 24));
    write_mean(&means[i], to);
    zc_member_end(to);
  }
  zc_member_list_end(to);
}

static void write_saved(const zc_held_mean hours[24], const zc_held_mean *total, zc_buffer *to) {
  size_t best = zc_lowest_mean(hours, 24, false, NULL);
  double mean = zc_held_mean_value(total);
  if (best == 24 || !(mean > 0)) return;
  zc_member_rounded(to, "saved_percent", 100 * (mean - zc_held_mean_value(&hours[best])) / mean,
                    ZC_PERCENT_DECIMALS);
}

static void write_region_quality(const zc_report *report, const zc_hour_sums *sums, zc_buffer *to) {
  double observed = (double)sums->observed_s / 3600, estimated = (double)sums->estimated_s / 3600;
  double span = (double)(report->to - report->from) / (double)ZC_HOUR;
  zc_member_begin(to, "data_quality");
  zc_member_rounded(to, "observed_hours", observed, ZC_MEAN_DECIMALS);
  zc_member_rounded(to, "estimated_hours", estimated, ZC_MEAN_DECIMALS);
  zc_member_rounded(to, "missing_hours", span - observed - estimated, ZC_MEAN_DECIMALS);
  zc_member_end(to);
}

static void write_region(const zc_report *report, size_t i, zc_buffer *to) {
  const times *t = report->state;
  const zc_hour_sums *sums = &t->regions[i];
  zc_held_mean hours[24], total = zc_hour_sums_total(sums);
  zc_hour_sums_of_day(sums, hours);
  zc_member_object(to);
  zc_member_text(to, "region", report->settings->regions[t->positions[i]]);
  if (total.seconds)
    zc_member_rounded(to, "mean_intensity", zc_held_mean_value(&total), ZC_INTENSITY_DECIMALS);
  write_hours(hours, to);
  zc_member_begin(to, "week");
  write_matrix(sums, "mean_intensity", true, to);
  write_matrix(sums, "hours", false, to);
  zc_member_end(to);
  write_best(hours, 24, "best_hours", false, to);
  write_best(sums->week, ZC_WEEK_HOURS, "best_times", false, to);
  write_best(hours, 24, "worst_hours", true, to);
  write_saved(hours, &total, to);
  write_region_quality(report, sums, to);
  zc_member_end(to);
}

static void write_body(const zc_report *report, zc_buffer *to) {
  const times *t = report->state;
  zc_member_integer(to, "days", report->request.days);
  zc_member_list(to, "regions");
  for (size_t i = 0; i < t->n; i++)
    write_region(report, i, to);
  zc_member_list_end(to);
}

static void finish(void *state) {
  times *t = state;
  free(t->regions);
  free(t->positions);
}

static const char *const method[] = {
    "Means are weighted with time: a slot counts in every hour that it touches, in part where it "
    "touches it in part. Hours without data have no mean.",
    "What was clean at an hour of the past days need not be clean at that hour tomorrow: decisions "
    "stand on forecasts.",
    NULL};

const zc_report_answer zc_answer_optimal_times = {.default_days = 7,
                                                  .state_size = sizeof(times),
                                                  .begin = begin,
                                                  .text = take_text,
                                                  .write = write_body,
                                                  .finish = finish,
                                                  .method = method};
