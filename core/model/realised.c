#include "core/model/realised.h"

#include "core/base/time_text.h"

#define KNOWN_AT_LEAST   0.5 /* of each window */
#define MINUTES_DECIMALS 3

/* The first slot that ends after `at`. */
static size_t first_ending_after(const zc_series *series, zc_time at) {
  size_t low = 0, high = series->n;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    if (series->slots[middle].to <= at)
      low = middle + 1;
    else
      high = middle;
  }
  return low;
}

static bool counts(const zc_slot *slot) {
  bool seen = slot->flags & (ZC_POINT_OBSERVED | ZC_POINT_ESTIMATED);
  return seen && !(slot->flags & ZC_POINT_HELD);
}

zc_coverage zc_series_coverage(const zc_series *series, zc_time from, zc_time to) {
  zc_coverage c = {.missing_ms = to - from};
  double sum = 0;
  for (size_t i = first_ending_after(series, from); i < series->n; i++) {
    const zc_slot *slot = &series->slots[i];
    if (slot->from >= to) break;
    if (!counts(slot)) continue;
    int64_t shared = (slot->to < to ? slot->to : to) - (slot->from > from ? slot->from : from);
    *(slot->flags & ZC_POINT_OBSERVED ? &c.observed_ms : &c.estimated_ms) += shared;
    c.missing_ms -= shared;
    c.bases |= 1u << (slot->basis <= ZC_BASIS_MARGINAL ? slot->basis : ZC_BASIS_UNKNOWN);
    sum += slot->value * (double)shared;
  }
  int64_t known = c.observed_ms + c.estimated_ms;
  if (known > 0) c.mean = sum / (double)known;
  return c;
}

double zc_coverage_known(const zc_coverage *coverage) {
  int64_t known = coverage->observed_ms + coverage->estimated_ms;
  int64_t whole = known + coverage->missing_ms;
  return whole > 0 ? (double)known / (double)whole : 0;
}

static zc_coverage cover(const zc_observed_region *region, zc_time from, zc_time to) {
  if (!region->series) return (zc_coverage){.missing_ms = to - from};
  return zc_series_coverage(region->series, from, to);
}

zc_realised zc_realise(const zc_ended_run *run, const zc_observed_region *ran_in,
                       const zc_observed_region *default_region) {
  int64_t took = run->finished_at - run->started_at;
  zc_realised r = {.run = *run};
  r.ran = cover(ran_in, run->started_at, run->finished_at);
  r.baseline = cover(default_region, run->requested_at, run->requested_at + took);
  r.complete = r.ran.missing_ms == 0 && r.baseline.missing_ms == 0;
  r.intensity = zc_datacenter_intensity(r.ran.mean, ran_in->renewable_share, ran_in->pue);
  r.baseline_intensity = zc_datacenter_intensity(r.baseline.mean, default_region->renewable_share,
                                                 default_region->pue);
  r.has_location = ran_in->renewable_share > 0;
  r.location_intensity = zc_datacenter_intensity(r.ran.mean, 0, ran_in->pue);
  return r;
}

bool zc_realised_is_known(const zc_realised *realised) {
  return zc_coverage_known(&realised->ran) >= KNOWN_AT_LEAST &&
         zc_coverage_known(&realised->baseline) >= KNOWN_AT_LEAST;
}

zc_workload zc_realised_workload(const zc_realised *realised) {
  const zc_ended_run *run = &realised->run;
  zc_workload workload = run->workload;
  double minutes = (double)(run->finished_at - run->started_at) / (double)ZC_MINUTE;
  workload.duration_minutes = zc_round(minutes, MINUTES_DECIMALS);
  return workload;
}
