/* rollup_day.h - pipeline_analytics: the executions of one pipeline and day, added up.
 *
 * A run belongs to the UTC day in which it was requested. Rows may come in any order. */
#ifndef ZC_TABLES_ROLLUP_DAY_H
#define ZC_TABLES_ROLLUP_DAY_H

#include "core/base/buffer.h"
#include "core/tables/rollup_rows.h"

#define ZC_ROLLUP_NAMES_MAX 256 /* regions: those of the config, and those that have left it */

/* Names by position, the config's first: n_config of them, whose order decides between equal ones.
 * The others, in whatever order rows brought them, stand behind these by their texts. Owns its
 * texts. */
typedef struct {
  char *texts[ZC_ROLLUP_NAMES_MAX];
  size_t n, n_config;
} zc_rollup_names;

/* ZC_OK with *ret; ZC_ENOMEM; ZC_EDATA where there are too many. */
int zc_rollup_names_find(zc_rollup_names *names, const zc_span *name, uint32_t *ret);
void zc_rollup_names_finish(zc_rollup_names *names);

/* The runs of a day in one region. */
typedef struct {
  uint32_t region, runs;
  int64_t intensity; /* sum */
} zc_region_use;

/* The sum of some figures. */
typedef struct {
  int64_t sum;
  uint32_t n;
} zc_rollup_sum;

/* Zeroed to begin with. */
typedef struct {
  uint32_t total, successful, failed, ran, realised, optimized, actions[3];
  uint32_t deferred_ran, deferred_well;
  bool has_location;      /* the location-based emissions of a run differ */
  zc_rollup_sum location; /* location-based emissions, of runs where they do not differ the same */
  zc_rollup_sum emissions, savings, planned_savings, percent, duration, energy, wait;
  int64_t vcpu_hours, memory_hours;
  zc_region_use *regions;
  size_t n_regions;
} zc_rollup_day;

void zc_rollup_day_finish(zc_rollup_day *day);
/* ZC_OK; ZC_ENOMEM, ZC_EDATA: the regions' names, as above. */
int zc_rollup_day_add(zc_rollup_day *day, const zc_execution_row *row, zc_rollup_names *regions);

/* Appends the item. `date`: its midnight. updated_at is `now`, the day's last second at the latest,
 * so that a day that is over is written the same whenever that is. */
int zc_analytics_item_write(const char *pipeline, zc_time date, const zc_rollup_day *day,
                            const zc_rollup_names *regions, zc_time now, zc_buffer *to);

#endif
