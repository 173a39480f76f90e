/* Parses JSON as RFC 8259 has it. Chosen over json-c, which uses the copy of a key without looking
 * whether there was memory for it, and leaves out members silently where there was none. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json_tree.h"
#include "core/base/text.h"

typedef struct {
  char *at, *end;
  zc_json *values;
  zc_json **slots; /* for the members of containers, the next free one */
  size_t n, limit; /* values */
  int depth;
} parser;

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

static void skip_space(parser *p) {
  while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r'))
    p->at++;
}

static bool take(parser *p, char wanted) {
  skip_space(p);
  if (p->at == p->end || *p->at != wanted) return false;
  p->at++;
  return true;
}

static zc_json *new_value(parser *p, int type) {
  if (p->n == p->limit) return NULL;
  zc_json *value = &p->values[p->n++];
  *value = (zc_json){.type = type};
  return value;
}

/* ---- strings: decoded in place, for no escape is shorter than what it stands for ---- */

static int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/* Four hexadecimal digits at `at`, or -1. */
static long hex_number(const parser *p, const char *at) {
  long number = 0;
  if (p->end - at < 4) return -1;
  for (int i = 0; i < 4; i++) {
    int digit = hex_digit(at[i]);
    if (digit < 0) return -1;
    number = number * 16 + digit;
  }
  return number;
}

static char *put_utf8(char *to, unsigned long code) {
  if (code < 0x80) {
    *to++ = (char)code;
    return to;
  }
  int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  static const unsigned char first[] = {0, 0xc0, 0xe0, 0xf0};
  *to++ = (char)(first[more] | code >> (6 * more));
  while (more-- > 0)
    *to++ = (char)(0x80 | (code >> (6 * more) & 0x3f));
  return to;
}

/* Behind "\u". A half of a surrogate pair becomes U+FFFD. */
static bool take_unicode(parser *p, char **to) {
  long code = hex_number(p, p->at);
  if (code < 0) return false;
  p->at += 4;
  if (code >= 0xd800 && code < 0xdc00 && p->end - p->at >= 6 && p->at[0] == '\\' &&
      p->at[1] == 'u') {
    long low = hex_number(p, p->at + 2);
    if (low >= 0xdc00 && low < 0xe000) {
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
      p->at += 6;
    }
  }
  if (code >= 0xd800 && code < 0xe000) code = 0xfffd;
  *to = put_utf8(*to, (unsigned long)code);
  return true;
}

static bool take_escape(parser *p, char **to) {
  static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  if (p->at == p->end) return false;
  char name = *p->at++;
  if (name == 'u') return take_unicode(p, to);
  const char *found = name ? strchr(names, name) : NULL;
  if (!found) return false;
  *(*to)++ = meanings[found - names];
  return true;
}

/* Behind the opening quote. */
static bool take_string(parser *p, const char **ret, size_t *ret_length) {
  char *begin = p->at, *to = begin;
  while (p->at < p->end && *p->at != '"') {
    if ((unsigned char)*p->at < 0x20) return false;
    if (*p->at != '\\') {
      *to++ = *p->at++;
      continue;
    }
    p->at++;
    if (!take_escape(p, &to)) return false;
  }
  if (p->at == p->end) return false;
  p->at++;
  *to = '\0';
  *ret = begin;
  *ret_length = (size_t)(to - begin);
  return true;
}

/* ---- values ---- */

static bool take_digits(parser *p) {
  char *begin = p->at;
  while (p->at < p->end && *p->at >= '0' && *p->at <= '9')
    p->at++;
  return p->at > begin;
}

static zc_json *take_number(parser *p) {
  char *begin = p->at;
  if (*p->at == '-') p->at++;
  bool zero = p->at < p->end && *p->at == '0';
  if (zero)
    p->at++;
  else if (!take_digits(p))
    return NULL;
  if (p->at < p->end && *p->at == '.') {
    p->at++;
    if (!take_digits(p)) return NULL;
  }
  if (p->at < p->end && (*p->at == 'e' || *p->at == 'E')) {
    p->at++;
    if (p->at < p->end && (*p->at == '+' || *p->at == '-')) p->at++;
    if (!take_digits(p)) return NULL;
  }
  zc_json *value = new_value(p, ZC_JSON_NUMBER);
  if (!value) return NULL;
  value->text = begin;
  value->n = (size_t)(p->at - begin);
  return value;
}

