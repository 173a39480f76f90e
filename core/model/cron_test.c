#include "core/model/cron.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/time_text.h"
#include "core/model/zone_bytes.h"

static zc_time at(const char *text) {
  zc_time time;
  assert_int_equal(zc_time_parse(text, &time), ZC_OK);
  return time;
}

/* A zone by its rule, so that these tests need no tz database. */
static zc_zone *ruled(const char *footer) {
  const int32_t offset = 0;
  zc_zone_bytes b = zc_zone_bytes_make(0, NULL, &offset, footer);
  zc_zone *zone;
  assert_int_equal(zc_zone_parse(b.data, b.n, &zone), ZC_OK);
  return zone;
}

#define LONDON    "GMT0BST,M3.5.0/1,M10.5.0"
#define NEW_YORK  "EST5EDT,M3.2.0,M11.1.0"
#define LORD_HOWE "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"
#define TROLL     "<+00>0<+02>-2,M3.5.0/1,M10.5.0/3"
#define NUUK      "<-02>2<-01>,M3.5.0/-1,M10.5.0/0"
#define SAO_PAULO "<-03>3<-02>,M11.1.0/0,M2.3.0/0" /* until 2018: clocks changed at midnight */

static zc_cron parsed(const char *text) {
  zc_cron cron;
  zc_error error;
  if (zc_cron_parse(text, &cron, &error) != ZC_OK) fail_msg("%s: %s", text, error.text);
  return cron;
}

/* The next `n` firings after `after`, blank between. */
static void assert_firings(const char *schedule, const zc_zone *zone, const char *after,
                           const char *wanted) {
  zc_cron cron = parsed(schedule);
  zc_time time = at(after);
  char text[ZC_TIME_TEXT_SIZE], all[512] = "";
  for (const char *p = wanted; p; p = strchr(p + 1, ' ')) {
    assert_int_equal(zc_cron_next(&cron, zone, time, &time), ZC_OK);
    assert_int_equal(zc_time_format(time, text, sizeof text), ZC_OK);
    size_t used = strlen(all);
    snprintf(all + used, sizeof all - used, "%s%s", used ? " " : "", text);
  }
  assert_string_equal(all, wanted);
}

/* ---- reading ------------------------------------------------------------------------------- */

