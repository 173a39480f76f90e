#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/time_text.h"
#include "tests/unit/source_host.h"

#define VALUES_MAX  16
#define REGIONS_MAX 64

struct zc_config {
  const zc_option *options;
  size_t n_options, n_values, n_regions;
  struct {
    const char *name;
    char *value;
  } values[VALUES_MAX];
  const zc_plugin *plugin;
  char *region;
  zc_config *regions[REGIONS_MAX];
};

static zc_config *create(const zc_plugin *plugin, const zc_option *options, size_t n) {
  zc_config *config = calloc(1, sizeof *config);
  assert_non_null(config);
  config->plugin = plugin;
  config->options = options;
  config->n_options = n;
  return config;
}

zc_config *source_config_create(const zc_plugin *plugin) {
  return create(plugin, plugin->options, plugin->n_options);
}

void source_config_destroy(zc_config *config) {
  for (size_t i = 0; i < config->n_regions; i++)
    source_config_destroy(config->regions[i]);
  for (size_t i = 0; i < config->n_values; i++)
    free(config->values[i].value);
  free(config->region);
  free(config);
}

zc_config *source_config_add_region(zc_config *config, const char *region) {
  const zc_plugin *plugin = config->plugin;
  zc_config *row = create(plugin, plugin->region_options, plugin->n_region_options);
  assert_true(config->n_regions < REGIONS_MAX);
  row->region = strdup(region);
  config->regions[config->n_regions++] = row;
  return row;
}

static const zc_option *option_of(const zc_config *config, const char *name) {
  for (size_t i = 0; i < config->n_options; i++) {
    if (strcmp(config->options[i].name, name) == 0) return &config->options[i];
  }
  fail_msg("the plugin has no option %s", name);
  return NULL;
}

void source_config_set(zc_config *config, const char *name, const char *value) {
  assert_true(config->n_values < VALUES_MAX);
  config->values[config->n_values].name = option_of(config, name)->name;
  config->values[config->n_values++].value = strdup(value);
}

static const char *text(const zc_config *config, const char *name) {
  const zc_option *option = option_of(config, name);
  for (size_t i = 0; i < config->n_values; i++) {
    if (strcmp(config->values[i].name, name) == 0) return config->values[i].value;
  }
  return option->def;
}

static int has(const zc_config *config, const char *name) {
  return text(config, name) != NULL;
}

static int64_t integer(const zc_config *config, const char *name) {
  const zc_option *option = option_of(config, name);
  const char *value = text(config, name);
  int64_t ms = 0;
  if (!value) return 0;
  if (option->type == ZC_BOOLEAN) return strcmp(value, "true") == 0;
  if (option->type != ZC_DURATION) return strtoll(value, NULL, 10);
  assert_int_equal(zc_duration_parse(value, &ms), ZC_OK);
  return ms;
}

static double number(const zc_config *config, const char *name) {
  const char *value = text(config, name);
  return value ? strtod(value, NULL) : 0;
}

static size_t n_regions(const zc_config *config) {
  return config->n_regions;
}

static const char *region_name(const zc_config *config, size_t i) {
  return i < config->n_regions ? config->regions[i]->region : NULL;
}

static const zc_config *region_config(const zc_config *config, size_t i) {
  return i < config->n_regions ? config->regions[i] : NULL;
}

void source_config_services(zc_host *host) {
  host->has = has;
  host->text = text;
  host->integer = integer;
  host->number = number;
  host->n_regions = n_regions;
  host->region_name = region_name;
  host->region_config = region_config;
}
