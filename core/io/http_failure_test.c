/* The HTTP client against servers, networks and name services that fail. */
#include <dlfcn.h>
#include <netdb.h>

#include "core/io/http_test_server.h"

#define OK_REPLY "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

static const scripted_reply script[] = {
    {"/ok", SEND_AND_KEEP, OK_REPLY, 0, NULL},
    {"/never", SEND_AND_KEEP, NULL, 0, NULL},
    {"/silent", SEND_AND_CLOSE, "", 0, NULL},
    {"/reset", SEND_AND_RESET, "", 0, NULL},
    {"/reset-body", SEND_AND_RESET, "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n{\"half\":", 0,
     NULL},
    {"/cut-body", SEND_AND_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n{\"half\":", 0,
     NULL},
    {"/whole-then-reset", SEND_AND_RESET, OK_REPLY, 0, NULL},
    {"/cut-header", SEND_AND_CLOSE, "HTTP/1.1 200 OK\r\nContent-Ty", 0, NULL},
    {"/once-cut", SEND_AND_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal", 0, NULL},
    {"/once-cut", SEND_AND_KEEP, OK_REPLY, 0, NULL},
    {"/large", SEND_AND_CLOSE, "HTTP/1.1 200 OK\r\n\r\n", 1 << 20, NULL},
    {"/large-header", SEND_AND_CLOSE, "HTTP/1.1 200 OK\r\nX: ", 90000, "\r\n\r\n"},
    {"/endless-header", SEND_AND_CLOSE, "HTTP/1.1 200 OK\r\nX: ", 300000, "\r\n\r\n"},
    {"/garbage", SEND_AND_CLOSE, "220 smtp.example.org ready\r\n", 0, NULL},
    {"/garbage-status", SEND_AND_CLOSE, "HTTP/1.1 abc\r\n\r\n", 0, NULL},
    {"/garbage-length", SEND_AND_CLOSE, "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\nx", 0,
     NULL},
    {"/garbage-chunk", SEND_AND_CLOSE,
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nnonsense", 0, NULL},
    {"/keep-then-drop", SEND_AND_KEEP, OK_REPLY, 0, NULL},
    {"/keep-then-drop", SEND_AND_CLOSE, "", 0, NULL},
    {"/slow", SEND_SLOWLY, OK_REPLY, 0, NULL},
};
#define N_SCRIPT (sizeof script / sizeof *script)

/* ---- a name service of our own: libcurl calls this one -------------------------------------- */

static uv_sem_t resolver_gate, resolver_done;

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret) __attribute__((visibility("default")));

typedef int (*resolve)(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret) {
  if (strcmp(name, "missing.invalid") == 0) return EAI_NONAME;
  if (strcmp(name, "stuck.invalid") == 0) {
    uv_sem_wait(&resolver_gate);
    uv_sem_post(&resolver_done);
    return EAI_AGAIN;
  }
  resolve next;
  *(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
  return next(name, service, hints, ret);
}

static zc_http_request once(http_scene *s, const char *path) {
  zc_http_request request = request_for(s, path);
  request.max_attempts = 1;
  return request;
}

static void assert_message(const http_scene *s, const char *text) {
  char expected[300];
  snprintf(expected, sizeof expected, "127.0.0.1:%d: %s", s->server.port, text);
  assert_string_equal(s->got.message, expected);
  assert_int_equal(s->got.status, 0);
}

/* ---- servers ------------------------------------------------------------------------------- */

static void test_connections_that_break(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  zc_http_request request = once(&s, "/silent");
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.error, ZC_EREMOTE);
  assert_message(&s, "closed the connection without an answer");
  assert_int_equal(s.got.sent, 1);

  request = once(&s, "/reset");
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.error, ZC_EREMOTE);
  assert_message(&s, "the connection broke: Recv failure: Connection reset by peer");
  assert_int_equal(s.got.sent, 1);

  request = once(&s, "/reset-body");
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.error, ZC_EREMOTE);
  assert_string_equal(s.got.body, "");

  request = once(&s, "/cut-body");
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.error, ZC_EREMOTE);
  assert_message(&s, "the answer broke off");

  request = once(&s, "/cut-header"); /* curl takes it for a whole answer */
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.error, ZC_EREMOTE);
  assert_message(&s, "the answer broke off");
  scene_end(&s);
}

