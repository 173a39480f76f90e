/* Credentials and calls of the AWS plugins, through this one, in the stand-in host: who fetches,
 * who waits, and what is left when an operation is cancelled. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "aws.h"
#include "core/base/log.h"
#include "credentials.h"
#include "tests/testkit/host.h"

#define NOW     INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */
#define STARTED "{\"pipelineExecutionId\":\"11111111-2222-3333-4444-555555555555\"}"

const zc_plugin *ZC_ENTRY(codepipeline)(void);

static char token_path[] = "/tmp/zerocarb-web-token-XXXXXX";

static int setup(void **state) {
  setenv("AWS_WEB_IDENTITY_TOKEN_FILE", token_path, 1);
  setenv("AWS_ROLE_ARN", "arn:aws:iam::1:role/x", 1);
  setenv("HOME", "/nonexistent", 1);
  zc_test_host *host = zc_test_host_create(ZC_ENTRY(codepipeline)(), NOW);
  assert_int_equal(zc_test_host_open(host), ZC_OK);
  *state = host;
  return 0;
}

static int teardown(void **state) {
  zc_test_host_destroy(*state);
  return 0;
}

static zc_op *start(zc_test_host *host) {
  static const char *const pairs[][2] = {{"pipeline", "app"}};
  const zc_trigger_ops *ops = ZC_ENTRY(codepipeline)()->ops;
  zc_run run = {.size = sizeof(zc_run),
                .attempt = 1,
                .execution_id = "fe1a69cb-ee5a-48ea-819d-f0092b8447a6",
                .pipeline = "nightly",
                .region = "eu-west-2",
                .default_region = "eu-west-2",
                .decision = "RUN_NOW",
                .reason = "",
                .requested_at = NOW,
                .planned_start = NOW,
                .config = zc_test_host_config(host, pairs, 1)};
  zc_op *op = zc_test_host_begin(host);
  assert_int_equal(ops->start(zc_test_host_state(host), &run, op), ZC_OK);
  return op;
}

static void answer_sts(zc_test_host *host, const char *until) {
  char body[600];
  snprintf(body, sizeof body,
           "<R><Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s3cret</"
           "SecretAccessKey><SessionToken>t0ken</SessionToken><Expiration>%s</Expiration>"
           "</Credentials></R>",
           until);
  zc_test_host_answer(host, "sts.eu-west-2.amazonaws.com", 200, body);
}

static size_t asked(zc_test_host *host, const char *part) {
  const zc_test_request *requests;
  size_t n = zc_test_host_requests(host, &requests), found = 0;
  for (size_t i = 0; i < n; i++)
    found += strstr(requests[i].url, part) != NULL;
  return found;
}

static void many_wait_for_one_fetch(void **state) {
  zc_test_host *host = *state;
  zc_op *ops[20];
  answer_sts(host, "2026-01-01T01:00:00Z");
  for (size_t i = 0; i < 20; i++) {
    zc_test_host_answer(host, "codepipeline.eu-west-2.amazonaws.com", 200, STARTED);
    ops[i] = start(host);
  }
  for (size_t i = 0; i < 20; i++)
    assert_int_equal(zc_test_host_finish(host, ops[i]), ZC_OK);
  assert_int_equal(asked(host, "sts."), 1);
  assert_int_equal(asked(host, "codepipeline."), 20);
}

static void assert_shown(const char *text, const char *expected) {
  char copy[64];
  snprintf(copy, sizeof copy, "%s", text);
  zc_log_redact(copy);
  assert_string_equal(copy, expected);
}

/* From a command's output, say. */
static void keys_in_use_are_hidden(void **state) {
  zc_test_host *host = *state;
  answer_sts(host, "2026-01-01T01:00:00Z");
  zc_test_host_answer(host, "codepipeline.eu-west-2.amazonaws.com", 200, STARTED);
  assert_shown("key s3cret!", "key s3cret!");
  assert_int_equal(zc_test_host_finish(host, start(host)), ZC_OK);
  assert_shown("key s3cret!", "key ***!");
}

/* The fetch ends with the operation that it runs in: the next that waits goes on with it. */
static void a_cancelled_fetch_is_taken_over(void **state) {
  zc_test_host *host = *state;
  answer_sts(host, "2026-01-01T01:00:00Z"); /* goes with the first */
  answer_sts(host, "2026-01-01T01:00:00Z");
  zc_test_host_answer(host, "codepipeline", 200, STARTED);
  zc_test_host_answer(host, "codepipeline", 200, STARTED);
  zc_op *first = start(host), *second = start(host), *third = start(host);
  zc_test_host_cancel(host, first);
  assert_int_equal(zc_test_host_finish(host, second), ZC_OK);
  assert_int_equal(zc_test_host_finish(host, third), ZC_OK);
  assert_int_equal(asked(host, "sts."), 2);
  assert_int_equal(asked(host, "codepipeline."), 2);
}

static void all_cancelled_leave_nothing(void **state) {
  zc_test_host *host = *state;
  zc_op *first = start(host), *second = start(host);
  zc_test_host_cancel(host, second);
  zc_test_host_cancel(host, first);
  zc_test_host_advance(host, 60000);
  assert_string_equal(zc_test_host_reports(host), "");
}

