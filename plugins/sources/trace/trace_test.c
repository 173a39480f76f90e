/* Recordings handed out as observations and forecasts: small ones written here, the demo trace of
 * this repository, and real years where they lie beside it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/source_host.h"

extern const zc_plugin *zc_entry_v1_trace(void);

#define HOUR INT64_C(3600000)
#define DAY  (24 * HOUR)

static char path[64];

static void write_file(const char *text) {
  snprintf(path, sizeof path, "/tmp/zerocarb_trace_XXXXXX");
  int descriptor = mkstemp(path);
  assert_true(descriptor >= 0);
  assert_int_equal(write(descriptor, text, strlen(text)), strlen(text));
  close(descriptor);
}

/* Options: "name", "value", …, NULL. */
static source_host *make(const char *file, const char *column, const char *now,
                         const char *const *options) {
  source_host *host = source_host_create(zc_entry_v1_trace(), at(now));
  const char *const pairs[] = {"file", file, column ? "column" : NULL, column, NULL};
  source_host_region(host, "r", pairs);
  for (; options && options[0]; options += 2)
    source_host_option(host, options[0], options[1]);
  return host;
}

static source_host *open_file(const char *file, const char *column, const char *now,
                              const char *const *options) {
  source_host *host = make(file, column, now, options);
  if (source_host_open(host) != ZC_OK) fail_msg("%s", host->log);
  return host;
}

static double sum(const source_host *host) {
  double total = 0;
  for (size_t i = 0; i < host->n_points; i++)
    total += host->points[i].point.value;
  return total;
}

static void assert_span(const source_host *host, size_t n, const char *from, const char *to,
                        uint32_t flags) {
  assert_int_equal(host->n_points, n);
  for (size_t i = 0; i < n; i++) {
    assert_int_equal(host->points[i].point.flags, flags);
    if (i > 0) assert_true(host->points[i].point.from >= host->points[i - 1].point.to);
  }
  if (n == 0) return;
  assert_int_equal(host->points[0].point.from, at(from));
  assert_int_equal(host->points[n - 1].point.to, at(to));
}

/* ---- small recordings ---------------------------------------------------------------------- */

#define DAY_OF_QUARTERS                                                                            \
  "timestamp,carbon_intensity,other\n2026-01-02T00:00:00Z,100,1\n2026-01-02T06:00:00Z,110,2\n"     \
  "2026-01-02T12:00:00Z,,3\n2026-01-02T18:00:00Z,130,4\n"

static void the_past_is_observed_and_the_future_forecast(void **state) {
  (void)state;
  static const char *const options[] = {"basis", "lifecycle", NULL};
  write_file(DAY_OF_QUARTERS);
  source_host *host = open_file(path, NULL, "2026-01-02T06:30:00Z", options);
  assert_int_equal(source_host_observe(host, "r", at("2026-01-01T00:00:00Z")), ZC_OK);
  assert_span(host, 2, "2026-01-02T00:00:00Z", "2026-01-02T12:00:00Z", ZC_POINT_OBSERVED);
  assert_true(host->points[1].point.value == 110);
  assert_int_equal(host->points[0].signal.basis, ZC_BASIS_LIFECYCLE);
  assert_int_equal(source_host_observe(host, "r", at("2026-01-02T06:00:00Z")), ZC_OK);
  assert_span(host, 1, "2026-01-02T06:00:00Z", "2026-01-02T12:00:00Z", ZC_POINT_OBSERVED);
  assert_int_equal(source_host_forecast(host, "r"), ZC_OK);
  assert_span(host, 2, "2026-01-02T06:00:00Z", "2026-01-03T00:00:00Z", ZC_POINT_FORECAST);
  assert_true(host->points[1].point.value == 130); /* the gap is none of the points */
  host->now = at("2026-01-03T00:00:00Z");          /* observed still, but with nothing ahead */
  assert_int_equal(source_host_observe(host, "r", host->now - DAY), ZC_OK);
  assert_int_equal(host->n_points, 3);
  assert_int_equal(source_host_forecast(host, "r"), ZC_EDATA);
  assert_int_equal(host->n_points, 0);
  assert_string_equal(
      host->done_message,
      "the recording of carbon_intensity covers 2026-01-02T00:00:00Z to "
      "2026-01-03T00:00:00Z; nothing for the time asked; `repeat: true` repeats it");
  host->now = at("2026-01-02T06:00:00Z"); /* a slot that begins now has begun */
  assert_int_equal(source_host_observe(host, "r", host->now - DAY), ZC_OK);
  assert_int_equal(host->n_points, 2);
  assert_int_equal(source_host_observe(host, "elsewhere", 0), ZC_ENOTFOUND);
  source_host_destroy(host);
  unlink(path);
}

