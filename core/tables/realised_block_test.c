/* The block of a run's item that says what it really saved. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/tables/execution_item.h"

#define T0 INT64_C(1767312000000) /* 2026-01-02T00:00:00Z */

/* 38 min 12.4 s of 2 vCPU and 3 GB, 90 minutes after the request. */
static zc_realised example(void) {
  zc_time start = T0 + 90 * ZC_MINUTE + 250;
  return (zc_realised){
      .run = {.requested_at = T0,
              .started_at = start,
              .finished_at = start + 38 * ZC_MINUTE + 12400,
              .workload = {40, 2, 3},
              .energy = {10, 0.000392, 1.135, 2.5}},
      .ran = {.mean = 71, .observed_ms = 1800000, .estimated_ms = 492400, .bases = 2},
      .baseline = {.mean = 90, .observed_ms = 2292400, .bases = 6},
      .complete = true,
      .intensity = 16.117,
      .baseline_intensity = 20.43,
      .has_location = true,
      .location_intensity = 80.585};
}

static void assert_block(const zc_realised *realised, const char *wanted) {
  zc_buffer text;
  zc_buffer_init(&text, 4096);
  assert_int_equal(zc_realised_write(realised, &text), ZC_OK);
  assert_string_equal(text.data, wanted);
  zc_buffer_finish(&text);
}

/* By hand: 38.207 min are 0.63678 h; energy (2 x 10 / 1000 + 3 x 0.000392) x 0.63678 x 1.135 =
 * 0.015305 kWh; embodied 2 x 0.63678 x 2.5 = 3.18392 g; at 16.1 g/kWh 0.24641 g more, at 20.4
 * 0.31222, at 80.6 1.23359. */
static void the_whole_block(void **state) {
  (void)state;
  zc_realised r = example();
  assert_block(&r,
               "\"realised\":{\"started_at\":\"2026-01-02T01:30:00Z\","
               "\"finished_at\":\"2026-01-02T02:08:12Z\",\"duration_minutes\":38.207,"
               "\"energy_kwh\":0.015305,\"mean_intensity\":16.1,\"baseline_mean_intensity\":20.4,"
               "\"sci_score\":3.4303,\"savings_g\":0.0658,\"savings_percent\":1.88,"
               "\"location_based\":{\"mean_intensity\":80.6,\"sci_score\":4.4175},"
               "\"data_quality\":{\"complete\":true,"
               "\"run\":{\"observed\":0.785,\"estimated\":0.215,\"missing\":0,"
               "\"basis\":\"operational\"},"
               "\"baseline\":{\"observed\":1,\"estimated\":0,\"missing\":0,\"basis\":\"mixed\"}}}");
}

static void what_is_not_known_has_no_figure(void **state) {
  (void)state;
  zc_realised r = example();
  r.complete = false;
  r.ran = (zc_coverage){.missing_ms = 2292400};
  assert_block(&r, "\"realised\":{\"started_at\":\"2026-01-02T01:30:00Z\","
                   "\"finished_at\":\"2026-01-02T02:08:12Z\",\"duration_minutes\":38.207,"
                   "\"energy_kwh\":0.015305,\"data_quality\":{\"complete\":false,"
                   "\"run\":{\"observed\":0,\"estimated\":0,\"missing\":1},"
                   "\"baseline\":{\"observed\":1,\"estimated\":0,\"missing\":0,"
                   "\"basis\":\"mixed\"}}}");
}

static void it_stands_in_the_item(void **state) {
  (void)state;
  zc_buffer text;
  zc_execution e;
  zc_execution_init(&e);
  e.pipeline = zc_duplicate("p");
  e.team = zc_duplicate("platform");
  e.record = zc_duplicate("\"workload\":{}");
  e.realised = zc_duplicate("\"realised\":{\"savings_g\":1}");
  zc_buffer_init(&text, 1 << 16);
  assert_int_equal(zc_execution_item_write(&e, &text), ZC_OK);
  assert_non_null(strstr(text.data, "\"pipeline_name\":\"p\",\"team\":\"platform\","));
  assert_non_null(strstr(text.data, "\"workload\":{},\"realised\":{\"savings_g\":1},"));
  zc_json *json = NULL;
  assert_int_equal(zc_json_parse(text.data, text.length, &json), ZC_OK);
  zc_json_free(json);
  zc_buffer_finish(&text);
  zc_execution_finish(&e);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_whole_block),
      cmocka_unit_test(what_is_not_known_has_no_figure),
      cmocka_unit_test(it_stands_in_the_item),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
