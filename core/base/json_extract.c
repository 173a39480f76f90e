#include "core/base/json_extract.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_DIGITS 15

/* A place in the text. `at` never passes `end`, where the terminator stands. */
typedef struct {
  const char *at, *end;
} cursor;

static void skip_blanks(cursor *c) {
  while (*c->at == ' ' || *c->at == '\n' || *c->at == '\t' || *c->at == '\r')
    c->at++;
}

static bool take(cursor *c, char wanted) {
  skip_blanks(c);
  if (*c->at != wanted) return false;
  c->at++;
  return true;
}

/* Most strings have no escape: a quote with no backslash before it ends one. */
static const char *end_of_string(const cursor *c, bool *ret_escaped) {
  const char *quote = memchr(c->at, '"', (size_t)(c->end - c->at));
  *ret_escaped = quote && memchr(c->at, '\\', (size_t)(quote - c->at));
  if (!*ret_escaped) return quote;
  const char *at = c->at;
  while (at < c->end && *at != '"')
    at += *at == '\\' ? 2 : 1;
  return at < c->end ? at : NULL;
}

/* The text between two quotes; *ret_escaped: it has a backslash in it. */
static bool read_string(cursor *c, zc_span *ret, bool *ret_escaped) {
  if (!take(c, '"')) return false;
  const char *end = end_of_string(c, ret_escaped);
  if (!end) return false;
  *ret = (zc_span){c->at, (size_t)(end - c->at)};
  c->at = end + 1;
  return true;
}

/* What counts between brackets; a zero byte may be the text's end. */
static const bool marks[256] = {
    ['\0'] = true, ['"'] = true, ['{'] = true, ['}'] = true, ['['] = true, [']'] = true};

static bool skip_nested(cursor *c) {
  size_t depth = 0;
  zc_span string;
  bool escaped;
  while (c->at < c->end) {
    while (!marks[(unsigned char)*c->at])
      c->at++;
    char character = *c->at;
    if (character == '"') {
      if (!read_string(c, &string, &escaped)) return false;
      continue;
    }
    if (c->at < c->end) c->at++;
    if (character == '{' || character == '[') depth++;
    if ((character == '}' || character == ']') && --depth == 0) return true;
  }
  return false;
}

static bool skip_value(cursor *c) {
  zc_span string;
  bool escaped;
  skip_blanks(c);
  if (*c->at == '"') return read_string(c, &string, &escaped);
  if (*c->at == '{' || *c->at == '[') return skip_nested(c);
  size_t n = strcspn(c->at, ",}] \n\t\r");
  c->at += n;
  return n > 0;
}

/* Digits with at most one point, as nearly all numbers are written. Both the digits and the power
 * of ten are exact as doubles, so that one division rounds as strtod() does, in a tenth of its
 * time. */
static bool read_plain(const char *text, size_t n, double *ret) {
  static const double powers[EXACT_DIGITS] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6, 1e7,
                                              1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14};
  double number = 0;
  size_t digits = 0, point = n;
  for (size_t i = *text == '-'; i < n && n <= EXACT_DIGITS; i++) {
    if (text[i] == '.' && point == n) {
      point = i + 1;
    } else if (text[i] >= '0' && text[i] <= '9') {
      number = number * 10 + (text[i] - '0');
      digits++;
    } else {
      return false;
    }
  }
  if (digits == 0) return false;
  number /= powers[n - point];
  *ret = *text == '-' ? -number : number;
  return true;
}

static void set_number(cursor *c, double *to) {
  size_t n = strspn(c->at, "+-0123456789.eE");
  char *end;
  if (n == 0 || *c->at == '+' || !strchr(",}] \n\t\r", c->at[n])) return;
  if (read_plain(c->at, n, to)) return;
  double value = strtod(c->at, &end);
  if (end == c->at + n && isfinite(value)) *to = value;
}

static void set_boolean(cursor *c, int *to) {
  if (strncmp(c->at, "true", 4) == 0) *to = 1;
  if (strncmp(c->at, "false", 5) == 0) *to = 0;
}

static bool read_object(cursor *c, const zc_json_field *fields, size_t n, char *to);

/* The value of a member that is asked for. */
static bool read_value(cursor *c, const zc_json_field *field, char *to) {
  void *place = to + field->offset;
  skip_blanks(c);
  if (field->type == ZC_JSON_OBJECT && *c->at == '{')
    return read_object(c, field->members, field->n_members, to);
  if (field->type == ZC_JSON_STRING && *c->at == '"') {
    zc_span string;
    bool escaped;
    if (!read_string(c, &string, &escaped)) return false;
    if (!escaped) memcpy(place, &string, sizeof string);
    return true;
  }
  if (field->type == ZC_JSON_NUMBER) set_number(c, place);
  if (field->type == ZC_JSON_BOOLEAN) set_boolean(c, place);
  return skip_value(c);
}

static const zc_json_field *find(const zc_json_field *fields, size_t n, const zc_span *key) {
  for (size_t i = 0; i < n; i++) {
    const char *name = fields[i].key;
    if (*name == *key->text && strlen(name) == key->length &&
        memcmp(name, key->text, key->length) == 0)
      return &fields[i];
  }
  return NULL;
}

static bool read_object(cursor *c, const zc_json_field *fields, size_t n, char *to) {
  if (!take(c, '{')) return false;
  if (take(c, '}')) return true;
  do {
    zc_span key;
    bool escaped;
    if (!read_string(c, &key, &escaped) || !take(c, ':')) return false;
    const zc_json_field *field = find(fields, n, &key);
    if (!(field ? read_value(c, field, to) : skip_value(c))) return false;
  } while (take(c, ','));
  return take(c, '}');
}

int zc_json_extract(const char *text, size_t length, const zc_json_field *fields, size_t n,
                    void *to) {
  cursor c = {text, text + length};
  if (!read_object(&c, fields, n, to)) return ZC_EDATA;
  skip_blanks(&c);
  return c.at == c.end ? ZC_OK : ZC_EDATA;
}
