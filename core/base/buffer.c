#include "core/base/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zerocarb/plugin.h>

void zc_buffer_init(zc_buffer *buffer, size_t cap) {
  memset(buffer, 0, sizeof *buffer);
  buffer->cap = cap;
}

void zc_buffer_finish(zc_buffer *buffer) {
  free(buffer->data);
  zc_buffer_init(buffer, buffer->cap);
}

void zc_buffer_clear(zc_buffer *buffer) {
  buffer->length = 0;
  buffer->status = ZC_OK;
  if (buffer->data) buffer->data[0] = '\0';
}

static int fail(zc_buffer *buffer, int status) {
  zc_buffer_finish(buffer);
  buffer->status = status;
  return status;
}

static int reserve(zc_buffer *buffer, size_t n) {
  if (buffer->status != ZC_OK) return buffer->status;
  if (n > buffer->cap - buffer->length) return fail(buffer, ZC_EDATA);
  size_t wanted = buffer->length + n + 1;
  if (wanted <= buffer->capacity) return ZC_OK;
  size_t capacity = buffer->capacity ? buffer->capacity * 2 : 64;
  if (capacity < wanted) capacity = wanted;
  if (capacity > buffer->cap + 1) capacity = buffer->cap + 1;
  char *data = realloc(buffer->data, capacity);
  if (!data) return fail(buffer, ZC_ENOMEM);
  buffer->data = data;
  buffer->capacity = capacity;
  return ZC_OK;
}

int zc_buffer_add(zc_buffer *buffer, const void *bytes, size_t n) {
  if (reserve(buffer, n) != ZC_OK) return buffer->status;
  if (n) memcpy(buffer->data + buffer->length, bytes, n);
  buffer->length += n;
  buffer->data[buffer->length] = '\0';
  return ZC_OK;
}

int zc_buffer_text(zc_buffer *buffer, const char *text) {
  return zc_buffer_add(buffer, text, strlen(text));
}

int zc_buffer_char(zc_buffer *buffer, char character) {
  return zc_buffer_add(buffer, &character, 1);
}

int zc_buffer_vprintf(zc_buffer *buffer, const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  int n = vsnprintf(NULL, 0, format, again);
  va_end(again);
  if (n < 0) return fail(buffer, ZC_EDATA);
  if (reserve(buffer, (size_t)n) != ZC_OK) return buffer->status;
  vsnprintf(buffer->data + buffer->length, (size_t)n + 1, format, arguments);
  buffer->length += (size_t)n;
  return ZC_OK;
}

int zc_buffer_printf(zc_buffer *buffer, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  int status = zc_buffer_vprintf(buffer, format, arguments);
  va_end(arguments);
  return status;
}

char *zc_buffer_take(zc_buffer *buffer) {
  if (reserve(buffer, 0) != ZC_OK || !buffer->data) return NULL;
  char *data = buffer->data;
  data[buffer->length] = '\0';
  zc_buffer_init(buffer, buffer->cap);
  return data;
}
