/* A source that emits a value that is no number. */
#include <math.h>

#include "flat_source.h"

static int observe(void *state, const zc_query *query, zc_op *op) {
  const flat_source *source = state;
  int status = flat_emit(source, query, op, ZC_POINT_OBSERVED, (double)NAN);
  source->host->done(op, status, status == ZC_OK ? NULL : "the host refused the points");
  return ZC_OK;
}

static const zc_source_ops ops = {.size = sizeof ops, .observe = observe};

FLAT_PLUGIN("source_nan", "Emits what is no number.", ops);
ZC_DEFINE_PLUGIN(source_nan, plugin)
