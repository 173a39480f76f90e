/* Fetching credentials: one at a time, in the frame of the operation that needs them first. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "aws_private.h"
#include "profile.h"

#define STS_TIMEOUT_MS       5000
#define CONTAINER_TIMEOUT_MS 2000
#define IMDS_TIMEOUT_MS      1000
#define ATTEMPTS             3
#define IMDS_ATTEMPTS        2
#define ROLE_MAX             64
#define ROLES                "/latest/meta-data/iam/security-credentials/"

/* ---- how long they hold ---- */

static zc_time now_of(const zc_aws *aws) {
  return aws->host->now(aws->self);
}

static bool ends_within(const zc_aws *aws, int64_t ms) {
  return aws->keys.expires != 0 && aws->keys.expires - now_of(aws) <= ms;
}

bool zc_aws_keys_usable(const zc_aws *aws) {
  return aws->keys.id && !aws->refused && !ends_within(aws, 0);
}

bool zc_aws_keys_wanted(const zc_aws *aws) {
  if (!zc_aws_keys_usable(aws)) return true;
  return ends_within(aws, ZC_AWS_ADVISORY_MS) && now_of(aws) >= aws->next_try;
}

bool zc_aws_keys_needed(const zc_aws *aws) {
  if (!zc_aws_keys_usable(aws)) return true;
  return ends_within(aws, ZC_AWS_MANDATORY_MS) && now_of(aws) >= aws->next_try;
}

/* ---- the end ---- */

void zc_aws_refresh_drop(zc_aws *aws) {
  zc_aws_source_finish(&aws->refresh.source);
  aws->refresh = (zc_aws_refresh){0};
}

void zc_aws_present(zc_aws *aws, char *token) {
  bool hides = ZC_HAS(zc_host, aws->host, reveal);
  if (hides && token) aws->host->hide(token);
  if (hides && aws->presented) aws->host->reveal(aws->presented);
  zc_aws_wipe(aws->presented);
  aws->presented = token;
}

static void failed(zc_aws *aws, zc_aws_class kind, const char *message) {
  char text[2 * ZC_AWS_MESSAGE_MAX];
  zc_aws_refresh_drop(aws);
  if (!zc_aws_keys_usable(aws)) {
    zc_aws_fail_waiting(aws, kind, message);
    return;
  }
  aws->next_try = now_of(aws) + ZC_AWS_PAUSE_MS;
  snprintf(text, sizeof text, "new credentials could not be fetched, those at hand still hold: %s",
           message);
  aws->host->log(aws->self, ZC_LOG_WARNING, text);
  zc_aws_release(aws);
}

/* Whoever hands out keys may have been late with new ones; those of the environment stay as they
 * are. */
static void have_expired(zc_aws *aws) {
  if (aws->refresh.source.origin == ZC_AWS_FROM_HERE)
    failed(aws, ZC_AWS_CREDENTIALS, "the AWS credentials have expired");
  else
    failed(aws, ZC_AWS_TRANSIENT, "the AWS credentials had expired when they were handed out");
}

/* Takes the keys over. */
static void got(zc_aws *aws, zc_aws_keys *keys) {
  bool same = zc_aws_keys_equal(keys, &aws->keys);
  if (keys->expires != 0 && keys->expires <= now_of(aws)) {
    zc_aws_keys_finish(keys);
    have_expired(aws);
    return;
  }
  aws->served = true;
  aws->server = aws->refresh.source.origin;
  zc_aws_refresh_drop(aws);
  zc_aws_keys_hide(aws->host, keys);
  zc_aws_keys_reveal(aws->host, &aws->keys);
  zc_aws_keys_finish(&aws->keys);
  aws->keys = *keys;
  aws->refused = false;
  if (!same) aws->generation++;
  aws->next_try = same ? now_of(aws) + ZC_AWS_PAUSE_MS : 0;
  zc_aws_release(aws);
}

/* ---- answers ---- */

/* Whether keys came from the source that is asked now. */
static bool served_before(const zc_aws *aws) {
  return aws->served && aws->server == aws->refresh.source.origin;
}

/* Containers and instances answer 404 where they have no role, and now and then where they have. */
static zc_aws_class class_of(const zc_aws *aws, const zc_http_response *response) {
  if (response->error != ZC_OK || response->status >= 500) return ZC_AWS_TRANSIENT;
  if (response->status == 404 && served_before(aws)) return ZC_AWS_TRANSIENT;
  return response->status == 429 ? ZC_AWS_THROTTLED : ZC_AWS_CREDENTIALS;
}

/* The response's own message would quote the body. */
static void refused_by(zc_aws *aws, const char *what, const char *url,
                       const zc_http_response *response) {
  char text[ZC_AWS_MESSAGE_MAX], host[128], code[96];
  zc_aws_host_of(url, host, sizeof host);
  zc_aws_read_error_code(aws->host, response->body, response->json, code, sizeof code);
  if (response->error != ZC_OK)
    snprintf(text, sizeof text, "no credentials from %s: %.180s", what, response->message);
  else
    snprintf(text, sizeof text, "no credentials from %s: %s: HTTP %d%s%s", what, host,
             (int)response->status, *code ? ": " : "", code);
  bool busy = strcmp(code, "IDPCommunicationError") == 0 || strcmp(code, "Throttling") == 0;
  failed(aws, busy ? ZC_AWS_TRANSIENT : class_of(aws, response), text);
}

