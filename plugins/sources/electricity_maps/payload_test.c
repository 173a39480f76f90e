/* What the plugin makes of bodies: recorded ones where they lie beside the repository, and odd
 * ones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/source_host.h"

extern const zc_plugin *zc_entry_v1_electricity_maps(void);

#define RECORDED  "payloads/electricitymaps/"
#define LATEST_DE "{\"zone\":\"DE\",\"carbonIntensity\":1,\"datetime\":\"2024-03-06T19:00:00Z\"}"
#define NOTHING   "{\"error\":\"none\"}"

static source_host *open_zone(const char *zone, const char *factors, const char *now) {
  const char *const pairs[] = {"zone", zone, NULL};
  source_host *host = source_host_create(zc_entry_v1_electricity_maps(), at(now));
  source_host_option(host, "token", "secret");
  source_host_option(host, "emission_factor_type", factors);
  source_host_region(host, "r", pairs);
  assert_int_equal(source_host_open(host), ZC_OK);
  source_host_script(host, "/v4/", 404, NOTHING);
  return host;
}

static void assert_point(const source_host *host, size_t i, const char *from, double value,
                         uint32_t flags) {
  const zc_point *point = &host->points[i].point;
  assert_true(i < host->n_points);
  assert_int_equal(point->from, at(from));
  assert_int_equal(point->to, at(from) + 3600000);
  assert_true(point->value == value);
  assert_int_equal(point->flags, flags);
  assert_int_equal(host->points[i].signal.kind, ZC_GRID_INTENSITY);
}

/* ---- recorded ------------------------------------------------------------------------------ */

static void recorded_latest_values(void **state) {
  (void)state;
  static const struct {
    const char *file, *zone, *now, *from;
    double value;
    uint32_t flags;
  } rows[] = {
      {"latest_BE_2024-11-28.json", "BE", "2024-11-28T15:10:00Z", "2024-11-28T15:00:00Z", 214,
       ZC_POINT_ESTIMATED},
      {"latest_US-CAR-DUK_2025-03-29.json", "US-CAR-DUK", "2025-03-29T18:59:00Z",
       "2025-03-29T18:00:00Z", 144, ZC_POINT_ESTIMATED},
      {"latest_carbon_intensity.json", "US-CAR-DUK", "2024-03-06T19:05:00Z", "2024-03-06T19:00:00Z",
       216, ZC_POINT_ESTIMATED},
      /* its hour has not begun by then: a forecast, whatever the endpoint is called */
      {"latest_carbon_intensity.json", "US-CAR-DUK", "2024-03-06T18:48:28Z", "2024-03-06T19:00:00Z",
       216, ZC_POINT_FORECAST},
      {"response.json", "DE", "2023-10-02T08:30:00Z", "2023-10-02T08:00:00Z", 474,
       ZC_POINT_ESTIMATED},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char name[128];
    snprintf(name, sizeof name, RECORDED "%s", rows[i].file);
    const char *path = shared_file(name);
    source_host *host = open_zone(rows[i].zone, "lifecycle", rows[i].now);
    source_host_script_file(host, "/v4/carbon-intensity/latest", 200, path);
    assert_int_equal(source_host_observe(host, "r", 0), ZC_OK);
    assert_int_equal(host->n_points, 1);
    assert_point(host, 0, rows[i].from, rows[i].value, rows[i].flags);
    assert_int_equal(host->points[0].signal.basis, ZC_BASIS_LIFECYCLE);
    source_host_destroy(host);
  }
}

