/* One pass: waits until the sink that is read has every row, then days, hours, and leaderboards. */
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/engine/rollup_parts.h"

/* ---- the beginning ---- */

static char **copy_names(size_t n) {
  return calloc(n + 1, sizeof(char *));
}

static void free_names(char **names, size_t n) {
  for (size_t i = 0; names && i < n; i++)
    free(names[i]);
  free(names);
}

/* The position of a pipeline's team among those found so far, which it joins. */
static int find_team(zc_rollup_pass *pass, const char *team, uint32_t *ret) {
  size_t i = 0;
  while (i < pass->n_teams && strcmp(pass->teams[i], team) != 0)
    i++;
  if (i == pass->n_teams) {
    if (!(pass->teams[i] = zc_duplicate(team))) return ZC_ENOMEM;
    pass->n_teams++;
  }
  *ret = (uint32_t)i;
  return ZC_OK;
}

static int copy_pipelines(zc_rollup_pass *pass, const zc_settings *settings) {
  size_t n = settings->n_pipelines;
  pass->pipelines = copy_names(n);
  pass->teams = copy_names(n);
  pass->team_of = calloc(n + 1, sizeof *pass->team_of);
  if (!pass->pipelines || !pass->teams || !pass->team_of) return ZC_ENOMEM;
  for (size_t i = 0; i < n; i++) {
    const zc_pipeline_settings *pipeline = &settings->pipelines[i];
    if (!(pass->pipelines[i] = zc_duplicate(pipeline->name))) return ZC_ENOMEM;
    pass->n_pipelines++;
    pass->team_of[i] = UINT32_MAX;
    if (pipeline->team && find_team(pass, pipeline->team, &pass->team_of[i]) != ZC_OK)
      return ZC_ENOMEM;
  }
  for (size_t i = 0; i < n; i++) {
    if (pass->team_of[i] == UINT32_MAX) pass->team_of[i] = (uint32_t)pass->n_teams;
  }
  return ZC_OK;
}

/* The regions' names come first, in the config's order, which decides ties. */
static int copy_regions(zc_rollup_pass *pass, const zc_settings *settings) {
  pass->region_names = copy_names(settings->n_regions);
  if (!pass->region_names) return ZC_ENOMEM;
  for (size_t i = 0; i < settings->n_regions; i++) {
    const char *name = settings->regions[i];
    const zc_span span = {name, strlen(name)};
    uint32_t position;
    if (!(pass->region_names[i] = zc_duplicate(name))) return ZC_ENOMEM;
    pass->n_regions++;
    int status = zc_rollup_names_find(&pass->regions, &span, &position);
    if (status != ZC_OK) return status;
  }
  pass->regions.n_config = pass->regions.n;
  return ZC_OK;
}

/* A day that has ended since the last leaderboards is made once more, of every pipeline: then its
 * item is, to the byte, what a rebuild makes of it at any later time. */
static int mark_ended_days(zc_rollup_pass *pass) {
  zc_rollup *rollup = pass->rollup;
  zc_time first = zc_day_of(rollup->boards_at), last = zc_day_of(pass->now) - ZC_DAY;
  int status = ZC_OK;
  if (rollup->boards_at == 0 || first > last) return ZC_OK;
  for (size_t i = 0; i < pass->n_pipelines && status == ZC_OK; i++)
    status = zc_rollup_mark_days(rollup, pass->pipelines[i], first, last, 0);
  return status;
}

/* Of days, those of which every row is there still. */
static zc_rollup_span kept(const zc_rollup_pass *pass, const zc_rollup_span *days) {
  return (zc_rollup_span){days->first > pass->first_day ? days->first : pass->first_day,
                          days->last};
}

/* What is young stays with the stage, to be read once more by the next pass. */
static int take_targets(zc_rollup_pass *pass) {
  zc_rollup *rollup = pass->rollup;
  zc_rollup_dirty *dirty, *next;
  pass->targets = calloc(HASH_COUNT(rollup->dirty) + 1, sizeof *pass->targets);
  if (!pass->targets) return ZC_ENOMEM;
  HASH_ITER(hh, rollup->dirty, dirty, next) {
    zc_rollup_dirty *target = &pass->targets[pass->n_targets];
    target->days = kept(pass, &dirty->days);
    target->marked_at = dirty->marked_at;
    if (!(target->name = zc_duplicate(dirty->name))) return ZC_ENOMEM;
    pass->n_targets++;
    zc_rollup_widen(&rollup->boards, target->days.first, target->days.last);
    if (!rollup->final && pass->now - dirty->marked_at < ZC_ROLLUP_YOUNG) continue;
    HASH_DEL(rollup->dirty, dirty);
    free(dirty->name);
    free(dirty);
  }
  return ZC_OK;
}

