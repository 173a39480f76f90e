/* status - what the running engine does, and whether it can do all of it. */
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/cli/engine_request.h"
#include "core/cli/output.h"
#include "core/cli/session.h"
#include "core/serve/client.h"

#define OVERVIEW_COLUMNS 2

static const char *text_of(const zc_json *json, const char *key) {
  const char *text = zc_json_get_text(json, key);
  return text && *text ? text : "-";
}

static double number_of(const zc_json *json, const char *key) {
  double number = 0;
  return zc_json_get_number(json, key, &number) ? number : 0;
}

static bool is_true(const zc_json *json, const char *key) {
  int value = 0;
  const zc_json *member = zc_json_get(json, key);
  return member && zc_json_boolean(member, &value) == ZC_OK && value;
}

/* ---- readiness and overview ---- */

static void print_readiness(const zc_json *answer) {
  bool ready = is_true(answer, "ready");
  const zc_json *reasons = zc_json_get(answer, "reasons");
  zc_listing listing;
  zc_output_printf("%s%s%s\n", zc_output_colour(ready ? ZC_GREEN : ZC_RED),
                   ready ? "ready" : "not ready", zc_output_colour(ZC_PLAIN));
  zc_listing_init(&listing, 2);
  for (size_t i = 0; i < zc_json_count(reasons); i++) {
    const zc_json *reason = zc_json_member(reasons, i, NULL);
    zc_listing_add(&listing, ZC_RED, "%s", text_of(reason, "reason"));
    zc_listing_add(&listing, ZC_PLAIN, "%s", text_of(reason, "message"));
  }
  zc_listing_print(&listing, "  ");
  zc_listing_finish(&listing);
}

static void add_runs(zc_listing *listing, const zc_json *runs) {
  zc_buffer text;
  const char *status = NULL;
  double n;
  const zc_json *count;
  zc_buffer_init(&text, 512);
  for (size_t i = 0; runs && (count = zc_json_member(runs, i, &status)); i++) {
    if (zc_json_number(count, &n) == ZC_OK)
      zc_buffer_printf(&text, "%s%.0f %s", i ? ", " : "", n, status);
  }
  zc_listing_add(listing, ZC_BOLD, "runs");
  zc_listing_add(listing, ZC_PLAIN, "%s", text.length ? text.data : "none waits or runs");
  zc_buffer_finish(&text);
}

static void add_reload(zc_listing *listing, const zc_json *answer) {
  const zc_json *reloads = zc_json_get(answer, "reloads");
  if (!zc_json_get_text(reloads, "last")) return;
  bool taken = is_true(reloads, "last_taken");
  zc_listing_add(listing, ZC_BOLD, "last reload");
  zc_listing_add(listing, taken ? ZC_PLAIN : ZC_RED, "%s, %s", text_of(reloads, "last"),
                 taken ? "in force" : "refused: see --json, or the log");
}

static void print_overview(const zc_json *answer) {
  zc_listing listing;
  zc_listing_init(&listing, OVERVIEW_COLUMNS);
  zc_listing_add(&listing, ZC_BOLD, "version");
  zc_listing_add(&listing, ZC_PLAIN, "%s, since %s", text_of(answer, "version"),
                 text_of(answer, "started_at"));
  zc_listing_add(&listing, ZC_BOLD, "pipelines");
  zc_listing_add(&listing, ZC_PLAIN, "%.0f, %.0f paused", number_of(answer, "pipelines"),
                 number_of(answer, "pipelines_paused"));
  add_runs(&listing, zc_json_get(answer, "runs"));
  zc_listing_add(&listing, ZC_BOLD, "slots missed");
  zc_listing_add(&listing, ZC_PLAIN, "%.0f", number_of(answer, "slots_missed"));
  add_reload(&listing, answer);
  zc_listing_print(&listing, "");
  zc_listing_finish(&listing);
}

/* ---- sources and sinks ---- */

static void add_source(zc_listing *listing, const zc_json *source) {
  double failed = number_of(source, "failed_rounds");
  zc_listing_add(listing, ZC_PLAIN, "%s", text_of(source, "name"));
  zc_listing_add(listing, failed > 0 ? ZC_RED : ZC_PLAIN, "%.0f of %.0f",
                 number_of(source, "delivered"), number_of(source, "regions"));
  zc_listing_add(listing, ZC_PLAIN, "%s", text_of(source, "last_success"));
  zc_listing_add(listing, failed > 0 ? ZC_RED : ZC_PLAIN, "%.0f", failed);
  zc_listing_add(listing, ZC_PLAIN, "%.0f", number_of(source, "refused"));
  zc_listing_add(listing, ZC_PLAIN, "%s", text_of(source, "last_message"));
}

