/* trigger - a manual run: by the running engine, or, without one, here in the foreground. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/cli/output.h"
#include "core/cli/session.h"
#include "core/cli/signals.h"
#include "core/serve/client.h"
#include "core/tables/execution_item.h"

#define ITEM_MAX      ((size_t)1024 * 1024)
#define POLL_S        1                /* how often --wait asks */
#define DELIVER_LIMIT (10 * ZC_SECOND) /* how long a finished run's record is seen to its sinks */
#define STOP_RESERVE  (2 * ZC_SECOND)

static int exit_of_run(zc_execution_status status) {
  return status == ZC_SUCCESS || status == ZC_NOT_TRIGGERED ? ZC_EXIT_FINE : ZC_EXIT_NOT_FINE;
}

/* A run that was not taken is none that failed. */
static int exit_not_taken(int exit_status) {
  return exit_status == ZC_EXIT_NOT_FINE ? ZC_EXIT_UNAVAILABLE : exit_status;
}

static bool rests(zc_execution_status status) {
  return zc_execution_ended(status) || status == ZC_UNKNOWN;
}

/* ---- by the running engine ---- */

/* What --wait follows. */
typedef struct {
  const char *state_dir;
  char id[ZC_EXECUTION_ID_SIZE];
  zc_execution_status status;
  zc_buffer item;
} follower;

static const char *text_at(const zc_json *json, const char *path) {
  const char *text;
  return zc_json_text(zc_json_at(json, path), &text, NULL) == ZC_OK ? text : "";
}

static void tell_change(const follower *f, const zc_json *item) {
  const char *message = text_at(item, "message");
  if (f->status == ZC_DEFERRED) {
    zc_cli_message("%.8s DEFERRED until %s in %s", f->id, text_at(item, "schedule/planned_start"),
                   text_at(item, "carbon_analysis/optimal_region"));
  } else {
    zc_cli_message("%.8s %s%s%s", f->id, zc_execution_status_text(f->status), *message ? ": " : "",
                   message);
  }
}

/* One look at the run. */
static int look(follower *f) {
  char path[128], why[512];
  int http_status;
  zc_error error;
  zc_buffer_clear(&f->item);
  snprintf(path, sizeof path, "/v1/executions/%s", f->id);
  int status = zc_client_request(f->state_dir, "GET", path, &f->item, &http_status, &error);
  if (status != ZC_OK) {
    zc_cli_message("%s", error.text);
    return ZC_EXIT_UNAVAILABLE;
  }
  zc_json *item;
  if (http_status != 200) {
    zc_cli_message("%s", zc_client_error(&f->item, http_status, why, sizeof why));
    return ZC_EXIT_UNAVAILABLE;
  }
  zc_execution_status before = f->status;
  status = zc_json_parse(f->item.data, f->item.length, &item);
  if (status == ZC_OK && !zc_execution_status_parse(text_at(item, "status"), &f->status)) {
    status = ZC_EDATA;
  }
  if (status == ZC_OK && f->status != before) tell_change(f, item);
  if (status == ZC_OK)
    zc_json_free(item);
  else
    zc_cli_message("the engine's answer cannot be read");
  return status == ZC_OK ? ZC_EXIT_FINE : ZC_EXIT_INTERNAL;
}

static int follow(follower *f, bool as_json) {
  const struct timespec pause = {.tv_sec = POLL_S};
  int status = look(f);
  while (status == ZC_EXIT_FINE && !rests(f->status)) {
    nanosleep(&pause, NULL);
    status = look(f);
  }
  if (status != ZC_EXIT_FINE) return status;
  zc_output_item(&f->item, as_json);
  return exit_of_run(f->status);
}

static int read_acceptance(const zc_buffer *answer, follower *f) {
  zc_json *json;
  if (zc_json_parse(answer->data, answer->length, &json) != ZC_OK) return ZC_EDATA;
  zc_copy_text(f->id, sizeof f->id, text_at(json, "execution_id"));
  bool fine = f->id[0] && zc_execution_status_parse(text_at(json, "status"), &f->status);
  zc_json_free(json);
  return fine ? ZC_OK : ZC_EDATA;
}

