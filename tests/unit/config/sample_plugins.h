/* sample_plugins.h - descriptors in the shape of real plugins, and a finder of them, for tests and
 * the fuzzer of the configuration. Nothing of them ever runs. */
#ifndef ZC_TESTS_SAMPLE_PLUGINS_H
#define ZC_TESTS_SAMPLE_PLUGINS_H

#include <string.h>

#include "core/config/config.h"

static const zc_option sample_uk_options[] = {
    {"base_url", ZC_URL, 0, "https://api.carbonintensity.org.uk", NULL, "Where the API is."},
    {"basis", ZC_ENUM, 0, "operational", "operational", "What its figures count."},
};
static const zc_option sample_uk_region_options[] = {
    {"area", ZC_STRING, 0, "national", NULL, "national, a region id, or an outward postcode."},
};

static const zc_option sample_maps_options[] = {
    {"token", ZC_STRING, ZC_REQUIRED | ZC_SECRET, NULL, NULL, "The API token."},
    {"emission_factor_type", ZC_ENUM, 0, "lifecycle", "direct|lifecycle", "What is counted."},
    {"history_hours", ZC_INTEGER, 0, "24", "1..24", "How much of the past is asked for, hours."},
    {"horizon_hours", ZC_ENUM, 0, "24", "6|24|48|72", "How far forecasts reach."},
};

static const zc_option sample_pue_region_options[] = {
    {"pue", ZC_NUMBER, 0, NULL, "1..3", "Power usage effectiveness."},
    {"renewable_pct", ZC_NUMBER, 0, "0", "0..1", "Contracted renewable share."},
    {"intensity", ZC_NUMBER, 0, NULL, "0..2000", "Yearly average, gCO2eq/kWh."},
};

static const zc_option sample_trace_options[] = {
    {"forecast_hours", ZC_NUMBER, 0, "48", "0..168", "How much future is handed out, hours."},
    {"seed", ZC_INTEGER, 0, "1", NULL, "Of the noise."},
    {"basis", ZC_ENUM, 0, "lifecycle", "operational|lifecycle|marginal", "What was recorded."},
};
static const zc_option sample_trace_region_options[] = {
    {"file", ZC_PATH, ZC_REQUIRED, NULL, NULL, "The series as CSV."},
    {"column", ZC_STRING, 0, "carbon_intensity", NULL, "Its column."},
};

static const zc_option sample_threshold_options[] = {
    {"max_intensity", ZC_NUMBER, ZC_REQUIRED, NULL, "0..", "gCO2eq/kWh."},
    {"wait", ZC_BOOLEAN, 0, "false", NULL, "Wait until it is."},
    {"limit", ZC_NUMBER, ZC_DEPRECATED, NULL, NULL, "Use max_intensity."},
};
static const zc_option sample_relocation_options[] = {
    {"min_savings_percent", ZC_NUMBER, 0, "15", "0..100", "The least saving, percent."},
    {"allow_static", ZC_BOOLEAN, 0, "false", NULL, "Yearly averages are candidates, too."},
};

static const zc_option sample_exec_options[] = {
    {"command", ZC_STRING_LIST, ZC_REQUIRED, NULL, "1..", "Program and arguments; no shell."},
    {"directory", ZC_PATH, 0, NULL, NULL, "Where it runs."},
    {"timeout", ZC_DURATION, 0, NULL, "1s..", "When it is stopped."},
};

static const zc_option sample_file_options[] = {
    {"path", ZC_PATH, ZC_REQUIRED, NULL, NULL, "The SQLite file."},
};

static const zc_source_ops sample_source = {.size = sizeof(zc_source_ops)};
static const zc_source_ops sample_constant = {.size = sizeof(zc_source_ops),
                                              .flags = ZC_SOURCE_CONSTANT};

#define SAMPLE_COUNT(table) (uint32_t)(sizeof table / sizeof *table)
#define SAMPLE(k, n, ...)                                                                          \
  {                                                                                                \
    .size = sizeof(zc_plugin), .abi_major = ZC_ABI_MAJOR, .option_size = sizeof(zc_option),        \
    .kind = k, .name = n, .version = "1.0", .summary = "Sample of " n ".", __VA_ARGS__             \
  }
#define SAMPLE_OPTIONS(table) .options = table, .n_options = SAMPLE_COUNT(table)
#define SAMPLE_REGIONS(table) .region_options = table, .n_region_options = SAMPLE_COUNT(table)

static const zc_plugin sample_plugins[] = {
    SAMPLE(ZC_SOURCE, "uk_grid_eso", .ops = &sample_source, SAMPLE_OPTIONS(sample_uk_options),
           SAMPLE_REGIONS(sample_uk_region_options)),
    SAMPLE(ZC_SOURCE, "electricity_maps", .ops = &sample_source,
           SAMPLE_OPTIONS(sample_maps_options)),
    SAMPLE(ZC_SOURCE, "static_pue", .ops = &sample_constant,
           SAMPLE_REGIONS(sample_pue_region_options)),
    SAMPLE(ZC_SOURCE, "trace", .ops = &sample_source, SAMPLE_OPTIONS(sample_trace_options),
           SAMPLE_REGIONS(sample_trace_region_options)),
    SAMPLE(ZC_POLICY, "threshold", SAMPLE_OPTIONS(sample_threshold_options)),
    SAMPLE(ZC_POLICY, "deferral_window", .n_options = 0),
    SAMPLE(ZC_POLICY, "relocation", SAMPLE_OPTIONS(sample_relocation_options)),
    SAMPLE(ZC_TRIGGER, "exec", SAMPLE_OPTIONS(sample_exec_options)),
    SAMPLE(ZC_SINK, "local_file", SAMPLE_OPTIONS(sample_file_options)),
};
enum { SAMPLE_PLUGINS = sizeof sample_plugins / sizeof *sample_plugins };

static const zc_plugin *sample_find(void *user, uint32_t kind, const char *name, zc_error *error) {
  (void)user;
  for (size_t i = 0; i < SAMPLE_PLUGINS; i++) {
    if (sample_plugins[i].kind == kind && strcmp(sample_plugins[i].name, name) == 0) {
      return &sample_plugins[i];
    }
  }
  zc_error_set(error, ZC_ENOTFOUND, "there is no plugin \"%.60s\" of this kind", name);
  return NULL;
}

static size_t sample_names(void *user, uint32_t kind, const char **ret, size_t max) {
  (void)user;
  size_t n = 0;
  for (size_t i = 0; i < SAMPLE_PLUGINS && n < max; i++) {
    if (sample_plugins[i].kind == kind) ret[n++] = sample_plugins[i].name;
  }
  return n;
}

static const zc_plugin_finder sample_finder = {.find = sample_find, .names = sample_names};
static const zc_config_options sample_load_options = {.finder = &sample_finder};

#endif
