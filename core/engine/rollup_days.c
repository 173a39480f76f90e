/* Executions -> pipeline_analytics: the days of each pipeline that have changed, a window of days
 * at a time. */
#include <stdio.h>
#include <stdlib.h>

#include "core/base/time_text.h"
#include "core/engine/rollup_parts.h"

#define SECONDS_SIZE 24

static void next_window(zc_rollup_pass *pass);

void zc_rollup_days_finish(zc_rollup_pass *pass) {
  for (size_t i = 0; pass->cells && i < pass->n_targets * pass->window_days; i++)
    zc_rollup_day_finish(&pass->cells[i]);
  free(pass->cells);
  free(pass->range_targets);
  pass->cells = NULL;
  pass->range_targets = NULL;
}

static zc_rollup_span inside(const zc_rollup_pass *pass, const zc_rollup_dirty *target) {
  const zc_rollup_span *days = &target->days, *window = &pass->window;
  return (zc_rollup_span){days->first > window->first ? days->first : window->first,
                          days->last < window->last ? days->last : window->last};
}

/* ---- rows ---- */

static int on_row(void *user, size_t range, const char *text, size_t length) {
  zc_rollup_pass *pass = user;
  zc_execution_row row;
  if (zc_execution_row_read(text, length, &row) != ZC_OK) {
    pass->unreadable++;
    return ZC_OK;
  }
  zc_time day = zc_day_of(row.requested_at);
  if (day < pass->window.first || day > pass->window.last) return ZC_OK;
  size_t at = (size_t)((day - pass->window.first) / ZC_DAY);
  zc_rollup_day *cell = &pass->cells[pass->range_targets[range] * pass->window_days + at];
  return zc_rollup_day_add(cell, &row, &pass->regions);
}

/* ---- items ---- */

static int make_item(zc_rollup_pass *pass, size_t position, zc_buffer *to) {
  size_t target = position / pass->window_days, day = position % pass->window_days;
  const zc_rollup_day *cell = &pass->cells[position];
  if (cell->total == 0) return ZC_ENOTFOUND;
  zc_time date = pass->window.first + (int64_t)day * ZC_DAY;
  return zc_analytics_item_write(pass->targets[target].name, date, cell, &pass->regions, pass->now,
                                 to);
}

static void written(zc_rollup_pass *pass) {
  zc_rollup_days_finish(pass);
  pass->window = (zc_rollup_span){pass->window.last + ZC_DAY, ZC_TIME_MIN};
  next_window(pass);
}

static void have_read(zc_rollup_pass *pass) {
  zc_rollup_write(pass, zc_tables[ZC_TABLE_ANALYTICS], pass->n_targets * pass->window_days,
                  make_item, written);
}

/* ---- windows ---- */

/* The bounds of a range, as text. */
typedef struct {
  char low[SECONDS_SIZE], high[SECONDS_SIZE];
} bounds;

static size_t make_ranges(zc_rollup_pass *pass, zc_table_range *ranges, bounds *texts) {
  const zc_table *table = zc_tables[ZC_TABLE_EXECUTIONS];
  size_t n = 0;
  for (size_t i = 0; i < pass->n_targets; i++) {
    zc_rollup_span days = inside(pass, &pass->targets[i]);
    if (zc_rollup_is_empty(&days)) continue;
    snprintf(texts[n].low, SECONDS_SIZE, "%lld", (long long)(days.first / ZC_SECOND));
    snprintf(texts[n].high, SECONDS_SIZE, "%lld",
             (long long)((days.last + ZC_DAY) / ZC_SECOND - 1));
    ranges[n] = (zc_table_range){.table = table,
                                 .index = &table->indexes[0], /* pipeline_name, timestamp */
                                 .partition = pass->targets[i].name,
                                 .compare = ZC_COMPARE_BETWEEN,
                                 .low = texts[n].low,
                                 .high = texts[n].high};
    pass->range_targets[n++] = (uint32_t)i;
  }
  return n;
}

static void read_window(zc_rollup_pass *pass) {
  pass->cells = calloc(pass->n_targets * pass->window_days, sizeof *pass->cells);
  pass->range_targets = calloc(pass->n_targets, sizeof *pass->range_targets);
  zc_table_range *ranges = calloc(pass->n_targets, sizeof *ranges);
  bounds *texts = calloc(pass->n_targets, sizeof *texts);
  if (pass->cells && pass->range_targets && ranges && texts) {
    size_t n = make_ranges(pass, ranges, texts);
    zc_rollup_pass_read(pass, ranges, n, on_row, have_read);
  } else {
    zc_rollup_pass_fail(pass, ZC_ENOMEM, "no memory for the days");
  }
  free(ranges);
  free(texts);
}

/* From window.first on: the first day of any target, and as many as one window takes. */
static void next_window(zc_rollup_pass *pass) {
  zc_rollup_span all = ZC_ROLLUP_NOTHING;
  for (size_t i = 0; i < pass->n_targets; i++) {
    const zc_rollup_span *days = &pass->targets[i].days;
    zc_time first = days->first > pass->window.first ? days->first : pass->window.first;
    if (first <= days->last) zc_rollup_widen(&all, first, days->last);
  }
  if (zc_rollup_is_empty(&all)) {
    zc_rollup_pass_days_done(pass);
    return;
  }
  size_t most = ZC_ROLLUP_CELLS_MAX / pass->n_targets;
  if (most > ZC_ROLLUP_RUNS_DAYS) most = ZC_ROLLUP_RUNS_DAYS;
  if (most < 1) most = 1;
  size_t wanted = (size_t)((all.last - all.first) / ZC_DAY) + 1;
  pass->window_days = wanted < most ? wanted : most;
  pass->window = (zc_rollup_span){all.first, all.first + ((int64_t)pass->window_days - 1) * ZC_DAY};
  read_window(pass);
}

void zc_rollup_days_begin(zc_rollup_pass *pass) {
  pass->window = (zc_rollup_span){ZC_TIME_MIN, ZC_TIME_MIN};
  next_window(pass);
}
