#include "core/tables/rollup_day.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/time_text.h"
#include "core/tables/members.h"
#include "core/tables/schema.h"

/* ---- names ---- */

int zc_rollup_names_find(zc_rollup_names *names, const zc_span *name, uint32_t *ret) {
  for (size_t i = 0; i < names->n; i++) {
    const char *text = names->texts[i];
    if (strncmp(text, name->text, name->length) == 0 && !text[name->length]) {
      *ret = (uint32_t)i;
      return ZC_OK;
    }
  }
  if (names->n == ZC_ROLLUP_NAMES_MAX) return ZC_EDATA;
  char *copy = strndup(name->text, name->length);
  if (!copy) return ZC_ENOMEM;
  names->texts[names->n] = copy;
  *ret = (uint32_t)names->n++;
  return ZC_OK;
}

void zc_rollup_names_finish(zc_rollup_names *names) {
  for (size_t i = 0; i < names->n; i++)
    free(names->texts[i]);
  names->n = names->n_config = 0;
}

/* ---- adding up ---- */

void zc_rollup_day_finish(zc_rollup_day *day) {
  free(day->regions);
  memset(day, 0, sizeof *day);
}

static void add(zc_rollup_sum *to, int64_t figure) {
  if (figure == ZC_NOT_KNOWN) return;
  to->sum += figure;
  to->n++;
}

static int add_region(zc_rollup_day *day, uint32_t region, int64_t intensity) {
  size_t i = 0;
  while (i < day->n_regions && day->regions[i].region != region)
    i++;
  if (i == day->n_regions) {
    zc_region_use *grown = realloc(day->regions, (i + 1) * sizeof *grown);
    if (!grown) return ZC_ENOMEM;
    day->regions = grown;
    grown[day->n_regions++] = (zc_region_use){.region = region};
  }
  day->regions[i].intensity += intensity;
  day->regions[i].runs++;
  return ZC_OK;
}

static int add_use(zc_rollup_day *day, const zc_execution_row *row, zc_rollup_names *regions) {
  uint32_t region;
  if (row->intensity == ZC_NOT_KNOWN || !row->region.text) return ZC_OK;
  int status = zc_rollup_names_find(regions, &row->region, &region);
  return status == ZC_OK ? add_region(day, region, row->intensity) : status;
}

static void add_deferred(zc_rollup_day *day, const zc_execution_row *row) {
  add(&day->wait, row->wait_ms);
  if (!row->ran) return;
  day->deferred_ran++;
  day->deferred_well += row->status == ZC_SUCCESS && row->savings > 0;
}

static void add_location(zc_rollup_day *day, const zc_execution_row *row) {
  bool differs = row->location_emissions != ZC_NOT_KNOWN;
  day->has_location |= differs;
  add(&day->location, differs ? row->location_emissions : row->emissions);
}

static int add_run(zc_rollup_day *day, const zc_execution_row *row, zc_rollup_names *regions) {
  day->ran++;
  day->realised += row->realised;
  day->optimized += row->action > ZC_RUN_NOW && row->savings > 0;
  add(&day->emissions, row->emissions);
  add_location(day, row);
  add(&day->savings, row->savings);
  add(&day->planned_savings, row->planned_savings);
  add(&day->percent, row->savings_percent);
  add(&day->duration, row->duration_ms);
  add(&day->energy, row->energy);
  if (row->vcpu_hours != ZC_NOT_KNOWN) day->vcpu_hours += row->vcpu_hours;
  if (row->memory_hours != ZC_NOT_KNOWN) day->memory_hours += row->memory_hours;
  return add_use(day, row, regions);
}

int zc_rollup_day_add(zc_rollup_day *day, const zc_execution_row *row, zc_rollup_names *regions) {
  day->total++;
  day->successful += row->status == ZC_SUCCESS;
  day->failed += row->status == ZC_FAILED || row->status == ZC_TIMED_OUT;
  if (row->action >= 0) day->actions[row->action]++;
  if (row->action == ZC_DEFER) add_deferred(day, row);
  return row->ran ? add_run(day, row, regions) : ZC_OK;
}