static void add_sink(zc_listing *listing, const zc_json *sink) {
  double failures = number_of(sink, "failures");
  const char *state = failures > 0 ? "away" : is_true(sink, "ready") ? "ready" : "begins";
  zc_listing_add(listing, ZC_PLAIN, "%s", text_of(sink, "name"));
  zc_listing_add(listing, failures > 0 ? ZC_RED : ZC_PLAIN, "%s", state);
  zc_listing_add(listing, ZC_PLAIN, "%.0f", number_of(sink, "backlog"));
  zc_listing_add(listing, ZC_PLAIN, "%.0f", number_of(sink, "written"));
  zc_listing_add(listing, ZC_PLAIN, "%.0f", number_of(sink, "refused"));
  zc_listing_add(listing, ZC_PLAIN, "%s", failures > 0 ? text_of(sink, "last_message") : "-");
}

static void print_list(const zc_json *list, const char *const *headings, size_t n_columns,
                       void (*add)(zc_listing *listing, const zc_json *item)) {
  zc_listing listing;
  if (zc_json_count(list) == 0) return;
  zc_output_printf("\n");
  zc_listing_init(&listing, n_columns);
  zc_listing_headings(&listing, headings);
  for (size_t i = 0; i < zc_json_count(list); i++)
    add(&listing, zc_json_member(list, i, NULL));
  zc_listing_print(&listing, "");
  zc_listing_finish(&listing);
}

static void print_answer(const zc_json *answer) {
  static const char *const sources[] = {"SOURCE",        "REGIONS", "LAST SUCCESS",
                                        "FAILED ROUNDS", "REFUSED", "LAST MESSAGE"};
  static const char *const sinks[] = {"SINK", "STATE", "WAIT", "WRITTEN", "REFUSED", "MESSAGE"};
  print_readiness(answer);
  print_overview(answer);
  print_list(zc_json_get(answer, "sources"), sources, sizeof sources / sizeof *sources, add_source);
  print_list(zc_json_get(answer, "sinks"), sinks, sizeof sinks / sizeof *sinks, add_sink);
}

/* ---- the command ---- */

static int judge(const zc_buffer *answer, int http_status, const zc_arguments *arguments) {
  char text[640];
  zc_json *json = NULL;
  if (http_status != 200) {
    zc_cli_message("%s", zc_client_error(answer, http_status, text, sizeof text));
    return ZC_EXIT_UNAVAILABLE;
  }
  if (zc_json_parse(answer->data, answer->length, &json) != ZC_OK) {
    zc_cli_message("the engine's answer is no JSON");
    return ZC_EXIT_UNAVAILABLE;
  }
  bool alive = zc_arguments_has(arguments, "alive"), ready = alive || is_true(json, "ready");
  if (zc_arguments_has(arguments, "json"))
    zc_output_line(answer);
  else if (alive)
    zc_output_printf("alive\n");
  else
    print_answer(json);
  zc_json_free(json);
  return ready ? ZC_EXIT_FINE : ZC_EXIT_NOT_FINE;
}

static int status_command(const zc_arguments *arguments) {
  zc_session session;
  zc_buffer answer;
  int http_status, status = zc_session_init(&session, 0);
  const char *path = zc_arguments_has(arguments, "alive") ? "/v1/health" : "/v1/status";
  zc_buffer_init(&answer, ZC_CLIENT_ANSWER_MAX);
  if (status == ZC_EXIT_FINE) status = zc_session_load_state_dir(&session, arguments);
  if (status == ZC_EXIT_FINE)
    status = zc_cli_ask_engine(session.state_dir, "GET", path, &answer, &http_status);
  if (status == ZC_EXIT_FINE) status = judge(&answer, http_status, arguments);
  zc_buffer_finish(&answer);
  zc_session_finish(&session);
  return status;
}

static const zc_switch switches[] = {
    ZC_SWITCH_CONFIG,
    {"alive", 0, NULL, "only whether the engine answers, ready or not"},
    ZC_SWITCH_JSON,
    ZC_SWITCH_HELP,
};

const zc_command zc_command_status = {
    .name = "status",
    .operands = "",
    .summary = "what the running engine does, and whether it can do all of it",
    .details =
        "Exit status: 0 ready, 1 not ready, 69 no engine runs. Not ready, with the reason: it "
        "stops;\n"
        "the journal cannot be written (the disk is full: nothing is started meanwhile); the "
        "first\n"
        "round of the sources is not over; all sources are away; a sink is away. Each goes by "
        "itself.\n"
        "A container is to be restarted only where --alive fails. The same over "
        "STATE_DIR/engine.sock:\n"
        "GET /v1/health (alive), /v1/ready (200 or 503), /v1/status.\n",
    .switches = switches,
    .n_switches = sizeof switches / sizeof *switches,
    .run = status_command,
};
