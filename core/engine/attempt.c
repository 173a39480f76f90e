/* Attempt: the trigger's side of a run. The intent is journalled before anything here is called.
 *
 * An ambiguous answer is settled by the trigger's idempotency: native resends the same token,
 * lookup asks first, none leaves the run UNKNOWN for a person. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/engine/stages.h"
#include "core/tables/members.h"

static zc_instance *trigger_of(const zc_live *live) {
  const zc_engine *engine = live->engine;
  for (size_t i = 0; i < engine->n_triggers; i++) {
    if (engine->triggers[i].plugin == live->pipeline->trigger.plugin) {
      return engine->triggers[i].instance;
    }
  }
  return NULL;
}

const zc_trigger_ops *zc_attempt_ops(const zc_live *live) {
  return live->pipeline->has_trigger ? live->pipeline->trigger.plugin->ops : NULL;
}

void zc_attempt_trigger(const zc_live *live, char *text, size_t size) {
  const zc_plugin_settings *trigger = &live->pipeline->trigger;
  const zc_plugin *plugin = live->pipeline->has_trigger ? trigger->plugin : NULL;
  if (plugin)
    snprintf(text, size, "%s %016" PRIx64, plugin->name,
             zc_config_sum(trigger->options, plugin->options, plugin->n_options));
  else
    zc_copy_text(text, size, "");
}

static int64_t timeout_of(const zc_live *live) {
  return (int64_t)(live->pipeline->pipeline_timeout_minutes * (double)ZC_MINUTE);
}

static zc_run run_of(const zc_live *live) {
  const zc_execution *x = &live->execution;
  return (zc_run){.size = sizeof(zc_run),
                  .attempt = x->attempt,
                  .execution_id = x->id,
                  .pipeline = x->pipeline,
                  .region = x->region,
                  .default_region = x->default_region,
                  .decision = zc_action_text(x->action),
                  .reason = x->reason ? x->reason : "",
                  .intensity = zc_round(x->intensity, ZC_INTENSITY_DECIMALS),
                  .has_intensity = x->has_intensity,
                  .timeout_ms = timeout_of(live),
                  .requested_at = x->requested_at,
                  .planned_start = x->planned_start,
                  .remote_id = x->remote_id,
                  .config = live->pipeline->trigger.options};
}

/* ---- what the trigger reports ---- */

static void on_started(void *user, const char *remote_id) {
  zc_live *live = user;
  zc_execution *x = &live->execution;
  if (live->started_reported || live->ended) return;
  live->started_reported = true;
  free(x->remote_id);
  x->remote_id = zc_duplicate(remote_id);
  x->started_at = zc_loop_now(live->engine->loop);
  zc_execute_move(live, ZC_EVENT_RUN, NULL);
}

static void on_status(void *user, int status, const char *message) {
  zc_live *live = user;
  live->outcome = status;
  free(live->outcome_message);
  live->outcome_message = zc_duplicate(message);
}

static void on_retry_after(void *user, int64_t ms) {
  zc_live *live = user;
  live->retry_after_ms = ms;
}

static zc_execution_event event_of(int outcome) {
  switch (outcome) {
  case ZC_RUN_SUCCEEDED:
    return ZC_EVENT_SUCCEED;
  case ZC_RUN_TIMED_OUT:
    return ZC_EVENT_TIME_OUT;
  case ZC_RUN_CANCELLED:
    return ZC_EVENT_CANCEL;
  case ZC_RUN_SUPERSEDED:
    return ZC_EVENT_SUPERSEDE;
  default:
    return ZC_EVENT_FAIL;
  }
}

/* The first line is the message, what follows is the end of the run's output. */
static void end_with_outcome(zc_live *live) {
  char *tail = live->outcome_message ? strchr(live->outcome_message, '\n') : NULL;
  if (tail) {
    *tail++ = '\0';
    free(live->execution.tail);
    live->execution.tail = *tail ? zc_duplicate(tail) : NULL;
  }
  zc_execute_move(live, event_of(live->outcome), live->outcome_message);
}

static bool outcome_is_end(const zc_live *live) {
  return live->outcome != 0 && live->outcome != ZC_RUN_RUNNING;
}

/* ---- a start that did not come about ---- */

static int64_t retry_pause(zc_engine *engine, uint32_t attempt) {
  int64_t cap = 5 * ZC_SECOND << (attempt < 7 ? attempt : 7);
  if (cap > 5 * ZC_MINUTE) cap = 5 * ZC_MINUTE;
  return ZC_SECOND + (int64_t)(zc_random_unit(&engine->random) * (double)cap);
}

/* The deadline, or five minutes after the plan where it is nearer than that. */
static zc_time last_moment(const zc_live *live) {
  const zc_execution *x = &live->execution;
  zc_time last = x->planned_start + 5 * ZC_MINUTE;
  return x->deadline > last ? x->deadline : last;
}

