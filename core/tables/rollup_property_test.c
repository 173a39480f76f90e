/* Whatever the runs, and in whatever order their rows come: the derived tables are the same, their
 * totals are the sums of the executions, ranks are a permutation, rates lie in 0..1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/random.h"
#include "core/base/time_text.h"
#include "core/tables/rollup_board.h"
#include "core/tables/rollup_day.h"

#define FIRST     INT64_C(1764201600) /* 2025-11-27: days of two months, seconds */
#define DAYS      12
#define PIPELINES 5
#define TEAMS     2
#define RUNS      250
#define ROUNDS    20
#define TEXT_SIZE 640

typedef struct {
  char text[TEXT_SIZE];
  size_t pipeline, day;
  bool ran, optimized, known;
  int64_t emissions, savings; /* 1/10000 g, where known */
} run;

typedef struct {
  zc_random random;
  run runs[RUNS];
  size_t order[RUNS];
  char items[PIPELINES][DAYS][2048];
} world;

/* ---- runs by chance ---- */

static int64_t below(world *w, uint64_t bound) {
  return (int64_t)zc_random_below(&w->random, bound);
}

/* Of some runs nothing is known but that they were. */
static void make_unknown_run(const run *r, char text[TEXT_SIZE], int64_t timestamp,
                             const char *status, bool started) {
  snprintf(text, TEXT_SIZE, "{\"timestamp\":%lld,\"status\":\"%s\"%s,\"pipeline_region\":\"r%zu\"}",
           (long long)timestamp, status, started ? ",\"started_at\":\"2025-12-01T00:00:00Z\"" : "",
           r->pipeline);
}

/* Few values, so that many are equal. */
static void make_run(world *w, run *r) {
  static const char *const statuses[] = {"SUCCESS",    "TIMED_OUT",  "FAILED",       "CANCELLED",
                                         "SUPERSEDED", "PENDING",    "DEFERRED",     "RUNNING",
                                         "UNKNOWN",    "TRIGGERING", "NOT_TRIGGERED"};
  static const char *const decisions[] = {"RUN_NOW", "DEFER", "RELOCATE"};
  size_t status = (size_t)below(w, 11), decision = (size_t)below(w, 3);
  bool started = status < 2 || below(w, 2), realised = below(w, 2) && status < 5 && started;
  int64_t planned[] = {10000 + 10000 * below(w, 3), 5000 * (below(w, 5) - 2)};
  int64_t real[] = {planned[0] + below(w, 3), planned[1] - below(w, 20000)};
  char block[200] = "";
  r->pipeline = (size_t)below(w, PIPELINES);
  r->day = (size_t)below(w, DAYS);
  r->ran = status < 2 || (status < 5 && started);
  int64_t timestamp = FIRST + (int64_t)r->day * 86400 + below(w, 86400);
  r->known = below(w, 3) > 0;
  r->emissions = !r->known ? 0 : realised ? real[0] : planned[0];
  r->savings = !r->known ? 0 : realised ? real[1] : planned[1];
  r->optimized = r->ran && decision > 0 && r->savings > 0;
  if (!r->known) {
    make_unknown_run(r, r->text, timestamp, statuses[status], started);
    return;
  }
  if (realised)
    snprintf(block, sizeof block,
             ",\"realised\":{\"mean_intensity\":%d,\"sci_score\":%.4f,\"savings_g\":%.4f}",
             (int)below(w, 2) * 100, (double)real[0] / 10000, (double)real[1] / 10000);
  snprintf(r->text, sizeof r->text,
           "{\"timestamp\":%lld,\"status\":\"%s\",\"pipeline_region\":\"r%d\"%s,"
           "\"carbon_analysis\":{\"decision\":\"%s\",\"optimal_intensity\":%d,\"savings_g\":%.4f,"
           "\"savings_percent\":%d},\"workload\":{\"duration_minutes\":20,\"vcpu_count\":2,"
           "\"memory_gb\":3,\"energy_kwh\":0.01,\"sci_score\":%.4f}%s}",
           (long long)timestamp, statuses[status], (int)below(w, 6),
           started ? ",\"started_at\":\"2025-12-01T00:00:00Z\"" : "", decisions[decision],
           (int)below(w, 3) * 50, (double)planned[1] / 10000, (int)below(w, 100) - 50,
           (double)planned[0] / 10000, block);
}

static void shuffle(world *w) {
  for (size_t i = 0; i < RUNS; i++) {
    size_t j = (size_t)below(w, i + 1);
    w->order[i] = w->order[j];
    w->order[j] = i;
  }
}

