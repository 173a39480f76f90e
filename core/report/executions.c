/* runs, failed, savings - lists of executions, by the indexes of pipeline_executions. */
#include <string.h>

#include "core/base/text.h"
#include "core/report/entries.h"

typedef struct {
  zc_entries runs;
  bool ran, moved; /* the row that is being taken; moved: in time or place */
} list;

/* ---- ranges ---- */

static int begin_runs(zc_report *report, zc_error *error) {
  (void)error;
  zc_report_last_days(report);
  int status = zc_report_add_span(report, ZC_TABLE_EXECUTIONS, "pipeline_name_index",
                                  report->pipeline->name, report->from, report->to, NULL);
  if (status == ZC_OK) zc_report_newest(report, report->request.limit + 1);
  return status;
}

/* Ends that nobody wanted; the first ones are told where no status is asked for. */
static const char *const failures[] = {"FAILED", "TIMED_OUT", "UNKNOWN", "CANCELLED", "SUPERSEDED"};
#define ALL_FAILURES  (sizeof failures / sizeof *failures)
#define TOLD_FAILURES ((size_t)3)

static int check_status(const char *status, zc_error *error) {
  for (size_t i = 0; i < ALL_FAILURES; i++) {
    if (strcmp(status, failures[i]) == 0) return ZC_OK;
  }
  const char *near = zc_nearest(status, failures, ALL_FAILURES);
  return near ? zc_error_set(error, ZC_EINVAL, "no failure is called '%s': did you mean '%s'?",
                             status, near)
              : zc_error_set(error, ZC_EINVAL,
                             "no failure is called '%s': FAILED, TIMED_OUT, UNKNOWN, CANCELLED, "
                             "SUPERSEDED",
                             status);
}

static int begin_failed(zc_report *report, zc_error *error) {
  size_t n = report->request.status ? 1 : TOLD_FAILURES;
  int status = report->request.status ? check_status(report->request.status, error) : ZC_OK;
  zc_report_last_days(report);
  for (size_t i = 0; i < n && status == ZC_OK; i++) {
    const char *which = report->request.status ? report->request.status : failures[i];
    status = zc_report_add_span(report, ZC_TABLE_EXECUTIONS, "status_index", which, report->from,
                                report->to, NULL);
    if (status == ZC_OK) zc_report_newest(report, report->request.limit + 1);
  }
  return status;
}

/* The index of savings knows no times: of a span all runs are read, by region. */
static int begin_savings_of_span(zc_report *report) {
  int status = ZC_OK;
  zc_report_last_days(report);
  for (size_t i = 0; i < report->settings->n_regions && status == ZC_OK; i++)
    status = zc_report_add_span(report, ZC_TABLE_EXECUTIONS, "region_performance_index",
                                report->settings->regions[i], report->from, report->to, NULL);
  return status;
}

static int begin_savings(zc_report *report, zc_error *error) {
  static const char *const decisions[] = {"DEFER", "RELOCATE"};
  int status = ZC_OK;
  (void)error;
  if (report->request.until) return begin_savings_of_span(report);
  for (size_t i = 0; i < 2 && status == ZC_OK; i++) {
    status = zc_report_add_range(report, ZC_TABLE_EXECUTIONS, "carbon_savings_index", decisions[i],
                                 NULL, NULL, NULL);
    if (status == ZC_OK) zc_report_newest(report, report->request.limit + 1);
  }
  return status;
}

/* ---- rows ---- */

/* Only runs that ran have emitted anything; of the others there is the plan. */
static void write_emissions(const zc_json *item, bool ran, zc_buffer *to) {
  double realised;
  bool known = zc_item_number(item, "realised/sci_score", &realised);
  if (ran)
    zc_report_copy(to, "emissions_g", item, known ? "realised/sci_score" : "workload/sci_score");
  zc_report_copy(to, "planned_emissions_g", item, "workload/sci_score");
}