static void errors_say_what(void **state) {
  (void)state;
  static const char *const cases[][2] = {
      {"61 * * * *", "minute: 61 is above 59"},
      {"60 * * * *", "minute: 60 is above 59"},
      {"* 24 * * *", "hour: 24 is above 23"},
      {"* * 0 * *", "day-of-month: 0 is below 1"},
      {"* * 32 * *", "day-of-month: 32 is above 31"},
      {"* * * 13 *", "month: 13 is above 12"},
      {"* * * * 8", "day-of-week: 8 is above 7"},
      {"99999999999999999999 * * * *", "minute: 99999999999999999999 is above 59"},
      {"x * * * *", "minute: \"x\" is not a number from 0 to 59"},
      {"-1 * * * *", "minute: \"\" is not a number from 0 to 59"},
      {"1- * * * *", "minute: \"\" is not a number from 0 to 59"},
      {"*-5 * * * *", "minute: \"*\" is not a number from 0 to 59"},
      {"1-2-3 * * * *", "minute: \"2-3\" is not a number from 0 to 59"},
      {"* * * foo *", "month: \"foo\" is not a number from 1 to 12, nor a three-letter name"},
      {"* * * * monday",
       "day-of-week: \"monday\" is not a number from 0 to 7, nor a three-letter name"},
      {"* * jan * *", "day-of-month: \"jan\" is not a number from 1 to 31"},
      {"* 5-2 * * *", "hour: 5-2 runs backwards"},
      {"* * * * fri-mon", "day-of-week: fri-mon runs backwards"},
      {"1,,2 * * * *", "minute: an empty item"},
      {"1, * * * *", "minute: an empty item"},
      {"*/0 * * * *", "minute: step 0 is below 1"},
      {"*/61 * * * *", "minute: step 61 is above 60"},
      {"* */25 * * *", "hour: step 25 is above 24"},
      {"*/x * * * *", "minute: step \"x\" is not a number from 1 to 60"},
      {"*/ * * * *", "minute: step \"\" is not a number from 1 to 60"},
      {"*/2/3 * * * *", "minute: step \"2/3\" is not a number from 1 to 60"},
      {"5/15 * * * *", "minute: \"5/15\" has a step but no range: write a-b/n or */n"},
      {"", "0 fields where five are needed: minute hour day-of-month month day-of-week"},
      {"* * * *", "4 fields where five are needed: minute hour day-of-month month day-of-week"},
      {"0 0 * * * *", "6 fields where five are needed: minute hour day-of-month month day-of-week"},
      {"@often", "\"@often\" is none of @hourly, @daily, @weekly, @monthly, @yearly"},
      {"@daily *", "2 fields where five are needed: minute hour day-of-month month day-of-week"},
      {"0 0 30 2 *", "day-of-month: no month of the schedule has such a day: it would never fire"},
      {"0 0 31 2,4,jun,9,11 *",
       "day-of-month: no month of the schedule has such a day: it would never fire"},
      {"? * * * *", "minute: \"?\" is not a number from 0 to 59"},
      {"* * L * *", "day-of-month: \"L\" is not a number from 1 to 31"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    zc_cron cron;
    zc_error error = {.text = ""};
    assert_int_equal(zc_cron_parse(cases[i][0], &cron, &error), ZC_EINVAL);
    assert_string_equal(error.text, cases[i][1]);
    assert_int_equal(zc_cron_parse(cases[i][0], &cron, NULL), ZC_EINVAL);
  }
}

static void long_text(void **state) {
  (void)state;
  char text[ZC_CRON_TEXT_MAX + 2];
  zc_cron cron;
  zc_error error;
  memset(text, ' ', sizeof text);
  text[sizeof text - 1] = '\0';
  assert_int_equal(zc_cron_parse(text, &cron, &error), ZC_EINVAL);
  assert_string_equal(error.text, "longer than 512 characters");
  memset(text, '*', sizeof text);
  text[ZC_CRON_TEXT_MAX] = '\0';
  assert_int_equal(zc_cron_parse(text, &cron, &error), ZC_EINVAL);
}

static void sets(void **state) {
  (void)state;
  zc_cron cron = parsed(" 0,30\t8-18/2 1 JAN-mar,12 mon-FRI ");
  assert_int_equal(cron.minutes, UINT64_C(1) | UINT64_C(1) << 30);
  assert_int_equal(cron.hours, 1 << 8 | 1 << 10 | 1 << 12 | 1 << 14 | 1 << 16 | 1 << 18);
  assert_int_equal(cron.days, 1 << 1);
  assert_int_equal(cron.months, 1 << 1 | 1 << 2 | 1 << 3 | 1 << 12);
  assert_int_equal(cron.weekdays, 0x3e);
  assert_false(cron.any_day || cron.any_weekday || cron.time_of_day);
  assert_int_equal(parsed("* * * * 7").weekdays, 1);
  assert_int_equal(parsed("* * * * fri-sun").weekdays, 0x61);
  assert_int_equal(parsed("* * * * 5-7").weekdays, 0x61);
  assert_int_equal(parsed("* * * * */2").weekdays, 0x55);
  assert_int_equal(parsed("* * */10 * *").days, 1 << 1 | 1 << 11 | 1 << 21 | 1u << 31);
  assert_int_equal(parsed("59 23 31 12 6").days, 1u << 31);
  assert_true(parsed("08 007 * * 1-5").time_of_day);
  assert_false(parsed("*/60 7 * * *").time_of_day);
  assert_false(parsed("0 7,19 * * *").time_of_day);
}

static void names_for_the_usual(void **state) {
  (void)state;
  static const char *const pairs[][2] = {{"@hourly", "0 * * * *"},   {"@daily", "0 0 * * *"},
                                         {"@midnight", "0 0 * * *"}, {"@weekly", "0 0 * * 0"},
                                         {"@monthly", "0 0 1 * *"},  {"@yearly", "0 0 1 1 *"},
                                         {"@Annually", "0 0 1 1 *"}};
  for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
    zc_cron a = parsed(pairs[i][0]), b = parsed(pairs[i][1]);
    assert_true(a.minutes == b.minutes && a.hours == b.hours && a.days == b.days &&
                a.months == b.months && a.weekdays == b.weekdays && a.any_day == b.any_day &&
                a.any_weekday == b.any_weekday && a.time_of_day == b.time_of_day);
  }
}

/* ---- UTC ----------------------------------------------------------------------------------- */

static void in_utc(void **state) {
  (void)state;
  assert_firings("0 2 * * *", NULL, "2026-01-02T02:00:00Z",
                 "2026-01-03T02:00:00Z 2026-01-04T02:00:00Z");
  assert_firings("0 2 * * *", NULL, "2026-01-02T01:59:59.999Z", "2026-01-02T02:00:00Z");
  assert_firings("*/20 * * * *", NULL, "2025-12-31T23:30:00Z",
                 "2025-12-31T23:40:00Z 2026-01-01T00:00:00Z 2026-01-01T00:20:00Z");
  assert_firings("0 0 29 2 *", NULL, "2026-01-01T00:00:00Z",
                 "2028-02-29T00:00:00Z 2032-02-29T00:00:00Z");
  assert_firings("0 0 29 2 *", NULL, "2096-03-01T00:00:00Z", "2104-02-29T00:00:00Z");
  assert_firings("15 10 31 * *", NULL, "2026-01-31T10:15:00Z",
                 "2026-03-31T10:15:00Z 2026-05-31T10:15:00Z");
}

