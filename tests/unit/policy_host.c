#include "tests/unit/policy_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/time_text.h"

const zc_plugin *zc_entry_v1_threshold(void);
const zc_plugin *zc_entry_v1_deferral_window(void);
const zc_plugin *zc_entry_v1_relocation(void);

struct zc_config {
  policy_options options;
};

static bool is(const char *a, const char *b) {
  return strcmp(a, b) == 0;
}

static int host_has(const zc_config *config, const char *name) {
  return !is(name, "min_savings_percent") || config->options.min_savings_percent >= 0;
}

static const char *host_text(const zc_config *config, const char *name) {
  if (!is(name, "search")) return NULL;
  return config->options.search ? config->options.search : "default";
}

static int64_t host_integer(const zc_config *config, const char *name) {
  if (is(name, "wait")) return config->options.wait;
  return is(name, "allow_static") ? config->options.allow_static : 0;
}

static double host_number(const zc_config *config, const char *name) {
  if (is(name, "max_intensity")) return config->options.max_intensity;
  if (!is(name, "min_savings_percent")) return 0;
  return config->options.min_savings_percent >= 0 ? config->options.min_savings_percent : 0;
}

static const zc_host *services(void) {
  static zc_host host;
  host = (zc_host){.size = sizeof host,
                   .abi_major = ZC_ABI_MAJOR,
                   .abi_minor = ZC_ABI_MINOR,
                   .has = host_has,
                   .text = host_text,
                   .integer = host_integer,
                   .number = host_number,
                   .time_format = zc_time_format};
  zc_decide_services(&host);
  return &host;
}

static const zc_plugin *plugin_named(const char *name) {
  if (is(name, "threshold")) return zc_entry_v1_threshold();
  return is(name, "relocation") ? zc_entry_v1_relocation() : zc_entry_v1_deferral_window();
}

zc_policy policy_create(const char *name, const policy_options *options) {
  const zc_plugin *plugin = plugin_named(name);
  zc_config config = {*options};
  zc_policy policy = {.name = plugin->name, .ops = plugin->ops};
  if (!is(plugin->name, name) ||
      plugin->create(services(), NULL, &config, &policy.state) != ZC_OK) {
    fprintf(stderr, "cannot make policy %s\n", name);
    abort();
  }
  return policy;
}

void policy_destroy(const zc_policy *policy) {
  plugin_named(policy->name)->destroy(policy->state);
}
