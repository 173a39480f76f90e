/* series.h - carbon intensity of one region over time.
 *
 * A series holds half-open slots [from, to) in ascending order that never overlap. Gaps are allowed
 * and known: a window that meets one has no mean. Plain data: no I/O, no clock. */
#ifndef ZC_MODEL_SERIES_H
#define ZC_MODEL_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zerocarb/plugin.h>

/* Beside ZC_POINT_OBSERVED … of plugin.h: a value that stands in beyond its own slot. */
#define ZC_POINT_HELD 0x100u

typedef struct {
  zc_time from, to;
  double value;      /* gCO2eq/kWh */
  uint32_t flags;    /* ZC_POINT_… */
  uint32_t index;    /* ZC_INDEX_…, the source's own word */
  uint32_t source;   /* position in the config's sources */
  uint32_t basis;    /* ZC_BASIS_… */
  zc_time issued_at; /* when the provider made it, or we fetched it */
} zc_slot;

typedef struct {
  zc_slot *slots;   /* one allocation with the other two */
  double *sums;     /* sums[i]: value x ms of slots 0..i-1; n + 1 of them */
  int64_t *covered; /* covered[i]: ms covered by slots 0..i-1; n + 1 of them */
  size_t n;
} zc_series;

/* Takes ownership of nothing: copies n slots that are ascending and do not overlap (ZC_EDATA
 * otherwise, also for values that are not finite). ZC_ENOMEM. An empty series is fine. */
int zc_series_init(zc_series *series, const zc_slot *slots, size_t n);
void zc_series_finish(zc_series *series);

/* Position of the slot that holds `at`, or -1 where none does. O(log n). */
ptrdiff_t zc_series_find(const zc_series *series, zc_time at);

/* Mean intensity over [from, to), gCO2eq/kWh, each slot weighted by the time that it shares with
 * the window. ZC_OK, ZC_EINVAL where to <= from, or ZC_EDATA where a gap lies inside. O(log n). */
int zc_series_mean(const zc_series *series, zc_time from, zc_time to, double *ret_mean);

/* Whether the window [from, to) shares time with a held slot. O(log n + slots in it). */
bool zc_series_is_held(const zc_series *series, zc_time from, zc_time to);

/* The start in [from, until] (both inclusive) of the window of `duration` ms with the least mean;
 * of equals (to 1e-10 of the value, at least 1e-10) the earliest. Exact: tests the starts at which
 * the window's start or end lies on a slot boundary, from and until. Windows with a gap inside do
 * not count, nor do those that touch a held slot, but for the one that starts at `from`: a held
 * value says something about now, nothing about later. `until` bounds the start, not the end.
 * ZC_EDATA where none counts, ZC_EINVAL where until < from or duration <= 0. O(log n + slots
 * between from and until + duration). */
int zc_series_best_window(const zc_series *series, zc_time from, zc_time until, int64_t duration,
                          zc_time *ret_start, double *ret_mean);

/* The first instant in [from, until] at which the value is known and <= limit; ZC_ENOTFOUND. A held
 * slot that begins after `from` does not count. */
int zc_series_first_at_most(const zc_series *series, double limit, zc_time from, zc_time until,
                            zc_time *ret_at);

#endif
