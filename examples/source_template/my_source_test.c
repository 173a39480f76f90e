/* The plugin alone, against scripted answers: no network, no program, no waiting. */
#undef NDEBUG
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <zerocarb/testkit.h>

const zc_plugin *zc_entry_v1_my_source(void);

#define HOUR INT64_C(3600000)
#define NOW  INT64_C(1767322800000) /* 2026-01-02T03:00:00Z */

static const char *const slots =
    "{\"slots\": ["
    "{\"from\": \"2026-01-02T02:30Z\", \"to\": \"2026-01-02T03:00Z\", \"intensity\": 181},"
    "{\"from\": \"2026-01-02T03:00Z\", \"to\": \"2026-01-02T03:30Z\", \"intensity\": null},"
    "{\"from\": \"2026-01-02T03:30Z\", \"to\": \"2026-01-02T04:00Z\", \"intensity\": 140.5}]}";

static zc_test_host *open_host(void) {
  static const char *const zone[][2] = {{"zone", "GB"}};
  zc_test_host *host = zc_test_host_create(zc_entry_v1_my_source(), NOW);
  zc_test_host_option(host, "url", "https://carbon.example/intensity");
  zc_test_host_option(host, "token", "secret");
  zc_test_host_region(host, "eu-west-2", zone, 1);
  assert(zc_test_host_open(host) == ZC_OK);
  return host;
}

static void observations_are_the_slots_that_have_begun(void) {
  zc_test_host *host = open_host();
  const zc_test_point *points;
  const zc_test_request *requests;
  zc_test_host_answer(host, "zone=GB", 200, slots);
  assert(zc_test_host_observe(host, "eu-west-2", NOW - HOUR, NOW) == ZC_OK);
  assert(zc_test_host_points(host, &points) == 1); /* the null is not a zero */
  assert(points[0].point.value == 181);
  assert(points[0].point.flags == ZC_POINT_OBSERVED);
  assert(zc_test_host_requests(host, &requests) == 1);
  assert(strcmp(requests[0].url, "https://carbon.example/intensity?zone=GB") == 0);
  assert(strstr(requests[0].headers, "Authorization: Bearer secret\n"));
  zc_test_host_destroy(host);
}

static void a_zone_with_a_space_is_percent_encoded(void) {
  static const char *const zone[][2] = {{"zone", "Great Britain"}};
  zc_test_host *host = zc_test_host_create(zc_entry_v1_my_source(), NOW);
  const zc_test_request *requests;
  zc_test_host_option(host, "url", "https://carbon.example/intensity");
  zc_test_host_region(host, "eu-west-2", zone, 1);
  assert(zc_test_host_open(host) == ZC_OK);
  zc_test_host_answer(host, NULL, 200, slots);
  assert(zc_test_host_observe(host, "eu-west-2", NOW - HOUR, NOW) == ZC_OK);
  assert(zc_test_host_requests(host, &requests) == 1);
  assert(strcmp(requests[0].url, "https://carbon.example/intensity?zone=Great%20Britain") == 0);
  zc_test_host_destroy(host);
}

static void the_forecast_is_what_comes(void) {
  zc_test_host *host = open_host();
  const zc_test_point *points;
  zc_test_host_answer(host, NULL, 200, slots);
  assert(zc_test_host_forecast(host, "eu-west-2", NOW, NOW + HOUR) == ZC_OK);
  assert(zc_test_host_points(host, &points) == 1);
  assert(points[0].point.value == 140.5);
  assert(points[0].point.from == NOW + HOUR / 2);
  zc_test_host_destroy(host);
}

static void odd_answers_are_errors(void) {
  static const struct {
    int status;
    const char *body;
    int error;
  } rows[] = {
      {401, "no such token", ZC_EAUTH},
      {429, "", ZC_ERATE},
      {503, "<html>", ZC_EREMOTE},
      {404, "", ZC_EDATA},
      {200, "<html>", ZC_EDATA},
      {200, "{}", ZC_EDATA},
      {200, "[]", ZC_EDATA},
      {200, "{\"slots\": {}}", ZC_EDATA},
      {200, "{\"slots\": []}", ZC_EDATA},
      {200, "{\"slots\": [null, 7]}", ZC_EDATA},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    zc_test_host *host = open_host();
    zc_test_host_answer(host, NULL, rows[i].status, rows[i].body);
    assert(zc_test_host_observe(host, "eu-west-2", NOW - HOUR, NOW) == rows[i].error);
    assert(zc_test_host_points(host, NULL) == 0);
    assert(strlen(zc_test_host_message(host)) > 0);
    zc_test_host_destroy(host);
  }
}

int main(void) {
  observations_are_the_slots_that_have_begun();
  a_zone_with_a_space_is_percent_encoded();
  the_forecast_is_what_comes();
  odd_answers_are_errors();
  puts("my_source: 4 passed, 0 failed");
  return 0;
}
