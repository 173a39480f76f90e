/* Sources that break the rules: each is named in the log, none disturbs another. */
#include <math.h>

#include "core/plugin/operation.h"
#include "core/plugin/operation_fixture.h"

/* ---- behaviours ---- */

static int answers(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  (void)self;
  assert_int_equal(emit_value(host, query, op, 100), ZC_OK);
  host->done(op, ZC_OK, NULL);
  return ZC_OK;
}

static int answers_twice(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  (void)self;
  (void)query;
  host->done(op, ZC_OK, NULL);
  host->done(op, ZC_EREMOTE, "again");
  return ZC_OK;
}

static int never_answers(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  (void)host;
  (void)self;
  (void)query;
  current.op = op;
  return ZC_OK;
}

static int refuses(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  (void)host;
  (void)self;
  (void)query;
  (void)op;
  return ZC_ENOTFOUND;
}

static int returns_a_count(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  (void)host;
  (void)self;
  (void)query;
  (void)op;
  return 3;
}

static int refuses_and_answers(const zc_host *host, zc_self *self, const zc_query *query,
                               zc_op *op) {
  host->done(op, ZC_OK, NULL);
  return refuses(host, self, query, op);
}

static int emits_nan(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  (void)self;
  host->done(op, emit_value(host, query, op, (double)NAN), "the points were refused");
  return ZC_OK;
}

/* Answers the operation before, and this one properly. */
static int answers_the_one_before(const zc_host *host, zc_self *self, const zc_query *query,
                                  zc_op *op) {
  host->done(current.op, ZC_OK, NULL);
  return answers(host, self, query, op);
}

static int blocks(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  int64_t until = zc_clock_real_ns() + 120 * INT64_C(1000000);
  while (zc_clock_real_ns() < until) {
  }
  return answers(host, self, query, op);
}

static int fails(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  (void)self;
  (void)query;
  host->done(op, ZC_EAUTH, "example.org refuses the token");
  return ZC_OK;
}

static int sends_the_token_back(const zc_host *host, zc_self *self, const zc_query *query,
                                zc_op *op) {
  (void)query;
  host->log(self, ZC_LOG_ERROR, "was sent tok-abcdef");
  host->done(op, ZC_EAUTH, "example.org: no such token: tok-abcdef!");
  return ZC_OK;
}

/* ---- one answer, later ---- */

static void an_answer_at_hand_comes_on_a_later_turn(void **state) {
  fixture *f = *state;
  outcome o;
  zc_instance *source = open_source(f, "scripted");
  current.observe = answers;
  ask(f, source, &o);
  assert_int_equal(zc_instance_live_operations(source), 1);
  run(f);
  assert_int_equal(o.n_done, 1);
  assert_int_equal(o.error, ZC_OK);
  assert_int_equal(o.n_points, 1);
  assert_true(o.done_at == START); /* no virtual time goes by */
  assert_int_equal(zc_instance_live_operations(source), 0);
  assert_int_equal(zc_instance_faults(source), 0);
  zc_instance_destroy(source);
  assert_int_equal(destroyed, 1);
  assert_string_equal(log_of(f), "");
}

static void an_error_carries_its_message(void **state) {
  fixture *f = *state;
  outcome o;
  zc_instance *source = open_source(f, "scripted");
  current.observe = fails;
  ask(f, source, &o);
  run(f);
  assert_int_equal(o.error, ZC_EAUTH);
  assert_string_equal(o.message, "example.org refuses the token");
  zc_instance_destroy(source);
}

static void a_secret_that_comes_back_is_hidden(void **state) {
  fixture *f = *state;
  outcome o;
  zc_instance *source = open_source(f, "scripted");
  assert_int_equal(zc_log_hide("tok-abcdef"), ZC_OK);
  current.observe = sends_the_token_back;
  ask(f, source, &o);
  run(f);
  assert_string_equal(o.message, "example.org: no such token: ***!");
  assert_logged(f, "error   source:scripted: was sent ***");
  assert_string_equal(source->why, "was sent ***");
  zc_log_forget();
  zc_instance_destroy(source);
}