/* After our own pause; later where the remote asks for that, but not beyond the last moment. */
static zc_time next_attempt(const zc_live *live, uint32_t attempt) {
  zc_time now = zc_loop_now(live->engine->loop), last = last_moment(live);
  zc_time at = now + retry_pause(live->engine, attempt), asked = now + live->retry_after_ms;
  if (asked > last) asked = last;
  return asked > at ? asked : at;
}

/* What an engine before this one tried has another attempt, however late it is by now. */
static bool may_retry(const zc_live *live, zc_time at) {
  bool before = live->execution.triggered_at < live->engine->started_at;
  return live->execution.attempt < ZC_START_ATTEMPTS && (before || at <= last_moment(live));
}

/* A run of which one attempt had no clean answer may have been started, whatever came later. */
static void give_up(zc_live *live, const char *message) {
  zc_execute_move(live, live->ambiguous ? ZC_EVENT_LOSE : ZC_EVENT_FAIL, message);
}

static void retry_or_fail(zc_live *live, const char *message) {
  zc_engine *engine = live->engine;
  zc_time at = next_attempt(live, live->execution.attempt);
  if (!may_retry(live, at)) {
    give_up(live, message);
    return;
  }
  zc_log(ZC_LOG_WARNING, "execute", "%s %.8s: not started: %s; tried again in %d s",
         live->execution.pipeline, live->execution.id, message,
         (int)((at - zc_loop_now(engine->loop)) / ZC_SECOND));
  zc_execute_wait(live, ZC_STEP_START, at);
  if (live->ambiguous) return;
  /* Nothing was started: journalled, so that a restart goes on with the next attempt. */
  live->execution.retry_at = at;
  free(live->execution.message);
  live->execution.message = zc_duplicate(message);
  zc_record_commit(live, NULL, false);
}

/* At once, unless the remote asks to be left alone. */
static void look_up_after(zc_live *live, const char *message) {
  if (live->retry_after_ms == 0) {
    zc_attempt_look_up(live);
    return;
  }
  zc_time at = next_attempt(live, 1);
  zc_log(ZC_LOG_WARNING, "execute", "%s %.8s: whether it was started: %s; looked up in %d s",
         live->execution.pipeline, live->execution.id, message,
         (int)((at - zc_loop_now(live->engine->loop)) / ZC_SECOND));
  zc_execute_wait(live, ZC_STEP_FIND, at);
}

static void settle_ambiguous(zc_live *live, const char *message) {
  const zc_trigger_ops *ops = zc_attempt_ops(live);
  live->ambiguous = true;
  if (ops->idempotency == ZC_IDEMPOTENCY_NATIVE)
    retry_or_fail(live, message);
  else if (ops->idempotency == ZC_IDEMPOTENCY_LOOKUP && ops->find)
    look_up_after(live, message);
  else
    zc_execute_move(live, ZC_EVENT_LOSE, message);
}

static bool worth_retrying(int error) {
  return error == ZC_ECONFLICT || error == ZC_ERATE || error == ZC_EREMOTE || error == ZC_ENOMEM;
}

static void start_failed(zc_live *live, int error, const char *message) {
  if (error == ZC_EUNKNOWN || error == ZC_ETIMEDOUT)
    settle_ambiguous(live, message);
  else if (worth_retrying(error))
    retry_or_fail(live, message);
  else
    give_up(live, message);
}

/* Nothing is sent again before a look-up has told that nothing was started. */
static void look_up_again(zc_live *live, int error, const char *message) {
  zc_time now = zc_loop_now(live->engine->loop), at = next_attempt(live, ++live->look_ups);
  if (error == ZC_EUNKNOWN || live->look_ups >= ZC_LOOK_UPS) {
    zc_execute_move(live, ZC_EVENT_LOSE, message);
    return;
  }
  zc_log(ZC_LOG_WARNING, "execute", "%s %.8s: whether it was started: %s; looked up again in %d s",
         live->execution.pipeline, live->execution.id, message, (int)((at - now) / ZC_SECOND));
  zc_execute_wait(live, ZC_STEP_FIND, at);
}

/* ---- operations end ---- */

static zc_time end_of_time(const zc_live *live) {
  return live->execution.started_at + timeout_of(live);
}

/* The last question comes right after its time has run out. */
static void poll_later(zc_live *live) {
  zc_engine *engine = live->engine;
  const zc_trigger_ops *ops = zc_attempt_ops(live);
  int64_t first = ops->poll_ms ? ops->poll_ms : 15 * ZC_SECOND;
  live->poll_ms = live->poll_ms ? live->poll_ms + live->poll_ms / 2 : first;
  if (live->poll_ms > ZC_POLL_LIMIT) live->poll_ms = ZC_POLL_LIMIT;
  double jitter = 0.8 + 0.4 * zc_random_unit(&engine->random);
  zc_time now = zc_loop_now(engine->loop), last = end_of_time(live) + 1;
  zc_time at = now + (int64_t)((double)live->poll_ms * jitter);
  zc_execute_wait(live, ZC_STEP_POLL, now < last && last < at ? last : at);
}

