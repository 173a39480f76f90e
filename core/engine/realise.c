/* Realise: what a run really saved, from what was observed while it ran.
 *
 * A run that has ended is unsettled for ZC_SETTLE_AFTER: after each round of the sources its
 * figures are made again, and its item is written again where they changed. In memory is what the
 * sums need; the rest is read back from the journal when an item is written. Nothing is recorded
 * before both windows are known in full, or before the run is settled: then with what is known. */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/engine/stages.h"

#define BLOCK_MAX ((size_t)4096)
#define ITEM_MAX  ((size_t)400 * 1024)
/* A run whose time was up while the engine was away waits so long for what its sources know. */
#define SETTLE_GRACE ZC_HOUR
#define RETRY_AFTER  ZC_MINUTE /* what could not be written for now */

typedef struct unsettled {
  char id[ZC_EXECUTION_ID_SIZE];
  char *region, *default_region;
  zc_ended_run run;
  bool recorded;    /* a block is, with all that the sums need: none with less takes its place */
  uint64_t hash;    /* of that block */
  bool overdue;     /* there are too many: settled at the next pass */
  char *block;      /* to be recorded now; NULL: nothing new */
  bool is_settling; /* with this write, or the next */
  struct unsettled *prev, *next; /* utlist.h */
} unsettled;

/* One region, as of the pass under way. */
typedef struct {
  zc_series series;
  zc_observed_region observed;
} observed_region;

struct zc_realiser {
  zc_engine *engine;
  zc_timer timer; /* the next slice of a pass, or the next pass */
  unsettled *first;
  size_t n;
  zc_time oldest; /* request of any, at the latest */
  bool has_news;  /* since the last pass began: runs or data */
  bool is_called; /* a pass begins at once */
  uint64_t version;
  /* the pass under way */
  bool is_passing;
  unsettled *at;
  const zc_settings *settings;
  observed_region *regions; /* as in settings */
  size_t n_regions;
  /* its writes: one batch at a time */
  unsettled *batch[ZC_READ_BACK_MAX];
  size_t n_batch;
};

static void go_on(zc_timer *timer);

static void call_pass(zc_realiser *r) {
  if (r->is_passing) return;
  r->is_called = true;
  zc_timer_after(r->engine->loop, &r->timer, 0, go_on, r);
}

static uint64_t hash_of(const char *text) {
  uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
  for (; *text; text++)
    hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
  return hash;
}

static void free_unsettled(unsettled *u) {
  if (!u) return;
  free(u->region);
  free(u->default_region);
  free(u->block);
  free(u);
}

/* ---- which runs ---- */

/* In a replay a command takes no recorded time: its configured duration stands for it. */
static zc_time end_of(const zc_live *live) {
  const zc_execution *x = &live->execution;
  const zc_trigger_ops *ops = zc_attempt_ops(live);
  zc_time end = zc_loop_now(live->engine->loop);
  if (live->engine->options.as_of && ops && ops->attended) {
    end = x->started_at + (int64_t)(x->workload.duration_minutes * (double)ZC_MINUTE);
  }
  return end > x->started_at ? end : x->started_at + 1;
}

/* Of a run that was UNKNOWN until a person said how it ended, nobody knows when that was. */
void zc_realise_mark(zc_live *live) {
  zc_execution *x = &live->execution;
  bool ran = x->started_at && x->status != ZC_UNKNOWN && !x->resolved_at && x->has_workload;
  x->unsettled = ran && live->engine->realiser;
  x->ran_until = ran ? end_of(live) : 0;
}

static unsettled *make_unsettled(const zc_execution *x) {
  unsettled *u = calloc(1, sizeof *u);
  if (!u) return NULL;
  zc_copy_text(u->id, sizeof u->id, x->id);
  u->region = zc_duplicate(x->region);
  u->default_region = zc_duplicate(x->default_region);
  u->run = (zc_ended_run){.requested_at = x->requested_at,
                          .started_at = x->started_at,
                          .finished_at = x->ran_until,
                          .workload = x->workload,
                          .energy = x->energy};
  u->recorded = x->realised != NULL;
  u->hash = x->realised ? hash_of(x->realised) : 0;
  if (u->region && u->default_region) return u;
  free_unsettled(u);
  return NULL;
}

