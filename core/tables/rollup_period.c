#include "core/tables/rollup_period.h"

#include <stdio.h>
#include <string.h>

#include "core/base/time_text.h"
#include "core/tables/schema.h"

#define READING ZC_HOUR /* rows that expire while they are read are of no use either */

static zc_time floor_to(zc_time time, int64_t step) {
  int64_t past = time % step;
  return time - (past < 0 ? past + step : past);
}

zc_time zc_day_of(zc_time time) {
  return floor_to(time, ZC_DAY);
}

zc_time zc_hour_of(zc_time time) {
  return floor_to(time, ZC_HOUR);
}

static zc_time monday_of(zc_time time) {
  int weekday = zc_civil_from_time(time).weekday; /* 0: Sunday */
  return zc_day_of(time) - (weekday + 6) % 7 * ZC_DAY;
}

static zc_period month_of(zc_time time) {
  zc_civil civil = zc_civil_from_time(time);
  zc_civil first = {.year = civil.year, .month = civil.month, .day = 1};
  zc_time begin = zc_civil_to_time(&first);
  int days = zc_days_in_month(civil.year, civil.month);
  return (zc_period){ZC_MONTHLY, begin, begin + days * ZC_DAY};
}

zc_period zc_period_of(zc_period_kind kind, zc_time time) {
  if (kind == ZC_MONTHLY) return month_of(time);
  zc_time first = kind == ZC_WEEKLY ? monday_of(time) : zc_day_of(time);
  return (zc_period){kind, first, first + (kind == ZC_WEEKLY ? 7 : 1) * ZC_DAY};
}

const char *zc_period_word(zc_period_kind kind) {
  static const char *const words[ZC_PERIOD_KINDS] = {"daily", "weekly", "monthly"};
  return words[kind];
}

/* A week belongs to the year of its Thursday (ISO 8601). */
static void write_week(zc_time monday, char *text, size_t size) {
  zc_time thursday = monday + 3 * ZC_DAY;
  int year = zc_civil_from_time(thursday).year;
  zc_civil january = {.year = year, .month = 1, .day = 1};
  int week = (int)((thursday - zc_civil_to_time(&january)) / (7 * ZC_DAY)) + 1;
  snprintf(text, size, "weekly#%04u-W%02u", (unsigned)year % 10000u, (unsigned)week % 100u);
}

void zc_period_key(const zc_period *period, char text[ZC_PERIOD_KEY_SIZE]) {
  zc_civil civil = zc_civil_from_time(period->first);
  unsigned year = (unsigned)civil.year % 10000u, month = (unsigned)civil.month % 100u;
  if (period->kind == ZC_WEEKLY) {
    write_week(period->first, text, ZC_PERIOD_KEY_SIZE);
  } else if (period->kind == ZC_MONTHLY) {
    snprintf(text, ZC_PERIOD_KEY_SIZE, "monthly#%04u-%02u", year, month);
  } else {
    unsigned day = (unsigned)civil.day % 100u;
    snprintf(text, ZC_PERIOD_KEY_SIZE, "daily#%04u-%02u-%02u", year, month, day);
  }
}

int zc_period_week(const zc_period *period, zc_time time) {
  return (int)((monday_of(time) - monday_of(period->first)) / (7 * ZC_DAY));
}

zc_time zc_rollup_first_day(zc_time now) {
  int64_t runs = zc_tables[ZC_TABLE_EXECUTIONS]->retention_s * ZC_SECOND;
  int64_t days = zc_tables[ZC_TABLE_ANALYTICS]->retention_s * ZC_SECOND;
  return zc_day_of(now + READING - (runs < days ? runs : days)) + ZC_DAY;
}

int zc_date_parse(const zc_span *text, zc_time *ret) {
  char whole[ZC_TIME_TEXT_SIZE];
  if (!text->text || text->length != ZC_DATE_SIZE - 1) return ZC_EINVAL;
  memcpy(whole, text->text, text->length);
  memcpy(whole + text->length, "T00:00Z", sizeof "T00:00Z");
  return zc_time_parse(whole, ret);
}
