#include "core/report/span.h"

#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "core/base/time_text.h"

int zc_weekday_of(zc_time time) {
  return (zc_civil_from_time(time).weekday + 6) % 7;
}

zc_time zc_monday_of(zc_time time) {
  return zc_period_of(ZC_WEEKLY, time).first;
}

zc_time zc_month_of(zc_time time) {
  return zc_period_of(ZC_MONTHLY, time).first;
}

zc_time zc_months_after(zc_time month, int months) {
  zc_civil c = zc_civil_from_time(month);
  return zc_civil_to_time(&(zc_civil){.year = c.year, .month = c.month + months, .day = 1});
}

void zc_date_text(zc_time time, char text[ZC_DATE_SIZE]) {
  if (zc_date_format(time, text, ZC_DATE_SIZE) != ZC_OK) text[0] = '\0';
}

void zc_period_text(zc_period_kind kind, zc_time time, char text[ZC_PERIOD_KEY_SIZE]) {
  char key[ZC_PERIOD_KEY_SIZE];
  zc_period period = zc_period_of(kind, time);
  zc_period_key(&period, key);
  zc_copy_text(text, ZC_PERIOD_KEY_SIZE, key + strlen(zc_period_word(kind)) + 1);
}

/* An instant inside what looks like one: whether it is one, its own text tells. */
static bool guess(zc_period_kind kind, const char *key, zc_time *ret) {
  zc_civil c = {.month = 1, .day = 1};
  int week = 0, end = 0;
  if (kind == ZC_WEEKLY) {
    if (sscanf(key, "%4d-W%2d%n", &c.year, &week, &end) != 2) return false;
    c.day = 4; /* is always of week 1 */
  } else if (kind == ZC_MONTHLY) {
    if (sscanf(key, "%4d-%2d%n", &c.year, &c.month, &end) != 2) return false;
  } else if (sscanf(key, "%4d-%2d-%2d%n", &c.year, &c.month, &c.day, &end) != 3) {
    return false;
  }
  if (key[end] || c.year < 1 || c.month < 1 || c.day < 1 || week < 0) return false;
  *ret = zc_civil_to_time(&c) + (kind == ZC_WEEKLY ? (int64_t)(week - 1) * 7 * ZC_DAY : 0);
  return true;
}

bool zc_period_parse(zc_period_kind kind, const char *key, zc_time *ret) {
  char text[ZC_PERIOD_KEY_SIZE];
  zc_time time;
  if (!guess(kind, key, &time)) return false;
  zc_period_text(kind, time, text);
  if (strcmp(text, key) != 0) return false;
  *ret = time;
  return true;
}
