#include "core/tables/rollup_hours.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/time_text.h"
#include "core/model/workload.h"
#include "core/tables/members.h"
#include "core/tables/rollup_period.h"
#include "core/tables/schema.h"

#define REGIONS_MAX 256
#define ITEM_MAX    ((size_t)64 * 1024)

int zc_rollup_hours_init(zc_rollup_hours *hours, zc_time from, size_t n_hours, size_t n_regions) {
  *hours = (zc_rollup_hours){.from = from, .n_hours = n_hours, .n_regions = n_regions};
  hours->cells = calloc(n_hours * n_regions + 1, sizeof *hours->cells);
  hours->pending = calloc(n_regions + 1, sizeof *hours->pending);
  hours->has_pending = calloc(n_regions + 1, sizeof *hours->has_pending);
  if (hours->cells && hours->pending && hours->has_pending) return ZC_OK;
  zc_rollup_hours_finish(hours);
  return ZC_ENOMEM;
}

void zc_rollup_hours_finish(zc_rollup_hours *hours) {
  free(hours->cells);
  free(hours->pending);
  free(hours->has_pending);
  memset(hours, 0, sizeof *hours);
}

/* ---- slots ---- */

static void spread(zc_rollup_hours *hours, size_t region, const zc_history_row *slot) {
  zc_time end = hours->from + (int64_t)hours->n_hours * ZC_HOUR;
  zc_time from = slot->from > hours->from ? slot->from : hours->from;
  zc_time to = slot->to < end ? slot->to : end;
  while (from < to) {
    size_t hour = (size_t)((from - hours->from) / ZC_HOUR);
    zc_time next = hours->from + ((int64_t)hour + 1) * ZC_HOUR, until = to < next ? to : next;
    zc_rollup_hour *cell = &hours->cells[hour * hours->n_regions + region];
    cell->weighted += slot->intensity * (until - from);
    cell->covered_ms += until - from;
    if (slot->realtime) cell->realtime_ms += until - from;
    cell->end = until;
    from = until;
  }
}

void zc_rollup_hours_add(zc_rollup_hours *hours, size_t region, const zc_history_row *row) {
  zc_history_row *pending = &hours->pending[region];
  if (hours->has_pending[region]) {
    if (pending->to > row->from) pending->to = row->from;
    spread(hours, region, pending);
  }
  *pending = *row;
  hours->has_pending[region] = true;
}

void zc_rollup_hours_end(zc_rollup_hours *hours) {
  for (size_t i = 0; i < hours->n_regions; i++) {
    if (hours->has_pending[i]) spread(hours, i, &hours->pending[i]);
    hours->has_pending[i] = false;
  }
}

static const zc_rollup_hour *cells_of(const zc_rollup_hours *hours, size_t hour) {
  return &hours->cells[hour * hours->n_regions];
}

bool zc_rollup_hours_known(const zc_rollup_hours *hours, size_t hour) {
  for (size_t i = 0; i < hours->n_regions; i++) {
    if (cells_of(hours, hour)[i].covered_ms > 0) return true;
  }
  return false;
}

/* ---- the item ---- */

typedef struct {
  size_t region;
  double mean; /* gCO2eq/kWh */
} ranked;

static int by_mean(const void *a, const void *b) {
  const ranked *left = a, *right = b;
  if (left->mean != right->mean) return left->mean < right->mean ? -1 : 1;
  return left->region < right->region ? -1 : 1;
}

static size_t rank(const zc_rollup_hours *hours, size_t hour, ranked *ret) {
  const zc_rollup_hour *cells = cells_of(hours, hour);
  size_t n = 0;
  for (size_t i = 0; i < hours->n_regions && n < REGIONS_MAX; i++) {
    if (cells[i].covered_ms == 0) continue;
    double covered = (double)cells[i].covered_ms * ZC_ROLLUP_INTENSITY;
    ret[n++] = (ranked){.region = i, .mean = (double)cells[i].weighted / covered};
  }
  qsort(ret, n, sizeof *ret, by_mean);
  return n;
}

