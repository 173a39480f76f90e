/* A disk that is full, a disk that fails, and a journal that is large. */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "core/state/journal_rig.h"

static int count(void *user, const zc_execution *execution) {
  (void)execution;
  ++*(int *)user;
  return ZC_OK;
}

#define LONG_RUN 10000 /* runs */

typedef struct {
  int stored, full;
} tally;

static void note(void *user, int status, const char *message) {
  tally *seen = user;
  if (status == ZC_OK) {
    seen->stored++;
    return;
  }
  if (status != ZC_ECONFLICT) fail_msg("status %d: %s", status, message);
  if (seen->full++ == 0) print_message("%s\n", message);
}

static void commit_noted(rig *r, int n, tally *seen) {
  zc_change *change = zc_change_begin(r->journal);
  rig_add_execution(change, n, ZC_RUNNING);
  zc_journal_commit(r->journal, change, note, seen);
  if (n % 16 == 0) rig_run(r);
}

/* Fills the journal until nothing more fits: what was stored stays, the rest is given back. */
static void fill_up(rig *r, tally *seen) {
  for (int i = 1; i <= 3000; i++)
    commit_noted(r, i, seen);
  rig_run(r);
  assert_int_equal(seen->stored + seen->full, 3000);
  assert_true(seen->full > 0);
  assert_non_null(zc_journal_refusal(r->journal));
  print_message("full disk: %d changes stored, %d given back\n", seen->stored, seen->full);
}

static void expect_stored(rig *r, int n) {
  int found = 0;
  rig_open(r);
  assert_int_equal(zc_journal_executions(r->journal, true, SIZE_MAX, count, &found), ZC_OK);
  assert_int_equal(found, n);
  rig_close(r);
}

/* No file of this process may grow beyond the limit. */
static void a_file_limit_loses_nothing(void **state) {
  rig *r = *state;
  struct rlimit old, tight = {.rlim_cur = 512 << 10};
  tally seen = {0};
  rig_open(r);
  rig_commit_execution(r, 0, ZC_RUNNING);
  rig_run(r);
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
  tight.rlim_max = old.rlim_max;
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &tight), 0);
  fill_up(r, &seen);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
  int before = seen.stored;
  for (int i = 3001; i <= 3100; i++) /* there is room again */
    commit_noted(r, i, &seen);
  rig_run(r);
  assert_null(zc_journal_refusal(r->journal));
  assert_int_equal(seen.stored, before + 100);
  rig_close(r);
  expect_stored(r, seen.stored + 1);
}

/* A file system of one MiB, in a mount namespace of this process alone. */
static bool mount_small(const char *directory) {
  return unshare(CLONE_NEWNS) == 0 && mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
         mkdir(directory, 0700) == 0 &&
         mount("none", directory, "tmpfs", 0, "size=1m,mode=0700") == 0;
}

static void a_full_disk_loses_nothing(void **state) {
  rig *r = *state;
  tally seen = {0};
  if (!mount_small(r->directory)) {
    print_message("skipped: no right to mount a file system\n");
    skip();
  }
  rig_open(r);
  fill_up(r, &seen);
  assert_int_equal(mount("none", r->directory, "tmpfs", MS_REMOUNT, "size=16m"), 0);
  int before = seen.stored;
  for (int i = 3001; i <= 3100; i++)
    commit_noted(r, i, &seen);
  rig_run(r);
  assert_int_equal(seen.stored, before + 100);
  rig_close(r);
  expect_stored(r, seen.stored);
  assert_int_equal(umount2(r->directory, MNT_DETACH), 0);
}

/* In place of the C library's, for SQLite too. */
static volatile bool sync_fails;

__attribute__((visibility("default"))) int fdatasync(int descriptor);
__attribute__((visibility("default"))) int fdatasync(int descriptor) {
  if (!sync_fails) return (int)syscall(SYS_fdatasync, descriptor);
  errno = EIO;
  return -1;
}

__attribute__((visibility("default"))) int fsync(int descriptor) {
  if (!sync_fails) return (int)syscall(SYS_fsync, descriptor);
  errno = EIO;
  return -1;
}

