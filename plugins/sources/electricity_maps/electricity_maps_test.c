/* What the plugin asks, whom, how often, and what it does when it is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/source_host.h"

extern const zc_plugin *zc_entry_v1_electricity_maps(void);

#define MINUTE   INT64_C(60000)
#define LATEST   "/v4/carbon-intensity/latest"
#define HISTORY  "/v4/carbon-intensity/history"
#define FORECAST "/v4/carbon-intensity/forecast"
#define GOOD_LATEST                                                                                \
  "{\"zone\":\"IE\",\"carbonIntensity\":300,\"datetime\":\"2026-01-02T12:00:00.000Z\","            \
  "\"isEstimated\":true}"
#define GOOD_HISTORY                                                                               \
  "{\"zone\":\"IE\",\"history\":[{\"carbonIntensity\":290,\"datetime\":"                           \
  "\"2026-01-02T11:00:00.000Z\",\"isEstimated\":false}]}"
#define NOT_IN_PLAN                                                                                \
  "{\"error\":\"Request unauthorized for "                                                         \
  "zoneKey=IE,requestType=forecast,dataType=carbon-intensity.\","                                  \
  "\"message\":\"You do not have access to this specific endpoint for this specific zone.\"}"

static source_host *make(const char *region, const char *const *pairs) {
  source_host *host =
      source_host_create(zc_entry_v1_electricity_maps(), at("2026-01-02T12:30:00Z"));
  source_host_option(host, "token", "s3cret-token");
  source_host_region(host, region, pairs);
  return host;
}

static source_host *open_good(void) {
  source_host *host = make("eu-west-1", NULL);
  assert_int_equal(source_host_open(host), ZC_OK);
  source_host_script(host, LATEST, 200, GOOD_LATEST);
  source_host_script(host, HISTORY, 200, GOOD_HISTORY);
  return host;
}

static void every_request_names_its_zone(void **state) {
  (void)state;
  source_host *host = open_good();
  assert_int_equal(source_host_observe(host, "eu-west-1", 0), ZC_OK);
  assert_int_equal(host->n_requests, 2);
  assert_string_equal(host->urls[0],
                      "https://api.electricitymaps.com/v4/carbon-intensity/latest?zone=IE&"
                      "emissionFactorType=lifecycle&disableCallerLookup=true");
  assert_string_equal(host->urls[1],
                      "https://api.electricitymaps.com/v4/carbon-intensity/history?zone=IE&"
                      "emissionFactorType=lifecycle&disableCallerLookup=true");
  assert_int_equal(host->max_attempts, 1); /* or the client would repeat a 429 at once */
  assert_string_equal(host->headers[0], "auth-token: s3cret-token\nAccept: application/json\n");
  assert_int_equal(host->n_points, 2);
  assert_true(host->points[0].point.value == 300 && host->points[1].point.value == 290);
  source_host_destroy(host);
}

#define PAST "/v4/carbon-intensity/past-range"

/* Where ended runs want more than the history's day: after a start, then every six hours. */
static void the_hours_before_yesterday_are_asked_for_now_and_then(void **state) {
  (void)state;
  source_host *host = open_good();
  host->answer_ms = 40; /* the day has moved on by when it is decided */
  source_host_script(host, PAST, 200,
                     "{\"zone\":\"IE\",\"data\":[{\"carbonIntensity\":280,\"datetime\":"
                     "\"2026-01-01T05:00:00.000Z\",\"isEstimated\":false}]}");
  assert_int_equal(source_host_observe(host, "eu-west-1", at("2026-01-01T12:30:00Z")), ZC_OK);
  assert_int_equal(host->n_requests, 2); /* a day is what the history has */
  assert_int_equal(source_host_observe(host, "eu-west-1", at("2025-12-31T04:40:00Z")), ZC_OK);
  assert_int_equal(host->n_requests, 3);
  assert_string_equal(host->urls[2],
                      "https://api.electricitymaps.com/v4/carbon-intensity/past-range?zone=IE&"
                      "emissionFactorType=lifecycle&disableCallerLookup=true&"
                      "start=2025-12-31T04:00:00Z&end=2026-01-01T14:00:00Z");
  assert_int_equal(host->n_points, 3);
  assert_int_equal(host->points[2].point.from, at("2026-01-01T05:00:00Z"));
  assert_int_equal(host->points[2].point.flags, ZC_POINT_OBSERVED);
  host->answer_ms = 0;
  host->now += 359 * MINUTE;
  assert_int_equal(source_host_observe(host, "eu-west-1", at("2025-12-31T04:40:00Z")), ZC_OK);
  assert_int_equal(host->n_requests, 2);
  host->now += MINUTE;
  assert_int_equal(source_host_observe(host, "eu-west-1", at("2025-12-01T00:00:00Z")), ZC_OK);
  assert_int_equal(host->n_requests, 3);
  assert_non_null(strstr(host->urls[2], "start=2025-12-24T18:00:00Z&"));
  source_host_destroy(host);
}

