/* hidden.h - what the log does not show as long as a value lives. */
#ifndef ZC_CONFIG_HIDDEN_H
#define ZC_CONFIG_HIDDEN_H

#include <stdbool.h>
#include <stddef.h>

/* Copies: what was hidden is what is released. */
typedef struct {
  char **texts;
  size_t n;
} zc_hidden;

/* Hides a secret, and each of its parts between blanks: a remote may send back the token of
 * "Bearer TOKEN" alone. Short ones stay to be seen. ZC_ECONFLICT where the log takes no more,
 * ZC_ENOMEM; what was hidden until then is released by zc_hidden_finish(). */
int zc_hidden_add(zc_hidden *hidden, const char *secret);
/* The same for the value of "Name: value", where it came out of the environment (`expanded`) or the
 * name tells of a secret; without a colon for the whole. */
int zc_hidden_add_value(zc_hidden *hidden, const char *pair, bool expanded);
void zc_hidden_finish(zc_hidden *hidden); /* releases, wipes */
/* Whether a word in it tells of a secret: token, key, password … */
bool zc_names_a_secret(const char *text, size_t length);

#endif
