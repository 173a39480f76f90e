#include "core/cli/report_collect.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"
#include "core/base/time_text.h"
#include "core/plugin/instance.h"
#include "core/tables/schema.h"

#define OPEN_DEADLINE ZC_MINUTE
#define DECISION_MAX  ((size_t)4 << 20)

typedef struct {
  zc_session *session;
  zc_host_context *context;
  zc_instance *sink;
  int error;
  char message[512];
} reading;

/* ---- the sink ---- */

static bool can_be_read(const zc_plugin_settings *sink) {
  return ((const zc_sink_ops *)sink->plugin->ops)->query != NULL;
}

static int no_such_sink(const zc_session *session, const char *name) {
  const char *names[ZC_SINKS_MAX];
  size_t n = session->settings->n_sinks;
  for (size_t i = 0; i < n; i++)
    names[i] = session->settings->sinks[i].name;
  const char *near = zc_nearest(name, names, n);
  return near ? zc_cli_usage("%s has no sink '%s': did you mean '%s'?", session->path, name, near)
              : zc_cli_usage("%s has no sink '%s'", session->path, name);
}

/* NULL, with the exit status: none that can be read. */
static const zc_plugin_settings *find_sink(const zc_session *session, const char *name,
                                           int *status) {
  const zc_settings *settings = session->settings;
  size_t i = 0;
  if (!name) {
    i = zc_table_read_sink(settings);
    if (i == settings->n_sinks) {
      *status = zc_cli_usage("%s has no sink that can be read back, such as local_file or dynamodb",
                             session->path);
      return NULL;
    }
  }
  while (name && i < settings->n_sinks && strcmp(settings->sinks[i].name, name) != 0)
    i++;
  if (i == settings->n_sinks) {
    *status = no_such_sink(session, name);
    return NULL;
  }
  const zc_plugin_settings *sink = &settings->sinks[i];
  if (can_be_read(sink)) return sink;
  *status = zc_cli_usage("the sink '%s' (%s) cannot be read back", sink->name, sink->plugin->name);
  return NULL;
}

/* ---- waiting for it ---- */

static void note_end(reading *r, int status, const char *message) {
  r->error = status;
  zc_copy_text(r->message, sizeof r->message, message ? message : zc_status_text(status));
  zc_loop_stop(r->session->loop);
}

static int fail(const reading *r, int status, const char *message) {
  zc_cli_message("the sink '%s': %s", zc_instance_name(r->sink), message);
  bool is_away =
      status == ZC_EREMOTE || status == ZC_ETIMEDOUT || status == ZC_EIO || status == ZC_ENOTFOUND;
  return is_away ? ZC_EXIT_UNAVAILABLE : zc_cli_exit_of(status);
}

/* Runs the loop until the end is noted; `begun` is what starting gave. */
static int wait_for(reading *r, int begun) {
  if (begun != ZC_OK) return fail(r, begun, zc_status_text(begun));
  zc_loop_run(r->session->loop, ZC_TIME_MAX);
  return r->error == ZC_OK ? ZC_EXIT_FINE : fail(r, r->error, r->message);
}

static int open_sink(reading *r, const zc_plugin_settings *settings) {
  zc_session *session = r->session;
  zc_error error = {0};
  int status = zc_host_context_create(session->loop, session->http, session->seed, &r->context);
  if (status == ZC_OK)
    status = zc_instance_create(r->context, settings->plugin, settings->name, settings->options,
                                &r->sink, &error);
  if (status == ZC_OK) return ZC_EXIT_FINE;
  zc_cli_message("%s", error.text[0] ? error.text : zc_status_text(status));
  return status == ZC_ENOMEM ? ZC_EXIT_INTERNAL : ZC_EXIT_CONFIG;
}

static void on_opened(void *user, int status, const char *message) {
  note_end(user, status, message);
}

static int init_sink(reading *r) {
  zc_operation_events events = {.user = r, .done = on_opened};
  zc_operation operation;
  const zc_sink_ops *ops = zc_instance_plugin(r->sink)->ops;
  if (!ops->init || (ops->flags & ZC_SINK_QUERY_ALONE)) return ZC_EXIT_FINE;
  return wait_for(r, zc_operation_start_sink_init(r->sink, zc_tables, ZC_TABLES, OPEN_DEADLINE,
                                                  &events, &operation));
}

/* ---- the engine's decisions, for recommendations ---- */

