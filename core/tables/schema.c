#include "core/tables/schema.h"

#include <string.h>

#include "core/base/time_text.h"

#define DAY_S INT64_C(86400)

static const zc_table_index execution_indexes[] = {
    {"pipeline_name_index", "pipeline_name", "timestamp", 'S', 'N'},
    {"status_index", "status", "timestamp", 'S', 'N'},
    {"carbon_savings_index", "carbon_analysis.decision", "carbon_analysis.savings_g", 'S', 'N'},
    {"region_performance_index", "carbon_analysis.optimal_region", "timestamp", 'S', 'N'},
};

static const zc_table executions = {
    .size = sizeof executions,
    .n_indexes = sizeof execution_indexes / sizeof *execution_indexes,
    .primary = {"pipeline_executions", "execution_id", "timestamp", 'S', 'N'},
    .indexes = execution_indexes,
    .ttl_attribute = "ttl",
    .retention_s = 365 * DAY_S,
    .flags = ZC_TABLE_RECOVERABLE,
};

static const zc_table history = {
    .size = sizeof history,
    .primary = {"carbon_intensity_history", "region", "timestamp", 'S', 'N'},
    .ttl_attribute = "ttl",
    .retention_s = 30 * DAY_S,
};

static const zc_table analytics = {
    .size = sizeof analytics,
    .primary = {"pipeline_analytics", "pipeline_name", "date", 'S', 'S'},
    .ttl_attribute = "ttl",
    .retention_s = 365 * DAY_S,
    .flags = ZC_TABLE_RECOVERABLE,
};

static const zc_table insights = {
    .size = sizeof insights,
    .primary = {"regional_insights", "date", "hour", 'S', 'N'},
    .ttl_attribute = "ttl",
    .retention_s = 60 * DAY_S,
};

static const zc_table leaderboard = {
    .size = sizeof leaderboard,
    .primary = {"carbon_leaderboard", "period", "identifier", 'S', 'S'},
    .ttl_attribute = "ttl",
    .retention_s = 730 * DAY_S,
};

const zc_table *const zc_tables[ZC_TABLES] = {
    [ZC_TABLE_EXECUTIONS] = &executions,   [ZC_TABLE_HISTORY] = &history,
    [ZC_TABLE_ANALYTICS] = &analytics,     [ZC_TABLE_INSIGHTS] = &insights,
    [ZC_TABLE_LEADERBOARD] = &leaderboard,
};

const zc_table *zc_table_find(const char *name) {
  for (size_t i = 0; i < ZC_TABLES; i++) {
    if (strcmp(zc_tables[i]->primary.name, name) == 0) return zc_tables[i];
  }
  return NULL;
}

int64_t zc_table_ttl(const zc_table *table, zc_time row) {
  return row / ZC_SECOND - (row % ZC_SECOND < 0) + table->retention_s;
}
