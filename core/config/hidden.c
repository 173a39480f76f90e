#include "core/config/hidden.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <zerocarb/plugin.h>

#include "core/base/log.h"

#define BLANKS " \t\r\n"

static int add(zc_hidden *hidden, char *text) {
  char **grown = text ? realloc(hidden->texts, (hidden->n + 1) * sizeof *grown) : NULL;
  if (grown) hidden->texts = grown;
  int status = grown ? zc_log_hide(text) : ZC_ENOMEM;
  if (status == ZC_OK) {
    grown[hidden->n++] = text;
    return ZC_OK;
  }
  if (text) explicit_bzero(text, strlen(text));
  free(text);
  return status == ZC_EINVAL ? ZC_OK : status; /* too short to be told from harmless words */
}

/* The word before the credentials of an Authorization header (RFC 9110, 11.4): no secret. */
static bool is_scheme(const char *word, size_t n) {
  static const char *const schemes[] = {"Bearer", "Digest", "Negotiate"};
  for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
    if (strlen(schemes[i]) == n && strncasecmp(word, schemes[i], n) == 0) return true;
  }
  return false;
}

int zc_hidden_add(zc_hidden *hidden, const char *secret) {
  int status = add(hidden, strdup(secret));
  if (!strpbrk(secret, BLANKS)) return status;
  const char *at = secret + strspn(secret, BLANKS);
  while (*at && status == ZC_OK) {
    size_t n = strcspn(at, BLANKS);
    if (!is_scheme(at, n)) status = add(hidden, strndup(at, n));
    at += n;
    at += strspn(at, BLANKS);
  }
  return status;
}

bool zc_names_a_secret(const char *text, size_t n) {
  static const char *const words[] = {"token", "auth", "key", "secret", "password", "cookie"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    size_t length = strlen(words[i]);
    for (size_t at = 0; at + length <= n; at++)
      if (strncasecmp(text + at, words[i], length) == 0) return true;
  }
  return false;
}

int zc_hidden_add_value(zc_hidden *hidden, const char *pair, bool expanded) {
  const char *colon = strchr(pair, ':');
  if (!colon) return zc_hidden_add(hidden, pair);
  if (!expanded && !zc_names_a_secret(pair, (size_t)(colon - pair))) return ZC_OK;
  return zc_hidden_add(hidden, colon + 1 + strspn(colon + 1, BLANKS));
}

void zc_hidden_finish(zc_hidden *hidden) {
  for (size_t i = 0; i < hidden->n; i++) {
    zc_log_release(hidden->texts[i]);
    explicit_bzero(hidden->texts[i], strlen(hidden->texts[i]));
    free(hidden->texts[i]);
  }
  free(hidden->texts);
  *hidden = (zc_hidden){0};
}
