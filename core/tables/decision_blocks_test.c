/* The blocks of a decision's record, member for member. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/json.h"
#include "core/tables/item_world.h"

/* The record as text and as tree. */
typedef struct {
  zc_buffer text;
  zc_json *json;
} record;

static record written(const zc_world *w) {
  record r = {.json = NULL};
  zc_buffer_init(&r.text, 1 << 20);
  zc_buffer_char(&r.text, '{');
  assert_int_equal(zc_execution_record_write(&w->facts, &r.text), ZC_OK);
  zc_buffer_char(&r.text, '}');
  assert_int_equal(zc_json_parse(r.text.data, r.text.length, &r.json), ZC_OK);
  return r;
}

static void record_finish(record *r) {
  zc_json_free(r->json);
  zc_buffer_finish(&r->text);
}

/* A member at a path of keys joined by '/', as JSON; "" where there is none. */
static void assert_member(const record *r, const char *path, const char *wanted) {
  zc_buffer text;
  zc_buffer_init(&text, 1 << 16);
  const zc_json *member = zc_json_at(r->json, path);
  if (member) zc_json_write(&text, member);
  zc_buffer_text(&text, "");
  assert_string_equal(text.data, wanted);
  zc_buffer_finish(&text);
}

/* Times of the world: 10:50 now, deadline a day later. */
#define EXAMPLE_BLOCKS                                                                             \
  "\"carbon_analysis\":{\"decision\":\"RUN_NOW\","                                                 \
  "\"reason\":\"Current region has acceptable carbon intensity\","                                 \
  "\"default_region\":\"eu-west-2\",\"default_intensity\":16.1,"                                   \
  "\"optimal_region\":\"eu-west-2\",\"optimal_intensity\":16.1,"                                   \
  "\"savings_g\":0,\"savings_percent\":0},"                                                        \
  "\"workload\":{\"duration_minutes\":40,\"vcpu_count\":2,\"memory_gb\":3,"                        \
  "\"energy_kwh\":0.016023,\"sci_score\":3.5913},"                                                 \
  "\"regional_snapshot\":{\"eu-north-1\":16,\"eu-west-2\":16.1,\"eu-west-3\":26,"                  \
  "\"eu-central-2\":26,\"eu-west-1\":143,\"eu-central-1\":257},"                                   \
  "\"data_sources\":{\"uk_grid_eso\":{\"grid_intensity\":71,\"index\":\"low\","                    \
  "\"renewable_pct\":0.8,\"datacenter_intensity\":16.1},"                                          \
  "\"electricity_maps\":{\"regions_fetched\":[\"eu-north-1\",\"eu-west-3\",\"eu-west-1\","         \
  "\"eu-central-1\",\"eu-central-2\"],\"success_rate\":1}},"                                       \
  "\"config\":{\"auto_trigger\":true,\"min_savings_defer\":15,\"max_defer_hours\":24,"             \
  "\"pipeline_timeout\":30}"
#define EXAMPLE_OURS                                                                               \
  ",\"carbon_analysis.decision\":\"RUN_NOW\",\"carbon_analysis.savings_g\":0,"                     \
  "\"carbon_analysis.optimal_region\":\"eu-west-2\","                                              \
  "\"data_quality\":{\"default_region\":{\"source\":\"uk_grid_eso\",\"origin\":\"observed\","      \
  "\"basis\":\"operational\",\"age_minutes\":5,\"fallback\":false},"                               \
  "\"optimal_region\":{\"source\":\"uk_grid_eso\",\"origin\":\"observed\","                        \
  "\"basis\":\"operational\",\"age_minutes\":5,\"fallback\":false}},"                              \
  "\"schedule\":{\"requested_at\":\"2023-12-14T10:50:00Z\","                                       \
  "\"planned_start\":\"2023-12-14T10:50:00Z\",\"deadline\":\"2023-12-15T10:50:00Z\","              \
  "\"planned_intensity\":16.1},"                                                                   \
  "\"location_based\":{\"intensity\":80.6,\"sci_score\":4.6248}"

/* The blocks of the published example record, to the last digit and in its order. There,
 * savings_g and success_rate are written 0.0 and 1.0; whole numbers are stored as integers. */
static void the_published_example(void **state) {
  (void)state;
  zc_world w;
  zc_world_init(&w);
  record r = written(&w);
  assert_string_equal(r.text.data, "{" EXAMPLE_BLOCKS EXAMPLE_OURS "}");
  record_finish(&r);
  zc_world_finish(&w);
}

