/* One set of credentials. */
#include <stdlib.h>
#include <string.h>

#include "credentials.h"
#include "profile.h"

static bool is_plain(const char *text, size_t most) {
  size_t n = strnlen(text, most + 1);
  if (n == 0 || n > most) return false;
  for (size_t i = 0; i < n; i++) {
    if ((unsigned char)text[i] <= ' ' || (unsigned char)text[i] >= 0x7f) return false;
  }
  return true;
}

int zc_aws_keys_make(const char *id, const char *secret, const char *token, zc_time expires,
                     zc_aws_keys *ret) {
  bool has_token = token && *token;
  if (!id || !secret || !is_plain(id, ZC_AWS_ID_MAX) || !is_plain(secret, ZC_AWS_SECRET_MAX) ||
      (has_token && !is_plain(token, ZC_AWS_TOKEN_MAX)))
    return ZC_EDATA;
  zc_aws_keys keys = {strdup(id), strdup(secret), has_token ? strdup(token) : NULL, expires};
  if (!keys.id || !keys.secret || (has_token && !keys.token)) {
    zc_aws_keys_finish(&keys);
    return ZC_ENOMEM;
  }
  *ret = keys;
  return ZC_OK;
}

bool zc_aws_keys_equal(const zc_aws_keys *a, const zc_aws_keys *b) {
  if (!a->id || !b->id || !a->token != !b->token) return false;
  return strcmp(a->id, b->id) == 0 && strcmp(a->secret, b->secret) == 0 &&
         (!a->token || strcmp(a->token, b->token) == 0);
}

void zc_aws_keys_finish(zc_aws_keys *keys) {
  zc_aws_wipe(keys->id);
  zc_aws_wipe(keys->secret);
  zc_aws_wipe(keys->token);
  *keys = (zc_aws_keys){0};
}

void zc_aws_keys_hide(const zc_host *host, const zc_aws_keys *keys) {
  if (!ZC_HAS(zc_host, host, reveal)) return;
  if (keys->secret) host->hide(keys->secret);
  if (keys->token) host->hide(keys->token);
}

void zc_aws_keys_reveal(const zc_host *host, const zc_aws_keys *keys) {
  if (!ZC_HAS(zc_host, host, reveal)) return;
  if (keys->secret) host->reveal(keys->secret);
  if (keys->token) host->reveal(keys->token);
}
