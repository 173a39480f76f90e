/* trends - a pipeline's savings over time, planned beside realised, from its executions. */
#include <stdlib.h>

#include "core/base/time_text.h"
#include "core/report/question.h"

typedef struct {
  zc_figures *points;
  size_t n;
  int64_t step; /* ms */
  zc_figures totals;
} trends;

static int begin(zc_report *report, zc_error *error) {
  trends *t = report->state;
  (void)error;
  zc_report_last_days(report);
  if (report->request.by_week) report->from = zc_monday_of(report->from);
  t->step = report->request.by_week ? 7 * ZC_DAY : ZC_DAY;
  t->n = (size_t)((report->to - report->from + t->step - 1) / t->step);
  t->points = calloc(t->n ? t->n : 1, sizeof *t->points);
  if (!t->points) return ZC_ENOMEM;
  return zc_report_add_span(report, ZC_TABLE_EXECUTIONS, "pipeline_name_index",
                            report->pipeline->name, report->from, report->to, NULL);
}

static int take_text(zc_report *report, size_t range, const char *text, size_t length) {
  trends *t = report->state;
  zc_execution_row row;
  (void)range;
  int status = zc_execution_row_read(text, length, &row);
  if (status != ZC_OK) return status;
  int64_t i = (row.requested_at - report->from) / t->step;
  if (i < 0 || (size_t)i >= t->n) return ZC_OK;
  zc_figures_add_run(&t->points[i], &row);
  zc_figures_add_run(&t->totals, &row);
  return ZC_OK;
}

static void write_figures(const zc_figures *figures, zc_buffer *to) {
  zc_figures_write(figures, to);
  if (figures->realised.n)
    zc_member_rounded(to, "realised_savings_g", zc_sum_value(&figures->realised), 2);
}

static void write_points(const zc_report *report, zc_buffer *to) {
  const trends *t = report->state;
  char text[ZC_PERIOD_KEY_SIZE];
  zc_member_list(to, "points");
  for (size_t i = 0; i < t->n; i++) {
    if (t->points[i].runs == 0) continue;
    zc_time time = report->from + (int64_t)i * t->step;
    zc_member_object(to);
    zc_date_text(time, text);
    zc_member_text(to, "date", text);
    zc_period_text(ZC_WEEKLY, time, text);
    zc_member_text(to, "week", report->request.by_week ? text : NULL);
    write_figures(&t->points[i], to);
    zc_member_end(to);
  }
  zc_member_list_end(to);
}

/* The halves of the span; the middle one of an odd number belongs to neither. */
static void write_trend(const trends *t, zc_buffer *to) {
  zc_figures first = {0}, second = {0};
  double before, after;
  for (size_t i = 0; i < t->n / 2; i++) {
    zc_figures_merge(&first, &t->points[i]);
    zc_figures_merge(&second, &t->points[t->n - 1 - i]);
  }
  bool has_before = zc_figures_savings_percent(&first, &before);
  bool has_after = zc_figures_savings_percent(&second, &after);
  zc_member_begin(to, "trend");
  if (has_before) zc_member_rounded(to, "first_half_savings_percent", before, ZC_PERCENT_DECIMALS);
  if (has_after) zc_member_rounded(to, "second_half_savings_percent", after, ZC_PERCENT_DECIMALS);
  if (has_before && has_after)
    zc_member_rounded(to, "change_points", after - before, ZC_PERCENT_DECIMALS);
  zc_member_end(to);
}

static void write_body(const zc_report *report, zc_buffer *to) {
  const trends *t = report->state;
  zc_report_write_pipeline(report->pipeline, to);
  zc_member_text(to, "by", report->request.by_week ? "week" : "day");
  zc_member_begin(to, "totals");
  write_figures(&t->totals, to);
  zc_member_end(to);
  write_points(report, to);
  write_trend(t, to);
}

static void write_quality(const zc_report *report, zc_buffer *to) {
  const trends *t = report->state;
  zc_member_integer(to, "ran", (int64_t)t->totals.ran);
  zc_member_integer(to, "realised_runs", (int64_t)t->totals.realised_runs);
}

static void finish(void *state) {
  free(((trends *)state)->points);
}

static const char *const method[] = {
    "A run counts at the time of its request; only runs that ran have emissions and savings.",
    "Planned savings stand on the intensities known at the decision, realised ones on those "
    "observed "
    "over the run; savings_g takes the realised where they are known.",
    NULL};

const zc_report_answer zc_answer_trends = {.default_days = 30,
                                           .state_size = sizeof(trends),
                                           .begin = begin,
                                           .text = take_text,
                                           .write = write_body,
                                           .write_quality = write_quality,
                                           .finish = finish,
                                           .method = method};
