/* all.c - the questions that make a full report of a configuration. */
#include "core/base/time_text.h"
#include "core/report/report.h"
#include "core/report/span.h"

static bool has_teams(const zc_settings *settings) {
  for (size_t i = 0; i < settings->n_pipelines; i++) {
    if (settings->pipelines[i].team) return true;
  }
  return false;
}

/* The spans of days end with the month, or now, and do not begin before it. A month that is none,
 * or to come, is left to be refused. */
static void span_month(zc_report_request *request) {
  zc_time month;
  if (!request->month || !zc_period_parse(ZC_MONTHLY, request->month, &month)) return;
  zc_time end = zc_months_after(month, 1);
  if (end > request->now) end = request->now;
  int days = (int)((end - month + ZC_DAY - 1) / ZC_DAY);
  if (end <= month) return;
  request->until = end;
  if (request->days == 0 || request->days > days) request->days = days;
}

size_t zc_report_all(const zc_settings *settings, const zc_report_request *like,
                     zc_report_request ret[ZC_REPORT_DOCUMENTS]) {
  static const zc_report_query queries[] = {
      ZC_REPORT_MONTHLY,         ZC_REPORT_LEADERBOARD, ZC_REPORT_REGIONS, ZC_REPORT_OPTIMAL_TIMES,
      ZC_REPORT_OPTIMAL_REGIONS, ZC_REPORT_SAVINGS,     ZC_REPORT_FAILED};
  size_t n = 0;
  for (size_t i = 0; i < sizeof queries / sizeof *queries; i++) {
    ret[n] = (zc_report_request){.query = queries[i],
                                 .now = like->now,
                                 .days = like->days,
                                 .limit = like->limit,
                                 .month = like->month};
    span_month(&ret[n]);
    if (queries[i] == ZC_REPORT_LEADERBOARD) ret[n].key = like->month;
    n++;
    if (queries[i] != ZC_REPORT_LEADERBOARD || !has_teams(settings)) continue;
    ret[n] = ret[n - 1];
    ret[n++].teams = true;
  }
  return n;
}
