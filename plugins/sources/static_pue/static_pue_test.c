#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "aws_regions.h"
#include "tests/unit/source_host.h"

extern const zc_plugin *zc_entry_v1_static_pue(void);

static source_host *make(const char *region, const char *const *pairs, int expected) {
  source_host *host = source_host_create(zc_entry_v1_static_pue(), at("2026-01-02T12:30:00Z"));
  source_host_region(host, region, pairs);
  assert_int_equal(source_host_open(host), expected);
  return host;
}

/* The one point of a kind; fails where there is none. */
static const source_host_point *only(const source_host *host, uint32_t kind) {
  const source_host_point *found = NULL;
  for (size_t i = 0; i < host->n_points; i++) {
    if (host->points[i].signal.kind != kind) continue;
    assert_null(found);
    found = &host->points[i];
  }
  return found;
}

static void an_aws_region_needs_no_figures(void **state) {
  (void)state;
  source_host *host = make("eu-west-2", NULL, ZC_OK);
  assert_int_equal(source_host_observe(host, "eu-west-2", 0), ZC_OK);
  assert_int_equal(host->n_points, 3);
  assert_true(only(host, ZC_PUE)->point.value == 1.11);
  assert_true(only(host, ZC_RENEWABLE_SHARE)->point.value == 0);
  const source_host_point *average = only(host, ZC_GRID_INTENSITY);
  assert_true(average->point.value == 176);
  assert_int_equal(average->point.flags, ZC_POINT_STATIC);
  assert_int_equal(average->signal.basis, ZC_BASIS_LIFECYCLE);
  assert_non_null(strstr(host->log, "PUE 1.11 (Amazon, 2024, average of Europe)"));
  assert_non_null(strstr(host->log, "176 gCO2eq/kWh (Electricity Maps, 2025, zone GB)"));
  source_host_destroy(host);
}

static void the_config_comes_before_the_table(void **state) {
  (void)state;
  const char *const pairs[] = {"pue", "1.15",  "renewable_pct", "0.8", "intensity",
                               "71",  "basis", "operational",   NULL};
  source_host *host = make("eu-west-2", pairs, ZC_OK);
  assert_int_equal(source_host_observe(host, "eu-west-2", 0), ZC_OK);
  assert_true(only(host, ZC_PUE)->point.value == 1.15);
  assert_true(only(host, ZC_RENEWABLE_SHARE)->point.value == 0.8);
  assert_true(only(host, ZC_GRID_INTENSITY)->point.value == 71);
  assert_int_equal(only(host, ZC_GRID_INTENSITY)->signal.basis, ZC_BASIS_OPERATIONAL);
  assert_string_equal(host->log, "");
  source_host_destroy(host);
}

static void the_average_can_be_switched_off(void **state) {
  (void)state;
  const char *const pairs[] = {"average", "false", NULL};
  source_host *host = make("eu-north-1", pairs, ZC_OK);
  assert_int_equal(source_host_observe(host, "eu-north-1", 0), ZC_OK);
  assert_true(only(host, ZC_PUE)->point.value == 1.1);
  assert_null(only(host, ZC_GRID_INTENSITY));
  source_host_destroy(host);
}

static void an_unknown_region_needs_figures(void **state) {
  (void)state;
  source_host *host = make("basement", NULL, ZC_EINVAL);
  assert_non_null(strstr(host->log, "region basement: nothing is known of it"));
  source_host_destroy(host);
  const char *const pue[] = {"pue", "1.4", NULL};
  host = make("basement", pue, ZC_OK);
  assert_int_equal(source_host_observe(host, "basement", 0), ZC_OK);
  assert_true(only(host, ZC_PUE)->point.value == 1.4);
  assert_null(only(host, ZC_GRID_INTENSITY));
  assert_int_equal(source_host_observe(host, "attic", 0), ZC_ENOTFOUND);
  source_host_destroy(host);
  const char *const intensity[] = {"intensity", "0", NULL};
  host = make("basement", intensity, ZC_OK);
  assert_int_equal(source_host_observe(host, "basement", 0), ZC_OK);
  assert_true(only(host, ZC_GRID_INTENSITY)->point.value == 0);
  assert_null(only(host, ZC_PUE));
  source_host_destroy(host);
}

static void every_row_of_the_table_is_sound(void **state) {
  (void)state;
  size_t n;
  const zc_aws_region *rows = zc_aws_regions(&n);
  assert_int_equal(n, 39);
  for (size_t i = 0; i < n; i++) {
    if (i > 0) assert_true(strcmp(rows[i - 1].region, rows[i].region) < 0);
    assert_ptr_equal(zc_aws_region_find(rows[i].region), &rows[i]);
    assert_true(rows[i].pue >= 1 && rows[i].pue <= 2);
    assert_true(rows[i].intensity >= 10 && rows[i].intensity <= 1000);
    assert_non_null(strstr(rows[i].pue_source, "Amazon, 2024, "));
    assert_non_null(strstr(rows[i].intensity_source, "Electricity Maps, 2025, zone "));
  }
  assert_null(zc_aws_region_find("eu-west-9"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_aws_region_needs_no_figures),
      cmocka_unit_test(the_config_comes_before_the_table),
      cmocka_unit_test(the_average_can_be_switched_off),
      cmocka_unit_test(an_unknown_region_needs_figures),
      cmocka_unit_test(every_row_of_the_table_is_sound),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
