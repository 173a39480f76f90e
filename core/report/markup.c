#include "core/report/markup.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "core/model/workload.h"

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */
#define MINUS       "\xE2\x88\x92" /* U+2212 */
#define UNKNOWN     "\xE2\x80\x93" /* U+2013 */
#define DIGITS_MAX  24 /* of a number's integer part: more is written with an exponent */

static const char *reference_of(char character) {
  switch (character) {
  case '&':
    return "&amp;";
  case '<':
    return "&lt;";
  case '>':
    return "&gt;";
  case '"':
    return "&quot;";
  case '\'':
    return "&#39;";
  default:
    return NULL;
  }
}

/* U+FFFE and U+FFFF: valid UTF-8, no characters. */
static bool is_no_character(const char *bytes, size_t length) {
  return length == 3 && memcmp(bytes, "\xEF\xBF", 2) == 0 && (unsigned char)bytes[2] >= 0xBE;
}

void zc_markup_text(zc_buffer *to, const char *text) {
  size_t left = text ? strlen(text) : 0;
  while (left > 0) {
    const char *reference = reference_of(*text);
    size_t length = zc_utf8_length(text, left);
    if (reference) {
      zc_buffer_text(to, reference);
    } else if (length == 0 || zc_is_steering(text, left) || is_no_character(text, length)) {
      zc_buffer_text(to, REPLACEMENT);
    } else {
      zc_buffer_add(to, text, length);
    }
    if (length == 0) length = 1;
    text += length;
    left -= length;
  }
}

void zc_markup_length(zc_buffer *to, double length) {
  char text[ZC_FIGURE_SIZE];
  double rounded = round(length * 100.0) / 100.0;
  if (!isfinite(rounded) || fabs(rounded) > 1e6) rounded = 0.0; /* no chart is that large */
  snprintf(text, sizeof text, "%.2f", rounded == 0.0 ? 0.0 : rounded);
  size_t n = strlen(text);
  while (text[n - 1] == '0')
    n--;
  if (text[n - 1] == '.') n--;
  zc_buffer_add(to, text, n);
}

/* Copies digits with a comma before each group of three. */
static char *copy_grouped(char *to, const char *digits, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (i > 0 && (n - i) % 3 == 0) *to++ = ',';
    *to++ = digits[i];
  }
  return to;
}

void zc_figure(double value, int decimals, char text[ZC_FIGURE_SIZE]) {
  char digits[400];
  if (!isfinite(value)) {
    memcpy(text, UNKNOWN, sizeof UNKNOWN);
    return;
  }
  value = zc_round(value, decimals); /* 34.15 is no 34.149999 to whoever reads it */
  snprintf(digits, sizeof digits, "%.*f", decimals, fabs(value));
  size_t n = strcspn(digits, ".");
  if (n > DIGITS_MAX) {
    snprintf(text, ZC_FIGURE_SIZE, "%.3e", value);
    return;
  }
  bool negative = value < 0.0 && strspn(digits, "0.") < strlen(digits);
  char *at = text;
  if (negative) at = (char *)memcpy(at, MINUS, sizeof MINUS) + sizeof MINUS - 1;
  at = copy_grouped(at, digits, n);
  memcpy(at, digits + n, strlen(digits + n) + 1);
}

const char *zc_mass_unit(double grams, double *ret_divisor) {
  static const struct {
    double least;
    const char *unit;
  } units[] = {{1e6, "t"}, {1e3, "kg"}, {0.0, "g"}};
  size_t i = 0;
  /* What would be written as 1,000 of a unit is 1 of the next. */
  while (i < 2 && !(fabs(grams) >= units[i].least * 0.9995))
    i++;
  *ret_divisor = units[i].least > 0.0 ? units[i].least : 1.0;
  return units[i].unit;
}

/* Decimals that leave three significant digits. */
static int decimals_of(double magnitude) {
  if (magnitude >= 99.95) return 0;
  return magnitude >= 9.995 ? 1 : 2;
}

void zc_figure_grams(double grams, char text[ZC_FIGURE_SIZE]) {
  double divisor;
  const char *unit = zc_mass_unit(grams, &divisor);
  zc_figure(grams / divisor, decimals_of(fabs(grams / divisor)), text);
  if (!isfinite(grams)) return;
  size_t n = strlen(text);
  snprintf(text + n, ZC_FIGURE_SIZE - n, "\xC2\xA0%s", unit);
}
