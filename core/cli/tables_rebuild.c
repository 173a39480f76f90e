#include "core/cli/tables_rebuild.h"

#include <string.h>

#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/cli/output.h"
#include "core/cli/session.h"
#include "core/cli/signals.h"
#include "core/serve/client.h"
#include "core/tables/rollup_period.h"

#define PATH_MAX_LENGTH 256

typedef struct {
  zc_session session;
  zc_time from, to; /* midnights */
  char from_text[ZC_DATE_SIZE], to_text[ZC_DATE_SIZE];
  bool ended, interrupted, fatal;
  int status;
  char message[400];
} rebuild;

/* ---- by a running engine ---- */

/* ZC_ENOTFOUND: none runs; else *ret_exit is set. */
static int ask_engine(rebuild *r, int *ret_exit) {
  zc_buffer answer;
  zc_error error = {0};
  char path[PATH_MAX_LENGTH], why[400];
  int http_status = 0;
  snprintf(path, sizeof path, "/v1/tables/rebuild?from=%s&to=%s", r->from_text, r->to_text);
  zc_buffer_init(&answer, ZC_CLIENT_ANSWER_MAX);
  int status = zc_client_request(r->session.settings->state_dir, "POST", path, &answer,
                                 &http_status, &error);
  if (status == ZC_OK && http_status == 202) {
    zc_cli_message("the running engine rebuilds %s to %s, and logs when it is done", r->from_text,
                   r->to_text);
    *ret_exit = ZC_EXIT_FINE;
  } else if (status == ZC_OK) {
    zc_cli_message("%s", zc_client_error(&answer, http_status, why, sizeof why));
    *ret_exit = ZC_EXIT_UNAVAILABLE;
  } else if (status != ZC_ENOTFOUND) {
    zc_cli_message("%s", error.text);
    *ret_exit = zc_cli_exit_of(status);
  }
  zc_buffer_finish(&answer);
  return status;
}

/* ---- here ---- */

static void on_rebuilt(void *user, int status, const char *message) {
  rebuild *r = user;
  r->ended = true;
  r->status = status;
  zc_copy_text(r->message, sizeof r->message, message ? message : "");
  zc_loop_stop(r->session.loop);
}

static void on_signal(void *user, int number) {
  rebuild *r = user;
  zc_cli_message("%s: given up; what was written stays, and can be written again",
                 strsignal(number));
  r->interrupted = true;
  zc_loop_stop(r->session.loop);
}

static void on_fatal(void *user, const char *message) {
  rebuild *r = user;
  (void)message; /* the engine has logged it */
  r->fatal = true;
  zc_loop_stop(r->session.loop);
}

static int judge(rebuild *r) {
  if (r->fatal) return ZC_EXIT_INTERNAL;
  if (!r->ended || r->interrupted) return ZC_EXIT_NOT_FINE;
  if (r->status != ZC_OK) {
    zc_cli_message("the tables were not rebuilt: %s", r->message);
    return ZC_EXIT_UNAVAILABLE;
  }
  if (!zc_engine_delivered(r->session.engine)) {
    zc_cli_message("rebuilt; rows wait in the journal for a sink that is away");
    return ZC_EXIT_NOT_FINE;
  }
  zc_output_printf("rebuilt %s to %s\n", r->from_text, r->to_text);
  return ZC_EXIT_FINE;
}

static int run_here(rebuild *r) {
  zc_session *s = &r->session;
  zc_engine_options options = {.tables_only = true, .no_schedule = true, .seed = s->seed};
  zc_error error = {0};
  int status = zc_session_open_http(s);
  if (status == ZC_EXIT_FINE) status = zc_session_open_journal(s);
  if (status == ZC_EXIT_FINE) status = zc_session_create_engine(s, &options);
  if (status != ZC_EXIT_FINE) return status;
  zc_engine_on_fatal(s->engine, on_fatal, r);
  status = zc_session_start_engine(s);
  if (status != ZC_EXIT_FINE) return status;
  if (zc_signals_attach(s->loop, on_signal, NULL, r) != ZC_OK) return ZC_EXIT_INTERNAL;
  if (zc_engine_rebuild_tables(s->engine, r->from, r->to, on_rebuilt, r, &error) == ZC_OK) {
    zc_loop_run(s->loop, ZC_TIME_MAX);
  } else {
    on_rebuilt(r, error.status, error.text);
  }
  zc_signals_detach();
  if (!r->fatal) zc_session_stop_engine(s);
  return judge(r);
}

/* ---- the command ---- */

static int read_date(const zc_arguments *arguments, const char *name, zc_time *ret) {
  const char *text = zc_arguments_text(arguments, name);
  if (!text) return zc_cli_usage("tables: rebuild wants --from DATE and --to DATE");
  const zc_span span = {text, strlen(text)};
  if (zc_date_parse(&span, ret) != ZC_OK)
    return zc_cli_usage("tables: --%s: '%s' is no date such as 2026-01-31", name, text);
  return ZC_EXIT_FINE;
}

/* The week and the month that the first day lies in, where they begin before `kept`. */
static void say_periods_left_alone(zc_time first, zc_time kept) {
  for (zc_period_kind kind = ZC_WEEKLY; kind <= ZC_MONTHLY; kind++) {
    zc_period period = zc_period_of(kind, first);
    char key[ZC_PERIOD_KEY_SIZE];
    if (period.first >= kept) continue;
    zc_period_key(&period, key);
    zc_cli_message("%s is left as it is: runs of its first days have expired", key);
  }
}

/* Days that cannot be rebuilt are left out of the span, and said. */
static int clamp(rebuild *r, zc_time now) {
  zc_time first = zc_rollup_first_day(now), today = zc_day_of(now);
  char kept[ZC_DATE_SIZE] = "";
  zc_date_format(first, kept, sizeof kept);
  if (r->from > today)
    return zc_cli_usage("tables: no day that has begun lies between these dates");
  if (r->to < first)
    return zc_cli_usage("tables: runs of these days have expired: days from %s on can be rebuilt",
                        kept);
  if (r->from < first) {
    zc_cli_message("days before %s are left as they are: runs of them have expired", kept);
    r->from = first;
  }
  if (r->to > today) r->to = today;
  say_periods_left_alone(r->from, first);
  zc_date_format(r->from, r->from_text, sizeof r->from_text);
  zc_date_format(r->to, r->to_text, sizeof r->to_text);
  return ZC_EXIT_FINE;
}

int zc_tables_rebuild(const zc_arguments *arguments) {
  rebuild r = {.ended = false};
  zc_time now = 0;
  zc_error error;
  int status = read_date(arguments, "from", &r.from);
  if (status == ZC_EXIT_FINE) status = read_date(arguments, "to", &r.to);
  if (status != ZC_EXIT_FINE) return status;
  if (r.from > r.to) return zc_cli_usage("tables: --from must not lie after --to");
  if (zc_arguments_time(arguments, "now", &now, &error) != ZC_OK)
    return zc_cli_usage("tables: %s", error.text);
  zc_signals_install();
  status = zc_session_init(&r.session, now);
  if (status == ZC_EXIT_FINE) status = zc_session_load(&r.session, arguments, true);
  if (status == ZC_EXIT_FINE) status = clamp(&r, zc_loop_now(r.session.loop));
  if (status == ZC_EXIT_FINE && (now || ask_engine(&r, &status) == ZC_ENOTFOUND))
    status = run_here(&r);
  zc_session_finish(&r.session);
  return status;
}
