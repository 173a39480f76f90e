/* run - the engine, in the foreground. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/time_text.h"
#include "core/cli/session.h"
#include "core/cli/signals.h"
#include "core/serve/control.h"

/* Beyond engine.shutdown_timeout: an end that takes longer must not keep a container waiting for
 * its kill. */
#define END_RESERVE (2 * ZC_SECOND)
/* How far a replay goes between two looks for a signal. */
#define REPLAY_STRIDE ZC_HOUR

typedef struct {
  zc_session session;
  zc_control *control;
  zc_time from, to; /* of a replay; 0: none */
  bool once;
  bool aside;  /* a damaged journal is kept aside */
  bool failed; /* a run failed */
  bool fatal;
} runner;

static void on_signal(void *user, int number) {
  runner *r = user;
  zc_log(ZC_LOG_INFO, "run", "stopping: %s", strsignal(number));
  zc_loop_stop(r->session.loop);
}

static void on_hangup(void *user) {
  runner *r = user;
  zc_error error = {0};
  if (!r->session.engine) return; /* it is about to read the file anyway */
  if (zc_engine_reload(r->session.engine, NULL, NULL, &error) != ZC_OK) {
    zc_log(ZC_LOG_WARNING, "run", "SIGHUP: no reload: %s", error.text);
  }
}

static void on_reloaded(void *user, zc_settings *settings) {
  runner *r = user;
  zc_settings_free(r->session.settings);
  r->session.settings = zc_settings_hold(settings);
  zc_log_setup(settings->log_level, settings->log_json, &r->session.clock, stderr);
}

static void on_fatal(void *user, const char *message) {
  runner *r = user;
  (void)message; /* the engine has logged it */
  r->fatal = true;
  zc_loop_stop(r->session.loop);
}

static void on_status(void *user, const zc_execution *execution) {
  runner *r = user;
  zc_execution_status status = execution->status;
  r->failed |= status == ZC_FAILED || status == ZC_TIMED_OUT || status == ZC_UNKNOWN;
}

static int read_arguments(const zc_arguments *arguments, runner *r) {
  zc_error error;
  r->once = zc_arguments_has(arguments, "once");
  if (zc_arguments_time(arguments, "from", &r->from, &error) != ZC_OK ||
      zc_arguments_time(arguments, "to", &r->to, &error) != ZC_OK) {
    return zc_cli_usage("run: %s", error.text);
  }
  if (zc_arguments_has(arguments, "from") != zc_arguments_has(arguments, "to")) {
    return zc_cli_usage("run: --from and --to go together");
  }
  if (r->from && r->from >= r->to) return zc_cli_usage("run: --from must lie before --to");
  if (r->from && r->once) return zc_cli_usage("run: --once does not go with --from and --to");
  r->aside = zc_arguments_has(arguments, "journal-aside");
  /* Without its marks a run of --once would take up slots again that it has taken up. */
  if (r->aside && r->once) return zc_cli_usage("run: --journal-aside does not go with --once");
  return ZC_EXIT_FINE;
}

static void log_start(const runner *r) {
  const zc_settings *s = r->session.settings;
  const zc_findings *findings = &r->session.findings;
  zc_log(ZC_LOG_INFO, "run", "ZeroCarb %s: %s: %zu pipeline%s, %zu source%s; state in %s%s",
         ZC_VERSION, r->session.path, s->n_pipelines, s->n_pipelines == 1 ? "" : "s", s->n_sources,
         s->n_sources == 1 ? "" : "s", s->state_dir,
         r->control ? "; commands over its engine.sock" : "");
  for (size_t i = 0; i < findings->n; i++) {
    const zc_finding *found = &findings->items[i];
    char place[40] = ""; /* none where no line of the file is to blame */
    if (found->line > 0) snprintf(place, sizeof place, ":%d:%d", found->line, found->column);
    zc_log(ZC_LOG_WARNING, "config", "%s%s: %s", r->session.path, place, found->text);
  }
}

static int start_control(runner *r) {
  zc_error error = {0};
  if (r->once || r->from) return ZC_EXIT_FINE;
  int status = zc_control_start(r->session.loop, r->session.engine, r->session.settings->state_dir,
                                &r->control, &error);
  if (status == ZC_OK) return ZC_EXIT_FINE;
  zc_log(ZC_LOG_ERROR, "run", "%s", error.text);
  return zc_cli_exit_of(status);
}

static int prepare(runner *r, const zc_arguments *arguments) {
  zc_session *s = &r->session;
  int status = zc_session_load(s, arguments, true);
  s->is_service = true;
  if (status != ZC_EXIT_FINE) return status;
  zc_engine_options options = {.once = r->once, .as_of = r->from, .seed = s->seed};
  if ((status = zc_session_open_http(s)) != ZC_EXIT_FINE) return status;
  if (r->aside && (status = zc_session_keep_journal_aside(s)) != ZC_EXIT_FINE) return status;
  if ((status = zc_session_open_journal(s)) != ZC_EXIT_FINE) return status;
  if ((status = zc_session_create_engine(s, &options)) != ZC_EXIT_FINE) return status;
  zc_engine_on_fatal(s->engine, on_fatal, r);
  zc_engine_on_status(s->engine, on_status, r);
  if (!r->once && !r->from &&
      zc_engine_enable_reload(s->engine, s->registry, s->path, on_reloaded, r) != ZC_OK) {
    zc_cli_message("no memory for reloads");
    return ZC_EXIT_INTERNAL;
  }
  if ((status = start_control(r)) != ZC_EXIT_FINE) return status;
  log_start(r);
  return zc_session_start_engine(s);
}

