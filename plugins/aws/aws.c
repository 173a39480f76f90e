#include "aws.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws_private.h"
#include "profile.h"

#define HEADERS_MAX 3

/* ---- life ---- */

static int copy_text(char **to, const char *from) {
  *to = from && *from ? strdup(from) : NULL;
  return *to || !from || !*from ? ZC_OK : ZC_ENOMEM;
}

int zc_aws_create(const zc_host *host, zc_self *self, const zc_aws_settings *settings,
                  zc_aws **ret) {
  zc_aws *aws = calloc(1, sizeof *aws);
  if (!aws) return ZC_ENOMEM;
  aws->host = host;
  aws->self = self;
  if (copy_text(&aws->profile, settings->profile) != ZC_OK ||
      copy_text(&aws->endpoint, settings->endpoint) != ZC_OK) {
    zc_aws_destroy(aws);
    return ZC_ENOMEM;
  }
  *ret = aws;
  return ZC_OK;
}

static void free_pending(zc_aws_pending *pending) {
  free((char *)pending->call.service);
  free((char *)pending->call.region);
  free((char *)pending->call.target);
  free((char *)pending->call.content_type);
  free((void *)pending->call.body);
  free(pending);
}

static void unlink_pending(zc_aws_pending *pending) {
  if (pending->previous)
    pending->previous->next = pending->next;
  else
    pending->aws->pending = pending->next;
  if (pending->next) pending->next->previous = pending->previous;
}

void zc_aws_destroy(zc_aws *aws) {
  if (!aws) return;
  while (aws->pending) {
    zc_aws_pending *pending = aws->pending;
    unlink_pending(pending);
    free_pending(pending);
  }
  zc_aws_refresh_drop(aws);
  zc_aws_present(aws, NULL);
  zc_aws_keys_reveal(aws->host, &aws->keys);
  zc_aws_keys_finish(&aws->keys);
  free(aws->endpoints);
  free(aws->default_region);
  free(aws->profile);
  free(aws->endpoint);
  free(aws);
}

/* ---- regions and endpoints ---- */

const char *zc_aws_default_region(zc_aws *aws) {
  if (aws->region_known) return aws->default_region;
  const char *region = zc_aws_variable("AWS_REGION");
  if (!region) region = zc_aws_variable("AWS_DEFAULT_REGION");
  aws->default_region =
      region ? strdup(region) : zc_aws_profile_value(zc_aws_profile_name(aws->profile), "region");
  aws->region_known = true;
  return aws->default_region;
}

static const char *known_url(const zc_aws *aws, const char *service, const char *region) {
  for (size_t i = 0; i < aws->n_endpoints; i++) {
    const zc_aws_known_endpoint *known = &aws->endpoints[i];
    if (strcmp(known->service, service) == 0 && strcmp(known->region, region) == 0)
      return known->url;
  }
  return NULL;
}

/* Room for one more; the oldest goes where the table is full. */
static zc_aws_known_endpoint *next_endpoint(zc_aws *aws) {
  if (!aws->endpoints) aws->endpoints = calloc(ZC_AWS_ENDPOINTS_MAX, sizeof *aws->endpoints);
  if (!aws->endpoints) return NULL;
  if (aws->n_endpoints == ZC_AWS_ENDPOINTS_MAX) {
    aws->n_endpoints--;
    memmove(aws->endpoints, aws->endpoints + 1, aws->n_endpoints * sizeof *aws->endpoints);
  }
  return &aws->endpoints[aws->n_endpoints];
}

int zc_aws_url(zc_aws *aws, const char *service, const char *region, const char **ret,
               char *message, size_t size) {
  *ret = known_url(aws, service, region);
  if (*ret) return ZC_OK;
  zc_aws_known_endpoint *known = next_endpoint(aws);
  if (!known || strlen(service) >= sizeof known->service) {
    snprintf(message, size, "no memory for an endpoint");
    return ZC_ENOMEM;
  }
  const char *own = strcmp(service, "sts") == 0 ? NULL : aws->endpoint;
  int status = zc_aws_endpoint(own, zc_aws_profile_name(aws->profile), service, region, known->url,
                               sizeof known->url, message, size);
  if (status != ZC_OK) return status;
  snprintf(known->service, sizeof known->service, "%s", service);
  snprintf(known->region, sizeof known->region, "%s", region);
  aws->n_endpoints++;
  *ret = known->url;
  return ZC_OK;
}

