/* Places: how many runs are under way, and whose turn it is.
 *
 * A run whose time has come has to wait while its pipeline is paused, while another run of it has
 * not ended (overlap: queue), or while there are as many under way as its pipeline's, its region's
 * or the whole engine's limit. Those that wait start in the order of their deadlines, then of their
 * requests, then of their slots. The limits spread what can wait: unless limits.at_deadline says
 * `wait`, they end at the deadline. A pause and an overlap do not. Nothing of this is journalled
 * but the reason: after a restart the runs that are due are listed, and ask in that order. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/engine/stages.h"

#define REASON_SIZE 320

/* ---- counting ---- */

static zc_region_state *region_of(zc_engine *engine, const char *name) {
  zc_region_state *region;
  HASH_FIND_STR(engine->regions, name, region);
  if (region) return region;
  region = calloc(1, sizeof *region);
  if (!region || !(region->name = zc_duplicate(name))) {
    free(region);
    return NULL;
  }
  HASH_ADD_KEYPTR(hh, engine->regions, region->name, strlen(region->name), region);
  if (region->hh.tbl) return region;
  free(region->name);
  free(region);
  return NULL;
}

static void take_place(zc_live *live, zc_region_state *region) {
  live->place = region;
  region->under_way++;
  live->state->under_way++;
  live->engine->under_way++;
}

static void leave_place(zc_live *live) {
  live->place->under_way--;
  live->state->under_way--;
  live->engine->under_way--;
  live->place = NULL;
  zc_places_look(live->engine);
}

int zc_places_count(zc_live *live) {
  zc_execution_status status = live->execution.status;
  bool under_way = status == ZC_TRIGGERING || status == ZC_RUNNING;
  if (!under_way && live->place) leave_place(live);
  if (!under_way || live->place) return ZC_OK;
  zc_region_state *region = region_of(live->engine, live->execution.region);
  if (!region) return ZC_ENOMEM;
  take_place(live, region);
  return ZC_OK;
}

/* ---- whether it may start ---- */

static bool is_full(int64_t limit, size_t under_way) {
  return limit > 0 && (int64_t)under_way >= limit;
}

static zc_hold obstacle(const zc_live *live) {
  const zc_engine *engine = live->engine;
  const zc_settings *settings = engine->settings;
  const zc_region_state *region;
  if (live->state->paused_at) return ZC_HOLD_PAUSED;
  if (live->pipeline->overlap == ZC_OVERLAP_QUEUE && live->state->under_way > 0)
    return ZC_HOLD_OVERLAP;
  bool due = zc_loop_now(engine->loop) >= live->execution.deadline;
  if (due && !settings->wait_past_deadline) return ZC_HOLD_NONE;
  if (is_full(live->pipeline->max_parallel, live->state->under_way)) return ZC_HOLD_PIPELINE;
  HASH_FIND_STR(engine->regions, live->execution.region, region);
  if (region && is_full(settings->max_parallel_per_region, region->under_way))
    return ZC_HOLD_REGION;
  return is_full(settings->max_parallel, engine->under_way) ? ZC_HOLD_WHOLE : ZC_HOLD_NONE;
}

static void explain(const zc_live *live, zc_hold hold, char *text, size_t size) {
  const zc_settings *settings = live->engine->settings;
  switch (hold) {
  case ZC_HOLD_PAUSED:
    zc_copy_text(text, size, "its pipeline is paused");
    break;
  case ZC_HOLD_OVERLAP:
    zc_copy_text(text, size, "another run of its pipeline has not ended (overlap: queue)");
    break;
  case ZC_HOLD_PIPELINE:
    snprintf(text, size, "as many runs of its pipeline are under way as its max_parallel, %" PRId64,
             live->pipeline->max_parallel);
    break;
  case ZC_HOLD_REGION:
    snprintf(text, size,
             "as many runs are under way in %s as limits.max_parallel_per_region, %" PRId64,
             live->execution.region, settings->max_parallel_per_region);
    break;
  default:
    snprintf(text, size, "as many runs are under way as limits.max_parallel, %" PRId64,
             settings->max_parallel);
  }
}

/* ---- those that wait ---- */

static bool enlist(zc_live *live) {
  zc_engine *engine = live->engine;
  if (live->held) return true;
  if (engine->n_held == engine->held_capacity) {
    size_t capacity = engine->held_capacity ? engine->held_capacity * 2 : 64;
    zc_live **grown = realloc(engine->held, capacity * sizeof *grown);
    if (!grown) return false;
    engine->held = grown;
    engine->held_capacity = capacity;
  }
  engine->held[engine->n_held++] = live;
  live->held = engine->n_held;
  engine->held_sorted = false;
  return true;
}

int zc_places_list(zc_live *live) {
  if (!enlist(live)) return ZC_ENOMEM;
  live->engine->held_untold = true;
  zc_places_look(live->engine);
  return ZC_OK;
}

void zc_places_leave(zc_live *live) {
  zc_execution *x = &live->execution;
  if (!live->held) return;
  live->engine->held[live->held - 1] = NULL;
  live->held = 0;
  live->hold = ZC_HOLD_NONE;
  if (x->held_at && !x->released_at) x->released_at = zc_loop_now(live->engine->loop);
}

