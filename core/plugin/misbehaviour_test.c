/* Plugins that contradict themselves, write too much, or call from where they must not. */
#include <pthread.h>

#include "core/plugin/operation_fixture.h"

/* ---- triggers ---- */

static int starts_and_refuses(void *state, const zc_run *run, zc_op *op) {
  const behaviour *b = state;
  (void)run;
  assert_int_equal(b->host->run_started(op, "r1"), ZC_OK);
  return ZC_EREMOTE;
}

/* A line of 10,000 letters, then 100,000 characters of output in two bytes each. */
static int talks(void *state, const zc_run *run, zc_op *op) {
  const behaviour *b = state;
  char *text = malloc(10000 + 1 + 200000 + 2), *to = text + 10000;
  (void)run;
  assert_non_null(text);
  memset(text, 'x', 10000);
  *to++ = '\n';
  for (size_t i = 0; i < 100000; i++, to += 2)
    memcpy(to, "\xc3\xbc", 2);
  memcpy(to, "!", 2); /* so that the cut falls into a character */
  assert_int_equal(b->host->run_status(op, ZC_RUN_FAILED, text), ZC_OK);
  free(text);
  b->host->done(op, ZC_OK, NULL);
  return ZC_OK;
}

typedef struct {
  char remote_id[20], *message;
  int n_done, error;
} run_outcome;

static void on_started(void *user, const char *remote_id) {
  snprintf(((run_outcome *)user)->remote_id, 20, "%s", remote_id);
}

static void on_status(void *user, int status, const char *message) {
  assert_int_equal(status, ZC_RUN_FAILED);
  ((run_outcome *)user)->message = strdup(message);
}

static void on_done(void *user, int error, const char *message) {
  run_outcome *o = user;
  (void)message;
  o->n_done++;
  o->error = error;
}

static zc_instance *open_kind(fixture *f, uint32_t kind, const void *ops) {
  static zc_plugin plugin;
  zc_instance *instance = NULL;
  plugin = source_plugin;
  plugin.kind = kind;
  plugin.ops = ops;
  assert_int_equal(zc_instance_create(f->context, &plugin, "bad", NULL, &instance, NULL), ZC_OK);
  return instance;
}

static void start_run(fixture *f, int (*start)(void *, const zc_run *, zc_op *), run_outcome *o) {
  const zc_trigger_ops ops = {.size = sizeof ops, .attended = 1, .start = start};
  zc_instance *trigger = open_kind(f, ZC_TRIGGER, &ops);
  const zc_run asked = {.size = sizeof asked, .pipeline = "demo"};
  const zc_operation_events events = {
      .user = o, .started = on_started, .status = on_status, .done = on_done};
  zc_operation operation;
  assert_int_equal(
      zc_operation_start_trigger(trigger, ZC_START_RUN, &asked, 1000, &events, &operation), ZC_OK);
  assert_int_equal(o->n_done, 0);
  run(f);
  zc_instance_destroy(trigger);
}

static void a_start_that_was_reported_is_not_refused_any_more(void **state) {
  fixture *f = *state;
  run_outcome o = {0};
  start_run(f, starts_and_refuses, &o);
  assert_string_equal(o.remote_id, "r1");
  assert_int_equal(o.n_done, 1);
  assert_int_equal(o.error, ZC_EREMOTE);
  assert_logged(f, "warning trigger:bad: reported a run and refused the operation as well");
}

static void a_runs_message_and_output_are_bounded(void **state) {
  fixture *f = *state;
  run_outcome o = {0};
  start_run(f, talks, &o);
  char *tail = strchr(o.message, '\n');
  assert_non_null(tail);
  assert_int_equal(tail - o.message, 4095);
  assert_int_equal(strlen(tail + 1), 65535); /* one byte less than 64 KiB: no half character */
  assert_true(strncmp(tail + 1, "\xc3\xbc", 2) == 0);
  assert_int_equal(tail[65535], '!');
  free(o.message);
}

/* ---- policies ---- */

static int decides_seven(void *state, const zc_decide_input *in, zc_proposal *ret) {
  (void)state;
  (void)in;
  (void)ret;
  return 7;
}

static void explains_without_end(void *state, const zc_decide_input *in,
                                 const zc_proposal *proposal, char *text, size_t size) {
  (void)state;
  (void)in;
  memset(text, 'x', size);
  if (proposal) memcpy(text, "a\n\033[1m\xff", 8);
}

static void says_nothing(void *state, const zc_decide_input *in, const zc_proposal *proposal,
                         char *text, size_t size) {
  (void)state;
  (void)in;
  (void)proposal;
  (void)text;
  (void)size;
}

static void a_policys_faults_have_its_name(void **state) {
  fixture *f = *state;
  zc_policy_ops ops = {
      .size = sizeof ops, .decide = decides_seven, .explain = explains_without_end};
  zc_instance *policy = open_kind(f, ZC_POLICY, &ops);
  const zc_decide_input in = {.size = sizeof in};
  zc_proposal proposal = {.size = sizeof proposal};
  char text[12];
  assert_int_equal(zc_instance_policy.decide(policy, &in, &proposal), ZC_EINVAL);
  assert_logged(f, "policy:bad: decide() returned 7, which is no answer");
  zc_instance_policy.explain(policy, &in, NULL, text, sizeof text);
  assert_string_equal(text, "xxxxxxxxxxx");
  zc_instance_policy.explain(policy, &in, &proposal, text, sizeof text);
  assert_string_equal(text, "a  [1m?");
  ops.explain = says_nothing;
  zc_instance_policy.explain(policy, &in, NULL, text, sizeof text);
  assert_string_equal(text, "bad gives n");
  zc_instance_destroy(policy);
}

/* ---- threads ---- */

static void *answer_from_elsewhere(void *user) {
  current.host->log(current.self, ZC_LOG_INFO, "from a thread");
  current.host->done(user, ZC_OK, NULL);
  return NULL;
}

static int starts_a_thread(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  pthread_t thread;
  (void)host;
  (void)self;
  (void)query;
  assert_int_equal(pthread_create(&thread, NULL, answer_from_elsewhere, op), 0);
  assert_int_equal(pthread_join(thread, NULL), 0);
  return ZC_OK;
}

static void a_thread_of_its_own_is_refused_and_told(void **state) {
  fixture *f = *state;
  outcome o;
  zc_instance *source = open_source(f, "scripted");
  current.observe = starts_a_thread;
  ask(f, source, &o);
  run(f);
  assert_int_equal(o.error, ZC_ETIMEDOUT);
  assert_logged(f, "error   plugins: log() from a thread of a plugin's own: refused");
  assert_null(strstr(log_of(f), "from a thread\n"));
  zc_instance_destroy(source);
}

/* ---- NULL ---- */

static void what_an_absent_option_gives_is_no_time_and_no_secret(void **state) {
  const fixture *f = *state;
  const zc_host *host = zc_host_services(f->context);
  zc_time time = 7;
  assert_int_equal(host->time_parse(NULL, &time), ZC_EINVAL);
  assert_int_equal(host->hide(NULL), ZC_EINVAL);
  host->reveal(NULL);
  assert_null(host->http_header(NULL, "Retry-After"));
  assert_true(time == 7);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(a_start_that_was_reported_is_not_refused_any_more),
      FIXTURE_TEST(a_runs_message_and_output_are_bounded),
      FIXTURE_TEST(a_policys_faults_have_its_name),
      FIXTURE_TEST(a_thread_of_its_own_is_refused_and_told),
      FIXTURE_TEST(what_an_absent_option_gives_is_no_time_and_no_secret),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