/* What the system said to have written may be gone: nothing is promised any more. */
static void a_failed_sync_is_the_end(void **state) {
  rig *r = *state;
  rig_open(r);
  rig_commit_execution(r, 1, ZC_RUNNING);
  rig_run(r);
  assert_int_equal(r->status, ZC_OK);
  sync_fails = true;
  rig_commit_execution(r, 2, ZC_RUNNING);
  rig_commit_execution(r, 3, ZC_RUNNING);
  rig_run(r);
  sync_fails = false;
  assert_int_equal(r->called, 3);
  assert_int_equal(r->status, ZC_EIO);
  print_message("%s\n", r->message);
  rig_commit_execution(r, 4, ZC_RUNNING); /* not even now */
  rig_run(r);
  assert_int_equal(r->status, ZC_EIO);
  rig_close(r);
  int found = 0;
  rig_open(r);
  assert_int_equal(zc_journal_executions(r->journal, true, SIZE_MAX, count, &found), ZC_OK);
  assert_in_range(found, 1, 3);
  rig_close(r);
}

/* Another engine could hold a lock of that name by now. */
static void a_folder_taken_away_is_the_end(void **state) {
  rig *r = *state;
  char elsewhere[112];
  snprintf(elsewhere, sizeof elsewhere, "%s-moved", r->directory);
  rig_open(r);
  rig_commit_execution(r, 1, ZC_RUNNING);
  rig_run(r);
  assert_int_equal(r->status, ZC_OK);
  assert_int_equal(rename(r->directory, elsewhere), 0);
  rig_commit_execution(r, 2, ZC_RUNNING);
  rig_run(r);
  assert_int_equal(r->status, ZC_EIO);
  assert_non_null(strstr(r->message, "was removed or replaced while the engine ran"));
  assert_int_equal(rename(elsewhere, r->directory), 0);
  rig_close(r);
}

/* With a record as long as one of eight regions. */
static void add_usual(zc_change *change, int n, zc_execution_status status) {
  static const char block[] = "\"eu-west-2\":{\"intensity\":16.1,\"rank\":2,\"is_realtime\":true},";
  char record[sizeof block * 20];
  zc_execution execution;
  rig_execution(&execution, n, status);
  free(execution.record);
  for (size_t i = 0; i < 20; i++)
    memcpy(record + i * (sizeof block - 1), block, sizeof block);
  record[strlen(record) - 1] = '\0';
  execution.record = zc_duplicate(record);
  zc_change_execution(change, &execution);
  zc_execution_finish(&execution);
}

static void commit_usual(rig *r, int n) {
  zc_change *change = zc_change_begin(r->journal);
  add_usual(change, n, ZC_DEFERRED);
  zc_journal_commit(r->journal, change, rig_count, r);
}

static void a_large_journal_is_read_quickly(void **state) {
  rig *r = *state;
  const int n = 100000;
  rig_open(r);
  int64_t begun = zc_clock_real_ns();
  for (int i = 0; i < n; i++) {
    commit_usual(r, i);
    if (i % 20000 == 19999) rig_run(r);
  }
  assert_int_equal(r->called, n);
  assert_int_equal(r->status, ZC_OK);
  int64_t written = zc_clock_real_ns();
  rig_close(r);
  int64_t closed = zc_clock_real_ns();
  rig_open(r);
  int64_t opened = zc_clock_real_ns();
  int found = 0;
  assert_int_equal(zc_journal_executions(r->journal, true, SIZE_MAX, count, &found), ZC_OK);
  int64_t read = zc_clock_real_ns();
  assert_int_equal(found, n);
  print_message("100,000 executions: committed in %.2f s, opened in %.2f s, read in %.2f s\n",
                (double)(written - begun) / 1e9, (double)(opened - closed) / 1e9,
                (double)(read - opened) / 1e9);
  rig_close(r);
}

/* ---- callbacks that take long ---- */

#define LONG_CALLBACKS 20
#define LONG_NS        INT64_C(6000000)

typedef struct {
  int turn, last_turn, called, in_the_same_turn;
} turns;

static void next_turn(uv_check_t *check) {
  ((turns *)check->data)->turn++;
}

