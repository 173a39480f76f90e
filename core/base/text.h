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

/* Bytes of the well-formed UTF-8 sequence at the front of n > 0 bytes; 0: malformed. */
size_t zc_utf8_length(const char *bytes, size_t n);

/* Whether the character at the front of n > 0 bytes steers a terminal or a reader instead of being
 * seen: C0, DEL, C1 (U+0080 to U+009F), line and paragraph separators (U+2028, U+2029), and what
 * turns the direction of writing (U+202A to U+202E, U+2066 to U+2069). */
bool zc_is_steering(const char *bytes, size_t n);

/* Makes a text of a stranger fit to be shown on one line: a character that steers becomes
 * `instead`, a byte that is no UTF-8 a question mark. The text only gets shorter. */
void zc_make_printable(char *text, char instead);

/* Copies at most size - 1 bytes, terminates, and never cuts a UTF-8 sequence in two. */
void zc_copy_text(char *to, size_t size, const char *from);

/* Numbers and messages are those of the C locale on this thread from now on, whatever setlocale() a
 * library or a plugin calls: "1,5" is no number of JSON. For each thread as it begins. */
void zc_keep_c_locale(void);

/* strdup that takes NULL and then gives NULL. */
char *zc_duplicate(const char *text);

/* A finite decimal number that fills the whole text: sign, digits, fraction, exponent; no blanks,
 * no hexadecimal, no "nan" or "inf". */
bool zc_parse_number(const char *text, double *ret);
bool zc_parse_integer(const char *text, long long *ret);

#endif
