/* zone_bytes.h - TZif files made in memory, for tests. */
#ifndef ZC_MODEL_ZONE_BYTES_H
#define ZC_MODEL_ZONE_BYTES_H

#include <stdint.h>
#include <string.h>

#define ZC_ZONE_BYTES_MAX 1024

typedef struct {
  unsigned char data[ZC_ZONE_BYTES_MAX];
  size_t n;
} zc_zone_bytes;

static inline void zc_zone_bytes_number(zc_zone_bytes *b, int64_t value, int size) {
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
    b->data[b->n++] = (unsigned char)((uint64_t)value >> shift);
  }
}

static inline void zc_zone_bytes_header(zc_zone_bytes *b, char version, int leaps, int times,
                                        int types) {
  memcpy(b->data + b->n, "TZif", 4);
  memset(b->data + b->n + 4, 0, 16);
  b->data[b->n + 4] = (unsigned char)version;
  b->n += 20;
  const int counts[6] = {0, 0, leaps, times, types, 4};
  for (int i = 0; i < 6; i++) {
    zc_zone_bytes_number(b, counts[i], 4);
  }
}

/* A version 2 file: type 0 at first, type i + 1 from times[i] on (s), then the footer. */
static inline zc_zone_bytes zc_zone_bytes_make(int n, const int64_t *times, const int32_t *offsets,
                                               const char *footer) {
  zc_zone_bytes b = {.n = 0};
  zc_zone_bytes_header(&b, '2', 0, 0, 1);
  zc_zone_bytes_number(&b, 0, 6);
  zc_zone_bytes_number(&b, 0, 4);
  zc_zone_bytes_header(&b, '2', 0, n, n + 1);
  for (int i = 0; i < n; i++) {
    zc_zone_bytes_number(&b, times[i], 8);
  }
  for (int i = 0; i < n; i++) {
    zc_zone_bytes_number(&b, i + 1, 1);
  }
  for (int i = 0; i <= n; i++) {
    zc_zone_bytes_number(&b, offsets[i], 4);
    zc_zone_bytes_number(&b, 0, 2);
  }
  zc_zone_bytes_number(&b, 0x41424300, 4);
  b.data[b.n++] = '\n';
  size_t length = strlen(footer);
  memcpy(b.data + b.n, footer, length);
  b.n += length;
  b.data[b.n++] = '\n';
  return b;
}

#endif