static void take_long(void *user, int status, const char *message) {
  turns *seen = user;
  (void)message;
  assert_int_equal(status, ZC_OK);
  if (seen->called++ > 0 && seen->turn == seen->last_turn) seen->in_the_same_turn++;
  seen->last_turn = seen->turn;
  for (int64_t begun = zc_clock_real_ns(); zc_clock_real_ns() - begun < LONG_NS;)
    continue;
}

static void the_loop_turns_between_callbacks_that_take_long(void **state) {
  rig *r = *state;
  turns seen = {0};
  uv_check_t check;
  rig_open(r);
  uv_check_init(zc_loop_uv(r->loop), &check);
  check.data = &seen;
  uv_check_start(&check, next_turn);
  uv_unref((uv_handle_t *)&check);
  for (int i = 1; i <= LONG_CALLBACKS; i++) {
    zc_change *change = zc_change_begin(r->journal);
    rig_add_execution(change, i, ZC_RUNNING);
    zc_journal_commit(r->journal, change, take_long, &seen);
  }
  rig_run(r);
  assert_int_equal(seen.called, LONG_CALLBACKS);
  assert_int_equal(seen.in_the_same_turn, 0);
  uv_close((uv_handle_t *)&check, NULL);
  rig_close(r);
}

static off_t size_of(const char *path, const char *part) {
  char name[160];
  struct stat status;
  snprintf(name, sizeof name, "%s%s", path, part);
  return stat(name, &status) == 0 ? status.st_size : 0;
}

/* A run's whole life, as the engine writes it, and the sink has it. */
static void live_and_end(rig *r, int n) {
  static const zc_execution_status life[] = {ZC_PENDING, ZC_DEFERRED, ZC_TRIGGERING, ZC_RUNNING,
                                             ZC_SUCCESS};
  char item[1500];
  memset(item, 'i', sizeof item);
  for (size_t i = 0; i < sizeof life / sizeof *life; i++) {
    zc_change *change = zc_change_begin(r->journal);
    add_usual(change, n, life[i]);
    zc_change_item(change, &rig_table, item, sizeof item);
    zc_change_mark(change, "pipeline", n);
    zc_journal_commit(r->journal, change, rig_count, r);
  }
}

/* However long it runs: what has ended and was delivered makes room for what comes. */
static void a_long_run_keeps_its_files_within_their_bound(void **state) {
  rig *r = *state;
  off_t file = 0, wal = 0;
  rig_open(r);
  assert_int_equal(zc_journal_sinks(r->journal, (const char *const[]){"a"}, 1), ZC_OK);
  for (int n = 1; n <= LONG_RUN; n++) {
    live_and_end(r, n);
    if (n % 20 != 0) continue;
    rig_run(r);
    assert_int_equal(zc_journal_advance(r->journal, "a", (int64_t)n * 5, rig_count, r), ZC_OK);
    rig_run(r);
    assert_int_equal(r->status, ZC_OK);
    if (size_of(r->file, "") > file) file = size_of(r->file, "");
    if (size_of(r->file, "-wal") > wal) wal = size_of(r->file, "-wal");
  }
  print_message("%d runs: journal.db at most %lld KiB, its WAL %lld KiB\n", LONG_RUN,
                (long long)file / 1024, (long long)wal / 1024);
  assert_in_range(file, 1, ZC_JOURNAL_REST_BYTES);
  assert_in_range(wal, 1, ZC_JOURNAL_WAL_BYTES);
  rig_close(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(the_loop_turns_between_callbacks_that_take_long, rig_setup,
                                      rig_teardown),
      cmocka_unit_test_setup_teardown(a_file_limit_loses_nothing, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(a_full_disk_loses_nothing, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(a_failed_sync_is_the_end, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(a_folder_taken_away_is_the_end, rig_setup, rig_teardown),
      cmocka_unit_test_setup_teardown(a_long_run_keeps_its_files_within_their_bound, rig_setup,
                                      rig_teardown),
      cmocka_unit_test_setup_teardown(a_large_journal_is_read_quickly, rig_setup, rig_teardown),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
