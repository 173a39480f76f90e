#include "core/plugin/instance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/plugin/descriptor.h"
#include "core/plugin/operation.h"

#define CHECK_TEXT 400 /* of an answer of a plugin's check() */

/* ---- the context ---- */

int zc_host_context_create(zc_loop *loop, zc_http *http, uint64_t seed, zc_host_context **ret) {
  zc_host_context *context = calloc(1, sizeof *context);
  if (!context) return ZC_ENOMEM;
  context->loop = loop;
  context->http = http;
  zc_random_init(&context->random, seed);
  zc_services_fill(&context->host);
  zc_plugin_guard_exit();
  *ret = context;
  return ZC_OK;
}

static void free_context(zc_host_context *context) {
  for (size_t i = 0; i < context->n_slots; i++) {
    free(context->slots[i]->ended_about);
    free(context->slots[i]);
  }
  free(context->slots);
  free(context);
}

void zc_host_context_destroy(zc_host_context *context) {
  if (!context) return;
  context->closing = true;
  if (context->n_instances == 0) free_context(context);
}

const zc_host *zc_host_services(const zc_host_context *context) {
  return &context->host;
}

/* ---- instances ---- */

static void free_instance(zc_instance *instance) {
  zc_host_context *context = instance->context;
  zc_config_free(instance->options);
  free(instance->name);
  free(instance->component);
  free(instance);
  if (--context->n_instances == 0 && context->closing) free_context(context);
}

static char *component_of(const zc_plugin *plugin, const char *name) {
  char text[200];
  snprintf(text, sizeof text, "%s:%s", zc_kind_text(plugin->kind), name);
  return zc_duplicate(text);
}

static char no_state; /* what *ret_state holds where create() leaves it alone; NULL is a state */

static int call_create(zc_instance *instance, zc_error *error) {
  const zc_plugin *plugin = instance->plugin;
  instance->state = &no_state;
  zc_plugin_call call = zc_plugin_call_begin(instance, "create");
  int status = plugin->create(&instance->context->host, (zc_self *)instance, instance->options,
                              &instance->state);
  zc_plugin_call_end(&call);
  if (!zc_is_status(status)) {
    return zc_error_set(error, ZC_EINVAL, "%s: create() returned %d, which is no status",
                        instance->component, status);
  }
  if (status == ZC_OK && instance->state == &no_state) {
    return zc_error_set(error, ZC_EINVAL,
                        "%s: create() returned ZC_OK and has not set *ret_state (NULL is allowed)",
                        instance->component);
  }
  if (status == ZC_OK) return ZC_OK;
  if (instance->why[0]) {
    return zc_error_set(error, status, "%s: %s", instance->component, instance->why);
  }
  return zc_error_set(error, status, "%s: create() refused without saying why (%s)",
                      instance->component, zc_status_text(status));
}

int zc_instance_create(zc_host_context *context, const zc_plugin *plugin, const char *name,
                       zc_config *options, zc_instance **ret, zc_error *error) {
  zc_instance *instance = calloc(1, sizeof *instance);
  if (!instance) return zc_error_set(error, ZC_ENOMEM, "%s: no memory", name);
  instance->context = context;
  instance->plugin = plugin;
  instance->options = zc_config_hold(options);
  context->n_instances++;
  instance->name = zc_duplicate(name);
  instance->component = component_of(plugin, name);
  int status = instance->name && instance->component
                   ? call_create(instance, error)
                   : zc_error_set(error, ZC_ENOMEM, "%s: no memory", name);
  if (status == ZC_OK) {
    *ret = instance;
  } else {
    zc_instance_end_allowance(instance);
    free_instance(instance);
  }
  return status;
}

static int checked(const zc_instance *instance, int status, char *text, zc_error *error) {
  if (!zc_is_status(status)) {
    return zc_error_set(error, ZC_EINVAL, "%s: check() returned %d, which is no status",
                        instance->component, status);
  }
  if (status == ZC_OK) return ZC_OK;
  text[CHECK_TEXT - 1] = '\0';
  return zc_error_set(error, status, "%s",
                      text[0] ? text : "its options are refused without a why");
}

