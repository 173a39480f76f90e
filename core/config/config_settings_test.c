/* A whole valid file, and every field that is read from it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/base/time_text.h"
#include "tests/unit/config/data_folder.h"
#include "tests/unit/config/sample_plugins.h"
#include <sys/stat.h>

static char folder[2048];

static zc_settings *load(void) {
  zc_findings findings = {0};
  zc_settings *settings = NULL;
  int status = zc_config_load("full.yaml", &sample_load_options, &settings, &findings);
  for (size_t i = 0; i < findings.n; i++)
    print_error("%d: %s\n", findings.items[i].line, findings.items[i].text);
  zc_findings_finish(&findings);
  assert_int_equal(status, ZC_OK);
  assert_int_equal(findings.n, 0);
  return settings;
}

static void assert_beside(const char *path, const char *name) {
  char expected[4096];
  snprintf(expected, sizeof expected, "%s/%s", folder, name);
  assert_string_equal(path, expected);
}

static void test_engine(void **state) {
  (void)state;
  zc_settings *s = load();
  assert_string_equal(s->path, "full.yaml");
  assert_string_equal(s->directory, folder);
  assert_beside(s->state_dir, "state");
  assert_int_equal(s->log_level, ZC_LOG_DEBUG);
  assert_true(s->log_json);
  assert_int_equal(s->shutdown_ms, 6000);
  assert_int_equal(s->n_plugin_dirs, 2);
  assert_beside(s->plugin_dirs[0], "plugins");
  assert_string_equal(s->plugin_dirs[1], "/opt/zerocarb");
  assert_int_equal(s->n_regions, 3);
  assert_string_equal(s->regions[1], "eu-north-1");
  zc_settings_free(s);
}

static void test_sources(void **state) {
  (void)state;
  zc_settings *s = load();
  assert_int_equal(s->n_sources, 4);
  const zc_plugin_settings *uk = &s->sources[0], *maps = &s->sources[1];
  assert_string_equal(uk->name, "uk_grid_eso");
  assert_ptr_equal(uk->plugin, &sample_plugins[0]);
  assert_int_equal(uk->line, 11);
  assert_int_equal(uk->every_ms, 15 * ZC_MINUTE);
  assert_int_equal(uk->max_age_ms, 3 * ZC_HOUR);
  assert_int_equal(uk->timeout_ms, 30 * ZC_SECOND);
  assert_string_equal(zc_config_text(uk->options, "base_url"), "https://example.org/api");
  assert_string_equal(zc_config_text(uk->options, "basis"), "operational");
  assert_string_equal(zc_config_text(zc_config_region_config(uk->options, 0), "area"), "SW1");
  assert_false(zc_config_has(uk->options, "every")); /* the host's, not the plugin's */
  assert_int_equal(maps->every_ms, 30 * ZC_MINUTE);
  assert_int_equal(maps->max_age_ms, 6 * ZC_HOUR);
  assert_int_equal(maps->timeout_ms, 10 * ZC_SECOND);
  assert_string_equal(zc_config_text(maps->options, "token"), "tok-123");
  assert_int_equal(maps->n_regions, 2); /* in the order of the source's own list */
  assert_int_equal(maps->regions[0], 2);
  assert_int_equal(maps->regions[1], 1);
  assert_string_equal(zc_config_region_name(maps->options, 0), "eu-west-3");
  assert_non_null(zc_config_region_config(maps->options, 1));
  zc_settings_free(s);
}

static void test_region_rows(void **state) {
  (void)state;
  zc_settings *s = load();
  const zc_config *trace = s->sources[2].options, *pue = s->sources[3].options;
  assert_string_equal(s->sources[2].name, "recorded");
  assert_beside(zc_config_text(zc_config_region_config(trace, 0), "file"), "zones.csv");
  assert_string_equal(zc_config_text(zc_config_region_config(trace, 0), "column"), "SE");
  assert_beside(zc_config_text(zc_config_region_config(trace, 1), "file"), "zones.csv");
  assert_string_equal(zc_config_text(zc_config_region_config(trace, 1), "column"),
                      "carbon_intensity");
  assert_int_equal(zc_config_n_regions(pue), 3);
  assert_true(zc_config_number(zc_config_region_config(pue, 0), "pue") == 1.15);
  assert_true(zc_config_number(zc_config_region_config(pue, 1), "intensity") == 20);
  assert_false(zc_config_has(zc_config_region_config(pue, 2), "pue"));
  assert_true(zc_config_has(zc_config_region_config(pue, 2), "renewable_pct"));
  zc_settings_free(s);
}

