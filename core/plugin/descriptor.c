#include "core/plugin/descriptor.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/config/config.h"
#include "core/config/sections.h"

/* What version 1.0 had: anything shorter is no such struct. */
#define SIZE_UP_TO(type, member) (offsetof(type, member) + sizeof(((type *)NULL)->member))
#define PLUGIN_SIZE              SIZE_UP_TO(zc_plugin, attribution)
#define OPTION_SIZE              SIZE_UP_TO(zc_option, help)

const char *zc_kind_text(uint32_t kind) {
  static const char *const words[] = {"plugin", "source", "policy", "trigger", "sink"};
  return words[kind <= ZC_SINK ? kind : 0];
}

static int refuse(zc_error *error, const char *reason) {
  return zc_error_set(error, ZC_EINVAL, "%s", reason);
}

static void copy_sized(void *to, size_t size, const void *from, size_t from_size) {
  memset(to, 0, size);
  memcpy(to, from, size < from_size ? size : from_size);
}

/* ---- options ---- */

static bool is_secret_file(const zc_option *options, size_t n, const char *name) {
  for (size_t i = 0; i < n; i++) {
    size_t length = strlen(options[i].name);
    if (options[i].flags & ZC_SECRET && strncmp(name, options[i].name, length) == 0 &&
        strcmp(name + length, "_file") == 0) {
      return true;
    }
  }
  return false;
}

static bool has_name(const zc_option *options, size_t n, const char *name) {
  for (size_t i = 0; i < n; i++) {
    if (strcmp(options[i].name, name) == 0) return true;
  }
  return false;
}

/* The default must be one that the file could say too. */
static int check_default(const zc_option *option, zc_error *error) {
  zc_option row = *option;
  zc_config *config = NULL;
  zc_error reason = {0};
  row.flags &= ~(uint32_t)ZC_REQUIRED;
  int status = zc_config_make(&row, 1, NULL, 0, &config, &reason);
  if (status == ZC_OK) {
    zc_config_free(config);
    return ZC_OK;
  }
  if (status == ZC_ENOMEM) return zc_error_set(error, status, "no memory");
  return zc_error_set(error, status, "an option and its default do not fit: %s", reason.text);
}

static int check_option(const zc_option *option, zc_error *error) {
  if (!option->name || !zc_is_name(option->name)) {
    return zc_error_set(error, ZC_EINVAL, "option \"%s\": a name is made of a-z, 0-9 and _",
                        option->name ? option->name : "");
  }
  const char *reason = NULL;
  if (option->type < ZC_STRING || option->type > ZC_STRING_LIST) reason = "its type is unknown";
  if (!option->help) reason = "has no help";
  if (option->type == ZC_ENUM && (!option->range || !*option->range)) reason = "names no words";
  if (option->def && option->flags & ZC_REQUIRED) reason = "is required and has a default";
  if (option->def && option->flags & ZC_SECRET) reason = "is secret and has a default";
  if (reason) return zc_error_set(error, ZC_EINVAL, "option \"%s\": %s", option->name, reason);
  return check_default(option, error);
}

static int check_options(const zc_option *options, size_t n, zc_error *error) {
  for (size_t i = 0; i < n; i++) {
    int status = check_option(&options[i], error);
    if (status != ZC_OK) return status;
    if (has_name(options, i, options[i].name)) {
      return zc_error_set(error, ZC_EINVAL, "option \"%s\" is there twice", options[i].name);
    }
  }
  for (size_t i = 0; i < n; i++) {
    if (is_secret_file(options, n, options[i].name)) {
      return zc_error_set(error, ZC_EINVAL, "option \"%s\" is the file of a secret option already",
                          options[i].name);
    }
  }
  return ZC_OK;
}

