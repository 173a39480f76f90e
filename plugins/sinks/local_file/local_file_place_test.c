/* The file is removed, renamed or replaced, or may not be written for a while, under an instance
 * that has it open. */
#include "sink_rig.h"

static const zc_table *executions(void) {
  return zc_tables[ZC_TABLE_EXECUTIONS];
}

static int put(rig *r, const char *id) {
  char text[64];
  const char *const texts[] = {text};
  snprintf(text, sizeof text, "{\"execution_id\":\"%s\",\"timestamp\":1}", id);
  return rig_write(r, executions(), texts, 1);
}

static void part(const rig *r, const char *suffix, char *ret, size_t size) {
  snprintf(ret, size, "%s%s", r->file, suffix);
}

static int64_t count_in(rig *r, const char *name) {
  char file[sizeof r->file];
  memcpy(file, r->file, sizeof file);
  snprintf(r->file, sizeof r->file, "%s/%s", r->directory, name);
  int64_t n = rig_number(r, "SELECT count(*) FROM pipeline_executions");
  memcpy(r->file, file, sizeof file);
  return n;
}

static void drop_file(rig *r, const char *name) {
  char path[128];
  static const char *const suffixes[] = {"", "-wal", "-shm"};
  for (size_t i = 0; i < 3; i++) {
    snprintf(path, sizeof path, "%s/%s%s", r->directory, name, suffixes[i]);
    unlink(path);
  }
}

#define assert_logged(r, word)                                                                     \
  do {                                                                                             \
    fflush((r)->log_stream);                                                                       \
    if (!rig_has((r)->log, word)) fail_msg("\"%s\" is not in: %s", word, (r)->log);                \
  } while (0)

static void rows_for_a_removed_file_are_refused_and_then_go_into_a_new_one(void **state) {
  rig *r = *state;
  rig_init(r);
  assert_int_equal(put(r, "a"), ZC_OK);
  assert_int_equal(unlink(r->file), 0); /* -wal and -shm stay behind */
  assert_int_equal(put(r, "b"), ZC_EIO);
  rig_said(r, "was removed or replaced while it was in use");
  assert_int_equal(put(r, "b"), ZC_OK);
  assert_logged(r, "a new file was made: what had been written into the one before is not in it");
  assert_int_equal(rig_number(r, "SELECT count(*) FROM pipeline_executions"), 1);
  assert_int_equal(rig_number(r, "SELECT count(*) FROM pipeline_executions "
                                 "WHERE execution_id='b'"),
                   1);
  assert_int_equal(put(r, "c"), ZC_OK);
  rig_drop_instance(r);
  assert_int_equal(rig_number(r, "SELECT count(*) FROM pipeline_executions"), 2);
  assert_int_equal(rig_number(r, "SELECT integrity_check='ok' FROM pragma_integrity_check"), 1);
}

static void a_removed_file_with_all_its_parts_is_noticed(void **state) {
  rig *r = *state;
  rig_init(r);
  assert_int_equal(put(r, "a"), ZC_OK);
  drop_file(r, "zerocarb.db");
  zc_table_query query = {.size = sizeof query,
                          .limit = 10,
                          .table = executions(),
                          .index = &executions()->primary,
                          .partition = "a"};
  assert_int_equal(rig_query(r, &query), ZC_EIO);
  rig_said(r, "was removed or replaced while it was in use");
  assert_int_equal(rig_query(r, &query), ZC_OK);
  assert_int_equal(r->n_rows, 0);
}

/* What was written into it is in it under its new name, not in the -wal that stays behind. */
static void a_renamed_file_keeps_all_its_rows(void **state) {
  rig *r = *state;
  char other[128];
  rig_init(r);
  assert_int_equal(put(r, "a"), ZC_OK);
  assert_int_equal(put(r, "b"), ZC_OK);
  snprintf(other, sizeof other, "%s/kept.db", r->directory);
  assert_int_equal(rename(r->file, other), 0);
  assert_int_equal(put(r, "c"), ZC_EIO);
  assert_int_equal(put(r, "c"), ZC_OK);
  assert_int_equal(count_in(r, "kept.db"), 2);
  assert_int_equal(rig_number(r, "SELECT count(*) FROM pipeline_executions"), 1);
  drop_file(r, "kept.db");
}

