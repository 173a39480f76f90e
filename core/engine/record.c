/* Record: a run's state and its table item in one transaction, and the history of intensities. */
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "core/base/log.h"
#include "core/base/time_text.h"
#include "core/engine/stages.h"

#define ITEM_MAX ((size_t)400 * 1024)
#define RETRY_MS 5000
/* A request by hand is refused after so many tries: before who asked gives up waiting for the
 * answer (ZC_CLIENT_TIMEOUT_MS), and takes it for refused. */
#define REQUEST_TRIES 2

/* A change under way, of a run or of a pipeline. One that could not be written for now waits in the
 * engine's list. */
struct zc_commit {
  zc_engine *engine;
  zc_live *live; /* NULL: of a pipeline */
  void (*done)(zc_live *live);
  const zc_pipeline_state *state;
  zc_time slot;                         /* of the pipeline: passed over; 0: none */
  void (*told)(void *user, int status); /* NULL: nobody waits for it */
  void *user;
  unsigned tries; /* that failed */
  zc_timer timer;
  zc_commit *next, *prev; /* utlist.h */
};

void zc_record_report_accepted(zc_live *live, int status) {
  if (!live->accepted) return;
  void (*accepted)(void *user, int status) = live->accepted;
  live->accepted = NULL;
  accepted(live->accepted_user, status);
}

static void retry_commit(zc_timer *timer);

static void log_held_back(const zc_commit *commit, const char *message) {
  const char *why = message ? message : "the change could not be written";
  if (!commit->live) {
    zc_log(ZC_LOG_ERROR, "journal", "%s; what is noted of %s is tried again in 5 s", why,
           commit->state->name);
    return;
  }
  const zc_execution *x = &commit->live->execution;
  zc_log(ZC_LOG_ERROR, "journal", "%s; %s %.8s (%s) is held back and tried again in 5 s", why,
         x->pipeline, x->id, zc_execution_status_text(x->status));
}

/* A full disk is waited out: what is not journalled is not acted on, and nothing is lost. */
static void wait_and_retry(zc_engine *engine, zc_commit *commit, const char *message) {
  if (commit->tries++ == 0) log_held_back(commit, message); /* once, not at each try */
  DL_APPEND(engine->held_back, commit);
  engine->n_held_back++;
  zc_timer_after(engine->loop, &commit->timer, RETRY_MS, retry_commit, commit);
}

static void run_committed(zc_live *live, void (*done)(zc_live *live)) {
  zc_engine *engine = live->engine;
  live->commits--;
  zc_rollup_mark_run(engine, live->execution.pipeline, live->execution.requested_at);
  zc_record_report_accepted(live, ZC_OK);
  if (engine->changed) engine->changed(engine->changed_user, &live->execution);
  if (done)
    done(live);
  else if (live->execution.status == ZC_PENDING && engine->collected)
    zc_execute_queue(live);
  if (live->ended && live->commits == 0) {
    zc_realise_take(engine, &live->execution);
    zc_execute_forget(live);
  }
}

/* A change that will not be journalled: who waits for it is told. */
static void give_up(zc_commit *commit) {
  if (commit->told) commit->told(commit->user, ZC_ECANCELED);
  free(commit);
}

/* Whether someone has waited long enough for this to be taken, and nothing else is to be noted of
 * the run. */
static bool is_old_request(const zc_commit *commit) {
  const zc_live *live = commit->live;
  return live && live->accepted && live->commits == 1 && commit->tries + 1 >= REQUEST_TRIES;
}

/* Nothing of it is in the journal, so it never was. Something is still tried again, so that it is
 * noticed when there is room. */
static void refuse_request(zc_commit *commit, const char *message) {
  zc_engine *engine = commit->engine;
  zc_live *live = commit->live;
  const zc_pipeline_state *state = live->state;
  zc_log(ZC_LOG_ERROR, "journal", "%s; %s %.8s is refused, and not started",
         message ? message : "the run could not be written", live->execution.pipeline,
         live->execution.id);
  free(commit);
  engine->commits--;
  zc_record_report_accepted(live, ZC_EIO);
  zc_execute_forget(live);
  if (engine->n_held_back == 0) zc_record_pipeline(engine, state, 0, NULL, NULL);
}