/* ---- the item ---- */

#define ITEM_MAX       8192
#define TOTAL_DECIMALS 2 /* grams and hours in daily and longer tables */

static void write_total(zc_buffer *to, const char *key, const zc_rollup_sum *sum, int64_t scale,
                        int decimals) {
  if (sum->n > 0) zc_member_rounded(to, key, (double)sum->sum / (double)scale, decimals);
}

static void write_mean(zc_buffer *to, const char *key, const zc_rollup_sum *sum, int64_t scale,
                       int decimals) {
  if (sum->n == 0) return;
  zc_member_rounded(to, key, (double)sum->sum / ((double)scale * sum->n), decimals);
}

static void write_rate(zc_buffer *to, const char *key, uint32_t part, uint32_t whole) {
  if (whole > 0) zc_member_rounded(to, key, (double)part / whole, ZC_RATE_DECIMALS);
}

static void write_executions(const zc_rollup_day *day, zc_buffer *to) {
  zc_member_begin(to, "executions");
  zc_member_integer(to, "total", day->total);
  zc_member_integer(to, "successful", day->successful);
  zc_member_integer(to, "failed", day->failed);
  write_rate(to, "success_rate", day->successful, day->successful + day->failed);
  zc_member_integer(to, "ran", day->ran);
  zc_member_end(to);
}

static double mean_of(const zc_region_use *use) {
  return (double)use->intensity / use->runs;
}

static bool stands_before(const zc_rollup_names *names, uint32_t a, uint32_t b) {
  if (a < names->n_config || b < names->n_config) return a < b;
  return strcmp(names->texts[a], names->texts[b]) < 0;
}

/* Equal means: the first by the names' order. */
static const zc_region_use *extreme(const zc_rollup_day *day, const zc_rollup_names *names,
                                    bool dirtiest) {
  const zc_region_use *found = NULL;
  for (size_t i = 0; i < day->n_regions; i++) {
    const zc_region_use *use = &day->regions[i];
    double by = found ? mean_of(use) - mean_of(found) : 0;
    if (dirtiest) by = -by;
    bool first = found && by == 0 && stands_before(names, use->region, found->region);
    if (!found || by < 0 || first) found = use;
  }
  return found;
}

static void write_extreme(zc_buffer *to, const char *key, const zc_rollup_day *day,
                          const zc_rollup_names *regions, bool dirtiest) {
  const zc_region_use *use = extreme(day, regions, dirtiest);
  if (use) zc_member_text(to, key, regions->texts[use->region]);
}

static void write_carbon(const zc_rollup_day *day, const zc_rollup_names *regions, zc_buffer *to) {
  zc_member_begin(to, "carbon");
  write_total(to, "total_emissions_g", &day->emissions, ZC_ROLLUP_GRAMS, TOTAL_DECIMALS);
  write_mean(to, "avg_emissions_g", &day->emissions, ZC_ROLLUP_GRAMS, TOTAL_DECIMALS);
  write_total(to, "total_savings_g", &day->savings, ZC_ROLLUP_GRAMS, TOTAL_DECIMALS);
  write_mean(to, "avg_savings_percent", &day->percent, ZC_ROLLUP_PERCENT, ZC_PERCENT_DECIMALS);
  write_extreme(to, "cleanest_region_used", day, regions, false);
  write_extreme(to, "dirtiest_region_used", day, regions, true);
  write_total(to, "planned_savings_g", &day->planned_savings, ZC_ROLLUP_GRAMS, TOTAL_DECIMALS);
  zc_member_integer(to, "realised_executions", day->realised);
  uint32_t unknown = day->ran - day->emissions.n;
  if (unknown > 0) zc_member_integer(to, "unknown_executions", unknown);
  zc_member_end(to);
}

