/* schema.h - the five tables, declared once: keys, indexes, ttl, retention.
 *
 * The local file's schema, DynamoDB's tables, the IaC templates and the docs all come from here. */
#ifndef ZC_TABLES_SCHEMA_H
#define ZC_TABLES_SCHEMA_H

#include <zerocarb/plugin.h>

enum {
  ZC_TABLE_EXECUTIONS,
  ZC_TABLE_HISTORY,
  ZC_TABLE_ANALYTICS,
  ZC_TABLE_INSIGHTS,
  ZC_TABLE_LEADERBOARD,
  ZC_TABLES
};

/* The longest slot of a row of carbon_intensity_history: a longer one becomes a row a day, so that
 * a day before an instant holds all that reaches it. */
#define ZC_HISTORY_SLOT_MAX (INT64_C(24) * 3600 * 1000)

extern const zc_table *const zc_tables[ZC_TABLES];
const zc_table *zc_table_find(const char *name);
/* Epoch seconds: the row's time (ms) plus the table's retention. */
int64_t zc_table_ttl(const zc_table *table, zc_time row);

#endif