static void recorded_history(void **state) {
  (void)state;
  const char *path = shared_file(RECORDED "carbon_intensity_history.json");
  source_host *host = open_zone("DE", "lifecycle", "2024-03-06T19:30:00Z");
  source_host_script_file(host, "/v4/carbon-intensity/history", 200, path);
  assert_int_equal(source_host_observe(host, "r", 0), ZC_OK);
  assert_int_equal(host->n_points, 24);
  double sum = 0;
  for (size_t i = 0; i < 24; i++) {
    assert_int_equal(host->points[i].point.from, at("2024-03-05T20:00:00Z") + (zc_time)i * 3600000);
    sum += host->points[i].point.value;
  }
  assert_true(sum == 14399); /* added up from the file by jq */
  assert_point(host, 0, "2024-03-05T20:00:00Z", 599, ZC_POINT_OBSERVED);
  assert_point(host, 21, "2024-03-06T17:00:00Z", 633, ZC_POINT_OBSERVED);
  assert_point(host, 22, "2024-03-06T18:00:00Z", 663, ZC_POINT_ESTIMATED);
  assert_point(host, 23, "2024-03-06T19:00:00Z", 689, ZC_POINT_ESTIMATED);
  source_host_destroy(host);
}

static void recorded_bodies_without_values_are_told(void **state) {
  (void)state;
  static const struct {
    const char *file, *endpoint, *words;
    int http, status;
  } rows[] = {
      {"no-data-response.json", "latest", "status \"no-data\" for zone DE", 200, ZC_EDATA},
      {"unknown-response.json", "latest", "unknown status: idk-what-happened", 200, ZC_EDATA},
      {"latest_power_breakdown.json", "latest", "no usable carbonIntensity", 200, ZC_EDATA},
      {"power_breakdown_history.json", "history", "none of the 24 rows", 200, ZC_EDATA},
      {"zones.json", "latest", "names no zone", 200, ZC_EDATA},
      {"zones.json", "history", "names no zone", 200, ZC_EDATA},
      {"latest_BE_2024-11-28.json", "latest", "about zone BE", 200, ZC_EDATA},
      {"response.json", "history", "API version 1", 200, ZC_EDATA},
      {"carbon_intensity_history.json", "forecast", "no list of forecast values", 200, ZC_EDATA},
      {"401_invalid_auth_token.json", "forecast", "the token is not valid: Invalid auth-token", 401,
       ZC_EAUTH},
      {"carbon_intensity_history.json", "latest", "no usable carbonIntensity", 200, ZC_EDATA},
      {"latest_power_breakdown.json", "history", "no list of history values", 200, ZC_EDATA},
      {"401_invalid_auth_token.json", "latest", "the token is not valid: Invalid auth-token", 401,
       ZC_EAUTH},
      {"../py_carbonintensity_uk/500.html", "latest", "not JSON: <!DOCTYPE html>", 200, ZC_EDATA},
      {"../py_carbonintensity_uk/500.html", "latest", "answered 500: mock", 500, ZC_EREMOTE},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    char name[128], prefix[64];
    snprintf(name, sizeof name, RECORDED "%s", rows[i].file);
    snprintf(prefix, sizeof prefix, "/v4/carbon-intensity/%s", rows[i].endpoint);
    const char *path = shared_file(name);
    source_host *host = open_zone("DE", "lifecycle", "2024-03-06T19:30:00Z");
    source_host_script_file(host, prefix, rows[i].http, path);
    bool is_forecast = strcmp(rows[i].endpoint, "forecast") == 0;
    /* Where only the history is unusable, the latest value still counts, and the log says why. */
    bool is_history = strcmp(rows[i].endpoint, "history") == 0;
    if (is_history) source_host_script(host, "/v4/carbon-intensity/latest", 200, LATEST_DE);
    int status = is_forecast ? source_host_forecast(host, "r") : source_host_observe(host, "r", 0);
    assert_int_equal(status, is_history ? ZC_OK : rows[i].status);
    assert_int_equal(host->n_points, is_history ? 1 : 0);
    const char *said = is_history ? host->log : host->done_message;
    if (!strstr(said, rows[i].words)) fail_msg("%s: unexpected message: %s", rows[i].file, said);
    snprintf(prefix, sizeof prefix, "zone DE: %s: ", rows[i].endpoint);
    assert_non_null(strstr(said, prefix));
    source_host_destroy(host);
  }
}

