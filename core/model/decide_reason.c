/* Why a decision is as it is, in a sentence that a person can check. */
#include <stdio.h>

#include "core/base/error.h"
#include "core/base/time_text.h"
#include "core/model/decide_context.h"

static void explain_failure(const zc_policy *policy, const zc_decide_input *in,
                            const zc_policy_answer *answer, char *text, size_t size) {
  const char *fault = answer->proposal.size > 0 ? zc_proposal_fault(in, &answer->proposal) : NULL;
  if (fault)
    snprintf(text, size, "%s proposed %s: left out", policy->name, fault);
  else
    snprintf(text, size, "%s failed: %s", policy->name, zc_status_text(answer->result));
}

static void explain(const zc_policy *policy, const zc_decide_context *context,
                    const zc_policy_answer *answer, char *text, size_t size) {
  const zc_proposal *proposal = answer->result == ZC_PROPOSED ? &answer->proposal : NULL;
  if (answer->result < 0) {
    explain_failure(policy, &context->input, answer, text, size);
  } else if (ZC_HAS(zc_policy_ops, policy->ops, explain) && policy->ops->explain) {
    policy->ops->explain(policy->state, &context->input, proposal, text, size);
  } else {
    snprintf(text, size, "%s %s and gives no reason", policy->name,
             proposal ? "proposed this" : "abstained");
  }
}

void zc_decide_explain(const zc_decide_request *request, const zc_snapshot *snapshot,
                       const zc_policy *policies, const zc_decision *decision, size_t i, char *text,
                       size_t size) {
  zc_decide_context context;
  if (size == 0) return;
  text[0] = '\0';
  if (i >= decision->n_answers) return;
  zc_decide_context_init(&context, request, snapshot);
  explain(&policies[i], &context, &decision->answers[i], text, size);
}

/* " (deferred since …)" for a run that was to start earlier, else nothing. */
static void write_deferral(const zc_decide_request *request, char *text, size_t size) {
  char since[ZC_TIME_TEXT_SIZE];
  text[0] = '\0';
  if (request->now <= request->requested_at) return;
  if (zc_time_format(request->requested_at, since, sizeof since) != ZC_OK) return;
  snprintf(text, size, " (deferred since %s%s)", since,
           request->now == request->deadline ? ", deadline reached" : "");
}

static void write_fallback(const zc_decide_request *request, const zc_snapshot *snapshot,
                           const zc_decision *decision, char *text, size_t size) {
  const char *region = snapshot->regions[request->regions[0]].name;
  char deferral[ZC_TIME_TEXT_SIZE + 48];
  double intensity = zc_round(decision->intensity, 1); /* as the record has it */
  write_deferral(request, deferral, sizeof deferral);
  if (!decision->has_intensity) {
    snprintf(text, size, "No carbon data for %s: run in the default region%s", region, deferral);
  } else if (decision->intensity_static) {
    snprintf(text, size,
             "No fresh carbon data for %s: yearly average %.1f gCO2eq/kWh assumed; run in the "
             "default region%s",
             region, intensity, deferral);
  } else {
    snprintf(text, size, "No policy proposed otherwise: default region at %.1f gCO2eq/kWh%s",
             intensity, deferral);
  }
}

void zc_decide_reason(const zc_decide_request *request, const zc_snapshot *snapshot,
                      const zc_policy *policies, const zc_decision *decision, char *text,
                      size_t size) {
  if (size == 0) return;
  if (decision->policy < 0) {
    write_fallback(request, snapshot, decision, text, size);
  } else {
    zc_decide_explain(request, snapshot, policies, decision, (size_t)decision->policy, text, size);
  }
}