/* The older copy has its own rows: the WAL of the file before is not recovered into it. */
static void a_file_that_is_put_in_its_place_is_taken_as_it_is(void **state) {
  rig *r = *state;
  char sql[160], copy[128];
  rig_init(r);
  assert_int_equal(put(r, "a"), ZC_OK);
  snprintf(copy, sizeof copy, "%s/copy.db", r->directory);
  snprintf(sql, sizeof sql, "VACUUM INTO '%s'", copy);
  rig_sql(r, sql);
  assert_int_equal(put(r, "b"), ZC_OK);
  assert_int_equal(rename(copy, r->file), 0);
  assert_int_equal(put(r, "c"), ZC_EIO);
  assert_int_equal(put(r, "c"), ZC_OK);
  assert_logged(r, "another file is there now");
  rig_drop_instance(r);
  assert_int_equal(
      rig_number(r, "SELECT group_concat(execution_id)='a,c' FROM pipeline_executions"), 1);
}

/* A program that still reads the removed file has its -shm: the new file gets one of its own. */
static void a_reader_of_the_removed_file_does_no_harm(void **state) {
  rig *r = *state;
  sqlite3 *reader;
  rig_init(r);
  assert_int_equal(put(r, "a"), ZC_OK);
  assert_int_equal(sqlite3_open(r->file, &reader), SQLITE_OK);
  assert_int_equal(
      sqlite3_exec(reader, "BEGIN; SELECT * FROM pipeline_executions", NULL, NULL, NULL),
      SQLITE_OK);
  assert_int_equal(unlink(r->file), 0);
  assert_int_equal(put(r, "b"), ZC_EIO);
  assert_int_equal(put(r, "b"), ZC_OK);
  assert_int_equal(put(r, "c"), ZC_OK);
  sqlite3_close(reader);
  rig_drop_instance(r);
  assert_int_equal(
      rig_number(r, "SELECT group_concat(execution_id)='b,c' FROM pipeline_executions"), 1);
}

/* A killed engine left it: rows that are in no other place are not thrown away. */
static void the_wal_of_a_file_that_is_gone_is_kept_aside(void **state) {
  rig *r = *state;
  char wal[128], left[128];
  part(r, "-wal", wal, sizeof wal);
  part(r, "-wal.left", left, sizeof left);
  FILE *file = fopen(wal, "w");
  assert_non_null(file);
  fputs("rows", file);
  fclose(file);
  rig_init(r);
  assert_int_equal(put(r, "a"), ZC_OK);
  assert_logged(r, "zerocarb.db-wal.left");
  assert_int_equal(unlink(left), 0);
}

static void a_removed_wal_costs_no_rows(void **state) {
  rig *r = *state;
  char wal[128];
  rig_init(r);
  assert_int_equal(put(r, "a"), ZC_OK);
  part(r, "-wal", wal, sizeof wal);
  assert_int_equal(unlink(wal), 0);
  assert_int_equal(put(r, "b"), ZC_EIO);
  rig_said(r, "zerocarb.db-wal was removed or replaced while it was in use");
  assert_int_equal(put(r, "b"), ZC_OK);
  rig_drop_instance(r);
  assert_int_equal(
      rig_number(r, "SELECT group_concat(execution_id)='a,b' FROM pipeline_executions"), 1);
}

/* It is away as long as there is no folder, and comes back with it. */
static void a_removed_folder_is_waited_for(void **state) {
  rig *r = *state;
  rig_init(r);
  assert_int_equal(put(r, "a"), ZC_OK);
  drop_file(r, "zerocarb.db");
  assert_int_equal(rmdir(r->directory), 0);
  assert_int_equal(put(r, "b"), ZC_EIO);
  assert_int_equal(put(r, "b"), ZC_EIO);
  rig_said(r, "No such file or directory");
  assert_int_equal(mkdir(r->directory, 0700), 0);
  assert_int_equal(put(r, "b"), ZC_OK);
  assert_int_equal(rig_number(r, "SELECT count(*) FROM pipeline_executions"), 1);
}

