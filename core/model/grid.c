#include "core/model/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/time_text.h"
#include "core/model/grid_layers.h"

/* ---- making ---- */

static int copy_names(zc_grid *grid, const char *const *names) {
  for (size_t i = 0; i < grid->n_regions; i++)
    grid->names_size += strlen(names[i]) + 1;
  grid->names = malloc(grid->names_size + 1);
  if (!grid->names) return ZC_ENOMEM;
  char *at = grid->names;
  for (size_t i = 0; i < grid->n_regions; i++) {
    size_t size = strlen(names[i]) + 1;
    grid->regions[i].view.name = memcpy(at, names[i], size);
    at += size;
  }
  return ZC_OK;
}

static int64_t bounded_age(int64_t max_age) {
  if (max_age < 0) return 0;
  return max_age < ZC_TIME_MAX ? max_age : ZC_TIME_MAX;
}

static int grid_init(zc_grid *grid, const char *const *names, const int64_t *max_age_ms) {
  grid->regions = calloc(grid->n_regions + 1, sizeof *grid->regions);
  grid->layers = calloc(grid->n_regions * grid->n_sources + 1, sizeof *grid->layers);
  grid->max_age = calloc(grid->n_sources + 1, sizeof *grid->max_age);
  if (!grid->regions || !grid->layers || !grid->max_age) return ZC_ENOMEM;
  for (size_t i = 0; i < grid->n_sources; i++)
    grid->max_age[i] = bounded_age(max_age_ms[i]);
  for (size_t i = 0; i < grid->n_regions; i++) {
    grid->regions[i].layers = grid->layers + i * grid->n_sources;
    grid->regions[i].changed = true;
  }
  return copy_names(grid, names);
}

int zc_grid_create(const char *const *names, size_t n_regions, const int64_t *max_age_ms,
                   size_t n_sources, zc_grid **ret) {
  zc_grid *grid = calloc(1, sizeof *grid);
  if (!grid) return ZC_ENOMEM;
  grid->n_regions = n_regions;
  grid->n_sources = n_sources;
  if (grid_init(grid, names, max_age_ms) != ZC_OK) {
    zc_grid_destroy(grid);
    return ZC_ENOMEM;
  }
  *ret = grid;
  return ZC_OK;
}

void zc_grid_destroy(zc_grid *grid) {
  if (!grid) return;
  zc_snapshot_drop(grid->shown);
  for (size_t i = 0; grid->regions && i < grid->n_regions; i++)
    zc_shared_series_drop(grid->regions[i].view.shared);
  for (size_t i = 0; grid->layers && i < grid->n_regions * grid->n_sources; i++) {
    zc_slots_finish(&grid->layers[i].observed);
    zc_slots_finish(&grid->layers[i].forecast);
  }
  free(grid->names);
  free(grid->max_age);
  free(grid->layers);
  free(grid->regions);
  free(grid);
}

uint64_t zc_grid_version(const zc_grid *grid) {
  return grid->version;
}

/* ---- taking over ---- */

static void carry_slots(zc_slots *to, zc_slots *from, size_t source) {
  zc_slots_finish(to);
  *to = *from;
  *from = (zc_slots){0};
  for (size_t i = 0; i < to->n; i++)
    to->items[i].source = (uint32_t)source;
}

void zc_grid_carry(zc_grid *grid, size_t region, size_t source, zc_grid *from, size_t from_region,
                   size_t from_source) {
  zc_layer *to = &grid->regions[region].layers[source];
  zc_layer *old = &from->regions[from_region].layers[from_source];
  carry_slots(&to->observed, &old->observed, source);
  carry_slots(&to->forecast, &old->forecast, source);
  zc_slots observed = to->observed, forecast = to->forecast;
  *to = *old;
  to->observed = observed;
  to->forecast = forecast;
  *old = (zc_layer){0};
  grid->regions[region].changed = true;
  from->regions[from_region].changed = true;
  grid->version++;
}

void zc_grid_follow(zc_grid *grid, const zc_grid *before) {
  grid->version += before->version + 1;
}

/* ---- taking points ---- */

/* What of a put all its parts need. */
typedef struct {
  zc_grid *grid;
  zc_grid_region *region;
  zc_layer *layer;
  size_t source;
  const zc_signal *signal;
  const unsigned char *points;
  size_t n, stride;
  zc_time horizon;
} put;

#define KINDS (ZC_POINT_OBSERVED | ZC_POINT_ESTIMATED | ZC_POINT_FORECAST | ZC_POINT_STATIC)

/* Points may be longer than ours, and lie anywhere. */
static zc_point point_at(const put *p, size_t i) {
  zc_point point;
  memcpy(&point, p->points + i * p->stride, sizeof point);
  return point;
}

static bool is_intensity(const zc_point *point) {
  switch (point->flags & KINDS) {
  case ZC_POINT_STATIC:
    return true;
  case ZC_POINT_OBSERVED:
  case ZC_POINT_ESTIMATED:
  case ZC_POINT_FORECAST:
    return point->from < point->to && point->from >= ZC_TIME_MIN && point->to <= ZC_TIME_MAX;
  default:
    return false;
  }
}

static bool is_good(uint32_t kind, const zc_point *point) {
  if (!isfinite(point->value) || point->value < 0) return false;
  if (kind == ZC_PUE) return point->value >= 1;
  if (kind == ZC_RENEWABLE_SHARE) return point->value <= 1;
  return is_intensity(point);
}

