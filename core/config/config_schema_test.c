/* The JSON Schema and docs/CONFIG.md, from the tables. An installed jsonschema (Debian's
 * python3-jsonschema) says whether the schema takes what the loader takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sys/wait.h>

#include "core/base/json.h"
#include "core/config/file_text.h"
#include "core/config/sections.h"
#include "tests/unit/config/data_folder.h"
#include "tests/unit/config/sample_plugins.h"

#define CAP ((size_t)4 << 20)

static const zc_plugin *plugins[SAMPLE_PLUGINS];

static void test_schema_is_json(void **state) {
  (void)state;
  zc_buffer to;
  zc_json *json = NULL;
  zc_buffer_init(&to, CAP);
  assert_int_equal(zc_config_schema(plugins, SAMPLE_PLUGINS, &to), ZC_OK);
  assert_int_equal(zc_json_parse(to.data, to.length, &json), ZC_OK);
  assert_string_equal(zc_json_get_text(json, "$schema"),
                      "https://json-schema.org/draft/2020-12/schema");
  assert_non_null(zc_json_at(json, "properties/pipelines/items/properties/workload"));
  assert_non_null(zc_json_at(json, "$defs/source_electricity_maps/properties/token_file"));
  zc_json_free(json);
  zc_buffer_finish(&to);
}

static void test_order_of_plugins_is_nothing(void **state) {
  (void)state;
  const zc_plugin *reversed[SAMPLE_PLUGINS];
  for (size_t i = 0; i < SAMPLE_PLUGINS; i++)
    reversed[i] = plugins[SAMPLE_PLUGINS - 1 - i];
  int (*const writers[])(const zc_plugin *const *, size_t, zc_buffer *) = {zc_config_schema,
                                                                           zc_config_markdown};
  for (size_t i = 0; i < 2; i++) {
    zc_buffer one, other;
    zc_buffer_init(&one, CAP);
    zc_buffer_init(&other, CAP);
    assert_int_equal(writers[i](plugins, SAMPLE_PLUGINS, &one), ZC_OK);
    assert_int_equal(writers[i](reversed, SAMPLE_PLUGINS, &other), ZC_OK);
    assert_string_equal(one.data, other.data);
    zc_buffer_finish(&one);
    zc_buffer_finish(&other);
  }
}

static void assert_row(const char *markdown, const zc_option *option) {
  char row[96];
  snprintf(row, sizeof row, "| `%s` |", option->name);
  assert_non_null(strstr(markdown, row));
  if (option->help) assert_non_null(strstr(markdown, option->help));
}

static void assert_section(const char *markdown, const zc_section *section) {
  assert_non_null(strstr(markdown, section->key));
  for (size_t i = 0; i < section->n_options; i++)
    assert_row(markdown, &section->options[i]);
  for (size_t i = 0; section->children && section->children[i]; i++)
    assert_section(markdown, section->children[i]);
}

static void test_markdown_names_every_row(void **state) {
  (void)state;
  zc_buffer to;
  zc_buffer_init(&to, CAP);
  assert_int_equal(zc_config_markdown(plugins, SAMPLE_PLUGINS, &to), ZC_OK);
  assert_section(to.data, &zc_section_root);
  for (size_t i = 0; i < SAMPLE_PLUGINS; i++) {
    for (size_t j = 0; j < plugins[i]->n_options; j++)
      assert_row(to.data, &plugins[i]->options[j]);
    for (size_t j = 0; j < plugins[i]->n_region_options; j++)
      assert_row(to.data, &plugins[i]->region_options[j]);
  }
  assert_non_null(strstr(to.data, "`sources[]`"));
  assert_non_null(strstr(to.data, "(above 0, at most 4096)"));
  zc_buffer_finish(&to);
}

static void test_caps_hold(void **state) {
  (void)state;
  zc_buffer to;
  zc_buffer_init(&to, 100);
  assert_int_equal(zc_config_schema(plugins, SAMPLE_PLUGINS, &to), ZC_EDATA);
  zc_buffer_finish(&to);
  zc_buffer_init(&to, 100);
  assert_int_equal(zc_config_markdown(plugins, SAMPLE_PLUGINS, &to), ZC_EDATA);
  zc_buffer_finish(&to);
}

/* ---- what the schema takes ------------------------------------------------------------------ */