static void test_an_answer_before_a_reset_counts(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  zc_http_request request = once(&s, "/whole-then-reset");
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.error, ZC_OK);
  assert_string_equal(s.got.body, "ok");
  scene_end(&s);
}

static void test_breaks_are_repeated(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  zc_http_request request = request_for(&s, "/once-cut");
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.status, 200);
  assert_int_equal(s.got.attempts, 2);
  assert_string_equal(s.got.body, "ok"); /* nothing of the first attempt is left in it */
  request = request_for(&s, "/silent");
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.error, ZC_EREMOTE);
  assert_int_equal(s.got.attempts, 3);
  scene_end(&s);
}

static void test_time_limits(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  zc_http_request request = once(&s, "/never");
  request.timeout_ms = 50;
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.error, ZC_ETIMEDOUT);
  assert_message(&s, "no answer within 50 ms");
  assert_int_equal(s.got.sent, 1);
  request.timeout_ms = 60000;
  ask(&s, &request, 40); /* the deadline is nearer */
  assert_message(&s, "no answer within 40 ms");
  request = once(&s, "/slow"); /* bytes come all the time, but too slowly */
  request.timeout_ms = 30;
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.error, ZC_ETIMEDOUT);
  scene_end(&s);
}

static void test_all_that_end_at_once_are_reported(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  zc_http_request request = once(&s, "/never");
  request.timeout_ms = 50;
  s.got.wanted = 20;
  for (int i = 0; i < 20; i++)
    assert_int_equal(zc_http_start(s.http, &request, ZC_MINUTE, NULL, keep_answer, &s, NULL),
                     ZC_OK);
  zc_loop_run(s.loop, ZC_TIME_MAX);
  assert_int_equal(s.got.n, 20);
  scene_end(&s);
}

static void test_repeats_end_at_the_deadline(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  zc_http_request request = request_for(&s, "/silent");
  request.max_attempts = 10;
  ask(&s, &request, 2 * ZC_SECOND);
  assert_int_equal(s.got.error, ZC_EREMOTE);
  assert_in_range(s.got.attempts, 2, 9);
  assert_true(zc_loop_now(s.loop) < HTTP_START + 2 * ZC_SECOND);
  scene_end(&s);
}

static void test_answers_that_are_too_large(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  zc_http_request request = request_for(&s, "/large");
  request.max_body = 1000;
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.error, ZC_EDATA);
  assert_message(&s, "answer over 1000 bytes");
  assert_int_equal(s.got.attempts, 1); /* it would be as large again */
  request.max_body = 1 << 20;
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.error, ZC_OK);
  assert_int_equal(s.got.length, 1 << 20);
  request = once(&s, "/large-header");
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.error, ZC_EDATA);
  assert_message(&s, "answer's headers over 65536 bytes");
  request = once(&s, "/endless-header");
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.error, ZC_EDATA);
  assert_message(&s, "a header line is too long");
  scene_end(&s);
}

static void test_what_is_not_http(void **state) {
  (void)state;
  static const char *const paths[] = {"/garbage", "/garbage-status", "/garbage-length",
                                      "/garbage-chunk"};
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
    zc_http_request request = request_for(&s, paths[i]);
    ask(&s, &request, ZC_MINUTE);
    assert_int_equal(s.got.error, ZC_EDATA);
    assert_non_null(strstr(s.got.message, "the answer is not HTTP"));
  }
  scene_end(&s);
}

/* ---- networks ------------------------------------------------------------------------------ */

