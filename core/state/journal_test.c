#include <sqlite3.h>

#include "core/state/journal_rig.h"

typedef struct {
  int n;
  int ids[4096];
} listing;

static int list(void *user, const zc_execution *execution) {
  listing *found = user;
  assert_true(found->n < 4096);
  found->ids[found->n++] = atoi(execution->id + 24);
  return ZC_OK;
}

static void commits_come_back_in_order_on_a_later_turn(void **state) {
  rig *r = *state;
  rig_open(r);
  for (int i = 0; i < 50; i++)
    rig_commit_execution(r, i, ZC_PENDING);
  assert_int_equal(r->called, 0);
  rig_run(r);
  assert_int_equal(r->called, 50);
  assert_int_equal(r->status, ZC_OK);
  listing found = {0};
  assert_int_equal(zc_journal_executions(r->journal, true, SIZE_MAX, list, &found), ZC_OK);
  assert_int_equal(found.n, 50);
  for (int i = 0; i < 50; i++)
    assert_int_equal(found.ids[i], i);
  rig_close(r);
}

/* The last of many changes to one row wins, whatever groups they were committed in. */
static void later_changes_win(void **state) {
  rig *r = *state;
  rig_open(r);
  for (int i = 0; i < 2500; i++)
    rig_commit_execution(r, 7, i == 2499 ? ZC_RUNNING : ZC_TRIGGERING);
  rig_run(r);
  assert_int_equal(r->called, 2500);
  zc_execution found;
  assert_int_equal(zc_journal_find(r->journal, "00000000-0000-4000-8000-000000000007", &found),
                   ZC_OK);
  assert_int_equal(found.status, ZC_RUNNING);
  assert_string_equal(found.pipeline, "pipeline-7");
  assert_string_equal(found.region, "eu-north-1");
  assert_string_equal(found.record, "\"carbon_analysis\":{\"decision\":\"RELOCATE\"}");
  zc_execution_finish(&found);
  assert_int_equal(zc_journal_find(r->journal, "none", &found), ZC_ENOTFOUND);
  rig_close(r);
}

static void a_change_is_whole_and_survives(void **state) {
  rig *r = *state;
  rig_open(r);
  zc_change *change = zc_change_begin(r->journal);
  rig_add_execution(change, 1, ZC_DEFERRED);
  rig_add_execution(change, 2, ZC_SUCCESS);
  zc_change_mark(change, "nightly", RIG_START);
  zc_change_mark(change, "nightly", RIG_START + 60000);
  zc_journal_commit(r->journal, change, NULL, NULL);
  rig_close(r); /* commits what was handed in */
  rig_open(r);
  listing live = {0}, all = {0}, one = {0};
  assert_int_equal(zc_journal_executions(r->journal, true, SIZE_MAX, list, &live), ZC_OK);
  assert_int_equal(zc_journal_executions(r->journal, false, SIZE_MAX, list, &all), ZC_OK);
  assert_int_equal(zc_journal_executions(r->journal, false, 1, list, &one), ZC_OK);
  assert_int_equal(live.n, 1);
  assert_int_equal(live.ids[0], 1);
  assert_int_equal(all.n, 2);
  assert_int_equal(all.ids[0], 2); /* newest first */
  assert_int_equal(one.n, 1);
  assert_int_equal(one.ids[0], 2);
  rig_close(r);
}

static int one_mark(void *user, const char *pipeline, zc_time slot) {
  assert_string_equal(pipeline, "nightly");
  *(zc_time *)user += slot;
  return ZC_OK;
}

static int stop_at_once(void *user, const zc_execution *execution) {
  (void)execution;
  ++*(int *)user;
  return ZC_ECANCELED;
}

static void marks_and_early_ends(void **state) {
  rig *r = *state;
  rig_open(r);
  zc_change *change = zc_change_begin(r->journal);
  zc_change_mark(change, "nightly", 1000);
  zc_journal_commit(r->journal, change, rig_count, r);
  rig_commit_execution(r, 1, ZC_PENDING);
  rig_commit_execution(r, 2, ZC_PENDING);
  rig_run(r);
  zc_time slot = 0;
  assert_int_equal(zc_journal_marks(r->journal, one_mark, &slot), ZC_OK);
  assert_int_equal(slot, 1000);
  int calls = 0;
  assert_int_equal(zc_journal_executions(r->journal, true, SIZE_MAX, stop_at_once, &calls),
                   ZC_ECANCELED);
  assert_int_equal(calls, 1);
  rig_close(r);
}

