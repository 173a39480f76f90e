/* Execute: a run's life from the request to the attempt to start it. Every change of status is
 * journalled; what acts on the world waits until it is (attempt.c). */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/engine/stages.h"

static void on_timer(zc_timer *timer);
static void decide_queued(zc_timer *timer);

zc_live *zc_execute_find(const zc_engine *engine, const char *id) {
  zc_live *live;
  HASH_FIND_STR(engine->live, id, live);
  return live;
}

int zc_execute_fill(const zc_engine *engine, const zc_pipeline_settings *pipeline,
                    const char *trigger_source, zc_time requested_at, zc_time slot,
                    zc_execution *x) {
  if (slot)
    zc_execution_id_of_slot(pipeline->name, slot, x->id);
  else
    zc_execution_id_random(x->id);
  x->slot = slot;
  /* Whole seconds: they are the item's sort key. */
  x->requested_at = slot ? slot : requested_at - requested_at % ZC_SECOND;
  x->deadline = x->requested_at + (int64_t)(pipeline->max_defer_hours * (double)ZC_HOUR);
  x->planned_start = x->requested_at;
  x->pipeline = strdup(pipeline->name);
  x->trigger_source = strdup(trigger_source);
  x->team = zc_duplicate(pipeline->team);
  x->default_region = strdup(engine->settings->regions[pipeline->regions[0]]);
  x->region = zc_duplicate(x->default_region);
  bool ok = x->pipeline && x->trigger_source && x->default_region && x->region &&
            !x->team == !pipeline->team;
  return ok ? ZC_OK : ZC_ENOMEM;
}

/* A pipeline that is configured no longer: it has nobody to decide or start its runs. */
static const zc_pipeline_settings gone = {.auto_trigger = false};

zc_live *zc_execute_adopt(zc_engine *engine, const zc_pipeline_settings *pipeline,
                          zc_execution *execution) {
  if (!pipeline) pipeline = &gone;
  zc_live *live = HASH_COUNT(engine->live) < ZC_LIVE_MAX ? calloc(1, sizeof *live) : NULL;
  zc_pipeline_state *state = live ? zc_pipelines_get(engine, execution->pipeline) : NULL;
  if (state) {
    live->execution = *execution;
    HASH_ADD_STR(engine->live, execution.id, live);
  }
  if (!state || !live->hh.tbl) {
    zc_execution_finish(execution);
    free(live);
    return NULL;
  }
  live->engine = engine;
  live->settings = zc_settings_hold(engine->settings);
  live->pipeline = pipeline;
  live->state = state;
  zc_execution_init(execution);
  live->timer.owner = pipeline->name;
  DL_APPEND2(state->runs, live, prev_run, next_run);
  if (zc_places_count(live) == ZC_OK) return live;
  zc_execute_forget(live);
  return NULL;
}

static void unqueue(zc_live *live) {
  zc_engine *engine = live->engine;
  if (!live->queued) return;
  zc_live *before = NULL, *at = engine->queue_head;
  while (at != live)
    before = at, at = at->next_queued;
  if (before)
    before->next_queued = live->next_queued;
  else
    engine->queue_head = live->next_queued;
  if (engine->queue_tail == live) engine->queue_tail = before;
  live->queued = false;
}

void zc_execute_forget(zc_live *live) {
  zc_engine *engine = live->engine;
  zc_record_report_accepted(live, ZC_ECANCELED); /* it never came into the journal */
  unqueue(live);
  zc_timer_stop(engine->loop, &live->timer);
  zc_operation_cancel(engine->context, live->operation);
  HASH_DEL(engine->live, live);
  zc_places_drop(live);
  DL_DELETE2(live->state->runs, live, prev_run, next_run);
  zc_execution_finish(&live->execution);
  zc_settings_free(live->settings);
  free(live->outcome_message);
  free(live);
}

/* ---- the queue of runs to be decided, worked off in slices ---- */

