/* Engine: makes the stages, starts them in order, and ends them in reverse. */
#include "core/engine/engine.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/time_text.h"
#include "core/engine/stages.h"

#define ONCE_LIMIT (10 * ZC_SECOND) /* for the sinks to take the rows of --once */
/* A start that is to be tried again later than that, as its remote asks, is left to the next call
 * of --once; our own pauses are shorter. */
#define ONCE_PATIENCE (10 * ZC_MINUTE)
#define CLOSE_LIMIT                                                                                \
  ZC_SECOND /* for the sinks to take the last rows, once the commands have ended */

bool zc_engine_same_instance(const zc_plugin_settings *a, const zc_plugin_settings *b) {
  return a->plugin == b->plugin && strcmp(a->name, b->name) == 0 &&
         zc_config_equal(a->options, b->options);
}

/* The instance that serves all pipelines with that trigger: made with the first of them. NULL with
 * *error. */
static zc_instance *trigger_of(zc_engine *engine, const zc_plugin *plugin, zc_error *error) {
  size_t at = 0;
  while (at < engine->n_triggers && engine->triggers[at].plugin != plugin)
    at++;
  if (at == engine->n_triggers) {
    zc_trigger_slot *grown = realloc(engine->triggers, (at + 1) * sizeof *grown);
    if (!grown) {
      zc_error_set(error, ZC_ENOMEM, "no memory for the triggers");
      return NULL;
    }
    engine->triggers = grown;
    grown[at] = (zc_trigger_slot){.plugin = plugin};
    int status =
        zc_instance_create(engine->context, plugin, plugin->name, NULL, &grown[at].instance, error);
    if (status != ZC_OK) return NULL;
    engine->n_triggers++;
  }
  return engine->triggers[at].instance;
}

int zc_engine_create_triggers(zc_engine *engine, const zc_settings *settings, zc_error *error) {
  for (size_t i = 0; i < settings->n_pipelines; i++) {
    const zc_pipeline_settings *pipeline = &settings->pipelines[i];
    zc_error reason = {0};
    if (!pipeline->has_trigger) continue;
    engine->refused = (zc_place){pipeline->trigger.line, pipeline->trigger.column};
    zc_instance *instance = trigger_of(engine, pipeline->trigger.plugin, error);
    if (!instance) return error->status;
    int status = zc_instance_check_trigger(instance, settings, pipeline, &reason);
    if (status != ZC_OK) {
      return zc_error_set(error, status, "pipelines.%s.trigger.%s", pipeline->name, reason.text);
    }
  }
  engine->refused = (zc_place){0};
  return ZC_OK;
}

int zc_engine_create_stages(zc_engine *engine, zc_error *error) {
  int status;
  if ((status = zc_collect_create(engine, error)) != ZC_OK) return status;
  if ((status = zc_decision_create(engine, error)) != ZC_OK) return status;
  if (engine->options.dry) return ZC_OK;
  if ((status = zc_deliver_create(engine, error)) != ZC_OK) return status;
  return engine->options.no_schedule ? ZC_OK : zc_schedule_create(engine, error);
}

void zc_engine_destroy_stages(zc_engine *engine) {
  zc_schedule_stop(engine);
  zc_schedule_destroy(engine);
  if (!engine->options.dry) {
    zc_deliver_stop(engine);
    zc_deliver_destroy(engine);
  }
  zc_decision_destroy(engine);
  zc_collect_stop(engine);
  zc_collect_destroy(engine);
}

static int create_all(zc_engine *engine, zc_error *error) {
  int status =
      zc_host_context_create(engine->loop, engine->http, engine->options.seed, &engine->context);
  if (status != ZC_OK) return zc_error_set(error, status, "no memory for the plugins");
  if ((status = zc_engine_create_stages(engine, error)) != ZC_OK || engine->options.dry)
    return status;
  if ((status = zc_realise_create(engine, error)) != ZC_OK) return status;
  if ((status = zc_rollup_create(engine, error)) != ZC_OK) return status;
  return zc_engine_create_triggers(engine, engine->settings, error);
}

int zc_engine_create(zc_loop *loop, zc_http *http, zc_settings *settings, zc_journal *journal,
                     const zc_engine_options *options, zc_engine **ret, zc_error *error) {
  zc_engine *engine = calloc(1, sizeof *engine);
  if (!engine) return zc_error_set(error, ZC_ENOMEM, "no memory for the engine");
  engine->loop = loop;
  engine->http = http;
  engine->settings = zc_settings_hold(settings);
  engine->journal = journal;
  engine->options = *options;
  engine->started_at = zc_loop_now(loop);
  zc_random_init(&engine->random, options->seed);
  int status = zc_secrets_withhold(settings, error);
  if (status == ZC_OK) status = create_all(engine, error);
  if (status != ZC_OK) {
    zc_engine_destroy(engine);
    return status;
  }
  *ret = engine;
  return ZC_OK;
}