static int one_note(void *user, const zc_pipeline_note *note) {
  zc_pipeline_note *sum = user;
  assert_string_equal(note->pipeline, "nightly");
  sum->paused_at += note->paused_at;
  sum->slots_missed += note->slots_missed;
  sum->slots_paused += note->slots_paused;
  assert_string_equal(note->schedule, "0 3 * * * UTC");
  return ZC_OK;
}

static void a_mark_never_goes_back(void **state) {
  rig *r = *state;
  rig_open(r);
  const zc_time slots[] = {1000, 3000, 2000};
  for (int i = 0; i < 3; i++) {
    zc_change *change = zc_change_begin(r->journal);
    zc_change_mark(change, "nightly", slots[i]);
    zc_journal_commit(r->journal, change, rig_count, r);
  }
  rig_run(r);
  zc_time slot = 0;
  assert_int_equal(zc_journal_marks(r->journal, one_mark, &slot), ZC_OK);
  assert_int_equal(slot, 3000);
  rig_close(r);
}

static int only_mark(void *user, const char *name, zc_time slot) {
  assert_string_equal(name, "#own");
  *(zc_time *)user = slot;
  return ZC_OK;
}

static void a_mark_that_is_no_pipelines_may_go_back(void **state) {
  rig *r = *state;
  rig_open(r);
  const zc_time slots[] = {1000, 3000, 2000};
  for (int i = 0; i < 3; i++) {
    zc_change *change = zc_change_begin(r->journal);
    zc_change_mark(change, "#own", slots[i]);
    zc_journal_commit(r->journal, change, rig_count, r);
  }
  rig_run(r);
  zc_time slot = 0;
  assert_int_equal(zc_journal_marks(r->journal, only_mark, &slot), ZC_OK);
  assert_int_equal(slot, 2000);
  rig_close(r);
}

static void what_is_noted_of_a_pipeline_outlives_a_restart(void **state) {
  rig *r = *state;
  rig_open(r);
  for (int i = 1; i <= 2; i++) {
    zc_change *change = zc_change_begin(r->journal);
    zc_change_pipeline(change,
                       &(zc_pipeline_note){"nightly", RIG_START, 10 * i, i, "0 3 * * * UTC"});
    zc_journal_commit(r->journal, change, rig_count, r);
  }
  rig_run(r);
  assert_int_equal(r->status, ZC_OK);
  rig_close(r);
  rig_open(r);
  zc_pipeline_note note = {0};
  assert_int_equal(zc_journal_pipelines(r->journal, one_note, &note), ZC_OK);
  assert_true(note.paused_at == RIG_START && note.slots_missed == 20 && note.slots_paused == 2);
  rig_close(r);
}

static void only_recent_history_is_kept(void **state) {
  rig *r = *state;
  rig_open(r);
  rig_commit_execution(r, 1, ZC_RUNNING);
  rig_commit_execution(r, 2, ZC_UNKNOWN);
  for (int i = 0; i < 3000; i++)
    rig_commit_execution(r, 10 + i, ZC_SUCCESS);
  rig_run(r);
  for (int i = 0; i < 200; i++)
    rig_commit_execution(r, 5000 + i, ZC_FAILED);
  rig_run(r);
  listing all = {0};
  assert_int_equal(zc_journal_executions(r->journal, false, SIZE_MAX, list, &all), ZC_OK);
  print_message("%d of 3,200 ended executions kept\n", all.n - 2);
  assert_in_range(all.n, ZC_JOURNAL_ENDED_KEPT + 2, ZC_JOURNAL_ENDED_KEPT + 102);
  assert_int_equal(all.ids[0], 5199);
  assert_int_equal(all.ids[all.n - 1], 1); /* what runs, and what needs a person, stays */
  assert_int_equal(all.ids[all.n - 2], 2);
  rig_close(r);
}

