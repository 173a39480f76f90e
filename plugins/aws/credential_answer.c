/* What credential endpoints are sent and what they answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "credentials.h"
#include "profile.h"

#define CODE_LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789."

static const char *text_at(const zc_host *host, const zc_json *json, const char *path) {
  const char *text = NULL;
  const zc_json *found = json ? host->json_at(json, path) : NULL;
  return found && host->json_text(found, &text, NULL) == ZC_OK ? text : NULL;
}

static int refuse(char *message, size_t size, const char *why) {
  snprintf(message, size, "%s", why);
  return ZC_EDATA;
}

/* ---- containers, IMDS ---- */

/* "2026-01-02T03:04:05Z", or an epoch in seconds. */
static int expiry_at(const zc_host *host, const zc_json *json, zc_time *ret) {
  const char *text = text_at(host, json, "Expiration");
  const zc_json *value = host->json_at(json, "Expiration");
  double seconds;
  if (!value || host->json_type(value) == ZC_JSON_NULL) return *ret = 0, ZC_OK;
  if (text) return host->time_parse(text, ret);
  if (host->json_number(value, &seconds) != ZC_OK || seconds < 0 || seconds > 1e11) return ZC_EDATA;
  *ret = (zc_time)(seconds * 1000);
  return ZC_OK;
}

static int keys_at(const zc_host *host, const zc_json *json, const char *token_name,
                   zc_aws_keys *ret, char *message, size_t size) {
  zc_time expires;
  if (!json || host->json_type(json) != ZC_JSON_OBJECT)
    return refuse(message, size, "its answer is no JSON object");
  if (expiry_at(host, json, &expires) != ZC_OK)
    return refuse(message, size, "its credentials' expiry is no time");
  int status =
      zc_aws_keys_make(text_at(host, json, "AccessKeyId"), text_at(host, json, "SecretAccessKey"),
                       text_at(host, json, token_name), expires, ret);
  if (status == ZC_EDATA) return refuse(message, size, "its answer holds no usable credentials");
  return status;
}

int zc_aws_read_keys(const zc_host *host, const zc_json *json, zc_aws_keys *ret, char *message,
                     size_t size) {
  const char *code = text_at(host, json, "Code");
  if (code && strcmp(code, "Success") != 0) {
    snprintf(message, size, "it says %.*s", (int)strspn(code, CODE_LETTERS), code);
    return ZC_EAUTH;
  }
  return keys_at(host, json, "Token", ret, message, size);
}

/* ---- STS ---- */

/* The text of the first <name>; malloc()ed. Credentials and times hold nothing that XML escapes. */
static char *element(const char *body, const char *name) {
  char open[64];
  int n = snprintf(open, sizeof open, "<%s>", name);
  const char *start = strstr(body, open);
  if (!start) return NULL;
  start += n;
  return strndup(start, strcspn(start, "<"));
}

static int read_xml(const zc_host *host, const char *body, zc_aws_keys *ret) {
  char *id = element(body, "AccessKeyId"), *secret = element(body, "SecretAccessKey");
  char *token = element(body, "SessionToken"), *until = element(body, "Expiration");
  zc_time expires = 0;
  int status = until ? host->time_parse(until, &expires) : ZC_EDATA;
  if (status == ZC_OK) status = zc_aws_keys_make(id, secret, token, expires, ret);
  zc_aws_wipe(id);
  zc_aws_wipe(secret);
  zc_aws_wipe(token);
  free(until);
  return status;
}

int zc_aws_read_sts(const zc_host *host, const char *body, const zc_json *json, zc_aws_keys *ret,
                    char *message, size_t size) {
  const char *path =
      "AssumeRoleWithWebIdentityResponse/AssumeRoleWithWebIdentityResult/Credentials";
  if (json) return keys_at(host, host->json_at(json, path), "SessionToken", ret, message, size);
  int status = read_xml(host, body, ret);
  return status == ZC_OK || status == ZC_ENOMEM
             ? status
             : refuse(message, size, "its answer holds no usable credentials");
}

void zc_aws_read_error_code(const zc_host *host, const char *body, const zc_json *json, char *code,
                            size_t size) {
  static const char *const paths[] = {"Error/Code", "Code", "code", "ErrorResponse/Error/Code"};
  const char *found = NULL;
  for (size_t i = 0; i < sizeof paths / sizeof *paths && !found; i++)
    found = text_at(host, json, paths[i]);
  if (!found && !json) {
    found = strstr(body, "<Code>");
    if (found) found += strlen("<Code>");
  }
  int n = found ? (int)strspn(found, CODE_LETTERS) : 0;
  snprintf(code, size, "%.*s", n < 80 ? n : 80, found ? found : "");
}

/* ---- what they are sent ---- */

static void cut_end(char *text) {
  size_t n = strlen(text);
  while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r' || text[n - 1] == ' '))
    text[--n] = '\0';
}

static int read_token(const char *path, const char *what, char **ret, char *message, size_t size) {
  int status = zc_aws_read_file(path, ret);
  if (status == ZC_OK || status == ZC_ENOMEM) return status;
  snprintf(message, size, "the %s file %.120s %s", what, path,
           status == ZC_ENOTFOUND ? "does not exist" : "cannot be read");
  return ZC_EAUTH;
}

int zc_aws_container_token(char **ret, char *message, size_t size) {
  const char *path = zc_aws_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
  const char *value = zc_aws_variable("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  char *token = NULL;
  if (path) {
    int status = read_token(path, "container authorization token", &token, message, size);
    if (status != ZC_OK) return status;
    cut_end(token);
  } else if (value) {
    token = strdup(value);
    if (!token) return ZC_ENOMEM;
  }
  if (token && (strpbrk(token, "\r\n") || strlen(token) > ZC_AWS_TOKEN_MAX)) {
    zc_aws_wipe(token);
    snprintf(message, size, "the container authorization token holds a line break, or is too long");
    return ZC_EAUTH;
  }
  *ret = token;
  return ZC_OK;
}

/* Appends in percent-encoding; `to` has room for three bytes each. */
static char *encode(char *to, const char *text) {
  static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~";
  for (; *text; text++) {
    if (strchr(plain, *text))
      *to++ = *text;
    else
      to += sprintf(to, "%%%02X", (unsigned char)*text);
  }
  *to = '\0';
  return to;
}

int zc_aws_sts_form(const zc_aws_source *source, const char *token, char **ret) {
  static const char head[] = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=";
  static const char name[] = "&RoleSessionName=", identity[] = "&WebIdentityToken=";
  size_t texts = strlen(source->role) + strlen(source->session_name) + strlen(token);
  char *form = malloc(sizeof head + sizeof name + sizeof identity + 3 * texts + 1);
  if (!form) return ZC_ENOMEM;
  char *end = encode(stpcpy(form, head), source->role);
  end = encode(stpcpy(end, name), source->session_name);
  encode(stpcpy(end, identity), token);
  *ret = form;
  return ZC_OK;
}

int zc_aws_web_token(const zc_aws_source *source, char **ret, char *message, size_t size) {
  char *token;
  int status = read_token(source->token_path, "web identity token", &token, message, size);
  if (status != ZC_OK) return status;
  cut_end(token);
  if (!*token || strlen(token) > ZC_AWS_WEB_TOKEN_MAX) {
    snprintf(message, size, "the web identity token file %.120s is empty or too large",
             source->token_path);
    zc_aws_wipe(token);
    return ZC_EAUTH;
  }
  *ret = token;
  return ZC_OK;
}
