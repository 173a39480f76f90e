/* rollup_board.h - carbon_leaderboard: the pipelines (or teams) of one period, added up and ranked.
 *
 * Made from the days of pipeline_analytics. Those without executions that ran have no rank; those
 * of whose savings nothing is known have none by what they saved. */
#ifndef ZC_TABLES_ROLLUP_BOARD_H
#define ZC_TABLES_ROLLUP_BOARD_H

#include "core/base/buffer.h"
#include "core/tables/rollup_period.h"
#include "core/tables/rollup_rows.h"

/* Zeroed to begin with. */
typedef struct {
  int64_t emissions, savings; /* g, of what is known */
  uint32_t ran, optimized;
  uint32_t unknown;                   /* of those that ran: their emissions */
  uint32_t unknown_savings;           /* runs of the days of whose savings nothing is known */
  uint8_t weeks_run, weeks_optimized; /* a bit for each of the period's weeks */
} zc_board_entry;

/* From 1; 0: none. */
typedef struct {
  uint32_t savings, rate, executions;
} zc_board_ranks;

/* Adds a day that lies in the period. Days may come in any order. */
void zc_board_add(zc_board_entry *entry, const zc_period *period, const zc_analytics_row *day);
/* A pipeline's sums to those of its team. */
void zc_board_add_entry(zc_board_entry *team, const zc_board_entry *pipeline);
/* Ranks by savings, by optimisation rate, by executions, the greatest first; equal ones in the
 * order of the entries. Where nothing is known of the savings there is no rank by savings, and none
 * by the rate, which counts runs that saved. ZC_OK or ZC_ENOMEM. */
int zc_board_rank(const zc_board_entry *entries, size_t n, zc_board_ranks *ret);

typedef struct {
  const zc_period *period;
  bool running;                  /* under the period's word alone: the latest of its kind */
  const char *identifier, *kind; /* "pipeline" | "team" */
  const zc_board_entry *entry;
  const zc_board_ranks *ranks;
} zc_board_row;

/* Appends the item. updated_at is `now`, the period's last second at the latest. */
int zc_leaderboard_item_write(const zc_board_row *row, zc_time now, zc_buffer *to);

#endif