static void a_plan_without_past_hours_loses_only_these(void **state) {
  (void)state;
  source_host *host = open_good();
  source_host_script(host, PAST, 401, NOT_IN_PLAN);
  assert_int_equal(source_host_observe(host, "eu-west-1", at("2025-12-31T04:40:00Z")), ZC_OK);
  assert_int_equal(host->n_requests, 3);
  assert_int_equal(host->n_points, 2);
  assert_non_null(strstr(host->log, "past-range"));
  assert_null(strstr(host->log, "s3cret"));
  source_host_destroy(host);
}

static void options_change_the_request(void **state) {
  (void)state;
  const char *const pairs[] = {"data_center", "aws/eu-west-1", NULL};
  source_host *host = make("dublin", pairs);
  source_host_option(host, "url", "http://127.0.0.1:1/v4/");
  source_host_option(host, "emission_factor_type", "direct");
  source_host_option(host, "horizon_hours", "72");
  source_host_option(host, "disable_estimations", "true");
  assert_int_equal(source_host_open(host), ZC_OK);
  source_host_script(host, "/", 404, "{\"error\":\"No recent data for zone \\\"IE\\\"\"}");
  assert_int_equal(source_host_observe(host, "dublin", 0), ZC_EDATA);
  assert_string_equal(host->done_message, "zone IE: latest: the API answered 404: No recent data "
                                          "for zone \"IE\"");
  assert_string_equal(host->urls[0], "http://127.0.0.1:1/v4/carbon-intensity/latest?"
                                     "dataCenterProvider=aws&dataCenterRegion=eu-west-1&"
                                     "emissionFactorType=direct&disableCallerLookup=true&"
                                     "disableEstimations=true");
  source_host_forecast(host, "dublin");
  assert_string_equal(host->urls[0], "http://127.0.0.1:1/v4/carbon-intensity/forecast?"
                                     "dataCenterProvider=aws&dataCenterRegion=eu-west-1&"
                                     "emissionFactorType=direct&disableCallerLookup=true&"
                                     "horizonHours=72");
  source_host_destroy(host);
}

static void a_data_centre_elsewhere_takes_any_zone(void **state) {
  (void)state;
  const char *const pairs[] = {"data_center", "gcp/europe-west6", NULL};
  source_host *host = make("zurich", pairs);
  assert_int_equal(source_host_open(host), ZC_OK);
  source_host_script(host, LATEST, 200, GOOD_LATEST);
  source_host_script(host, HISTORY, 404, "{}");
  assert_int_equal(source_host_observe(host, "zurich", 0), ZC_OK);
  assert_int_equal(host->n_points, 1);
  source_host_destroy(host);
}