static void test_policies_and_sinks(void **state) {
  (void)state;
  zc_settings *s = load();
  assert_int_equal(s->combine, ZC_COMBINE_BEST);
  assert_int_equal(s->n_policies, 3);
  assert_string_equal(s->policies[0].name, "threshold");
  assert_string_equal(s->policies[1].name, "lower");
  assert_true(zc_config_number(s->policies[1].options, "max_intensity") == 50);
  assert_int_equal(zc_config_integer(s->policies[0].options, "wait"), 0);
  assert_int_equal(zc_config_integer(s->policies[1].options, "wait"), 1);
  assert_true(zc_config_number(s->policies[2].options, "min_savings_percent") == 15);
  assert_int_equal(s->n_sinks, 1);
  assert_beside(zc_config_text(s->sinks[0].options, "path"), "zerocarb.db");
  zc_settings_free(s);
}

static void test_pipeline(void **state) {
  (void)state;
  zc_settings *s = load();
  assert_int_equal(s->n_pipelines, 3);
  const zc_pipeline_settings *p = &s->pipelines[0];
  assert_string_equal(p->name, "GDSDemoAppPipeline");
  assert_string_equal(p->team, "gds");
  assert_int_equal(p->n_regions, 3);
  assert_int_equal(p->regions[0], 0);
  assert_int_equal(p->regions[1], 1); /* in the order of regions, not of relocate_to */
  assert_int_equal(p->regions[2], 2);
  assert_true(p->auto_trigger);
  assert_true(p->min_savings_defer == 12.5); /* from defaults */
  assert_true(p->max_defer_hours == 36);
  assert_true(p->pipeline_timeout_minutes == 30); /* from the table */
  assert_true(p->workload.duration_minutes == 20);
  assert_true(p->workload.vcpu_count == 2);
  assert_true(p->workload.memory_gb == 3);
  assert_true(p->energy.watts_per_vcpu == 12);
  assert_true(p->energy.memory_kwh_per_gb_hour == 0.000392);
  assert_true(p->energy.energy_pue == 1);
  assert_true(p->energy.embodied_g_per_vcpu_hour == 2.5);
  assert_true(p->has_schedule);
  assert_string_equal(p->schedule, "0 2 * * *");
  assert_string_equal(p->time_zone, "Europe/London");
  assert_true(p->has_trigger);
  assert_string_equal(p->trigger.name, "exec");
  assert_int_equal(zc_config_count(p->trigger.options, "command"), 3);
  assert_string_equal(zc_config_item(p->trigger.options, "command", 2), "no");
  assert_int_equal(zc_config_integer(p->trigger.options, "timeout"), 90000);
  zc_settings_free(s);
}

static void test_overrides(void **state) {
  (void)state;
  zc_settings *s = load();
  const zc_pipeline_settings *p = &s->pipelines[1];
  assert_string_equal(p->name, "no");
  assert_null(p->team);
  assert_false(p->auto_trigger);
  assert_false(p->has_trigger);
  assert_false(p->has_schedule);
  assert_null(p->time_zone);
  assert_null(p->zone);
  assert_int_equal(p->n_regions, 1);
  assert_true(p->min_savings_defer == 0);
  assert_true(p->max_defer_hours == 0.5);
  assert_true(p->pipeline_timeout_minutes == 90);
  assert_true(p->energy.watts_per_vcpu == 12);
  assert_true(p->energy.embodied_g_per_vcpu_hour == 0);
  assert_true(p->workload.duration_minutes == 0.5);
  assert_true(p->workload.vcpu_count == 1);
  zc_settings_free(s);
}

static void test_zone_is_shared(void **state) {
  (void)state;
  zc_settings *s = load();
  assert_non_null(s->pipelines[0].zone);
  assert_ptr_equal(s->pipelines[0].zone, s->pipelines[2].zone);
  zc_settings_free(s);
}