/* ---- days ---- */

static void write_days(const zc_rollup_day *days, const zc_rollup_names *names,
                       char items[PIPELINES][DAYS][2048]) {
  for (size_t i = 0; i < PIPELINES * DAYS; i++) {
    zc_buffer text;
    zc_time date = (FIRST + (int64_t)(i % DAYS) * 86400) * ZC_SECOND;
    zc_buffer_init(&text, 2048);
    assert_int_equal(zc_analytics_item_write("p", date, &days[i], names, date + 3 * ZC_DAY, &text),
                     ZC_OK);
    memcpy(items[i / DAYS][i % DAYS], text.data, text.length + 1);
    zc_buffer_finish(&text);
  }
}

/* Two regions are the configuration's; the other four come as the rows bring them. */
static void add_up(world *w, char items[PIPELINES][DAYS][2048]) {
  static zc_rollup_day days[PIPELINES * DAYS];
  zc_rollup_names names = {.n = 0};
  static const zc_span config[] = {{"r3", 2}, {"r0", 2}};
  uint32_t position;
  for (size_t i = 0; i < 2; i++)
    assert_int_equal(zc_rollup_names_find(&names, &config[i], &position), ZC_OK);
  names.n_config = names.n;
  for (size_t i = 0; i < RUNS; i++) {
    const run *r = &w->runs[w->order[i]];
    zc_execution_row row;
    assert_int_equal(zc_execution_row_read(r->text, strlen(r->text), &row), ZC_OK);
    assert_int_equal(zc_rollup_day_add(&days[r->pipeline * DAYS + r->day], &row, &names), ZC_OK);
  }
  write_days(days, &names, items);
  for (size_t i = 0; i < PIPELINES * DAYS; i++)
    zc_rollup_day_finish(&days[i]);
  zc_rollup_names_finish(&names);
}

static const zc_analytics_row *day_row(world *w, size_t pipeline, size_t day) {
  static zc_analytics_row row;
  const char *item = w->items[pipeline][day];
  assert_int_equal(zc_analytics_row_read(item, strlen(item), &row), ZC_OK);
  return &row;
}

static void assert_rates(const char *item, const char *const *names, size_t n) {
  for (size_t i = 0; i < n; i++) {
    const char *at = strstr(item, names[i]);
    if (!at) continue;
    double rate = strtod(at + strlen(names[i]), NULL);
    assert_true(rate >= 0 && rate <= 1);
  }
}

static void assert_days(world *w) {
  static const char *const rates[] = {"\"success_rate\":", "\"defer_success_rate\":"};
  for (size_t p = 0; p < PIPELINES; p++) {
    for (size_t d = 0; d < DAYS; d++) {
      int64_t emissions = 0, savings = 0;
      uint32_t ran = 0, optimized = 0, unknown = 0;
      for (size_t i = 0; i < RUNS; i++) {
        const run *r = &w->runs[i];
        if (r->pipeline != p || r->day != d || !r->ran) continue;
        emissions += r->emissions;
        savings += r->savings;
        ran++;
        optimized += r->optimized;
        unknown += !r->known;
      }
      if (ran > 0 && unknown == ran) emissions = savings = ZC_NOT_KNOWN;
      const zc_analytics_row *row = day_row(w, p, d);
      assert_true(row->emissions == emissions && row->savings == savings);
      assert_int_equal(row->ran, ran);
      assert_int_equal(row->unknown, unknown);
      assert_int_equal(row->optimized, optimized);
      assert_rates(w->items[p][d], rates, 2);
    }
  }
}

/* ---- leaderboards ---- */

static bool is_ranked(const zc_board_entry *entry, size_t by) {
  return entry->ran > 0 && (by == 2 || entry->unknown_savings < entry->ran);
}

static void assert_permutation(const zc_board_entry *entries, const zc_board_ranks *ranks,
                               size_t n) {
  uint32_t seen[3] = {0}, ranked[3] = {0};
  for (size_t i = 0; i < n; i++) {
    const uint32_t each[] = {ranks[i].savings, ranks[i].rate, ranks[i].executions};
    for (size_t k = 0; k < 3; k++) {
      assert_true((each[k] > 0) == is_ranked(&entries[i], k));
      if (each[k] > 0) seen[k] |= 1u << each[k];
      ranked[k] += is_ranked(&entries[i], k);
    }
    for (size_t j = 0; j < n; j++) {
      if (!ranks[i].savings || ranks[i].savings >= ranks[j].savings) continue;
      assert_true(entries[i].savings >= entries[j].savings);
      if (entries[i].savings == entries[j].savings) assert_true(i < j);
    }
  }
  for (size_t k = 0; k < 3; k++)
    assert_int_equal(seen[k], (2u << ranked[k]) - 2);
}

