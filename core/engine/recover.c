/* Recover: takes up the runs that the journal holds, after a restart or a crash.
 *
 * PENDING and DEFERRED go on as if nothing had been. Whether a start that was intended came about
 * is asked of the trigger where it can tell, resent where the token makes that safe, and else left
 * to a person. Another trigger, or the same with other options, cannot tell: it may be of another
 * service, or of another address. An engine that is there for one run starts no other one. */
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/engine/stages.h"

typedef struct {
  zc_engine *engine;
  size_t n, n_left;
} zc_recovery;

static void take_up_attended(zc_live *live) {
  zc_execute_move(live, ZC_EVENT_LOSE,
                  "the engine ended while the command was being run: how it went is not known");
}

/* Journals of before have no trigger: theirs is taken for the same. */
static bool has_other_trigger(const zc_live *live) {
  const char *before = live->execution.trigger;
  char now[ZC_TRIGGER_TEXT];
  zc_attempt_trigger(live, now, sizeof now);
  return before && strcmp(before, now) != 0;
}

static void take_up_started(zc_live *live) {
  const zc_trigger_ops *ops = zc_attempt_ops(live);
  zc_time now = zc_loop_now(live->engine->loop);
  if (live->execution.retry_at) { /* nothing was started */
    zc_execute_wait(live, ZC_STEP_START,
                    live->pipeline->auto_trigger ? live->execution.retry_at : now);
  } else if (!ops) {
    zc_execute_move(live, ZC_EVENT_LOSE, "the pipeline has no trigger any more that could tell");
  } else if (has_other_trigger(live)) {
    zc_execute_move(live, ZC_EVENT_LOSE,
                    "the engine ended, and the pipeline's trigger or its options have been changed "
                    "since: nobody is left to tell whether it was started, or how it went");
  } else if (ops->attended) {
    take_up_attended(live);
  } else if (live->execution.remote_id) {
    live->started_reported = true;
    zc_execute_wait(live, ZC_STEP_POLL, now);
  } else if (!live->pipeline->auto_trigger) { /* a look-up may be sending it once more */
    zc_execute_move(live, ZC_EVENT_LOSE,
                    "auto_trigger is false now, so it is not sent again: whether it was started is "
                    "not known");
  } else if (ops->idempotency == ZC_IDEMPOTENCY_NATIVE) {
    live->ambiguous = true;
    zc_attempt_begin(live);
  } else if (ops->idempotency == ZC_IDEMPOTENCY_LOOKUP && ops->find) {
    zc_attempt_look_up(live);
  } else {
    zc_execute_move(
        live, ZC_EVENT_LOSE,
        "the engine ended while the run was being started: whether it was is not known");
  }
}

/* Nothing of it has been started. */
static bool waits(const zc_execution *x) {
  return x->status == ZC_PENDING || x->status == ZC_DEFERRED ||
         (x->status == ZC_TRIGGERING && x->retry_at);
}

static void take_up_deferred(zc_live *live) {
  zc_time start = live->execution.planned_start;
  bool due = start <= zc_loop_now(live->engine->loop);
  if (!due || zc_places_list(live) != ZC_OK) zc_execute_wait(live, ZC_STEP_DECIDE, start);
}

static void take_up(zc_live *live) {
  switch (live->execution.status) {
  case ZC_PENDING:
    break; /* decided once the sources have answered */
  case ZC_DEFERRED:
    take_up_deferred(live);
    break;
  case ZC_TRIGGERING:
  case ZC_RUNNING:
    take_up_started(live);
    break;
  default:
    break;
  }
}

static int take_execution(void *user, zc_execution *stored) {
  zc_recovery *recovery = user;
  zc_engine *engine = recovery->engine;
  const zc_pipeline_settings *pipeline = zc_settings_pipeline(engine->settings, stored->pipeline);
  zc_live *live = zc_execute_adopt(engine, pipeline, stored);
  if (!live) return ZC_ENOMEM;
  live->left = engine->options.no_schedule;
  if (live->left && waits(&live->execution)) {
    recovery->n_left++;
    zc_places_drop(live);
    return ZC_OK;
  }
  recovery->n++;
  if (pipeline)
    take_up(live);
  else
    zc_execute_move(live, waits(&live->execution) ? ZC_EVENT_CANCEL : ZC_EVENT_LOSE,
                    ZC_PIPELINE_GONE);
  return ZC_OK;
}

int zc_recover(zc_engine *engine, zc_error *error) {
  zc_recovery recovery = {.engine = engine};
  int status = zc_journal_take_live(engine->journal, ZC_LIVE_MAX, take_execution, &recovery);
  if (status != ZC_OK) {
    return zc_error_set(error, status, "the journal's runs cannot be taken up: %s",
                        zc_status_text(status));
  }
  if (recovery.n > 0) {
    zc_log(ZC_LOG_INFO, "recover", "%zu runs taken up from the journal", recovery.n);
  }
  if (recovery.n_left > 0) {
    zc_log(ZC_LOG_INFO, "recover", "%zu runs of the journal wait for the next engine",
           recovery.n_left);
  }
  return ZC_OK;
}
