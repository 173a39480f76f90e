/* Resolve: what a person says became of a run that is UNKNOWN.
 *
 * Such a run is not in memory any more: it is read back from the journal, on its thread, and made
 * live again with what the person says. That is journalled, with the item, like any other change
 * of status; a second answer for the same run finds the first one's. When the run ended is not
 * known, so it has no finished_at, and nothing is realised of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/time_text.h"
#include "core/engine/stages.h"

#define MESSAGE_SIZE 320

typedef struct {
  zc_engine *engine;
  zc_execution_event event;
  void (*done)(void *user, int status, const char *message);
  void *user;
} resolution;

static void finish(resolution *r, int status, const char *message) {
  const resolution last = *r;
  free(r);
  last.done(last.user, status, message);
}

static void on_journalled(void *user, int status) {
  const char *why = status == ZC_EIO ? ZC_JOURNAL_REFUSES : zc_status_text(status);
  finish(user, status, status == ZC_OK ? NULL : why);
}

/* As a new request of the same id: a trigger that has seen it already starts nothing twice. */
static void begin_again(zc_execution *x, zc_time now) {
  char **texts[] = {&x->remote_id, &x->tail, &x->wait_reason};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    free(*texts[i]);
    *texts[i] = NULL;
  }
  x->triggered_at = x->started_at = x->finished_at = 0;
  x->held_at = x->released_at = x->retry_at = 0;
  x->decided_at = 0;
  x->planned_start = now - now % ZC_SECOND;
}

static void end_at_some_time(zc_execution *x, zc_time now) {
  x->finished_at = 0;
  x->resolved_at = now - now % ZC_SECOND;
}

static int refuse(zc_execution_status status, zc_error *error) {
  return zc_error_set(error, ZC_ECONFLICT,
                      "the run is %s and not UNKNOWN: there is nothing to resolve",
                      zc_execution_status_text(status));
}

/* Whether it can be resolved so. */
static int judge(const resolution *r, const zc_execution *x, const zc_pipeline_settings *pipeline,
                 zc_error *error) {
  if (zc_execute_find(r->engine, x->id))
    return zc_error_set(error, ZC_ECONFLICT, "the run is being changed already: look again");
  if (!zc_transition_next(x->status, r->event, NULL)) return refuse(x->status, error);
  if (r->event != ZC_EVENT_START_AGAIN) return ZC_OK;
  if (!pipeline) return zc_error_set(error, ZC_ECONFLICT, "%s", ZC_PIPELINE_GONE);
  return zc_execute_may_request(r->engine, pipeline, error);
}

static void say_before(const zc_execution *x, bool again, char *text, size_t size) {
  snprintf(text, size, "%s by a person; it was UNKNOWN%s%.200s",
           again ? "started again" : "resolved", x->message ? ": " : "",
           x->message ? x->message : "");
}

static void apply(resolution *r, zc_execution *row) {
  zc_engine *engine = r->engine;
  zc_error error = {0};
  char message[MESSAGE_SIZE];
  bool again = r->event == ZC_EVENT_START_AGAIN;
  const zc_pipeline_settings *pipeline = zc_settings_pipeline(engine->settings, row->pipeline);
  int status = judge(r, row, pipeline, &error);
  if (status != ZC_OK) {
    finish(r, status, error.text);
    return;
  }
  say_before(row, again, message, sizeof message);
  (again ? begin_again : end_at_some_time)(row, zc_loop_now(engine->loop));
  zc_live *live = zc_execute_adopt(engine, pipeline, row); /* and leaves nothing in it */
  if (!live) {
    finish(r, ZC_ECONFLICT, "there is no room for another run");
    return;
  }
  live->accepted = on_journalled;
  live->accepted_user = r;
  zc_execute_move(live, r->event, message);
}

static void on_read(void *user, int status, zc_read_back *rows, size_t n) {
  resolution *r = user;
  zc_engine *engine = r->engine;
  if (engine->detached) {
    finish(r, ZC_ECANCELED, "the engine is stopping");
    return;
  }
  engine->commits--;
  if (status == ZC_OK) status = n == 1 ? rows[0].status : ZC_ENOTFOUND;
  if (status == ZC_OK)
    apply(r, &rows[0].execution);
  else
    finish(r, status, status == ZC_ENOTFOUND ? "there is no such run" : zc_status_text(status));
  zc_engine_settle(engine);
}

int zc_engine_resolve(zc_engine *engine, const char *id, zc_execution_status status,
                      void (*done)(void *user, int status, const char *message), void *user,
                      zc_error *error) {
  zc_execution_event event;
  const zc_live *live = zc_execute_find(engine, id);
  if (engine->stopping) return zc_error_set(error, ZC_ECANCELED, "the engine is stopping");
  if (!zc_transition_resolution(status, &event))
    return zc_error_set(error, ZC_EINVAL, "a run is not resolved as %s",
                        zc_execution_status_text(status));
  if (strlen(id) >= ZC_EXECUTION_ID_SIZE)
    return zc_error_set(error, ZC_ENOTFOUND, "there is no such run");
  if (live && !live->ended) return refuse(live->execution.status, error);
  resolution *r = calloc(1, sizeof *r);
  if (!r) return zc_error_set(error, ZC_ENOMEM, "no memory to resolve it");
  *r = (resolution){.engine = engine, .event = event, .done = done, .user = user};
  int result = zc_journal_read_back(engine->journal, &id, 1, on_read, r);
  if (result == ZC_OK) {
    engine->commits++;
    return ZC_OK;
  }
  free(r);
  return zc_error_set(error, result, "the journal takes no reads now: %s", zc_status_text(result));
}
