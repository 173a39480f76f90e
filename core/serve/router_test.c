/* Tests of router.c: what goes where, what is refused, and answers at once and later. */
#include "core/serve/router.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <zerocarb/plugin.h>

static zc_exchange *held;
static int readies;

static void say(zc_exchange *exchange, const char *who) {
  zc_buffer_printf(&exchange->answer, "%s:%s", who, exchange->name);
  zc_exchange_answer(exchange, 200);
}

static void get_list(void *user, zc_exchange *exchange) {
  (void)user;
  say(exchange, "list");
}

static void get_one(void *user, zc_exchange *exchange) {
  assert_ptr_equal(user, &held);
  say(exchange, "one");
}

static void post_one(void *user, zc_exchange *exchange) {
  (void)user;
  held = exchange;
  zc_exchange_hold(exchange);
}

static void cancel_one(void *user, zc_exchange *exchange) {
  (void)user;
  say(exchange, "cancel");
}

static const zc_route routes[] = {
    {"GET", "/v1/things", get_list},
    {"GET", "/v1/things/{}", get_one},
    {"POST", "/v1/things/{}", post_one},
    {"POST", "/v1/things/{}/cancel", cancel_one},
};
static const zc_router router = {routes, sizeof routes / sizeof *routes, &held};

static void on_ready(zc_exchange *exchange) {
  assert_ptr_equal(exchange, held);
  readies++;
}

/* One request; the caller finishes the exchange. */
static void request(zc_exchange *exchange, const char *method, const char *path) {
  zc_exchange_init(exchange);
  exchange->method = method;
  exchange->path = path;
  exchange->ready = on_ready;
  readies = 0;
  zc_router_dispatch(&router, exchange);
}

static void expect(const char *method, const char *path, int status, const char *answer) {
  zc_exchange exchange;
  request(&exchange, method, path);
  assert_int_equal(exchange.status, status);
  assert_string_equal(exchange.answer.data, answer);
  assert_int_equal(readies, 0);
  zc_exchange_finish(&exchange);
}

static void paths_find_their_handlers(void **state) {
  (void)state;
  expect("GET", "/v1/things", 200, "list:");
  expect("HEAD", "/v1/things", 200, "list:");
  expect("GET", "/v1/things/a", 200, "one:a");
  expect("POST", "/v1/things/a-b_c/cancel", 200, "cancel:a-b_c");
}

static void names_are_decoded(void **state) {
  (void)state;
  expect("GET", "/v1/things/a%2Fb%20c", 200, "one:a/b c");
  expect("GET", "/v1/things/%c3%bc", 200, "one:\xc3\xbc");
  expect("POST", "/v1/things/%2e%2e/cancel", 200, "cancel:..");
}

static void names_that_cannot_be_read_are_refused(void **state) {
  (void)state;
  static const char *const bad[] = {"%",     "%4",  "%4g", "%g4",  "a%",  "a%4",       "%00",
                                    "a%00b", "%ff", "%c3", "%zz%", "%-1", "%ed%a0%80", "%e2%82"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    char path[64];
    snprintf(path, sizeof path, "/v1/things/%s", bad[i]);
    expect("GET", path, 400, "{\"error\":\"the path holds a name that cannot be read\"}");
  }
  expect("POST", "/v1/things//cancel", 400,
         "{\"error\":\"the path holds a name that cannot be read\"}");
}

static void long_names_are_refused(void **state) {
  (void)state;
  char path[600] = "/v1/things/";
  size_t n = strlen(path);
  memset(path + n, 'x', ZC_EXCHANGE_NAME_MAX - 1);
  zc_exchange exchange;
  request(&exchange, "GET", path);
  assert_int_equal(exchange.status, 200);
  zc_exchange_finish(&exchange);
  path[n + ZC_EXCHANGE_NAME_MAX - 1] = 'x';
  request(&exchange, "GET", path);
  assert_int_equal(exchange.status, 400);
  zc_exchange_finish(&exchange);
}

static void unknown_paths_are_404(void **state) {
  (void)state;
  static const char *const paths[] = {"/",           "/v1",           "/v1/thing",
                                      "/v1/thingsx", "/v1/things/",   "/v1/things/a/b",
                                      "//v1/things", "/v1/things/a/", "/v1/things/a/cancel/"};
  for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
    expect("GET", paths[i], 404, "{\"error\":\"there is nothing at this path\"}");
}

