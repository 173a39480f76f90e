/* decide_context.h - what stands behind a zc_decide_input, for decide*.c only.
 *
 * Policies get a pointer to the first member; the host services find the rest from there. */
#ifndef ZC_MODEL_DECIDE_CONTEXT_H
#define ZC_MODEL_DECIDE_CONTEXT_H

#include "core/model/decide.h"

typedef struct {
  zc_decide_input input; /* first: a pointer to it is one to the context */
  const zc_decide_request *request;
  const zc_snapshot *snapshot;
} zc_decide_context;

void zc_decide_context_init(zc_decide_context *context, const zc_decide_request *request,
                            const zc_snapshot *snapshot);

/* Of a region of the request: the mean over a run from `start`, the value at a moment, the yearly
 * average. Whether it is known. As the policies see them: to what lies after now, held values are
 * unknown. */
bool zc_decide_window(const zc_decide_context *context, uint32_t region, zc_time start,
                      double *ret);
bool zc_decide_value(const zc_decide_context *context, uint32_t region, zc_time at, double *ret);
bool zc_decide_average(const zc_decide_context *context, uint32_t region, double *ret);

/* What is wrong with a proposal, as the end of a sentence; NULL where nothing is. */
const char *zc_proposal_fault(const zc_decide_input *in, const zc_proposal *proposal);

#endif
