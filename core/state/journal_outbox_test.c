#include <sqlite3.h>

#include "core/state/journal_rig.h"

typedef struct {
  int called, status;
  size_t n;
  int64_t first, last;
  size_t bytes;
  char text[64];
} answer;

static void read_answer(void *user, int status, const zc_outbox_item *items, size_t n) {
  answer *got = user;
  got->called++;
  got->status = status;
  got->n = n;
  got->bytes = 0;
  for (size_t i = 0; i < n; i++) {
    if (i > 0) assert_true(items[i].sequence > items[i - 1].sequence);
    assert_string_equal(items[i].table, "runs");
    assert_int_equal(strlen(items[i].text), items[i].length);
    got->bytes += items[i].length;
  }
  if (n == 0) return;
  got->first = items[0].sequence;
  got->last = items[n - 1].sequence;
  snprintf(got->text, sizeof got->text, "%.60s", items[0].text);
}

static answer read_next(rig *r, const char *sink, size_t n) {
  answer got = {0};
  assert_int_equal(zc_journal_read_outbox(r->journal, sink, n, read_answer, &got), ZC_OK);
  assert_int_equal(got.called, 0);
  rig_run(r);
  assert_int_equal(got.called, 1);
  return got;
}

static void advance(rig *r, const char *sink, int64_t sequence) {
  assert_int_equal(zc_journal_advance(r->journal, sink, sequence, rig_count, r), ZC_OK);
  rig_run(r);
  assert_int_equal(r->status, ZC_OK);
}

static void commit_items(rig *r, int from, int to) {
  char text[32];
  for (int i = from; i < to; i++) {
    snprintf(text, sizeof text, "{\"n\":%d}", i);
    rig_commit_item(r, text);
  }
  rig_run(r);
  assert_int_equal(r->status, ZC_OK);
}

#define SINKS(...)                                                                                 \
  (const char *const[]){__VA_ARGS__},                                                              \
      sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *)

static void each_sink_has_its_cursor(void **state) {
  rig *r = *state;
  rig_open(r);
  assert_int_equal(zc_journal_sinks(r->journal, SINKS("file", "cloud")), ZC_OK);
  commit_items(r, 0, 10);
  answer got = read_next(r, "file", 4);
  assert_int_equal(got.n, 4);
  assert_string_equal(got.text, "{\"n\":0}");
  advance(r, "file", got.last);
  assert_int_equal(zc_journal_backlog(r->journal, "file"), 6);
  assert_int_equal(zc_journal_backlog(r->journal, "cloud"), 10);
  assert_int_equal(zc_journal_backlog(r->journal, "other"), -1);
  assert_int_equal(zc_journal_backlog(r->journal, NULL), 10);
  got = read_next(r, "file", 100);
  assert_int_equal(got.n, 6);
  assert_string_equal(got.text, "{\"n\":4}");
  got = read_next(r, "cloud", 100);
  assert_int_equal(got.n, 10);
  assert_int_equal(read_next(r, "other", 1).status, ZC_ENOTFOUND);
  rig_close(r);

  rig_open(r); /* cursors survive */
  assert_int_equal(zc_journal_sinks(r->journal, SINKS("file", "cloud")), ZC_OK);
  assert_int_equal(zc_journal_backlog(r->journal, "file"), 6);
  advance(r, "file", 2); /* never back */
  assert_int_equal(zc_journal_backlog(r->journal, "file"), 6);
  rig_close(r);
}

static void what_all_have_taken_is_removed(void **state) {
  rig *r = *state;
  rig_open(r);
  assert_int_equal(zc_journal_sinks(r->journal, SINKS("a", "b")), ZC_OK);
  commit_items(r, 0, 20);
  int64_t first = read_next(r, "a", 1).first;
  advance(r, "a", first + 14);
  advance(r, "b", first + 9);
  /* A new sink sees what is left: the ten that b has not. */
  assert_int_equal(zc_journal_sinks(r->journal, SINKS("a", "b", "new")), ZC_OK);
  answer got = read_next(r, "new", 100);
  assert_int_equal(got.n, 10);
  assert_int_equal(got.first, first + 10);
  assert_int_equal(zc_journal_backlog(r->journal, "new"), 10);
  /* Without b and new, only what a has not taken is kept for anyone. */
  assert_int_equal(zc_journal_sinks(r->journal, SINKS("a")), ZC_OK);
  assert_int_equal(zc_journal_sinks(r->journal, SINKS("a", "late")), ZC_OK);
  assert_int_equal(read_next(r, "late", 100).n, 5);
  rig_close(r);
}

static void sequences_are_never_used_again(void **state) {
  rig *r = *state;
  rig_open(r);
  assert_int_equal(zc_journal_sinks(r->journal, SINKS("a")), ZC_OK);
  commit_items(r, 0, 3);
  int64_t last = read_next(r, "a", 10).last;
  advance(r, "a", last);
  assert_int_equal(read_next(r, "a", 10).n, 0);
  assert_int_equal(zc_journal_backlog(r->journal, "a"), 0);
  rig_close(r);
  rig_open(r);
  commit_items(r, 3, 4);
  assert_true(read_next(r, "a", 10).first > last);
  rig_close(r);
}

static void without_sinks_nothing_piles_up(void **state) {
  rig *r = *state;
  rig_open(r);
  commit_items(r, 0, 10);
  assert_int_equal(zc_journal_sinks(r->journal, SINKS("a")), ZC_OK);
  assert_int_equal(read_next(r, "a", 10).n, 0);
  commit_items(r, 10, 12);
  assert_int_equal(read_next(r, "a", 10).n, 2);
  assert_int_equal(zc_journal_sinks(r->journal, NULL, 0), ZC_OK);
  assert_int_equal(zc_journal_sinks(r->journal, SINKS("a")), ZC_OK);
  assert_int_equal(read_next(r, "a", 10).n, 0);
  rig_close(r);
}

