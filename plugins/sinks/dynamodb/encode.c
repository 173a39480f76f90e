/* An item's JSON text into DynamoDB's typed form, in one pass: strings and numbers are taken over
 * as they are written, so that no digit changes. The text is that of a parsed item, but nothing
 * here relies on it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "dynamodb.h"

#define DEPTH_MAX     32 /* of nested maps and lists */
#define DIGITS_MAX    38
#define EXPONENT_LOW  (-130) /* of the first digit */
#define EXPONENT_HIGH 125
#define NAME_MAX_TOP  255 /* bytes of an attribute's name */
#define PARTITION_MAX 2048
#define SORT_MAX      1024

typedef struct {
  const char *at, *end;
  zc_dynamodb_text *to;
  const zc_dynamodb_table *table;
  zc_dynamodb_span *keys;
  size_t bytes; /* of the item, as DynamoDB counts */
  size_t depth; /* 1: the item's own attributes */
  zc_dynamodb_span path[DEPTH_MAX + 1];
  int status;
  char *message;
  size_t size;
} encoder;

/* ---- refusals ---- */

static void refuse(encoder *e, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void append_path(const encoder *e, char *text, size_t size) {
  size_t n = 0;
  text[0] = '\0';
  for (size_t i = 1; i <= e->depth && n < size; i++) {
    int length = e->path[i].length < 80 ? (int)e->path[i].length : 80;
    int more = snprintf(text + n, size - n, "%s%.*s", i > 1 ? "/" : "", length, e->path[i].text);
    n += more > 0 ? (size_t)more : 0;
  }
}

static void refuse(encoder *e, const char *format, ...) {
  char path[200], what[200];
  va_list arguments;
  if (e->status != ZC_OK) return;
  va_start(arguments, format);
  vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  append_path(e, path, sizeof path);
  int id = e->keys[0].length < 80 ? (int)e->keys[0].length : 80;
  snprintf(e->message, e->size, "%s: item %.*s: %s%s%s", e->table->name, id,
           e->keys[0].text ? e->keys[0].text : "", path, path[0] ? " " : "", what);
  e->status = ZC_EDATA;
}

/* ---- pieces ---- */

static void skip_space(encoder *e) {
  while (e->at < e->end && (*e->at == ' ' || *e->at == '\n' || *e->at == '\t' || *e->at == '\r'))
    e->at++;
}

static bool take(encoder *e, char c) {
  skip_space(e);
  if (e->at == e->end || *e->at != c) return false;
  e->at++;
  return true;
}

static void put(encoder *e, const char *text) {
  zc_dynamodb_put(e->to, text);
}

static void put_span(encoder *e, zc_dynamodb_span span) {
  zc_dynamodb_add(e->to, span.text, span.length);
}

/* A string's bytes between its quotes, escapes and all; *ret_bytes: how many it stands for. */
static zc_dynamodb_span take_string(encoder *e, size_t *ret_bytes) {
  zc_dynamodb_span span = {e->at, 0};
  size_t escaped = 0;
  if (!take(e, '"')) {
    refuse(e, "is no JSON text");
    return span;
  }
  span.text = e->at;
  while (e->at < e->end && *e->at != '"') {
    if (*e->at == '\\' && e->end - e->at > 1) {
      escaped += e->at[1] == 'u' ? 3 : 1; /* at the least: DynamoDB counts again */
      e->at++;
    }
    e->at++;
  }
  if (e->at >= e->end) {
    refuse(e, "is no JSON text");
    return span;
  }
  span.length = (size_t)(e->at++ - span.text);
  *ret_bytes = span.length > escaped ? span.length - escaped : span.length;
  return span;
}

/* ---- numbers ---- */

typedef struct {
  const char *at, *end;
  long n, first, last; /* digits so far, and which of them are the first and last that are not 0 */
  bool any;            /* there is one */
} digits;

static bool scan_digits(digits *d) {
  long before = d->n;
  for (; d->at < d->end && *d->at >= '0' && *d->at <= '9'; d->at++, d->n++) {
    if (*d->at == '0') continue;
    if (!d->any) d->first = d->n;
    d->last = d->n;
    d->any = true;
  }
  return d->n > before;
}

static bool scan_exponent(digits *d, long *ret) {
  bool negative = false;
  long value = 0;
  const char *begin = d->at + (d->at < d->end && (*d->at == '+' || *d->at == '-'));
  negative = begin > d->at && *d->at == '-';
  for (d->at = begin; d->at < d->end && *d->at >= '0' && *d->at <= '9'; d->at++)
    value = value < 100000 ? value * 10 + (*d->at - '0') : value;
  *ret = negative ? -value : value;
  return d->at > begin;
}

bool zc_dynamodb_is_number(const char *text, size_t length) {
  digits d = {.at = text, .end = text + length};
  long exponent = 0;
  if (length > 4096) return false;
  if (d.at < d.end && *d.at == '-') d.at++;
  if (!scan_digits(&d)) return false;
  long whole = d.n;
  if (d.at < d.end && *d.at == '.') {
    d.at++;
    if (!scan_digits(&d)) return false;
  }
  if (d.at < d.end && (*d.at == 'e' || *d.at == 'E')) {
    d.at++;
    if (!scan_exponent(&d, &exponent)) return false;
  }
  if (d.at != d.end || !d.any) return d.at == d.end;
  long magnitude = whole - 1 - d.first + exponent;
  return d.last - d.first < DIGITS_MAX && magnitude >= EXPONENT_LOW && magnitude <= EXPONENT_HIGH;
}

static zc_dynamodb_span take_number(encoder *e) {
  zc_dynamodb_span span = {e->at, 0};
  while (e->at < e->end && *e->at && strchr("+-.0123456789eE", *e->at))
    e->at++;
  span.length = (size_t)(e->at - span.text);
  if (!zc_dynamodb_is_number(span.text, span.length)) {
    refuse(e, "is no number that DynamoDB can hold: %.*s",
           (int)(span.length < 60 ? span.length : 60), span.text);
  }
  return span;
}

/* ---- values ---- */

static void encode_value(encoder *e);

static void enter(encoder *e) {
  e->bytes += 3;
  if (e->depth == DEPTH_MAX)
    refuse(e, "is nested deeper than %d levels", DEPTH_MAX);
  else
    e->path[++e->depth] = (zc_dynamodb_span){"", 0};
}

/* Behind a member: true where another follows, false after `close`. */
static bool more(encoder *e, char close) {
  if (e->status != ZC_OK || take(e, close)) return false;
  if (take(e, ',')) {
    put(e, ",");
    return true;
  }
  refuse(e, "is no JSON text");
  return false;
}

static void encode_member(encoder *e) {
  size_t bytes = 0;
  zc_dynamodb_span name = take_string(e, &bytes);
  e->path[e->depth] = name;
  e->bytes += bytes + 1;
  put(e, "\"");
  put_span(e, name);
  put(e, "\":");
  if (!take(e, ':')) refuse(e, "is no JSON text");
  encode_value(e);
}

static void encode_list(encoder *e) {
  put(e, "{\"L\":[");
  enter(e);
  e->path[e->depth] = (zc_dynamodb_span){"[]", 2};
  if (!take(e, ']')) {
    do {
      e->bytes++;
      encode_value(e);
    } while (more(e, ']'));
  }
  e->depth--;
  put(e, "]}");
}

static void encode_map(encoder *e) {
  put(e, "{\"M\":{");
  enter(e);
  if (!take(e, '}')) {
    do
      encode_member(e);
    while (more(e, '}'));
  }
  e->depth--;
  put(e, "}}");
}

static void encode_text(encoder *e) {
  size_t bytes = 0;
  zc_dynamodb_span span = take_string(e, &bytes);
  e->bytes += bytes;
  put(e, "{\"S\":\"");
  put_span(e, span);
  put(e, "\"}");
}

static void encode_number(encoder *e) {
  zc_dynamodb_span span = take_number(e);
  e->bytes += span.length / 2 + 1;
  put(e, "{\"N\":\"");
  put_span(e, span);
  put(e, "\"}");
}

static void encode_word(encoder *e) {
  static const char *const words[][2] = {
      {"true", "{\"BOOL\":true}"}, {"false", "{\"BOOL\":false}"}, {"null", "{\"NULL\":true}"}};
  size_t left = (size_t)(e->end - e->at);
  for (size_t i = 0; i < 3; i++) {
    size_t n = strlen(words[i][0]);
    if (n > left || memcmp(e->at, words[i][0], n) != 0) continue;
    e->at += n;
    e->bytes++;
    put(e, words[i][1]);
    return;
  }
  refuse(e, "is no JSON text");
}

static void encode_value(encoder *e) {
  skip_space(e);
  if (e->status != ZC_OK) return;
  char c = '\0';
  if (e->at < e->end) c = *e->at;
  if (c == '"') {
    encode_text(e);
  } else if (c == '{' || c == '[') {
    e->at++;
    if (c == '{')
      encode_map(e);
    else
      encode_list(e);
  } else if (c == '-' || (c >= '0' && c <= '9')) {
    encode_number(e);
  } else {
    encode_word(e);
  }
}

/* ---- the item's own attributes ---- */

static int find_key(const encoder *e, zc_dynamodb_span name) {
  for (size_t i = 0; i < e->table->n_keys; i++) {
    const zc_dynamodb_key *key = &e->table->keys[i];
    if (key->length == name.length && memcmp(key->name, name.text, name.length) == 0) return (int)i;
  }
  return -1;
}

/* A key of the table, or of an index: refused where DynamoDB would refuse the whole batch. */
static void encode_key(encoder *e, size_t position) {
  const zc_dynamodb_key *key = &e->table->keys[position];
  skip_space(e);
  const char *begin = e->at;
  bool is_text = begin < e->end && *begin == '"';
  size_t most = position == 0 ? PARTITION_MAX : SORT_MAX;
  encode_value(e);
  if (e->status != ZC_OK) return;
  bool is_number = *begin == '-' || (*begin >= '0' && *begin <= '9');
  if (key->type == 'S' ? !is_text : !is_number) {
    refuse(e, "is a key and must be a %s", key->type == 'S' ? "text" : "number");
    return;
  }
  zc_dynamodb_span value = {begin + is_text, (size_t)(e->at - begin) - (is_text ? 2 : 0)};
  if (value.length == 0) refuse(e, "is a key and may not be empty");
  if (value.length > most && is_text) refuse(e, "is a key and longer than %zu bytes", most);
  if (position < 2) e->keys[position] = value;
}

static void encode_attribute(encoder *e) {
  size_t bytes = 0;
  zc_dynamodb_span name = take_string(e, &bytes);
  e->path[1] = name;
  e->bytes += bytes;
  if (bytes == 0 || bytes > NAME_MAX_TOP) {
    refuse(e, "an attribute's name must have 1 to %d bytes", NAME_MAX_TOP);
  }
  put(e, "\"");
  put_span(e, name);
  put(e, "\":");
  if (!take(e, ':')) refuse(e, "is no JSON text");
  int key = find_key(e, name);
  if (key >= 0)
    encode_key(e, (size_t)key);
  else
    encode_value(e);
}

static void encode_attributes(encoder *e) {
  put(e, "{");
  e->depth = 1;
  if (!take(e, '{')) refuse(e, "is no JSON object");
  if (e->status == ZC_OK && !take(e, '}')) {
    do
      encode_attribute(e);
    while (more(e, '}'));
  }
  skip_space(e);
  if (e->at != e->end) refuse(e, "is no JSON text");
  e->depth = 0;
  put(e, "}");
}

int zc_dynamodb_encode(zc_dynamodb_text *to, const zc_dynamodb_table *table, const zc_item *item,
                       zc_dynamodb_span keys[2], char *message, size_t size) {
  encoder e = {.at = item->text,
               .end = item->text + item->length,
               .to = to,
               .table = table,
               .keys = keys,
               .message = message,
               .size = size};
  keys[0] = keys[1] = (zc_dynamodb_span){NULL, 0};
  encode_attributes(&e);
  for (size_t i = 0; i < 2 && e.status == ZC_OK; i++) {
    if (!keys[i].text) refuse(&e, "has no key %s", table->keys[i].name);
  }
  if (e.status == ZC_OK && e.bytes > ZC_DYNAMODB_ITEM_BYTES) {
    refuse(&e, "has %zu bytes; DynamoDB takes %zu", e.bytes, ZC_DYNAMODB_ITEM_BYTES);
  }
  if (to->failed) snprintf(message, size, "no memory for the items");
  return to->failed ? ZC_ENOMEM : e.status;
}