int zc_engine_start(zc_engine *engine, zc_error *error) {
  const zc_settings *settings = engine->settings;
  if (!engine->options.dry) {
    const char *names[ZC_SINKS_MAX];
    for (size_t i = 0; i < settings->n_sinks; i++)
      names[i] = settings->sinks[i].name;
    int status = zc_journal_sinks(engine->journal, names, settings->n_sinks);
    if (status != ZC_OK) {
      return zc_error_set(error, status, "the journal's outbox cannot be made ready");
    }
    if (!engine->options.tables_only) {
      if ((status = zc_realise_recover(engine, error)) != ZC_OK) return status;
      if ((status = zc_pipelines_load(engine, error)) != ZC_OK) return status;
      if ((status = zc_recover(engine, error)) != ZC_OK) return status;
    }
    zc_deliver_start(engine);
    zc_rollup_start(engine);
    if (!engine->options.no_schedule) zc_schedule_start(engine);
  }
  if (!engine->options.tables_only) zc_collect_start(engine);
  return ZC_OK;
}

/* ---- stop ---- */

static bool under_way(const zc_live *live) {
  zc_execution_status status = live->execution.status;
  return !live->ended && (status == ZC_TRIGGERING || status == ZC_RUNNING);
}

static bool attended(const zc_live *live) {
  const zc_trigger_ops *ops = zc_attempt_ops(live);
  return ops && ops->attended && live->operation;
}

/* Commands that run here end with the engine; remote runs go on and are looked up after the
 * restart. */
static void end_commands(zc_engine *engine) {
  zc_live *live, *next;
  HASH_ITER(hh, engine->live, live, next) {
    if (under_way(live) && attended(live)) {
      zc_execute_move(live, ZC_EVENT_CANCEL,
                      live->cancelling ? ZC_CANCELLED_COMMAND
                                       : "the engine was stopped, and the command with it");
    }
  }
}

static bool commands_run(const zc_engine *engine) {
  zc_live *live, *next;
  HASH_ITER(hh, engine->live, live, next) {
    if (under_way(live) && attended(live)) return true;
  }
  return false;
}

/* --once: everything that was due has been started and has ended. */
static bool nothing_is_due(const zc_engine *engine) {
  zc_live *live, *next;
  if (!engine->options.once || !engine->collected || engine->queue_head) return false;
  if (zc_timer_active(&engine->history_timer) || !zc_realise_idle(engine)) return false;
  zc_time now = zc_loop_now(engine->loop);
  HASH_ITER(hh, engine->live, live, next) {
    bool planned = live->execution.planned_start > now;
    bool waits = live->execution.status == ZC_DEFERRED && (planned || live->state->paused_at);
    bool pauses = live->execution.status == ZC_TRIGGERING && zc_timer_active(&live->timer) &&
                  live->timer.due > now + ONCE_PATIENCE;
    bool rests = live->ended || waits || pauses || live->left;
    if (!rests || live->commits > 0) return false;
  }
  return true;
}

/* What is still being written, and tables that are still being added up, are waited for. */
static void on_once_limit(zc_timer *timer) {
  zc_engine *engine = timer->user;
  uint64_t written = zc_deliver_written(engine);
  if (written == engine->once_written && !zc_engine_delivered(engine)) {
    zc_loop_stop(engine->loop);
    return;
  }
  engine->once_written = written;
  zc_timer_after(engine->loop, timer, ONCE_LIMIT, on_once_limit, engine);
}

/* --once ends when the rows are where they belong, too, or the sinks have had their time. */
static void settle_once(zc_engine *engine) {
  if (!nothing_is_due(engine)) return;
  bool told = engine->commits == 0 && zc_deliver_idle(engine) && zc_rollup_flush(engine);
  if (told && zc_engine_delivered(engine)) {
    zc_loop_stop(engine->loop);
  } else if (!zc_timer_active(&engine->once_timer)) {
    engine->once_written = zc_deliver_written(engine);
    zc_timer_after(engine->loop, &engine->once_timer, ONCE_LIMIT, on_once_limit, engine);
  }
}

static void finish_stop(zc_engine *engine) {
  void (*stopped)(void *user) = engine->stopped;
  engine->stopped = NULL;
  engine->closing = true;
  zc_timer_stop(engine->loop, &engine->stop_timer);
  if (!engine->options.dry) zc_deliver_stop(engine);
  stopped(engine->stopped_user);
}

