/* pipelines - how they stand in the running engine; pausing and resuming. */
#include <stdio.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/cli/engine_request.h"
#include "core/cli/output.h"
#include "core/cli/session.h"
#include "core/serve/api.h"
#include "core/serve/client.h"

#define LIST_MAX ((size_t)64 * 1024 * 1024) /* bytes of a list as JSON */

typedef enum { LIST, PAUSE, RESUME } action;
static const char *const action_names[] = {"list", "pause", "resume"};

/* ---- answers ---- */

static double count(const zc_json *pipeline, const char *path) {
  double n = 0;
  zc_json_number(zc_json_at(pipeline, path), &n);
  return n;
}

static double waiting(const zc_json *pipeline) {
  return count(pipeline, "runs/PENDING") + count(pipeline, "runs/DEFERRED");
}

static double under_way(const zc_json *pipeline) {
  return count(pipeline, "runs/TRIGGERING") + count(pipeline, "runs/RUNNING");
}

static const char *text_or_dash(const zc_json *pipeline, const char *key) {
  const char *text = zc_json_get_text(pipeline, key);
  return text ? text : "-";
}

static const char *const headings[] = {"PIPELINE",  "STATE",        "NEXT SLOT",    "WAITING",
                                       "UNDER WAY", "SLOTS MISSED", "SLOTS PAUSED", "PAUSED SINCE"};
#define N_HEADINGS (sizeof headings / sizeof *headings)

static bool is_configured(const zc_json *pipeline) {
  int configured = 1; /* said only where it is not */
  zc_json_boolean(zc_json_get(pipeline, "configured"), &configured);
  return configured != 0;
}

static void add_row(zc_listing *listing, const zc_json *pipeline) {
  const char *state = text_or_dash(pipeline, "state");
  bool paused = strcmp(state, "paused") == 0;
  zc_listing_add(listing, ZC_PLAIN, "%s", text_or_dash(pipeline, "name"));
  zc_listing_add(listing, paused ? ZC_YELLOW : ZC_PLAIN, "%s%s", state,
                 is_configured(pipeline) ? "" : " (not in the configuration)");
  zc_listing_add(listing, ZC_PLAIN, "%s", text_or_dash(pipeline, "next_slot"));
  zc_listing_add(listing, ZC_PLAIN, "%.0f", waiting(pipeline));
  zc_listing_add(listing, ZC_PLAIN, "%.0f", under_way(pipeline));
  zc_listing_add(listing, ZC_PLAIN, "%.0f", count(pipeline, "slots_missed"));
  zc_listing_add(listing, ZC_PLAIN, "%.0f", count(pipeline, "slots_paused"));
  zc_listing_add(listing, ZC_PLAIN, "%s", text_or_dash(pipeline, "paused_since"));
}

/* What the engine says, parsed; else why not was printed, and *ret_exit is set. */
static zc_json *ask(const char *state_dir, const char *method, const char *path, int *ret_exit) {
  zc_buffer answer;
  zc_json *json = NULL;
  int http_status;
  char why[512];
  zc_buffer_init(&answer, ZC_CLIENT_ANSWER_MAX);
  *ret_exit = zc_cli_ask_engine(state_dir, method, path, &answer, &http_status);
  if (*ret_exit == ZC_EXIT_FINE && http_status != 200) {
    const char *text = zc_client_error(&answer, http_status, why, sizeof why);
    if (http_status == 404) { /* the name */
      *ret_exit = zc_cli_usage("%s", text);
    } else {
      zc_cli_message("%s", text);
      *ret_exit = ZC_EXIT_UNAVAILABLE;
    }
  } else if (*ret_exit == ZC_EXIT_FINE &&
             zc_json_parse(answer.data, answer.length, &json) != ZC_OK) {
    zc_cli_message("the engine's answer cannot be read");
    *ret_exit = ZC_EXIT_INTERNAL;
  }
  zc_buffer_finish(&answer);
  return json;
}

/* ---- list ---- */

typedef struct {
  bool as_json;
  zc_listing listing;
  zc_buffer json;
  size_t n;
} list;

static void add(list *l, const zc_json *pipeline) {
  if (!l->as_json) {
    add_row(&l->listing, pipeline);
  } else {
    if (l->n > 0) zc_buffer_char(&l->json, ',');
    zc_json_write(&l->json, pipeline);
  }
  l->n++;
}

/* In pages, so that the engine is not held up by many. */
static int read_all(const char *state_dir, list *l) {
  int status;
  bool more = true;
  while (more) {
    char path[128];
    snprintf(path, sizeof path, "/v1/pipelines?limit=%d&offset=%zu", ZC_API_PIPELINES_MAX, l->n);
    zc_json *page = ask(state_dir, "GET", path, &status);
    if (!page) return status;
    const zc_json *items = zc_json_get(page, "pipelines");
    size_t n = zc_json_count(items);
    for (size_t i = 0; i < n; i++)
      add(l, zc_json_member(items, i, NULL));
    more = n > 0 && (double)l->n < count(page, "total");
    zc_json_free(page);
  }
  return ZC_EXIT_FINE;
}

