#include "core/report/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/report/question.h"

#define DEFAULT_LIMIT 20

static const struct {
  const char *name;
  const zc_report_answer *answer;
} queries[ZC_REPORT_QUERIES] = {
    [ZC_REPORT_PERFORMANCE] = {"performance", &zc_answer_performance},
    [ZC_REPORT_TRENDS] = {"trends", &zc_answer_trends},
    [ZC_REPORT_OPTIMAL_TIMES] = {"optimal-times", &zc_answer_optimal_times},
    [ZC_REPORT_REGIONS] = {"regions", &zc_answer_regions},
    [ZC_REPORT_MONTHLY] = {"monthly", &zc_answer_monthly},
    [ZC_REPORT_RECOMMEND] = {"recommend", &zc_answer_recommend},
    [ZC_REPORT_LEADERBOARD] = {"leaderboard", &zc_answer_leaderboard},
    [ZC_REPORT_RUNS] = {"runs", &zc_answer_runs},
    [ZC_REPORT_FAILED] = {"failed", &zc_answer_failed},
    [ZC_REPORT_SAVINGS] = {"savings", &zc_answer_savings},
    [ZC_REPORT_OPTIMAL_REGIONS] = {"optimal-regions", &zc_answer_optimal_regions},
};

const char *zc_report_name(zc_report_query query) {
  return queries[query].name;
}

void zc_report_documents_finish(zc_report_documents *documents) {
  for (size_t i = 0; i < documents->n; i++)
    free(documents->items[i].text);
  *documents = (zc_report_documents){0};
}

/* ---- what is asked about ---- */

static int find_pipeline(zc_report *report, zc_error *error) {
  const zc_settings *settings = report->settings;
  const char *name = report->request.pipeline;
  if (!name) return ZC_OK;
  for (size_t i = 0; i < settings->n_pipelines; i++) {
    if (strcmp(settings->pipelines[i].name, name) != 0) continue;
    report->pipeline = &settings->pipelines[i];
    return ZC_OK;
  }
  return zc_error_set(error, ZC_ENOTFOUND, "no pipeline '%s'", name);
}

size_t zc_region_position(const zc_settings *settings, const char *name) {
  size_t i = 0;
  while (i < settings->n_regions && strcmp(settings->regions[i], name) != 0)
    i++;
  return i;
}

