/* Runs that have ended and are still to be settled: kept, listed, and read back. */
#include "core/state/journal_rig.h"

#include <sqlite3.h>

#define EXTRA 400

static void commit_unsettled(rig *r, int n, bool unsettled) {
  zc_execution execution;
  rig_execution(&execution, n, ZC_SUCCESS);
  execution.unsettled = unsettled;
  zc_change *change = zc_change_begin(r->journal);
  zc_change_execution(change, &execution);
  zc_journal_commit(r->journal, change, rig_count, r);
  zc_execution_finish(&execution);
}

typedef struct {
  size_t n;
  char first[ZC_EXECUTION_ID_SIZE];
} tally;

static int count(void *user, const zc_execution *execution) {
  tally *t = user;
  if (t->n++ == 0) zc_copy_text(t->first, sizeof t->first, execution->id);
  return ZC_OK;
}

static tally unsettled(rig *r) {
  tally t = {0};
  assert_int_equal(zc_journal_unsettled(r->journal, SIZE_MAX, count, &t), ZC_OK);
  return t;
}

static void they_are_kept_until_they_are_settled(void **state) {
  rig *r = *state;
  rig_open(r);
  for (int i = 0; i < 5; i++)
    commit_unsettled(r, i, true);
  for (int i = 5; i < ZC_JOURNAL_ENDED_KEPT + EXTRA; i++)
    commit_unsettled(r, i, false);
  rig_run(r);
  tally t = unsettled(r);
  assert_int_equal(t.n, 5);
  assert_string_equal(t.first, "00000000-0000-4000-8000-000000000004");
  rig_close(r);
  rig_open(r); /* after a restart too */
  assert_int_equal(unsettled(r).n, 5);
  for (int i = 0; i < 5; i++)
    commit_unsettled(r, i, false);
  rig_run(r);
  assert_int_equal(unsettled(r).n, 0);
  rig_close(r);
}

typedef struct {
  int called, status;
  size_t n, found, lost, damaged;
  char second[ZC_EXECUTION_ID_SIZE];
} answer;

static void take(void *user, int status, zc_read_back *rows, size_t n) {
  answer *a = user;
  a->called++;
  a->status = status;
  a->n = n;
  for (size_t i = 0; i < n; i++) {
    a->found += rows[i].status == ZC_OK;
    a->lost += rows[i].status == ZC_ENOTFOUND;
    a->damaged += rows[i].status == ZC_EDATA;
    if (i == 1) zc_copy_text(a->second, sizeof a->second, rows[i].execution.id);
  }
}

static const char *const ids[] = {"00000000-0000-4000-8000-000000000001",
                                  "00000000-0000-4000-8000-000000000002",
                                  "00000000-0000-4000-8000-000000000077"};

static void they_are_read_back_behind_what_was_handed_in(void **state) {
  rig *r = *state;
  answer a = {0};
  rig_open(r);
  commit_unsettled(r, 1, true);
  commit_unsettled(r, 2, true);
  assert_int_equal(zc_journal_read_back(r->journal, ids, 3, take, &a), ZC_OK);
  assert_int_equal(a.called, 0); /* never inside the call */
  rig_run(r);
  assert_int_equal(a.called, 1);
  assert_int_equal(a.status, ZC_OK);
  assert_true(a.n == 3 && a.found == 2 && a.lost == 1);
  assert_string_equal(a.second, ids[1]);
  assert_int_equal(zc_journal_read_back(r->journal, ids, 0, take, &a), ZC_EINVAL);
  assert_int_equal(zc_journal_read_back(r->journal, ids, ZC_READ_BACK_MAX + 1, take, &a),
                   ZC_EINVAL);
  rig_close(r);
}

static void a_damaged_row_is_told_apart(void **state) {
  rig *r = *state;
  sqlite3 *database;
  answer a = {0};
  rig_open(r);
  commit_unsettled(r, 1, true);
  commit_unsettled(r, 2, true);
  rig_run(r);
  assert_int_equal(sqlite3_open(r->file, &database), SQLITE_OK);
  assert_int_equal(sqlite3_exec(database,
                                "UPDATE executions SET body=replace(body,'SUCCESS','FAILED') "
                                "WHERE id LIKE '%1'",
                                NULL, NULL, NULL),
                   SQLITE_OK);
  sqlite3_close(database);
  assert_int_equal(zc_journal_read_back(r->journal, ids, 2, take, &a), ZC_OK);
  rig_run(r);
  assert_true(a.status == ZC_OK && a.found == 1 && a.damaged == 1);
  rig_close(r);
}

#define JOURNAL_TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, rig_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      JOURNAL_TEST(they_are_kept_until_they_are_settled),
      JOURNAL_TEST(they_are_read_back_behind_what_was_handed_in),
      JOURNAL_TEST(a_damaged_row_is_told_apart),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
