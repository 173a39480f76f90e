/* check - every error and warning of a config, without starting anything. */
#include <stdio.h>
#include <string.h>

#include "core/base/log.h"
#include "core/cli/check_paths.h"
#include "core/cli/output.h"
#include "core/cli/session.h"

#define TEXT_MAX ((size_t)4 * 1024 * 1024)

/* ---- what only the plugins themselves can tell ---- */

/* Without the instance's name, which the error begins with. */
static const char *reason_of(const zc_error *error, const char *kind, const char *name) {
  char prefix[256];
  snprintf(prefix, sizeof prefix, "%s:%s: ", kind, name);
  size_t length = strlen(prefix);
  return strncmp(error->text, prefix, length) == 0 ? error->text + length : error->text;
}

/* Makes one instance, as `run` would; NULL where it refuses. */
static zc_instance *make_instance(zc_host_context *context, const zc_plugin_settings *settings,
                                  zc_config *options, const char *kind, zc_findings *findings) {
  zc_instance *instance;
  zc_error error = {0};
  int status =
      zc_instance_create(context, settings->plugin, settings->name, options, &instance, &error);
  if (status == ZC_OK) return instance;
  zc_findings_add(findings, false, settings->line, settings->column, "%s %s: %s", kind,
                  settings->name, reason_of(&error, kind, settings->name));
  return NULL;
}

static void try_instance(zc_host_context *context, const zc_plugin_settings *settings,
                         const char *kind, zc_findings *findings) {
  zc_instance_destroy(make_instance(context, settings, settings->options, kind, findings));
}

static void try_sink(zc_host_context *context, const zc_plugin_settings *settings,
                     zc_findings *findings) {
  zc_instance *instance = make_instance(context, settings, settings->options, "sink", findings);
  zc_error error = {0};
  int status = instance ? zc_instance_check_sink(instance, &error) : ZC_OK;
  if (status != ZC_OK) {
    zc_findings_add(findings, status != ZC_EINVAL, settings->line, settings->column, "sink %s: %s",
                    settings->name, error.text);
  }
  zc_instance_destroy(instance);
}

static bool tried_before(const zc_settings *settings, size_t pipeline) {
  const zc_plugin *plugin = settings->pipelines[pipeline].trigger.plugin;
  for (size_t i = 0; i < pipeline; i++) {
    const zc_pipeline_settings *p = &settings->pipelines[i];
    if (p->has_trigger && p->trigger.plugin == plugin) return true;
  }
  return false;
}

/* The pipelines from `first` on that have the instance's plugin. */
static void check_pipelines(zc_instance *instance, const zc_settings *settings, size_t first,
                            zc_findings *findings) {
  const zc_plugin *plugin = zc_instance_plugin(instance);
  for (size_t i = first; i < settings->n_pipelines; i++) {
    const zc_pipeline_settings *p = &settings->pipelines[i];
    zc_error error = {0};
    if (!p->has_trigger || p->trigger.plugin != plugin) continue;
    if (zc_instance_check_trigger(instance, settings, p, &error) == ZC_OK) continue;
    zc_findings_add(findings, false, p->trigger.line, p->trigger.column, "pipelines.%s.trigger.%s",
                    p->name, error.text);
  }
}

/* One instance of a trigger serves all pipelines. */
static void try_triggers(zc_host_context *context, const zc_settings *settings,
                         zc_findings *findings) {
  for (size_t i = 0; i < settings->n_pipelines; i++) {
    const zc_pipeline_settings *p = &settings->pipelines[i];
    if (!p->has_trigger || tried_before(settings, i)) continue;
    zc_instance *instance = make_instance(context, &p->trigger, NULL, "trigger", findings);
    if (instance) check_pipelines(instance, settings, i, findings);
    zc_instance_destroy(instance);
  }
}

