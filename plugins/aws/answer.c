/* What an answer means: its error's code and class, and a message without secrets. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "aws_private.h"

#define CODE_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
#define QUOTED_BYTES 120
#define SKEW_MS      (INT64_C(4) * 60000) /* AWS takes five minutes */

/* ---- codes ---- */

typedef struct {
  const char *code;
  zc_aws_class kind;
} known_code;

static const known_code codes[] = {
    {"ProvisionedThroughputExceededException", ZC_AWS_THROTTLED},
    {"ThrottlingException", ZC_AWS_THROTTLED},
    {"ThrottledException", ZC_AWS_THROTTLED},
    {"Throttling", ZC_AWS_THROTTLED},
    {"RequestLimitExceeded", ZC_AWS_THROTTLED},
    {"TooManyRequestsException", ZC_AWS_THROTTLED},
    {"RequestThrottled", ZC_AWS_THROTTLED},
    {"RequestThrottledException", ZC_AWS_THROTTLED},
    {"BandwidthLimitExceeded", ZC_AWS_THROTTLED},
    {"SlowDown", ZC_AWS_THROTTLED},
    {"InternalServerError", ZC_AWS_TRANSIENT},
    {"InternalFailure", ZC_AWS_TRANSIENT},
    {"ServiceUnavailable", ZC_AWS_TRANSIENT},
    {"ServiceUnavailableException", ZC_AWS_TRANSIENT},
    {"RequestTimeout", ZC_AWS_TRANSIENT},
    {"RequestTimeoutException", ZC_AWS_TRANSIENT},
    {"PriorRequestNotComplete", ZC_AWS_TRANSIENT},
    {"ReplicatedWriteConflictException", ZC_AWS_TRANSIENT},
    {"ExpiredToken", ZC_AWS_CREDENTIALS},
    {"ExpiredTokenException", ZC_AWS_CREDENTIALS},
    {"UnrecognizedClientException", ZC_AWS_CREDENTIALS},
    {"InvalidClientTokenId", ZC_AWS_CREDENTIALS},
    {"InvalidSignatureException", ZC_AWS_CREDENTIALS},
    {"SignatureDoesNotMatch", ZC_AWS_CREDENTIALS},
    {"InvalidToken", ZC_AWS_CREDENTIALS},
    {"AuthFailure", ZC_AWS_CREDENTIALS},
    {"RequestExpired", ZC_AWS_CLOCK},
    {"RequestTimeTooSkewed", ZC_AWS_CLOCK},
    {"RequestInTheFuture", ZC_AWS_CLOCK},
    {"ConflictException", ZC_AWS_CONFLICT},
    {"ConcurrentModificationException", ZC_AWS_CONFLICT},
    {"ConcurrentPipelineExecutionsLimitExceededException", ZC_AWS_CONFLICT},
    {"LimitExceededException", ZC_AWS_CONFLICT},
    {"ResourceInUseException", ZC_AWS_CONFLICT},
    {"TransactionConflictException", ZC_AWS_CONFLICT},
    {"TransactionInProgressException", ZC_AWS_CONFLICT},
    {"ResourceNotFoundException", ZC_AWS_NOT_FOUND},
    {"TableNotFoundException", ZC_AWS_NOT_FOUND},
    {"PipelineNotFoundException", ZC_AWS_NOT_FOUND},
    {"PipelineExecutionNotFoundException", ZC_AWS_NOT_FOUND},
};

static zc_aws_class class_of(const char *code, int status) {
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
    if (strcmp(codes[i].code, code) == 0) return codes[i].kind;
  }
  if (status == 429) return ZC_AWS_THROTTLED;
  return status >= 500 ? ZC_AWS_TRANSIENT : ZC_AWS_REFUSED;
}

static const char *text_at(const zc_host *host, const zc_json *json, const char *name) {
  const char *text = NULL;
  const zc_json *found = json ? host->json_at(json, name) : NULL;
  return found && host->json_text(found, &text, NULL) == ZC_OK ? text : NULL;
}

