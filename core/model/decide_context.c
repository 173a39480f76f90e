/* The host services for policies. */
#include "core/model/decide_context.h"

#include <math.h>

#include "core/base/time_text.h"

#define ROUNDING_STEPS 8 /* two roundings, of a half unit each, and room */

/* NULL where the input has no such region. */
static const zc_region_view *region_of(const zc_decide_input *in, uint32_t region) {
  const zc_decide_context *context = (const zc_decide_context *)in;
  if (region >= in->n_regions) return NULL;
  return &context->snapshot->regions[context->request->regions[region]];
}

static const char *decide_region(const zc_decide_input *in, uint32_t region) {
  const zc_region_view *view = region_of(in, region);
  return view ? view->name : NULL;
}

/* Held time is a gap to what starts later. */
static int window_mean(const zc_decide_input *in, uint32_t region, zc_time start,
                       double *ret_mean) {
  const zc_region_view *view = region_of(in, region);
  if (!view || start < ZC_TIME_MIN || start > ZC_TIME_MAX) return ZC_EINVAL;
  zc_time end = start + in->duration_ms;
  if (start > in->now && zc_series_is_held(&view->grid, start, end)) return ZC_EDATA;
  return zc_region_mean(view, start, end, ret_mean);
}

static int window_best(const zc_decide_input *in, uint32_t region, zc_time from, zc_time until,
                       zc_time *ret_start, double *ret_mean) {
  const zc_region_view *view = region_of(in, region);
  double mean;
  if (!view) return ZC_EINVAL;
  int status = zc_series_best_window(&view->grid, from, until, in->duration_ms, ret_start, &mean);
  if (status == ZC_OK) *ret_mean = mean * view->factor;
  return status;
}

static int intensity_at(const zc_decide_input *in, uint32_t region, zc_time at, double *ret) {
  const zc_region_view *view = region_of(in, region);
  if (!view || at < ZC_TIME_MIN || at > ZC_TIME_MAX) return ZC_EINVAL;
  if (at > in->now && zc_series_is_held(&view->grid, at, at + 1)) return ZC_EDATA;
  return zc_region_at(view, at, ret);
}

/* The greatest grid intensity whose datacenter intensity is at most `limit`, to the last bit, so
 * that first_at_most and intensity_at never disagree. */
static double grid_limit(double limit, double factor) {
  if (!(factor > 0)) return limit >= 0 ? INFINITY : -INFINITY;
  double grid = limit / factor;
  for (int i = 0; i < ROUNDING_STEPS && grid * factor > limit; i++)
    grid = nextafter(grid, -INFINITY);
  for (int i = 0; i < ROUNDING_STEPS && nextafter(grid, INFINITY) * factor <= limit; i++)
    grid = nextafter(grid, INFINITY);
  return grid;
}

static int first_at_most(const zc_decide_input *in, uint32_t region, double limit, zc_time from,
                         zc_time until, zc_time *ret_at) {
  const zc_region_view *view = region_of(in, region);
  if (!view || !isfinite(limit)) return ZC_EINVAL;
  return zc_series_first_at_most(&view->grid, grid_limit(limit, view->factor), from, until, ret_at);
}

static int static_intensity(const zc_decide_input *in, uint32_t region, double *ret) {
  const zc_region_view *view = region_of(in, region);
  if (!view) return ZC_EINVAL;
  if (!view->has_static) return ZC_ENOTFOUND;
  *ret = view->static_grid * view->factor;
  return ZC_OK;
}

void zc_decide_services(zc_host *host) {
  host->decide_region = decide_region;
  host->window_mean = window_mean;
  host->window_best = window_best;
  host->intensity_at = intensity_at;
  host->first_at_most = first_at_most;
  host->static_intensity = static_intensity;
}

bool zc_decide_window(const zc_decide_context *context, uint32_t region, zc_time start,
                      double *ret) {
  return window_mean(&context->input, region, start, ret) == ZC_OK;
}

bool zc_decide_value(const zc_decide_context *context, uint32_t region, zc_time at, double *ret) {
  return intensity_at(&context->input, region, at, ret) == ZC_OK;
}

bool zc_decide_average(const zc_decide_context *context, uint32_t region, double *ret) {
  return static_intensity(&context->input, region, ret) == ZC_OK;
}

static void set_baseline(zc_decide_context *context) {
  const zc_decide_request *request = context->request;
  zc_decide_input *in = &context->input;
  if (window_mean(in, 0, in->requested_at, &in->baseline_intensity) == ZC_OK) {
    in->has_baseline = 1;
  } else if (request->has_baseline) {
    in->has_baseline = 1;
    in->baseline_intensity = request->baseline_intensity;
  }
}

void zc_decide_context_init(zc_decide_context *context, const zc_decide_request *request,
                            const zc_snapshot *snapshot) {
  *context = (zc_decide_context){
      .input = {.size = sizeof context->input,
                .n_regions = request->n_regions,
                .now = request->now,
                .requested_at = request->requested_at,
                .deadline = request->deadline,
                .duration_ms = llround(request->workload.duration_minutes * (double)ZC_MINUTE),
                .min_savings_percent = request->min_savings_percent},
      .request = request,
      .snapshot = snapshot,
  };
  set_baseline(context);
}

const char *zc_proposal_fault(const zc_decide_input *in, const zc_proposal *proposal) {
  if (proposal->region >= in->n_regions) return "a region that the pipeline does not have";
  if (proposal->start < in->now) return "a start that has passed";
  if (proposal->start > in->deadline) return "a start after the deadline";
  if (isinf(proposal->intensity)) return "an infinite intensity";
  if (proposal->intensity < 0) return "a negative intensity";
  return NULL;
}