static void committed(zc_commit *own) {
  const zc_commit commit = *own;
  free(own);
  commit.engine->commits--;
  if (commit.tries > 0 && commit.engine->n_held_back == 0)
    zc_log(ZC_LOG_INFO, "journal", "what was held back is written");
  if (commit.told) commit.told(commit.user, ZC_OK);
  if (commit.live) run_committed(commit.live, commit.done);
  zc_engine_settle(commit.engine);
}

static void on_committed(void *user, int status, const char *message) {
  zc_commit *commit = user;
  zc_engine *engine = commit->engine;
  if (engine->detached) {
    give_up(commit);
  } else if (status == ZC_OK) {
    committed(commit);
  } else if (status == ZC_ECONFLICT || status == ZC_ENOMEM) {
    if (is_old_request(commit))
      refuse_request(commit, message);
    else
      wait_and_retry(engine, commit, message);
    zc_engine_settle(engine);
  } else {
    give_up(commit);
    zc_engine_fail(engine, message ? message : "the journal failed");
  }
}

/* ZC_ENOMEM where there is no memory for all of it: the state is not written without its item. */
static int add_run(zc_change *change, const zc_live *live, bool mark) {
  const zc_execution *x = &live->execution;
  zc_buffer item;
  zc_buffer_init(&item, ITEM_MAX);
  zc_change_execution(change, x);
  if (mark && x->slot) zc_change_mark(change, x->pipeline, x->slot);
  int status = zc_execution_item_write(x, &item);
  if (status == ZC_OK) status = item.status;
  if (status == ZC_OK) {
    zc_change_item(change, zc_tables[ZC_TABLE_EXECUTIONS], item.data, item.length);
  } else if (status != ZC_ENOMEM) {
    zc_log(ZC_LOG_ERROR, "record", "%s %.8s: its item could not be built", x->pipeline, x->id);
  }
  zc_buffer_finish(&item);
  return status == ZC_ENOMEM ? status : ZC_OK;
}

/* Both as they are now: on a second try that contains what it was on the first. */
static void add_pipeline(zc_change *change, const zc_pipeline_state *state, zc_time slot) {
  const zc_pipeline_note note = {.pipeline = state->name,
                                 .paused_at = state->paused_at,
                                 .slots_missed = state->slots_missed,
                                 .slots_paused = state->slots_paused,
                                 .schedule = state->schedule};
  zc_change_pipeline(change, &note);
  if (slot) zc_change_mark(change, state->name, slot);
}

static void hand_in(zc_commit *commit, bool mark) {
  zc_change *change = zc_change_begin(commit->engine->journal);
  if (!commit->live) {
    add_pipeline(change, commit->state, commit->slot);
  } else if (add_run(change, commit->live, mark) != ZC_OK) {
    zc_change_drop(change);
    change = NULL;
  }
  zc_journal_commit(commit->engine->journal, change, on_committed, commit);
}

static void unhold(zc_engine *engine, zc_commit *commit) {
  DL_DELETE(engine->held_back, commit);
  engine->n_held_back--;
}

static void retry_commit(zc_timer *timer) {
  zc_commit *commit = timer->user;
  unhold(commit->engine, commit);
  hand_in(commit, commit->live && commit->live->execution.slot != 0);
}

void zc_record_stop(zc_engine *engine) {
  zc_timer_stop(engine->loop, &engine->history_timer);
  while (engine->held_back) {
    zc_commit *commit = engine->held_back;
    unhold(engine, commit);
    zc_timer_stop(engine->loop, &commit->timer);
    give_up(commit);
  }
}

/* NULL: no memory, and the engine fails. */
static zc_commit *create_commit(zc_engine *engine) {
  zc_commit *commit = calloc(1, sizeof *commit);
  if (!commit) {
    zc_engine_fail(engine, "no memory to journal a change");
    return NULL;
  }
  commit->engine = engine;
  engine->commits++;
  return commit;
}

