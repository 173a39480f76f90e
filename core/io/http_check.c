#include "core/io/http_check.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define MAX_METHOD 16

#define TOKEN "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

/* ---- the URL ------------------------------------------------------------------------------- */

static const char *fault_of_byte(unsigned char byte, bool in_host) {
  if (byte == ' ') return "a space";
  if (byte == '\r' || byte == '\n') return "a line's end";
  if (byte < ' ' || byte == 0x7f) return "a control character";
  return byte > 0x7f && !in_host ? "a character beyond ASCII" : NULL;
}

static int check_bytes(const char *url, size_t host_end, zc_error *error) {
  for (size_t i = 0; url[i]; i++) {
    const char *fault = fault_of_byte((unsigned char)url[i], i < host_end);
    if (!fault) continue;
    return zc_error_set(error, ZC_EINVAL, "a URL with %s at byte %zu: percent-encode it", fault, i);
  }
  return ZC_OK;
}

static int check_url(const char *url, zc_error *error) {
  if (!url) return zc_error_set(error, ZC_EINVAL, "no URL");
  size_t length = strnlen(url, ZC_HTTP_MAX_URL + 1), scheme = 0;
  if (length > ZC_HTTP_MAX_URL) {
    return zc_error_set(error, ZC_EINVAL, "a URL of more than %d bytes", ZC_HTTP_MAX_URL);
  }
  if (strncasecmp(url, "http://", 7) == 0) scheme = 7;
  if (strncasecmp(url, "https://", 8) == 0) scheme = 8;
  if (scheme == 0) {
    return zc_error_set(error, ZC_EINVAL, "a URL that begins neither with http:// nor https://");
  }
  size_t host = strcspn(url + scheme, "/?#");
  if (host == 0) return zc_error_set(error, ZC_EINVAL, "a URL without a host");
  return check_bytes(url, scheme + host, error);
}

/* ---- headers ------------------------------------------------------------------------------- */

static bool has_steering(const char *text, size_t n) {
  for (size_t i = 0; i < n; i++) {
    unsigned char c = (unsigned char)text[i];
    if ((c < ' ' && c != '\t') || c == 0x7f) return true;
  }
  return false;
}

/* What is wrong with "Name: value"; curl takes "Name:" and "Name;" for orders of its own. */
static const char *fault_of_header(const char *header) {
  if (!header) return "that is NULL";
  size_t length = strnlen(header, ZC_HTTP_MAX_HEADER + 1), name = strcspn(header, ":");
  if (length > ZC_HTTP_MAX_HEADER) return "of more than 16384 bytes";
  if (has_steering(header, length)) return "with a line's end or another control character in it";
  if (header[name] != ':') return "without a colon: it must be \"Name: value\"";
  if (name == 0 || strspn(header, TOKEN) != name) {
    return "whose name is no token: letters, digits and - up to the colon";
  }
  return header[name + 1 + strspn(header + name + 1, " \t")] == '\0' ? "without a value" : NULL;
}

static bool has_name(const char *header, const char *name) {
  size_t n = strlen(name);
  return strncasecmp(header, name, n) == 0 && header[n] == ':';
}

/* Whether curl signs these headers as AWS does: see http.h. */
static int check_signed_headers(const zc_http_request *request, zc_error *error) {
  static const char *const refused[] = {"X-Amz-Date", "Authorization", "Expect", "Accept"};
  for (uint32_t i = 0; i < request->n_headers; i++) {
    const char *header = request->headers[i];
    for (size_t j = 0; j < sizeof refused / sizeof *refused; j++) {
      if (!has_name(header, refused[j])) continue;
      return zc_error_set(error, ZC_EINVAL, "a header %s, which a signed request cannot have",
                          refused[j]);
    }
    for (uint32_t j = 0; j < request->n_headers; j++) {
      if (i == j || strncasecmp(header, request->headers[j], strcspn(header, ":")) != 0) continue;
      return zc_error_set(error, ZC_EINVAL,
                          "headers %u and %u of which one name begins the other: not to be signed",
                          i, j);
    }
  }
  return ZC_OK;
}

static int check_headers(const zc_http_request *request, zc_error *error) {
  if (request->n_headers > ZC_HTTP_MAX_HEADERS_OUT) {
    return zc_error_set(error, ZC_EINVAL, "%u headers, more than %d", request->n_headers,
                        ZC_HTTP_MAX_HEADERS_OUT);
  }
  if (request->n_headers && !request->headers) {
    return zc_error_set(error, ZC_EINVAL, "n_headers %u, and headers NULL", request->n_headers);
  }
  for (uint32_t i = 0; i < request->n_headers; i++) {
    const char *fault = fault_of_header(request->headers[i]);
    if (fault) return zc_error_set(error, ZC_EINVAL, "a header (headers[%u]) %s", i, fault);
  }
  return request->sigv4 ? check_signed_headers(request, error) : ZC_OK;
}

/* ---- the whole ----------------------------------------------------------------------------- */

static int check_method(const char *method, zc_error *error) {
  size_t n = method ? strnlen(method, MAX_METHOD + 1) : 0;
  if (!method) return ZC_OK;
  if (n > 0 && n <= MAX_METHOD && strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == n) return ZC_OK;
  return zc_error_set(error, ZC_EINVAL, "a method that is no word of capital letters");
}

int zc_http_request_check(const zc_http_request *request, zc_error *error) {
  int status = check_method(request->method, error);
  if (status != ZC_OK) return status;
  if (request->body_length > 0 && !request->body) {
    return zc_error_set(error, ZC_EINVAL, "body_length %zu, and body NULL", request->body_length);
  }
  if (request->body_length > ZC_HTTP_MAX_BODY) {
    return zc_error_set(error, ZC_EINVAL, "a body of more than %d bytes", ZC_HTTP_MAX_BODY);
  }
  if (request->sigv4 && (!request->sigv4_access_key || !request->sigv4_secret_key)) {
    return zc_error_set(error, ZC_EINVAL, "sigv4 without both keys");
  }
  status = check_headers(request, error);
  return status == ZC_OK ? check_url(request->url, error) : status;
}
