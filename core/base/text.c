#include "core/base/text.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_WORD 64

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

/* Optimal string alignment: insert, delete, replace, swap of neighbours. Words up to LONGEST_WORD.
 */
static size_t distance(const char *a, size_t na, const char *b, size_t nb) {
  size_t rows[3][LONGEST_WORD + 1];
  size_t *before = rows[0], *above = rows[1], *row = rows[2];
  for (size_t j = 0; j <= nb; j++)
    above[j] = j;
  for (size_t i = 1; i <= na; i++) {
    row[0] = i;
    for (size_t j = 1; j <= nb; j++) {
      size_t change = above[j - 1] + (a[i - 1] != b[j - 1]);
      row[j] = least(change, least(above[j], row[j - 1]) + 1);
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = least(row[j], before[j - 2] + 1);
      }
    }
    size_t *spare = before;
    before = above, above = row, row = spare;
  }
  return above[nb];
}

const char *zc_nearest(const char *word, const char *const *candidates, size_t n) {
  size_t length = strlen(word), limit = length / 3 > 0 ? length / 3 : 1, best = limit + 1;
  const char *found = NULL;
  if (length > LONGEST_WORD) return NULL;
  for (size_t i = 0; i < n; i++) {
    size_t other = strlen(candidates[i]);
    if (other > LONGEST_WORD) continue;
    if ((other > length ? other - length : length - other) >= best)
      continue; /* at least that far */
    size_t d = distance(word, length, candidates[i], other);
    if (d < best) best = d, found = candidates[i];
  }
  return found;
}

bool zc_is_name(const char *text) {
  return *text && text[strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_")] == '\0';
}

/* Length of the sequence at p (n bytes left), 0 where it is malformed. Unicode 15, table 3-7. */
static size_t utf8_sequence(const unsigned char *p, size_t n) {
  if (p[0] < 0x80) return 1;
  size_t length = p[0] >= 0xc2 && p[0] <= 0xdf   ? 2
                  : p[0] >= 0xe0 && p[0] <= 0xef ? 3
                  : p[0] >= 0xf0 && p[0] <= 0xf4 ? 4
                                                 : 0;
  if (length == 0 || length > n) return 0;
  unsigned low = p[0] == 0xe0 ? 0xa0u : p[0] == 0xf0 ? 0x90u : 0x80u;
  unsigned high = p[0] == 0xed ? 0x9fu : p[0] == 0xf4 ? 0x8fu : 0xbfu;
  if (p[1] < low || p[1] > high) return 0;
  for (size_t i = 2; i < length; i++) {
    if ((p[i] & 0xc0) != 0x80) return 0;
  }
  return length;
}

size_t zc_utf8_length(const char *bytes, size_t n) {
  return utf8_sequence((const unsigned char *)bytes, n);
}

bool zc_is_steering(const char *bytes, size_t n) {
  const unsigned char *p = (const unsigned char *)bytes;
  if (p[0] < 0x20 || p[0] == 0x7f) return true;
  if (p[0] == 0xc2) return n > 1 && p[1] >= 0x80 && p[1] <= 0x9f;
  if (p[0] != 0xe2 || n < 3) return false;
  if (p[1] == 0x80) return p[2] >= 0xa8 && p[2] <= 0xae;
  return p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9;
}

void zc_make_printable(char *text, char instead) {
  size_t n = strlen(text);
  char *to = text;
  for (size_t i = 0; i < n;) {
    size_t length = zc_utf8_length(text + i, n - i);
    if (length == 0) {
      *to++ = '?';
    } else if (zc_is_steering(text + i, n - i)) {
      *to++ = instead;
    } else {
      memmove(to, text + i, length);
      to += length;
    }
    i += length ? length : 1;
  }
  *to = '\0';
}

bool zc_is_utf8(const char *bytes, size_t n) {
  const unsigned char *p = (const unsigned char *)bytes;
  for (size_t i = 0; i < n;) {
    size_t length = p[i] < 0x80 ? 1 : utf8_sequence(p + i, n - i);
    if (length == 0) return false;
    i += length;
  }
  return true;
}

void zc_copy_text(char *to, size_t size, const char *from) {
  if (size == 0) return;
  size_t n = strlen(from);
  if (n >= size) {
    n = size - 1;
    while (n > 0 && ((unsigned char)from[n] & 0xc0) == 0x80)
      n--;
  }
  memcpy(to, from, n);
  to[n] = '\0';
}

void zc_keep_c_locale(void) {
  (void)uselocale(newlocale(LC_ALL_MASK, "C", (locale_t)0)); /* the C library's own: no memory */
}

char *zc_duplicate(const char *text) {
  return text ? strdup(text) : NULL;
}

static const char *skip_digits(const char *p) {
  while (isdigit((unsigned char)*p))
    p++;
  return p;
}

bool zc_parse_number(const char *text, double *ret) {
  const char *p = text + (*text == '-' || *text == '+'), *start = p;
  p = skip_digits(p);
  if (p == start) return false;
  if (*p == '.') {
    start = ++p;
    if ((p = skip_digits(p)) == start) return false;
  }
  if (*p == 'e' || *p == 'E') {
    p += 1 + (p[1] == '-' || p[1] == '+');
    start = p;
    if ((p = skip_digits(p)) == start) return false;
  }
  if (*p) return false;
  double value = strtod(text, NULL);
  if (!isfinite(value)) return false;
  *ret = value;
  return true;
}

bool zc_parse_integer(const char *text, long long *ret) {
  const char *start = text + (*text == '-' || *text == '+');
  const char *p = skip_digits(start);
  if (p == start || *p) return false;
  errno = 0;
  long long value = strtoll(text, NULL, 10);
  if (errno) return false;
  *ret = value;
  return true;
}