/* ---- odd ----------------------------------------------------------------------------------- */

static source_host *history_of(const char *rows, int expected) {
  char body[2048];
  snprintf(body, sizeof body, "{\"zone\":\"DE\",\"history\":[%s]}", rows);
  source_host *host = open_zone("DE", "lifecycle", "2026-01-02T12:30:00Z");
  source_host_script(host, "/v4/carbon-intensity/history", 200, body);
  assert_int_equal(source_host_observe(host, "r", 0), expected);
  return host;
}

static void nulls_are_never_numbers(void **state) {
  (void)state;
  source_host *host = history_of(
      "{\"carbonIntensity\":null,\"datetime\":\"2026-01-02T08:00:00.000Z\",\"isEstimated\":false},"
      "{\"carbonIntensity\":50,\"datetime\":\"2026-01-02T09:00:00.000Z\",\"isEstimated\":false},"
      "null,7,[],"
      "{\"datetime\":\"2026-01-02T10:00:00.000Z\"},"
      "{\"carbonIntensity\":51,\"datetime\":\"2026-01-02T11:00:00.000Z\"},"
      "{\"carbonIntensity\":\"52\",\"datetime\":\"2026-01-02T12:00:00.000Z\"}",
      ZC_OK);
  assert_int_equal(host->n_points, 2);
  assert_point(host, 0, "2026-01-02T09:00:00Z", 50, ZC_POINT_OBSERVED);
  assert_point(host, 1, "2026-01-02T11:00:00Z", 51, ZC_POINT_ESTIMATED); /* says not which */
  source_host_destroy(host);
  source_host_destroy(history_of("{\"carbonIntensity\":null,\"datetime\":null}", ZC_EDATA));
  source_host_destroy(history_of("", ZC_EDATA));
}

static void wild_values_and_times_are_left_out(void **state) {
  (void)state;
  static const char *const rows[] = {
      "{\"carbonIntensity\":-1,\"datetime\":\"2026-01-02T08:00:00.000Z\"}",
      "{\"carbonIntensity\":5001,\"datetime\":\"2026-01-02T08:00:00.000Z\"}",
      "{\"carbonIntensity\":50,\"datetime\":\"2026-01-02T08:00:00.000\"}",
      "{\"carbonIntensity\":50,\"datetime\":\"2026-02-30T08:00:00.000Z\"}",
      "{\"carbonIntensity\":50,\"datetime\":1767340800}",
      "{\"carbonIntensity\":50}",
      "{\"carbonIntensity\":true,\"datetime\":\"2026-01-02T08:00:00.000Z\"}",
      "{\"carbonIntensity\":1e400,\"datetime\":\"2026-01-02T08:00:00.000Z\"}",
      "{\"carbonIntensity\":NaN,\"datetime\":\"2026-01-02T08:00:00.000Z\"}",
      "{\"carbonIntensity\":Infinity,\"datetime\":\"2026-01-02T08:00:00.000Z\"}",
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    source_host *host = history_of(rows[i], ZC_EDATA);
    assert_int_equal(host->n_points, 0);
    source_host_destroy(host);
  }
}

