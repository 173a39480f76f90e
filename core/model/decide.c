#include "core/model/decide.h"

#include <math.h>
#include <string.h>

#include "core/base/time_text.h"
#include "core/model/decide_context.h"

#define TIE 1e-9 /* emissions that differ by less, relative to the least, are equal */

const char *zc_action_text(zc_action action) {
  switch (action) {
  case ZC_DEFER:
    return "DEFER";
  case ZC_RELOCATE:
    return "RELOCATE";
  case ZC_RUN_NOW:
    break;
  }
  return "RUN_NOW";
}

/* ---- the request ---- */

static bool has_order(const zc_decide_request *request) {
  return request->requested_at >= ZC_TIME_MIN && request->requested_at <= request->now &&
         request->now <= request->deadline && request->deadline <= ZC_TIME_MAX;
}

static bool has_regions(const zc_decide_request *request, const zc_snapshot *snapshot) {
  for (uint32_t i = 0; i < request->n_regions; i++) {
    if (request->regions[i] >= snapshot->n_regions) return false;
  }
  return request->n_regions > 0;
}

static bool has_workload(const zc_decide_request *request) {
  const zc_workload *w = &request->workload;
  double milliseconds = w->duration_minutes * (double)ZC_MINUTE;
  return milliseconds >= 1 && milliseconds <= (double)ZC_TIME_MAX && isfinite(w->vcpu_count) &&
         isfinite(w->memory_gb) && isfinite(request->min_savings_percent) &&
         (!request->has_baseline || isfinite(request->baseline_intensity));
}

/* ---- asking ---- */

static void ask(const zc_policy *policy, const zc_decide_context *context,
                zc_policy_answer *answer) {
  *answer = (zc_policy_answer){.proposal = {.size = sizeof answer->proposal}};
  answer->result = policy->ops->decide(policy->state, &context->input, &answer->proposal);
  if (answer->result != ZC_PROPOSED) {
    answer->proposal = (zc_proposal){0};
    if (answer->result > 0) answer->result = ZC_EDATA; /* no answer that there is */
    return;
  }
  answer->proposal.size = sizeof answer->proposal;
  if (zc_proposal_fault(&context->input, &answer->proposal)) {
    answer->result = ZC_EDATA;
    return;
  }
  answer->emissions_g = zc_workload_sci(&context->request->workload, &context->request->energy,
                                        answer->proposal.intensity);
}

/* Returns the first that proposes, -1 for none. */
static int ask_first(const zc_policy *policies, size_t n, const zc_decide_context *context,
                     zc_decision *decision) {
  for (size_t i = 0; i < n; i++) {
    ask(&policies[i], context, &decision->answers[i]);
    decision->n_answers = i + 1;
    if (decision->answers[i].result == ZC_PROPOSED) return (int)i;
  }
  return -1;
}

static double least_emissions(const zc_decision *decision) {
  double least = INFINITY;
  for (size_t i = 0; i < decision->n_answers; i++) {
    const zc_policy_answer *answer = &decision->answers[i];
    if (answer->result == ZC_PROPOSED && answer->emissions_g < least) least = answer->emissions_g;
  }
  return least;
}

/* Of two that emit the same: the earlier start, then the default region. */
static bool is_preferred(const zc_proposal *a, const zc_proposal *b) {
  if (a->start != b->start) return a->start < b->start;
  return a->region == 0 && b->region != 0;
}

static int ask_all(const zc_policy *policies, size_t n, const zc_decide_context *context,
                   zc_decision *decision) {
  int best = -1;
  for (size_t i = 0; i < n; i++)
    ask(&policies[i], context, &decision->answers[i]);
  decision->n_answers = n;
  double least = least_emissions(decision), limit = least + TIE * fabs(least);
  for (size_t i = 0; i < n; i++) {
    const zc_policy_answer *answer = &decision->answers[i];
    if (answer->result != ZC_PROPOSED || answer->emissions_g > limit) continue;
    if (best < 0 || is_preferred(&answer->proposal, &decision->answers[best].proposal)) {
      best = (int)i;
    }
  }
  return best;
}

/* ---- the decision ---- */

/* What stands in where a window has no mean. */
static bool stand_in(const zc_region_view *region, zc_time at, double *ret, bool *ret_static) {
  *ret_static = zc_region_at(region, at, ret) != ZC_OK;
  if (!*ret_static) return true;
  *ret_static = region->has_static;
  *ret = region->static_grid * region->factor;
  return region->has_static;
}

static const zc_region_view *view_of(const zc_decide_context *context, uint32_t region) {
  return &context->snapshot->regions[context->request->regions[region]];
}

static bool window_known(const zc_decide_context *context, uint32_t region, zc_time start,
                         double *ret) {
  zc_time end = start + context->input.duration_ms;
  return zc_region_mean(view_of(context, region), start, end, ret) == ZC_OK;
}

static void set_baseline(const zc_decide_context *context, zc_decision *decision) {
  const zc_decide_input *in = &context->input;
  double value = in->baseline_intensity;
  bool is_static = false, known = in->has_baseline != 0;
  if (!known) known = stand_in(view_of(context, 0), in->requested_at, &value, &is_static);
  decision->has_baseline = known;
  decision->baseline_intensity = known ? value : 0;
  decision->baseline_static = is_static;
}

static void set_fallback(const zc_decide_context *context, zc_decision *decision) {
  zc_time now = context->input.now;
  double value;
  bool is_static = false, known = window_known(context, 0, now, &value);
  if (!known) known = stand_in(view_of(context, 0), now, &value, &is_static);
  decision->region = 0;
  decision->start = now;
  decision->has_intensity = known;
  decision->intensity = known ? value : 0;
  decision->intensity_static = is_static;
}

static void set_winner(const zc_decide_context *context, const zc_proposal *proposal,
                       zc_decision *decision) {
  double value;
  bool is_static = false;
  if (!window_known(context, proposal->region, proposal->start, &value)) {
    stand_in(view_of(context, proposal->region), proposal->start, &value, &is_static);
  }
  decision->region = proposal->region;
  decision->start = proposal->start;
  decision->has_intensity = true;
  decision->intensity = proposal->intensity;
  decision->intensity_static = is_static;
}

static zc_action action_of(const zc_decide_request *request, const zc_decision *decision) {
  if (decision->start > request->requested_at) return ZC_DEFER;
  return decision->region != 0 ? ZC_RELOCATE : ZC_RUN_NOW;
}

int zc_decide(const zc_decide_request *request, const zc_snapshot *snapshot,
              const zc_policy *policies, size_t n_policies, zc_combine combine,
              zc_decision *ret_decision) {
  zc_decide_context context;
  if (n_policies > ZC_POLICIES_MAX || !has_order(request) || !has_regions(request, snapshot) ||
      !has_workload(request)) {
    return ZC_EINVAL;
  }
  zc_decide_context_init(&context, request, snapshot);
  ret_decision->n_answers = 0;
  ret_decision->policy = combine == ZC_COMBINE_BEST
                             ? ask_all(policies, n_policies, &context, ret_decision)
                             : ask_first(policies, n_policies, &context, ret_decision);
  if (ret_decision->policy < 0)
    set_fallback(&context, ret_decision);
  else
    set_winner(&context, &ret_decision->answers[ret_decision->policy].proposal, ret_decision);
  set_baseline(&context, ret_decision);
  ret_decision->action = action_of(request, ret_decision);
  return ZC_OK;
}
