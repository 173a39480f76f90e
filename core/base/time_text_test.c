/* Times, dates and durations as text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka wants the four above first */
#include <cmocka.h>
#include <string.h>
#include <time.h>

#include "core/base/random.h"
#include "core/base/time_text.h"

static void parses_what_rfc_3339_and_the_uk_api_write(void **state) {
  (void)state;
  static const struct {
    const char *text;
    zc_time time;
  } cases[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"2025-12-14T10:30:00Z", INT64_C(1765708200000)},
      {"2025-12-14T10:30Z", INT64_C(1765708200000)},
      {"2025-12-14 10:30:00+00:00", INT64_C(1765708200000)},
      {"2025-12-14T11:30:00+01:00", INT64_C(1765708200000)},
      {"2025-12-14T05:00:00.250-05:30", INT64_C(1765708200250)},
      {"2024-02-29T00:00:00Z", INT64_C(1709164800000)},
      {"0001-01-01T00:00:00Z", ZC_TIME_MIN},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    zc_time time = 1;
    assert_int_equal(zc_time_parse(cases[i].text, &time), ZC_OK);
    assert_int_equal(time, cases[i].time);
  }
}

static void refuses_what_is_no_instant(void **state) {
  (void)state;
  static const char *const bad[] = {"",
                                    "2025-12-14",
                                    "2025-12-14T10:30:00",
                                    "2025-02-29T00:00:00Z",
                                    "2025-13-01T00:00:00Z",
                                    "2025-12-14T24:00:00Z",
                                    "2025-12-14T10:60:00Z",
                                    "2025-12-14T10:30:60Z",
                                    "2025-12-14T10:30:00Zx",
                                    "2025-12-14T10:30:00.Z",
                                    "2025-1-14T10:30:00Z",
                                    "2025-12-14T10:30:00+1:00",
                                    "-025-12-14T10:30:00Z",
                                    "2025-12-14T10:30:00+24:00",
                                    "0001-01-01T00:00:00+01:00"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    zc_time time = 42;
    assert_int_equal(zc_time_parse(bad[i], &time), ZC_EINVAL);
    assert_int_equal(time, 42);
  }
}

static void calendar_agrees_with_the_c_library(void **state) {
  (void)state;
  zc_random random;
  zc_random_init(&random, 7);
  for (int i = 0; i < 20000; i++) {
    int64_t second = (int64_t)zc_random_below(&random, UINT64_C(253402300800));
    time_t t = (time_t)second;
    struct tm tm;
    assert_non_null(gmtime_r(&t, &tm));
    zc_civil c = zc_civil_from_time(second * 1000);
    assert_int_equal(c.year, tm.tm_year + 1900);
    assert_int_equal(c.month, tm.tm_mon + 1);
    assert_int_equal(c.day, tm.tm_mday);
    assert_int_equal(c.hour, tm.tm_hour);
    assert_int_equal(c.second, tm.tm_sec);
    assert_int_equal(c.weekday, tm.tm_wday);
    assert_int_equal(zc_civil_to_time(&c), second * 1000);
  }
}

static void text_and_time_are_inverse(void **state) {
  (void)state;
  zc_random random;
  zc_random_init(&random, 11);
  for (int i = 0; i < 20000; i++) {
    zc_time time =
        ZC_TIME_MIN + (zc_time)zc_random_below(&random, (uint64_t)(ZC_TIME_MAX - ZC_TIME_MIN));
    char text[ZC_TIME_TEXT_SIZE];
    zc_time back;
    assert_int_equal(zc_time_format(time, text, sizeof text), ZC_OK);
    assert_int_equal(zc_time_parse(text, &back), ZC_OK);
    assert_int_equal(back, time);
  }
  char text[ZC_TIME_TEXT_SIZE];
  assert_int_equal(zc_time_format(ZC_TIME_MAX + 1, text, sizeof text), ZC_EINVAL);
  assert_int_equal(zc_time_format(0, text, 5), ZC_EINVAL);
  assert_int_equal(zc_date_format(INT64_C(1765708200000), text, sizeof text), ZC_OK);
  assert_string_equal(text, "2025-12-14");
}

static void durations_both_ways(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t ms;
  } cases[] = {{"500ms", 500},  {"30s", 30000},    {"15m", 900000}, {"90m", 5400000},
               {"2h", 7200000}, {"7d", 604800000}, {"0s", 0}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int64_t ms;
    char text[32];
    assert_int_equal(zc_duration_parse(cases[i].text, &ms), ZC_OK);
    assert_int_equal(ms, cases[i].ms);
    zc_duration_format(ms, text, sizeof text);
    assert_string_equal(text, cases[i].text);
  }
  static const char *const bad[] = {"",   "5",   "s", "-5s", "1.5h", "5 s", "5S", "99999999999999d",
                                    "5w", "5mss"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    int64_t ms;
    assert_int_equal(zc_duration_parse(bad[i], &ms), ZC_EINVAL);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parses_what_rfc_3339_and_the_uk_api_write),
      cmocka_unit_test(refuses_what_is_no_instant),
      cmocka_unit_test(calendar_agrees_with_the_c_library),
      cmocka_unit_test(text_and_time_are_inverse),
      cmocka_unit_test(durations_both_ways),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
