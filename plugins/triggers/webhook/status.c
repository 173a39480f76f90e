/* What answers mean. */
#include <stdio.h>
#include <string.h>

#include "webhook.h"

bool zc_webhook_value(const zc_host *host, const zc_json *json, const char *path, char *to,
                      size_t size) {
  const zc_json *found = json && path ? host->json_at(json, path) : NULL;
  const char *text;
  size_t length;
  int yes;
  to[0] = '\0';
  if (!found) return false;
  if (host->json_text(found, &text, &length) == ZC_OK) {
    if (length == 0 || length >= size || strlen(text) != length) return false;
    memcpy(to, text, length + 1);
    return true;
  }
  if (host->json_boolean(found, &yes) == ZC_OK) {
    snprintf(to, size, "%s", yes ? "true" : "false");
    return true;
  }
  return host->json_digits(found, to, size) == ZC_OK && to[0];
}

static bool is_listed(const zc_host *host, const zc_config *config, const char *option,
                      const char *word) {
  size_t n = host->count(config, option);
  for (size_t i = 0; i < n; i++) {
    if (strcmp(host->item(config, option, i), word) == 0) return true;
  }
  return false;
}

int zc_webhook_judge(const zc_host *host, const zc_config *config, const zc_json *json, char *word,
                     size_t size) {
  if (!zc_webhook_value(host, json, host->text(config, "status_path"), word, size))
    return ZC_RUN_RUNNING;
  if (is_listed(host, config, "success_values", word)) return ZC_RUN_SUCCEEDED;
  if (is_listed(host, config, "failure_values", word)) return ZC_RUN_FAILED;
  if (is_listed(host, config, "cancelled_values", word)) return ZC_RUN_CANCELLED;
  return ZC_RUN_RUNNING;
}

int zc_webhook_start_error(const zc_http_response *response) {
  int status = response->status;
  if (response->error == ZC_ENOMEM && !response->sent) return ZC_ENOMEM;
  if (response->error != ZC_OK) return response->sent ? ZC_EUNKNOWN : ZC_EREMOTE;
  if (status / 100 == 2) return ZC_OK;
  if (status == 429) return ZC_ERATE;
  if (status == 409) return ZC_ECONFLICT;
  if (status == 401 || status == 403) return ZC_EAUTH;
  return status >= 500 || status == 408 ? ZC_EUNKNOWN : ZC_EINVAL;
}