/* "com.amazonaws.dynamodb.v20120810#Name:http://…" -> "Name" */
static void read_code(const zc_host *host, const zc_http_response *response, char *code,
                      size_t size) {
  const char *found = text_at(host, response->json, "__type");
  if (!found) found = host->http_header(response, "x-amzn-errortype");
  if (!found) found = text_at(host, response->json, "code");
  code[0] = '\0';
  if (!found) return;
  char text[256];
  snprintf(text, sizeof text, "%.*s", (int)strcspn(found, ":"), found);
  const char *hash = strrchr(text, '#');
  const char *name = hash ? hash + 1 : text;
  snprintf(code, size, "%.*s", (int)strspn(name, CODE_LETTERS), name);
}

/* ---- messages ---- */

/* Overwrites each place where a secret stands. */
static void redact(char *text, const char *secret) {
  size_t n = secret ? strlen(secret) : 0;
  if (n < 4) return;
  for (char *at = text; (at = strstr(at, secret)); at += n)
    memset(at, '*', n);
}

/* The beginning of a text from outside, without secrets, on one line. */
static void quote(const zc_aws *aws, const char *text, char *to, size_t size) {
  to[0] = '\0';
  char *copy = strdup(text);
  if (!copy) return;
  redact(copy, aws->keys.secret);
  redact(copy, aws->keys.token);
  redact(copy, aws->keys.id);
  copy[strcspn(copy, "\n\r")] = '\0';
  for (char *c = copy; *c; c++) {
    if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f) *c = '?';
  }
  snprintf(to, size, "%.*s", QUOTED_BYTES, copy);
  free(copy);
}

static const char *message_at(const zc_host *host, const zc_json *json) {
  const char *text = text_at(host, json, "message");
  if (!text) text = text_at(host, json, "Message");
  return text ? text : text_at(host, json, "errorMessage");
}

/* ---- the clock ---- */

/* "…20260102T030405Z…" -> ms; false where there is none. */
static bool compact_time(const zc_host *host, const char *text, zc_time *ret) {
  for (const char *at = strchr(text, 'T'); at; at = strchr(at + 1, 'T')) {
    char time[24];
    if (at - text < 8 || strspn(at + 1, "0123456789") < 6) continue;
    const char *d = at - 8;
    snprintf(time, sizeof time, "%.4s-%.2s-%.2sT%.2s:%.2s:%.2sZ", d, d + 4, d + 6, at + 1, at + 3,
             at + 5);
    if (host->time_parse(time, ret) == ZC_OK) return true;
  }
  return false;
}

/* The remote's own time; false where its Date cannot be read. */
static bool remote_time(const zc_host *host, const zc_http_response *response, zc_time *ret) {
  static const char *const months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const char *date = host->http_header(response, "Date");
  char month[4], time[32];
  int day, year, hour, minute, second;
  if (!date || sscanf(date, "%*3s, %2d %3s %4d %2d:%2d:%2d", &day, month, &year, &hour, &minute,
                      &second) != 6)
    return false;
  const char *found = strstr(months, month);
  if (!found || strlen(month) != 3 || day < 0 || year < 0 || hour < 0 || minute < 0 || second < 0)
    return false;
  snprintf(time, sizeof time, "%04d-%02d-%02dT%02d:%02d:%02dZ", year % 10000,
           (int)(found - months) / 3 + 1, day % 100, hour % 100, minute % 100, second % 100);
  return host->time_parse(time, ret) == ZC_OK;
}

/* How far our clock, as the request was signed with it, is ahead; in ms, 0 where it is not known.
 */
static int64_t skew_of(const zc_aws *aws, const zc_http_response *response, const char *text) {
  zc_time ours, theirs;
  if (!remote_time(aws->host, response, &theirs)) return 0;
  if (!compact_time(aws->host, text, &ours)) ours = aws->host->now(aws->self);
  return ours - theirs;
}

static bool speaks_of_time(const char *text) {
  return strstr(text, "Signature expired") || strstr(text, "Signature not yet current");
}

static void say_skew(const char *host, int64_t skew, zc_aws_scratch *scratch) {
  char by[48] = "";
  int64_t s = (skew < 0 ? -skew : skew) / 1000;
  if (skew != 0)
    snprintf(by, sizeof by, ": it is %lld s %s", (long long)s, skew < 0 ? "slow" : "fast");
  snprintf(scratch->message, sizeof scratch->message,
           "%.80s: %.60s: this machine's clock is off%s; set it (NTP)", host, scratch->code, by);
}

