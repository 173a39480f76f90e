/* regions - the regions compared over days, from regional_insights. */
#include <stdlib.h>

#include "core/base/time_text.h"
#include "core/report/question.h"

typedef struct {
  zc_region_sums *regions;
  zc_sum *days; /* days x regions */
  uint64_t *hours_of_day;
  size_t n_days, n_regions, *order;
  uint64_t hours, realtime, estimated;
  zc_sum savings;
  double highest;
  zc_time highest_at;
} comparison;

static int allocate(comparison *c, const zc_settings *settings, size_t n_days) {
  c->n_regions = settings->n_regions;
  c->n_days = n_days;
  c->regions = calloc(c->n_regions + 1, sizeof *c->regions);
  c->days = calloc(n_days * c->n_regions + 1, sizeof *c->days);
  c->hours_of_day = calloc(n_days + 1, sizeof *c->hours_of_day);
  c->order = calloc(c->n_regions + 1, sizeof *c->order);
  return c->regions && c->days && c->hours_of_day && c->order ? ZC_OK : ZC_ENOMEM;
}

static int begin(zc_report *report, zc_error *error) {
  comparison *c = report->state;
  char date[ZC_DATE_SIZE];
  (void)error;
  zc_report_last_days(report);
  int status = allocate(c, report->settings, (size_t)report->request.days);
  for (size_t i = 0; i < c->n_days && status == ZC_OK; i++) {
    zc_date_text(report->from + (int64_t)i * ZC_DAY, date);
    status = zc_report_add_range(report, ZC_TABLE_INSIGHTS, NULL, date, NULL, NULL, NULL);
  }
  return status;
}

static void add_opportunity(comparison *c, const zc_json *item, zc_time at) {
  double percent;
  if (!zc_item_number(item, "opportunities/max_savings_percent", &percent)) return;
  bool higher = c->savings.n == 0 || percent > c->highest;
  if (higher || (percent >= c->highest && at < c->highest_at)) {
    c->highest = percent;
    c->highest_at = at;
  }
  zc_sum_add(&c->savings, percent);
}

static uint64_t count_at(const zc_json *item, const char *path) {
  double number;
  return zc_item_number(item, path, &number) && number >= 0 && number < 1e6 ? (uint64_t)number : 0;
}

static void add_day(comparison *c, const zc_settings *settings, size_t day, const zc_json *item) {
  const zc_json *rankings = zc_json_get(item, "rankings");
  c->hours_of_day[day]++;
  for (size_t i = 0; i < zc_json_count(rankings); i++) {
    const zc_json *entry = zc_json_member(rankings, i, NULL);
    const char *name = zc_json_get_text(entry, "region");
    size_t position = name ? zc_region_position(settings, name) : c->n_regions;
    double intensity;
    if (position < c->n_regions && zc_json_get_number(entry, "intensity", &intensity))
      zc_sum_add(&c->days[day * c->n_regions + position], intensity);
  }
}

static int take_row(zc_report *report, size_t range, const zc_json *item) {
  comparison *c = report->state;
  double hour;
  if (!zc_item_number(item, "hour", &hour) || !(hour >= 0 && hour < 24)) return ZC_EDATA;
  zc_time at = report->from + (int64_t)range * ZC_DAY + (int64_t)hour * ZC_HOUR;
  if (at + ZC_HOUR > report->to || !zc_region_sums_add(c->regions, report->settings, item))
    return ZC_OK;
  c->hours++;
  c->realtime += count_at(item, "data_quality/realtime_sources");
  c->estimated += count_at(item, "data_quality/estimated_sources");
  add_opportunity(c, item, at);
  add_day(c, report->settings, range, item);
  return ZC_OK;
}

/* ---- writing ---- */

/* Positions by mean, the lowest first, those without one left out; ties in the order of the
 * settings. */
static size_t sort_means(const zc_sum *sums, size_t stride, size_t n, size_t *order) {
  size_t found = 0;
  for (size_t i = 0; i < n; i++) {
    const zc_sum *sum = (const zc_sum *)(const void *)((const char *)sums + i * stride);
    size_t at = found;
    if (sum->n == 0) continue;
    for (; at > 0; at--) {
      const void *before = (const char *)sums + order[at - 1] * stride;
      if (!(zc_sum_mean(sum) < zc_sum_mean(before))) break;
      order[at] = order[at - 1];
    }
    order[at] = i;
    found++;
  }
  return found;
}

static void write_ranks(const zc_region_sums *s, size_t n, zc_buffer *to) {
  uint64_t sum = 0;
  for (size_t i = 0; i < n; i++)
    sum += s->ranks[i] * (i + 1);
  zc_member_rounded(to, "mean_rank", (double)sum / (double)s->intensity.n, ZC_MEAN_DECIMALS);
  zc_member_list(to, "ranks");
  for (size_t i = 0; i < n; i++)
    zc_buffer_printf(to, "%s%llu", i ? "," : "", (unsigned long long)s->ranks[i]);
  zc_member_list_end(to);
}