static void forecast_hours_end_the_forecast(void **state) {
  (void)state;
  static const char *const six[] = {"forecast_hours", "6", NULL};
  static const char *const none[] = {"forecast_hours", "0", NULL};
  write_file(DAY_OF_QUARTERS);
  source_host *host = open_file(path, "other", "2026-01-02T06:00:00Z", six);
  assert_int_equal(source_host_forecast(host, "r"), ZC_OK);
  assert_span(host, 1, "2026-01-02T06:00:00Z", "2026-01-02T12:00:00Z", ZC_POINT_FORECAST);
  host->now++;
  assert_int_equal(source_host_forecast(host, "r"), ZC_OK);
  assert_span(host, 2, "2026-01-02T06:00:00Z", "2026-01-02T18:00:00Z", ZC_POINT_FORECAST);
  source_host_destroy(host);
  host = open_file(path, "other", "2026-01-02T07:00:00Z", none);
  assert_int_equal(source_host_forecast(host, "r"), ZC_OK);
  assert_int_equal(host->n_points, 0);
  source_host_destroy(host);
  unlink(path);
}

static void regions_share_the_reading_of_a_file(void **state) {
  (void)state;
  write_file(DAY_OF_QUARTERS);
  source_host *host = make(path, NULL, "2026-01-02T06:00:00Z", NULL);
  const char *const other[] = {"file", path, "column", "other", NULL};
  const char *const same[] = {"file", path, NULL};
  source_host_region(host, "other", other);
  source_host_region(host, "same", same);
  assert_int_equal(source_host_open(host), ZC_OK);
  source_host_observe(host, "r", host->now);
  assert_true(host->points[0].point.value == 110);
  source_host_observe(host, "other", host->now);
  assert_true(host->points[0].point.value == 2);
  source_host_observe(host, "same", host->now);
  assert_true(host->points[0].point.value == 110);
  source_host_destroy(host);
  unlink(path);
}

static void forecast_errors_are_seeded(void **state) {
  (void)state;
  static const char *const one[] = {"forecast_error_percent", "20", "seed", "1", NULL};
  static const char *const two[] = {"forecast_error_percent", "20", "seed", "2", NULL};
  static const char *const wild[] = {"forecast_error_percent", "100", NULL};
  double first[3];
  write_file(DAY_OF_QUARTERS);
  for (int round = 0; round < 2; round++) {
    source_host *host = open_file(path, "other", "2026-01-02T00:00:00Z", one);
    assert_int_equal(source_host_forecast(host, "r"), ZC_OK);
    for (int i = 0; i < 3; i++) {
      double value = host->points[i].point.value;
      assert_true(value != i + 1);
      if (round == 0) first[i] = value;
      assert_true(value == first[i]);
    }
    host->now = at("2026-01-02T06:00:00Z"); /* later, and still the same for the same slot */
    assert_int_equal(source_host_forecast(host, "r"), ZC_OK);
    assert_true(host->points[0].point.value == first[1]);
    source_host_observe(host, "r", host->now); /* what was observed has no error */
    assert_true(host->points[0].point.value == 2);
    source_host_destroy(host);
  }
  source_host *host = open_file(path, "other", "2026-01-02T00:00:00Z", two);
  source_host_forecast(host, "r");
  assert_true(host->points[0].point.value != first[0]);
  source_host_destroy(host);
  host =
      open_file(path, "other", "2026-01-02T00:00:00Z", wild); /* never negative: the host asserts */
  source_host_forecast(host, "r");
  source_host_destroy(host);
  unlink(path);
}

static void a_recording_can_repeat(void **state) {
  (void)state;
  static const char *const options[] = {"repeat", "true", NULL};
  write_file(DAY_OF_QUARTERS);
  source_host *host = open_file(path, "other", "2030-07-01T07:00:00Z", options);
  assert_int_equal(source_host_observe(host, "r", host->now - 2 * DAY), ZC_OK);
  assert_span(host, 9, "2030-06-29T06:00:00Z", "2030-07-01T12:00:00Z", ZC_POINT_OBSERVED);
  for (size_t i = 0; i < 9; i++) {
    assert_true(host->points[i].point.value == (double)((i + 1) % 4 + 1));
  }
  assert_int_equal(source_host_forecast(host, "r"), ZC_OK);
  assert_span(host, 9, "2030-07-01T06:00:00Z", "2030-07-03T12:00:00Z", ZC_POINT_FORECAST);
  host->now = at("1999-12-31T23:59:59Z"); /* backwards too */
  assert_int_equal(source_host_observe(host, "r", host->now), ZC_OK);
  assert_span(host, 1, "1999-12-31T18:00:00Z", "2000-01-01T00:00:00Z", ZC_POINT_OBSERVED);
  assert_true(host->points[0].point.value == 4);
  source_host_destroy(host);
  unlink(path);
}

