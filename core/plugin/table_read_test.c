/* A sink of the test's own: every partition "pN" has N rows; pages of 3 rows whatever is asked. */
#include "core/plugin/table_read.h"

#include "core/plugin/operation_fixture.h"

#define PAGE 3

static const zc_table table = {.size = sizeof table,
                               .primary = {"things", "name", "number", 'S', 'N'}};

static struct {
  const zc_host *host;
  int fail_at, asked; /* the question that fails, from 1; 0: none */
  bool circle, endless, late;
  uint32_t last_limit;
  zc_time last_now;
  size_t live, live_most, cancels;
  zc_op *kept;
} sink;

typedef struct {
  fixture *f;
  bool only_counts;
  char rows[4096];
  int n_rows, stop_at, n_done, status;
  char message[400];
  zc_table_counts counts;
} reading;

static int sink_create(const zc_host *host, zc_self *self, const zc_config *config,
                       void **ret_state) {
  (void)self;
  (void)config;
  memset(&sink, 0, sizeof sink);
  sink.host = host;
  *ret_state = &sink;
  return ZC_OK;
}

static void sink_destroy(void *state) {
  (void)state;
}

/* "pN" has rows "pN.0", "pN.1" …; of "tN" all but the first two and the last have the same key. */
static int write_row(const char *partition, int i, char *text, size_t size) {
  int n = atoi(partition + 1), key = i < 2 ? i : i == n - 1 ? n : 2;
  if (*partition == 't') return snprintf(text, size, "{\"number\":%d}", key);
  return snprintf(text, size, "%s.%d", partition, i);
}

static int give_rows(const zc_table_query *query, zc_op *op) {
  int from = query->page ? atoi(query->page) : 0, n = atoi(query->partition + 1), i = from;
  int status = ZC_OK;
  for (; i < n && i < from + PAGE && (uint32_t)(i - from) < query->limit && !status; i++) {
    char text[40];
    int length = write_row(query->partition, i, text, sizeof text);
    status = sink.host->row(op, text, (size_t)length);
  }
  char page[16];
  snprintf(page, sizeof page, "%d", sink.circle ? 1 : sink.endless ? from + 1 : i);
  if (status == ZC_OK && (i < n || sink.circle || sink.endless)) status = sink.host->page(op, page);
  return status;
}

static void answer_later(void *user, zc_op *op) {
  (void)user;
  sink.live--;
  sink.host->done(op, ZC_OK, NULL);
}

static int sink_query(void *state, const zc_table_query *query, zc_op *op) {
  (void)state;
  sink.asked++;
  sink.last_limit = query->limit;
  sink.last_now = query->now;
  if (sink.asked == sink.fail_at) {
    sink.host->done(op, ZC_EREMOTE, "the store is away");
    return ZC_OK;
  }
  int status = give_rows(query, op);
  if (status != ZC_OK) {
    sink.host->done(op, status, "not taken");
    return ZC_OK;
  }
  if (++sink.live > sink.live_most) sink.live_most = sink.live;
  return sink.host->timer(op, 10, answer_later, NULL);
}

static void sink_cancel(void *state, zc_op *op) {
  (void)state;
  sink.cancels++;
  sink.host->done(op, ZC_ECANCELED, NULL);
}

static int sink_write(void *state, const zc_item *items, size_t n, size_t stride, zc_op *op) {
  (void)state, (void)items, (void)n, (void)stride, (void)op;
  return ZC_EINVAL;
}

static const zc_sink_ops sink_ops = {.size = sizeof sink_ops,
                                     .max_batch = 1,
                                     .write = sink_write,
                                     .query = sink_query,
                                     .cancel = sink_cancel};
static const zc_sink_ops blind_ops = {
    .size = sizeof blind_ops, .max_batch = 1, .write = sink_write, .cancel = sink_cancel};

static zc_plugin sink_plugin(const zc_sink_ops *ops) {
  return (zc_plugin){.size = sizeof(zc_plugin),
                     .abi_major = ZC_ABI_MAJOR,
                     .kind = ZC_SINK,
                     .option_size = sizeof(zc_option),
                     .name = "things",
                     .version = "1",
                     .summary = "A test's.",
                     .create = sink_create,
                     .destroy = sink_destroy,
                     .ops = ops};
}

static zc_plugin plugin;

static zc_instance *open_sink(fixture *f, const zc_sink_ops *ops) {
  zc_instance *instance;
  plugin = sink_plugin(ops);
  assert_int_equal(zc_instance_create(f->context, &plugin, "things", NULL, &instance, NULL), ZC_OK);
  return instance;
}

