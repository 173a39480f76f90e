/* rollup_parts.h - what the files of the roll-up stage share.
 *
 *   rollup.c         what has changed, and when the derived tables are brought up to date
 *   rollup_pass.c    one pass: its steps, one after the other, and what comes of a failure
 *   rollup_days.c    executions -> pipeline_analytics
 *   rollup_hours.c   carbon_intensity_history -> regional_insights
 *   rollup_boards.c  pipeline_analytics -> carbon_leaderboard
 *   rollup_write.c   items into the journal's outbox, in slices
 *
 * Nothing is kept between passes but what has changed: every pass reads the rows back from the sink
 * and makes the items anew. */
#ifndef ZC_ENGINE_ROLLUP_PARTS_H
#define ZC_ENGINE_ROLLUP_PARTS_H

#include "core/engine/stages.h"
#include "core/plugin/table_read.h"
#include "core/tables/rollup_board.h"
#include "core/tables/rollup_day.h"
#include "core/tables/rollup_hours.h"
#include "core/tables/rollup_period.h"

#define ZC_ROLLUP_OFFSET       (5 * ZC_MINUTE) /* after the hour: its last values have come in */
#define ZC_ROLLUP_LOOK_BACK    (2 * ZC_DAY)    /* done again at a start, before the last mark */
#define ZC_ROLLUP_YOUNG        ZC_MINUTE     /* what an index may not show yet is read once more */
#define ZC_ROLLUP_BOARDS       (6 * ZC_HOUR) /* leaderboards: this often, and each new day */
#define ZC_ROLLUP_WINDOW_DAYS  31  /* of history and leaderboards, read and added up at a time */
#define ZC_ROLLUP_RUNS_DAYS    124 /* likewise of executions */
#define ZC_ROLLUP_CELLS_MAX    ((size_t)200000)  /* pipelines x days likewise */
#define ZC_ROLLUP_CHANGE_ITEMS 2000              /* in one change of the journal, */
#define ZC_ROLLUP_CHANGE_BYTES ((size_t)4 << 20) /* and their length */
#define ZC_ROLLUP_RETRY_MS     5000              /* where the journal has no room */
#define ZC_ROLLUP_WAITERS_MAX  16

/* Days or hours, by their beginnings; both inclusive; empty where first > last. */
typedef struct {
  zc_time first, last;
} zc_rollup_span;

#define ZC_ROLLUP_NOTHING ((zc_rollup_span){ZC_TIME_MAX, ZC_TIME_MIN})

static inline bool zc_rollup_is_empty(const zc_rollup_span *span) {
  return span->first > span->last;
}

void zc_rollup_widen(zc_rollup_span *span, zc_time first, zc_time last);

/* A pipeline with days that have changed. */
typedef struct {
  char *name;
  zc_rollup_span days;
  zc_time marked_at;
  UT_hash_handle hh;
} zc_rollup_dirty;

typedef struct zc_rollup_pass zc_rollup_pass;

/* Makes item number `position`: ZC_OK; ZC_ENOTFOUND: there is none, go on with the next; or why it
 * cannot be made. */
typedef int (*zc_rollup_item)(zc_rollup_pass *pass, size_t position, zc_buffer *to);

typedef struct {
  const zc_table *table;
  zc_rollup_item make;
  void (*done)(zc_rollup_pass *pass);
  size_t n, position, committed; /* committed: what is in the journal already */
  zc_change *change;             /* that is being filled */
  size_t change_items, change_bytes;
  bool is_committing;
  zc_timer timer;
} zc_rollup_writer;

/* The leaderboards of a window: one entry a period and pipeline or team. */
typedef struct {
  zc_rollup_span window;
  zc_period periods[ZC_ROLLUP_WINDOW_DAYS + 8];
  size_t n_periods;
  size_t n_names; /* pipelines, then teams */
  zc_board_entry *entries;
  zc_board_ranks *ranks; /* of the period that is being written */
  size_t ranked;         /* that period */
} zc_rollup_boards;

