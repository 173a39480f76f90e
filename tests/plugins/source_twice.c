/* A source that answers every operation twice. */
#include "flat_source.h"

static int observe(void *state, const zc_query *query, zc_op *op) {
  const flat_source *source = state;
  int status = flat_emit(source, query, op, ZC_POINT_OBSERVED, source->value);
  source->host->done(op, status, NULL);
  source->host->done(op, ZC_EREMOTE, "the second answer");
  return ZC_OK;
}

static const zc_source_ops ops = {.size = sizeof ops, .observe = observe};

FLAT_PLUGIN("source_twice", "Answers twice.", ops);
ZC_DEFINE_PLUGIN(source_twice, plugin)
