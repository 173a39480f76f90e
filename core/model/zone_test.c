#include "core/model/zone.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "core/base/random.h"
#include "core/base/time_text.h"
#include "core/model/zone_bytes.h"

static zc_time at(const char *text) {
  zc_time time;
  assert_int_equal(zc_time_parse(text, &time), ZC_OK);
  return time;
}

static zc_zone *ruled(const char *footer) {
  const int32_t offset = 0;
  zc_zone_bytes b = zc_zone_bytes_make(0, NULL, &offset, footer);
  zc_zone *zone;
  assert_int_equal(zc_zone_parse(b.data, b.n, &zone), ZC_OK);
  return zone;
}

static zc_zone *named(const char *name) {
  zc_zone *zone;
  zc_error error;
  if (zc_zone_load(name, &zone, &error) == ZC_OK) return zone;
  printf("skipped: %s\n", error.text);
  skip();
  return NULL;
}

/* ---- rules --------------------------------------------------------------------------------- */

static void london_by_rule(void **state) {
  (void)state;
  zc_zone *zone = ruled("GMT0BST,M3.5.0/1,M10.5.0");
  zc_time next;
  assert_int_equal(zc_zone_offset(zone, at("2026-03-29T00:59:59Z")), 0);
  assert_int_equal(zc_zone_offset(zone, at("2026-03-29T01:00:00Z")), 3600);
  assert_int_equal(zc_zone_offset(zone, at("2026-10-25T00:59:59Z")), 3600);
  assert_int_equal(zc_zone_offset(zone, at("2026-10-25T01:00:00Z")), 0);
  assert_int_equal(zc_zone_next_transition(zone, at("2026-01-01T00:00:00Z"), &next), ZC_OK);
  assert_int_equal(next, at("2026-03-29T01:00:00Z"));
  assert_int_equal(zc_zone_next_transition(zone, next, &next), ZC_OK);
  assert_int_equal(next, at("2026-10-25T01:00:00Z"));
  zc_zone_free(zone);
}

