/* workload.h - energy and emissions of one pipeline run.
 *
 * Sources of the formulas: Cloud Carbon Footprint (energy), SCI specification ISO/IEC 21031:2024
 * (O = E x I, M added, R = one execution). Nothing is rounded here. */
#ifndef ZC_MODEL_WORKLOAD_H
#define ZC_MODEL_WORKLOAD_H

#include <stdbool.h>

typedef struct {
  double watts_per_vcpu;           /* W */
  double memory_kwh_per_gb_hour;   /* kWh/(GB h) */
  double energy_pue;               /* ratio */
  double embodied_g_per_vcpu_hour; /* gCO2eq */
} zc_energy_model;

typedef struct {
  double duration_minutes, vcpu_count, memory_gb;
} zc_workload;

bool zc_workload_equal(const zc_workload *a, const zc_workload *b);
bool zc_energy_model_equal(const zc_energy_model *a, const zc_energy_model *b);
double zc_workload_energy_kwh(const zc_workload *workload, const zc_energy_model *model);
double zc_workload_embodied_g(const zc_workload *workload, const zc_energy_model *model);
/* sci_score at a datacenter intensity (gCO2eq/kWh), gCO2eq per execution */
double zc_workload_sci(const zc_workload *workload, const zc_energy_model *model,
                       double datacenter_intensity);
/* sci(baseline) - sci(chosen) in gCO2eq, of two datacenter intensities with so many decimals. The
 * hardware's share, which is in both, is left out, and their difference is exact to its last
 * decimal: so a tie rounds as it does on paper. */
double zc_workload_saved_g(const zc_workload *workload, const zc_energy_model *model,
                           double baseline, double chosen, int decimals);
/* grid x (1 - renewable share) x PUE */
double zc_datacenter_intensity(double grid_intensity, double renewable_share, double pue);
/* 100 x (baseline - chosen) / baseline; 0 where the baseline is 0 */
double zc_percent_saved(double baseline, double chosen);

/* Rounded half away from zero to so many decimals, as records print it (16.117, 1 -> 16.1); and
 * cut. */
double zc_round(double value, int decimals);
double zc_cut(double value, int decimals);

#endif