static void start_done(zc_live *live, int error, const char *message) {
  if (outcome_is_end(live)) {
    end_with_outcome(live);
  } else if (live->started_reported && zc_attempt_ops(live)->attended) {
    zc_execute_move(live, error == ZC_ETIMEDOUT ? ZC_EVENT_TIME_OUT : ZC_EVENT_LOSE,
                    message ? message : "the trigger reported no end");
  } else if (live->started_reported) {
    poll_later(live);
  } else if (error == ZC_OK) {
    start_failed(live, ZC_EUNKNOWN, "the trigger reported neither a start nor an error");
  } else {
    start_failed(live, error, message ? message : zc_status_text(error));
  }
}

static void find_done(zc_live *live, int error, const char *message) {
  live->ambiguous = !live->started_reported && error != ZC_OK;
  if (error == ZC_OK) live->look_ups = 0;
  if (live->started_reported)
    poll_later(live);
  else if (error == ZC_OK)
    retry_or_fail(live, "its answer was lost, and a look-up tells that nothing was started");
  else
    look_up_again(live, error, message ? message : zc_status_text(error));
}

static void time_out(zc_live *live) {
  char text[320];
  const char *last = live->outcome_message;
  snprintf(text, sizeof text, "not ended within pipeline_timeout%s%.240s",
           last && *last ? "; last heard of it: " : "", last ? last : "");
  zc_execute_move(live, ZC_EVENT_TIME_OUT, text);
}

/* Its time is judged after the answer: it may have ended while the engine was away. */
static void poll_done(zc_live *live, int error, const char *message) {
  if (error != ZC_OK) {
    const char *why = message ? message : zc_status_text(error);
    zc_log(ZC_LOG_WARNING, "execute", "%s %.8s: status not known: %s", live->execution.pipeline,
           live->execution.id, why);
    /* Told where the run's time runs out. */
    if (!outcome_is_end(live)) on_status(live, live->outcome, why);
  }
  if (outcome_is_end(live))
    end_with_outcome(live);
  else if (zc_loop_now(live->engine->loop) > end_of_time(live))
    time_out(live);
  else
    poll_later(live);
}

static void on_done(void *user, int error, const char *message) {
  zc_live *live = user;
  zc_engine *engine = live->engine;
  char text[256];
  zc_copy_text(text, sizeof text, message ? message : zc_status_text(error));
  live->operation = 0;
  if (live->ended) return;
  if (live->cancelling && !outcome_is_end(live))
    zc_execute_move(live, ZC_EVENT_CANCEL, ZC_CANCELLED_COMMAND);
  else if (live->what == ZC_START_RUN)
    start_done(live, error, text);
  else if (live->what == ZC_FIND_RUN)
    find_done(live, error, text);
  else if (live->what == ZC_POLL_RUN)
    poll_done(live, error, text);
  else if (error == ZC_OK)
    poll_later(live);
  else
    poll_done(live, error, text);
  zc_engine_settle(engine); /* a look-up that is put off has nothing journalled that would */
}

/* ---- operations begin ---- */

static int begin(zc_live *live, int what, int64_t deadline) {
  zc_instance *trigger = trigger_of(live);
  if (!trigger) return ZC_ENOTFOUND;
  zc_run run = run_of(live);
  zc_operation_events events = {
      .user = live, .started = on_started, .status = on_status, .done = on_done};
  if (what == ZC_START_RUN || what == ZC_FIND_RUN) events.retry_after = on_retry_after;
  live->what = what;
  live->outcome = 0;
  live->retry_after_ms = 0;
  return zc_operation_start_trigger(trigger, what, &run, deadline, &events, &live->operation);
}

void zc_attempt_begin(zc_live *live) {
  const zc_trigger_ops *ops = zc_attempt_ops(live);
  /* An attended run's own limit comes first; the operation's is for a trigger that forgets it. */
  int64_t deadline = ops && ops->attended ? timeout_of(live) + 30 * ZC_SECOND : ZC_REMOTE_DEADLINE;
  int status = begin(live, ZC_START_RUN, deadline);
  if (status == ZC_OK) return;
  char message[128];
  snprintf(message, sizeof message, "the trigger refused to start it (%s)", zc_status_text(status));
  start_failed(live, status, message);
}

void zc_attempt_look_up(zc_live *live) {
  int status = begin(live, ZC_FIND_RUN, ZC_REMOTE_DEADLINE);
  if (status != ZC_OK) find_done(live, status, "the look-up of the run was refused");
}

void zc_attempt_poll(zc_live *live) {
  int status = begin(live, ZC_POLL_RUN, ZC_REMOTE_DEADLINE);
  if (status != ZC_OK) poll_done(live, status, "the question for its status was refused");
}

void zc_attempt_stop(zc_live *live) {
  zc_timer_stop(live->engine->loop, &live->timer);
  zc_operation_cancel(live->engine->context, live->operation);
  int status = begin(live, ZC_STOP_RUN, ZC_REMOTE_DEADLINE);
  if (status != ZC_OK) poll_done(live, status, "the request to stop it was refused");
}
