/* What operations have under way, and how it ends with them. */
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/plugin/operation_fixture.h"

/* A port where connections are taken and never answered; its descriptor in *ret. */
static int silent_port(int *ret) {
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  *ret = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  assert_true(*ret >= 0);
  assert_int_equal(bind(*ret, (const struct sockaddr *)&address, size), 0);
  assert_int_equal(listen(*ret, 8), 0);
  assert_int_equal(getsockname(*ret, (struct sockaddr *)&address, &size), 0);
  return ntohs(address.sin_port);
}

/* ---- each kind of part, to its end ---- */

static void timer_fires(void *user, zc_op *op) {
  assert_ptr_equal(user, &current);
  current.calls++;
  current.host->done(op, ZC_OK, NULL);
}

static int waits(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  (void)self;
  (void)query;
  assert_int_equal(host->timer(op, -1, timer_fires, &current), ZC_EINVAL);
  assert_int_equal(host->timer(op, 1, NULL, &current), ZC_EINVAL);
  return host->timer(op, 5000, timer_fires, &current);
}

static void a_timer_fires_in_the_engines_time(void **state) {
  fixture *f = *state;
  outcome o;
  zc_instance *source = open_source(f, "scripted");
  current.observe = waits;
  ask(f, source, &o);
  run(f);
  assert_int_equal(current.calls, 1);
  assert_true(o.done_at == START + 5000);
  assert_int_equal(zc_instance_faults(source), 2); /* the two that were refused */
  zc_instance_destroy(source);
}

typedef struct {
  int ran, status;
  bool has_op;
} work_result;

static work_result worked;

static void works(void *user) {
  work_result *result = user;
  result->ran = 1;
  current.host->log(current.self, ZC_LOG_ERROR, "from a thread"); /* refused, named */
  current.host->done(current.op, ZC_OK, NULL);                    /* likewise */
}

static void work_is_over(void *user, zc_op *op, int status) {
  work_result *result = user;
  result->status = status;
  result->has_op = op != NULL;
  current.calls++;
  current.host->done(op, status, NULL); /* nothing where op is NULL */
}

static int starts_work(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  (void)self;
  (void)query;
  current.op = op;
  return host->work(op, works, work_is_over, &worked);
}

static void work_runs_elsewhere_and_comes_back(void **state) {
  fixture *f = *state;
  outcome o;
  worked = (work_result){0};
  zc_instance *source = open_source(f, "scripted");
  current.observe = starts_work;
  ask(f, source, &o);
  run(f);
  assert_int_equal(worked.ran, 1);
  assert_true(worked.has_op);
  assert_int_equal(o.error, ZC_OK);
  assert_int_equal(o.n_done, 1);
  assert_int_equal(count_in_log(f, "from a thread"), 0);
  assert_logged(f, "error   source:scripted: log() from a worker thread: refused, as only "
                   "json_parse and json_free may be called there\n");
  zc_instance_destroy(source);
}

static void process_ends(void *user, zc_op *op, const zc_process_result *result) {
  assert_ptr_equal(user, &current);
  assert_int_equal(result->exit_status, 3);
  assert_string_equal(result->tail, "hello\n");
  current.calls++;
  current.host->done(op, ZC_OK, NULL);
}

static int starts_process(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  (void)self;
  (void)query;
  static const char *const command[] = {"/bin/sh", "-c", "echo hello; exit 3", NULL};
  static const char *const none[] = {NULL};
  zc_process process = {.size = sizeof process, .tail_bytes = 100, .command = none};
  assert_int_equal(host->process(op, &process, process_ends, &current), ZC_EINVAL);
  process.command = command;
  return host->process(op, &process, process_ends, &current);
}

static void a_process_runs_and_reports(void **state) {
  fixture *f = *state;
  outcome o;
  zc_instance *source = open_source(f, "scripted");
  current.observe = starts_process;
  ask(f, source, &o);
  run(f);
  assert_int_equal(current.calls, 1);
  assert_int_equal(o.error, ZC_OK);
  zc_instance_destroy(source);
}

static char url[64];

static void response_came(void *user, zc_op *op, const zc_http_response *response) {
  assert_ptr_equal(user, &current);
  current.calls++;
  assert_int_equal(response->status, 0);
  current.host->done(op, response->error, response->message);
}

static int sends_request(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  (void)self;
  (void)query;
  const zc_http_request request = {.size = sizeof request, .max_attempts = 1, .url = url};
  const zc_http_request without = {.size = sizeof without};
  assert_int_equal(host->http(op, &without, response_came, &current), ZC_EINVAL);
  assert_int_equal(host->http(op, NULL, response_came, &current), ZC_EINVAL);
  return host->http(op, &request, response_came, &current);
}

