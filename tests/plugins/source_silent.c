/* A source that never answers. */
#include "flat_source.h"

static int observe(void *state, const zc_query *query, zc_op *op) {
  (void)query;
  ((flat_source *)state)->op = op;
  return ZC_OK;
}

static const zc_source_ops ops = {.size = sizeof ops, .observe = observe};

FLAT_PLUGIN("source_silent", "Never answers.", ops);
ZC_DEFINE_PLUGIN(source_silent, plugin)