static bool is_fine(const zc_http_response *response) {
  return response->error == ZC_OK && response->status == 200;
}

/* `keys` where status is ZC_OK, else why not. */
static void take(zc_aws *aws, int status, zc_aws_keys *keys, const char *what, const char *why) {
  char text[2 * ZC_AWS_MESSAGE_MAX];
  if (status == ZC_OK) {
    got(aws, keys);
    return;
  }
  snprintf(text, sizeof text, "no credentials from %s: %s", what,
           status == ZC_ENOMEM ? "no memory" : why);
  failed(aws, status == ZC_ENOMEM ? ZC_AWS_TRANSIENT : ZC_AWS_CREDENTIALS, text);
}

static int ask(zc_aws *aws, const zc_http_request *like,
               void (*callback)(void *user, zc_op *op, const zc_http_response *response)) {
  zc_http_request request = *like;
  request.size = sizeof request;
  request.max_body = ZC_AWS_CREDENTIAL_MAX;
  request.flags = ZC_HTTP_REPEATABLE;
  return aws->host->http(aws->refresh.op, &request, callback, aws);
}

/* Where a request could not be made at all. */
static void not_asked(zc_aws *aws, int status, const char *what, const char *why) {
  char text[2 * ZC_AWS_MESSAGE_MAX];
  if (status == ZC_OK) return;
  bool local = status == ZC_EAUTH || status == ZC_EINVAL || status == ZC_EDATA;
  snprintf(text, sizeof text, "no credentials from %s: %s", what,
           *why ? why : "the request could not be made");
  failed(aws, local ? ZC_AWS_CREDENTIALS : ZC_AWS_TRANSIENT, text);
}

/* ---- STS ---- */

static void sts_answered(void *user, zc_op *op, const zc_http_response *response) {
  zc_aws *aws = user;
  zc_aws_keys keys;
  char why[ZC_AWS_MESSAGE_MAX] = "";
  (void)op;
  if (!is_fine(response)) {
    refused_by(aws, "STS", aws->refresh.source.url, response);
    return;
  }
  int status = zc_aws_read_sts(aws->host, response->body, response->json, &keys, why, sizeof why);
  take(aws, status, &keys, "STS", why);
}

static int ask_sts(zc_aws *aws, const char *region, char *why, size_t size) {
  zc_aws_source *source = &aws->refresh.source;
  const char *own = zc_aws_default_region(aws), *url;
  char *token, *form;
  int status = zc_aws_url(aws, "sts", own ? own : region, &url, why, size);
  if (status != ZC_OK) return status;
  snprintf(source->url, sizeof source->url, "%s", url);
  status = zc_aws_web_token(source, &token, why, size);
  if (status != ZC_OK) return status;
  zc_aws_present(aws, token);
  status = zc_aws_sts_form(source, token, &form);
  if (status != ZC_OK) return status;
  const char *headers[] = {"Content-Type: application/x-www-form-urlencoded; charset=utf-8"};
  const zc_http_request request = {.timeout_ms = STS_TIMEOUT_MS,
                                   .max_attempts = ATTEMPTS,
                                   .n_headers = 1,
                                   .method = "POST",
                                   .url = source->url,
                                   .headers = headers,
                                   .body = form,
                                   .body_length = strlen(form)};
  status = ask(aws, &request, sts_answered);
  zc_aws_wipe(form);
  return status;
}

/* ---- containers ---- */

static void container_answered(void *user, zc_op *op, const zc_http_response *response) {
  zc_aws *aws = user;
  zc_aws_keys keys;
  char why[ZC_AWS_MESSAGE_MAX] = "";
  (void)op;
  if (!is_fine(response)) {
    refused_by(aws, "the container's endpoint", aws->refresh.source.url, response);
    return;
  }
  int status = zc_aws_read_keys(aws->host, response->json, &keys, why, sizeof why);
  take(aws, status, &keys, "the container's endpoint", why);
}

static int ask_container(zc_aws *aws, char *why, size_t size) {
  char *token = NULL, *header = NULL;
  int status = zc_aws_container_token(&token, why, size);
  if (status != ZC_OK) return status;
  zc_aws_present(aws, token);
  if (token && *token && asprintf(&header, "Authorization: %s", token) < 0) return ZC_ENOMEM;
  const char *headers[] = {header};
  const zc_http_request request = {.timeout_ms = CONTAINER_TIMEOUT_MS,
                                   .max_attempts = ATTEMPTS,
                                   .n_headers = header ? 1 : 0,
                                   .url = aws->refresh.source.url,
                                   .headers = headers};
  status = ask(aws, &request, container_answered);
  zc_aws_wipe(header);
  return status;
}

/* ---- IMDSv2: a session's token, the role's name, its credentials ---- */

