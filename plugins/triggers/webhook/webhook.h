/* webhook.h - what the parts of the trigger share: the message that is sent, its signature, and
 * what the answers mean. */
#ifndef ZC_WEBHOOK_H
#define ZC_WEBHOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <zerocarb/plugin.h>

#define ZC_WEBHOOK_HEADERS_MAX 40
#define ZC_WEBHOOK_BODY_MAX    262144
#define ZC_WEBHOOK_URL_MAX     4096
#define ZC_WEBHOOK_ID_MAX      200
#define ZC_WEBHOOK_MESSAGE_MAX 400
#define ZC_WEBHOOK_SECRETS_MAX 4
#define ZC_WEBHOOK_SIGNATURES  (ZC_WEBHOOK_SECRETS_MAX * 48)

/* ---- message.c ---- */

/* The body: the template with its placeholders filled in, or a CloudEvent. It is the same each time
 * that a run is sent. malloc()ed; NULL: no memory, or over ZC_WEBHOOK_BODY_MAX. */
char *zc_webhook_body(const zc_host *host, const zc_run *run, size_t *ret_length);

/* Whether an id may stand for a part of a path: "." and ".." would lead elsewhere. */
bool zc_webhook_is_segment(const char *id);
/* An URL with its placeholders filled in, percent-encoded. ZC_EINVAL where it gets too long, or
 * remote_id is no segment. remote_id may be NULL. */
int zc_webhook_url(const zc_host *host, const zc_run *run, const char *url, char *to, size_t size);

/* Of the option `url` or `status_url`: ZC_EINVAL with a sentence where a placeholder is misspelt.
 */
int zc_webhook_check_url(const zc_host *host, const zc_config *config, const char *option,
                         char *message, size_t size);

typedef struct {
  char *lines[ZC_WEBHOOK_HEADERS_MAX]; /* malloc()ed */
  uint32_t n;
} zc_webhook_headers;

/* The headers of the options, Authorization among them. ZC_EINVAL with a sentence, ZC_ENOMEM. */
int zc_webhook_headers_init(zc_webhook_headers *headers, const zc_host *host,
                            const zc_config *config, char *message, size_t size);
int zc_webhook_headers_add(zc_webhook_headers *headers, const char *name, const char *value);
void zc_webhook_headers_finish(zc_webhook_headers *headers); /* wipes */

/* ---- signature.c ---- */

/* Standard Webhooks: "v1,BASE64" for each of the secrets (whsec_…, parted by blanks, the new one
 * first while keys are changed), over "ID.SECONDS.BODY". ZC_EINVAL with a sentence where one is no
 * secret, ZC_ENOMEM. */
int zc_webhook_sign(const char *secrets, const char *id, int64_t seconds, const char *body,
                    size_t length, char *to, size_t size, char *message, size_t message_size);

/* ---- status.c ---- */

/* What a value at a path says: ZC_RUN_SUCCEEDED, ZC_RUN_FAILED, ZC_RUN_CANCELLED where it is one of
 * the words for it, else ZC_RUN_RUNNING. `word` gets it as text. */
int zc_webhook_judge(const zc_host *host, const zc_config *config, const zc_json *json, char *word,
                     size_t size);
/* A text, number or boolean at a path as text; false where there is none. */
bool zc_webhook_value(const zc_host *host, const zc_json *json, const char *path, char *to,
                      size_t size);
/* The code for done() that an answer to a start stands for; ZC_OK: accepted. */
int zc_webhook_start_error(const zc_http_response *response);

#endif
