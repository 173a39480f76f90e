/* optimal-regions - which region was chosen most often, by region_performance_index. */
#include <stdlib.h>

#include "core/base/time_text.h"
#include "core/report/question.h"

typedef struct {
  zc_figures figures;
  zc_sum intensity;
} chosen;

typedef struct {
  chosen *regions;
  uint64_t *days; /* days x regions */
  size_t n_days, n_regions;
  zc_figures totals;
} choices;

static int begin(zc_report *report, zc_error *error) {
  choices *c = report->state;
  const zc_settings *settings = report->settings;
  (void)error;
  zc_report_last_days(report);
  c->n_regions = settings->n_regions;
  c->n_days = (size_t)report->request.days;
  c->regions = calloc(c->n_regions + 1, sizeof *c->regions);
  c->days = calloc(c->n_days * c->n_regions + 1, sizeof *c->days);
  int status = c->regions && c->days ? ZC_OK : ZC_ENOMEM;
  for (size_t i = 0; i < c->n_regions && status == ZC_OK; i++)
    status = zc_report_add_span(report, ZC_TABLE_EXECUTIONS, "region_performance_index",
                                settings->regions[i], report->from, report->to, NULL);
  return status;
}

static int take_text(zc_report *report, size_t range, const char *text, size_t length) {
  choices *c = report->state;
  zc_execution_row row;
  int status = zc_execution_row_read(text, length, &row);
  if (status != ZC_OK) return status;
  int64_t day = (row.requested_at - report->from) / ZC_DAY;
  if (day < 0 || (size_t)day >= c->n_days) return ZC_OK;
  zc_figures_add_run(&c->regions[range].figures, &row);
  zc_figures_add_run(&c->totals, &row);
  if (row.intensity != ZC_NOT_KNOWN)
    zc_sum_add(&c->regions[range].intensity, (double)row.intensity / ZC_ROLLUP_INTENSITY);
  c->days[(size_t)day * c->n_regions + range]++;
  return ZC_OK;
}

/* Position of the region with the most runs that is not taken; ties in the order of the settings.
 */
static size_t most_often(const choices *c, const bool *taken) {
  size_t found = c->n_regions;
  for (size_t i = 0; i < c->n_regions; i++) {
    uint64_t runs = c->regions[i].figures.runs;
    if (taken[i] || runs == 0) continue;
    if (found == c->n_regions || runs > c->regions[found].figures.runs) found = i;
  }
  return found;
}

static void write_region(const zc_report *report, size_t i, zc_buffer *to) {
  const choices *c = report->state;
  const chosen *region = &c->regions[i];
  zc_member_object(to);
  zc_member_text(to, "region", report->settings->regions[i]);
  zc_member_rounded(to, "share", (double)region->figures.runs / (double)c->totals.runs,
                    ZC_RATE_DECIMALS);
  zc_figures_write(&region->figures, to);
  if (region->intensity.n)
    zc_member_rounded(to, "mean_intensity", zc_sum_mean(&region->intensity), ZC_INTENSITY_DECIMALS);
  zc_member_end(to);
}

static void write_regions(const zc_report *report, zc_buffer *to) {
  const choices *c = report->state;
  bool taken[ZC_REGIONS_MAX] = {false};
  zc_member_list(to, "regions");
  for (size_t i = most_often(c, taken); i < c->n_regions; i = most_often(c, taken)) {
    write_region(report, i, to);
    taken[i] = true;
  }
  zc_member_list_end(to);
}

static void write_day(const zc_report *report, size_t day, zc_buffer *to) {
  const choices *c = report->state;
  const uint64_t *runs = c->days + day * c->n_regions;
  char date[ZC_DATE_SIZE];
  zc_date_text(report->from + (int64_t)day * ZC_DAY, date);
  zc_member_object(to);
  zc_member_text(to, "date", date);
  zc_member_list(to, "regions");
  for (size_t i = 0; i < c->n_regions; i++) {
    if (runs[i] == 0) continue;
    zc_member_object(to);
    zc_member_text(to, "region", report->settings->regions[i]);
    zc_member_integer(to, "runs", (int64_t)runs[i]);
    zc_member_end(to);
  }
  zc_member_list_end(to);
  zc_member_end(to);
}

static bool has_runs(const choices *c, size_t day) {
  for (size_t i = 0; i < c->n_regions; i++) {
    if (c->days[day * c->n_regions + i]) return true;
  }
  return false;
}

static void write_body(const zc_report *report, zc_buffer *to) {
  const choices *c = report->state;
  zc_member_integer(to, "days", report->request.days);
  zc_member_integer(to, "runs", (int64_t)c->totals.runs);
  write_regions(report, to);
  zc_member_list(to, "by_day");
  for (size_t i = 0; i < c->n_days; i++) {
    if (has_runs(c, i)) write_day(report, i, to);
  }
  zc_member_list_end(to);
}

static void write_quality(const zc_report *report, zc_buffer *to) {
  const choices *c = report->state;
  zc_member_integer(to, "ran", (int64_t)c->totals.ran);
  zc_member_integer(to, "realised_runs", (int64_t)c->totals.realised_runs);
}

static void finish(void *state) {
  choices *c = state;
  free(c->regions);
  free(c->days);
}

static const char *const method[] = {
    "A run counts for the region that was chosen for it, on the day of its request; runs of "
    "regions "
    "that the configuration no longer has are left out.",
    "mean_intensity is the mean over all runs, realised where known, else planned; emissions and "
    "savings are of runs that ran, realised where known.",
    NULL};

const zc_report_answer zc_answer_optimal_regions = {.default_days = 30,
                                                    .state_size = sizeof(choices),
                                                    .begin = begin,
                                                    .text = take_text,
                                                    .write = write_body,
                                                    .write_quality = write_quality,
                                                    .finish = finish,
                                                    .method = method};
