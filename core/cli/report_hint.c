/* report_hint.c - what to do where a report has found no rows. */
#include "core/base/time_text.h"
#include "core/cli/cli.h"
#include "core/cli/report_print.h"
#include "core/tables/schema.h"

/* The derived table that a query reads; -1: none. */
static int derived_table(zc_report_query query) {
  switch (query) {
  case ZC_REPORT_PERFORMANCE:
  case ZC_REPORT_MONTHLY:
    return ZC_TABLE_ANALYTICS;
  case ZC_REPORT_REGIONS:
    return ZC_TABLE_INSIGHTS;
  case ZC_REPORT_LEADERBOARD:
    return ZC_TABLE_LEADERBOARD;
  default:
    return -1;
  }
}

static bool time_at(const zc_json *json, const char *key, zc_time *ret) {
  const char *text = zc_json_get_text(json, key);
  return text && zc_time_parse(text, ret) == ZC_OK;
}

/* A rebuild is advised only where the table keeps rows of the span: a span that is empty, or gone
 * by, stays without. */
void zc_report_hint(zc_report_query query, const zc_json *json) {
  int table = derived_table(query);
  zc_time from, to, now;
  bool has_span = time_at(json, "from", &from) && time_at(json, "to", &to) &&
                  time_at(json, "generated_at", &now);
  if (table < 0 || !has_span) {
    zc_cli_message("no rows: the tables know nothing of this");
    return;
  }
  int64_t kept = zc_tables[table]->retention_s * ZC_SECOND;
  if (to <= now - kept)
    zc_cli_message("no rows: the tables know nothing of this: rows of %s are kept for %d days",
                   zc_tables[table]->primary.name, (int)(kept / ZC_DAY));
  else
    zc_cli_message(
        "no rows: the tables know nothing of this (they are made every rollups.every, the "
        "first time five minutes after the first start; where runs and intensities of "
        "this time are kept, `zerocarb tables rebuild` makes them at once)");
}