static int take_row(void *user, size_t range, const char *text, size_t length) {
  reading *r = user;
  char row[60];
  assert_int_equal(strlen(text), length);
  if (r->only_counts) return ++r->n_rows, ZC_OK;
  snprintf(row, sizeof row, "%zu:%s ", range, text);
  assert_true(strlen(r->rows) + strlen(row) < sizeof r->rows);
  strcat(r->rows, row);
  return ++r->n_rows == r->stop_at ? ZC_ECANCELED : ZC_OK;
}

static void take_end(void *user, int status, const char *message, const zc_table_counts *counts) {
  reading *r = user;
  r->n_done++;
  r->status = status;
  r->counts = *counts;
  snprintf(r->message, sizeof r->message, "%s", message ? message : "");
}

static zc_table_range range_of(const char *partition, uint64_t limit) {
  return (zc_table_range){.table = &table, .partition = partition, .limit = limit};
}

static zc_table_read *begin(zc_instance *instance, const zc_table_range *ranges, size_t n,
                            reading *r) {
  const zc_table_events events = {.user = r, .row = take_row, .done = take_end};
  zc_table_read *read = NULL;
  assert_int_equal(zc_table_read_start(r->f->context, instance, ranges, n, START, &events, &read),
                   ZC_OK);
  assert_int_equal(r->n_rows + r->n_done, 0);
  return read;
}

static void a_range_is_read_page_after_page(void **state) {
  reading r = {.f = *state};
  zc_instance *instance = open_sink(r.f, &sink_ops);
  const zc_table_range range = range_of("p7", 0);
  begin(instance, &range, 1, &r);
  run(r.f);
  assert_string_equal(r.rows, "0:p7.0 0:p7.1 0:p7.2 0:p7.3 0:p7.4 0:p7.5 0:p7.6 ");
  assert_int_equal(r.status, ZC_OK);
  assert_int_equal(r.n_done, 1);
  assert_int_equal(r.counts.pages, 3);
  assert_int_equal(r.counts.rows, 7);
  assert_int_equal(r.counts.bytes, 28);
  assert_int_equal(sink.last_limit, ZC_READ_PAGE_ROWS);
  assert_true(sink.last_now == START);
  zc_instance_destroy(instance);
}

static void nothing_asked_ends_on_a_later_turn(void **state) {
  reading r = {.f = *state};
  zc_instance *instance = open_sink(r.f, &sink_ops);
  begin(instance, NULL, 0, &r);
  run(r.f);
  assert_int_equal(r.n_done, 1);
  assert_int_equal(r.status, ZC_OK);
  assert_int_equal(r.counts.pages, 0);
  zc_instance_destroy(instance);
}

static void a_limit_ends_its_range_only(void **state) {
  reading r = {.f = *state};
  zc_instance *instance = open_sink(r.f, &sink_ops);
  const zc_table_range ranges[] = {range_of("p9", 4), range_of("p2", 0)};
  begin(instance, ranges, 2, &r);
  run(r.f);
  assert_string_equal(r.rows, "0:p9.0 0:p9.1 0:p9.2 1:p2.0 1:p2.1 0:p9.3 ");
  assert_int_equal(sink.last_limit, 1);
  assert_int_equal(r.counts.pages, 3);
  zc_instance_destroy(instance);
}

static void rows_that_tie_where_the_limit_cuts_come_whole(void **state) {
  static const struct {
    const char *partition;
    uint64_t limit, rows;
  } cases[] = {{"t9", 3, 3},
               {"t9", 4, 9},
               {"t9", 8, 9},
               {"t9", 2, 2},
               {"t9", 9, 9},
               {"t9", 1, 1},
               {"t5000", 4, 4 + ZC_READ_TIED_MAX},
               {"p9", 4, 4}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    reading r = {.f = *state, .only_counts = true};
    zc_instance *instance = open_sink(r.f, &sink_ops);
    const zc_table_range range = range_of(cases[i].partition, cases[i].limit);
    begin(instance, &range, 1, &r);
    run(r.f);
    assert_int_equal(r.status, ZC_OK);
    assert_int_equal(r.counts.rows, cases[i].rows);
    assert_int_equal(r.n_rows, cases[i].rows);
    zc_instance_destroy(instance);
  }
}

static void a_few_ranges_are_asked_at_a_time(void **state) {
  reading r = {.f = *state};
  zc_instance *instance = open_sink(r.f, &sink_ops);
  zc_table_range ranges[20];
  for (size_t i = 0; i < 20; i++)
    ranges[i] = range_of("p5", 0);
  begin(instance, ranges, 20, &r);
  run(r.f);
  assert_int_equal(sink.live_most, ZC_READ_PARALLEL);
  assert_int_equal(r.counts.rows, 100);
  assert_int_equal(r.counts.pages, 40);
  zc_instance_destroy(instance);
}

