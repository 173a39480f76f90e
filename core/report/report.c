#include "core/report/report.h"

#include <stdlib.h>

const char *zc_report_name(zc_report_query query) {
  static const char *const names[ZC_REPORT_QUERIES] = {
      [ZC_REPORT_PERFORMANCE] = "performance",
      [ZC_REPORT_TRENDS] = "trends",
      [ZC_REPORT_OPTIMAL_TIMES] = "optimal-times",
      [ZC_REPORT_REGIONS] = "regions",
      [ZC_REPORT_MONTHLY] = "monthly",
      [ZC_REPORT_RECOMMEND] = "recommend",
      [ZC_REPORT_LEADERBOARD] = "leaderboard",
      [ZC_REPORT_RUNS] = "runs",
      [ZC_REPORT_FAILED] = "failed",
      [ZC_REPORT_SAVINGS] = "savings",
      [ZC_REPORT_OPTIMAL_REGIONS] = "optimal-regions",
  };
  return names[query];
}

void zc_report_documents_finish(zc_report_documents *documents) {
  for (size_t i = 0; i < documents->n; i++)
    free(documents->items[i].text);
  *documents = (zc_report_documents){0};
}
