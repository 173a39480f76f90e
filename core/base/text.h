/* text.h - small questions about strings. */
#ifndef ZC_BASE_TEXT_H
#define ZC_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* The candidate nearest to `word` by Damerau-Levenshtein distance, where it is near enough to be
 * what was meant (at most a third of the word's length, at least 1); else NULL. */
const char *zc_nearest(const char *word, const char *const *candidates, size_t n);

/* Whether text is one or more of [a-z0-9_]. */
bool zc_is_name(const char *text);

/* Whether bytes are well-formed UTF-8 (no surrogates, no overlong forms). */
bool zc_is_utf8(const char *bytes, size_t n);

/* Copies at most size - 1 bytes, terminates, and never cuts a UTF-8 sequence in two. */
void zc_copy_text(char *to, size_t size, const char *from);

/* strdup that takes NULL and then gives NULL. */
char *zc_duplicate(const char *text);

/* A finite decimal number that fills the whole text: sign, digits, fraction, exponent; no blanks,
 * no hexadecimal, no "nan" or "inf". */
bool zc_parse_number(const char *text, double *ret);
bool zc_parse_integer(const char *text, long long *ret);

#endif
