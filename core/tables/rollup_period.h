/* rollup_period.h - days, ISO weeks and months of UTC, as the roll-ups count them. */
#ifndef ZC_TABLES_ROLLUP_PERIOD_H
#define ZC_TABLES_ROLLUP_PERIOD_H

#include "core/base/json_extract.h"

typedef enum { ZC_DAILY, ZC_WEEKLY, ZC_MONTHLY, ZC_PERIOD_KINDS } zc_period_kind;

#define ZC_PERIOD_KEY_SIZE 24 /* "weekly#2025-W50" */
#define ZC_DATE_SIZE       11

typedef struct {
  zc_period_kind kind;
  zc_time first, end; /* first midnight; the midnight after the last day */
} zc_period;

/* The midnight that a time's day begins with; likewise its hour's beginning. */
zc_time zc_day_of(zc_time time);
zc_time zc_hour_of(zc_time time);
/* The period of a kind that a time lies in. Weeks are those of ISO 8601, from Monday. */
zc_period zc_period_of(zc_period_kind kind, zc_time time);
const char *zc_period_word(zc_period_kind kind); /* "daily" … */
/* "daily#2025-12-14", "weekly#2025-W50", "monthly#2025-12" */
void zc_period_key(const zc_period *period, char text[ZC_PERIOD_KEY_SIZE]);
/* Which of the period's weeks a time of it lies in, from 0; at most 5. */
int zc_period_week(const zc_period *period, zc_time time);

/* The first day all of whose runs, and whose row of pipeline_analytics, are kept still: what begins
 * before it cannot be made anew, only made too small. */
zc_time zc_rollup_first_day(zc_time now);

/* "2025-12-14" to its midnight. ZC_EINVAL. */
int zc_date_parse(const zc_span *text, zc_time *ret);

#endif
