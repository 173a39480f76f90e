/* document.c - the parts of a report's document: head and foot, and what stands in many. */
#include <stdarg.h>
#include <stdio.h>

#include "core/report/question.h"

void zc_member_object(zc_buffer *to) {
  if (to->length && to->data[to->length - 1] == '}') zc_buffer_char(to, ',');
  zc_buffer_char(to, '{');
}

void zc_report_write_pipeline(const zc_pipeline_settings *pipeline, zc_buffer *to) {
  zc_member_text(to, "pipeline", pipeline->name);
  zc_member_text(to, "team", pipeline->team);
}

void zc_report_sentence(zc_buffer *to, const char *format, ...) {
  char text[ZC_SENTENCE_SIZE];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  zc_member_item(to, text);
}

void zc_report_copy(zc_buffer *to, const char *key, const zc_json *item, const char *path) {
  const char *text;
  double number;
  if (zc_json_text(zc_json_at(item, path), &text, NULL) == ZC_OK)
    zc_member_text(to, key, text);
  else if (zc_item_number(item, path, &number))
    zc_member_number(to, key, number);
}

/* ---- head and foot ---- */

static void write_head(const zc_report *report, zc_buffer *to) {
  zc_buffer_char(to, '{');
  zc_member_text(to, "report", zc_report_name(report->request.query));
  zc_member_time(to, "generated_at", report->request.now);
  if (report->from == report->to) return;
  zc_member_time(to, "from", report->from);
  zc_member_time(to, "to", report->to);
}

static void write_quality(const zc_report *report, zc_buffer *to) {
  zc_member_begin(to, "data_quality");
  zc_member_integer(to, "rows", (int64_t)report->rows);
  if (report->unreadable) zc_member_integer(to, "unreadable_rows", (int64_t)report->unreadable);
  if (report->answer->write_quality) report->answer->write_quality(report, to);
  zc_member_end(to);
}

static void write_method(const zc_report *report, zc_buffer *to) {
  static const char units[] = "Intensities are gCO2eq/kWh of the data centre: grid x (1 - "
                              "renewable share) x PUE. Times are "
                              "UTC.";
  zc_member_list(to, "method");
  for (const char *const *sentence = report->answer->method; *sentence; sentence++)
    zc_member_item(to, *sentence);
  zc_member_item(to, units);
  zc_member_list_end(to);
}

static void write_sources(const zc_settings *settings, zc_buffer *to) {
  zc_member_list(to, "sources");
  for (size_t i = 0; i < settings->n_sources; i++) {
    const zc_plugin_settings *source = &settings->sources[i];
    zc_member_object(to);
    zc_member_text(to, "name", source->name);
    zc_member_text(to, "plugin", source->plugin->name);
    zc_member_text(to, "attribution", source->plugin->attribution);
    zc_member_end(to);
  }
  zc_member_list_end(to);
}

int zc_report_write(const zc_report *report, zc_buffer *to) {
  zc_buffer own;
  zc_buffer_init(&own, ZC_REPORT_DOCUMENT_MAX);
  write_head(report, &own);
  report->answer->write(report, &own);
  write_quality(report, &own);
  write_method(report, &own);
  write_sources(report->settings, &own);
  zc_buffer_char(&own, '}');
  int status = own.status;
  if (status == ZC_OK) status = zc_buffer_add(to, own.data, own.length);
  zc_buffer_finish(&own);
  return status;
}
