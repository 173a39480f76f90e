#include "core/base/json.h"

#include <json-c/json.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/text.h"

/* json-c stands a null for NULL. Inside a tree ours is this object's address instead, so that
 * "null" and "no such member" differ. */
static const char null_marker;
#define NULL_VALUE ((const zc_json *)(const void *)&null_marker)

static struct json_object *object_of(const zc_json *json) {
  return json == NULL_VALUE ? NULL : (struct json_object *)(uintptr_t)json;
}

static const zc_json *value_of(struct json_object *object) {
  return object ? (const zc_json *)(const void *)object : NULL_VALUE;
}

/* No fewer values than there are: each is the first of all, the first in its object or array, or
 * behind a comma. What is not JSON is found later. */
static size_t count_values(const char *text, size_t length) {
  size_t n = 1;
  bool quoted = false;
  for (size_t i = 0; i < length; i++) {
    if (quoted && text[i] == '\\')
      i++;
    else if (text[i] == '"')
      quoted = !quoted;
    else if (!quoted)
      n += text[i] == '{' || text[i] == '[' || text[i] == ',';
  }
  return n;
}

int zc_json_parse(const char *text, size_t length, zc_json **ret) {
  if (length > INT_MAX - 1 || count_values(text, length) > ZC_JSON_VALUES_MAX) return ZC_EDATA;
  struct json_tokener *tokener = json_tokener_new_ex(ZC_JSON_DEPTH);
  if (!tokener) return ZC_ENOMEM;
  json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
  /* The terminator is handed over too: a number at the end is complete only then. */
  char *copy = malloc(length + 1);
  if (!copy) {
    json_tokener_free(tokener);
    return ZC_ENOMEM;
  }
  memcpy(copy, text, length);
  copy[length] = '\0';
  struct json_object *object = json_tokener_parse_ex(tokener, copy, (int)length + 1);
  enum json_tokener_error error = json_tokener_get_error(tokener);
  size_t end = json_tokener_get_parse_end(tokener);
  json_tokener_free(tokener);
  while (end < length && strchr(" \t\r\n", copy[end]) && copy[end])
    end++;
  free(copy);
  if (error != json_tokener_success || end < length) {
    json_object_put(object);
    return ZC_EDATA;
  }
  *ret = (zc_json *)(uintptr_t)value_of(object);
  return ZC_OK;
}

void zc_json_free(zc_json *json) {
  if (json && json != NULL_VALUE) json_object_put(object_of(json));
}

int zc_json_type(const zc_json *json) {
  if (!json) return 0;
  switch (json_object_get_type(object_of(json))) {
  case json_type_null:
    return ZC_JSON_NULL;
  case json_type_boolean:
    return ZC_JSON_BOOLEAN;
  case json_type_double:
  case json_type_int:
    return ZC_JSON_NUMBER;
  case json_type_string:
    return ZC_JSON_STRING;
  case json_type_array:
    return ZC_JSON_ARRAY;
  case json_type_object:
    return ZC_JSON_OBJECT;
  }
  return 0;
}

const zc_json *zc_json_get(const zc_json *json, const char *key) {
  struct json_object *found;
  if (zc_json_type(json) != ZC_JSON_OBJECT) return NULL;
  return json_object_object_get_ex(object_of(json), key, &found) ? value_of(found) : NULL;
}

static const zc_json *step(const zc_json *json, const char *key) {
  if (zc_json_type(json) != ZC_JSON_ARRAY) return zc_json_get(json, key);
  long long i;
  if (!zc_parse_integer(key, &i) || i < 0 || (size_t)i >= zc_json_count(json)) return NULL;
  return value_of(json_object_array_get_idx(object_of(json), (size_t)i));
}

const zc_json *zc_json_at(const zc_json *json, const char *path) {
  char key[128];
  while (json && *path) {
    size_t n = strcspn(path, "/");
    if (n >= sizeof key) return NULL;
    memcpy(key, path, n);
    key[n] = '\0';
    json = step(json, key);
    path += n + (path[n] == '/');
  }
  return json;
}

size_t zc_json_count(const zc_json *json) {
  int type = zc_json_type(json);
  if (type == ZC_JSON_ARRAY) return json_object_array_length(object_of(json));
  return type == ZC_JSON_OBJECT ? (size_t)json_object_object_length(object_of(json)) : 0;
}