/* Both day fields restricted: either may match; a lone star in one: both must. */
static void days_and_weekdays(void **state) {
  (void)state;
  assert_firings("0 0 13 * 5", NULL, "2026-02-01T00:00:00Z",
                 "2026-02-06T00:00:00Z 2026-02-13T00:00:00Z 2026-02-20T00:00:00Z");
  assert_firings("0 0 10 * 1", NULL, "2026-02-08T00:00:00Z",
                 "2026-02-09T00:00:00Z 2026-02-10T00:00:00Z 2026-02-16T00:00:00Z");
  assert_firings("0 0 30 2 1", NULL, "2026-02-20T00:00:00Z",
                 "2026-02-23T00:00:00Z 2027-02-01T00:00:00Z");
  assert_firings("0 0 * * 1", NULL, "2026-02-08T00:00:00Z",
                 "2026-02-09T00:00:00Z 2026-02-16T00:00:00Z");
}

static void ends_of_time(void **state) {
  (void)state;
  zc_cron every = parsed("* * * * *");
  zc_time next;
  assert_int_equal(zc_cron_next(&every, NULL, INT64_MAX, &next), ZC_ENOTFOUND);
  assert_int_equal(zc_cron_next(&every, NULL, ZC_TIME_MAX, &next), ZC_ENOTFOUND);
  assert_int_equal(zc_cron_next(&every, NULL, INT64_MIN, &next), ZC_OK);
  assert_true(next > ZC_TIME_MIN);
  assert_firings("* * * * *", NULL, "1969-12-31T23:58:30Z",
                 "1969-12-31T23:59:00Z 1970-01-01T00:00:00Z");
}

/* ---- clock changes ------------------------------------------------------------------------- */

static void a_time_of_day_in_london(void **state) {
  (void)state;
  zc_zone *zone = ruled(LONDON);
  /* 01:30 on 29 March does not exist: at the first instant after the gap */
  assert_firings("30 1 * * *", zone, "2026-03-28T00:00:00Z",
                 "2026-03-28T01:30:00Z 2026-03-29T01:00:00Z 2026-03-30T00:30:00Z");
  /* 01:30 on 25 October comes twice */
  assert_firings("30 1 * * *", zone, "2026-10-24T00:00:00Z",
                 "2026-10-24T00:30:00Z 2026-10-25T00:30:00Z 2026-10-26T01:30:00Z");
  assert_firings("30 1 * * *", zone, "2026-10-25T00:45:00Z", "2026-10-26T01:30:00Z");
  assert_firings("0 2 * * *", zone, "2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z");
  zc_zone_free(zone);
}

static void every_so_often_in_london(void **state) {
  (void)state;
  zc_zone *zone = ruled(LONDON);
  assert_firings("0 * * * *", zone, "2026-03-28T23:30:00Z",
                 "2026-03-29T00:00:00Z 2026-03-29T01:00:00Z 2026-03-29T02:00:00Z");
  assert_firings("0 * * * *", zone, "2026-10-24T23:30:00Z",
                 "2026-10-25T00:00:00Z 2026-10-25T01:00:00Z 2026-10-25T02:00:00Z");
  assert_firings("*/30 1 * * *", zone, "2026-03-28T12:00:00Z",
                 "2026-03-30T00:00:00Z 2026-03-30T00:30:00Z");
  assert_firings("*/30 1 * * *", zone, "2026-10-25T00:00:00Z",
                 "2026-10-25T00:30:00Z 2026-10-25T01:00:00Z 2026-10-25T01:30:00Z "
                 "2026-10-26T01:00:00Z");
  zc_zone_free(zone);
}