/* ---- judging ---- */

static void judge_error(const zc_aws *aws, const zc_http_response *response, const char *host,
                        zc_aws_scratch *scratch, zc_aws_answer *answer) {
  const char *said = message_at(aws->host, response->json);
  const char *text = said ? said : "";
  read_code(aws->host, response, scratch->code, sizeof scratch->code);
  answer->kind = class_of(scratch->code, response->status);
  bool signature = answer->kind == ZC_AWS_CREDENTIALS || answer->kind == ZC_AWS_CLOCK;
  int64_t skew = signature ? skew_of(aws, response, text) : 0;
  bool by_code = strcmp(scratch->code, "InvalidSignatureException") == 0 ||
                 strcmp(scratch->code, "SignatureDoesNotMatch") == 0;
  if (answer->kind == ZC_AWS_CLOCK || (by_code && speaks_of_time(text)) ||
      (by_code && !said && (skew > SKEW_MS || skew < -SKEW_MS))) {
    answer->kind = ZC_AWS_CLOCK;
    say_skew(host, skew, scratch);
    return;
  }
  char quoted[QUOTED_BYTES + 1] = "";
  /* What is said of a signature holds the request as it was signed, the session's token in it. */
  if (!by_code) quote(aws, said ? said : response->body, quoted, sizeof quoted);
  snprintf(scratch->message, sizeof scratch->message, "%.80s: HTTP %d%s%.64s%s%s", host,
           (int)response->status, scratch->code[0] ? ": " : "", scratch->code,
           quoted[0] ? ": " : "", quoted);
}

/* Whether the body is what its checksum says; true where there is none. */
static bool is_whole(const zc_host *host, const zc_http_response *response) {
  const char *value = host->http_header(response, "x-amz-crc32");
  char *end;
  if (!value || !isdigit((unsigned char)*value)) return true;
  unsigned long long wanted = strtoull(value, &end, 10);
  return wanted == zc_aws_crc32(response->body, response->length);
}

static int64_t retry_after(const zc_host *host, const zc_http_response *response) {
  const char *ms = host->http_header(response, "x-amz-retry-after");
  const char *s = host->http_header(response, "Retry-After");
  const char *value = ms ? ms : s;
  if (!value || !isdigit((unsigned char)*value)) return 0;
  long long n = strtoll(value, NULL, 10);
  if (n > 86400000) n = 86400000;
  return ms ? n : n * 1000;
}

zc_aws_answer zc_aws_judge(const zc_aws *aws, const zc_aws_pending *pending,
                           const zc_http_response *response, zc_aws_scratch *scratch) {
  zc_aws_answer answer = {.kind = ZC_AWS_FINE,
                          .status = response->status,
                          .sent = response->sent,
                          .code = scratch->code,
                          .message = scratch->message,
                          .json = response->json,
                          .body = response->body,
                          .length = response->length};
  char host[128] = "";
  const zc_aws_call *call = &pending->call;
  for (size_t i = 0; i < aws->n_endpoints; i++) {
    const zc_aws_known_endpoint *known = &aws->endpoints[i];
    if (strcmp(known->service, call->service) == 0 && strcmp(known->region, call->region) == 0)
      zc_aws_host_of(known->url, host, sizeof host);
  }
  scratch->code[0] = '\0';
  snprintf(scratch->message, sizeof scratch->message, "%.250s", response->message);
  if (response->error != ZC_OK) {
    answer.kind = ZC_AWS_TRANSIENT;
  } else if (response->status / 100 != 2) {
    answer.retry_after_ms = retry_after(aws->host, response);
    judge_error(aws, response, host, scratch, &answer);
  } else if (call->check_crc32 && !is_whole(aws->host, response)) {
    answer.kind = ZC_AWS_TRANSIENT;
    snprintf(scratch->message, sizeof scratch->message,
             "%.80s: the answer does not match its x-amz-crc32", host);
  } else if (aws->host->json_type(response->json) != ZC_JSON_OBJECT) {
    answer.kind = ZC_AWS_TRANSIENT;
    snprintf(scratch->message, sizeof scratch->message,
             "%.80s: HTTP %d, but the answer is no JSON object, as AWS's always are", host,
             (int)response->status);
  }
  return answer;
}
