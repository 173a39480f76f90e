/* executions - what is planned, running, done: read from the journal, with or without an engine. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/cli/engine_request.h"
#include "core/cli/output.h"
#include "core/cli/session.h"
#include "core/model/transition.h"
#include "core/serve/client.h"
#include "core/tables/execution_item.h"

#define TEXT_MAX      ((size_t)64 * 1024 * 1024)
#define DEFAULT_LIMIT 50
#define LIMIT_MAX     100000
#define SHORT_ID      8 /* characters of an id in lists; any unique beginning is understood */
#define SEARCHED      100000

/* ---- list ---- */

typedef struct {
  zc_listing listing;
  zc_buffer json;
  bool as_json;
  bool all; /* statuses; else those of `status` alone */
  zc_execution_status status;
  size_t n, limit;
} list;

/* To the whole second. */
static void add_time(zc_listing *listing, zc_time time) {
  char text[ZC_TIME_TEXT_SIZE];
  bool known = time && zc_time_format(time - time % ZC_SECOND, text, sizeof text) == ZC_OK;
  zc_listing_add(listing, ZC_PLAIN, "%s", known ? text : "-");
}

static void add_row(zc_listing *listing, const zc_execution *x) {
  const char *status = zc_execution_status_text(x->status);
  const char *message = x->message ? x->message : x->reason ? x->reason : "";
  zc_listing_add(listing, ZC_PLAIN, "%.*s", SHORT_ID, x->id);
  zc_listing_add(listing, ZC_PLAIN, "%s", x->pipeline);
  zc_listing_add(listing, zc_output_status_colour(status), "%s", status);
  zc_listing_add(listing, ZC_PLAIN, "%s", x->decided_at ? zc_action_text(x->action) : "-");
  zc_listing_add(listing, ZC_PLAIN, "%s", x->decided_at && x->region ? x->region : "-");
  add_time(listing, x->requested_at);
  add_time(listing, x->decided_at ? x->planned_start : 0);
  zc_listing_add(listing, ZC_PLAIN, "%s", message);
}

/* ZC_ECANCELED: there are enough. */
static int add_execution(void *user, const zc_execution *execution) {
  list *l = user;
  if (!l->all && execution->status != l->status) return ZC_OK;
  if (l->n == l->limit) return ZC_ECANCELED;
  if (!l->as_json) {
    add_row(&l->listing, execution);
    l->n++;
    return ZC_OK;
  }
  if (l->n++) zc_buffer_char(&l->json, ',');
  return zc_execution_item_write(execution, &l->json);
}

static int print_list(zc_journal *journal, const zc_arguments *arguments, size_t limit) {
  static const char *const headings[] = {"ID",     "PIPELINE",  "STATUS",  "DECISION",
                                         "REGION", "REQUESTED", "PLANNED", "MESSAGE"};
  const char *wanted = zc_arguments_text(arguments, "status");
  list l = {.as_json = zc_arguments_has(arguments, "json"), .all = !wanted, .limit = limit};
  if (wanted) zc_execution_status_parse(wanted, &l.status); /* checked already */
  zc_listing_init(&l.listing, 8);
  zc_listing_headings(&l.listing, headings);
  zc_buffer_init(&l.json, TEXT_MAX);
  zc_buffer_char(&l.json, '[');
  int status = zc_journal_executions(journal, zc_arguments_has(arguments, "live"),
                                     l.all ? limit : SEARCHED, add_execution, &l);
  if (status == ZC_ECANCELED) status = ZC_OK;
  zc_buffer_char(&l.json, ']');
  if (status != ZC_OK) {
    zc_cli_message("the journal cannot be read: %s", zc_status_text(status));
  } else if (l.as_json) {
    zc_output_line(&l.json);
  } else if (l.n > 0) {
    zc_listing_print(&l.listing, "");
  } else {
    zc_cli_message("no executions");
  }
  zc_buffer_finish(&l.json);
  zc_listing_finish(&l.listing);
  return zc_cli_exit_of(status);
}

/* ---- one, by id or its beginning ---- */

typedef struct {
  const char *beginning;
  char id[ZC_EXECUTION_ID_SIZE];
  size_t n;
} search;

static int compare_id(void *user, const zc_execution *execution) {
  search *s = user;
  if (strncmp(execution->id, s->beginning, strlen(s->beginning)) != 0) return ZC_OK;
  if (s->n++ == 0) zc_copy_text(s->id, sizeof s->id, execution->id);
  return ZC_OK;
}

