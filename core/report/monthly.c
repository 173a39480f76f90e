/* monthly - a month for people who decide: totals, teams, pipelines, regions, against the month
 * before; from pipeline_analytics and regional_insights. monthly_words.c makes the sentences. */
#include "core/report/monthly.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/time_text.h"
#include "core/tables/rollup_period.h"

#define KEPT_DAYS 61 /* rows of regional_insights, and the running day */

/* ---- ranges ---- */

static int read_month(zc_report *report, zc_error *error) {
  monthly *m = report->state;
  zc_time time = report->request.now;
  const char *month = report->request.month;
  if (month && !zc_period_parse(ZC_MONTHLY, month, &time))
    return zc_error_set(error, ZC_EINVAL, "'%s' is no month, such as 2025-12", month);
  if (time > report->request.now)
    return zc_error_set(error, ZC_EINVAL, "%s lies in the future", month);
  report->from = zc_month_of(time);
  report->to = zc_months_after(report->from, 1);
  m->previous = zc_months_after(report->from, -1);
  m->complete = report->request.now >= report->to;
  if (!m->complete) report->to = report->request.now;
  m->n_days = (size_t)((report->to - report->from + ZC_DAY - 1) / ZC_DAY);
  return ZC_OK;
}

static int allocate(monthly *m, const zc_settings *settings) {
  m->pipelines = calloc(settings->n_pipelines + 1, sizeof *m->pipelines);
  m->regions = calloc(settings->n_regions + 1, sizeof *m->regions);
  m->regions_before = calloc(settings->n_regions + 1, sizeof *m->regions_before);
  m->order = calloc(settings->n_pipelines + 1, sizeof *m->order);
  return m->pipelines && m->regions && m->regions_before && m->order ? ZC_OK : ZC_ENOMEM;
}

static int add_pipelines(zc_report *report) {
  monthly *m = report->state;
  const zc_settings *settings = report->settings;
  char low[ZC_DATE_SIZE], high[ZC_DATE_SIZE];
  int status = ZC_OK;
  zc_date_text(m->previous, low);
  zc_date_text(m->complete ? report->to - 1 : report->to - ZC_DAY, high);
  for (size_t i = 0; i < settings->n_pipelines && status == ZC_OK; i++)
    status = zc_report_add_range(report, ZC_TABLE_ANALYTICS, NULL, settings->pipelines[i].name, low,
                                 high, NULL);
  m->today_range = report->n_ranges;
  for (size_t i = 0; i < settings->n_pipelines && !m->complete && status == ZC_OK; i++)
    status = zc_report_add_today(report, settings->pipelines[i].name, NULL);
  m->hours_range = report->n_ranges;
  return status;
}

/* The days of both months whose rows have not expired. */
static int add_days(zc_report *report) {
  monthly *m = report->state;
  char date[ZC_DATE_SIZE];
  int status = ZC_OK;
  zc_time kept = zc_day_of(report->request.now) - KEPT_DAYS * ZC_DAY;
  m->first_day = m->previous > kept ? m->previous : kept;
  for (zc_time day = m->first_day; day < report->to && status == ZC_OK; day += ZC_DAY) {
    zc_date_text(day, date);
    status = zc_report_add_range(report, ZC_TABLE_INSIGHTS, NULL, date, NULL, NULL, NULL);
  }
  return status;
}

static int begin(zc_report *report, zc_error *error) {
  int status = read_month(report, error);
  if (status == ZC_OK) status = allocate(report->state, report->settings);
  if (status == ZC_OK) status = add_pipelines(report);
  if (status == ZC_OK) status = add_days(report);
  return status;
}

/* ---- rows ---- */

static void add_figures(zc_report *report, size_t pipeline, size_t day, const zc_figures *figures) {
  monthly *m = report->state;
  if (day >= m->n_days) return;
  zc_figures_merge(&m->pipelines[pipeline].figures, figures);
  zc_figures_merge(&m->totals, figures);
  zc_figures_merge(&m->days[day], figures);
}

static int add_pipeline_day(zc_report *report, size_t pipeline, const char *text, size_t length) {
  monthly *m = report->state;
  zc_figures day;
  zc_span date;
  zc_time time;
  int status = zc_figures_of_analytics(text, length, &day, &date);
  if (status != ZC_OK || zc_date_parse(&date, &time) != ZC_OK) return status;
  if (time < report->from) {
    zc_figures_merge(&m->pipelines[pipeline].before, &day);
    zc_figures_merge(&m->totals_before, &day);
  } else {
    add_figures(report, pipeline, (size_t)((time - report->from) / ZC_DAY), &day);
  }
  return ZC_OK;
}

/* A run of the running day. */
static int add_run(zc_report *report, size_t pipeline, const char *text, size_t length) {
  const monthly *m = report->state;
  zc_figures figures = {0};
  zc_execution_row row;
  int status = zc_execution_row_read(text, length, &row);
  if (status != ZC_OK) return status;
  zc_figures_add_run(&figures, &row);
  add_figures(report, pipeline, m->n_days - 1, &figures);
  return ZC_OK;
}