/* The first hour into which no slot reaches that may have expired: before it, hours stay as they
 * were made when their rows were there. */
static zc_time first_hour(zc_time now) {
  zc_time kept = now - zc_tables[ZC_TABLE_HISTORY]->retention_s * ZC_SECOND;
  return zc_hour_of(kept + ZC_HISTORY_SLOT_MAX + ZC_HOUR - 1);
}

/* The running hour, and what is young, stay with the stage. */
static void take_hours(zc_rollup_pass *pass) {
  zc_rollup *rollup = pass->rollup;
  zc_time running = zc_hour_of(pass->now);
  pass->hours = rollup->hours;
  if (pass->hours.first < first_hour(pass->now)) pass->hours.first = first_hour(pass->now);
  if (!rollup->final && pass->now - rollup->hours_marked_at < ZC_ROLLUP_YOUNG) return;
  if (rollup->hours.last < running)
    rollup->hours = ZC_ROLLUP_NOTHING;
  else if (rollup->hours.first < running)
    rollup->hours.first = running;
}

static void take_boards(zc_rollup_pass *pass) {
  zc_rollup *rollup = pass->rollup;
  bool new_day = zc_day_of(pass->now) != zc_day_of(rollup->boards_at);
  bool due = new_day || pass->now - rollup->boards_at >= ZC_ROLLUP_BOARDS;
  pass->boards = ZC_ROLLUP_NOTHING;
  if (!due && !rollup->final && rollup->n_waiters == 0) return;
  pass->with_boards = true;
  pass->boards = kept(pass, &rollup->boards);
  rollup->boards = ZC_ROLLUP_NOTHING;
  /* The running day, week and month, should nothing have run yet: so that no row of the last one
   * stays for the running one. */
  if (new_day) zc_rollup_widen(&pass->boards, zc_day_of(pass->now), zc_day_of(pass->now));
}

static void drained(zc_rollup_pass *pass) {
  int status = mark_ended_days(pass);
  if (status == ZC_OK) status = take_targets(pass);
  take_hours(pass);
  take_boards(pass);
  for (size_t i = 0; i < pass->rollup->n_waiters; i++)
    pass->rollup->waiters[i].waiting = false;
  if (status == ZC_OK) {
    zc_rollup_days_begin(pass);
  } else {
    zc_rollup_pass_fail(pass, status, "no memory for what has changed");
  }
}

void zc_rollup_pass_begin(zc_rollup *rollup) {
  zc_engine *engine = rollup->engine;
  zc_rollup_pass *pass = calloc(1, sizeof *pass);
  if (!pass) {
    zc_rollup_ended(rollup, ZC_ENOMEM, "no memory for a pass");
    return;
  }
  rollup->pass = pass;
  pass->rollup = rollup;
  pass->engine = engine;
  pass->now = zc_loop_now(engine->loop);
  pass->first_day = zc_rollup_first_day(pass->now);
  pass->threshold = engine->settings->insights_threshold;
  pass->writer.timer.owner = "rollups";
  pass->hours = pass->boards = ZC_ROLLUP_NOTHING;
  int status = copy_pipelines(pass, engine->settings);
  if (status == ZC_OK) status = copy_regions(pass, engine->settings);
  if (status == ZC_OK) {
    zc_rollup_pass_drain(pass, drained);
  } else {
    zc_rollup_pass_fail(pass, status, "no memory for the names");
  }
}

/* ---- the steps ---- */

void zc_rollup_pass_days_done(zc_rollup_pass *pass) {
  zc_rollup_hours_begin(pass);
}

static void drained_again(zc_rollup_pass *pass) {
  zc_rollup_boards_begin(pass);
}

void zc_rollup_pass_hours_done(zc_rollup_pass *pass) {
  if (pass->with_boards)
    zc_rollup_pass_drain(pass, drained_again);
  else
    zc_rollup_pass_boards_done(pass);
}