static void a_refusal_gives_no_event(void **state) {
  fixture *f = *state;
  outcome o;
  zc_operation operation = 0;
  zc_instance *source = open_source(f, "scripted");
  current.observe = refuses;
  assert_int_equal(ask_within(f, source, ZC_SECOND, &o, &operation), ZC_ENOTFOUND);
  current.observe = refuses_and_answers;
  assert_int_equal(ask_within(f, source, ZC_SECOND, &o, &operation), ZC_ENOTFOUND);
  run(f);
  assert_int_equal(o.n_done, 0);
  assert_true(operation == 0);
  assert_int_equal(zc_instance_live_operations(source), 0);
  assert_logged(f, "warning source:scripted: refused an operation and answered it as well");
  zc_instance_destroy(source);
}

static void a_positive_result_is_a_refusal(void **state) {
  fixture *f = *state;
  outcome o;
  zc_operation operation = 0;
  zc_instance *source = open_source(f, "scripted");
  current.observe = returns_a_count;
  assert_int_equal(ask_within(f, source, ZC_SECOND, &o, &operation), ZC_EINVAL);
  run(f);
  assert_int_equal(o.n_done, 0);
  assert_true(operation == 0);
  assert_int_equal(zc_instance_live_operations(source), 0);
  assert_logged(f, "warning source:scripted: returned 3, which is no status: refused: observe of "
                   "eu-west-2\n");
  zc_instance_destroy(source);
}

/* ---- broken rules ---- */

static void a_second_answer_is_dropped_and_named(void **state) {
  fixture *f = *state;
  outcome o;
  zc_instance *source = open_source(f, "first");
  current.observe = answers_twice;
  ask(f, source, &o);
  run(f);
  assert_int_equal(o.n_done, 1);
  assert_int_equal(o.error, ZC_OK);
  assert_int_equal(zc_instance_faults(source), 1);
  assert_logged(f, "warning source:first: answered an operation that it had answered already: "
                   "observe of eu-west-2 (plugin scripted)\n");
  zc_instance_destroy(source);
}

static void a_second_answer_after_delivery_is_dropped_and_named(void **state) {
  fixture *f = *state;
  outcome o;
  zc_instance *source = open_source(f, "scripted");
  current.observe = never_answers;
  ask(f, source, &o);
  zc_op *first = current.op;
  zc_instance_destroy(source);
  source = open_source(f, "scripted");
  current.observe = answers;
  ask(f, source, &o);
  run(f);
  current.op = first;
  current.observe = answers_the_one_before;
  ask(f, source, &o);
  run(f);
  assert_int_equal(o.error, ZC_OK);
  assert_logged(f, "scripted: answered an operation that was cancelled: observe of eu-west-2\n");
  current.op = (zc_op *)(uintptr_t)0x7f00dead0001;
  ask(f, source, &o);
  run(f);
  assert_int_equal(o.error, ZC_OK);
  assert_int_equal(zc_instance_faults(source), 2);
  zc_instance_destroy(source);
}

static void a_missing_answer_ends_at_the_deadline(void **state) {
  fixture *f = *state;
  outcome o, other;
  zc_instance *silent = open_source(f, "silent");
  current.observe = never_answers;
  ask(f, silent, &o);
  zc_instance *fine = open_source(f, "fine");
  current.observe = answers;
  ask(f, fine, &other);
  run(f);
  assert_int_equal(other.error, ZC_OK);
  assert_int_equal(o.n_done, 1);
  assert_int_equal(o.error, ZC_ETIMEDOUT);
  assert_string_equal(o.message, "no answer within 30s");
  assert_true(o.done_at == START + 30 * ZC_SECOND);
  assert_int_equal(current.cancels, 1);
  assert_int_equal(zc_instance_faults(silent), 1);
  assert_int_equal(zc_instance_faults(fine), 0);
  assert_logged(f, "warning source:silent: no answer within 30s: observe of eu-west-2 (plugin "
                   "scripted)\n");
  zc_instance_destroy(silent);
  zc_instance_destroy(fine);
}

