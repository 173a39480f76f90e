/* Collect: asks every source for every region of its, and puts the answers into the grid. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/engine/stages.h"

static void ask_round(zc_timer *timer);

static const zc_source_ops *ops_of(const zc_collector *collector) {
  return collector->settings->plugin->ops;
}

/* How far ahead any pipeline can look: its slack and its duration. */
static int64_t horizon_of(const zc_settings *settings) {
  int64_t longest = ZC_DAY;
  for (size_t i = 0; i < settings->n_pipelines; i++) {
    const zc_pipeline_settings *p = &settings->pipelines[i];
    int64_t wanted = (int64_t)(p->max_defer_hours * (double)ZC_HOUR +
                               p->workload.duration_minutes * (double)ZC_MINUTE);
    if (wanted > longest) longest = wanted;
  }
  return longest;
}

/* The collector that goes on: a running engine's, of the same name and options. */
static zc_collector *twin_of(const zc_engine *running, const zc_plugin_settings *settings) {
  for (size_t i = 0; running && i < running->settings->n_sources; i++) {
    zc_collector *c = running->collectors[i];
    if (c && zc_engine_same_instance(c->settings, settings)) return c;
  }
  return NULL;
}

static int collector_create(zc_engine *engine, size_t source, zc_error *error) {
  const zc_plugin_settings *settings = &engine->settings->sources[source];
  if (twin_of(engine->before, settings)) return ZC_OK;
  zc_collector *c = calloc(1, sizeof *c);
  if (!c) return zc_error_set(error, ZC_ENOMEM, "no memory");
  engine->collectors[source] = c;
  c->engine = engine;
  c->source = source;
  c->settings = settings;
  c->timer.owner = settings->name;
  c->n_questions = settings->n_regions * 2;
  c->questions = calloc(c->n_questions + 1, sizeof *c->questions);
  c->delivered = calloc(settings->n_regions + 1, sizeof *c->delivered);
  if (!c->questions || !c->delivered) return zc_error_set(error, ZC_ENOMEM, "no memory");
  for (size_t i = 0; i < c->n_questions; i++) {
    c->questions[i] = (zc_question){.collector = c, .region = i / 2, .forecast = i % 2 == 1};
  }
  int status = zc_instance_create(engine->context, settings->plugin, settings->name,
                                  settings->options, &c->instance, error);
  if (status != ZC_OK) engine->refused = (zc_place){settings->line, settings->column};
  return status;
}

int zc_collect_create(zc_engine *engine, zc_error *error) {
  const zc_settings *settings = engine->settings;
  int64_t max_age[ZC_SOURCES_MAX];
  for (size_t i = 0; i < settings->n_sources; i++)
    max_age[i] = settings->sources[i].max_age_ms;
  int status = zc_grid_create((const char *const *)settings->regions, settings->n_regions, max_age,
                              settings->n_sources, &engine->grid);
  if (status != ZC_OK) return zc_error_set(error, status, "no memory for the grid");
  engine->forecast_horizon = horizon_of(settings);
  engine->collectors = calloc(settings->n_sources + 1, sizeof *engine->collectors);
  engine->history = calloc(settings->n_regions + 1, sizeof *engine->history);
  if (!engine->collectors || !engine->history) return zc_error_set(error, ZC_ENOMEM, "no memory");
  for (size_t i = 0; i < settings->n_sources && status == ZC_OK; i++) {
    status = collector_create(engine, i, error);
  }
  return status;
}

static void collector_destroy(zc_collector *c) {
  if (!c) return;
  zc_instance_destroy(c->instance);
  free(c->questions);
  free(c->delivered);
  free(c);
}

static void cancel_questions(zc_collector *collector) {
  for (size_t i = 0; i < collector->n_questions; i++) {
    zc_operation_cancel(collector->engine->context, collector->questions[i].operation);
    collector->questions[i].operation = 0;
  }
  collector->waiting = 0;
}

static void collector_stop(zc_collector *c) {
  zc_timer_stop(c->engine->loop, &c->timer);
  if (c->questions) cancel_questions(c);
}