static void test_variables(void **state) {
  (void)state;
  setenv("ZC_TEST_HOURS", "1e1", 1);
  setenv("ZC_TEST_URL", "http://localhost:8080", 1);
  zc_settings *s = load();
  assert_true(s->pipelines[0].max_defer_hours == 10);
  assert_string_equal(zc_config_text(s->sources[0].options, "base_url"), "http://localhost:8080");
  zc_settings_free(s);
  unsetenv("ZC_TEST_HOURS");
  unsetenv("ZC_TEST_URL");
}

/* ---- around the file ------------------------------------------------------------------------ */

static int prepared;

static const zc_plugin *find_after_prepare(void *user, uint32_t kind, const char *name,
                                           zc_error *error) {
  assert_int_equal(prepared, 2);
  return sample_find(user, kind, name, error);
}

static void prepare(void *user, char *const *plugin_dirs, size_t n) {
  assert_ptr_equal(user, &prepared);
  assert_beside(plugin_dirs[0], "plugins");
  prepared = (int)n;
}

static void test_plugin_dirs_come_first(void **state) {
  (void)state;
  const zc_plugin_finder finder = {&prepared, find_after_prepare, NULL};
  const zc_config_options options = {.finder = &finder, .prepare = prepare};
  zc_findings findings = {0};
  zc_settings *settings = NULL;
  assert_int_equal(zc_config_load("full.yaml", &options, &settings, &findings), ZC_OK);
  assert_int_equal(prepared, 2);
  zc_settings_free(settings);
  zc_findings_finish(&findings);
}

static void test_variables_of_secrets_are_known(void **state) {
  (void)state;
  static const char text[] =
      "{regions: [a], sources: [{plugin: electricity_maps, regions: [a], max_age: "
      "\"${ZC_TEST_AGE:-1h}\", token: \"t $${ZC_TEST_NO} ${ZC_TEST_ONE:-x}.${ZC_TEST_TWO:-y}\"},"
      "{plugin: electricity_maps, name: b, regions: [a], token: \"${ZC_TEST_ONE:-x}\"}],"
      "defaults: {auto_trigger: false, workload: {duration_minutes: 1, vcpu_count: 1, memory_gb: "
      "0}}, pipelines: [{name: p, region: a}]}";
  zc_findings findings = {0};
  zc_settings *s = NULL;
  assert_int_equal(
      zc_config_load_text(text, strlen(text), "t.yaml", &sample_load_options, &s, &findings),
      ZC_OK);
  assert_int_equal(s->secret_variables.n, 2);
  assert_string_equal(s->secret_variables.names[0], "ZC_TEST_ONE");
  assert_string_equal(s->secret_variables.names[1], "ZC_TEST_TWO");
  zc_settings_free(s);
  zc_findings_finish(&findings);
}

static void test_unreadable(void **state) {
  (void)state;
  static const char *const cases[][2] = {{"none.yaml", "cannot be read: No such file or directory"},
                                         {"secrets", "is a directory"}};
  for (size_t i = 0; i < 2; i++) {
    zc_findings findings = {0};
    zc_settings *settings = NULL;
    assert_int_equal(zc_config_load(cases[i][0], &sample_load_options, &settings, &findings),
                     ZC_EIO);
    assert_null(settings);
    assert_int_equal(findings.n, 1);
    assert_string_equal(findings.items[0].text, cases[i][1]);
    assert_int_equal(findings.items[0].line, 0);
    zc_findings_finish(&findings);
  }
}

static void test_directory(void **state) {
  (void)state;
  static const char text[] =
      "{regions: [a], sources: [{plugin: uk_grid_eso, regions: [a]}], defaults: {auto_trigger: "
      "false}, pipelines: [{name: p, region: a, workload: {duration_minutes: 1, vcpu_count: 1, "
      "memory_gb: 0}}], engine: {state_dir: .//./x}}";
  static const struct {
    const char *path, *state_dir;
  } cases[] = {{"/etc/z.yaml", "/etc/x"}, {"/z.yaml", "/x"}, {"-", NULL}, {"secrets/z.yaml", NULL}};
  for (size_t i = 0; i < 4; i++) {
    zc_findings findings = {0};
    zc_settings *s = NULL;
    assert_int_equal(
        zc_config_load_text(text, strlen(text), cases[i].path, &sample_load_options, &s, &findings),
        ZC_OK);
    if (cases[i].state_dir) {
      assert_string_equal(s->state_dir, cases[i].state_dir);
    } else {
      assert_beside(s->state_dir, i == 2 ? "x" : "secrets/x");
    }
    zc_settings_free(s);
    zc_findings_finish(&findings);
  }
  zc_settings_free(NULL);
}

