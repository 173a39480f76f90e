/* realised.h - what a run really emitted, and what it would have emitted had it started at once in
 * the default region: from what was observed over its real interval. Pure.
 *
 * Only slots that were measured or estimated count: no forecast, no held value, no yearly average.
 * Nothing is rounded here. Sums: docs/ARCHITECTURE.md; planned figures: decide.h. */
#ifndef ZC_MODEL_REALISED_H
#define ZC_MODEL_REALISED_H

#include "core/model/grid.h"
#include "core/model/workload.h"

/* What is known of one window, and the mean over that part of it. */
typedef struct {
  double mean; /* gCO2eq/kWh, as the slots have it; 0 where nothing is known */
  int64_t observed_ms, estimated_ms, missing_ms;
  uint32_t bases; /* 1 << ZC_BASIS_… of each slot that counts */
} zc_coverage;

/* Looks at [from, to): ms by kind, and the time-weighted mean of what is known. Held slots and
 * forecasts count as missing. to > from. O(log n + slots in the window). */
zc_coverage zc_series_coverage(const zc_series *series, zc_time from, zc_time to);
/* Shares of the whole window, 0..1; 0 for an empty one. */
double zc_coverage_known(const zc_coverage *coverage);

/* A region as it was observed. series NULL: it is not configured any more, nothing is known. */
typedef struct {
  const zc_series *series; /* grid intensity: zc_grid_observed() */
  double renewable_share, pue;
} zc_observed_region;

/* A run that has ended. */
typedef struct {
  zc_time requested_at, started_at, finished_at; /* started_at < finished_at */
  zc_workload workload;                          /* its duration is the planned one: not used */
  zc_energy_model energy;
} zc_ended_run;

/* Intensities are the datacenter's. The location's are without the renewable share. */
typedef struct {
  zc_ended_run run;
  zc_coverage ran, baseline; /* of the grid, not of the datacenter */
  bool complete;             /* nothing is missing in either window */
  double intensity, baseline_intensity;
  bool has_location; /* a renewable share is set for the region where it ran */
  double location_intensity;
} zc_realised;

/* Where it ran, over [started_at, finished_at), against the default region over [requested_at,
 * requested_at + what it really took). */
zc_realised zc_realise(const zc_ended_run *run, const zc_observed_region *ran_in,
                       const zc_observed_region *default_region);
/* Each window is known to half at least: below that a mean says too little. */
bool zc_realised_is_known(const zc_realised *realised);
/* The run's workload with the duration that it really had, in minutes to three decimals, as
 * records print it. */
zc_workload zc_realised_workload(const zc_realised *realised);

#endif
