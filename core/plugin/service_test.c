/* The services: what they pass on, and what they refuse; triggers and sinks. */
#include "core/base/json.h"
#include "core/plugin/operation_fixture.h"

/* ---- misuse ---- */

static int misuses(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  (void)self;
  (void)query;
  const zc_signal good = {.size = sizeof good, .kind = ZC_GRID_INTENSITY};
  const zc_signal small = {.size = 4, .kind = ZC_GRID_INTENSITY};
  const zc_point point = {.to = 1, .flags = ZC_POINT_OBSERVED};
  const size_t size = sizeof point;
  assert_int_equal(host->emit(op, NULL, &point, 1, size), ZC_EINVAL);
  assert_int_equal(host->emit(op, &small, &point, 1, size), ZC_EINVAL);
  assert_int_equal(host->emit(op, &good, NULL, 1, size), ZC_EINVAL);
  assert_int_equal(host->emit(op, &good, &point, 1, 8), ZC_EINVAL);
  assert_int_equal(host->emit(op, &good, &point, ZC_EMIT_MAX + 1, size), ZC_EINVAL);
  assert_int_equal(host->emit(op, &good, &point, 0, size), ZC_OK);
  const zc_signal ahead = {
      .size = sizeof ahead, .kind = ZC_GRID_INTENSITY, .issued_at = START + ZC_DAY + 1};
  assert_int_equal(host->emit(op, &ahead, &point, 1, size), ZC_EINVAL);
  assert_int_equal(host->emit(NULL, &good, &point, 1, size), ZC_ECANCELED);
  assert_int_equal(host->run_started(op, "1"), ZC_EINVAL);
  assert_int_equal(host->run_status(op, ZC_RUN_RUNNING, NULL), ZC_EINVAL);
  assert_int_equal(host->retry_after(op, 1), ZC_EINVAL);
  assert_int_equal(host->row(op, "{}", 2), ZC_EINVAL);
  assert_int_equal(host->page(op, "2"), ZC_EINVAL);
  host->done(op, 5, NULL); /* no status */
  return ZC_OK;
}

static void services_of_other_kinds_are_refused(void **state) {
  fixture *f = *state;
  outcome o;
  zc_instance *source = open_source(f, "scripted");
  current.observe = misuses;
  ask(f, source, &o);
  run(f);
  assert_int_equal(o.error, ZC_EINVAL);
  assert_int_equal(zc_instance_faults(source), 13);
  assert_int_equal(count_in_log(f, "warning source:scripted"), 1);
  zc_instance_destroy(source);
}

/* ---- options ---- */

static const zc_option declared[] = {{"limit", ZC_INTEGER, 0, "7", NULL, "A limit."}};

static int create_mistakes(const zc_host *host, zc_self *self, const zc_config *config,
                           void **ret_state) {
  assert_int_equal(host->integer(config, "limit"), 7);
  assert_int_equal(host->has(config, "limits"), 0); /* a question, not a reading */
  for (int i = 0; i < 2; i++) {
    assert_null(host->text(config, "mistaek"));
    assert_int_equal(host->integer(config, "mistaek"), 0);
    assert_int_equal(host->count(config, "lists"), 0);
  }
  return source_create(host, self, config, ret_state);
}

static void an_undeclared_option_is_named_once(void **state) {
  fixture *f = *state;
  zc_plugin plugin = source_plugin;
  zc_config *config;
  zc_instance *instance;
  plugin.create = create_mistakes;
  assert_int_equal(zc_config_make(declared, 1, NULL, 0, &config, NULL), ZC_OK);
  assert_int_equal(zc_instance_create(f->context, &plugin, "maps", config, &instance, NULL), ZC_OK);
  assert_logged(f, "error   source:maps: the plugin asks for option 'mistaek', which it does not "
                   "declare\n");
  assert_int_equal(count_in_log(f, "'mistaek'"), 1);
  assert_int_equal(count_in_log(f, "'lists'"), 1);
  assert_int_equal(count_in_log(f, "the plugin asks"), 2);
  zc_instance_destroy(instance);
  zc_config_free(config);
}

/* ---- what is no status, and no state ---- */

static int create_status;
static bool create_sets;

static int create_as_told(const zc_host *host, zc_self *self, const zc_config *config,
                          void **ret_state) {
  (void)host;
  (void)self;
  (void)config;
  if (create_sets) *ret_state = NULL;
  return create_status;
}