/* The whole id in `id`. */
static int find_id(zc_journal *journal, const char *beginning, char id[ZC_EXECUTION_ID_SIZE]) {
  search s = {.beginning = beginning};
  int status = zc_journal_executions(journal, false, SEARCHED, compare_id, &s);
  if (status != ZC_OK) {
    zc_cli_message("the journal cannot be read: %s", zc_status_text(status));
    return zc_cli_exit_of(status);
  }
  if (s.n == 1) {
    memcpy(id, s.id, sizeof s.id);
    return ZC_EXIT_FINE;
  }
  if (s.n == 0)
    zc_cli_message("no execution '%s'", beginning);
  else
    zc_cli_message("%zu executions begin with '%s': give more of the id", s.n, beginning);
  return ZC_EXIT_NOT_FINE;
}

static int show(zc_journal *journal, const zc_arguments *arguments) {
  char id[ZC_EXECUTION_ID_SIZE];
  int exit_status = find_id(journal, arguments->operands[1], id);
  if (exit_status != ZC_EXIT_FINE) return exit_status;
  zc_execution execution;
  zc_buffer text;
  zc_execution_init(&execution);
  zc_buffer_init(&text, TEXT_MAX);
  int status = zc_journal_find(journal, id, &execution);
  if (status == ZC_OK) status = zc_execution_item_write(&execution, &text);
  if (status == ZC_OK) {
    zc_output_item(&text, zc_arguments_has(arguments, "json"));
  } else {
    zc_cli_message("%s cannot be shown: %s", id, zc_status_text(status));
  }
  zc_buffer_finish(&text);
  zc_execution_finish(&execution);
  return zc_cli_exit_of(status);
}

/* ---- cancel and resolve, over the engine's socket ---- */

/* A run that waited is cancelled by then; one that runs has been asked to end. */
static bool is_cancelled(const zc_buffer *answer) {
  zc_json *json;
  if (zc_json_parse(answer->data, answer->length, &json) != ZC_OK) return false;
  const char *status = zc_json_get_text(json, "status");
  bool cancelled = status && strcmp(status, zc_execution_status_text(ZC_CANCELLED)) == 0;
  zc_json_free(json);
  return cancelled;
}

/* `said` is what is told of the id where the engine answers `wanted`. */
static int ask_about(const char *state_dir, const char *id, const char *verb, int wanted,
                     const char *said, bool as_json) {
  char path[128];
  zc_buffer answer;
  int http_status;
  zc_buffer_init(&answer, ZC_CLIENT_ANSWER_MAX);
  snprintf(path, sizeof path, "/v1/executions/%s/%s", id, verb);
  int exit_status = zc_cli_ask_engine(state_dir, "POST", path, &answer, &http_status);
  if (exit_status != ZC_EXIT_FINE) {
    zc_buffer_finish(&answer);
    return exit_status;
  }
  if (http_status != wanted) {
    char why[512];
    zc_cli_message("%s", zc_client_error(&answer, http_status, why, sizeof why));
    exit_status = http_status >= 500 ? ZC_EXIT_UNAVAILABLE : ZC_EXIT_NOT_FINE;
  } else if (as_json) {
    zc_output_line(&answer);
  } else if (is_cancelled(&answer)) {
    zc_cli_message("%s is CANCELLED", id);
  } else {
    zc_cli_message("%s %s", id, said);
  }
  zc_buffer_finish(&answer);
  return exit_status;
}

static int cancel(zc_session *session, zc_journal *journal, const zc_arguments *arguments) {
  char id[ZC_EXECUTION_ID_SIZE];
  int status = find_id(journal, arguments->operands[1], id);
  if (status != ZC_EXIT_FINE) return status;
  return ask_about(session->state_dir, id, "cancel", 202, "is being cancelled",
                   zc_arguments_has(arguments, "json"));
}

/* A status that a person can give a run that is UNKNOWN. */
static bool is_resolution(const char *text) {
  zc_execution_status status;
  zc_execution_event event;
  return zc_execution_status_parse(text, &status) && zc_transition_resolution(status, &event);
}

static int resolve(zc_session *session, zc_journal *journal, const zc_arguments *arguments) {
  char id[ZC_EXECUTION_ID_SIZE], verb[64], said[64];
  const char *status_text = arguments->operands[2];
  int status = find_id(journal, arguments->operands[1], id);
  if (status != ZC_EXIT_FINE) return status;
  snprintf(verb, sizeof verb, "resolve?status=%s", status_text);
  snprintf(said, sizeof said, "is %s", status_text);
  return ask_about(session->state_dir, id, verb, 200, said, zc_arguments_has(arguments, "json"));
}

/* ---- the command ---- */

typedef enum { LIST, SHOW, CANCEL, RESOLVE } action;
static const char *const action_names[] = {"list", "show", "cancel", "resolve"};
#define N_ACTIONS (sizeof action_names / sizeof *action_names)