static void write_region(const comparison *c, const zc_settings *settings, size_t i,
                         zc_buffer *to) {
  const zc_region_sums *s = &c->regions[i];
  double hours = (double)s->intensity.n;
  zc_member_object(to);
  zc_member_text(to, "region", settings->regions[i]);
  zc_member_rounded(to, "mean_intensity", zc_sum_mean(&s->intensity), ZC_INTENSITY_DECIMALS);
  zc_member_rounded(to, "lowest_intensity", s->lowest, ZC_INTENSITY_DECIMALS);
  zc_member_rounded(to, "highest_intensity", s->highest, ZC_INTENSITY_DECIMALS);
  zc_member_integer(to, "hours", (int64_t)s->intensity.n);
  zc_member_integer(to, "cleanest_hours", (int64_t)s->cleanest);
  zc_member_rounded(to, "cleanest_share", (double)s->cleanest / (double)c->hours, ZC_RATE_DECIMALS);
  write_ranks(s, c->n_regions, to);
  zc_member_rounded(to, "below_threshold_share", (double)s->below_threshold / hours,
                    ZC_RATE_DECIMALS);
  zc_member_end(to);
}

static void write_day(const zc_report *report, size_t day, zc_buffer *to) {
  const comparison *c = report->state;
  const zc_sum *sums = c->days + day * c->n_regions;
  char date[ZC_DATE_SIZE];
  size_t n = sort_means(sums, sizeof *sums, c->n_regions, c->order);
  zc_date_text(report->from + (int64_t)day * ZC_DAY, date);
  zc_member_object(to);
  zc_member_text(to, "date", date);
  zc_member_integer(to, "hours", (int64_t)c->hours_of_day[day]);
  zc_member_list(to, "regions");
  for (size_t i = 0; i < n; i++) {
    zc_member_object(to);
    zc_member_text(to, "region", report->settings->regions[c->order[i]]);
    zc_member_rounded(to, "mean_intensity", zc_sum_mean(&sums[c->order[i]]), ZC_INTENSITY_DECIMALS);
    zc_member_integer(to, "rank", (int64_t)i + 1);
    zc_member_end(to);
  }
  zc_member_list_end(to);
  zc_member_end(to);
}

static void write_opportunities(const comparison *c, zc_buffer *to) {
  zc_member_begin(to, "opportunities");
  if (c->savings.n) {
    zc_member_number(to, "mean_max_savings_percent", zc_cut(zc_sum_mean(&c->savings), 1));
    zc_member_number(to, "highest_max_savings_percent", c->highest);
    zc_member_time(to, "highest_at", c->highest_at);
  }
  zc_member_end(to);
}

static void write_body(const zc_report *report, zc_buffer *to) {
  const comparison *c = report->state;
  size_t n = sort_means(&c->regions->intensity, sizeof *c->regions, c->n_regions, c->order);
  zc_member_integer(to, "days", report->request.days);
  zc_member_integer(to, "hours", (int64_t)c->hours);
  zc_member_list(to, "regions");
  for (size_t i = 0; i < n; i++)
    write_region(c, report->settings, c->order[i], to);
  zc_member_list_end(to);
  zc_member_list(to, "notes");
  zc_region_sums_note(c->regions, report->settings, c->hours, to);
  zc_member_list_end(to);
  write_opportunities(c, to);
  zc_member_list(to, "by_day");
  for (size_t i = 0; i < c->n_days; i++) {
    if (c->hours_of_day[i]) write_day(report, i, to);
  }
  zc_member_list_end(to);
}

static void write_quality(const zc_report *report, zc_buffer *to) {
  const comparison *c = report->state;
  uint64_t told = c->realtime + c->estimated;
  zc_member_integer(to, "hours_expected", (report->to - report->from) / ZC_HOUR);
  if (told)
    zc_member_rounded(to, "realtime_share", (double)c->realtime / (double)told, ZC_RATE_DECIMALS);
}

static void finish(void *state) {
  comparison *c = state;
  free(c->regions);
  free(c->days);
  free(c->hours_of_day);
  free(c->order);
}

static const char *const method[] = {
    "Hours are those of regional_insights, kept for 60 days; every hour counts the same.",
    ZC_CLEANEST_SHARE, "Equal intensities rank in the order of the configuration's regions.",
    "Regions compare fairly only where their sources count the same emissions and all or none are "
    "adjusted for PUE: `zerocarb check` names those that do not.",
    NULL};

const zc_report_answer zc_answer_regions = {.default_days = 30,
                                            .state_size = sizeof(comparison),
                                            .begin = begin,
                                            .row = take_row,
                                            .write = write_body,
                                            .write_quality = write_quality,
                                            .finish = finish,
                                            .method = method};