static int print_list(const char *state_dir, bool as_json) {
  list l = {.as_json = as_json};
  zc_listing_init(&l.listing, N_HEADINGS);
  zc_listing_headings(&l.listing, headings);
  zc_buffer_init(&l.json, LIST_MAX);
  zc_buffer_char(&l.json, '[');
  int status = read_all(state_dir, &l);
  zc_buffer_char(&l.json, ']');
  if (status == ZC_EXIT_FINE && as_json)
    zc_output_line(&l.json);
  else if (status == ZC_EXIT_FINE)
    zc_listing_print(&l.listing, "");
  zc_buffer_finish(&l.json);
  zc_listing_finish(&l.listing);
  return status;
}

/* ---- one ---- */

static void print_one(const zc_json *pipeline, bool as_json) {
  zc_buffer text;
  zc_listing listing;
  zc_buffer_init(&text, LIST_MAX);
  zc_listing_init(&listing, N_HEADINGS);
  zc_listing_headings(&listing, headings);
  if (as_json) {
    zc_json_write(&text, pipeline);
    zc_output_line(&text);
  } else {
    add_row(&listing, pipeline);
    zc_listing_print(&listing, "");
  }
  zc_listing_finish(&listing);
  zc_buffer_finish(&text);
}

static void tell_change(const zc_json *pipeline, action what) {
  const char *name = text_or_dash(pipeline, "name");
  if (what == PAUSE) {
    zc_cli_message("%s has been paused since %s: %.0f waiting, %.0f under way", name,
                   text_or_dash(pipeline, "paused_since"), waiting(pipeline), under_way(pipeline));
  } else if (!is_configured(pipeline)) {
    zc_cli_message("%s is not paused any more; it is not in the configuration", name);
  } else {
    zc_cli_message("%s goes on: %.0f waiting, %.0f under way; its next slot: %s", name,
                   waiting(pipeline), under_way(pipeline), text_or_dash(pipeline, "next_slot"));
  }
}

static int with_name(const char *state_dir, const char *name, action what, bool as_json) {
  zc_buffer path;
  int status;
  zc_buffer_init(&path, 4096);
  zc_buffer_text(&path, "/v1/pipelines/");
  zc_client_escape(&path, name);
  if (what != LIST) zc_buffer_printf(&path, "/%s", action_names[what]);
  if (path.status != ZC_OK) {
    zc_buffer_finish(&path);
    return zc_cli_usage("the pipeline's name is too long");
  }
  zc_json *pipeline = ask(state_dir, what == LIST ? "GET" : "POST", path.data, &status);
  zc_buffer_finish(&path);
  if (!pipeline) return status;
  if (what == LIST || as_json)
    print_one(pipeline, as_json);
  else
    tell_change(pipeline, what);
  zc_json_free(pipeline);
  return ZC_EXIT_FINE;
}

/* ---- the command ---- */

static int read_action(const zc_arguments *arguments, action *ret) {
  const char *name = arguments->n_operands ? arguments->operands[0] : "list";
  for (size_t i = 0; i < 3; i++) {
    if (strcmp(name, action_names[i]) != 0) continue;
    *ret = (action)i;
    bool has_name = arguments->n_operands == 2 && arguments->operands[1][0];
    if ((i != LIST || arguments->n_operands == 2) && !has_name)
      return zc_cli_usage("%s wants the NAME of a pipeline", name);
    return ZC_EXIT_FINE;
  }
  const char *near = zc_nearest(name, action_names, 3);
  return near ? zc_cli_usage("pipelines: '%s' is not known: did you mean '%s'?", name, near)
              : zc_cli_usage("pipelines: '%s' is not known", name);
}

static int pipelines(const zc_arguments *arguments) {
  zc_session session;
  action what = LIST;
  bool as_json = zc_arguments_has(arguments, "json");
  int status = read_action(arguments, &what);
  if (status != ZC_EXIT_FINE) return status;
  status = zc_session_init(&session, 0);
  if (status == ZC_EXIT_FINE) status = zc_session_load_state_dir(&session, arguments);
  if (status == ZC_EXIT_FINE) {
    status = arguments->n_operands == 2
                 ? with_name(session.state_dir, arguments->operands[1], what, as_json)
                 : print_list(session.state_dir, as_json);
  }
  zc_session_finish(&session);
  return status;
}

static const zc_switch switches[] = {ZC_SWITCH_CONFIG, ZC_SWITCH_JSON, ZC_SWITCH_HELP};

const zc_command zc_command_pipelines = {
    .name = "pipelines",
    .operands = "[list [NAME] | pause NAME | resume NAME]",
    .summary = "how pipelines stand; pause and resume them",
    .details =
        "All ask the running engine. While a pipeline is paused its slots pass without a run and\n"
        "are counted, `trigger` is refused, and runs that have not been started wait; what is "
        "under\n"
        "way goes on. resume starts those whose time has come, past their deadline too. A pause\n"
        "outlives restarts and reloads, and its pipeline's place in the configuration: list shows "
        "it\n"
        "then too, and resume lifts it.\n",
    .max_operands = 2,
    .switches = switches,
    .n_switches = sizeof switches / sizeof *switches,
    .run = pipelines,
};
