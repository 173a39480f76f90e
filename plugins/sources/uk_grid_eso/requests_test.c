/* What the plugin asks for, above all where two years meet. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/source_host.h"

extern const zc_plugin *zc_entry_v1_uk_grid_eso(void);

static source_host *open_area(const char *area, const char *now) {
  const char *const pairs[] = {"area", area, NULL};
  source_host *host = source_host_create(zc_entry_v1_uk_grid_eso(), at(now));
  source_host_region(host, "eu-west-2", area ? pairs : NULL);
  assert_int_equal(source_host_open(host), ZC_OK);
  return host;
}

static void assert_value(const source_host *host, const char *from, double value, uint32_t flags) {
  long i = source_host_find(host, from);
  if (i < 0) fail_msg("no half hour from %s", from);
  assert_true(host->points[i].point.value == value);
  assert_int_equal(host->points[i].point.flags, flags);
}

static void asks_for_the_running_half_hour(void **state) {
  (void)state;
  static const struct {
    const char *area, *now, *observe, *forecast;
  } rows[] = {
      {NULL, "2026-01-02T03:00:00Z", "/intensity/2026-01-02T03:01Z/pt24h",
       "/intensity/2026-01-02T03:01Z/fw48h"},
      {"national", "2026-01-02T03:29:59.999Z", "/intensity/2026-01-02T03:01Z/pt24h",
       "/intensity/2026-01-02T03:01Z/fw48h"},
      {"13", "2026-01-02T03:30:00Z", "/regional/intensity/2026-01-02T03:31Z/pt24h/regionid/13",
       "/regional/intensity/2026-01-02T03:31Z/fw48h/regionid/13"},
      {"bh1", "2026-12-29T23:59:59Z", "/regional/intensity/2026-12-29T23:31Z/pt24h/postcode/BH1",
       "/regional/intensity/2026-12-29T23:31Z/fw48h/postcode/BH1"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    source_host *host = open_area(rows[i].area, rows[i].now);
    source_host_script(host, "/", 200, "{}");
    source_host_observe(host, "eu-west-2", 0);
    assert_int_equal(host->n_requests, 1);
    assert_string_equal(host->urls[0] + strlen("https://api.carbonintensity.org.uk"),
                        rows[i].observe);
    source_host_forecast(host, "eu-west-2");
    assert_string_equal(host->urls[0] + strlen("https://api.carbonintensity.org.uk"),
                        rows[i].forecast);
    source_host_destroy(host);
  }
}

static void asks_further_back_where_that_is_wanted(void **state) {
  (void)state;
  static const struct {
    const char *area, *from, *observe;
  } rows[] = {
      {NULL, "2026-01-01T03:10:00Z", "/intensity/2026-01-02T03:01Z/pt24h"},
      {NULL, "2026-01-01T03:09:59Z", "/intensity/2026-01-02T03:01Z/pt24h"}, /* a moment later */
      {NULL, "2026-01-01T03:08:59Z", "/intensity/2026-01-01T03:01Z/2026-01-02T03:01Z"},
      {"13", "2026-01-01T00:00:00Z",
       "/regional/intensity/2026-01-01T00:00Z/2026-01-02T03:01Z/regionid/13"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    source_host *host = open_area(rows[i].area, "2026-01-02T03:10:00Z");
    source_host_script(host, "/", 200, "{}");
    source_host_observe(host, "eu-west-2", at(rows[i].from));
    assert_string_equal(host->urls[0] + strlen("https://api.carbonintensity.org.uk"),
                        rows[i].observe);
    source_host_destroy(host);
  }
}

#define HALF_HOUR(from, to, value)                                                                 \
  "{\"data\":[{\"from\":\"" from "\",\"to\":\"" to "\",\"intensity\":{\"forecast\":" value         \
  ",\"actual\":" value "}}]}"
#define LAST_OF_2025  HALF_HOUR("2025-12-31T23:00Z", "2025-12-31T23:30Z", "100")
#define FIRST_OF_2026 HALF_HOUR("2025-12-31T23:30Z", "2026-01-01T00:00Z", "200")

static void assert_asked(const source_host *host, const char *first, const char *second) {
  assert_int_equal(host->n_requests, second ? 2 : 1);
  assert_string_equal(host->urls[0] + strlen("https://api.carbonintensity.org.uk"), first);
  if (second) {
    assert_string_equal(host->urls[1] + strlen("https://api.carbonintensity.org.uk"), second);
  }
}

