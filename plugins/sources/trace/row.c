#include "row.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define EXACT_DIGITS 15 /* any integer of so many is a double */

static bool is_blank(char character) {
  return character == ' ' || character == '\t' || character == '\r';
}

static char *trim(char *text) {
  while (is_blank(*text))
    text++;
  size_t n = strlen(text);
  while (n > 0 && is_blank(text[n - 1]))
    n--;
  text[n] = '\0';
  return text;
}

size_t zc_trace_split(char *line, char **ret_fields) {
  size_t n = 0;
  for (char *next = line; next; n++) {
    char *field = next;
    if (n == ZC_TRACE_FIELDS_MAX) return 0;
    next = strchr(field, ',');
    if (next) *next++ = '\0';
    ret_fields[n] = trim(field);
  }
  return n;
}

int zc_trace_time(const zc_host *host, const char *text, zc_time *ret) {
  size_t n = strlen(text);
  bool z = n > 1 && (text[n - 1] == 'Z' || text[n - 1] == 'z');
  if (!z && !(n > 6 && strcmp(text + n - 6, "+00:00") == 0)) return ZC_EINVAL;
  return host->time_parse(text, ret);
}

/* Digits with at most one point, as nearly all values are written. Both the digits and the power of
 * ten are exact as doubles, so that one division rounds as strtod() does, ten times as fast. */
static bool read_plain(const char *text, double *ret) {
  static const double powers[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                  1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
  uint64_t number = 0;
  size_t digits = 0, point = 0;
  for (; *text; text++) {
    if (*text == '.' && point == 0 && digits > 0) {
      point = digits;
    } else if (*text >= '0' && *text <= '9' && digits < EXACT_DIGITS) {
      number = number * 10 + (uint64_t)(*text - '0');
      digits++;
    } else {
      return false;
    }
  }
  if (digits == 0) return false;
  *ret = (double)number / powers[point ? digits - point : 0];
  return true;
}

int zc_trace_value(const char *text, double *ret) {
  char *end;
  if (read_plain(text, ret)) return ZC_OK;
  size_t n = strspn(text, "0123456789.eE+-");
  if (n == 0 || text[n] != '\0') return ZC_EDATA;
  double value = strtod(text, &end);
  if (*end != '\0' || !isfinite(value) || signbit(value)) return ZC_EDATA;
  *ret = value;
  return ZC_OK;
}
