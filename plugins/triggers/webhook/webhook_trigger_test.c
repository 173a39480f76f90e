/* What is sent for runs whose fields are awkward, in the stand-in host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "tests/testkit/host.h"
#include "webhook.h"

#define NOW INT64_C(1614265330000)

const zc_plugin *ZC_ENTRY(webhook)(void);

static int setup(void **state) {
  zc_test_host *host = zc_test_host_create(ZC_ENTRY(webhook)(), NOW);
  assert_int_equal(zc_test_host_open(host), ZC_OK);
  *state = host;
  return 0;
}

static int teardown(void **state) {
  zc_test_host_destroy(*state);
  return 0;
}

static zc_run awkward_run(const zc_config *config) {
  return (zc_run){.size = sizeof(zc_run),
                  .attempt = 1,
                  .execution_id = "fe1a69cb-ee5a-48ea-819d-f0092b8447a6",
                  .pipeline = "night \"ly\" \\ 100%",
                  .region = "eu-north-1",
                  .default_region = "eu-west-2",
                  .decision = "DEFER",
                  .reason = "a line\nand a \t tab, {region} stays",
                  .requested_at = NOW,
                  .planned_start = NOW,
                  .config = config};
}

static const zc_test_request *sent(zc_test_host *host, const char *const (*pairs)[2], size_t n) {
  const zc_trigger_ops *ops = ZC_ENTRY(webhook)()->ops;
  const zc_config *config = zc_test_host_config(host, pairs, n);
  const zc_test_request *requests;
  assert_non_null(config);
  zc_run run = awkward_run(config);
  zc_op *op = zc_test_host_begin(host);
  zc_test_host_answer(host, NULL, 200, "");
  assert_int_equal(ops->start(zc_test_host_state(host), &run, op), ZC_OK);
  assert_int_equal(zc_test_host_finish(host, op), ZC_OK);
  assert_int_equal(zc_test_host_requests(host, &requests), 1);
  return requests;
}

static void a_template_is_filled_in(void **state) {
  static const char *const pairs[][2] = {
      {"url", "https://example.org/{pipeline}?r={region}&x={y}"},
      {"body", "{\"p\": \"{pipeline}\", \"r\": \"{reason}\", \"i\": \"{intensity}\", \"o\": {}}"}};
  const zc_test_request *request = sent(*state, pairs, 2);
  assert_string_equal(request->url,
                      "https://example.org/night%20%22ly%22%20%5C%20100%25?r=eu-north-1&x={y}");
  assert_string_equal(request->body, "{\"p\": \"night \\\"ly\\\" \\\\ 100%\", \"r\": \"a "
                                     "line\\u000aand a \\u0009 tab, {region} stays\", \"i\": \"\", "
                                     "\"o\": {}}");
  assert_non_null(strstr(request->headers, "Content-Type: application/json\n"));
}

static void an_event_is_escaped(void **state) {
  static const char *const pairs[][2] = {{"url", "https://example.org/"}};
  const zc_test_request *request = sent(*state, pairs, 1);
  assert_non_null(strstr(request->body, "\"subject\":\"night \\\"ly\\\" \\\\ 100%\""));
  assert_non_null(strstr(request->body, "\"reason\":\"a line\\u000aand a \\u0009 tab, {region}"));
  assert_null(strstr(request->body, "intensity"));
}

/* The example that the reference libraries of Standard Webhooks are tested with. */
static void the_published_signature(void **state) {
  char to[ZC_WEBHOOK_SIGNATURES], message[200];
  const char *body = "{\"test\": 2432232314}";
  (void)state;
  assert_int_equal(zc_webhook_sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
                                   "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body, strlen(body),
                                   to, sizeof to, message, sizeof message),
                   ZC_OK);
  assert_string_equal(to, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

static void what_an_answer_stands_for(void **state) {
  static const struct {
    int error, status;
    uint32_t sent;
    int wanted;
  } cases[] = {{0, 200, 1, ZC_OK},
               {0, 204, 1, ZC_OK},
               {0, 302, 1, ZC_EINVAL},
               {0, 400, 1, ZC_EINVAL},
               {0, 401, 1, ZC_EAUTH},
               {0, 403, 1, ZC_EAUTH},
               {0, 408, 1, ZC_EUNKNOWN},
               {0, 409, 1, ZC_ECONFLICT},
               {0, 410, 1, ZC_EINVAL},
               {0, 429, 1, ZC_ERATE},
               {0, 500, 1, ZC_EUNKNOWN},
               {0, 503, 1, ZC_EUNKNOWN},
               {ZC_EREMOTE, 0, 0, ZC_EREMOTE},
               {ZC_ETIMEDOUT, 0, 1, ZC_EUNKNOWN},
               {ZC_ENOMEM, 0, 0, ZC_ENOMEM},
               {ZC_EDATA, 0, 1, ZC_EUNKNOWN}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    zc_http_response response = {
        .error = cases[i].error, .status = cases[i].status, .sent = cases[i].sent};
    assert_int_equal(zc_webhook_start_error(&response), cases[i].wanted);
  }
}

/* libcurl would make "/jobs/../status" of it: another place. */
static void an_id_that_leads_elsewhere_is_no_id(void **state) {
  static const char *const pairs[][2] = {{"url", "https://example.org/"}, {"remote_id_path", "id"}};
  char url[ZC_WEBHOOK_URL_MAX];
  const zc_trigger_ops *ops = ZC_ENTRY(webhook)()->ops;
  zc_run run = awkward_run(zc_test_host_config(*state, pairs, 2));
  zc_op *op = zc_test_host_begin(*state);
  zc_test_host_answer(*state, NULL, 200, "{\"id\": \"..\"}");
  assert_int_equal(ops->start(zc_test_host_state(*state), &run, op), ZC_OK);
  assert_int_equal(zc_test_host_finish(*state, op), ZC_EUNKNOWN);
  run.remote_id = "..";
  assert_int_equal(
      zc_webhook_url(zc_test_host_services(*state), &run, "https://x/{remote_id}", url, sizeof url),
      ZC_EINVAL);
}

static void a_cancelled_start_leaves_nothing(void **state) {
  static const char *const pairs[][2] = {{"url", "https://example.org/"}};
  const zc_trigger_ops *ops = ZC_ENTRY(webhook)()->ops;
  zc_run run = awkward_run(zc_test_host_config(*state, pairs, 1));
  zc_op *op = zc_test_host_begin(*state);
  assert_int_equal(ops->start(zc_test_host_state(*state), &run, op), ZC_OK);
  zc_test_host_cancel(*state, op);
  zc_test_host_advance(*state, 60000);
  assert_string_equal(zc_test_host_reports(*state), "");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(a_template_is_filled_in),          TEST(an_event_is_escaped),
      TEST(the_published_signature),          TEST(what_an_answer_stands_for),
      TEST(a_cancelled_start_leaves_nothing), TEST(an_id_that_leads_elsewhere_is_no_id),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
