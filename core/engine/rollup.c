/* Roll up: which days and hours have changed, and when the tables made from them are brought up to
 * date: every settings.rollup_every_ms, a little after the hour; once more where rows come late; at
 * a start from a little before the last mark on; and on demand. */
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/engine/rollup_parts.h"

static void on_timer(zc_timer *timer);

/* ---- what has changed ---- */

void zc_rollup_widen(zc_rollup_span *span, zc_time first, zc_time last) {
  if (first > last) return;
  if (first < span->first) span->first = first;
  if (last > span->last) span->last = last;
}

int zc_rollup_mark_days(zc_rollup *rollup, const char *pipeline, zc_time first, zc_time last,
                        zc_time now) {
  zc_rollup_dirty *dirty;
  HASH_FIND_STR(rollup->dirty, pipeline, dirty);
  if (!dirty) {
    dirty = calloc(1, sizeof *dirty);
    if (!dirty || !(dirty->name = zc_duplicate(pipeline))) {
      free(dirty);
      return ZC_ENOMEM;
    }
    dirty->days = ZC_ROLLUP_NOTHING;
    HASH_ADD_KEYPTR(hh, rollup->dirty, dirty->name, strlen(dirty->name), dirty);
    if (!dirty->hh.tbl) {
      free(dirty->name);
      free(dirty);
      return ZC_ENOMEM;
    }
  }
  zc_rollup_widen(&dirty->days, first, last);
  if (now > dirty->marked_at) dirty->marked_at = now;
  return ZC_OK;
}

static void on_marked(void *user, int status, const char *message) {
  zc_rollup *rollup = user;
  zc_engine *engine = rollup->engine;
  if (engine->detached) return;
  engine->commits--;
  if (status != ZC_OK && status != ZC_ECONFLICT && status != ZC_ENOMEM) {
    zc_engine_fail(engine, message ? message : "the journal failed");
  }
  zc_engine_settle(engine);
}

/* Such that a start, which looks so far back from it, does what has not been done yet. */
static zc_time mark_of(const zc_rollup *rollup) {
  zc_time oldest = rollup->hours.first;
  const zc_rollup_dirty *dirty, *next;
  HASH_ITER(hh, rollup->dirty, dirty, next) {
    if (dirty->days.first < oldest) oldest = dirty->days.first;
  }
  if (rollup->boards.first < oldest) oldest = rollup->boards.first;
  bool in_sight = oldest >= rollup->mark - ZC_ROLLUP_LOOK_BACK;
  return in_sight ? rollup->mark : oldest + ZC_ROLLUP_LOOK_BACK;
}

static void journal_mark(zc_rollup *rollup) {
  zc_engine *engine = rollup->engine;
  zc_change *change = zc_change_begin(engine->journal);
  rollup->journalled = mark_of(rollup);
  zc_change_mark(change, ZC_ROLLUP_MARK, rollup->journalled);
  engine->commits++;
  zc_journal_commit(engine->journal, change, on_marked, rollup);
}

/* What changes further back than a start would look: the next one is to look there. */
static void look_back_to(zc_rollup *rollup, zc_time changed) {
  if (changed < rollup->journalled - ZC_ROLLUP_LOOK_BACK) journal_mark(rollup);
}

void zc_rollup_mark_run(zc_engine *engine, const char *pipeline, zc_time requested_at) {
  zc_rollup *rollup = engine->rollup;
  if (!rollup) return;
  zc_time day = zc_day_of(requested_at);
  if (zc_rollup_mark_days(rollup, pipeline, day, day, zc_loop_now(engine->loop)) != ZC_OK)
    zc_log(ZC_LOG_ERROR, "rollups", "no memory to note that a day of %s has changed", pipeline);
  look_back_to(rollup, day);
}

void zc_rollup_mark_slot(zc_engine *engine, zc_time from, zc_time to) {
  zc_rollup *rollup = engine->rollup;
  if (!rollup || to <= from) return;
  zc_rollup_widen(&rollup->hours, zc_hour_of(from), zc_hour_of(to - 1));
  rollup->hours_marked_at = zc_loop_now(engine->loop);
  look_back_to(rollup, zc_hour_of(from));
}

static int mark_all(zc_rollup *rollup, zc_time first, zc_time last) {
  zc_engine *engine = rollup->engine;
  int status = ZC_OK;
  for (size_t i = 0; i < engine->settings->n_pipelines && status == ZC_OK; i++) {
    status = zc_rollup_mark_days(rollup, engine->settings->pipelines[i].name, zc_day_of(first),
                                 zc_day_of(last), 0);
  }
  zc_rollup_widen(&rollup->hours, zc_hour_of(first), zc_hour_of(last));
  return status;
}

/* ---- when ---- */

static bool can_read(const zc_rollup *rollup) {
  return rollup->sink < rollup->engine->settings->n_sinks;
}

static void plan(zc_rollup *rollup) {
  zc_engine *engine = rollup->engine;
  int64_t every = engine->settings->rollup_every_ms;
  zc_time past = zc_loop_now(engine->loop) - ZC_ROLLUP_OFFSET;
  zc_time next = past - (past % every + every) % every + every + ZC_ROLLUP_OFFSET;
  zc_timer_at(engine->loop, &rollup->timer, next, on_timer, rollup);
}

