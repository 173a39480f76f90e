/* What may be asked of the HTTP client, and when it asks again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/time_text.h"
#include "core/io/http.h"
#include "core/io/http_order.h"
#include "core/io/http_retry.h"

static int try_order(const zc_http_request *request) {
  zc_http_order order;
  int status = zc_http_order_init(&order, request);
  if (status == ZC_OK) zc_http_order_finish(&order);
  return status;
}

static int try_url(const char *url) {
  const zc_http_request request = {.size = sizeof request, .url = url};
  return try_order(&request);
}

static int try_header(const char *header, const char *sigv4) {
  const zc_http_request request = {
      .size = sizeof request,
      .url = "https://dynamodb.eu-west-2.amazonaws.com/",
      .headers = (const char *const[]){"X-Amz-Target: DynamoDB_20120810.PutItem", header},
      .n_headers = header ? 2 : 1,
      .sigv4 = sigv4,
      .sigv4_access_key = "AKID",
      .sigv4_secret_key = "secret"};
  return try_order(&request);
}

static void test_urls(void **state) {
  (void)state;
  assert_int_equal(try_url("http://example.org"), ZC_OK);
  assert_int_equal(try_url("HTTPS://[::1]:8443/a?b=c#d"), ZC_OK);
  static const char *const bad[] = {"",
                                    "example.org",
                                    "ftp://example.org/",
                                    "file:///etc/passwd",
                                    "http://",
                                    "http:///path",
                                    "http://example.org/a b",
                                    "http://example.org/\r\nX: 1",
                                    "http://example.org:99999/",
                                    "http://[::1/"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    assert_int_equal(try_url(bad[i]), ZC_EINVAL);
  assert_int_equal(try_url(NULL), ZC_EINVAL);
  char *longest = malloc(ZC_HTTP_MAX_URL + 2);
  assert_non_null(longest);
  memset(longest, 'a', ZC_HTTP_MAX_URL + 1);
  memcpy(longest, "http://e/", 9);
  longest[ZC_HTTP_MAX_URL + 1] = '\0';
  assert_int_equal(try_url(longest), ZC_EINVAL);
  longest[ZC_HTTP_MAX_URL] = '\0';
  assert_int_equal(try_url(longest), ZC_OK);
  free(longest);
}

static void assert_host(const char *url, const char *host) {
  const zc_http_request request = {.size = sizeof request, .url = url};
  zc_http_order order;
  assert_int_equal(zc_http_order_init(&order, &request), ZC_OK);
  assert_string_equal(order.host, host);
  zc_http_order_finish(&order);
}

static void test_printable_host(void **state) {
  (void)state;
  assert_host("https://api.example.org/v4/x?auth-token=secret", "api.example.org");
  assert_host("https://user:secret@api.example.org:8443/", "api.example.org:8443");
  assert_host("http://[fd00:ec2::254]/latest", "[fd00:ec2::254]");
}

static void test_headers(void **state) {
  (void)state;
  assert_int_equal(try_header("X-A: b", NULL), ZC_OK);
  assert_int_equal(try_header("X-A:b\tc", NULL), ZC_OK);
  static const char *const bad[] = {"X-A",    "X-A:",           "X-A:  ",    "X-A;", ": b",
                                    "X A: b", "X-A: b\r\nY: c", "X-A: b\nc", "",     NULL};
  for (size_t i = 0; bad[i]; i++)
    assert_int_equal(try_header(bad[i], NULL), ZC_EINVAL);
  zc_http_request request = {.size = sizeof request, .url = "http://e/", .n_headers = 1};
  assert_int_equal(try_order(&request), ZC_EINVAL);
  char *longest = calloc(1, ZC_HTTP_MAX_HEADER + 2);
  assert_non_null(longest);
  memset(longest, 'a', ZC_HTTP_MAX_HEADER + 1);
  memcpy(longest, "X: ", 3);
  assert_int_equal(try_header(longest, NULL), ZC_EINVAL);
  longest[ZC_HTTP_MAX_HEADER] = '\0';
  assert_int_equal(try_header(longest, NULL), ZC_OK);
  free(longest);
}

static void test_methods_bodies_and_limits(void **state) {
  (void)state;
  zc_http_request request = {.size = sizeof request, .url = "http://e/", .method = "PURGE"};
  assert_int_equal(try_order(&request), ZC_OK);
  static const char *const bad[] = {"", "get", "GET ", "G\r\n", "ABCDEFGHIJKLMNOPQ"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    request.method = bad[i];
    assert_int_equal(try_order(&request), ZC_EINVAL);
  }
  request.method = NULL;
  request.body_length = 1;
  assert_int_equal(try_order(&request), ZC_EINVAL);
  request.body = "x";
  zc_http_order order;
  assert_int_equal(zc_http_order_init(&order, &request), ZC_OK);
  assert_string_equal(order.method, "POST");
  assert_int_equal(order.max_attempts, 1);
  assert_true(order.once);
  assert_int_equal(order.timeout_ms, 10000);
  assert_int_equal(order.max_body, 2097152);
  zc_http_order_finish(&order);
  request.max_attempts = 99;
  request.max_body = UINT32_MAX;
  assert_int_equal(zc_http_order_init(&order, &request), ZC_OK);
  assert_false(order.once);
  assert_int_equal(order.max_attempts, ZC_HTTP_MAX_ATTEMPTS);
  assert_int_equal(order.max_body, ZC_HTTP_MAX_ANSWER);
  zc_http_order_finish(&order);
  request.body_length = ZC_HTTP_MAX_BODY + 1;
  assert_int_equal(try_order(&request), ZC_EINVAL);
}

static void test_what_curl_would_sign_wrongly_is_refused(void **state) {
  (void)state;
  const char *sigv4 = "aws:amz:eu-west-2:dynamodb";
  assert_int_equal(try_header(NULL, sigv4), ZC_OK);
  assert_int_equal(try_header("X-Amz-Security-Token: t", sigv4), ZC_OK);
  static const char *const bad[] = {
      "x-amz-date: 20260101T000000Z", "Accept: */*",          "Expect: x", "Authorization: y",
      "X-Amz-Target: again",          "X-Amz-Target-More: z", "X-Amz: z",  NULL};
  for (size_t i = 0; bad[i]; i++)
    assert_int_equal(try_header(bad[i], sigv4), ZC_EINVAL);
  zc_http_request request = {.size = sizeof request,
                             .url = "https://sts.amazonaws.com/?a=b",
                             .sigv4 = sigv4,
                             .sigv4_access_key = "AKID",
                             .sigv4_secret_key = "secret"};
  assert_int_equal(try_order(&request), ZC_EINVAL);
  request.url = "https://sts.amazonaws.com/a%20b";
  assert_int_equal(try_order(&request), ZC_EINVAL);
  request.url = "https://sts.amazonaws.com/a";
  assert_int_equal(try_order(&request), ZC_OK);
  request.sigv4_secret_key = NULL;
  assert_int_equal(try_order(&request), ZC_EINVAL);
}

