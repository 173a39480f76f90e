#include "core/tables/execution_item.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/tables/item_world.h"

static zc_execution example(void) {
  zc_execution e;
  zc_execution_init(&e);
  zc_copy_text(e.id, sizeof e.id, "fe1a69cb-ee5a-48ea-819d-f0092b8447a6");
  e.pipeline = zc_duplicate("GDSDemoAppPipeline-Pipeline-mfCJVEV8nKQS");
  e.trigger_source = zc_duplicate("zerocarb_manual");
  e.status = ZC_SUCCESS;
  e.requested_at = ZC_WORLD_NOW;
  e.region = zc_duplicate("eu-west-2");
  e.default_region = zc_duplicate("eu-west-2");
  return e;
}

static zc_json *item_of(const zc_execution *e, zc_buffer *text) {
  zc_json *json = NULL;
  zc_buffer_init(text, 1 << 20);
  assert_int_equal(zc_execution_item_write(e, text), ZC_OK);
  assert_int_equal(zc_json_parse(text->data, text->length, &json), ZC_OK);
  return json;
}

/* Every member of the published example record, in its order, through the code that writes
 * records. The example contradicts itself in three members, of which ours follow the rules:
 *   timestamp  1702551000 is 2023-12-14T10:50:00Z, created_at says 2025-12-14T10:30:00Z;
 *   created_at is here the time of `timestamp`;
 *   ttl        1734551000 is 370.4 days after timestamp; a year of retention gives 1734087000. */
static const char *const example_members[][2] = {
    {"execution_id", "\"fe1a69cb-ee5a-48ea-819d-f0092b8447a6\""},
    {"timestamp", "1702551000"},
    {"pipeline_name", "\"GDSDemoAppPipeline-Pipeline-mfCJVEV8nKQS\""},
    {"pipeline_region", "\"eu-west-2\""},
    {"trigger_source", "\"zerocarb_manual\""},
    {"status", "\"SUCCESS\""},
    {"carbon_analysis", "{\"decision\":\"RUN_NOW\",\"reason\":\"Current region has acceptable "
                        "carbon intensity\",\"default_region\":\"eu-west-2\","
                        "\"default_intensity\":16.1,\"optimal_region\":\"eu-west-2\","
                        "\"optimal_intensity\":16.1,\"savings_g\":0,\"savings_percent\":0}"},
    {"workload", "{\"duration_minutes\":40,\"vcpu_count\":2,\"memory_gb\":3,"
                 "\"energy_kwh\":0.016023,\"sci_score\":3.5913}"},
    {"regional_snapshot", "{\"eu-north-1\":16,\"eu-west-2\":16.1,\"eu-west-3\":26,"
                          "\"eu-central-2\":26,\"eu-west-1\":143,\"eu-central-1\":257}"},
    {"data_sources", "{\"uk_grid_eso\":{\"grid_intensity\":71,\"index\":\"low\","
                     "\"renewable_pct\":0.8,\"datacenter_intensity\":16.1},"
                     "\"electricity_maps\":{\"regions_fetched\":[\"eu-north-1\",\"eu-west-3\","
                     "\"eu-west-1\",\"eu-central-1\",\"eu-central-2\"],\"success_rate\":1}}"},
    {"config", "{\"auto_trigger\":true,\"min_savings_defer\":15,\"max_defer_hours\":24,"
               "\"pipeline_timeout\":30}"},
    {"created_at", "\"2023-12-14T10:50:00Z\""},
    {"ttl", "1734087000"},
};

static void the_published_example(void **state) {
  (void)state;
  zc_world w;
  zc_buffer record, text;
  zc_execution e = example();
  zc_world_init(&w);
  zc_buffer_init(&record, 1 << 20);
  assert_int_equal(zc_execution_record_write(&w.facts, &record), ZC_OK);
  e.record = zc_buffer_take(&record);
  zc_json *json = item_of(&e, &text);
  size_t next = 0;
  for (size_t i = 0; i < zc_json_count(json); i++) {
    const char *key;
    const zc_json *value = zc_json_member(json, i, &key);
    if (next == sizeof example_members / sizeof *example_members) break;
    if (strcmp(key, example_members[next][0]) != 0) continue; /* one of ours */
    zc_buffer member;
    zc_buffer_init(&member, 1 << 16);
    zc_json_write(&member, value);
    assert_string_equal(member.data, example_members[next++][1]);
    zc_buffer_finish(&member);
  }
  assert_int_equal(next, sizeof example_members / sizeof *example_members);
  zc_json_free(json);
  zc_buffer_finish(&text);
  zc_execution_finish(&e);
  zc_world_finish(&w);
}