static bool has_changes(const zc_rollup *rollup) {
  zc_time running = zc_hour_of(zc_loop_now(rollup->engine->loop));
  return rollup->dirty || rollup->hours.first < running || !zc_rollup_is_empty(&rollup->boards);
}

static bool has_new_day(const zc_rollup *rollup) {
  return zc_day_of(zc_loop_now(rollup->engine->loop)) != zc_day_of(rollup->boards_at);
}

static void on_timer(zc_timer *timer) {
  zc_rollup *rollup = timer->user;
  plan(rollup);
  if (rollup->pass || !can_read(rollup)) return;
  if (has_changes(rollup) || has_new_day(rollup)) zc_rollup_pass_begin(rollup);
}

/* ---- the end of a pass ---- */

void zc_rollup_forget_boards(zc_rollup *rollup) {
  if (rollup->board_hashes)
    memset(rollup->board_hashes, 0, rollup->n_board_hashes * sizeof *rollup->board_hashes);
}

static void note_failure(zc_rollup *rollup, const char *message) {
  if (!rollup->failed)
    zc_log(ZC_LOG_WARNING, "rollups", "%s: the derived tables are brought up to date later",
           message);
  rollup->failed = true;
  rollup->failures++;
  zc_copy_text(rollup->last_message, sizeof rollup->last_message, message);
  zc_rollup_forget_boards(rollup);
}

static void note_success(zc_rollup *rollup) {
  if (rollup->failed) zc_log(ZC_LOG_INFO, "rollups", "the derived tables are up to date again");
  rollup->failed = false;
  rollup->passes++;
  rollup->last_message[0] = '\0';
  journal_mark(rollup);
}

/* Those who wait for this pass; all, where it failed. */
static void tell_waiters(zc_rollup *rollup, int status, const char *message) {
  zc_rollup_waiter told[ZC_ROLLUP_WAITERS_MAX];
  size_t n = 0, kept = 0;
  for (size_t i = 0; i < rollup->n_waiters; i++) {
    zc_rollup_waiter *waiter = &rollup->waiters[i];
    if (waiter->waiting && status == ZC_OK)
      rollup->waiters[kept++] = *waiter;
    else
      told[n++] = *waiter;
  }
  rollup->n_waiters = kept;
  for (size_t i = 0; i < n; i++)
    told[i].done(told[i].user, status, message);
}

void zc_rollup_ended(zc_rollup *rollup, int status, const char *message) {
  if (status == ZC_OK)
    note_success(rollup);
  else
    note_failure(rollup, message);
  tell_waiters(rollup, status, message);
  if (rollup->n_waiters > 0 && !rollup->pass) zc_rollup_pass_begin(rollup);
  zc_engine_settle(rollup->engine);
}

/* ---- on demand ---- */

int zc_engine_rebuild_tables(zc_engine *engine, zc_time from, zc_time to,
                             void (*done)(void *user, int status, const char *message), void *user,
                             zc_error *error) {
  zc_rollup *rollup = engine->rollup;
  zc_time now = zc_loop_now(engine->loop);
  if (!rollup || !can_read(rollup))
    return zc_error_set(error, ZC_ENOTFOUND, "no sink that can be read back");
  if (engine->stopping) return zc_error_set(error, ZC_ECANCELED, "the engine is stopping");
  if (from > to || from > now)
    return zc_error_set(error, ZC_EINVAL, "no day that has begun lies between these dates");
  if (to < zc_rollup_first_day(now))
    return zc_error_set(error, ZC_EINVAL, "of these days runs have expired: they are left alone");
  if (rollup->n_waiters == ZC_ROLLUP_WAITERS_MAX)
    return zc_error_set(error, ZC_ECONFLICT, "too many wait for the tables already");
  if (mark_all(rollup, from, to + ZC_DAY - 1 < now ? to + ZC_DAY - 1 : now) != ZC_OK)
    return zc_error_set(error, ZC_ENOMEM, "no memory");
  zc_rollup_forget_boards(rollup);
  rollup->waiters[rollup->n_waiters++] =
      (zc_rollup_waiter){.done = done, .user = user, .waiting = true};
  if (!rollup->pass) zc_rollup_pass_begin(rollup);
  return ZC_OK;
}

/* Whether the pass waits for a sink that is away. */
static bool is_stuck(const zc_rollup *rollup) {
  const zc_delivery *delivery = rollup->engine->deliveries[rollup->sink];
  return rollup->pass->drained && (delivery->failures > 0 || !delivery->ready);
}

bool zc_rollup_flush(zc_engine *engine) {
  zc_rollup *rollup = engine->rollup;
  if (!rollup || !can_read(rollup)) return true;
  if (rollup->pass) return is_stuck(rollup);
  if (!has_changes(rollup) || (rollup->final && rollup->failed)) return true;
  rollup->final = true;
  zc_rollup_pass_begin(rollup);
  return false;
}

/* ---- start and stop ---- */

