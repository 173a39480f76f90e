/* json_lines - the program's JSON reader, for a comparison with another: each line of stdin is a
 * text in hexadecimal; each line of stdout is what was read, written again, or "-" where it is not
 * taken. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/json.h"

#define WRITTEN_MAX ((size_t)16 << 20)

static size_t decode(char *line) {
  size_t n = strcspn(line, "\n") / 2;
  for (size_t i = 0; i < n; i++) {
    const char digits[3] = {line[2 * i], line[2 * i + 1], '\0'};
    line[i] = (char)strtoul(digits, NULL, 16);
  }
  return n;
}

static void answer(const char *text, size_t length) {
  zc_json *json;
  if (zc_json_parse(text, length, &json) != ZC_OK) {
    puts("-");
    return;
  }
  zc_buffer written;
  zc_buffer_init(&written, WRITTEN_MAX);
  zc_json_write(&written, json);
  puts(written.status == ZC_OK ? written.data : "?");
  zc_buffer_finish(&written);
  zc_json_free(json);
}

int main(void) {
  char *line = NULL;
  size_t size = 0;
  while (getline(&line, &size, stdin) > 0)
    answer(line, decode(line));
  free(line);
  return EXIT_SUCCESS;
}