#define OTHER_USER 65534

/* Modes do not bind root: as root the tests take another user's place for a while. */
static void become_bound(rig *r) {
  if (geteuid() != 0) return;
  assert_int_equal(chown(r->directory, OTHER_USER, (gid_t)-1), 0);
  assert_int_equal(seteuid(OTHER_USER), 0);
}

static int unbound_teardown(void **state) {
  if (getuid() == 0 && seteuid(0) != 0) return -1;
  return rig_teardown(state);
}

static void a_file_that_was_read_only_for_a_while_is_written_again(void **state) {
  rig *r = *state;
  become_bound(r);
  rig_init(r);
  assert_int_equal(put(r, "a"), ZC_OK);
  rig_drop_instance(r);
  assert_int_equal(chmod(r->file, 0400), 0);
  rig_make_instance(r);
  rig_init(r); /* for reading it is well */
  assert_int_equal(put(r, "b"), ZC_EIO);
  rig_said(r, "zerocarb.db may not be written");
  assert_int_equal(chmod(r->file, 0600), 0);
  assert_int_equal(put(r, "b"), ZC_OK);
  assert_int_equal(rig_number(r, "SELECT count(*) FROM pipeline_executions"), 2);
}

/* What a run in between has left: SQLite makes these with the mode that the file has. */
static void parts_that_were_made_read_only_are_mended(void **state) {
  rig *r = *state;
  char shm[128];
  become_bound(r);
  rig_init(r);
  rig_drop_instance(r);
  assert_int_equal(chmod(r->file, 0400), 0);
  rig_make_instance(r);
  rig_init(r);
  rig_drop_instance(r);
  part(r, "-shm", shm, sizeof shm);
  assert_int_equal(access(shm, F_OK), 0);
  assert_int_equal(chmod(r->file, 0600), 0);
  rig_make_instance(r);
  rig_init(r);
  assert_int_equal(put(r, "a"), ZC_OK);
}

/* The -shm of another user, which may be read, and which may not. */
static void the_part_that_may_not_be_written_is_named(void **state) {
  rig *r = *state;
  char shm[128];
  static const mode_t modes[] = {0644, 0600};
  if (geteuid() != 0) {
    print_message("skipped: another user's file needs root\n");
    skip();
  }
  part(r, "-shm", shm, sizeof shm);
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    rig_init(r);
    rig_drop_instance(r);
    assert_int_equal(chown(r->file, OTHER_USER, (gid_t)-1), 0);
    FILE *file = fopen(shm, "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(chmod(shm, modes[i]), 0);
    become_bound(r);
    rig_make_instance(r);
    int status = rig_init_tables(r, zc_tables, ZC_TABLES);
    if (status == ZC_OK) status = put(r, "a");
    assert_int_equal(status, ZC_EIO);
    rig_said(r, i == 0 ? "zerocarb.db-shm may not be written" : "zerocarb.db-shm: ");
    rig_drop_instance(r);
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(chown(r->file, 0, (gid_t)-1), 0); /* a stranger's file is refused */
    assert_int_equal(unlink(shm), 0);
    rig_make_instance(r);
  }
}

#define BOUND_TEST(name) cmocka_unit_test_setup_teardown(name, rig_setup, unbound_teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      RIG_TEST(rows_for_a_removed_file_are_refused_and_then_go_into_a_new_one),
      RIG_TEST(a_removed_file_with_all_its_parts_is_noticed),
      RIG_TEST(a_renamed_file_keeps_all_its_rows),
      RIG_TEST(a_file_that_is_put_in_its_place_is_taken_as_it_is),
      RIG_TEST(a_reader_of_the_removed_file_does_no_harm),
      RIG_TEST(the_wal_of_a_file_that_is_gone_is_kept_aside),
      RIG_TEST(a_removed_wal_costs_no_rows),
      RIG_TEST(a_removed_folder_is_waited_for),
      BOUND_TEST(a_file_that_was_read_only_for_a_while_is_written_again),
      BOUND_TEST(parts_that_were_made_read_only_are_mended),
      BOUND_TEST(the_part_that_may_not_be_written_is_named),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
