/* The HTTP client against a server that answers well: requests, answers, reuse, repeats. */
#include "core/io/http_test_server.h"

#define JSON_REPLY                                                                                 \
  "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Answer: first\r\nx-answer:  last \r\n"   \
  "Content-Length: 8\r\n\r\n{\"n\":42}"
#define EMPTY(status_line) "HTTP/1.1 " status_line "\r\nContent-Length: 0\r\n\r\n"

static const scripted_reply script[] = {
    {"/ok", SEND_AND_KEEP, JSON_REPLY, 0, NULL},
    {"/text", SEND_AND_KEEP, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", 0, NULL},
    {"/empty", SEND_AND_KEEP, EMPTY("204 No Content"), 0, NULL},
    {"/moved", SEND_AND_KEEP,
     "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 0, NULL},
    {"/refused", SEND_AND_KEEP,
     "HTTP/1.1 401 Unauthorized\r\nContent-Length: 21\r\n\r\n{\"why\":\"\x01"
     "bad\ntoken\"}\n",
     0, NULL},
    {"/flaky", SEND_AND_KEEP, EMPTY("503 Service Unavailable"), 0, NULL},
    {"/flaky", SEND_AND_KEEP, EMPTY("500 Oh"), 0, NULL},
    {"/flaky", SEND_AND_KEEP, JSON_REPLY, 0, NULL},
    {"/rate", SEND_AND_KEEP,
     "HTTP/1.1 429 Slow Down\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n", 0, NULL},
    {"/rate", SEND_AND_KEEP, JSON_REPLY, 0, NULL},
    {"/date", SEND_AND_KEEP,
     "HTTP/1.1 503 Later\r\nDate: Mon, 05 Jan 2026 10:00:00 GMT\r\n"
     "Retry-After: Mon, 05 Jan 2026 10:02:00 GMT\r\nContent-Length: 0\r\n\r\n",
     0, NULL},
    {"/date", SEND_AND_KEEP, JSON_REPLY, 0, NULL},
    {"/busy", SEND_AND_KEEP,
     "HTTP/1.1 429 Slow Down\r\nRetry-After: 60\r\nContent-Length: 4\r\n\r\nbusy", 0, NULL},
    {"/hour", SEND_AND_KEEP, "HTTP/1.1 503 Later\r\nRetry-After: 3600\r\nContent-Length: 0\r\n\r\n",
     0, NULL},
    {"/never", SEND_AND_KEEP, NULL, 0, NULL},
    {"/slow", SEND_SLOWLY, "HTTP/1.1 200 OK\r\n\r\n{\"n\":7}", 0, NULL},
};
#define N_SCRIPT (sizeof script / sizeof *script)

static void test_get(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  const char *headers[] = {"X-Mine: 1", "X-Other: two words"};
  zc_http_request request = request_for(&s, "/ok?a=b");
  request.headers = headers;
  request.n_headers = 2;
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.error, ZC_OK);
  assert_int_equal(s.got.status, 200);
  assert_int_equal(s.got.attempts, 1);
  assert_int_equal(s.got.sent, 1);
  assert_string_equal(s.got.body, "{\"n\":42}");
  assert_int_equal(s.got.length, 8);
  assert_true(s.got.number > 41.5 && s.got.number < 42.5);
  assert_string_equal(s.got.header, "last");
  const char *sent = s.server.last_request;
  assert_int_equal(strncmp(sent, "GET /ok?a=b HTTP/1.1\r\n", 22), 0);
  assert_non_null(strstr(sent, "\r\nUser-Agent: zerocarb/" ZC_VERSION "\r\n"));
  assert_non_null(strstr(sent, "\r\nX-Mine: 1\r\nX-Other: two words\r\n"));
  assert_null(strcasestr(sent, "\r\nContent-"));
  assert_null(strcasestr(sent, "\r\nAccept-Encoding"));
  scene_end(&s);
}

static void test_methods_and_bodies(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  const char *headers[] = {"Content-Type: application/x-amz-json-1.0"};
  zc_http_request request = request_for(&s, "/text");
  request.body = "a\0b";
  request.body_length = 3;
  request.headers = headers;
  request.n_headers = 1;
  ask(&s, &request, ZC_MINUTE);
  assert_string_equal(s.got.body, "hello");
  assert_true(s.got.number < 0); /* not JSON */
  assert_non_null(strstr(s.got.message, ": HTTP 200; the answer is no JSON: line 1, byte 1: "));
  assert_int_equal(strncmp(s.server.last_request, "POST /text ", 11), 0);
  assert_non_null(strstr(s.server.last_request, "\r\nContent-Length: 3\r\n"));
  assert_non_null(strstr(s.server.last_request, "x-amz-json-1.0\r\n"));
  assert_memory_equal(strstr(s.server.last_request, "\r\n\r\n") + 4, "a\0b", 3);

  request = request_for(&s, "/empty");
  request.method = "PUT"; /* says that there is no body, and nothing about its type */
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.status, 204);
  assert_int_equal(strncmp(s.server.last_request, "PUT /empty ", 11), 0);
  assert_non_null(strstr(s.server.last_request, "\r\nContent-Length: 0\r\n"));
  assert_null(strstr(s.server.last_request, "Content-Type"));

  request = request_for(&s, "/empty");
  request.method = "HEAD";
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(strncmp(s.server.last_request, "HEAD /empty ", 12), 0);
  request.method = "DELETE";
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(strncmp(s.server.last_request, "DELETE /empty ", 14), 0);
  scene_end(&s);
}