/* Savings follow from the figures as printed: 16.117 is 16.1 and 11.96 is 12. */
static void savings_from_printed_figures(void **state) {
  (void)state;
  zc_world w;
  zc_world_init(&w);
  w.decision.action = ZC_RELOCATE;
  w.decision.region = 1;
  w.decision.intensity = 11.96;
  record r = written(&w);
  assert_member(&r, "carbon_analysis/decision", "\"RELOCATE\"");
  assert_member(&r, "carbon_analysis/optimal_region", "\"eu-north-1\"");
  assert_member(&r, "carbon_analysis/optimal_intensity", "12");
  /* 0.01602316… kWh x (16.1 - 12) g/kWh; of 3.591306… g */
  assert_member(&r, "carbon_analysis/savings_g", "0.0657");
  assert_member(&r, "carbon_analysis/savings_percent", "1.83");
  assert_member(&r, "carbon_analysis.savings_g", "0.0657");
  assert_member(&r, "workload/sci_score", "3.5256");
  assert_member(&r, "schedule/planned_intensity", "12");
  assert_member(&r, "location_based", ""); /* eu-north-1 has no renewable share */
  assert_member(&r, "data_quality/optimal_region/source", "\"electricity_maps\"");
  record_finish(&r);
  zc_world_finish(&w);
}

/* A value at the start against a mean says nothing of savings. */
static void unlike_figures_save_nothing(void **state) {
  (void)state;
  zc_world w;
  zc_world_init(&w);
  w.decision.region = 1;
  w.decision.intensity = 12;
  w.decision.unlike = true;
  record r = written(&w);
  assert_member(&r, "carbon_analysis/default_intensity", "16.1");
  assert_member(&r, "carbon_analysis/optimal_intensity", "12");
  assert_member(&r, "carbon_analysis/savings_g", "");
  assert_member(&r, "carbon_analysis/savings_percent", "");
  assert_member(&r, "carbon_analysis.savings_g", "");
  record_finish(&r);
  zc_world_finish(&w);
}

static void a_worse_choice_saves_less_than_nothing(void **state) {
  (void)state;
  zc_world w;
  zc_world_init(&w);
  w.decision.region = 2;
  w.decision.intensity = 143;
  record r = written(&w);
  assert_member(&r, "carbon_analysis/savings_g", "-2.0333");
  record_finish(&r);
  zc_world_finish(&w);
}

/* What is not known is left out. */
static void unknown_figures(void **state) {
  (void)state;
  zc_world w;
  zc_world_init(&w);
  w.decision.has_baseline = w.decision.has_intensity = false;
  w.facts.reason = "No carbon data for eu-west-2: running now";
  for (size_t i = 0; i < ZC_WORLD_REGIONS; i++) {
    zc_series_finish(&w.snapshot->regions[i].grid);
  }
  w.always = false;
  w.delivered[2] = w.delivered[4] = false;
  record r = written(&w);
  assert_member(&r, "carbon_analysis",
                "{\"decision\":\"RUN_NOW\",\"reason\":\"No carbon data for eu-west-2: running "
                "now\",\"default_region\":\"eu-west-2\",\"optimal_region\":\"eu-west-2\"}");
  assert_member(&r, "carbon_analysis.savings_g", "");
  assert_member(&r, "carbon_analysis.optimal_region", "\"eu-west-2\"");
  assert_member(&r, "workload/sci_score", "");
  assert_member(&r, "workload/energy_kwh", "0.016023");
  assert_member(&r, "regional_snapshot", "{}");
  assert_member(&r, "data_sources/uk_grid_eso", "{\"regions_fetched\":[],\"success_rate\":0}");
  assert_member(&r, "data_sources/electricity_maps",
                "{\"regions_fetched\":[\"eu-north-1\",\"eu-west-3\",\"eu-central-1\"],"
                "\"success_rate\":0.6}");
  assert_member(&r, "data_quality/default_region", "{\"origin\":\"none\",\"fallback\":true}");
  assert_member(&r, "data_quality/optimal_region", "{\"origin\":\"none\",\"fallback\":true}");
  assert_member(&r, "schedule/planned_intensity", "");
  assert_member(&r, "location_based", "");
  assert_null(strstr(r.text.data, "null"));
  record_finish(&r);
  zc_world_finish(&w);
}

/* static_pue stands last in the config and gives the yearly average that is left. */
static void the_yearly_average(void **state) {
  (void)state;
  zc_world w;
  zc_world_init(&w);
  zc_region_view *home = &w.snapshot->regions[1];
  zc_series_finish(&home->grid);
  home->has_static = true;
  home->static_grid = 176;
  home->static_source = 2;
  home->static_basis = ZC_BASIS_LIFECYCLE;
  w.sources[2] = (zc_source_report){"static_pue", w.positions, 1, &w.always};
  w.facts.n_sources = 3;
  w.decision.baseline_static = w.decision.intensity_static = true;
  w.decision.baseline_intensity = w.decision.intensity = 176 * home->factor;
  record r = written(&w);
  assert_member(&r, "regional_snapshot/eu-west-2", "40");
  assert_member(&r, "data_sources/static_pue",
                "{\"regions_fetched\":[\"eu-west-2\"],\"success_rate\":1}");
  assert_member(&r, "data_quality/default_region",
                "{\"source\":\"static_pue\",\"origin\":\"static\",\"basis\":\"lifecycle\","
                "\"fallback\":true}");
  assert_member(&r, "location_based/intensity", "199.8");
  record_finish(&r);
  zc_world_finish(&w);
}

