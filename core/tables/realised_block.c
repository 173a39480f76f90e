/* realised_block.c - what a run really saved, as the block of its item that follows its end. */
#include <math.h>

#include "core/tables/execution_item.h"
#include "core/tables/members.h"

#define BLOCK_MAX 4096

/* Figures are made from the intensities and the duration as they are printed. */
static void write_figures(const zc_realised *r, zc_buffer *to) {
  zc_workload workload = zc_realised_workload(r);
  const zc_energy_model *energy = &r->run.energy;
  double intensity = zc_round(r->intensity, ZC_INTENSITY_DECIMALS);
  double baseline = zc_round(r->baseline_intensity, ZC_INTENSITY_DECIMALS);
  double sci = zc_workload_sci(&workload, energy, intensity);
  double base_sci = zc_workload_sci(&workload, energy, baseline);
  zc_member_number(to, "mean_intensity", intensity);
  zc_member_number(to, "baseline_mean_intensity", baseline);
  zc_member_rounded(to, "sci_score", sci, ZC_GRAM_DECIMALS);
  zc_member_rounded(
      to, "savings_g",
      zc_workload_saved_g(&workload, energy, baseline, intensity, ZC_INTENSITY_DECIMALS),
      ZC_GRAM_DECIMALS);
  zc_member_rounded(to, "savings_percent", zc_percent_saved(base_sci, sci), ZC_PERCENT_DECIMALS);
  if (!r->has_location) return;
  double location = zc_round(r->location_intensity, ZC_INTENSITY_DECIMALS);
  zc_member_begin(to, "location_based");
  zc_member_number(to, "mean_intensity", location);
  zc_member_rounded(to, "sci_score", zc_workload_sci(&workload, energy, location),
                    ZC_GRAM_DECIMALS);
  zc_member_end(to);
}

/* The one basis of a window's slots, or "mixed"; NULL where it has none. */
static const char *basis_of(uint32_t bases) {
  if (bases == 0) return NULL;
  for (uint32_t basis = 0; basis <= ZC_BASIS_MARGINAL; basis++) {
    if (bases == 1u << basis) return zc_basis_text(basis);
  }
  return "mixed";
}

static void write_coverage(const char *key, const zc_coverage *c, zc_buffer *to) {
  double whole = (double)(c->observed_ms + c->estimated_ms + c->missing_ms);
  zc_member_begin(to, key);
  zc_member_rounded(to, "observed", (double)c->observed_ms / whole, ZC_RATE_DECIMALS);
  zc_member_rounded(to, "estimated", (double)c->estimated_ms / whole, ZC_RATE_DECIMALS);
  zc_member_rounded(to, "missing", (double)c->missing_ms / whole, ZC_RATE_DECIMALS);
  zc_member_text(to, "basis", basis_of(c->bases));
  zc_member_end(to);
}

int zc_realised_write(const zc_realised *r, zc_buffer *to) {
  zc_buffer own;
  zc_workload workload = zc_realised_workload(r);
  zc_buffer_init(&own, BLOCK_MAX);
  zc_member_begin(&own, "realised");
  zc_member_time(&own, "started_at", r->run.started_at);
  zc_member_time(&own, "finished_at", r->run.finished_at);
  zc_member_number(&own, "duration_minutes", workload.duration_minutes);
  zc_member_rounded(&own, "energy_kwh", zc_workload_energy_kwh(&workload, &r->run.energy),
                    ZC_ENERGY_DECIMALS);
  if (zc_realised_is_known(r)) write_figures(r, &own);
  zc_member_begin(&own, "data_quality");
  zc_member_boolean(&own, "complete", r->complete);
  write_coverage("run", &r->ran, &own);
  write_coverage("baseline", &r->baseline, &own);
  zc_member_end(&own);
  zc_member_end(&own);
  int status = own.status;
  if (status == ZC_OK) status = zc_buffer_add(to, own.data, own.length);
  zc_buffer_finish(&own);
  return status;
}
