/* json_writer.h - JSON, indented, for files that people read. */
#ifndef ZC_CONFIG_JSON_WRITER_H
#define ZC_CONFIG_JSON_WRITER_H

#include <stdbool.h>

#include "core/base/json.h"

typedef struct {
  zc_buffer *to;
  int depth;
  bool empty; /* nothing yet in the innermost object or array */
} zc_json_writer;

/* key: NULL in an array and for the whole. bracket: '{' or '['. */
void zc_write_open(zc_json_writer *writer, const char *key, char bracket);
void zc_write_close(zc_json_writer *writer, char bracket); /* '}' or ']' */
void zc_write_text(zc_json_writer *writer, const char *key, const char *text);
void zc_write_number(zc_json_writer *writer, const char *key, double number);
void zc_write_raw(zc_json_writer *writer, const char *key, const char *json);

#endif