static void origins_and_fallbacks(void **state) {
  (void)state;
  static const struct {
    uint32_t flags, source;
    const char *origin;
  } cases[] = {
      {ZC_POINT_OBSERVED, 0, "\"observed\""},
      {ZC_POINT_ESTIMATED, 0, "\"estimated\""},
      {ZC_POINT_FORECAST, 1, "\"forecast\""},
      {ZC_POINT_OBSERVED | ZC_POINT_HELD, 1, "\"held\""},
  };
  zc_world w;
  zc_world_init(&w);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    zc_world_slot(&w, 1, 71, cases[i].flags, cases[i].source);
    w.always = cases[i].source == 0; /* the UK's source failed where another one is used */
    record r = written(&w);
    assert_member(&r, "data_quality/optimal_region/origin", cases[i].origin);
    assert_member(&r, "data_quality/optimal_region/fallback", w.always ? "false" : "true");
    record_finish(&r);
  }
  zc_world_finish(&w);
}

/* A source of PUE alone that stands first does not make the others fallbacks. */
static void a_source_of_pue_first(void **state) {
  (void)state;
  zc_world w;
  zc_world_init(&w);
  w.sources[2] = w.sources[1];
  w.sources[1] = w.sources[0];
  w.sources[0] = (zc_source_report){"static_pue", w.positions, 1, &w.always};
  w.facts.n_sources = 3;
  for (size_t i = 0; i < ZC_WORLD_REGIONS; i++) {
    zc_world_slot(&w, i, 50, ZC_POINT_OBSERVED, i == 1 ? 1 : 2);
  }
  record r = written(&w);
  assert_member(&r, "data_quality/default_region/source", "\"uk_grid_eso\"");
  assert_member(&r, "data_quality/default_region/fallback", "false");
  assert_member(&r, "data_sources/uk_grid_eso/grid_intensity", "50");
  record_finish(&r);
  zc_world_finish(&w);
}

static void the_sources_own_word(void **state) {
  (void)state;
  zc_world w;
  zc_world_init(&w);
  w.snapshot->regions[1].grid.slots[0].index = ZC_INDEX_VERY_HIGH;
  record r = written(&w);
  assert_member(&r, "data_sources/uk_grid_eso/index", "\"very high\"");
  record_finish(&r);
  zc_world_finish(&w);
}

/* All renewable by contract: nothing to divide by, the series knows. */
static void wholly_renewable(void **state) {
  (void)state;
  zc_world w;
  zc_world_init(&w);
  zc_region_view *home = &w.snapshot->regions[1];
  home->renewable_share = 1;
  home->factor = 0;
  w.decision.baseline_intensity = w.decision.intensity = 0;
  record r = written(&w);
  assert_member(&r, "carbon_analysis/optimal_intensity", "0");
  assert_member(&r, "carbon_analysis/savings_percent", "0");
  assert_member(&r, "location_based/intensity", "80.6");
  record_finish(&r);
  zc_world_finish(&w);
}

static void refuses(void **state) {
  (void)state;
  zc_world w;
  zc_buffer text;
  zc_world_init(&w);
  zc_buffer_init(&text, 1 << 20);
  zc_buffer_text(&text, "kept");
  w.decision.intensity = NAN;
  assert_int_equal(zc_execution_record_write(&w.facts, &text), ZC_EDATA);
  w.decision.intensity = 1;
  w.request.deadline = INT64_MAX;
  assert_int_equal(zc_execution_record_write(&w.facts, &text), ZC_EDATA);
  assert_string_equal(text.data, "kept");
  zc_buffer_finish(&text);
  zc_world_finish(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_published_example),
      cmocka_unit_test(savings_from_printed_figures),
      cmocka_unit_test(unlike_figures_save_nothing),
      cmocka_unit_test(a_worse_choice_saves_less_than_nothing),
      cmocka_unit_test(unknown_figures),
      cmocka_unit_test(the_yearly_average),
      cmocka_unit_test(origins_and_fallbacks),
      cmocka_unit_test(a_source_of_pue_first),
      cmocka_unit_test(the_sources_own_word),
      cmocka_unit_test(wholly_renewable),
      cmocka_unit_test(refuses),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
