#include "core/model/execution.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/random.h"
#include "core/base/text.h"
#include "core/base/time_text.h"

/* ---- statuses ------------------------------------------------------------------------------ */

static void status_words(void **state) {
  (void)state;
  for (int i = 0; i < ZC_EXECUTION_STATUSES; i++) {
    zc_execution_status back;
    assert_true(zc_execution_status_parse(zc_execution_status_text((zc_execution_status)i), &back));
    assert_int_equal(back, i);
  }
  zc_execution_status untouched = ZC_RUNNING;
  assert_false(zc_execution_status_parse("Success", &untouched));
  assert_false(zc_execution_status_parse("", &untouched));
  assert_int_equal(untouched, ZC_RUNNING);
}

/* ---- ids ----------------------------------------------------------------------------------- */

/* The ids are those of another implementation (Python's uuid.uuid5). They must never change. */
static void ids_of_slots(void **state) {
  (void)state;
  char id[ZC_EXECUTION_ID_SIZE], again[ZC_EXECUTION_ID_SIZE], name[3000];
  zc_time slot;
  assert_int_equal(zc_time_parse("2026-01-02T03:00:00Z", &slot), ZC_OK);
  zc_execution_id_of_slot("GDSDemoAppPipeline", slot, id);
  assert_string_equal(id, "065d697b-8898-57d8-9e91-cfae42ade654");
  zc_execution_id_of_slot("GDSDemoAppPipeline", slot + ZC_HOUR, again);
  assert_string_equal(again, "7156c50d-64c5-517f-83a1-9e270740cb86");
  memset(name, 'n', sizeof name);
  name[sizeof name - 1] = '\0';
  zc_execution_id_of_slot(name, slot, id);
  name[sizeof name - 2] = 'm';
  zc_execution_id_of_slot(name, slot, again);
  assert_string_not_equal(id, again);
  zc_execution_id_of_slot("p", INT64_MAX, id); /* outside the calendar */
  zc_execution_id_of_slot("p", INT64_MIN, again);
  assert_string_not_equal(id, again);
}

static void random_ids(void **state) {
  (void)state;
  char a[ZC_EXECUTION_ID_SIZE], b[ZC_EXECUTION_ID_SIZE];
  zc_execution_id_random(a);
  zc_execution_id_random(b);
  assert_int_equal(strlen(a), 36);
  assert_string_not_equal(a, b);
  assert_int_equal(a[14], '4');
}

/* ---- the journal's form -------------------------------------------------------------------- */

static zc_execution example(void) {
  zc_execution e;
  zc_execution_init(&e);
  zc_copy_text(e.id, sizeof e.id, "fe1a69cb-ee5a-48ea-819d-f0092b8447a6");
  e.pipeline = zc_duplicate("GDSDemoAppPipeline");
  e.team = zc_duplicate("platform");
  e.trigger_source = zc_duplicate("zerocarb_schedule");
  e.status = ZC_RUNNING;
  e.requested_at = 1702551000123;
  e.deadline = e.requested_at + ZC_DAY;
  e.planned_start = e.requested_at + 90 * ZC_MINUTE;
  e.slot = 1702551000000;
  e.triggered_at = e.planned_start + 5;
  e.started_at = e.planned_start + 900;
  e.decided_at = e.requested_at + 7;
  e.action = ZC_DEFER;
  e.region = zc_duplicate("eu-west-2");
  e.default_region = zc_duplicate("eu-west-3");
  e.reason = zc_duplicate("9 gCO2eq/kWh at 02:00 < 26, \"cleanest\"\\ window");
  e.trigger = zc_duplicate("webhook 0123456789abcdef");
  e.tail = zc_duplicate("\x1b[1mgr\xc3\xbcn\x1b[0m \xf0\x9f\x8c\xb1\t\x01\x7f\r\n\xe2\x80\xa8 "
                        "e\xcc\x81 \xef\xbf\xbd \xef\xbf\xbf </script>");
  e.attempt = 2;
  e.wait_reason = zc_duplicate("its pipeline is paused");
  e.held_at = e.requested_at + 1;
  e.released_at = e.requested_at + 2;
  e.retry_at = e.requested_at + 3;
  e.has_baseline = e.has_intensity = true;
  e.baseline_intensity = 26.1 / 3;
  e.intensity = 5e-324;
  e.record = zc_duplicate("\"a\":{\"b\":[1,2.50]},\"c.d\":\"\\u00e9\"");
  e.has_workload = true;
  e.workload = (zc_workload){40, 2, 1.0 / 3};
  e.energy = (zc_energy_model){10, 0.000392, 1.135, 2.5};
  e.realised = zc_duplicate("\"realised\":{\"savings_g\":-0.25}");
  e.ran_until = e.started_at + 17;
  return e;
}

