#include "core/io/output_tail.h"

#include <stdlib.h>
#include <string.h>
#include <zerocarb/plugin.h>

#include "core/base/buffer.h"
#include "core/base/text.h"

#define REPLACEMENT "\xef\xbf\xbd"

int zc_output_tail_init(zc_output_tail *tail, size_t size) {
  memset(tail, 0, sizeof *tail);
  tail->ring = malloc(size ? size : 1);
  if (!tail->ring) return ZC_ENOMEM;
  tail->size = size;
  return ZC_OK;
}

void zc_output_tail_finish(zc_output_tail *tail) {
  free(tail->ring);
  memset(tail, 0, sizeof *tail);
}

void zc_output_tail_add(zc_output_tail *tail, const char *bytes, size_t n) {
  if (n > tail->size - tail->length) tail->cut = true;
  if (n > tail->size) {
    bytes += n - tail->size;
    n = tail->size;
  }
  size_t first = tail->size - tail->end < n ? tail->size - tail->end : n;
  memcpy(tail->ring + tail->end, bytes, first);
  memcpy(tail->ring, bytes + first, n - first);
  if (n > 0) tail->end = (tail->end + n) % tail->size;
  tail->length = tail->length + n < tail->size ? tail->length + n : tail->size;
}

static char *unroll(const zc_output_tail *tail) {
  char *bytes = malloc(tail->length + 1);
  if (!bytes) return NULL;
  size_t begin = tail->length < tail->size ? 0 : tail->end;
  size_t first = tail->size - begin < tail->length ? tail->size - begin : tail->length;
  memcpy(bytes, tail->ring + begin, first);
  memcpy(bytes + first, tail->ring, tail->length - first);
  return bytes;
}

static bool is_continuation(char c) {
  return ((unsigned char)c & 0xc0) == 0x80;
}

/* Bytes of the character at the front of n > 0 bytes, 0 where there is none. */
static size_t character_length(const char *bytes, size_t n) {
  unsigned char lead = (unsigned char)bytes[0];
  if (lead == 0) return 0;
  size_t length = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  return length <= n && zc_is_utf8(bytes, length) ? length : 0;
}

char *zc_output_tail_text(const zc_output_tail *tail) {
  char *bytes = unroll(tail);
  if (!bytes) return NULL;
  zc_buffer text;
  zc_buffer_init(&text, tail->length * strlen(REPLACEMENT));
  size_t i = 0;
  while (tail->cut && i < 3 && i < tail->length && is_continuation(bytes[i]))
    i++;
  while (i < tail->length) {
    size_t n = character_length(bytes + i, tail->length - i);
    bool steers = n > 1 && zc_is_steering(bytes + i, n); /* lines and colours may stay */
    if (n > 0 && !steers)
      zc_buffer_add(&text, bytes + i, n);
    else
      zc_buffer_text(&text, REPLACEMENT);
    i += n > 0 ? n : 1;
  }
  free(bytes);
  return zc_buffer_take(&text);
}