int zc_aws_check(zc_aws *aws, const char *service, const char *region, char *message, size_t size) {
  const char *url;
  return zc_aws_url(aws, service, region, &url, message, size);
}

/* ---- ends of a call ---- */

static void end(zc_aws_pending *pending, const zc_aws_answer *answer) {
  unlink_pending(pending);
  pending->callback(pending->user, pending->op, answer);
  free_pending(pending);
}

static void end_failed(zc_aws_pending *pending) {
  char message[ZC_AWS_MESSAGE_MAX];
  memcpy(message, pending->message, sizeof message);
  zc_aws_answer answer = {
      .kind = pending->failure, .code = "", .message = message, .body = "", .length = 0};
  end(pending, &answer);
}

static void tell_failure(void *user, zc_op *op) {
  (void)op;
  end_failed(user);
}

static void note_failure(zc_aws_pending *pending, zc_aws_class kind, const char *message) {
  pending->state = ZC_AWS_ENDING;
  pending->failure = kind;
  if (message != pending->message)
    snprintf(pending->message, sizeof pending->message, "%s", message);
}

/* The failure is told on a later turn; at once only where the host refuses the timer. */
static void fail(zc_aws_pending *pending, zc_aws_class kind, const char *message) {
  note_failure(pending, kind, message);
  if (pending->aws->host->timer(pending->op, 0, tell_failure, pending) != ZC_OK)
    end_failed(pending);
}

/* ---- sending ---- */

static void send_pending(zc_aws_pending *pending);

static void wait_for_credentials(zc_aws_pending *pending) {
  zc_aws *aws = pending->aws;
  pending->state = ZC_AWS_WAITING;
  if (!aws->refresh.op) zc_aws_refresh_begin(aws, pending->op, pending->call.region);
}

/* New credentials may help, once: it waits for them, unless others have fetched them meanwhile. */
static void try_again_with_new(zc_aws_pending *pending) {
  zc_aws *aws = pending->aws;
  pending->refreshed = true;
  if (pending->generation == aws->generation) aws->refused = true;
  if (zc_aws_keys_needed(aws))
    wait_for_credentials(pending);
  else
    send_pending(pending);
}

static void answered(void *user, zc_op *op, const zc_http_response *response) {
  zc_aws_pending *pending = user;
  (void)op;
  zc_aws_scratch scratch;
  zc_aws_answer answer = zc_aws_judge(pending->aws, pending, response, &scratch);
  if (answer.kind == ZC_AWS_CREDENTIALS && !pending->refreshed) {
    memcpy(pending->message, scratch.message, sizeof pending->message);
    try_again_with_new(pending);
  } else {
    end(pending, &answer);
  }
}

static int hand_over(zc_aws_pending *pending, const char *url, const char *scheme,
                     const char *const *headers, uint32_t n_headers) {
  const zc_aws_call *call = &pending->call;
  const zc_aws *aws = pending->aws;
  const zc_http_request request = {.size = sizeof request,
                                   .timeout_ms = call->timeout_ms,
                                   .max_body = ZC_AWS_MAX_ANSWER,
                                   .max_attempts = 1,
                                   .n_headers = n_headers,
                                   .flags = call->repeatable ? ZC_HTTP_REPEATABLE : 0,
                                   .method = "POST",
                                   .url = url,
                                   .headers = headers,
                                   .body = call->body,
                                   .body_length = call->body_length,
                                   .sigv4 = scheme,
                                   .sigv4_access_key = aws->keys.id,
                                   .sigv4_secret_key = aws->keys.secret};
  return aws->host->http(pending->op, &request, answered, pending);
}

static int sign_and_send(zc_aws_pending *pending, const char *url) {
  const zc_aws_keys *keys = &pending->aws->keys;
  char type[128], target[160], scheme[160];
  char *token = NULL;
  const char *headers[HEADERS_MAX] = {type, target};
  uint32_t n = 2;
  snprintf(type, sizeof type, "Content-Type: %s", pending->call.content_type);
  snprintf(target, sizeof target, "X-Amz-Target: %s", pending->call.target);
  snprintf(scheme, sizeof scheme, "aws:amz:%s:%s", pending->call.region, pending->call.service);
  if (keys->token) {
    if (asprintf(&token, "X-Amz-Security-Token: %s", keys->token) < 0) return ZC_ENOMEM;
    headers[n++] = token;
  }
  int status = hand_over(pending, url, scheme, headers, n);
  zc_aws_wipe(token);
  return status;
}

