/* time_text.h - RFC 3339 and civil dates, both ways, and durations as operators write them. */
#ifndef ZC_BASE_TIME_TEXT_H
#define ZC_BASE_TIME_TEXT_H

#include <stdint.h>
#include <zerocarb/plugin.h>

#define ZC_TIME_TEXT_SIZE 32 /* holds what zc_time_format() writes */
#define ZC_SECOND         INT64_C(1000)
#define ZC_MINUTE         (60 * ZC_SECOND)
#define ZC_HOUR           (60 * ZC_MINUTE)
#define ZC_DAY            (24 * ZC_HOUR)
#define ZC_TIME_MIN       INT64_C(-62135596800000) /* 0001-01-01T00:00:00Z */
#define ZC_TIME_MAX       INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

typedef struct {
  int year, month, day; /* month and day from 1 */
  int hour, minute, second, millisecond;
  int weekday; /* 0: Sunday */
} zc_civil;

/* Proleptic Gregorian calendar, UTC. */
zc_civil zc_civil_from_time(zc_time time);
zc_time zc_civil_to_time(const zc_civil *civil); /* weekday ignored; fields may overflow a month */
int zc_days_in_month(int year, int month);

/* "2026-01-02T03:04:05Z", "…05.678Z", "…+01:00", "…T03:04Z", a blank instead of T. An offset or Z
 * is required; 60 as a second, and dates that do not exist, are refused. ZC_OK or ZC_EINVAL. */
int zc_time_parse(const char *text, zc_time *ret);

/* "2026-01-02T03:04:05Z", with milliseconds where there are any. ZC_EINVAL outside the
 * years 1..9999 or where size is short. */
int zc_time_format(zc_time time, char *text, size_t size);

/* "2026-01-02" */
int zc_date_format(zc_time time, char *text, size_t size);

/* "500ms", "30s", "15m", "2h", "7d": a whole number and one unit. */
int zc_duration_parse(const char *text, int64_t *ret_ms);
/* The shortest such text, e.g. 5400000 -> "90m". */
void zc_duration_format(int64_t ms, char *text, size_t size);

#endif
