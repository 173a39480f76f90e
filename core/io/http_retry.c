#include "core/io/http_retry.h"

#include <curl/curl.h>

#include "core/base/text.h"
#include "core/base/time_text.h"

#define MAX_SECONDS 1000000000LL /* beyond any use, within any sum */

bool zc_http_is_transient(int status) {
  return status == 429 || status == 500 || (status >= 502 && status <= 504);
}

int64_t zc_http_backoff(zc_random *random, uint32_t attempt) {
  int64_t bound = ZC_HTTP_RETRY_BASE_MS;
  for (uint32_t i = 1; i < attempt && bound < ZC_HTTP_RETRY_CAP_MS; i++)
    bound *= 2;
  if (bound > ZC_HTTP_RETRY_CAP_MS) bound = ZC_HTTP_RETRY_CAP_MS;
  return (int64_t)zc_random_below(random, (uint64_t)bound);
}

int64_t zc_http_retry_after(const char *value, const char *date, zc_time now) {
  long long seconds;
  if (zc_parse_integer(value, &seconds)) {
    if (seconds < 0) return -1;
    return (seconds < MAX_SECONDS ? seconds : MAX_SECONDS) * ZC_SECOND;
  }
  time_t until = curl_getdate(value, NULL);
  if (until < 0) return -1;
  time_t since = date ? curl_getdate(date, NULL) : -1;
  zc_time from = since < 0 ? now : (zc_time)since * ZC_SECOND;
  zc_time wait = (zc_time)until * ZC_SECOND - from;
  return wait > 0 ? wait : 0;
}
