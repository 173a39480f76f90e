/* rollup_rows.h - rows of the store as the roll-ups need them: few members, as whole numbers.
 *
 * Figures are kept in the last decimal that a record prints, so that sums are exact: they do not
 * depend on the order of the rows, nor on the store that they come from. */
#ifndef ZC_TABLES_ROLLUP_ROWS_H
#define ZC_TABLES_ROLLUP_ROWS_H

#include <stdbool.h>

#include "core/base/json_extract.h"
#include "core/model/execution.h"

#define ZC_NOT_KNOWN INT64_MIN

/* How many of the unit kept make one of the unit's name. */
enum {
  ZC_ROLLUP_GRAMS = 10000,
  ZC_ROLLUP_PERCENT = 100,
  ZC_ROLLUP_INTENSITY = 10,
  ZC_ROLLUP_ENERGY = 1000000, /* kWh */
  ZC_ROLLUP_HOURS = 1000000   /* of a vCPU, of a GB */
};

/* A row of pipeline_executions. Figures that are not known are ZC_NOT_KNOWN. */
typedef struct {
  zc_time requested_at;
  zc_execution_status status;
  zc_span pipeline, region; /* region: where it ran or runs; of the row's text */
  int action;               /* zc_action; -1: not decided */
  bool ran;                 /* it was started, and its end is known */
  bool realised;            /* emissions and savings are from what was observed */
  int64_t emissions, savings, planned_savings; /* g */
  int64_t location_emissions; /* g, without contracted renewable supply; known where it differs */
  int64_t savings_percent;
  int64_t intensity; /* mean over the run, of the datacenter; realised where known */
  int64_t duration_ms, wait_ms;
  int64_t energy, vcpu_hours, memory_hours;
} zc_execution_row;

/* Reads a row; what it points to is the text's. ZC_EDATA: no JSON, or no timestamp or status. */
int zc_execution_row_read(const char *text, size_t length, zc_execution_row *ret);

/* A row of carbon_intensity_history. */
typedef struct {
  zc_time from, to;  /* ZC_HISTORY_SLOT_MAX at most: what a longer row says beyond is left out */
  int64_t intensity; /* of the datacenter */
  bool realtime;
} zc_history_row;

int zc_history_row_read(const char *text, size_t length, zc_history_row *ret);

/* A row of pipeline_analytics: what longer periods are added up from. */
typedef struct {
  zc_time day;
  uint32_t ran, optimized;
  uint32_t unknown;           /* of those that ran: nothing is known of their emissions */
  int64_t emissions, savings; /* g; ZC_NOT_KNOWN: of none of those that ran */
} zc_analytics_row;

int zc_analytics_row_read(const char *text, size_t length, zc_analytics_row *ret);

#endif