static int decide(zc_session *session, const char *pipeline, zc_report *report) {
  zc_buffer text;
  zc_error error = {0};
  zc_buffer_init(&text, DECISION_MAX);
  int status = zc_engine_decide(session->engine, pipeline, true, &text, &error);
  if (status == ZC_OK) status = zc_report_decision(report, text.data, text.length);
  zc_buffer_finish(&text);
  if (status == ZC_OK) return ZC_EXIT_FINE;
  zc_cli_message("%s: %s", pipeline, error.text[0] ? error.text : zc_status_text(status));
  return ZC_EXIT_INTERNAL;
}

static int decide_all(zc_session *session, const zc_report_request *request, zc_report *report) {
  const zc_settings *settings = session->settings;
  int status = ZC_EXIT_FINE;
  if (request->pipeline) return decide(session, request->pipeline, report);
  for (size_t i = 0; i < settings->n_pipelines && status == ZC_EXIT_FINE; i++)
    status = decide(session, settings->pipelines[i].name, report);
  return status;
}

static bool wants_engine(const zc_report_request *requests, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (requests[i].query == ZC_REPORT_RECOMMEND) return true;
  }
  return false;
}

static int open_engine(zc_session *session) {
  zc_engine_options options = {.dry = true,
                               .no_schedule = true,
                               .as_of = session->clock.is_virtual ? zc_loop_now(session->loop) : 0,
                               .seed = session->seed};
  int status = zc_session_create_engine(session, &options);
  return status == ZC_EXIT_FINE ? zc_session_collect(session) : status;
}

/* ---- documents ---- */

static void on_read(void *user, int status, const char *message, const zc_table_counts *counts) {
  (void)counts;
  note_end(user, status, message);
}

static int read_rows(reading *r, zc_report *report) {
  zc_report_read_events events = {.user = r, .done = on_read};
  zc_report_read *read;
  return wait_for(r, zc_report_read_start(report, r->context, r->sink, &events, &read));
}

static int write_document(const zc_report *report, zc_report_query query,
                          zc_report_documents *ret) {
  zc_buffer text;
  zc_buffer_init(&text, ZC_REPORT_DOCUMENT_MAX);
  int status = zc_report_write(report, &text);
  if (status == ZC_OK) {
    zc_report_document *document = &ret->items[ret->n];
    *document = (zc_report_document){.query = query, .length = text.length};
    document->text = zc_buffer_take(&text);
    ret->n++;
  } else {
    zc_cli_message("%s: the report cannot be written: %s", zc_report_name(query),
                   status == ZC_EDATA ? "a figure is out of range, or it grew too long"
                                      : zc_status_text(status));
  }
  zc_buffer_finish(&text);
  return status == ZC_OK ? ZC_EXIT_FINE : ZC_EXIT_INTERNAL;
}

static int answer(reading *r, const zc_report_request *request, zc_report_documents *ret) {
  zc_report *report;
  zc_error error = {0};
  int status = zc_report_create(r->session->settings, request, &report, &error);
  if (status != ZC_OK)
    return status == ZC_ENOMEM ? zc_cli_exit_of(status)
                               : zc_cli_usage("%s: %s", zc_report_name(request->query), error.text);
  int exit_status = ZC_EXIT_FINE;
  if (request->query == ZC_REPORT_RECOMMEND) exit_status = decide_all(r->session, request, report);
  if (exit_status == ZC_EXIT_FINE) exit_status = read_rows(r, report);
  if (exit_status == ZC_EXIT_FINE) exit_status = write_document(report, request->query, ret);
  zc_report_destroy(report);
  return exit_status;
}

int zc_report_collect(zc_session *session, const char *sink, const zc_report_request *requests,
                      size_t n, zc_report_documents *ret) {
  reading r = {.session = session};
  int status = ZC_EXIT_FINE;
  *ret = (zc_report_documents){0};
  const zc_plugin_settings *settings = find_sink(session, sink, &status);
  if (!settings) return status;
  status = zc_session_open_http(session);
  if (status == ZC_EXIT_FINE && wants_engine(requests, n)) status = open_engine(session);
  if (status == ZC_EXIT_FINE) status = open_sink(&r, settings);
  if (status == ZC_EXIT_FINE) status = init_sink(&r);
  for (size_t i = 0; i < n && i < ZC_REPORT_DOCUMENTS && status == ZC_EXIT_FINE; i++)
    status = answer(&r, &requests[i], ret);
  if (r.sink) zc_instance_destroy(r.sink);
  zc_host_context_destroy(r.context);
  if (status != ZC_EXIT_FINE) zc_report_documents_finish(ret);
  return status;
}
