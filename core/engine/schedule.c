/* Schedule: cron slots become requests. The slot is in the run's id, and its mark is journalled
 * with the run, or with the count where it is passed over, so that each fires at most once, over
 * restarts and steps of the clock too. Of the slots that came while the engine was away `catch_up`
 * says which are made up for: none; the newest, while its deadline lasts and for ZC_LATE_GRACE
 * after it; or the newest few. The others are counted. A run made up for is requested when it is
 * taken up: the time that the engine was away is no deferral and saves nothing. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/time_text.h"
#include "core/engine/stages.h"

static void on_slot(zc_timer *timer);

static void plan(zc_schedule *schedule, zc_time after) {
  zc_engine *engine = schedule->engine;
  const zc_pipeline_settings *p = schedule->pipeline;
  if (zc_cron_next(&p->cron, p->zone, after, &schedule->next) != ZC_OK) {
    schedule->next = 0;
    zc_log(ZC_LOG_WARNING, "schedule", "%s: '%s' has no slot to come", p->name, p->schedule);
    return;
  }
  if (after > zc_loop_now(engine->loop) + ZC_DAY) {
    char text[ZC_TIME_TEXT_SIZE] = "?";
    zc_time_format(after, text, sizeof text);
    zc_log(ZC_LOG_WARNING, "schedule",
           "%s: the slot %s has been taken up, and the clock is behind it: no slot before counts "
           "as due",
           p->name, text);
  }
  if (!engine->options.once) {
    zc_timer_at(engine->loop, &schedule->timer, schedule->next, on_slot, schedule);
  }
}

static void take_up_late(zc_execution *x, zc_time now) {
  x->requested_at = now - now % ZC_SECOND;
  x->planned_start = x->requested_at;
  if (x->deadline < x->requested_at) x->deadline = x->requested_at;
}

/* Hands a run of the slot over; where one has not ended, and overlap is `skip`, as one that ends at
 * once. */
static void hand_over(zc_live *live) {
  const zc_live *other = zc_pipelines_unended(live->state, live);
  if (!other || live->pipeline->overlap != ZC_OVERLAP_SKIP) {
    zc_record_commit(live, NULL, true);
    return;
  }
  char message[128];
  snprintf(message, sizeof message, "skipped: run %.8s has not ended (%s)", other->execution.id,
           zc_execution_status_text(other->execution.status));
  zc_execute_skip(live, message);
}

static void try_again(zc_schedule *schedule, zc_time slot) {
  zc_engine *engine = schedule->engine;
  zc_log(ZC_LOG_ERROR, "schedule", "%s: no room for another run: the slot is tried again in 10 s",
         schedule->pipeline->name);
  schedule->next = slot;
  zc_timer_after(engine->loop, &schedule->timer, 10 * ZC_SECOND, on_slot, schedule);
}

/* False where there is no room for it: the slot is tried again. */
static bool request(zc_schedule *schedule, zc_time slot) {
  zc_engine *engine = schedule->engine;
  zc_time now = zc_loop_now(engine->loop);
  zc_execution execution;
  zc_execution_init(&execution);
  int status =
      zc_execute_fill(engine, schedule->pipeline, "zerocarb_schedule", slot, slot, &execution);
  if (now - slot >= ZC_PROMPT) take_up_late(&execution, now);
  if (status == ZC_OK && zc_execute_find(engine, execution.id)) {
    zc_execution_finish(&execution);
    return true;
  }
  zc_live *live = NULL;
  if (status == ZC_OK)
    live = zc_execute_adopt(engine, schedule->pipeline, &execution);
  else
    zc_execution_finish(&execution);
  if (live) {
    if (live->state->mark < slot) live->state->mark = slot;
    hand_over(live);
  } else {
    try_again(schedule, slot);
  }
  return live != NULL;
}

static zc_time newest_slot(const zc_pipeline_settings *p, zc_time after, zc_time until) {
  zc_time slot = 0;
  zc_cron_next(&p->cron, p->zone, zc_cron_before_newest(&p->cron, p->zone, after, until, 1), &slot);
  return slot;
}

/* The slots in (after, until] get no run: they are counted, and the mark goes past them. */
static void pass_over(zc_schedule *schedule, zc_pipeline_state *state, zc_time after,
                      zc_time until) {
  const zc_pipeline_settings *p = schedule->pipeline;
  int64_t n = zc_cron_count(&p->cron, p->zone, after, until);
  if (n == 0) return;
  zc_time first = 0, last = newest_slot(p, after, until);
  char from[ZC_TIME_TEXT_SIZE] = "?", to[ZC_TIME_TEXT_SIZE] = "?";
  zc_cron_next(&p->cron, p->zone, after, &first);
  zc_time_format(first, from, sizeof from);
  zc_time_format(last, to, sizeof to);
  if (state->paused_at)
    state->slots_paused += n;
  else
    state->slots_missed += n;
  zc_log(state->paused_at ? ZC_LOG_INFO : ZC_LOG_WARNING, "schedule",
         "%s: %" PRId64 " slot%s %s, from %s to %s", p->name, n, n == 1 ? "" : "s",
         state->paused_at ? "passed while it is paused" : "missed", from, to);
  if (state->mark < last) state->mark = last;
  zc_record_pipeline(schedule->engine, state, last, NULL, NULL);
}