static int check(const put *p, size_t *ret_bad) {
  for (size_t i = 0; i < p->n; i++) {
    zc_point point = point_at(p, i);
    if (is_good(p->signal->kind, &point)) continue;
    if (ret_bad) *ret_bad = i;
    return ZC_EDATA;
  }
  return ZC_OK;
}

static void note_change(const put *p) {
  p->region->changed = true;
  p->grid->version++;
}

static void take_number(const put *p, double value, bool *has, double *number) {
  bool same = *has && !(*number < value) && !(*number > value);
  *has = true;
  *number = value;
  if (!same) note_change(p);
}

static void take_average(const put *p, double value) {
  zc_layer *layer = p->layer;
  bool same_basis = layer->average_basis == p->signal->basis;
  layer->average_basis = p->signal->basis;
  take_number(p, value, &layer->has_average, &layer->average);
  if (!same_basis) note_change(p);
}

/* A slot made of a point: the caller has checked it. */
static zc_slot slot_of(const put *p, const zc_point *point) {
  return (zc_slot){
      .from = point->from,
      .to = point->to,
      .value = point->value,
      .flags = point->flags & KINDS,
      .index = point->index <= ZC_INDEX_VERY_HIGH ? point->index : ZC_INDEX_NONE,
      .source = (uint32_t)p->source,
      .basis = p->signal->basis,
      .issued_at = p->signal->issued_at,
  };
}

/* The points of the kinds wanted, as a list. */
static int gather(const put *p, uint32_t kinds, zc_slots *ret) {
  for (size_t i = 0; i < p->n; i++) {
    zc_point point = point_at(p, i);
    if (!(point.flags & kinds) || point.to <= p->horizon) continue;
    if (ret->n == 0 && zc_slots_reserve(ret, p->n) != ZC_OK) return ZC_ENOMEM;
    ret->items[ret->n++] = slot_of(p, &point);
  }
  return zc_slots_order(ret);
}

/* Values that are the same again are no change, but where forecast slots had been too old to be
 * shown, new dates bring them back. */
static int take_slots(const put *p, uint32_t kinds, zc_slots *kept) {
  bool dates_count = kept == &p->layer->forecast && p->layer->left_out;
  zc_slots given = {0}, made = {0};
  int status = gather(p, kinds, &given);
  if (status == ZC_OK && given.n > 0) status = zc_slots_overlay(&given, kept, &made);
  if (status == ZC_OK && given.n > 0) {
    zc_slots_trim(kept, p->horizon, ZC_GRID_POINTS_MAX);
    zc_slots_trim(&made, p->horizon, ZC_GRID_POINTS_MAX);
    if (!zc_slots_equal(kept, &made, true)) p->region->changed = true;
    if (!zc_slots_equal(kept, &made, dates_count)) p->grid->version++;
    zc_slots_finish(kept);
    *kept = made;
    made = (zc_slots){0};
  }
  zc_slots_finish(&given);
  zc_slots_finish(&made);
  return status;
}

/* The last point of the kinds wanted, or none. */
static bool last_point(const put *p, uint32_t kinds, zc_point *ret) {
  for (size_t i = p->n; i-- > 0;) {
    *ret = point_at(p, i);
    if (kinds == 0 || ret->flags & kinds) return true;
  }
  return false;
}

static int take_intensities(const put *p) {
  zc_point average;
  if (last_point(p, ZC_POINT_STATIC, &average)) take_average(p, average.value);
  int status = take_slots(p, ZC_POINT_OBSERVED | ZC_POINT_ESTIMATED, &p->layer->observed);
  if (status != ZC_OK) return status;
  return take_slots(p, ZC_POINT_FORECAST, &p->layer->forecast);
}

static int take(const put *p) {
  zc_layer *layer = p->layer;
  zc_point last;
  if (p->signal->kind == ZC_GRID_INTENSITY) return take_intensities(p);
  if (!last_point(p, 0, &last)) return ZC_OK;
  if (p->signal->kind == ZC_PUE)
    take_number(p, last.value, &layer->has_pue, &layer->pue);
  else
    take_number(p, last.value, &layer->has_share, &layer->share);
  return ZC_OK;
}

static bool is_signal(const zc_signal *signal) {
  if (signal->kind == ZC_PUE || signal->kind == ZC_RENEWABLE_SHARE) return true;
  return signal->kind == ZC_GRID_INTENSITY && signal->issued_at != 0 &&
         signal->issued_at >= ZC_TIME_MIN && signal->issued_at <= ZC_TIME_MAX;
}

int zc_grid_put(zc_grid *grid, size_t region, size_t source, const zc_signal *signal,
                const zc_point *points, size_t n, size_t stride, zc_time horizon, size_t *ret_bad) {
  if (region >= grid->n_regions || source >= grid->n_sources || !is_signal(signal) ||
      stride < sizeof(zc_point)) {
    return ZC_EINVAL;
  }
  zc_grid_region *r = &grid->regions[region];
  put p = {grid,   r,      &r->layers[source], source, signal, (const unsigned char *)points, n,
           stride, horizon};
  int status = check(&p, ret_bad);
  return status == ZC_OK ? take(&p) : status;
}