static void test_signing(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  const char *headers[] = {"Content-Type: application/x-amz-json-1.0",
                           "X-Amz-Target: DynamoDB_20120810.ListTables"};
  zc_http_request request = request_for(&s, "/text");
  request.body = "{}";
  request.body_length = 2;
  request.headers = headers;
  request.n_headers = 2;
  request.sigv4 = "aws:amz:eu-west-2:dynamodb";
  request.sigv4_access_key = "AKIDEXAMPLE";
  request.sigv4_secret_key = "hunter2";
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.status, 200);
  const char *sent = s.server.last_request;
  assert_non_null(strstr(sent, "\r\nAuthorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20"));
  assert_non_null(strstr(sent, "/eu-west-2/dynamodb/aws4_request, SignedHeaders="
                               "content-type;host;x-amz-date;x-amz-target, Signature="));
  assert_non_null(strstr(sent, "\r\nX-Amz-Date: 20"));
  assert_null(strstr(sent, "hunter2"));
  request = request_for(&s, "/text"); /* with the same handle: nothing is left of it */
  ask(&s, &request, ZC_MINUTE);
  assert_null(strstr(s.server.last_request, "Authorization"));
  scene_end(&s);
}

static void test_the_request_is_copied(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  char header[] = "X-Mine: 1", body[] = "body", url[256];
  snprintf(url, sizeof url, "%s", url_of(&s, "/text"));
  const char *headers[] = {header};
  zc_http_request request = {.size = sizeof request, .url = url, .body = body, .body_length = 4};
  request.headers = headers;
  request.n_headers = 1;
  s.got.wanted = 1;
  assert_int_equal(zc_http_start(s.http, &request, ZC_MINUTE, NULL, keep_answer, &s, NULL), ZC_OK);
  memset(header, '!', sizeof header - 1);
  memset(body, '!', sizeof body - 1);
  memset(url, '!', sizeof url - 1);
  memset(&request, 0xff, sizeof request);
  zc_loop_run(s.loop, ZC_TIME_MAX);
  assert_int_equal(s.got.status, 200);
  assert_non_null(strstr(s.server.last_request, "\r\nX-Mine: 1\r\n"));
  assert_non_null(strstr(s.server.last_request, "\r\n\r\nbody"));
  scene_end(&s);
}

static void test_connections_are_reused(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  zc_http_request request = request_for(&s, "/ok");
  for (int i = 0; i < 10; i++)
    ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.server.n_requests, 10);
  assert_int_equal(s.server.n_connections, 1);
  scene_end(&s);
}

static void test_redirects_are_answers(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  zc_http_request request = request_for(&s, "/moved");
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.error, ZC_OK);
  assert_int_equal(s.got.status, 302);
  assert_non_null(strstr(s.got.message, ": HTTP 302 (redirects are not followed)"));
  assert_int_equal(s.server.n_requests, 1);
  scene_end(&s);
}

static void test_messages_quote_bodies_and_no_secrets(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  char url[128], expected[128];
  snprintf(url, sizeof url, "http://user:hunter2@127.0.0.1:%d/refused?token=hunter3",
           s.server.port);
  zc_http_request request = {.size = sizeof request, .url = url};
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.status, 401);
  assert_int_equal(s.got.attempts, 1);
  snprintf(expected, sizeof expected, "127.0.0.1:%d: HTTP 401: {\"why\":\" bad token\"} ",
           s.server.port);
  assert_string_equal(s.got.message, expected);
  scene_end(&s);
}

/* ---- repeats ------------------------------------------------------------------------------- */

