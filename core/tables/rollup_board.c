#include "core/tables/rollup_board.h"

#include <stdlib.h>

#include "core/base/time_text.h"
#include "core/tables/members.h"
#include "core/tables/schema.h"

#define ITEM_MAX       4096
#define TOTAL_DECIMALS 2
#define BRONZE         (INT64_C(100) * ZC_ROLLUP_GRAMS)
#define SILVER         (INT64_C(1000) * ZC_ROLLUP_GRAMS)
#define GOLD           (INT64_C(10000) * ZC_ROLLUP_GRAMS)
#define CHAMPION_RUNS  5
#define STEADY_WEEKS   2

void zc_board_add(zc_board_entry *entry, const zc_period *period, const zc_analytics_row *day) {
  uint8_t week = (uint8_t)(1u << zc_period_week(period, day->day));
  if (day->emissions != ZC_NOT_KNOWN) entry->emissions += day->emissions;
  if (day->savings != ZC_NOT_KNOWN)
    entry->savings += day->savings;
  else
    entry->unknown_savings += day->ran;
  entry->unknown += day->unknown;
  entry->ran += day->ran;
  entry->optimized += day->optimized;
  if (day->ran > 0) entry->weeks_run |= week;
  if (day->optimized > 0) entry->weeks_optimized |= week;
}

void zc_board_add_entry(zc_board_entry *team, const zc_board_entry *pipeline) {
  team->emissions += pipeline->emissions;
  team->savings += pipeline->savings;
  team->ran += pipeline->ran;
  team->unknown += pipeline->unknown;
  team->unknown_savings += pipeline->unknown_savings;
  team->optimized += pipeline->optimized;
  team->weeks_run |= pipeline->weeks_run;
  team->weeks_optimized |= pipeline->weeks_optimized;
}

/* Whether anything is known of the emissions, of the savings; nothing that ran is nothing emitted.
 */
static bool knows_emissions(const zc_board_entry *entry) {
  return entry->ran == 0 || entry->unknown < entry->ran;
}

static bool knows_savings(const zc_board_entry *entry) {
  return entry->ran == 0 || entry->unknown_savings < entry->ran;
}

/* ---- ranks ---- */

typedef struct {
  const zc_board_entry *entry;
  size_t position;
} standing;

static int in_order(const standing *a, const standing *b) {
  return a->position < b->position ? -1 : 1;
}

static int by_savings(const void *a, const void *b) {
  const standing *left = a, *right = b;
  int64_t x = left->entry->savings, y = right->entry->savings;
  return x == y ? in_order(left, right) : x > y ? -1 : 1;
}

/* a/b against c/d, without dividing. */
static int by_rate(const void *a, const void *b) {
  const standing *left = a, *right = b;
  uint64_t x = (uint64_t)left->entry->optimized * right->entry->ran;
  uint64_t y = (uint64_t)right->entry->optimized * left->entry->ran;
  return x == y ? in_order(left, right) : x > y ? -1 : 1;
}

static int by_executions(const void *a, const void *b) {
  const standing *left = a, *right = b;
  uint32_t x = left->entry->ran, y = right->entry->ran;
  return x == y ? in_order(left, right) : x > y ? -1 : 1;
}

/* Those that ran: `only_saving`, of whose savings something is known. How many. */
static size_t collect(const zc_board_entry *entries, size_t n, bool only_saving, standing *ret) {
  size_t found = 0;
  for (size_t i = 0; i < n; i++) {
    if (entries[i].ran == 0 || (only_saving && !knows_savings(&entries[i]))) continue;
    ret[found++] = (standing){&entries[i], i};
  }
  return found;
}

int zc_board_rank(const zc_board_entry *entries, size_t n, zc_board_ranks *ret) {
  standing *standings = calloc(n + 1, sizeof *standings);
  if (!standings) return ZC_ENOMEM;
  for (size_t i = 0; i < n; i++)
    ret[i] = (zc_board_ranks){0};
  size_t ranked = collect(entries, n, true, standings);
  qsort(standings, ranked, sizeof *standings, by_savings);
  for (size_t i = 0; i < ranked; i++)
    ret[standings[i].position].savings = (uint32_t)i + 1;
  qsort(standings, ranked, sizeof *standings, by_rate);
  for (size_t i = 0; i < ranked; i++)
    ret[standings[i].position].rate = (uint32_t)i + 1;
  ranked = collect(entries, n, false, standings);
  qsort(standings, ranked, sizeof *standings, by_executions);
  for (size_t i = 0; i < ranked; i++)
    ret[standings[i].position].executions = (uint32_t)i + 1;
  free(standings);
  return ZC_OK;
}

/* ---- the item ---- */