static void test_nobody_listens(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  uv_tcp_t unused; /* a port that is ours, but not open */
  struct sockaddr_in address;
  int size = sizeof address;
  uv_ip4_addr("127.0.0.1", 0, &address);
  uv_tcp_init(zc_loop_uv(s.loop), &unused);
  assert_int_equal(uv_tcp_bind(&unused, (const struct sockaddr *)&address, 0), 0);
  uv_tcp_getsockname(&unused, (struct sockaddr *)&address, &size);
  snprintf(s.url, sizeof s.url, "http://127.0.0.1:%d/", ntohs(address.sin_port));
  zc_http_request request = {.size = sizeof request, .url = s.url};
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.error, ZC_EREMOTE);
  assert_int_equal(s.got.sent, 0);
  assert_int_equal(s.got.attempts, 3);
  assert_non_null(strstr(s.got.message, ": could not connect: Connection refused"));
  uv_close((uv_handle_t *)&unused, NULL);
  scene_end(&s);
}

static void test_no_such_host(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  zc_http_request request = {.size = sizeof request,
                             .url = "https://missing.invalid/path?secret=hunter2"};
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.error, ZC_EREMOTE);
  assert_int_equal(s.got.sent, 0);
  assert_int_equal(s.got.attempts, 3);
  assert_string_equal(s.got.message, "missing.invalid: could not resolve the host's name");
  scene_end(&s);
}

/* The test would never end where anything waited for the resolver's thread. */
static void test_a_stuck_name_service_blocks_nothing(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  assert_int_equal(uv_sem_init(&resolver_gate, 0), 0);
  assert_int_equal(uv_sem_init(&resolver_done, 0), 0);
  zc_http_request stuck = {
      .size = sizeof stuck, .url = "http://stuck.invalid/", .timeout_ms = 50, .max_attempts = 1};
  ask(&s, &stuck, ZC_MINUTE);
  assert_int_equal(s.got.error, ZC_ETIMEDOUT);
  assert_int_equal(s.got.sent, 0);
  assert_string_equal(s.got.message, "stuck.invalid: no connection within 50 ms");
  stuck.timeout_ms = 60000;
  zc_http_transfer *transfer;
  assert_int_equal(zc_http_start(s.http, &stuck, ZC_MINUTE, NULL, keep_answer, &s, &transfer),
                   ZC_OK);
  zc_http_request fine = once(&s, "/ok");
  ask(&s, &fine, ZC_MINUTE); /* meanwhile */
  assert_int_equal(s.got.status, 200);
  zc_http_cancel(transfer);
  assert_int_equal(zc_http_start(s.http, &stuck, ZC_MINUTE, NULL, keep_answer, &s, NULL), ZC_OK);
  ask(&s, &fine, ZC_MINUTE);
  scene_end(&s); /* with one still resolving */
  for (int i = 0; i < 3; i++)
    uv_sem_post(&resolver_gate);
  for (int i = 0; i < 3; i++)
    uv_sem_wait(&resolver_done);
}

static void test_the_proxy_of_the_environment(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  char proxy[64];
  snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", s.server.port);
  setenv("http_proxy", proxy, 1);
  zc_http_request request = {.size = sizeof request, .url = "http://missing.invalid/ok"};
  ask(&s, &request, ZC_MINUTE);
  unsetenv("http_proxy");
  assert_int_equal(s.got.status, 200);
  assert_int_equal(strncmp(s.server.last_request, "GET http://missing.invalid/ok HTTP/1.1\r\n", 40),
                   0);
  scene_end(&s);
}

/* What a proxy keeps from the remote has surely not been done there. */
static void test_a_refused_tunnel_is_nothing_sent(void **state) {
  (void)state;
  static const scripted_reply refusals[] = {
      {"missing.invalid:443", SEND_AND_KEEP,
       "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", 0, NULL},
      {"missing.invalid:443", SEND_AND_CLOSE,
       "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n", 0, NULL},
      {"missing.invalid:443", SEND_AND_RESET, "", 0, NULL},
      {"missing.invalid:443", SEND_AND_KEEP, NULL, 0, NULL},
  };
  http_scene s;
  scene_begin(&s, refusals, 4);
  char proxy[64];
  snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", s.server.port);
  setenv("https_proxy", proxy, 1);
  zc_http_request request = {.size = sizeof request,
                             .url = "https://missing.invalid/start",
                             .body = "{}",
                             .body_length = 2,
                             .timeout_ms = 300};
  for (int i = 0; i < 4; i++) {
    ask(&s, &request, ZC_MINUTE);
    assert_int_equal(s.got.error, i < 3 ? ZC_EREMOTE : ZC_ETIMEDOUT);
    assert_int_equal(s.got.sent, 0);
    assert_int_equal(s.server.n_requests, i + 1);
  }
  unsetenv("https_proxy");
  scene_end(&s);
}