/* One change of a group cannot be stored: the others are, and it alone is told. */
static void one_bad_change_does_not_fail_others(void **state) {
  rig *r = *state;
  rig_open(r);
  int good = 0;
  for (int i = 0; i < 20; i++) {
    zc_change *change = zc_change_begin(r->journal);
    zc_execution execution;
    rig_execution(&execution, i, ZC_PENDING);
    if (i == 7) {
      free(execution.pipeline);
      execution.pipeline = NULL;
    }
    zc_change_execution(change, &execution);
    zc_execution_finish(&execution);
    zc_journal_commit(r->journal, change, rig_count, r);
    if (i == 7) continue;
    good++;
  }
  rig_run(r);
  assert_int_equal(r->called, 20);
  listing found = {0};
  assert_int_equal(zc_journal_executions(r->journal, true, SIZE_MAX, list, &found), ZC_OK);
  assert_int_equal(found.n, good);
  rig_close(r);
}

static void what_cannot_be_taken_is_said(void **state) {
  rig *r = *state;
  rig_open(r);
  zc_journal_commit(r->journal, NULL, rig_count, r);
  assert_int_equal(r->called, 0);
  rig_run(r);
  assert_int_equal(r->called, 1);
  assert_int_equal(r->status, ZC_ENOMEM);
  zc_change_execution(NULL, NULL);
  zc_change_item(NULL, NULL, NULL, 0);
  zc_change_mark(NULL, NULL, 0);
  zc_change_drop(NULL);

  size_t size = ZC_JOURNAL_BODY_BYTES + 1;
  char *large = malloc(size + 1);
  memset(large, 'x', size);
  large[size] = '\0';
  rig_commit_item(r, large);
  rig_run(r);
  assert_int_equal(r->status, ZC_EDATA);
  free(large);
  rig_commit_execution(r, 1, ZC_PENDING);
  rig_run(r);
  assert_int_equal(r->status, ZC_OK);
  rig_close(r);
}

static void count_refusals(void *user, int status, const char *message) {
  size_t *refused = user;
  if (status == ZC_ECONFLICT && strcmp(message, "the journal cannot keep up") == 0) ++*refused;
}

