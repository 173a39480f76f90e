#include "core/base/time_text.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int64_t floor_divide(int64_t a, int64_t b) {
  return a / b - (a % b < 0 ? 1 : 0);
}

/* Days since 1970-01-01; the era algorithm of Howard Hinnant's "chrono-compatible low-level date
 * algorithms" (public domain). */
static int64_t days_from_civil(int64_t year, int month, int day) {
  year -= month <= 2;
  int64_t era = floor_divide(year, 400);
  int64_t of_era = year - era * 400;
  int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

zc_civil zc_civil_from_time(zc_time time) {
  int64_t days = floor_divide(time, ZC_DAY), rest = time - days * ZC_DAY;
  int64_t z = days + 719468, era = floor_divide(z, 146097), day = z - era * 146097;
  int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
  int64_t of_year = day - (365 * year + year / 4 - year / 100);
  int64_t shifted = (5 * of_year + 2) / 153;
  zc_civil c = {.day = (int)(of_year - (153 * shifted + 2) / 5 + 1),
                .month = (int)(shifted < 10 ? shifted + 3 : shifted - 9),
                .hour = (int)(rest / ZC_HOUR),
                .minute = (int)(rest / ZC_MINUTE % 60),
                .second = (int)(rest / ZC_SECOND % 60),
                .millisecond = (int)(rest % ZC_SECOND),
                .weekday = (int)(((days % 7) + 11) % 7)};
  c.year = (int)(year + era * 400 + (c.month <= 2));
  return c;
}

zc_time zc_civil_to_time(const zc_civil *c) {
  int64_t month = c->month - 1, year = c->year + floor_divide(month, 12);
  month -= floor_divide(month, 12) * 12;
  int64_t days = days_from_civil(year, (int)month + 1, 1) + c->day - 1;
  return days * ZC_DAY + c->hour * ZC_HOUR + c->minute * ZC_MINUTE + c->second * ZC_SECOND +
         c->millisecond;
}

int zc_days_in_month(int year, int month) {
  static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return month == 2 && leap ? 29 : days[month - 1];
}

/* Reads exactly n digits; moves *text on. */
static bool digits(const char **text, int n, int *ret) {
  int value = 0;
  for (int i = 0; i < n; i++, (*text)++) {
    if (!isdigit((unsigned char)**text)) return false;
    value = value * 10 + (**text - '0');
  }
  *ret = value;
  return true;
}

static bool literal(const char **text, char wanted) {
  if (**text != wanted) return false;
  (*text)++;
  return true;
}

static bool parse_seconds(const char **text, zc_civil *c) {
  if (!literal(text, ':')) return true;
  if (!digits(text, 2, &c->second)) return false;
  if (!literal(text, '.')) return true;
  int scale = 100, n = 0;
  for (; isdigit((unsigned char)**text) && n < 9; (*text)++, n++, scale /= 10) {
    c->millisecond += (**text - '0') * scale;
  }
  return n > 0 && !isdigit((unsigned char)**text);
}

static bool parse_offset(const char **text, int64_t *ret_ms) {
  *ret_ms = 0;
  if (literal(text, 'Z') || literal(text, 'z')) return true;
  int sign = **text == '-' ? -1 : **text == '+' ? 1 : 0, hours, minutes;
  if (sign == 0) return false;
  (*text)++;
  if (!digits(text, 2, &hours) || !literal(text, ':') || !digits(text, 2, &minutes)) return false;
  *ret_ms = sign * (hours * ZC_HOUR + minutes * ZC_MINUTE);
  return hours < 24 && minutes < 60;
}

static bool civil_valid(const zc_civil *c) {
  return c->year >= 1 && c->month >= 1 && c->month <= 12 && c->day >= 1 &&
         c->day <= zc_days_in_month(c->year, c->month) && c->hour < 24 && c->minute < 60 &&
         c->second < 60;
}

int zc_time_parse(const char *text, zc_time *ret) {
  zc_civil c = {0};
  int64_t offset;
  bool ok = text && digits(&text, 4, &c.year) && literal(&text, '-') &&
            digits(&text, 2, &c.month) && literal(&text, '-') && digits(&text, 2, &c.day) &&
            (literal(&text, 'T') || literal(&text, 't') || literal(&text, ' ')) &&
            digits(&text, 2, &c.hour) && literal(&text, ':') && digits(&text, 2, &c.minute) &&
            parse_seconds(&text, &c) && parse_offset(&text, &offset) && *text == '\0';
  if (!ok || !civil_valid(&c)) return ZC_EINVAL;
  zc_time time = zc_civil_to_time(&c) - offset;
  if (time < ZC_TIME_MIN || time > ZC_TIME_MAX) return ZC_EINVAL;
  *ret = time;
  return ZC_OK;
}

int zc_time_format(zc_time time, char *text, size_t size) {
  if (time < ZC_TIME_MIN || time > ZC_TIME_MAX) return ZC_EINVAL;
  zc_civil c = zc_civil_from_time(time);
  char fraction[8] = "";
  if (c.millisecond) snprintf(fraction, sizeof fraction, ".%03u", (unsigned)c.millisecond % 1000u);
  int n = snprintf(text, size, "%04d-%02d-%02dT%02d:%02d:%02d%sZ", c.year, c.month, c.day, c.hour,
                   c.minute, c.second, fraction);
  return n > 0 && (size_t)n < size ? ZC_OK : ZC_EINVAL;
}

int zc_date_format(zc_time time, char *text, size_t size) {
  if (time < ZC_TIME_MIN || time > ZC_TIME_MAX) return ZC_EINVAL;
  zc_civil c = zc_civil_from_time(time);
  int n = snprintf(text, size, "%04d-%02d-%02d", c.year, c.month, c.day);
  return n > 0 && (size_t)n < size ? ZC_OK : ZC_EINVAL;
}

static const struct {
  const char *unit;
  int64_t ms;
} units[] = {{"d", ZC_DAY}, {"h", ZC_HOUR}, {"m", ZC_MINUTE}, {"s", ZC_SECOND}, {"ms", 1}};

int zc_duration_parse(const char *text, int64_t *ret_ms) {
  if (!isdigit((unsigned char)*text)) return ZC_EINVAL;
  char *end;
  size_t length = strspn(text, "0123456789");
  if (length > 12) return ZC_EINVAL;
  long long value = strtoll(text, &end, 10);
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    if (strcmp(end, units[i].unit) != 0) continue;
    if (value > ZC_TIME_MAX / units[i].ms) return ZC_EINVAL;
    *ret_ms = value * units[i].ms;
    return ZC_OK;
  }
  return ZC_EINVAL;
}

void zc_duration_format(int64_t ms, char *text, size_t size) {
  size_t i = 0;
  while (i < 4 && (ms == 0 || ms % units[i].ms != 0))
    i++;
  if (ms == 0) i = 3;
  snprintf(text, size, "%lld%s", (long long)(ms / units[i].ms), units[i].unit);
}