static void test_no_proxy_for_what_is_beside_us(void **state) {
  (void)state;
  static const char *const hosts[] = {"127.0.0.1", "127.0.0.2",   "127.255.1.2",   "localhost",
                                      "[::1]",     "169.254.1.2", "169.254.170.99"};
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  char proxy[64], url[64];
  snprintf(proxy, sizeof proxy, "http://127.0.0.1:%d", s.server.port);
  setenv("http_proxy", proxy, 1);
  for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
    snprintf(url, sizeof url, "http://%s:1/ok", hosts[i]);
    zc_http_request request = {
        .size = sizeof request, .url = url, .timeout_ms = 200, .max_attempts = 1};
    ask(&s, &request, ZC_MINUTE);
    if (s.server.n_requests > 0) fail_msg("the proxy was asked for %s", url);
  }
  unsetenv("http_proxy");
  scene_end(&s);
}

/* ---- once only ----------------------------------------------------------------------------- */

static void test_what_may_be_sent_once_is_sent_once(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  zc_http_request request = request_for(&s, "/keep-then-drop");
  ask(&s, &request, ZC_MINUTE); /* leaves a connection open */
  assert_int_equal(s.got.status, 200);
  request.method = "POST";
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.error, ZC_EREMOTE);
  assert_int_equal(s.got.sent, 1);
  assert_int_equal(s.server.n_requests, 2);
  scene_end(&s);
}

static void never_called(void *user, const zc_http_response *response) {
  (void)user;
  fail_msg("called back after cancel: %s", response->message);
}

static void cancel_later(zc_timer *timer) {
  zc_http_cancel(timer->user);
}

static void test_cancelled_ones_never_call_back(void **state) {
  (void)state;
  http_scene s;
  scene_begin(&s, script, N_SCRIPT);
  static const char *const paths[] = {"/never", "/ok", "/silent", "/slow"};
  zc_timer timers[8] = {0};
  for (int i = 0; i < 8; i++) {
    zc_http_request request = request_for(&s, paths[i % 4]);
    zc_http_transfer *transfer;
    assert_int_equal(
        zc_http_start(s.http, &request, ZC_MINUTE, NULL, never_called, NULL, &transfer), ZC_OK);
    if (i < 4)
      zc_http_cancel(transfer); /* before it was sent */
    else
      zc_timer_after(s.loop, &timers[i], 0, cancel_later, transfer);
  }
  zc_http_request request = request_for(&s, "/ok");
  ask(&s, &request, ZC_MINUTE);
  assert_int_equal(s.got.status, 200);
  scene_end(&s);
}

int main(void) {
  alarm(120);
  unsetenv("http_proxy");
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_connections_that_break),
      cmocka_unit_test(test_an_answer_before_a_reset_counts),
      cmocka_unit_test(test_breaks_are_repeated),
      cmocka_unit_test(test_time_limits),
      cmocka_unit_test(test_all_that_end_at_once_are_reported),
      cmocka_unit_test(test_repeats_end_at_the_deadline),
      cmocka_unit_test(test_answers_that_are_too_large),
      cmocka_unit_test(test_what_is_not_http),
      cmocka_unit_test(test_nobody_listens),
      cmocka_unit_test(test_no_such_host),
      cmocka_unit_test(test_a_stuck_name_service_blocks_nothing),
      cmocka_unit_test(test_the_proxy_of_the_environment),
      cmocka_unit_test(test_a_refused_tunnel_is_nothing_sent),
      cmocka_unit_test(test_no_proxy_for_what_is_beside_us),
      cmocka_unit_test(test_what_may_be_sent_once_is_sent_once),
      cmocka_unit_test(test_cancelled_ones_never_call_back),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