static void write_rankings(const ranked *all, size_t n, char *const *names, zc_buffer *to) {
  zc_member_list(to, "rankings");
  for (size_t i = 0; i < n; i++) {
    zc_buffer_text(to, i ? ",{" : "{");
    zc_member_text(to, "region", names[all[i].region]);
    zc_member_rounded(to, "intensity", all[i].mean, ZC_INTENSITY_DECIMALS);
    zc_member_integer(to, "rank", (int64_t)i + 1);
    zc_buffer_char(to, '}');
  }
  zc_member_list_end(to);
}

/* In tenths, as it is printed, so that the percentage can be recomputed from the item. */
static int64_t tenths(double mean) {
  return (int64_t)(zc_round(mean, ZC_INTENSITY_DECIMALS) * ZC_ROLLUP_INTENSITY + 0.5);
}

/* 100 x (worst - best) / worst, cut to one decimal: never overstated. */
static void write_opportunities(const ranked *all, size_t n, char *const *names, double threshold,
                                zc_buffer *to) {
  int64_t best = tenths(all[0].mean), worst = tenths(all[n - 1].mean);
  zc_member_begin(to, "opportunities");
  if (worst > 0) {
    int64_t cut = 1000 * (worst - best) / worst; /* tenths of a percent */
    zc_member_number(to, "max_savings_percent", (double)cut / 10);
  }
  zc_member_text(to, "best_region", names[all[0].region]);
  zc_member_text(to, "worst_region", names[all[n - 1].region]);
  zc_member_list(to, "regions_below_threshold");
  for (size_t i = 0; i < n && all[i].mean <= threshold; i++)
    zc_member_item(to, names[all[i].region]);
  zc_member_list_end(to);
  zc_member_end(to);
}

/* A region counts as real-time where most of what is known of its hour was measured. Freshness: how
 * long before the hour's end the oldest region's data end. */
static void write_quality(const zc_rollup_hours *hours, size_t hour, zc_buffer *to) {
  const zc_rollup_hour *cells = cells_of(hours, hour);
  zc_time end = hours->from + ((int64_t)hour + 1) * ZC_HOUR, oldest = end;
  int64_t known = 0, realtime = 0;
  for (size_t i = 0; i < hours->n_regions; i++) {
    if (cells[i].covered_ms == 0) continue;
    known++;
    realtime += 2 * cells[i].realtime_ms > cells[i].covered_ms;
    if (cells[i].end < oldest) oldest = cells[i].end;
  }
  zc_member_begin(to, "data_quality");
  zc_member_integer(to, "regions_with_data", known);
  zc_member_integer(to, "realtime_sources", realtime);
  zc_member_integer(to, "estimated_sources", known - realtime);
  zc_member_integer(to, "data_freshness_minutes", (end - oldest) / ZC_MINUTE);
  zc_member_end(to);
}

int zc_insights_item_write(const zc_rollup_hours *hours, size_t hour, char *const *names,
                           double threshold, zc_buffer *to) {
  ranked all[REGIONS_MAX];
  char date[ZC_TIME_TEXT_SIZE] = "";
  zc_time begin = hours->from + (int64_t)hour * ZC_HOUR, day = zc_day_of(begin);
  size_t n = rank(hours, hour, all);
  zc_buffer own;
  if (n == 0) return ZC_ENOTFOUND;
  zc_buffer_init(&own, ITEM_MAX);
  zc_buffer_char(&own, '{');
  zc_date_format(day, date, sizeof date);
  zc_member_text(&own, "date", date);
  zc_member_integer(&own, "hour", (begin - day) / ZC_HOUR);
  write_rankings(all, n, names, &own);
  write_opportunities(all, n, names, threshold, &own);
  write_quality(hours, hour, &own);
  zc_member_time(&own, "created_at", begin);
  zc_member_integer(&own, "ttl", zc_table_ttl(zc_tables[ZC_TABLE_INSIGHTS], begin));
  zc_buffer_char(&own, '}');
  int status = own.status == ZC_OK ? zc_buffer_add(to, own.data, own.length) : own.status;
  zc_buffer_finish(&own);
  return status;
}
