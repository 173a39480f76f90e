/* span.h - days, weeks and months as questions name them, beside core/tables/rollup_period.h. */
#ifndef ZC_REPORT_SPAN_H
#define ZC_REPORT_SPAN_H

#include <stdbool.h>

#include "core/tables/rollup_period.h"

zc_time zc_monday_of(zc_time time);                       /* beginning of the week's Monday */
zc_time zc_month_of(zc_time time);                        /* beginning of the month */
zc_time zc_months_after(zc_time month, int months);       /* of a month's beginning */
int zc_weekday_of(zc_time time);                          /* 0: Monday */
void zc_date_text(zc_time time, char text[ZC_DATE_SIZE]); /* "2025-12-14" */
/* "2025-12-14", "2025-W50", "2025-12": a period's key without its word. */
void zc_period_text(zc_period_kind kind, zc_time time, char text[ZC_PERIOD_KEY_SIZE]);
/* An instant of the period that such a text names; false where it names none. */
bool zc_period_parse(zc_period_kind kind, const char *text, zc_time *ret);

#endif
