/* A source that answers three seconds after it was asked, also where its deadline has passed. */
#include <time.h>

#include "flat_source.h"

typedef struct {
  const flat_source *source;
  zc_op *op;
} late_answer;

static void wait_on_thread(void *user) {
  (void)user;
  struct timespec pause = {.tv_sec = 3};
  while (nanosleep(&pause, &pause) != 0) {
  }
}

static void answer(void *user, zc_op *op, int status) {
  late_answer *late = user;
  (void)op;
  (void)status;
  late->source->host->done(late->op, ZC_OK, NULL);
  free(late);
}

static int observe(void *state, const zc_query *query, zc_op *op) {
  (void)query;
  late_answer *late = malloc(sizeof *late);
  if (!late) return ZC_ENOMEM;
  *late = (late_answer){state, op};
  int status = late->source->host->work(op, wait_on_thread, answer, late);
  if (status != ZC_OK) free(late);
  return status;
}

static const zc_source_ops ops = {.size = sizeof ops, .observe = observe};

FLAT_PLUGIN("source_late", "Answers after three seconds.", ops);
ZC_DEFINE_PLUGIN(source_late, plugin)