static void odd_zones(void **state) {
  (void)state;
  zc_zone *zone = ruled(LORD_HOWE); /* half an hour */
  assert_firings("15 2 * * *", zone, "2026-10-03T00:00:00Z",
                 "2026-10-03T15:30:00Z 2026-10-04T15:15:00Z");
  assert_firings("45 1 * * *", zone, "2026-04-04T12:00:00Z",
                 "2026-04-04T14:45:00Z 2026-04-05T15:15:00Z");
  assert_firings("*/15 1 * * *", zone, "2026-04-04T14:20:00Z",
                 "2026-04-04T14:30:00Z 2026-04-04T14:45:00Z 2026-04-04T15:00:00Z "
                 "2026-04-04T15:15:00Z 2026-04-05T14:30:00Z");
  zc_zone_free(zone);
  zone = ruled(TROLL); /* two hours */
  assert_firings("30 2 * * *", zone, "2026-03-28T12:00:00Z",
                 "2026-03-29T01:00:00Z 2026-03-30T00:30:00Z");
  assert_firings("30 1 * * *", zone, "2026-10-24T12:00:00Z",
                 "2026-10-24T23:30:00Z 2026-10-26T01:30:00Z");
  zc_zone_free(zone);
  zone = ruled(SAO_PAULO); /* the gap begins the day */
  assert_firings("30 0 * * *", zone, "2026-10-31T12:00:00Z",
                 "2026-11-01T03:00:00Z 2026-11-02T02:30:00Z");
  assert_firings("30 23 * * *", zone, "2026-02-14T12:00:00Z",
                 "2026-02-15T01:30:00Z 2026-02-16T02:30:00Z");
  zc_zone_free(zone);
  zone = ruled(NUUK); /* the gap ends the day: 23:30 has no place left in it */
  assert_firings("30 23 * * *", zone, "2026-03-28T12:00:00Z", "2026-03-30T00:30:00Z");
  zc_zone_free(zone);
}

/* Apia went from 29 to 31 December 2011: a day that does not exist fires nothing. */
static void a_skipped_day(void **state) {
  (void)state;
  const int64_t times[] = {1325239200};
  const int32_t offsets[] = {-10 * 3600, 14 * 3600};
  zc_zone_bytes b = zc_zone_bytes_make(1, times, offsets, "");
  zc_zone *zone;
  assert_int_equal(zc_zone_parse(b.data, b.n, &zone), ZC_OK);
  assert_firings("0 2 * * *", zone, "2011-12-29T00:00:00Z",
                 "2011-12-29T12:00:00Z 2011-12-30T12:00:00Z 2011-12-31T12:00:00Z");
  assert_firings("0 2 30 12 *", zone, "2011-12-29T00:00:00Z", "2012-12-29T12:00:00Z");
  assert_firings("0 */12 * * *", zone, "2011-12-29T20:00:00Z",
                 "2011-12-29T22:00:00Z 2011-12-30T10:00:00Z 2011-12-30T22:00:00Z");
  zc_zone_free(zone);
}

static void west_of_utc(void **state) {
  (void)state;
  zc_zone *zone = ruled(NEW_YORK);
  assert_firings("30 2 * * 0", zone, "2026-03-01T12:00:00Z",
                 "2026-03-08T07:00:00Z 2026-03-15T06:30:00Z");
  assert_firings("0 0 1 * *", zone, "2026-02-01T05:00:00Z",
                 "2026-03-01T05:00:00Z 2026-04-01T04:00:00Z");
  zc_zone_free(zone);
}

/* 1 January 2016 to 1 January 2026: 3,653 days. */
static void ten_years_of_slots_are_counted_exactly(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t count;
  } rows[] = {{"* * * * *", 3653 * 1440}, {"*/15 2-4 * * *", 3653 * 12},
              {"30 2 * * *", 3653},       {"0 0 29 2 *", 3},
              {"0 0 1 1 *", 10},          {"0 12 * * 1-5", 2609}};
  const zc_civil first = {.year = 2016, .month = 1, .day = 1},
                 last = {.year = 2026, .month = 1, .day = 1};
  zc_time from = zc_civil_to_time(&first), to = zc_civil_to_time(&last);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    zc_cron cron;
    assert_int_equal(zc_cron_parse(rows[i].text, &cron, NULL), ZC_OK);
    assert_int_equal(zc_cron_count(&cron, NULL, from, to), rows[i].count);
    assert_int_equal(zc_cron_count(&cron, NULL, to, from), 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(ten_years_of_slots_are_counted_exactly),
      cmocka_unit_test(errors_say_what),
      cmocka_unit_test(long_text),
      cmocka_unit_test(sets),
      cmocka_unit_test(names_for_the_usual),
      cmocka_unit_test(in_utc),
      cmocka_unit_test(days_and_weekdays),
      cmocka_unit_test(ends_of_time),
      cmocka_unit_test(a_time_of_day_in_london),
      cmocka_unit_test(every_so_often_in_london),
      cmocka_unit_test(odd_zones),
      cmocka_unit_test(a_skipped_day),
      cmocka_unit_test(west_of_utc),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