static bool past_deadline(const zc_schedule *schedule, zc_time slot, zc_time now) {
  int64_t slack = (int64_t)(schedule->pipeline->max_defer_hours * (double)ZC_HOUR);
  return now - slot > slack + ZC_LATE_GRACE;
}

/* The slots of (after, now] that get a run are those behind the instant returned. */
static zc_time begin_of_wanted(const zc_schedule *schedule, zc_time after, zc_time now) {
  const zc_pipeline_settings *p = schedule->pipeline;
  int64_t n = p->catch_up == ZC_CATCH_UP_ALL ? p->catch_up_max : 1;
  zc_time before = zc_cron_before_newest(&p->cron, p->zone, after, now, n);
  if (p->catch_up == ZC_CATCH_UP_ALL) return before;
  zc_time slot = newest_slot(p, after, now);
  bool late = now - slot >= ZC_PROMPT;
  if (late && p->catch_up == ZC_CATCH_UP_NONE) return now;
  return late && past_deadline(schedule, slot, now) ? now : before;
}

static void take_due(zc_schedule *schedule, zc_time now) {
  const zc_pipeline_settings *p = schedule->pipeline;
  int64_t begun = zc_clock_real_ns();
  zc_pipeline_state *state = zc_pipelines_get(schedule->engine, p->name);
  if (!state) {
    try_again(schedule, schedule->next);
    return;
  }
  zc_time after = schedule->next - 1, slot;
  zc_time at = state->paused_at ? now : begin_of_wanted(schedule, after, now);
  pass_over(schedule, state, after, at);
  while (zc_cron_next(&p->cron, p->zone, at, &slot) == ZC_OK && slot <= now) {
    if (!request(schedule, slot)) return;
    at = slot;
    if (!schedule->engine->options.once && zc_clock_real_ns() - begun > ZC_SLICE_NS) break;
  }
  plan(schedule, at);
}

static void on_slot(zc_timer *timer) {
  zc_schedule *schedule = timer->user;
  zc_time now = zc_loop_now(schedule->engine->loop);
  if (now < schedule->next) { /* the clock was set back meanwhile */
    zc_timer_at(schedule->engine->loop, &schedule->timer, schedule->next, on_slot, schedule);
    return;
  }
  take_due(schedule, now);
}

/* ---- start and stop ---- */

int zc_schedule_create(zc_engine *engine, zc_error *error) {
  const zc_settings *settings = engine->settings;
  engine->schedules = calloc(settings->n_pipelines + 1, sizeof *engine->schedules);
  if (!engine->schedules) return zc_error_set(error, ZC_ENOMEM, "no memory for the schedules");
  for (size_t i = 0; i < settings->n_pipelines; i++) {
    if (!settings->pipelines[i].has_schedule) continue;
    engine->schedules[engine->n_schedules++] =
        (zc_schedule){.engine = engine, .pipeline = &settings->pipelines[i]};
  }
  return ZC_OK;
}

/* The schedules come in the order of the settings' pipelines. */
static int to_schedule(const void *pipeline, const void *schedule) {
  const zc_pipeline_settings *left = pipeline, *right = ((const zc_schedule *)schedule)->pipeline;
  return (left > right) - (left < right);
}

static zc_schedule *schedule_of(const zc_engine *engine, const zc_pipeline_settings *pipeline) {
  return bsearch(pipeline, engine->schedules, engine->n_schedules, sizeof *engine->schedules,
                 to_schedule);
}

zc_time zc_schedule_next(const zc_engine *engine, const zc_pipeline_settings *pipeline) {
  const zc_schedule *schedule = schedule_of(engine, pipeline);
  return schedule ? schedule->next : 0;
}

/* Pipelines that are not configured are kept too: they may come back. */
static int each_mark(void *user, const char *pipeline, zc_time slot) {
  if (strcmp(pipeline, ZC_ROLLUP_MARK) == 0) return ZC_OK;
  zc_pipeline_state *state = zc_pipelines_get(user, pipeline);
  if (state) state->mark = slot;
  return state ? ZC_OK : ZC_ENOMEM;
}

/* As it is kept beside the mark; NULL for want of memory. */
static char *text_of(const zc_pipeline_settings *p) {
  char *text;
  return asprintf(&text, "%s %s", p->schedule, p->time_zone ? p->time_zone : "UTC") < 0 ? NULL
                                                                                        : text;
}

/* Whether its mark is a slot of this schedule. One that a journal of before version 3 has is taken
 * for one. */
