/* performance - a pipeline's days, from pipeline_analytics; the running one from its executions, of
 * which the item is made as the roll-ups make it. */
#include <string.h>

#include "core/base/time_text.h"
#include "core/report/question.h"
#include "core/tables/rollup_day.h"

typedef struct {
  zc_figures totals;
  zc_sum vcpu_hours, memory_gb_hours;
  uint64_t days;
  zc_buffer by_day; /* objects, written as the rows come */
  size_t today_range;
  zc_rollup_day today;
  zc_rollup_names regions;
} performance;

static int name_regions(performance *p, const zc_settings *settings) {
  int status = ZC_OK;
  uint32_t position;
  for (size_t i = 0; i < settings->n_regions && status == ZC_OK; i++) {
    const zc_span name = {settings->regions[i], strlen(settings->regions[i])};
    status = zc_rollup_names_find(&p->regions, &name, &position);
  }
  p->regions.n_config = p->regions.n;
  return status;
}

static int begin(zc_report *report, zc_error *error) {
  int status = ZC_OK;
  char low[ZC_DATE_SIZE], high[ZC_DATE_SIZE];
  performance *p = report->state;
  (void)error;
  zc_buffer_init(&p->by_day, ZC_REPORT_DOCUMENT_MAX);
  zc_report_last_days(report);
  zc_date_text(report->from, low);
  zc_date_text(report->to - ZC_DAY, high);
  if (report->from < zc_day_of(report->to))
    status = zc_report_add_range(report, ZC_TABLE_ANALYTICS, NULL, report->pipeline->name, low,
                                 high, NULL);
  if (status == ZC_OK)
    status = zc_report_add_today(report, report->pipeline->name, &p->today_range);
  return status == ZC_OK ? name_regions(p, report->settings) : status;
}

/* Members that are taken over as they are. */
static void write_performance(const zc_json *item, zc_buffer *to) {
  static const char *const members[][2] = {
      {"avg_duration_minutes", "performance/avg_duration_minutes"},
      {"avg_energy_kwh", "performance/avg_energy_kwh"},
      {"avg_sci_score", "performance/avg_sci_score"},
      {"vcpu_hours", "performance/total_vcpu_hours"},
      {"memory_gb_hours", "performance/total_memory_gb_hours"},
      {"defer_success_rate", "decisions/defer_success_rate"},
      {"avg_defer_hours", "decisions/avg_defer_hours"},
      {"cleanest_region", "carbon/cleanest_region_used"},
      {"dirtiest_region", "carbon/dirtiest_region_used"},
  };
  for (size_t i = 0; i < sizeof members / sizeof *members; i++)
    zc_report_copy(to, members[i][0], item, members[i][1]);
}

/* The unrounded hours where the item has them. */
static void add_hours(zc_sum *sum, const zc_json *item, const char *exact, const char *rounded) {
  double hours;
  if (zc_item_number(item, exact, &hours) || zc_item_number(item, rounded, &hours))
    zc_sum_add(sum, hours);
}

static void write_day(performance *p, const zc_figures *day, const zc_json *item) {
  zc_member_object(&p->by_day);
  zc_report_copy(&p->by_day, "date", item, "date");
  zc_figures_write(day, &p->by_day);
  write_performance(item, &p->by_day);
  zc_member_end(&p->by_day);
}

static int add_day(performance *p, const char *text, size_t length) {
  zc_figures day;
  zc_json *item;
  int status = zc_json_parse(text, length, &item);
  if (status != ZC_OK) return status;
  status = zc_figures_of_analytics(text, length, &day, NULL);
  if (status == ZC_OK) {
    zc_figures_merge(&p->totals, &day);
    add_hours(&p->vcpu_hours, item, "sums/vcpu_hours", "performance/total_vcpu_hours");
    add_hours(&p->memory_gb_hours, item, "sums/memory_gb_hours",
              "performance/total_memory_gb_hours");
    p->days += day.runs > 0;
    write_day(p, &day, item);
    status = p->by_day.status;
  }
  zc_json_free(item);
  return status;
}

static int take_text(zc_report *report, size_t range, const char *text, size_t length) {
  performance *p = report->state;
  zc_execution_row row;
  if (range != p->today_range) return add_day(p, text, length);
  int status = zc_execution_row_read(text, length, &row);
  return status == ZC_OK ? zc_rollup_day_add(&p->today, &row, &p->regions) : status;
}

static int add_today(const zc_report *report) {
  performance *p = report->state;
  zc_time now = report->request.now;
  zc_buffer text;
  if (p->today.total == 0) return ZC_OK;
  zc_buffer_init(&text, ZC_REPORT_DOCUMENT_MAX);
  int status = zc_analytics_item_write(report->pipeline->name, zc_day_of(now), &p->today,
                                       &p->regions, now, &text);
  if (status == ZC_OK) status = add_day(p, text.data, text.length);
  zc_buffer_finish(&text);
  zc_rollup_day_finish(&p->today);
  p->today = (zc_rollup_day){0};
  return status;
}

static void write_body(const zc_report *report, zc_buffer *to) {
  const performance *p = report->state;
  int status = add_today(report);
  if (status != ZC_OK) to->status = status;
  zc_report_write_pipeline(report->pipeline, to);
  zc_member_integer(to, "days", report->request.days);
  zc_member_begin(to, "totals");
  zc_figures_write(&p->totals, to);
  zc_member_rounded(to, "vcpu_hours", zc_sum_value(&p->vcpu_hours), 2);
  zc_member_rounded(to, "memory_gb_hours", zc_sum_value(&p->memory_gb_hours), 2);
  zc_member_end(to);
  zc_member_list(to, "by_day");
  zc_buffer_add(to, p->by_day.data, p->by_day.length);
  zc_member_list_end(to);
}

static void write_quality(const zc_report *report, zc_buffer *to) {
  const performance *p = report->state;
  zc_member_integer(to, "days_with_runs", (int64_t)p->days);
  if (p->totals.counts_realised)
    zc_member_integer(to, "realised_runs", (int64_t)p->totals.realised_runs);
}

static void finish(void *state) {
  performance *p = state;
  zc_buffer_finish(&p->by_day);
  zc_rollup_day_finish(&p->today);
  zc_rollup_names_finish(&p->regions);
}

static const char *const method[] = {
    "Days are those of pipeline_analytics, the running one is made of its executions: a run counts "
    "on the day on which it was requested.",
    "Emissions are SCI scores (ISO/IEC 21031): energy x intensity + the hardware's share.",
    "Savings are against a start at once in the default region, from the intensities observed "
    "where "
    "those are known, else from the plan.",
    NULL};

const zc_report_answer zc_answer_performance = {.default_days = 30,
                                                .state_size = sizeof(performance),
                                                .begin = begin,
                                                .text = take_text,
                                                .write = write_body,
                                                .write_quality = write_quality,
                                                .finish = finish,
                                                .method = method};
