#include "core/tables/rollup_board.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/time_text.h"

#define FIRST INT64_C(1764547200000) /* 2025-12-01T00:00:00Z, a Monday */
#define NOW   INT64_C(1765708200000) /* 2025-12-14T10:30:00Z */
#define N     6

static zc_analytics_row day_of(int day, uint32_t ran, uint32_t optimized, int64_t emissions,
                               int64_t savings) {
  return (zc_analytics_row){.day = FIRST + (day - 1) * ZC_DAY,
                            .ran = ran,
                            .optimized = optimized,
                            .emissions = emissions,
                            .savings = savings};
}

static char item[2048];

static const char *item_of(const zc_board_row *row) {
  zc_buffer text;
  zc_buffer_init(&text, sizeof item);
  assert_int_equal(zc_leaderboard_item_write(row, NOW, &text), ZC_OK);
  memcpy(item, text.data, text.length + 1);
  zc_buffer_finish(&text);
  return item;
}

/* The schema's example of carbon_leaderboard: sums, rates, ranks, achievements, times; its ttl does
 * not follow from anything. */
static void the_example_of_the_schema_is_reproduced(void **state) {
  (void)state;
  zc_period period = zc_period_of(ZC_MONTHLY, NOW);
  zc_board_entry entries[N] = {{0}};
  zc_board_ranks ranks[N];
  zc_analytics_row first = day_of(3, 30, 20, 2005000, 553000);
  zc_analytics_row second = day_of(10, 37, 25, 2500000, 700000);
  zc_board_add(&entries[2], &period, &first);
  zc_board_add(&entries[2], &period, &second);
  const zc_analytics_row others[] = {day_of(2, 90, 1, 1, 9000000), day_of(2, 80, 1, 1, 8000000),
                                     day_of(2, 70, 1, 1, 1000), day_of(2, 68, 1, 1, 2000),
                                     day_of(2, 3, 1, 1, 3000)};
  static const size_t places[] = {0, 1, 3, 4, 5};
  for (size_t i = 0; i < 5; i++)
    zc_board_add(&entries[places[i]], &period, &others[i]);
  assert_int_equal(zc_board_rank(entries, N, ranks), ZC_OK);
  const zc_board_row row = {.period = &period,
                            .running = true,
                            .identifier = "checkout",
                            .kind = "pipeline",
                            .entry = &entries[2],
                            .ranks = &ranks[2]};
  assert_string_equal(
      item_of(&row),
      "{\"period\":\"monthly\",\"identifier\":\"checkout\",\"kind\":\"pipeline\","
      "\"period_start\":\"2025-12-01\",\"period_end\":\"2025-12-31\","
      "\"carbon_metrics\":{\"total_emissions_g\":450.5,\"total_savings_g\":125.3,"
      "\"savings_rate\":0.218,\"executions_optimized\":45,\"total_executions\":67,"
      "\"optimization_rate\":0.672},"
      "\"rankings\":{\"carbon_savings_rank\":3,\"optimization_rate_rank\":1,"
      "\"total_executions_rank\":5},"
      "\"achievements\":[\"carbon_saver_bronze\",\"optimization_champion\",\"consistency_award\"],"
      "\"updated_at\":\"2025-12-14T10:30:00Z\",\"ttl\":1830211200}");
}

static void equal_values_keep_the_order_and_who_did_not_run_has_no_rank(void **state) {
  (void)state;
  zc_board_entry entries[N] = {
      {.savings = 5, .ran = 2, .optimized = 1}, {.savings = 0},
      {.savings = 5, .ran = 4, .optimized = 2}, {.savings = -3, .ran = 4, .optimized = 0},
      {.savings = 9, .ran = 2, .optimized = 1}, {.savings = -3, .ran = 2, .optimized = 2}};
  zc_board_ranks ranks[N];
  assert_int_equal(zc_board_rank(entries, N, ranks), ZC_OK);
  static const zc_board_ranks wanted[N] = {{2, 2, 3}, {0, 0, 0}, {3, 3, 1},
                                           {4, 5, 2}, {1, 4, 4}, {5, 1, 5}};
  for (size_t i = 0; i < N; i++) {
    assert_int_equal(ranks[i].savings, wanted[i].savings);
    assert_int_equal(ranks[i].rate, wanted[i].rate);
    assert_int_equal(ranks[i].executions, wanted[i].executions);
  }
}

