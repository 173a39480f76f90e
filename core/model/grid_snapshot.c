/* Snapshots of a grid, and what they tell of a region. */
#include <stdlib.h>
#include <string.h>

#include "core/model/grid_layers.h"

static bool needs_merge(const zc_grid_region *region, zc_time now) {
  return region->changed || now < region->merged_at || now >= region->merged_until;
}

/* Brings every region up to `now`. */
static int merge_regions(zc_grid *grid, zc_time now, bool *ret_merged) {
  *ret_merged = false;
  for (size_t i = 0; i < grid->n_regions; i++) {
    if (!needs_merge(&grid->regions[i], now)) continue;
    *ret_merged = true;
    int status = zc_grid_merge(grid, &grid->regions[i], now);
    if (status != ZC_OK) return status;
  }
  return ZC_OK;
}

/* One block: the snapshot, its regions, and their names, so that it outlives the grid. */
static zc_snapshot *make_snapshot(const zc_grid *grid, zc_time now) {
  size_t size = sizeof(zc_snapshot) + grid->n_regions * sizeof(zc_region_view);
  zc_snapshot *snapshot = malloc(size + grid->names_size);
  if (!snapshot) return NULL;
  char *names = (char *)snapshot + size;
  memcpy(names, grid->names, grid->names_size);
  snapshot->references = 1;
  snapshot->at = now;
  snapshot->version = grid->version;
  snapshot->n_regions = grid->n_regions;
  for (size_t i = 0; i < grid->n_regions; i++) {
    zc_region_view *view = &snapshot->regions[i];
    *view = grid->regions[i].view;
    view->name = names + (view->name - grid->names);
    zc_shared_series_hold(view->shared);
  }
  return snapshot;
}

int zc_grid_snapshot(zc_grid *grid, zc_time now, zc_snapshot **ret) {
  bool merged;
  int status = merge_regions(grid, now, &merged);
  if (status != ZC_OK) return status;
  if (!grid->shown || merged || grid->shown->at != now || grid->shown->version != grid->version) {
    zc_snapshot *made = make_snapshot(grid, now);
    if (!made) return ZC_ENOMEM;
    zc_snapshot_drop(grid->shown);
    grid->shown = made;
  }
  *ret = zc_snapshot_hold(grid->shown);
  return ZC_OK;
}

zc_snapshot *zc_snapshot_hold(zc_snapshot *snapshot) {
  snapshot->references++;
  return snapshot;
}

void zc_snapshot_drop(zc_snapshot *snapshot) {
  if (!snapshot || --snapshot->references > 0) return;
  for (size_t i = 0; i < snapshot->n_regions; i++)
    zc_shared_series_drop(snapshot->regions[i].shared);
  free(snapshot);
}

int zc_region_at(const zc_region_view *region, zc_time at, double *ret) {
  ptrdiff_t i = zc_series_find(&region->grid, at);
  if (i < 0) return ZC_EDATA;
  *ret = region->grid.slots[i].value * region->factor;
  return ZC_OK;
}

int zc_region_mean(const zc_region_view *region, zc_time from, zc_time to, double *ret) {
  double mean;
  int status = zc_series_mean(&region->grid, from, to, &mean);
  if (status == ZC_OK) *ret = mean * region->factor;
  return status;
}