static void send_pending(zc_aws_pending *pending) {
  zc_aws *aws = pending->aws;
  char message[ZC_AWS_MESSAGE_MAX];
  const char *url;
  int status =
      zc_aws_url(aws, pending->call.service, pending->call.region, &url, message, sizeof message);
  if (status != ZC_OK) {
    fail(pending, status == ZC_ENOMEM ? ZC_AWS_TRANSIENT : ZC_AWS_REFUSED, message);
    return;
  }
  pending->state = ZC_AWS_SENT;
  pending->generation = aws->generation;
  status = sign_and_send(pending, url);
  if (status == ZC_OK) return;
  snprintf(message, sizeof message, "the request to %s could not be sent (%s)",
           pending->call.service, status == ZC_EINVAL ? "its form" : "no room or memory for it");
  fail(pending, status == ZC_EINVAL ? ZC_AWS_REFUSED : ZC_AWS_TRANSIENT, message);
}

static zc_aws_pending *first_waiting(const zc_aws *aws) {
  zc_aws_pending *pending = aws->pending;
  while (pending && pending->state != ZC_AWS_WAITING)
    pending = pending->next;
  return pending;
}

/* One that waited because its credentials were refused, and whose new ones are the same, has its
 * answer: it was noted when it came. */
void zc_aws_release(zc_aws *aws) {
  zc_aws_pending *pending;
  while ((pending = first_waiting(aws))) {
    if (pending->refreshed && pending->generation == aws->generation)
      fail(pending, ZC_AWS_CREDENTIALS, pending->message);
    else
      send_pending(pending);
  }
}

void zc_aws_fail_waiting(zc_aws *aws, zc_aws_class kind, const char *message) {
  zc_aws_pending *pending;
  while ((pending = first_waiting(aws)))
    fail(pending, kind, message);
}

/* ---- for callers ---- */

static int copy_call(const zc_aws_call *from, zc_aws_call *to) {
  *to = *from;
  char *body = malloc(from->body_length + 1);
  to->body = body;
  to->service = strdup(from->service);
  to->region = strdup(from->region);
  to->target = strdup(from->target);
  to->content_type = strdup(from->content_type);
  if (!body || !to->service || !to->region || !to->target || !to->content_type) return ZC_ENOMEM;
  if (from->body_length > 0) memcpy(body, from->body, from->body_length);
  body[from->body_length] = '\0';
  return ZC_OK;
}

int zc_aws_request(zc_aws *aws, zc_op *op, const zc_aws_call *call,
                   void (*callback)(void *user, zc_op *op, const zc_aws_answer *answer),
                   void *user) {
  zc_aws_pending *pending = calloc(1, sizeof *pending);
  if (!pending) return ZC_ENOMEM;
  pending->aws = aws;
  pending->op = op;
  pending->callback = callback;
  pending->user = user;
  if (copy_call(call, &pending->call) != ZC_OK) {
    free_pending(pending);
    return ZC_ENOMEM;
  }
  pending->next = aws->pending;
  if (pending->next) pending->next->previous = pending;
  aws->pending = pending;
  if (zc_aws_keys_needed(aws) || (zc_aws_keys_wanted(aws) && !aws->refresh.op))
    wait_for_credentials(pending);
  else
    send_pending(pending);
  return ZC_OK;
}

void zc_aws_cancel(zc_aws *aws, zc_op *op) {
  for (zc_aws_pending *next, *pending = aws->pending; pending; pending = next) {
    next = pending->next;
    if (pending->op != op) continue;
    unlink_pending(pending);
    free_pending(pending);
  }
  if (aws->refresh.op != op) return;
  zc_aws_refresh_drop(aws);
  zc_aws_pending *heir = first_waiting(aws);
  if (heir) zc_aws_refresh_begin(aws, heir->op, heir->call.region);
}

int zc_aws_status(zc_aws_class kind, uint32_t sent) {
  switch (kind) {
  case ZC_AWS_FINE:
    return ZC_OK;
  case ZC_AWS_THROTTLED:
    return ZC_ERATE;
  case ZC_AWS_TRANSIENT:
    return sent ? ZC_EUNKNOWN : ZC_EREMOTE;
  case ZC_AWS_CREDENTIALS:
  case ZC_AWS_CLOCK:
    return ZC_EAUTH;
  case ZC_AWS_CONFLICT:
    return ZC_ECONFLICT;
  case ZC_AWS_NOT_FOUND:
    return ZC_ENOTFOUND;
  default:
    return ZC_EINVAL;
  }
}
