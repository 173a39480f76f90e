/* item_world.h - a snapshot, a request and a decision made by hand, for the tests of items. */
#ifndef ZC_TABLES_ITEM_WORLD_H
#define ZC_TABLES_ITEM_WORLD_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/time_text.h"
#include "core/tables/execution_item.h"

#define ZC_WORLD_REGIONS 6
#define ZC_WORLD_NOW     INT64_C(1702551000000) /* 2023-12-14T10:50:00Z */

typedef struct {
  zc_snapshot *snapshot;
  zc_decide_request request;
  zc_decision decision;
  zc_source_report sources[3];
  uint32_t positions[ZC_WORLD_REGIONS];
  bool delivered[ZC_WORLD_REGIONS];
  uint32_t source_regions[ZC_WORLD_REGIONS];
  bool always;
  zc_execution_facts facts;
} zc_world;

/* Gives a region one slot of an hour and a half around now. */
static inline void zc_world_slot(zc_world *w, size_t region, double grid, uint32_t flags,
                                 uint32_t source) {
  const zc_slot slot = {.from = ZC_WORLD_NOW - 20 * ZC_MINUTE,
                        .to = ZC_WORLD_NOW + 70 * ZC_MINUTE,
                        .value = grid,
                        .flags = flags,
                        .source = source,
                        .basis = ZC_BASIS_OPERATIONAL,
                        .issued_at = ZC_WORLD_NOW - 5 * ZC_MINUTE - 1};
  zc_series_finish(&w->snapshot->regions[region].grid);
  if (zc_series_init(&w->snapshot->regions[region].grid, &slot, 1) != ZC_OK) abort();
}

/* The published example's world: eu-west-2 from the UK's source, the others from Electricity Maps;
 * RUN_NOW in eu-west-2. */
static inline void zc_world_init(zc_world *w) {
  static const char *const names[] = {"eu-north-1",   "eu-west-2", "eu-west-3",
                                      "eu-central-2", "eu-west-1", "eu-central-1"};
  static const double grids[] = {16, 71, 26, 26, 143, 257};
  static const uint32_t fetched[] = {0, 2, 4, 5, 3};
  memset(w, 0, sizeof *w);
  w->snapshot = calloc(1, sizeof *w->snapshot + ZC_WORLD_REGIONS * sizeof(zc_region_view));
  if (!w->snapshot) abort();
  w->snapshot->n_regions = ZC_WORLD_REGIONS;
  for (size_t i = 0; i < ZC_WORLD_REGIONS; i++) {
    w->snapshot->regions[i] = (zc_region_view){.name = names[i], .factor = 1, .pue = 1};
    zc_world_slot(w, i, grids[i], ZC_POINT_OBSERVED, i == 1 ? 0 : 1);
  }
  zc_region_view *home = &w->snapshot->regions[1];
  home->renewable_share = 0.8;
  home->pue = 1.135;
  home->factor = (1 - 0.8) * 1.135;
  w->always = true;
  memcpy(w->source_regions, fetched, sizeof fetched);
  for (size_t i = 0; i < 5; i++) {
    w->delivered[i] = true;
  }
  w->positions[0] = 1;
  w->positions[1] = 0;
  w->positions[2] = 4;
  w->sources[0] = (zc_source_report){"uk_grid_eso", w->positions, 1, &w->always};
  w->sources[1] = (zc_source_report){"electricity_maps", w->source_regions, 5, w->delivered};
  w->request = (zc_decide_request){.requested_at = ZC_WORLD_NOW,
                                   .now = ZC_WORLD_NOW,
                                   .deadline = ZC_WORLD_NOW + 24 * ZC_HOUR,
                                   .regions = w->positions,
                                   .n_regions = 3,
                                   .workload = {40, 2, 3},
                                   .energy = {10, 0.000392, 1.135, 2.5},
                                   .min_savings_percent = 15};
  w->decision = (zc_decision){.action = ZC_RUN_NOW,
                              .start = ZC_WORLD_NOW,
                              .has_intensity = true,
                              .intensity = 71 * home->factor,
                              .has_baseline = true,
                              .baseline_intensity = 71 * home->factor};
  w->facts = (zc_execution_facts){.request = &w->request,
                                  .snapshot = w->snapshot,
                                  .decision = &w->decision,
                                  .reason = "Current region has acceptable carbon intensity",
                                  .sources = w->sources,
                                  .n_sources = 2,
                                  .auto_trigger = true,
                                  .min_savings_defer = 15,
                                  .max_defer_hours = 24,
                                  .pipeline_timeout_minutes = 30};
}

static inline void zc_world_finish(zc_world *w) {
  for (size_t i = 0; i < w->snapshot->n_regions; i++) {
    zc_series_finish(&w->snapshot->regions[i].grid);
  }
  free(w->snapshot);
}

#endif
