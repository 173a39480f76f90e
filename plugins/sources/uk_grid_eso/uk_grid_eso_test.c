/* The plugin's own code against scripted answers: recorded ones where they lie beside the
 * repository, and odd ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/source_host.h"

extern const zc_plugin *zc_entry_v1_uk_grid_eso(void);

#define RECORDED "payloads/uk_carbon_intensity/"

static source_host *open_area(const char *area, const char *now) {
  const char *const pairs[] = {"area", area, NULL};
  source_host *host = source_host_create(zc_entry_v1_uk_grid_eso(), at(now));
  source_host_region(host, "eu-west-2", area ? pairs : NULL);
  assert_int_equal(source_host_open(host), ZC_OK);
  return host;
}

static double sum(const source_host *host) {
  double total = 0;
  for (size_t i = 0; i < host->n_points; i++)
    total += host->points[i].point.value;
  return total;
}

static size_t count_flags(const source_host *host, uint32_t flags) {
  size_t n = 0;
  for (size_t i = 0; i < host->n_points; i++)
    n += host->points[i].point.flags == flags;
  return n;
}

/* Ascending, and from and to as told. */
static void assert_span(const source_host *host, size_t n, const char *from, const char *to) {
  assert_int_equal(host->n_points, n);
  for (size_t i = 1; i < n; i++) {
    assert_true(host->points[i].point.from >= host->points[i - 1].point.to);
  }
  assert_int_equal(host->points[0].point.from, at(from));
  assert_int_equal(host->points[n - 1].point.to, at(to));
  assert_int_equal(host->points[0].signal.kind, ZC_GRID_INTENSITY);
  assert_int_equal(host->points[0].signal.basis, ZC_BASIS_OPERATIONAL);
}

static void assert_value(const source_host *host, const char *from, double value, uint32_t flags) {
  long i = source_host_find(host, from);
  if (i < 0) fail_msg("no half hour from %s", from);
  assert_true(host->points[i].point.value == value);
  assert_int_equal(host->points[i].point.flags, flags);
}

/* ---- options ------------------------------------------------------------------------------- */

static void areas_are_checked(void **state) {
  (void)state;
  static const char *const good[] = {"national", "1", "17", "BH1", "sw1a", "E1", "EC1A", "M60"};
  static const char *const bad[] = {"",   "0",     "18",   "National", "SW1A 1AA", "EH",
                                    "1A", "A1B2C", "ABC1", "-1",       "13/../x",  "BH1\n"};
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    source_host_destroy(open_area(good[i], "2026-01-02T03:00:00Z"));
  }
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    const char *const pairs[] = {"area", bad[i], NULL};
    source_host *host = source_host_create(zc_entry_v1_uk_grid_eso(), at("2026-01-02T03:00:00Z"));
    source_host_region(host, "eu-west-2", pairs);
    assert_int_equal(source_host_open(host), ZC_EINVAL);
    char named[64];
    snprintf(named, sizeof named, "region eu-west-2: no area \"%s\"", bad[i]);
    assert_non_null(strstr(host->log, named));
    source_host_destroy(host);
  }
}

static void a_region_that_is_not_ours_is_refused(void **state) {
  (void)state;
  source_host *host = open_area("13", "2026-01-02T03:00:00Z");
  assert_int_equal(source_host_observe(host, "eu-west-1", 0), ZC_ENOTFOUND);
  source_host_destroy(host);
}

/* ---- recorded answers ---------------------------------------------------------------------- */

typedef struct {
  const char *file, *area, *now;
  bool forecast;
  size_t n;
  const char *from, *to;
  double sum; /* of the values, added up from the file by jq */
  size_t observed, estimated;
} recorded;

