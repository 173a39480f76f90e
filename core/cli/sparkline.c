#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/cli/output.h"
#include "core/cli/report_print.h"

#define STEPS 8

/* Blocks where a terminal is there that takes colour and shows UTF-8. */
static bool shows_blocks(void) {
  static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};
  if (!zc_output_colour(ZC_BOLD)[0]) return false;
  for (size_t i = 0; i < 3; i++) {
    const char *locale = getenv(names[i]);
    if (locale && *locale) return strstr(locale, "UTF-8") || strcasestr(locale, "utf8");
  }
  return false;
}

static const char *step_of(double value, double lowest, double highest) {
  static const char *const blocks[STEPS] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  static const char *const plain[STEPS] = {".", ":", "-", "=", "+", "*", "#", "@"};
  double range = highest - lowest;
  if (!isfinite(value)) return " ";
  int step = range > 0 ? (int)((value - lowest) / range * STEPS) : 0;
  step = step < 0 ? 0 : step >= STEPS ? STEPS - 1 : step;
  return (shows_blocks() ? blocks : plain)[step];
}

void zc_sparkline(const double *values, size_t n, double lowest, double highest, char *text) {
  *text = '\0';
  for (size_t i = 0; i < n; i++) {
    const char *step = step_of(values[i], lowest, highest);
    size_t length = strlen(step);
    memcpy(text, step, length + 1);
    text += length;
  }
}
