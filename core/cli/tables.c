/* tables - makes, checks and writes down the tables that the sinks need, and rebuilds derived ones.
 */
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/cli/output.h"
#include "core/cli/session.h"
#include "core/cli/tables_rebuild.h"
#include "core/plugin/instance.h"
#include "core/tables/schema.h"
#include "core/tables/template.h"

#define DEADLINE     (30 * ZC_MINUTE)
#define TEMPLATE_MAX ((size_t)1 << 20)

typedef enum { CREATE, CHECK, TEMPLATE, REBUILD, ACTIONS } action;

static uint32_t flags_of(const zc_arguments *arguments) {
  uint32_t streams = zc_arguments_has(arguments, "streams") ? ZC_TABLES_STREAMS : 0;
  uint32_t protection = ZC_TABLES_DELETION_PROTECTION;
  return streams | (zc_arguments_has(arguments, "deletion-protection") ? protection : 0);
}

/* ---- create and check ---- */

typedef struct {
  zc_session *session;
  int error;
  char message[1024];
} asking;

static int on_row(void *user, const char *text, size_t length) {
  (void)user;
  (void)length; /* terminated, as all rows are */
  zc_output_foreign("", text);
  return ZC_OK;
}

static void on_done(void *user, int error, const char *message) {
  asking *a = user;
  a->error = error;
  zc_copy_text(a->message, sizeof a->message, message ? message : zc_status_text(error));
  zc_loop_stop(a->session->loop);
}

static int ask_instance(asking *a, zc_instance *instance, bool create, uint32_t flags) {
  zc_operation_events events = {.user = a, .row = on_row, .done = on_done};
  zc_operation operation;
  int status = zc_operation_start_sink_tables(instance, create, zc_tables, ZC_TABLES, flags,
                                              DEADLINE, &events, &operation);
  if (status != ZC_OK) {
    zc_cli_message("%s: %s", zc_instance_name(instance), zc_status_text(status));
    return zc_cli_exit_of(status);
  }
  zc_loop_run(a->session->loop, ZC_TIME_MAX);
  if (a->error == ZC_OK) {
    if (!create) zc_output_printf("%s: no differences\n", zc_instance_name(instance));
    return ZC_EXIT_FINE;
  }
  zc_cli_message("%s: %s", zc_instance_name(instance), a->message);
  return a->error == ZC_ECONFLICT ? ZC_EXIT_NOT_FINE : ZC_EXIT_UNAVAILABLE;
}

static int ask_sink(zc_session *session, zc_host_context *context,
                    const zc_plugin_settings *settings, bool create, uint32_t flags) {
  asking a = {.session = session};
  zc_instance *instance;
  zc_error error = {0};
  int status = zc_instance_create(context, settings->plugin, settings->name, settings->options,
                                  &instance, &error);
  if (status != ZC_OK) {
    zc_cli_message("%s", error.text);
    return ZC_EXIT_CONFIG;
  }
  int exit_status = ask_instance(&a, instance, create, flags);
  zc_instance_destroy(instance);
  return exit_status;
}

static bool offers(const zc_plugin_settings *sink, bool create) {
  const zc_sink_ops *ops = sink->plugin->ops;
  return create ? ops->create_tables != NULL : ops->check_tables != NULL;
}

/* All sinks are asked; the worst that came counts. */
static int ask_sinks(zc_session *session, zc_host_context *context, bool create, uint32_t flags) {
  const zc_settings *settings = session->settings;
  int worst = ZC_EXIT_FINE;
  size_t n = 0;
  for (size_t i = 0; i < settings->n_sinks; i++) {
    if (!offers(&settings->sinks[i], create)) continue;
    int status = ask_sink(session, context, &settings->sinks[i], create, flags);
    if (status > worst) worst = status;
    n++;
  }
  if (n > 0) return worst;
  zc_cli_message("%s has no sink whose tables are made by hand, such as dynamodb", session->path);
  return ZC_EXIT_USAGE;
}

static int with_sinks(const zc_arguments *arguments, bool create) {
  zc_session session;
  zc_host_context *context = NULL;
  int status = zc_session_init(&session, 0);
  if (status == ZC_EXIT_FINE) status = zc_session_load(&session, arguments, true);
  if (status == ZC_EXIT_FINE) status = zc_session_open_http(&session);
  if (status == ZC_EXIT_FINE &&
      zc_host_context_create(session.loop, session.http, session.seed, &context) != ZC_OK) {
    zc_cli_message("no memory");
    status = ZC_EXIT_INTERNAL;
  }
  if (status == ZC_EXIT_FINE) status = ask_sinks(&session, context, create, flags_of(arguments));
  zc_host_context_destroy(context);
  zc_session_finish(&session);
  return status;
}

/* ---- template ---- */

