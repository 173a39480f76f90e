/* What came back: headers, body, and the callback with both. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/base/json.h"
#include "core/base/log.h"
#include "core/base/text.h"
#include "core/io/http_private.h"

#define QUOTED_BYTES 120

typedef struct {
  zc_http_response response; /* the first member: callers hand its address back */
  const zc_buffer *headers;
} answer;

/* ---- receiving ----------------------------------------------------------------------------- */

static bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0';
}

size_t zc_http_receive_header(char *bytes, size_t size, size_t n, void *user) {
  zc_http_transfer *transfer = user;
  const size_t all = size * n;
  if (all >= 5 && memcmp(bytes, "HTTP/", 5) == 0) {
    zc_buffer_clear(&transfer->headers); /* what came before belongs to a "100 Continue" */
    transfer->headers_ended = false;
    return all;
  }
  size_t length = all;
  while (length > 0 && is_blank(bytes[length - 1]))
    length--;
  if (length == 0) {
    transfer->headers_ended = true;
    return all;
  }
  zc_buffer_add(&transfer->headers, bytes, length);
  return zc_buffer_char(&transfer->headers, '\0') == ZC_OK ? all : 0;
}

size_t zc_http_receive_body(char *bytes, size_t size, size_t n, void *user) {
  zc_http_transfer *transfer = user;
  return zc_buffer_add(&transfer->body, bytes, size * n) == ZC_OK ? size * n : 0;
}

/* ---- asking -------------------------------------------------------------------------------- */

const char *zc_http_find_header(const zc_buffer *headers, const char *name) {
  const size_t n = strlen(name);
  const char *found = NULL;
  for (size_t i = 0; i < headers->length; i += strlen(headers->data + i) + 1) {
    const char *line = headers->data + i;
    if (strncasecmp(line, name, n) == 0 && line[n] == ':') found = line + n + 1;
  }
  return found ? found + strspn(found, " \t") : NULL;
}

const char *zc_http_header_of(const zc_http_response *response, const char *name) {
  const answer *whole = (const answer *)(const void *)response;
  if (!whole) return NULL;
  return zc_http_find_header(whole->headers, name);
}

void zc_http_quote_body(const zc_buffer *body, char *text, size_t size) {
  text[0] = '\0';
  if (body->length == 0) return;
  char cut[QUOTED_BYTES + 1];
  zc_copy_text(cut, sizeof cut, body->data);
  bool whole = strlen(cut) == body->length;
  zc_log_redact(cut);
  zc_make_printable(cut, ' ');
  snprintf(text, size, "%s%s", cut, whole ? "" : "…");
}

/* ---- calling back -------------------------------------------------------------------------- */

/* The body as JSON; NULL, and the message says why, where it is none. */
static zc_json *read_json(zc_http_transfer *transfer) {
  zc_http_outcome *outcome = &transfer->outcome;
  const zc_buffer *body = &transfer->body;
  const char *host = transfer->order.host;
  zc_json *json = NULL;
  char fault[100];
  if (outcome->error != ZC_OK || body->length == 0) return NULL;
  int status = zc_json_parse(body->data, body->length, &json);
  if (status == ZC_ENOMEM) {
    outcome->error = ZC_ENOMEM;
    snprintf(outcome->message, sizeof outcome->message, "%.200s: no memory to read the answer",
             host);
  } else if (status != ZC_OK && outcome->status < 300) { /* others are errors in themselves */
    size_t used = strlen(outcome->message);
    zc_json_fault(body->data, body->length, fault, sizeof fault);
    snprintf(outcome->message + used, sizeof outcome->message - used, "; the answer is no JSON: %s",
             fault);
  }
  return json;
}

void zc_http_call_back(zc_http_transfer *transfer) {
  zc_http_outcome *outcome = &transfer->outcome;
  const bool answered = outcome->error == ZC_OK;
  zc_json *json = read_json(transfer);
  answer whole = {
      .response = {.size = sizeof whole.response,
                   .error = outcome->error,
                   .status = outcome->status,
                   .attempts = transfer->attempts,
                   .latency_ms = outcome->latency_ms,
                   .sent = outcome->sent,
                   .message = outcome->message,
                   .body = answered && transfer->body.data ? transfer->body.data : "",
                   .length = answered ? transfer->body.length : 0,
                   .json = json},
      .headers = &transfer->headers,
  };
  zc_loop_watch begun = zc_loop_watch_begin();
  transfer->callback(transfer->user, &whole.response);
  zc_loop_watch_end(transfer->http->loop, begun, transfer->owner, "http");
  zc_json_free(json);
}
