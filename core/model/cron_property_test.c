/* zc_cron_next against an oracle that knows only the header's words: it walks minute by minute,
 * asks the zone for each one's local time, and keeps the schedule as plain tables. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/random.h"
#include "core/base/time_text.h"
#include "core/model/cron.h"
#include "core/model/zone_bytes.h"

#define CASES    2500
#define HORIZON  (3 * ZC_DAY)
#define MEMORY_H 26 /* how far back a local time can have been shown before */

typedef struct {
  bool minute[60], hour[24], day[32], month[13], weekday[8];
  bool any_day, any_weekday, time_of_day;
  char text[ZC_CRON_TEXT_MAX];
} schedule;

/* ---- making schedules ---------------------------------------------------------------------- */

typedef struct {
  bool *table;
  int low, high, star_high, step_max;
  bool lone_star;
} field;

static void append(schedule *s, const char *text) {
  size_t n = strlen(s->text);
  snprintf(s->text + n, sizeof s->text - n, "%s", text);
}

static void add(schedule *s, const char *format, int a, int b, int c) {
  size_t n = strlen(s->text);
  switch (*format) {
  case '*':
    snprintf(s->text + n, sizeof s->text - n, c > 0 ? "*/%d" : "*", c);
    break;
  case '-':
    snprintf(s->text + n, sizeof s->text - n, c > 0 ? "%d-%d/%d" : "%d-%d", a, b, c);
    break;
  default:
    snprintf(s->text + n, sizeof s->text - n, "%d", a);
  }
}

static int between(zc_random *random, int low, int high) {
  return low + (int)zc_random_below(random, (uint64_t)(high - low) + 1);
}

static void add_item(schedule *s, field *f, zc_random *random) {
  int kind = between(random, 0, 9);
  int a = between(random, f->low, f->high), b = between(random, a, f->high);
  int step = between(random, 0, 1) ? between(random, 1, f->step_max) : 0;
  if (kind == 0) {
    add(s, "*", 0, 0, step);
    a = f->low;
    b = f->star_high;
  } else if (kind < 4) {
    add(s, "-", a, b, step);
  } else {
    add(s, "1", a, 0, 0);
    b = a;
    step = 0;
  }
  for (int value = a; value <= b; value += step ? step : 1) {
    f->table[value] = true;
  }
}

/* Returns whether it is one plain value. */
static bool add_field(schedule *s, field *f, int star_percent, zc_random *random) {
  size_t start = strlen(s->text);
  f->lone_star = between(random, 1, 100) <= star_percent;
  int items = f->lone_star ? 0 : between(random, 1, between(random, 1, 3)), count = 0;
  if (f->lone_star) {
    add(s, "*", 0, 0, 0);
    for (int value = f->low; value <= f->star_high; value++)
      f->table[value] = true;
  }
  for (int i = 0; i < items; i++) {
    if (i > 0) append(s, ",");
    add_item(s, f, random);
    if (items == 1 && strcmp(s->text + start, "*") == 0) f->lone_star = true;
  }
  for (int value = f->low; value <= f->high; value++) {
    count += f->table[value];
  }
  return count == 1 && !strpbrk(s->text + start, "*/");
}

/* Half of them at one time of day, in `hour` or one of the two after it. */
static schedule make_schedule(zc_random *random, int hour) {
  schedule s = {.text = ""};
  field fields[] = {{s.minute, 0, 59, 59, 60, false},
                    {s.hour, 0, 23, 23, 24, false},
                    {s.day, 1, 31, 31, 31, false},
                    {s.month, 1, 12, 12, 12, false},
                    {s.weekday, 0, 7, 6, 7, false}};
  if (between(random, 0, 1) == 0) {
    int minute = between(random, 0, 59);
    hour = (hour + between(random, 0, 2)) % 24;
    snprintf(s.text, sizeof s.text, "%d %d", minute, hour);
    s.minute[minute] = s.hour[hour] = s.time_of_day = true;
  } else {
    s.time_of_day = add_field(&s, &fields[0], 15, random);
    append(&s, " ");
    s.time_of_day = add_field(&s, &fields[1], 40, random) && s.time_of_day;
  }
  for (int i = 2; i < 5; i++) {
    append(&s, " ");
    add_field(&s, &fields[i], 75, random);
  }
  s.any_day = fields[2].lone_star;
  s.any_weekday = fields[4].lone_star;
  return s;
}

