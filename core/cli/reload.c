/* reload - tells the running engine to read its configuration again. */
#include "core/base/json.h"
#include "core/cli/engine_request.h"
#include "core/cli/output.h"
#include "core/cli/session.h"
#include "core/serve/client.h"

/* The findings are whole lines already. */
static void print_outcome(const zc_json *answer, int http_status) {
  const char *path = zc_json_get_text(answer, "path");
  const char *findings = zc_json_get_text(answer, "findings");
  const char *why = zc_json_get_text(answer, "error");
  if (findings) zc_cli_lines(findings);
  if (http_status == 200)
    zc_cli_message("%s is in force", path ? path : "the file");
  else
    zc_cli_message("%s%s%s", path ? path : "", path ? ": " : "", why ? why : "refused");
}

static int judge(const zc_buffer *answer, int http_status, bool as_json) {
  zc_json *json = NULL;
  if (as_json) {
    zc_output_line(answer);
  } else if (zc_json_parse(answer->data, answer->length, &json) == ZC_OK) {
    print_outcome(json, http_status);
  } else {
    zc_cli_message("the engine's answer (HTTP status %d) is no JSON", http_status);
  }
  zc_json_free(json);
  return http_status == 200   ? ZC_EXIT_FINE
         : http_status == 422 ? ZC_EXIT_CONFIG
                              : ZC_EXIT_UNAVAILABLE;
}

static int reload(const zc_arguments *arguments) {
  zc_session session;
  zc_buffer answer;
  int http_status, status = zc_session_init(&session, 0);
  zc_buffer_init(&answer, ZC_CLIENT_ANSWER_MAX);
  if (status == ZC_EXIT_FINE) status = zc_session_load_state_dir(&session, arguments);
  if (status == ZC_EXIT_FINE) {
    status = zc_cli_ask_engine(session.state_dir, "POST", "/v1/reload", &answer, &http_status);
  }
  if (status == ZC_EXIT_UNAVAILABLE) {
    zc_cli_message("if %s had another state_dir when its engine was started, that goes on there: a "
                   "changed state_dir needs a restart",
                   session.path);
  }
  if (status == ZC_EXIT_FINE)
    status = judge(&answer, http_status, zc_arguments_has(arguments, "json"));
  zc_buffer_finish(&answer);
  zc_session_finish(&session);
  return status;
}

static const zc_switch switches[] = {ZC_SWITCH_CONFIG, ZC_SWITCH_JSON, ZC_SWITCH_HELP};

const zc_command zc_command_reload = {
    .name = "reload",
    .operands = "",
    .summary = "tell the running engine to read its configuration again",
    .details =
        "FILE says where the engine's state_dir is; the engine reads the file that it was started\n"
        "with. What is wrong with that changes nothing, is printed, and ends with 78. Runs that "
        "wait\n"
        "go on under the new settings, runs that have begun under those that they began with. A\n"
        "changed engine.state_dir, and new code of a plugin, need a restart. SIGHUP does the "
        "same,\n"
        "with the outcome in the log.\n",
    .switches = switches,
    .n_switches = sizeof switches / sizeof *switches,
    .run = reload,
};