const zc_json *zc_json_member(const zc_json *json, size_t i, const char **ret_key) {
  if (i >= zc_json_count(json)) return NULL;
  if (ret_key) *ret_key = NULL;
  if (zc_json_type(json) == ZC_JSON_ARRAY) {
    return value_of(json_object_array_get_idx(object_of(json), i));
  }
  struct lh_entry *entry = json_object_get_object(object_of(json))->head;
  while (i--)
    entry = entry->next;
  if (ret_key) *ret_key = lh_entry_k(entry);
  return value_of((struct json_object *)(uintptr_t)lh_entry_v(entry));
}

int zc_json_number(const zc_json *json, double *ret) {
  if (zc_json_type(json) != ZC_JSON_NUMBER) return ZC_EDATA;
  double value = json_object_get_double(object_of(json));
  if (!isfinite(value)) return ZC_EDATA;
  *ret = value;
  return ZC_OK;
}

int zc_json_text(const zc_json *json, const char **ret, size_t *ret_length) {
  if (zc_json_type(json) != ZC_JSON_STRING) return ZC_EDATA;
  *ret = json_object_get_string(object_of(json));
  if (ret_length) *ret_length = (size_t)json_object_get_string_len(object_of(json));
  return ZC_OK;
}

int zc_json_boolean(const zc_json *json, int *ret) {
  if (zc_json_type(json) != ZC_JSON_BOOLEAN) return ZC_EDATA;
  *ret = json_object_get_boolean(object_of(json));
  return ZC_OK;
}

int zc_json_digits(const zc_json *json, char *text, size_t size) {
  double value;
  int status = zc_json_number(json, &value);
  if (status != ZC_OK) return status;
  /* json-c keeps a double's own digits; integers print exactly. */
  int n = snprintf(text, size, "%s", json_object_to_json_string(object_of(json)));
  return n > 0 && (size_t)n < size ? ZC_OK : ZC_EDATA;
}

const char *zc_json_get_text(const zc_json *json, const char *key) {
  const char *text;
  return zc_json_text(zc_json_get(json, key), &text, NULL) == ZC_OK ? text : NULL;
}

bool zc_json_get_number(const zc_json *json, const char *key, double *ret) {
  return zc_json_number(zc_json_get(json, key), ret) == ZC_OK;
}

/* What a byte has to be written as, or NULL where it can stand as it is. */
static const char *escape_of(unsigned char c, bool valid, char spare[8]) {
  if (c == '"') return "\\\"";
  if (c == '\\') return "\\\\";
  if (c == '\n') return "\\n";
  if (c >= 0x80) return valid ? NULL : "\xef\xbf\xbd";
  if (c >= 0x20 && c != 0x7f) return NULL;
  snprintf(spare, 8, "\\u%04x", c);
  return spare;
}

void zc_json_write_text(zc_buffer *to, const char *text) {
  size_t n = strlen(text), plain = 0;
  bool valid = zc_is_utf8(text, n);
  char spare[8];
  zc_buffer_char(to, '"');
  for (size_t i = 0; i < n; i++) {
    const char *escape = escape_of((unsigned char)text[i], valid, spare);
    if (!escape) continue;
    zc_buffer_add(to, text + plain, i - plain);
    zc_buffer_text(to, escape);
    plain = i + 1;
  }
  zc_buffer_add(to, text + plain, n - plain);
  zc_buffer_char(to, '"');
}

int zc_format_number(double value, char *text, size_t size) {
  if (!isfinite(value)) return ZC_EDATA;
  if (value == floor(value) && fabs(value) < 1e15) {
    snprintf(text, size, "%lld", (long long)value);
    return ZC_OK;
  }
  for (int precision = 15; precision <= 17; precision++) {
    snprintf(text, size, "%.*g", precision, value);
    if (strtod(text, NULL) == value) break;
  }
  return ZC_OK;
}

void zc_json_write_number(zc_buffer *to, double value) {
  char text[40];
  if (zc_format_number(value, text, sizeof text) == ZC_OK) {
    zc_buffer_text(to, text);
    return;
  }
  zc_buffer_finish(to);
  to->status = ZC_EDATA;
}

void zc_json_write(zc_buffer *to, const zc_json *json) {
  if (!json || json == NULL_VALUE) {
    zc_buffer_text(to, "null");
    return;
  }
  const int flags = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE;
  zc_buffer_text(to, json_object_to_json_string_ext(object_of(json), flags));
}
