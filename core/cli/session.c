#include "core/cli/session.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/base/log.h"
#include "core/base/text.h"
#include "core/base/time_text.h"

#define NAMES_SHOWN   10
#define COLLECT_LIMIT (60 * ZC_SECOND)

/* ---- beginning and end ---- */

int zc_session_init(zc_session *session, zc_time at) {
  memset(session, 0, sizeof *session);
  if (at)
    zc_clock_init_virtual(&session->clock, at);
  else
    zc_clock_init_real(&session->clock);
  zc_log_setup(ZC_LOG_WARNING, false, &session->clock, stderr);
  /* The same replay gives the same run. */
  session->seed = at ? 1 : zc_random_seed();
  int status = zc_loop_create(&session->clock, &session->loop);
  if (status == ZC_OK) zc_loop_expect_slow(session->loop, true);
  if (status == ZC_OK) status = zc_registry_create(&session->registry);
  if (status == ZC_OK) return ZC_EXIT_FINE;
  zc_cli_message("cannot start: %s", zc_status_text(status));
  return zc_cli_exit_of(status);
}

void zc_session_finish(zc_session *session) {
  zc_engine_detach(session->engine);
  if (session->journal) zc_journal_close(session->journal);
  zc_engine_destroy(session->engine);
  if (session->http) zc_http_destroy(session->http);
  zc_loop_destroy(session->loop);
  zc_settings_free(session->settings);
  free(session->state_dir);
  zc_findings_finish(&session->findings);
  zc_registry_destroy(session->registry);
  zc_log_setup(ZC_LOG_WARNING, false, NULL, stderr);
  zc_log_forget();
}

/* ---- config ---- */

#define HERE   "zerocarb.yaml"
#define SYSTEM "/etc/zerocarb/zerocarb.yaml"

/* The one that was asked for; NULL: the usual places. */
static const char *path_asked_for(const zc_arguments *arguments) {
  const char *path = zc_arguments_text(arguments, "config");
  if (!path) path = getenv("ZEROCARB_CONFIG");
  return path && *path ? path : NULL;
}

const char *zc_session_config_path(const zc_arguments *arguments) {
  const char *path = path_asked_for(arguments);
  if (path) return path;
  return access(HERE, F_OK) == 0 ? HERE : SYSTEM;
}

static bool is_nowhere(const zc_arguments *arguments) {
  return !path_asked_for(arguments) && access(HERE, F_OK) != 0 && access(SYSTEM, F_OK) != 0;
}

static void add_directories(void *user, char *const *directories, size_t n) {
  for (size_t i = 0; i < n; i++) {
    int status = zc_registry_add_directory(user, directories[i]);
    if (status != ZC_OK) {
      zc_log(ZC_LOG_WARNING, "plugins", "%s is not searched: %s", directories[i],
             zc_status_text(status));
    }
  }
}

static void print_errors(const zc_session *session) {
  zc_buffer text;
  zc_buffer_init(&text, 1u << 20);
  zc_findings_print(&session->findings, session->path, &text);
  zc_cli_lines(text.data ? text.data : "");
  zc_buffer_finish(&text);
  zc_cli_message("%s: %zu error%s", session->path, session->findings.errors,
                 session->findings.errors == 1 ? "" : "s");
}

static bool find_config(zc_session *session, const zc_arguments *arguments) {
  session->path = zc_session_config_path(arguments);
  if (!is_nowhere(arguments)) return true;
  zc_cli_message("no configuration: no -c FILE, no $ZEROCARB_CONFIG, no ./" HERE ", no " SYSTEM);
  return false;
}

static int not_loaded(const zc_session *session, int status, bool print) {
  if (status == ZC_ENOMEM) {
    zc_cli_message("%s: no memory to read it", session->path);
    return ZC_EXIT_INTERNAL;
  }
  if (print) print_errors(session);
  return ZC_EXIT_CONFIG;
}

int zc_session_load_state_dir(zc_session *session, const zc_arguments *arguments) {
  if (!find_config(session, arguments)) return ZC_EXIT_CONFIG;
  int status = zc_config_state_dir(session->path, !path_asked_for(arguments), &session->state_dir,
                                   &session->findings);
  return status == ZC_OK ? ZC_EXIT_FINE : not_loaded(session, status, true);
}

int zc_session_load(zc_session *session, const zc_arguments *arguments, bool print) {
  zc_plugin_finder finder = zc_registry_finder(session->registry);
  zc_config_options options = {
      .finder = &finder, .prepare = add_directories, .implicit = !path_asked_for(arguments)};
  if (!find_config(session, arguments)) return ZC_EXIT_CONFIG;
  int status = zc_config_load(session->path, &options, &session->settings, &session->findings);
  if (status == ZC_OK) {
    const zc_settings *settings = session->settings;
    zc_log_setup(settings->log_level, settings->log_json, &session->clock, stderr);
    return ZC_EXIT_FINE;
  }
  return not_loaded(session, status, print);
}

/* "; there are a, b, c and 4 more" */
static void print_names(const zc_settings *settings, char *text, size_t size) {
  zc_buffer names;
  size_t n = settings->n_pipelines;
  zc_buffer_init(&names, size);
  for (size_t i = 0; i < n && i < NAMES_SHOWN; i++)
    zc_buffer_printf(&names, "%s%s", i ? ", " : "; there are ", settings->pipelines[i].name);
  if (n > NAMES_SHOWN) zc_buffer_printf(&names, " and %zu more", n - NAMES_SHOWN);
  zc_copy_text(text, size, names.data && names.status == ZC_OK ? names.data : "");
  zc_buffer_finish(&names);
}

