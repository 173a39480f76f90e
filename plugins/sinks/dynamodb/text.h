/* text.h - growing text, for request bodies.
 *
 * Where an append fails the text is emptied and stays failed: check once, at the end. */
#ifndef ZC_DYNAMODB_TEXT_H
#define ZC_DYNAMODB_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define ZC_DYNAMODB_TEXT_MAX ((size_t)64 << 20)

typedef struct {
  char *data;
  size_t length, capacity;
  bool failed;      /* no memory, or ZC_DYNAMODB_TEXT_MAX reached */
} zc_dynamodb_text; /* all zero: empty */

void zc_dynamodb_text_finish(zc_dynamodb_text *text);
void zc_dynamodb_text_clear(zc_dynamodb_text *text); /* keeps the memory, forgets a failure */
void zc_dynamodb_add(zc_dynamodb_text *to, const char *bytes, size_t n);
void zc_dynamodb_put(zc_dynamodb_text *to, const char *text);
void zc_dynamodb_format(zc_dynamodb_text *to, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A JSON string, quoted and escaped. */
void zc_dynamodb_quote(zc_dynamodb_text *to, const char *text, size_t length);

#endif
