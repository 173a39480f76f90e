/* Warnings about what is allowed and yet hardly meant, and names that would meet in a table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/config/sample_plugins.h"

#define REST                                                                                       \
  "policies: {use: [{plugin: deferral_window}]}\n"                                                 \
  "sinks: [{plugin: local_file, path: x}]\n"                                                       \
  "defaults: {auto_trigger: false, workload: {duration_minutes: 1, vcpu_count: 1, memory_gb: "     \
  "1}}\n"

static void assert_warns(const char *text, const char *expected) {
  zc_findings findings = {0};
  zc_settings *settings = NULL;
  zc_buffer to;
  zc_buffer_init(&to, 1 << 20);
  int status =
      zc_config_load_text(text, strlen(text), "t.yaml", &sample_load_options, &settings, &findings);
  zc_findings_print(&findings, "t", &to);
  assert_string_equal(to.data ? to.data : "", expected);
  assert_int_equal(status, ZC_OK);
  zc_buffer_finish(&to);
  zc_findings_finish(&findings);
  zc_settings_free(settings);
}

static void test_nothing_to_say(void **state) {
  (void)state;
  assert_warns("regions: [a, b]\n"
               "sources:\n"
               "  - {plugin: electricity_maps, token: t, regions: [a, b]}\n"
               "  - {plugin: static_pue, regions: [a, b]}\n"
               "pipelines: [{name: p, region: a, relocate_to: [b]}]\n" REST,
               "");
}

static void test_a_timeout_below_the_duration(void **state) {
  (void)state;
  assert_warns("regions: [a]\n"
               "sources: [{plugin: electricity_maps, token: t, regions: [a]}]\n"
               "policies: {use: [{plugin: deferral_window}]}\n"
               "sinks: [{plugin: local_file, path: x}]\n"
               "defaults: {workload: {duration_minutes: 40, vcpu_count: 1, memory_gb: 1}}\n"
               "pipelines:\n"
               "  - {name: p, region: a, trigger: {plugin: exec, command: [x]}}\n"
               "  - {name: same, region: a, trigger: {plugin: exec, command: [x]}}\n"
               "  - {name: q, region: a, pipeline_timeout: 40, trigger: {plugin: exec, command: "
               "[x]}}\n"
               "  - {name: never, region: a, auto_trigger: false}\n",
               "t:7:5: warning: pipelines[0]: workload.duration_minutes is 40, and "
               "pipeline_timeout ends a run after 30: set a longer pipeline_timeout\n");
}

static void test_a_time_zone_without_a_schedule(void **state) {
  (void)state;
  assert_warns("regions: [a]\n"
               "sources: [{plugin: electricity_maps, token: t, regions: [a]}]\n"
               "pipelines:\n"
               "  - {name: p, region: a, time_zone: Europe/London}\n"
               "  - {name: q, region: a, time_zone: Europe/London, schedule: '@daily'}\n" REST,
               "t:4:37: warning: pipelines[0].time_zone: without a schedule it says nothing\n");
}

static void test_team_named_like_a_pipeline(void **state) {
  (void)state;
  const char *text = "regions: [a]\n"
                     "sources: [{plugin: static_pue, regions: [a]}]\n"
                     "pipelines:\n"
                     "  - {name: web, region: a, team: shop}\n"
                     "  - name: checkout\n"
                     "    region: a\n"
                     "    team: web\n" REST;
  zc_findings findings = {0};
  zc_settings *settings = NULL;
  zc_buffer to;
  zc_buffer_init(&to, 1 << 20);
  assert_int_equal(
      zc_config_load_text(text, strlen(text), "t", &sample_load_options, &settings, &findings),
      ZC_EINVAL);
  zc_findings_print(&findings, "t", &to);
  assert_non_null(strstr(to.data, "t:7:11: error: pipelines[1].team: a pipeline (line 4) has the "
                                  "name of this team"));
  zc_buffer_finish(&to);
  zc_findings_finish(&findings);
}

static void test_missing_parts(void **state) {
  (void)state;
  assert_warns("regions: [a, b, c]\n"
               "sources: [{plugin: uk_grid_eso, regions: [b]}]\n"
               "defaults: {auto_trigger: false}\n"
               "pipelines: [{name: p, region: b, workload: {duration_minutes: 1, vcpu_count: 1, "
               "memory_gb: 1}}]\n"
               "sinks: []\n",
               "t:1:1: warning: policies: none: every run starts at once, in its default region\n"
               "t:1:11: warning: regions[0]: no source covers a\n"
               "t:1:17: warning: regions[2]: no source covers c\n"
               "t:5:8: warning: sinks: none: nothing is recorded\n");
}

static void test_pue_twice(void **state) {
  (void)state;
  assert_warns("regions: [a, b, c]\n"
               "sources: [{plugin: static_pue, regions: {a: 1.2, b: 1, c: }}]\n"
               "pipelines:\n"
               "  - {name: p, region: a, energy: {energy_pue: 1.135}}\n"
               "  - {name: q, region: a, energy: {energy_pue: 1.2}}\n"
               "  - {name: r, region: a}\n"
               "  - {name: s, region: b, energy: {energy_pue: 1.2}}\n"
               "  - {name: t, region: c, energy: {energy_pue: 1.2}}\n" REST,
               "t:4:5: warning: pipelines[0]: PUE counts twice: energy_pue is 1.135, and the "
               "intensity of a has one in it, too (static_pue: 1.2): leave energy_pue at 1\n"
               "t:8:5: warning: pipelines[4]: PUE counts twice: energy_pue is 1.2, and the "
               "intensity of c has one in it, too (static_pue: its own figure): leave energy_pue "
               "at 1\n");
}

static void test_renewable_share(void **state) {
  (void)state;
  assert_warns("regions: [a, b]\n"
               "sources: [{plugin: static_pue, regions: {a: {renewable_pct: 0.8}, b: "
               "{renewable_pct: 0}}}]\n"
               "pipelines: [{name: p, region: a}]\n" REST,
               "t:2:45: warning: sources[0].regions.a: renewable_pct 0.8 is a market-based "
               "measure, which the SCI specification does not admit: records also carry "
               "location_based figures without it\n");
}

static void test_adjusted_and_not(void **state) {
  (void)state;
  assert_warns("regions: [a, b, c]\n"
               "sources:\n"
               "  - {plugin: uk_grid_eso, regions: [a, b, c]}\n"
               "  - {plugin: static_pue, regions: [b]}\n"
               "pipelines:\n"
               "  - {name: p, region: a, relocate_to: [c]}\n"
               "  - {name: q, region: a, relocate_to: [b, c]}\n"
               "  - {name: r, region: c, relocate_to: [a, b]}\n"
               "  - {name: s, region: b}\n" REST,
               "t:7:5: warning: pipelines[1]: compares unlike figures: b with PUE or renewable "
               "share, a, c without\n");
}

static void test_bases(void **state) {
  (void)state;
  assert_warns("regions: [a, b, c]\n"
               "sources:\n"
               "  - {plugin: static_pue, regions: [a, b, c]}\n" /* constant: says nothing */
               "  - {plugin: uk_grid_eso, regions: [a]}\n"
               "  - {plugin: trace, basis: marginal, regions: {c: x.csv}}\n"
               "  - {plugin: electricity_maps, token: t, regions: [a, b, c]}\n"
               "pipelines:\n"
               "  - {name: p, region: a, relocate_to: [b, c]}\n"
               "  - {name: q, region: b}\n" REST,
               "t:8:5: warning: pipelines[0]: compares unlike bases: a (operational), b "
               "(lifecycle), c (marginal)\n");
  assert_warns("regions: [a, b]\n"
               "sources:\n"
               "  - {plugin: uk_grid_eso, regions: [a]}\n"
               "  - {plugin: electricity_maps, token: t, emission_factor_type: direct, regions: "
               "[b]}\n"
               "pipelines: [{name: p, region: a, relocate_to: [b]}]\n" REST,
               "");
}

