/* all.c - the questions that make a full report of a configuration. */
#include "core/report/report.h"

static bool has_teams(const zc_settings *settings) {
  for (size_t i = 0; i < settings->n_pipelines; i++) {
    if (settings->pipelines[i].team) return true;
  }
  return false;
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
    if (queries[i] == ZC_REPORT_LEADERBOARD) ret[n].key = like->month;
    n++;
    if (queries[i] != ZC_REPORT_LEADERBOARD || !has_teams(settings)) continue;
    ret[n] = ret[n - 1];
    ret[n++].teams = true;
  }
  return n;
}
