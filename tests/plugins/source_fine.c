/* A source that keeps every rule: what the misbehaving ones must not disturb. */
#include "flat_source.h"

static int observe(void *state, const zc_query *query, zc_op *op) {
  const flat_source *source = state;
  int status = flat_emit(source, query, op, ZC_POINT_OBSERVED, source->value);
  source->host->done(op, status, status == ZC_OK ? NULL : "the point was refused");
  return ZC_OK;
}

static int forecast(void *state, const zc_query *query, zc_op *op) {
  const flat_source *source = state;
  int status = flat_emit(source, query, op, ZC_POINT_FORECAST, source->value);
  source->host->done(op, status, status == ZC_OK ? NULL : "the point was refused");
  return ZC_OK;
}

static const zc_source_ops ops = {.size = sizeof ops, .observe = observe, .forecast = forecast};

FLAT_PLUGIN("source_fine", "One value for all times.", ops);
ZC_DEFINE_PLUGIN(source_fine, plugin)