static int add_hour(zc_report *report, size_t range, const zc_json *item) {
  monthly *m = report->state;
  double hour;
  if (!zc_item_number(item, "hour", &hour) || !(hour >= 0 && hour < 24)) return ZC_OK;
  zc_time at = m->first_day + (int64_t)(range - m->hours_range) * ZC_DAY + (int64_t)hour * ZC_HOUR;
  if (at + ZC_HOUR > report->to) return ZC_OK;
  bool before = at < report->from;
  if (zc_region_sums_add(before ? m->regions_before : m->regions, report->settings, item))
    (*(before ? &m->hours_before : &m->hours))++;
  return ZC_OK;
}

static int take_text(zc_report *report, size_t range, const char *text, size_t length) {
  const monthly *m = report->state;
  if (range < m->today_range) return add_pipeline_day(report, range, text, length);
  if (range < m->hours_range) return add_run(report, range - m->today_range, text, length);
  return zc_report_take_item(report, range, text, length);
}

/* ---- writing ---- */

static double change_percent(double now, double before) {
  return 100 * (now - before) / before;
}

static void write_change(const char *key, double now, double before, zc_buffer *to) {
  if (before > 0) zc_member_rounded(to, key, change_percent(now, before), ZC_PERCENT_DECIMALS);
}

/* Sums of other shares of the runs do not compare. */
static bool is_complete(const zc_figures *figures) {
  return figures->unknown_runs == 0 && zc_figures_know(figures, &figures->savings);
}

static void write_changes_in_grams(const zc_figures *now, const zc_figures *before, zc_buffer *to) {
  if (!is_complete(now) || !is_complete(before)) return;
  write_change("emissions_percent", zc_sum_value(&now->emissions), zc_sum_value(&before->emissions),
               to);
  write_change("savings_percent", zc_sum_value(&now->savings), zc_sum_value(&before->savings), to);
}

/* Of sums: they compare only where both months are whole. */
static void write_changes(const zc_figures *now, const zc_figures *before, zc_buffer *to) {
  write_change("runs_percent", (double)now->runs, (double)before->runs, to);
  write_changes_in_grams(now, before, to);
}

static void write_previous(const monthly *m, zc_buffer *to) {
  const zc_figures *now = &m->totals, *before = &m->totals_before;
  char month[ZC_PERIOD_KEY_SIZE];
  double rate, rate_before;
  if (before->runs == 0) return;
  zc_period_text(ZC_MONTHLY, m->previous, month);
  zc_member_begin(to, "previous");
  zc_member_text(to, "month", month);
  zc_figures_write(before, to);
  zc_member_end(to);
  zc_member_begin(to, "change");
  if (m->complete) write_changes(now, before, to);
  if (zc_figures_savings_percent(now, &rate) && zc_figures_savings_percent(before, &rate_before))
    zc_member_rounded(to, "savings_rate_points", rate - rate_before, ZC_PERCENT_DECIMALS);
  zc_member_end(to);
}

static void write_days(const zc_report *report, zc_buffer *to) {
  const monthly *m = report->state;
  char date[ZC_DATE_SIZE];
  zc_member_list(to, "by_day");
  for (size_t i = 0; i < m->n_days; i++) {
    if (m->days[i].runs == 0) continue;
    zc_date_text(report->from + (int64_t)i * ZC_DAY, date);
    zc_member_object(to);
    zc_member_text(to, "date", date);
    zc_figures_write(&m->days[i], to);
    zc_member_end(to);
  }
  zc_member_list_end(to);
}

/* qsort's comparison knows no context: the figures go with the position. */
static int by_savings(const void *a, const void *b) {
  const zc_month_order *x = a, *y = b;
  int64_t first = x->figures->savings.millionths, second = y->figures->savings.millionths;
  bool known = zc_figures_know(x->figures, &x->figures->savings);
  if (known != zc_figures_know(y->figures, &y->figures->savings)) return known ? -1 : 1;
  if (first != second) return first > second ? -1 : 1;
  return x->position < y->position ? -1 : x->position > y->position;
}

static size_t sort_pipelines(const monthly *m, size_t n_pipelines) {
  size_t n = 0;
  for (size_t i = 0; i < n_pipelines; i++) {
    if (m->pipelines[i].figures.runs == 0) continue;
    m->order[n++] = (zc_month_order){&m->pipelines[i].figures, i};
  }
  if (n) qsort(m->order, n, sizeof *m->order, by_savings);
  return n;
}

static void write_pipelines(const zc_report *report, zc_buffer *to) {
  const monthly *m = report->state;
  size_t n = sort_pipelines(m, report->settings->n_pipelines);
  zc_member_list(to, "pipelines");
  for (size_t i = 0; i < n && i < ZC_REPORT_LIMIT_MAX; i++) {
    zc_member_object(to);
    zc_report_write_pipeline(&report->settings->pipelines[m->order[i].position], to);
    zc_figures_write(m->order[i].figures, to);
    zc_member_end(to);
  }
  zc_member_list_end(to);
  if (n > ZC_REPORT_LIMIT_MAX)
    zc_member_integer(to, "pipelines_left_out", (int64_t)(n - ZC_REPORT_LIMIT_MAX));
}