static void an_answer_after_the_deadline_is_dropped_and_named(void **state) {
  fixture *f = *state;
  outcome late, next;
  zc_instance *source = open_source(f, "scripted");
  current.observe = never_answers;
  ask(f, source, &late);
  run(f);
  current.observe = answers_the_one_before;
  ask(f, source, &next);
  run(f);
  assert_int_equal(late.n_done, 1);
  assert_int_equal(late.error, ZC_ETIMEDOUT);
  assert_int_equal(next.n_done, 1);
  assert_int_equal(next.error, ZC_OK);
  assert_int_equal(zc_instance_faults(source), 2); /* silent, then late */
  assert_logged(f, "warning source:scripted: answered an operation after its deadline: observe of "
                   "eu-west-2\n");
  zc_instance_destroy(source);
}

static void bad_points_are_refused_and_named(void **state) {
  fixture *f = *state;
  outcome o;
  zc_instance *source = open_source(f, "scripted");
  current.observe = emits_nan;
  ask(f, source, &o);
  run(f);
  assert_int_equal(o.error, ZC_EDATA);
  assert_int_equal(o.n_points, 0);
  assert_logged(f, "warning source:scripted: emitted 1 points for eu-west-2 of which point 0, from "
                   "2026-01-02T02:00:00Z, value nan, is refused: its value is not a finite "
                   "number; none of the 1 is taken\n");
  zc_instance_destroy(source);
}

static void a_callback_that_blocks_is_named(void **state) {
  fixture *f = *state;
  outcome o;
  zc_instance *source = open_source(f, "scripted");
  current.observe = blocks;
  ask(f, source, &o);
  run(f);
  assert_int_equal(o.error, ZC_OK);
  assert_true(zc_loop_slow_callbacks(f->loop) >= 1);
  assert_logged(f, "warning source:scripted: a callback (observe) held the loop for ");
  zc_instance_destroy(source);
}

static void faults_are_logged_once_a_minute(void **state) {
  fixture *f = *state;
  outcome o;
  zc_instance *source = open_source(f, "scripted");
  current.observe = answers_twice;
  for (int i = 0; i < 5; i++) {
    ask(f, source, &o);
    run(f);
  }
  assert_int_equal(count_in_log(f, "answered already:"), 1);
  zc_clock_advance(&f->clock, START + ZC_MINUTE);
  ask(f, source, &o);
  run(f);
  assert_int_equal(count_in_log(f, "answered already:"), 2);
  assert_logged(f, "already: observe of eu-west-2 (and 4 more such since the last such line)\n");
  assert_int_equal(zc_instance_faults(source), 6);
  zc_instance_destroy(source);
}

/* ---- cancelling ---- */

static void a_cancelled_operation_gives_no_event(void **state) {
  fixture *f = *state;
  outcome o, answered;
  zc_instance *source = open_source(f, "scripted");
  current.observe = never_answers;
  zc_operation live = ask(f, source, &o);
  current.observe = answers;
  zc_operation done = ask(f, source, &answered);
  zc_operation_cancel(f->context, live);
  zc_operation_cancel(f->context, done);
  zc_operation_cancel(f->context, live); /* dead */
  zc_operation_cancel(f->context, 0);
  zc_operation_cancel(f->context, UINT64_MAX);
  run(f);
  assert_int_equal(o.n_done, 0);
  assert_int_equal(answered.n_done, 0);
  assert_int_equal(current.cancels, 1); /* of the one that it had not answered */
  assert_int_equal(zc_instance_live_operations(source), 0);
  assert_int_equal(zc_instance_faults(source), 0);
  zc_instance_destroy(source);
}

static zc_operation to_cancel;

static int cancel_on_points(void *user, const zc_signal *signal, const zc_point *points, size_t n,
                            size_t stride, size_t *ret_bad) {
  outcome *o = user;
  zc_operation_cancel(o->f->context, to_cancel);
  assert_int_equal(current.cancels, 0); /* not while it is inside emit() */
  return take_points(user, signal, points, n, stride, ret_bad);
}

static void emits_late(void *user, zc_op *op) {
  zc_query query = {.from = START, .to = START + 1};
  (void)user;
  assert_int_equal(emit_value(current.host, &query, op, 1), ZC_OK);
  assert_int_equal(emit_value(current.host, &query, op, 1), ZC_ECANCELED);
  current.host->done(op, ZC_OK, NULL);
  current.calls++;
}

static int emits_from_a_timer(const zc_host *host, zc_self *self, const zc_query *query,
                              zc_op *op) {
  (void)self;
  (void)query;
  return host->timer(op, 10, emits_late, NULL);
}

