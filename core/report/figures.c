/* figures.c - what is told of a set of runs, from executions or from their daily roll-ups. */
#include <math.h>
#include <stddef.h>

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

typedef struct {
  double total, successful, failed, ran, run_now, defer, relocate, unknown, realised;
  double emissions, savings, planned, location; /* unrounded */
  double total_emissions, total_savings, total_planned;
  zc_span date;
} day_members;

#define NUMBER(key, member)                                                                        \
  { key, ZC_JSON_NUMBER, offsetof(day_members, member), NULL, 0 }
#define INSIDE(key, of)                                                                            \
  { key, ZC_JSON_OBJECT, 0, of, sizeof(of) / sizeof *(of) }

static const zc_json_field execution_fields[] = {NUMBER("total", total),
                                                 NUMBER("successful", successful),
                                                 NUMBER("failed", failed), NUMBER("ran", ran)};
static const zc_json_field carbon_fields[] = {
    NUMBER("total_emissions_g", total_emissions), NUMBER("total_savings_g", total_savings),
    NUMBER("planned_savings_g", total_planned),   NUMBER("realised_executions", realised),
    NUMBER("unknown_executions", unknown),
};
static const zc_json_field decision_fields[] = {NUMBER("run_now", run_now), NUMBER("defer", defer),
                                                NUMBER("relocate", relocate)};
static const zc_json_field sum_fields[] = {
    NUMBER("emissions_g", emissions), NUMBER("savings_g", savings),
    NUMBER("planned_savings_g", planned), NUMBER("location_emissions_g", location)};
static const zc_json_field day_fields[] = {
    {"date", ZC_JSON_STRING, offsetof(day_members, date), NULL, 0},
    INSIDE("executions", execution_fields),
    INSIDE("carbon", carbon_fields),
    INSIDE("decisions", decision_fields),
    INSIDE("sums", sum_fields),
};

static uint64_t count_of(double number) {
  return number >= 0 && number < 1e9 ? (uint64_t)number : 0;
}

/* The unrounded sum where the item has it. Nothing is known where there is no rounded one: items of
 * before have a sum of 0 then too. */
static void add_known(zc_sum *sum, double exact, double rounded) {
  if (!isnan(rounded)) zc_sum_add(sum, isnan(exact) ? rounded : exact);
}

static void count_day(zc_figures *figures, const day_members *m) {
  figures->runs = count_of(m->total);
  figures->successful = count_of(m->successful);
  figures->failed = count_of(m->failed);
  figures->ran = count_of(m->ran);
  figures->run_now = count_of(m->run_now);
  figures->defer = count_of(m->defer);
  figures->relocate = count_of(m->relocate);
  figures->unknown_runs = isnan(m->total_emissions) ? figures->ran : count_of(m->unknown);
  figures->counts_realised = !isnan(m->realised);
  figures->realised_runs = count_of(m->realised);
}

int zc_figures_of_analytics(const char *text, size_t length, zc_figures *ret, zc_span *ret_date) {
  day_members m = {.realised = NAN, .emissions = NAN, .savings = NAN, .planned = NAN};
  m.total_emissions = m.total_savings = m.total_planned = m.location = NAN;
  int status =
      zc_json_extract(text, length, day_fields, sizeof day_fields / sizeof *day_fields, &m);
  if (status != ZC_OK) return status;
  *ret = (zc_figures){.has_location = !isnan(m.location)};
  count_day(ret, &m);
  add_known(&ret->emissions, m.emissions, m.total_emissions);
  add_known(&ret->savings, m.savings, m.total_savings);
  add_known(&ret->planned, m.planned, m.total_planned);
  if (ret->has_location)
    zc_sum_add(&ret->location, m.location);
  else
    ret->location = ret->emissions;
  if (ret_date) *ret_date = m.date;
  return ZC_OK;
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
