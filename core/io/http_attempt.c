/* One attempt at a request: what curl is told, and what its end means. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/io/http_private.h"
#include "core/io/http_retry.h"

/* ---- what curl is told --------------------------------------------------------------------- */

#define SET(option, value)                                                                         \
  if (code == CURLE_OK) code = curl_easy_setopt(easy, CURLOPT_##option, value)

static CURLcode set_manners(CURL *easy, const zc_http *http) {
  const char *authorities = getenv("SSL_CERT_FILE");
  CURLcode code = CURLE_OK;
  SET(NOSIGNAL, 1L);
  SET(PROTOCOLS_STR, "http,https");
  SET(HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  SET(FOLLOWLOCATION, 0L);
  SET(USERAGENT, "zerocarb/" ZC_VERSION);
  SET(EXPECT_100_TIMEOUT_MS, 1L);
  SET(SUPPRESS_CONNECT_HEADERS, 1L);
  SET(QUICK_EXIT, 1L); /* or a removal would wait for getaddrinfo() to come back */
  SET(NOPROXY, http->no_proxy.data);
  if (authorities && *authorities) SET(CAINFO, authorities);
  return code;
}

static CURLcode set_request(CURL *easy, const zc_http_order *order) {
  const char *method = order->method;
  bool changes = strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0 ||
                 strcmp(method, "PATCH") == 0; /* these say Content-Length: 0, too */
  CURLcode code = CURLE_OK;
  SET(URL, order->url);
  SET(HTTPHEADER, order->headers);
  if (order->body || changes) {
    SET(POST, 1L);
    SET(POSTFIELDSIZE_LARGE, (curl_off_t)order->body_length);
    SET(POSTFIELDS, order->body ? order->body : "");
    SET(CUSTOMREQUEST, method);
  } else if (strcmp(method, "HEAD") == 0) {
    SET(NOBODY, 1L);
  } else {
    SET(HTTPGET, 1L);
    SET(CUSTOMREQUEST, method);
  }
  if (order->sigv4) {
    SET(AWS_SIGV4, order->sigv4);
    SET(USERNAME, order->access_key);
    SET(PASSWORD, order->secret_key);
  }
  if (order->once) SET(FRESH_CONNECT, 1L);
  return code;
}

static CURLcode set_answer(CURL *easy, zc_http_transfer *transfer) {
  CURLcode code = CURLE_OK;
  SET(PRIVATE, transfer);
  SET(ERRORBUFFER, transfer->detail);
  SET(HEADERFUNCTION, zc_http_receive_header);
  SET(HEADERDATA, transfer);
  SET(WRITEFUNCTION, zc_http_receive_body);
  SET(WRITEDATA, transfer);
  SET(TIMEOUT_MS, (long)transfer->attempt_ms);
  return code;
}

static int64_t time_limit(const zc_http_transfer *transfer) {
  int64_t left = transfer->deadline - zc_clock_elapsed(zc_loop_clock(transfer->http->loop));
  int64_t limit = transfer->order.timeout_ms;
  if (left < limit) limit = left;
  return limit > 0 ? limit : 1;
}

static CURL *take_handle(zc_http *http) {
  return http->n_spare > 0 ? http->spare[--http->n_spare] : curl_easy_init();
}

static void give_handle_back(zc_http *http, CURL *easy) {
  if (http->n_spare < ZC_HTTP_MAX_SPARE) {
    curl_easy_reset(easy); /* keeps its memory */
    http->spare[http->n_spare++] = easy;
  } else {
    curl_easy_cleanup(easy);
  }
}

int zc_http_attempt_begin(zc_http_transfer *transfer) {
  zc_http *http = transfer->http;
  zc_http_attempt_clear(transfer);
  transfer->attempt_ms = time_limit(transfer);
  transfer->attempts++;
  CURL *easy = take_handle(http);
  if (!easy) return ZC_ENOMEM;
  CURLcode code = set_manners(easy, http);
  if (code == CURLE_OK) code = set_request(easy, &transfer->order);
  if (code == CURLE_OK) code = set_answer(easy, transfer);
  if (code != CURLE_OK || curl_multi_add_handle(http->multi, easy) != CURLM_OK) {
    give_handle_back(http, easy);
    return ZC_ENOMEM;
  }
  transfer->easy = easy;
  zc_loop_enter(http->loop);
  return ZC_OK;
}

void zc_http_attempt_end(zc_http_transfer *transfer) {
  zc_http *http = transfer->http;
  curl_multi_remove_handle(http->multi, transfer->easy);
  give_handle_back(http, transfer->easy);
  transfer->easy = NULL;
  zc_loop_leave(http->loop);
}

void zc_http_attempt_clear(zc_http_transfer *transfer) {
  zc_buffer_finish(&transfer->headers);
  zc_buffer_finish(&transfer->body);
  zc_buffer_init(&transfer->headers, ZC_HTTP_MAX_HEADERS);
  zc_buffer_init(&transfer->body, transfer->order.max_body);
  transfer->detail[0] = '\0';
  transfer->unwatched = transfer->headers_ended = false;
  memset(&transfer->outcome, 0, sizeof transfer->outcome);
}

/* ---- what its end means -------------------------------------------------------------------- */

typedef struct {
  CURLcode code;
  int error;
  bool may_repeat;
  bool with_detail; /* curl's own words say more */
  const char *text;
} meaning;

static const meaning meanings[] = {
    {CURLE_COULDNT_RESOLVE_HOST, ZC_EREMOTE, true, false, "could not resolve the host's name"},
    {CURLE_COULDNT_RESOLVE_PROXY, ZC_EREMOTE, true, false, "could not resolve the proxy's name"},
    {CURLE_COULDNT_CONNECT, ZC_EREMOTE, true, false, "could not connect"},
    {CURLE_GOT_NOTHING, ZC_EREMOTE, true, false, "closed the connection without an answer"},
    {CURLE_SEND_ERROR, ZC_EREMOTE, true, true, "the connection broke"},
    {CURLE_RECV_ERROR, ZC_EREMOTE, true, true, "the connection broke"},
    {CURLE_PARTIAL_FILE, ZC_EREMOTE, true, false, "the answer broke off"},
    {CURLE_SSL_CONNECT_ERROR, ZC_EREMOTE, true, true, "no TLS connection"},
    {CURLE_PEER_FAILED_VERIFICATION, ZC_EREMOTE, false, true, "TLS refused"},
    {CURLE_UNSUPPORTED_PROTOCOL, ZC_EDATA, false, true, "the answer is not HTTP"},
    {CURLE_WEIRD_SERVER_REPLY, ZC_EDATA, false, true, "the answer is not HTTP"},
    {CURLE_BAD_CONTENT_ENCODING, ZC_EDATA, false, true, "the answer is not HTTP"},
    {CURLE_OUT_OF_MEMORY, ZC_ENOMEM, false, false, "no memory"},
    {CURLE_FAILED_INIT, ZC_ESYSTEM, true, false, "its socket could not be watched"},
};

static const meaning *find_meaning(CURLcode code) {
  static const meaning other = {CURLE_OK, ZC_EREMOTE, false, true, "the request failed"};
  for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++) {
    if (meanings[i].code == code) return &meanings[i];
  }
  return &other;
}

static void judge_answer(const zc_http_transfer *transfer, zc_http_outcome *outcome) {
  const char *host = transfer->order.host;
  char quote[160] = "";
  outcome->may_repeat = zc_http_is_transient(outcome->status);
  if (outcome->status >= 400) zc_http_quote_body(&transfer->body, quote, sizeof quote);
  snprintf(outcome->message, sizeof outcome->message, "%.200s: HTTP %d%s%s%s", host,
           outcome->status, outcome->status / 100 == 3 ? " (redirects are not followed)" : "",
           quote[0] ? ": " : "", quote);
}

static void judge_timeout(const zc_http_transfer *transfer, zc_http_outcome *outcome) {
  outcome->error = ZC_ETIMEDOUT;
  outcome->may_repeat = true;
  snprintf(outcome->message, sizeof outcome->message, "%.200s: no %s within %lld ms",
           transfer->order.host, outcome->sent ? "answer" : "connection",
           (long long)transfer->attempt_ms);
}

/* curl says "no memory" where a line of the headers grows beyond what it takes. */
static bool is_endless_line(const zc_http_transfer *transfer, CURLcode code) {
  curl_off_t begun_us = 0;
  curl_easy_getinfo(transfer->easy, CURLINFO_STARTTRANSFER_TIME_T, &begun_us);
  return code == CURLE_OUT_OF_MEMORY && begun_us > 0 && !transfer->headers_ended;
}

static void judge_endless_line(const zc_http_transfer *transfer, zc_http_outcome *outcome) {
  outcome->error = ZC_EDATA;
  snprintf(outcome->message, sizeof outcome->message, "%.200s: a header line is too long",
           transfer->order.host);
}

/* Our own receivers ended it. */
static void judge_excess(const zc_http_transfer *transfer, zc_http_outcome *outcome) {
  bool headers = transfer->headers.status != ZC_OK;
  const zc_buffer *buffer = headers ? &transfer->headers : &transfer->body;
  outcome->error = buffer->status;
  if (buffer->status == ZC_ENOMEM) {
    snprintf(outcome->message, sizeof outcome->message, "%.200s: no memory for the answer",
             transfer->order.host);
    return;
  }
  snprintf(outcome->message, sizeof outcome->message, "%.200s: answer%s over %zu bytes",
           transfer->order.host, headers ? "'s headers" : "", buffer->cap);
}

static void judge_failure(const zc_http_transfer *transfer, CURLcode code,
                          zc_http_outcome *outcome) {
  const meaning *found = find_meaning(code);
  long number = 0;
  curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &number);
  const char *detail = "";
  if (found->with_detail)
    detail = transfer->detail[0] ? transfer->detail : curl_easy_strerror(code);
  else if (number && code == CURLE_COULDNT_CONNECT)
    detail = strerror((int)number);
  outcome->error = found->error;
  outcome->may_repeat = found->may_repeat;
  snprintf(outcome->message, sizeof outcome->message, "%.200s: %s%s%.200s", transfer->order.host,
           found->text, detail[0] ? ": " : "", detail);
}

