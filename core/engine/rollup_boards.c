/* pipeline_analytics -> carbon_leaderboard: the days, weeks and months that have changed, a window
 * within one month at a time. All pipelines are read, for a rank is among all. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/time_text.h"
#include "core/engine/rollup_parts.h"

#define DATE_SIZE   32
#define HASH_OFFSET UINT64_C(14695981039346656037) /* FNV-1a */
#define HASH_PRIME  UINT64_C(1099511628211)

static void next_window(zc_rollup_pass *pass);

void zc_rollup_boards_finish(zc_rollup_pass *pass) {
  free(pass->board.entries);
  free(pass->board.ranks);
  pass->board.entries = NULL;
  pass->board.ranks = NULL;
}

static zc_board_entry *entries_of(const zc_rollup_boards *board, size_t period) {
  return &board->entries[period * board->n_names];
}

/* ---- rows ---- */

/* Adds a pipeline's day to the period of each kind that it lies in, where that is of the window. */
static int on_row(void *user, size_t range, const char *text, size_t length) {
  zc_rollup_pass *pass = user;
  zc_rollup_boards *board = &pass->board;
  zc_analytics_row row;
  if (zc_analytics_row_read(text, length, &row) != ZC_OK) {
    pass->unreadable++;
    return ZC_OK;
  }
  for (size_t i = 0; i < board->n_periods; i++) {
    const zc_period *period = &board->periods[i];
    if (row.day < period->first || row.day >= period->end) continue;
    zc_board_add(&entries_of(board, i)[range], period, &row);
  }
  return ZC_OK;
}

static void add_teams(zc_rollup_pass *pass) {
  for (size_t i = 0; i < pass->board.n_periods; i++) {
    zc_board_entry *entries = entries_of(&pass->board, i);
    for (size_t j = 0; j < pass->n_pipelines; j++) {
      if (pass->team_of[j] == pass->n_teams) continue;
      zc_board_add_entry(&entries[pass->n_pipelines + pass->team_of[j]], &entries[j]);
    }
  }
}

/* ---- items ---- */

static int rank(zc_rollup_pass *pass, size_t period) {
  zc_rollup_boards *board = &pass->board;
  if (board->ranked == period + 1) return ZC_OK;
  zc_board_entry *entries = entries_of(board, period);
  int status = zc_board_rank(entries, pass->n_pipelines, board->ranks);
  if (status == ZC_OK) {
    status =
        zc_board_rank(entries + pass->n_pipelines, pass->n_teams, board->ranks + pass->n_pipelines);
  }
  if (status == ZC_OK) board->ranked = period + 1;
  return status;
}

/* Of all that an item says but when. */
static uint64_t hash_of(const zc_buffer *item) {
  const char *end = strstr(item->data, ",\"updated_at\":");
  uint64_t hash = HASH_OFFSET;
  for (const char *at = item->data; at != end && *at; at++)
    hash = (hash ^ (unsigned char)*at) * HASH_PRIME;
  return hash;
}

/* Whether it is what was last written of this name under the period's word. */
static bool is_written(zc_rollup_pass *pass, zc_period_kind kind, size_t name,
                       const zc_buffer *item) {
  zc_rollup *rollup = pass->rollup;
  size_t at = (size_t)kind * pass->board.n_names + name;
  if (at >= rollup->n_board_hashes) return false;
  uint64_t hash = hash_of(item);
  if (rollup->board_hashes[at] == hash) return true;
  rollup->board_hashes[at] = hash;
  return false;
}

/* Each name has two rows: one under the period's key, where it ran; one under the period's word,
 * where the period runs now: of every name, so that none of a period before stays. */
static int make_item(zc_rollup_pass *pass, size_t position, zc_buffer *to) {
  zc_rollup_boards *board = &pass->board;
  size_t period = position / (2 * board->n_names), rest = position % (2 * board->n_names);
  size_t name = rest / 2;
  bool is_team = name >= pass->n_pipelines, running = rest % 2 == 1;
  const zc_period *of = &board->periods[period];
  const zc_board_entry *entry = &entries_of(board, period)[name];
  bool wanted = running ? of->first <= pass->now && pass->now < of->end : entry->ran > 0;
  if (!wanted) return ZC_ENOTFOUND;
  int status = rank(pass, period);
  if (status != ZC_OK) return status;
  const zc_board_row row = {.period = of,
                            .running = running,
                            .identifier = is_team ? pass->teams[name - pass->n_pipelines]
                                                  : pass->pipelines[name],
                            .kind = is_team ? "team" : "pipeline",
                            .entry = entry,
                            .ranks = &board->ranks[name]};
  status = zc_leaderboard_item_write(&row, pass->now, to);
  if (status == ZC_OK && running && is_written(pass, of->kind, name, to)) return ZC_ENOTFOUND;
  return status;
}

