/* output_tail.h - the last bytes of an endless output, in a ring, and as clean text. */
#ifndef ZC_IO_OUTPUT_TAIL_H
#define ZC_IO_OUTPUT_TAIL_H

#include <stdbool.h>
#include <stddef.h>

typedef struct {
  char *ring;
  size_t size, length;
  size_t end; /* where the next byte goes */
  bool cut;   /* bytes were dropped before the first */
} zc_output_tail;

int zc_output_tail_init(zc_output_tail *tail, size_t size); /* ZC_OK or ZC_ENOMEM */
void zc_output_tail_finish(zc_output_tail *tail);
void zc_output_tail_add(zc_output_tail *tail, const char *bytes, size_t n);

/* As UTF-8: what is not becomes U+FFFD, so do NULs; a sequence cut at the front is left out.
 * Caller frees; NULL for want of memory. */
char *zc_output_tail_text(const zc_output_tail *tail);

#endif