static void the_first_failure_ends_it_with_its_sentence(void **state) {
  reading r = {.f = *state};
  zc_instance *instance = open_sink(r.f, &sink_ops);
  const zc_table_range ranges[] = {range_of("p9", 0), range_of("p9", 0), range_of("p9", 0)};
  sink.fail_at = 5;
  begin(instance, ranges, 3, &r);
  run(r.f);
  assert_int_equal(r.n_done, 1);
  assert_int_equal(r.status, ZC_EREMOTE);
  assert_string_equal(r.message, "the store is away");
  assert_int_equal(zc_instance_live_operations(instance), 0);
  zc_instance_destroy(instance);
}

static void who_takes_the_rows_can_end_it(void **state) {
  reading r = {.f = *state, .stop_at = 2};
  zc_instance *instance = open_sink(r.f, &sink_ops);
  const zc_table_range range = range_of("p9", 0);
  begin(instance, &range, 1, &r);
  run(r.f);
  assert_int_equal(r.n_rows, 2);
  assert_int_equal(r.status, ZC_ECANCELED);
  assert_int_equal(r.n_done, 1);
  zc_instance_destroy(instance);
}

static void pages_in_a_circle_end_it(void **state) {
  reading r = {.f = *state};
  zc_instance *instance = open_sink(r.f, &sink_ops);
  const zc_table_range range = range_of("p9", 0);
  sink.circle = true;
  begin(instance, &range, 1, &r);
  run(r.f);
  assert_int_equal(r.status, ZC_EDATA);
  assert_non_null(strstr(r.message, "circle"));
  zc_instance_destroy(instance);
}

static void pages_without_rows_come_to_an_end(void **state) {
  reading r = {.f = *state};
  zc_instance *instance = open_sink(r.f, &sink_ops);
  const zc_table_range range = range_of("p9", 0);
  sink.endless = true;
  begin(instance, &range, 1, &r);
  run(r.f);
  assert_int_equal(r.status, ZC_EDATA);
  assert_non_null(strstr(r.message, "pages without rows"));
  zc_instance_destroy(instance);
}

static void cancelled_it_says_nothing_more(void **state) {
  reading r = {.f = *state};
  zc_instance *instance = open_sink(r.f, &sink_ops);
  const zc_table_range ranges[] = {range_of("p9", 0), range_of("p9", 0)};
  zc_table_read *read = begin(instance, ranges, 2, &r);
  zc_loop_run(r.f->loop, START + 5);
  assert_int_equal(r.n_rows, 6);
  zc_table_read_cancel(read);
  run(r.f);
  assert_int_equal(r.n_rows, 6);
  assert_int_equal(r.n_done, 0);
  assert_int_equal(sink.cancels, 2);
  assert_int_equal(zc_instance_live_operations(instance), 0);
  zc_instance_destroy(instance);
}

static void what_cannot_be_asked_is_refused(void **state) {
  reading r = {.f = *state};
  const zc_table_events events = {.user = &r, .row = take_row, .done = take_end};
  zc_table_read *read;
  zc_table_range range = range_of(NULL, 0);
  zc_instance *instance = open_sink(r.f, &sink_ops);
  assert_int_equal(zc_table_read_start(r.f->context, instance, &range, 1, START, &events, &read),
                   ZC_EINVAL);
  zc_instance_destroy(instance);
  instance = open_sink(r.f, &blind_ops);
  range = range_of("p1", 0);
  assert_int_equal(zc_table_read_start(r.f->context, instance, &range, 1, START, &events, &read),
                   ZC_ENOTFOUND);
  zc_instance_destroy(instance);
}

static void the_first_sink_that_can_be_asked_is_read(void **state) {
  (void)state;
  const zc_plugin blind = sink_plugin(&blind_ops), seeing = sink_plugin(&sink_ops);
  zc_plugin_settings sinks[] = {{.plugin = &blind}, {.plugin = &seeing}, {.plugin = &seeing}};
  zc_settings settings = {.sinks = sinks, .n_sinks = 3};
  assert_int_equal(zc_table_read_sink(&settings), 1);
  settings.n_sinks = 1;
  assert_int_equal(zc_table_read_sink(&settings), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      FIXTURE_TEST(a_range_is_read_page_after_page),
      FIXTURE_TEST(nothing_asked_ends_on_a_later_turn),
      FIXTURE_TEST(a_limit_ends_its_range_only),
      FIXTURE_TEST(rows_that_tie_where_the_limit_cuts_come_whole),
      FIXTURE_TEST(a_few_ranges_are_asked_at_a_time),
      FIXTURE_TEST(the_first_failure_ends_it_with_its_sentence),
      FIXTURE_TEST(who_takes_the_rows_can_end_it),
      FIXTURE_TEST(pages_in_a_circle_end_it),
      FIXTURE_TEST(pages_without_rows_come_to_an_end),
      FIXTURE_TEST(cancelled_it_says_nothing_more),
      FIXTURE_TEST(what_cannot_be_asked_is_refused),
      cmocka_unit_test(the_first_sink_that_can_be_asked_is_read),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