static void assert_text(const char *a, const char *b) {
  assert_int_equal(a == NULL, b == NULL);
  if (a) assert_string_equal(a, b);
}

static void assert_same(const zc_execution *a, const zc_execution *b) {
  assert_string_equal(a->id, b->id);
  assert_text(a->pipeline, b->pipeline);
  assert_text(a->trigger_source, b->trigger_source);
  assert_text(a->region, b->region);
  assert_text(a->default_region, b->default_region);
  assert_text(a->reason, b->reason);
  assert_text(a->message, b->message);
  assert_text(a->wait_reason, b->wait_reason);
  assert_text(a->remote_id, b->remote_id);
  assert_text(a->tail, b->tail);
  assert_text(a->trigger, b->trigger);
  assert_text(a->record, b->record);
  assert_text(a->team, b->team);
  assert_text(a->realised, b->realised);
  assert_true(a->has_workload == b->has_workload && a->ran_until == b->ran_until &&
              memcmp(&a->workload, &b->workload, sizeof a->workload) == 0 &&
              memcmp(&a->energy, &b->energy, sizeof a->energy) == 0);
  assert_true(a->status == b->status && a->action == b->action && a->attempt == b->attempt);
  assert_true(a->requested_at == b->requested_at && a->deadline == b->deadline &&
              a->planned_start == b->planned_start && a->slot == b->slot &&
              a->triggered_at == b->triggered_at && a->started_at == b->started_at &&
              a->finished_at == b->finished_at && a->resolved_at == b->resolved_at &&
              a->decided_at == b->decided_at && a->held_at == b->held_at &&
              a->released_at == b->released_at && a->retry_at == b->retry_at);
  assert_true(a->has_baseline == b->has_baseline && a->has_intensity == b->has_intensity &&
              a->baseline_intensity == b->baseline_intensity && a->intensity == b->intensity);
}

static void assert_round_trip(const zc_execution *e) {
  zc_buffer text;
  zc_execution back;
  zc_buffer_init(&text, ZC_EXECUTION_TEXT_MAX);
  assert_int_equal(zc_execution_write(e, &text), ZC_OK);
  assert_int_equal(zc_execution_read(text.data, text.length, &back), ZC_OK);
  assert_same(e, &back);
  zc_execution_finish(&back);
  zc_buffer_finish(&text);
}

static void there_and_back(void **state) {
  (void)state;
  zc_execution e = example();
  assert_round_trip(&e);
  zc_execution_finish(&e);
  zc_copy_text(e.id, sizeof e.id, "fe1a69cb-ee5a-48ea-819d-f0092b8447a6");
  e.pipeline = zc_duplicate("p");
  e.trigger_source = zc_duplicate("");
  assert_round_trip(&e); /* nothing decided yet */
  zc_execution_finish(&e);
}

static double random_double(zc_random *random) {
  double value;
  do {
    uint64_t bits = zc_random_next(random);
    memcpy(&value, &bits, sizeof value);
  } while (!isfinite(value));
  return value;
}

static void doubles_and_times_are_exact(void **state) {
  (void)state;
  zc_random random;
  zc_random_init(&random, 5);
  zc_execution e = example();
  for (int i = 0; i < 3000; i++) {
    e.baseline_intensity = random_double(&random);
    e.intensity = zc_random_unit(&random) * 1000;
    e.requested_at = (zc_time)zc_random_below(&random, (uint64_t)ZC_TIME_MAX);
    e.deadline = ZC_TIME_MAX - e.requested_at;
    e.attempt = (uint32_t)zc_random_next(&random);
    e.status = (zc_execution_status)zc_random_below(&random, ZC_EXECUTION_STATUSES);
    e.action = (zc_action)zc_random_below(&random, 3);
    assert_round_trip(&e);
  }
  zc_execution_finish(&e);
}

static void bytes_that_are_not_utf8(void **state) {
  (void)state;
  zc_execution e = example(), back;
  zc_buffer text;
  free(e.tail);
  e.tail = zc_duplicate("ok \xff\xc3");
  zc_buffer_init(&text, ZC_EXECUTION_TEXT_MAX);
  assert_int_equal(zc_execution_write(&e, &text), ZC_OK);
  assert_int_equal(zc_execution_read(text.data, text.length, &back), ZC_OK);
  assert_string_equal(back.tail, "ok \xef\xbf\xbd\xef\xbf\xbd");
  assert_round_trip(&back);
  zc_execution_finish(&back);
  zc_execution_finish(&e);
  zc_buffer_finish(&text);
}

