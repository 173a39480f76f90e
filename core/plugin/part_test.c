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
      FIXTURE_TEST(an_instance_outlives_its_work),
      FIXTURE_TEST(the_parts_of_an_operation_are_bounded),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