static const recorded recordings[] = {
    {"national_fw48h_2023-12-03.json", NULL, "2023-12-03T10:45:00Z", true, 96,
     "2023-12-03T10:30:00Z", "2023-12-05T10:30:00Z", 19300, 0, 0},
    {"national_fw48h_2023-12-03.json", NULL, "2023-12-03T10:45:00Z", false, 1,
     "2023-12-03T10:30:00Z", "2023-12-03T11:00:00Z", 206, 1, 0},
    {"national_fw48h_2024-01-12T0601Z_first8.json", NULL, "2024-01-12T06:10:00Z", true, 8,
     "2024-01-12T06:00:00Z", "2024-01-12T10:00:00Z", 2431, 0, 0},
    {"national_fw48h_2024-01-12T0601Z_first8.json", NULL, "2024-01-12T06:10:00Z", false, 1,
     "2024-01-12T06:00:00Z", "2024-01-12T06:30:00Z", 293, 0, 1},
    {"national_fw48h_2024-01-12T0831Z_first8.json", NULL, "2024-01-12T08:31:00Z", true, 8,
     "2024-01-12T08:30:00Z", "2024-01-12T12:30:00Z", 2427, 0, 0},
    {"national_pt24h_2024-01-12T0601Z_first8.json", NULL, "2024-01-12T06:10:00Z", false, 8,
     "2024-01-11T06:00:00Z", "2024-01-11T10:00:00Z", 2221, 8, 0},
    {"national_pt_2023-07-04_trimmed.json", NULL, "2023-07-05T00:31:00Z", false, 2,
     "2023-07-04T23:30:00Z", "2023-07-05T00:30:00Z", 251, 2, 0},
    {"national_range_2017-10-01.json", NULL, "2017-10-02T12:00:00Z", false, 49,
     "2017-10-01T11:30:00Z", "2017-10-02T12:00:00Z", 6975, 49, 0},
    {"regional_fw48h_postcode_BH1_2020-05-19.json", "BH1", "2020-05-19T20:10:00Z", true, 48,
     "2020-05-19T20:00:00Z", "2020-05-20T20:00:00Z", 11949, 0, 0},
    {"regional_fw48h_regionid13_2023-12-03.json", "13", "2023-12-03T10:45:00Z", true, 96,
     "2023-12-03T10:30:00Z", "2023-12-05T10:30:00Z", 16959, 0, 0},
    {"regional_fw48h_regionid13_2023-12-03.json", "13", "2023-12-03T12:00:00Z", false, 4,
     "2023-12-03T10:30:00Z", "2023-12-03T12:30:00Z", 549, 0, 4},
    {"regional_postcode_2023-07-04_trimmed.json", "KT1", "2023-07-05T00:10:00Z", false, 2,
     "2023-07-04T23:30:00Z", "2023-07-05T00:30:00Z", 237, 0, 2},
    {"regional_postcode_2023-07-04_trimmed.json", "14", "2023-07-05T00:10:00Z", true, 1,
     "2023-07-05T00:00:00Z", "2023-07-05T00:30:00Z", 116, 0, 0},
};

static void recorded_answers_become_series(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof recordings / sizeof *recordings; i++) {
    const recorded *r = &recordings[i];
    char name[128];
    snprintf(name, sizeof name, RECORDED "%s", r->file);
    const char *path = shared_file(name);
    source_host *host = open_area(r->area, r->now);
    source_host_script_file(host, "/", 200, path);
    int status = r->forecast ? source_host_forecast(host, "eu-west-2")
                             : source_host_observe(host, "eu-west-2", 0);
    if (status != ZC_OK) fail_msg("%s: %s", r->file, host->done_message);
    assert_span(host, r->n, r->from, r->to);
    assert_true(sum(host) == r->sum);
    assert_int_equal(count_flags(host, ZC_POINT_OBSERVED), r->observed);
    assert_int_equal(count_flags(host, ZC_POINT_ESTIMATED), r->estimated);
    if (r->forecast) assert_int_equal(count_flags(host, ZC_POINT_FORECAST), r->n);
    assert_int_equal(host->worst_level, 0);
    source_host_destroy(host);
  }
}

typedef struct {
  const char *file;
  int http;
  int status;
  const char *words;
} failing;

