/* Real programs, in the real host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/base/log.h"
#include "core/plugin/instance.h"

#define NOW      INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */
#define TEXT_MAX 70000

const zc_plugin *ZC_ENTRY(exec)(void);

typedef struct {
  zc_clock clock;
  zc_loop *loop;
  zc_host_context *context;
  zc_instance *instance;
  zc_config *config;
  int n_started, n_statuses, n_done, status, error;
  char remote[64], message[TEXT_MAX], why[300];
} rig;

static int setup(void **state) {
  rig *r = calloc(1, sizeof *r);
  zc_error error = {0};
  assert_non_null(r);
  zc_clock_init_virtual(&r->clock, NOW);
  zc_log_setup(ZC_LOG_ERROR, false, &r->clock, stderr);
  assert_int_equal(zc_loop_create(&r->clock, &r->loop), ZC_OK);
  assert_int_equal(zc_host_context_create(r->loop, NULL, 1, &r->context), ZC_OK);
  assert_int_equal(
      zc_instance_create(r->context, ZC_ENTRY(exec)(), "exec", NULL, &r->instance, &error), ZC_OK);
  *state = r;
  return 0;
}

static int teardown(void **state) {
  rig *r = *state;
  zc_instance_destroy(r->instance);
  zc_host_context_destroy(r->context);
  assert_int_equal(zc_loop_destroy(r->loop), ZC_OK);
  zc_config_free(r->config);
  free(r);
  return 0;
}

static void on_started(void *user, const char *remote_id) {
  rig *r = user;
  r->n_started++;
  assert_int_equal(r->n_statuses, 0);
  snprintf(r->remote, sizeof r->remote, "%s", remote_id);
}

static void on_status(void *user, int status, const char *message) {
  rig *r = user;
  r->n_statuses++;
  r->status = status;
  snprintf(r->message, sizeof r->message, "%s", message);
}

static void on_done(void *user, int error, const char *message) {
  rig *r = user;
  r->n_done++;
  r->error = error;
  snprintf(r->why, sizeof r->why, "%s", message ? message : "");
}

static zc_run make_run(rig *r) {
  return (zc_run){.size = sizeof(zc_run),
                  .attempt = 2,
                  .execution_id = "fe1a69cb-ee5a-48ea-819d-f0092b8447a6",
                  .pipeline = "nightly build",
                  .region = "eu-north-1",
                  .default_region = "eu-west-2",
                  .decision = "RELOCATE",
                  .reason = "16 gCO2eq/kWh; $HOME and \"quotes\" stay as they are",
                  .intensity = 132.3,
                  .has_intensity = 1,
                  .timeout_ms = 60000,
                  .requested_at = NOW,
                  .planned_start = NOW + 3600000,
                  .config = r->config};
}

static zc_operation start(rig *r, const char *const (*pairs)[2], size_t n, const zc_run *like) {
  const zc_plugin *plugin = ZC_ENTRY(exec)();
  zc_error error = {0};
  zc_operation operation;
  zc_config_free(r->config);
  r->config = NULL;
  if (zc_config_make(plugin->options, plugin->n_options, pairs, n, &r->config, &error) != ZC_OK) {
    fail_msg("%s", error.text);
  }
  zc_run run = like ? *like : make_run(r);
  run.config = r->config;
  r->n_started = r->n_statuses = r->n_done = 0;
  zc_operation_events events = {
      .user = r, .started = on_started, .status = on_status, .done = on_done};
  assert_int_equal(
      zc_operation_start_trigger(r->instance, ZC_START_RUN, &run, 3600000, &events, &operation),
      ZC_OK);
  assert_int_equal(r->n_done, 0);
  return operation;
}

static void run_to_end(rig *r, const char *const (*pairs)[2], size_t n, const zc_run *like) {
  start(r, pairs, n, like);
  zc_loop_run(r->loop, NOW + 1);
  assert_int_equal(r->n_done, 1);
}

#define SHELL(script) "[/bin/sh, -c, '" script "']"
#define RUN(r, like, ...)                                                                          \
  run_to_end(r, (const char *const[][2]){__VA_ARGS__},                                             \
             sizeof((const char *const[][2]){__VA_ARGS__}) / sizeof(const char *[2]), like)

static void expect(rig *r, int status, const char *message) {
  assert_int_equal(r->error, ZC_OK);
  assert_int_equal(r->n_started, 1);
  assert_int_equal(r->n_statuses, 1);
  assert_string_equal(r->message, message);
  assert_int_equal(r->status, status);
}

static void how_it_ends_is_how_it_exits(void **state) {
  rig *r = *state;
  RUN(r, NULL, {"command", "[/bin/true]"});
  expect(r, ZC_RUN_SUCCEEDED, "exit status 0");
  assert_string_equal(r->remote, "fe1a69cb-ee5a-48ea-819d-f0092b8447a6");
  RUN(r, NULL, {"command", SHELL("exit 3")});
  expect(r, ZC_RUN_FAILED, "exit status 3");
  RUN(r, NULL, {"command", SHELL("kill -9 $$")});
  expect(r, ZC_RUN_FAILED, "killed by signal 9 (Killed)");
}