static void another_zone_or_basis_is_refused(void **state) {
  (void)state;
  static const struct {
    const char *body, *words;
  } rows[] = {
      {"{\"zone\":\"FR\",\"carbonIntensity\":50,\"datetime\":\"2026-01-02T12:00:00Z\"}",
       "about zone FR"},
      {"{\"carbonIntensity\":50,\"datetime\":\"2026-01-02T12:00:00Z\"}", "names no zone"},
      {"{\"zone\":null,\"carbonIntensity\":50,\"datetime\":\"2026-01-02T12:00:00Z\"}",
       "names no zone"},
      {"{\"zone\":\"DE\",\"emissionFactorType\":\"lifecycle\",\"carbonIntensity\":50,\"datetime\":"
       "\"2026-01-02T12:00:00Z\"}",
       "does not count direct emissions, but lifecycle"},
      {"{\"zone\":\"DE\",\"temporalGranularity\":\"daily\",\"carbonIntensity\":50,\"datetime\":"
       "\"2026-01-02T00:00:00Z\"}",
       "in steps of daily"},
      {"{\"status\":\"ok\",\"countryCode\":\"DE\",\"data\":{\"carbonIntensity\":50,\"datetime\":"
       "\"2026-01-02T12:00:00Z\"}}",
       "API version 1, which has no direct latest values"},
      {"[]", "not an object"},
      {"null", "not an object"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    source_host *host = open_zone("DE", "direct", "2026-01-02T12:30:00Z");
    source_host_script(host, "/v4/carbon-intensity/latest", 200, rows[i].body);
    assert_int_equal(source_host_observe(host, "r", 0), ZC_EDATA);
    assert_int_equal(host->n_points, 0);
    if (!strstr(host->done_message, rows[i].words)) fail_msg("message: %s", host->done_message);
    source_host_destroy(host);
  }
}

static void one_row_of_another_zone_spoils_the_list(void **state) {
  (void)state;
  source_host *host = history_of(
      "{\"zone\":\"DE\",\"carbonIntensity\":50,\"datetime\":\"2026-01-02T08:00:00.000Z\"},"
      "{\"zone\":\"FR\",\"carbonIntensity\":5,\"datetime\":\"2026-01-02T09:00:00.000Z\"}",
      ZC_EDATA);
  assert_int_equal(host->n_points, 0);
  source_host_destroy(host);
}

static void forecasts_hold_the_running_hour_and_finer_steps(void **state) {
  (void)state;
  source_host *host = open_zone("DE", "direct", "2026-01-02T12:30:00Z");
  source_host_script(host, "/v4/carbon-intensity/forecast", 200,
                     "{\"zone\":\"DE\",\"forecast\":["
                     "{\"carbonIntensity\":70,\"datetime\":\"2026-01-02T11:00:00.000Z\"},"
                     "{\"carbonIntensity\":71,\"datetime\":\"2026-01-02T12:00:00.000Z\"},"
                     "{\"carbonIntensity\":null,\"datetime\":\"2026-01-02T13:00:00.000Z\"},"
                     "{\"carbonIntensity\":73,\"datetime\":\"2026-01-02T14:00:00.000Z\"}],"
                     "\"temporalGranularity\":\"hourly\"}");
  assert_int_equal(source_host_forecast(host, "r"), ZC_OK);
  assert_int_equal(host->n_points, 2);
  assert_point(host, 0, "2026-01-02T12:00:00Z", 71, ZC_POINT_FORECAST);
  assert_point(host, 1, "2026-01-02T14:00:00Z", 73, ZC_POINT_FORECAST);
  assert_int_equal(host->points[0].signal.basis, ZC_BASIS_OPERATIONAL);
  source_host_script(host, "/v4/carbon-intensity/forecast", 200,
                     "{\"zone\":\"DE\",\"data\":[{\"carbonIntensity\":71,\"datetime\":"
                     "\"2026-01-02T12:30:00.000Z\"}],\"temporalGranularity\":\"15_minutes\"}");
  assert_int_equal(source_host_forecast(host, "r"), ZC_OK);
  assert_int_equal(host->points[0].point.to, at("2026-01-02T12:45:00Z"));
  source_host_destroy(host);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(recorded_latest_values),
      cmocka_unit_test(recorded_history),
      cmocka_unit_test(recorded_bodies_without_values_are_told),
      cmocka_unit_test(nulls_are_never_numbers),
      cmocka_unit_test(wild_values_and_times_are_left_out),
      cmocka_unit_test(another_zone_or_basis_is_refused),
      cmocka_unit_test(one_row_of_another_zone_spoils_the_list),
      cmocka_unit_test(forecasts_hold_the_running_hour_and_finer_steps),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
