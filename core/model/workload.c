#include "core/model/workload.h"

#include <float.h>
#include <math.h>

static double hours_of(const zc_workload *workload) {
  return workload->duration_minutes / 60;
}

bool zc_workload_equal(const zc_workload *a, const zc_workload *b) {
  return a->duration_minutes == b->duration_minutes && a->vcpu_count == b->vcpu_count &&
         a->memory_gb == b->memory_gb;
}

bool zc_energy_model_equal(const zc_energy_model *a, const zc_energy_model *b) {
  return a->watts_per_vcpu == b->watts_per_vcpu &&
         a->memory_kwh_per_gb_hour == b->memory_kwh_per_gb_hour && a->energy_pue == b->energy_pue &&
         a->embodied_g_per_vcpu_hour == b->embodied_g_per_vcpu_hour;
}

double zc_workload_energy_kwh(const zc_workload *workload, const zc_energy_model *model) {
  double kilowatts = workload->vcpu_count * model->watts_per_vcpu / 1000 +
                     workload->memory_gb * model->memory_kwh_per_gb_hour;
  return kilowatts * hours_of(workload) * model->energy_pue;
}

double zc_workload_embodied_g(const zc_workload *workload, const zc_energy_model *model) {
  return workload->vcpu_count * hours_of(workload) * model->embodied_g_per_vcpu_hour;
}

double zc_workload_sci(const zc_workload *workload, const zc_energy_model *model,
                       double datacenter_intensity) {
  return zc_workload_energy_kwh(workload, model) * datacenter_intensity +
         zc_workload_embodied_g(workload, model);
}

double zc_workload_saved_g(const zc_workload *workload, const zc_energy_model *model,
                           double baseline, double chosen, int decimals) {
  return zc_workload_energy_kwh(workload, model) * zc_round(baseline - chosen, decimals);
}

double zc_datacenter_intensity(double grid_intensity, double renewable_share, double pue) {
  return grid_intensity * (1 - renewable_share) * pue;
}

double zc_percent_saved(double baseline, double chosen) {
  return baseline == 0 ? 0 : 100 * (baseline - chosen) / baseline;
}

/* |value| x 10^decimals, lifted by a few units in the last place: 16.05 x 10 comes out as 160.49...
 * or 160.5 as chance has it, and so would 93.7 x 10 as 936.99.... The lift is far below what any
 * figure here can tell apart. Above 2^52 a double has no fraction left and needs none. */
#define LIFT_RELATIVE (8 * DBL_EPSILON)
#define LIFT_MOST     1e-4
#define NO_FRACTION   4503599627370496.0

static double shape(double value, int decimals, double add) {
  double scale = pow(10, decimals), scaled = fabs(value) * scale;
  if (!(scaled < NO_FRACTION)) return value;
  double whole = floor(scaled + fmin(scaled * LIFT_RELATIVE, LIFT_MOST) + add);
  return whole == 0 ? 0 : copysign(whole / scale, value);
}

double zc_round(double value, int decimals) {
  return shape(value, decimals, 0.5);
}

double zc_cut(double value, int decimals) {
  return shape(value, decimals, 0);
}