static void test_server_faults_are_repeated(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  zc_http_request request = request_for(&s, "/flaky");
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.status, 200);
  assert_int_equal(s.got.attempts, 3);
  assert_true(zc_loop_now(s.loop) <= HTTP_START + 500 + 1000);
  scene_end(&s);

  scene_begin(&s, script, N_SCRIPT);
  request = request_for(&s, "/flaky");
  request.method = "POST"; /* once only, unless said otherwise */
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.error, ZC_OK);
  assert_int_equal(s.got.status, 503);
  assert_int_equal(s.got.attempts, 1);
  request.max_attempts = 5;
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.status, 200);
  assert_int_equal(s.got.attempts, 2);
  scene_end(&s);
}

static void test_retry_after_is_honoured(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  zc_http_request request = request_for(&s, "/rate");
  ask(&s, &request, 10 * ZC_MINUTE);
  assert_int_equal(s.got.status, 200);
  assert_int_equal(s.got.attempts, 2);
  assert_int_equal(zc_loop_now(s.loop), HTTP_START + ZC_MINUTE); /* on the virtual clock */
  request = request_for(&s, "/date");
  ask(&s, &request, 10 * ZC_MINUTE);
  assert_int_equal(s.got.status, 200);
  assert_int_equal(zc_loop_now(s.loop), HTTP_START + 3 * ZC_MINUTE);
  scene_end(&s);
}

static void test_retry_after_beyond_the_deadline_gives_the_answer(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  zc_http_request request = request_for(&s, "/busy");
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.error, ZC_OK);
  assert_int_equal(s.got.status, 429);
  assert_int_equal(s.got.attempts, 1);
  assert_non_null(
      strstr(s.got.message, ": HTTP 429: busy; asks to wait 60 s, longer than this request can"));
  request = request_for(&s, "/hour"); /* over five minutes, whatever the deadline */
  ask(&s, &request, ZC_DAY);
  assert_int_equal(s.got.status, 503);
  assert_int_equal(s.got.attempts, 1);
  assert_int_equal(zc_loop_now(s.loop), HTTP_START);
  scene_end(&s);
}

/* ---- many at once -------------------------------------------------------------------------- */

static void test_a_slow_answer_holds_nobody_up(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  zc_http_request slow = request_for(&s, "/slow");
  s.got.wanted = 2;
  assert_int_equal(zc_http_start(s.http, &slow, ZC_MINUTE, NULL, keep_answer, &s, NULL), ZC_OK);
  zc_http_request fast = request_for(&s, "/ok");
  assert_int_equal(zc_http_start(s.http, &fast, ZC_MINUTE, NULL, keep_answer, &s, NULL), ZC_OK);
  zc_loop_run(s.loop, ZC_TIME_MAX);
  assert_int_equal(s.got.n, 2);
  assert_string_equal(s.got.body, "{\"n\":7}"); /* the slow one came last */
  scene_end(&s);
}

static void test_many_wait_their_turn(void **state) {
  (void)state;
  enum { N = 500 };
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  s.got.wanted = N;
  zc_http_request request = request_for(&s, "/ok");
  for (int i = 0; i < N; i++)
    assert_int_equal(zc_http_start(s.http, &request, ZC_HOUR, NULL, keep_answer, &s, NULL), ZC_OK);
  zc_loop_run(s.loop, ZC_TIME_MAX);
  assert_int_equal(s.got.n, N);
  assert_int_equal(s.server.n_requests, N);
  assert_true(s.server.n_connections <= ZC_HTTP_MAX_RUNNING);
  scene_end(&s);
}

static void test_too_many_are_refused(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  zc_http_request request = request_for(&s, "/never");
  for (int i = 0; i < ZC_HTTP_MAX_LIVE; i++)
    assert_int_equal(zc_http_start(s.http, &request, ZC_HOUR, NULL, keep_answer, &s, NULL), ZC_OK);
  assert_int_equal(zc_http_start(s.http, &request, ZC_HOUR, NULL, keep_answer, &s, NULL),
                   ZC_ECONFLICT);
  scene_end(&s); /* cancels them all, without a callback */
  assert_int_equal(s.got.n, 0);
}

int main(void) {
  alarm(120);
  setenv("http_proxy", "http://127.0.0.1:1", 1); /* must not be used for loopback */
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_get),
      cmocka_unit_test(test_methods_and_bodies),
      cmocka_unit_test(test_signing),
      cmocka_unit_test(test_the_request_is_copied),
      cmocka_unit_test(test_connections_are_reused),
      cmocka_unit_test(test_redirects_are_answers),
      cmocka_unit_test(test_messages_quote_bodies_and_no_secrets),
      cmocka_unit_test(test_server_faults_are_repeated),
      cmocka_unit_test(test_retry_after_is_honoured),
      cmocka_unit_test(test_retry_after_beyond_the_deadline_gives_the_answer),
      cmocka_unit_test(test_a_slow_answer_holds_nobody_up),
      cmocka_unit_test(test_many_wait_their_turn),
      cmocka_unit_test(test_too_many_are_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
