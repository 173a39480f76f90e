/* Files that are there already: older ones of ours, and those of others. */
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sink_rig.h"

static const zc_table_index old_indexes[] = {{"by_team", "team", "at", 'S', 'N'}};
static const zc_table_index new_indexes[] = {{"by_team", "team", "saved", 'S', 'N'},
                                             {"by_place", "place.name", "at", 'S', 'N'}};
static const zc_table old_table = {.size = sizeof old_table,
                                   .n_indexes = 1,
                                   .primary = {"things", "id", "at", 'S', 'N'},
                                   .indexes = old_indexes};
static const zc_table new_table = {.size = sizeof new_table,
                                   .n_indexes = 2,
                                   .primary = {"things", "id", "at", 'S', 'N'},
                                   .indexes = new_indexes,
                                   .ttl_attribute = "expires"};
static const zc_table other_keys = {.size = sizeof other_keys,
                                    .primary = {"things", "id", "saved", 'S', 'N'}};
static const zc_table same_index = {.size = sizeof same_index,
                                    .n_indexes = 1,
                                    .primary = {"others", "id", "at", 'S', 'N'},
                                    .indexes = old_indexes};

static void reopen(rig *r) {
  rig_drop_instance(r);
  rig_make_instance(r);
}

static void keys_that_are_new_are_filled_in(void **state) {
  rig *r = *state;
  const zc_table *old = &old_table, *now = &new_table;
  assert_int_equal(rig_init_tables(r, &old, 1), ZC_OK);
  rig_put(r, old,
          "{\"id\":\"a\",\"at\":1,\"team\":\"t\",\"saved\":2.5,\"place.name\":\"north\","
          "\"expires\":4000000000}");
  rig_put(r, old, "{\"id\":\"b\",\"at\":2,\"team\":\"t\",\"saved\":\"none\"}");
  reopen(r);
  if (rig_init_tables(r, &now, 1) != ZC_OK) fail_msg("%s", r->message);
  zc_table_query query = {.size = sizeof query,
                          .limit = 10,
                          .table = now,
                          .index = &new_indexes[1],
                          .partition = "north"};
  assert_int_equal(rig_query(r, &query), ZC_OK);
  assert_int_equal(r->n_rows, 1);
  query.index = &new_indexes[0]; /* other columns under the same name */
  query.partition = "t";
  assert_int_equal(rig_query(r, &query), ZC_OK);
  assert_int_equal(r->n_rows, 1);
  assert_int_equal(rig_number(r, "SELECT expires FROM things WHERE id='a'"), 4000000000);
  reopen(r);
  assert_int_equal(rig_init_tables(r, &now, 1), ZC_OK); /* nothing left to do */
  assert_int_equal(rig_number(r, "SELECT count(*) FROM things"), 2);
}

static void another_primary_key_is_refused(void **state) {
  rig *r = *state;
  const zc_table *first = &old_table, *second = &other_keys;
  assert_int_equal(rig_init_tables(r, &first, 1), ZC_OK);
  reopen(r);
  assert_int_equal(rig_init_tables(r, &second, 1), ZC_EINVAL);
  rig_said(r, "another primary key");
}

static void two_indexes_of_one_name_are_refused(void **state) {
  rig *r = *state;
  const zc_table *both[] = {&old_table, &same_index};
  assert_int_equal(rig_init_tables(r, both, 2), ZC_EINVAL);
  rig_said(r, "have an index by_team");
}

static void expect_untouched_refusal(rig *r, int status, const char *word) {
  char before[4096], after[4096];
  FILE *file = fopen(r->file, "rb");
  assert_non_null(file);
  size_t n = fread(before, 1, sizeof before, file);
  fclose(file);
  assert_int_equal(rig_init_tables(r, zc_tables, ZC_TABLES), status);
  rig_said(r, word);
  rig_said(r, r->file);
  file = fopen(r->file, "rb");
  assert_non_null(file);
  assert_int_equal(fread(after, 1, sizeof after, file), n);
  fclose(file);
  assert_memory_equal(before, after, n);
}

static void files_of_others_are_left_alone(void **state) {
  rig *r = *state;
  rig_sql(r, "CREATE TABLE theirs(a)");
  expect_untouched_refusal(r, ZC_EINVAL, "another program");
  unlink(r->file);
  FILE *notes = fopen(r->file, "w");
  assert_non_null(notes);
  for (int i = 0; i < 100; i++)
    fputs("these are notes of somebody, and no database of any kind\n", notes);
  fclose(notes);
  expect_untouched_refusal(r, ZC_EIO, "no SQLite file");
}