/* The oldest gives way: it is settled with what is known. */
static void make_room(zc_realiser *r) {
  unsettled *u = r->first;
  while (u && u->overdue)
    u = u->next;
  if (u) u->overdue = true;
}

static bool add(zc_realiser *r, const zc_execution *x) {
  unsettled *u = make_unsettled(x);
  if (!u) return false;
  if (r->n >= ZC_UNSETTLED_MAX) make_room(r);
  DL_APPEND(r->first, u);
  r->n++;
  r->has_news = true;
  if (x->requested_at < r->oldest) r->oldest = x->requested_at;
  return true;
}

void zc_realise_take(zc_engine *engine, const zc_execution *execution) {
  if (!engine->realiser || !execution->unsettled) return;
  if (add(engine->realiser, execution)) {
    if (engine->realiser->n > ZC_UNSETTLED_MAX) call_pass(engine->realiser);
    return;
  }
  zc_log(ZC_LOG_ERROR, "realise",
         "%s %.8s: no memory: what it really saved is seen to after the "
         "next start",
         execution->pipeline, execution->id);
}

static int each_unsettled(void *user, const zc_execution *execution) {
  return add(user, execution) ? ZC_OK : ZC_ENOMEM;
}

static int by_end(const unsettled *a, const unsettled *b) {
  return (a->run.finished_at > b->run.finished_at) - (a->run.finished_at < b->run.finished_at);
}

int zc_realise_recover(zc_engine *engine, zc_error *error) {
  zc_realiser *r = engine->realiser;
  int status =
      zc_journal_unsettled(engine->journal, 2 * (size_t)ZC_UNSETTLED_MAX, each_unsettled, r);
  if (status != ZC_OK) {
    return zc_error_set(error, status, "the journal's ended runs cannot be read: %s",
                        zc_status_text(status));
  }
  DL_SORT(r->first, by_end);
  if (r->n > 0) {
    zc_log(ZC_LOG_INFO, "realise", "%zu ended runs are to be settled", r->n);
  }
  return ZC_OK;
}

/* ---- what was observed ---- */

static void drop_regions(zc_realiser *r) {
  for (size_t i = 0; i < r->n_regions; i++)
    zc_series_finish(&r->regions[i].series);
  free(r->regions);
  r->regions = NULL;
  r->n_regions = 0;
}

static const zc_observed_region *observed(zc_realiser *r, const char *name) {
  static const zc_observed_region nothing = {.pue = 1};
  size_t i = 0;
  while (i < r->n_regions && strcmp(r->settings->regions[i], name) != 0)
    i++;
  return i < r->n_regions ? &r->regions[i].observed : &nothing;
}

static int observe_regions(zc_realiser *r) {
  zc_engine *engine = r->engine;
  const zc_snapshot *snapshot = zc_collect_snapshot(engine);
  r->settings = engine->settings;
  r->regions = calloc(r->settings->n_regions + 1, sizeof *r->regions);
  if (!snapshot || !r->regions) return ZC_ENOMEM;
  for (; r->n_regions < r->settings->n_regions; r->n_regions++) {
    observed_region *region = &r->regions[r->n_regions];
    const zc_region_view *view = &snapshot->regions[r->n_regions];
    int status = zc_grid_observed(engine->grid, r->n_regions, &region->series);
    if (status != ZC_OK) return status;
    region->observed = (zc_observed_region){
        .series = &region->series, .renewable_share = view->renewable_share, .pue = view->pue};
  }
  return ZC_OK;
}

/* ---- one run ---- */

static zc_time settles_at(const zc_realiser *r, const unsettled *u) {
  zc_time at = u->run.finished_at + ZC_SETTLE_AFTER;
  zc_time earliest = r->engine->started_at + (r->engine->options.once ? 0 : SETTLE_GRACE);
  return at > earliest ? at : earliest;
}

static char *write_block(const zc_realised *realised) {
  zc_buffer text;
  zc_buffer_init(&text, BLOCK_MAX);
  zc_realised_write(realised, &text); /* NULL: as if nothing were known, until the next pass */
  return zc_buffer_take(&text);
}

/* Whether there is something to write: a block that is new or has changed, or the run's end as an
 * unsettled one. */
