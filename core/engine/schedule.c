/* Schedule: cron slots become requests. The slot is in the run's id and its mark is journalled with
 * the run, so that each fires at most once, over restarts and steps of the clock too. Of the slots
 * missed while the engine was away the newest is made up for, while its deadline lasts and for
 * ZC_LATE_GRACE after it; the others are counted. A run made up for is requested when it is taken
 * up: the time that the engine was away is no deferral and saves nothing. */
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/time_text.h"
#include "core/engine/stages.h"

#define COUNT_LIMIT 10000 /* missed slots are counted no further */

static void on_slot(zc_timer *timer);

static void plan(zc_schedule *schedule, zc_time after) {
  zc_engine *engine = schedule->engine;
  const zc_pipeline_settings *p = schedule->pipeline;
  if (zc_cron_next(&p->cron, p->zone, after, &schedule->next) != ZC_OK) {
    schedule->next = 0;
    zc_log(ZC_LOG_WARNING, "schedule", "%s: '%s' has no slot to come", p->name, p->schedule);
    return;
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

static void request(zc_schedule *schedule, zc_time slot) {
  zc_engine *engine = schedule->engine;
  zc_time now = zc_loop_now(engine->loop);
  zc_execution execution;
  zc_execution_init(&execution);
  int status =
      zc_execute_fill(engine, schedule->pipeline, "zerocarb_schedule", slot, slot, &execution);
  if (now - slot >= ZC_PROMPT) take_up_late(&execution, now);
  if (status == ZC_OK && zc_execute_find(engine, execution.id)) {
    zc_execution_finish(&execution);
    return;
  }
  zc_live *live = NULL;
  if (status == ZC_OK)
    live = zc_execute_adopt(engine, schedule->pipeline, &execution);
  else
    zc_execution_finish(&execution);
  if (!live) {
    zc_log(ZC_LOG_ERROR, "schedule", "%s: no room for another run: the slot is tried again in 10 s",
           schedule->pipeline->name);
    schedule->next = slot;
    zc_timer_at(engine->loop, &schedule->timer, now + 10 * ZC_SECOND, on_slot, schedule);
    return;
  }
  zc_record_commit(live, NULL, true);
}

/* The newest slot in [first, now]; *ret_missed: how many lie before it. */
static zc_time newest_due(const zc_schedule *schedule, zc_time first, zc_time now,
                          size_t *ret_missed) {
  zc_time slot = first, next;
  *ret_missed = 0;
  while (*ret_missed < COUNT_LIMIT &&
         zc_cron_next(&schedule->pipeline->cron, schedule->pipeline->zone, slot, &next) == ZC_OK &&
         next <= now) {
    slot = next;
    (*ret_missed)++;
  }
  return slot;
}

static bool past_deadline(const zc_schedule *schedule, zc_time slot, zc_time now) {
  int64_t slack = (int64_t)(schedule->pipeline->max_defer_hours * (double)ZC_HOUR);
  return now - slot > slack + ZC_LATE_GRACE;
}

static void take_due(zc_schedule *schedule, zc_time now) {
  size_t missed;
  const char *name = schedule->pipeline->name;
  zc_time slot = newest_due(schedule, schedule->next, now, &missed);
  char text[ZC_TIME_TEXT_SIZE] = "?";
  zc_time_format(slot, text, sizeof text);
  if (missed > 0) zc_log(ZC_LOG_WARNING, "schedule", "%s: %zu slots missed", name, missed);
  if (past_deadline(schedule, slot, now)) {
    zc_log(ZC_LOG_WARNING, "schedule", "%s: slot %s missed: its deadline has long passed", name,
           text);
    plan(schedule, slot);
    return;
  }
  zc_time before = schedule->next;
  request(schedule, slot);
  if (schedule->next == before && !zc_timer_active(&schedule->timer)) plan(schedule, slot);
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

static int each_mark(void *user, const char *pipeline, zc_time slot) {
  zc_engine *engine = user;
  const zc_pipeline_settings *settings = zc_settings_pipeline(engine->settings, pipeline);
  if (!settings) return ZC_OK;
  zc_schedule *schedule = bsearch(settings, engine->schedules, engine->n_schedules,
                                  sizeof *engine->schedules, to_schedule);
  if (schedule) schedule->next = slot;
  return ZC_OK;
}

/* With `once` what is due is asked for right away; else the timers do it. A pipeline without a mark
 * is new: it begins now, or with `once` at the newest slot that can still be made up for. */
void zc_schedule_start(zc_engine *engine) {
  zc_time now = zc_loop_now(engine->loop);
  zc_time fresh = engine->options.once ? now - ZC_LATE_GRACE : now;
  if (zc_journal_marks(engine->journal, each_mark, engine) != ZC_OK) {
    zc_log(ZC_LOG_ERROR, "schedule", "the journal's marks cannot be read: schedules begin now");
  }
  for (size_t i = 0; i < engine->n_schedules; i++) {
    zc_schedule *schedule = &engine->schedules[i];
    schedule->timer.owner = schedule->pipeline->name;
    plan(schedule, schedule->next ? schedule->next : fresh);
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

/* What is new or has another schedule begins now. */
void zc_schedule_renew(zc_engine *engine) {
  for (size_t i = 0; i < engine->n_schedules; i++) {
    zc_schedule *schedule = &engine->schedules[i];
    schedule->timer.owner = schedule->pipeline->name;
    if (schedule->next)
      zc_timer_at(engine->loop, &schedule->timer, schedule->next, on_slot, schedule);
    else
      plan(schedule, zc_loop_now(engine->loop));
  }
}

void zc_schedule_destroy(zc_engine *engine) {
  free(engine->schedules);
}