static bool is_to_end(const runner *r) {
  return zc_signals_pending() || r->fatal;
}

/* Where it is cut short its time is that of what ended it, and from there on real: commands that
 * run have shutdown_timeout to end. */
static void replay(runner *r) {
  for (zc_time at = r->from; at < r->to;) {
    at = r->to - at > REPLAY_STRIDE ? at + REPLAY_STRIDE : r->to;
    zc_loop_run(r->session.loop, at);
    if (is_to_end(r)) {
      zc_clock_let_go(&r->session.clock);
      return;
    }
    zc_clock_advance(&r->session.clock, at);
  }
  zc_engine_roll_up(r->session.engine);
  zc_loop_run(r->session.loop, r->to);
}

static void log_end(const runner *r) {
  size_t n = zc_engine_live(r->session.engine);
  if (n > 0)
    zc_log(ZC_LOG_INFO, "run", "stopped; %zu run%s in the journal", n,
           n == 1 ? " waits" : "s wait");
  else
    zc_log(ZC_LOG_INFO, "run", "stopped; no run waits");
}

static void log_waiting(const runner *r) {
  int64_t n = zc_journal_backlog(r->session.journal, NULL);
  zc_log(ZC_LOG_WARNING, "run", "%lld row%s in the journal for a sink", (long long)n,
         n == 1 ? " waits" : "s wait");
}

/* What a replay came to, as one line of JSON on stdout. */
static void print_status(runner *r) {
  zc_buffer text;
  zc_buffer_init(&text, 1u << 20);
  if (zc_engine_status(r->session.engine, &text) == ZC_OK) puts(text.data);
  zc_buffer_finish(&text);
}

static int run_engine(runner *r) {
  zc_loop_expect_slow(r->session.loop, r->once);
  if (r->from) {
    replay(r);
    if (!r->fatal) print_status(r);
  } else {
    zc_loop_run(r->session.loop, ZC_TIME_MAX);
  }
  zc_signals_limit_end(r->session.settings->shutdown_ms + END_RESERVE, ZC_EXIT_INTERNAL);
  zc_loop_expect_slow(r->session.loop, true);
  if (!r->fatal) zc_session_stop_engine(&r->session);
  if (r->fatal) return ZC_EXIT_INTERNAL;
  log_end(r);
  bool judged = r->once || r->from, delivered = zc_engine_delivered(r->session.engine);
  bool refused = zc_engine_refused_rows(r->session.engine) > 0;
  if (!delivered) log_waiting(r);
  int status = judged && (r->failed || !delivered || refused) ? ZC_EXIT_NOT_FINE : ZC_EXIT_FINE;
  zc_signals_limit_end(0, status);
  return status;
}

static int run(const zc_arguments *arguments) {
  runner r = {0};
  zc_signals_install();
  int status = read_arguments(arguments, &r);
  if (status != ZC_EXIT_FINE) return status;
  status = zc_session_init(&r.session, r.from);
  if (status == ZC_EXIT_FINE &&
      zc_signals_attach(r.session.loop, on_signal, on_hangup, &r) != ZC_OK) {
    zc_cli_message("cannot watch for signals");
    status = ZC_EXIT_INTERNAL;
  }
  if (status == ZC_EXIT_FINE) status = prepare(&r, arguments);
  if (status == ZC_EXIT_FINE) status = run_engine(&r);
  zc_control_stop(r.control);
  zc_signals_detach();
  zc_session_finish(&r.session);
  return status;
}

static const zc_switch switches[] = {
    ZC_SWITCH_CONFIG,
    {"once", 0, NULL, "collect, decide and run what is due, then exit"},
    {"from", 0, "TIME", "replay recorded time: slots after this instant (with --to)"},
    {"to", 0, "TIME", "up to this instant, and with it"},
    {"journal-aside", 0, NULL, "keep a damaged journal aside and start with an empty one"},
    ZC_SWITCH_HELP,
};

const zc_command zc_command_run = {
    .name = "run",
    .operands = "",
    .summary = "the engine, in the foreground",
    .details = "SIGHUP reloads the configuration (see `zerocarb help reload`). SIGTERM or SIGINT "
               "stops it in order, within engine.shutdown_timeout; a second one "
               "ends it\n"
               "at once with 128 + the signal's number. With --once or a replay the exit status is "
               "1 where\n"
               "a run failed or a sink does not have every row. 69: another zerocarb holds the "
               "state_dir.\n\n"
               "--from and --to replay the engine over recorded time: sources of recorded data "
               "answer as of\n"
               "then, timers fire in virtual order, and commands are really started; in the end "
               "stdout gets\n"
               "one line of JSON on what the engine did. For demonstrations and tests; use a "
               "state_dir of its own.\n",
    .switches = switches,
    .n_switches = sizeof switches / sizeof *switches,
    .run = run,
};