static int check_switches(const zc_arguments *arguments, action what) {
  static const char *const of_lists[] = {"live", "status", "limit"};
  const char *text = zc_arguments_text(arguments, "status");
  zc_execution_status status;
  for (size_t i = 0; i < sizeof of_lists / sizeof *of_lists; i++) {
    if (what != LIST && zc_arguments_has(arguments, of_lists[i]))
      return zc_cli_usage("%s takes no --%s", action_names[what], of_lists[i]);
  }
  if (text && !zc_execution_status_parse(text, &status))
    return zc_cli_usage(
        "executions: --status: '%s' is no status of a run; there are " ZC_EXECUTION_STATUS_WORDS,
        text);
  return ZC_EXIT_FINE;
}

static int check_operands(const zc_arguments *arguments, action what) {
  size_t wanted = what == LIST ? 0 : what == RESOLVE ? 2 : 1;
  size_t given = arguments->n_operands ? arguments->n_operands - 1 : 0;
  if (what == LIST && given > 0) return zc_cli_usage("list takes no ID");
  bool fine = given == wanted && (given == 0 || arguments->operands[1][0]);
  if (what == RESOLVE && !fine) return zc_cli_usage("resolve wants an ID and a STATUS");
  if (!fine) return zc_cli_usage("%s wants an ID", action_names[what]);
  if (what != RESOLVE || is_resolution(arguments->operands[2])) return ZC_EXIT_FINE;
  return zc_cli_usage("'%s' is nothing that a run is resolved as; there are " ZC_RESOLUTIONS,
                      arguments->operands[2]);
}

static int read_action(const zc_arguments *arguments, action *ret) {
  const char *name = arguments->n_operands ? arguments->operands[0] : "list";
  for (size_t i = 0; i < N_ACTIONS; i++) {
    if (strcmp(name, action_names[i]) != 0) continue;
    *ret = (action)i;
    int status = check_switches(arguments, *ret);
    return status == ZC_EXIT_FINE ? check_operands(arguments, *ret) : status;
  }
  const char *near = zc_nearest(name, action_names, N_ACTIONS);
  return near ? zc_cli_usage("executions: '%s' is not known: did you mean '%s'?", name, near)
              : zc_cli_usage("executions: '%s' is not known", name);
}

/* No journal yet: nothing has ever run here. */
static int without_journal(const zc_arguments *arguments, action what, const zc_error *error) {
  if (error->status != ZC_ENOTFOUND || what != LIST) {
    zc_cli_message("%s", error->text);
    return error->status == ZC_ENOTFOUND ? ZC_EXIT_NOT_FINE : zc_cli_exit_of(error->status);
  }
  if (zc_arguments_has(arguments, "json"))
    zc_output_printf("[]\n");
  else
    zc_cli_message("no executions");
  return ZC_EXIT_FINE;
}

static int with_config(zc_session *session, const zc_arguments *arguments, action what,
                       size_t limit) {
  zc_journal *journal;
  zc_error error = {0};
  int status = zc_session_load_state_dir(session, arguments);
  if (status != ZC_EXIT_FINE) return status;
  if (zc_journal_open(NULL, session->state_dir, &journal, &error) != ZC_OK) {
    return without_journal(arguments, what, &error);
  }
  if (what == LIST)
    status = print_list(journal, arguments, limit);
  else if (what == SHOW)
    status = show(journal, arguments);
  else if (what == CANCEL)
    status = cancel(session, journal, arguments);
  else
    status = resolve(session, journal, arguments);
  zc_journal_close(journal);
  return status;
}

static int executions(const zc_arguments *arguments) {
  zc_session session;
  zc_error error;
  action what = LIST;
  long long limit = DEFAULT_LIMIT;
  int status = read_action(arguments, &what);
  if (status != ZC_EXIT_FINE) return status;
  if (zc_arguments_number(arguments, "limit", 1, LIMIT_MAX, &limit, &error) != ZC_OK) {
    return zc_cli_usage("executions: %s", error.text);
  }
  status = zc_session_init(&session, 0);
  if (status == ZC_EXIT_FINE) status = with_config(&session, arguments, what, (size_t)limit);
  zc_session_finish(&session);
  return status;
}

static const zc_switch switches[] = {
    ZC_SWITCH_CONFIG,
    {"live", 0, NULL, "list: only those that have not ended"},
    {"status", 0, "STATUS", "list: only those of that status, such as UNKNOWN"},
    {"limit", 0, "N", "list: at most so many, the newest (default: 50)"},
    ZC_SWITCH_JSON,
    ZC_SWITCH_HELP,
};

const zc_command zc_command_executions = {
    .name = "executions",
    .operands = "[list | show ID | cancel ID | resolve ID STATUS]",
    .summary = "what is planned, running and done",
    .details =
        "list and show read the journal, whether an engine runs or not. cancel and resolve ask\n"
        "the running engine. Of an ID any beginning that only one execution has is enough.\n"
        "resolve says what became of a run that is UNKNOWN:\n" ZC_RESOLUTIONS ".\n",
    .max_operands = 3,
    .switches = switches,
    .n_switches = sizeof switches / sizeof *switches,
    .run = executions,
};
