/* execution_item.h - items of pipeline_executions and carbon_intensity_history, as
 * docs/TABLES.md shows them. Rounding happens here, once. A record's sci_score and savings are
 * computed from the intensities as it prints them, so that a reader can recompute them from the
 * record alone. Figures that are not known are left out: never null, never 0. Times are in whole
 * seconds. Writers leave `to` as it was on failure: ZC_ENOMEM, ZC_EDATA (a figure is not finite, a
 * time outside the years 1..9999, too long). */
#ifndef ZC_TABLES_EXECUTION_ITEM_H
#define ZC_TABLES_EXECUTION_ITEM_H

#include "core/base/buffer.h"
#include "core/model/execution.h"
#include "core/model/realised.h"

#define ZC_ITEM_MAX ((size_t)390 * 1024) /* bytes; DynamoDB takes 400 KiB */

/* What a source contributed to a decision. */
typedef struct {
  const char *name;        /* the instance's */
  const uint32_t *regions; /* positions in the snapshot that it is configured for */
  size_t n_regions;
  const bool *delivered; /* per region: it gave a fresh value at the last round */
} zc_source_report;

/* All that the decision's blocks need. */
typedef struct {
  const zc_decide_request *request;
  const zc_snapshot *snapshot;
  const zc_decision *decision;
  const char *reason;
  const zc_source_report *sources;
  size_t n_sources;
  bool auto_trigger;
  double min_savings_defer, max_defer_hours, pipeline_timeout_minutes;
} zc_execution_facts;

/* Appends the members carbon_analysis, workload, regional_snapshot, data_sources and config; its
 * three flat index keys; data_quality (what the figures of the default and of the chosen region
 * stood on: source, origin, basis, age, fallback), schedule, and location_based where a renewable
 * share is set; without braces: zc_execution.record. */
int zc_execution_record_write(const zc_execution_facts *facts, zc_buffer *to);

/* Appends the member `realised`, without braces around it: zc_execution.realised. Its figures are
 * left out where zc_realised_is_known() says no. */
int zc_realised_write(const zc_realised *realised, zc_buffer *to);

/* Appends the whole item: keys, status, `record`, `realised`, wait, attempts, message, remote_id,
 * triggered_at, started_at, finished_at, resolved_at (those that there are), created_at, ttl,
 * output_tail. Where it would exceed ZC_ITEM_MAX, only the end of the tail is kept. */
int zc_execution_item_write(const zc_execution *execution, zc_buffer *to);

/* Appends one item of carbon_intensity_history for a slot of a region's series. `source`: the
 * instance's name ('_' is written as '-'). is_realtime is true for observed values only. */
int zc_history_item_write(const zc_region_view *region, const zc_slot *slot, const char *source,
                          zc_buffer *to);

#endif