static bool look_at(zc_realiser *r, unsettled *u, zc_time now) {
  if (now < u->run.finished_at) return false; /* of a replay */
  zc_realised realised =
      zc_realise(&u->run, observed(r, u->region), observed(r, u->default_region));
  bool is_final = realised.complete && now >= u->run.finished_at + ZC_SETTLE_AFTER;
  u->is_settling = u->overdue || is_final || now >= settles_at(r, u);
  if (realised.complete || (u->is_settling && !u->recorded)) u->block = write_block(&realised);
  if (u->block && u->recorded && hash_of(u->block) == u->hash) {
    free(u->block);
    u->block = NULL;
  }
  return u->block || u->is_settling;
}

/* ---- writing ---- */

static void end_batch(zc_realiser *r, bool written) {
  for (size_t i = 0; i < r->n_batch; i++) {
    unsettled *u = r->batch[i];
    if (written && u->block) {
      u->recorded = true;
      u->hash = hash_of(u->block);
    }
    free(u->block);
    u->block = NULL;
    if (!written || !u->is_settling) continue;
    DL_DELETE(r->first, u);
    r->n--;
    free_unsettled(u);
  }
  r->n_batch = 0;
}

/* What was not written is seen to in a pass of its own. */
static void batch_failed(zc_realiser *r, int status, const char *message) {
  zc_log(ZC_LOG_ERROR, "realise", "%s: what %zu runs saved is recorded later",
         message ? message : zc_status_text(status), r->n_batch);
  end_batch(r, false);
  r->is_passing = false;
  r->has_news = true;
  drop_regions(r);
  zc_timer_after(r->engine->loop, &r->timer, RETRY_AFTER, go_on, r);
}

static void on_committed(void *user, int status, const char *message) {
  zc_realiser *r = user;
  zc_engine *engine = r->engine;
  if (engine->detached) return;
  engine->commits--;
  if (status == ZC_OK) {
    end_batch(r, true);
    if (!engine->stopping) zc_timer_after(engine->loop, &r->timer, 0, go_on, r);
  } else if (status == ZC_ECONFLICT || status == ZC_ENOMEM) {
    batch_failed(r, status, message);
  } else {
    zc_engine_fail(engine, message ? message : "the journal failed");
  }
  zc_engine_settle(engine);
}

static void add_row(zc_change *change, zc_execution *x, unsettled *u) {
  zc_buffer item;
  zc_buffer_init(&item, ITEM_MAX);
  x->unsettled = !u->is_settling;
  if (u->block) {
    free(x->realised);
    x->realised = zc_duplicate(u->block);
  }
  zc_change_execution(change, x);
  if (u->block && zc_execution_item_write(x, &item) == ZC_OK && item.status == ZC_OK) {
    zc_change_item(change, zc_tables[ZC_TABLE_EXECUTIONS], item.data, item.length);
  }
  zc_buffer_finish(&item);
}

static void on_read(void *user, int status, zc_read_back *rows, size_t n) {
  zc_realiser *r = user;
  zc_engine *engine = r->engine;
  if (engine->detached) return;
  engine->commits--;
  if (status != ZC_OK) {
    batch_failed(r, status, NULL);
    zc_engine_settle(engine);
    return;
  }
  zc_change *change = zc_change_begin(engine->journal);
  for (size_t i = 0; i < n; i++) {
    if (rows[i].status == ZC_OK) {
      const zc_execution *x = &rows[i].execution;
      if (r->batch[i]->block) zc_rollup_mark_run(engine, x->pipeline, x->requested_at);
      add_row(change, &rows[i].execution, r->batch[i]);
      continue;
    }
    zc_log(ZC_LOG_ERROR, "realise", "run %s: its row in the journal: %s: what it saved is left out",
           r->batch[i]->id, zc_status_text(rows[i].status));
    r->batch[i]->is_settling = true;
  }
  engine->commits++;
  zc_journal_commit(engine->journal, change, on_committed, r);
}

static void write_batch(zc_realiser *r) {
  const char *ids[ZC_READ_BACK_MAX];
  for (size_t i = 0; i < r->n_batch; i++)
    ids[i] = r->batch[i]->id;
  r->engine->commits++;
  int status = zc_journal_read_back(r->engine->journal, ids, r->n_batch, on_read, r);
  if (status == ZC_OK) return;
  r->engine->commits--;
  batch_failed(r, status, "the journal takes no reads");
}