/* The program's own keys stand in the same mapping of the file. */
static int check_own_keys(uint32_t kind, const zc_option *options, size_t n, zc_error *error) {
  static const zc_section *const sections[] = {NULL, &zc_section_sources, &zc_section_use,
                                               &zc_section_trigger, &zc_section_sinks};
  const zc_section *section = sections[kind];
  for (size_t i = 0; i < n; i++) {
    bool taken = has_name(section->options, section->n_options, options[i].name) ||
                 (section->flags & ZC_SECTION_REGIONS && strcmp(options[i].name, "regions") == 0);
    if (!taken) continue;
    return zc_error_set(error, ZC_EINVAL, "option \"%s\" is the program's own", options[i].name);
  }
  return ZC_OK;
}

static int copy_options(const zc_option *theirs, size_t n, size_t stride, zc_option **ret,
                        zc_error *error) {
  if (n == 0) return ZC_OK;
  if (!theirs) return zc_error_set(error, ZC_EINVAL, "has %zu options, and no table of them", n);
  if (n > ZC_OPTIONS_MAX) {
    return zc_error_set(error, ZC_EINVAL, "has %zu options, more than %d", n, ZC_OPTIONS_MAX);
  }
  if (stride < OPTION_SIZE || stride % alignof(zc_option)) {
    return zc_error_set(error, ZC_EINVAL,
                        "its option_size is %zu, ABI %u.0 has %zu: set .option_size = "
                        "sizeof(zc_option)",
                        stride, ZC_ABI_MAJOR, (size_t)OPTION_SIZE);
  }
  zc_option *options = calloc(n, sizeof *options);
  if (!options) return zc_error_set(error, ZC_ENOMEM, "no memory");
  for (size_t i = 0; i < n; i++) {
    copy_sized(&options[i], sizeof options[i], (const char *)theirs + i * stride, stride);
  }
  *ret = options;
  return check_options(options, n, error);
}

/* ---- operations ---- */

static int check_source(const zc_source_ops *ops, zc_error *error) {
  if (!ops->observe && !ops->forecast) return refuse(error, "neither observes nor forecasts");
  return ZC_OK;
}

static int check_policy(const zc_policy_ops *ops, zc_error *error) {
  if (!ops->decide || !ops->explain) return refuse(error, "lacks decide or explain");
  return ZC_OK;
}

static int check_trigger(const zc_trigger_ops *ops, zc_error *error) {
  if (!ops->start) return refuse(error, "lacks start");
  if (!ops->poll && !ops->attended) return refuse(error, "lacks poll, and is not attended");
  if (ops->idempotency > ZC_IDEMPOTENCY_LOOKUP) return refuse(error, "its idempotency is unknown");
  if (ops->idempotency == ZC_IDEMPOTENCY_LOOKUP && !ops->find) {
    return refuse(error, "lacks find, which its idempotency needs");
  }
  return ZC_OK;
}

static int check_sink(const zc_sink_ops *ops, zc_error *error) {
  if (!ops->write) return refuse(error, "lacks write");
  if (ops->max_batch == 0) return refuse(error, "its max_batch is 0");
  return ZC_OK;
}

static size_t least_ops_size(uint32_t kind) {
  switch (kind) {
  case ZC_SOURCE:
    return SIZE_UP_TO(zc_source_ops, cancel);
  case ZC_POLICY:
    return SIZE_UP_TO(zc_policy_ops, explain);
  case ZC_TRIGGER:
    return SIZE_UP_TO(zc_trigger_ops, cancel);
  default:
    return SIZE_UP_TO(zc_sink_ops, cancel);
  }
}

static size_t own_ops_size(uint32_t kind) {
  switch (kind) {
  case ZC_SOURCE:
    return sizeof(zc_source_ops);
  case ZC_POLICY:
    return sizeof(zc_policy_ops);
  case ZC_TRIGGER:
    return sizeof(zc_trigger_ops);
  default:
    return sizeof(zc_sink_ops);
  }
}

