/* trace_fuzz.c - any file as a recording. */
#include <string.h>

#include "recording.h"
#include "tests/fuzz/parser_host.h"

static void check_recording(const zc_recording *recording) {
  if (recording->n == 0) abort();
  for (size_t i = 0; i < recording->n; i++) {
    if (recording->to[i] <= recording->from[i]) abort();
    if (i > 0 && recording->from[i] < recording->to[i - 1]) abort();
    if (zc_recording_find(recording, recording->from[i]) != i) abort();
    for (size_t j = 0; j < recording->n_columns; j++) {
      double value = recording->columns[j].values[i];
      if (isinf(value) || value < 0) abort();
    }
  }
}

static void read_as(const uint8_t *data, size_t size, const char *const *columns, size_t n) {
  zc_recording recording;
  char why[256] = "", *text = malloc(size + 1);
  if (!text) abort();
  if (size > 0) memcpy(text, data, size);
  text[size] = '\0';
  if (zc_recording_parse(&parser_host, text, size, "fuzz.csv", columns, n, &recording, why,
                         sizeof why) == ZC_OK) {
    check_recording(&recording);
    zc_recording_finish(&recording);
  } else if (strncmp(why, "fuzz.csv:", strlen("fuzz.csv:")) != 0) {
    abort();
  }
  free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const char *const columns[] = {"carbon_intensity", "GB", "actual"};
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
    read_as(data, size, columns + i, 1);
  }
  read_as(data, size, columns, 2);
  return 0;
}