static int ask_imds(zc_aws *aws, const char *path,
                    void (*callback)(void *user, zc_op *op, const zc_http_response *response)) {
  char url[ZC_AWS_URL_MAX + 128];
  char *token = NULL;
  const char *header = "X-aws-ec2-metadata-token-ttl-seconds: 21600";
  if (aws->refresh.in_session) {
    if (asprintf(&token, "X-aws-ec2-metadata-token: %s", aws->presented) < 0) return ZC_ENOMEM;
    header = token;
  }
  snprintf(url, sizeof url, "%s%s", aws->refresh.source.url, path);
  const char *headers[] = {header};
  const zc_http_request request = {.timeout_ms = IMDS_TIMEOUT_MS,
                                   .max_attempts = IMDS_ATTEMPTS,
                                   .n_headers = 1,
                                   .method = token ? "GET" : "PUT",
                                   .url = url,
                                   .headers = headers};
  int status = ask(aws, &request, callback);
  zc_aws_wipe(token);
  return status;
}

static void begin_session(zc_aws *aws);

/* Everybody has this source at the end of the chain, so where it never served its silence may mean
 * that there is none, or that a machine is still starting: tried again all the same, with a message
 * for both. A session that is not known any more is replaced, once. */
static void imds_failed(zc_aws *aws, const zc_http_response *response) {
  char text[2 * ZC_AWS_MESSAGE_MAX];
  if (response->error == ZC_OK && response->status == 401 && aws->refresh.in_session &&
      !aws->refresh.new_session) {
    aws->refresh.in_session = false;
    aws->refresh.new_session = true;
    begin_session(aws);
    return;
  }
  if (response->error == ZC_OK || served_before(aws)) {
    refused_by(aws, "instance metadata (IMDSv2)", aws->refresh.source.url, response);
    return;
  }
  snprintf(text, sizeof text,
           "no AWS credentials: none in the environment, a web identity, the shared files or a "
           "container, and no instance metadata: %.150s",
           response->message);
  failed(aws, ZC_AWS_TRANSIENT, text);
}

static void imds_keys(void *user, zc_op *op, const zc_http_response *response) {
  zc_aws *aws = user;
  zc_aws_keys keys;
  char why[ZC_AWS_MESSAGE_MAX] = "";
  (void)op;
  if (!is_fine(response)) {
    imds_failed(aws, response);
    return;
  }
  int status = zc_aws_read_keys(aws->host, response->json, &keys, why, sizeof why);
  take(aws, status, &keys, "instance metadata", why);
}

static void imds_role(void *user, zc_op *op, const zc_http_response *response) {
  zc_aws *aws = user;
  char path[sizeof ROLES + ROLE_MAX];
  (void)op;
  if (!is_fine(response)) {
    imds_failed(aws, response);
    return;
  }
  size_t n = strspn(response->body,
                    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+=,.@_-");
  if (n == 0 || n > ROLE_MAX || (response->body[n] && response->body[n] != '\n')) {
    failed(aws, ZC_AWS_CREDENTIALS, "no credentials from instance metadata: it names no role");
    return;
  }
  snprintf(path, sizeof path, ROLES "%.*s", (int)n, response->body);
  not_asked(aws, ask_imds(aws, path, imds_keys), "instance metadata", "");
}

static void imds_session(void *user, zc_op *op, const zc_http_response *response) {
  zc_aws *aws = user;
  (void)op;
  if (!is_fine(response)) {
    imds_failed(aws, response);
    return;
  }
  if (response->length == 0 || response->length > 1024 || strpbrk(response->body, "\r\n \t")) {
    failed(aws, ZC_AWS_CREDENTIALS, "no credentials from instance metadata: its token is none");
    return;
  }
  zc_aws_present(aws, strdup(response->body));
  aws->refresh.in_session = aws->presented != NULL;
  int status = aws->refresh.in_session ? ask_imds(aws, ROLES, imds_role) : ZC_ENOMEM;
  not_asked(aws, status, "instance metadata", "");
}

static void begin_session(zc_aws *aws) {
  not_asked(aws, ask_imds(aws, "/latest/api/token", imds_session), "instance metadata", "");
}

/* ---- the beginning ---- */

void zc_aws_refresh_begin(zc_aws *aws, zc_op *op, const char *region) {
  zc_aws_source *source = &aws->refresh.source;
  char why[ZC_AWS_MESSAGE_MAX] = "";
  aws->refresh.op = op;
  int status = zc_aws_source_find(aws->host, aws->profile, source, why, sizeof why);
  if (status != ZC_OK) {
    failed(aws, status == ZC_ENOMEM ? ZC_AWS_TRANSIENT : ZC_AWS_CREDENTIALS, why);
  } else if (source->origin == ZC_AWS_FROM_HERE) {
    zc_aws_keys keys = source->keys;
    source->keys = (zc_aws_keys){0};
    got(aws, &keys);
  } else if (source->origin == ZC_AWS_FROM_STS) {
    not_asked(aws, ask_sts(aws, region, why, sizeof why), "STS", why);
  } else if (source->origin == ZC_AWS_FROM_URL) {
    not_asked(aws, ask_container(aws, why, sizeof why), "the container's endpoint", why);
  } else {
    begin_session(aws);
  }
}