static int take_acceptance(const zc_arguments *arguments, const char *state_dir,
                           const zc_buffer *answer) {
  bool as_json = zc_arguments_has(arguments, "json");
  follower f = {.state_dir = state_dir};
  if (read_acceptance(answer, &f) != ZC_OK) {
    zc_cli_message("the engine's answer cannot be read");
    return ZC_EXIT_INTERNAL;
  }
  if (!zc_arguments_has(arguments, "wait")) {
    if (as_json)
      zc_output_line(answer);
    else
      zc_output_printf("%s %s\n", f.id, zc_execution_status_text(f.status));
    return ZC_EXIT_FINE;
  }
  zc_cli_message("%s %s", f.id, zc_execution_status_text(f.status));
  zc_buffer_init(&f.item, ZC_CLIENT_ANSWER_MAX);
  int status = follow(&f, as_json);
  zc_buffer_finish(&f.item);
  return status;
}

/* *ret_exit where an engine runs; ZC_ENOTFOUND where none does. */
static int ask_engine(const zc_arguments *arguments, const char *state_dir, int *ret_exit) {
  zc_error error;
  zc_buffer path, answer;
  int http_status = 0;
  zc_buffer_init(&path, 4096);
  zc_buffer_init(&answer, ZC_CLIENT_ANSWER_MAX);
  zc_buffer_text(&path, "/v1/pipelines/");
  zc_client_escape(&path, arguments->operands[0]);
  zc_buffer_text(&path, "/trigger");
  int status = path.status != ZC_OK
                   ? zc_error_set(&error, path.status, "the pipeline's name is too long")
                   : zc_client_request(state_dir, "POST", path.data, &answer, &http_status, &error);
  if (status == ZC_OK && http_status == 202) {
    *ret_exit = take_acceptance(arguments, state_dir, &answer);
  } else if (status == ZC_OK) {
    char why[512];
    zc_cli_message("%s", zc_client_error(&answer, http_status, why, sizeof why));
    *ret_exit = ZC_EXIT_UNAVAILABLE;
  } else if (status != ZC_ENOTFOUND) {
    zc_cli_message("%s", error.text);
    *ret_exit = exit_not_taken(zc_cli_exit_of(status));
  }
  zc_buffer_finish(&path);
  zc_buffer_finish(&answer);
  return status == ZC_ENOTFOUND ? ZC_ENOTFOUND : ZC_OK;
}

/* ---- in the foreground ---- */

typedef struct {
  zc_session *session;
  const char *pipeline;
  char id[ZC_EXECUTION_ID_SIZE];
  bool ended, refused, interrupted, fatal;
  zc_execution_status status;
  zc_buffer item;
  zc_timer limit;
} foreground;

static void tell_status(const zc_execution *x) {
  char start[ZC_TIME_TEXT_SIZE] = "-";
  const char *status = zc_execution_status_text(x->status);
  zc_time_format(x->planned_start, start, sizeof start);
  if (x->status == ZC_DEFERRED) {
    zc_cli_message("%.8s DEFERRED until %s in %s: %s", x->id, start, x->region,
                   x->reason ? x->reason : "");
  } else if (x->status == ZC_TRIGGERING || x->status == ZC_RUNNING) {
    zc_cli_message("%.8s %s in %s", x->id, status, x->region);
  } else {
    zc_cli_message("%.8s %s%s%s", x->id, status, x->message ? ": " : "",
                   x->message ? x->message : "");
  }
}

static void on_limit(zc_timer *timer) {
  foreground *f = timer->user;
  if (!zc_engine_delivered(f->session->engine)) {
    zc_cli_message(
        "the record has not reached every sink: the next engine on this state_dir goes on");
  }
  zc_loop_stop(f->session->loop);
}

static void on_status(void *user, const zc_execution *execution) {
  foreground *f = user;
  if (strcmp(execution->id, f->id) != 0 || f->ended) return;
  bool told = zc_log_level() >= ZC_LOG_INFO; /* by the engine's own lines */
  bool news = execution->status != f->status || execution->status == ZC_DEFERRED;
  if (news && !told) tell_status(execution);
  f->status = execution->status;
  if (!rests(execution->status)) return;
  f->ended = true;
  zc_execution_item_write(execution, &f->item);
  zc_timer_after(f->session->loop, &f->limit, DELIVER_LIMIT, on_limit, f);
}

static void on_fatal(void *user, const char *message) {
  foreground *f = user;
  (void)message; /* the engine has logged it */
  f->fatal = true;
  zc_loop_stop(f->session->loop);
}

static void on_signal(void *user, int number) {
  foreground *f = user;
  zc_error error;
  bool asked;
  zc_cli_message("%s: cancelling", strsignal(number));
  if (zc_engine_cancel(f->session->engine, f->id, NULL, NULL, &asked, &error) == ZC_OK) return;
  zc_cli_message("%s", error.text);
  f->interrupted = true;
  zc_loop_stop(f->session->loop);
}

