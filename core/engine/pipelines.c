/* Pipelines: what holds for each beyond its settings: pauses, and the slots that were passed over.
 */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

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
  return state;
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
  return ZC_OK;
}

int zc_pipelines_load(zc_engine *engine, zc_error *error) {
  int status = zc_journal_pipelines(engine->journal, each_note, engine);
  if (status == ZC_OK) return ZC_OK;
  return zc_error_set(error, status, "the journal's pauses cannot be read: %s",
                      zc_status_text(status));
}

void zc_pipelines_destroy(zc_engine *engine) {
  zc_pipeline_state *state, *next;
  HASH_ITER(hh, engine->pipelines, state, next) {
    HASH_DEL(engine->pipelines, state);
    free(state->name);
    free(state);
  }
}

int zc_engine_pause(zc_engine *engine, const char *pipeline, bool paused,
                    void (*done)(void *user, int status), void *user, zc_error *error) {
  if (engine->stopping) return zc_error_set(error, ZC_ECANCELED, "the engine is stopping");
  if (!zc_decision_pipeline(engine, pipeline, error)) return ZC_ENOTFOUND;
  zc_pipeline_state *state = zc_pipelines_get(engine, pipeline);
  if (!state) return zc_error_set(error, ZC_ENOMEM, "no memory to pause it");
  zc_time now = zc_loop_now(engine->loop);
  if (paused != (state->paused_at != 0)) {
    state->paused_at = paused ? now - now % ZC_SECOND : 0;
    zc_log(ZC_LOG_INFO, "pipelines", "%s is %s", pipeline, paused ? "paused" : "resumed");
    zc_places_look(engine);
  }
  zc_record_pipeline(engine, state, 0, done, user);
  return ZC_OK;
}