int zc_instance_check_trigger(zc_instance *instance, const zc_settings *settings,
                              const zc_pipeline_settings *pipeline, zc_error *error) {
  const zc_trigger_ops *ops = instance->plugin->ops;
  const char *regions[ZC_REGIONS_MAX];
  char text[CHECK_TEXT] = "";
  if (!ops->check) return ZC_OK;
  for (uint32_t i = 0; i < pipeline->n_regions; i++)
    regions[i] = settings->regions[pipeline->regions[i]];
  zc_plugin_call call = zc_plugin_call_begin(instance, "check");
  int status = ops->check(instance->state, pipeline->trigger.options, regions, pipeline->n_regions,
                          text, sizeof text);
  zc_plugin_call_end(&call);
  return checked(instance, status, text, error);
}

int zc_instance_check_sink(zc_instance *instance, zc_error *error) {
  const zc_sink_ops *ops = instance->plugin->ops;
  char text[CHECK_TEXT] = "";
  if (!ops->check) return ZC_OK;
  zc_plugin_call call = zc_plugin_call_begin(instance, "check");
  int status = ops->check(instance->state, text, sizeof text);
  zc_plugin_call_end(&call);
  return checked(instance, status, text, error);
}

/* ---- policies ---- */

static int decide(void *state, const zc_decide_input *in, zc_proposal *ret) {
  zc_instance *instance = state;
  const zc_policy_ops *ops = instance->plugin->ops;
  zc_plugin_call call = zc_plugin_call_begin(instance, "decide");
  int answer = ops->decide(instance->state, in, ret);
  zc_plugin_call_end(&call);
  if (answer == ZC_PROPOSED || zc_is_status(answer)) return answer;
  zc_fault_note(instance, ZC_FAULT_MISUSE, "decide() returned %d, which is no answer", answer);
  return ZC_EINVAL;
}

/* The sentence is recorded and shown: it ends within its size, holds no secret, steers no terminal
 * and is one line. */
static void explain(void *state, const zc_decide_input *in, const zc_proposal *proposal, char *text,
                    size_t size) {
  zc_instance *instance = state;
  const zc_policy_ops *ops = instance->plugin->ops;
  text[0] = '\0';
  zc_plugin_call call = zc_plugin_call_begin(instance, "explain");
  ops->explain(instance->state, in, proposal, text, size);
  zc_plugin_call_end(&call);
  text[size - 1] = '\0';
  zc_log_redact(text);
  zc_make_printable(text, ' ');
  if (!text[0]) snprintf(text, size, "%s gives no reason", instance->name);
}

const zc_policy_ops zc_instance_policy = {
    .size = sizeof zc_instance_policy, .decide = decide, .explain = explain};

/* ---- the end ---- */

void zc_instance_finish_closing(zc_instance *instance) {
  if (!instance->closing || instance->n_works > 0) return;
  zc_plugin_call call = zc_plugin_call_begin(instance, "destroy");
  instance->plugin->destroy(instance->state);
  zc_plugin_call_end(&call);
  zc_instance_end_allowance(instance);
  free_instance(instance);
}

void zc_instance_destroy(zc_instance *instance) {
  if (!instance) return;
  zc_operation_cancel_all(instance);
  instance->closing = true;
  zc_instance_finish_closing(instance);
}

const char *zc_instance_name(const zc_instance *instance) {
  return instance->name;
}

const char *zc_instance_component(const zc_instance *instance) {
  return instance->component;
}

const zc_plugin *zc_instance_plugin(const zc_instance *instance) {
  return instance->plugin;
}

void *zc_instance_state(const zc_instance *instance) {
  return instance->state;
}

size_t zc_instance_live_operations(const zc_instance *instance) {
  return instance->n_live;
}

const char *zc_instance_refusal(const zc_instance *instance) {
  return instance->why[0] ? instance->why : "refused by the plugin";
}

uint64_t zc_instance_faults(const zc_instance *instance) {
  return instance->faults;
}