static void a_request_comes_back(void **state) {
  fixture *f = *state;
  outcome o;
  int listener;
  zc_instance *source = open_source(f, "scripted");
  snprintf(url, sizeof url, "http://127.0.0.1:%d/", silent_port(&listener));
  close(listener); /* nobody is there now */
  current.observe = sends_request;
  ask(f, source, &o);
  run(f);
  assert_int_equal(current.calls, 1);
  assert_int_equal(o.error, ZC_EREMOTE);
  assert_non_null(strstr(o.message, "127.0.0.1"));
  zc_instance_destroy(source);
}

static const char *const not_headers[] = {NULL, "X-Token", "X-A: 1\r\nX-B: 2", "X-A:", "A b: 1"};

/* What cannot be sent, and the line that says why. */
static const struct {
  const char *url;
  const char *const *headers;
  uint32_t n_headers;
  const char *line;
} unsendable[] = {
    {NULL, NULL, 0, "gave http() no URL"},
    {"http://x.example/?zone=Great Britain", NULL, 0,
     "a URL with a space at byte 28: percent-encode"},
    {"file:///etc/passwd", NULL, 0, "a URL that begins neither with http:// nor https://"},
    {"http:///x", NULL, 0, "a URL without a host"},
    {"http://x.example/M\xc3\xbcnchen", NULL, 0, "a character beyond ASCII at byte 18"},
    {"http://x.example/\r\nX: 1", NULL, 0, "a line's end at byte 17"},
    {"http://x.example:99999/", NULL, 0, "a URL that cannot be used: "},
    {"http://x.example/", NULL, 1, "n_headers 1, and headers NULL"},
    {"http://x.example/", not_headers, 1, "a header (headers[0]) that is NULL"},
    {"http://x.example/", not_headers + 1, 1, "a header (headers[0]) without a colon"},
    {"http://x.example/", not_headers + 2, 1, "a header (headers[0]) with a line's end"},
    {"http://x.example/", not_headers + 3, 1, "a header (headers[0]) without a value"},
    {"http://x.example/", not_headers + 4, 1, "a header (headers[0]) whose name is no token"},
};
static size_t unsendable_row;

static int sends_what_cannot_be_sent(const zc_host *host, zc_self *self, const zc_query *query,
                                     zc_op *op) {
  (void)self;
  (void)query;
  const zc_http_request request = {.size = sizeof request,
                                   .url = unsendable[unsendable_row].url,
                                   .headers = unsendable[unsendable_row].headers,
                                   .n_headers = unsendable[unsendable_row].n_headers};
  return host->http(op, &request, response_came, &current);
}

static void a_request_that_cannot_be_sent_is_named_with_its_fault(void **state) {
  fixture *f = *state;
  outcome o;
  zc_operation operation;
  for (unsendable_row = 0; unsendable_row < sizeof unsendable / sizeof *unsendable;
       unsendable_row++) {
    const char *line = unsendable[unsendable_row].line;
    zc_instance *source = open_source(f, "scripted");
    current.observe = sends_what_cannot_be_sent;
    assert_int_equal(ask_within(f, source, ZC_MINUTE, &o, &operation), ZC_EINVAL);
    assert_logged(f, line);
    if (!strstr(zc_instance_refusal(source), line)) fail_msg("%s", zc_instance_refusal(source));
    zc_instance_destroy(source);
  }
  assert_null(strstr(log_of(f), "Britain")); /* a URL may hold a token */
  assert_null(strstr(log_of(f), "X-Token"));
}

/* ---- cancelled midway ---- */

static void timer_must_not_fire(void *user, zc_op *op) {
  (void)user;
  (void)op;
  fail();
}

static void response_must_not_come(void *user, zc_op *op, const zc_http_response *response) {
  (void)user;
  (void)op;
  (void)response;
  fail();
}

static void process_must_not_report(void *user, zc_op *op, const zc_process_result *result) {
  (void)user;
  (void)op;
  (void)result;
  fail();
}

static int starts_everything(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  static const char *const command[] = {"/bin/sleep", "600", NULL};
  const zc_http_request request = {.size = sizeof request, .url = url};
  const zc_process process = {.size = sizeof process, .command = command};
  assert_int_equal(host->http(op, &request, response_must_not_come, NULL), ZC_OK);
  assert_int_equal(host->timer(op, 10, timer_must_not_fire, NULL), ZC_OK);
  assert_int_equal(host->process(op, &process, process_must_not_report, NULL), ZC_OK);
  return starts_work(host, self, query, op);
}