int zc_session_check_pipeline(const zc_session *session, const char *name) {
  const zc_settings *settings = session->settings;
  if (zc_settings_pipeline(settings, name)) return ZC_EXIT_FINE;
  const char **names = calloc(settings->n_pipelines + 1, sizeof *names);
  for (size_t i = 0; names && i < settings->n_pipelines; i++)
    names[i] = settings->pipelines[i].name;
  const char *near = names ? zc_nearest(name, names, settings->n_pipelines) : NULL;
  free(names);
  if (near) {
    return zc_cli_usage("%s has no pipeline '%s': did you mean '%s'?", session->path, name, near);
  }
  char others[800];
  print_names(settings, others, sizeof others);
  return zc_cli_usage("%s has no pipeline '%s'%s", session->path, name, others);
}

/* ---- engine ---- */

static int fail(const zc_session *session, const zc_error *error) {
  if (session->is_service)
    zc_log(ZC_LOG_ERROR, "run", "%s", error->text);
  else
    zc_cli_message("%s", error->text);
  return zc_cli_exit_of(error->status);
}

int zc_session_open_http(zc_session *session) {
  int status = zc_http_create(session->loop, session->seed, &session->http);
  if (status == ZC_OK) return ZC_EXIT_FINE;
  zc_cli_message("cannot make the HTTP client: %s", zc_status_text(status));
  return zc_cli_exit_of(status);
}

int zc_session_keep_journal_aside(zc_session *session) {
  zc_error error = {0};
  char name[PATH_MAX];
  int status = zc_journal_aside(session->settings->state_dir, zc_clock_now(&session->clock), name,
                                sizeof name, &error);
  if (status != ZC_OK) return fail(session, &error);
  if (name[0]) {
    zc_log(ZC_LOG_ERROR, "journal",
           "the damaged journal is kept as %s; starts with an empty one: runs that waited and rows "
           "that no sink had yet are in the kept file only, slots missed meanwhile are not made up "
           "for",
           name);
  } else {
    zc_log(ZC_LOG_INFO, "journal", "sound: stays, --journal-aside has nothing to do");
  }
  return ZC_EXIT_FINE;
}

int zc_session_open_journal(zc_session *session) {
  zc_error error = {0};
  umask(077); /* for sinks too, which make files of their own */
  int status =
      zc_journal_open(session->loop, session->settings->state_dir, &session->journal, &error);
  if (status == ZC_OK) return ZC_EXIT_FINE;
  int code = fail(session, &error);
  /* Held by another process, or on a disk that is full: there is no such thing to be had now. */
  return status == ZC_ECONFLICT ? ZC_EXIT_UNAVAILABLE : code;
}

int zc_session_create_engine(zc_session *session, const zc_engine_options *options) {
  zc_error error = {0};
  int status = zc_engine_create(session->loop, session->http, session->settings, session->journal,
                                options, &session->engine, &error);
  if (status == ZC_OK) return ZC_EXIT_FINE;
  int code = fail(session, &error);
  /* What a plugin refuses when it is made is what the file asks of it. */
  return status == ZC_ENOMEM || status == ZC_ESYSTEM ? code : ZC_EXIT_CONFIG;
}

int zc_session_start_engine(zc_session *session) {
  zc_error error = {0};
  int status = zc_engine_start(session->engine, &error);
  return status == ZC_OK ? ZC_EXIT_FINE : fail(session, &error);
}

static void on_collected(void *user) {
  zc_loop_stop(user);
}

static void on_limit(zc_timer *timer) {
  zc_loop_stop(timer->user);
}

int zc_session_collect(zc_session *session) {
  zc_timer limit = {0};
  zc_engine_on_collected(session->engine, on_collected, session->loop);
  int status = zc_session_start_engine(session);
  if (status != ZC_EXIT_FINE) return status;
  if (!zc_engine_collected(session->engine)) {
    zc_timer_after(session->loop, &limit, COLLECT_LIMIT, on_limit, session->loop);
    zc_loop_run(session->loop, ZC_TIME_MAX);
    zc_timer_stop(session->loop, &limit);
  }
  if (!zc_engine_collected(session->engine)) {
    zc_cli_message("not every source has answered: decided on what is there");
  }
  return ZC_EXIT_FINE;
}

static void on_stopped(void *user) {
  zc_session *session = ((zc_session **)user)[0];
  ((zc_session **)user)[0] = NULL;
  zc_loop_stop(session->loop);
}

void zc_session_stop_engine(zc_session *session) {
  zc_session *waiting = session;
  zc_engine_stop(session->engine, on_stopped, &waiting);
  /* Stopped at once, it has stopped the loop already: this returns then. Under a virtual clock the
   * limits of stopping still lie ahead. */
  zc_loop_run(session->loop, ZC_TIME_MAX);
  if (waiting) zc_log(ZC_LOG_ERROR, "engine", "something of it did not stop");
  zc_loop_end_children(session->loop); /* before another engine may take the state dir */
}