void zc_engine_settle(zc_engine *engine) {
  if (!engine->stopping) settle_once(engine);
  if (!engine->stopping || !engine->stopped) return;
  /* What is held back (a full disk) was not acted on: it is not waited for to the end. */
  size_t hopeless = engine->closing ? engine->n_held_back : 0;
  if (commands_run(engine) || engine->commits > hopeless) return;
  if (engine->closing || engine->options.dry || zc_deliver_idle(engine)) finish_stop(engine);
}

/* The sinks did not take the last rows in time: these wait in the journal. */
static void on_close_limit(zc_timer *timer) {
  zc_engine *engine = timer->user;
  engine->closing = true;
  zc_deliver_stop(engine);
  if (engine->n_held_back > 0) {
    zc_log(ZC_LOG_ERROR, "engine", "%zu changes could not be journalled and were not acted on",
           engine->n_held_back);
  }
  zc_engine_settle(engine);
}

static void on_stop_limit(zc_timer *timer) {
  zc_engine *engine = timer->user;
  end_commands(engine);
  zc_timer_after(engine->loop, timer, CLOSE_LIMIT, on_close_limit, engine);
  zc_engine_settle(engine);
}

void zc_engine_stop(zc_engine *engine, void (*stopped)(void *user), void *user) {
  if (engine->stopping) return;
  engine->stopping = true;
  engine->stopped = stopped;
  engine->stopped_user = user;
  zc_collect_stop(engine);
  zc_realise_stop(engine);
  zc_rollup_stop(engine);
  zc_timer_stop(engine->loop, &engine->history_timer);
  zc_timer_stop(engine->loop, &engine->once_timer);
  zc_timer_after(engine->loop, &engine->stop_timer, engine->settings->shutdown_ms, on_stop_limit,
                 engine);
  if (!engine->options.dry) {
    zc_schedule_stop(engine);
    zc_deliver_flush(engine);
  }
  if (commands_run(engine)) {
    zc_log(ZC_LOG_INFO, "engine", "stopping: waits up to %d s for commands that run",
           (int)(engine->settings->shutdown_ms / ZC_SECOND));
  }
  zc_engine_settle(engine);
}

void zc_engine_detach(zc_engine *engine) {
  if (engine) engine->detached = true;
}

void zc_engine_destroy(zc_engine *engine) {
  if (!engine) return;
  engine->stopping = true;
  zc_loop_on_clock_set(engine->loop, NULL, NULL);
  zc_reload_destroy(engine);
  zc_live *live, *next;
  zc_record_stop(engine);
  HASH_ITER(hh, engine->live, live, next) zc_execute_forget(live);
  zc_places_destroy(engine);
  zc_pipelines_destroy(engine);
  zc_timer_stop(engine->loop, &engine->queue_timer);
  zc_timer_stop(engine->loop, &engine->stop_timer);
  zc_timer_stop(engine->loop, &engine->once_timer);
  zc_realise_destroy(engine);
  zc_rollup_stop(engine);
  zc_rollup_destroy(engine);
  for (size_t i = 0; i < engine->n_triggers; i++)
    zc_instance_destroy(engine->triggers[i].instance);
  free(engine->triggers);
  zc_engine_destroy_stages(engine);
  zc_host_context_destroy(engine->context);
  zc_settings_free(engine->settings);
  free(engine);
}

/* ---- who wants to know ---- */

void zc_engine_fail(zc_engine *engine, const char *message) {
  zc_log(ZC_LOG_ERROR, "engine", "%s: nothing can be promised any more", message);
  void (*fatal)(void *user, const char *message) = engine->fatal;
  engine->fatal = NULL;
  if (fatal) fatal(engine->fatal_user, message);
}

void zc_engine_on_status(zc_engine *engine,
                         void (*changed)(void *user, const zc_execution *execution), void *user) {
  engine->changed = changed;
  engine->changed_user = user;
}

void zc_engine_on_fatal(zc_engine *engine, void (*fatal)(void *user, const char *message),
                        void *user) {
  engine->fatal = fatal;
  engine->fatal_user = user;
}

bool zc_engine_collected(const zc_engine *engine) {
  return engine->collected;
}

void zc_engine_roll_up(zc_engine *engine) {
  zc_rollup_flush(engine);
}

void zc_engine_on_collected(zc_engine *engine, void (*ready)(void *user), void *user) {
  engine->ready = ready;
  engine->ready_user = user;
}