static const failing failures[] = {
    {"errors/200_empty_object.json", 200, ZC_EDATA, "no data: the API answered {}"},
    {"errors/200_empty_data_array.json", 200, ZC_EDATA, "no data: the API answered {\"data\":[]}"},
    {"errors/400_bad_datetime.json", 400, ZC_EDATA,
     "answered 400: Please enter a valid datetime in ISO8601 format"},
    {"errors/400_bad_region.json", 400, ZC_EDATA,
     "answered 400: Please enter a valid region ID i.e. 1-17."},
    {"errors/500_requested_resource_not_found.json", 500, ZC_EREMOTE,
     "answered 500: Requested resource not found."},
    {"generation_range_2023-07-04_trimmed.json", 200, ZC_EDATA, "no data: the API answered"},
    {"../intensity_factors.json", 200, ZC_EDATA, "no data: the API answered"},
    {"../py_carbonintensity_uk/500.html", 500, ZC_EREMOTE,
     "answered 500: mock answered 500: <!DOC"},
    {"../py_carbonintensity_uk/500.html", 200, ZC_EDATA, "not JSON: <!DOCTYPE html>"},
    {"regional_fw48h_regionid13_2023-12-03.json", 200, ZC_EDATA, "about another area"},
    {"regional_fw48h_postcode_BH1_2020-05-19.json", 200, ZC_EDATA, "about another area"},
};

static void recorded_errors_are_told(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
    const failing *f = &failures[i];
    char name[128];
    snprintf(name, sizeof name, RECORDED "%s", f->file);
    const char *path = shared_file(name);
    for (int forecast = 0; forecast < 2; forecast++) {
      source_host *host = open_area("national", "2023-12-03T10:45:00Z");
      source_host_script_file(host, "/", f->http, path);
      int status = forecast ? source_host_forecast(host, "eu-west-2")
                            : source_host_observe(host, "eu-west-2", 0);
      assert_int_equal(status, f->status);
      assert_int_equal(host->n_points, 0);
      if (!strstr(host->done_message, f->words)) {
        fail_msg("%s: unexpected message: %s", f->file, host->done_message);
      }
      assert_non_null(strstr(host->done_message, "area \"national\""));
      source_host_destroy(host);
    }
  }
}

/* ---- odd answers --------------------------------------------------------------------------- */

#define ROW(from, to, forecast, actual)                                                            \
  "{\"from\":\"2026-01-02T" from "Z\",\"to\":\"2026-01-02T" to                                     \
  "Z\",\"intensity\":{\"forecast\":" forecast ",\"actual\":" actual ",\"index\":\"low\"}}"

static source_host *observe_at_noon(const char *body, int expected) {
  source_host *host = open_area("national", "2026-01-02T12:00:00Z");
  source_host_script(host, "/", 200, body);
  assert_int_equal(source_host_observe(host, "eu-west-2", 0), expected);
  return host;
}

static void a_null_actual_is_never_a_number(void **state) {
  (void)state;
  source_host *host =
      observe_at_noon("{\"data\":[" ROW("11:00", "11:30", "90", "80") "," ROW(
                          "11:30", "12:00", "91",
                          "null") "," ROW("12:00", "12:30", "null",
                                          "null") "," ROW("12:30", "13:00", "93", "null") "]}",
                      ZC_OK);
  assert_span(host, 2, "2026-01-02T11:00:00Z", "2026-01-02T12:00:00Z");
  assert_value(host, "2026-01-02T11:00:00Z", 80, ZC_POINT_OBSERVED);
  assert_value(host, "2026-01-02T11:30:00Z", 91, ZC_POINT_ESTIMATED);
  assert_int_equal(host->points[0].point.index, ZC_INDEX_LOW);
  assert_non_null(strstr(host->log, "1 of 4 half hours have no usable value"));
  assert_int_equal(source_host_forecast(host, "eu-west-2"), ZC_OK);
  assert_span(host, 1, "2026-01-02T12:30:00Z", "2026-01-02T13:00:00Z");
  assert_value(host, "2026-01-02T12:30:00Z", 93, ZC_POINT_FORECAST);
  source_host_destroy(host);
}

static void text_and_wild_numbers_are_no_values(void **state) {
  (void)state;
  static const char *const values[] = {"\"90\"", "-1", "5001", "true", "[90]", "{}", "1e300"};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    char body[512];
    snprintf(
        body, sizeof body,
        "{\"data\":[{\"from\":\"2026-01-02T11:00Z\",\"to\":\"2026-01-02T11:30Z\",\"intensity\":"
        "{\"forecast\":%s,\"actual\":%s}}]}",
        values[i], values[i]);
    source_host *host = observe_at_noon(body, ZC_EDATA);
    assert_int_equal(host->n_points, 0);
    source_host_destroy(host);
  }
}

