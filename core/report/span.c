#include "core/report/span.h"

#include <stdio.h>
#include <string.h>

#include "core/base/time_text.h"

static zc_time floor_to(zc_time time, int64_t step) {
  int64_t past = time % step;
  return time - (past < 0 ? past + step : past);
}

zc_time zc_report_day_of(zc_time time) {
  return floor_to(time, ZC_DAY);
}

zc_time zc_report_hour_of(zc_time time) {
  return floor_to(time, ZC_HOUR);
}

int zc_report_weekday_of(zc_time time) {
  return (zc_civil_from_time(time).weekday + 6) % 7;
}

zc_time zc_report_monday_of(zc_time time) {
  return zc_report_day_of(time) - zc_report_weekday_of(time) * ZC_DAY;
}

zc_time zc_report_month_of(zc_time time) {
  zc_civil c = zc_civil_from_time(time);
  return zc_civil_to_time(&(zc_civil){.year = c.year, .month = c.month, .day = 1});
}

zc_time zc_report_month_after(zc_time month, int months) {
  zc_civil c = zc_civil_from_time(month);
  return zc_civil_to_time(&(zc_civil){.year = c.year, .month = c.month + months, .day = 1});
}

void zc_report_date_text(zc_time time, char text[ZC_REPORT_DATE_SIZE]) {
  if (zc_date_format(time, text, ZC_REPORT_DATE_SIZE) != ZC_OK) text[0] = '\0';
}

/* The year of a week is that of its Thursday. */
void zc_report_week_text(zc_time time, char text[ZC_REPORT_KEY_SIZE]) {
  zc_time thursday = zc_report_monday_of(time) + 3 * ZC_DAY;
  zc_civil c = zc_civil_from_time(thursday);
  zc_time first = zc_civil_to_time(&(zc_civil){.year = c.year, .month = 1, .day = 1});
  snprintf(text, ZC_REPORT_KEY_SIZE, "%04u-W%02u", (unsigned)c.year % 10000,
           (unsigned)((thursday - first) / ZC_DAY / 7 + 1) % 100);
}

void zc_report_month_text(zc_time time, char text[ZC_REPORT_KEY_SIZE]) {
  zc_report_date_text(time, text);
  if (strlen(text) == 10) text[7] = '\0';
}

/* ---- periods ---- */

const char *zc_report_period_name(zc_report_period period) {
  static const char *const names[] = {"daily", "weekly", "monthly"};
  return names[period];
}

void zc_report_period_key(zc_report_period period, zc_time time, char text[ZC_REPORT_KEY_SIZE]) {
  if (period == ZC_REPORT_DAILY)
    zc_report_date_text(time, text);
  else if (period == ZC_REPORT_WEEKLY)
    zc_report_week_text(time, text);
  else
    zc_report_month_text(time, text);
}

void zc_report_period_span(zc_report_period period, zc_time time, zc_time *from, zc_time *to) {
  if (period == ZC_REPORT_BY_MONTH) {
    *from = zc_report_month_of(time);
    *to = zc_report_month_after(*from, 1);
    return;
  }
  *from = period == ZC_REPORT_DAILY ? zc_report_day_of(time) : zc_report_monday_of(time);
  *to = *from + (period == ZC_REPORT_DAILY ? 1 : 7) * ZC_DAY;
}

/* An instant inside what looks like the key: whether it is the key, its own text tells. */
static bool guess(zc_report_period period, const char *key, zc_time *ret) {
  zc_civil c = {.month = 1, .day = 1};
  int week = 0, end = 0;
  if (period == ZC_REPORT_WEEKLY) {
    if (sscanf(key, "%4d-W%2d%n", &c.year, &week, &end) != 2) return false;
    c.day = 4; /* is always of week 1 */
  } else if (period == ZC_REPORT_BY_MONTH) {
    if (sscanf(key, "%4d-%2d%n", &c.year, &c.month, &end) != 2) return false;
  } else if (sscanf(key, "%4d-%2d-%2d%n", &c.year, &c.month, &c.day, &end) != 3) {
    return false;
  }
  if (key[end] || c.year < 1 || c.month < 1 || c.day < 1 || week < 0) return false;
  *ret = zc_civil_to_time(&c) + (period == ZC_REPORT_WEEKLY ? (week - 1) * 7 * ZC_DAY : 0);
  return true;
}

bool zc_report_period_parse(zc_report_period period, const char *key, zc_time *ret) {
  char text[ZC_REPORT_KEY_SIZE];
  zc_time time;
  if (!guess(period, key, &time)) return false;
  zc_report_period_key(period, time, text);
  if (strcmp(text, key) != 0) return false;
  *ret = time;
  return true;
}
