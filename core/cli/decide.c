/* decide - decides once and says why; starts nothing. */
#include <stdio.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/time_text.h"
#include "core/cli/output.h"
#include "core/cli/session.h"

#define TEXT_MAX ((size_t)4 * 1024 * 1024)

/* ---- the explanation ---- */

static const char *text_at(const zc_json *json, const char *path) {
  const char *text;
  return zc_json_text(zc_json_at(json, path), &text, NULL) == ZC_OK ? text : "-";
}

/* A number as the record has it, "-" where it has none. */
static const char *digits_at(const zc_json *json, const char *path, char text[32]) {
  return zc_json_digits(zc_json_at(json, path), text, 32) == ZC_OK ? text : "-";
}

static bool has_at(const zc_json *json, const char *path) {
  double number;
  return zc_json_number(zc_json_at(json, path), &number) == ZC_OK;
}

/* A figure with so many decimals, `missing` where the record has none. */
static const char *figure_at(const zc_json *json, const char *path, int decimals,
                             const char *missing, char text[32]) {
  double number;
  if (zc_json_number(zc_json_at(json, path), &number) != ZC_OK) return missing;
  snprintf(text, 32, "%.*f", decimals, number);
  return text;
}

/* "in 2h30m" */
static void describe_wait(const zc_json *item, char text[48]) {
  zc_time from, to;
  text[0] = '\0';
  if (zc_time_parse(text_at(item, "schedule/requested_at"), &from) != ZC_OK) return;
  if (zc_time_parse(text_at(item, "schedule/planned_start"), &to) != ZC_OK || to <= from) return;
  int64_t minutes = (to - from) / ZC_MINUTE;
  snprintf(text, 48, " (in %lldh%02lldm)", (long long)(minutes / 60), (long long)(minutes % 60));
}

static void print_intensities(const zc_json *item) {
  static const char planned[] = "schedule/planned_intensity";
  static const char at_once[] = "carbon_analysis/default_intensity";
  char text[32];
  bool known = has_at(item, planned);
  zc_output_printf("  intensity  %s", figure_at(item, planned, 1, "unknown", text));
  if (known) zc_output_printf(" gCO2eq/kWh planned");
  if (known || has_at(item, at_once)) {
    zc_output_printf(", %s if run at once in %s", figure_at(item, at_once, 1, "unknown", text),
                     text_at(item, "carbon_analysis/default_region"));
  }
  zc_output_printf("\n");
}

static void print_savings(const zc_json *item) {
  char grams[32], percent[32], emitted[32];
  if (has_at(item, "carbon_analysis/savings_g")) {
    zc_output_printf("  savings    %s g, %s %%",
                     figure_at(item, "carbon_analysis/savings_g", 4, "-", grams),
                     figure_at(item, "carbon_analysis/savings_percent", 2, "-", percent));
  } else {
    zc_output_printf("  savings    unknown");
  }
  if (has_at(item, "workload/sci_score")) {
    zc_output_printf("; the run emits %s gCO2eq",
                     figure_at(item, "workload/sci_score", 4, "-", emitted));
  }
  zc_output_printf("\n");
}

static void print_decision(const zc_json *item) {
  char wait[48], a[32], b[32], c[32];
  const char *decision = text_at(item, "carbon_analysis/decision");
  describe_wait(item, wait);
  zc_output_printf("%s: %s%s%s, start %s%s in %s\n", text_at(item, "pipeline_name"),
                   zc_output_colour(ZC_BOLD), decision, zc_output_colour(ZC_PLAIN),
                   text_at(item, "schedule/planned_start"), wait,
                   text_at(item, "carbon_analysis/optimal_region"));
  zc_output_printf("  reason     %s\n", text_at(item, "carbon_analysis/reason"));
  print_intensities(item);
  print_savings(item);
  zc_output_printf("  requested  %s, to start by %s\n", text_at(item, "schedule/requested_at"),
                   text_at(item, "schedule/deadline"));
  zc_output_printf(
      "  workload   %s min, %s vCPU, %s GB: ", digits_at(item, "workload/duration_minutes", a),
      digits_at(item, "workload/vcpu_count", b), digits_at(item, "workload/memory_gb", c));
  zc_output_printf("%s kWh\n", digits_at(item, "workload/energy_kwh", a));
}

static void print_candidates(const zc_json *candidates) {
  static const char *const headings[] = {"REGION",      "NOW",    "RUN AT ONCE",
                                         "BEST WINDOW", "BEGINS", "YEARLY AVERAGE"};
  static const char *const numbers[] = {"intensity_now", "window_now", "best_window"};
  zc_listing listing;
  char text[32];
  zc_listing_init(&listing, 6);
  zc_listing_headings(&listing, headings);
  for (size_t i = 0; i < zc_json_count(candidates); i++) {
    const zc_json *candidate = zc_json_member(candidates, i, NULL);
    zc_listing_add(&listing, ZC_PLAIN, "%s", text_at(candidate, "region"));
    for (size_t j = 0; j < 3; j++)
      zc_listing_add(&listing, ZC_PLAIN, "%s", figure_at(candidate, numbers[j], 4, "-", text));
    zc_listing_add(&listing, ZC_PLAIN, "%s", text_at(candidate, "best_start"));
    zc_listing_add(&listing, ZC_PLAIN, "%s", figure_at(candidate, "yearly_average", 4, "-", text));
  }
  zc_output_printf(
      "\ncandidates (mean gCO2eq/kWh over the run, renewable share and PUE applied)\n");
  zc_listing_print(&listing, "  ");
  zc_listing_finish(&listing);
}