static void numbers_that_are_not_json_spoil_the_answer(void **state) {
  (void)state;
  static const char *const values[] = {"NaN", "Infinity", "-Infinity", "1e400", "0x10"};
  for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
    char body[512];
    snprintf(
        body, sizeof body,
        "{\"data\":[{\"from\":\"2026-01-02T11:00Z\",\"to\":\"2026-01-02T11:30Z\",\"intensity\":"
        "{\"forecast\":%s,\"actual\":null}}]}",
        values[i]);
    source_host *host = observe_at_noon(body, ZC_EDATA);
    assert_int_equal(host->n_points, 0);
    source_host_destroy(host);
  }
}

static void wrong_times_drop_the_row(void **state) {
  (void)state;
  source_host *host = observe_at_noon(
      "{\"data\":[" ROW("11:00", "11:00", "1", "1") "," ROW("11:00", "10:30", "2", "2") "," ROW(
          "11:00", "11:29", "3",
          "3") "," ROW("25:00", "26:00", "4",
                       "4") ","
                            "{\"from\":1,\"to\":2,\"intensity\":{\"forecast\":5,\"actual\":5}},"
                            "{\"from\":\"2026-01-01T11:00Z\",\"to\":\"2026-01-02T11:30Z\","
                            "\"intensity\":{\"forecast\":6,"
                            "\"actual\":6}},"
                            "{\"from\":\"2026-01-02T09:00\",\"to\":\"2026-01-02T09:30\","
                            "\"intensity\":{\"forecast\":7}},"
                            "7,null,\"x\"," ROW("10:30", "11:00", "8", "8") "]}",
      ZC_OK);
  assert_span(host, 1, "2026-01-02T10:30:00Z", "2026-01-02T11:00:00Z");
  assert_non_null(strstr(host->log, "7 of 8 half hours"));
  source_host_destroy(host);
}

static void doubled_and_shuffled_rows_are_put_right(void **state) {
  (void)state;
  source_host *host = observe_at_noon(
      "{\"data\":[" ROW("11:30", "12:00", "93", "83") "," ROW("11:00", "11:30", "92", "82") "," ROW(
          "10:30", "11:00", "91", "81") "," ROW("11:00", "11:30", "72", "62") "]}",
      ZC_OK);
  assert_span(host, 3, "2026-01-02T10:30:00Z", "2026-01-02T12:00:00Z");
  assert_value(host, "2026-01-02T11:00:00Z", 62, ZC_POINT_OBSERVED);
  source_host_destroy(host);
}

static void data_may_be_wrapped_in_any_way(void **state) {
  (void)state;
  static const char *const bodies[] = {
      "{\"data\":" ROW("11:00", "11:30", "90", "80") "}",
      "{\"data\":{\"data\":[" ROW("11:00", "11:30", "90", "80") "]}}",
      "{\"data\":[{\"data\":[" ROW("11:00", "11:30", "90", "80") "]}]}",
      "{\"data\":[{\"data\":" ROW("11:00", "11:30", "90", "80") "}]}",
      "[" ROW("11:00", "11:30", "90", "80") "]",
  };
  for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
    source_host *host = observe_at_noon(bodies[i], ZC_OK);
    assert_span(host, 1, "2026-01-02T11:00:00Z", "2026-01-02T11:30:00Z");
    source_host_destroy(host);
  }
}