static void write_run(const zc_json *item, bool ran, zc_buffer *to) {
  static const char *const before[][2] = {
      {"execution_id", "execution_id"},
      {"requested_at", "created_at"},
      {"pipeline", "pipeline_name"},
      {"status", "status"},
      {"decision", "carbon_analysis/decision"},
      {"region", "pipeline_region"},
      {"planned_start", "schedule/planned_start"},
      {"started_at", "started_at"},
      {"finished_at", "finished_at"},
      {"intensity", "carbon_analysis/optimal_intensity"},
      {"default_intensity", "carbon_analysis/default_intensity"},
  };
  static const char *const after[][2] = {
      {"planned_savings_g", "carbon_analysis/savings_g"},
      {"planned_savings_percent", "carbon_analysis/savings_percent"},
      {"realised_savings_g", "realised/savings_g"},
      {"realised_savings_percent", "realised/savings_percent"},
      {"message", "message"},
  };
  zc_member_object(to);
  for (size_t i = 0; i < sizeof before / sizeof *before; i++)
    zc_report_copy(to, before[i][0], item, before[i][1]);
  write_emissions(item, ran, to);
  for (size_t i = 0; i < sizeof after / sizeof *after; i++)
    zc_report_copy(to, after[i][0], item, after[i][1]);
  zc_member_end(to);
}

/* The rows of all ranges become one order; each range gives one more than is shown, at the most. */
static int add(zc_report *report, double order, const zc_json *item) {
  list *l = report->state;
  const char *id = zc_json_get_text(item, "execution_id");
  zc_buffer object;
  if (!id) return ZC_EDATA;
  zc_buffer_init(&object, ZC_REPORT_DOCUMENT_MAX);
  write_run(item, l->ran, &object);
  int status = zc_entries_add(&l->runs, order, id, &object);
  zc_buffer_finish(&object);
  return status;
}

static int row_newest(zc_report *report, size_t range, const zc_json *item) {
  double timestamp;
  (void)range;
  if (!zc_item_number(item, "timestamp", &timestamp)) return ZC_EDATA;
  return add(report, -timestamp, item);
}

static int row_savings(zc_report *report, size_t range, const zc_json *item) {
  list *l = report->state;
  double savings;
  (void)range;
  if (!zc_item_number(item, "carbon_analysis/savings_g", &savings) || !(savings > 0) || !l->moved)
    return ZC_OK;
  int status = add(report, -savings, item);
  zc_entries_keep(&l->runs, report->request.limit + 1);
  return status;
}

static int take_text(zc_report *report, size_t range, const char *text, size_t length) {
  list *l = report->state;
  zc_execution_row row;
  int status = zc_execution_row_read(text, length, &row);
  if (status != ZC_OK) return status;
  l->ran = row.ran;
  l->moved = row.action == ZC_DEFER || row.action == ZC_RELOCATE;
  return zc_report_take_item(report, range, text, length);
}

/* ---- writing ---- */

static void write_body(const zc_report *report, zc_buffer *to) {
  list *l = report->state;
  size_t limit = report->request.limit;
  if (report->pipeline) zc_report_write_pipeline(report->pipeline, to);
  if (report->request.query == ZC_REPORT_FAILED) {
    zc_member_list(to, "statuses");
    for (size_t i = 0; i < report->n_ranges; i++)
      zc_member_item(to, report->ranges[i].partition);
    zc_member_list_end(to);
  }
  zc_member_integer(to, "limit", (int64_t)limit);
  zc_entries_sort(&l->runs);
  zc_entries_write(&l->runs, limit, "runs", to);
  zc_member_boolean(to, "more", l->runs.n > limit);
}

static void finish(void *state) {
  zc_entries_finish(&((list *)state)->runs);
}

#define EMISSIONS                                                                                  \
  "emissions_g is the SCI score (ISO/IEC 21031) of runs that took place: the realised one where "  \
  "known, else the planned. A run that never took place has the planned one alone."

static const char *const method[] = {"Runs by the time of their request, the newest first.",
                                     EMISSIONS, NULL};
static const char *const savings_method[] = {
    "By what was planned to be saved, whether the run "
    "took place or not: its status tells. All runs "
    "that are kept, 365 days; of a span, those requested in it, of the configuration's regions.",
    EMISSIONS, NULL};

const zc_report_answer zc_answer_runs = {.default_days = 30,
                                         .state_size = sizeof(list),
                                         .begin = begin_runs,
                                         .row = row_newest,
                                         .text = take_text,
                                         .write = write_body,
                                         .finish = finish,
                                         .method = method};
const zc_report_answer zc_answer_failed = {.default_days = 30,
                                           .state_size = sizeof(list),
                                           .begin = begin_failed,
                                           .row = row_newest,
                                           .text = take_text,
                                           .write = write_body,
                                           .finish = finish,
                                           .method = method};
const zc_report_answer zc_answer_savings = {.default_days = 365,
                                            .state_size = sizeof(list),
                                            .begin = begin_savings,
                                            .row = row_savings,
                                            .text = take_text,
                                            .write = write_body,
                                            .finish = finish,
                                            .method = savings_method};