static void over_new_year_each_year_is_asked_for(void **state) {
  (void)state;
  static const struct {
    const char *area, *now, *from, *first, *second;
  } rows[] = {
      {NULL, "2026-01-01T00:10:00Z", NULL, "/intensity/2026-01-01T00:00Z/2026-01-01T00:01Z",
       "/intensity/2025-12-31T00:01Z/2025-12-31T23:31Z"},
      {"13", "2026-01-02T03:10:00Z", "2025-12-30T17:45:00Z",
       "/regional/intensity/2026-01-01T00:00Z/2026-01-02T03:01Z/regionid/13",
       "/regional/intensity/2025-12-30T17:31Z/2025-12-31T23:31Z/regionid/13"},
      {NULL, "2026-01-02T03:10:00Z", "2025-11-30T17:45:00Z",
       "/intensity/2026-01-01T00:00Z/2026-01-02T03:01Z",
       "/intensity/2025-12-20T03:01Z/2025-12-31T23:31Z"},
      {NULL, "2026-01-01T23:29:59Z", NULL, "/intensity/2026-01-01T00:00Z/2026-01-01T23:01Z",
       "/intensity/2025-12-31T23:01Z/2025-12-31T23:31Z"},
      /* of the old year no more than the half hour that the first request has */
      {NULL, "2026-01-01T23:30:00Z", NULL, "/intensity/2026-01-01T00:00Z/2026-01-01T23:31Z", NULL},
      {NULL, "2026-01-02T00:00:00Z", NULL, "/intensity/2026-01-02T00:01Z/pt24h", NULL},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    source_host *host = open_area(rows[i].area, rows[i].now);
    source_host_script(host, "/", 200, FIRST_OF_2026);
    source_host_script(host, "/intensity/2025", 200, LAST_OF_2025);
    source_host_script(host, "/regional/intensity/2025", 200, LAST_OF_2025);
    zc_time from = rows[i].from ? at(rows[i].from) : 0;
    assert_int_equal(source_host_observe(host, "eu-west-2", from), ZC_OK);
    assert_asked(host, rows[i].first, rows[i].second);
    assert_value(host, "2025-12-31T23:30:00Z", 200, ZC_POINT_OBSERVED);
    if (rows[i].second) assert_value(host, "2025-12-31T23:00:00Z", 100, ZC_POINT_OBSERVED);
    source_host_destroy(host);
  }
}

static void forecasts_over_new_year_are_asked_for_twice(void **state) {
  (void)state;
  static const struct {
    const char *now, *first, *second;
  } rows[] = {
      {"2025-12-29T23:59:59Z", "/intensity/2025-12-29T23:31Z/fw48h", NULL},
      {"2025-12-30T00:00:00Z", "/intensity/2025-12-30T00:01Z/fw48h",
       "/intensity/2026-01-01T00:00Z/fw48h"},
      {"2025-12-31T22:59:59Z", "/intensity/2025-12-31T22:31Z/fw48h",
       "/intensity/2026-01-01T00:00Z/fw48h"},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    source_host *host = open_area(NULL, rows[i].now);
    source_host_script(host, "/intensity/2025", 200, LAST_OF_2025);
    source_host_script(host, "/intensity/2026", 200, FIRST_OF_2026);
    assert_int_equal(source_host_forecast(host, "eu-west-2"), ZC_OK);
    assert_asked(host, rows[i].first, rows[i].second);
    assert_value(host, "2025-12-31T23:00:00Z", 100, ZC_POINT_FORECAST);
    if (rows[i].second) assert_value(host, "2025-12-31T23:30:00Z", 200, ZC_POINT_FORECAST);
    source_host_destroy(host);
  }
}

static void the_part_beyond_new_year_may_be_missing(void **state) {
  (void)state;
  source_host *host = open_area(NULL, "2026-01-01T00:10:00Z");
  source_host_script(host, "/", 200, FIRST_OF_2026);
  source_host_script(host, "/intensity/2025", 500, "{}");
  assert_int_equal(source_host_observe(host, "eu-west-2", 0), ZC_OK);
  assert_int_equal(host->n_points, 1);
  assert_non_null(strstr(host->log, "beyond New Year: area \"national\": the API answered 500"));
  assert_int_equal(host->worst_level, ZC_LOG_INFO);
  source_host_script(host, "/", 500, "{}"); /* the running half hour may not */
  source_host_script(host, "/intensity/2025", 200, LAST_OF_2025);
  assert_int_equal(source_host_observe(host, "eu-west-2", 0), ZC_EREMOTE);
  assert_int_equal(host->n_requests, 1);
  source_host_destroy(host);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(asks_for_the_running_half_hour),
      cmocka_unit_test(asks_further_back_where_that_is_wanted),
      cmocka_unit_test(over_new_year_each_year_is_asked_for),
      cmocka_unit_test(forecasts_over_new_year_are_asked_for_twice),
      cmocka_unit_test(the_part_beyond_new_year_may_be_missing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