#define MANY 10000

static void test_ten_thousand_pipelines_are_found_by_name(void **state) {
  (void)state;
  zc_findings findings = {0};
  zc_settings *s = NULL;
  zc_buffer text;
  char name[32];
  zc_buffer_init(&text, (size_t)8 << 20);
  zc_buffer_text(&text,
                 "regions: [r, s]\nsources: [{plugin: static_pue, regions: {r: 1.1, s: 1.2}}]\n"
                 "pipelines:\n");
  for (int i = 0; i < MANY; i++) {
    zc_buffer_printf(&text,
                     "- name: pipeline-%d\n  team: t\n  region: r\n  relocate_to: [s]\n"
                     "  max_defer_hours: 12\n  schedule: \"0 5 * * *\"\n  time_zone: UTC\n"
                     "  workload: {duration_minutes: 1, vcpu_count: 1, memory_gb: 1}\n"
                     "  auto_trigger: false\n",
                     i * 7919 % MANY);
  }
  assert_int_equal(
      zc_config_load_text(text.data, text.length, "many.yaml", &sample_load_options, &s, &findings),
      ZC_OK);
  assert_int_equal(s->n_pipelines, MANY);
  for (int i = 0; i < MANY; i++) {
    snprintf(name, sizeof name, "pipeline-%d", i * 7919 % MANY);
    assert_ptr_equal(zc_settings_pipeline(s, name), &s->pipelines[i]);
  }
  assert_null(zc_settings_pipeline(s, "pipeline-"));
  assert_null(zc_settings_pipeline(s, "pipeline-10000"));
  zc_settings_free(s);
  zc_findings_finish(&findings);
  zc_buffer_finish(&text);
}

static void test_shares_and_comparison(void **state) {
  (void)state;
  zc_settings *one = load(), *same = load();
  for (size_t i = 0; i < one->n_sources; i++) {
    assert_true(zc_config_equal(one->sources[i].options, same->sources[i].options));
    for (size_t j = 0; j < i; j++)
      assert_false(zc_config_equal(one->sources[i].options, same->sources[j].options));
  }
  assert_false(zc_config_equal(one->sources[0].options, NULL));
  zc_config *options = zc_config_hold(one->sources[0].options);
  assert_ptr_equal(zc_settings_hold(one), one);
  zc_settings_free(one);
  assert_string_equal(one->path, "full.yaml");
  zc_settings_free(one);
  assert_true(zc_config_equal(options, same->sources[0].options)); /* they outlive the settings */
  zc_config_free(options);
  zc_settings_free(same);
}

static void test_the_state_dir_of_a_running_engine_stays(void **state) {
  (void)state;
  char beside[4096];
  snprintf(beside, sizeof beside, "%s/state", folder);
  zc_config_options options = sample_load_options;
  zc_findings findings = {0};
  zc_settings *s;
  options.state_dir = beside;
  assert_int_equal(zc_config_load("full.yaml", &options, &s, &findings), ZC_OK);
  zc_settings_free(s);
  options.state_dir = "/elsewhere";
  assert_int_equal(zc_config_load("full.yaml", &options, &s, &findings), ZC_EINVAL);
  assert_int_equal(findings.n, 1);
  assert_non_null(strstr(findings.items[0].text, "needs a restart"));
  assert_true(findings.items[0].line > 0);
  zc_findings_finish(&findings);
}