/* ---- passes ---- */

static void end_pass(zc_realiser *r) {
  zc_engine *engine = r->engine;
  zc_time next = ZC_TIME_MAX;
  r->is_passing = false;
  r->oldest = ZC_TIME_MAX;
  drop_regions(r);
  for (const unsettled *u = r->first; u; u = u->next) {
    zc_time at = settles_at(r, u);
    if (at < next) next = at;
    if (u->run.requested_at < r->oldest) r->oldest = u->run.requested_at;
  }
  /* Sources may have gone silent: what is due is settled all the same. */
  if (r->first) zc_timer_at(engine->loop, &r->timer, next, go_on, r);
  zc_engine_settle(engine);
}

static bool begin_pass(zc_realiser *r) {
  end_batch(r, false);
  r->is_passing = true;
  r->has_news = r->is_called = false;
  r->version = zc_grid_version(r->engine->grid);
  r->at = r->first;
  drop_regions(r);
  if (observe_regions(r) == ZC_OK) return true;
  batch_failed(r, ZC_ENOMEM, NULL);
  return false;
}

/* A slice of the pass, up to the next batch of writes. */
static void go_on(zc_timer *timer) {
  zc_realiser *r = timer->user;
  int64_t begun = zc_clock_real_ns();
  zc_time now = zc_loop_now(r->engine->loop);
  bool is_stale = !r->is_passing || r->settings != r->engine->settings;
  if (r->engine->stopping || (is_stale && !begin_pass(r))) return;
  while (r->at && r->n_batch < ZC_READ_BACK_MAX) {
    unsettled *u = r->at;
    r->at = u->next;
    if (look_at(r, u, now)) r->batch[r->n_batch++] = u;
    if (zc_clock_real_ns() - begun > ZC_SLICE_NS) break;
  }
  if (r->n_batch > 0 && (!r->at || r->n_batch == ZC_READ_BACK_MAX)) {
    write_batch(r);
  } else if (r->at) {
    zc_timer_after(r->engine->loop, timer, 0, go_on, r);
  } else {
    end_pass(r);
  }
}

void zc_realise_round(zc_engine *engine) {
  zc_realiser *r = engine->realiser;
  if (!r || engine->stopping || !engine->collected || !r->first) return;
  if (r->version != zc_grid_version(engine->grid)) r->has_news = true;
  /* One under way sees to the end with what it began with; the next round sees the rest. */
  if (r->has_news) call_pass(r);
}

zc_time zc_realise_since(const zc_engine *engine) {
  zc_time now = zc_loop_now(engine->loop), since = now - ZC_DAY;
  const zc_realiser *r = engine->realiser;
  if (r && r->first && r->oldest < since) since = r->oldest;
  return since > now - ZC_GRID_HORIZON ? since : now - ZC_GRID_HORIZON;
}

size_t zc_realise_unsettled(const zc_engine *engine) {
  return engine->realiser ? engine->realiser->n : 0;
}

bool zc_realise_idle(const zc_engine *engine) {
  const zc_realiser *r = engine->realiser;
  return !r || (!r->is_passing && !r->is_called);
}

/* ---- beginning and end ---- */

void zc_realise_renew(zc_engine *engine) {
  if (engine->realiser) engine->realiser->settings = NULL;
}

int zc_realise_create(zc_engine *engine, zc_error *error) {
  zc_realiser *r = calloc(1, sizeof *r);
  if (!r) return zc_error_set(error, ZC_ENOMEM, "no memory for the runs that have ended");
  r->engine = engine;
  r->oldest = ZC_TIME_MAX;
  r->timer.owner = "realise";
  engine->realiser = r;
  return ZC_OK;
}

void zc_realise_stop(zc_engine *engine) {
  if (engine->realiser) zc_timer_stop(engine->loop, &engine->realiser->timer);
}

void zc_realise_destroy(zc_engine *engine) {
  zc_realiser *r = engine->realiser;
  unsettled *u, *next;
  if (!r) return;
  zc_realise_stop(engine);
  drop_regions(r);
  DL_FOREACH_SAFE(r->first, u, next) free_unsettled(u);
  free(r);
  engine->realiser = NULL;
}
