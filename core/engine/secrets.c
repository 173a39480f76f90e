/* Secrets: the variables of our environment that hold them are kept from the programs that we
 * start. */
#include <stdlib.h>

#include "core/base/log.h"
#include "core/engine/stages.h"
#include "core/io/child_environment.h"

#define SHOWN_MAX 1024

typedef struct {
  zc_buffer *shown; /* those that are set */
  zc_error *error;
} withholding;

static int withhold(const withholding *w, const char *owner, const char *name) {
  int status = zc_child_environment_withhold(name);
  if (status != ZC_OK) {
    return zc_error_set(w->error, status, "%s: the variable %.60s cannot be kept from commands: %s",
                        owner, name, zc_status_text(status));
  }
  if (getenv(name)) zc_buffer_printf(w->shown, "%s%s", w->shown->length ? ", " : "", name);
  return ZC_OK;
}

static int withhold_of_plugin(const withholding *w, const zc_plugin *plugin) {
  int status = ZC_OK;
  const char *const *names = plugin ? plugin->secret_variables : NULL;
  for (size_t i = 0; names && names[i] && status == ZC_OK; i++)
    status = withhold(w, plugin->name, names[i]);
  return status;
}

static int withhold_all(const withholding *w, const zc_settings *settings) {
  const zc_plugin *last = NULL; /* thousands of pipelines name the same */
  int status = ZC_OK;
  for (size_t i = 0; i < settings->secret_variables.n && status == ZC_OK; i++)
    status = withhold(w, settings->path, settings->secret_variables.names[i]);
  for (size_t i = 0; i < settings->n_sources && status == ZC_OK; i++)
    status = withhold_of_plugin(w, settings->sources[i].plugin);
  for (size_t i = 0; i < settings->n_policies && status == ZC_OK; i++)
    status = withhold_of_plugin(w, settings->policies[i].plugin);
  for (size_t i = 0; i < settings->n_sinks && status == ZC_OK; i++)
    status = withhold_of_plugin(w, settings->sinks[i].plugin);
  for (size_t i = 0; i < settings->n_pipelines && status == ZC_OK; i++) {
    const zc_plugin *plugin = settings->pipelines[i].trigger.plugin;
    if (plugin != last) status = withhold_of_plugin(w, plugin);
    last = plugin;
  }
  return status;
}

int zc_secrets_withhold(const zc_settings *settings, zc_error *error) {
  zc_buffer shown;
  zc_buffer_init(&shown, SHOWN_MAX);
  withholding w = {.shown = &shown, .error = error};
  int status = withhold_all(&w, settings);
  if (status == ZC_OK && shown.length > 0) {
    zc_log(ZC_LOG_INFO, "engine", "commands do not inherit the variables %s, which hold secrets",
           shown.data);
  }
  zc_buffer_finish(&shown);
  return status;
}