static zc_commit *create_commit_of(zc_live *live) {
  zc_commit *commit = create_commit(live->engine);
  if (!commit) return NULL;
  commit->live = live;
  live->commits++;
  return commit;
}

void zc_record_commit(zc_live *live, void (*done)(zc_live *live), bool mark) {
  zc_commit *commit = create_commit_of(live);
  if (!commit) return;
  commit->done = done;
  hand_in(commit, mark);
}

void zc_record_commit_told(zc_live *live, void (*told)(void *user, int status), void *user) {
  zc_commit *commit = create_commit_of(live);
  if (!commit) {
    if (told) told(user, ZC_ENOMEM);
    return;
  }
  commit->told = told;
  commit->user = user;
  hand_in(commit, false);
}

void zc_record_pipeline(zc_engine *engine, const zc_pipeline_state *state, zc_time slot,
                        void (*told)(void *user, int status), void *user) {
  zc_commit *commit = create_commit(engine);
  if (!commit) {
    if (told) told(user, ZC_ENOMEM);
    return;
  }
  commit->state = state;
  commit->slot = slot;
  commit->told = told;
  commit->user = user;
  hand_in(commit, false);
}

/* ---- history ---- */

static bool same_slot(const zc_slot *a, const zc_slot *b) {
  return a->from == b->from && a->to == b->to && a->value == b->value && a->flags == b->flags &&
         a->source == b->source;
}

static bool remembered(const zc_history_memory *memory, const zc_slot *slot) {
  for (size_t i = memory->n; i-- > 0;) {
    if (memory->slots[i].from == slot->from) return same_slot(&memory->slots[i], slot);
  }
  return false;
}

static bool make_room(zc_history_memory *memory) {
  if (memory->n < memory->capacity) return true;
  size_t capacity = memory->capacity ? memory->capacity * 2 : 64;
  if (capacity > ZC_HISTORY_REMEMBERED) capacity = ZC_HISTORY_REMEMBERED;
  if (memory->n == capacity) { /* the oldest goes */
    memory->n--;
    memmove(memory->slots, memory->slots + 1, memory->n * sizeof *memory->slots);
    return true;
  }
  zc_slot *grown = realloc(memory->slots, capacity * sizeof *grown);
  if (!grown) return false; /* written again next round: an idempotent put */
  memory->slots = grown;
  memory->capacity = capacity;
  return true;
}

static void remember(zc_history_memory *memory, const zc_slot *slot) {
  for (size_t i = memory->n; i-- > 0;) {
    if (memory->slots[i].from == slot->from) {
      memory->slots[i] = *slot;
      return;
    }
  }
  if (make_room(memory)) memory->slots[memory->n++] = *slot;
}

static void forget_all(zc_engine *engine) {
  for (size_t i = 0; i < engine->settings->n_regions; i++)
    engine->history[i].n = 0;
}

static bool belongs_to_history(const zc_slot *slot, zc_time now) {
  bool seen = slot->flags & (ZC_POINT_OBSERVED | ZC_POINT_ESTIMATED);
  if (!seen || slot->flags & ZC_POINT_HELD) return false;
  return slot->from <= now && slot->to > now - ZC_SETTLE_AFTER;
}

/* Where the items of a region go. */
typedef struct {
  zc_engine *engine;
  size_t region;
  zc_time now;
  zc_change *change;
  zc_buffer *item; /* room for one */
} history_writer;

/* False: it is no item, or known already. */
static bool add_slot(const history_writer *writer, const zc_slot *slot) {
  zc_engine *engine = writer->engine;
  zc_history_memory *memory = &engine->history[writer->region];
  const zc_region_view *view = &engine->snapshot->regions[writer->region];
  const char *source = engine->settings->sources[slot->source].name;
  zc_buffer *item = writer->item;
  if (!belongs_to_history(slot, writer->now) || remembered(memory, slot)) return false;
  zc_buffer_clear(item);
  if (zc_history_item_write(view, slot, source, item) != ZC_OK || item->status != ZC_OK)
    return false;
  zc_change_item(writer->change, zc_tables[ZC_TABLE_HISTORY], item->data, item->length);
  remember(memory, slot);
  zc_rollup_mark_slot(engine, slot->from, slot->to);
  return true;
}

