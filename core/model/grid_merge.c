/* From the layers of one region to what a snapshot shows of it. */
#include <stdlib.h>

#include "core/base/time_text.h"
#include "core/model/grid_layers.h"
#include "core/model/workload.h"

zc_shared_series *zc_shared_series_hold(zc_shared_series *shared) {
  shared->references++;
  return shared;
}

void zc_shared_series_drop(zc_shared_series *shared) {
  if (!shared || --shared->references > 0) return;
  zc_series_finish(&shared->series);
  free(shared);
}

/* A merge under way. */
typedef struct {
  zc_time now, until; /* until: when its result stops being right */
  zc_slots merged;    /* of the sources so far */
  zc_slots fresh, own, spare;
} merge;

static void merge_finish(merge *m) {
  zc_slots_finish(&m->merged);
  zc_slots_finish(&m->fresh);
  zc_slots_finish(&m->own);
  zc_slots_finish(&m->spare);
}

static void holds_until(merge *m, zc_time moment) {
  if (moment < m->until) m->until = moment;
}

/* Fills the gaps of what is merged so far. */
static int fill_gaps(merge *m, const zc_slots *with) {
  if (zc_slots_overlay(&m->merged, with, &m->spare) != ZC_OK) return ZC_ENOMEM;
  zc_slots merged = m->spare;
  m->spare = m->merged;
  m->merged = merged;
  return ZC_OK;
}

/* The layer's forecast slots that are young enough, into m->fresh. */
static int select_fresh(merge *m, zc_layer *layer, int64_t max_age) {
  const zc_slots *forecast = &layer->forecast;
  if (zc_slots_reserve(&m->fresh, forecast->n) != ZC_OK) return ZC_ENOMEM;
  m->fresh.n = 0;
  for (size_t i = 0; i < forecast->n; i++) {
    zc_time last = forecast->items[i].issued_at + max_age;
    if (last < m->now) continue;
    m->fresh.items[m->fresh.n++] = forecast->items[i];
    holds_until(m, last + 1);
  }
  layer->left_out = m->fresh.n < forecast->n;
  return ZC_OK;
}

static int merge_real(merge *m, zc_layer *layer, int64_t max_age) {
  if (layer->observed.n == 0 && layer->forecast.n == 0) return ZC_OK;
  if (select_fresh(m, layer, max_age) != ZC_OK) return ZC_ENOMEM;
  if (zc_slots_overlay(&layer->observed, &m->fresh, &m->own) != ZC_OK) return ZC_ENOMEM;
  return fill_gaps(m, &m->own);
}

/* Where the first slot begins that is not held and ends after `at`. */
static zc_time next_real(const merge *m, zc_time at) {
  for (size_t i = 0; i < m->merged.n; i++) {
    const zc_slot *slot = &m->merged.items[i];
    if (slot->to > at && !(slot->flags & ZC_POINT_HELD)) return slot->from;
  }
  return ZC_TIME_MAX;
}

/* The newest observation that has begun, held on past its end: at most until anything else is
 * known. What comes after that is no gap that it could fill. */
static int merge_held(merge *m, const zc_layer *layer, int64_t max_age) {
  size_t i = layer->observed.n;
  while (i > 0 && layer->observed.items[i - 1].from > m->now)
    holds_until(m, layer->observed.items[--i].from);
  if (i == 0) return ZC_OK;
  zc_slot held = layer->observed.items[i - 1];
  held.from = held.to;
  held.to = max_age < ZC_TIME_MAX - held.from ? held.from + max_age : ZC_TIME_MAX;
  held.flags = ZC_POINT_HELD | ZC_POINT_ESTIMATED;
  zc_time next = next_real(m, held.from);
  if (held.to > next) held.to = next;
  return fill_gaps(m, &(zc_slots){.items = &held, .n = held.from < held.to});
}

static int merge_series(merge *m, const zc_grid *grid, const zc_grid_region *region,
                        zc_shared_series **ret) {
  int status = ZC_OK;
  for (size_t i = 0; i < grid->n_sources && status == ZC_OK; i++)
    status = merge_real(m, &region->layers[i], grid->max_age[i]);
  for (size_t i = 0; i < grid->n_sources && status == ZC_OK; i++)
    status = merge_held(m, &region->layers[i], grid->max_age[i]);
  if (status != ZC_OK) return status;
  zc_shared_series *shared = calloc(1, sizeof *shared);
  if (!shared) return ZC_ENOMEM;
  shared->references = 1;
  status = zc_series_init(&shared->series, m->merged.items, m->merged.n);
  if (status != ZC_OK)
    free(shared);
  else
    *ret = shared;
  return status;
}

/* What is one number and no series: of each the first source that gives it. */
static void merge_constants(const zc_grid *grid, const zc_grid_region *region,
                            zc_region_view *view) {
  view->pue = 1;
  for (size_t i = grid->n_sources; i-- > 0;) {
    const zc_layer *layer = &region->layers[i];
    if (layer->has_pue) view->pue = layer->pue;
    if (layer->has_share) view->renewable_share = layer->share;
    view->adjusted = view->adjusted || layer->has_pue || layer->has_share;
    if (!layer->has_average) continue;
    view->has_static = true;
    view->static_grid = layer->average;
    view->static_basis = layer->average_basis;
    view->static_source = (uint32_t)i;
  }
  view->factor = zc_datacenter_intensity(1, view->renewable_share, view->pue);
}

int zc_grid_merge(const zc_grid *grid, zc_grid_region *region, zc_time now) {
  merge m = {.now = now, .until = INT64_MAX};
  zc_region_view view = {.name = region->view.name};
  int status = merge_series(&m, grid, region, &view.shared);
  if (status == ZC_OK) {
    view.grid = view.shared->series;
    merge_constants(grid, region, &view);
    zc_shared_series_drop(region->view.shared);
    region->view = view;
    region->merged_at = now;
    region->merged_until = m.until;
    region->changed = false;
  }
  merge_finish(&m);
  return status;
}

int zc_grid_observed(const zc_grid *grid, size_t region, zc_series *ret) {
  merge m = {.until = INT64_MAX};
  int status = region < grid->n_regions ? ZC_OK : ZC_EINVAL;
  for (size_t i = 0; i < grid->n_sources && status == ZC_OK; i++)
    status = fill_gaps(&m, &grid->regions[region].layers[i].observed);
  if (status == ZC_OK) status = zc_series_init(ret, m.merged.items, m.merged.n);
  merge_finish(&m);
  return status;
}