static bool is_marked(zc_schedule *schedule, zc_pipeline_state *state) {
  if (!state || !state->mark) return false;
  char *text = text_of(schedule->pipeline);
  bool same = text && (!state->schedule || strcmp(state->schedule, text) == 0);
  if (same && !state->schedule) {
    state->schedule = text;
    zc_record_pipeline(schedule->engine, state, 0, NULL, NULL);
    return true;
  }
  free(text);
  return same;
}

/* A pipeline that is new, or has another schedule, begins now: its mark says so from here on, so
 * that a slot which a restart falls on is not taken for one from before its time. Where the clock
 * was set back it begins behind the mark: its slots up to there may have been taken up. With `once`
 * it begins at the newest slot that can still be made up for. */
static void begin(zc_schedule *schedule, zc_time now) {
  zc_engine *engine = schedule->engine;
  const zc_pipeline_settings *p = schedule->pipeline;
  zc_time after = now;
  if (engine->options.once)
    after = zc_cron_before_newest(&p->cron, p->zone, now - ZC_LATE_GRACE, now, 1);
  zc_pipeline_state *state = zc_pipelines_get(engine, p->name);
  if (state) {
    if (state->mark < after) state->mark = after;
    after = state->mark;
    free(state->schedule);
    state->schedule = text_of(p);
    zc_record_pipeline(engine, state, after, NULL, NULL);
  } else {
    zc_log(ZC_LOG_ERROR, "schedule", "%s: no memory to note when its schedule begins", p->name);
  }
  plan(schedule, after);
}

/* Of a pipeline without a schedule no slot is missed: should it get one again it begins anew. */
static void forget_gone(zc_engine *engine) {
  for (zc_pipeline_state *state = engine->pipelines; state; state = state->hh.next) {
    const zc_pipeline_settings *p = zc_settings_pipeline(engine->settings, state->name);
    bool gone = state->schedule && *state->schedule && !(p && p->has_schedule);
    if (!gone) continue;
    *state->schedule = '\0';
    zc_record_pipeline(engine, state, 0, NULL, NULL);
  }
}

/* With `once` what is due is asked for right away; else the timers do it. */
void zc_schedule_start(zc_engine *engine) {
  zc_time now = zc_loop_now(engine->loop);
  if (zc_journal_marks(engine->journal, each_mark, engine) != ZC_OK) {
    zc_log(ZC_LOG_ERROR, "schedule", "the journal's marks cannot be read: schedules begin now");
  }
  forget_gone(engine);
  for (size_t i = 0; i < engine->n_schedules; i++) {
    zc_schedule *schedule = &engine->schedules[i];
    zc_pipeline_state *state = zc_pipelines_get(engine, schedule->pipeline->name);
    schedule->timer.owner = schedule->pipeline->name;
    if (is_marked(schedule, state))
      plan(schedule, state->mark);
    else
      begin(schedule, now);
    if (engine->options.once && schedule->next && schedule->next <= now) take_due(schedule, now);
  }
}

void zc_schedule_stop(zc_engine *engine) {
  for (size_t i = 0; i < engine->n_schedules; i++) {
    zc_timer_stop(engine->loop, &engine->schedules[i].timer);
  }
}

static bool same_text(const char *a, const char *b) {
  return a == b || (a && b && strcmp(a, b) == 0);
}

/* Where the schedule is the same the slot that it waits for stays, also one that is due already. */
static void carry_slot(zc_schedule *schedule, const zc_schedule *old) {
  const zc_pipeline_settings *p = schedule->pipeline, *q = old->pipeline;
  if (same_text(p->schedule, q->schedule) && same_text(p->time_zone, q->time_zone))
    schedule->next = old->next;
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const zc_schedule *)a)->pipeline->name, ((const zc_schedule *)b)->pipeline->name);
}

void zc_schedule_exchange(zc_engine *engine, zc_engine *fresh) {
  zc_schedule *old = engine->schedules;
  size_t n_old = engine->n_schedules;
  zc_schedule_stop(engine);
  qsort(old, n_old, sizeof *old, by_name);
  for (size_t i = 0; i < fresh->n_schedules; i++) {
    zc_schedule *schedule = &fresh->schedules[i];
    const zc_schedule *twin = bsearch(schedule, old, n_old, sizeof *old, by_name);
    schedule->engine = engine;
    if (twin) carry_slot(schedule, twin);
  }
  engine->schedules = fresh->schedules;
  engine->n_schedules = fresh->n_schedules;
  fresh->schedules = old;
  fresh->n_schedules = n_old;
}

void zc_schedule_renew(zc_engine *engine) {
  forget_gone(engine);
  for (size_t i = 0; i < engine->n_schedules; i++) {
    zc_schedule *schedule = &engine->schedules[i];
    schedule->timer.owner = schedule->pipeline->name;
    if (schedule->next)
      zc_timer_at(engine->loop, &schedule->timer, schedule->next, on_slot, schedule);
    else
      begin(schedule, zc_loop_now(engine->loop));
  }
}

void zc_schedule_destroy(zc_engine *engine) {
  free(engine->schedules);
}