int zc_rollup_create(zc_engine *engine, zc_error *error) {
  zc_rollup *rollup = calloc(1, sizeof *rollup);
  if (!rollup) return zc_error_set(error, ZC_ENOMEM, "no memory for the roll-ups");
  rollup->engine = engine;
  rollup->sink = zc_table_read_sink(engine->settings);
  rollup->timer.owner = "rollups";
  rollup->hours = rollup->boards = ZC_ROLLUP_NOTHING;
  engine->rollup = rollup;
  return ZC_OK;
}

static int each_mark(void *user, const char *name, zc_time at) {
  zc_rollup *rollup = user;
  if (strcmp(name, ZC_ROLLUP_MARK) == 0) rollup->mark = at;
  return ZC_OK;
}

void zc_rollup_start(zc_engine *engine) {
  zc_rollup *rollup = engine->rollup;
  zc_time now = zc_loop_now(engine->loop);
  if (!rollup) return;
  if (zc_journal_marks(engine->journal, each_mark, rollup) != ZC_OK)
    zc_log(ZC_LOG_ERROR, "rollups", "the journal's marks cannot be read: two days are rolled up");
  bool marked = rollup->mark != 0;
  if (!marked || rollup->mark > now) rollup->mark = now;
  rollup->journalled = rollup->mark;
  rollup->boards_at = marked ? rollup->mark : 0;
  zc_time most = zc_tables[ZC_TABLE_EXECUTIONS]->retention_s * ZC_SECOND;
  zc_time from = rollup->mark - ZC_ROLLUP_LOOK_BACK;
  if (from < now - most) from = now - most;
  /* With `once` and no mark the tables are new. */
  bool wanted = !engine->options.tables_only && (marked || !engine->options.once);
  if (wanted && mark_all(rollup, from, now) != ZC_OK)
    zc_log(ZC_LOG_ERROR, "rollups", "no memory: what changed before the start is not rolled up");
  if (engine->options.once || engine->options.tables_only) return;
  plan(rollup);
  /* New tables: whoever tries the program out need not wait for the hour. */
  if (!marked) zc_timer_at(engine->loop, &rollup->timer, now + ZC_ROLLUP_OFFSET, on_timer, rollup);
}

/* The sink that is read may be another one then, or none. */
void zc_rollup_pause(zc_engine *engine) {
  zc_rollup *rollup = engine->rollup;
  if (!rollup || !rollup->pass) return;
  for (size_t i = 0; i < rollup->n_waiters; i++)
    rollup->waiters[i].waiting = true;
  zc_rollup_pass_give_up(rollup->pass);
}

/* Pipelines, teams and regions may be others: the running leaderboards are made anew. */
void zc_rollup_renew(zc_engine *engine) {
  zc_rollup *rollup = engine->rollup;
  zc_time today = zc_day_of(zc_loop_now(engine->loop));
  if (!rollup) return;
  rollup->sink = zc_table_read_sink(engine->settings);
  zc_rollup_forget_boards(rollup);
  zc_rollup_widen(&rollup->boards, today, today);
  if (!engine->options.once) plan(rollup);
  if (!can_read(rollup))
    tell_waiters(rollup, ZC_ENOTFOUND, "no sink that can be read back any more");
  else if (rollup->n_waiters > 0)
    zc_rollup_pass_begin(rollup);
}

void zc_rollup_stop(zc_engine *engine) {
  zc_rollup *rollup = engine->rollup;
  if (!rollup) return;
  zc_timer_stop(engine->loop, &rollup->timer);
  if (rollup->pass) zc_rollup_pass_destroy(rollup->pass);
  while (rollup->n_waiters > 0) {
    zc_rollup_waiter waiter = rollup->waiters[--rollup->n_waiters];
    waiter.done(waiter.user, ZC_ECANCELED, "the engine is stopping");
  }
}

void zc_rollup_destroy(zc_engine *engine) {
  zc_rollup *rollup = engine->rollup;
  if (!rollup) return;
  zc_rollup_dirty *dirty = rollup->dirty, *next;
  HASH_CLEAR(hh, rollup->dirty);
  for (; dirty; dirty = next) {
    next = dirty->hh.next;
    free(dirty->name);
    free(dirty);
  }
  free(rollup->board_hashes);
  free(rollup);
  engine->rollup = NULL;
}

void zc_rollup_status(const zc_engine *engine, zc_buffer *to) {
  const zc_rollup *rollup = engine->rollup;
  char text[ZC_TIME_TEXT_SIZE];
  if (!rollup || !can_read(rollup)) return;
  zc_buffer_printf(to, ",\"rollups\":{\"passes\":%llu,\"failures\":%llu,\"changed_pipelines\":%u",
                   (unsigned long long)rollup->passes, (unsigned long long)rollup->failures,
                   HASH_COUNT(rollup->dirty));
  if (rollup->mark && zc_time_format(rollup->mark, text, sizeof text) == ZC_OK)
    zc_buffer_printf(to, ",\"up_to\":\"%s\"", text);
  if (rollup->last_message[0]) {
    zc_buffer_text(to, ",\"last_message\":");
    zc_json_write_text(to, rollup->last_message);
  }
  zc_buffer_char(to, '}');
}