static void a_short_forecast_is_taken_as_it_is(void **state) {
  (void)state;
  char body[8192] = "{\"data\":[";
  for (int i = 0; i < 31; i++) {
    int from = 8 * 60 + 30 * i, to = from + 30;
    snprintf(body + strlen(body), sizeof body - strlen(body),
             "%s{\"from\":\"2026-01-02T%02d:%02dZ\",\"to\":\"2026-01-%02dT%02d:%02dZ\","
             "\"intensity\":{\"forecast\":%d,\"actual\":null,\"index\":\"very high\"}}",
             i ? "," : "", from / 60, from % 60, to < 1440 ? 2 : 3, to / 60 % 24, to % 60, 100 + i);
  }
  strcat(body, "]}");
  source_host *host = open_area("national", "2026-01-02T08:00:00Z");
  source_host_script(host, "/", 200, body);
  assert_int_equal(source_host_forecast(host, "eu-west-2"), ZC_OK);
  assert_span(host, 31, "2026-01-02T08:00:00Z", "2026-01-02T23:30:00Z");
  assert_int_equal(host->points[30].point.index, ZC_INDEX_VERY_HIGH);
  host->now = at("2026-01-03T00:00:00Z");
  assert_int_equal(source_host_forecast(host, "eu-west-2"), ZC_EDATA);
  assert_non_null(strstr(host->done_message, "no half hour that ends after now"));
  source_host_destroy(host);
}

static void zeros_between_high_neighbours_are_telemetry(void **state) {
  (void)state;
  source_host *host = observe_at_noon(
      "{\"data\":[" ROW("06:00", "06:30", "90", "60") "," ROW("06:30", "07:00", "91", "0") "," ROW(
          "07:00", "07:30", "92",
          "0.0") "," ROW("07:30", "08:00", "93",
                         "75") "," ROW("08:00", "08:30", "40",
                                       "19") "," ROW("08:30", "09:00", "5",
                                                     "0") "," ROW("09:00", "09:30", "41",
                                                                  "70") "," ROW("11:30", "12:00",
                                                                                "94", "0") "]}",
      ZC_OK);
  assert_value(host, "2026-01-02T06:30:00Z", 91, ZC_POINT_ESTIMATED);
  assert_value(host, "2026-01-02T07:00:00Z", 92, ZC_POINT_ESTIMATED);
  /* 19 before it: wind may have done it. No neighbour at all: nothing can be said. */
  assert_value(host, "2026-01-02T08:30:00Z", 0, ZC_POINT_OBSERVED);
  assert_value(host, "2026-01-02T11:30:00Z", 0, ZC_POINT_OBSERVED);
  source_host_destroy(host);
  host = observe_at_noon(
      "{\"data\":[" ROW("11:00", "11:30", "90", "200") "," ROW("11:30", "12:00", "95", "0") "]}",
      ZC_OK);
  assert_value(host, "2026-01-02T11:30:00Z", 95, ZC_POINT_ESTIMATED);
  source_host_destroy(host);
}

static void null_and_the_dead_network_are_told(void **state) {
  (void)state;
  source_host *host = observe_at_noon("null", ZC_EDATA);
  assert_non_null(strstr(host->done_message, "the API answered null"));
  source_host_destroy(host);
  host = observe_at_noon("", ZC_EDATA);
  assert_non_null(strstr(host->done_message, "not JSON"));
  source_host_script(host, "/", 429, "{}");
  assert_int_equal(source_host_observe(host, "eu-west-2", 0), ZC_ERATE);
  source_host_script(host, "/", 403, "<html>");
  assert_int_equal(source_host_observe(host, "eu-west-2", 0), ZC_EAUTH);
  source_host_script_error(host, "/", ZC_ETIMEDOUT);
  assert_int_equal(source_host_observe(host, "eu-west-2", 0), ZC_ETIMEDOUT);
  assert_non_null(strstr(host->done_message, "area \"national\": mock answered"));
  source_host_destroy(host);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(areas_are_checked),
      cmocka_unit_test(a_region_that_is_not_ours_is_refused),
      cmocka_unit_test(recorded_answers_become_series),
      cmocka_unit_test(recorded_errors_are_told),
      cmocka_unit_test(a_null_actual_is_never_a_number),
      cmocka_unit_test(text_and_wild_numbers_are_no_values),
      cmocka_unit_test(numbers_that_are_not_json_spoil_the_answer),
      cmocka_unit_test(wrong_times_drop_the_row),
      cmocka_unit_test(doubled_and_shuffled_rows_are_put_right),
      cmocka_unit_test(data_may_be_wrapped_in_any_way),
      cmocka_unit_test(a_short_forecast_is_taken_as_it_is),
      cmocka_unit_test(zeros_between_high_neighbours_are_telemetry),
      cmocka_unit_test(null_and_the_dead_network_are_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