static void reads_are_bounded(void **state) {
  rig *r = *state;
  rig_open(r);
  assert_int_equal(zc_journal_sinks(r->journal, SINKS("a")), ZC_OK);
  size_t size = ZC_OUTBOX_READ_BYTES / 4;
  char *large = malloc(size + 1);
  memset(large, 'x', size);
  large[size] = '\0';
  for (int i = 0; i < 10; i++)
    rig_commit_item(r, large);
  free(large);
  rig_run(r);
  answer got = read_next(r, "a", 100);
  assert_int_equal(got.n, 4);
  assert_int_equal(got.bytes, ZC_OUTBOX_READ_BYTES);
  advance(r, "a", got.last);
  commit_items(r, 0, 1500);
  assert_int_equal(read_next(r, "a", 100).n, 4);
  advance(r, "a", got.last + 6);
  assert_int_equal(read_next(r, "a", 5000).n, ZC_OUTBOX_READ_ITEMS);
  rig_close(r);
}

static int rows_of(const rig *r) {
  sqlite3 *database = NULL;
  sqlite3_stmt *statement = NULL;
  assert_int_equal(sqlite3_open_v2(r->file, &database, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
  const char *sql = "SELECT count(*) FROM outbox";
  assert_int_equal(sqlite3_prepare_v2(database, sql, -1, &statement, NULL), SQLITE_OK);
  assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
  int n = sqlite3_column_int(statement, 0);
  sqlite3_finalize(statement);
  sqlite3_close(database);
  return n;
}

/* What a sink that was away for long had not taken goes piece by piece: a close, like any other
 * job, does not wait for all of it. */
static void a_forgotten_sinks_rows_go_by_pieces(void **state) {
  enum { ROWS = 10000 };
  static const char *const kept = "a";
  rig *r = *state;
  for (size_t n_kept = 0; n_kept < 2; n_kept++) {
    rig_open(r);
    assert_int_equal(zc_journal_sinks(r->journal, SINKS("a", "away")), ZC_OK);
    commit_items(r, 0, ROWS);
    advance(r, "a", read_next(r, "a", 1).first + ROWS - 1);
    assert_int_equal(zc_journal_sinks(r->journal, &kept, n_kept), ZC_OK);
    rig_close(r);
    int left = rows_of(r);
    assert_in_range(left, 1, ROWS - 1);
    rig_open(r); /* and goes on */
    for (; left > 0; left -= 250)
      assert_int_equal(zc_journal_sinks(r->journal, &kept, n_kept), ZC_OK);
    rig_close(r);
    assert_int_equal(rows_of(r), 0);
  }
}

static void count_calls(void *user) {
  ++*(int *)user;
}

static void new_items_are_told(void **state) {
  rig *r = *state;
  int told = 0;
  rig_open(r);
  zc_journal_on_items(r->journal, count_calls, &told);
  rig_commit_item(r, "{}"); /* no sink, nothing to tell */
  rig_run(r);
  assert_int_equal(told, 0);
  assert_int_equal(zc_journal_sinks(r->journal, SINKS("a")), ZC_OK);
  rig_commit_execution(r, 1, ZC_PENDING);
  rig_run(r);
  assert_int_equal(told, 0);
  rig_commit_item(r, "{}");
  rig_run(r);
  assert_int_equal(told, 1);
  rig_close(r);
}

/* A read between two commits sees the first and not the second. */
static void reads_keep_their_place(void **state) {
  rig *r = *state;
  rig_open(r);
  assert_int_equal(zc_journal_sinks(r->journal, SINKS("a")), ZC_OK);
  answer got = {0};
  rig_commit_item(r, "{\"n\":1}");
  assert_int_equal(zc_journal_read_outbox(r->journal, "a", 10, read_answer, &got), ZC_OK);
  rig_commit_item(r, "{\"n\":2}");
  rig_run(r);
  assert_int_equal(got.n, 1);
  assert_int_equal(read_next(r, "a", 10).n, 2);
  rig_close(r);
}

/* A sink that was down leaves a large file; once it has caught up the file is small again. */
static void the_file_shrinks(void **state) {
  rig *r = *state;
  rig_open(r);
  assert_int_equal(zc_journal_sinks(r->journal, SINKS("a")), ZC_OK);
  char text[4001];
  memset(text, 'x', 4000);
  text[4000] = '\0';
  for (int i = 0; i < 20000; i++)
    rig_commit_item(r, text);
  rig_run(r);
  struct stat full, caught_up;
  assert_int_equal(stat(r->file, &full), 0);
  for (answer got; (got = read_next(r, "a", 1000)).n > 0;)
    advance(r, "a", got.last);
  for (int i = 0; i < 1500; i++) { /* an ordinary day afterwards */
    rig_commit_item(r, text);
    answer got = read_next(r, "a", 100);
    if (got.n > 0) advance(r, "a", got.last);
  }
  rig_close(r);
  assert_int_equal(stat(r->file, &caught_up), 0);
  print_message("%lld KiB with 20,000 items waiting, %lld KiB once they were taken\n",
                (long long)full.st_size >> 10, (long long)caught_up.st_size >> 10);
  assert_true(caught_up.st_size < full.st_size / 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(each_sink_has_its_cursor, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(what_all_have_taken_is_removed, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(sequences_are_never_used_again, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(without_sinks_nothing_piles_up, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(reads_are_bounded, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(a_forgotten_sinks_rows_go_by_pieces, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(new_items_are_told, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(reads_keep_their_place, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(the_file_shrinks, rig_setup, rig_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
