/* The stand-in host: it behaves as the program does, and ends a test that breaks a rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/testkit/host.h"

#define NOW    INT64_C(1767322800000) /* 2026-01-02T03:00:00Z */
#define MINUTE INT64_C(60000)

/* ---- a plugin of each kind; what it does is the test's ---- */

static int (*behave)(const zc_host *host, zc_op *op);
static int calls, cancels;
static const zc_config *region_of_here;

static int create(const zc_host *host, zc_self *self, const zc_config *config, void **ret_state) {
  (void)config;
  host->log(self, ZC_LOG_INFO, "made");
  *ret_state = (void *)(uintptr_t)host;
  return ZC_OK;
}

static void destroy(void *state) {
  (void)state;
}

static int observe(void *state, const zc_query *query, zc_op *op) {
  region_of_here = query->region_config;
  return behave(state, op);
}

static void cancel(void *state, zc_op *op) {
  (void)state;
  (void)op;
  cancels++;
}

static int decide(void *state, const zc_decide_input *in, zc_proposal *ret) {
  const zc_host *host = state;
  ret->region = 0;
  return host->window_best(in, 0, in->now, in->deadline, &ret->start, &ret->intensity) == ZC_OK
             ? ZC_PROPOSED
             : ZC_ABSTAINED;
}

static void explain(void *state, const zc_decide_input *in, const zc_proposal *proposal, char *text,
                    size_t size) {
  const zc_host *host = state;
  snprintf(text, size, "%s: %s", host->decide_region(in, 0), proposal ? "best" : "no window");
}

static const zc_option options[] = {{"limit", ZC_INTEGER, 0, "7", "0..9", "A limit."}};
static const zc_option region_options[] = {{"zone", ZC_STRING, 0, "none", NULL, "A zone."}};
static const zc_source_ops source_ops = {
    .size = sizeof source_ops, .observe = observe, .cancel = cancel};
static const zc_policy_ops policy_ops = {
    .size = sizeof policy_ops, .decide = decide, .explain = explain};

static zc_plugin plugin_of(uint32_t kind, const void *ops) {
  return (zc_plugin){.size = sizeof(zc_plugin),
                     .kind = kind,
                     .name = "test",
                     .options = options,
                     .n_options = 1,
                     .region_options = region_options,
                     .n_region_options = kind == ZC_SOURCE,
                     .create = create,
                     .destroy = destroy,
                     .ops = ops};
}

static zc_plugin plugin;

static zc_test_host *open_source(int (*behaviour)(const zc_host *host, zc_op *op)) {
  plugin = plugin_of(ZC_SOURCE, &source_ops);
  behave = behaviour;
  calls = cancels = 0;
  zc_test_host *host = zc_test_host_create(&plugin, NOW);
  zc_test_host_region(host, "here", NULL, 0);
  assert_int_equal(zc_test_host_open(host), ZC_OK);
  return host;
}

static int ask(zc_test_host *host) {
  return zc_test_host_observe(host, "here", NOW - MINUTE, NOW);
}

/* ---- options ---- */

static void options_go_through_the_real_parser(void **state) {
  (void)state;
  plugin = plugin_of(ZC_SOURCE, &source_ops);
  zc_test_host *host = zc_test_host_create(&plugin, NOW);
  zc_test_host_option(host, "limit", "12");
  assert_int_equal(zc_test_host_open(host), ZC_EINVAL);
  assert_non_null(strstr(zc_test_host_log(host), "config: limit: "));
  zc_test_host_destroy(host);

  static const char *const pairs[][2] = {{"limit", "3"}};
  static const char *const unknown[][2] = {{"limits", "3"}};
  host = zc_test_host_create(&plugin, NOW);
  const zc_host *services = zc_test_host_services(host);
  const zc_config *config = zc_test_host_config(host, pairs, 1);
  assert_non_null(config);
  assert_int_equal(services->integer(config, "limit"), 3);
  assert_null(zc_test_host_config(host, unknown, 1));
  assert_string_equal(zc_test_host_log(host),
                      "config: unknown option 'limits': did you mean 'limit'?\n");
  zc_test_host_destroy(host);
}

/* ---- operations ---- */

static void timer_came(void *user, zc_op *op) {
  const zc_host *host = user;
  calls++;
  host->done(op, ZC_OK, NULL);
}

