/* rollup_hours.h - regional_insights: the regions of one hour, ranked by what was observed.
 *
 * An hour's value is the time-weighted mean of the history's slots in it. A slot ends where the
 * next one of its region begins, should they overlap. */
#ifndef ZC_TABLES_ROLLUP_HOURS_H
#define ZC_TABLES_ROLLUP_HOURS_H

#include "core/base/buffer.h"
#include "core/tables/rollup_rows.h"

typedef struct {
  int64_t weighted; /* intensity x ms */
  int64_t covered_ms, realtime_ms;
  zc_time end; /* of the last slot in it */
} zc_rollup_hour;

typedef struct {
  zc_time from; /* the first hour's beginning */
  size_t n_hours, n_regions;
  zc_rollup_hour *cells;   /* n_regions an hour */
  zc_history_row *pending; /* one a region: its end is not known yet */
  bool *has_pending;
} zc_rollup_hours;

/* ZC_OK or ZC_ENOMEM. */
int zc_rollup_hours_init(zc_rollup_hours *hours, zc_time from, size_t n_hours, size_t n_regions);
void zc_rollup_hours_finish(zc_rollup_hours *hours);

/* The rows of a region in ascending order; those before `from` too that reach into it. */
void zc_rollup_hours_add(zc_rollup_hours *hours, size_t region, const zc_history_row *row);
/* After the last row. */
void zc_rollup_hours_end(zc_rollup_hours *hours);
/* Whether something is known of the hour. */
bool zc_rollup_hours_known(const zc_rollup_hours *hours, size_t hour);

/* Appends the item of an hour that is known. `names`: the regions in the config's order, which
 * decides ties. created_at is the hour's beginning. `threshold`: gCO2eq/kWh. */
int zc_insights_item_write(const zc_rollup_hours *hours, size_t hour, char *const *names,
                           double threshold, zc_buffer *to);

#endif