static int copy_ops(zc_descriptor *descriptor, zc_error *error) {
  uint32_t kind = descriptor->plugin.kind, size;
  const void *theirs = descriptor->plugin.ops;
  if (!theirs) return refuse(error, "has no operations");
  memcpy(&size, theirs, sizeof size);
  if (size < least_ops_size(kind)) {
    return zc_error_set(error, ZC_EINVAL,
                        "its operations have size %u, ABI %u.0 has %zu: set ops.size", size,
                        ZC_ABI_MAJOR, least_ops_size(kind));
  }
  copy_sized(&descriptor->ops, own_ops_size(kind), theirs, size);
  descriptor->plugin.ops = &descriptor->ops;
  switch (kind) {
  case ZC_SOURCE:
    return check_source(&descriptor->ops.source, error);
  case ZC_POLICY:
    return check_policy(&descriptor->ops.policy, error);
  case ZC_TRIGGER:
    return check_trigger(&descriptor->ops.trigger, error);
  default:
    return check_sink(&descriptor->ops.sink, error);
  }
}

/* ---- the descriptor ---- */

static int check_head(const zc_plugin *plugin, const char *name, zc_error *error) {
  if (plugin->abi_major != ZC_ABI_MAJOR) {
    return zc_error_set(error, ZC_EINVAL, "built for ABI major %u, this program has %u",
                        plugin->abi_major, ZC_ABI_MAJOR);
  }
  if (plugin->kind < ZC_SOURCE || plugin->kind > ZC_SINK) {
    return zc_error_set(error, ZC_EINVAL, "its kind %u is unknown", plugin->kind);
  }
  if (!plugin->name || !zc_is_name(plugin->name)) {
    return refuse(error, "its descriptor has no proper name");
  }
  if (name && strcmp(plugin->name, name) != 0) {
    return zc_error_set(error, ZC_EINVAL, "names itself \"%s\": file and plugin must agree",
                        plugin->name);
  }
  if (!plugin->version || !plugin->summary) return refuse(error, "lacks a version or a summary");
  if (!plugin->create || !plugin->destroy) return refuse(error, "lacks create or destroy");
  if (plugin->n_region_options > 0 && plugin->kind != ZC_SOURCE) {
    return refuse(error, "has region options and is no source");
  }
  return ZC_OK;
}

static int copy_descriptor(zc_descriptor *descriptor, const zc_plugin *theirs, const char *name,
                           zc_error *error) {
  zc_plugin *plugin = &descriptor->plugin;
  if (!theirs) return refuse(error, "its entry gives no descriptor");
  if (theirs->size < PLUGIN_SIZE) {
    return zc_error_set(error, ZC_EINVAL, "its descriptor has size %u, ABI %u.0 has %zu",
                        theirs->size, ZC_ABI_MAJOR, (size_t)PLUGIN_SIZE);
  }
  copy_sized(plugin, sizeof *plugin, theirs, theirs->size);
  size_t stride = plugin->option_size;
  int status = check_head(plugin, name, error);
  if (status == ZC_OK) status = copy_ops(descriptor, error);
  if (status == ZC_OK) {
    status = copy_options(plugin->options, plugin->n_options, stride, &descriptor->options, error);
  }
  if (status == ZC_OK) {
    status = check_own_keys(plugin->kind, descriptor->options, plugin->n_options, error);
  }
  if (status == ZC_OK) {
    status = copy_options(plugin->region_options, plugin->n_region_options, stride,
                          &descriptor->region_options, error);
  }
  plugin->size = sizeof *plugin;
  plugin->option_size = sizeof(zc_option);
  plugin->options = descriptor->options;
  plugin->region_options = descriptor->region_options;
  return status;
}

int zc_descriptor_init(zc_descriptor *descriptor, const zc_plugin *theirs, const char *name,
                       zc_error *error) {
  memset(descriptor, 0, sizeof *descriptor);
  int status = copy_descriptor(descriptor, theirs, name, error);
  if (status != ZC_OK) zc_descriptor_finish(descriptor);
  return status;
}

void zc_descriptor_finish(zc_descriptor *descriptor) {
  free(descriptor->options);
  free(descriptor->region_options);
  memset(descriptor, 0, sizeof *descriptor);
}