/* ---- the oracle ---------------------------------------------------------------------------- */

static bool date_wanted(const schedule *s, const zc_civil *c) {
  bool day = s->day[c->day], weekday = s->weekday[c->weekday] || (c->weekday == 0 && s->weekday[7]);
  if (!s->month[c->month]) return false;
  return s->any_day || s->any_weekday ? day && weekday : day || weekday;
}

static bool wanted(const schedule *s, zc_time local) {
  zc_civil c = zc_civil_from_time(local);
  return s->minute[c.minute] && s->hour[c.hour] && date_wanted(s, &c);
}

static zc_time local_of(const zc_zone *zone, zc_time at) {
  return at + zc_zone_offset(zone, at) * ZC_SECOND;
}

static bool shown_before(const zc_zone *zone, zc_time local, zc_time at) {
  for (zc_time t = at - ZC_MINUTE; t > at - MEMORY_H * ZC_HOUR; t -= ZC_MINUTE) {
    if (local_of(zone, t) == local) return true;
  }
  return false;
}

static bool fires(const schedule *s, const zc_zone *zone, zc_time at) {
  zc_time local = local_of(zone, at), before = local_of(zone, at - ZC_MINUTE);
  if (!s->time_of_day) return wanted(s, local);
  if (wanted(s, local) && !shown_before(zone, local, at)) return true;
  int day = zc_civil_from_time(local).day;
  for (zc_time skipped = before + ZC_MINUTE; skipped < local; skipped += ZC_MINUTE) {
    if (wanted(s, skipped) && zc_civil_from_time(skipped).day == day &&
        !shown_before(zone, skipped, at)) {
      return true;
    }
  }
  return false;
}

static bool oracle_next(const schedule *s, const zc_zone *zone, zc_time after, zc_time *ret) {
  zc_time first = after - after % ZC_MINUTE + ZC_MINUTE;
  for (zc_time at = first; at <= after + HORIZON; at += ZC_MINUTE) {
    if (!fires(s, zone, at)) continue;
    *ret = at;
    return true;
  }
  return false;
}

/* ---- the comparison ------------------------------------------------------------------------ */

static zc_zone *make_zone(const char *footer) {
  const int32_t offset = 0;
  zc_zone_bytes b = zc_zone_bytes_make(0, NULL, &offset, footer);
  zc_zone *zone;
  assert_int_equal(zc_zone_parse(b.data, b.n, &zone), ZC_OK);
  return zone;
}

/* Rules of zones in use, and what the tz database has for zones that no rule describes. */
static const char *const rules[] = {
    "UTC0",
    "GMT0BST,M3.5.0/1,M10.5.0",
    "IST-1GMT0,M10.5.0,M3.5.0/1",
    "EST5EDT,M3.2.0,M11.1.0",
    "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0",
    "<+00>0<+02>-2,M3.5.0/1,M10.5.0/3",
    "<-02>2<-01>,M3.5.0/-1,M10.5.0/0",
    "<-03>3<-02>,M11.1.0/0,M2.3.0/0",
    "EET-2EEST,M3.4.4/50,M10.4.4/50",
    "<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45",
};
static const char *const named[] = {"Africa/Casablanca", "Pacific/Apia", "Asia/Gaza",
                                    "Asia/Pyongyang", "America/Caracas"};
#define N_RULES (sizeof rules / sizeof *rules)
#define N_NAMED (sizeof named / sizeof *named)

