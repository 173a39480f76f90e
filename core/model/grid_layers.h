/* grid_layers.h - the inside of a grid, for grid*.c only. */
#ifndef ZC_MODEL_GRID_LAYERS_H
#define ZC_MODEL_GRID_LAYERS_H

#include "core/model/grid.h"
#include "core/model/grid_slots.h"

struct zc_shared_series {
  unsigned references;
  zc_series series;
};

/* What one source said of one region. */
typedef struct {
  zc_slots observed, forecast; /* measured or estimated, and what was said of the future */
  bool left_out;               /* the last merge found forecast slots too old to use */
  bool has_pue, has_share, has_average;
  double pue, share, average;
  uint32_t average_basis;
} zc_layer;

typedef struct {
  zc_layer *layers;                /* one per source, in their order */
  zc_region_view view;             /* the last merge */
  bool changed;                    /* since then */
  zc_time merged_at, merged_until; /* it holds for a `now` in [merged_at, merged_until) */
} zc_grid_region;

struct zc_grid {
  size_t n_regions, n_sources;
  zc_grid_region *regions;
  zc_layer *layers;   /* of all regions */
  int64_t *max_age;   /* ms, per source */
  char *names;        /* all of them, each terminated */
  size_t names_size;  /* bytes */
  uint64_t version;   /* of what was put */
  zc_snapshot *shown; /* the last one made */
};

/* Makes region->view anew as of `now`. On ZC_ENOMEM it stays as it was. */
int zc_grid_merge(const zc_grid *grid, zc_grid_region *region, zc_time now);

zc_shared_series *zc_shared_series_hold(zc_shared_series *shared);
void zc_shared_series_drop(zc_shared_series *shared); /* NULL is fine */

#endif