/* ---- when to ask again --------------------------------------------------------------------- */

static void test_statuses(void **state) {
  (void)state;
  static const int transient[] = {429, 500, 502, 503, 504};
  size_t found = 0;
  for (int status = 100; status < 600; status++) {
    if (zc_http_is_transient(status)) assert_int_equal(status, transient[found++]);
  }
  assert_int_equal(found, 5);
}

static void test_backoff_is_full_jitter(void **state) {
  (void)state;
  static const int64_t bounds[] = {500, 1000, 2000, 4000, 8000, 16000, 20000, 20000};
  zc_random random;
  zc_random_init(&random, 7);
  for (uint32_t attempt = 1; attempt <= 8; attempt++) {
    int64_t low = INT64_MAX, high = -1;
    for (int i = 0; i < 5000; i++) {
      int64_t wait = zc_http_backoff(&random, attempt);
      low = wait < low ? wait : low;
      high = wait > high ? wait : high;
    }
    const int64_t bound = bounds[attempt - 1];
    assert_true(low >= 0 && low < bound / 50);
    assert_true(high < bound && high > bound - bound / 50);
  }
  assert_true(zc_http_backoff(&random, UINT32_MAX) < 20000);
}

static void test_retry_after(void **state) {
  (void)state;
  const zc_time now = INT64_C(1767607200000); /* Mon, 05 Jan 2026 10:00:00 GMT */
  assert_int_equal(zc_http_retry_after("120", NULL, now), 120 * ZC_SECOND);
  assert_int_equal(zc_http_retry_after("0", NULL, now), 0);
  assert_int_equal(zc_http_retry_after("99999999999", NULL, now), 1000000000 * ZC_SECOND);
  assert_int_equal(zc_http_retry_after("-5", NULL, now), -1);
  assert_int_equal(zc_http_retry_after("soon", NULL, now), -1);
  assert_int_equal(zc_http_retry_after("", NULL, now), -1);
  const char *later = "Mon, 05 Jan 2026 10:00:30 GMT";
  assert_int_equal(zc_http_retry_after(later, NULL, now), 30 * ZC_SECOND);
  assert_int_equal(zc_http_retry_after(later, NULL, now + ZC_HOUR), 0);
  /* The remote's own clock counts: ours may be wrong, or virtual. */
  assert_int_equal(zc_http_retry_after(later, "Mon, 05 Jan 2026 10:00:20 GMT", 0), 10 * ZC_SECOND);
  assert_int_equal(zc_http_retry_after(later, "yesterday, perhaps", now), 30 * ZC_SECOND);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_urls),
      cmocka_unit_test(test_printable_host),
      cmocka_unit_test(test_headers),
      cmocka_unit_test(test_methods_bodies_and_limits),
      cmocka_unit_test(test_what_curl_would_sign_wrongly_is_refused),
      cmocka_unit_test(test_statuses),
      cmocka_unit_test(test_backoff_is_full_jitter),
      cmocka_unit_test(test_retry_after),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