void zc_places_drop(zc_live *live) {
  zc_places_leave(live);
  if (live->place) leave_place(live);
}

static int by_turn(const void *a, const void *b) {
  const zc_live *left = *(zc_live *const *)a, *right = *(zc_live *const *)b;
  const zc_execution *x = &left->execution, *y = &right->execution;
  if (x->deadline != y->deadline) return x->deadline < y->deadline ? -1 : 1;
  if (x->requested_at != y->requested_at) return x->requested_at < y->requested_at ? -1 : 1;
  if (x->slot != y->slot) return x->slot < y->slot ? -1 : 1;
  return strcmp(x->id, y->id);
}

/* Closes the gaps that others left, and brings the list into order. */
static void tidy(zc_engine *engine) {
  size_t n = 0;
  for (size_t i = 0; i < engine->n_held; i++) {
    if (engine->held[i]) engine->held[n++] = engine->held[i];
  }
  engine->n_held = n;
  if (!engine->held_sorted && n > 0) qsort(engine->held, n, sizeof *engine->held, by_turn);
  engine->held_sorted = true;
  for (size_t i = 0; i < n; i++)
    engine->held[i]->held = i + 1;
}

static void say_why(zc_live *live, zc_hold hold) {
  zc_execution *x = &live->execution;
  char text[REASON_SIZE];
  explain(live, hold, text, sizeof text);
  if (live->hold == hold && x->wait_reason && strcmp(x->wait_reason, text) == 0) return;
  live->hold = hold;
  if (!x->held_at) x->held_at = zc_loop_now(live->engine->loop);
  x->released_at = 0;
  free(x->wait_reason);
  x->wait_reason = zc_duplicate(text);
  zc_execute_hold(live);
}

/* Starts those whose turn has come, in order, and says where a pause is now what holds one, or is
 * not any more; those that are new to the list ask first. False where the slice of real time was
 * used up: only what was done counts, so that the next one gets further. */
static bool let_go(zc_engine *engine) {
  int64_t begun = zc_clock_real_ns();
  if (engine->stopping) return true;
  tidy(engine);
  for (size_t i = 0; i < engine->n_held; i++) {
    zc_live *live = engine->held[i];
    zc_hold hold = obstacle(live);
    if (hold == ZC_HOLD_NONE || live->hold == ZC_HOLD_NONE)
      zc_execute_start(live);
    else if ((hold == ZC_HOLD_PAUSED) != (live->hold == ZC_HOLD_PAUSED))
      say_why(live, hold);
    else if (hold == ZC_HOLD_WHOLE && !engine->held_untold)
      return true; /* nobody behind it has a place either */
    else
      continue;
    if (zc_clock_real_ns() - begun > ZC_SLICE_NS) return false;
  }
  engine->held_untold = false;
  return true;
}

static void on_look(zc_timer *timer) {
  zc_engine *engine = timer->user;
  if (!let_go(engine)) zc_places_look(engine);
  zc_engine_settle(engine);
}

void zc_places_look(zc_engine *engine) {
  if (engine->n_held == 0 || engine->stopping || zc_timer_active(&engine->places_timer)) return;
  zc_timer_after(engine->loop, &engine->places_timer, 0, on_look, engine);
}

/* A limit that its deadline has ended, and not a place. */
static void say_deadline(zc_live *live) {
  zc_execution *x = &live->execution;
  char text[REASON_SIZE + 32];
  bool late = zc_loop_now(live->engine->loop) >= x->deadline;
  if (!late || live->hold < ZC_HOLD_PIPELINE || !x->wait_reason) return;
  snprintf(text, sizeof text, "%s; started at its deadline", x->wait_reason);
  free(x->wait_reason);
  x->wait_reason = zc_duplicate(text);
}

bool zc_places_hold(zc_live *live) {
  zc_engine *engine = live->engine;
  zc_time now = zc_loop_now(engine->loop), deadline = live->execution.deadline;
  /* A place that has just become free is for those that wait already. */
  if (!live->held && zc_timer_active(&engine->places_timer)) let_go(engine);
  zc_hold hold = obstacle(live);
  bool memory = region_of(engine, live->execution.region) && (hold == ZC_HOLD_NONE || enlist(live));
  if (!memory) {
    zc_execute_wait(live, ZC_STEP_START, now + 10 * ZC_SECOND);
    return true;
  }
  if (hold == ZC_HOLD_NONE) {
    say_deadline(live);
    zc_places_leave(live);
    return false;
  }
  say_why(live, hold);
  if (deadline > now) zc_execute_wait(live, ZC_STEP_START, deadline);
  return true;
}

void zc_places_destroy(zc_engine *engine) {
  zc_region_state *region = engine->regions, *next;
  zc_timer_stop(engine->loop, &engine->places_timer);
  HASH_CLEAR(hh, engine->regions);
  for (; region; region = next) {
    next = region->hh.next;
    free(region->name);
    free(region);
  }
  free(engine->held);
}