/* Before a decision, and with nothing but what every execution has. */
static void the_least_item(void **state) {
  (void)state;
  zc_buffer text;
  zc_execution e = example();
  e.status = ZC_PENDING;
  e.requested_at += 999; /* part of a second */
  zc_json *json = item_of(&e, &text);
  assert_string_equal(text.data,
                      "{\"execution_id\":\"fe1a69cb-ee5a-48ea-819d-f0092b8447a6\","
                      "\"timestamp\":1702551000,"
                      "\"pipeline_name\":\"GDSDemoAppPipeline-Pipeline-mfCJVEV8nKQS\","
                      "\"pipeline_region\":\"eu-west-2\",\"trigger_source\":\"zerocarb_manual\","
                      "\"status\":\"PENDING\",\"created_at\":\"2023-12-14T10:50:00Z\","
                      "\"ttl\":1734087000}");
  zc_json_free(json);
  zc_buffer_finish(&text);
  zc_execution_finish(&e);
}

static void how_it_ended(void **state) {
  (void)state;
  zc_buffer text;
  zc_execution e = example();
  e.status = ZC_FAILED;
  e.attempt = 2;
  e.message = zc_duplicate("exit status 3");
  e.remote_id = zc_duplicate("4711");
  e.tail = zc_duplicate("make: *** [all] Error 2\n");
  e.triggered_at = ZC_WORLD_NOW + ZC_SECOND;
  e.started_at = ZC_WORLD_NOW + 2 * ZC_SECOND;
  e.finished_at = ZC_WORLD_NOW + ZC_MINUTE;
  e.slot = ZC_WORLD_NOW;
  e.held_at = ZC_WORLD_NOW;
  e.released_at = ZC_WORLD_NOW + ZC_SECOND;
  e.wait_reason = zc_duplicate("its pipeline is paused");
  zc_json *json = item_of(&e, &text);
  assert_non_null(strstr(text.data, "\"slot\":\"2023-12-14T10:50:00Z\","));
  assert_non_null(strstr(text.data, "\"wait\":{\"reason\":\"its pipeline is paused\","
                                    "\"since\":\"2023-12-14T10:50:00Z\","
                                    "\"until\":\"2023-12-14T10:50:01Z\"},"));
  assert_non_null(strstr(text.data, "\"attempts\":2,\"message\":\"exit status 3\","
                                    "\"remote_id\":\"4711\","
                                    "\"triggered_at\":\"2023-12-14T10:50:01Z\","
                                    "\"started_at\":\"2023-12-14T10:50:02Z\","
                                    "\"finished_at\":\"2023-12-14T10:51:00Z\","));
  assert_string_equal(zc_json_get_text(json, "output_tail"), "make: *** [all] Error 2\n");
  zc_json_free(json);
  zc_buffer_finish(&text);
  zc_execution_finish(&e);
}

/* `unit` n times, then "END". */
static char *long_text(const char *unit, size_t n) {
  zc_buffer text;
  zc_buffer_init(&text, 1 << 24);
  for (size_t i = 0; i < n; i++) {
    zc_buffer_text(&text, unit);
  }
  zc_buffer_text(&text, "END");
  assert_int_equal(text.status, ZC_OK);
  return zc_buffer_take(&text);
}

static void a_long_tail_is_cut_at_its_front(void **state) {
  (void)state;
  static const char *const units[] = {"x", "\n", "\x01", "\xe2\x82\xac", "\xff"};
  for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
    zc_buffer text;
    zc_execution e = example();
    e.tail = long_text(units[i], 500000);
    zc_json *json = item_of(&e, &text);
    const char *tail = zc_json_get_text(json, "output_tail");
    assert_true(text.length <= ZC_ITEM_MAX && text.length > ZC_ITEM_MAX * 3 / 4);
    assert_string_equal(tail + strlen(tail) - 3, "END");
    assert_true((*tail & 0xc0) != 0x80); /* no character was cut in two */
    zc_json_free(json);
    zc_buffer_finish(&text);
    zc_execution_finish(&e);
  }
}

