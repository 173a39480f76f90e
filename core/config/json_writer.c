#include "core/config/json_writer.h"

static void new_line(zc_json_writer *writer) {
  zc_buffer_char(writer->to, '\n');
  for (int i = 0; i < writer->depth; i++)
    zc_buffer_text(writer->to, "  ");
}

static void begin(zc_json_writer *writer, const char *key) {
  if (writer->depth > 0) {
    if (!writer->empty) zc_buffer_char(writer->to, ',');
    new_line(writer);
  }
  writer->empty = false;
  if (!key) return;
  zc_json_write_text(writer->to, key);
  zc_buffer_text(writer->to, ": ");
}

void zc_write_open(zc_json_writer *writer, const char *key, char bracket) {
  begin(writer, key);
  zc_buffer_char(writer->to, bracket);
  writer->depth++;
  writer->empty = true;
}

void zc_write_close(zc_json_writer *writer, char bracket) {
  writer->depth--;
  if (!writer->empty) new_line(writer);
  writer->empty = false;
  zc_buffer_char(writer->to, bracket);
  if (writer->depth == 0) zc_buffer_char(writer->to, '\n');
}

void zc_write_text(zc_json_writer *writer, const char *key, const char *text) {
  begin(writer, key);
  zc_json_write_text(writer->to, text);
}

void zc_write_number(zc_json_writer *writer, const char *key, double number) {
  begin(writer, key);
  zc_json_write_number(writer->to, number);
}

void zc_write_raw(zc_json_writer *writer, const char *key, const char *json) {
  begin(writer, key);
  zc_buffer_text(writer->to, json);
}
