/* cron.h - five-field schedules, in UTC or a time zone.
 *
 * minute hour day-of-month month day-of-week. Each field: a star, a, a-b, a star or a-b with a step
 * ("/n"), lists by comma; months and weekdays also as three-letter English names; 0 and 7 are
 * Sunday. Where both day fields are restricted (neither is a lone star), either may match.
 * @hourly @daily @midnight @weekly @monthly @yearly @annually stand for the usual five fields.
 *
 * Clock changes, in a zone:
 *   - A schedule with one minute and one hour, both by value ("30 1 * * 1-5"), names a time of day.
 *     One that does not exist (gap) fires at the first instant after the gap, where that still is
 *     the same day; one that comes twice (overlap) fires the first time only.
 *   - Every other schedule means "every so often": it fires whenever the clock shows a time that
 *     matches, so both times in an overlap, and makes up nothing after a gap.
 *   - A local day that does not exist (Pacific/Apia, 30 December 2011) fires nothing.
 *
 * This is what the npm package croner 11 does by default; tests/fault/cron_oracle compares the two.
 * Known differences:
 *   - croner takes more: seconds and years, L, W, #, ?, and + before the weekdays. Here these are
 *     errors, as is a text longer than ZC_CRON_TEXT_MAX.
 *   - The end of a range must be a value of its field; there only the values that a step reaches
 *     must ("27-32/27").
 *   - A schedule that can never fire is an error here; there it has no next run.
 *   - In the last days of the year 9999 one may find a slot and the other none.
 *   - croner sees gaps and overlaps of up to 3 hours only. Longer ones (Antarctica/Vostok, 31
 *     January 1994, seven hours back) are handled like any other here. */
#ifndef ZC_MODEL_CRON_H
#define ZC_MODEL_CRON_H

#include <stdbool.h>
#include <stdint.h>

#include "core/base/error.h"
#include "core/model/zone.h"

#define ZC_CRON_TEXT_MAX 512

typedef struct {
  uint64_t minutes;
  uint32_t hours, days, months, weekdays; /* bit sets; days and months from bit 1 */
  bool any_day, any_weekday;              /* the field is a lone star */
  bool time_of_day;                       /* one minute and one hour, both by value */
} zc_cron;

/* ZC_EINVAL with an error that names the field and what is wrong ("minute: 61 is above 59"), also
 * for a schedule that can never fire (30 February). */
int zc_cron_parse(const char *text, zc_cron *ret, zc_error *error);

/* The first instant strictly after `after` at which it fires (whole minutes of local time, UTC ms).
 * zone NULL: UTC. ZC_ENOTFOUND where there is none within 30 years, so only near the end of the
 * year 9999: the longest wait is the eight years from one 29 February to the next around 1900 or
 * 2100. */
int zc_cron_next(const zc_cron *cron, const zc_zone *zone, zc_time after, zc_time *ret);

/* How many slots lie in (after, until]. By days, not by slots: ten years of minutes take a fraction
 * of a millisecond. */
int64_t zc_cron_count(const zc_cron *cron, const zc_zone *zone, zc_time after, zc_time until);
/* The earliest t >= after such that (t, until] holds at most n slots: those are the newest n of
 * (after, until]. */
zc_time zc_cron_before_newest(const zc_cron *cron, const zc_zone *zone, zc_time after,
                              zc_time until, int64_t n);

#endif