void zc_collect_stop(zc_engine *engine) {
  zc_timer_stop(engine->loop, &engine->first_round);
  for (size_t i = 0; engine->collectors && i < engine->settings->n_sources; i++) {
    if (engine->collectors[i]) collector_stop(engine->collectors[i]);
  }
}

void zc_collect_destroy(zc_engine *engine) {
  for (size_t i = 0; engine->collectors && i < engine->settings->n_sources; i++) {
    collector_destroy(engine->collectors[i]);
  }
  free(engine->collectors);
  for (size_t i = 0; engine->history && i < engine->settings->n_regions; i++) {
    free(engine->history[i].slots);
  }
  free(engine->history);
  zc_snapshot_drop(engine->snapshot);
  zc_grid_destroy(engine->grid);
}

zc_snapshot *zc_collect_snapshot(zc_engine *engine) {
  zc_time now = zc_loop_now(engine->loop);
  zc_snapshot *held = engine->snapshot;
  if (held && held->at == now && held->version == zc_grid_version(engine->grid)) return held;
  zc_snapshot *fresh;
  if (zc_grid_snapshot(engine->grid, now, &fresh) != ZC_OK) return NULL;
  zc_snapshot_drop(held);
  engine->snapshot = fresh;
  return fresh;
}

void zc_collect_reports(const zc_engine *engine, zc_source_report *reports) {
  for (size_t i = 0; i < engine->settings->n_sources; i++) {
    const zc_collector *c = engine->collectors[i];
    reports[i] = (zc_source_report){.name = c->settings->name,
                                    .regions = c->settings->regions,
                                    .n_regions = c->settings->n_regions,
                                    .delivered = c->delivered};
  }
}

/* ---- rounds ---- */

static void first_round_over(zc_engine *engine) {
  if (engine->collected) return;
  engine->collected = true;
  zc_timer_stop(engine->loop, &engine->first_round);
  if (engine->ready) engine->ready(engine->ready_user);
}

static void on_first_round_limit(zc_timer *timer) {
  zc_engine *engine = timer->user;
  zc_log(ZC_LOG_WARNING, "engine",
         "some sources have not answered within %d s: going on with what is there",
         (int)(ZC_FIRST_ROUND_LIMIT / ZC_SECOND));
  first_round_over(engine);
  zc_realise_round(engine);
  zc_execute_queue_deferred(engine);
}

static bool all_asked(const zc_engine *engine) {
  for (size_t i = 0; i < engine->settings->n_sources; i++) {
    if (!engine->collectors[i]->asked) return false;
  }
  return true;
}

static size_t count_delivered(zc_collector *c) {
  size_t n = 0;
  for (size_t i = 0; i < c->settings->n_regions; i++) {
    c->delivered[i] = c->questions[2 * i].delivered || c->questions[2 * i + 1].delivered;
    n += c->delivered[i];
  }
  return n;
}

/* With jitter, so that many engines do not ask in the same second. */
static void plan_next_round(zc_collector *c, bool failed) {
  zc_engine *engine = c->engine;
  if (!failed && ops_of(c)->flags & ZC_SOURCE_CONSTANT) return;
  int64_t pause = c->due ? 0 : c->settings->every_ms;
  int64_t retry = ZC_MINUTE << (c->failures < 6 ? c->failures : 6);
  if (failed && retry < pause) pause = retry;
  pause += (int64_t)(zc_random_unit(&engine->random) * (double)pause / 20);
  c->due = false;
  zc_timer_after(engine->loop, &c->timer, pause, ask_round, c);
}

static void round_over(zc_collector *c) {
  zc_engine *engine = c->engine;
  size_t n = count_delivered(c);
  zc_collect_tell_refusals(c);
  bool was_failing = c->failures > 0;
  if (n > 0) {
    if (was_failing) {
      zc_log(ZC_LOG_INFO, zc_instance_component(c->instance),
             "answers again, after %u rounds without", c->failures);
    }
    c->failures = 0;
    c->last_success = zc_loop_now(engine->loop);
  } else {
    c->failures++;
  }
  plan_next_round(c, n == 0);
  c->asked = true;
  if (!engine->options.dry) zc_record_history(engine);
  if (!engine->collected && all_asked(engine)) first_round_over(engine);
  zc_realise_round(engine);
  zc_execute_queue_deferred(engine);
  zc_engine_settle(engine);
}

