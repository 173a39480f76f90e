#include "core/base/json.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json_tree.h"
#include "core/base/text.h"

int zc_json_type(const zc_json *json) {
  return json ? json->type : 0;
}

/* Of several members of one name the last one counts. */
const zc_json *zc_json_get(const zc_json *json, const char *key) {
  if (zc_json_type(json) != ZC_JSON_OBJECT) return NULL;
  for (size_t i = json->n; i-- > 0;) {
    const char *name = json->members[i]->key;
    if (*name == *key && strcmp(name, key) == 0) return json->members[i];
  }
  return NULL;
}

static const zc_json *step(const zc_json *json, const char *key) {
  if (zc_json_type(json) != ZC_JSON_ARRAY) return zc_json_get(json, key);
  long long i;
  if (!zc_parse_integer(key, &i) || i < 0 || (size_t)i >= json->n) return NULL;
  return json->members[i];
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
  return type == ZC_JSON_ARRAY || type == ZC_JSON_OBJECT ? json->n : 0;
}

const zc_json *zc_json_member(const zc_json *json, size_t i, const char **ret_key) {
  if (i >= zc_json_count(json)) return NULL;
  if (ret_key) *ret_key = json->members[i]->key;
  return json->members[i];
}

int zc_json_number(const zc_json *json, double *ret) {
  if (zc_json_type(json) != ZC_JSON_NUMBER) return ZC_EDATA;
  double value = strtod(json->text, NULL); /* infinite where no double holds it */
  if (!isfinite(value)) return ZC_EDATA;
  *ret = value;
  return ZC_OK;
}

int zc_json_text(const zc_json *json, const char **ret, size_t *ret_length) {
  if (zc_json_type(json) != ZC_JSON_STRING) return ZC_EDATA;
  *ret = json->text;
  if (ret_length) *ret_length = json->n;
  return ZC_OK;
}

int zc_json_boolean(const zc_json *json, int *ret) {
  if (zc_json_type(json) != ZC_JSON_BOOLEAN) return ZC_EDATA;
  *ret = json->boolean;
  return ZC_OK;
}

int zc_json_digits(const zc_json *json, char *text, size_t size) {
  double value;
  int status = zc_json_number(json, &value);
  if (status != ZC_OK) return status;
  if (json->n >= size) return ZC_EDATA;
  memcpy(text, json->text, json->n);
  text[json->n] = '\0';
  return ZC_OK;
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

/* Whether every byte can stand as it is, which is so of most texts. */
static bool is_plain(const char *text, size_t n) {
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\') return false;
  }
  return true;
}

static void write_escaped(zc_buffer *to, const char *text, size_t n) {
  size_t plain = 0;
  bool valid = zc_is_utf8(text, n);
  char spare[8];
  for (size_t i = 0; i < n; i++) {
    const char *escape = escape_of((unsigned char)text[i], valid, spare);
    if (!escape) continue;
    zc_buffer_add(to, text + plain, i - plain);
    zc_buffer_text(to, escape);
    plain = i + 1;
  }
  zc_buffer_add(to, text + plain, n - plain);
}

static void write_bytes(zc_buffer *to, const char *text, size_t n) {
  zc_buffer_char(to, '"');
  if (is_plain(text, n))
    zc_buffer_add(to, text, n);
  else
    write_escaped(to, text, n);
  zc_buffer_char(to, '"');
}

void zc_json_write_text(zc_buffer *to, const char *text) {
  write_bytes(to, text, strlen(text));
}

/* Whole numbers, and those of few decimals, which most are, without the long way round: where value
 * is the double nearest to whole / 10^6, with 15 digits at the most, that is what %.15g prints. */
static bool format_short(double value, char *text, size_t size) {
  double magnitude = fabs(value);
  bool is_whole = magnitude < 1e15 && magnitude == floor(magnitude);
  double scaled = is_whole ? magnitude : round(magnitude * 1e6);
  if (!is_whole && (!(magnitude >= 1e-4 && scaled < 1e15) || scaled / 1e6 != magnitude))
    return false;
  uint64_t whole = (uint64_t)scaled;
  char digits[24], *end = digits + sizeof digits, *at = end;
  int decimals = is_whole ? 0 : 6;
  for (; decimals > 0 && whole % 10 == 0; decimals--)
    whole /= 10;
  for (int i = 0; whole > 0 || i <= decimals; i++) {
    if (i == decimals && decimals > 0) *--at = '.';
    *--at = (char)('0' + whole % 10);
    whole /= 10;
  }
  if (value < 0) *--at = '-';
  size_t length = (size_t)(end - at);
  if (length >= size) return false;
  memcpy(text, at, length);
  text[length] = '\0';
  return true;
}

int zc_format_number(double value, char *text, size_t size) {
  if (!isfinite(value)) return ZC_EDATA;
  if (format_short(value, text, size)) return ZC_OK;
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

static void write_members(zc_buffer *to, const zc_json *json) {
  bool object = json->type == ZC_JSON_OBJECT;
  zc_buffer_char(to, object ? '{' : '[');
  for (size_t i = 0; i < json->n; i++) {
    if (i) zc_buffer_char(to, ',');
    if (object) zc_json_write_text(to, json->members[i]->key);
    if (object) zc_buffer_char(to, ':');
    zc_json_write(to, json->members[i]);
  }
  zc_buffer_char(to, object ? '}' : ']');
}

void zc_json_write(zc_buffer *to, const zc_json *json) {
  switch (zc_json_type(json)) {
  case ZC_JSON_OBJECT:
  case ZC_JSON_ARRAY:
    write_members(to, json);
    break;
  case ZC_JSON_STRING:
    write_bytes(to, json->text, json->n);
    break;
  case ZC_JSON_NUMBER:
    zc_buffer_add(to, json->text, json->n);
    break;
  case ZC_JSON_BOOLEAN:
    zc_buffer_text(to, json->boolean ? "true" : "false");
    break;
  default:
    zc_buffer_text(to, "null");
  }
}
