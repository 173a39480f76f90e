/* grid.h - what all sources said of all regions, and the merge of it into one snapshot.
 *
 * Each source has a layer in each region. Later values replace earlier ones of the same layer where
 * they overlap; an observation beats a forecast for the same time. A snapshot merges the layers by
 * the config's order of sources: for each instant the first source with a fresh value wins.
 *
 * The newest observation of each source is held on from the end of its slot: for max_age, but only
 * until the first instant of which any source knows something. So it fills the one gap that begins
 * where its own slot ends, and never stands in behind a forecast. Held time counts for what starts
 * now or has started; to a window that starts later it is a gap (series.h).
 *
 * A static yearly average never enters the series: it stands beside it, as last resort.
 * Plain data: no I/O, no clock of its own. */
#ifndef ZC_MODEL_GRID_H
#define ZC_MODEL_GRID_H

#include <stdbool.h>

#include "core/model/series.h"

#define ZC_GRID_POINTS_MAX 20000 /* slots kept in one layer; the oldest go first */

typedef struct zc_grid zc_grid;
typedef struct zc_shared_series zc_shared_series;

/* One region as it is known at one moment. */
typedef struct {
  const char *name;
  zc_series grid;              /* grid intensity, merged; may be empty */
  double factor;               /* datacenter = grid x factor = (1 - renewable share) x PUE */
  double pue, renewable_share; /* 1 and 0 where nobody says */
  bool adjusted;               /* pue or renewable share came from a source */
  bool has_static;
  double static_grid; /* yearly average, gCO2eq/kWh, before the factor */
  uint32_t static_source, static_basis;
  zc_shared_series *shared; /* what `grid` belongs to, counted; the grid's own business */
} zc_region_view;

/* Immutable, counted. */
typedef struct {
  unsigned references;
  zc_time at;       /* made for this moment */
  uint64_t version; /* the grid's version that it shows */
  size_t n_regions;
  zc_region_view regions[];
} zc_snapshot;

/* names and max_age_ms (one per source: how long a forecast or held observation stays fresh) are
 * copied. ZC_ENOMEM. */
int zc_grid_create(const char *const *names, size_t n_regions, const int64_t *max_age_ms,
                   size_t n_sources, zc_grid **ret);
void zc_grid_destroy(zc_grid *grid); /* NULL is fine; snapshots live on */

/* Takes what a source emitted for a region: signal kind, basis and issued_at as there, but of grid
 * intensities issued_at must be set: the caller puts its `now` where it is 0. Points may come in
 * any order, doubled (the last wins) or overlapping (the later `from` cuts the one before).
 * `horizon`: slots that end before it are forgotten. ZC_EDATA where a point is not finite,
 * negative, has no length or lies outside the years 1..9999, has not exactly one kind, a PUE is
 * below 1 or a share above 1 (nothing is taken then, *ret_bad is its position); ZC_EINVAL for an
 * unknown region, source or signal kind, or without issued_at; ZC_ENOMEM. */
int zc_grid_put(zc_grid *grid, size_t region, size_t source, const zc_signal *signal,
                const zc_point *points, size_t n, size_t stride, zc_time horizon, size_t *ret_bad);

/* Takes over what another grid has from a source of a region, as if this one's source had said it;
 * there nothing is left of it. */
void zc_grid_carry(zc_grid *grid, size_t region, size_t source, zc_grid *from, size_t from_region,
                   size_t from_source);
/* From now on the version is one that the other grid never had. */
void zc_grid_follow(zc_grid *grid, const zc_grid *before);

/* Changes whenever a put changed what a snapshot would show. Not for identical values, though they
 * are fresh again: unless they had been left out for their age. */
uint64_t zc_grid_version(const zc_grid *grid);

/* The merge as of `now`. Only regions with new values, or of which a value has grown too old since,
 * are merged again; the others share their series with the snapshot before. Caller drops it.
 * ZC_ENOMEM. */
int zc_grid_snapshot(zc_grid *grid, zc_time now, zc_snapshot **ret);
zc_snapshot *zc_snapshot_hold(zc_snapshot *snapshot);
void zc_snapshot_drop(zc_snapshot *snapshot); /* NULL is fine */

/* What was observed or estimated of a region: of each instant by the first source that did so. No
 * forecast and nothing held. Caller finishes it. ZC_EINVAL for an unknown region, ZC_ENOMEM. */
int zc_grid_observed(const zc_grid *grid, size_t region, zc_series *ret);

/* Datacenter intensity of a region at an instant or over a window, gCO2eq/kWh; ZC_EDATA for gaps.
 * Never the static average. */
int zc_region_at(const zc_region_view *region, zc_time at, double *ret);
int zc_region_mean(const zc_region_view *region, zc_time from, zc_time to, double *ret);

#endif