static void test_averages(void **state) {
  (void)state;
#define AVERAGES(policy)                                                                           \
  "regions: [a, b]\n"                                                                              \
  "sources:\n"                                                                                     \
  "  - {plugin: uk_grid_eso, regions: [a]}\n"                                                      \
  "  - {plugin: static_pue, regions: [a, b]}\n"                                                    \
  "policies: {use: [" policy "]}\n"                                                                \
  "sinks: [{plugin: local_file, path: x}]\n"                                                       \
  "pipelines: [{name: p, region: a, relocate_to: [b], auto_trigger: false, workload: "             \
  "{duration_minutes: 1, vcpu_count: 1, memory_gb: 1}}]\n"
  assert_warns(AVERAGES("{plugin: relocation}"),
               "t:7:13: warning: pipelines[0]: never relocated to b: known only by a yearly "
               "average, and allow_static is false\n");
  assert_warns(AVERAGES("{plugin: relocation, allow_static: true}"), "");
  assert_warns(AVERAGES("{plugin: deferral_window}"), "");
}

static void test_no_warnings_beside_errors(void **state) {
  (void)state;
  static const char text[] = "regions: [a]\nsources: []\npipelines: []\n";
  zc_findings findings = {0};
  zc_settings *settings = NULL;
  assert_int_equal(
      zc_config_load_text(text, strlen(text), "t", &sample_load_options, &settings, &findings),
      ZC_EINVAL);
  assert_int_equal(findings.n, 2);
  assert_int_equal(findings.errors, 2);
  zc_findings_finish(&findings);
}

/* The same trouble in a thousand pipelines is told once. */
static void test_told_once(void **state) {
  (void)state;
  zc_buffer text;
  zc_buffer_init(&text, 1 << 20);
  zc_buffer_text(&text, "regions: [a, b]\n"
                        "sources:\n"
                        "  - {plugin: uk_grid_eso, regions: [a, b]}\n"
                        "  - {plugin: static_pue, regions: [b]}\n" REST "pipelines:\n");
  for (int i = 0; i < 1000; i++)
    zc_buffer_printf(&text, "  - {name: p%d, region: a, relocate_to: [b]}\n", i);
  assert_warns(text.data, "t:9:5: warning: pipelines[0]: compares unlike figures: b with PUE or "
                          "renewable share, a without\n");
  zc_buffer_finish(&text);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_nothing_to_say),
      cmocka_unit_test(test_a_timeout_below_the_duration),
      cmocka_unit_test(test_a_time_zone_without_a_schedule),
      cmocka_unit_test(test_team_named_like_a_pipeline),
      cmocka_unit_test(test_missing_parts),
      cmocka_unit_test(test_pue_twice),
      cmocka_unit_test(test_renewable_share),
      cmocka_unit_test(test_adjusted_and_not),
      cmocka_unit_test(test_bases),
      cmocka_unit_test(test_averages),
      cmocka_unit_test(test_no_warnings_beside_errors),
      cmocka_unit_test(test_told_once),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