static void write_hours(zc_buffer *to, const char *key, int64_t hours) {
  zc_member_rounded(to, key, (double)hours / ZC_ROLLUP_HOURS, TOTAL_DECIMALS);
}

static void write_performance(const zc_rollup_day *day, zc_buffer *to) {
  zc_member_begin(to, "performance");
  write_mean(to, "avg_duration_minutes", &day->duration, ZC_MINUTE, TOTAL_DECIMALS);
  write_mean(to, "avg_energy_kwh", &day->energy, ZC_ROLLUP_ENERGY, ZC_ENERGY_DECIMALS);
  write_mean(to, "avg_sci_score", &day->emissions, ZC_ROLLUP_GRAMS, TOTAL_DECIMALS);
  write_hours(to, "total_vcpu_hours", day->vcpu_hours);
  write_hours(to, "total_memory_gb_hours", day->memory_hours);
  zc_member_end(to);
}

static void write_decisions(const zc_rollup_day *day, zc_buffer *to) {
  zc_member_begin(to, "decisions");
  zc_member_integer(to, "run_now", day->actions[ZC_RUN_NOW]);
  zc_member_integer(to, "defer", day->actions[ZC_DEFER]);
  zc_member_integer(to, "relocate", day->actions[ZC_RELOCATE]);
  write_rate(to, "defer_success_rate", day->deferred_well, day->deferred_ran);
  write_mean(to, "avg_defer_hours", &day->wait, ZC_HOUR, TOTAL_DECIMALS);
  zc_member_integer(to, "optimized", day->optimized);
  zc_member_end(to);
}

/* A figure as the records have it. None where runs ran and nothing is known of it. */
static void write_sum(const zc_rollup_day *day, const char *key, const zc_rollup_sum *sum,
                      zc_buffer *to) {
  if (sum->n > 0 || day->ran == 0) zc_member_number(to, key, (double)sum->sum / ZC_ROLLUP_GRAMS);
}

/* Longer periods add these up, and round once. */
static void write_sums(const zc_rollup_day *day, zc_buffer *to) {
  zc_member_begin(to, "sums");
  write_sum(day, "emissions_g", &day->emissions, to);
  write_sum(day, "savings_g", &day->savings, to);
  if (day->planned_savings.n > 0)
    zc_member_number(to, "planned_savings_g", (double)day->planned_savings.sum / ZC_ROLLUP_GRAMS);
  zc_member_number(to, "vcpu_hours", (double)day->vcpu_hours / ZC_ROLLUP_HOURS);
  zc_member_number(to, "memory_gb_hours", (double)day->memory_hours / ZC_ROLLUP_HOURS);
  if (day->has_location)
    zc_member_number(to, "location_emissions_g", (double)day->location.sum / ZC_ROLLUP_GRAMS);
  zc_member_end(to);
}

int zc_analytics_item_write(const char *pipeline, zc_time date, const zc_rollup_day *day,
                            const zc_rollup_names *regions, zc_time now, zc_buffer *to) {
  char text[ZC_TIME_TEXT_SIZE] = "";
  zc_time last = date + ZC_DAY - ZC_SECOND;
  zc_buffer own;
  zc_buffer_init(&own, ITEM_MAX);
  zc_buffer_char(&own, '{');
  zc_member_text(&own, "pipeline_name", pipeline);
  zc_date_format(date, text, sizeof text);
  zc_member_text(&own, "date", text);
  write_executions(day, &own);
  write_carbon(day, regions, &own);
  write_performance(day, &own);
  write_decisions(day, &own);
  write_sums(day, &own);
  zc_member_time(&own, "updated_at", now < last ? now : last);
  zc_member_integer(&own, "ttl", zc_table_ttl(zc_tables[ZC_TABLE_ANALYTICS], date));
  zc_buffer_char(&own, '}');
  int status = own.status == ZC_OK ? zc_buffer_add(to, own.data, own.length) : own.status;
  zc_buffer_finish(&own);
  return status;
}