static void on_done(void *user, int error, const char *message) {
  zc_question *question = user;
  zc_collector *c = question->collector;
  const char *doubt = error == ZC_OK ? zc_span_doubt(&question->points) : NULL;
  question->operation = 0;
  if (error != ZC_OK) {
    question->delivered = false;
    zc_collect_tell_failure(question, zc_status_text(error), message);
  } else if (doubt) {
    zc_collect_tell_failure(question, zc_status_text(ZC_EDATA), doubt);
  }
  if (--c->waiting == 0) round_over(c);
}

/* ---- questions ---- */

/* Sources that only know the present cannot answer for a past instant. */
static bool can_answer(const zc_collector *c) {
  uint32_t flags = ops_of(c)->flags;
  return c->engine->options.as_of == 0 || flags & (ZC_SOURCE_RECORDED | ZC_SOURCE_CONSTANT);
}

static bool has_operation(const zc_collector *c, bool forecast) {
  return forecast ? ops_of(c)->forecast != NULL : ops_of(c)->observe != NULL;
}

static int ask(zc_question *question) {
  zc_collector *c = question->collector;
  zc_time now = zc_loop_now(c->engine->loop);
  question->from = question->forecast ? now : zc_realise_since(c->engine);
  question->to = question->forecast ? now + c->engine->forecast_horizon : now;
  question->points = (zc_span_count){0};
  zc_query query = {.size = sizeof query,
                    .region = zc_config_region_name(c->settings->options, question->region),
                    .region_config =
                        zc_config_region_config(c->settings->options, question->region),
                    .from = question->from,
                    .to = question->to};
  zc_operation_events events = {.user = question, .points = zc_collect_points, .done = on_done};
  question->delivered = false;
  return zc_operation_start_source(c->instance, question->forecast, &query, c->settings->timeout_ms,
                                   &events, &question->operation);
}

static void ask_round(zc_timer *timer) {
  zc_collector *c = timer->user;
  cancel_questions(c);
  c->waiting = 1; /* this function's own, so that a refusal cannot end the round early */
  for (size_t i = 0; i < c->n_questions; i++) {
    zc_question *question = &c->questions[i];
    if (!has_operation(c, question->forecast)) continue;
    c->waiting++;
    int status = ask(question);
    if (status != ZC_OK) on_done(question, status, zc_instance_refusal(c->instance));
  }
  if (--c->waiting == 0) round_over(c);
}

/* What is known is of another time: decisions wait for the sources, as they did at the start. */
static void on_clock_set(void *user, int64_t ms) {
  zc_engine *engine = user;
  if (engine->stopping) return;
  zc_log(
      ZC_LOG_WARNING, "engine",
      "the system's clock was set %s by %lld s, or the machine slept: the sources are asked again",
      ms > 0 ? "ahead" : "back", (long long)((ms > 0 ? ms : -ms) / ZC_SECOND));
  if (ms < 0) zc_execute_clock_set_back(engine, -ms);
  engine->collected = false;
  zc_timer_after(engine->loop, &engine->first_round, ZC_FIRST_ROUND_LIMIT, on_first_round_limit,
                 engine);
  for (size_t i = 0; i < engine->settings->n_sources; i++) {
    zc_collector *c = engine->collectors[i];
    c->asked = false;
    zc_timer_after(engine->loop, &c->timer, 0, ask_round, c);
  }
}

void zc_collect_start(zc_engine *engine) {
  zc_loop_on_clock_set(engine->loop, on_clock_set, engine);
  zc_timer_after(engine->loop, &engine->first_round, ZC_FIRST_ROUND_LIMIT, on_first_round_limit,
                 engine);
  for (size_t i = 0; i < engine->settings->n_sources; i++) {
    zc_collector *c = engine->collectors[i];
    if (can_answer(c)) {
      zc_timer_after(engine->loop, &c->timer, 0, ask_round, c);
      continue;
    }
    c->asked = true;
    zc_log(ZC_LOG_WARNING, zc_instance_component(c->instance),
           "knows only the present: left out of a past instant");
  }
  if (!all_asked(engine)) return;
  first_round_over(engine);
  zc_execute_queue_deferred(engine);
}