static void refuses_to_write(void **state) {
  (void)state;
  zc_execution e = example();
  zc_buffer text;
  zc_buffer_init(&text, 4 * ZC_EXECUTION_TEXT_MAX);
  zc_buffer_text(&text, "kept");
  e.intensity = NAN;
  assert_int_equal(zc_execution_write(&e, &text), ZC_EDATA);
  e.intensity = 1;
  free(e.tail);
  e.tail = malloc(ZC_EXECUTION_TEXT_MAX + 1);
  assert_non_null(e.tail);
  memset(e.tail, 't', ZC_EXECUTION_TEXT_MAX);
  e.tail[ZC_EXECUTION_TEXT_MAX] = '\0';
  assert_int_equal(zc_execution_write(&e, &text), ZC_EDATA);
  assert_string_equal(text.data, "kept");
  zc_execution_finish(&e);
  zc_buffer_finish(&text);
}

#define ID "\"id\":\"fe1a69cb-ee5a-48ea-819d-f0092b8447a6\","
#define WORDS                                                                                      \
  "\"status\":\"PENDING\",\"action\":\"DEFER\",\"pipeline\":\"p\",\"trigger_source\":\"t\","
#define TIMES                                                                                      \
  "\"deadline\":0,\"planned_start\":0,\"slot\":0,\"triggered_at\":0,\"started_at\":0,"             \
  "\"finished_at\":0,\"decided_at\":0,"
#define END "\"requested_at\":5,\"attempt\":0}"

static void refuses_to_read(void **state) {
  (void)state;
  static const char *const bad[] = {
      "",
      "null",
      "[]",
      "{}",
      "{" ID WORDS TIMES "\"requested_at\":5}",
      "{" WORDS TIMES END,
      "{\"id\":\"fe1a69cb\"," WORDS TIMES END,
      "{\"id\":\"fe1a69cb-ee5a-48ea-819d-f0092b8447ag\"," WORDS TIMES END,
      "{\"id\":7," WORDS TIMES END,
      "{" ID TIMES END,
      "{" ID WORDS END,
      "{" ID WORDS TIMES "\"status\":\"GONE\"," END,
      "{" ID WORDS TIMES "\"action\":\"WAIT\"," END,
      "{" ID WORDS TIMES "\"pipeline\":null," END,
      "{" ID WORDS TIMES "\"pipeline\":\"a\\u0000b\"," END,
      "{" ID WORDS TIMES "\"reason\":5," END,
      "{" ID WORDS TIMES "\"intensity\":\"5\"," END,
      "{" ID WORDS TIMES "\"intensity\":null," END,
      "{" ID WORDS TIMES "\"intensity\":1e999," END,
      "{" ID WORDS TIMES "\"slot\":1.5," END,
      "{" ID WORDS TIMES "\"slot\":\"5\"," END,
      "{" ID WORDS TIMES "\"slot\":9223372036854775807," END,
      "{" ID WORDS TIMES "\"requested_at\":5,\"attempt\":-1}",
      "{" ID WORDS TIMES "\"requested_at\":5,\"attempt\":4294967296}",
      "{" ID WORDS TIMES "\"record\":\"x\"," END,
      "{" ID WORDS TIMES "\"record\":\"\\\"a\\\":1},{\\\"b\\\":2\"," END,
      "{" ID WORDS TIMES "\"realised\":\"\\\"a\\\":\"," END,
      "{" ID WORDS TIMES "\"ran_until\":-1.5," END,
      "{" ID WORDS TIMES "\"team\":7," END,
      "{" ID WORDS TIMES END " x",
  };
  zc_execution e = {.attempt = 77};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    if (zc_execution_read(bad[i], strlen(bad[i]), &e) != ZC_EDATA) fail_msg("taken: %s", bad[i]);
  }
  assert_int_equal(e.attempt, 77);
  static const char good[] = "{" ID WORDS TIMES "\"later\":{\"x\":1}," END;
  assert_int_equal(zc_execution_read(good, strlen(good), &e), ZC_OK);
  assert_int_equal(e.requested_at, 5);
  zc_execution_finish(&e);
}

static void refuses_what_is_long(void **state) {
  (void)state;
  size_t n = ZC_EXECUTION_TEXT_MAX + 1;
  char *text = malloc(n + 1);
  zc_execution e;
  assert_non_null(text);
  static const char good[] = "{" ID WORDS TIMES END;
  snprintf(text, n + 1, "%s%*s", good, (int)(n - strlen(good)), "");
  assert_int_equal(zc_execution_read(text, n, &e), ZC_EDATA);
  assert_int_equal(zc_execution_read(text, n - 1, &e), ZC_OK);
  zc_execution_finish(&e);
  free(text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(status_words),
      cmocka_unit_test(ids_of_slots),
      cmocka_unit_test(random_ids),
      cmocka_unit_test(there_and_back),
      cmocka_unit_test(doubles_and_times_are_exact),
      cmocka_unit_test(bytes_that_are_not_utf8),
      cmocka_unit_test(refuses_to_write),
      cmocka_unit_test(refuses_to_read),
      cmocka_unit_test(refuses_what_is_long),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