#define BASE                                                                                       \
  "regions: [eu-west-2]\n"                                                                         \
  "pipelines: [{name: a, region: eu-west-2, auto_trigger: false}]\n"
#define SOURCES "sources: [{plugin: uk_grid_eso, regions: [eu-west-2]}]\n"

static const struct {
  char taken;
  const char *text;
} documents[] = {
    {'y', BASE SOURCES},
    {'y', BASE SOURCES "engine:\ndefaults:\nsinks:\npolicies:\n"},
    {'y', BASE SOURCES "defaults: {max_defer_hours: \"${HOURS}\", auto_trigger: \"${A:-true}\"}\n"},
    {'y', BASE SOURCES "engine: {shutdown_timeout: \"${T}\", log: {level: \"${L}\"}}\n"},
    {'y', BASE "sources: [{plugin: uk_grid_eso, regions: {eu-west-2: }}]\n"},
    {'y', BASE "sources: [{plugin: uk_grid_eso, regions: {eu-west-2: 13}}]\n"},
    {'y', BASE "sources: [{plugin: electricity_maps, token: t, regions: [eu-west-2]}]\n"},
    {'y', BASE "sources: [{plugin: electricity_maps, token_file: t, regions: [eu-west-2]}]\n"},
    {'y', BASE "sources: [{plugin: trace, regions: {eu-west-2: {file: x, column: 3}}}]\n"},
    {'y', BASE SOURCES "policies: {combine: best, use: [{plugin: threshold, max_intensity: 0}]}\n"},
    {'y', BASE "sources: [{plugin: electricity_maps, token: t, horizon_hours: 48, regions: "
               "[eu-west-2]}]\n"},
    {'n', BASE "sources: [{plugin: electricity_maps, token: t, horizon_hours: 12, regions: "
               "[eu-west-2]}]\n"},
    {'n', BASE},
    {'n', BASE "sources: []\n"},
    {'n', BASE SOURCES "regoins: []\n"},
    {'n', BASE SOURCES "defaults: {max_defer_hours: 169}\n"},
    {'n', BASE SOURCES "defaults: {max_defer_hours: \"24\"}\n"},
    {'n', BASE SOURCES "defaults: {auto_trigger: 1}\n"},
    {'n', BASE SOURCES "defaults: {workload: {vcpu_count: 0}}\n"},
    {'n', BASE SOURCES "defaults: {energy: {pue: 1}}\n"},
    {'n', BASE SOURCES "engine: {shutdown_timeout: 5}\n"},
    {'n', BASE SOURCES "engine: {log: {level: warn}}\n"},
    {'n', BASE SOURCES "sinks: [{plugin: local_file}]\n"},
    {'n', BASE SOURCES "sinks: [{plugin: dynamo, path: x}]\n"},
    {'n', BASE SOURCES "policies: {use: [{plugin: threshold}]}\n"},
    {'n', BASE SOURCES "policies: {use: [{plugin: threshold, max_intensity: 1, allow_static: "
                       "true}]}\n"},
    {'n', BASE "sources: [{plugin: uk_grid_eso}]\n"},
    {'n', BASE "sources: [{plugin: uk_grid_eso, regions: []}]\n"},
    {'n', BASE "sources: [{plugin: uk_grid_eso, regions: [eu-west-2], base_url: ftp://x}]\n"},
    {'n', BASE "sources: [{plugin: uk_grid_eso, regions: {eu-west-2: {zone: 3}}}]\n"},
    {'n', BASE "sources: [{plugin: electricity_maps, regions: [eu-west-2]}]\n"},
    {'n', BASE "sources: [{plugin: electricity_maps, token: t, token_file: t, regions: "
               "[eu-west-2]}]\n"},
    {'n', BASE "sources: [{plugin: electricity_maps, token: t, regions: {eu-west-2: x}}]\n"},
    {'n', BASE "sources: [{plugin: trace, regions: [eu-west-2]}]\n"},
    {'n', BASE "sources: [{plugin: trace, regions: {eu-west-2: {column: x}}}]\n"},
    {'n', BASE "sources: [{plugin: static_pue, regions: {eu-west-2: {pue: 0.5}}}]\n"},
    {'n', "regions: [EU]\npipelines: [{name: a, region: EU}]\n" SOURCES},
    {'n', "regions: [a]\npipelines: [{name: a b, region: a}]\n" SOURCES},
    {'n', "regions: [a]\npipelines: [{name: a, region: a, trigger: {plugin: exec}}]\n" SOURCES},
};
enum { DOCUMENTS = sizeof documents / sizeof *documents };