static void regions_are_checked(void **state) {
  (void)state;
  static const struct {
    const char *region, *option, *value, *words;
  } rows[] = {
      {"moon-base-1", "zone", NULL, "region moon-base-1: its Electricity Maps zone is not known"},
      {"a", "zone", "de", "region a: no zone \"de\""},
      {"a", "zone", "", "region a: no zone \"\""},
      {"a", "zone", "DE&zone=FR", "no zone"},
      {"a", "data_center", "eu-west-1", "region a: no data centre \"eu-west-1\""},
      {"a", "data_center", "aws/", "no data centre"},
      {"a", "data_center", "/eu-west-1", "no data centre"},
      {"a", "data_center", "aws/eu west", "no data centre"},
      {"a", "data_center", "AWS/eu-west-1", "no data centre"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const char *const pairs[] = {rows[i].option, rows[i].value, NULL};
    source_host *host = make(rows[i].region, rows[i].value ? pairs : NULL);
    assert_int_equal(source_host_open(host), ZC_EINVAL);
    if (!strstr(host->log, rows[i].words)) fail_msg("log: %s", host->log);
    source_host_destroy(host);
  }
  const char *const both[] = {"zone", "DE", "data_center", "aws/eu-central-1", NULL};
  source_host *host = make("a", both);
  assert_int_equal(source_host_open(host), ZC_EINVAL);
  assert_non_null(strstr(host->log, "exclude one another"));
  source_host_destroy(host);
}

static void tokens_that_could_forge_headers_are_refused(void **state) {
  (void)state;
  static const char *const tokens[] = {"", "a b", "a\r\nX-Evil: 1", "a\n", "\x7f", "\xc3\xa9"};
  for (size_t i = 0; i < sizeof tokens / sizeof *tokens; i++) {
    source_host *host =
        source_host_create(zc_entry_v1_electricity_maps(), at("2026-01-02T12:30:00Z"));
    source_host_option(host, "token", tokens[i]);
    source_host_region(host, "eu-west-1", NULL);
    assert_int_equal(source_host_open(host), ZC_EINVAL);
    assert_non_null(strstr(host->log, "the token is empty"));
    source_host_destroy(host);
  }
}

static void one_of_latest_and_history_is_enough(void **state) {
  (void)state;
  source_host *host = open_good();
  source_host_script(host, LATEST, 500, "oops");
  assert_int_equal(source_host_observe(host, "eu-west-1", 0), ZC_OK);
  assert_int_equal(host->n_points, 1);
  assert_true(host->points[0].point.value == 290);
  assert_non_null(strstr(host->log, "zone IE: latest: the API answered 500"));
  source_host_script(host, LATEST, 200, GOOD_LATEST);
  source_host_script_error(host, HISTORY, ZC_EREMOTE);
  assert_int_equal(source_host_observe(host, "eu-west-1", 0), ZC_OK);
  assert_int_equal(host->n_points, 1);
  assert_true(host->points[0].point.value == 300);
  source_host_destroy(host);
}

static void a_plan_without_forecasts_is_left_alone(void **state) {
  (void)state;
  source_host *host = open_good();
  source_host_script(host, FORECAST, 401, NOT_IN_PLAN);
  assert_int_equal(source_host_forecast(host, "eu-west-1"), ZC_EAUTH);
  assert_non_null(strstr(host->done_message, "the plan does not include"));
  assert_int_equal(host->n_requests, 1);
  /* Backed off: 15 min, 30 min, 1 h … */
  static const int waits[] = {15, 30, 60, 120, 240, 480, 960, 1440, 1440};
  for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
    zc_time begun = host->now;
    host->now = begun + waits[i] * MINUTE - 1;
    assert_int_equal(source_host_forecast(host, "eu-west-1"), ZC_EAUTH);
    assert_int_equal(host->n_requests, 0);
    assert_non_null(strstr(host->done_message, "not asked before 2026-01-"));
    host->now = begun + waits[i] * MINUTE;
    assert_int_equal(source_host_forecast(host, "eu-west-1"), ZC_EAUTH);
    assert_int_equal(host->n_requests, 1);
  }
  /* The zone's other endpoints go on. */
  assert_int_equal(source_host_observe(host, "eu-west-1", 0), ZC_OK);
  assert_int_equal(host->n_requests, 2);
  source_host_destroy(host);
}