static zc_json *take_word(parser *p) {
  static const struct {
    const char *word;
    size_t length;
    int type, boolean;
  } words[] = {{"null", 4, ZC_JSON_NULL, 0},
               {"true", 4, ZC_JSON_BOOLEAN, 1},
               {"false", 5, ZC_JSON_BOOLEAN, 0}};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    if ((size_t)(p->end - p->at) < words[i].length) continue;
    if (memcmp(p->at, words[i].word, words[i].length) != 0) continue;
    p->at += words[i].length;
    zc_json *value = new_value(p, words[i].type);
    if (value) value->boolean = words[i].boolean;
    return value;
  }
  return NULL;
}

static zc_json *take_value(parser *p);

static zc_json *take_member(parser *p, bool keyed) {
  const char *key = NULL;
  size_t length;
  if (keyed && (!take(p, '"') || !take_string(p, &key, &length) || !take(p, ':'))) return NULL;
  zc_json *member = take_value(p);
  if (member) member->key = key;
  return member;
}

/* Behind the opening bracket. The members of what lies within are listed before its own. */
static zc_json *take_members(parser *p, zc_json *container, char closing) {
  zc_json *first = NULL, **last = &first;
  if (p->depth == ZC_JSON_DEPTH) return NULL;
  p->depth++;
  bool more = !take(p, closing);
  while (more) {
    zc_json *member = take_member(p, closing == '}');
    if (!member) return NULL;
    *last = member;
    last = &member->next;
    container->n++;
    if (take(p, closing)) break;
    if (!take(p, ',')) return NULL;
  }
  p->depth--;
  container->members = p->slots;
  for (zc_json *member = first; member; member = member->next)
    *p->slots++ = member;
  return container;
}

static zc_json *take_container(parser *p, int type, char closing) {
  zc_json *container = new_value(p, type);
  p->at++;
  return container ? take_members(p, container, closing) : NULL;
}

static zc_json *take_text(parser *p) {
  zc_json *value = new_value(p, ZC_JSON_STRING);
  p->at++;
  return value && take_string(p, &value->text, &value->n) ? value : NULL;
}

static zc_json *take_value(parser *p) {
  skip_space(p);
  if (p->at == p->end) return NULL;
  switch (*p->at) {
  case '{':
    return take_container(p, ZC_JSON_OBJECT, '}');
  case '[':
    return take_container(p, ZC_JSON_ARRAY, ']');
  case '"':
    return take_text(p);
  case 'n':
  case 't':
  case 'f':
    return take_word(p);
  default:
    return take_number(p);
  }
}

/* Where and why a text is refused. */
typedef struct {
  size_t at;
  const char *why;
} fault;

static const char *why_refused(const parser *p) {
  if (p->at == p->end) return "it ends there too early";
  return p->depth == ZC_JSON_DEPTH ? "nested too deep" : "that is not JSON";
}

static int parse(const char *text, size_t length, zc_json **ret, fault *ret_fault) {
  *ret_fault = (fault){0, "too long"};
  if (length > INT_MAX - 1) return ZC_EDATA;
  ret_fault->why = "it is not UTF-8";
  if (!zc_is_utf8(text, length)) return ZC_EDATA;
  ret_fault->why = "too many values";
  size_t n = count_values(text, length);
  if (n > ZC_JSON_VALUES_MAX) return ZC_EDATA;
  zc_json *values = malloc(n * (sizeof *values + sizeof(zc_json *)) + length + 1);
  if (!values) return ZC_ENOMEM;
  zc_json **slots = (zc_json **)(void *)(values + n);
  char *copy = (char *)(slots + n);
  if (length) memcpy(copy, text, length);
  copy[length] = '\0';
  parser p = {.at = copy, .end = copy + length, .values = values, .slots = slots, .limit = n};
  bool fine = take_value(&p) != NULL;
  skip_space(&p);
  if (!fine || p.at != p.end) {
    *ret_fault = (fault){(size_t)(p.at - copy), fine ? "more follows the value" : why_refused(&p)};
    free(values);
    return ZC_EDATA;
  }
  *ret = values; /* the first value is the whole */
  return ZC_OK;
}

int zc_json_parse(const char *text, size_t length, zc_json **ret) {
  fault unused;
  return parse(text, length, ret, &unused);
}

void zc_json_fault(const char *text, size_t length, char *ret, size_t size) {
  zc_json *json = NULL;
  fault found;
  ret[0] = '\0';
  int status = parse(text, length, &json, &found);
  zc_json_free(json);
  if (status != ZC_EDATA) return;
  size_t line = 1, begin = 0;
  for (size_t i = 0; i < found.at; i++) {
    if (text[i] != '\n') continue;
    line++;
    begin = i + 1;
  }
  snprintf(ret, size, "line %zu, byte %zu: %s", line, found.at - begin + 1, found.why);
}

void zc_json_free(zc_json *json) {
  free(json);
}