static void everything_ends_with_its_operation(void **state) {
  fixture *f = *state;
  outcome o;
  int listener;
  worked = (work_result){0};
  zc_instance *source = open_source(f, "scripted");
  snprintf(url, sizeof url, "http://127.0.0.1:%d/", silent_port(&listener));
  current.observe = starts_everything;
  zc_operation operation = ask(f, source, &o);
  zc_operation_cancel(f->context, operation);
  assert_int_equal(current.cancels, 1);
  run(f);
  close(listener);
  assert_int_equal(o.n_done, 0);
  assert_int_equal(current.calls, 1); /* after() of the work, so that its memory can go */
  assert_int_equal(worked.status, ZC_ECANCELED);
  assert_false(worked.has_op);
  assert_int_equal(zc_instance_faults(source), 0);
  zc_instance_destroy(source);
}

static int starts_everything_and_answers(const zc_host *host, zc_self *self, const zc_query *query,
                                         zc_op *op) {
  int status = starts_everything(host, self, query, op);
  host->done(op, ZC_OK, NULL);
  assert_int_equal(host->timer(op, 1, timer_must_not_fire, NULL), ZC_ECANCELED);
  return status;
}

static void an_answer_ends_what_is_under_way(void **state) {
  fixture *f = *state;
  outcome o;
  int listener;
  worked = (work_result){0};
  zc_instance *source = open_source(f, "scripted");
  snprintf(url, sizeof url, "http://127.0.0.1:%d/", silent_port(&listener));
  current.observe = starts_everything_and_answers;
  ask(f, source, &o);
  run(f);
  close(listener);
  assert_int_equal(o.n_done, 1);
  assert_int_equal(worked.status, ZC_ECANCELED);
  assert_logged(f, "started a timer for an operation that it had answered already");
  zc_instance_destroy(source);
}

/* A command that goes on for a while after TERM, then says so. */
static char farewell[48];

static int starts_what_lingers(const zc_host *host, zc_self *self, const zc_query *query,
                               zc_op *op) {
  (void)self, (void)query;
  static char script[240];
  snprintf(script, sizeof script,
           "trap 'sleep 0.1; echo gone > %s; exit' TERM; echo > %s.ready; while :; do sleep 0.01; "
           "done",
           farewell, farewell);
  static const char *const command[] = {"/bin/sh", "-c", script, NULL};
  const zc_process process = {.size = sizeof process, .command = command};
  return host->process(op, &process, process_must_not_report, NULL);
}

static bool exists(const char *suffix) {
  char path[80];
  snprintf(path, sizeof path, "%s%s", farewell, suffix);
  return access(path, F_OK) == 0;
}

static void take_done_after_it(void *user, int error, const char *message) {
  assert_true(exists(""));
  take_done(user, error, message);
}

static zc_operation begin_what_lingers(fixture *f, zc_instance *source, int64_t deadline,
                                       outcome *o) {
  const zc_query query = {.size = sizeof query, .region = "eu-west-2", .to = 1};
  const zc_operation_events events = {.user = o, .points = take_points, .done = take_done_after_it};
  zc_operation operation;
  snprintf(farewell, sizeof farewell, "/tmp/zerocarb-part-%d", (int)getpid());
  *o = (outcome){.f = f};
  assert_int_equal(zc_operation_start_source(source, false, &query, deadline, &events, &operation),
                   ZC_OK);
  while (!exists(".ready"))
    usleep(1000);
  return operation;
}

static void remove_farewell(void) {
  char ready[80];
  snprintf(ready, sizeof ready, "%s.ready", farewell);
  assert_int_equal(unlink(ready), 0);
  assert_int_equal(unlink(farewell), 0);
}

static void an_operation_that_is_stopped_is_over_when_its_process_has_gone(void **state) {
  fixture *f = *state;
  outcome o;
  zc_instance *source = open_source(f, "scripted");
  current.observe = starts_what_lingers;
  zc_operation operation = begin_what_lingers(f, source, 30 * ZC_SECOND, &o);
  assert_true(zc_operation_stop(f->context, operation));
  assert_true(zc_operation_stop(f->context, operation)); /* asked twice is asked once */
  assert_int_equal(current.cancels, 0);                  /* on a later turn */
  run(f);
  assert_int_equal(current.cancels, 1);
  assert_int_equal(o.n_done, 1);
  assert_int_equal(o.error, ZC_ECANCELED);
  assert_false(zc_operation_stop(f->context, operation));
  assert_int_equal(zc_instance_live_operations(source), 0);
  assert_int_equal(zc_instance_faults(source), 0);
  zc_instance_destroy(source);
  remove_farewell();
}