/* Each: summer time begins and ends (UTC) in 2026. */
static void kinds_of_dates(void **state) {
  (void)state;
  static const struct {
    const char *footer, *begins, *ends;
  } cases[] = {
      {"AAA0BBB,J60/0,J365/0", "2026-03-01T00:00:00Z", "2026-12-30T23:00:00Z"},
      {"AAA0BBB,59/0,364/0", "2026-03-01T00:00:00Z", "2026-12-30T23:00:00Z"},
      {"<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"},
      {"IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-27T00:00:00Z", "2026-10-24T23:00:00Z"},
      {"<+00>0<+02>-2,M3.5.0/1,M10.5.0/3", "2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"},
      {"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "2026-10-03T15:30:00Z", "2026-04-04T15:00:00Z"},
      {"EST5EDT,M3.2.0,M11.1.0", "2026-03-08T07:00:00Z", "2026-11-01T06:00:00Z"},
      {"AAA0BBB,M3.1.0/167,M10.1.0/-167", "2026-03-07T23:00:00Z", "2026-09-27T00:00:00Z"},
      {"AAA0:30:15BBB,M2.5.6/0:10:05,M8.5.1/0", "2026-02-28T00:40:20Z", "2026-08-30T23:30:15Z"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    zc_zone *zone = ruled(cases[i].footer);
    zc_time begins = at(cases[i].begins), ends = at(cases[i].ends);
    assert_true(zc_zone_offset(zone, begins) > zc_zone_offset(zone, begins - 1));
    assert_true(zc_zone_offset(zone, ends) < zc_zone_offset(zone, ends - 1));
    zc_zone_free(zone);
  }
}

static void leap_days(void **state) {
  (void)state;
  zc_zone *julian = ruled("AAA0BBB,J60/0,J300/0"), *day = ruled("AAA0BBB,59/0,J300/0");
  assert_int_equal(zc_zone_offset(julian, at("2028-02-29T12:00:00Z")), 0);
  assert_int_equal(zc_zone_offset(julian, at("2028-03-01T00:00:00Z")), 3600);
  assert_int_equal(zc_zone_offset(day, at("2028-02-29T00:00:00Z")), 3600);
  zc_zone_free(julian);
  zc_zone_free(day);
}

/* RFC 8536, section 3.3: summer time all the year is written so. */
static void summer_all_the_year(void **state) {
  (void)state;
  zc_zone *zone = ruled("XXX3EDT4,0/0,J365/23");
  zc_time next;
  assert_int_equal(zc_zone_offset(zone, at("2026-01-01T03:00:00Z")), -4 * 3600);
  assert_int_equal(zc_zone_offset(zone, at("2026-01-01T02:59:59Z")), -4 * 3600);
  assert_int_equal(zc_zone_offset(zone, at("2026-07-01T00:00:00Z")), -4 * 3600);
  assert_int_equal(zc_zone_next_transition(zone, at("2026-01-01T00:00:00Z"), &next), ZC_ENOTFOUND);
  zc_zone_free(zone);
}

static void bad_rules(void **state) {
  (void)state;
  static const char *const bad[] = {
      "G",
      "GMT",
      "GM0",
      "GMT25",
      "GMT0BST",
      "GMT0BST,M3.5.0/1",
      "GMT0BST,M13.5.0,M10.5.0",
      "GMT0BST,M0.5.0,M10.5.0",
      "GMT0BST,M3.6.0,M10.5.0",
      "GMT0BST,M3.5.7,M10.5.0",
      "GMT0BST,J0,J10",
      "GMT0BST,J366,J10",
      "GMT0BST,366,10",
      "GMT0BST,M3.5.0/168,M10.5.0",
      "GMT0BST,M3.5.0,M10.5.0 ",
      "<GMT0",
      "GMT0:60",
      "GMT0BST,M3.5.0,M10.5.0,M11.1.1",
      "GMT99999999999999999999",
  };
  const int32_t offset = 0;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    zc_zone_bytes b = zc_zone_bytes_make(0, NULL, &offset, bad[i]);
    zc_zone *zone;
    assert_int_equal(zc_zone_parse(b.data, b.n, &zone), ZC_EDATA);
  }
}

/* ---- files --------------------------------------------------------------------------------- */

static void transitions_of_a_file(void **state) {
  (void)state;
  const int64_t times[] = {1000, 2000, 3000};
  const int32_t offsets[] = {100, 200, 200, 300};
  zc_zone_bytes b = zc_zone_bytes_make(3, times, offsets, "");
  zc_zone *zone;
  zc_time next;
  assert_int_equal(zc_zone_parse(b.data, b.n, &zone), ZC_OK);
  assert_int_equal(zc_zone_offset(zone, -5), 100);
  assert_int_equal(zc_zone_offset(zone, 999999), 100);
  assert_int_equal(zc_zone_offset(zone, 1000000), 200);
  assert_int_equal(zc_zone_offset(zone, 3000000), 300);
  assert_int_equal(zc_zone_offset(zone, ZC_TIME_MAX), 300);
  assert_int_equal(zc_zone_next_transition(zone, INT64_MIN, &next), ZC_OK);
  assert_int_equal(next, 1000000);
  assert_int_equal(zc_zone_next_transition(zone, next, &next), ZC_OK);
  assert_int_equal(next, 3000000); /* 2000 changed nothing */
  assert_int_equal(zc_zone_next_transition(zone, next, &next), ZC_ENOTFOUND);
  assert_int_equal(zc_zone_next_transition(zone, INT64_MAX, &next), ZC_ENOTFOUND);
  zc_zone_free(zone);
}

static void bad_files(void **state) {
  (void)state;
  const int64_t times[] = {1000, 2000}, backwards[] = {2000, 1000};
  const int32_t offsets[] = {100, 200, 300}, far[] = {0, 0, 26 * 3600 + 1};
  zc_zone *zone;
  zc_zone_bytes good = zc_zone_bytes_make(2, times, offsets, "UTC0"), b;
  for (size_t n = 0; n < good.n; n++) {
    assert_int_equal(zc_zone_parse(good.data, n, &zone), ZC_EDATA); /* cut short */
  }
  b = zc_zone_bytes_make(2, backwards, offsets, "");
  assert_int_equal(zc_zone_parse(b.data, b.n, &zone), ZC_EDATA);
  b = zc_zone_bytes_make(2, times, far, "");
  assert_int_equal(zc_zone_parse(b.data, b.n, &zone), ZC_EDATA);
  b = good;
  b.data[44 + 10 + 44 + 2 * 8] = 9; /* no such type */
  assert_int_equal(zc_zone_parse(b.data, b.n, &zone), ZC_EDATA);
  b = good;
  b.data[44 + 10 + 20 + 11] = 1; /* counts a leap second */
  assert_int_equal(zc_zone_parse(b.data, b.n, &zone), ZC_EDATA);
  b = good;
  memset(b.data + 20, 0xff, 24); /* counts beyond the file */
  assert_int_equal(zc_zone_parse(b.data, b.n, &zone), ZC_EDATA);
}

/* Extreme times and garbage: an answer or an error, never a fault (sanitizers watch). */
static void garbage(void **state) {
  (void)state;
  const int64_t times[] = {INT64_MIN, INT64_MIN + 1, INT64_MAX};
  const int32_t offsets[] = {0, 3600, 7200, 0};
  zc_zone_bytes good = zc_zone_bytes_make(3, times, offsets, "AAA0BBB,M3.5.0,M10.5.0");
  zc_random random;
  zc_random_init(&random, 7);
  for (int i = 0; i < 20000; i++) {
    zc_zone_bytes b = good;
    for (uint64_t n = zc_random_below(&random, 4); n > 0; n--) {
      b.data[zc_random_below(&random, b.n)] = (unsigned char)zc_random_next(&random);
    }
    zc_zone *zone;
    if (zc_zone_parse(b.data, b.n, &zone) != ZC_OK) continue;
    zc_time next = 0, time = (zc_time)zc_random_next(&random);
    int32_t offset = zc_zone_offset(zone, time);
    assert_in_range(offset + ZC_ZONE_OFFSET_MAX, 0, 2 * ZC_ZONE_OFFSET_MAX);
    if (zc_zone_next_transition(zone, time, &next) == ZC_OK) assert_true(next > time);
    zc_zone_free(zone);
  }
}

static void names(void **state) {
  (void)state;
  static const char *const bad[] = {"",        "/etc/passwd",  "../../../etc/passwd",
                                    "Europe/", "a//b",         "Europe London",
                                    "x\ny",    "Europe/Londn", "Europe"};
  zc_zone *zone;
  zc_error error;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    error.text[0] = '\0';
    assert_int_equal(zc_zone_load(bad[i], &zone, &error), ZC_ENOTFOUND);
    assert_true(error.text[0] != '\0');
  }
  assert_int_equal(zc_zone_offset(NULL, 0), 0);
  zc_zone_free(NULL);
}