static void the_run_is_in_the_environment(void **state) {
  rig *r = *state;
  RUN(r, NULL, {"command", SHELL("env | grep ^ZEROCARB_ | sort; echo $MINE")},
      {"environment", "[MINE=a=b]"});
  expect(r, ZC_RUN_SUCCEEDED,
         "exit status 0\n"
         "ZEROCARB_ATTEMPT=2\n"
         "ZEROCARB_DECISION=RELOCATE\n"
         "ZEROCARB_DEFAULT_REGION=eu-west-2\n"
         "ZEROCARB_EXECUTION_ID=fe1a69cb-ee5a-48ea-819d-f0092b8447a6\n"
         "ZEROCARB_INTENSITY=132.3\n"
         "ZEROCARB_PIPELINE=nightly build\n"
         "ZEROCARB_PLANNED_START=2026-01-01T01:00:00Z\n"
         "ZEROCARB_REASON=16 gCO2eq/kWh; $HOME and \"quotes\" stay as they are\n"
         "ZEROCARB_REGION=eu-north-1\n"
         "ZEROCARB_REQUESTED_AT=2026-01-01T00:00:00Z\n"
         "a=b\n");
  zc_run run = make_run(r);
  run.has_intensity = 0;
  RUN(r, &run, {"command", SHELL("echo \"<$ZEROCARB_INTENSITY>\"")});
  expect(r, ZC_RUN_SUCCEEDED, "exit status 0\n<>\n");
}

static void no_shell_reads_the_arguments(void **state) {
  rig *r = *state;
  RUN(r, NULL, {"command", "[/bin/echo, '$HOME; exit 1', '*', '']"});
  expect(r, ZC_RUN_SUCCEEDED, "exit status 0\n$HOME; exit 1 * \n");
}

static void it_runs_in_its_directory(void **state) {
  rig *r = *state;
  RUN(r, NULL, {"command", "[/bin/pwd]"}, {"directory", "/usr"});
  expect(r, ZC_RUN_SUCCEEDED, "exit status 0\n/usr\n");
  RUN(r, NULL, {"command", "[/bin/pwd]"}, {"directory", "/no/such/place"});
  assert_int_equal(r->status, ZC_RUN_FAILED);
  assert_non_null(strstr(r->message, "/no/such/place"));
}

static void a_program_that_is_not_there_fails_the_run(void **state) {
  rig *r = *state;
  RUN(r, NULL, {"command", "[/no/such/program]"});
  assert_int_equal(r->error, ZC_OK);
  assert_int_equal(r->status, ZC_RUN_FAILED);
  assert_string_equal(r->message, "no such program: /no/such/program");
  assert_int_equal(r->n_started, 0);
}

static void the_end_of_its_output_is_kept(void **state) {
  rig *r = *state;
  RUN(r, NULL, {"command", SHELL("echo out; echo err >&2; exit 1")}, {"tail", "8"});
  expect(r, ZC_RUN_FAILED, "exit status 1\nout\nerr\n");
  RUN(r, NULL, {"command", SHELL("i=0; while [ $i -lt 2000 ]; do echo $i; i=$((i+1)); done")},
      {"tail", "10"});
  expect(r, ZC_RUN_SUCCEEDED, "exit status 0\n1998\n1999\n");
  RUN(r, NULL, {"command", SHELL("echo much")}, {"tail", "0"});
  expect(r, ZC_RUN_SUCCEEDED, "exit status 0");
}

/* The least of the trigger's and the pipeline's limit; TERM is enough for these. */
static void it_is_stopped_at_its_limit(void **state) {
  rig *r = *state;
  RUN(r, NULL, {"command", SHELL("echo begun; exec sleep 60")}, {"timeout", "1s"});
  expect(r, ZC_RUN_TIMED_OUT, "stopped after 1 s: killed by signal 15 (Terminated)\nbegun\n");
  zc_run run = make_run(r);
  run.timeout_ms = 300;
  RUN(r, &run, {"command", "[/bin/sleep, \"60\"]"}, {"timeout", "1h"});
  expect(r, ZC_RUN_TIMED_OUT, "stopped after 300 ms: killed by signal 15 (Terminated)");
}

static void bad_variables_are_named(void **state) {
  rig *r = *state;
  static const char *const bad[][2] = {
      {"[A=1, nothing]", "environment, entry 2: not NAME=value"},
      {"[\"=x\"]", "environment, entry 1: not NAME=value"},
      {"[\"9A=x\"]", "environment, entry 1: not NAME=value"},
      {"[\"TOKEN: canary\"]", "environment, entry 1: not NAME=value"},
      {"[\"A B=secret\"]", "environment, entry 1: not NAME=value"},
      {"[ZEROCARB_REGION=x]", "environment, entry 1: ZEROCARB_REGION is set by ZeroCarb itself"},
  };
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    RUN(r, NULL, {"command", "[/bin/true]"}, {"environment", bad[i][0]});
    assert_int_equal(r->error, ZC_EINVAL);
    assert_int_equal(r->n_started + r->n_statuses, 0);
    assert_string_equal(r->why, bad[i][1]);
  }
}

static void a_cancelled_run_says_nothing_more(void **state) {
  rig *r = *state;
  zc_operation operation =
      start(r, (const char *const[][2]){{"command", "[/bin/sleep, \"60\"]"}}, 1, NULL);
  assert_int_equal(r->n_started, 1);
  zc_operation_cancel(r->context, operation);
  zc_loop_run(r->loop, NOW + 1); /* until the program is gone: TERM */
  assert_int_equal(r->n_statuses + r->n_done, 0);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
  const struct CMUnitTest tests[] = {
      TEST(how_it_ends_is_how_it_exits),
      TEST(the_run_is_in_the_environment),
      TEST(no_shell_reads_the_arguments),
      TEST(it_runs_in_its_directory),
      TEST(a_program_that_is_not_there_fails_the_run),
      TEST(the_end_of_its_output_is_kept),
      TEST(it_is_stopped_at_its_limit),
      TEST(bad_variables_are_named),
      TEST(a_cancelled_run_says_nothing_more),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