static void credentials_that_came_expired_are_not_used(void **state) {
  zc_test_host *host = *state;
  answer_sts(host, "2025-12-31T23:59:59Z");
  assert_int_equal(zc_test_host_finish(host, start(host)), ZC_EREMOTE);
  assert_non_null(strstr(zc_test_host_message(host), "expired"));
  assert_int_equal(asked(host, "codepipeline."), 0);
}

static void a_provider_that_is_away_is_no_refusal(void **state) {
  zc_test_host *host = *state;
  zc_test_host_answer_error(host, "sts.", ZC_EREMOTE, "sts: could not connect");
  assert_int_equal(zc_test_host_finish(host, start(host)), ZC_EREMOTE);
}

static void the_start_says_who_and_what(void **state) {
  zc_test_host *host = *state;
  const zc_test_request *requests;
  answer_sts(host, "2026-01-01T01:00:00Z");
  zc_test_host_answer(host, "codepipeline", 200, STARTED);
  assert_int_equal(zc_test_host_finish(host, start(host)), ZC_OK);
  assert_int_equal(zc_test_host_requests(host, &requests), 2);
  assert_string_equal(requests[1].url, "https://codepipeline.eu-west-2.amazonaws.com/");
  assert_string_equal(requests[1].body,
                      "{\"name\":\"app\",\"clientRequestToken\":\"zc-fe1a69cb-ee5a-48ea-819d-"
                      "f0092b8447a6\"}");
  assert_string_equal(zc_test_host_reports(host), "started 11111111-2222-3333-4444-555555555555\n");
}

static void no_other_host_gives_credentials(void **state) {
  static const char *const yes[] = {
      "https://anything.example.org/x", "http://localhost:1/x",    "http://127.0.0.1/x",
      "http://127.9.9.9:80/",           "http://[::1]/",           "http://169.254.170.2/",
      "http://169.254.170.23/v1",       "http://[fd00:ec2::23]/v1"};
  static const char *const no[] = {"http://10.0.0.1/",
                                   "http://localhost.example.org/",
                                   "http://127.0.0.1.nip.io/",
                                   "http://127.1/",
                                   "http://0x7f.0.0.1/",
                                   "http://169.254.170.2@evil/",
                                   "http://169.254.169.254/",
                                   "http://[fd00:ec2::24]/",
                                   "http://",
                                   "ftp://localhost/",
                                   "http://[::1",
                                   "localhost"};
  (void)state;
  for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
    if (!zc_aws_may_ask(yes[i])) fail_msg("%s", yes[i]);
  for (size_t i = 0; i < sizeof no / sizeof *no; i++)
    if (zc_aws_may_ask(no[i])) fail_msg("%s", no[i]);
}

static void endpoints_by_partition(void **state) {
  static const char *const cases[][2] = {
      {"eu-west-2", "https://dynamodb.eu-west-2.amazonaws.com/"},
      {"cn-north-1", "https://dynamodb.cn-north-1.amazonaws.com.cn/"},
      {"eusc-de-east-1", "https://dynamodb.eusc-de-east-1.amazonaws.eu/"},
      {"us-gov-west-1", "https://dynamodb.us-gov-west-1.amazonaws.com/"},
      {"us-isob-east-1", "https://dynamodb.us-isob-east-1.sc2s.sgov.gov/"}};
  char url[ZC_AWS_URL_MAX], why[200];
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    assert_int_equal(
        zc_aws_endpoint(NULL, "default", "dynamodb", cases[i][0], url, sizeof url, why, sizeof why),
        ZC_OK);
    assert_string_equal(url, cases[i][1]);
  }
  assert_int_equal(
      zc_aws_endpoint(NULL, "default", "dynamodb", "evil.org/", url, sizeof url, why, sizeof why),
      ZC_EINVAL);
}

static void checksums(void **state) {
  (void)state;
  assert_int_equal(zc_aws_crc32("", 0), 0);
  assert_int_equal(zc_aws_crc32("123456789", 9), 0xcbf43926u);
  assert_int_equal(zc_aws_crc32("The quick brown fox jumps over the lazy dog", 43), 0x414fa339u);
}

static void statuses(void **state) {
  (void)state;
  assert_int_equal(zc_aws_status(ZC_AWS_FINE, 1), ZC_OK);
  assert_int_equal(zc_aws_status(ZC_AWS_TRANSIENT, 1), ZC_EUNKNOWN);
  assert_int_equal(zc_aws_status(ZC_AWS_TRANSIENT, 0), ZC_EREMOTE);
  assert_int_equal(zc_aws_status(ZC_AWS_CLOCK, 1), ZC_EAUTH);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(many_wait_for_one_fetch),
      TEST(keys_in_use_are_hidden),
      TEST(a_cancelled_fetch_is_taken_over),
      TEST(all_cancelled_leave_nothing),
      TEST(credentials_that_came_expired_are_not_used),
      TEST(a_provider_that_is_away_is_no_refusal),
      TEST(the_start_says_who_and_what),
      cmocka_unit_test(no_other_host_gives_credentials),
      cmocka_unit_test(endpoints_by_partition),
      cmocka_unit_test(checksums),
      cmocka_unit_test(statuses),
  };
  clearenv();
  int fd = mkstemp(token_path);
  if (fd < 0 || write(fd, "web.token\n", 10) != 10) return 1;
  close(fd);
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  unlink(token_path);
  return failed;
}