/* The rest of the file may be wrong, and what it refers to absent. */
static void test_the_state_dir_alone(void **state) {
  (void)state;
  char path[] = "/tmp/zerocarb-test-XXXXXX", *found = NULL;
  zc_findings findings = {0};
  int descriptor = mkstemp(path);
  static const char text[] = "engine: {state_dir: ./here}\nsorces: [\"${NOT_SET_HERE}\"]\n";
  assert_int_equal(write(descriptor, text, sizeof text - 1), sizeof text - 1);
  assert_int_equal(zc_config_state_dir(path, false, &found, &findings), ZC_OK);
  assert_string_equal(found, "/tmp/here");
  assert_int_equal(findings.n, 0);
  free(found);
  assert_int_equal(pwrite(descriptor, "[[[[", 4, sizeof text - 5), 4); /* no YAML any more */
  assert_int_equal(zc_config_state_dir(path, false, &found, &findings), ZC_OK);
  assert_string_equal(found, "/tmp/here");
  free(found);
  assert_int_equal(ftruncate(descriptor, 10), 0);
  assert_int_equal(zc_config_state_dir(path, false, &found, &findings), ZC_EINVAL);
  assert_true(findings.errors > 0);
  zc_findings_finish(&findings);
  close(descriptor);
  unlink(path);
  assert_int_not_equal(zc_config_state_dir(path, false, &found, &findings), ZC_OK);
  zc_findings_finish(&findings);
}

static void assert_owner_finding(const char *path, bool implicit, bool warning, const char *text) {
  zc_findings findings = {0};
  zc_settings *settings = NULL;
  const zc_config_options options = {.implicit = implicit};
  char *found = NULL;
  (void)zc_config_load(path, &options, &settings, &findings);
  zc_settings_free(settings);
  assert_true(findings.n > 0);
  assert_int_equal(findings.items[0].warning, warning);
  assert_non_null(strstr(findings.items[0].text, text));
  zc_findings_finish(&findings);
  assert_int_equal(zc_config_state_dir(path, implicit, &found, &findings),
                   implicit ? ZC_EINVAL : ZC_OK);
  zc_findings_finish(&findings);
  free(found);
}

/* Whoever can write it could have the engine start anything. */
static void test_a_file_that_others_can_write(void **state) {
  (void)state;
  char path[] = "/tmp/zerocarb-test-XXXXXX";
  int descriptor = mkstemp(path);
  static const char text[] = "engine: {state_dir: ./here}\n";
  assert_int_equal(write(descriptor, text, sizeof text - 1), sizeof text - 1);
  assert_int_equal(fchmod(descriptor, 0666), 0);
  assert_owner_finding(path, false, true, "the file can be written by others (mode 0666)");
  assert_owner_finding(path, true, false, "can be written by others (mode 0666): chmod go-w it; ");
  if (geteuid() == 0) { /* else nobody can be given it */
    assert_int_equal(fchmod(descriptor, 0644), 0);
    assert_int_equal(fchown(descriptor, 65534, 65534), 0);
    assert_owner_finding(path, true, false, "is owned by user 65534, who is neither root nor");
  }
  close(descriptor);
  unlink(path);
}

static int set_up(void **state) {
  (void)state;
  if (enter_data_folder() != 0) return -1;
  unsetenv("ZC_TEST_HOURS");
  unsetenv("ZC_TEST_URL");
  return getcwd(folder, sizeof folder) ? 0 : -1;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_engine),
      cmocka_unit_test(test_sources),
      cmocka_unit_test(test_region_rows),
      cmocka_unit_test(test_policies_and_sinks),
      cmocka_unit_test(test_pipeline),
      cmocka_unit_test(test_overrides),
      cmocka_unit_test(test_zone_is_shared),
      cmocka_unit_test(test_variables),
      cmocka_unit_test(test_plugin_dirs_come_first),
      cmocka_unit_test(test_unreadable),
      cmocka_unit_test(test_variables_of_secrets_are_known),
      cmocka_unit_test(test_directory),
      cmocka_unit_test(test_ten_thousand_pipelines_are_found_by_name),
      cmocka_unit_test(test_shares_and_comparison),
      cmocka_unit_test(test_the_state_dir_of_a_running_engine_stays),
      cmocka_unit_test(test_the_state_dir_alone),
      cmocka_unit_test(test_a_file_that_others_can_write),
  };
  return cmocka_run_group_tests(tests, set_up, NULL);
}
