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

/* ---- figures ---- */

/* What kind of figure an intensity is: only like ones can be compared. */
typedef enum { UNKNOWN, MEAN, VALUE, AVERAGE } figure_kind;

typedef struct {
  figure_kind kind;
  double value; /* gCO2eq/kWh; NAN where unknown */
} figure;

static const figure unknown = {UNKNOWN, NAN};

static figure mean_from(const zc_decide_context *context, uint32_t region, zc_time start) {
  figure f = {MEAN, NAN};
  return zc_decide_window(context, region, start, &f.value) ? f : unknown;
}

static figure value_at(const zc_decide_context *context, uint32_t region, zc_time at) {
  figure f = {VALUE, NAN};
  return zc_decide_value(context, region, at, &f.value) ? f : unknown;
}

static figure average_of(const zc_decide_context *context, uint32_t region) {
  figure f = {AVERAGE, NAN};
  return zc_decide_average(context, region, &f.value) ? f : unknown;
}

/* What stands in where a window has no mean. */
static figure stand_in(const zc_decide_context *context, uint32_t region, zc_time at) {
  figure f = value_at(context, region, at);
  return f.kind == UNKNOWN ? average_of(context, region) : f;
}

static bool is_same(figure f, double value) {
  return f.kind != UNKNOWN && fabs(f.value - value) <= TIE * fmax(1, fabs(f.value));
}

/* The figure to plan a proposal with. */
static figure figure_of(const zc_decide_context *context, const zc_proposal *proposal) {
  figure f = mean_from(context, proposal->region, proposal->start);
  if (f.kind != UNKNOWN || isnan(proposal->intensity)) return f;
  f = value_at(context, proposal->region, proposal->start);
  if (is_same(f, proposal->intensity)) return f;
  f = average_of(context, proposal->region);
  return is_same(f, proposal->intensity) ? f : unknown;
}

/* ---- asking ---- */

/* Sets the answer, and the figure of what was proposed. */
static void ask(const zc_policy *policy, const zc_decide_context *context, zc_policy_answer *answer,
                figure *ret_figure) {
  const zc_decide_request *request = context->request;
  *answer = (zc_policy_answer){.proposal = {.size = sizeof answer->proposal}};
  *ret_figure = unknown;
  *ret_figure = unknown;
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
  *ret_figure = figure_of(context, &answer->proposal);
  answer->proposal.intensity = ret_figure->value;
  answer->emissions_g =
      ret_figure->kind == UNKNOWN
          ? INFINITY
          : zc_workload_sci(&request->workload, &request->energy, ret_figure->value);
}

/* Returns the first that proposes, -1 for none. */
static int ask_first(const zc_policy *policies, size_t n, const zc_decide_context *context,
                     zc_decision *decision, figure *ret_figure) {
  for (size_t i = 0; i < n; i++) {
    ask(&policies[i], context, &decision->answers[i], ret_figure);
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

/* Of two that emit the same: the earlier start, then the region that comes first. */
static bool is_preferred(const zc_proposal *a, const zc_proposal *b) {
  if (a->start != b->start) return a->start < b->start;
  return a->region < b->region;
}

static int ask_all(const zc_policy *policies, size_t n, const zc_decide_context *context,
                   zc_decision *decision, figure *ret_figure) {
  int best = -1;
  figure figures[ZC_POLICIES_MAX];
  for (size_t i = 0; i < n; i++)
    ask(&policies[i], context, &decision->answers[i], &figures[i]);
  decision->n_answers = n;
  double least = least_emissions(decision), limit = least + TIE * fabs(least);
  for (size_t i = 0; i < n; i++) {
    const zc_policy_answer *answer = &decision->answers[i];
    if (answer->result != ZC_PROPOSED || answer->emissions_g > limit) continue;
    if (best < 0 || is_preferred(&answer->proposal, &decision->answers[best].proposal)) {
      best = (int)i;
    }
  }
  if (best >= 0) *ret_figure = figures[best];
  return best;
}

/* ---- the decision ---- */

/* What happens without ZeroCarb, if it can be told by a figure of the kind that was chosen. */
static figure baseline_of(const zc_decide_context *context, figure_kind chosen) {
  const zc_decide_input *in = &context->input;
  figure f = chosen == VALUE ? value_at(context, 0, in->requested_at) : unknown;
  if (f.kind != UNKNOWN) return f;
  if (in->has_baseline) return (figure){MEAN, in->baseline_intensity};
  return stand_in(context, 0, in->requested_at);
}

static void set_figures(const zc_decide_context *context, figure chosen, zc_decision *decision) {
  figure baseline = baseline_of(context, chosen.kind);
  decision->has_intensity = chosen.kind != UNKNOWN;
  decision->intensity = decision->has_intensity ? chosen.value : 0;
  decision->intensity_static = chosen.kind == AVERAGE;
  decision->has_baseline = baseline.kind != UNKNOWN;
  decision->baseline_intensity = decision->has_baseline ? baseline.value : 0;
  decision->baseline_static = baseline.kind == AVERAGE;
  decision->unlike =
      decision->has_intensity && decision->has_baseline && chosen.kind != baseline.kind;
}

static figure set_fallback(const zc_decide_context *context, zc_decision *decision) {
  zc_time now = context->input.now;
  figure f = mean_from(context, 0, now);
  decision->region = 0;
  decision->start = now;
  return f.kind == UNKNOWN ? stand_in(context, 0, now) : f;
}

static zc_action action_of(const zc_decide_request *request, const zc_decision *decision) {
  if (decision->start > request->requested_at) return ZC_DEFER;
  return decision->region != 0 ? ZC_RELOCATE : ZC_RUN_NOW;
}

int zc_decide(const zc_decide_request *request, const zc_snapshot *snapshot,
              const zc_policy *policies, size_t n_policies, zc_combine combine,
              zc_decision *ret_decision) {
  zc_decide_context context;
  figure chosen = unknown;
  if (n_policies > ZC_POLICIES_MAX || !has_order(request) || !has_regions(request, snapshot) ||
      !has_workload(request)) {
    return ZC_EINVAL;
  }
  zc_decide_context_init(&context, request, snapshot);
  ret_decision->n_answers = 0;
  int winner = combine == ZC_COMBINE_BEST
                   ? ask_all(policies, n_policies, &context, ret_decision, &chosen)
                   : ask_first(policies, n_policies, &context, ret_decision, &chosen);
  ret_decision->policy = winner;
  if (winner < 0) {
    chosen = set_fallback(&context, ret_decision);
  } else {
    ret_decision->region = ret_decision->answers[winner].proposal.region;
    ret_decision->start = ret_decision->answers[winner].proposal.start;
  }
  set_figures(&context, chosen, ret_decision);
  ret_decision->action = action_of(request, ret_decision);
  return ZC_OK;
}