static void on_accepted(void *user, int status) {
  foreground *f = user;
  if (status != ZC_OK) {
    zc_cli_message("the run was not taken: %s", zc_status_text(status));
    f->refused = true;
    zc_loop_stop(f->session->loop);
  }
}

/* The engine stops the loop whenever nothing is due; a deferred run is waited for here. */
static int watch(foreground *f) {
  zc_error error;
  zc_session *s = f->session;
  zc_engine_on_status(s->engine, on_status, f);
  zc_engine_on_fatal(s->engine, on_fatal, f);
  int status = zc_session_start_engine(s);
  if (status != ZC_EXIT_FINE) return exit_not_taken(status);
  if (zc_engine_trigger(s->engine, f->pipeline, "zerocarb_manual", f->id, on_accepted, f, &error) !=
      ZC_OK) {
    zc_cli_message("%s", error.text);
    return exit_not_taken(zc_cli_exit_of(error.status));
  }
  if (zc_signals_attach(s->loop, on_signal, NULL, f) != ZC_OK) return ZC_EXIT_INTERNAL;
  do
    zc_loop_run(s->loop, ZC_TIME_MAX);
  while (!f->ended && !f->refused && !f->interrupted && !f->fatal);
  zc_timer_stop(s->loop, &f->limit);
  zc_signals_detach();
  if (f->fatal) return ZC_EXIT_INTERNAL;
  zc_signals_limit_end(s->settings->shutdown_ms + STOP_RESERVE, ZC_EXIT_INTERNAL);
  zc_session_stop_engine(s);
  if (f->refused) return ZC_EXIT_UNAVAILABLE;
  return f->ended ? exit_of_run(f->status) : ZC_EXIT_NOT_FINE;
}

static int run_here(zc_session *session, const zc_arguments *arguments) {
  zc_engine_options options = {.once = true, .no_schedule = true, .seed = session->seed};
  foreground f = {.session = session, .pipeline = arguments->operands[0]};
  f.status = ZC_PENDING;
  zc_signals_install();
  int status = zc_session_open_http(session);
  if (status != ZC_EXIT_FINE) return status;
  status = zc_session_open_journal(session); /* refused where another process holds it */
  if (status != ZC_EXIT_FINE) return exit_not_taken(status);
  status = zc_session_create_engine(session, &options);
  if (status != ZC_EXIT_FINE) return exit_not_taken(status);
  zc_buffer_init(&f.item, ITEM_MAX);
  status = watch(&f);
  if (f.ended) zc_output_item(&f.item, zc_arguments_has(arguments, "json"));
  zc_buffer_finish(&f.item);
  return status;
}

/* ---- the command ---- */

static int trigger(const zc_arguments *arguments) {
  zc_session session;
  int status = zc_session_init(&session, 0);
  if (status == ZC_EXIT_FINE) status = zc_session_load(&session, arguments, true);
  if (status == ZC_EXIT_FINE) status = zc_session_check_pipeline(&session, arguments->operands[0]);
  if (status == ZC_EXIT_FINE &&
      ask_engine(arguments, session.settings->state_dir, &status) == ZC_ENOTFOUND) {
    status = run_here(&session, arguments);
  }
  zc_session_finish(&session);
  return status;
}

static const zc_switch switches[] = {
    ZC_SWITCH_CONFIG,
    {"wait", 0, NULL, "with a running engine: follow the run until it ends"},
    ZC_SWITCH_JSON,
    ZC_SWITCH_HELP,
};

const zc_command zc_command_trigger = {
    .name = "trigger",
    .operands = "PIPELINE",
    .summary = "a manual run",
    .details =
        "A running engine takes the run, and its ID and status are printed; --wait follows it.\n"
        "Without a running engine the whole run happens here: decide, wait, start, watch, record.\n"
        "It holds the state dir all the while, so that no engine and no other trigger can begin;\n"
        "Ctrl-C cancels it. For runs that wait for hours start the engine. A run that was "
        "followed\n"
        "gives the exit status: 0 for SUCCESS and NOT_TRIGGERED, else 1. 69: it was not taken.\n",
    .min_operands = 1,
    .max_operands = 1,
    .switches = switches,
    .n_switches = sizeof switches / sizeof *switches,
    .run = trigger,
};
