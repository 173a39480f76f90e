#include "core/io/http_order.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/base/text.h"
#include "core/io/http.h"

#define DEFAULT_TIMEOUT_MS   10000
#define DEFAULT_MAX_ATTEMPTS 3
#define DEFAULT_MAX_BODY     2097152

static uint32_t limited(uint32_t wanted, uint32_t otherwise, uint32_t limit) {
  if (wanted == 0) return otherwise;
  return wanted < limit ? wanted : limit;
}

/* ---- the URL ------------------------------------------------------------------------------- */

static int copy_host(CURLU *url, char **ret) {
  char *host = NULL, *port = NULL, *text = NULL;
  if (curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
    bool has_port = curl_url_get(url, CURLUPART_PORT, &port, 0) == CURLUE_OK;
    size_t size = strlen(host) + (has_port ? strlen(port) : 0) + 2;
    text = malloc(size);
    if (text) snprintf(text, size, "%s%s%s", host, has_port ? ":" : "", has_port ? port : "");
  }
  curl_free(host);
  curl_free(port);
  *ret = text;
  return text ? ZC_OK : ZC_ENOMEM;
}

/* Whether curl signs this URL as AWS does. */
static bool can_be_signed(CURLU *url) {
  char *query = NULL, *path = NULL;
  CURLUcode no_query = curl_url_get(url, CURLUPART_QUERY, &query, 0);
  CURLUcode no_path = curl_url_get(url, CURLUPART_PATH, &path, 0);
  bool can = no_query == CURLUE_NO_QUERY && no_path == CURLUE_OK && !strchr(path, '%');
  curl_free(query);
  curl_free(path);
  return can;
}

static int check_parts(CURLU *url, const zc_http_request *request, char **ret_host,
                       zc_error *error) {
  CURLUcode code = curl_url_set(url, CURLUPART_URL, request->url, 0);
  if (code == CURLUE_OUT_OF_MEMORY) return zc_error_set(error, ZC_ENOMEM, "no memory");
  if (code != CURLUE_OK) {
    return zc_error_set(error, ZC_EINVAL, "a URL that cannot be used: %s", curl_url_strerror(code));
  }
  if (request->sigv4 && !can_be_signed(url)) {
    return zc_error_set(error, ZC_EINVAL,
                        "a URL that cannot be signed: it may have no query and no %% in its path");
  }
  return copy_host(url, ret_host);
}

/* The whole request; *ret_host only where it is fine. */
static int check(const zc_http_request *request, char **ret_host, zc_error *error) {
  int status = zc_http_request_check(request, error);
  if (status != ZC_OK) return status;
  CURLU *url = curl_url();
  if (!url) return zc_error_set(error, ZC_ENOMEM, "no memory");
  status = check_parts(url, request, ret_host, error);
  curl_url_cleanup(url);
  return status;
}

int zc_http_check(const zc_http_request *request, zc_error *error) {
  char *host = NULL;
  int status = check(request, &host, error);
  free(host);
  return status;
}

/* ---- headers ------------------------------------------------------------------------------- */

static bool has_header(const zc_http_request *request, const char *name) {
  size_t n = strlen(name);
  for (uint32_t i = 0; i < request->n_headers; i++) {
    const char *header = request->headers[i];
    if (strncasecmp(header, name, n) == 0 && header[n] == ':') return true;
  }
  return false;
}

static int append(struct curl_slist **list, const char *header) {
  struct curl_slist *longer = curl_slist_append(*list, header);
  if (!longer) return ZC_ENOMEM;
  *list = longer;
  return ZC_OK;
}

static int copy_headers(zc_http_order *order, const zc_http_request *request) {
  int status = ZC_OK;
  for (uint32_t i = 0; i < request->n_headers && status == ZC_OK; i++)
    status = append(&order->headers, request->headers[i]);
  /* curl would else call every body a form. Where it signs, the removal would be signed too. */
  if (status == ZC_OK && !request->sigv4 && !has_header(request, "Content-Type"))
    status = append(&order->headers, "Content-Type:");
  return status;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static int copy_text(char **to, const char *from) {
  *to = zc_duplicate(from);
  return *to || !from ? ZC_OK : ZC_ENOMEM;
}

static int copy_body(zc_http_order *order, const zc_http_request *request) {
  if (!request->body) return ZC_OK;
  order->body = malloc(request->body_length + 1);
  if (!order->body) return ZC_ENOMEM;
  memcpy(order->body, request->body, request->body_length);
  order->body_length = request->body_length;
  return ZC_OK;
}

static int copy(zc_http_order *order, const zc_http_request *request) {
  const char *method = request->method ? request->method : request->body ? "POST" : "GET";
  int status = copy_text(&order->method, method);
  if (status == ZC_OK) status = copy_text(&order->url, request->url);
  if (status == ZC_OK) status = copy_body(order, request);
  if (status == ZC_OK) status = copy_headers(order, request);
  if (status == ZC_OK) status = copy_text(&order->sigv4, request->sigv4);
  if (status != ZC_OK || !request->sigv4) return status;
  status = copy_text(&order->access_key, request->sigv4_access_key);
  return status == ZC_OK ? copy_text(&order->secret_key, request->sigv4_secret_key) : status;
}

static void set_limits(zc_http_order *order, const zc_http_request *request) {
  bool reads = strcmp(order->method, "GET") == 0 || strcmp(order->method, "HEAD") == 0;
  order->timeout_ms = limited(request->timeout_ms, DEFAULT_TIMEOUT_MS, INT32_MAX);
  order->max_body = limited(request->max_body, DEFAULT_MAX_BODY, ZC_HTTP_MAX_ANSWER);
  order->max_attempts =
      limited(request->max_attempts, reads ? DEFAULT_MAX_ATTEMPTS : 1, ZC_HTTP_MAX_ATTEMPTS);
  bool repeatable = reads || (request->flags & ZC_HTTP_REPEATABLE) != 0;
  order->once = !repeatable && order->max_attempts == 1;
}

int zc_http_order_init(zc_http_order *order, const zc_http_request *request) {
  memset(order, 0, sizeof *order);
  int status = check(request, &order->host, NULL);
  if (status == ZC_OK) status = copy(order, request);
  if (status != ZC_OK) {
    zc_http_order_finish(order);
    return status;
  }
  set_limits(order, request);
  return ZC_OK;
}

static void wipe(char *text) {
  if (text) explicit_bzero(text, strlen(text));
  free(text);
}

/* Tokens stand in headers, in some URLs, and in the bodies that ask for credentials. */
void zc_http_order_finish(zc_http_order *order) {
  for (struct curl_slist *header = order->headers; header; header = header->next)
    explicit_bzero(header->data, strlen(header->data));
  curl_slist_free_all(order->headers);
  if (order->body) explicit_bzero(order->body, order->body_length);
  free(order->body);
  free(order->method);
  free(order->host);
  free(order->sigv4);
  wipe(order->url);
  wipe(order->access_key);
  wipe(order->secret_key);
  memset(order, 0, sizeof *order);
}