static int waits(const zc_host *host, zc_op *op) {
  return host->timer(op, 5000, timer_came, (void *)(uintptr_t)host);
}

static void time_moves_to_what_is_due(void **state) {
  (void)state;
  zc_test_host *host = open_source(waits);
  assert_int_equal(ask(host), ZC_OK);
  assert_int_equal(calls, 1);
  assert_true(zc_test_host_now(host) == NOW + 5000);
  assert_string_equal(zc_test_host_log(host), "info: made\n");
  zc_test_host_destroy(host);
}

static int stays_silent(const zc_host *host, zc_op *op) {
  (void)host;
  (void)op;
  return ZC_OK;
}

static void silence_ends_at_the_deadline(void **state) {
  (void)state;
  zc_test_host *host = open_source(stays_silent);
  assert_int_equal(ask(host), ZC_ETIMEDOUT);
  assert_true(zc_test_host_now(host) == NOW + 30000);
  assert_int_equal(cancels, 1);
  zc_test_host_destroy(host);
}

static void ran(void *user) {
  (void)user;
  calls++;
}

static void ran_and_over(void *user, zc_op *op, int status) {
  const zc_host *host = user;
  calls += 10;
  assert_int_equal(status, op ? ZC_OK : ZC_ECANCELED);
  if (op) host->done(op, ZC_OK, NULL);
}

static int works(const zc_host *host, zc_op *op) {
  return host->work(op, ran, ran_and_over, (void *)(uintptr_t)host);
}

static void work_ends_even_where_its_operation_is_over(void **state) {
  (void)state;
  zc_test_host *host = open_source(works);
  assert_int_equal(ask(host), ZC_OK);
  assert_int_equal(calls, 11);
  zc_op *op = zc_test_host_begin(host);
  assert_int_equal(works(zc_test_host_services(host), op), ZC_OK);
  zc_test_host_cancel(host, op);
  assert_int_equal(calls, 11);
  zc_test_host_destroy(host);
  assert_int_equal(calls, 22);
}

static void process_ended(void *user, zc_op *op, const zc_process_result *result) {
  const zc_host *host = user;
  host->run_started(op, "42");
  host->run_status(op, result->exit_status == 0 ? ZC_RUN_SUCCEEDED : ZC_RUN_FAILED, result->tail);
  host->done(op, result->error, result->message);
}

static int starts_a_process(const zc_host *host, zc_op *op) {
  static const char *const command[] = {"make", "all", NULL};
  const zc_process process = {.size = sizeof process, .command = command};
  return host->process(op, &process, process_ended, (void *)(uintptr_t)host);
}

static void processes_end_as_scripted(void **state) {
  (void)state;
  zc_test_host *host = open_source(starts_a_process);
  assert_int_equal(ask(host), ZC_EIO);
  zc_test_host_forget(host);
  zc_test_host_process(host, 2, "no rule");
  assert_int_equal(ask(host), ZC_OK);
  assert_string_equal(zc_test_host_reports(host),
                      "process make all\nstarted 42\nstatus 3 no rule\n");
  assert_string_equal(zc_test_host_message(host), "exit status 2");
  zc_test_host_destroy(host);
}

static void header_came(void *user, zc_op *op, const zc_http_response *response) {
  const zc_host *host = user;
  const char *value = host->http_header(response, "retry-AFTER");
  host->done(op, response->error, value ? value : response->message);
}

static int sends(const zc_host *host, zc_op *op) {
  const zc_http_request request = {.size = sizeof request,
                                   .url = "http://x.example/a",
                                   .body = "b",
                                   .body_length = 1,
                                   .max_body = 3};
  return host->http(op, &request, header_came, (void *)(uintptr_t)host);
}

static int sends_a_space(const zc_host *host, zc_op *op) {
  const zc_http_request request = {.size = sizeof request, .url = "http://x.example/?zone=A B"};
  return host->http(op, &request, header_came, (void *)(uintptr_t)host);
}

static void a_request_that_cannot_be_sent_is_refused_here_too(void **state) {
  (void)state;
  zc_test_host *host = open_source(sends_a_space);
  assert_int_equal(ask(host), ZC_EINVAL);
  assert_int_equal(zc_test_host_requests(host, NULL), 0);
  assert_non_null(strstr(zc_test_host_log(host), "warning: gave http() a URL with a space at byte "
                                                 "24: percent-encode it\n"));
  zc_test_host_destroy(host);
}