struct zc_rollup_pass {
  zc_rollup *rollup;
  zc_engine *engine;
  zc_time now;       /* when it began */
  zc_time first_day; /* what begins before it is left as it is: rows of it have expired */
  bool with_boards;  /* the leaderboards too */
  zc_rollup_span hours, boards;
  zc_rollup_dirty *targets;
  size_t n_targets;
  /* names as they were when it began */
  char **pipelines, **teams, **region_names;
  size_t n_pipelines, n_teams, n_regions;
  uint32_t *team_of; /* a pipeline's; n_teams: none */
  double threshold;
  /* of the step under way */
  void (*drained)(zc_rollup_pass *pass); /* waits for the sink to have every row */
  zc_table_read *read;
  void (*read_done)(zc_rollup_pass *pass);
  zc_rollup_writer writer;
  zc_rollup_span window;
  size_t window_days;
  uint32_t *range_targets; /* which target a range is of */
  zc_rollup_day *cells;    /* window_days a target */
  zc_rollup_names regions; /* the config's, then those that rows name */
  zc_rollup_hours slots;
  bool has_slots;
  zc_rollup_boards board;
  uint64_t unreadable; /* rows that are no rows */
};

typedef struct {
  void (*done)(void *user, int status, const char *message);
  void *user;
  bool waiting; /* for a pass that is yet to begin */
} zc_rollup_waiter;

struct zc_rollup {
  zc_engine *engine;
  size_t sink; /* that is read; the settings' n_sinks: none can be */
  zc_timer timer;
  zc_rollup_dirty *dirty; /* by name */
  zc_rollup_span hours, boards;
  zc_time hours_marked_at, boards_at;
  zc_time mark, journalled; /* the last pass; where a start begins, which is earlier at times */
  zc_rollup_pass *pass;
  zc_rollup_waiter waiters[ZC_ROLLUP_WAITERS_MAX];
  size_t n_waiters;
  uint64_t *board_hashes; /* of what was last written under "daily", "weekly", "monthly" */
  size_t n_board_hashes;
  bool final;       /* an end is near: nothing is left for the next pass */
  bool failed;      /* the last pass */
  unsigned orphans; /* commits under way of passes that were given up */
  uint64_t passes, failures;
  zc_time last_pass;
  char last_message[200];
};

/* rollup.c */
int zc_rollup_mark_days(zc_rollup *rollup, const char *pipeline, zc_time first, zc_time last,
                        zc_time now);
/* What is written under the periods' words is not known any more. */
void zc_rollup_forget_boards(zc_rollup *rollup);
void zc_rollup_ended(zc_rollup *rollup, int status, const char *message);

/* rollup_pass.c */
void zc_rollup_pass_begin(zc_rollup *rollup);
void zc_rollup_pass_fail(zc_rollup_pass *pass, int status, const char *message);
void zc_rollup_pass_destroy(zc_rollup_pass *pass); /* without a word */
void zc_rollup_pass_give_up(zc_rollup_pass *pass); /* what it took is left for the next one */
/* Goes on with `next` once the sink that is read has every row. */
void zc_rollup_pass_drain(zc_rollup_pass *pass, void (*next)(zc_rollup_pass *pass));
/* Reads ranges, then goes on with `next`; a failure ends the pass. */
void zc_rollup_pass_read(zc_rollup_pass *pass, const zc_table_range *ranges, size_t n,
                         int (*row)(void *user, size_t range, const char *text, size_t length),
                         void (*next)(zc_rollup_pass *pass));
void zc_rollup_pass_days_done(zc_rollup_pass *pass);
void zc_rollup_pass_hours_done(zc_rollup_pass *pass);
void zc_rollup_pass_boards_done(zc_rollup_pass *pass);

/* the steps */
void zc_rollup_days_begin(zc_rollup_pass *pass);
void zc_rollup_days_finish(zc_rollup_pass *pass);
void zc_rollup_hours_begin(zc_rollup_pass *pass);
void zc_rollup_boards_begin(zc_rollup_pass *pass);
void zc_rollup_boards_finish(zc_rollup_pass *pass);

/* rollup_write.c: items 0 … n - 1 of a table, then `done`. */
void zc_rollup_write(zc_rollup_pass *pass, const zc_table *table, size_t n, zc_rollup_item make,
                     void (*done)(zc_rollup_pass *pass));
void zc_rollup_write_finish(zc_rollup_pass *pass); /* what is not committed yet is dropped */

#endif
