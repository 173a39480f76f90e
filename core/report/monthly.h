/* monthly.h - what monthly.c has added up, for the sentences of monthly_words.c. */
#ifndef ZC_REPORT_MONTHLY_H
#define ZC_REPORT_MONTHLY_H

#include "core/report/question.h"

#define ZC_MONTH_DAYS 31

typedef struct {
  const zc_figures *figures;
  size_t position; /* of the pipeline in the settings */
} zc_month_order;

typedef struct {
  zc_time previous, first_day; /* the month before; the first day of which insights are read */
  bool complete;
  size_t today_range, hours_range; /* the first of each kind; today_range: where not complete */
  size_t n_days;
  struct zc_month_pipeline {
    zc_figures figures, before;
  } * pipelines;
  zc_figures days[ZC_MONTH_DAYS], totals, totals_before;
  zc_region_sums *regions, *regions_before;
  zc_month_order *order; /* room for writing */
  uint64_t hours, hours_before;
} monthly;

/* Each appends a list of sentences. */
void zc_month_write_headline(const zc_report *report, zc_buffer *to);
void zc_month_write_insights(const zc_report *report, zc_buffer *to);
void zc_month_write_recommendations(const zc_report *report, zc_buffer *to);

#endif
