/* sums.h - sums and means whose digits do not depend on the order of what is added.
 *
 * Figures of records have six decimals at the most: whole millionths add up exactly. */
#ifndef ZC_REPORT_SUMS_H
#define ZC_REPORT_SUMS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/buffer.h"
#include "core/base/json.h"
#include "core/tables/rollup_rows.h"

#define ZC_SUM_TERM_MAX 1e9 /* a figure beyond is no gram, kWh or hour of a run: left out */

typedef struct {
  int64_t millionths;
  uint64_t n;
} zc_sum;

void zc_sum_add(zc_sum *sum, double value);
void zc_sum_merge(zc_sum *sum, const zc_sum *other);
double zc_sum_value(const zc_sum *sum);
double zc_sum_mean(const zc_sum *sum); /* 0 where nothing was added */

/* A mean over time: values weighted with the seconds for which they hold. */
typedef struct {
  int64_t value_seconds; /* thousandths x s */
  int64_t seconds;
} zc_held_mean;

void zc_held_mean_add(zc_held_mean *mean, double value, int64_t seconds);
void zc_held_mean_merge(zc_held_mean *mean, const zc_held_mean *other);
double zc_held_mean_value(const zc_held_mean *mean); /* 0 where nothing is known */

/* What is told of a set of runs (docs/REPORTS.md, figures). */
typedef struct {
  uint64_t runs, successful, failed, ran, realised_runs;
  uint64_t unknown_runs; /* of those that ran: nothing is known of their emissions */
  uint64_t run_now, defer, relocate;
  bool counts_realised; /* realised_runs and planned are known */
  bool has_location;    /* location-based emissions differ from the emissions */
  zc_sum emissions, savings, planned;
  zc_sum location; /* location-based emissions: without contracted renewable supply */
  zc_sum realised; /* savings of those runs whose realised savings are known */
} zc_figures;

void zc_figures_add_run(zc_figures *figures, const zc_execution_row *row);
/* What an item of pipeline_analytics tells; *ret_date (may be NULL) is a piece of its text.
 * ZC_EDATA: no item. */
int zc_figures_of_analytics(const char *text, size_t length, zc_figures *ret, zc_span *ret_date);
void zc_figures_merge(zc_figures *figures, const zc_figures *other);
/* Appends the members. */
void zc_figures_write(const zc_figures *figures, zc_buffer *to);

/* Whether the sum says all that was emitted (saved): also 0 where nothing ran. */
bool zc_figures_know(const zc_figures *figures, const zc_sum *sum);
/* 100 x savings / (emissions + savings); false where there is nothing to save from, or either is
 * not known. */
bool zc_figures_savings_percent(const zc_figures *figures, double *ret);

/* The numbers at a path; false where there is none. */
bool zc_item_number(const zc_json *item, const char *path, double *ret);
const char *zc_item_text(const zc_json *item, const char *path); /* NULL where there is none */

#endif