static void create_is_held_to_its_contract(void **state) {
  fixture *f = *state;
  static const struct {
    int status;
    bool sets;
    const char *text; /* NULL: fine */
  } rows[] = {
      {ZC_OK, true, NULL},
      {ZC_OK, false, "source:odd: create() returned ZC_OK and has not set *ret_state"},
      {3, true, "source:odd: create() returned 3, which is no status"},
      {-99, true, "source:odd: create() returned -99, which is no status"},
      {ZC_EIO, true, "source:odd: create() refused without saying why"},
  };
  zc_plugin plugin = source_plugin;
  plugin.create = create_as_told;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    zc_instance *instance = NULL;
    zc_error error = {0};
    create_status = rows[i].status;
    create_sets = rows[i].sets;
    int status = zc_instance_create(f->context, &plugin, "odd", NULL, &instance, &error);
    assert_int_equal(status == ZC_OK, rows[i].text == NULL);
    if (rows[i].text && !strstr(error.text, rows[i].text)) fail_msg("%s", error.text);
    zc_instance_destroy(instance);
  }
}

static int answers_minus_99(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  (void)self;
  (void)query;
  host->done(op, -99, NULL);
  return ZC_OK;
}

static int returns_minus_99(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  (void)host;
  (void)self;
  (void)query;
  (void)op;
  return -99;
}

static void a_number_that_is_no_status_is_named(void **state) {
  fixture *f = *state;
  outcome o;
  zc_operation operation;
  zc_instance *one = open_source(f, "one"), *two = open_source(f, "two");
  current.observe = answers_minus_99;
  ask(f, one, &o);
  run(f);
  assert_int_equal(o.error, ZC_EINVAL);
  assert_logged(f, "source:one: answered with -99, which is no status");
  current.observe = returns_minus_99;
  assert_int_equal(ask_within(f, two, ZC_MINUTE, &o, &operation), ZC_EINVAL);
  assert_logged(f, "source:two: returned -99, which is no status: refused: observe of eu-west-2");
  zc_instance_destroy(one);
  zc_instance_destroy(two);
}

static int uses_no_operation(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  (void)self;
  (void)query;
  host->done(NULL, ZC_OK, NULL);
  host->done(op, ZC_OK, NULL);
  return ZC_OK;
}

static void a_null_handle_is_named(void **state) {
  fixture *f = *state;
  outcome o;
  zc_instance *source = open_source(f, "scripted");
  current.observe = uses_no_operation;
  ask(f, source, &o);
  run(f);
  assert_logged(f, "source:scripted: answered a NULL operation");
  zc_instance_destroy(source);
}

/* ---- log lines ---- */

static int chats(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  (void)query;
  for (int i = 0; i < 130; i++)
    host->log(self, ZC_LOG_INFO, "a line");
  host->log(self, 17, NULL);
  host->done(op, ZC_OK, NULL);
  return ZC_OK;
}

static int adds_a_line(const zc_host *host, zc_self *self, const zc_query *query, zc_op *op) {
  (void)query;
  host->log(self, ZC_LOG_DEBUG, "later");
  host->done(op, ZC_OK, NULL);
  return ZC_OK;
}

static void log_lines_are_bounded(void **state) {
  fixture *f = *state;
  outcome o;
  zc_instance *source = open_source(f, "scripted");
  current.observe = chats;
  ask(f, source, &o);
  run(f);
  assert_int_equal(count_in_log(f, "a line\n"), 100);
  zc_clock_advance(&f->clock, START + ZC_MINUTE);
  current.observe = adds_a_line;
  ask(f, source, &o);
  assert_logged(f, "source:scripted: 31 more lines were dropped: a plugin may log 100 within a "
                   "minute\n");
  assert_logged(f, "debug   source:scripted: later\n");
  zc_instance_destroy(source);
}

static int create_fails(const zc_host *host, zc_self *self, const zc_config *config,
                        void **ret_state) {
  (void)config;
  (void)ret_state;
  host->log(self, ZC_LOG_ERROR, "no zone is called \"XX\"");
  return ZC_EINVAL;
}

static void a_failed_create_says_the_plugins_reason(void **state) {
  fixture *f = *state;
  zc_plugin plugin = source_plugin;
  zc_instance *instance = NULL;
  zc_error error;
  plugin.create = create_fails;
  assert_int_equal(zc_instance_create(f->context, &plugin, "maps", NULL, &instance, &error),
                   ZC_EINVAL);
  assert_string_equal(error.text, "source:maps: no zone is called \"XX\"");
  assert_null(instance);
  assert_int_equal(destroyed, 0);
}

static int create_fails_silently(const zc_host *host, zc_self *self, const zc_config *config,
                                 void **ret_state) {
  (void)host;
  (void)self;
  (void)config;
  (void)ret_state;
  return ZC_EINVAL;
}

static void a_create_that_gives_no_reason_is_told_so(void **state) {
  fixture *f = *state;
  zc_plugin plugin = source_plugin;
  zc_instance *instance = NULL;
  zc_error error;
  plugin.create = create_fails_silently;
  assert_int_equal(zc_instance_create(f->context, &plugin, "maps", NULL, &instance, &error),
                   ZC_EINVAL);
  assert_non_null(strstr(error.text, "source:maps: create() refused without saying why ("));
}

