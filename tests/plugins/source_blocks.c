/* A source that blocks the loop for two seconds and then answers. */
#include <time.h>

#include "flat_source.h"

static int observe(void *state, const zc_query *query, zc_op *op) {
  const flat_source *source = state;
  struct timespec pause = {.tv_sec = 2};
  while (nanosleep(&pause, &pause) != 0) {
  }
  int status = flat_emit(source, query, op, ZC_POINT_OBSERVED, source->value);
  source->host->done(op, status, status == ZC_OK ? NULL : "the point was refused");
  return ZC_OK;
}

static const zc_source_ops ops = {.size = sizeof ops, .observe = observe};

FLAT_PLUGIN("source_blocks", "Blocks for two seconds.", ops);
ZC_DEFINE_PLUGIN(source_blocks, plugin)