static void a_success_ends_the_backing_off(void **state) {
  (void)state;
  source_host *host = open_good();
  source_host_script(host, LATEST, 401, "{\"error\":\"try later\"}");
  source_host_script(host, HISTORY, 401, "{\"error\":\"Invalid auth-token\"}");
  assert_int_equal(source_host_observe(host, "eu-west-1", 0), ZC_EAUTH);
  assert_non_null(
      strstr(host->done_message, "the token is refused, or has asked too often: try later"));
  assert_int_equal(source_host_observe(host, "eu-west-1", 0), ZC_EAUTH);
  assert_int_equal(host->n_requests, 0);
  assert_string_equal(host->done_message,
                      "zone IE: latest: not asked before 2026-01-02T12:45:00Z: the API answered "
                      "401: the token is refused, or has asked too often: try later");
  host->now += 15 * MINUTE;
  source_host_script(host, LATEST, 200, GOOD_LATEST);
  assert_int_equal(source_host_observe(host, "eu-west-1", 0), ZC_OK);
  source_host_script(host, LATEST, 401, "{\"error\":\"try later\"}");
  assert_int_equal(source_host_observe(host, "eu-west-1", 0), ZC_EAUTH);
  host->now += 15 * MINUTE;
  assert_int_equal(source_host_observe(host, "eu-west-1", 0), ZC_EAUTH);
  assert_true(host->n_requests >= 1); /* 15 min again, not 30 */
  assert_null(strstr(host->log, "s3cret-token"));
  source_host_destroy(host);
}

static void retry_after_is_kept(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int64_t minutes;
  } rows[] = {{"7200", 120}, {NULL, 15},          {"Wed, 21 Oct 2026 07:28:00 GMT", 15}, {"0", 15},
              {"-5", 15},    {"999999999", 1440}, {"99999999999999999999", 15}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    source_host *host = open_good();
    source_host_script(host, FORECAST, 429, "{\"error\":\"Too many\"}");
    host->answers[host->n_answers - 1].retry_after = rows[i].text;
    assert_int_equal(source_host_forecast(host, "eu-west-1"), ZC_ERATE);
    host->now += rows[i].minutes * MINUTE - 1;
    assert_int_equal(source_host_forecast(host, "eu-west-1"), ZC_ERATE);
    assert_int_equal(host->n_requests, 0);
    host->now += 1;
    source_host_forecast(host, "eu-west-1");
    assert_int_equal(host->n_requests, 1);
    source_host_destroy(host);
  }
}

static void forecasts_can_be_switched_off(void **state) {
  (void)state;
  source_host *host = make("eu-west-1", NULL);
  source_host_option(host, "forecast", "false");
  assert_int_equal(source_host_open(host), ZC_OK);
  assert_int_equal(source_host_forecast(host, "eu-west-1"), ZC_OK);
  assert_int_equal(host->n_requests, 0);
  assert_int_equal(host->n_points, 0);
  assert_int_equal(source_host_forecast(host, "eu-west-9"), ZC_ENOTFOUND);
  assert_int_equal(source_host_observe(host, "eu-west-9", 0), ZC_ENOTFOUND);
  source_host_destroy(host);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_request_names_its_zone),
      cmocka_unit_test(the_hours_before_yesterday_are_asked_for_now_and_then),
      cmocka_unit_test(a_plan_without_past_hours_loses_only_these),
      cmocka_unit_test(options_change_the_request),
      cmocka_unit_test(a_data_centre_elsewhere_takes_any_zone),
      cmocka_unit_test(regions_are_checked),
      cmocka_unit_test(tokens_that_could_forge_headers_are_refused),
      cmocka_unit_test(one_of_latest_and_history_is_enough),
      cmocka_unit_test(a_plan_without_forecasts_is_left_alone),
      cmocka_unit_test(a_success_ends_the_backing_off),
      cmocka_unit_test(retry_after_is_kept),
      cmocka_unit_test(forecasts_can_be_switched_off),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