static int find_region(const zc_report *report, zc_error *error) {
  const zc_settings *settings = report->settings;
  const char *name = report->request.region;
  if (!name || zc_region_position(settings, name) < settings->n_regions) return ZC_OK;
  const char *near = zc_nearest(name, (const char *const *)settings->regions, settings->n_regions);
  return zc_error_set(error, ZC_ENOTFOUND, "no region '%s'%s%s%s", name,
                      near ? ": did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static void fill_in(zc_report *report) {
  zc_report_request *request = &report->request;
  if (request->days <= 0) request->days = report->answer->default_days;
  if (request->days > ZC_REPORT_DAYS_MAX) request->days = ZC_REPORT_DAYS_MAX;
  if (request->limit == 0) request->limit = DEFAULT_LIMIT;
  if (request->limit > ZC_REPORT_LIMIT_MAX) request->limit = ZC_REPORT_LIMIT_MAX;
}

static int begin(zc_report *report, zc_error *error) {
  int status = find_pipeline(report, error);
  if (status == ZC_OK) status = find_region(report, error);
  if (status != ZC_OK) return status;
  fill_in(report);
  status = report->answer->begin(report, error);
  if (status == ZC_ENOMEM) zc_error_set(error, status, "no memory for the report");
  return status;
}

int zc_report_create(const zc_settings *settings, const zc_report_request *request, zc_report **ret,
                     zc_error *error) {
  zc_report *report = calloc(1, sizeof *report);
  const zc_report_answer *answer = queries[request->query].answer;
  if (!report) return zc_error_set(error, ZC_ENOMEM, "no memory for the report");
  *report = (zc_report){.request = *request, .settings = settings, .answer = answer};
  report->state = calloc(1, answer->state_size);
  int status = report->state ? begin(report, error)
                             : zc_error_set(error, ZC_ENOMEM, "no memory for the report");
  if (status == ZC_OK)
    *ret = report;
  else
    zc_report_destroy(report);
  return status;
}

void zc_report_destroy(zc_report *report) {
  if (!report) return;
  if (report->answer->finish && report->state) report->answer->finish(report->state);
  for (size_t i = 0; i < report->n_ranges; i++) {
    free((char *)(uintptr_t)report->ranges[i].partition);
    free((char *)(uintptr_t)report->ranges[i].low);
    free((char *)(uintptr_t)report->ranges[i].high);
  }
  free(report->ranges);
  free(report->state);
  free(report);
}

/* ---- ranges ---- */

static const zc_table_index *find_index(const zc_table *table, const char *name) {
  for (uint32_t i = 0; name && i < table->n_indexes; i++) {
    if (strcmp(table->indexes[i].name, name) == 0) return &table->indexes[i];
  }
  return NULL;
}

static bool make_room(zc_report *report) {
  if (report->n_ranges < report->capacity) return true;
  size_t capacity = report->capacity ? report->capacity * 2 : 16;
  zc_table_range *ranges = reallocarray(report->ranges, capacity, sizeof *ranges);
  if (!ranges) return false;
  report->ranges = ranges;
  report->capacity = capacity;
  return true;
}

int zc_report_add_range(zc_report *report, int table, const char *index, const char *partition,
                        const char *low, const char *high, size_t *ret_range) {
  if (!make_room(report)) return ZC_ENOMEM;
  zc_table_range *range = &report->ranges[report->n_ranges];
  *range = (zc_table_range){.table = zc_tables[table],
                            .index = find_index(zc_tables[table], index),
                            .partition = zc_duplicate(partition),
                            .compare = low ? ZC_COMPARE_BETWEEN : ZC_COMPARE_NONE,
                            .low = zc_duplicate(low),
                            .high = zc_duplicate(high)};
  if (ret_range) *ret_range = report->n_ranges;
  report->n_ranges++; /* owned from here on */
  return range->partition && (!low || (range->low && range->high)) ? ZC_OK : ZC_ENOMEM;
}

/* The first whole second at or after an instant. */
static int64_t second_from(zc_time time) {
  return time / ZC_SECOND + (time % ZC_SECOND > 0);
}

int zc_report_add_span(zc_report *report, int table, const char *index, const char *partition,
                       zc_time from, zc_time to, size_t *ret_range) {
  char low[24], high[24];
  snprintf(low, sizeof low, "%" PRId64, second_from(from));
  snprintf(high, sizeof high, "%" PRId64, second_from(to) - 1);
  return zc_report_add_range(report, table, index, partition, low, high, ret_range);
}

int zc_report_add_today(zc_report *report, const char *pipeline, size_t *ret_range) {
  zc_time now = report->request.now;
  if (ret_range) *ret_range = ZC_NO_RANGE;
  if (zc_day_of(now) == now) return ZC_OK; /* it has just begun */
  return zc_report_add_span(report, ZC_TABLE_EXECUTIONS, "pipeline_name_index", pipeline,
                            zc_day_of(now), now, ret_range);
}

void zc_report_newest(zc_report *report, size_t limit) {
  zc_table_range *range = &report->ranges[report->n_ranges - 1];
  range->descending = true;
  range->limit = limit;
}

void zc_report_last_days(zc_report *report) {
  report->to = report->request.until ? report->request.until : report->request.now;
  report->from = zc_day_of(report->to - 1) - (report->request.days - 1) * ZC_DAY;
}

const zc_table_range *zc_report_ranges(const zc_report *report, size_t *ret_n) {
  *ret_n = report->n_ranges;
  return report->ranges;
}

/* ---- rows ---- */

int zc_report_take_item(zc_report *report, size_t range, const char *text, size_t length) {
  zc_json *item;
  int status = zc_json_parse(text, length, &item);
  if (status != ZC_OK) return status;
  status = report->answer->row(report, range, item);
  zc_json_free(item);
  return status;
}

int zc_report_row(zc_report *report, size_t range, const char *text, size_t length) {
  int status = report->answer->text ? report->answer->text(report, range, text, length)
                                    : zc_report_take_item(report, range, text, length);
  report->rows++;
  report->unreadable += status == ZC_EDATA;
  return status == ZC_EDATA ? ZC_OK : status;
}

/* ---- reading them from a sink ---- */

struct zc_report_read {
  zc_report *report;
  zc_table_read *read;
  zc_report_read_events events;
};

static int on_row(void *user, size_t range, const char *text, size_t length) {
  return zc_report_row(((zc_report_read *)user)->report, range, text, length);
}

static void on_done(void *user, int status, const char *message, const zc_table_counts *counts) {
  zc_report_read *reading = user;
  zc_report_read_events events = reading->events;
  free(reading);
  events.done(events.user, status, message, counts);
}

int zc_report_read_start(zc_report *report, zc_host_context *context, zc_instance *sink,
                         const zc_report_read_events *events, zc_report_read **ret) {
  zc_table_events table_events = {.row = on_row, .done = on_done};
  zc_report_read *reading = calloc(1, sizeof *reading);
  if (!reading) return ZC_ENOMEM;
  *reading = (zc_report_read){.report = report, .events = *events};
  table_events.user = reading;
  int status = zc_table_read_start(context, sink, report->ranges, report->n_ranges,
                                   report->request.now, &table_events, &reading->read);
  if (status == ZC_OK)
    *ret = reading;
  else
    free(reading);
  return status;
}

void zc_report_read_cancel(zc_report_read *reading) {
  if (!reading) return;
  zc_table_read_cancel(reading->read);
  free(reading);
}