static void try_all(zc_host_context *context, const zc_settings *settings, zc_findings *findings) {
  for (size_t i = 0; i < settings->n_sources; i++)
    try_instance(context, &settings->sources[i], "source", findings);
  for (size_t i = 0; i < settings->n_policies; i++)
    try_instance(context, &settings->policies[i], "policy", findings);
  for (size_t i = 0; i < settings->n_sinks; i++)
    try_sink(context, &settings->sinks[i], findings);
  try_triggers(context, settings, findings);
  zc_check_paths(settings, findings);
  zc_findings_sort(findings);
}

static int check_instances(zc_session *session) {
  zc_host_context *context;
  int exit_status = zc_session_open_http(session);
  if (exit_status != ZC_EXIT_FINE) return exit_status;
  int status = zc_host_context_create(session->loop, session->http, session->seed, &context);
  if (status != ZC_OK) {
    zc_cli_message("cannot make the plugins' host: %s", zc_status_text(status));
    return zc_cli_exit_of(status);
  }
  /* What a plugin says about its refusal comes back in the error. */
  zc_log_setup(0, false, &session->clock, stderr);
  try_all(context, session->settings, &session->findings);
  zc_host_context_destroy(context);
  return ZC_EXIT_FINE;
}

/* ---- output ---- */

static void write_json(const zc_session *session, zc_buffer *to) {
  const zc_findings *findings = &session->findings;
  zc_buffer_char(to, '[');
  for (size_t i = 0; i < findings->n; i++) {
    const zc_finding *finding = &findings->items[i];
    zc_buffer_text(to, i ? ",{\"file\":" : "{\"file\":");
    zc_json_write_text(to, session->path);
    zc_buffer_printf(to,
                     ",\"line\":%d,\"column\":%d,\"severity\":\"%s\",\"message\":", finding->line,
                     finding->column, finding->warning ? "warning" : "error");
    zc_json_write_text(to, finding->text);
    zc_buffer_char(to, '}');
  }
  zc_buffer_char(to, ']');
}

static void print(const zc_session *session, bool json) {
  zc_buffer text;
  zc_buffer_init(&text, TEXT_MAX);
  if (json) {
    write_json(session, &text);
    zc_output_line(&text);
  } else if (session->findings.n > 0) {
    zc_findings_print(&session->findings, session->path, &text);
    zc_output_text(&text);
  }
  zc_buffer_finish(&text);
}

static int conclude(const zc_session *session) {
  size_t errors = session->findings.errors;
  size_t warnings =
      session->findings.n - (errors < session->findings.n ? errors : session->findings.n);
  const char *plural = warnings == 1 ? "" : "s";
  if (errors == 0) {
    zc_cli_message("%s: fine, %zu warning%s", session->path, warnings, plural);
    return ZC_EXIT_FINE;
  }
  zc_cli_message("%s: %zu error%s, %zu warning%s", session->path, errors, errors == 1 ? "" : "s",
                 warnings, plural);
  return ZC_EXIT_CONFIG;
}

static int check(const zc_arguments *arguments) {
  zc_session session;
  int status = zc_session_init(&session, 0);
  if (status == ZC_EXIT_FINE) status = zc_session_load(&session, arguments, false);
  if (status == ZC_EXIT_FINE) status = check_instances(&session);
  if (status == ZC_EXIT_FINE || session.findings.n > 0) {
    print(&session, zc_arguments_has(arguments, "json"));
    status = conclude(&session);
  }
  zc_session_finish(&session);
  return status;
}

static const zc_switch switches[] = {ZC_SWITCH_CONFIG, ZC_SWITCH_JSON, ZC_SWITCH_HELP};

const zc_command zc_command_check = {
    .name = "check",
    .operands = "",
    .summary = "every error and warning of the configuration",
    .details =
        "Prints FILE:LINE:COLUMN: error|warning: PATH: what is wrong: all of the file's own\n"
        "mistakes in one pass; then, where the file itself is fine, what the plugins refuse\n"
        "when they are made with it, and (warnings) commands and folders that are not here.\n"
        "Exit status 0 (warnings too) or 78.\n",
    .switches = switches,
    .n_switches = sizeof switches / sizeof *switches,
    .run = check,
};