/* Also the local hour just before the transition. */
static zc_time near_a_transition(const zc_zone *zone, zc_random *random, int *ret_hour) {
  const zc_civil first = {.year = 1990, .month = 1, .day = 1};
  zc_time time = zc_civil_to_time(&first) + (zc_time)zc_random_below(random, 18250) * ZC_DAY;
  if (between(random, 0, 9) > 0) zc_zone_next_transition(zone, time, &time);
  *ret_hour = zc_civil_from_time(local_of(zone, time - 1)).hour;
  time += between(random, -30 * 60, 4 * 60) * ZC_MINUTE;
  return between(random, 0, 1) ? time : time + between(random, 1, 59999);
}

static void compare(const schedule *s, const zc_zone *zone, const char *name, zc_time after) {
  zc_cron cron;
  zc_error error;
  zc_time found = 0, expected = 0;
  if (zc_cron_parse(s->text, &cron, &error) != ZC_OK) {
    assert_non_null(strstr(error.text, "never fire"));
    assert_false(oracle_next(s, zone, after, &expected));
    return;
  }
  bool has = zc_cron_next(&cron, zone, after, &found) == ZC_OK;
  bool same = oracle_next(s, zone, after, &expected) ? has && found == expected
                                                     : !has || found > after + HORIZON;
  if (!same) {
    print_error("%s in %s after %lld: %lld, should be %lld\n", s->text, name, (long long)after,
                (long long)found, (long long)expected);
  }
  assert_true(same);
}

/* Counting takes days and stretches at once; the slots one by one are what it must come to. */
static void count_and_compare(const schedule *s, const zc_zone *zone, const char *name,
                              zc_time after, zc_random *random) {
  zc_cron cron;
  if (zc_cron_parse(s->text, &cron, NULL) != ZC_OK) return;
  zc_time until = after + (zc_time)zc_random_below(random, 40 * ZC_DAY);
  zc_time newest[4] = {after, after, after, after}, at = after; /* the last few, newest first */
  int64_t n = 0;
  while (zc_cron_next(&cron, zone, at, &at) == ZC_OK && at <= until) {
    memmove(newest + 1, newest, 3 * sizeof *newest);
    newest[0] = at;
    n++;
  }
  int64_t counted = zc_cron_count(&cron, zone, after, until);
  if (counted != n) {
    fail_msg("%s in %s in (%lld, %lld]: counted %lld, there are %lld", s->text, name,
             (long long)after, (long long)until, (long long)counted, (long long)n);
  }
  for (int64_t kept = 0; kept < 4; kept++) {
    zc_time before = zc_cron_before_newest(&cron, zone, after, until, kept);
    assert_true(before == (n > kept ? newest[kept] : after));
  }
}

static void same_as_the_oracle(void **state) {
  (void)state;
  zc_zone *zones[N_RULES + N_NAMED];
  const char *names[N_RULES + N_NAMED];
  size_t n = 0;
  zc_random random;
  zc_random_init(&random, 20260101);
  for (; n < N_RULES; n++) {
    zones[n] = make_zone(rules[n]);
    names[n] = rules[n];
  }
  for (size_t i = 0; i < N_NAMED; i++) {
    if (zc_zone_load(named[i], &zones[n], NULL) == ZC_OK) names[n++] = named[i];
  }
  if (n < N_RULES + N_NAMED) printf("skipped: zones of the tz database, which is not there\n");
  for (int i = 0; i < CASES; i++) {
    size_t zone = zc_random_below(&random, n);
    int hour;
    zc_time after = near_a_transition(zones[zone], &random, &hour);
    schedule s = make_schedule(&random, hour);
    compare(&s, zones[zone], names[zone], after);
    count_and_compare(&s, zones[zone], names[zone], after, &random);
  }
  while (n > 0) {
    zc_zone_free(zones[--n]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(same_as_the_oracle)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
