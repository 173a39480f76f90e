/* figures.c - what is told of a set of runs, from executions or from their daily roll-ups. */
#include "core/report/sums.h"
#include "core/tables/members.h"

#define TOTAL_DECIMALS 2 /* grams over days */

/* ---- reading ---- */

bool zc_item_number(const zc_json *item, const char *path, double *ret) {
  return zc_json_number(zc_json_at(item, path), ret) == ZC_OK;
}

const char *zc_item_text(const zc_json *item, const char *path) {
  const char *text;
  return zc_json_text(zc_json_at(item, path), &text, NULL) == ZC_OK ? text : NULL;
}

/* ---- adding ---- */

static void add_tenthousandths(zc_sum *sum, int64_t figure) {
  if (figure != ZC_NOT_KNOWN) zc_sum_add(sum, (double)figure / ZC_ROLLUP_GRAMS);
}

/* Where they do not differ, the location-based emissions are the emissions. */
static void add_location(zc_figures *figures, const zc_execution_row *row) {
  bool differs = row->location_emissions != ZC_NOT_KNOWN;
  figures->has_location |= differs;
  add_tenthousandths(&figures->location, differs ? row->location_emissions : row->emissions);
}

static void add_grams(zc_figures *figures, const zc_execution_row *row) {
  figures->ran++;
  figures->unknown_runs += row->emissions == ZC_NOT_KNOWN;
  add_tenthousandths(&figures->emissions, row->emissions);
  add_location(figures, row);
  add_tenthousandths(&figures->savings, row->savings);
  add_tenthousandths(&figures->planned, row->planned_savings);
  if (!row->realised) return;
  add_tenthousandths(&figures->realised, row->savings);
  figures->realised_runs++;
}

void zc_figures_add_run(zc_figures *figures, const zc_execution_row *row) {
  figures->runs++;
  figures->counts_realised = true;
  figures->successful += row->status == ZC_SUCCESS;
  figures->failed += row->status == ZC_FAILED || row->status == ZC_TIMED_OUT;
  figures->run_now += row->action == ZC_RUN_NOW;
  figures->defer += row->action == ZC_DEFER;
  figures->relocate += row->action == ZC_RELOCATE;
  if (row->ran) add_grams(figures, row);
}

static uint64_t count_at(const zc_json *item, const char *path) {
  double number;
  return zc_item_number(item, path, &number) && number >= 0 && number < 1e9 ? (uint64_t)number : 0;
}

/* The unrounded sum where the item has it. Nothing is known where there is no rounded one: items of
 * before have a sum of 0 then too. */
static void add_at(zc_sum *sum, const zc_json *item, const char *exact, const char *rounded) {
  double number;
  if (!zc_item_number(item, rounded, &number)) return;
  zc_item_number(item, exact, &number);
  zc_sum_add(sum, number);
}

static void add_location_at(zc_figures *figures, const zc_json *item) {
  double number;
  bool differs = zc_item_number(item, "sums/location_emissions_g", &number);
  figures->has_location |= differs;
  if (differs)
    zc_sum_add(&figures->location, number);
  else
    add_at(&figures->location, item, "sums/emissions_g", "carbon/total_emissions_g");
}

static uint64_t unknown_of(const zc_json *item) {
  return count_at(item, zc_json_at(item, "carbon/total_emissions_g") ? "carbon/unknown_executions"
                                                                     : "executions/ran");
}

void zc_figures_add_analytics(zc_figures *figures, const zc_json *item) {
  figures->runs += count_at(item, "executions/total");
  figures->successful += count_at(item, "executions/successful");
  figures->failed += count_at(item, "executions/failed");
  figures->run_now += count_at(item, "decisions/run_now");
  figures->defer += count_at(item, "decisions/defer");
  figures->relocate += count_at(item, "decisions/relocate");
  figures->ran += count_at(item, "executions/ran");
  figures->unknown_runs += unknown_of(item);
  add_at(&figures->emissions, item, "sums/emissions_g", "carbon/total_emissions_g");
  add_location_at(figures, item);
  add_at(&figures->savings, item, "sums/savings_g", "carbon/total_savings_g");
  add_at(&figures->planned, item, "sums/planned_savings_g", "carbon/planned_savings_g");
  if (!zc_json_at(item, "carbon/realised_executions")) return;
  figures->counts_realised = true;
  figures->realised_runs += count_at(item, "carbon/realised_executions");
}

void zc_figures_merge(zc_figures *figures, const zc_figures *other) {
  figures->runs += other->runs;
  figures->successful += other->successful;
  figures->failed += other->failed;
  figures->ran += other->ran;
  figures->realised_runs += other->realised_runs;
  figures->unknown_runs += other->unknown_runs;
  figures->run_now += other->run_now;
  figures->defer += other->defer;
  figures->relocate += other->relocate;
  figures->counts_realised |= other->counts_realised;
  figures->has_location |= other->has_location;
  zc_sum_merge(&figures->location, &other->location);
  zc_sum_merge(&figures->emissions, &other->emissions);
  zc_sum_merge(&figures->savings, &other->savings);
  zc_sum_merge(&figures->planned, &other->planned);
  zc_sum_merge(&figures->realised, &other->realised);
}

/* ---- writing ---- */

bool zc_figures_know(const zc_figures *figures, const zc_sum *sum) {
  return sum->n > 0 || figures->ran == 0;
}

bool zc_figures_savings_percent(const zc_figures *figures, double *ret) {
  double emissions = zc_sum_value(&figures->emissions), savings = zc_sum_value(&figures->savings);
  if (!figures->emissions.n || !figures->savings.n || !(emissions + savings > 0)) return false;
  *ret = 100 * savings / (emissions + savings);
  return true;
}

static void write_grams(const zc_figures *f, zc_buffer *to) {
  double percent;
  if (zc_figures_know(f, &f->emissions))
    zc_member_rounded(to, "emissions_g", zc_sum_value(&f->emissions), TOTAL_DECIMALS);
  if (zc_figures_know(f, &f->savings))
    zc_member_rounded(to, "savings_g", zc_sum_value(&f->savings), TOTAL_DECIMALS);
  if (zc_figures_savings_percent(f, &percent))
    zc_member_rounded(to, "savings_percent", percent, ZC_PERCENT_DECIMALS);
  if (f->planned.n)
    zc_member_rounded(to, "planned_savings_g", zc_sum_value(&f->planned), TOTAL_DECIMALS);
  if (f->counts_realised) zc_member_integer(to, "realised_runs", (int64_t)f->realised_runs);
  if (f->has_location)
    zc_member_rounded(to, "location_emissions_g", zc_sum_value(&f->location), TOTAL_DECIMALS);
  if (f->unknown_runs) zc_member_integer(to, "unknown_runs", (int64_t)f->unknown_runs);
}

void zc_figures_write(const zc_figures *f, zc_buffer *to) {
  uint64_t judged = f->successful + f->failed;
  zc_member_integer(to, "runs", (int64_t)f->runs);
  zc_member_integer(to, "ran", (int64_t)f->ran);
  zc_member_integer(to, "successful", (int64_t)f->successful);
  zc_member_integer(to, "failed", (int64_t)f->failed);
  if (judged)
    zc_member_rounded(to, "success_rate", (double)f->successful / (double)judged, ZC_RATE_DECIMALS);
  write_grams(f, to);
  zc_member_integer(to, "run_now", (int64_t)f->run_now);
  zc_member_integer(to, "defer", (int64_t)f->defer);
  zc_member_integer(to, "relocate", (int64_t)f->relocate);
}
