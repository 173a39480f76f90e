/* The signature of Standard Webhooks: HMAC-SHA256, version "v1". */
#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "webhook.h"

#define PREFIX      "whsec_"
#define KEY_MIN     24
#define KEY_MAX     64
#define ENCODED_MAX 88 /* of KEY_MAX bytes */
#define HASH_SIZE   32

/* The bytes of "whsec_BASE64"; 0 where it is none. */
static size_t read_secret(const char *text, size_t length, unsigned char *key) {
  unsigned char bytes[ENCODED_MAX / 4 * 3 + 4];
  if (length <= strlen(PREFIX) || strncmp(text, PREFIX, strlen(PREFIX)) != 0) return 0;
  text += strlen(PREFIX);
  length -= strlen(PREFIX);
  if (length > ENCODED_MAX || length % 4 != 0) return 0;
  int n = EVP_DecodeBlock(bytes, (const unsigned char *)text, (int)length);
  if (n < 0) return 0;
  size_t padding = (size_t)(text[length - 1] == '=') + (size_t)(text[length - 2] == '=');
  size_t size = (size_t)n - padding;
  bool fits = size >= KEY_MIN && size <= KEY_MAX;
  if (fits) memcpy(key, bytes, size);
  OPENSSL_cleanse(bytes, sizeof bytes);
  return fits ? size : 0;
}

static int append(char *to, size_t size, const unsigned char *hash) {
  unsigned char text[HASH_SIZE * 2];
  EVP_EncodeBlock(text, hash, HASH_SIZE);
  size_t used = strlen(to);
  int n = snprintf(to + used, size - used, "%sv1,%s", used ? " " : "", (const char *)text);
  return n > 0 && (size_t)n < size - used ? ZC_OK : ZC_EINVAL;
}

static int sign_with(const char *secret, size_t length, const char *signed_text, size_t n, char *to,
                     size_t size) {
  unsigned char key[KEY_MAX], hash[EVP_MAX_MD_SIZE];
  size_t key_size = read_secret(secret, length, key);
  if (key_size == 0) return ZC_EINVAL;
  const void *done =
      HMAC(EVP_sha256(), key, (int)key_size, (const unsigned char *)signed_text, n, hash, NULL);
  OPENSSL_cleanse(key, sizeof key);
  return done ? append(to, size, hash) : ZC_ENOMEM;
}

static int sign_with_each(const char *secrets, const char *text, size_t n, char *to, size_t size) {
  int status = ZC_EINVAL;
  const char *at = secrets + strspn(secrets, " ");
  for (int i = 0; *at && i <= ZC_WEBHOOK_SECRETS_MAX; i++) {
    size_t length = strcspn(at, " ");
    status = i < ZC_WEBHOOK_SECRETS_MAX ? sign_with(at, length, text, n, to, size) : ZC_EINVAL;
    if (status != ZC_OK) return status;
    at += length;
    at += strspn(at, " ");
  }
  return status;
}

int zc_webhook_sign(const char *secrets, const char *id, int64_t seconds, const char *body,
                    size_t length, char *to, size_t size, char *message, size_t message_size) {
  char *text = malloc(length + strlen(id) + 32);
  if (!text) return ZC_ENOMEM;
  int head = sprintf(text, "%s.%" PRId64 ".", id, seconds);
  memcpy(text + head, body, length);
  to[0] = '\0';
  int status = sign_with_each(secrets, text, (size_t)head + length, to, size);
  free(text);
  if (status == ZC_EINVAL)
    snprintf(message, message_size,
             "secret: not whsec_ and 24 to 64 bytes in base64, nor up to %d of these",
             ZC_WEBHOOK_SECRETS_MAX);
  return status;
}
