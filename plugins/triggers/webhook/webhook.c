/* webhook - starts a run by a signed POST, and asks a URL how it goes.
 *
 * Every attempt at a run has the same webhook-id and the same body. A receiver that takes an id
 * once only (`deduplicates`) may be sent it again after an answer that got lost; with any other the
 * run is left to a person. */
#include "webhook.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX         1048576
#define WORD_MAX           100
#define RETRY_AFTER_DIGITS 9

typedef struct webhook webhook;

/* One operation; it lives until that is finished, or cancelled. */
typedef struct task {
  struct task *next, **link;
  webhook *owner;
  zc_op *op;
  const zc_config *config; /* the pipeline's: lives as long as the engine */
  char execution_id[64];
  bool again; /* sent once more after an answer that got lost */
} task;

struct webhook {
  const zc_host *host;
  zc_self *self;
  task *tasks;
};

/* ---- tasks ---- */

static task *make_task(webhook *self, const zc_run *run, zc_op *op) {
  task *made = calloc(1, sizeof *made);
  if (!made) return NULL;
  made->owner = self;
  made->op = op;
  made->config = run->config;
  snprintf(made->execution_id, sizeof made->execution_id, "%s", run->execution_id);
  made->next = self->tasks;
  made->link = &self->tasks;
  if (made->next) made->next->link = &made->next;
  self->tasks = made;
  return made;
}

static void free_task(task *it) {
  *it->link = it->next;
  if (it->next) it->next->link = it->link;
  free(it);
}

static void end(task *it, int error, const char *message) {
  const zc_host *host = it->owner->host;
  zc_op *op = it->op;
  free_task(it);
  host->done(op, error, message);
}

/* ---- sending ---- */

static uint32_t timeout_of(const zc_host *host, const zc_config *config) {
  return (uint32_t)host->integer(config, "timeout");
}

static int send_request(task *it, const char *method, const char *url,
                        const zc_webhook_headers *headers, const char *body, size_t length,
                        void (*callback)(void *user, zc_op *op, const zc_http_response *response)) {
  const zc_host *host = it->owner->host;
  const zc_http_request request = {.size = sizeof request,
                                   .timeout_ms = timeout_of(host, it->config),
                                   .max_body = ANSWER_MAX,
                                   .max_attempts = 1,
                                   .n_headers = headers->n,
                                   .method = method,
                                   .url = url,
                                   .headers = (const char *const *)headers->lines,
                                   .body = body,
                                   .body_length = length};
  return host->http(it->op, &request, callback, it);
}

static int add_signature(task *it, zc_webhook_headers *headers, const char *body, size_t length,
                         char *message, size_t size) {
  const zc_host *host = it->owner->host;
  const char *secret = host->text(it->config, "secret");
  char signatures[ZC_WEBHOOK_SIGNATURES], stamp[24];
  int64_t seconds = host->now(it->owner->self) / 1000;
  snprintf(stamp, sizeof stamp, "%" PRId64, seconds);
  int status = zc_webhook_headers_add(headers, "webhook-id", it->execution_id);
  if (status == ZC_OK) status = zc_webhook_headers_add(headers, "webhook-timestamp", stamp);
  if (status != ZC_OK || !secret) return status;
  status = zc_webhook_sign(secret, it->execution_id, seconds, body, length, signatures,
                           sizeof signatures, message, size);
  if (status == ZC_OK) status = zc_webhook_headers_add(headers, "webhook-signature", signatures);
  return status;
}

static int add_content_type(task *it, zc_webhook_headers *headers) {
  const zc_host *host = it->owner->host;
  const char *type = host->text(it->config, "content_type");
  if (!type)
    type = host->has(it->config, "body") ? "application/json" : "application/cloudevents+json";
  return zc_webhook_headers_add(headers, "Content-Type", type);
}

/* ---- the start ---- */

static bool takes_an_id_once(const zc_host *host, const zc_config *config) {
  if (host->has(config, "deduplicates")) return host->integer(config, "deduplicates") != 0;
  return !host->has(config, "body");
}

/* The id under which the receiver knows the run; false where its answer has none. */
static bool remote_id_of(const task *it, const zc_http_response *response, char *to, size_t size) {
  const zc_host *host = it->owner->host;
  const char *path = host->text(it->config, "remote_id_path");
  if (path)
    return zc_webhook_value(host, response->json, path, to, size) && zc_webhook_is_segment(to);
  snprintf(to, size, "%s", it->execution_id);
  return true;
}

static void accepted(task *it, const zc_http_response *response) {
  const zc_host *host = it->owner->host;
  char id[ZC_WEBHOOK_ID_MAX];
  if (!remote_id_of(it, response, id, sizeof id)) {
    end(it, ZC_EUNKNOWN, "the receiver took it, but its answer has no proper id at remote_id_path");
    return;
  }
  host->run_started(it->op, id);
  if (!host->has(it->config, "status_url"))
    host->run_status(it->op, ZC_RUN_SUCCEEDED, "accepted by the receiver");
  end(it, ZC_OK, NULL);
}

