/* json_fuzz.c - any text as JSON: what is read is written as a text that reads back the same, and a
 * few members taken out of it without a tree do not lie outside of it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"
#include "core/base/json_extract.h"

#define WRITTEN_MAX ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct {
  double number;
  int boolean;
  zc_span text;
  double inner;
} members;

static const zc_json_field inner_fields[] = {
    {"n", ZC_JSON_NUMBER, offsetof(members, inner), NULL, 0}};
static const zc_json_field fields[] = {
    {"n", ZC_JSON_NUMBER, offsetof(members, number), NULL, 0},
    {"b", ZC_JSON_BOOLEAN, offsetof(members, boolean), NULL, 0},
    {"s", ZC_JSON_STRING, offsetof(members, text), NULL, 0},
    {"o", ZC_JSON_OBJECT, 0, inner_fields, 1},
};

static void read_and_write(const char *text, size_t length) {
  zc_json *json, *again;
  zc_buffer first, second;
  if (zc_json_parse(text, length, &json) != ZC_OK) return;
  zc_buffer_init(&first, WRITTEN_MAX);
  zc_buffer_init(&second, WRITTEN_MAX);
  zc_json_write(&first, json);
  zc_json_free(json);
  if (first.status == ZC_OK) {
    if (zc_json_parse(first.data, first.length, &again) != ZC_OK) abort();
    zc_json_write(&second, again);
    zc_json_free(again);
    if (second.length != first.length || memcmp(first.data, second.data, first.length) != 0)
      abort();
  }
  zc_buffer_finish(&first);
  zc_buffer_finish(&second);
}

static void extract(const char *text, size_t length) {
  members found = {0};
  zc_json_extract(text, length, fields, sizeof fields / sizeof *fields, &found);
  const char *span = found.text.text;
  if (span && (span < text || span + found.text.length > text + length)) abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  char *text = malloc(size + 1);
  if (!text) return 0;
  if (size) memcpy(text, data, size);
  text[size] = '\0';
  read_and_write(text, size);
  extract(text, size);
  free(text);
  return 0;
}