static void chance_follows_the_seed(void **state) {
  fixture *f = *state;
  zc_host_context *again;
  zc_instance *one = open_source(f, "one"), *two;
  double first = current.host->random(current.self);
  assert_true(first >= 0 && first < 1);
  assert_true(current.host->now(current.self) == START);
  assert_int_equal(zc_host_context_create(f->loop, NULL, 1, &again), ZC_OK);
  assert_int_equal(zc_instance_create(again, &source_plugin, "two", NULL, &two, NULL), ZC_OK);
  assert_true(current.host->random(current.self) == first);
  zc_instance_destroy(two);
  zc_host_context_destroy(again);
  zc_instance_destroy(one);
}

/* ---- triggers ---- */

static int trigger_start(void *state, const zc_run *run, zc_op *op) {
  behaviour *b = state;
  assert_string_equal(run->pipeline, "demo");
  assert_int_equal(b->host->run_started(op, NULL), ZC_EINVAL);
  assert_int_equal(b->host->run_started(op, "run\n7 tok-abcdef"), ZC_OK);
  assert_int_equal(b->host->run_started(op, "run-8"), ZC_EINVAL); /* one run is one run */
  assert_int_equal(b->host->run_status(op, 99, NULL), ZC_EINVAL);
  assert_int_equal(b->host->run_status(op, ZC_RUN_SUCCEEDED, "exit status 0"), ZC_OK);
  assert_int_equal(b->host->retry_after(op, -1), ZC_EINVAL);
  assert_int_equal(b->host->retry_after(op, INT64_MAX), ZC_OK);
  b->host->done(op, ZC_OK, NULL);
  return ZC_OK;
}

static void on_retry_after(void *user, int64_t ms) {
  (void)user;
  assert_true(ms == 30 * ZC_DAY);
}

static void on_started(void *user, const char *remote_id) {
  snprintf(user, 200, "started %s, ", remote_id);
}

static void on_status(void *user, int status, const char *message) {
  size_t n = strlen(user);
  snprintf((char *)user + n, 200 - n, "status %d %s, ", status, message);
}

static void on_done(void *user, int error, const char *message) {
  size_t n = strlen(user);
  snprintf((char *)user + n, 200 - n, "done %d %s", error, message ? message : "-");
}

static void a_trigger_reports_its_run(void **state) {
  fixture *f = *state;
  static const zc_trigger_ops ops = {.size = sizeof ops, .attended = 1, .start = trigger_start};
  zc_plugin plugin = source_plugin;
  plugin.kind = ZC_TRIGGER;
  plugin.ops = &ops;
  zc_instance *trigger;
  assert_int_equal(zc_instance_create(f->context, &plugin, "exec", NULL, &trigger, NULL), ZC_OK);
  assert_int_equal(zc_log_hide("tok-abcdef"), ZC_OK);
  char seen[200] = "";
  zc_operation operation;
  const zc_run asked = {.size = sizeof asked, .pipeline = "demo"};
  const zc_operation_events events = {.user = seen,
                                      .started = on_started,
                                      .status = on_status,
                                      .retry_after = on_retry_after,
                                      .done = on_done};
  assert_int_equal(
      zc_operation_start_trigger(trigger, ZC_START_RUN, &asked, 1000, &events, &operation), ZC_OK);
  assert_int_equal(
      zc_operation_start_trigger(trigger, ZC_POLL_RUN, &asked, 1000, &events, &operation),
      ZC_ENOTFOUND);
  run(f);
  assert_string_equal(seen, "started run?7 ***, status 2 exit status 0, done 0 -");
  assert_int_equal(zc_instance_faults(trigger), 4);
  zc_log_forget();
  zc_instance_destroy(trigger);
}

/* ---- sinks ---- */

static const zc_table table = {.size = sizeof table, .primary = {.name = "runs"}};

typedef struct {
  const zc_host *host;
  const zc_item *items;
  size_t n;
  char text[60]; /* as the thread read it */
} write_job;

static void read_items(void *user) {
  write_job *job = user;
  snprintf(job->text, sizeof job->text, "%zu %s %zu", job->n, job->items[job->n - 1].text,
           zc_json_count(job->items[job->n - 1].json));
}

static void items_read(void *user, zc_op *op, int status) {
  write_job *job = user;
  job->host->done(op, status, NULL);
}

static write_job job;

static int sink_write(void *state, const zc_item *items, size_t n, size_t stride, zc_op *op) {
  const behaviour *b = state;
  assert_int_equal(stride, sizeof *items);
  job = (write_job){.host = b->host, .items = items, .n = n};
  return b->host->work(op, read_items, items_read, &job);
}