static void print_policies(const zc_json *why) {
  static const char *const headings[] = {"POLICY", "ANSWER", "WHY"};
  const zc_json *policies = zc_json_get(why, "policies");
  zc_listing listing;
  zc_listing_init(&listing, 3);
  zc_listing_headings(&listing, headings);
  for (size_t i = 0; i < zc_json_count(policies); i++) {
    const zc_json *policy = zc_json_member(policies, i, NULL);
    int chosen = 0;
    zc_json_boolean(zc_json_get(policy, "chosen"), &chosen);
    zc_listing_add(&listing, ZC_PLAIN, "%s", text_at(policy, "policy"));
    zc_listing_add(&listing, chosen ? ZC_GREEN : ZC_PLAIN, "%s%s", text_at(policy, "answer"),
                   chosen ? ", chosen" : "");
    zc_listing_add(&listing, ZC_PLAIN, "%s", text_at(policy, "why"));
  }
  zc_output_printf("\npolicies (combine: %s)\n", text_at(why, "combine"));
  zc_listing_print(&listing, "  ");
  zc_listing_finish(&listing);
}

static int print_explanation(const zc_buffer *text) {
  zc_json *item;
  int status = zc_json_parse(text->data, text->length, &item);
  if (status != ZC_OK) {
    zc_cli_message("the decision cannot be read back: %s", zc_status_text(status));
    return ZC_EXIT_INTERNAL;
  }
  print_decision(item);
  print_candidates(zc_json_at(item, "why/candidates"));
  print_policies(zc_json_get(item, "why"));
  const zc_json *quality = zc_json_get(item, "data_quality");
  if (zc_json_count(quality) > 0) {
    zc_output_printf("\ndata quality\n");
    zc_output_json(quality, 1);
  }
  zc_json_free(item);
  return ZC_EXIT_FINE;
}

/* ---- the command ---- */

static int decide_and_print(zc_session *session, const zc_arguments *arguments) {
  bool json = zc_arguments_has(arguments, "json");
  zc_error error = {0};
  zc_buffer text;
  zc_buffer_init(&text, TEXT_MAX);
  int status = zc_engine_decide(session->engine, arguments->operands[0],
                                !json || zc_arguments_has(arguments, "why"), &text, &error);
  int exit_status = ZC_EXIT_FINE;
  if (status != ZC_OK) {
    zc_cli_message("%s", error.text);
    exit_status = ZC_EXIT_INTERNAL;
  } else if (json) {
    zc_output_line(&text);
  } else {
    exit_status = print_explanation(&text);
  }
  zc_buffer_finish(&text);
  return exit_status;
}

/* The latest start lies in a year that times are written with. */
static int check_deadline(const zc_session *session, const char *name, zc_time at) {
  const zc_pipeline_settings *pipeline = zc_settings_pipeline(session->settings, name);
  if (at <= ZC_TIME_MAX - (int64_t)(pipeline->max_defer_hours * (double)ZC_HOUR))
    return ZC_EXIT_FINE;
  return zc_cli_usage("decide: --at: the deadline, max_defer_hours (%g) later, lies past the year "
                      "9999",
                      pipeline->max_defer_hours);
}

static int decide(const zc_arguments *arguments) {
  zc_session session;
  zc_error error;
  zc_time at = 0;
  if (zc_arguments_time(arguments, "at", &at, &error) != ZC_OK) {
    return zc_cli_usage("decide: %s", error.text);
  }
  zc_engine_options options = {.dry = true, .no_schedule = true, .as_of = at};
  int status = zc_session_init(&session, at);
  options.seed = session.seed;
  if (status == ZC_EXIT_FINE) status = zc_session_load(&session, arguments, true);
  if (status == ZC_EXIT_FINE) status = zc_session_check_pipeline(&session, arguments->operands[0]);
  if (status == ZC_EXIT_FINE) status = check_deadline(&session, arguments->operands[0], at);
  if (status == ZC_EXIT_FINE) status = zc_session_open_http(&session);
  if (status == ZC_EXIT_FINE) status = zc_session_create_engine(&session, &options);
  if (status == ZC_EXIT_FINE) status = zc_session_collect(&session);
  if (status == ZC_EXIT_FINE) status = decide_and_print(&session, arguments);
  zc_session_finish(&session);
  return status;
}

static const zc_switch switches[] = {
    ZC_SWITCH_CONFIG,
    {"at", 0, "TIME", "decide as of then, from sources of recorded data"},
    {"why", 0, NULL, "with --json: candidates and the policies' answers too"},
    ZC_SWITCH_JSON,
    ZC_SWITCH_HELP,
};

const zc_command zc_command_decide = {
    .name = "decide",
    .operands = "PIPELINE",
    .summary = "decide once and say why; start nothing",
    .details =
        "Prints the decision with the figures that it stands on. --json prints the record that\n"
        "a run would write, with its schedule.\n",
    .min_operands = 1,
    .max_operands = 1,
    .switches = switches,
    .n_switches = sizeof switches / sizeof *switches,
    .run = decide,
};