static void a_file_with_triggers_is_left_alone(void **state) {
  rig *r = *state;
  rig_init(r);
  rig_sql(r, "CREATE VIEW theirs AS SELECT 1; PRAGMA wal_checkpoint(TRUNCATE)");
  reopen(r);
  expect_untouched_refusal(r, ZC_EINVAL, "triggers or views");
}

static void a_file_that_others_may_write_is_closed_to_them(void **state) {
  rig *r = *state;
  struct stat about;
  rig_init(r);
  assert_int_equal(chmod(r->file, 0666), 0);
  reopen(r);
  rig_init(r);
  assert_int_equal(stat(r->file, &about), 0);
  assert_int_equal(about.st_mode & 07777, 0644);
  if (geteuid() != 0) return; /* nobody else can be given it */
  assert_int_equal(chown(r->file, 65534, 65534), 0);
  reopen(r);
  assert_int_equal(rig_init_tables(r, zc_tables, ZC_TABLES), ZC_EINVAL);
  rig_said(r, "is owned by user 65534");
}

static void a_file_that_is_none_is_refused(void **state) {
  rig *r = *state;
  assert_int_equal(mkfifo(r->file, 0600), 0);
  assert_int_equal(rig_init_tables(r, zc_tables, ZC_TABLES), ZC_EINVAL);
  rig_said(r, "is not a regular file");
}

/* Room for a page, but not for what is kept of a page before it changes: the disk lets a new file
 * be begun, and fails then. */
static void a_file_that_was_only_begun_is_finished_later(void **state) {
  rig *r = *state;
  struct rlimit whole, small = {.rlim_cur = 4096};
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &whole), 0);
  small.rlim_max = whole.rlim_max;
  signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
  int status = rig_init_tables(r, zc_tables, ZC_TABLES);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &whole), 0);
  assert_int_not_equal(status, ZC_OK);
  reopen(r);
  rig_init(r);
  assert_int_equal(rig_number(r, "PRAGMA auto_vacuum"), 2); /* can only be set in an empty file */
}

static void newer_files_are_left_alone(void **state) {
  rig *r = *state;
  rig_init(r);
  rig_sql(r, "PRAGMA user_version = 2; PRAGMA wal_checkpoint(TRUNCATE)");
  reopen(r);
  expect_untouched_refusal(r, ZC_EINVAL, "newer");
}

static void a_missing_folder_is_told(void **state) {
  rig *r = *state;
  rig_drop_instance(r);
  snprintf(r->file, sizeof r->file, "%s/none/zerocarb.db", r->directory);
  rig_make_instance(r);
  assert_int_equal(rig_init_tables(r, zc_tables, ZC_TABLES), ZC_EIO);
  rig_said(r, "No such file or directory");
  rig_said(r, r->file);
  assert_int_equal(rmdir(r->directory), 0);
}

/* What `report` does while the engine runs. */
static void two_instances_share_a_file(void **state) {
  rig *r = *state, other = *r;
  rig_init(r);
  zc_buffer_init(&other.rows, 1 << 20);
  rig_make_instance(&other);
  rig_init(&other);
  rig_put(r, zc_tables[ZC_TABLE_EXECUTIONS],
          "{\"execution_id\":\"a\",\"timestamp\":1,\"status\":\"FAILED\"}");
  zc_table_query query = {.size = sizeof query,
                          .limit = 10,
                          .table = zc_tables[ZC_TABLE_EXECUTIONS],
                          .index = &zc_tables[ZC_TABLE_EXECUTIONS]->primary,
                          .partition = "a"};
  assert_int_equal(rig_query(&other, &query), ZC_OK);
  assert_int_equal(other.n_rows, 1);
  rig_drop_instance(&other);
  zc_buffer_finish(&other.rows);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      RIG_TEST(keys_that_are_new_are_filled_in),
      RIG_TEST(another_primary_key_is_refused),
      RIG_TEST(two_indexes_of_one_name_are_refused),
      RIG_TEST(files_of_others_are_left_alone),
      RIG_TEST(a_file_with_triggers_is_left_alone),
      RIG_TEST(a_file_that_others_may_write_is_closed_to_them),
      RIG_TEST(a_file_that_is_none_is_refused),
      RIG_TEST(newer_files_are_left_alone),
      RIG_TEST(a_missing_folder_is_told),
      RIG_TEST(two_instances_share_a_file),
      RIG_TEST(a_file_that_was_only_begun_is_finished_later),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