static void write_file(const char *path, const char *text) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  assert_true(fputs(text, file) >= 0);
  assert_int_equal(fclose(file), 0);
}

/* Runs the validator over the sample file and the documents above; false where it is not there. */
static bool validate(const char *folder, char *verdicts, int size) {
  char command[512], path[160];
  zc_buffer schema, stream;
  zc_error error = {0};
  zc_buffer_init(&schema, CAP);
  zc_buffer_init(&stream, CAP);
  assert_int_equal(zc_config_schema(plugins, SAMPLE_PLUGINS, &schema), ZC_OK);
  assert_int_equal(zc_file_read("full.yaml", true, &stream, &error), ZC_OK);
  for (size_t i = 0; i < DOCUMENTS; i++)
    zc_buffer_printf(&stream, "---\n%s", documents[i].text);
  assert_int_equal(stream.status, ZC_OK);
  snprintf(path, sizeof path, "%s/schema.json", folder);
  write_file(path, schema.data);
  snprintf(path, sizeof path, "%s/documents.yaml", folder);
  write_file(path, stream.data);
  zc_buffer_finish(&schema);
  zc_buffer_finish(&stream);
  snprintf(command, sizeof command,
           "ASAN_OPTIONS= /usr/bin/python3 validate.py %s/schema.json %s/documents.yaml", folder,
           folder);
  FILE *python = popen(command, "r"); /* NOLINT(cert-env33-c) */
  assert_non_null(python);
  bool read = fgets(verdicts, size, python) != NULL;
  int status = pclose(python);
  bool missing = WIFEXITED(status) && (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 127);
  if (!missing) assert_true(read && status == 0);
  return !missing;
}

static void test_validator_agrees(void **state) {
  (void)state;
  char folder[] = "/tmp/zc-schema-XXXXXX", verdicts[DOCUMENTS + 8] = "", path[160];
  assert_non_null(mkdtemp(folder));
  bool ran = validate(folder, verdicts, sizeof verdicts);
  static const char *const names[] = {"schema.json", "documents.yaml"};
  for (size_t i = 0; i < 2; i++) {
    snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    unlink(path);
  }
  rmdir(folder);
  if (!ran) {
    print_message("skipped: python3-jsonschema and python3-yaml are not installed\n");
    skip();
  }
  assert_int_equal(verdicts[0], 'y'); /* full.yaml */
  for (size_t i = 0; i < DOCUMENTS; i++) {
    if (verdicts[i + 1] != documents[i].taken) print_error("%s", documents[i].text);
    assert_int_equal(verdicts[i + 1], documents[i].taken);
  }
}

static int set_up(void **state) {
  (void)state;
  for (size_t i = 0; i < SAMPLE_PLUGINS; i++)
    plugins[i] = &sample_plugins[i];
  return enter_data_folder();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_schema_is_json), cmocka_unit_test(test_order_of_plugins_is_nothing),
      cmocka_unit_test(test_markdown_names_every_row), cmocka_unit_test(test_caps_hold),
      cmocka_unit_test(test_validator_agrees)};
  return cmocka_run_group_tests(tests, set_up, NULL);
}