static void a_week_repeats_on_its_weekdays(void **state) {
  (void)state;
  static const char *const options[] = {"repeat", "true", "forecast_hours", "240", NULL};
  char text[4096] = "timestamp,carbon_intensity\n";
  for (int day = 0; day < 9; day++) { /* 2026-01-05 is a Monday; nine days: one week counts */
    snprintf(text + strlen(text), sizeof text - strlen(text), "2026-01-%02dT00:00:00Z,%d\n",
             5 + day, day);
  }
  write_file(text);
  source_host *host = open_file(path, NULL, "2026-11-25T12:00:00Z", options); /* a Wednesday */
  assert_int_equal(source_host_forecast(host, "r"), ZC_OK);
  assert_span(host, 11, "2026-11-25T00:00:00Z", "2026-12-06T00:00:00Z", ZC_POINT_FORECAST);
  for (size_t i = 0; i < 11; i++) {
    assert_true(host->points[i].point.value == (double)((i + 2) % 7));
  }
  source_host_destroy(host);
  unlink(path);
}

static void what_cannot_be_read_or_repeated_is_refused(void **state) {
  (void)state;
  static const char *const repeat[] = {"repeat", "true", NULL};
  source_host *host = make("/no/such.csv", NULL, "2026-01-02T00:00:00Z", NULL);
  assert_int_equal(source_host_open(host), ZC_EIO);
  assert_string_equal(host->log, "/no/such.csv: No such file or directory\n");
  source_host_destroy(host);
  write_file("timestamp,carbon_intensity\n2026-01-02T00:00:00Z,1\n2026-01-02T06:00:00Z,x\n");
  host = make(path, NULL, "2026-01-02T00:00:00Z", NULL);
  assert_int_equal(source_host_open(host), ZC_EDATA);
  assert_non_null(strstr(host->log, ":3: \"x\" is not a carbon intensity"));
  assert_ptr_equal(strstr(host->log, path), host->log);
  source_host_destroy(host);
  unlink(path);
  write_file("timestamp,carbon_intensity\n2026-01-02T00:00:00Z,1\n2026-01-02T06:00:00Z,2\n");
  host = make(path, NULL, "2026-01-02T00:00:00Z", repeat);
  assert_int_equal(source_host_open(host), ZC_EDATA);
  assert_non_null(strstr(host->log, "too short to be repeated"));
  source_host_destroy(host);
  unlink(path);
}

/* ---- real and shipped recordings ----------------------------------------------------------- */

static void the_uk_year_has_its_gaps(void **state) {
  (void)state;
  const char *file = shared_file("traces/gb_neso_2023.csv");
  source_host *host = open_file(file, "actual", "2024-01-01T00:00:00Z", NULL);
  assert_non_null(strstr(host->log, "column actual: 5 half-hourly zeros between high values, the "
                                    "first at 2023-01-31T01:00:00Z"));
  assert_int_equal(source_host_observe(host, "r", at("2022-12-31T00:00:00Z")), ZC_OK);
  /* 17430 rows, 5 of them empty and 5 false zeros; the sum as awk adds it up */
  assert_span(host, 17420, "2022-12-31T23:30:00Z", "2024-01-01T00:00:00Z", ZC_POINT_OBSERVED);
  assert_true(sum(host) == 2650868);
  assert_true(source_host_find(host, "2023-10-20T21:30:00Z") >= 0);
  for (zc_time t = at("2023-10-20T22:00:00Z"); t < at("2023-10-22T19:30:00Z"); t += HOUR / 2) {
    for (size_t i = 0; i < host->n_points; i++) {
      assert_false(host->points[i].point.from <= t && t < host->points[i].point.to);
    }
  }
  assert_true(source_host_find(host, "2023-10-22T19:30:00Z") >= 0);
  assert_int_equal(source_host_find(host, "2023-01-26T13:30:00Z"), -1);
  assert_int_equal(source_host_find(host, "2023-06-07T11:00:00Z"), -1);
  source_host_destroy(host);
  host = open_file(file, "forecast", "2024-01-01T00:00:00Z", NULL);
  assert_int_equal(source_host_observe(host, "r", at("2022-12-31T00:00:00Z")), ZC_OK);
  assert_int_equal(host->n_points, 17430);
  assert_true(sum(host) == 2637149);
  source_host_destroy(host);
}