static void written(zc_rollup_pass *pass) {
  zc_rollup_boards_finish(pass);
  pass->boards.first = pass->window.last + ZC_DAY;
  next_window(pass);
}

static void have_read(zc_rollup_pass *pass) {
  add_teams(pass);
  zc_rollup_write(pass, zc_tables[ZC_TABLE_LEADERBOARD],
                  pass->board.n_periods * pass->board.n_names * 2, make_item, written);
}

/* ---- windows ---- */

/* A period some of whose days have expired stays as it was made when they were there. */
static void set_periods(zc_rollup_pass *pass) {
  zc_rollup_boards *board = &pass->board;
  board->n_periods = 0;
  for (zc_period_kind kind = ZC_DAILY; kind < ZC_PERIOD_KINDS; kind++) {
    zc_period period = zc_period_of(kind, pass->window.first);
    while (period.first <= pass->window.last) {
      if (period.first >= pass->first_day) board->periods[board->n_periods++] = period;
      period = zc_period_of(kind, period.end);
    }
  }
}

static int make_room(zc_rollup_pass *pass) {
  zc_rollup *rollup = pass->rollup;
  zc_rollup_boards *board = &pass->board;
  board->n_names = pass->n_pipelines + pass->n_teams;
  board->ranked = 0;
  board->entries = calloc(board->n_periods * board->n_names + 1, sizeof *board->entries);
  board->ranks = calloc(board->n_names + 1, sizeof *board->ranks);
  if (!board->entries || !board->ranks) return ZC_ENOMEM;
  size_t wanted = ZC_PERIOD_KINDS * board->n_names;
  if (rollup->n_board_hashes == wanted) return ZC_OK;
  free(rollup->board_hashes);
  rollup->board_hashes = calloc(wanted + 1, sizeof *rollup->board_hashes);
  rollup->n_board_hashes = rollup->board_hashes ? wanted : 0;
  return rollup->board_hashes ? ZC_OK : ZC_ENOMEM;
}

/* All days of all periods that touch the window. */
static zc_rollup_span days_of(const zc_rollup_boards *board) {
  zc_rollup_span all = ZC_ROLLUP_NOTHING;
  for (size_t i = 0; i < board->n_periods; i++)
    zc_rollup_widen(&all, board->periods[i].first, board->periods[i].end - ZC_DAY);
  return all;
}

static void read_window(zc_rollup_pass *pass) {
  zc_rollup_span days = days_of(&pass->board);
  char low[DATE_SIZE] = "", high[DATE_SIZE] = "";
  zc_table_range *ranges = calloc(pass->n_pipelines + 1, sizeof *ranges);
  if (!ranges) {
    zc_rollup_pass_fail(pass, ZC_ENOMEM, "no memory for the leaderboards");
    return;
  }
  zc_date_format(days.first, low, sizeof low);
  zc_date_format(days.last, high, sizeof high);
  for (size_t i = 0; i < pass->n_pipelines; i++) {
    ranges[i] = (zc_table_range){.table = zc_tables[ZC_TABLE_ANALYTICS],
                                 .partition = pass->pipelines[i],
                                 .compare = ZC_COMPARE_BETWEEN,
                                 .low = low,
                                 .high = high};
  }
  zc_rollup_pass_read(pass, ranges, pass->n_pipelines, on_row, have_read);
  free(ranges);
}

static void next_window(zc_rollup_pass *pass) {
  if (zc_rollup_is_empty(&pass->boards)) {
    zc_rollup_pass_boards_done(pass);
    return;
  }
  zc_time month = zc_period_of(ZC_MONTHLY, pass->boards.first).end - ZC_DAY;
  pass->window =
      (zc_rollup_span){pass->boards.first, pass->boards.last < month ? pass->boards.last : month};
  set_periods(pass);
  if (make_room(pass) != ZC_OK) {
    zc_rollup_pass_fail(pass, ZC_ENOMEM, "no memory for the leaderboards");
    return;
  }
  read_window(pass);
}

void zc_rollup_boards_begin(zc_rollup_pass *pass) {
  next_window(pass);
}
