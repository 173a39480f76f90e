/* buffer.h - growing text, bounded by construction.
 *
 * The cap is an argument of init. Where an append fails (cap reached, no memory) the buffer frees
 * what it holds and stays failed: check once, at the end. */
#ifndef ZC_BASE_BUFFER_H
#define ZC_BASE_BUFFER_H

#include <stdarg.h>
#include <stddef.h>

typedef struct {
  char *data;      /* terminated; NULL while empty and after a failure */
  size_t length;   /* without the terminator */
  size_t capacity; /* bytes allocated */
  size_t cap;      /* the most bytes ever held */
  int status;      /* ZC_OK, ZC_ENOMEM, or ZC_EDATA where the cap was reached */
} zc_buffer;

void zc_buffer_init(zc_buffer *buffer, size_t cap);
void zc_buffer_finish(zc_buffer *buffer);
void zc_buffer_clear(zc_buffer *buffer); /* empties, keeps the memory */

/* Each returns the buffer's status. */
int zc_buffer_add(zc_buffer *buffer, const void *bytes, size_t n);
int zc_buffer_text(zc_buffer *buffer, const char *text);
int zc_buffer_char(zc_buffer *buffer, char character);
int zc_buffer_printf(zc_buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int zc_buffer_vprintf(zc_buffer *buffer, const char *format, va_list arguments);

/* Hands the text over (caller frees) and leaves the buffer empty; NULL after a failure. An empty
 * buffer gives an empty string. */
char *zc_buffer_take(zc_buffer *buffer);

#endif