void zc_execute_queue(zc_live *live) {
  zc_engine *engine = live->engine;
  if (live->queued || live->ended || live->left) return;
  live->queued = true;
  live->next_queued = NULL;
  if (engine->queue_tail)
    engine->queue_tail->next_queued = live;
  else
    engine->queue_head = live;
  engine->queue_tail = live;
  if (!zc_timer_active(&engine->queue_timer)) {
    zc_timer_after(engine->loop, &engine->queue_timer, 0, decide_queued, engine);
  }
}

static bool waits_for_decision(const zc_live *live, uint64_t version) {
  zc_execution_status status = live->execution.status;
  if (status == ZC_PENDING) return live->commits == 0;
  if (status != ZC_DEFERRED) return false;
  return live->decided_version != version || !zc_decision_stands(live);
}

void zc_execute_queue_deferred(zc_engine *engine) {
  if (!engine->collected || engine->stopping) return;
  uint64_t version = zc_grid_version(engine->grid);
  zc_live *live, *next;
  HASH_ITER(hh, engine->live, live, next) {
    if (waits_for_decision(live, version)) zc_execute_queue(live);
  }
}

/* ---- deciding ---- */

/* An engine that stops starts nothing: the next start goes on with it. */
static void on_intent_journalled(zc_live *live) {
  zc_engine *engine = live->engine;
  if (live->ended) return;
  if (!engine->stopping) {
    zc_attempt_begin(live);
    return;
  }
  if (live->ambiguous) return; /* an attempt before this one may have started it */
  live->execution.retry_at = zc_loop_now(engine->loop);
  zc_log(ZC_LOG_INFO, "execute", "%s %.8s: not started: the engine stops", live->execution.pipeline,
         live->execution.id);
  zc_record_commit(live, NULL, false);
}

static void on_deferral_journalled(zc_live *live) {
  if (live->execution.status != ZC_DEFERRED) return;
  zc_execute_wait(live, ZC_STEP_DECIDE, live->execution.planned_start);
}

static void log_decision(const zc_live *live) {
  const zc_execution *x = &live->execution;
  char start[ZC_TIME_TEXT_SIZE] = "?";
  zc_time_format(x->planned_start, start, sizeof start);
  zc_log(ZC_LOG_INFO, "decide", "%s %.8s: %s in %s at %s: %s", x->pipeline, x->id,
         zc_action_text(x->action), x->region, start, x->reason);
}

/* Where the engine changes a run's status, and nowhere else. */
static bool change_status(zc_live *live, zc_execution_event event) {
  zc_execution *x = &live->execution;
  if (!live->ended && zc_execution_apply(x, event) == ZC_OK) {
    zc_places_count(live); /* its region is known: zc_places_hold() has seen to that */
    return true;
  }
  zc_log(ZC_LOG_ERROR, "execute", "%s %.8s: %s after %s is not possible: left as it is",
         x->pipeline, x->id, zc_execution_status_text(zc_transition_of(event)->to),
         zc_execution_status_text(x->status));
  return false;
}

/* One that was to be tried again comes here after a restart only: a reload leaves it its settings.
 * Nothing of it has been started. */
static void start_nothing(zc_live *live) {
  if (live->execution.status == ZC_TRIGGERING)
    zc_execute_move(live, ZC_EVENT_CANCEL, "auto_trigger is false now: it is not tried again");
  else
    zc_execute_move(live, ZC_EVENT_ONLY_RECORD, "auto_trigger is false: decided and recorded only");
}

static void note_trigger(zc_live *live) {
  zc_execution *x = &live->execution;
  char text[ZC_TRIGGER_TEXT];
  zc_attempt_trigger(live, text, sizeof text);
  free(x->trigger);
  x->trigger = zc_duplicate(text);
}

void zc_execute_start(zc_live *live) {
  zc_execution *x = &live->execution;
  if (live->engine->stopping) return; /* it is taken up again after the restart */
  if (!live->pipeline->auto_trigger) {
    start_nothing(live);
    return;
  }
  if (x->status == ZC_DEFERRED && !zc_decision_stands(live)) {
    if (live->engine->collected) zc_execute_queue(live); /* else after the first round */
    return;
  }
  if (x->status != ZC_TRIGGERING && zc_places_hold(live)) return;
  if (!change_status(live, ZC_EVENT_ATTEMPT)) return;
  zc_timer_stop(live->engine->loop, &live->timer); /* of a run that was held: its deadline's */
  x->attempt++;
  x->retry_at = 0;
  free(x->message);
  x->message = NULL;
  x->triggered_at = zc_loop_now(live->engine->loop);
  note_trigger(live);
  zc_record_commit(live, on_intent_journalled, false);
}