/* ---- against the C library ----------------------------------------------------------------- */

static int32_t library_offset(zc_time time) {
  time_t seconds = (time_t)(time / ZC_SECOND);
  struct tm tm;
  assert_non_null(localtime_r(&seconds, &tm));
  return (int32_t)tm.tm_gmtoff;
}

static void compare_zone(const char *name) {
  zc_zone *zone = named(name);
  setenv("TZ", name, 1);
  tzset();
  zc_random random;
  zc_random_init(&random, 11);
  zc_time first = at("1935-01-01T00:00:00Z"), last = at("2150-01-01T00:00:00Z"), next;
  for (int i = 0; i < 2000; i++) {
    zc_time time = first + ZC_SECOND * (zc_time)zc_random_below(
                                           &random, (uint64_t)((last - first) / ZC_SECOND));
    assert_int_equal(zc_zone_offset(zone, time), library_offset(time));
  }
  for (next = first; zc_zone_next_transition(zone, next, &next) == ZC_OK && next < last;) {
    assert_int_equal(zc_zone_offset(zone, next), library_offset(next));
    assert_int_equal(zc_zone_offset(zone, next - 1), library_offset(next - ZC_SECOND));
    assert_true(library_offset(next) != library_offset(next - ZC_SECOND));
  }
  zc_zone_free(zone);
}

static void same_as_the_c_library(void **state) {
  (void)state;
  static const char *const zones[] = {
      "UTC",
      "Europe/London",
      "Europe/Dublin",
      "Europe/Zurich",
      "America/New_York",
      "America/St_Johns",
      "America/Sao_Paulo",
      "America/Nuuk",
      "America/Havana",
      "Australia/Lord_Howe",
      "Antarctica/Troll",
      "Africa/Casablanca",
      "Africa/Cairo",
      "Pacific/Apia",
      "Pacific/Chatham",
      "Asia/Tehran",
      "Asia/Gaza",
      "Asia/Jerusalem",
      "Asia/Kathmandu",
      "Etc/GMT+12",
  };
  for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
    compare_zone(zones[i]);
  }
  unsetenv("TZ");
  tzset();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(london_by_rule), cmocka_unit_test(kinds_of_dates),
      cmocka_unit_test(leap_days),      cmocka_unit_test(summer_all_the_year),
      cmocka_unit_test(bad_rules),      cmocka_unit_test(transitions_of_a_file),
      cmocka_unit_test(bad_files),      cmocka_unit_test(garbage),
      cmocka_unit_test(names),          cmocka_unit_test(same_as_the_c_library),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
