/* decide.h - from a request and a snapshot to a decision. Pure.
 *
 * Policies are asked in order through the public ABI. combine first: the first proposal; best: the
 * one with the lowest expected emissions (ties: earliest start, then the order of the request's
 * regions, then that of the policies), and one whose emissions are not known only where all are so.
 * Nobody proposes: RUN_NOW in the default region. A proposal outside [now, deadline], of an unknown
 * region or with an infinite or negative intensity is an error of that policy: it is left out and
 * named.
 *
 * No policy's figure is taken on trust: the mean over the proposed window stands in its place. Only
 * where the snapshot has none may the policy's own stay, if it is the value at the start or the
 * yearly average; else the proposal's intensity is not known (NaN). */
#ifndef ZC_MODEL_DECIDE_H
#define ZC_MODEL_DECIDE_H

#include "core/model/grid.h"
#include "core/model/workload.h"

#define ZC_POLICIES_MAX 16
#define ZC_REASON_SIZE  256

typedef enum { ZC_RUN_NOW = 0, ZC_DEFER = 1, ZC_RELOCATE = 2 } zc_action;
typedef enum { ZC_COMBINE_FIRST, ZC_COMBINE_BEST } zc_combine;

const char *zc_action_text(zc_action action); /* "RUN_NOW" … */

typedef struct {
  const char *name;
  const zc_policy_ops *ops;
  void *state;
} zc_policy;

typedef struct {
  zc_time requested_at, now, deadline; /* requested_at <= now <= deadline */
  const uint32_t *regions; /* positions in the snapshot; [0] is the default, the others ascend */
  uint32_t n_regions;
  zc_workload workload;
  zc_energy_model energy;
  double min_savings_percent;
  bool has_baseline; /* of the first decision (not a static one), used where the snapshot no longer
                        knows it */
  double baseline_intensity;
} zc_decide_request;

/* What one policy said. */
typedef struct {
  int result; /* ZC_PROPOSED, ZC_ABSTAINED, or the error; ZC_EDATA also for a proposal left out */
  zc_proposal proposal; /* its size is 0 where there was none; intensity: see above */
  double emissions_g;   /* expected sci_score, where result is ZC_PROPOSED; INFINITY: not known */
} zc_policy_answer;

/* Figures are the winner's, or for the fallback and the baseline the first that is known of: the
 * mean over the window; (baseline) that of the first decision; the value at its start; the yearly
 * average. Where the decision's own is a value at its start, the baseline's is sought first among
 * those, too. Policies are given a baseline of the first two kinds only. */
typedef struct {
  zc_action action;
  uint32_t region; /* index into request.regions */
  zc_time start;
  int policy;            /* which one proposed it, -1: the fallback */
  bool has_intensity;    /* planned for the region chosen */
  double intensity;      /* datacenter, gCO2eq/kWh */
  bool intensity_static; /* it is the yearly average, for want of anything else */
  bool has_baseline;
  double baseline_intensity;
  bool baseline_static;
  bool unlike; /* both are known, but are figures of different kinds: no savings follow from them */
  size_t n_answers;
  zc_policy_answer
      answers[ZC_POLICIES_MAX]; /* in the policies' order; combine first: up to the winner */
} zc_decision;

/* ZC_OK always gives a decision; ZC_EINVAL for a malformed request (times out of order, a region
 * that the snapshot does not have, a workload without length or not finite, more than
 * ZC_POLICIES_MAX policies). O(policies x slots in the slack). */
int zc_decide(const zc_decide_request *request, const zc_snapshot *snapshot,
              const zc_policy *policies, size_t n_policies, zc_combine combine,
              zc_decision *ret_decision);

/* Why policy i answered as it did (text of ZC_REASON_SIZE), asked of the policy itself. The
 * answer's decide() must have been made with the same request and snapshot. */
void zc_decide_explain(const zc_decide_request *request, const zc_snapshot *snapshot,
                       const zc_policy *policies, const zc_decision *decision, size_t i, char *text,
                       size_t size);

/* The decision's own reason: the winner's, or for the fallback one that names what was missing. */
void zc_decide_reason(const zc_decide_request *request, const zc_snapshot *snapshot,
                      const zc_policy *policies, const zc_decision *decision, char *text,
                      size_t size);

/* The host services for policies, to be put into a zc_host. */
void zc_decide_services(zc_host *host);

#endif