static void sent_came(void *user, zc_op *op, const zc_http_response *response) {
  const zc_host *host = user;
  host->done(op, response->error, response->sent ? "sent" : "not sent");
}

static int sends_and_looks(const zc_host *host, zc_op *op) {
  const zc_http_request request = {.size = sizeof request, .url = "http://x.example/a"};
  return host->http(op, &request, sent_came, (void *)(uintptr_t)host);
}

static void what_was_sent_is_told_from_what_was_not(void **state) {
  (void)state;
  zc_test_host *host = open_source(sends_and_looks);
  zc_test_host_answer_unreachable(host, "/a", "x.example: connection refused");
  assert_int_equal(ask(host), ZC_EREMOTE);
  assert_string_equal(zc_test_host_message(host), "not sent");
  zc_test_host_answer_error(host, NULL, ZC_ETIMEDOUT, "x.example: no answer");
  assert_int_equal(ask(host), ZC_ETIMEDOUT);
  assert_string_equal(zc_test_host_message(host), "sent");
  zc_test_host_destroy(host);
}

/* ---- points ---- */

static int emits_nan(const zc_host *host, zc_op *op) {
  const zc_signal signal = {.size = sizeof signal, .kind = ZC_GRID_INTENSITY};
  const zc_point two[] = {{.to = 1, .value = 1, .flags = ZC_POINT_OBSERVED},
                          {.to = 1, .value = (double)NAN, .flags = ZC_POINT_OBSERVED}};
  host->done(op, host->emit(op, &signal, two, 2, sizeof *two), NULL);
  return ZC_OK;
}

static int emits_elsewhere(const zc_host *host, zc_op *op) {
  const zc_signal signal = {.size = sizeof signal, .kind = ZC_PUE, .region = "mars"};
  const zc_point point = {.value = 1.1};
  host->done(op, host->emit(op, &signal, &point, 1, sizeof point), NULL);
  return ZC_OK;
}

static void refused_points_are_warned_of(void **state) {
  (void)state;
  zc_test_host *host = open_source(emits_nan);
  assert_int_equal(ask(host), ZC_EDATA);
  assert_int_equal(zc_test_host_points(host, NULL), 0);
  assert_string_equal(
      zc_test_host_log(host),
      "info: made\nwarning: emitted 2 points of which point 1 is refused: its value "
      "is not a finite number; none of the 2 is taken\n");
  zc_test_host_forget(host);
  behave = emits_elsewhere;
  assert_int_equal(ask(host), ZC_ENOTFOUND);
  assert_string_equal(zc_test_host_log(host), "warning: emitted 1 points for \"mars\", which is no "
                                              "configured region: none is taken\n");
  zc_test_host_destroy(host);
}

static void answers_come_as_scripted(void **state) {
  (void)state;
  const zc_test_request *requests;
  zc_test_host *host = open_source(sends);
  assert_int_equal(ask(host), ZC_EREMOTE);
  zc_test_host_answer(host, "/b", 200, "");
  zc_test_host_answer(host, "/a", 429, "no");
  zc_test_host_answer_header(host, "X-Other", "1");
  zc_test_host_answer_header(host, "Retry-After", "60");
  assert_int_equal(ask(host), ZC_OK);
  assert_string_equal(zc_test_host_message(host), "60");
  zc_test_host_answer(host, "/a", 200, "long");
  assert_int_equal(ask(host), ZC_EDATA);
  zc_test_host_answer_error(host, NULL, ZC_ETIMEDOUT, "x.example: no answer");
  zc_test_host_answer(host, NULL, 200, "");
  assert_int_equal(zc_test_host_requests(host, &requests), 3);
  assert_string_equal(requests[2].method, "POST");
  assert_string_equal(requests[2].body, "b");
  zc_test_host_destroy(host);
}

/* ---- policies ---- */