static void no_room_for_a_tail(void **state) {
  (void)state;
  zc_buffer text;
  zc_execution e = example();
  e.tail = zc_duplicate("some output");
  e.message = long_text("m", ZC_ITEM_MAX - 400);
  zc_json *json = item_of(&e, &text); /* 400 bytes hold the keys, and little more */
  assert_true(text.length <= ZC_ITEM_MAX);
  zc_json_free(json);
  zc_buffer_finish(&text);
  free(e.message);
  e.message = long_text("m", ZC_ITEM_MAX);
  zc_buffer_init(&text, 1 << 20);
  zc_buffer_text(&text, "kept");
  assert_int_equal(zc_execution_item_write(&e, &text), ZC_EDATA);
  assert_string_equal(text.data, "kept");
  zc_buffer_finish(&text);
  zc_execution_finish(&e);
}

/* ---- history ------------------------------------------------------------------------------- */

static void assert_history(const zc_region_view *region, const zc_slot *slot, const char *wanted) {
  zc_buffer text;
  zc_buffer_init(&text, 4096);
  assert_int_equal(zc_history_item_write(region, slot, "uk_grid_eso", &text), ZC_OK);
  assert_string_equal(text.data, wanted);
  zc_buffer_finish(&text);
}

/* The published example of table 2. Its pue of 1.15 gives 16.3 with its other figures, not 16.1;
 * 30 days after its timestamp is 1705143000, as it says. */
static void history_example(void **state) {
  (void)state;
  zc_region_view region = {
      .name = "eu-west-2", .factor = (1 - 0.8) * 1.15, .pue = 1.15, .renewable_share = 0.8};
  zc_slot slot = {.from = ZC_WORLD_NOW,
                  .to = ZC_WORLD_NOW + 30 * ZC_MINUTE,
                  .value = 71,
                  .flags = ZC_POINT_OBSERVED,
                  .basis = ZC_BASIS_OPERATIONAL};
  assert_history(&region, &slot,
                 "{\"region\":\"eu-west-2\",\"timestamp\":1702551000,\"intensity\":16.3,"
                 "\"grid_intensity\":71,\"renewable_pct\":0.8,\"pue\":1.15,\"index\":\"low\","
                 "\"source\":\"uk-grid-eso\",\"is_realtime\":true,\"duration_minutes\":30,"
                 "\"basis\":\"operational\",\"ttl\":1705143000}");
  slot.index = ZC_INDEX_HIGH;
  slot.flags = ZC_POINT_ESTIMATED;
  slot.basis = 99;
  slot.value = 71.05;
  assert_history(&region, &slot,
                 "{\"region\":\"eu-west-2\",\"timestamp\":1702551000,\"intensity\":16.3,"
                 "\"grid_intensity\":71.1,\"renewable_pct\":0.8,\"pue\":1.15,\"index\":\"high\","
                 "\"source\":\"uk-grid-eso\",\"is_realtime\":false,\"duration_minutes\":30,"
                 "\"basis\":\"unknown\",\"ttl\":1705143000}");
}

static void history_refuses(void **state) {
  (void)state;
  zc_buffer text;
  zc_region_view region = {.name = "r", .factor = 1, .pue = 1};
  zc_slot slot = {.to = ZC_HOUR, .value = NAN};
  zc_buffer_init(&text, 4096);
  assert_int_equal(zc_history_item_write(&region, &slot, "s", &text), ZC_EDATA);
  slot.value = 1;
  region.pue = INFINITY;
  assert_int_equal(zc_history_item_write(&region, &slot, "s", &text), ZC_EDATA);
  assert_int_equal(text.length, 0);
  assert_int_equal(text.status, ZC_OK);
  zc_buffer_finish(&text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_published_example), cmocka_unit_test(the_least_item),
      cmocka_unit_test(how_it_ended),          cmocka_unit_test(a_long_tail_is_cut_at_its_front),
      cmocka_unit_test(no_room_for_a_tail),    cmocka_unit_test(history_example),
      cmocka_unit_test(history_refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