/* auto_trigger false records the plan at once: there is nothing to wait for. */
static void follow_plan(zc_live *live, bool changed) {
  zc_execution *x = &live->execution;
  bool due = x->planned_start <= zc_loop_now(live->engine->loop);
  unsigned commits = live->commits;
  if (due || !live->pipeline->auto_trigger) {
    zc_execute_start(live);
    bool untold = x->status == ZC_DEFERRED && live->commits == commits;
    if (changed && untold)
      zc_record_commit(live, NULL, false); /* held as before, by another plan */
    return;
  }
  zc_places_leave(live);
  if (changed || x->status != ZC_DEFERRED) {
    if (change_status(live, ZC_EVENT_WAIT)) zc_record_commit(live, on_deferral_journalled, false);
  } else if (!zc_timer_active(&live->timer)) {
    zc_execute_wait(live, ZC_STEP_DECIDE, x->planned_start);
  }
}

static void decide(zc_live *live) {
  zc_error error = {0};
  bool changed;
  zc_execution_status before = live->execution.status;
  if (before != ZC_PENDING && before != ZC_DEFERRED) return;
  zc_timer_stop(live->engine->loop, &live->timer);
  int status = zc_decision_make(live->engine, live, &changed, &error);
  if (status != ZC_OK) {
    zc_log(ZC_LOG_ERROR, "decide", "%s %.8s: %s; tried again in 10 s", live->execution.pipeline,
           live->execution.id, error.text);
    zc_execute_wait(live, ZC_STEP_DECIDE, zc_loop_now(live->engine->loop) + 10 * ZC_SECOND);
    return;
  }
  if (changed) log_decision(live);
  follow_plan(live, changed);
}

static void decide_queued(zc_timer *timer) {
  zc_engine *engine = timer->user;
  int64_t begun = zc_clock_real_ns();
  while (engine->queue_head) {
    zc_live *live = engine->queue_head;
    engine->queue_head = live->next_queued;
    if (!engine->queue_head) engine->queue_tail = NULL;
    live->queued = false;
    if (!engine->stopping) decide(live);
    if (zc_clock_real_ns() - begun > ZC_SLICE_NS) break;
  }
  if (engine->queue_head) {
    zc_timer_after(engine->loop, &engine->queue_timer, 0, decide_queued, engine);
  }
  zc_engine_settle(engine);
}

/* ---- steps ---- */

/* A plan whose data have not changed, or not come yet, is followed as it is. */
static void on_decide_time(zc_live *live) {
  const zc_engine *engine = live->engine;
  bool news = engine->collected && live->decided_version != zc_grid_version(engine->grid);
  bool follow = live->execution.status == ZC_DEFERRED && !news;
  if (follow && live->execution.planned_start <= zc_loop_now(live->engine->loop)) {
    zc_execute_start(live);
  } else {
    zc_execute_queue(live);
  }
}

static void on_timer(zc_timer *timer) {
  zc_live *live = timer->user;
  zc_step step = live->step;
  live->step = ZC_STEP_NONE;
  if (step == ZC_STEP_DECIDE)
    on_decide_time(live);
  else if (step == ZC_STEP_START)
    zc_execute_start(live);
  else if (step == ZC_STEP_FIND)
    zc_attempt_look_up(live);
  else if (step == ZC_STEP_POLL)
    zc_attempt_poll(live);
}

void zc_execute_wait(zc_live *live, zc_step step, zc_time at) {
  live->step = step;
  zc_timer_at(live->engine->loop, &live->timer, at, on_timer, live);
}

/* ---- ends ---- */

