/* Pipelines: what holds for each beyond its settings: pauses, and the slots that were passed over;
 * and how each stands, for people. */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/engine/stages.h"

zc_pipeline_state *zc_pipelines_get(zc_engine *engine, const char *name) {
  zc_pipeline_state *state;
  HASH_FIND_STR(engine->pipelines, name, state);
  if (state) return state;
  state = calloc(1, sizeof *state);
  if (!state || !(state->name = zc_duplicate(name))) {
    free(state);
    return NULL;
  }
  HASH_ADD_KEYPTR(hh, engine->pipelines, state->name, strlen(state->name), state);
  if (state->hh.tbl) return state;
  free(state->name);
  free(state);
  return NULL;
}

const zc_live *zc_pipelines_unended(const zc_pipeline_state *state, const zc_live *other) {
  const zc_live *live;
  DL_FOREACH2(state->runs, live, next_run) {
    if (live != other && !live->ended) return live;
  }
  return NULL;
}

static int each_note(void *user, const zc_pipeline_note *note) {
  zc_pipeline_state *state = zc_pipelines_get(user, note->pipeline);
  if (!state) return ZC_ENOMEM;
  state->paused_at = note->paused_at;
  state->slots_missed = note->slots_missed;
  state->slots_paused = note->slots_paused;
  state->schedule = zc_duplicate(note->schedule);
  return !state->schedule == !note->schedule ? ZC_OK : ZC_ENOMEM;
}

int zc_pipelines_load(zc_engine *engine, zc_error *error) {
  int status = zc_journal_pipelines(engine->journal, each_note, engine);
  if (status == ZC_OK) return ZC_OK;
  return zc_error_set(error, status, "the journal's pauses cannot be read: %s",
                      zc_status_text(status));
}

void zc_pipelines_destroy(zc_engine *engine) {
  zc_pipeline_state *state = engine->pipelines, *next;
  HASH_CLEAR(hh, engine->pipelines);
  for (; state; state = next) {
    next = state->hh.next;
    free(state->schedule);
    free(state->name);
    free(state);
  }
}

static const zc_pipeline_state *find(const zc_engine *engine, const char *name) {
  const zc_pipeline_state *state;
  HASH_FIND_STR(engine->pipelines, name, state);
  return state;
}

/* A pause outlives its pipeline's place in the configuration, and has to be seen and lifted there
 * too. */
static bool is_left_paused(const zc_engine *engine, const char *name) {
  const zc_pipeline_state *state = find(engine, name);
  return state && state->paused_at && !zc_settings_pipeline(engine->settings, name);
}

int zc_engine_pause(zc_engine *engine, const char *pipeline, bool paused,
                    void (*done)(void *user, int status), void *user, zc_error *error) {
  if (engine->stopping) return zc_error_set(error, ZC_ECANCELED, "the engine is stopping");
  bool lifts = !paused && is_left_paused(engine, pipeline);
  if (!lifts && !zc_decision_pipeline(engine, pipeline, error)) return ZC_ENOTFOUND;
  zc_pipeline_state *state = zc_pipelines_get(engine, pipeline);
  if (!state) return zc_error_set(error, ZC_ENOMEM, "no memory to pause it");
  zc_time now = zc_loop_now(engine->loop);
  if (paused != (state->paused_at != 0)) {
    state->paused_at = paused ? now - now % ZC_SECOND : 0;
    zc_log(ZC_LOG_INFO, "pipelines", "%s is %s", pipeline, paused ? "paused" : "resumed");
    engine->held_untold = true;
    zc_places_look(engine);
  }
  zc_record_pipeline(engine, state, 0, done, user);
  return ZC_OK;
}

/* ---- how they stand ---- */

static void write_text(zc_buffer *to, const char *name, const char *text) {
  if (!text) return;
  zc_buffer_printf(to, ",\"%s\":", name);
  zc_json_write_text(to, text);
}

static void write_time(zc_buffer *to, const char *name, zc_time time) {
  char text[ZC_TIME_TEXT_SIZE];
  if (time && zc_time_format(time, text, sizeof text) == ZC_OK) write_text(to, name, text);
}

static void write_runs(const zc_pipeline_state *state, zc_buffer *to) {
  size_t counts[ZC_EXECUTION_STATUSES] = {0};
  const zc_live *live;
  const char *comma = "";
  DL_FOREACH2(state->runs, live, next_run) {
    if (!live->ended) counts[live->execution.status]++;
  }
  for (int i = 0; i < ZC_EXECUTION_STATUSES; i++) {
    if (!counts[i]) continue;
    zc_buffer_printf(to, "%s\"%s\":%zu", comma, zc_execution_status_text((zc_execution_status)i),
                     counts[i]);
    comma = ",";
  }
}

static void write_schedule(const zc_engine *engine, const zc_pipeline_settings *pipeline,
                           zc_buffer *to) {
  write_text(to, "schedule", pipeline->has_schedule ? pipeline->schedule : NULL);
  write_text(to, "time_zone", pipeline->has_schedule ? pipeline->time_zone : NULL);
  write_time(to, "next_slot", zc_schedule_next(engine, pipeline));
}

static int write_pipeline(const zc_engine *engine, const char *name, zc_buffer *to) {
  static const zc_pipeline_state nothing;
  const zc_pipeline_settings *pipeline = zc_settings_pipeline(engine->settings, name);
  const zc_pipeline_state *state = find(engine, name);
  if (!state) state = &nothing;
  zc_buffer_text(to, "{\"name\":");
  zc_json_write_text(to, name);
  write_text(to, "state", state->paused_at ? "paused" : pipeline ? "active" : "gone");
  if (!pipeline) zc_buffer_text(to, ",\"configured\":false");
  write_time(to, "paused_since", state->paused_at);
  if (pipeline) write_schedule(engine, pipeline, to);
  zc_buffer_text(to, ",\"runs\":{");
  write_runs(state, to);
  return zc_buffer_printf(to, "},\"slots_missed\":%lld,\"slots_paused\":%lld}",
                          (long long)state->slots_missed, (long long)state->slots_paused);
}

int zc_engine_pipeline(const zc_engine *engine, const char *name, zc_buffer *to, zc_error *error) {
  if (!find(engine, name) && !zc_decision_pipeline(engine, name, error)) return ZC_ENOTFOUND;
  int status = write_pipeline(engine, name, to);
  return status == ZC_OK ? ZC_OK : zc_error_set(error, status, "no memory for the answer");
}

int zc_engine_pipelines(const zc_engine *engine, size_t offset, size_t limit, zc_buffer *to) {
  const zc_settings *settings = engine->settings;
  size_t n = settings->n_pipelines;
  zc_buffer_text(to, "{\"pipelines\":[");
  for (size_t i = offset; i < n && i - offset < limit; i++) {
    if (i > offset) zc_buffer_char(to, ',');
    write_pipeline(engine, settings->pipelines[i].name, to);
  }
  for (const zc_pipeline_state *state = engine->pipelines; state; state = state->hh.next) {
    if (!is_left_paused(engine, state->name)) continue;
    bool wanted = n >= offset && n - offset < limit;
    if (wanted && n > offset) zc_buffer_char(to, ',');
    if (wanted) write_pipeline(engine, state->name, to);
    n++;
  }
  return zc_buffer_printf(to, "],\"total\":%zu}", n);
}