static int sink_query(void *state, const zc_table_query *query, zc_op *op) {
  const behaviour *b = state;
  assert_int_equal(query->limit, 2);
  assert_int_equal(b->host->row(op, "", 0), ZC_EINVAL);
  assert_int_equal(b->host->row(op, "{\"a\":1}", 7), ZC_OK);
  assert_int_equal(b->host->page(op, NULL), ZC_EINVAL);
  assert_int_equal(b->host->page(op, "next"), ZC_OK);
  b->host->done(op, ZC_OK, NULL);
  return ZC_OK;
}

static const zc_sink_ops sink_ops = {
    .size = sizeof sink_ops, .max_batch = 2, .write = sink_write, .query = sink_query};

static zc_instance *open_sink(fixture *f) {
  static zc_plugin plugin;
  plugin = source_plugin;
  plugin.kind = ZC_SINK;
  plugin.ops = &sink_ops;
  zc_instance *sink;
  assert_int_equal(zc_instance_create(f->context, &plugin, "file", NULL, &sink, NULL), ZC_OK);
  return sink;
}

static int write_items(zc_instance *sink, outcome *o, size_t n, zc_operation *ret) {
  zc_item items[3];
  char *text = strdup("{\"id\":\"x\",\"n\":2}");
  for (size_t i = 0; i < 3; i++)
    items[i] =
        (zc_item){.size = sizeof *items, .table = &table, .text = text, .length = strlen(text)};
  const zc_operation_events events = {.user = o, .done = take_done};
  int status = zc_operation_start_sink_write(sink, items, n, 1000, &events, ret);
  free(text); /* whoever asked need not keep them */
  return status;
}

static void a_sinks_work_reads_its_items(void **state) {
  fixture *f = *state;
  outcome o = {.f = f};
  zc_operation operation;
  zc_instance *sink = open_sink(f);
  assert_int_equal(write_items(sink, &o, 0, &operation), ZC_EINVAL);
  assert_int_equal(write_items(sink, &o, 3, &operation), ZC_EINVAL); /* above max_batch */
  assert_int_equal(write_items(sink, &o, 2, &operation), ZC_OK);
  run(f);
  assert_int_equal(o.n_done, 1);
  assert_string_equal(job.text, "2 {\"id\":\"x\",\"n\":2} 2");
  zc_instance_destroy(sink);
}

static void a_cancelled_sinks_work_still_reads_its_items(void **state) {
  fixture *f = *state;
  outcome o = {.f = f};
  zc_operation operation;
  zc_instance *sink = open_sink(f);
  assert_int_equal(write_items(sink, &o, 1, &operation), ZC_OK);
  zc_operation_cancel(f->context, operation);
  run(f);
  assert_int_equal(o.n_done, 0);
  assert_string_equal(job.text, "1 {\"id\":\"x\",\"n\":2} 2");
  zc_instance_destroy(sink);
}

static int on_row(void *user, const char *text, size_t length) {
  snprintf(user, 200, "%.*s, ", (int)length, text);
  return ZC_OK;
}

static void on_page(void *user, const char *page) {
  size_t n = strlen(user);
  snprintf((char *)user + n, 200 - n, "%s, ", page);
}

static void a_sink_is_queried(void **state) {
  fixture *f = *state;
  zc_operation operation;
  zc_instance *sink = open_sink(f);
  char seen[200] = "";
  const zc_table_query query = {.size = sizeof query, .limit = 2, .table = &table};
  const zc_operation_events events = {
      .user = seen, .row = on_row, .page = on_page, .done = on_done};
  assert_int_equal(zc_operation_start_sink_query(sink, &query, 1000, &events, &operation), ZC_OK);
  assert_int_equal(zc_operation_start_sink_init(sink, NULL, 0, 1000, &events, &operation),
                   ZC_ENOTFOUND);
  run(f);
  assert_string_equal(seen, "{\"a\":1}, next, done 0 -");
  zc_instance_destroy(sink);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(services_of_other_kinds_are_refused),
      FIXTURE_TEST(create_is_held_to_its_contract),
      FIXTURE_TEST(a_number_that_is_no_status_is_named),
      FIXTURE_TEST(a_null_handle_is_named),
      FIXTURE_TEST(an_undeclared_option_is_named_once),
      FIXTURE_TEST(log_lines_are_bounded),
      FIXTURE_TEST(a_failed_create_says_the_plugins_reason),
      FIXTURE_TEST(a_create_that_gives_no_reason_is_told_so),
      FIXTURE_TEST(chance_follows_the_seed),
      FIXTURE_TEST(a_trigger_reports_its_run),
      FIXTURE_TEST(a_sinks_work_reads_its_items),
      FIXTURE_TEST(a_cancelled_sinks_work_still_reads_its_items),
      FIXTURE_TEST(a_sink_is_queried),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