static void policies_decide_on_real_series(void **state) {
  (void)state;
  plugin = plugin_of(ZC_POLICY, &policy_ops);
  const zc_point points[] = {
      {.from = NOW, .to = NOW + 30 * MINUTE, .value = 200, .flags = ZC_POINT_OBSERVED},
      {.from = NOW + 30 * MINUTE, .to = NOW + 90 * MINUTE, .value = 50, .flags = ZC_POINT_FORECAST},
  };
  const zc_test_series series = {"eu-west-2", points, 2};
  zc_test_question question = {.requested_at = NOW,
                               .now = NOW,
                               .deadline = NOW + 60 * MINUTE,
                               .duration_minutes = 30,
                               .regions = &series,
                               .n_regions = 1};
  zc_proposal proposal;
  char text[100];
  zc_test_host *host = zc_test_host_create(&plugin, NOW);
  assert_int_equal(zc_test_host_open(host), ZC_OK);
  assert_int_equal(zc_test_host_decide(host, &question, &proposal, text, sizeof text), ZC_PROPOSED);
  assert_true(proposal.start == NOW + 30 * MINUTE);
  assert_true(proposal.intensity == 50);
  assert_string_equal(text, "eu-west-2: best");
  question.duration_minutes = 600;
  assert_int_equal(zc_test_host_decide(host, &question, &proposal, text, sizeof text),
                   ZC_ABSTAINED);
  assert_string_equal(text, "eu-west-2: no window");
  zc_test_host_destroy(host);
}

/* ---- broken rules ---- */

static int answers_twice(const zc_host *host, zc_op *op) {
  host->done(op, ZC_OK, NULL);
  host->done(op, ZC_OK, NULL);
  return ZC_OK;
}

static int refuses_and_answers(const zc_host *host, zc_op *op) {
  host->done(op, ZC_OK, NULL);
  return ZC_EINVAL;
}

static zc_op *kept;

static void answers_on_a_thread(void *user) {
  const zc_host *host = user;
  host->done(kept, ZC_OK, NULL);
}

static int works_wrongly(const zc_host *host, zc_op *op) {
  kept = op;
  return host->work(op, answers_on_a_thread, ran_and_over, (void *)(uintptr_t)host);
}

static int gives_no_callback(const zc_host *host, zc_op *op) {
  return host->timer(op, 1, NULL, NULL);
}

static int returns_a_count(const zc_host *host, zc_op *op) {
  (void)host;
  (void)op;
  return 3;
}

static int starts_twice(const zc_host *host, zc_op *op) {
  host->run_started(op, "1");
  host->run_started(op, "2");
  host->done(op, ZC_OK, NULL);
  return ZC_OK;
}

static int emits_without_a_size(const zc_host *host, zc_op *op) {
  const zc_signal signal = {.kind = ZC_PUE};
  const zc_point point = {.value = 1.1};
  host->done(op, host->emit(op, &signal, &point, 1, sizeof point), NULL);
  return ZC_OK;
}

static int asks_for_what_is_not_declared(const zc_host *host, zc_op *op) {
  host->text(region_of_here, "mistaek");
  host->done(op, ZC_OK, NULL);
  return ZC_OK;
}

static void a_broken_rule_ends_the_test(void **state) {
  (void)state;
  int (*const behaviours[])(const zc_host *, zc_op *) = {
      answers_twice,   refuses_and_answers, works_wrongly,        gives_no_callback,
      returns_a_count, starts_twice,        emits_without_a_size, asks_for_what_is_not_declared};
  for (size_t i = 0; i < sizeof behaviours / sizeof *behaviours; i++) {
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
      signal(SIGABRT, SIG_DFL);
      if (!freopen("/dev/null", "w", stderr)) _exit(1);
      ask(open_source(behaviours[i]));
      _exit(0);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(options_go_through_the_real_parser),
      cmocka_unit_test(time_moves_to_what_is_due),
      cmocka_unit_test(silence_ends_at_the_deadline),
      cmocka_unit_test(work_ends_even_where_its_operation_is_over),
      cmocka_unit_test(processes_end_as_scripted),
      cmocka_unit_test(answers_come_as_scripted),
      cmocka_unit_test(a_request_that_cannot_be_sent_is_refused_here_too),
      cmocka_unit_test(what_was_sent_is_told_from_what_was_not),
      cmocka_unit_test(refused_points_are_warned_of),
      cmocka_unit_test(policies_decide_on_real_series),
      cmocka_unit_test(a_broken_rule_ends_the_test),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