static void log_move(const zc_live *live) {
  const zc_execution *x = &live->execution;
  bool bad = x->status == ZC_FAILED || x->status == ZC_TIMED_OUT || x->status == ZC_UNKNOWN;
  zc_log(bad ? ZC_LOG_WARNING : ZC_LOG_INFO, "execute", "%s %.8s: %s%s%s", x->pipeline, x->id,
         zc_execution_status_text(x->status), x->message ? ": " : "", x->message ? x->message : "");
}

void zc_execute_hold(zc_live *live) {
  const zc_execution *x = &live->execution;
  if (!change_status(live, ZC_EVENT_WAIT)) return;
  zc_log(ZC_LOG_INFO, "execute", "%s %.8s: waits: %s", x->pipeline, x->id,
         x->wait_reason ? x->wait_reason : "");
  zc_record_commit(live, NULL, false);
}

static void tell(zc_live *live, const char *message) {
  zc_execution *x = &live->execution;
  if (message) {
    free(x->message);
    x->message = zc_duplicate(message);
  }
  log_move(live);
}

static void end(zc_live *live) {
  zc_execution *x = &live->execution;
  zc_timer_stop(live->engine->loop, &live->timer);
  zc_operation_cancel(live->engine->context, live->operation);
  live->operation = 0;
  zc_realise_mark(live);
  zc_places_leave(live);
  if (x->status != ZC_NOT_TRIGGERED && x->triggered_at && !x->resolved_at) {
    x->finished_at = zc_loop_now(live->engine->loop);
  }
  live->ended = true;
}

static bool move(zc_live *live, zc_execution_event event, const char *message) {
  if (!change_status(live, event)) return false;
  tell(live, message);
  if (zc_execution_ended(live->execution.status)) end(live);
  return true;
}

void zc_execute_move(zc_live *live, zc_execution_event event, const char *message) {
  if (move(live, event, message)) zc_record_commit(live, NULL, false);
}

void zc_execute_skip(zc_live *live, const char *message) {
  if (!change_status(live, ZC_EVENT_SKIP)) return;
  tell(live, message);
  end(live);
  zc_record_commit(live, NULL, true);
}

/* ---- another configuration, another time ---- */

static bool is_begun(const zc_live *live) {
  zc_execution_status status = live->execution.status;
  return live->ended || status == ZC_TRIGGERING || status == ZC_RUNNING;
}

static void renew(zc_live *live) {
  zc_engine *engine = live->engine;
  const zc_pipeline_settings *pipeline =
      zc_settings_pipeline(engine->settings, live->execution.pipeline);
  if (!pipeline) {
    zc_execute_move(live, ZC_EVENT_CANCEL, ZC_PIPELINE_GONE);
    return;
  }
  zc_settings_free(live->settings);
  live->settings = zc_settings_hold(engine->settings);
  live->pipeline = pipeline;
  live->timer.owner = pipeline->name;
}

/* What is being started or runs keeps the settings that it was started with. */
void zc_execute_renew(zc_engine *engine) {
  zc_live *live, *next;
  HASH_ITER(hh, engine->live, live, next) {
    if (!is_begun(live)) renew(live);
  }
  zc_places_look(engine); /* its limits may be wider */
}

/* What is under way is asked about, or tried again, after the same pause; what waits for its time
 * waits for that time. */
void zc_execute_clock_set_back(zc_engine *engine, int64_t ms) {
  zc_live *live, *next;
  HASH_ITER(hh, engine->live, live, next) {
    if (is_begun(live) && zc_timer_active(&live->timer))
      zc_execute_wait(live, live->step, live->timer.due - ms);
  }
}

/* ---- what others ask for ---- */

int zc_execute_may_request(const zc_engine *engine, const zc_pipeline_settings *pipeline,
                           zc_error *error) {
  const zc_pipeline_state *state;
  char since[ZC_TIME_TEXT_SIZE] = "?";
  HASH_FIND_STR(engine->pipelines, pipeline->name, state);
  if (state && state->paused_at) {
    zc_time_format(state->paused_at, since, sizeof since);
    return zc_error_set(
        error, ZC_ECONFLICT,
        "%s has been paused since %s: nothing is taken before `zerocarb pipelines resume %s`",
        pipeline->name, since, pipeline->name);
  }
  const zc_live *other = state ? zc_pipelines_unended(state, NULL) : NULL;
  if (!other || pipeline->overlap != ZC_OVERLAP_SKIP) return ZC_OK;
  return zc_error_set(
      error, ZC_ECONFLICT, "run %.8s of %s has not ended (%s): no other is taken (overlap: skip)",
      other->execution.id, pipeline->name, zc_execution_status_text(other->execution.status));
}