static void an_operation_that_expires_is_over_when_its_process_has_gone(void **state) {
  fixture *f = *state;
  outcome o;
  zc_instance *source = open_source(f, "scripted");
  current.observe = starts_what_lingers;
  begin_what_lingers(f, source, 1, &o);
  zc_clock_advance(&f->clock, START + ZC_SECOND);
  run(f);
  assert_int_equal(o.n_done, 1);
  assert_int_equal(o.error, ZC_ETIMEDOUT);
  assert_string_equal(o.message, "no answer within 1ms");
  assert_int_equal(current.cancels, 1);
  zc_instance_destroy(source);
  remove_farewell();
}

static int lingers_and_answers(const zc_host *host, zc_self *self, const zc_query *query,
                               zc_op *op) {
  int status = starts_what_lingers(host, self, query, op);
  while (!exists(".ready"))
    usleep(1000);
  host->done(op, ZC_OK, NULL);
  return status;
}

static void an_answer_is_delivered_when_its_process_has_gone(void **state) {
  fixture *f = *state;
  outcome o;
  zc_instance *source = open_source(f, "scripted");
  current.observe = lingers_and_answers;
  begin_what_lingers(f, source, 30 * ZC_SECOND, &o);
  run(f);
  assert_int_equal(o.n_done, 1);
  assert_int_equal(o.error, ZC_OK);
  assert_int_equal(current.cancels, 0);
  zc_instance_destroy(source);
  remove_farewell();
}

static void stop_loop(zc_timer *timer) {
  zc_loop_stop(((fixture *)timer->user)->loop);
}

static void a_stop_that_is_cancelled_gives_no_event(void **state) {
  fixture *f = *state;
  outcome o;
  for (int turns = 0; turns < 2; turns++) {
    zc_instance *source = open_source(f, "scripted");
    current.observe = starts_what_lingers;
    current.cancels = 0;
    zc_operation operation = begin_what_lingers(f, source, 30 * ZC_SECOND, &o);
    assert_true(zc_operation_stop(f->context, operation));
    zc_timer turn = {0};
    if (turns > 0) { /* the plugin is told, the process is left */
      zc_timer_after(f->loop, &turn, 0, stop_loop, f);
      run(f);
    }
    assert_int_equal(current.cancels, turns);
    zc_operation_cancel(f->context, operation);
    assert_int_equal(current.cancels, 1);
    zc_instance_destroy(source);
    run(f);
    assert_int_equal(o.n_done, 0);
    remove_farewell();
  }
}

static void an_instance_outlives_its_work(void **state) {
  fixture *f = *state;
  outcome o;
  worked = (work_result){0};
  zc_instance *source = open_source(f, "scripted");
  current.observe = starts_work;
  ask(f, source, &o);
  zc_instance_destroy(source);
  assert_int_equal(destroyed, 0); /* a thread may still read its state */
  zc_host_context_destroy(f->context);
  f->context = NULL;
  run(f);
  assert_int_equal(destroyed, 1);
  assert_int_equal(current.calls, 1);
  assert_int_equal(o.n_done, 0);
}

/* ---- limits ---- */

static int starts_too_many(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  (void)self;
  (void)query;
  for (int i = 0; i < ZC_PARTS_MAX; i++)
    assert_int_equal(host->timer(op, 1000, timer_must_not_fire, NULL), ZC_OK);
  assert_int_equal(host->timer(op, 1000, timer_must_not_fire, NULL), ZC_ECONFLICT);
  host->done(op, ZC_OK, NULL);
  return ZC_OK;
}

static void the_parts_of_an_operation_are_bounded(void **state) {
  fixture *f = *state;
  outcome o;
  zc_instance *source = open_source(f, "scripted");
  current.observe = starts_too_many;
  ask(f, source, &o);
  run(f);
  assert_int_equal(o.error, ZC_OK);
  assert_logged(f, "has 64 things under way for one operation");
  zc_instance_destroy(source);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(a_timer_fires_in_the_engines_time),
      FIXTURE_TEST(work_runs_elsewhere_and_comes_back),
      FIXTURE_TEST(a_process_runs_and_reports),
      FIXTURE_TEST(a_request_comes_back),
      FIXTURE_TEST(a_request_that_cannot_be_sent_is_named_with_its_fault),
      FIXTURE_TEST(everything_ends_with_its_operation),
      FIXTURE_TEST(an_answer_ends_what_is_under_way),
      FIXTURE_TEST(an_operation_that_is_stopped_is_over_when_its_process_has_gone),
      FIXTURE_TEST(an_operation_that_expires_is_over_when_its_process_has_gone),
      FIXTURE_TEST(an_answer_is_delivered_when_its_process_has_gone),
      FIXTURE_TEST(a_stop_that_is_cancelled_gives_no_event),
      FIXTURE_TEST(an_instance_outlives_its_work),
      FIXTURE_TEST(the_parts_of_an_operation_are_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