static void write_period(const zc_board_row *row, zc_buffer *to) {
  char key[ZC_PERIOD_KEY_SIZE], date[ZC_TIME_TEXT_SIZE] = "";
  const zc_period *period = row->period;
  zc_period_key(period, key);
  zc_member_text(to, "period", row->running ? zc_period_word(period->kind) : key);
  zc_member_text(to, "identifier", row->identifier);
  zc_member_text(to, "kind", row->kind);
  zc_date_format(period->first, date, sizeof date);
  zc_member_text(to, "period_start", date);
  zc_date_format(period->end - ZC_DAY, date, sizeof date);
  zc_member_text(to, "period_end", date);
}

/* Where more was emitted than at once by default there is no rate of saving. */
static void write_savings_rate(const zc_board_entry *entry, zc_buffer *to) {
  double savings = (double)entry->savings, all = (double)(entry->emissions + entry->savings);
  if (!knows_emissions(entry) || !knows_savings(entry) || !(savings >= 0 && all > 0)) return;
  zc_member_rounded(to, "savings_rate", savings / all, ZC_RATE_DECIMALS);
}

static void write_metrics(const zc_board_entry *entry, zc_buffer *to) {
  double emissions = (double)entry->emissions / ZC_ROLLUP_GRAMS;
  double savings = (double)entry->savings / ZC_ROLLUP_GRAMS;
  zc_member_begin(to, "carbon_metrics");
  if (knows_emissions(entry)) zc_member_rounded(to, "total_emissions_g", emissions, TOTAL_DECIMALS);
  if (knows_savings(entry)) zc_member_rounded(to, "total_savings_g", savings, TOTAL_DECIMALS);
  write_savings_rate(entry, to);
  zc_member_integer(to, "executions_optimized", entry->optimized);
  zc_member_integer(to, "total_executions", entry->ran);
  if (entry->ran > 0 && knows_savings(entry)) {
    zc_member_rounded(to, "optimization_rate", (double)entry->optimized / entry->ran,
                      ZC_RATE_DECIMALS);
  }
  if (entry->unknown > 0) zc_member_integer(to, "unknown_executions", entry->unknown);
  zc_member_end(to);
}

static void write_ranks(const zc_board_ranks *ranks, zc_buffer *to) {
  if (ranks->executions == 0) return;
  zc_member_begin(to, "rankings");
  if (ranks->savings > 0) {
    zc_member_integer(to, "carbon_savings_rank", ranks->savings);
    zc_member_integer(to, "optimization_rate_rank", ranks->rate);
  }
  zc_member_integer(to, "total_executions_rank", ranks->executions);
  zc_member_end(to);
}

static const char *saver(int64_t savings) {
  if (savings >= GOLD) return "carbon_saver_gold";
  if (savings >= SILVER) return "carbon_saver_silver";
  return savings >= BRONZE ? "carbon_saver_bronze" : NULL;
}

static int count_bits(uint8_t bits) {
  int n = 0;
  for (; bits; bits &= (uint8_t)(bits - 1))
    n++;
  return n;
}

/* Every week that had executions had an optimised one, and there were two such weeks at least. */
static bool is_steady(const zc_board_entry *entry) {
  return entry->weeks_run == entry->weeks_optimized && count_bits(entry->weeks_run) >= STEADY_WEEKS;
}

static void write_achievements(const zc_board_row *row, zc_buffer *to) {
  const zc_board_entry *entry = row->entry;
  const char *word = saver(entry->savings);
  bool first = row->ranks->rate == 1 && entry->optimized > 0;
  zc_member_list(to, "achievements");
  if (word) zc_member_item(to, word);
  if (first && entry->ran >= CHAMPION_RUNS) zc_member_item(to, "optimization_champion");
  if (is_steady(entry)) zc_member_item(to, "consistency_award");
  zc_member_list_end(to);
}

int zc_leaderboard_item_write(const zc_board_row *row, zc_time now, zc_buffer *to) {
  const zc_period *period = row->period;
  zc_time last = period->end - ZC_SECOND, ttl_from = period->end - ZC_DAY;
  zc_buffer own;
  zc_buffer_init(&own, ITEM_MAX);
  zc_buffer_char(&own, '{');
  write_period(row, &own);
  write_metrics(row->entry, &own);
  write_ranks(row->ranks, &own);
  write_achievements(row, &own);
  zc_member_time(&own, "updated_at", now < last ? now : last);
  zc_member_integer(&own, "ttl", zc_table_ttl(zc_tables[ZC_TABLE_LEADERBOARD], ttl_from));
  zc_buffer_char(&own, '}');
  int status = own.status == ZC_OK ? zc_buffer_add(to, own.data, own.length) : own.status;
  zc_buffer_finish(&own);
  return status;
}