/* Seconds, as receivers send it; a date is not read. */
static void pass_on_wait(const task *it, zc_op *op, const zc_http_response *response) {
  const zc_host *host = it->owner->host;
  const char *value = host->http_header(response, "Retry-After");
  if (response->error != ZC_OK || !value || !ZC_HAS(zc_host, host, retry_after)) return;
  size_t n = strspn(value, "0123456789");
  if (n == 0 || n > RETRY_AFTER_DIGITS || value[n] != '\0') return;
  host->retry_after(op, strtoll(value, NULL, 10) * 1000);
}

static void start_answered(void *user, zc_op *op, const zc_http_response *response) {
  task *it = user;
  char message[ZC_WEBHOOK_MESSAGE_MAX];
  int error = zc_webhook_start_error(response);
  if (error == ZC_OK) {
    accepted(it, response);
    return;
  }
  pass_on_wait(it, op, response);
  if (it->again && error == ZC_EUNKNOWN) error = ZC_EREMOTE; /* the next look-up sends it again */
  snprintf(message, sizeof message, "%s%.300s", response->status == 410 ? "gone for good: " : "",
           response->message);
  end(it, error, message);
}

static int post(task *it, const zc_run *run, char *message, size_t size) {
  const zc_host *host = it->owner->host;
  zc_webhook_headers headers;
  char url[ZC_WEBHOOK_URL_MAX];
  size_t length = 0;
  snprintf(message, size, "no memory, or the url, the body or a header is not well-formed");
  int status = zc_webhook_url(host, run, host->text(run->config, "url"), url, sizeof url);
  if (status != ZC_OK) return status;
  char *body = zc_webhook_body(host, run, &length);
  if (!body) return ZC_ENOMEM;
  status = zc_webhook_headers_init(&headers, host, run->config, message, size);
  if (status == ZC_OK) {
    status = add_content_type(it, &headers);
    if (status == ZC_OK) status = add_signature(it, &headers, body, length, message, size);
    if (status == ZC_OK)
      status = send_request(it, "POST", url, &headers, body, length, start_answered);
    zc_webhook_headers_finish(&headers);
  }
  free(body);
  return status;
}

static int begin_post(webhook *self, const zc_run *run, zc_op *op, bool again) {
  char message[ZC_WEBHOOK_MESSAGE_MAX];
  task *it = make_task(self, run, op);
  if (!it) return ZC_ENOMEM;
  it->again = again;
  int status = post(it, run, message, sizeof message);
  if (status != ZC_OK) end(it, status, message);
  return ZC_OK;
}

static int start(void *state, const zc_run *run, zc_op *op) {
  return begin_post(state, run, op, false);
}

/* Whether it was started: who takes an id once tells by taking it once more. */
static int find(void *state, const zc_run *run, zc_op *op) {
  webhook *self = state;
  if (takes_an_id_once(self->host, run->config)) return begin_post(self, run, op, true);
  self->host->done(op, ZC_EUNKNOWN,
                   "the answer to the start was lost, and this receiver may start it twice where "
                   "it is sent again (deduplicates: false)");
  return ZC_OK;
}

/* ---- its status ---- */

static void status_answered(void *user, zc_op *op, const zc_http_response *response) {
  task *it = user;
  const zc_host *host = it->owner->host;
  char word[WORD_MAX], message[ZC_WEBHOOK_MESSAGE_MAX];
  if (response->error != ZC_OK || response->status / 100 != 2) {
    snprintf(message, sizeof message, "status_url: %.300s", response->message);
    end(it, response->error != ZC_OK ? response->error : ZC_EREMOTE, message);
    return;
  }
  if (!response->json) {
    end(it, ZC_EDATA, "status_url: the answer is no JSON");
    return;
  }
  int status = zc_webhook_judge(host, it->config, response->json, word, sizeof word);
  for (char *c = word; *c; c++)
    if (*c == '\n' || *c == '\r') *c = ' ';
  host->run_status(op, status, word);
  end(it, ZC_OK, NULL);
}

static int ask_status(task *it, const zc_run *run, char *message, size_t size) {
  const zc_host *host = it->owner->host;
  zc_webhook_headers headers;
  char url[ZC_WEBHOOK_URL_MAX];
  snprintf(message, size, "no memory, or status_url or a header is not well-formed");
  int status = zc_webhook_url(host, run, host->text(run->config, "status_url"), url, sizeof url);
  if (status == ZC_OK) status = zc_webhook_headers_init(&headers, host, run->config, message, size);
  if (status != ZC_OK) return status;
  status = send_request(it, "GET", url, &headers, NULL, 0, status_answered);
  zc_webhook_headers_finish(&headers);
  return status;
}

static int poll(void *state, const zc_run *run, zc_op *op) {
  webhook *self = state;
  char message[ZC_WEBHOOK_MESSAGE_MAX];
  if (!self->host->has(run->config, "status_url")) {
    self->host->run_status(op, ZC_RUN_SUCCEEDED, "accepted by the receiver");
    self->host->done(op, ZC_OK, NULL);
    return ZC_OK;
  }
  task *it = make_task(self, run, op);
  if (!it) return ZC_ENOMEM;
  int status = ask_status(it, run, message, sizeof message);
  if (status != ZC_OK) end(it, status, message);
  return ZC_OK;
}

