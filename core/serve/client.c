#include "core/serve/client.h"

#include <ctype.h>
#include <curl/curl.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zerocarb/plugin.h>

#include "core/base/json.h"
#include "core/base/text.h"
#include "core/serve/control.h"

#define CONNECT_TIMEOUT_MS 3000L

void zc_client_escape(zc_buffer *to, const char *segment) {
  for (const char *c = segment; *c; c++) {
    if (isalnum((unsigned char)*c) || strchr("-._~", *c)) {
      zc_buffer_char(to, *c);
    } else {
      zc_buffer_printf(to, "%%%02X", (unsigned)(unsigned char)*c);
    }
  }
}

static size_t take(char *bytes, size_t size, size_t n, void *user) {
  zc_buffer *to = user;
  return zc_buffer_add(to, bytes, size * n) == ZC_OK ? size * n : 0;
}

static bool set_options(CURL *curl, const char *socket, const char *method, const char *url,
                        zc_buffer *to, char *message) {
  CURLcode failed = CURLE_OK;
  failed |= curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message);
  failed |= curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket);
  failed |= curl_easy_setopt(curl, CURLOPT_URL, url);
  failed |= curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http");
  failed |= curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  failed |= curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  failed |= curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
  failed |= curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)ZC_CLIENT_TIMEOUT_MS);
  failed |= curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
  failed |= curl_easy_setopt(curl, CURLOPT_WRITEDATA, to);
  if (strcmp(method, "POST") == 0) {
    failed |= curl_easy_setopt(curl, CURLOPT_POST, 1L);
    failed |= curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
    failed |= curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, 0L);
  }
  return failed == CURLE_OK;
}

/* `asked` for a change: an engine that is only slow makes it all the same. */
static int explain(CURLcode code, const char *socket, bool asked, const char *message,
                   zc_error *error) {
  if (message[0] == '\0') message = curl_easy_strerror(code);
  switch (code) {
  case CURLE_COULDNT_CONNECT:
    if (access(socket, W_OK) != 0 && errno == EACCES)
      return zc_error_set(error, ZC_EREMOTE, "%s: permission denied: ask as the engine's user",
                          socket);
    return zc_error_set(error, ZC_ENOTFOUND, "no engine runs here: nobody answers on %s", socket);
  case CURLE_OPERATION_TIMEDOUT:
    return zc_error_set(error, ZC_ETIMEDOUT, "the engine on %s does not answer within %d s%s",
                        socket, ZC_CLIENT_TIMEOUT_MS / 1000,
                        asked ? ": it may do what was asked all the same, so look before asking "
                                "again (`zerocarb executions`, `zerocarb status`)"
                              : "");
  case CURLE_OUT_OF_MEMORY:
    return zc_error_set(error, ZC_ENOMEM, "no memory for the request");
  default:
    return zc_error_set(error, ZC_EREMOTE, "the engine on %s: %s", socket, message);
  }
}

int zc_client_request(const char *state_dir, const char *method, const char *path, zc_buffer *to,
                      int *ret_status, zc_error *error) {
  char socket[256], message[CURL_ERROR_SIZE] = "";
  int status = zc_control_path(state_dir, socket, sizeof socket, error);
  if (status != ZC_OK) return status;
  zc_buffer url;
  zc_buffer_init(&url, 8192);
  zc_buffer_printf(&url, "http://engine%s", path);
  CURL *curl = url.status == ZC_OK ? curl_easy_init() : NULL;
  CURLcode code = CURLE_OUT_OF_MEMORY;
  if (curl && set_options(curl, socket, method, url.data, to, message)) {
    code = curl_easy_perform(curl);
  }
  long answered = 0;
  if (code == CURLE_OK) code = curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answered);
  curl_easy_cleanup(curl);
  zc_buffer_finish(&url);
  bool asked = strcmp(method, "POST") == 0;
  if (code != CURLE_OK) return explain(code, socket, asked, message, error);
  *ret_status = (int)answered;
  return ZC_OK;
}

const char *zc_client_error(const zc_buffer *answer, int http_status, char *text, size_t size) {
  zc_json *json;
  snprintf(text, size, "the engine answers with HTTP status %d", http_status);
  if (answer->length == 0 || zc_json_parse(answer->data, answer->length, &json) != ZC_OK) {
    return text;
  }
  const char *sentence = zc_json_get_text(json, "error");
  if (sentence) zc_copy_text(text, size, sentence);
  zc_json_free(json);
  return text;
}
