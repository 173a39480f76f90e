#include "core/model/zone_rule.h"

#include <ctype.h>

#include "core/base/time_text.h"
#include "core/model/zone.h"

#define DAY_S 86400

/* ---- reading ------------------------------------------------------------------------------- */

typedef struct {
  const char *at, *end;
} cursor;

static bool accept(cursor *c, char wanted) {
  if (c->at == c->end || *c->at != wanted) return false;
  c->at++;
  return true;
}

static bool number(cursor *c, int most, int *ret) {
  if (c->at == c->end || !isdigit((unsigned char)*c->at)) return false;
  int value = 0;
  for (; c->at < c->end && isdigit((unsigned char)*c->at); c->at++) {
    value = value * 10 + (*c->at - '0');
    if (value > most) return false;
  }
  *ret = value;
  return true;
}

/* "EST", or "<+0330>" */
static bool name(cursor *c) {
  bool quoted = accept(c, '<');
  const char *start = c->at;
  while (c->at < c->end &&
         (isalpha((unsigned char)*c->at) ||
          (quoted && (isdigit((unsigned char)*c->at) || *c->at == '+' || *c->at == '-')))) {
    c->at++;
  }
  return c->at - start >= 3 && (!quoted || accept(c, '>'));
}

/* [+-]hh[:mm[:ss]] */
static bool seconds(cursor *c, int most_hours, int32_t *ret) {
  int hours, minutes = 0, rest = 0;
  int sign = accept(c, '-') ? -1 : 1;
  if (sign > 0) accept(c, '+');
  if (!number(c, most_hours, &hours)) return false;
  if (accept(c, ':')) {
    if (!number(c, 59, &minutes)) return false;
    if (accept(c, ':') && !number(c, 59, &rest)) return false;
  }
  *ret = sign * (hours * 3600 + minutes * 60 + rest);
  return true;
}

static bool date(cursor *c, zc_rule_date *ret) {
  bool ok;
  if (accept(c, 'J')) {
    ret->kind = ZC_RULE_JULIAN;
    ok = number(c, 365, &ret->day) && ret->day >= 1;
  } else if (accept(c, 'M')) {
    ret->kind = ZC_RULE_WEEKDAY;
    ok = number(c, 12, &ret->month) && ret->month >= 1 && accept(c, '.') &&
         number(c, 5, &ret->week) && ret->week >= 1 && accept(c, '.') && number(c, 6, &ret->day);
  } else {
    ret->kind = ZC_RULE_DAY;
    ok = number(c, 365, &ret->day);
  }
  ret->time = 2 * 3600;
  return ok && (!accept(c, '/') || seconds(c, 167, &ret->time));
}

int zc_zone_rule_parse(const char *text, size_t n, zc_zone_rule *ret) {
  cursor c = {text, text + n};
  zc_zone_rule rule = {0};
  int32_t west;
  if (!name(&c) || !seconds(&c, 24, &west)) return ZC_EDATA;
  rule.standard = -west;
  if (c.at < c.end) {
    rule.has_summer = true;
    if (!name(&c)) return ZC_EDATA;
    rule.summer = rule.standard + 3600;
    if (c.at < c.end && *c.at != ',') {
      if (!seconds(&c, 24, &west)) return ZC_EDATA;
      rule.summer = -west;
    }
    if (!accept(&c, ',') || !date(&c, &rule.start) || !accept(&c, ',') || !date(&c, &rule.end)) {
      return ZC_EDATA;
    }
  }
  if (c.at != c.end) return ZC_EDATA;
  *ret = rule;
  return ZC_OK;
}

/* ---- asking -------------------------------------------------------------------------------- */

static int64_t day_number(int year, int month, int day) {
  const zc_civil civil = {.year = year, .month = month, .day = day};
  return zc_civil_to_time(&civil) / ZC_DAY;
}

static int year_of(int64_t at) {
  return zc_civil_from_time(at * ZC_SECOND).year;
}

/* Local seconds since 1970 at which the change comes in a year. */
static int64_t change_in(const zc_rule_date *date, int year) {
  int64_t day;
  if (date->kind == ZC_RULE_WEEKDAY) {
    int64_t first = day_number(year, date->month, 1);
    int weekday = (int)(((first % 7) + 11) % 7);
    int offset = (date->day - weekday + 7) % 7 + (date->week - 1) * 7;
    if (offset >= zc_days_in_month(year, date->month)) offset -= 7;
    day = first + offset;
  } else {
    day = day_number(year, 1, 1) + date->day;
    if (date->kind == ZC_RULE_JULIAN) {
      day -= date->day < 60 || zc_days_in_month(year, 2) == 28;
    }
  }
  return day * DAY_S + date->time;
}

typedef struct {
  int64_t at; /* UTC */
  int32_t offset;
} change;

/* Both changes of a year in their order. Where they coincide the year has no summer: it ends last.
 */
static void changes_of(const zc_zone_rule *rule, int year, change ret[2]) {
  change start = {change_in(&rule->start, year) - rule->standard, rule->summer};
  change end = {change_in(&rule->end, year) - rule->summer, rule->standard};
  ret[0] = end.at < start.at ? end : start;
  ret[1] = end.at < start.at ? start : end;
}

int32_t zc_zone_rule_offset(const zc_zone_rule *rule, int64_t at) {
  if (!rule->has_summer) return rule->standard;
  int year = year_of(at);
  int64_t last = INT64_MIN;
  int32_t offset = rule->standard;
  for (int y = year - 1; y <= year + 1; y++) {
    change changes[2];
    changes_of(rule, y, changes);
    for (int i = 0; i < 2; i++) {
      if (changes[i].at > at || changes[i].at < last) continue;
      last = changes[i].at;
      offset = changes[i].offset;
    }
  }
  return offset;
}

/* The first instant after `at` for which the rule names a change, whether or not it is one. */
static int64_t next_named(const zc_zone_rule *rule, int64_t at) {
  int year = year_of(at);
  int64_t next = INT64_MAX;
  for (int y = year - 1; y <= year + 2; y++) {
    change changes[2];
    changes_of(rule, y, changes);
    for (int i = 0; i < 2; i++) {
      if (changes[i].at > at && changes[i].at < next) next = changes[i].at;
    }
  }
  return next;
}

/* Summer time all the year is written as an end and a start that coincide: more named changes than
 * these without a new offset mean that there is none. */
#define NAMED_CHANGES_MAX 8

int zc_zone_rule_next(const zc_zone_rule *rule, int64_t at, int64_t *ret) {
  if (!rule->has_summer || rule->summer == rule->standard) return ZC_ENOTFOUND;
  int32_t before = zc_zone_rule_offset(rule, at);
  for (int i = 0; i < NAMED_CHANGES_MAX; i++) {
    at = next_named(rule, at);
    if (zc_zone_rule_offset(rule, at) == before) continue;
    *ret = at;
    return ZC_OK;
  }
  return ZC_ENOTFOUND;
}