/* ---- reload ---- */

static bool find_name(char *const *names, size_t n, const char *name, size_t *ret) {
  for (size_t i = 0; i < n; i++) {
    if (strcmp(names[i], name) != 0) continue;
    *ret = i;
    return true;
  }
  return false;
}

/* The values of a source that goes on. */
static void carry_values(zc_engine *engine, zc_engine *fresh, size_t old_source, size_t source) {
  const zc_settings *old = engine->settings, *new = fresh->settings;
  for (size_t i = 0; i < new->n_regions; i++) {
    size_t region;
    if (!find_name(old->regions, old->n_regions, new->regions[i], &region)) continue;
    zc_grid_carry(fresh->grid, i, source, engine->grid, region, old_source);
  }
}

static void carry_history(zc_engine *engine, zc_engine *fresh) {
  const zc_settings *old = engine->settings, *new = fresh->settings;
  for (size_t i = 0; i < new->n_regions; i++) {
    size_t region;
    if (!find_name(old->regions, old->n_regions, new->regions[i], &region)) continue;
    fresh->history[i] = engine->history[region];
    engine->history[region] = (zc_history_memory){0};
  }
}

static void go_on(zc_engine *engine, zc_engine *fresh, zc_collector *c, size_t source) {
  const zc_plugin_settings *settings = &fresh->settings->sources[source];
  const zc_plausibility *new = &settings->plausibility, *old = &c->settings->plausibility;
  bool hurry = settings->every_ms != c->settings->every_ms || !zc_plausibility_same(new, old) ||
               fresh->forecast_horizon > engine->forecast_horizon;
  engine->collectors[c->source] = NULL;
  fresh->collectors[source] = c;
  c->due = c->due || hurry;
  c->settings = settings;
  c->timer.owner = settings->name;
  c->source = source;
}

void zc_collect_exchange(zc_engine *engine, zc_engine *fresh) {
  for (size_t i = 0; i < fresh->settings->n_sources; i++) {
    zc_collector *c = fresh->collectors[i];
    if (c) {
      c->engine = engine;
      continue;
    }
    c = twin_of(engine, &fresh->settings->sources[i]);
    carry_values(engine, fresh, c->source, i);
    go_on(engine, fresh, c, i);
  }
  carry_history(engine, fresh);
  zc_grid_follow(fresh->grid, engine->grid);
  zc_collector **collectors = engine->collectors;
  zc_grid *grid = engine->grid;
  zc_history_memory *history = engine->history;
  engine->collectors = fresh->collectors;
  engine->grid = fresh->grid;
  engine->history = fresh->history;
  engine->forecast_horizon = fresh->forecast_horizon;
  fresh->collectors = collectors;
  fresh->grid = grid;
  fresh->history = history;
  fresh->snapshot = engine->snapshot;
  engine->snapshot = NULL;
}

/* Decisions wait for sources that are new, as they did for all of them at the start. */
void zc_collect_renew(zc_engine *engine) {
  bool all = all_asked(engine);
  engine->history_next = 0;
  if (!all) {
    engine->collected = false;
    zc_timer_after(engine->loop, &engine->first_round, ZC_FIRST_ROUND_LIMIT, on_first_round_limit,
                   engine);
  }
  for (size_t i = 0; i < engine->settings->n_sources; i++) {
    zc_collector *c = engine->collectors[i];
    if (ops_of(c)->flags & ZC_SOURCE_CONSTANT) c->due = false; /* it would say the same again */
    if ((c->asked && !c->due) || c->waiting > 0) continue;
    c->due = false;
    zc_timer_after(engine->loop, &c->timer, 0, ask_round, c);
  }
  if (all) first_round_over(engine);
  zc_execute_queue_deferred(engine);
}