/* A slot of more than a day becomes an item a day, counted from its beginning: those that have
 * begun, from the first on that is young enough. */
static size_t add_parts(const history_writer *writer, const zc_slot *slot) {
  int64_t settled = writer->now - ZC_SETTLE_AFTER - slot->from, step = ZC_HISTORY_SLOT_MAX;
  zc_slot part = *slot;
  size_t added = 0;
  if (settled > 0) part.from += settled / step * step;
  for (; part.from < slot->to && part.from <= writer->now; part.from += step) {
    part.to = part.from + step < slot->to ? part.from + step : slot->to;
    added += add_slot(writer, &part);
  }
  return added;
}

/* How many items of the region were added. */
static size_t add_region(const history_writer *writer) {
  const zc_series *grid = &writer->engine->snapshot->regions[writer->region].grid;
  size_t added = 0;
  for (size_t i = 0; i < grid->n; i++) {
    if (belongs_to_history(&grid->slots[i], writer->now))
      added += add_parts(writer, &grid->slots[i]);
  }
  return added;
}

static void on_history_committed(void *user, int status, const char *message) {
  zc_engine *engine = user;
  if (engine->detached) return;
  engine->commits--;
  if (status == ZC_ECONFLICT || status == ZC_ENOMEM) {
    zc_log(ZC_LOG_ERROR, "journal", "history could not be written: %s; written next round",
           message ? message : zc_status_text(status));
    forget_all(engine);
  } else if (status != ZC_OK) {
    zc_engine_fail(engine, message ? message : "the journal failed");
  }
  zc_engine_settle(engine);
}

/* Regions from *next on, until the slice of real time is used up; *next: where to go on. */
static size_t add_slice(zc_engine *engine, zc_change *change, size_t *next) {
  zc_time now = zc_loop_now(engine->loop);
  int64_t begun = zc_clock_real_ns();
  zc_buffer item;
  zc_buffer_init(&item, 8192);
  size_t added = 0;
  while (*next < engine->settings->n_regions && zc_clock_real_ns() - begun < ZC_SLICE_NS) {
    const history_writer writer = {engine, (*next)++, now, change, &item};
    added += add_region(&writer);
  }
  zc_buffer_finish(&item);
  return added;
}

/* A sink that is away for months must not fill the disk with what can be done without. Nothing is
 * remembered meanwhile: what is still within ZC_SETTLE_AFTER then is written once it is back. */
static bool has_room(zc_engine *engine) {
  int64_t waiting = zc_journal_backlog(engine->journal, NULL);
  bool full = waiting >= engine->settings->outbox_max;
  if (full && !engine->history_withheld) {
    zc_log(ZC_LOG_ERROR, "record",
           "%lld rows wait for a sink (engine.outbox_max): intensity history is left out until it "
           "takes them; runs are recorded all the same",
           (long long)waiting);
  } else if (!full && engine->history_withheld) {
    zc_log(ZC_LOG_INFO, "record", "intensity history is recorded again, from two days back");
  }
  engine->history_withheld = full;
  return !full;
}

static void write_history(zc_timer *timer) {
  zc_engine *engine = timer->user;
  if (!has_room(engine)) {
    zc_engine_settle(engine);
    return;
  }
  if (!zc_collect_snapshot(engine)) return;
  zc_change *change = zc_change_begin(engine->journal);
  if (add_slice(engine, change, &engine->history_next) > 0) {
    engine->commits++;
    zc_journal_commit(engine->journal, change, on_history_committed, engine);
  } else {
    zc_change_drop(change);
  }
  if (engine->history_next < engine->settings->n_regions) {
    zc_timer_after(engine->loop, timer, 0, write_history, engine);
  }
  zc_engine_settle(engine);
}

void zc_record_history(zc_engine *engine) {
  if (!engine->journal) return;
  engine->history_next = 0;
  zc_timer_after(engine->loop, &engine->history_timer, 0, write_history, engine);
}