static void assert_item(const zc_period *period, const zc_board_entry *entry,
                        const zc_board_ranks *ranks) {
  static const char *const rates[] = {"\"savings_rate\":", "\"optimization_rate\":"};
  zc_board_row row = {
      .period = period, .identifier = "p", .kind = "pipeline", .entry = entry, .ranks = ranks};
  zc_buffer text;
  zc_buffer_init(&text, 2048);
  assert_int_equal(zc_leaderboard_item_write(&row, period->end, &text), ZC_OK);
  assert_rates(text.data, rates, 2);
  zc_buffer_finish(&text);
}

/* Adds up every day in the period, from the last to the first or the other way. */
static void add_board(world *w, const zc_period *period, bool backwards, zc_board_entry *entries) {
  memset(entries, 0, (PIPELINES + TEAMS) * sizeof *entries);
  for (size_t i = 0; i < PIPELINES * DAYS; i++) {
    size_t at = backwards ? PIPELINES * DAYS - 1 - i : i;
    const zc_analytics_row *row = day_row(w, at / DAYS, at % DAYS);
    if (row->day >= period->first && row->day < period->end)
      zc_board_add(&entries[at / DAYS], period, row);
  }
  for (size_t i = 0; i < PIPELINES; i++)
    zc_board_add_entry(&entries[PIPELINES + i % TEAMS], &entries[i]);
}

static void assert_boards(world *w, zc_period_kind kind) {
  int64_t emissions = 0, wanted = 0;
  uint32_t ran = 0, wanted_ran = 0;
  zc_time end = (FIRST + DAYS * 86400) * ZC_SECOND;
  zc_period period = zc_period_of(kind, FIRST * ZC_SECOND);
  for (; period.first < end; period = zc_period_of(kind, period.end)) {
    zc_board_entry entries[PIPELINES + TEAMS], again[PIPELINES + TEAMS];
    zc_board_ranks ranks[PIPELINES + TEAMS];
    add_board(w, &period, false, entries);
    add_board(w, &period, true, again);
    assert_memory_equal(entries, again, sizeof entries);
    assert_int_equal(zc_board_rank(entries, PIPELINES, ranks), ZC_OK);
    assert_int_equal(zc_board_rank(entries + PIPELINES, TEAMS, ranks + PIPELINES), ZC_OK);
    assert_permutation(entries, ranks, PIPELINES);
    assert_permutation(entries + PIPELINES, ranks + PIPELINES, TEAMS);
    for (size_t i = 0; i < PIPELINES + TEAMS; i++)
      assert_item(&period, &entries[i], &ranks[i]);
    for (size_t i = 0; i < TEAMS; i++) {
      emissions += entries[PIPELINES + i].emissions;
      ran += entries[PIPELINES + i].ran;
    }
  }
  for (size_t i = 0; i < RUNS; i++) {
    wanted += w->runs[i].ran ? w->runs[i].emissions : 0;
    wanted_ran += w->runs[i].ran;
  }
  assert_true(emissions == wanted);
  assert_int_equal(ran, wanted_ran);
}

/* ---- the test ---- */

static void tables_are_the_sums_of_the_runs_in_any_order(void **state) {
  (void)state;
  world *w = calloc(1, sizeof *w);
  assert_non_null(w);
  zc_random_init(&w->random, 20251214);
  for (int round = 0; round < ROUNDS; round++) {
    static char again[PIPELINES][DAYS][2048];
    for (size_t i = 0; i < RUNS; i++)
      make_run(w, &w->runs[i]);
    shuffle(w);
    add_up(w, w->items);
    shuffle(w);
    add_up(w, again);
    for (size_t i = 0; i < PIPELINES * DAYS; i++)
      assert_string_equal(again[i / DAYS][i % DAYS], w->items[i / DAYS][i % DAYS]);
    assert_days(w);
    for (zc_period_kind kind = ZC_DAILY; kind < ZC_PERIOD_KINDS; kind++)
      assert_boards(w, kind);
  }
  free(w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(tables_are_the_sums_of_the_runs_in_any_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