/* ---- the contract ---- */

static void cancel(void *state, zc_op *op) {
  webhook *self = state;
  for (task *next, *it = self->tasks; it; it = next) {
    next = it->next;
    if (it->op == op) free_task(it);
  }
}

static int create(const zc_host *host, zc_self *handle, const zc_config *config, void **ret_state) {
  (void)config;
  webhook *self = calloc(1, sizeof *self);
  if (!self) return ZC_ENOMEM;
  self->host = host;
  self->self = handle;
  *ret_state = self;
  return ZC_OK;
}

static void destroy(void *state) {
  webhook *self = state;
  for (task *next, *it = self->tasks; it; it = next) {
    next = it->next;
    free_task(it);
  }
  free(self);
}

/* With everything but the run, which is not there yet. */
static int check(void *state, const zc_config *config, const char *const *regions,
                 uint32_t n_regions, char *text, size_t size) {
  const zc_host *host = ((webhook *)state)->host;
  const char *secret = host->text(config, "secret");
  char signatures[ZC_WEBHOOK_SIGNATURES];
  zc_webhook_headers headers;
  (void)regions, (void)n_regions;
  snprintf(text, size, "no memory");
  int status = zc_webhook_headers_init(&headers, host, config, text, size);
  if (status != ZC_OK) return status;
  zc_webhook_headers_finish(&headers);
  status = zc_webhook_check_url(host, config, "url", text, size);
  if (status == ZC_OK) status = zc_webhook_check_url(host, config, "status_url", text, size);
  if (status != ZC_OK || !secret) return status;
  return zc_webhook_sign(secret, "", 0, "", 0, signatures, sizeof signatures, text, size);
}

static const zc_trigger_ops ops = {.size = sizeof ops,
                                   .idempotency = ZC_IDEMPOTENCY_LOOKUP,
                                   .poll_ms = 15000,
                                   .start = start,
                                   .poll = poll,
                                   .find = find,
                                   .cancel = cancel,
                                   .check = check};

static const zc_option options[] = {
    {"url", ZC_URL, ZC_REQUIRED, NULL, NULL,
     "Where the start is posted; {region}, {pipeline}, {execution_id} and the like are filled in."},
    {"secret", ZC_STRING, ZC_SECRET, NULL, NULL,
     "whsec_ and 24 to 64 bytes in base64: signs as Standard Webhooks has it; several, parted by "
     "blanks, while keys are changed."},
    {"authorization", ZC_STRING, ZC_SECRET, NULL, NULL,
     "The Authorization header, for the start and for status_url."},
    {"headers", ZC_STRING_LIST, ZC_SECRET_VALUES, NULL, NULL,
     "\"Name: value\", more headers for the start and for status_url."},
    {"body", ZC_STRING, 0, NULL, NULL,
     "What is sent instead of a CloudEvent; {execution_id}, {region}, {decision} and the like are "
     "filled in, escaped for JSON."},
    {"content_type", ZC_STRING, 0, NULL, NULL,
     "The body's type; by default application/json, and application/cloudevents+json without "
     "body."},
    {"deduplicates", ZC_BOOLEAN, 0, NULL, NULL,
     "Whether the receiver takes a webhook-id once only, so that a start may be sent again after "
     "its answer got lost; by default true, and false with body."},
    {"timeout", ZC_DURATION, 0, "20s", "1s..50s", "How long the receiver has to answer."},
    {"remote_id_path", ZC_STRING, 0, NULL, NULL,
     "Where the start's JSON answer has the run's id, keys joined by '/'; by default ours is "
     "used."},
    {"status_url", ZC_URL, 0, NULL, NULL,
     "Where to ask how the run goes, {remote_id} and {execution_id} filled in; without it a run "
     "has succeeded once it is accepted."},
    {"status_path", ZC_STRING, 0, "status", NULL,
     "Where that JSON answer has the state, keys joined by '/'."},
    {"success_values", ZC_STRING_LIST, 0, "[success]", NULL, "States of a run that succeeded."},
    {"failure_values", ZC_STRING_LIST, 0, "[failure, failed, error]", NULL,
     "States of a run that failed."},
    {"cancelled_values", ZC_STRING_LIST, 0, "[cancelled, canceled]", NULL,
     "States of a run that was cancelled; in any other state it goes on."},
};

static const zc_plugin plugin = {.size = sizeof plugin,
                                 .abi_major = ZC_ABI_MAJOR,
                                 .abi_minor = ZC_ABI_MINOR,
                                 .kind = ZC_TRIGGER,
                                 .option_size = sizeof(zc_option),
                                 .name = "webhook",
                                 .version = "1.0.0",
                                 .summary = "Starts a run by a signed HTTP request",
                                 .options = options,
                                 .n_options = sizeof options / sizeof *options,
                                 .create = create,
                                 .destroy = destroy,
                                 .ops = &ops};

ZC_DEFINE_PLUGIN(webhook, plugin)