/* What curl ought to have said. */
static CURLcode correct(const zc_http_transfer *transfer, CURLcode code) {
  if (code == CURLE_OK && !transfer->headers_ended) return CURLE_PARTIAL_FILE;
  if (code == CURLE_RECV_ERROR && strstr(transfer->detail, "chunked-encoding"))
    return CURLE_WEIRD_SERVER_REPLY;
  return code;
}

void zc_http_attempt_judge(zc_http_transfer *transfer, CURLcode code) {
  code = correct(transfer, code);
  zc_http_outcome *outcome = &transfer->outcome;
  long status = 0, request_bytes = 0;
  curl_off_t took_us = 0, ready_us = 0;
  curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(transfer->easy, CURLINFO_REQUEST_SIZE, &request_bytes);
  curl_easy_getinfo(transfer->easy, CURLINFO_TOTAL_TIME_T, &took_us);
  curl_easy_getinfo(transfer->easy, CURLINFO_PRETRANSFER_TIME_T, &ready_us);
  memset(outcome, 0, sizeof *outcome);
  outcome->status = code == CURLE_OK ? (int)status : 0;
  /* The bytes of a CONNECT count too, but these reach the proxy alone: until the remote itself is
   * connected, nothing is ready to be transferred. */
  outcome->sent = request_bytes > 0 && ready_us > 0;
  outcome->latency_ms = (uint32_t)(took_us / 1000);
  if (code == CURLE_OK)
    judge_answer(transfer, outcome);
  else if (code == CURLE_OPERATION_TIMEDOUT)
    judge_timeout(transfer, outcome);
  else if (code == CURLE_WRITE_ERROR)
    judge_excess(transfer, outcome);
  else if (is_endless_line(transfer, code))
    judge_endless_line(transfer, outcome);
  else
    judge_failure(transfer, code, outcome);
}
