#include "answer.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BODY_SHOWN 80
#define TEXT_SHOWN 120

/* {"error":"text"}, sometimes with a longer {"message":"text"}. */
static const char *remote_text(const zc_host *host, const zc_http_response *response) {
  const char *text;
  if (host->json_text(host->json_at(response->json, "error"), &text, NULL) == ZC_OK) return text;
  if (host->json_text(host->json_at(response->json, "message"), &text, NULL) == ZC_OK) return text;
  return response->message;
}

static int judge_refusal(const char *text, const char **ret_meaning) {
  if (strstr(text, "Invalid auth-token")) {
    *ret_meaning = "the token is not valid";
    return ZC_EAUTH;
  }
  if (strstr(text, "unauthorized for zoneKey")) {
    *ret_meaning = "the plan does not include this zone or kind of data";
    return ZC_EAUTH;
  }
  *ret_meaning = "the token is refused, or has asked too often";
  return ZC_EAUTH;
}

static int judge_status(int http_status, const char *text, const char **ret_meaning,
                        bool *ret_pause) {
  *ret_meaning = NULL;
  *ret_pause = http_status == 401 || http_status == 403 || http_status == 429;
  if (http_status == 401 || http_status == 403) return judge_refusal(text, ret_meaning);
  if (http_status == 429) {
    *ret_meaning = "too many requests";
    return ZC_ERATE;
  }
  return http_status >= 400 && http_status < 500 ? ZC_EDATA : ZC_EREMOTE;
}

int zc_em_judge(const zc_host *host, const zc_http_response *response, char *why, size_t why_size,
                bool *ret_pause) {
  const char *meaning;
  *ret_pause = false;
  if (response->error != ZC_OK) {
    snprintf(why, why_size, "%s", response->message);
    return response->error;
  }
  if (response->status != 200) {
    const char *text = remote_text(host, response);
    int status = judge_status(response->status, text, &meaning, ret_pause);
    /* The API's text stands last: the host takes out what a cut leaves of a secret at the end. */
    snprintf(why, why_size, "the API answered %" PRId32 ": %s%s%.*s", response->status,
             meaning ? meaning : "", meaning ? ": " : "", TEXT_SHOWN, text);
    return status;
  }
  if (response->json) return ZC_OK;
  snprintf(why, why_size, "the answer is not JSON: %.*s", BODY_SHOWN,
           response->body ? response->body : "");
  return ZC_EDATA;
}