void zc_rollup_pass_boards_done(zc_rollup_pass *pass) {
  zc_rollup *rollup = pass->rollup;
  if (pass->unreadable > 0) {
    zc_log(ZC_LOG_ERROR, "rollups", "%llu rows of %s cannot be read: left out",
           (unsigned long long)pass->unreadable,
           zc_instance_name(pass->engine->deliveries[rollup->sink]->instance));
  }
  rollup->mark = pass->now;
  if (pass->with_boards) rollup->boards_at = pass->now;
  zc_rollup_pass_destroy(pass);
  zc_rollup_ended(rollup, ZC_OK, NULL);
}

/* ---- waiting and reading ---- */

void zc_rollup_pass_drain(zc_rollup_pass *pass, void (*next)(zc_rollup_pass *pass)) {
  zc_engine *engine = pass->engine;
  const zc_delivery *delivery = engine->deliveries[pass->rollup->sink];
  pass->drained = next;
  if (delivery->ready && delivery->drained) zc_rollup_drained(engine, delivery);
}

void zc_rollup_drained(zc_engine *engine, const zc_delivery *delivery) {
  zc_rollup *rollup = engine->rollup;
  zc_rollup_pass *pass = rollup ? rollup->pass : NULL;
  if (!pass || !pass->drained || delivery != engine->deliveries[rollup->sink]) return;
  void (*next)(zc_rollup_pass *) = pass->drained;
  pass->drained = NULL;
  next(pass);
}

static void on_read(void *user, int status, const char *message, const zc_table_counts *counts) {
  zc_rollup_pass *pass = user;
  pass->read = NULL;
  (void)counts;
  if (status == ZC_OK)
    pass->read_done(pass);
  else
    zc_rollup_pass_fail(pass, status, message);
}

void zc_rollup_pass_read(zc_rollup_pass *pass, const zc_table_range *ranges, size_t n,
                         int (*row)(void *user, size_t range, const char *text, size_t length),
                         void (*next)(zc_rollup_pass *pass)) {
  zc_engine *engine = pass->engine;
  const zc_table_events events = {.user = pass, .row = row, .done = on_read};
  pass->read_done = next;
  int status =
      zc_table_read_start(engine->context, engine->deliveries[pass->rollup->sink]->instance, ranges,
                          n, pass->now, &events, &pass->read);
  if (status != ZC_OK) zc_rollup_pass_fail(pass, status, "the sink cannot be read");
}

/* ---- the end ---- */

void zc_rollup_pass_destroy(zc_rollup_pass *pass) {
  if (pass->writer.is_committing) pass->rollup->orphans++;
  zc_table_read_cancel(pass->read);
  zc_rollup_write_finish(pass);
  zc_rollup_days_finish(pass);
  zc_rollup_boards_finish(pass);
  zc_rollup_hours_finish(&pass->slots);
  zc_rollup_names_finish(&pass->regions);
  for (size_t i = 0; i < pass->n_targets; i++)
    free(pass->targets[i].name);
  free(pass->targets);
  free_names(pass->pipelines, pass->n_pipelines);
  free_names(pass->teams, pass->n_teams);
  free_names(pass->region_names, pass->n_regions);
  free(pass->team_of);
  pass->rollup->pass = NULL;
  free(pass);
}

/* What was taken is given back, for the next pass. */
static void give_back(zc_rollup_pass *pass) {
  zc_rollup *rollup = pass->rollup;
  for (size_t i = 0; i < pass->n_targets; i++) {
    const zc_rollup_dirty *target = &pass->targets[i];
    zc_rollup_mark_days(rollup, target->name, target->days.first, target->days.last,
                        target->marked_at);
  }
  zc_rollup_widen(&rollup->hours, pass->hours.first, pass->hours.last);
  zc_rollup_widen(&rollup->boards, pass->boards.first, pass->boards.last);
}

void zc_rollup_pass_give_up(zc_rollup_pass *pass) {
  give_back(pass);
  zc_rollup_pass_destroy(pass);
}

void zc_rollup_pass_fail(zc_rollup_pass *pass, int status, const char *message) {
  zc_rollup *rollup = pass->rollup;
  char text[320];
  zc_copy_text(text, sizeof text, message ? message : zc_status_text(status));
  zc_rollup_pass_give_up(pass);
  zc_rollup_ended(rollup, status, text);
}