int zc_engine_trigger(zc_engine *engine, const char *pipeline, const char *trigger_source,
                      char *ret_id, void (*accepted)(void *user, int status), void *user,
                      zc_error *error) {
  if (engine->stopping) return zc_error_set(error, ZC_ECANCELED, "the engine is stopping");
  const zc_pipeline_settings *settings = zc_decision_pipeline(engine, pipeline, error);
  if (!settings) return ZC_ENOTFOUND;
  if (zc_execute_may_request(engine, settings, error) != ZC_OK) return ZC_ECONFLICT;
  zc_execution execution;
  zc_execution_init(&execution);
  int status =
      zc_execute_fill(engine, settings, trigger_source, zc_loop_now(engine->loop), 0, &execution);
  if (status != ZC_OK) {
    zc_execution_finish(&execution);
    return zc_error_set(error, status, "no memory for a run");
  }
  zc_live *live = zc_execute_adopt(engine, settings, &execution);
  if (!live)
    return zc_error_set(error, ZC_ECONFLICT, "%d runs are under way: no more are taken",
                        ZC_LIVE_MAX);
  memcpy(ret_id, live->execution.id, ZC_EXECUTION_ID_SIZE);
  live->accepted = accepted;
  live->accepted_user = user;
  zc_record_commit(live, NULL, false);
  return ZC_OK;
}

/* Whether it may have been started, as far as is known. */
static bool may_have_begun(const zc_live *live) {
  const zc_trigger_ops *ops = zc_attempt_ops(live);
  zc_execution_status status = live->execution.status;
  if (status != ZC_TRIGGERING && status != ZC_RUNNING) return false;
  if (live->execution.retry_at) return false;
  return !ops || !ops->attended || live->operation;
}

/* A command keeps its place until it has gone: the run ends then. */
static int ask_to_end(zc_live *live, zc_error *error) {
  const zc_trigger_ops *ops = zc_attempt_ops(live);
  if (ops && ops->attended) {
    live->cancelling = zc_operation_stop(live->engine->context, live->operation);
    zc_log(ZC_LOG_INFO, "execute", "%s %.8s: cancelled on request: its command is told to end",
           live->execution.pipeline, live->execution.id);
  } else if (ops && ops->stop && live->execution.remote_id) {
    zc_attempt_stop(live);
  } else {
    return zc_error_set(error, ZC_ECONFLICT, "its trigger cannot stop a run that has been started");
  }
  return ZC_OK;
}

int zc_engine_cancel(zc_engine *engine, const char *id, void (*done)(void *user, int status),
                     void *user, bool *ret_asked, zc_error *error) {
  zc_live *live = zc_execute_find(engine, id);
  if (!live) return zc_error_set(error, ZC_ENOTFOUND, "no run %s is under way", id);
  if (live->ended) return zc_error_set(error, ZC_ECONFLICT, "the run has ended");
  *ret_asked = may_have_begun(live);
  if (*ret_asked) return live->cancelling ? ZC_OK : ask_to_end(live, error);
  if (move(live, ZC_EVENT_CANCEL, "cancelled on request, before it was started"))
    zc_record_commit_told(live, done, user);
  return ZC_OK;
}

const zc_execution *zc_engine_find(const zc_engine *engine, const char *id) {
  const zc_live *live = zc_execute_find(engine, id);
  return live ? &live->execution : NULL;
}

size_t zc_engine_live(const zc_engine *engine) {
  size_t n = 0;
  zc_live *live, *next;
  HASH_ITER(hh, engine->live, live, next)
  n += !zc_execution_ended(live->execution.status) || live->commits > 0;
  return n;
}