static void what_is_not_known_has_no_rank_by_savings_and_no_figures(void **state) {
  (void)state;
  zc_period period = zc_period_of(ZC_MONTHLY, NOW);
  zc_board_entry entries[3] = {{0}};
  zc_board_ranks ranks[3];
  zc_analytics_row dark = day_of(3, 9, 0, ZC_NOT_KNOWN, ZC_NOT_KNOWN);
  zc_analytics_row worse = day_of(3, 2, 0, 10000, -5000), half = day_of(4, 4, 1, 30000, 10000);
  dark.unknown = 9;
  half.unknown = 3;
  zc_board_add(&entries[0], &period, &dark);
  zc_board_add(&entries[1], &period, &worse);
  zc_board_add(&entries[2], &period, &dark);
  zc_board_add(&entries[2], &period, &half);
  assert_int_equal(zc_board_rank(entries, 3, ranks), ZC_OK);
  static const zc_board_ranks wanted[3] = {{0, 0, 2}, {2, 2, 3}, {1, 1, 1}};
  assert_memory_equal(ranks, wanted, sizeof wanted);
  zc_board_row row = {.period = &period,
                      .identifier = "dark",
                      .kind = "pipeline",
                      .entry = &entries[0],
                      .ranks = &ranks[0]};
  assert_non_null(strstr(item_of(&row), "\"carbon_metrics\":{\"executions_optimized\":0,"
                                        "\"total_executions\":9,\"unknown_executions\":9},"
                                        "\"rankings\":{\"total_executions_rank\":2},"));
  row.entry = &entries[2];
  row.ranks = &ranks[2];
  assert_non_null(strstr(item_of(&row), "\"carbon_metrics\":{\"total_emissions_g\":3,"
                                        "\"total_savings_g\":1,\"savings_rate\":0.25,"));
  assert_non_null(strstr(item, "\"unknown_executions\":12}"));
}

static const char *achievements_of(const zc_board_entry *entry, uint32_t rate_rank) {
  zc_period period = zc_period_of(ZC_MONTHLY, NOW);
  zc_board_ranks ranks = {1, rate_rank, 1};
  const zc_board_row row = {
      .period = &period, .identifier = "x", .kind = "team", .entry = entry, .ranks = &ranks};
  const char *list = strstr(item_of(&row), "\"achievements\":");
  assert_non_null(list);
  *strchr(list, ']') = '\0';
  return list + strlen("\"achievements\":[");
}

static void achievements_are_given_at_their_limits(void **state) {
  (void)state;
  static const struct {
    zc_board_entry entry;
    uint32_t rate_rank;
    const char *wanted;
  } cases[] = {
      {{.savings = 999999, .ran = 9}, 2, ""},
      {{.savings = 1000000, .ran = 9}, 2, "\"carbon_saver_bronze\""},
      {{.savings = 9999999, .ran = 9}, 2, "\"carbon_saver_bronze\""},
      {{.savings = 10000000, .ran = 9}, 2, "\"carbon_saver_silver\""},
      {{.savings = 100000000, .ran = 9}, 2, "\"carbon_saver_gold\""},
      {{.ran = 5, .optimized = 1}, 1, "\"optimization_champion\""},
      {{.ran = 4, .optimized = 4}, 1, ""},
      {{.ran = 9, .optimized = 0}, 1, ""}, /* the first of none */
      {{.ran = 9, .optimized = 2, .weeks_run = 5, .weeks_optimized = 5},
       2,
       "\"consistency_award\""},
      {{.ran = 9, .optimized = 2, .weeks_run = 7, .weeks_optimized = 5}, 2, ""},
      {{.ran = 9, .optimized = 2, .weeks_run = 4, .weeks_optimized = 4}, 2, ""},
      {{.ran = 0}, 0, ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_string_equal(achievements_of(&cases[i].entry, cases[i].rate_rank), cases[i].wanted);
}

static void a_rate_is_told_only_where_there_is_one(void **state) {
  (void)state;
  zc_period period = zc_period_of(ZC_WEEKLY, NOW);
  zc_board_entry entry = {.emissions = 10000, .savings = -1000, .ran = 1};
  zc_board_ranks ranks = {1, 1, 1};
  zc_board_row row = {
      .period = &period, .identifier = "x", .kind = "team", .entry = &entry, .ranks = &ranks};
  assert_null(strstr(item_of(&row), "savings_rate"));
  assert_non_null(strstr(item, "\"period\":\"weekly#2025-W50\""));
  entry = (zc_board_entry){0};
  ranks = (zc_board_ranks){0};
  assert_null(strstr(item_of(&row), "_rate"));
  assert_null(strstr(item, "rankings"));
}

static void weeks_of_a_month_are_cut_at_its_ends(void **state) {
  (void)state;
  /* March 2026 begins on a Sunday: it lies in six weeks. */
  zc_time first;
  assert_int_equal(zc_time_parse("2026-03-01T00:00:00Z", &first), ZC_OK);
  zc_period period = zc_period_of(ZC_MONTHLY, first);
  zc_board_entry entry = {0};
  for (int day = 0; day < 31; day++) {
    zc_analytics_row row = {.day = first + day * ZC_DAY, .ran = 1, .optimized = day == 0};
    zc_board_add(&entry, &period, &row);
  }
  assert_int_equal(entry.weeks_run, 0x3f);
  assert_int_equal(entry.weeks_optimized, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_example_of_the_schema_is_reproduced),
      cmocka_unit_test(equal_values_keep_the_order_and_who_did_not_run_has_no_rank),
      cmocka_unit_test(what_is_not_known_has_no_rank_by_savings_and_no_figures),
      cmocka_unit_test(achievements_are_given_at_their_limits),
      cmocka_unit_test(a_rate_is_told_only_where_there_is_one),
      cmocka_unit_test(weeks_of_a_month_are_cut_at_its_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
