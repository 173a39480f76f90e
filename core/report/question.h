/* question.h - what the queries of core/report share: the question, its ranges, and the parts of a
 * document. For core/report only; each query is a table of functions in a file of its own. */
#ifndef ZC_REPORT_QUESTION_H
#define ZC_REPORT_QUESTION_H

#include "core/report/report.h"
#include "core/report/span.h"
#include "core/report/sums.h"
#include "core/tables/members.h"
#include "core/tables/schema.h"

#define ZC_MEAN_DECIMALS 2 /* means of ranks, of hours of data */
#define ZC_SENTENCE_SIZE 512
#define ZC_NO_RANGE      ((size_t)-1)

typedef struct {
  int default_days;
  size_t state_size;
  /* Sets the span and adds the ranges; `state` is zeroed memory of state_size. */
  int (*begin)(zc_report *report, zc_error *error);
  /* Takes a row: as an item; or as its text, where of many rows little is wanted, if there is that
   * function. */
  int (*row)(zc_report *report, size_t range, const zc_json *item);
  int (*text)(zc_report *report, size_t range, const char *text, size_t length);
  /* Appends the members after from and to; those of data_quality after rows (may be NULL). */
  void (*write)(const zc_report *report, zc_buffer *to);
  void (*write_quality)(const zc_report *report, zc_buffer *to);
  void (*finish)(void *state); /* may be NULL */
  const char *const *method;   /* sentences, ended by NULL */
} zc_report_answer;

extern const zc_report_answer zc_answer_performance, zc_answer_trends, zc_answer_optimal_times,
    zc_answer_regions, zc_answer_monthly, zc_answer_recommend, zc_answer_leaderboard,
    zc_answer_runs, zc_answer_failed, zc_answer_savings, zc_answer_optimal_regions;

struct zc_report {
  zc_report_request request; /* days and limit filled in */
  const zc_settings *settings;
  const zc_report_answer *answer;
  const zc_pipeline_settings *pipeline; /* where the request names one */
  zc_time from, to;                     /* 0, 0: no span */
  zc_table_range *ranges;
  size_t n_ranges, capacity;
  uint64_t rows, unreadable; /* unreadable: of the rows */
  void *state;
};

/* Adds a range: `low` and `high` inclusive, both or neither; texts are copied. *ret_range (may be
 * NULL): its position. */
int zc_report_add_range(zc_report *report, int table, const char *index, const char *partition,
                        const char *low, const char *high, size_t *ret_range);
/* The same between two instants, in seconds: from inclusive, to exclusive. */
int zc_report_add_span(zc_report *report, int table, const char *index, const char *partition,
                       zc_time from, zc_time to, size_t *ret_range);
/* The runs of a pipeline on the running day, up to now: what the daily tables know too late.
 * No range where the day has just begun. */
int zc_report_add_today(zc_report *report, const char *pipeline, size_t *ret_range);
/* The last range, turned: the last rows of its order first, so many at the most. */
void zc_report_newest(zc_report *report, size_t limit);

/* Gives a row to the query's `row`, for a `text` that takes rows of other ranges. */
int zc_report_take_item(zc_report *report, size_t range, const char *text, size_t length);

/* The last `days` days, today being the last of them, up to now, or to `until`; at midnight the day
 * that ends then is the last. */
void zc_report_last_days(zc_report *report);

/* Position of a region in the settings, or n_regions. */
size_t zc_region_position(const zc_settings *settings, const char *name);

/* ---- parts of documents ---- */

/* A list's object: begins with a comma where it is not the first. */
void zc_member_object(zc_buffer *to);
void zc_report_write_pipeline(const zc_pipeline_settings *pipeline, zc_buffer *to);
/* "sentence" as an item of a list */
void zc_report_sentence(zc_buffer *to, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Copies a number or a text of an item under another name; nothing where it is missing. */
void zc_report_copy(zc_buffer *to, const char *key, const zc_json *item, const char *path);

/* ---- intensities by hour of the week ---- */

typedef struct {
  zc_held_mean week[ZC_WEEK_HOURS];             /* Monday 0 h UTC first */
  int64_t observed_s, estimated_s, known_until; /* known_until: end of the last slot, seconds */
} zc_hour_sums;

/* A row of carbon_intensity_history; only what lies within from..to counts. Rows come in their
 * order: what overlaps with the one before is cut. ZC_OK, ZC_EDATA. */
int zc_hour_sums_add(zc_hour_sums *sums, const char *text, size_t length, zc_time from, zc_time to);
void zc_hour_sums_of_day(const zc_hour_sums *sums, zc_held_mean hours[24]);
zc_held_mean zc_hour_sums_total(const zc_hour_sums *sums);
/* Position of the lowest mean (highest: of the highest) not marked in `taken`; n where none is
 * known. */
size_t zc_lowest_mean(const zc_held_mean *means, size_t n, bool highest, const bool *taken);

/* ---- regions compared, from regional_insights ---- */

typedef struct {
  zc_sum intensity;
  double lowest, highest;
  uint64_t cleanest, below_threshold;
  uint64_t ranks[ZC_REGIONS_MAX];
} zc_region_sums;

/* Adds an hour's item to n sums, in the order of the settings' regions; true where it had
 * rankings. */
bool zc_region_sums_add(zc_region_sums *sums, const zc_settings *settings, const zc_json *item);
/* Appends a sentence where a region is not known in all of the hours: its mean is of others. */
void zc_region_sums_note(const zc_region_sums *sums, const zc_settings *settings, uint64_t hours,
                         zc_buffer *to);

#define ZC_CLEANEST_SHARE                                                                          \
  "cleanest_share is of all hours with a row: in how many of them the region was the cleanest of " \
  "those that are known then."

#endif
