/* span.h - spans of days, weeks, months and hours in UTC, as the tables' keys name them. */
#ifndef ZC_REPORT_SPAN_H
#define ZC_REPORT_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <zerocarb/plugin.h>

#define ZC_REPORT_DATE_SIZE 16 /* "2025-12-14" */
#define ZC_REPORT_KEY_SIZE  16 /* that, "2025-W50", "2025-12" */

zc_time zc_report_day_of(zc_time time);    /* its beginning */
zc_time zc_report_hour_of(zc_time time);   /* its beginning */
zc_time zc_report_monday_of(zc_time time); /* beginning of the week's Monday */
zc_time zc_report_month_of(zc_time time);  /* beginning of the month */
/* Beginning of the month so many months later, of a month's beginning. */
zc_time zc_report_month_after(zc_time month, int months);
int zc_report_weekday_of(zc_time time); /* 0: Monday */

void zc_report_date_text(zc_time time, char text[ZC_REPORT_DATE_SIZE]); /* "2025-12-14" */
void zc_report_week_text(zc_time time, char text[ZC_REPORT_KEY_SIZE]);  /* "2025-W50", ISO 8601 */
void zc_report_month_text(zc_time time, char text[ZC_REPORT_KEY_SIZE]); /* "2025-12" */

typedef enum {
  ZC_REPORT_DAILY,
  ZC_REPORT_WEEKLY,
  ZC_REPORT_BY_MONTH,
  ZC_REPORT_PERIODS
} zc_report_period;

/* "daily", "weekly", "monthly" */
const char *zc_report_period_name(zc_report_period period);
/* The key of the period that `time` lies in, and its span. */
void zc_report_period_key(zc_report_period period, zc_time time, char text[ZC_REPORT_KEY_SIZE]);
void zc_report_period_span(zc_report_period period, zc_time time, zc_time *from, zc_time *to);
/* An instant of the period that a key names; false where it names none. */
bool zc_report_period_parse(zc_report_period period, const char *key, zc_time *ret);

#endif