static int print_template(const zc_arguments *arguments, zc_template_format format) {
  const char *prefix = zc_arguments_text(arguments, "prefix");
  zc_buffer text;
  if (!prefix) prefix = "";
  if (zc_template_check_prefix(prefix) != ZC_OK) {
    return zc_cli_usage("tables: --prefix may hold letters, digits, _ . and - only");
  }
  zc_buffer_init(&text, TEMPLATE_MAX);
  zc_template_write(&text, format, prefix, flags_of(arguments));
  zc_output_text(&text);
  zc_buffer_finish(&text);
  return ZC_EXIT_FINE;
}

static int write_template(const zc_arguments *arguments) {
  static const char *const formats[] = {"cloudformation", "terraform", "iam"};
  const char *name = zc_arguments_text(arguments, "format");
  if (!name) name = formats[0];
  for (size_t i = 0; i < 3; i++) {
    if (strcmp(name, formats[i]) == 0) return print_template(arguments, (zc_template_format)i);
  }
  const char *near = zc_nearest(name, formats, 3);
  return near ? zc_cli_usage("tables: no format '%s': did you mean '%s'?", name, near)
              : zc_cli_usage("tables: no format '%s': cloudformation, terraform, iam", name);
}

/* ---- the command ---- */

static int read_action(const char *name, action *ret) {
  static const char *const names[ACTIONS] = {"create", "check", "template", "rebuild"};
  for (size_t i = 0; i < ACTIONS; i++) {
    if (strcmp(name, names[i]) != 0) continue;
    *ret = (action)i;
    return ZC_EXIT_FINE;
  }
  const char *near = zc_nearest(name, names, ACTIONS);
  return near ? zc_cli_usage("tables: '%s' is not known: did you mean '%s'?", name, near)
              : zc_cli_usage("tables: '%s' is not known", name);
}

/* Switches that the action has no use for are refused, so that nobody relies on them. */
static int check_switches(const zc_arguments *arguments, action what) {
  bool of_rebuild = zc_arguments_has(arguments, "from") || zc_arguments_has(arguments, "to") ||
                    zc_arguments_has(arguments, "now");
  bool of_tables = flags_of(arguments) != 0;
  if (what != REBUILD && of_rebuild)
    return zc_cli_usage("tables: --from, --to and --now are for rebuild");
  if (what == REBUILD && of_tables)
    return zc_cli_usage("tables: --streams and --deletion-protection are not for rebuild");
  if (what == TEMPLATE) {
    return zc_arguments_has(arguments, "config")
               ? zc_cli_usage("tables: template reads no configuration: give --prefix")
               : ZC_EXIT_FINE;
  }
  if (zc_arguments_has(arguments, "format") || zc_arguments_has(arguments, "prefix"))
    return zc_cli_usage("tables: --format and --prefix are for template; the sink has its own");
  return ZC_EXIT_FINE;
}

static int tables(const zc_arguments *arguments) {
  action what = CREATE;
  int status = read_action(arguments->operands[0], &what);
  if (status == ZC_EXIT_FINE) status = check_switches(arguments, what);
  if (status != ZC_EXIT_FINE) return status;
  if (what == REBUILD) return zc_tables_rebuild(arguments);
  return what == TEMPLATE ? write_template(arguments) : with_sinks(arguments, what == CREATE);
}

static const zc_switch switches[] = {
    ZC_SWITCH_CONFIG,
    {"format", 0, "FORMAT", "template: cloudformation (default), terraform, iam"},
    {"prefix", 0, "PREFIX", "template: put before the tables' names"},
    {"streams", 0, NULL, "with a stream of changes on each table"},
    {"deletion-protection", 0, NULL, "with protection against deletion"},
    {"from", 0, "DATE", "rebuild: the first day (UTC), such as 2026-01-31"},
    {"to", 0, "DATE", "rebuild: the last day"},
    {"now", 0, "TIME", "rebuild: as of then, not by a running engine"},
    ZC_SWITCH_HELP,
};

const zc_command zc_command_tables = {
    .name = "tables",
    .operands = "create | check | template | rebuild",
    .summary = "make, check or write down the tables of a store, or rebuild derived ones",
    .details =
        "create makes what is missing in every sink that needs it, and leaves alone what is\n"
        "there. check prints each difference on a line; exit status 1 where there is one.\n"
        "template prints CloudFormation, Terraform, or the policy that the engine needs.\n"
        "rebuild makes the rows of pipeline_analytics, regional_insights and carbon_leaderboard "
        "of\n"
        "these days anew from runs and history, as the engine does by itself when they change.\n",
    .min_operands = 1,
    .max_operands = 1,
    .switches = switches,
    .n_switches = sizeof switches / sizeof *switches,
    .run = tables,
};