/* Somebody else holds the file: what is beyond the limit is given back, not kept and not lost. */
static void the_queue_is_bounded(void **state) {
  rig *r = *state;
  rig_open(r);
  sqlite3 *other;
  size_t refused = 0, handed_in = ZC_JOURNAL_WAITING_JOBS + 5000;
  assert_int_equal(sqlite3_open(r->file, &other), SQLITE_OK);
  assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
  for (size_t i = 0; i < handed_in; i++) {
    zc_change *change = zc_change_begin(r->journal);
    zc_change_mark(change, "nightly", (zc_time)i);
    zc_journal_commit(r->journal, change, count_refusals, &refused);
  }
  assert_int_equal(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
  sqlite3_close(other);
  rig_run(r);
  assert_in_range(refused, 1, 5000);
  rig_commit_execution(r, 1, ZC_PENDING);
  rig_run(r);
  assert_int_equal(r->status, ZC_OK);
  rig_close(r);
}

static void files_are_private(void **state) {
  rig *r = *state;
  mode_t old = umask(0);
  rig_open(r);
  umask(old);
  rig_commit_execution(r, 1, ZC_PENDING);
  rig_run(r);
  static const char *const names[] = {"journal.db", "journal.db-wal", "journal.db-shm",
                                      "engine.lock"};
  struct stat status;
  assert_int_equal(stat(r->directory, &status), 0);
  assert_int_equal(status.st_mode & 0777, 0700);
  for (size_t i = 0; i < 4; i++) {
    char path[160];
    snprintf(path, sizeof path, "%s/%s", r->directory, names[i]);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
  }
  rig_close(r);
}

static void one_engine_a_state_dir(void **state) {
  rig *r = *state;
  rig_open(r);
  zc_journal *other;
  zc_error error = {0};
  char pid[32];
  assert_int_equal(zc_journal_open(r->loop, r->directory, &other, &error), ZC_ECONFLICT);
  snprintf(pid, sizeof pid, "(pid %ld)", (long)getpid());
  assert_non_null(strstr(error.text, pid));
  assert_non_null(strstr(error.text, r->directory));
  rig_close(r);
  rig_open(r); /* free again */
  rig_close(r);
}

/* Beside a running engine: sees what is committed, changes nothing. */
static void reading_beside(void **state) {
  rig *r = *state;
  zc_journal *reader;
  zc_error error = {0};
  assert_int_equal(zc_journal_open(NULL, r->directory, &reader, &error), ZC_ENOTFOUND);
  rig_open(r);
  rig_commit_execution(r, 1, ZC_PENDING);
  rig_run(r);
  assert_int_equal(zc_journal_open(NULL, r->directory, &reader, &error), ZC_OK);
  listing found = {0}, again = {0};
  assert_int_equal(zc_journal_executions(reader, false, 10, list, &found), ZC_OK);
  assert_int_equal(found.n, 1);
  rig_commit_execution(r, 2, ZC_PENDING);
  rig_run(r);
  assert_int_equal(zc_journal_executions(reader, false, 10, list, &again), ZC_OK);
  assert_int_equal(again.n, 2);
  zc_journal_commit(reader, zc_change_begin(reader), rig_count, r);
  assert_int_equal(r->status, ZC_EINVAL);
  assert_int_equal(zc_journal_sinks(reader, NULL, 0), ZC_EINVAL);
  assert_int_equal(zc_journal_advance(reader, "a", 1, NULL, NULL), ZC_EINVAL);
  rig_close(r);
  zc_journal_close(reader);
  assert_int_equal(zc_journal_open(NULL, r->directory, &reader, &error), ZC_OK); /* nobody runs */
  zc_journal_close(reader);
}

/* Nothing is made in a folder in which others could exchange it. */
static void a_state_dir_that_others_can_write_is_refused(void **state) {
  rig *r = *state;
  static const mode_t modes[] = {0770, 0702, 01777};
  zc_error error = {0};
  assert_int_equal(mkdir(r->directory, 0700), 0);
  zc_clock_init_virtual(&r->clock, RIG_START);
  assert_int_equal(zc_loop_create(&r->clock, &r->loop), ZC_OK);
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    assert_int_equal(chmod(r->directory, modes[i]), 0);
    assert_int_equal(zc_journal_open(r->loop, r->directory, &r->journal, &error), ZC_EINVAL);
    assert_non_null(strstr(error.text, "chmod go-w"));
    assert_int_equal(access(r->file, F_OK), -1);
  }
  if (geteuid() == 0) {
    assert_int_equal(chmod(r->directory, 0700), 0);
    assert_int_equal(chown(r->directory, 65534, 0), 0);
    assert_int_equal(zc_journal_open(r->loop, r->directory, &r->journal, &error), ZC_EINVAL);
    assert_non_null(strstr(error.text, "chown 0"));
    assert_int_equal(chown(r->directory, 0, 0), 0);
  }
  assert_int_equal(zc_loop_destroy(r->loop), ZC_OK);
  assert_int_equal(chmod(r->directory, 0755), 0); /* to read is harmless: the files are 0600 */
  rig_open(r);
  rig_close(r);
}

static void last_words(void *user, int status, const char *message) {
  rig *r = user;
  rig_count(r, status, message);
  if (r->called == 1) rig_commit_execution(r, 2, ZC_PENDING); /* while it closes: refused */
}

static void closing_calls_back_what_is_owed(void **state) {
  rig *r = *state;
  rig_open(r);
  zc_change *change = zc_change_begin(r->journal);
  rig_add_execution(change, 1, ZC_PENDING);
  zc_journal_commit(r->journal, change, last_words, r);
  rig_close(r);
  assert_int_equal(r->called, 2);
  assert_int_equal(r->status, ZC_ECANCELED);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(commits_come_back_in_order_on_a_later_turn, rig_setup,
                                      rig_teardown),
      cmocka_unit_test_setup_teardown(later_changes_win, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(a_change_is_whole_and_survives, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(marks_and_early_ends, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(a_mark_never_goes_back, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(a_mark_that_is_no_pipelines_may_go_back, rig_setup,
                                      rig_teardown),
      cmocka_unit_test_setup_teardown(what_is_noted_of_a_pipeline_outlives_a_restart, rig_setup,
                                      rig_teardown),
      cmocka_unit_test_setup_teardown(only_recent_history_is_kept, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(one_bad_change_does_not_fail_others, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(what_cannot_be_taken_is_said, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(the_queue_is_bounded, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(files_are_private, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(a_state_dir_that_others_can_write_is_refused, rig_setup,
                                      rig_teardown),
      cmocka_unit_test_setup_teardown(one_engine_a_state_dir, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(reading_beside, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(closing_calls_back_what_is_owed, rig_setup, rig_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
