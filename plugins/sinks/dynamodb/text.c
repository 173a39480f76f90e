#include "text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void zc_dynamodb_text_finish(zc_dynamodb_text *text) {
  free(text->data);
  *text = (zc_dynamodb_text){0};
}

void zc_dynamodb_text_clear(zc_dynamodb_text *text) {
  text->length = 0;
  text->failed = false;
}

static void fail(zc_dynamodb_text *text) {
  zc_dynamodb_text_finish(text);
  text->failed = true;
}

static bool make_room(zc_dynamodb_text *to, size_t n) {
  if (to->failed) return false;
  if (to->length + n < to->capacity) return true;
  size_t capacity = to->capacity ? to->capacity : 256;
  while (capacity <= to->length + n && capacity <= ZC_DYNAMODB_TEXT_MAX)
    capacity *= 2;
  char *grown = capacity <= ZC_DYNAMODB_TEXT_MAX ? realloc(to->data, capacity) : NULL;
  if (!grown) {
    fail(to);
    return false;
  }
  to->data = grown;
  to->capacity = capacity;
  return true;
}

void zc_dynamodb_add(zc_dynamodb_text *to, const char *bytes, size_t n) {
  if (!make_room(to, n)) return;
  memcpy(to->data + to->length, bytes, n);
  to->length += n;
  to->data[to->length] = '\0';
}

void zc_dynamodb_put(zc_dynamodb_text *to, const char *text) {
  zc_dynamodb_add(to, text, strlen(text));
}

void zc_dynamodb_format(zc_dynamodb_text *to, const char *format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  int n = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (n < 0 || (size_t)n >= sizeof text)
    fail(to);
  else
    zc_dynamodb_add(to, text, (size_t)n);
}

void zc_dynamodb_quote(zc_dynamodb_text *to, const char *text, size_t length) {
  zc_dynamodb_add(to, "\"", 1);
  for (size_t i = 0; i < length; i++) {
    unsigned char c = (unsigned char)text[i];
    if (c == '"' || c == '\\')
      zc_dynamodb_format(to, "\\%c", c);
    else if (c < 0x20 || c == 0x7f)
      zc_dynamodb_format(to, "\\u%04x", c);
    else
      zc_dynamodb_add(to, text + i, 1);
  }
  zc_dynamodb_add(to, "\"", 1);
}