static void wrong_methods_are_405_with_the_right_ones(void **state) {
  (void)state;
  zc_exchange exchange;
  request(&exchange, "DELETE", "/v1/things/a");
  assert_int_equal(exchange.status, 405);
  assert_string_equal(exchange.allow, "GET, POST");
  assert_string_equal(exchange.answer.data, "{\"error\":\"this path takes GET, POST\"}");
  zc_exchange_finish(&exchange);
  request(&exchange, "GET", "/v1/things/a/cancel");
  assert_int_equal(exchange.status, 405);
  assert_string_equal(exchange.allow, "POST");
  zc_exchange_finish(&exchange);
}

static void a_held_exchange_is_ready_once(void **state) {
  (void)state;
  zc_exchange exchange;
  request(&exchange, "POST", "/v1/things/a");
  assert_int_equal(exchange.status, 0);
  assert_true(exchange.held);
  assert_int_equal(readies, 0);
  zc_exchange_error(&exchange, 409, "not \"%s\"", "now");
  assert_int_equal(readies, 1);
  assert_int_equal(exchange.status, 409);
  assert_string_equal(exchange.answer.data, "{\"error\":\"not \\\"now\\\"\"}");
  zc_exchange_finish(&exchange);
}

static void a_failed_answer_becomes_500(void **state) {
  (void)state;
  zc_exchange exchange;
  request(&exchange, "POST", "/v1/things/a");
  zc_buffer_init(&exchange.answer, 4);
  zc_buffer_text(&exchange.answer, "too long");
  zc_exchange_answer(&exchange, 200);
  assert_int_equal(exchange.status, 500);
  assert_string_equal(exchange.answer.data, "{\"error\":\"the answer is too long\"}");
  zc_exchange_finish(&exchange);
}

static void an_error_replaces_what_was_begun(void **state) {
  (void)state;
  zc_exchange exchange;
  request(&exchange, "POST", "/v1/things/a");
  zc_buffer_text(&exchange.answer, "{\"half\":");
  zc_exchange_error(&exchange, 404, "none");
  assert_string_equal(exchange.answer.data, "{\"error\":\"none\"}");
  zc_exchange_finish(&exchange);
}

static void parameters_are_found(void **state) {
  (void)state;
  zc_exchange exchange;
  zc_exchange_init(&exchange);
  exchange.parameters[0].name = "live", exchange.parameters[0].value = "1";
  exchange.parameters[1].name = "limit", exchange.parameters[1].value = "";
  exchange.n_parameters = 2;
  assert_string_equal(zc_exchange_parameter(&exchange, "live"), "1");
  assert_string_equal(zc_exchange_parameter(&exchange, "limit"), "");
  assert_null(zc_exchange_parameter(&exchange, "other"));
  zc_exchange_finish(&exchange);
}

static void a_crowd_is_sent_away_before_anything_is_done(void **state) {
  (void)state;
  zc_exchange exchange;
  zc_exchange_init(&exchange);
  exchange.method = "POST";
  exchange.path = "/v1/things/a";
  exchange.crowded = true;
  zc_router_dispatch(&router, &exchange);
  assert_int_equal(exchange.status, 503);
  assert_int_equal(exchange.retry_after, ZC_EXCHANGE_RETRY_AFTER_S);
  assert_false(exchange.held);
  zc_exchange_finish(&exchange);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(paths_find_their_handlers),
      cmocka_unit_test(names_are_decoded),
      cmocka_unit_test(names_that_cannot_be_read_are_refused),
      cmocka_unit_test(long_names_are_refused),
      cmocka_unit_test(unknown_paths_are_404),
      cmocka_unit_test(wrong_methods_are_405_with_the_right_ones),
      cmocka_unit_test(a_held_exchange_is_ready_once),
      cmocka_unit_test(a_failed_answer_becomes_500),
      cmocka_unit_test(an_error_replaces_what_was_begun),
      cmocka_unit_test(parameters_are_found),
      cmocka_unit_test(a_crowd_is_sent_away_before_anything_is_done),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
