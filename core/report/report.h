/* report.h - what people ask of the tables, answered as JSON documents (docs/REPORTS.md).
 *
 * A question is turned into key ranges of the tables (zc_report_create), fed with their rows in any
 * order of ranges (zc_report_row), and written (zc_report_write). Pure up to there: no I/O, and
 * `now` is part of the question. ask.h reads the rows from a sink. Sums are kept in whole
 * millionths, so that the order in which rows arrive changes no digit. */
#ifndef ZC_REPORT_REPORT_H
#define ZC_REPORT_REPORT_H

#include <stdbool.h>

#include "core/base/buffer.h"
#include "core/base/error.h"
#include "core/base/json.h"
#include "core/config/config.h"
#include "core/plugin/table_read.h"

#define ZC_REPORT_DAYS_MAX     366
#define ZC_REPORT_LIMIT_MAX    1000              /* rows of a list in a document */
#define ZC_REPORT_DOCUMENT_MAX ((size_t)8 << 20) /* bytes of one document */
#define ZC_REPORT_DOCUMENTS    16                /* of one answer */
#define ZC_WEEK_HOURS          168               /* from Monday 0:00 UTC on */

typedef enum {
  ZC_REPORT_PERFORMANCE,
  ZC_REPORT_TRENDS,
  ZC_REPORT_OPTIMAL_TIMES,
  ZC_REPORT_REGIONS,
  ZC_REPORT_MONTHLY,
  ZC_REPORT_RECOMMEND,
  ZC_REPORT_LEADERBOARD,
  ZC_REPORT_RUNS,
  ZC_REPORT_FAILED,
  ZC_REPORT_SAVINGS,
  ZC_REPORT_OPTIMAL_REGIONS,
  ZC_REPORT_QUERIES
} zc_report_query;

/* A question. Texts are borrowed until the report is destroyed; what a query does not use is
 * ignored. */
typedef struct {
  zc_report_query query;
  zc_time now;
  int days;             /* 0: the query's default */
  zc_time until;        /* where the days end; 0: now */
  size_t limit;         /* rows of the lists of executions; 0: 20 */
  const char *pipeline; /* performance, trends, runs; recommend: NULL for all */
  const char *region;   /* optimal-times: NULL for all */
  const char *status;   /* failed: NULL for FAILED, TIMED_OUT and UNKNOWN */
  const char *month;    /* monthly: "2025-12", NULL: the month of `now` */
  const char *period;   /* leaderboard: "daily", "weekly", "monthly" (NULL: that) … */
  const char *key;      /* … of "2025-12-14", "2025-W50", "2025-12"; NULL: the one of `now` */
  bool teams;           /* leaderboard: teams instead of pipelines */
  bool by_week;         /* trends */
} zc_report_request;

/* One answer: one JSON object. */
typedef struct {
  zc_report_query query;
  char *text;
  size_t length;
} zc_report_document;

typedef struct {
  zc_report_document items[ZC_REPORT_DOCUMENTS];
  size_t n;
} zc_report_documents;

typedef struct zc_report zc_report;

/* `settings` live as long. ZC_ENOTFOUND: no such pipeline or region, with a sentence; ZC_EINVAL: a
 * month or key that is none; ZC_ENOMEM. */
int zc_report_create(const zc_settings *settings, const zc_report_request *request, zc_report **ret,
                     zc_error *error);
void zc_report_destroy(zc_report *report); /* NULL is fine */

/* What has to be read: borrowed. */
const zc_table_range *zc_report_ranges(const zc_report *report, size_t *ret_n);
/* Takes a row of a range, those of one range in its order. One that cannot be read is counted and
 * passed over. ZC_ENOMEM. */
int zc_report_row(zc_report *report, size_t range, const char *text, size_t length);
/* recommend: takes what zc_engine_decide() wrote, with its why, for one pipeline. Decisions come in
 * the order in which they are to be told. */
int zc_report_decision(zc_report *report, const char *text, size_t length);
/* Appends the document. ZC_EDATA: it grew beyond ZC_REPORT_DOCUMENT_MAX; ZC_ENOMEM. */
int zc_report_write(const zc_report *report, zc_buffer *to);

/* Feeds the report from a sink that has been through its init; all on the loop, `done` once, never
 * inside start. The report lives until then. Status and message as zc_table_events' done. */
typedef struct zc_report_read zc_report_read;

typedef struct {
  void *user;
  void (*done)(void *user, int status, const char *message, const zc_table_counts *counts);
} zc_report_read_events;

int zc_report_read_start(zc_report *report, zc_host_context *context, zc_instance *sink,
                         const zc_report_read_events *events, zc_report_read **ret);
void zc_report_read_cancel(zc_report_read *reading); /* NULL is fine; no event comes any more */

/* The questions of `report all` at an instant; month, days and limit are taken from *like. With a
 * month all of them are of that month, as far as it is over. Gives how many, at most
 * ZC_REPORT_DOCUMENTS. */
size_t zc_report_all(const zc_settings *settings, const zc_report_request *like,
                     zc_report_request ret[ZC_REPORT_DOCUMENTS]);

void zc_report_documents_finish(zc_report_documents *documents);

/* "performance", "trends", "optimal-times" … */
const char *zc_report_name(zc_report_query query);

#endif
