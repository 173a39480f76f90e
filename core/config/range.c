#include "core/config/range.h"

#include <stdio.h>
#include <string.h>

#include "core/base/text.h"
#include "core/base/time_text.h"

static bool bound_value(uint32_t type, const char *text, long double *ret) {
  double number;
  long long integer;
  int64_t ms;
  switch (type) {
  case ZC_NUMBER:
    return zc_parse_number(text, &number) ? (*ret = (long double)number, true) : false;
  case ZC_DURATION:
    return zc_duration_parse(text, &ms) == ZC_OK ? (*ret = (long double)ms, true) : false;
  default:
    return zc_parse_integer(text, &integer) ? (*ret = (long double)integer, true) : false;
  }
}

int zc_range_parse(const zc_option *option, zc_range *ret) {
  memset(ret, 0, sizeof *ret);
  const char *text = option->range;
  bool bounded = option->type == ZC_NUMBER || option->type == ZC_INTEGER ||
                 option->type == ZC_DURATION || option->type == ZC_STRING_LIST;
  if (!text || !bounded) return ZC_OK;
  if (*text == '>') ret->low_excluded = true, text++;
  const char *dots = strstr(text, "..");
  if (!dots || (size_t)(dots - text) >= ZC_BOUND_TEXT || strlen(dots + 2) >= ZC_BOUND_TEXT) {
    return ZC_EINVAL;
  }
  memcpy(ret->low, text, (size_t)(dots - text));
  memcpy(ret->high, dots + 2, strlen(dots + 2));
  ret->has_low = *ret->low, ret->has_high = *ret->high;
  if (ret->has_low && !bound_value(option->type, ret->low, &ret->low_value)) return ZC_EINVAL;
  if (ret->has_high && !bound_value(option->type, ret->high, &ret->high_value)) return ZC_EINVAL;
  bool empty = ret->has_low && ret->has_high && ret->low_value > ret->high_value;
  return empty || (!ret->has_low && !ret->has_high) ? ZC_EINVAL : ZC_OK;
}

void zc_range_text(const zc_range *range, char *text, size_t size) {
  const char *low = range->low, *high = range->high;
  if (range->has_low && range->has_high) {
    snprintf(text, size, range->low_excluded ? " (above %s, at most %s)" : " (%s to %s)", low,
             high);
  } else if (range->has_low) {
    snprintf(text, size, range->low_excluded ? " (above %s)" : " (%s or more)", low);
  } else if (range->has_high) {
    snprintf(text, size, " (at most %s)", high);
  } else {
    *text = '\0';
  }
}

void zc_range_fault(const zc_range *range, long double value, char *text, size_t size) {
  *text = '\0';
  if (range->has_low && range->low_excluded && value <= range->low_value) {
    snprintf(text, size, "is not above %s", range->low);
  } else if (range->has_low && value < range->low_value) {
    snprintf(text, size, "is below %s", range->low);
  } else if (range->has_high && value > range->high_value) {
    snprintf(text, size, "is above %s", range->high);
  }
}