static void the_german_year_is_regular(void **state) {
  (void)state;
  static const char *const options[] = {"forecast_hours", "8784", NULL};
  const char *file = shared_file("traces/de_2020.csv");
  source_host *host = open_file(file, NULL, "2020-01-01T00:00:00Z", options);
  assert_int_equal(source_host_forecast(host, "r"), ZC_OK);
  assert_span(host, 17568, "2020-01-01T00:00:00Z", "2021-01-01T00:00:00Z", ZC_POINT_FORECAST);
  host->now = at("2021-01-09T23:29:59Z");
  assert_int_equal(source_host_observe(host, "r", at("2020-01-01T00:00:00Z")), ZC_OK);
  assert_span(host, 17999, "2020-01-01T00:00:00Z", "2021-01-09T23:30:00Z", ZC_POINT_OBSERVED);
  assert_true(fabs(sum(host) - 5700196.2287598383) < 1e-6);
  source_host_destroy(host);
}

static void the_zones_of_2022_are_columns(void **state) {
  (void)state;
  const char *file = shared_file("traces/aws_zones_2022.csv");
  source_host *host = open_file(file, "GB", "2023-01-01T00:00:00Z", NULL);
  assert_int_equal(source_host_observe(host, "r", at("2022-01-01T00:00:00Z")), ZC_OK);
  assert_span(host, 8760, "2022-01-01T00:00:00Z", "2023-01-01T00:00:00Z", ZC_POINT_OBSERVED);
  assert_true(fabs(sum(host) - 2056829.46) < 1e-6);
  source_host_destroy(host);
  host = make(file, "XX", "2023-01-01T00:00:00Z", NULL);
  assert_int_equal(source_host_open(host), ZC_EDATA);
  assert_non_null(strstr(host->log, "aws_zones_2022.csv:1: no column \"XX\"; the first of those "
                                    "that are there is \"AU-NSW\""));
  source_host_destroy(host);
}

static void another_schedulers_series_is_read(void **state) {
  (void)state;
  const char *file = shared_file("payloads/cats/carbon_intensity_24h.csv");
  source_host *host = open_file(file, "intensity", "2023-05-04T12:30:00Z", NULL);
  assert_int_equal(source_host_forecast(host, "r"), ZC_OK);
  assert_span(host, 96, "2023-05-04T12:30:00Z", "2023-05-06T12:30:00Z", ZC_POINT_FORECAST);
  assert_true(host->points[0].point.value == 11);
  assert_true(host->points[95].point.value == 40);
  source_host_destroy(host);
}

static void the_demo_trace_answers_at_any_time(void **state) {
  (void)state;
  static const char *const columns[] = {"eu-west-2",    "eu-north-1", "eu-west-3",
                                        "eu-central-2", "eu-west-1",  "eu-central-1"};
  static const char *const options[] = {"repeat", "true", NULL};
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
    source_host *host =
        open_file(ZC_ROOT "/etc/demo-trace.csv", columns[i], "2031-03-03T03:15:00Z", options);
    assert_int_equal(source_host_forecast(host, "r"), ZC_OK);
    assert_span(host, 97, "2031-03-03T03:00:00Z", "2031-03-05T03:30:00Z", ZC_POINT_FORECAST);
    assert_int_equal(host->worst_level, 0);
    source_host_destroy(host);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_past_is_observed_and_the_future_forecast),
      cmocka_unit_test(forecast_hours_end_the_forecast),
      cmocka_unit_test(regions_share_the_reading_of_a_file),
      cmocka_unit_test(forecast_errors_are_seeded),
      cmocka_unit_test(a_recording_can_repeat),
      cmocka_unit_test(a_week_repeats_on_its_weekdays),
      cmocka_unit_test(what_cannot_be_read_or_repeated_is_refused),
      cmocka_unit_test(the_uk_year_has_its_gaps),
      cmocka_unit_test(the_german_year_is_regular),
      cmocka_unit_test(the_zones_of_2022_are_columns),
      cmocka_unit_test(another_schedulers_series_is_read),
      cmocka_unit_test(the_demo_trace_answers_at_any_time),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