/* A team stands where the first of its pipelines stands in the settings. */
static bool is_first_of_team(const zc_settings *settings, size_t i) {
  const char *team = settings->pipelines[i].team;
  if (!team) return false;
  for (size_t j = 0; j < i; j++) {
    const char *other = settings->pipelines[j].team;
    if (other && strcmp(other, team) == 0) return false;
  }
  return true;
}

static void write_team(const zc_report *report, size_t first, zc_buffer *to) {
  const monthly *m = report->state;
  const zc_settings *settings = report->settings;
  const char *team = settings->pipelines[first].team;
  zc_figures figures = {0};
  int64_t n = 0;
  for (size_t i = first; i < settings->n_pipelines; i++) {
    const char *other = settings->pipelines[i].team;
    if (!other || strcmp(other, team) != 0) continue;
    zc_figures_merge(&figures, &m->pipelines[i].figures);
    n++;
  }
  zc_member_object(to);
  zc_member_text(to, "team", team);
  zc_member_integer(to, "pipelines", n);
  zc_figures_write(&figures, to);
  zc_member_end(to);
}

static void write_teams(const zc_report *report, zc_buffer *to) {
  size_t n = 0;
  zc_member_list(to, "teams");
  for (size_t i = 0; i < report->settings->n_pipelines && n < ZC_REPORT_LIMIT_MAX; i++) {
    if (!is_first_of_team(report->settings, i)) continue;
    write_team(report, i, to);
    n++;
  }
  zc_member_list_end(to);
}

static void write_region(const zc_report *report, size_t i, zc_buffer *to) {
  const monthly *m = report->state;
  const zc_region_sums *s = &m->regions[i], *before = &m->regions_before[i];
  zc_member_object(to);
  zc_member_text(to, "region", report->settings->regions[i]);
  zc_member_rounded(to, "mean_intensity", zc_sum_mean(&s->intensity), ZC_INTENSITY_DECIMALS);
  if (before->intensity.n)
    zc_member_rounded(to, "previous_mean_intensity", zc_sum_mean(&before->intensity),
                      ZC_INTENSITY_DECIMALS);
  zc_member_integer(to, "hours", (int64_t)s->intensity.n);
  zc_member_rounded(to, "cleanest_share", (double)s->cleanest / (double)m->hours, ZC_RATE_DECIMALS);
  zc_member_end(to);
}

static void write_regions(const zc_report *report, zc_buffer *to) {
  const monthly *m = report->state;
  if (m->hours == 0) return;
  zc_member_list(to, "regions");
  for (size_t i = 0; i < report->settings->n_regions; i++) {
    if (m->regions[i].intensity.n) write_region(report, i, to);
  }
  zc_member_list_end(to);
}

static void write_body(const zc_report *report, zc_buffer *to) {
  const monthly *m = report->state;
  char month[ZC_PERIOD_KEY_SIZE];
  zc_period_text(ZC_MONTHLY, report->from, month);
  zc_member_text(to, "month", month);
  zc_member_boolean(to, "complete", m->complete);
  zc_month_write_headline(report, to);
  zc_member_begin(to, "totals");
  zc_figures_write(&m->totals, to);
  zc_member_end(to);
  write_previous(m, to);
  write_days(report, to);
  write_pipelines(report, to);
  write_teams(report, to);
  write_regions(report, to);
  zc_month_write_insights(report, to);
  zc_month_write_recommendations(report, to);
}

static void write_quality(const zc_report *report, zc_buffer *to) {
  const monthly *m = report->state;
  int64_t days = 0;
  for (size_t i = 0; i < m->n_days; i++)
    days += m->days[i].runs > 0;
  zc_member_integer(to, "days_with_runs", days);
  zc_member_integer(to, "hours_with_insights", (int64_t)m->hours);
  zc_member_integer(to, "hours_expected", (report->to - report->from) / ZC_HOUR);
  if (m->totals.counts_realised)
    zc_member_integer(to, "realised_runs", (int64_t)m->totals.realised_runs);
}

static void finish(void *state) {
  monthly *m = state;
  free(m->pipelines);
  free(m->regions);
  free(m->regions_before);
  free(m->order);
}

static const char *const method[] = {
    "Runs count in the month in which they were requested, those of pipelines that the "
    "configuration "
    "still has.",
    "Emissions are SCI scores (ISO/IEC 21031): energy x intensity + the hardware's share.",
    "Savings are against a start at once in the default region, from the intensities observed "
    "where "
    "those are known, else from the plan. They are no offsets, and no share of the grid's "
    "emissions.",
    "Regions are compared over the hours of regional_insights, which are kept for 60 days.",
    ZC_CLEANEST_SHARE,
    NULL};

const zc_report_answer zc_answer_monthly = {.default_days = 31,
                                            .state_size = sizeof(monthly),
                                            .begin = begin,
                                            .row = add_hour,
                                            .text = take_text,
                                            .write = write_body,
                                            .write_quality = write_quality,
                                            .finish = finish,
                                            .method = method};