static void a_cancel_from_an_event_waits_for_the_plugin_to_return(void **state) {
  fixture *f = *state;
  outcome o = {.f = f};
  zc_instance *source = open_source(f, "scripted");
  const zc_query query = {.size = sizeof query, .region = "eu-west-2", .to = 1};
  const zc_operation_events events = {.user = &o, .points = cancel_on_points, .done = take_done};
  current.observe = emits_from_a_timer;
  assert_int_equal(zc_operation_start_source(source, false, &query, 1000, &events, &to_cancel),
                   ZC_OK);
  run(f);
  assert_int_equal(current.calls, 1);
  assert_int_equal(current.cancels, 1);
  assert_int_equal(o.n_done, 0);
  assert_int_equal(zc_instance_faults(source), 0);
  zc_instance_destroy(source);
}

static void destroying_an_instance_cancels_what_is_live(void **state) {
  fixture *f = *state;
  outcome first, second;
  zc_instance *source = open_source(f, "scripted");
  current.observe = never_answers;
  ask(f, source, &first);
  current.observe = answers;
  ask(f, source, &second);
  zc_instance_destroy(source);
  assert_int_equal(destroyed, 1);
  assert_int_equal(current.cancels, 1);
  run(f);
  assert_int_equal(first.n_done + second.n_done, 0);
}

/* ---- limits ---- */

static void the_number_of_live_operations_is_bounded(void **state) {
  fixture *f = *state;
  outcome o;
  zc_operation operation;
  zc_instance *source = open_source(f, "scripted");
  current.observe = never_answers;
  for (int i = 0; i < ZC_OPERATIONS_MAX; i++)
    ask(f, source, &o);
  assert_int_equal(ask_within(f, source, ZC_SECOND, &o, &operation), ZC_ECONFLICT);
  assert_int_equal(zc_instance_live_operations(source), ZC_OPERATIONS_MAX);
  zc_instance_destroy(source);
}

static void what_was_not_asked_for_properly_is_not_begun(void **state) {
  fixture *f = *state;
  outcome o;
  zc_operation operation = 7;
  zc_instance *source = open_source(f, "scripted");
  const zc_query query = {.size = sizeof query, .region = "eu-west-2"};
  const zc_operation_events events = {.user = &o};
  current.observe = answers;
  assert_int_equal(ask_within(f, source, 0, &o, &operation), ZC_EINVAL);
  assert_int_equal(zc_operation_start_source(source, true, &query, 1, &events, &operation),
                   ZC_ENOTFOUND); /* it has no forecast */
  const zc_run run_asked = {.size = sizeof run_asked};
  assert_int_equal(
      zc_operation_start_trigger(source, ZC_START_RUN, &run_asked, 1, &events, &operation),
      ZC_ENOTFOUND);
  assert_int_equal(zc_operation_start_sink_init(source, NULL, 0, 1, &events, &operation),
                   ZC_ENOTFOUND);
  assert_true(operation == 7);
  zc_instance_destroy(source);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(an_answer_at_hand_comes_on_a_later_turn),
      FIXTURE_TEST(an_error_carries_its_message),
      FIXTURE_TEST(a_secret_that_comes_back_is_hidden),
      FIXTURE_TEST(a_refusal_gives_no_event),
      FIXTURE_TEST(a_positive_result_is_a_refusal),
      FIXTURE_TEST(a_second_answer_is_dropped_and_named),
      FIXTURE_TEST(a_second_answer_after_delivery_is_dropped_and_named),
      FIXTURE_TEST(a_missing_answer_ends_at_the_deadline),
      FIXTURE_TEST(an_answer_after_the_deadline_is_dropped_and_named),
      FIXTURE_TEST(bad_points_are_refused_and_named),
      FIXTURE_TEST(a_callback_that_blocks_is_named),
      FIXTURE_TEST(faults_are_logged_once_a_minute),
      FIXTURE_TEST(a_cancelled_operation_gives_no_event),
      FIXTURE_TEST(a_cancel_from_an_event_waits_for_the_plugin_to_return),
      FIXTURE_TEST(destroying_an_instance_cancels_what_is_live),
      FIXTURE_TEST(the_number_of_live_operations_is_bounded),
      FIXTURE_TEST(what_was_not_asked_for_properly_is_not_begun),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
